#include "coordinator/program/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/time/steady_clock.h"
#include "tests/support/event_log.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Workload Named(const std::string& name) {
  return {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = name};
}

Request Watched(const std::string& cluster, const std::string& name) {
  return WatchWorkload{.cluster = cluster, .workload = Named(name), .version = "v1"};
}

Request Unwatched(const std::string& cluster, const std::string& name) {
  return UnwatchWorkload{.cluster = cluster, .workload = Named(name)};
}

class NoFleet final : public FleetObserver {
 public:
  void OnApi(const ObservedApi&) override {}
  void OnNode(const ObservedNode&) override {}
  void OnNodeGone(const NodeKey&) override {}
  void OnPod(const ObservedPod&) override {}
  void OnPodGone(const PodKey&) override {}
};

// A cluster "blue" with an empty Kubernetes, and one "bare" that has none.
class DispatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ClusterActor::Options options;
    options.cluster = "blue";
    options.claimant = {.name_space = "evenkeel", .store_id = "store", .epoch = 1};
    actor_ = std::make_unique<ClusterActor>(std::move(options), kubernetes_, events_, clock_);
    Dispatcher::Receivers receivers;
    receivers.events = &events_;
    receivers.actors = {{"blue", actor_.get()}};
    receivers.gateways = &gateways_;
    dispatcher_.Connect(std::move(receivers));
  }
  void Observe() {
    observer_ = std::make_unique<ClusterObserver>(ClusterObserver::Options{.cluster = "blue"}, kubernetes_,
                                                  events_, fleet_);
    dispatcher_.ConnectObserver("blue", *observer_);
  }

  time::SteadyClock clock_;
  testing::FakeKubernetes kubernetes_;
  testing::EventLog events_;
  Gateways gateways_{events_};
  NoFleet fleet_;
  std::unique_ptr<ClusterActor> actor_;
  Dispatcher dispatcher_;
  std::unique_ptr<ClusterObserver> observer_;
};

// A workload of a cluster without Kubernetes cannot be seen, and whoever asks hears so.
TEST_F(DispatcherTest, WithoutKubernetesThereAreNoWorkloads) {
  dispatcher_.Release(Watched("bare", "web"));
  const WorkloadGone gone = events_.WaitFor<WorkloadGone>(1).front();
  EXPECT_EQ(gone.cluster, "bare");
  EXPECT_EQ(gone.workload, Named("web"));
  EXPECT_THAT(gone.reason, HasSubstr("without access"));
  dispatcher_.Release(Unwatched("bare", "web"));
}

// The core may ask before the cluster's observer is there: what it wanted last is asked when it comes.
TEST_F(DispatcherTest, WhatIsAskedEarlyIsAskedLater) {
  dispatcher_.Release(Watched("blue", "given-up"));
  dispatcher_.Release(Watched("blue", "web"));
  dispatcher_.Release(Unwatched("blue", "given-up"));
  Observe();
  const WorkloadGone early = events_.WaitFor<WorkloadGone>(1).front();
  EXPECT_EQ(early.workload, Named("web"));
  EXPECT_THAT(early.reason, Not(HasSubstr("without access")));

  dispatcher_.Release(Watched("blue", "api"));
  EXPECT_EQ(events_.WaitFor<WorkloadGone>(2).back().workload, Named("api"));
}

// Observers that end are asked nothing any more.
TEST_F(DispatcherTest, AnObserverThatEndsIsNotAsked) {
  Observe();
  dispatcher_.DisconnectObservers();
  observer_.reset();
  dispatcher_.Release(Watched("blue", "web"));
  dispatcher_.Release(Unwatched("blue", "web"));
  EXPECT_THAT(events_.Of<WorkloadGone>(), IsEmpty());
}

// What concerns routes goes to the gateways, whether or not the decision's cluster has Kubernetes.
TEST_F(DispatcherTest, RoutesAreTheGateways) {
  const RouteKey key = {.gateway = "nowhere", .route = "shop"};
  dispatcher_.Release(Request(WatchRoute{.key = key, .parts = {}, .period = absl::Seconds(1)}));
  EXPECT_EQ(events_.WaitFor<RouteLost>(1).front().key, key);
  dispatcher_.Release(Request(CheckBackend{.request_id = 3, .key = key, .backend = "green"}));
  EXPECT_EQ(events_.WaitFor<BackendChecked>(1).front().request_id, 3U);
  for (const char* cluster : {"blue", "bare"}) {
    dispatcher_.Release(ReleasedAction{
        .decision = {1, 2},
        .cluster = cluster,
        .action = {.number = 4, .kind = ActionKind::kShapeRoute, .route = RouteWish{.key = key}}});
    EXPECT_THAT(events_.Of<ActionFinished>().back().detail, HasSubstr("no gateway nowhere"));
  }
  dispatcher_.Release(Request(WithdrawActions{.cluster = "bare", .decision = {1, 2}, .reason = "enough"}));
}

}  // namespace
}  // namespace evenkeel::coordinator
