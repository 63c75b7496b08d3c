#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

// HOST:PORT; an empty host means all addresses.
struct ListenAddress {
  std::string host;
  uint16_t port = 0;
  bool operator==(const ListenAddress&) const = default;

  // INVALID_ARGUMENT with what is wrong, in words that quote the text.
  static absl::StatusOr<ListenAddress> Parse(absl::string_view text);
  // As gRPC takes it: "[::]:7443" for all addresses of both families.
  std::string ForGrpc() const;
};

}  // namespace evenkeel::coordinator
