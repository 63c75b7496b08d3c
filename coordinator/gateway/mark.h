// Marks of routes as gateways keep them: a line of text next to the weights. Pure.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "coordinator/core/switch/gateway_facts.h"

namespace evenkeel::coordinator {

// A mark, and which store its epoch counts in: the epochs of two stores say nothing of each other.
struct StoredMark {
  std::string store_id;
  RouteMark mark;
  bool operator==(const StoredMark&) const = default;
};

// "evenkeel/STORE/EPOCH/OWNER/VERSION": no space, no character that a gateway's command line or an annotation
// gives a meaning to. The store's id must be fit for it: IsFitForMark.
std::string ToText(const StoredMark& mark);
// Nothing where `text` is not what ToText gives.
std::optional<StoredMark> ParseMark(absl::string_view text);

// 1 to 64 letters, digits, '-', '_' and '.'.
bool IsFitForMark(absl::string_view store_id);

// Why a write with `ours` must not be made over `theirs` (L7); nothing: it may. `release` says what an
// operator does to give the route to another store.
std::optional<std::string> WhyNotOver(const std::optional<StoredMark>& theirs, const StoredMark& ours,
                                      absl::string_view release);

// `mark` is before `other` in the order of (epoch, version).
bool IsBefore(const RouteMark& mark, const RouteMark& other);

}  // namespace evenkeel::coordinator
