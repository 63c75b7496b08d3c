// Kubernetes' objects as the core's and the fleet's structs. Pure; any field may be missing, and nothing here
// throws.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/kube/kubernetes_api.h"
#include "coordinator/observe/fleet_observer.h"

namespace evenkeel::coordinator {

ObservedNode ObservedNodeFrom(const std::string& cluster, const kube::Json& node);

// Without `facts.exclusive_claims`: those need the claims themselves.
ObservedPod ObservedPodFrom(const std::string& cluster, const kube::Json& pod);

// Names of the PersistentVolumeClaims that a pod uses, all in its namespace: those that its volumes name, and
// those that are made for its generic ephemeral volumes ("POD-VOLUME").
std::vector<std::string> ClaimsOf(const kube::Json& pod);

// What controls the pod: the first owner that says so; an empty uid: nothing does.
Controller ControllerOf(const kube::Json& pod);

// Whether only one node may mount the claim. By what the claim asks for, not by what its volume could do:
// ReadWriteMany is for many, ReadOnlyMany alone too, all else, and a claim that asks for nothing, for one
// (L5: the unknown counts as exclusive).
bool IsExclusive(const kube::Json& claim);

}  // namespace evenkeel::coordinator
