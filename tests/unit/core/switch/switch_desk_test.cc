// All switches together: what is asked of the world, and what follows from its answers.

#include "coordinator/core/switch/switch_desk.h"

#include "coordinator/core/switch/lost_cluster.h"
#include "coordinator/core/switch/switch_floors.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch/desk_world.h"

namespace evenkeel::coordinator {
namespace {

const RouteKey kEdgeWeb = {"edge", "web"};

SwitchSpec QuickSwitch() {
  SwitchSpec spec = ASwitch();
  for (SwitchStep& step : spec.steps) step.soak = absl::Seconds(3);
  spec.hold.length = absl::Seconds(5);
  return spec;
}

class SwitchDeskTest : public testing::Test {
 protected:
  DeskWorld world_{{QuickSwitch()}};

  const DeskStore::Kept& Kept() const { return world_.store.decisions.begin()->second; }
  void PassUntil(const std::function<bool()>& holds) {
    for (int i = 0; i < 4000 && !holds(); ++i) world_.Tick();
    ASSERT_TRUE(holds()) << Word(Kept().record.phase);
  }
};

// From the order to the commit, and nobody is watched any more after it.
TEST_F(SwitchDeskTest, SwitchesFromStartToCommit) {
  world_.Start(QuickSwitch());
  ASSERT_EQ(world_.Leader().replies.size(), 1u);
  EXPECT_TRUE(world_.Leader().replies[0].status.ok());
  EXPECT_EQ(FloorOf(world_.Leader().desk, "west", QuickSwitch().applications[0]), 0u);
  PassUntil([&] { return world_.Green(kEdgeWeb) == 50; });
  EXPECT_EQ(FloorOf(world_.Leader().desk, "west", QuickSwitch().applications[0]), 3u);
  EXPECT_EQ(FloorOf(world_.Leader().desk, "east", QuickSwitch().applications[0]), 3u);
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kCommitted);
  EXPECT_EQ(world_.Green(kEdgeWeb), 100u);
  EXPECT_EQ(world_.failed + world_.cut, 0u);
  EXPECT_TRUE(world_.Leader().watches.empty());
  EXPECT_TRUE(world_.Leader().applications.empty());
  EXPECT_TRUE(world_.Leader().probers.empty());
  EXPECT_TRUE(world_.Leader().desk.switches.empty());
  EXPECT_TRUE(world_.broken.empty());
}

// L3: with an order to roll back the step that nobody has answered is not asked for once more, whenever that
// would be due.
TEST_F(SwitchDeskTest, AsksForNothingThatAnOrderHasTakenBack) {
  for (int ticks = 0; ticks < 40; ++ticks) {
    DeskWorld world({QuickSwitch()});
    world.Start(QuickSwitch());
    for (int i = 0; i < 200 && world.Green(kEdgeWeb) != 10; ++i) world.Tick();
    ASSERT_EQ(world.Green(kEdgeWeb), 10u);
    world.Pass(absl::Seconds(1));
    world.lost_percent = 100;
    world.Reload("edge");
    world.Pass(absl::Seconds(1) + DeskWorld::kTick * ticks);
    world.now += DeskWorld::kTick - absl::Milliseconds(1);
    ASSERT_TRUE(world.Order("web", SwitchOrder::kRollBack).ok());
    EXPECT_TRUE(world.broken.empty()) << ticks << ": " << world.broken.front();
  }
}

// A plan moves nothing and leaves nothing, and tells what it found and what is to be expected.
TEST_F(SwitchDeskTest, PlansWithoutATrace) {
  world_.Leader().Step([](SwitchDesk& desk, SwitchHost& host) {
    OnPlanSwitch(desk, host, {9, QuickSwitch()});
  });
  world_.Pass(absl::Seconds(2));
  ASSERT_EQ(world_.Leader().replies.size(), 1u);
  const SwitchReply& reply = world_.Leader().replies[0];
  EXPECT_TRUE(reply.status.ok());
  EXPECT_EQ(reply.request_id, 9u);
  EXPECT_EQ(reply.forecasts.size(), 3u);
  EXPECT_FALSE(HasBlocker(reply.findings));
  EXPECT_TRUE(world_.store.decisions.empty());
  EXPECT_TRUE(world_.Leader().watches.empty());
  EXPECT_EQ(world_.wishes, 0u);
}

// A plan for a route that a switch has under way sees it by that one's eyes, and leaves it as it was: what a
// route's backends are made of goes by the switch.
TEST_F(SwitchDeskTest, APlanTouchesNoRouteThatIsInUse) {
  SwitchSpec spec = QuickSwitch();
  spec.routes[0].parts = {{"west", {"west-1", "west-2"}}};
  world_.Start(spec);
  PassUntil([&] { return world_.Green(kEdgeWeb) == 10; });
  const WatchRoute watched = world_.Leader().watches.at(kEdgeWeb).first;
  EXPECT_EQ(watched.parts, PartsOf(spec.routes[0]));
  SwitchSpec other = QuickSwitch();
  other.name = "other";
  other.routes[0].parts = {{"west", {"west-9"}}};
  world_.Leader().replies.clear();
  world_.Leader().Step([&](SwitchDesk& desk, SwitchHost& host) { OnPlanSwitch(desk, host, {9, other}); });
  EXPECT_EQ(world_.Leader().watches.at(kEdgeWeb).first, watched);
  PassUntil([&] { return !world_.Leader().replies.empty(); });
  EXPECT_TRUE(HasBlocker(world_.Leader().replies[0].findings));
  EXPECT_EQ(world_.Leader().watches.at(kEdgeWeb).first, watched);
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kCommitted);
  EXPECT_TRUE(world_.Leader().watches.empty());
}

// What had no answer when a switch stopped for people is not written once more behind their backs.
TEST_F(SwitchDeskTest, WritesNothingWhileItIsFrozen) {
  SwitchSpec spec = QuickSwitch();
  world_.Start(spec);
  PassUntil([&] { return world_.Green(kEdgeWeb) == 10; });
  world_.lost_percent = 100;  // of what is wished and answered
  PassUntil([&] { return Kept().record.step == 1; });
  world_.Pass(absl::Seconds(1));
  // As where the other of two routes stops it.
  Switch& one = world_.Leader().desk.switches.at("web");
  one.record.stop =
      SwitchStop{StopCause::kForeignChange, "somebody else has changed another route", world_.now};
  world_.lost_percent = 0;
  world_.Pass(absl::Seconds(10));
  EXPECT_EQ(world_.Green(kEdgeWeb), 10u);
  ASSERT_TRUE(world_.Order("web", SwitchOrder::kResume).ok());
  PassUntil([&] { return world_.Green(kEdgeWeb) == 50; });
}

// A gateway that never answers does not keep the preflight waiting for ever.
TEST_F(SwitchDeskTest, EndsAPreflightThatIsNotAnswered) {
  world_.away.insert("edge");
  world_.Start(QuickSwitch());
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kRefused);
  EXPECT_LE(world_.now - kStart, kPreflightTime + absl::Seconds(1));
}

// A coordinator that has just started sees clearly some seconds later: that is waited for, and only for so
// long.
TEST_F(SwitchDeskTest, WaitsInItsPreflightUntilItSees) {
  world_.clusters["west"].blind = true;
  world_.Start(QuickSwitch());
  world_.Pass(kPreflightTime / 2);
  EXPECT_TRUE(Kept().open);
  world_.clusters["west"].blind = false;
  PassUntil([&] { return world_.Green(kEdgeWeb) == 10; });
}

TEST_F(SwitchDeskTest, EndsAPreflightThatNeverSees) {
  world_.clusters["west"].blind = true;
  world_.Start(QuickSwitch());
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kRefused);
  EXPECT_LE(world_.now - kStart, kPreflightTime + absl::Seconds(1));
}

// L3: what is under way is not begun a second time, by whatever name.
TEST_F(SwitchDeskTest, RefusesASecondSwitch) {
  world_.Start(QuickSwitch());
  SwitchSpec other = QuickSwitch();
  other.name = "again";
  world_.Start(other);
  ASSERT_EQ(world_.Leader().replies.size(), 2u);
  EXPECT_EQ(world_.Leader().replies[1].status.code(), absl::StatusCode::kFailedPrecondition);
  other.steps.clear();
  world_.Start(other);
  EXPECT_EQ(world_.Leader().replies[2].status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world_.Order("nobody", SwitchOrder::kPause).code(), absl::StatusCode::kNotFound);
}

// Nor where one names its pods by a Service and the other by their labels: it is found by what controls them,
// and the one that was there first goes on.
TEST_F(SwitchDeskTest, RefusesASecondSwitchOfTheSamePods) {
  SwitchSpec other = QuickSwitch();
  other.name = "again";
  other.routes[0].key.route = "api";
  other.applications[0].service.clear();
  other.applications[0].selector = "app=web";
  DeskWorld world({QuickSwitch(), other});
  for (auto& [key, facts] : world.applications) facts.controllers = {{key.first + "-1", 3}};
  world.Start(QuickSwitch());
  world.Start(other);
  ASSERT_EQ(world.Leader().replies.size(), 2u);
  EXPECT_TRUE(world.Leader().replies[1].status.ok());
  world.Pass(absl::Seconds(3));
  ASSERT_EQ(world.store.decisions.size(), 2u);
  EXPECT_TRUE(world.store.decisions.begin()->second.open);
  const SwitchRecord& second = world.store.decisions.rbegin()->second.record;
  EXPECT_EQ(second.end, SwitchEnd::kRefused);
  EXPECT_NE(second.outcome.find("switch web has the same application"), std::string::npos) << second.outcome;
}

// What a hook was asked in one step says nothing of the next, however late its answer comes.
TEST_F(SwitchDeskTest, GoesByNoHookThatWasAskedBefore) {
  SwitchSpec spec = QuickSwitch();
  GateHook hook;
  hook.name = "tests";
  hook.url = "http://tests/";
  hook.period = absl::Seconds(1);
  hook.timeout = absl::Seconds(30);
  spec.gates.hooks = {hook};
  world_.Start(spec);
  const auto answer = [this](GateVerdict verdict) {
    HookAnswered told;
    told.decision = world_.store.decisions.begin()->first;
    told.hook = "tests";
    told.verdict = verdict;
    world_.Leader().Step([&](SwitchDesk& desk, SwitchHost& host) { OnHookAnswered(desk, host, told); });
  };
  PassUntil([&] { return Kept().record.phase == SwitchPhase::kSoaking; });
  world_.Pass(absl::Seconds(1));
  answer(GateVerdict::kPass);
  PassUntil([&] { return Kept().record.step == 1 && Kept().record.phase == SwitchPhase::kSoaking; });
  // What was asked in the first step is answered in the second.
  answer(GateVerdict::kFail);
  world_.Pass(absl::Seconds(2));
  EXPECT_EQ(world_.Green(kEdgeWeb), 50u);
  EXPECT_TRUE(Kept().open);
  answer(GateVerdict::kFail);
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kRolledBack);
}

// A coordinator that stood still goes by nothing that was read before, also where it is told of it only now:
// blue may have got requests, and its servers may have gone. A second later it goes on.
TEST_F(SwitchDeskTest, GoesByNothingThatWasReadBeforeAStandstill) {
  world_.Start(QuickSwitch());
  PassUntil([&] { return Kept().record.phase == SwitchPhase::kDraining; });
  ForgetReadings(world_.Leader().desk, world_.now);
  const auto late = [&] {
    world_.Leader().Step([&](SwitchDesk& desk, SwitchHost& host) {
      OnRouteRead(desk, host, RouteRead{kEdgeWeb, world_.routes.at(kEdgeWeb).reading, world_.abilities});
    });
  };
  for (const absl::Time end = world_.now + kReadingTakes; world_.now + DeskWorld::kTick < end;
       world_.Tick()) {
    late();
    ASSERT_EQ(Kept().record.phase, SwitchPhase::kDraining);
  }
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kCommitted);
}

// An order to roll back is written in the same step, also while an earlier wish has no answer.
TEST_F(SwitchDeskTest, RollsBackAtOnce) {
  world_.Start(QuickSwitch());
  PassUntil([&] { return world_.Green(kEdgeWeb) == 10; });
  world_.Pass(absl::Seconds(2));
  world_.slowest = absl::Seconds(3);
  PassUntil([&] { return world_.Green(kEdgeWeb) == 50; });
  ASSERT_TRUE(world_.Order("web", SwitchOrder::kRollBack).ok());
  EXPECT_EQ(world_.Green(kEdgeWeb), 0u);
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kRolledBack);
}

// L4: a coordinator that dies in the midst of a step is followed by one that ends it.
TEST_F(SwitchDeskTest, GoesOnInAnotherProcess) {
  world_.Start(QuickSwitch());
  for (const uint32_t percent : {10u, 50u, 100u}) {
    PassUntil([&] { return world_.Green(kEdgeWeb) == percent; });
    world_.Crash();
  }
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kCommitted);
  EXPECT_TRUE(world_.broken.empty());
}

// What was healed long ago is no wish without an answer: after a restart, somebody else's change of the
// meantime is found as such.
TEST_F(SwitchDeskTest, FindsAChangeFromWhileItWasDownAfterAHeal) {
  SwitchSpec spec = QuickSwitch();
  spec.hold.length = absl::Hours(1);
  world_.Start(spec);
  PassUntil([&] { return Kept().record.phase == SwitchPhase::kHolding; });
  world_.Reload("edge");
  PassUntil([&] { return world_.Green(kEdgeWeb) == 100; });
  world_.Pass(absl::Seconds(5));
  world_.coordinators.pop_back();
  RouteReading& reading = world_.routes.at(kEdgeWeb).reading;
  reading.backends.at("west").percent = 30;
  reading.backends.at("east").percent = 70;
  world_.StartCoordinator();
  world_.Pass(absl::Seconds(2));
  EXPECT_EQ(world_.Green(kEdgeWeb), 30u);
  ASSERT_TRUE(Kept().record.stop);
  EXPECT_EQ(Kept().record.stop->cause, StopCause::kForeignChange);
}

// L7: an older coordinator that wakes up finds a greater mark, and writes nothing over it.
TEST_F(SwitchDeskTest, LeavesTheGatewayToTheNewerCoordinator) {
  world_.Start(QuickSwitch());
  PassUntil([&] { return world_.Green(kEdgeWeb) == 10; });
  DeskCoordinator* old = &world_.Leader();
  world_.paused_until[old] = world_.now + absl::Seconds(5);
  world_.StartCoordinator();
  PassUntil([&] { return world_.Green(kEdgeWeb) == 50; });
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kCommitted);
  EXPECT_EQ(world_.coordinators.size(), 1u);
  EXPECT_EQ(world_.Green(kEdgeWeb), 100u);
}

// A gateway that says that it has written, and has not, is not believed.
TEST_F(SwitchDeskTest, BelievesOnlyWhatItReads) {
  world_.lies = true;
  world_.Start(QuickSwitch());
  world_.Pass(absl::Seconds(30));
  EXPECT_EQ(Kept().record.phase, SwitchPhase::kMoving);
  ASSERT_TRUE(Kept().record.stop);
  EXPECT_EQ(Kept().record.stop->cause, StopCause::kGateway);
  world_.lies = false;
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kCommitted);
}

// What the preflight found is not gone by for ever: a step that waits for approval is looked at again before
// it.
TEST_F(SwitchDeskTest, LooksAgainBeforeALateStep) {
  SwitchSpec spec = QuickSwitch();
  spec.steps[0].approve = true;
  world_.Start(spec);
  world_.Pass(absl::Minutes(2));
  ASSERT_TRUE(Kept().record.stop);
  for (auto& [key, facts] : world_.applications) {
    if (key.first == "west") facts.ready = 1;
  }
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(Kept().record.end, SwitchEnd::kRefused);
  EXPECT_EQ(world_.wishes, 0u);
}

// Nor is it gone by at all once the step had to wait: green may have gone a moment ago.
TEST_F(SwitchDeskTest, GoesByNoPreflightFromBeforeAnApproval) {
  SwitchSpec spec = QuickSwitch();
  spec.steps[0].approve = true;
  world_.Start(spec);
  PassUntil([&] { return Kept().record.stop.has_value(); });
  world_.Pass(absl::Seconds(5));
  world_.applications.at({"west", spec.applications[0]}).ready = 0;
  world_.Pass(absl::Seconds(2));
  ASSERT_TRUE(world_.Order("web", SwitchOrder::kResume).ok());
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kRefused);
  EXPECT_EQ(world_.wishes, 0u);
}

// It begins at once where nothing has changed.
TEST_F(SwitchDeskTest, BeginsWhenApproved) {
  SwitchSpec spec = QuickSwitch();
  spec.steps[0].approve = true;
  world_.Start(spec);
  PassUntil([&] { return Kept().record.stop.has_value(); });
  world_.Pass(absl::Seconds(5));
  ASSERT_TRUE(world_.Order("web", SwitchOrder::kResume).ok());
  world_.Pass(absl::Seconds(1));
  EXPECT_EQ(world_.Green(kEdgeWeb), 10u);
}

// Where answers are to name their side, the preflight waits for the first of them, and tells of a name that
// is nobody's.
TEST_F(SwitchDeskTest, AsksTheProberWhoAnswers) {
  SwitchSpec spec = QuickSwitch();
  spec.prober.side_header = "x-served-by";
  world_.Start(spec);
  world_.Leader().probers.clear();  // the test tells for it
  world_.Pass(absl::Seconds(1));
  const Switch& one = world_.Leader().desk.switches.at("web");
  EXPECT_EQ(one.record.phase, SwitchPhase::kPreflight);
  EXPECT_FALSE(one.findings);
  ProbesTold told;
  told.decision = *one.decision;
  told.run = 99;
  told.totals[ProbeKind::kFresh].requests = 5;
  told.unknown_side = "web-7d9f";
  world_.Leader().Step([&](SwitchDesk& desk, SwitchHost& host) { OnProbesTold(desk, host, told); });
  ASSERT_TRUE(one.findings);
  EXPECT_TRUE(std::any_of(one.findings->begin(), one.findings->end(), [](const Finding& finding) {
    return finding.subject == "prober" && finding.words.find("\"web-7d9f\"") != std::string::npos;
  }));
  PassUntil([&] { return world_.Green(kEdgeWeb) == 10; });  // a warning holds nothing
}

// A freeze at its start refuses it; one that begins while it waits for approval is waited for.
TEST_F(SwitchDeskTest, WaitsForAFreezeThatBeginsLater) {
  SwitchSpec spec = QuickSwitch();
  FreezeWindow freeze;
  freeze.from = kStart;
  freeze.until = kStart + absl::Minutes(1);
  spec.freezes = {freeze};
  world_.Start(spec);
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kRefused);
  world_.store.decisions.clear();

  spec.steps[0].approve = true;
  spec.freezes[0].from = world_.now + absl::Minutes(1);
  spec.freezes[0].until = world_.now + absl::Minutes(5);
  world_.Start(spec);
  world_.Pass(absl::Minutes(3));
  ASSERT_TRUE(Kept().open) << Kept().record.outcome;
  ASSERT_TRUE(world_.Order("web", SwitchOrder::kResume).ok());
  PassUntil([&] {
    const std::string& waits_for = world_.Leader().desk.switches.at("web").memory.waits_for;
    return waits_for.find("the end of the freeze") != std::string::npos;
  });
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(world_.wishes, 0u);
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kCommitted);
}

// Blue's pods count as Ready in Kubernetes for a while after their nodes have died: it is no place to go back
// to all the same, where most of them are there.
TEST_F(SwitchDeskTest, DoesNotGoBackToPodsOnDeadNodes) {
  const SwitchSpec spec = QuickSwitch();
  ApplicationFacts& blue = world_.applications[{"east", spec.applications[0]}];
  blue.nodes = {{"node-1", 2}, {"node-2", 1}};
  world_.Start(spec);
  PassUntil([&] { return world_.Green(kEdgeWeb) == 50; });
  world_.bad_nodes[{"east", "node-1"}] = true;
  world_.Pass(absl::Seconds(1));
  const absl::Status refused = world_.Order("web", SwitchOrder::kRollBack);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(refused.message().find("3 of 3 needed pods are Ready, 2 of them on nodes that are dead"),
            absl::string_view::npos)
      << refused;
  // One node of two that is only silent leaves it unknown.
  world_.bad_nodes[{"east", "node-1"}] = false;
  EXPECT_NE(world_.Order("web", SwitchOrder::kRollBack).message().find("is not known"),
            absl::string_view::npos);
  world_.bad_nodes.clear();
  EXPECT_TRUE(world_.Order("web", SwitchOrder::kRollBack).ok());
}

// After a start the routes are read long before all applications are: what is not seen yet is not ill.
TEST_F(SwitchDeskTest, WaitsForApplicationsAfterAStart) {
  world_.Start(QuickSwitch());
  PassUntil([&] { return world_.Green(kEdgeWeb) == 50; });
  world_.applications_told = world_.now + absl::Seconds(6);
  world_.Crash();
  world_.Pass(absl::Seconds(5));
  EXPECT_EQ(world_.Green(kEdgeWeb), 50u);
  EXPECT_FALSE(Kept().record.stop);
  PassUntil([&] { return !Kept().open; });
  EXPECT_EQ(Kept().record.end, SwitchEnd::kCommitted) << Kept().record.outcome;
}

// A request that the prober has lost is durable at once, with the step that it fell into.
TEST_F(SwitchDeskTest, KeepsWhatWasLost) {
  world_.Start(QuickSwitch());
  PassUntil([&] { return world_.Green(kEdgeWeb) == 50; });
  world_.Pass(absl::Seconds(1));
  ProbesTold told;
  told.decision = world_.store.decisions.begin()->first;
  told.run = 99;
  told.totals[ProbeKind::kStream] = {.requests = 1, .failed = 1, .failed_on_green = 1};
  told.failures = {{world_.now, ProbeKind::kStream, Side::kGreen, "reset"}};
  world_.Leader().Step([&](SwitchDesk& desk, SwitchHost& host) { OnProbesTold(desk, host, told); });
  ASSERT_EQ(Kept().record.ledger.lost.size(), 1u);
  PassUntil([&] { return !Kept().open; });
  EXPECT_NE(Kept().record.outcome.find("prober: it has lost 1"), std::string::npos) << Kept().record.outcome;
}

// A cluster failover begins with what was remembered of blue, and takes a second for its preflight at most.
TEST_F(SwitchDeskTest, SwitchesALostClusterWithinSeconds) {
  ClusterFacts& east = world_.clusters["east"];
  east.api_reachable = false;
  east.lost = true;
  world_.routes[kEdgeWeb].reading.backends["east"].servers_up = 0;
  SwitchSpec spec = SpecForLostCluster(QuickSwitch());
  world_.Leader().Step([&](SwitchDesk& desk, SwitchHost& host) {
    EXPECT_TRUE(StartForLostCluster(desk, host, spec, {{spec.applications[0], 3}}).ok());
    EXPECT_FALSE(StartForLostCluster(desk, host, spec, {}).ok());
  });
  const absl::Time began = world_.now;
  PassUntil([&] { return world_.Green(kEdgeWeb) == 100; });
  EXPECT_LE(world_.now - began, absl::Seconds(2));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(Kept().record.phase, SwitchPhase::kHolding);
}

}  // namespace
}  // namespace evenkeel::coordinator
