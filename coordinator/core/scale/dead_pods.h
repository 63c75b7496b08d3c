// The pods of a scaler that have died: which of them carry no load, what people are shown, and what is
// announced.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/scale/pod_deaths.h"
#include "coordinator/core/scale/scaler.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// A container of the pod has died, and the pod has not been Ready since: first its agent knows it, and then,
// until it is Ready again, Kubernetes does. Where an agent has told of a death and nothing since, Kubernetes'
// word that the pod has become Ready counts. Pure.
bool IsDown(const WorkloadPodFacts& pod, const PodDeaths& deaths);

// What the scaler has just been told is a death that it was not told of before, and it is new.
bool IsNewDeath(const PodDeaths& before, const PodDeaths& told, absl::Time now);

// As ScalerStatus has them. O(pods).
std::vector<DeadPod> DeadPodsOf(const Scaler& scaler);

// One Kubernetes Event about the workload for all of Scaler.died, which is empty then: at most one a look.
void AnnounceDeaths(Turn& turn, Scaler& scaler);

}  // namespace evenkeel::coordinator
