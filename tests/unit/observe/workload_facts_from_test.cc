// Proves what the scaler is told of a pod and of a scale subresource.
#include "coordinator/observe/workload_facts_from.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::coordinator {
namespace {

using kube::Json;

Json Pod() {
  return Json::parse(R"({
    "metadata": {"name": "web-1", "namespace": "shop", "uid": "u1", "labels": {"app": "web"}},
    "spec": {"nodeName": "node-1",
      "containers": [{"name": "main", "resources": {"requests": {"cpu": "250m"}}},
                     {"name": "side", "resources": {"requests": {"cpu": "0.5"}}}],
      "initContainers": [{"name": "init", "resources": {"requests": {"cpu": "4"}}}],
      "overhead": {"cpu": "10m"}},
    "status": {"phase": "Running", "startTime": "2024-05-06T07:08:09Z",
      "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2024-05-06T07:08:19Z"}],
      "containerStatuses": [{"name": "main", "state": {"running": {}}}]}})");
}

// All that the arithmetic asks about.
TEST(SelectablePodTest, TellsWhatTheScalerAsksAbout) {
  const SelectablePod pod = SelectablePodFrom(Pod());
  EXPECT_EQ(pod.name_space, "shop");
  EXPECT_EQ(pod.uid, "u1");
  EXPECT_EQ(pod.labels, (std::map<std::string, std::string>{{"app", "web"}}));
  EXPECT_EQ(pod.facts.name, "web-1");
  EXPECT_EQ(pod.facts.node, "node-1");
  EXPECT_EQ(pod.facts.phase, PodPhase::kRunning);
  EXPECT_TRUE(pod.facts.ready);
  EXPECT_FALSE(pod.facts.deleting);
  EXPECT_FALSE(pod.facts.failing);
  const absl::Time started = absl::FromUnixSeconds(1714979289);
  EXPECT_EQ(pod.facts.started, started);
  EXPECT_EQ(pod.facts.ready_changed, started + absl::Seconds(10));
}

// As the HPA counts requests: without init containers but those that stay, without overhead, and nothing at
// all where one container asks for nothing.
TEST(SelectablePodTest, RequestsAreAsTheHpaCountsThem) {
  Json pod = Pod();
  EXPECT_EQ(SelectablePodFrom(pod).facts.request_millicores, 750);
  pod["spec"]["initContainers"][0]["restartPolicy"] = "Always";
  EXPECT_EQ(SelectablePodFrom(pod).facts.request_millicores, 4750);
  pod["spec"]["initContainers"][0]["resources"] = nullptr;
  EXPECT_EQ(SelectablePodFrom(pod).facts.request_millicores, 0);
  pod["spec"].erase("initContainers");
  pod["spec"]["containers"][1].erase("resources");
  EXPECT_EQ(SelectablePodFrom(pod).facts.request_millicores, 0);
}

// A pod that will not take up load by itself soon is told from one that is only slow.
TEST(SelectablePodTest, FailingIsWhatKubernetesSays) {
  const auto failing = [](const char* list, const char* status) {
    Json pod = Pod();
    pod["status"][list] = Json::array({Json::parse(status)});
    return SelectablePodFrom(pod).facts.failing;
  };
  constexpr char kMain[] = "containerStatuses";
  EXPECT_TRUE(failing(kMain, R"({"state": {"waiting": {"reason": "CrashLoopBackOff"}}})"));
  EXPECT_TRUE(failing(kMain, R"({"state": {"waiting": {"reason": "ImagePullBackOff"}}})"));
  EXPECT_TRUE(failing("initContainerStatuses", R"({"state": {"waiting": {"reason": "CrashLoopBackOff"}}})"));
  EXPECT_TRUE(failing(kMain, R"({"state": {"terminated": {"reason": "OOMKilled"}}})"));
  EXPECT_TRUE(
      failing(kMain, R"({"state": {"waiting": {}}, "lastState": {"terminated": {"reason": "OOMKilled"}}})"));
  EXPECT_FALSE(
      failing(kMain, R"({"state": {"running": {}}, "lastState": {"terminated": {"reason": "OOMKilled"}}})"));
  EXPECT_FALSE(failing(kMain, R"({"state": {"waiting": {"reason": "ContainerCreating"}}})"));
  EXPECT_FALSE(failing(kMain, R"({"state": {"terminated": {"reason": "Error"}}})"));
}

// Any field may be missing or of another type.
TEST(SelectablePodTest, NothingIsTakenForGranted) {
  for (
      const char* text :
      {"{}", "[]", "null", R"({"metadata": 3, "spec": [], "status": {"conditions": {}, "phase": 7}})",
       R"({"metadata": {"labels": [1]}, "status": {"startTime": "infinite-future", "containerStatuses": [1]}})",
       R"({"spec": {"containers": [{"resources": {"requests": {"cpu": "9E"}}}, {"resources": {"requests": {"cpu": "9E"}}}]}})"}) {
    const SelectablePod pod = SelectablePodFrom(Json::parse(text));
    EXPECT_EQ(pod.facts.phase, PodPhase::kPending) << text;
    EXPECT_EQ(pod.facts.started, std::nullopt) << text;
    EXPECT_GE(pod.facts.request_millicores, 0) << text;
  }
  EXPECT_EQ(SelectablePodFrom(Json{{"status", {{"phase", "Failed"}}}}).facts.phase, PodPhase::kFailed);
  EXPECT_EQ(SelectablePodFrom(Json{{"status", {{"phase", "Succeeded"}}}}).facts.phase, PodPhase::kSucceeded);
}

// The API server leaves 0 out.
TEST(ScaleTest, IsReadAsTheServerWritesIt) {
  const ScaleSubresource scale = ScaleFrom(Json::parse(
      R"({"metadata": {"uid": "u1"}, "spec": {"replicas": 3}, "status": {"replicas": 2, "selector": "app=web"}})"));
  EXPECT_EQ(scale.uid, "u1");
  EXPECT_EQ(scale.replicas, 3);
  EXPECT_EQ(scale.status_replicas, 2);
  EXPECT_EQ(scale.selector, "app=web");
  const ScaleSubresource off = ScaleFrom(Json::parse(R"({"spec": {}, "status": {"replicas": "many"}})"));
  EXPECT_EQ(off.replicas, 0);
  EXPECT_EQ(off.status_replicas, 0);
  EXPECT_EQ(off.selector, "");
}

}  // namespace
}  // namespace evenkeel::coordinator
