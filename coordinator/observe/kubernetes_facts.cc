#include "coordinator/observe/kubernetes_facts.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/kube/json.h"
#include "coordinator/core/burst/valve.h"
#include "coordinator/core/burst/victims.h"
#include "coordinator/core/fencing_facts.h"
#include "coordinator/observe/json_reading.h"
#include "coordinator/observe/quantity.h"

namespace evenkeel::coordinator {
namespace {

using kube::Find;
using kube::Json;
using kube::Text;

uint32_t Count(const Json& object, std::initializer_list<absl::string_view> path) {
  return static_cast<uint32_t>(
      std::clamp<int64_t>(Number(object, path), 0, std::numeric_limits<uint32_t>::max()));
}

std::string Label(const ObservedNode& node, const char* key) {
  const auto found = node.labels.find(key);
  return found == node.labels.end() ? "" : found->second;
}

std::string AddressOf(const Json& node) {
  for (const char* type : {"InternalIP", "ExternalIP"}) {
    for (const Json& address : Array(node, {"status", "addresses"})) {
      if (Text(address, {"type"}) == type) return Text(address, {"address"});
    }
  }
  return "";
}

std::string TaintText(const Json& taint) {
  const std::string value = Text(taint, {"value"});
  return absl::StrCat(Text(taint, {"key"}), value.empty() ? "" : "=", value, ":", Text(taint, {"effect"}));
}

// The first reason that a container of `list` gives for not running; of an init container also why it ended
// badly.
std::string ContainerReason(const Json& pod, absl::string_view list) {
  for (const Json& status : Array(pod, {"status", list})) {
    if (std::string waiting = Text(status, {"state", "waiting", "reason"}); !waiting.empty()) return waiting;
    if (Find(status, {"state", "terminated"}) != nullptr &&
        Number(status, {"state", "terminated", "exitCode"}) != 0) {
      const std::string reason = Text(status, {"state", "terminated", "reason"});
      return reason.empty() ? "Error" : reason;
    }
  }
  return "";
}

// As kubectl shows it: what the pod says of itself, then its init containers, then its containers.
std::string ReasonOf(const Json& pod) {
  if (std::string reason = Text(pod, {"status", "reason"}); !reason.empty()) return reason;
  if (std::string reason = ContainerReason(pod, "initContainerStatuses"); !reason.empty()) {
    return absl::StrCat("Init:", reason);
  }
  if (std::string reason = ContainerReason(pod, "containerStatuses"); !reason.empty()) return reason;
  if (const Json* scheduled = Condition(pod, "PodScheduled");
      scheduled != nullptr && Text(*scheduled, {"status"}) == "False") {
    return Text(*scheduled, {"reason"});
  }
  return "";
}

std::string WaitingReasonOf(const Json& pod) {
  if (const Json* scheduled = Condition(pod, "PodScheduled");
      scheduled != nullptr && Text(*scheduled, {"status"}) == "False") {
    if (std::string message = Text(*scheduled, {"message"}); !message.empty()) return message;
  }
  return ReasonOf(pod);
}

// What `amounts` (a container's requests, a node's allocatable) say of CPU and memory.
// More than any machine has. Whoever may make pods may write any number, and the sums of all must not
// overflow.
constexpr int64_t kMostMillicores = 1'000'000'000'000;
constexpr int64_t kMostBytes = 1'000'000'000'000'000;

Resources ResourcesOf(const Json* amounts) {
  Resources resources;
  if (amounts == nullptr) return resources;
  resources.cpu_millicores = std::min(ParseMilli(Text(*amounts, {"cpu"})).value_or(0), kMostMillicores);
  resources.memory_bytes = std::min(ParseWhole(Text(*amounts, {"memory"})).value_or(0), kMostBytes);
  return resources;
}

// As the scheduler counts: the containers and the sidecars (init containers that stay) together, or what the
// greatest init container asks for beside the sidecars started before it, if that is more; and the sandbox'
// own overhead. Source: "Resource sharing within containers" in Kubernetes' page on sidecar containers.
Resources RequestsOf(const Json& pod) {
  Resources together;
  for (const Json& container : Array(pod, {"spec", "containers"})) {
    together += ResourcesOf(Find(container, {"resources", "requests"}));
  }
  Resources sidecars;  // so far
  Resources most;      // at any moment of the start
  for (const Json& container : Array(pod, {"spec", "initContainers"})) {
    Resources one = ResourcesOf(Find(container, {"resources", "requests"}));
    one += sidecars;
    if (Text(container, {"restartPolicy"}) == "Always") sidecars = one;
    most.cpu_millicores = std::max(most.cpu_millicores, one.cpu_millicores);
    most.memory_bytes = std::max(most.memory_bytes, one.memory_bytes);
  }
  together += sidecars;
  together.cpu_millicores = std::max(together.cpu_millicores, most.cpu_millicores);
  together.memory_bytes = std::max(together.memory_bytes, most.memory_bytes);
  together += ResourcesOf(Find(pod, {"spec", "overhead"}));
  together.pods = 1;
  return together;
}

// A taint that somebody chose, and that keeps pods off.
bool IsChosen(const Json& taint) {
  const std::string key = Text(taint, {"key"});
  return key != kFailoverTaintKey && key != kValveTaintKey && !absl::StartsWith(key, "node.kubernetes.io/") &&
         Text(taint, {"effect"}) != "PreferNoSchedule";
}

// Every pod is given tolerations of these two for a while (DefaultTolerationSeconds); of a DaemonSet's all
// are of node.kubernetes.io/.
bool IsOwn(const Json& toleration) {
  return !absl::StartsWith(Text(toleration, {"key"}), "node.kubernetes.io/");
}

}  // namespace

Controller ControllerOf(const Json& pod) {
  for (const Json& owner : Array(pod, {"metadata", "ownerReferences"})) {
    if (IsTrue(owner, {"controller"})) {
      return {.kind = Text(owner, {"kind"}), .name = Text(owner, {"name"}), .uid = Text(owner, {"uid"})};
    }
  }
  return {};
}

ObservedNode ObservedNodeFrom(const std::string& cluster, const Json& node) {
  ObservedNode observed;
  observed.key = {.cluster = cluster, .node = Text(node, {"metadata", "name"})};
  observed.labels = Labels(node);
  NodeFacts& facts = observed.facts;
  facts.uid = kube::UidOf(node);
  facts.address = AddressOf(node);
  const int64_t port = Number(node, {"status", "daemonEndpoints", "kubeletEndpoint", "Port"});
  if (port > 0 && port <= std::numeric_limits<uint16_t>::max()) {
    facts.kubelet_port = static_cast<uint16_t>(port);
  }
  facts.failure_domain = Label(observed, "topology.kubernetes.io/zone");
  if (facts.failure_domain.empty()) facts.failure_domain = Label(observed, "topology.kubernetes.io/region");
  facts.ready = ConditionIsTrue(node, "Ready");
  facts.boot_id = Text(node, {"status", "nodeInfo", "bootID"});
  facts.unschedulable = IsTrue(node, {"spec", "unschedulable"});
  facts.allocatable = ResourcesOf(Find(node, {"status", "allocatable"}));
  for (const auto& [key, value] : observed.labels) facts.traits.insert(absl::StrCat(key, "=", value));
  facts.allocatable.pods = ParseWhole(Text(node, {"status", "allocatable", "pods"})).value_or(0);
  for (const Json& taint : Array(node, {"spec", "taints"})) {
    facts.failover_taint |= Text(taint, {"key"}) == kFailoverTaintKey;
    facts.reserved |= IsChosen(taint);
    facts.gray_taint |= Text(taint, {"key"}) == kGrayTaintKey;
    facts.out_of_service |= Text(taint, {"key"}) == kOutOfServiceTaintKey;
    facts.valve_taint |= Text(taint, {"key"}) == kValveTaintKey;
    facts.traits.insert(absl::StrCat(Text(taint, {"key"}), ":"));
    observed.taints.push_back(TaintText(taint));
  }
  return observed;
}

ObservedPod ObservedPodFrom(const std::string& cluster, const Json& pod) {
  ObservedPod observed;
  observed.key = {.cluster = cluster,
                  .name_space = Text(pod, {"metadata", "namespace"}),
                  .name = Text(pod, {"metadata", "name"})};
  observed.labels = Labels(pod);
  observed.address = Text(pod, {"status", "podIP"});
  absl::Time created;
  std::string ignored;
  if (absl::ParseTime(absl::RFC3339_full, Text(pod, {"metadata", "creationTimestamp"}), &created, &ignored)) {
    observed.create_time = created;
  }
  observed.reason = ReasonOf(pod);

  PodFacts& facts = observed.facts;
  facts.uid = kube::UidOf(pod);
  facts.node = Text(pod, {"spec", "nodeName"});
  facts.phase = Text(pod, {"status", "phase"});
  facts.ready = ConditionIsTrue(pod, "Ready");
  facts.deleting = Find(pod, {"metadata", "deletionTimestamp"}) != nullptr;
  facts.mirror = Find(pod, {"metadata", "annotations", "kubernetes.io/config.mirror"}) != nullptr;
  facts.never_self_fenced = Text(pod, {"metadata", "annotations", kSelfFencingAnnotation}) == "never";
  facts.controller = ControllerOf(pod);
  facts.priority = static_cast<int32_t>(std::clamp<int64_t>(Number(pod, {"spec", "priority"}),
                                                            std::numeric_limits<int32_t>::min(),
                                                            std::numeric_limits<int32_t>::max()));
  facts.requests = RequestsOf(pod);
  const Json& tolerations = Array(pod, {"spec", "tolerations"});
  facts.tolerates = std::any_of(tolerations.begin(), tolerations.end(), IsOwn);
  if (!facts.ready) facts.waiting_reason = WaitingReasonOf(pod);
  if (const Json* scheduled = Condition(pod, "PodScheduled")) {
    facts.unschedulable =
        Text(*scheduled, {"status"}) == "False" && Text(*scheduled, {"reason"}) == "Unschedulable";
  }
  int32_t cost = 0;
  if (absl::SimpleAtoi(Text(pod, {"metadata", "annotations", kDeletionCostAnnotation}), &cost)) {
    facts.deletion_cost = cost;
  }

  for (const Json& container : Array(pod, {"spec", "containers"})) {
    ObservedContainer& shown = observed.containers.emplace_back();
    shown.name = Text(container, {"name"});
    shown.image = Text(container, {"image"});
    for (const Json& status : Array(pod, {"status", "containerStatuses"})) {
      if (Text(status, {"name"}) != shown.name) continue;
      shown.ready = IsTrue(status, {"ready"});
      shown.restarts = Count(status, {"restartCount"});
    }
    observed.restarts += shown.restarts;
  }
  return observed;
}

std::vector<std::string> ClaimsOf(const Json& pod) {
  std::vector<std::string> claims;
  for (const Json& volume : Array(pod, {"spec", "volumes"})) {
    if (std::string claim = Text(volume, {"persistentVolumeClaim", "claimName"}); !claim.empty()) {
      claims.push_back(std::move(claim));
    } else if (Find(volume, {"ephemeral"}) != nullptr) {
      claims.push_back(absl::StrCat(Text(pod, {"metadata", "name"}), "-", Text(volume, {"name"})));
    }
  }
  return claims;
}

bool IsExclusive(const Json& claim) {
  bool read_only_many = false;
  bool by_one = false;
  for (const Json& mode : Array(claim, {"spec", "accessModes"})) {
    if (mode == "ReadWriteMany") return false;
    (mode == "ReadOnlyMany" ? read_only_many : by_one) = true;
  }
  return by_one || !read_only_many;
}

}  // namespace evenkeel::coordinator
