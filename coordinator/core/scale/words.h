// Sentences about scaling, for people: in decisions, conditions and Kubernetes Events. Plain and short, with
// figures, in the style of sentences.h. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/core/scale/scaler_status.h"

namespace evenkeel::coordinator {

// "CPU at 143 % of the request, target 50 %"; "CPU at 71 m a pod, target 100 m"; "no pod shows its CPU yet".
std::string Words(const Demand& demand, const CpuTarget& target);
// What one step did: "a panic wants 6", "a rate allows 4 more pods in 15 s".
std::string Words(const AdviceReason& reason, const Advice& advice);
// Why the advice is what it is, in one sentence.
std::string Words(const Advice& advice, const CpuTarget& target);

// What kubectl users know from an HPA, and some of our own. Fixed order, each once.
struct ScalerCondition {
  absl::string_view type;  // Able, Active, Limited, Seen, Panic, Crashing, Conflicted, Paused
  bool holds = false;
  absl::string_view reason;  // CamelCase
  std::string message;
};
//   Able        the workload is read and nothing refuses what is advised
//   Active      what the load asks for is known
//   Limited     a minimum, maximum, rate or window stands between the load and the advice
//   Seen        every pod that should show its CPU does
//   Panic       a sudden rise is under way
//   Crashing    a pod is down: a container of it has died, and it has not been Ready since
//   Conflicted  a HorizontalPodAutoscaler, or another workload with the same pods
//   Paused      by the policy, or it only observes
std::vector<ScalerCondition> ConditionsOf(const ScalerStatus& status);

}  // namespace evenkeel::coordinator
