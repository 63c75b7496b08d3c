// Names of the things that decisions are about. All are ordered, so that every container of the core is
// ordered by what it holds and never by address or hash (L12).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace evenkeel::coordinator {

// A node of one cluster.
struct NodeKey {
  std::string cluster;
  std::string node;
  auto operator<=>(const NodeKey&) const = default;  // NOLINT(modernize-use-nullptr): no null in it
};

// A pod of one cluster.
struct PodKey {
  std::string cluster;
  std::string name_space;
  std::string name;
  auto operator<=>(const PodKey&) const = default;  // NOLINT(modernize-use-nullptr): no null in it
};

// A HorizontalPodAutoscaler of one cluster.
struct AutoscalerName {
  std::string name_space;
  std::string name;
  auto operator<=>(const AutoscalerName&) const = default;  // NOLINT(modernize-use-nullptr): no null in it
};

// A decision: the epoch of the coordinator that took it and its number in that epoch, from 1. Rises with
// time.
struct DecisionId {
  uint64_t epoch = 0;
  uint64_t number = 0;
  auto operator<=>(const DecisionId&) const = default;  // NOLINT(modernize-use-nullptr): no null in it

  // "EPOCH-NUMBER", as 7-12.
  std::string ToString() const;
  // INVALID_ARGUMENT unless `text` is what ToString gives.
  static absl::StatusOr<DecisionId> Parse(std::string_view text);
};

}  // namespace evenkeel::coordinator
