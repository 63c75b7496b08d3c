// What happens to scalers: policies that come, change and go, workloads and pods that are seen, and
// HorizontalPodAutoscalers in the way.

#include "coordinator/core/scale/scalers.h"

#include "absl/status/status.h"
#include "coordinator/core/scale/take_over.h"
#include "tests/unit/core/scale/scale_fixture.h"

namespace evenkeel::coordinator {
namespace {

class ScalersTest : public ScaleFixture {
 protected:
  ScalersTest() { Raise(); }

  static AutoscalerObserved Autoscaler(std::optional<ScaleRules> rules) {
    AutoscalerFacts facts;
    facts.uid = "uid-hpa";
    facts.target = Web();
    facts.version = "v1";
    facts.rules = std::move(rules);
    if (!facts.rules) facts.beyond = "memory";
    return {"local", {"shop", "web"}, facts};
  }
  static AutoscalerObserved Autoscaler() { return Autoscaler(WebPolicy().scale().rules); }

  void TakeOver(PolicyMode mode = PolicyMode::kEnforce, bool validate_only = false) {
    Do(TakeOverAutoscaler{.request_id = 7,
                          .cluster = "local",
                          .name = {"shop", "web"},
                          .policy = "web",
                          .mode = mode,
                          .validate_only = validate_only});
  }
  // The workload is read, and its load is known.
  void SeeLoad() {
    See(2);
    for (int number = 1; number <= 2; ++number) SeePod(number);
    Seconds(1, 2, 50);
  }
};

// A policy that is applied has its workload watched, and a scaler is shown that has not seen it yet.
TEST_F(ScalersTest, ANewPolicyHasItsWorkloadWatched) {
  Apply(WebPolicy());
  const auto asked = Asked<WatchWorkload>();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].workload, Web());
  EXPECT_EQ(asked[0].version, "v1");
  ASSERT_TRUE(status_);
  EXPECT_EQ(status_->policy, "web");
  EXPECT_FALSE(status_->unseen.empty());
  EXPECT_FALSE(status_->looked);
}

// A pod is watched from when it is bound until it goes, by the policy's windows; the bound for a sudden rise
// is 150 % of 50 % of its request.
TEST_F(ScalersTest, PodsAreWatchedWhileTheyRun) {
  Apply(WebPolicy());
  See(1);
  WorkloadPodFacts pod = PodFactsOf(1);
  pod.node.clear();
  Do(WorkloadPodObserved{"local", Web(), Uid(1), pod});
  EXPECT_TRUE(Asked<WatchUsage>().empty());

  SeePod(1);
  auto asked = Asked<WatchUsage>();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].node, "node-1");
  EXPECT_EQ(asked[0].window, absl::Seconds(15));
  EXPECT_EQ(asked[0].panic_window, absl::Seconds(2));
  EXPECT_EQ(asked[0].sudden_millicores, 75);

  pod = PodFactsOf(1);
  pod.deleting = true;
  Do(WorkloadPodObserved{"local", Web(), Uid(1), pod});
  ASSERT_EQ(Asked<UnwatchUsage>().size(), 1u);
  Do(WorkloadPodGone{"local", Web(), Uid(1)});
  EXPECT_EQ(Asked<UnwatchUsage>().size(), 1u);  // it is not watched any more
}

// Other windows are asked for anew, of the pods that are there; without a panic no rise is told at once.
TEST_F(ScalersTest, OtherWindowsAreAskedForAnew) {
  Begin(2);
  requests_.clear();
  Policy policy = WebPolicy();
  policy.scale().rules.window = absl::Seconds(30);
  policy.scale().rules.panic.enabled = false;
  Apply(policy);
  const auto asked = Asked<WatchUsage>();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].window, absl::Seconds(30));
  EXPECT_EQ(asked[0].sudden_millicores, 0);
  EXPECT_TRUE(Asked<WatchWorkload>().empty());  // the same workload
}

// A policy that is for another workload now begins anew: nothing of the old one is kept.
TEST_F(ScalersTest, AnotherTargetBeginsAnew) {
  Begin(2);
  Seconds(20, 2, 40);
  ASSERT_TRUE(records_.contains("web"));
  requests_.clear();
  Policy policy = WebPolicy();
  policy.scale().target.name = "shop";
  Apply(policy);
  EXPECT_EQ(Asked<UnwatchWorkload>().size(), 1u);
  EXPECT_EQ(Asked<UnwatchUsage>().size(), 2u);
  ASSERT_EQ(Asked<WatchWorkload>().size(), 1u);
  EXPECT_EQ(Asked<WatchWorkload>()[0].workload.name, "shop");
  EXPECT_FALSE(records_.contains("web"));
  ASSERT_TRUE(status_);
  EXPECT_EQ(status_->uid, "");
}

// A policy that is gone while its decision is carried out: that goes on to its end, and nothing follows.
TEST_F(ScalersTest, WhatIsHandedOutEndsWithoutItsPolicy) {
  Begin(2);
  const ReleasedAction action = Rise();
  Do(DeletePolicy{1, "web", ""});
  EXPECT_FALSE(status_);
  EXPECT_EQ(Last().state, DecisionState::kOpen);
  EXPECT_FALSE(records_.contains("web"));
  Finish(action, ActionOutcome::kDone);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);
  Seconds(5, 2, 100);
  EXPECT_EQ(actions_.size(), 1u);
  EXPECT_FALSE(records_.contains("web"));
}

// A policy of another name for the same workload inherits what is under way: there are never two (L3).
TEST_F(ScalersTest, AnotherPolicyOfTheWorkloadInheritsTheOpenDecision) {
  Begin(2);
  const ReleasedAction action = Rise();
  Do(DeletePolicy{1, "web", ""});
  Policy other = WebPolicy();
  other.name = "other";
  Apply(other);
  ASSERT_TRUE(status_);
  EXPECT_EQ(status_->open_decision, action.decision);
  See(2);
  SeePod(1);
  SeePod(2);
  Seconds(3, 2, 100);
  EXPECT_EQ(actions_.size(), 1u);
  Finish(action, ActionOutcome::kDone);
  EXPECT_EQ(status_->last_scaled, action.decision);
}

// Another object of the same name: its memory is not the old one's.
TEST_F(ScalersTest, AnotherObjectOfTheNameBeginsAnew) {
  Begin(2);
  Finish(Rise(), ActionOutcome::kDone);
  ASSERT_FALSE(records_.at("web").memory.changes.empty());
  Tell(2, 40);
  See(2, "uid-new");
  Pass(absl::Seconds(20));
  EXPECT_EQ(records_.at("web").uid, "uid-new");
  EXPECT_TRUE(records_.at("web").memory.changes.empty());
  EXPECT_FALSE(records_.at("web").last_scaled);
}

// A workload that cannot be read any more: nothing is advised, and what is open is kept until it is seen
// (L8).
TEST_F(ScalersTest, AWorkloadThatIsGoneKeepsItsOpenDecision) {
  Begin(2);
  const ReleasedAction action = Rise();
  Do(WorkloadGone{"local", Web(), "the API server may not be asked for it"});
  EXPECT_EQ(status_->unseen, "the API server may not be asked for it");
  EXPECT_EQ(status_->pods, 0u);
  Finish(action, ActionOutcome::kUnreachable);
  Pass(absl::Seconds(20));
  EXPECT_EQ(Last().state, DecisionState::kOpen);
  EXPECT_EQ(actions_.size(), 1u);
  See(4);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);
}

// What is told late, of what is not watched any more or of an unknown cluster, changes nothing.
TEST_F(ScalersTest, WhatNobodyAskedForIsIgnored) {
  for (const char* cluster : {"local", "unknown"}) {
    Do(WorkloadObserved{cluster, Web(), WorkloadFacts{.uid = "u", .replicas = 2}});
    Do(WorkloadPodObserved{cluster, Web(), Uid(1), PodFactsOf(1)});
    Do(UsageTold{cluster, {PodUsage{.pod_uid = Uid(1)}}});
    Do(WorkloadPodGone{cluster, Web(), Uid(1)});
    Do(WorkloadGone{cluster, Web(), "there is none"});
    Do(AutoscalerGone{cluster, {"shop", "web"}});
  }
  EXPECT_FALSE(status_);
  EXPECT_TRUE(Asked<WatchUsage>().empty());
  EXPECT_TRUE(decisions_.empty());
  EXPECT_TRUE(records_.empty());
}

// A workload that a HorizontalPodAutoscaler scales is refused, with the command that takes it over.
TEST_F(ScalersTest, AWorkloadWithAnAutoscalerIsRefused) {
  Do(Autoscaler());
  Apply(WebPolicy());
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(reply_->status.message().find("evenkeel takeover hpa shop/web --cluster local"),
            absl::string_view::npos)
      << reply_->status;
  Do(AutoscalerGone{"local", {"shop", "web"}});
  Apply(WebPolicy());
  EXPECT_TRUE(reply_->status.ok()) << reply_->status;
}

// One that comes later stops the scaler, once said, and it goes on when the other is gone. Its policy can be
// changed meanwhile.
TEST_F(ScalersTest, AnAutoscalerThatComesLaterStopsTheScaler) {
  Begin(2);
  Do(Autoscaler());
  EXPECT_EQ(status_->autoscaler, "shop/web");
  Seconds(5, 2, 100);
  EXPECT_TRUE(actions_.empty());
  ASSERT_EQ(CountOf(DecisionState::kRefused), 1u);
  EXPECT_NE(Last().outcome.find("the guard conflict refused"), std::string::npos) << Last().outcome;
  ASSERT_TRUE(status_->refusal);
  EXPECT_EQ(status_->refusal->guard, "conflict");
  Policy policy = WebPolicy();
  policy.scale().rules.maximum = 12;
  Apply(policy);
  EXPECT_TRUE(reply_->status.ok()) << reply_->status;

  Do(AutoscalerGone{"local", {"shop", "web"}});
  Seconds(1, 2, 101);
  EXPECT_EQ(actions_.size(), 1u);
}

// Two workloads that have the same pods: neither is scaled.
TEST_F(ScalersTest, WorkloadsWithTheSamePodsAreNotScaled) {
  Begin(2);
  WorkloadFacts facts{.uid = "uid-web", .replicas = 2, .status_replicas = 2};
  facts.overlaps = {"apps", "Deployment", "shop", "other"};
  Do(WorkloadObserved{"local", Web(), facts});
  Seconds(3, 2, 100);
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(status_->refusal->guard, "conflict");
}

// Two workloads that had the same pod: the one that keeps it is told of it as before, by its own windows,
// however the other lost it.
TEST_F(ScalersTest, APodThatTwoHadStaysWithTheOther) {
  Begin(2);
  const Workload other{"apps", "Deployment", "shop", "other"};
  Policy second = WebPolicy();
  second.name = "other";
  second.scale().target = other;
  second.scale().rules.window = absl::Seconds(30);
  for (const bool by_policy : {false, true}) {
    Apply(second);
    Do(WorkloadObserved{"local", other, {.uid = "uid-other", .replicas = 2, .status_replicas = 2}});
    Do(WorkloadPodObserved{"local", other, Uid(1), PodFactsOf(1)});
    EXPECT_EQ(Asked<WatchUsage>().back().window, absl::Seconds(30));
    requests_.clear();
    Do(by_policy ? Event(DeletePolicy{.request_id = 2, .name = "other"})
                 : Event(WorkloadPodGone{"local", other, Uid(1)}));
    EXPECT_TRUE(Asked<UnwatchUsage>().empty());
    ASSERT_EQ(Asked<WatchUsage>().size(), 1u);
    EXPECT_EQ(Asked<WatchUsage>()[0].pod_uid, Uid(1));
    EXPECT_EQ(Asked<WatchUsage>()[0].window, absl::Seconds(15));
    Pass(absl::Seconds(2));  // the other one has looked, too
    status_.reset();
    Seconds(3, 2, by_policy ? 48 : 52);
    ASSERT_TRUE(status_);
    EXPECT_EQ(status_->advice.steady.use, by_policy ? 48 : 52);
  }
  Do(WorkloadPodGone{"local", Web(), Uid(1)});
  EXPECT_EQ(Asked<UnwatchUsage>().size(), 1u);
}

// A trial of a take-over answers with the policy, and changes nothing.
TEST_F(ScalersTest, ATakeOverCanBeTried) {
  Do(Autoscaler());
  TakeOver(PolicyMode::kEnforce, true);
  ASSERT_TRUE(reply_->status.ok()) << reply_->status;
  EXPECT_TRUE(reply_->created);
  EXPECT_EQ(reply_->policy->scale(), WebPolicy().scale());
  EXPECT_TRUE(policies_.empty());
  EXPECT_TRUE(decisions_.empty());
}

// A take-over makes the policy, deletes the autoscaler by its uid once the workload has been read, and scales
// when that is seen to be gone.
TEST_F(ScalersTest, ATakeOverDeletesTheAutoscaler) {
  Do(Autoscaler());
  TakeOver();
  ASSERT_TRUE(reply_->status.ok()) << reply_->status;
  EXPECT_TRUE(actions_.empty());
  SeeLoad();
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kDeleteAutoscaler);
  EXPECT_EQ(actions_[0].action.uid, "uid-hpa");
  EXPECT_EQ(reply_->decision, actions_[0].decision);
  EXPECT_EQ(Last().kind, DecisionKind::kTakeOver);
  EXPECT_EQ(policies_.at("web").scale(), WebPolicy().scale());
  EXPECT_EQ(Last().workload_uid, "uid-web");
  Finish(actions_[0], ActionOutcome::kDone);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);

  Seconds(3, 2, 100);
  EXPECT_EQ(actions_.size(), 1u);  // it is still shown
  Do(AutoscalerGone{"local", {"shop", "web"}});
  Seconds(1, 2, 101);
  EXPECT_EQ(actions_.size(), 2u);
}

// Under mode observe the autoscaler stays: somebody has to scale. The same order with enforce follows.
TEST_F(ScalersTest, ATakeOverUnderObserveDeletesNothing) {
  Do(Autoscaler());
  TakeOver(PolicyMode::kObserve);
  ASSERT_TRUE(reply_->status.ok()) << reply_->status;
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(Last().state, DecisionState::kObserved);
  EXPECT_EQ(policies_.at("web").scale().mode, PolicyMode::kObserve);
  TakeOver();
  ASSERT_TRUE(reply_->status.ok()) << reply_->status;
  EXPECT_FALSE(reply_->created);
  EXPECT_EQ(policies_.at("web").scale().mode, PolicyMode::kEnforce);
  SeeLoad();
  EXPECT_EQ(actions_.size(), 1u);
}

// Until enough is seen of the load the autoscaler goes on: without samples nobody would scale in its place.
// The scaler says what it waits for.
TEST_F(ScalersTest, ATakeOverWaitsForTheLoad) {
  Do(Autoscaler());
  TakeOver();
  See(2);
  for (int number = 1; number <= 2; ++number) SeePod(number);
  Pass(absl::Seconds(10));
  EXPECT_EQ(status_->take_over_waits, "no pod shows its CPU");
  Seconds(3, 1, 50);
  EXPECT_EQ(status_->take_over_waits, "1 of 2 pods does not show the CPU that is used");
  EXPECT_TRUE(actions_.empty());
  Seconds(1, 2, 50);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kDeleteAutoscaler);
  EXPECT_EQ(Last().evidence.back().observation, "CPU at 50 % of the request, target 50 %, of 2 pods");
  EXPECT_TRUE(status_->take_over_waits.empty());
}

// It does not wait for ever, and not for an autoscaler that somebody else deletes meanwhile, nor for pods of
// a workload that is switched off. Where the load can never be known the autoscaler stays at once.
TEST_F(ScalersTest, ATakeOverWaitsNoLongerThanItMust) {
  Do(Autoscaler());
  TakeOver();
  See(2);
  for (int number = 1; number <= 2; ++number) SeePod(number);
  Pass(kTakeOverPatience - absl::Seconds(2));
  EXPECT_EQ(Last().state, DecisionState::kOpen);
  Pass(absl::Seconds(4));
  EXPECT_EQ(Last().state, DecisionState::kCancelled);
  EXPECT_NE(Last().outcome.find("its load is not known: no pod shows its CPU"), std::string::npos)
      << Last().outcome;
  EXPECT_TRUE(status_->take_over_waits.empty());

  TakeOver();
  Pass(absl::Seconds(2));
  EXPECT_TRUE(actions_.empty());
  See(0);
  ASSERT_EQ(actions_.size(), 1u);
  Finish(actions_[0], ActionOutcome::kRefused);
  See(2);

  TakeOver();
  Pass(absl::Seconds(2));
  EXPECT_EQ(actions_.size(), 1u);
  Do(AutoscalerGone{"local", {"shop", "web"}});
  Pass(absl::Seconds(2));
  ASSERT_EQ(actions_.size(), 2u);
  Finish(actions_[1], ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);

  Do(Autoscaler());
  WorkloadPodFacts pod = PodFactsOf(1);
  pod.request_millicores = 0;
  Do(WorkloadPodObserved{"local", Web(), Uid(1), pod});
  TakeOver();
  Pass(absl::Seconds(2));
  EXPECT_EQ(Last().state, DecisionState::kCancelled);
  EXPECT_NE(Last().outcome.find("asks for no CPU"), std::string::npos) << Last().outcome;
}

// An autoscaler stays where its place cannot be taken: a role is missing, the workload's pods cannot be told
// from others'. Else nobody would scale.
TEST_F(ScalersTest, NoAutoscalerIsDeletedWhosePlaceCannotBeTaken) {
  Do(Autoscaler());
  TakeOver();
  Do(WorkloadGone{"local", Web(), "the deployments of its namespace cannot be watched"});
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(Last().state, DecisionState::kCancelled);
  EXPECT_NE(Last().outcome.find("cannot be watched"), std::string::npos) << Last().outcome;
  EXPECT_EQ(Last().actions[0].state, ActionState::kSkipped);

  WorkloadFacts facts{.uid = "uid-web", .replicas = 2, .status_replicas = 2};
  facts.overlaps = {"apps", "Deployment", "shop", "other"};
  Do(WorkloadObserved{"local", Web(), facts});
  TakeOver();
  ASSERT_TRUE(reply_->status.ok()) << reply_->status;
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(Last().state, DecisionState::kCancelled);
  EXPECT_NE(Last().outcome.find("takes some of its pods"), std::string::npos) << Last().outcome;

  SeeLoad();
  TakeOver();
  EXPECT_EQ(actions_.size(), 1u);
}

// What it scales, or by what, may be another by the time the load is known: then it stays.
TEST_F(ScalersTest, AnAutoscalerThatChangesMeanwhileStays) {
  Do(Autoscaler());
  TakeOver();
  AutoscalerObserved other = Autoscaler();
  other.facts.target.name = "other";
  Do(other);
  SeeLoad();
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(Last().state, DecisionState::kCancelled);
  EXPECT_NE(Last().outcome.find("it scales Deployment shop/other by now"), std::string::npos)
      << Last().outcome;

  Do(Autoscaler());
  TakeOver();
  ASSERT_TRUE(reply_->status.ok()) << reply_->status;
  ASSERT_EQ(actions_.size(), 1u);  // the load is known by now
  Finish(actions_[0], ActionOutcome::kRefused);
  Tell(2, 50, true);  // its samples are held
  TakeOver();
  Do(Autoscaler(std::nullopt));
  Seconds(2, 2, 50);
  EXPECT_EQ(actions_.size(), 1u);
  EXPECT_EQ(Last().state, DecisionState::kCancelled);
  EXPECT_NE(Last().outcome.find("memory"), std::string::npos) << Last().outcome;
}

// The same of a policy that is paused, before the order and while it waits.
TEST_F(ScalersTest, ATakeOverByAPausedPolicyIsRefused) {
  Do(Autoscaler());
  TakeOver(PolicyMode::kObserve);
  Policy paused = WebPolicy(PolicyMode::kObserve);
  paused.scale().paused = true;
  Apply(paused);
  ASSERT_TRUE(reply_->status.ok()) << reply_->status;
  TakeOver();
  EXPECT_EQ(reply_->status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(reply_->status.message().find("is paused"), absl::string_view::npos) << reply_->status;
  EXPECT_EQ(policies_.at("web").scale().mode, PolicyMode::kObserve);

  Apply(WebPolicy());
  TakeOver();
  ASSERT_TRUE(reply_->status.ok()) << reply_->status;
  paused.scale().mode = PolicyMode::kEnforce;
  Apply(paused);
  See(2);
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(Last().state, DecisionState::kCancelled);
}

// What cannot be taken over: what is not there, what scales by more than CPU, and a workload that has a
// policy of another name.
TEST_F(ScalersTest, RefusesWhatCannotBeTakenOver) {
  TakeOver();
  EXPECT_EQ(reply_->status.code(), absl::StatusCode::kNotFound);
  Do(Autoscaler(std::nullopt));
  TakeOver();
  EXPECT_EQ(reply_->status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(reply_->status.message().find("memory"), absl::string_view::npos) << reply_->status;
  Do(AutoscalerGone{"local", {"shop", "web"}});
  Policy other = WebPolicy();
  other.name = "other";
  Apply(other);
  Do(Autoscaler());
  TakeOver();
  EXPECT_EQ(reply_->status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(reply_->status.message().find("policy other already"), absl::string_view::npos) << reply_->status;
}

// Nothing is taken over while nothing may be done.
TEST_F(ScalersTest, ATakeOverIsRefusedInAPause) {
  Do(Autoscaler());
  Do(PauseClusters{.request_id = 1, .cluster = "local"});
  TakeOver();
  EXPECT_EQ(reply_->status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(actions_.empty());
  EXPECT_TRUE(policies_.empty());
}

}  // namespace
}  // namespace evenkeel::coordinator
