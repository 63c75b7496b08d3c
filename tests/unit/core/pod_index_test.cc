// Pods are found by name, node and controller, whatever happens to them in between.

#include "coordinator/core/pod_index.h"

#include <string>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

PodFacts Pod(const std::string& node, bool ready) {
  PodFacts pod;
  pod.uid = "uid";
  pod.node = node;
  pod.phase = "Running";
  pod.ready = ready;
  pod.controller = {"ReplicaSet", "web", "uid-web"};
  return pod;
}

// What has burst to a node is what is bound to it, goes on, and belongs to no DaemonSet nor to the node
// itself.
TEST(PodIndexTest, SumsWhatHasBurst) {
  PodIndex pods;
  const auto put = [&pods](const std::string& name, PodFacts pod) {
    pod.requests = {.cpu_millicores = 100, .pods = 1};
    pods.Put({"shop", name}, pod);
  };
  put("web-1", Pod("a", true));
  put("web-2", Pod("a", false));
  put("web-3", Pod("b", true));
  put("web-4", Pod("", false));
  PodFacts other = Pod("a", true);
  other.mirror = true;
  put("static", other);
  other.mirror = false;
  other.controller.kind = "DaemonSet";
  put("agent", other);
  EXPECT_EQ(pods.BurstTo("a"), (Resources{.cpu_millicores = 200, .pods = 2}));
  EXPECT_EQ(pods.BurstTo("b").pods, 1);
  other = Pod("a", true);
  other.deleting = true;
  put("web-1", other);
  other.deleting = false;
  other.phase = "Failed";
  put("web-2", other);
  EXPECT_EQ(pods.BurstTo("a"), Resources{});
  pods.Erase({"shop", "web-3"});
  EXPECT_EQ(pods.BurstTo("b"), Resources{});
}

// A pod that changes node or readiness leaves no trace where it was.
TEST(PodIndexTest, FollowsEachPod) {
  PodIndex pods;
  const PodName name{"shop", "web-1"};
  pods.Put(name, Pod("", false));
  EXPECT_TRUE(pods.OnNode("").empty());  // not bound is no node
  EXPECT_EQ(pods.OfController("uid-web").waiting.size(), 1u);

  pods.Put(name, Pod("a", true));
  EXPECT_EQ(pods.OnNode("a").size(), 1u);
  EXPECT_EQ(pods.ReadyOn("uid-web", "a"), 1u);
  EXPECT_EQ(pods.ReadyElsewhere("uid-web", "a"), 0u);
  EXPECT_EQ(pods.ReadyElsewhere("uid-web", "b"), 1u);
  EXPECT_TRUE(pods.OfController("uid-web").waiting.empty());

  pods.Put(name, Pod("b", false));
  EXPECT_TRUE(pods.OnNode("a").empty());
  EXPECT_EQ(pods.OfController("uid-web").ready_total, 0u);

  pods.Erase(name);
  pods.Erase(name);
  EXPECT_EQ(pods.Find(name), nullptr);
  EXPECT_TRUE(pods.OnNode("b").empty());
  EXPECT_TRUE(pods.OfController("uid-web").waiting.empty());
}

// Pods on their way out and failed ones are nobody's replacement; a Job's finished pod is.
TEST(PodIndexTest, CountsWhatServes) {
  PodIndex pods;
  PodFacts leaving = Pod("a", true);
  leaving.deleting = true;
  pods.Put({"shop", "leaving"}, leaving);
  PodFacts failed = Pod("a", false);
  failed.phase = "Failed";
  pods.Put({"shop", "failed"}, failed);
  PodFacts finished = Pod("a", false);
  finished.phase = "Succeeded";
  pods.Put({"shop", "finished"}, finished);
  EXPECT_EQ(pods.OfController("uid-web").ready_total, 1u);
  EXPECT_TRUE(pods.OfController("uid-web").waiting.empty());
  EXPECT_EQ(pods.OnNode("a").size(), 3u);
}

// A node's load is what its pods ask for, as long as they have not ended and are not on their way out.
TEST(PodIndexTest, AddsUpWhatPodsAskFor) {
  PodIndex pods;
  PodFacts pod = Pod("a", true);
  pod.requests = {.cpu_millicores = 200, .memory_bytes = 100, .pods = 1};
  pods.Put({"shop", "web-1"}, pod);
  pods.Put({"shop", "web-2"}, pod);
  EXPECT_EQ(pods.LoadOf("a"), (Resources{400, 200, 2}));
  pod.node = "b";
  pods.Put({"shop", "web-2"}, pod);
  EXPECT_EQ(pods.LoadOf("a"), (Resources{200, 100, 1}));
  EXPECT_EQ(pods.LoadOf("b"), (Resources{200, 100, 1}));
  pod.deleting = true;
  pods.Put({"shop", "web-2"}, pod);
  EXPECT_EQ(pods.LoadOf("b"), Resources{});
  pod.deleting = false;
  pod.phase = "Succeeded";
  pods.Put({"shop", "web-2"}, pod);
  EXPECT_EQ(pods.LoadOf("b"), Resources{});
  pods.Erase({"shop", "web-1"});
  pods.Erase({"shop", "web-2"});
  EXPECT_EQ(pods.LoadOf("a"), Resources{});
}

}  // namespace
}  // namespace evenkeel::coordinator
