#include "coordinator/observe/cluster_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/synchronization/notification.h"
#include "tests/support/event_log.h"
#include "tests/support/kube/fake_kubernetes.h"
#include "tests/unit/observe/fleet_log.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::HasSubstr;

Json Node(const std::string& name, bool ready = true) {
  return {{"metadata", {{"name", name}}},
          {"status", {{"conditions", {{{"type", "Ready"}, {"status", ready ? "True" : "False"}}}}}}};
}
Json Pod(const std::string& name) {
  return {{"metadata", {{"name", name}, {"namespace", "shop"}}}, {"spec", {{"nodeName", "node-1"}}}};
}

class ClusterObserverTest : public ::testing::Test {
 protected:
  ClusterObserverTest() {
    kubernetes_.Put(kube::Nodes(), Node("node-1"));
    kubernetes_.Put(kube::Nodes(), Node("node-2"));
    kubernetes_.Put(kube::Pods(), Pod("a"));
  }

  void Observe(absl::Duration unreachable_after = absl::Milliseconds(50)) {
    observer_ =
        std::make_unique<ClusterObserver>(ClusterObserver::Options{.cluster = "east",
                                                                   .unreachable_after = unreachable_after,
                                                                   .pulse_interval = absl::Milliseconds(20)},
                                          kubernetes_, events_, fleet_);
  }

  testing::FakeKubernetes kubernetes_;
  testing::EventLog events_;
  testing::FleetLog fleet_;
  std::unique_ptr<ClusterObserver> observer_;
};

// First the cluster, then its objects, and only when all of them have come the word that the picture is
// complete.
TEST_F(ClusterObserverTest, TellsAllBeforeItSaysComplete) {
  Observe();
  events_.WaitFor<ApiChanged>(1);
  const std::vector<Event> all = events_.All();
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(std::get<ClusterAdded>(all.front()).cluster, "east");
  EXPECT_TRUE(std::get<ApiChanged>(all.back()).reachable);
  EXPECT_EQ(events_.Of<NodeObserved>().size(), 2u);
  EXPECT_EQ(events_.Of<PodObserved>().size(), 1u);
  EXPECT_TRUE(fleet_.api().reachable);
}

// What changes afterwards is told as it comes.
TEST_F(ClusterObserverTest, TellsOfChanges) {
  Observe();
  events_.WaitFor<ApiChanged>(1);
  kubernetes_.Put(kube::Nodes(), Node("node-2", false));
  EXPECT_FALSE(events_.WaitFor<NodeObserved>(3).back().facts.ready);
  kubernetes_.Remove(kube::Pods(), {.name_space = "shop", .name = "a"});
  EXPECT_EQ(events_.WaitFor<PodGone>(1).back().pod, (PodKey{"east", "shop", "a"}));
  kubernetes_.Remove(kube::Nodes(), {.name = "node-2"});
  EXPECT_EQ(events_.WaitFor<NodeGone>(1).back().node, (NodeKey{"east", "node-2"}));
}

// People see which version the API server has.
TEST_F(ClusterObserverTest, TellsTheVersion) {
  kubernetes_.SetServerVersion({.major = 1, .minor = 30, .git_version = "v1.30.4"});
  Observe();
  while (fleet_.api().version.empty()) kubernetes_.WaitUntilIdle();
  EXPECT_EQ(fleet_.api().version, "v1.30.4");
}

// L8: an API that stays away is told with its cause, and so is its return, after the picture is current
// again: what went meanwhile is gone before that word.
TEST_F(ClusterObserverTest, TellsThatTheApiIsAway) {
  Observe();
  events_.WaitFor<ApiChanged>(1);
  kubernetes_.SetConnected(false);
  const ApiChanged away = events_.WaitFor<ApiChanged>(2)[1];
  EXPECT_FALSE(away.reachable);
  EXPECT_THAT(away.detail, HasSubstr("UNAVAILABLE"));
  kubernetes_.Remove(kube::Nodes(), {.name = "node-2"});
  kubernetes_.ForgetHistory();
  kubernetes_.SetConnected(true);
  while (!fleet_.api().reachable) kubernetes_.WaitUntilIdle();
  const std::vector<Event> all = events_.All();
  size_t gone_at = all.size();
  size_t back_at = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (std::holds_alternative<NodeGone>(all[i])) gone_at = i;
    if (const auto* api = std::get_if<ApiChanged>(&all[i]); api != nullptr && api->reachable) back_at = i;
  }
  EXPECT_LT(gone_at, back_at);
}

// A connection that breaks and is back within the patience is no news.
TEST_F(ClusterObserverTest, ShortBreakIsNoNews) {
  Observe(absl::Hours(1));
  events_.WaitFor<ApiChanged>(1);
  kubernetes_.ForgetHistory();  // every watch ends, and is made anew after a list
  kubernetes_.Put(kube::Nodes(), Node("node-3"));
  events_.WaitFor<NodeObserved>(3);
  EXPECT_EQ(events_.Of<ApiChanged>().size(), 1u);
}

// L8: a kind of object that cannot be listed, as without the right to, keeps the picture incomplete, and the
// cause names it.
TEST_F(ClusterObserverTest, ForbiddenListIsNamed) {
  kubernetes_.SetFault([](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    return verb == "list" && resource == kube::PersistentVolumeClaims()
               ? absl::PermissionDeniedError("claims are forbidden")
               : absl::OkStatus();
  });
  Observe();
  const ApiChanged first = events_.WaitFor<ApiChanged>(1)[0];
  EXPECT_FALSE(first.reachable);
  EXPECT_THAT(first.detail, HasSubstr("claims"));
}

Json Autoscaler(const std::string& name, int maximum) {
  return {{"metadata", {{"name", name}, {"namespace", "shop"}}},
          {"spec",
           {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "web"}}},
            {"maxReplicas", maximum},
            {"targetCPUUtilizationPercentage", 50}}}};
}

// Autoscalers are told as they come, change in what the core is told, and go.
TEST_F(ClusterObserverTest, TellsOfAutoscalers) {
  kubernetes_.Put(kube::HorizontalPodAutoscalers(), Autoscaler("web", 5));
  Observe();
  const AutoscalerObserved first = events_.WaitFor<AutoscalerObserved>(1)[0];
  EXPECT_EQ(first.name, (AutoscalerName{"shop", "web"}));
  EXPECT_EQ(first.facts.target.name, "web");
  Json again = Autoscaler("web", 5);
  again["status"]["currentReplicas"] = 3;
  kubernetes_.Put(kube::HorizontalPodAutoscalers(), again);
  kubernetes_.Put(kube::HorizontalPodAutoscalers(), Autoscaler("web", 7));
  const auto told = events_.WaitFor<AutoscalerObserved>(2);
  EXPECT_EQ(told[1].facts.rules->maximum, 7);
  kubernetes_.Remove(kube::HorizontalPodAutoscalers(), {.name_space = "shop", .name = "web"});
  EXPECT_EQ(events_.WaitFor<AutoscalerGone>(1)[0].name, first.name);
  EXPECT_EQ(events_.Of<AutoscalerObserved>().size(), 2u);
}

// A workload that is asked for is told after the autoscalers, with its pods, which come by the watch that is
// there anyway.
TEST_F(ClusterObserverTest, TellsOfWorkloadsAndTheirPods) {
  kubernetes_.Put(kube::HorizontalPodAutoscalers(), Autoscaler("other", 5));
  kubernetes_.Put(kube::Deployments(),
                  {{"metadata", {{"name", "web"}, {"namespace", "shop"}}},
                   {"spec", {{"replicas", 1}, {"selector", {{"matchLabels", {{"app", "web"}}}}}}}});
  const auto pod = [](const std::string& name) {
    Json made = Pod(name);
    made["metadata"]["labels"] = {{"app", "web"}};
    return made;
  };
  kubernetes_.Put(kube::Pods(), pod("web-1"));
  Observe();
  const Workload web = {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"};
  observer_->Do(WatchWorkload{.cluster = "east", .workload = web, .version = "v1"});
  EXPECT_EQ(events_.WaitFor<WorkloadPodObserved>(1)[0].facts.name, "web-1");
  kubernetes_.Put(kube::Pods(), pod("web-2"));
  EXPECT_EQ(events_.WaitFor<WorkloadPodObserved>(2)[1].facts.name, "web-2");
  const std::vector<Event> all = events_.All();
  const auto first = [&all](auto is) { return std::find_if(all.begin(), all.end(), is) - all.begin(); };
  const auto autoscaler =
      first([](const Event& event) { return std::holds_alternative<AutoscalerObserved>(event); });
  const auto workload =
      first([](const Event& event) { return std::holds_alternative<WorkloadObserved>(event); });
  const auto of_it =
      first([](const Event& event) { return std::holds_alternative<WorkloadPodObserved>(event); });
  EXPECT_LT(autoscaler, workload);
  EXPECT_LT(workload, of_it);
  observer_->Do(UnwatchWorkload{.cluster = "east", .workload = web});
  absl::Notification done;  // what was asked before is done by then
  kubernetes_.After(absl::ZeroDuration(), [&] { done.Notify(); });
  done.WaitForNotification();
  kubernetes_.Put(kube::Pods(), pod("web-3"));
  kubernetes_.WaitUntilIdle();
  EXPECT_EQ(events_.Of<WorkloadPodObserved>().size(), 2u);
}

// Without the right to list autoscalers everything else is as ever: only workloads cannot be told, with the
// cause.
TEST_F(ClusterObserverTest, ForbiddenAutoscalersStopOnlyScaling) {
  kubernetes_.SetFault([](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    return verb == "list" && resource == kube::HorizontalPodAutoscalers()
               ? absl::PermissionDeniedError("autoscalers are forbidden")
               : absl::OkStatus();
  });
  Observe();
  EXPECT_TRUE(events_.WaitFor<ApiChanged>(1)[0].reachable);
  const Workload web = {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"};
  observer_->Do(WatchWorkload{.cluster = "east", .workload = web, .version = "v1"});
  EXPECT_THAT(events_.WaitFor<WorkloadGone>(1)[0].reason, HasSubstr("autoscalers are forbidden"));
  EXPECT_TRUE(events_.Of<WorkloadObserved>().empty());
}

// After its end an observer tells nothing more.
TEST_F(ClusterObserverTest, EndsCleanly) {
  Observe();
  events_.WaitFor<ApiChanged>(1);
  observer_.reset();
  const size_t before = events_.All().size();
  kubernetes_.Put(kube::Nodes(), Node("node-3"));
  kubernetes_.SetConnected(false);
  kubernetes_.WaitUntilIdle();
  EXPECT_EQ(events_.All().size(), before);
}

}  // namespace
}  // namespace evenkeel::coordinator
