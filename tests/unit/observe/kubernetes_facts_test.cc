#include "coordinator/observe/kubernetes_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/core/burst/valve.h"
#include "coordinator/core/burst/victims.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Json Node() {
  return Json::parse(R"({
    "metadata": {"name": "node-1", "uid": "u1", "labels": {
      "topology.kubernetes.io/zone": "zone-a", "topology.kubernetes.io/region": "region-a"}},
    "spec": {"unschedulable": true, "taints": [
      {"key": "dedicated", "value": "gpu", "effect": "NoExecute"},
      {"key": "evenkeel.dev/failed-over", "effect": "NoSchedule"},
      {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}]},
    "status": {
      "nodeInfo": {"bootID": "boot-7", "kubeletVersion": "v1.24.0"},
      "allocatable": {"cpu": "3920m", "memory": "16Gi", "pods": "110"},
      "addresses": [{"type": "Hostname", "address": "node-1"}, {"type": "ExternalIP", "address": "1.2.3.4"},
                    {"type": "InternalIP", "address": "10.0.0.1"}],
      "daemonEndpoints": {"kubeletEndpoint": {"Port": 10255}},
      "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}]}})");
}

Json Pod() {
  return Json::parse(R"({
    "metadata": {"name": "web-1", "namespace": "shop", "uid": "u2", "creationTimestamp": "2024-05-06T07:08:09Z",
      "labels": {"app": "web"},
      "ownerReferences": [{"kind": "Other", "name": "x", "uid": "ux"},
                          {"kind": "ReplicaSet", "name": "web", "uid": "u3", "controller": true}]},
    "spec": {"nodeName": "node-1", "priority": -7,
      "containers": [{"name": "main", "image": "web:1", "resources": {"requests": {"cpu": "250m", "memory": "64Mi"}}},
                     {"name": "side", "image": "side:2", "resources": {"requests": {"cpu": "0.5"}}}],
      "initContainers": [{"name": "init", "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}}],
      "overhead": {"cpu": "10m"},
      "tolerations": [{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute", "tolerationSeconds": 300}],
      "volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "b", "emptyDir": {}},
                  {"name": "c", "ephemeral": {"volumeClaimTemplate": {}}}]},
    "status": {"phase": "Running", "podIP": "10.1.0.5",
      "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
      "containerStatuses": [
        {"name": "side", "ready": true, "restartCount": 2, "state": {"running": {}}},
        {"name": "main", "ready": true, "restartCount": 1, "state": {"running": {}}}]}})");
}

// Everything that is asked of a node, from where Kubernetes has it.
TEST(KubernetesFactsTest, ReadsANode) {
  const ObservedNode node = ObservedNodeFrom("east", Node());
  EXPECT_EQ(node.key, (NodeKey{"east", "node-1"}));
  EXPECT_EQ(node.facts,
            (NodeFacts{
                .uid = "u1",
                .address = "10.0.0.1",
                .kubelet_port = 10255,
                .failure_domain = "zone-a",
                .ready = true,
                .unschedulable = true,
                .failover_taint = true,
                .allocatable = {.cpu_millicores = 3920, .memory_bytes = int64_t{16} << 30, .pods = 110},
                .reserved = true,
                .out_of_service = true,
                .boot_id = "boot-7",
                .traits = {"dedicated:", "evenkeel.dev/failed-over:", "node.kubernetes.io/out-of-service:",
                           "topology.kubernetes.io/region=region-a", "topology.kubernetes.io/zone=zone-a"}}));
  EXPECT_THAT(node.taints, ElementsAre("dedicated=gpu:NoExecute", "evenkeel.dev/failed-over:NoSchedule",
                                       "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"));
  EXPECT_EQ(node.labels.at("topology.kubernetes.io/zone"), "zone-a");
}

// Second choices: the region where there is no zone, the external address where there is no internal one, the
// usual port where none is told. Ready is only what says True.
TEST(KubernetesFactsTest, ReadsSecondChoicesOfANode) {
  Json json = Node();
  json["metadata"]["labels"].erase("topology.kubernetes.io/zone");
  json["status"]["addresses"].erase(2);
  json["status"].erase("daemonEndpoints");
  json["status"]["conditions"][1]["status"] = "Unknown";
  const NodeFacts facts = ObservedNodeFrom("east", json).facts;
  EXPECT_EQ(facts.failure_domain, "region-a");
  EXPECT_EQ(facts.address, "1.2.3.4");
  EXPECT_EQ(facts.kubelet_port, 10250);
  EXPECT_FALSE(facts.ready);
}

// A taint is reserved room when somebody chose it; those that Kubernetes or we put by the node's condition
// are not.
TEST(KubernetesFactsTest, TellsChosenTaintsFromPassingOnes) {
  const auto reserved = [](const char* key, const char* effect) {
    Json json = Node();
    json["spec"]["taints"] = {{{"key", key}, {"effect", effect}}};
    return ObservedNodeFrom("east", json).facts.reserved;
  };
  EXPECT_TRUE(reserved("dedicated", "NoSchedule"));
  EXPECT_TRUE(reserved("node-role.kubernetes.io/master", "NoSchedule"));
  EXPECT_FALSE(reserved("dedicated", "PreferNoSchedule"));
  EXPECT_FALSE(reserved("node.kubernetes.io/unreachable", "NoExecute"));
  EXPECT_FALSE(reserved(kFailoverTaintKey, "NoSchedule"));
  EXPECT_FALSE(reserved(kValveTaintKey, "NoSchedule"));
}

// A virtual node that is closed to new pods carries our taint.
TEST(KubernetesFactsTest, TellsClosedVirtualNodes) {
  Json json = Node();
  EXPECT_FALSE(ObservedNodeFrom("east", json).facts.valve_taint);
  json["spec"]["taints"].push_back({{"key", kValveTaintKey}, {"effect", kValveTaintEffect}});
  EXPECT_TRUE(ObservedNodeFrom("east", json).facts.valve_taint);
}

// A pod presses when the scheduler has found no node for it, and not while it has not looked yet.
TEST(KubernetesFactsTest, TellsPodsForWhichThereIsNoRoom) {
  const auto unschedulable = [](const char* status, const char* reason) {
    Json json = Pod();
    json["spec"].erase("nodeName");
    json["status"]["conditions"] = {{{"type", "PodScheduled"}, {"status", status}, {"reason", reason}}};
    return ObservedPodFrom("east", json).facts.unschedulable;
  };
  EXPECT_TRUE(unschedulable("False", "Unschedulable"));
  EXPECT_FALSE(unschedulable("False", "SchedulerError"));
  EXPECT_FALSE(unschedulable("False", "SchedulingGated"));
  EXPECT_FALSE(unschedulable("True", ""));
  EXPECT_FALSE(ObservedPodFrom("east", Pod()).facts.unschedulable);
}

// What a pod's deletion costs, where it says a number.
TEST(KubernetesFactsTest, ReadsDeletionCosts) {
  const auto cost = [](const char* text) {
    Json json = Pod();
    json["metadata"]["annotations"][kDeletionCostAnnotation] = text;
    return ObservedPodFrom("east", json).facts.deletion_cost;
  };
  EXPECT_EQ(ObservedPodFrom("east", Pod()).facts.deletion_cost, std::nullopt);
  EXPECT_EQ(cost("-100"), -100);
  EXPECT_EQ(cost("7"), 7);
  EXPECT_EQ(cost("much"), std::nullopt);
  EXPECT_EQ(cost("99999999999"), std::nullopt);
}

// A toleration counts when the pod has it of its own; an empty key tolerates everything.
TEST(KubernetesFactsTest, TellsOwnTolerationsFromGivenOnes) {
  Json json = Pod();
  EXPECT_FALSE(ObservedPodFrom("east", json).facts.tolerates);
  json["spec"]["tolerations"].push_back({{"key", "dedicated"}, {"operator", "Exists"}});
  EXPECT_TRUE(ObservedPodFrom("east", json).facts.tolerates);
  json["spec"]["tolerations"] = {{{"operator", "Exists"}}};
  EXPECT_TRUE(ObservedPodFrom("east", json).facts.tolerates);
}

// Everything that is asked of a pod.
TEST(KubernetesFactsTest, ReadsAPod) {
  const ObservedPod pod = ObservedPodFrom("east", Pod());
  EXPECT_EQ(pod.key, (PodKey{"east", "shop", "web-1"}));
  EXPECT_EQ(pod.facts,
            (PodFacts{.uid = "u2",
                      .node = "node-1",
                      .phase = "Running",
                      .ready = true,
                      .controller = {"ReplicaSet", "web", "u3"},
                      .priority = -7,
                      .requests = {.cpu_millicores = 760, .memory_bytes = int64_t{128} << 20, .pods = 1}}));
  EXPECT_THAT(pod.labels, ElementsAre(Pair("app", "web")));
  EXPECT_EQ(pod.address, "10.1.0.5");
  EXPECT_EQ(pod.create_time, absl::FromUnixSeconds(1714979289));
  EXPECT_EQ(pod.reason, "");
  EXPECT_EQ(pod.restarts, 3u);
  EXPECT_THAT(pod.containers, ElementsAre(ObservedContainer{"main", "web:1", true, 1},
                                          ObservedContainer{"side", "side:2", true, 2}));
}

// A sidecar, an init container that stays, asks for its part all the time; an init container after it asks
// beside it, and one before it alone.
TEST(KubernetesFactsTest, CountsSidecars) {
  const auto requests = [](const char* init_containers) {
    Json json = Pod();  // 750m and 64Mi in its containers, 10m of overhead
    json["spec"]["initContainers"] = Json::parse(init_containers);
    return ObservedPodFrom("east", json).facts.requests;
  };
  const auto expected = [](int64_t cpu, int64_t mib) {
    return Resources{.cpu_millicores = cpu, .memory_bytes = mib << 20, .pods = 1};
  };
  EXPECT_EQ(requests("[]"), expected(760, 64));
  EXPECT_EQ(
      requests(R"([{"restartPolicy": "Always", "resources": {"requests": {"cpu": "100m", "memory": "32Mi"}}},
                         {"restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}}])"),
      expected(910, 96));
  EXPECT_EQ(
      requests(R"([{"restartPolicy": "Always", "resources": {"requests": {"cpu": "100m", "memory": "32Mi"}}},
                         {"resources": {"requests": {"cpu": "900m", "memory": "32Mi"}}}])"),
      expected(1010, 96));
  EXPECT_EQ(requests(R"([{"resources": {"requests": {"cpu": "900m", "memory": "100Mi"}}},
                         {"restartPolicy": "Always", "resources": {"requests": {"cpu": "100m", "memory": "32Mi"}}}])"),
            expected(910, 100));
}

// Signs by which planners treat a pod differently: being deleted, being the kubelet's own.
TEST(KubernetesFactsTest, ReadsDeletionAndMirror) {
  Json json = Pod();
  json["metadata"]["deletionTimestamp"] = "2024-05-06T07:08:09Z";
  json["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "hash";
  const PodFacts facts = ObservedPodFrom("east", json).facts;
  EXPECT_TRUE(facts.deleting);
  EXPECT_TRUE(facts.mirror);
}

// A pod may be kept out of what its node's agent stops.
TEST(KubernetesFactsTest, ReadsWhichPodsAreNeverSelfFenced) {
  Json json = Pod();
  EXPECT_FALSE(ObservedPodFrom("east", json).facts.never_self_fenced);
  json["metadata"]["annotations"]["evenkeel.dev/self-fencing"] = "never";
  EXPECT_TRUE(ObservedPodFrom("east", json).facts.never_self_fenced);
}

// Why a pod is not running, in Kubernetes' words, the most telling first.
TEST(KubernetesFactsTest, TellsWhyAPodWaits) {
  Json json = Pod();
  json["status"]["conditions"][1]["status"] = "False";
  json["status"]["containerStatuses"][1]["state"] = {{"waiting", {{"reason", "CrashLoopBackOff"}}}};
  EXPECT_EQ(ObservedPodFrom("east", json).reason, "CrashLoopBackOff");
  EXPECT_EQ(ObservedPodFrom("east", json).facts.waiting_reason, "CrashLoopBackOff");

  json["status"]["initContainerStatuses"] = {
      {{"name", "init"}, {"state", {{"terminated", {{"reason", "Error"}, {"exitCode", 1}}}}}}};
  EXPECT_EQ(ObservedPodFrom("east", json).reason, "Init:Error");
  json["status"]["reason"] = "Evicted";
  EXPECT_EQ(ObservedPodFrom("east", json).reason, "Evicted");

  Json unscheduled = Json::parse(R"({"metadata": {"name": "a"}, "status": {"phase": "Pending", "conditions": [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}]}})");
  EXPECT_EQ(ObservedPodFrom("east", unscheduled).reason, "Unschedulable");
  EXPECT_EQ(ObservedPodFrom("east", unscheduled).facts.waiting_reason, "0/3 nodes are available");
}

// A container that ended well, as an init container does, is no reason for anything.
TEST(KubernetesFactsTest, GoodEndIsNoReason) {
  Json json = Pod();
  json["status"]["initContainerStatuses"] = {
      {{"name", "init"}, {"state", {{"terminated", {{"reason", "Completed"}, {"exitCode", 0}}}}}}};
  EXPECT_EQ(ObservedPodFrom("east", json).reason, "");
}

// Claims by name and those made for generic ephemeral volumes.
TEST(KubernetesFactsTest, FindsClaims) {
  EXPECT_THAT(ClaimsOf(Pod()), UnorderedElementsAre("data", "web-1-c"));
  EXPECT_THAT(ClaimsOf(Json::object()), IsEmpty());
}

// L5: only what is for many for certain is not exclusive.
TEST(KubernetesFactsTest, UnknownAccessIsExclusive) {
  const auto claim = [](Json modes) { return Json{{"spec", {{"accessModes", std::move(modes)}}}}; };
  EXPECT_TRUE(IsExclusive(claim({"ReadWriteOnce"})));
  EXPECT_TRUE(IsExclusive(claim({"ReadWriteOncePod"})));
  EXPECT_TRUE(IsExclusive(claim({"ReadOnlyMany", "ReadWriteOnce"})));
  EXPECT_TRUE(IsExclusive(claim({"SomethingNew"})));
  EXPECT_TRUE(IsExclusive(claim(Json::array())));
  EXPECT_TRUE(IsExclusive(Json::object()));
  EXPECT_FALSE(IsExclusive(claim({"ReadWriteMany"})));
  EXPECT_FALSE(IsExclusive(claim({"ReadWriteOnce", "ReadWriteMany"})));
  EXPECT_FALSE(IsExclusive(claim({"ReadOnlyMany"})));
}

// Objects of wrong shapes are read as far as they go; nothing throws.
TEST(KubernetesFactsTest, OddShapesDoNoHarm) {
  for (
      const char* text :
      {"{}", "[]", "null", "7", R"({"metadata": 1, "spec": [], "status": "x"})",
       R"({"metadata": {"name": 5, "labels": [1], "ownerReferences": {"controller": true}, "creationTimestamp": "x"}})",
       R"({"spec": {"taints": {"a": 1}, "containers": [1, null, {"name": {}}], "volumes": [[], {"ephemeral": 1}],
            "priority": 99999999999999}})",
       R"({"status": {"conditions": ["x", {"type": 1}], "addresses": [{}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 700000}},
            "containerStatuses": [{"name": 1, "restartCount": -5, "state": []}]}})"}) {
    SCOPED_TRACE(text);
    const Json json = Json::parse(text);
    EXPECT_EQ(ObservedNodeFrom("east", json).facts.kubelet_port, 10250);
    EXPECT_EQ(ObservedPodFrom("east", json).restarts, 0u);
    EXPECT_LE(ClaimsOf(json).size(), 1u);
    EXPECT_TRUE(IsExclusive(json));
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
