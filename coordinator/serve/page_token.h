// Page tokens (AIP-158): where a listing goes on, bound to the request that it belongs to.
//
// A token is opaque to clients. It holds the key after which the next page begins, so that a listing goes on
// rightly whatever was added or removed between two pages. It is no secret and gives no rights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

// How many to return: 0 asks for 50, more than 1000 for 1000; INVALID_ARGUMENT when negative.
absl::StatusOr<size_t> PageSize(int32_t requested);

// `request` are all parts of the request that choose what is listed (method, parent, filters; not the page's
// size).
std::string MakePageToken(std::initializer_list<absl::string_view> request, absl::string_view last_key);

// The key that MakePageToken was given; empty for an empty token (the first page). INVALID_ARGUMENT for what
// is no token, or the token of another request.
absl::StatusOr<std::string> ReadPageToken(std::initializer_list<absl::string_view> request,
                                          absl::string_view token);

}  // namespace evenkeel::coordinator
