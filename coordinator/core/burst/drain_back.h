// Drain-back: pods come home from virtual nodes, make-before-break (L9: never fewer Ready pods than wanted).
//
//   room on real nodes for k -> replicas `wanted` + k -> k more are Ready on real nodes ->
//   k pods on virtual nodes are evicted -> replicas `wanted`
//
// Replicas go down at once after the evictions. What the controller has made in their place is not Ready yet,
// and so is what it takes: that holds on every version. Surge pods that did not come up in time go by the
// same step, so to undo is to evict nobody. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_policy.h"

namespace evenkeel::coordinator {

// Of one workload no drain-back begins sooner than this after the last one has ended.
inline constexpr absl::Duration kDrainBackEvery = absl::Seconds(2);
// The same after one that had to be undone; doubled with each that follows, up to 30 min.
inline constexpr absl::Duration kAfterUndone = absl::Minutes(1);
inline constexpr absl::Duration kLongestAfterUndone = absl::Minutes(30);

// What the beginning depends on, of one workload.
struct DrainBackSight {
  int64_t wanted = 0;        // spec.replicas
  int64_t ready = 0;         // Ready pods that are not going
  int64_t on_virtual = 0;    // those of them on virtual nodes
  int64_t room = 0;          // pods of it that fit on real nodes that have been Ready for long enough
  bool panic = false;        // and it can grow still
  bool wants_more = false;   // the load asks for more than there are
  bool valve_open = false;   // new pods may go to virtual nodes: room is short
  bool presses = false;      // one of its pods finds no room
  bool keeps_names = false;  // a StatefulSet's: a pod that goes comes again under its own name
  absl::Time now;
  absl::Time not_before = absl::InfinitePast();  // of the workload, by the times above
};

struct DrainBackBeginning {
  int64_t surge = 0;    // 0: not now
  std::string why_not;  // a clause; empty where there is nothing to be brought home
};
DrainBackBeginning BeginDrainBack(const DrainBackPolicy& policy, const DrainBackSight& sight);

// What the next step depends on, while the surge stands: spec.replicas is `wanted` + `surge`.
struct DrainBackProgress {
  int64_t wanted = 0;
  int64_t surge = 0;
  int64_t ready = 0;          // Ready pods that are not going
  int64_t ready_on_real = 0;  // those of them on real nodes
  int64_t ready_on_real_before = 0;
  int64_t on_virtual = 0;   // Ready pods on virtual nodes
  bool wants_more = false;  // the load asks for more than `wanted`
  absl::Time now;
  absl::Time deadline;  // of the surge
};

enum class DrainBackStep {
  kWait,
  kRemove,     // evict `victims` pods, then `wanted`
  kUndo,       // `wanted`: nothing has come up
  kKeepSurge,  // end here: the surge is needed for itself
};

struct DrainBackNext {
  DrainBackStep step = DrainBackStep::kWait;
  int64_t victims = 0;
  std::string reason;  // a clause
};
DrainBackNext NextOfDrainBack(const DrainBackProgress& progress);

// The pause before the next one, by how many in a row were undone.
absl::Duration PauseAfterDrainBack(uint32_t undone);

}  // namespace evenkeel::coordinator
