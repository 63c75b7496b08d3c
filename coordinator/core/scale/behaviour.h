// How fast a workload may follow its load: rates and stabilisation windows of the HPA v2 (spec.behavior).
//
// Source: "Configurable scaling behavior" of
// kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale; stabilizeRecommendationWithBehaviors,
// calculateScaleUpLimitWithScalingRules, calculateScaleDownLimitWithBehaviors and
// convertDesiredReplicasWithBehaviorRate of the HPA controller (kubernetes,
// pkg/controller/podautoscaler/horizontal.go, as of 1.33); the defaults are those of
// pkg/apis/autoscaling/v2/defaults.go. Equal to them, to the rounding and to whether an end of a window
// counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// At most `value` pods, or `value` percent of the replicas at the period's beginning, within `period`.
struct RatePolicy {
  enum class Kind { kPods, kPercent };
  Kind kind = Kind::kPods;
  int64_t value = 0;  // more than 0
  absl::Duration period;
  bool operator==(const RatePolicy&) const = default;
};

// Which of several policies counts: the one that allows most change, the one that allows least, or none: no
// change in this direction at all.
enum class SelectPolicy { kMax, kMin, kDisabled };

struct ScalingRules {
  // The best (up: the lowest, down: the highest) number that was wanted within this time counts: 0 to 1 h.
  absl::Duration stabilisation;
  SelectPolicy select = SelectPolicy::kMax;
  std::vector<RatePolicy> policies;  // at least one
  bool operator==(const ScalingRules&) const = default;
};

struct Behaviour {
  ScalingRules up{.stabilisation = absl::ZeroDuration(),
                  .policies = {{RatePolicy::Kind::kPercent, 100, absl::Seconds(15)},
                               {RatePolicy::Kind::kPods, 4, absl::Seconds(15)}}};
  ScalingRules down{.stabilisation = absl::Minutes(5),
                    .policies = {{RatePolicy::Kind::kPercent, 100, absl::Seconds(15)}}};
  bool operator==(const Behaviour&) const = default;
};

// What was wanted of late, before any window or rate was applied. Of all that was ever noted it keeps only
// what can still be the lowest or the highest of a window: no more entries than there are different numbers,
// whatever the number of ticks. Durable with the workload's record: a restart must not forget a window.
struct Recommendations {
  struct Wanted {
    int64_t replicas = 0;
    absl::Time time;
    bool operator==(const Wanted&) const = default;
  };
  std::deque<Wanted> lowest;   // by time, rising
  std::deque<Wanted> highest;  // by time, falling
  bool operator==(const Recommendations&) const = default;
};
void NoteWanted(Recommendations& recommendations, int64_t replicas, absl::Time now);
// Notes that at least so many were there, and nothing of what was wanted: a window of scaling in begins
// again, one of scaling out does not.
void NoteHeld(Recommendations& recommendations, int64_t replicas, absl::Time now);
// Drops what no window reaches any more. Called with each NoteWanted, it keeps the cost of both constant.
void Forget(Recommendations& recommendations, const Behaviour& behaviour, absl::Time now);

// Changes of spec.replicas that we made, the oldest first. Durable like the above.
struct Change {
  int64_t added = 0;  // pods; negative: taken away
  absl::Time time;
  bool operator==(const Change&) const = default;
};
using Changes = std::deque<Change>;
// Notes one, and drops what no policy's period reaches any more.
void NoteChange(Changes& changes, int64_t from, int64_t to, const Behaviour& behaviour, absl::Time now);

// `wanted` brought between the lowest of the up window and the highest of the down window, moving from
// `current` no further than needed: the stabilised recommendation. To be called before `wanted` is noted.
int64_t Stabilised(const Recommendations& recommendations, const Behaviour& behaviour, int64_t current,
                   int64_t wanted, absl::Time now);

// The most and the fewest replicas that the rates allow now, no less and no more than `current`.
int64_t UpLimit(const ScalingRules& up, const Changes& changes, int64_t current, absl::Time now);
int64_t DownLimit(const ScalingRules& down, const Changes& changes, int64_t current, absl::Time now);

}  // namespace evenkeel::coordinator
