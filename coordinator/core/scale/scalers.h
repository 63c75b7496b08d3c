// The scalers of all clusters: one a scale policy, from the moment at which it is in force and its cluster is
// added. What happens to them comes in here; what follows of it is in look.h.
//
// Costs: an event of a pod or a workload O(log n); UsageTold O(pods told of); a look O(pods of the workload),
// at most once each kLookEvery and none while nothing that it goes by has changed.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "coordinator/core/events.h"
#include "coordinator/core/policy.h"
#include "coordinator/core/state.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Whether a policy may be applied as far as scaling goes: FAILED_PRECONDITION where a HorizontalPodAutoscaler
// scales its target, with the command that takes it over. OK for other kinds.
absl::Status MayScale(const State& state, const Policy& policy);

// The scale policy `name` is new, has changed or is gone. A scaler whose target is another one now begins
// anew; one whose policy is gone lets what is under way go on to its end, and its record is erased.
void UpdateScaler(Turn& turn, const std::string& name);

// The cluster is watched from now on: its scalers begin, with what the store remembers (L4).
void BeginScalers(Turn& turn, Cluster& cluster);

void OnWorkloadObserved(Turn& turn, const WorkloadObserved& event);
void OnWorkloadGone(Turn& turn, const WorkloadGone& event);
void OnWorkloadPodObserved(Turn& turn, const WorkloadPodObserved& event);
void OnWorkloadPodGone(Turn& turn, const WorkloadPodGone& event);
void OnUsageTold(Turn& turn, const UsageTold& event);
void OnAutoscalerObserved(Turn& turn, const AutoscalerObserved& event);
void OnAutoscalerGone(Turn& turn, const AutoscalerGone& event);

// The HorizontalPodAutoscaler that scales the workload; null: none does. O(log n).
const std::pair<const AutoscalerName, AutoscalerFacts>* AutoscalerOf(const Cluster& cluster,
                                                                     const Workload& target);

// Makes a policy of what the autoscaler does, and a decision kTakeOver that deletes the autoscaler (uid as
// precondition) once the workload has been read and its load is known (take_over.h): an autoscaler whose
// place cannot be taken stays. The policy's mode is the order's; until the autoscaler is seen to be gone the
// guard `conflict` holds the scaler, so at no time do both scale. With mode observe the autoscaler stays, or
// nobody would scale: the decision is recorded as observed, and the same order with mode enforce follows it.
// A policy of that name and for that workload keeps its rules and takes the order's mode. Replies with the
// policy (with `validate_only` without doing anything); NOT_FOUND: there is no such autoscaler;
// FAILED_PRECONDITION: it scales by more than CPU, the name is another policy's or the workload has one of
// another name, the policy is paused and nobody would scale, something else is under way on the workload, or
// nothing may be done (a pause, the API).
void OnTakeOverAutoscaler(Turn& turn, const TakeOverAutoscaler& event);

// The workload `uid` has been given other replicas. The answer is newer than the last observation: nothing
// plans from the old number, nor from that of an observation that was on its way.
void NoteAnswered(Scaler& scaler, const std::string& uid, const ReplicaChange& change);

// Asks for all that is to be seen of the workload once more, as it is by now.
void ObserveAgain(Turn& turn, const Scaler& scaler);

// What a look would go by may be another: it is looked at as soon as it may be.
void LookSoon(Turn& turn, Scaler& scaler);
// The same of every scaler of the cluster. O(scalers of it).
void LookSoon(Turn& turn, Cluster& cluster);

// Puts the timer of the scaler's next look, or of its record's next writing, where it belongs now.
void SetLookTimer(Turn& turn, Scaler& scaler);

}  // namespace evenkeel::coordinator
