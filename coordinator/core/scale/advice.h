// What a scaler would do now, and why: the demand of the load, then everything that stands between it and a
// change, one step after the other. Pure: of the rules, of what is remembered, of what is seen, and of `now`.
// Whether it may be done is for the guards; whether real or virtual nodes take it, for the burst.
//
// Source of the order: reconcileAutoscaler and normalizeDesiredReplicasWithBehaviors of the HPA controller
// (kubernetes, pkg/controller/podautoscaler/horizontal.go); the panic stands where Knative's does, between
// the demand and the windows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/scale/behaviour.h"
#include "coordinator/core/scale/demand.h"
#include "coordinator/core/scale/minimums.h"
#include "coordinator/core/scale/panic.h"
#include "coordinator/core/scale/pod_groups.h"
#include "coordinator/core/scale/pod_load.h"

namespace evenkeel::coordinator {

// The part of a `scale` policy that the arithmetic goes by, with every default filled in.
struct ScaleRules {
  Minimums minimums;
  int64_t maximum = 1;  // no less than any of the minimums (L9)
  CpuTarget target;
  Tolerance tolerance;
  Behaviour behaviour;
  StartUp start_up;
  PanicRules panic;
  DemandRules demand = DemandRules::kEvenkeel;
  absl::Duration window = absl::Seconds(15);  // of CPU, outside of a panic: as long as HPA's own, at least
  // Nothing is scaled in while more of the pods than this are held (usage_window.h): 0 to 100.
  int64_t scale_in_held_percent = 10;
  // Nothing is scaled in sooner than this after the last time: as the HPA looks, so that a load that fades is
  // followed in steps and not pod by pod.
  absl::Duration scale_in_interval = absl::Seconds(15);
  bool operator==(const ScaleRules&) const = default;
};

// What the scaler remembers of a workload. Durable: a restart forgets no window, no rate and no panic.
struct ScaleMemory {
  bool begun = false;  // what was there at the first look counts as wanted then
  Recommendations recommendations;
  Changes changes;
  std::optional<Panic> panic;
  absl::Time scaled_in = absl::InfinitePast();  // the last time
  bool operator==(const ScaleMemory&) const = default;
};

// The workload as it is seen.
struct ScaleSight {
  int64_t current = 0;          // spec.replicas
  std::vector<PodLoad> steady;  // with the CPU of ScaleRules.window
  std::vector<PodLoad>
      sudden;  // the same pods with that of PanicRules.window; not looked at where panic is off
  std::optional<int64_t> throttled_percent;  // see PanicCauseOf
  // That a switch of traffic needs (switch/switch_floors.h), where that is more than the minimum; never more
  // than the maximum, which the caller sees to. 0: none does.
  int64_t floor = 0;
};

// What took part in the answer, in this order.
enum class AdviceStep {
  kSwitchedOff,     // spec.replicas is 0: somebody has switched the workload off. Nothing else is asked
  kAboveMaximum,    // there are more than the maximum: at once, past all windows and rates. The same
  kBelowMinimum,    // there are fewer than the minimum in force. The same
  kBelowFloor,      // there are fewer than a switch of traffic needs. The same
  kNoDemand,        // the demand is not known: see `steady.finding`
  kDemand,          // what the load asks for
  kPanic,           // more, or no less, because of a panic
  kSamplesLost,     // no fewer while too many pods are held
  kStabilisation,   // a window holds it
  kScaledInBefore,  // it was scaled in a moment ago
  kRate,            // a rate limits it
  kMaximum,
  kMinimum,
  kFloor,  // no fewer: a switch of traffic needs them (L10)
};

struct AdviceReason {
  AdviceStep step = AdviceStep::kDemand;
  int64_t before = 0;  // replicas as they would have been without this step
  int64_t after = 0;
  bool operator==(const AdviceReason&) const = default;
};

struct Advice {
  int64_t current = 0;
  int64_t replicas = 0;  // what spec.replicas should be
  int64_t wanted = 0;    // what the load asks for, before windows, rates and bounds
  Demand steady;
  Demand sudden;
  MinimumNow minimum;                          // the floor, where that is more
  bool floored = false;                        // it is
  PanicCause panic_cause = PanicCause::kNone;  // what calls for a panic now
  bool panic = false;                          // there is one
  std::vector<AdviceReason> reasons;           // the steps that took part
  bool operator==(const Advice&) const = default;
};

// Called about once a second with `now` never going back. Notes in `memory` what must be remembered of this
// look; a change that is made of the advice is noted by NoteChange, in the step that opens its decision.
Advice Advise(const ScaleRules& rules, ScaleMemory& memory, const ScaleSight& sight, absl::Time now);

// Somebody has switched the workload off.
bool IsSwitchedOff(const Advice& advice);

// The advice is followed: called in the step that opens the decision.
void NoteScaled(const ScaleRules& rules, ScaleMemory& memory, int64_t from, int64_t to, absl::Time now);

}  // namespace evenkeel::coordinator
