// Resource names of the API (AIP-122): "clusters/CLUSTER/nodes/NODE" and the like.
//
// Each Parse function returns INVALID_ARGUMENT that names the request's field and shows the form it must
// have.
// "-" stands for "all" where a comment says so, and is then given back as an empty string.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

// A container of a pod, or with empty parts all of them.
struct ContainerName {
  PodKey pod;
  std::string container;
};

// A workload, with its kind in lower-case letters and in the plural: "deployments".
struct WorkloadName {
  std::string name_space;
  std::string kinds;
  std::string name;
};

std::string ClusterResource(absl::string_view cluster);
std::string NodeResource(const NodeKey& key);
std::string PodResource(const PodKey& key);
std::string ContainerResource(const PodKey& pod, absl::string_view container);
std::string DecisionResource(DecisionId id);
// "clusters/CLUSTER/maintenances/NODE".
std::string MaintenanceResource(const NodeKey& key);
std::string PolicyResource(absl::string_view policy);
// "scalers/POLICY".
std::string ScalerResource(absl::string_view policy);
// "bursts/CLUSTER".
std::string BurstResource(absl::string_view cluster);
// "switches/SWITCH", where SWITCH is its name or its decision's id.
std::string SwitchResource(absl::string_view id);
// "namespaces/shop/replicasets/web-5d9", as WorkloadRecovery.workload.
std::string WorkloadResource(absl::string_view name_space, const Controller& controller);

absl::StatusOr<std::string> ParseCluster(absl::string_view field, absl::string_view name);
absl::StatusOr<NodeKey> ParseNode(absl::string_view field, absl::string_view name);
absl::StatusOr<PodKey> ParsePod(absl::string_view field, absl::string_view name);
absl::StatusOr<ContainerName> ParseContainer(absl::string_view field, absl::string_view name);
absl::StatusOr<DecisionId> ParseDecision(absl::string_view field, absl::string_view name);
absl::StatusOr<NodeKey> ParseMaintenance(absl::string_view field, absl::string_view name);
absl::StatusOr<std::string> ParsePolicy(absl::string_view field, absl::string_view name);
// Gives the policy.
absl::StatusOr<std::string> ParseScaler(absl::string_view field, absl::string_view name);
// Gives the cluster.
absl::StatusOr<std::string> ParseBurst(absl::string_view field, absl::string_view name);
// Gives its name, or its decision's id.
absl::StatusOr<std::string> ParseSwitch(absl::string_view field, absl::string_view name);
// "namespaces/NAMESPACE/deployments/NAME", as Decision.workload.
absl::StatusOr<WorkloadName> ParseWorkload(absl::string_view field, absl::string_view name);

// Parents of lists, where "-" stands for all.
absl::StatusOr<std::string> ParseClusterParent(absl::string_view field, absl::string_view parent);
// "clusters/C/namespaces/N": the key's `name` is empty.
absl::StatusOr<PodKey> ParseNamespaceParent(absl::string_view field, absl::string_view parent);
// "clusters/C/namespaces/N/pods/P".
absl::StatusOr<PodKey> ParsePodParent(absl::string_view field, absl::string_view parent);

}  // namespace evenkeel::coordinator
