#include "coordinator/program/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
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

Application Service(const std::string& name) {
  return {.name_space = "shop", .service = name, .selector = ""};
}

class NoFleet final : public FleetObserver {
 public:
  void OnApi(const ObservedApi&) override {}
  void OnNode(const ObservedNode&) override {}
  void OnNodeGone(const NodeKey&) override {}
  void OnPod(const ObservedPod&) override {}
  void OnPodGone(const PodKey&) override {}
};

class NoReports final : public ReportSink {
 public:
  void OnSessionOpened(const NodeKey&, const SessionDescription&) override {}
  void OnReport(const NodeKey&, uint64_t, const evenkeel::v1::Report&) override {}
  void OnSessionClosed(const NodeKey&, uint64_t, const std::string&) override {}
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
    prober_ = *Prober::Create({}, events_, clock_);
    receivers.prober = prober_.get();
    receivers.gate_hooks = &gate_hooks_;
    receivers.usage = &usage_;
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
  NoReports reports_;
  UsageReports usage_{reports_, events_, clock_};
  http::Client gate_client_;
  GateHooks gate_hooks_{gate_client_, [this](HookAnswered answer) { events_.Post(std::move(answer)); }};
  std::unique_ptr<Prober> prober_;
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

// The same for the applications that are switched.
TEST_F(DispatcherTest, WithoutKubernetesThereAreNoApplications) {
  dispatcher_.Release(WatchApplication{"bare", Service("web")});
  const ApplicationGone gone = events_.WaitFor<ApplicationGone>(1).front();
  EXPECT_EQ(gone.cluster, "bare");
  EXPECT_EQ(gone.application, Service("web"));
  EXPECT_THAT(gone.reason, HasSubstr("without access"));
  dispatcher_.Release(UnwatchApplication{"bare", Service("web")});
}

TEST_F(DispatcherTest, ApplicationsThatAreAskedEarlyAreAskedLater) {
  dispatcher_.Release(WatchApplication{"blue", Service("given-up")});
  dispatcher_.Release(WatchApplication{"blue", Service("web")});
  dispatcher_.Release(UnwatchApplication{"blue", Service("given-up")});
  Observe();
  const ApplicationGone early = events_.WaitFor<ApplicationGone>(1).front();
  EXPECT_EQ(early.application, Service("web"));
  EXPECT_EQ(early.reason, "there is no Service shop/web");
}

// Whoever probes and whoever asks hooks is reached, and answers.
TEST_F(DispatcherTest, ReachesTheProberAndTheHooks) {
  StartProber probe;
  probe.decision = {3, 4};
  probe.spec.prober.url = "none";
  dispatcher_.Release(probe);
  EXPECT_EQ(events_.WaitFor<ProbesTold>(1).front().decision, probe.decision);
  dispatcher_.Release(StopProber{probe.decision});
  AskHook ask;
  ask.decision = {3, 4};
  ask.hook.name = "slo";
  ask.hook.url = "none";
  dispatcher_.Release(ask);
  const HookAnswered answer = events_.WaitFor<HookAnswered>(1).front();
  EXPECT_EQ(answer.hook, "slo");
  EXPECT_EQ(answer.verdict, GateVerdict::kInconclusive);
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
