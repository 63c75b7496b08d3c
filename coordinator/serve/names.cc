#include "coordinator/serve/names.h"

#include <cstddef>
#include <initializer_list>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

// Kubernetes allows no name longer than this; a longer one is not worth a look-up.
constexpr size_t kLongestName = 253;

enum class Dash { kIsAName, kMeansAll };

// The variable parts of `name`, which must read "COLLECTION/part" for each of `collections` in turn.
absl::StatusOr<std::vector<std::string>> Parts(absl::string_view field, absl::string_view name,
                                               std::initializer_list<absl::string_view> collections,
                                               absl::string_view form, Dash dash) {
  const absl::Status malformed =
      base::InvalidField(field, absl::StrCat("must read \"", form, "\"",
                                             dash == Dash::kMeansAll ? ", where \"-\" stands for all" : "",
                                             ", not \"", name.substr(0, kLongestName), "\""));
  const std::vector<absl::string_view> pieces = absl::StrSplit(name, '/');
  if (pieces.size() != 2 * collections.size()) return malformed;
  std::vector<std::string> parts;
  size_t at = 0;
  for (absl::string_view collection : collections) {
    absl::string_view part = pieces[at + 1];
    if (pieces[at] != collection || part.empty() || part.size() > kLongestName) return malformed;
    if (part == "-") {
      if (dash == Dash::kIsAName) return malformed;
      part = "";
    }
    parts.emplace_back(part);
    at += 2;
  }
  return parts;
}

constexpr char kClusterForm[] = "clusters/CLUSTER";
constexpr char kNamespaceForm[] = "clusters/CLUSTER/namespaces/NAMESPACE";
constexpr char kPodForm[] = "clusters/CLUSTER/namespaces/NAMESPACE/pods/POD";

absl::StatusOr<PodKey> PodParts(absl::string_view field, absl::string_view name, Dash dash) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts,
                            Parts(field, name, {"clusters", "namespaces", "pods"}, kPodForm, dash));
  return PodKey{.cluster = parts[0], .name_space = parts[1], .name = parts[2]};
}

}  // namespace

std::string ClusterResource(absl::string_view cluster) {
  return absl::StrCat("clusters/", cluster);
}

std::string NodeResource(const NodeKey& key) {
  return absl::StrCat("clusters/", key.cluster, "/nodes/", key.node);
}

std::string PodResource(const PodKey& key) {
  return absl::StrCat("clusters/", key.cluster, "/namespaces/", key.name_space, "/pods/", key.name);
}

std::string ContainerResource(const PodKey& pod, absl::string_view container) {
  return absl::StrCat(PodResource(pod), "/containers/", container);
}

std::string DecisionResource(DecisionId id) {
  return absl::StrCat("decisions/", id.ToString());
}

std::string MaintenanceResource(const NodeKey& key) {
  return absl::StrCat("clusters/", key.cluster, "/maintenances/", key.node);
}

std::string PolicyResource(absl::string_view policy) {
  return absl::StrCat("policies/", policy);
}

std::string ScalerResource(absl::string_view policy) {
  return absl::StrCat("scalers/", policy);
}

std::string BurstResource(absl::string_view cluster) {
  return absl::StrCat("bursts/", cluster);
}

std::string SwitchResource(absl::string_view id) {
  return absl::StrCat("switches/", id);
}

std::string WorkloadResource(absl::string_view name_space, const Controller& controller) {
  return absl::StrCat("namespaces/", name_space, "/", absl::AsciiStrToLower(controller.kind), "s/",
                      controller.name);
}

absl::StatusOr<std::string> ParseCluster(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts, Parts(field, name, {"clusters"}, kClusterForm, Dash::kIsAName));
  return parts[0];
}

absl::StatusOr<NodeKey> ParseNode(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(
      auto parts, Parts(field, name, {"clusters", "nodes"}, "clusters/CLUSTER/nodes/NODE", Dash::kIsAName));
  return NodeKey{.cluster = parts[0], .node = parts[1]};
}

absl::StatusOr<PodKey> ParsePod(absl::string_view field, absl::string_view name) {
  return PodParts(field, name, Dash::kIsAName);
}

absl::StatusOr<ContainerName> ParseContainer(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts,
                            Parts(field, name, {"clusters", "namespaces", "pods", "containers"},
                                  absl::StrCat(kPodForm, "/containers/CONTAINER"), Dash::kIsAName));
  return ContainerName{.pod = {.cluster = parts[0], .name_space = parts[1], .name = parts[2]},
                       .container = parts[3]};
}

absl::StatusOr<DecisionId> ParseDecision(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts,
                            Parts(field, name, {"decisions"}, "decisions/EPOCH-NUMBER", Dash::kIsAName));
  absl::StatusOr<DecisionId> id = DecisionId::Parse(parts[0]);
  if (!id.ok()) return base::InvalidField(field, id.status().message());
  return id;
}

absl::StatusOr<NodeKey> ParseMaintenance(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts, Parts(field, name, {"clusters", "maintenances"},
                                              "clusters/CLUSTER/maintenances/NODE", Dash::kIsAName));
  return NodeKey{.cluster = parts[0], .node = parts[1]};
}

absl::StatusOr<std::string> ParsePolicy(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts, Parts(field, name, {"policies"}, "policies/POLICY", Dash::kIsAName));
  return parts[0];
}

absl::StatusOr<std::string> ParseScaler(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts, Parts(field, name, {"scalers"}, "scalers/POLICY", Dash::kIsAName));
  return parts[0];
}

absl::StatusOr<std::string> ParseBurst(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts, Parts(field, name, {"bursts"}, "bursts/CLUSTER", Dash::kIsAName));
  return parts[0];
}

absl::StatusOr<std::string> ParseSwitch(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts, Parts(field, name, {"switches"}, "switches/SWITCH", Dash::kIsAName));
  return parts[0];
}

absl::StatusOr<WorkloadName> ParseWorkload(absl::string_view field, absl::string_view name) {
  // The kind is a part that varies, where other names have a word.
  const std::vector<std::string> pieces = absl::StrSplit(name, '/');
  const std::string kinds = pieces.size() > 2 ? pieces[2] : "";
  EVENKEEL_ASSIGN_OR_RETURN(auto parts,
                            Parts(field, name, {"namespaces", kinds.empty() ? "deployments" : kinds},
                                  "namespaces/NAMESPACE/deployments/NAME", Dash::kIsAName));
  return WorkloadName{.name_space = parts[0], .kinds = kinds, .name = parts[1]};
}

absl::StatusOr<std::string> ParseClusterParent(absl::string_view field, absl::string_view parent) {
  EVENKEEL_ASSIGN_OR_RETURN(auto parts, Parts(field, parent, {"clusters"}, kClusterForm, Dash::kMeansAll));
  return parts[0];
}

absl::StatusOr<PodKey> ParseNamespaceParent(absl::string_view field, absl::string_view parent) {
  EVENKEEL_ASSIGN_OR_RETURN(
      auto parts, Parts(field, parent, {"clusters", "namespaces"}, kNamespaceForm, Dash::kMeansAll));
  return PodKey{.cluster = parts[0], .name_space = parts[1], .name = ""};
}

absl::StatusOr<PodKey> ParsePodParent(absl::string_view field, absl::string_view parent) {
  return PodParts(field, parent, Dash::kMeansAll);
}

}  // namespace evenkeel::coordinator
