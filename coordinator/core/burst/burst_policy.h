// A `burst` policy with every default filled in. serve/ makes it of what an operator wrote and refuses what
// is out of range; see BurstPolicy in proto/evenkeel/v1/policy.proto for meanings, ranges and defaults.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/policy_mode.h"

namespace evenkeel::coordinator {

// Which nodes are virtual: those with any of these labels or taints.
struct VirtualSelector {
  struct Label {
    std::string key;
    std::string value;
    bool operator==(const Label&) const = default;
  };
  std::vector<Label> labels = {{"type", "virtual-kubelet"}};
  std::vector<std::string> taint_keys = {"virtual-kubelet.io/provider"};
  bool operator==(const VirtualSelector&) const = default;
};

// How much may be on virtual nodes at once, for how long and for how much money. None: no such bound.
struct BurstCaps {
  std::optional<int64_t> pods;
  std::optional<int64_t> cpu_millicores;  // that they ask for
  std::optional<absl::Duration> duration;
  std::optional<int64_t> cost_micros;  // of one burst, in millionths of the prices' currency
  bool operator==(const BurstCaps&) const = default;
};

// What virtual nodes cost, in millionths of `currency`, by what pods ask for.
struct BurstPrices {
  int64_t core_hour_micros = 0;
  int64_t gib_hour_micros = 0;
  std::string currency;  // as people write it: "USD"; may be empty
  bool operator==(const BurstPrices&) const = default;
};

struct DrainBackPolicy {
  bool enabled = true;
  int64_t surge = 4;                                  // pods that are replaced at once, of one workload
  absl::Duration surge_timeout = absl::Seconds(60);   // for them to be Ready
  absl::Duration room_after = absl::Seconds(30);      // a real node must have been Ready for so long
  absl::Duration max_room_after = absl::Minutes(30);  // the most, where bursts follow drain-backs (damping.h)
  bool operator==(const DrainBackPolicy&) const = default;
};

// Real machines are asked for while a burst lasts (headroom.h).
struct HeadroomPolicy {
  bool placeholders = true;
  int64_t most = 50;                    // placeholders
  std::string name_space = "evenkeel";  // of the Deployment that holds them
  std::string webhook;                  // the URL of an HTTP hook that is asked as well; empty: none
  bool operator==(const HeadroomPolicy&) const = default;
};

struct BurstPolicy {
  std::string cluster;
  PolicyMode mode = PolicyMode::kObserve;
  bool paused = false;
  VirtualSelector virtual_nodes;
  BurstCaps caps;
  BurstPrices prices;
  DrainBackPolicy drain_back;
  HeadroomPolicy headroom;
  absl::Duration start_timeout = absl::Seconds(60);  // for a pod on a virtual node to be Ready
  bool operator==(const BurstPolicy&) const = default;
};

}  // namespace evenkeel::coordinator
