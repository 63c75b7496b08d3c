// How a switch goes on: forward by its gates, back by itself, and never where it may not (L10).

#include "coordinator/core/switch/advance.h"

#include "coordinator/core/switch/check_spec.h"
#include "coordinator/core/switch/lost_cluster.h"
#include "coordinator/core/switch/shapes.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch/switch_world.h"

namespace evenkeel::coordinator {
namespace {

using AdvanceTest = SwitchWorld;

// Step by step to green, drained by the gateway's own count, held, committed; nothing failed.
TEST_F(AdvanceTest, GoesAllTheWay) {
  Begin(Quick());
  Pass(absl::Minutes(2));
  ASSERT_EQ(record_.end, SwitchEnd::kCommitted) << Word(record_.phase);
  std::vector<uint32_t> percents;
  for (const WishToWrite& wish : wishes_) percents.push_back(wish.shape.backends.at("west").percent);
  EXPECT_EQ(percents, (std::vector<uint32_t>{10, 50, 100, 100}));
  EXPECT_TRUE(record_.drained);
  ASSERT_EQ(record_.reports.size(), 3u);
  for (const StepReport& report : record_.reports) {
    ASSERT_TRUE(report.moved && report.ended);
    EXPECT_LE(*report.moved - report.decided, absl::Seconds(1));
    EXPECT_GE(*report.ended - *report.moved, absl::Seconds(10));
    EXPECT_EQ(Together(report.gates), GateVerdict::kPass);
  }
  EXPECT_NE(record_.outcome.find("0 failed and 0 were cut"), std::string::npos) << record_.outcome;
}

// Each wish says from which shape it goes, so that nobody else's change is written over.
TEST_F(AdvanceTest, GoesFromWhatWasRead) {
  Begin(Quick());
  Pass(absl::Minutes(2));
  ASSERT_EQ(wishes_.size(), 4u);
  EXPECT_EQ(wishes_[0].only_from, ShapeOf(AReading(0)));
  EXPECT_EQ(wishes_[1].only_from, ShapeAt(record_.spec.routes[0], record_.spec.steps[0]));
  EXPECT_EQ(wishes_[2].only_from, ShapeAt(record_.spec.routes[0], record_.spec.steps[1]));
}

// Nothing is moved before the preflight has answered, with a blocker, or by a mode that observes.
TEST_F(AdvanceTest, MovesNothingWithoutAPreflight) {
  Begin(Quick());
  findings_.reset();
  Pass(absl::Minutes(1));
  EXPECT_EQ(record_.phase, SwitchPhase::kPreflight);
  findings_ = {{FindingCode::kAnswer, Severity::kBlocker, "edge/web", "green-1 does not answer"}};
  Pass(absl::Seconds(1));
  EXPECT_EQ(record_.end, SwitchEnd::kRefused);

  Begin(Quick());
  record_.spec.mode = SwitchMode::kObserve;
  findings_ = {{FindingCode::kHeadroom, Severity::kWarning, "cluster west", "little"}};
  Pass(absl::Minutes(1));
  EXPECT_EQ(record_.end, SwitchEnd::kObserved);
  EXPECT_TRUE(wishes_.empty());
}

// What green has in flight from before, all of it slow by now, would be its time in the first step. It is
// waited for, but not for ever; a lost cluster's traffic does not wait.
TEST_F(AdvanceTest, WaitsForWhatGreenHasInFlightFromBefore) {
  Begin(Quick());
  gateway_[kWeb].backends["west"].in_flight = 68;
  Pass(absl::Seconds(5));
  EXPECT_EQ(record_.phase, SwitchPhase::kPreflight);
  EXPECT_EQ(memory_.waits_for, "what green has in flight from before: 68 requests");
  Answer(gateway_[kWeb].backends["west"], 80, 0, absl::Seconds(3));
  Pass(absl::Seconds(1));
  gateway_[kWeb].backends["west"].in_flight = 0;
  Pass(absl::Seconds(6));
  EXPECT_EQ(Green(), 10u) << record_.outcome;

  Begin(Quick());
  gateway_[kWeb].backends["west"].in_flight = 1;
  Pass(kEarlierPatience + absl::Seconds(1));
  EXPECT_EQ(Green(), 10u);

  Begin(Quick());
  record_.origin = SwitchOrigin::kLostCluster;
  gateway_[kWeb].backends["west"].in_flight = 1;
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 10u);
}

// A green that begins to fail at any step is rolled back by itself, within the gate's window.
TEST_F(AdvanceTest, RollsBackAFailingGreenAtEachStep) {
  for (uint32_t step = 0; step < 3; ++step) {
    Begin(Quick());
    green_fails_percent_ = 0;
    PassToStep(step);
    Pass(absl::Seconds(4));
    green_fails_percent_ = 50;
    Pass(absl::Seconds(5));
    ASSERT_EQ(record_.end, SwitchEnd::kRolledBack) << "step " << step;
    EXPECT_EQ(Green(), 0u);
    EXPECT_NE(record_.outcome.find("errors: green has failed"), std::string::npos) << record_.outcome;
  }
}

// The way back is open until the end of the hold.
TEST_F(AdvanceTest, RollsBackOutOfTheHold) {
  Begin(Quick());
  record_.spec.hold.length = absl::Minutes(10);
  PassUntil(SwitchPhase::kHolding);
  Pass(absl::Minutes(9));
  green_.pods_ready = 1;
  Pass(absl::Seconds(2));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack) << Word(record_.phase);
}

// Where a gateway knows all or nothing, and has no server of a side that it gives nothing, blue has none
// while green has everything. That is our own wish and no illness: the way back is open.
TEST_F(AdvanceTest, GoesBackToABlueThatHasNoServersByOurWish) {
  checks_servers_ = false;
  SwitchSpec spec = Quick();
  spec.steps = {StepTo(100)};
  spec.hold.length = absl::Minutes(10);
  Begin(spec);
  PassUntil(SwitchPhase::kHolding);
  gateway_[kWeb].backends["east"].servers = gateway_[kWeb].backends["east"].servers_up = 0;
  Pass(absl::Seconds(1));
  green_.pods_ready = 0;
  Pass(absl::Seconds(3));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack) << (record_.stop ? record_.stop->reason : "");
  EXPECT_EQ(Green(), 0u);
}

// A gateway that checks nothing vouches for nobody: where Kubernetes cannot be asked either, people are.
TEST_F(AdvanceTest, DoesNotGoBackToABlueThatNobodySees) {
  checks_servers_ = false;
  Begin(Quick());
  record_.spec.hold.length = absl::Minutes(10);
  PassUntil(SwitchPhase::kHolding);
  blue_.api_reachable = false;
  green_.pods_ready = 0;
  Pass(absl::Seconds(10));
  EXPECT_EQ(Green(), 100u);
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kWayBack);
  SwitchMoves moves;
  EXPECT_FALSE(RollBackSwitch(record_, memory_, Sight(), "", false, moves).ok());
  EXPECT_TRUE(RollBackSwitch(record_, memory_, Sight(), "", true, moves).ok());
}

// L10: never back onto a blue that is not healthy. It stops and asks, and leaves the weights alone.
TEST_F(AdvanceTest, NeverGoesBackToASickBlue) {
  Begin(Quick());
  PassToStep(1);
  green_fails_percent_ = blue_fails_percent_ = 100;
  Pass(absl::Seconds(20));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kWayBack);
  EXPECT_EQ(Green(), 50u);
  // Nor by an operator's order.
  SwitchMoves moves;
  EXPECT_FALSE(RollBackSwitch(record_, memory_, Sight(), "", true, moves).ok());
  // Once it is well again, by an order.
  blue_fails_percent_ = 0;
  Pass(absl::Seconds(20));
  EXPECT_EQ(Green(), 50u);
  ASSERT_TRUE(RollBackSwitch(record_, memory_, Sight(), "", false, moves).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack);
}

// L10: what blue did a moment before a start of the coordinator is not forgotten with the process: green has
// everything by then, so blue has nothing else to show. After kRecent it says no more than it ever does.
TEST_F(AdvanceTest, RemembersASickBlueOverARestart) {
  for (const bool at_once : {true, false}) {
    Begin(Quick());
    green_fails_percent_ = 0;
    PassToStep(1);
    blue_fails_percent_ = 40;
    PassToStep(2);
    RestoreSwitch(record_, memory_, now_);
    Pass(at_once ? absl::Seconds(2) : kRecent + absl::Seconds(2));
    ASSERT_FALSE(record_.stop) << record_.stop->reason;
    green_fails_percent_ = 20;
    Pass(absl::Seconds(5));
    EXPECT_EQ(Green(), at_once ? 100u : 0u);
    ASSERT_EQ(record_.stop.has_value(), at_once);
    if (!at_once) continue;
    EXPECT_EQ(record_.stop->cause, StopCause::kWayBack);
    EXPECT_NE(record_.stop->reason.find("it has failed"), std::string::npos) << record_.stop->reason;
  }
}

// A request that the prober lost while the weights were being written counts against the step.
TEST_F(AdvanceTest, CountsWhatIsLostWhileMoving) {
  Begin(Quick());
  deaf_.insert(kWeb);
  Pass(absl::Seconds(1));
  ASSERT_EQ(record_.phase, SwitchPhase::kMoving);
  NoteProbes(record_.ledger, 1, {{ProbeKind::kFresh, {.requests = prober_ + 1, .failed = 1}}},
             {{now_, ProbeKind::kFresh, {}, "reset"}});
  deaf_.clear();
  Pass(absl::Seconds(3));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack) << Word(record_.phase);
}

// The rule may be to stop instead.
TEST_F(AdvanceTest, StopsWhereThatIsTheRule) {
  Begin(Quick());
  record_.spec.on_failed_gate = OnFailedGate::kStop;
  PassToStep(1);
  green_fails_percent_ = 100;
  Pass(absl::Seconds(20));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kGates);
  EXPECT_EQ(Green(), 50u);
}

// What cannot be told waits; after the gates' patience it stops, and goes on by an order with a soak anew.
TEST_F(AdvanceTest, WaitsAndThenAsks) {
  Begin(Quick());
  record_.spec.gates.patience = absl::Seconds(30);
  PassToStep(1);
  green_.blind = true;
  green_.blind_reason = "many nodes are silent";
  Pass(absl::Seconds(35));
  EXPECT_FALSE(record_.stop);
  EXPECT_NE(memory_.waits_for.find("many nodes are silent"), std::string::npos) << memory_.waits_for;
  Pass(absl::Seconds(10));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kGates);
  green_.blind = false;
  Pass(absl::Minutes(1));
  EXPECT_EQ(record_.step, 1u);
  SwitchMoves moves;
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  Pass(absl::Seconds(9));
  EXPECT_EQ(record_.step, 1u);
  Pass(absl::Seconds(2));
  EXPECT_EQ(record_.step, 2u);
}

// Its patience begins when it cannot tell any more: not with the end of a soak whose gates had passed while a
// freeze, a pause, or a coordinator that was down held the next step.
TEST_F(AdvanceTest, WaitsFromWhenItCannotTell) {
  Begin(Quick());
  FreezeWindow freeze;
  freeze.from = kStart + absl::Seconds(15);
  freeze.until = kStart + absl::Hours(1);
  record_.spec.freezes = {freeze};
  PassToStep(1);
  Pass(absl::Minutes(30));
  green_.bad_nodes = 1;
  Pass(kLook);
  EXPECT_EQ(Together(memory_.gates), GateVerdict::kInconclusive);
  green_.bad_nodes = 0;
  Pass(absl::Minutes(31));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted) << (record_.stop ? record_.stop->reason : "");

  now_ += absl::Hours(1);
  Begin(Quick());
  PassToStep(1);
  SwitchMoves moves;
  green_.bad_nodes = 1;
  Pass(absl::Minutes(1));
  EXPECT_FALSE(record_.stop);
  ASSERT_TRUE(PauseSwitch(record_, memory_, Sight(), "", moves).ok());
  Pass(absl::Minutes(30));
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  Pass(absl::Minutes(1));
  EXPECT_FALSE(record_.stop);
  green_.bad_nodes = 0;
  PassUntil(SwitchPhase::kHolding);
  now_ += absl::Hours(1);
  RestoreSwitch(record_, memory_, now_);
  Pass(absl::Minutes(2));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted) << (record_.stop ? record_.stop->reason : "");
}

// A step that asks for approval waits for it, each time.
TEST_F(AdvanceTest, AsksForApproval) {
  Begin(Quick());
  record_.spec.steps[0].approve = record_.spec.steps[2].approve = true;
  Pass(absl::Minutes(1));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kApproval);
  EXPECT_TRUE(wishes_.empty());
  SwitchMoves moves;
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  Pass(absl::Minutes(1));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(Green(), 50u);
  // While it waits, a failing green is rolled back all the same.
  green_fails_percent_ = 100;
  Pass(absl::Seconds(5));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack);
}

// In a freeze nothing is moved forward; a rollback is no move forward.
TEST_F(AdvanceTest, WaitsForTheEndOfAFreeze) {
  Begin(Quick());
  FreezeWindow freeze;
  freeze.name = "fair";
  freeze.from = kStart + absl::Seconds(15);
  freeze.until = kStart + absl::Minutes(10);
  record_.spec.freezes = {freeze};
  Pass(absl::Minutes(5));
  EXPECT_EQ(Green(), 50u);
  EXPECT_FALSE(record_.stop);
  EXPECT_NE(memory_.waits_for.find("the freeze (fair)"), std::string::npos) << memory_.waits_for;
  green_fails_percent_ = 100;
  Pass(absl::Seconds(5));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack);
}

// A paused cluster holds the next step.
TEST_F(AdvanceTest, IsHeldByAPause) {
  Begin(Quick());
  PassToStep(0);
  held_ = "the end of the pause of cluster west";
  Pass(absl::Minutes(1));
  EXPECT_EQ(Green(), 10u);
  EXPECT_EQ(memory_.waits_for, held_);
  held_.clear();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 50u);
}

// A gateway that does not answer stops the switch after a while; once it answers, the switch goes on.
TEST_F(AdvanceTest, StopsWhereAGatewayIsAway) {
  Begin(Quick());
  PassToStep(1);
  away_.insert(kWeb);
  deaf_.insert(kWeb);
  away_since_[kWeb] = now_;
  Pass(absl::Seconds(9));
  EXPECT_FALSE(record_.stop);
  Pass(absl::Seconds(2));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kGateway);
  away_.clear();
  deaf_.clear();
  away_since_.clear();
  Pass(absl::Minutes(2));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
}

// Of two gateways one refuses a step: both are given back to blue.
TEST_F(AdvanceTest, MovesAllRoutesOrNone) {
  SwitchSpec spec = Quick();
  spec.routes.push_back(spec.routes[0]);
  spec.routes[1].key.route = "api";
  Begin(spec);
  PassToStep(0);
  EXPECT_EQ(Green("web"), 10u);
  EXPECT_EQ(Green("api"), 10u);
  refuses_.insert({"edge", "api"});
  Pass(absl::Seconds(13));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack) << Word(record_.phase);
  EXPECT_EQ(Green("web"), 0u);
  EXPECT_EQ(Green("api"), 0u);
}

// What a gateway refuses is not wished again in the very look that was told so.
TEST_F(AdvanceTest, PausesAfterARefusal) {
  Begin(Quick());
  PassToStep(0);
  refuses_.insert(kWeb);
  PassUntil(SwitchPhase::kMoving);
  const size_t wishes = wishes_.size();
  Look();
  EXPECT_EQ(record_.phase, SwitchPhase::kMoving);
  EXPECT_EQ(wishes_.size(), wishes);
  Pass(absl::Seconds(3));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack);
}

// One that answers, and does not do what a rollback wishes, is not said not to answer.
TEST_F(AdvanceTest, SaysThatAGatewayAnswersAndDoesNotDoIt) {
  Begin(Quick());
  PassToStep(1);
  deaf_.insert(kWeb);
  green_fails_percent_ = 100;
  PassUntil(SwitchPhase::kRollingBack);
  away_since_[kWeb] = now_;
  answers_[kWeb] = WriteState::kUnderWay;
  Pass(absl::Seconds(11));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kGateway);
  EXPECT_EQ(record_.stop->reason.find("gateway edge does not do what is wished of web"), 0u)
      << record_.stop->reason;
}

// While one route of two cannot be given its step, a green that fails on the other is taken from it all the
// same, also once the switch has stopped for that gateway.
TEST_F(AdvanceTest, RollsBackAGreenThatFailsWhileItMoves) {
  SwitchSpec spec = Quick();
  spec.routes.push_back(spec.routes[0]);
  spec.routes[1].key.route = "api";
  const RouteKey api = spec.routes[1].key;
  for (const bool stops : {false, true}) {
    Begin(spec);
    green_fails_percent_ = 0;
    PassToStep(0);
    deaf_.insert(api);
    PassUntil(SwitchPhase::kMoving);
    away_since_[api] = now_;
    Pass(stops ? absl::Seconds(15) : absl::Seconds(1));
    ASSERT_EQ(record_.phase, SwitchPhase::kMoving);
    ASSERT_EQ(record_.stop.has_value(), stops);
    ASSERT_EQ(Green("web"), 50u);
    green_fails_percent_ = 100;
    Pass(absl::Seconds(5));
    EXPECT_EQ(record_.phase, SwitchPhase::kRollingBack) << stops;
    EXPECT_EQ(Green("web"), 0u);
    deaf_.clear();
    away_since_.clear();
  }
}

// Where the rule is to stop, such a green is given nothing more either; an order lets the step go on.
TEST_F(AdvanceTest, StopsInTheMidstOfAMove) {
  SwitchSpec spec = Quick();
  spec.routes.push_back(spec.routes[0]);
  spec.routes[1].key.route = "api";
  spec.on_failed_gate = OnFailedGate::kStop;
  Begin(spec);
  PassToStep(0);
  deaf_.insert(spec.routes[1].key);
  PassUntil(SwitchPhase::kMoving);
  green_fails_percent_ = 100;
  Pass(absl::Seconds(5));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kGates);
  deaf_.clear();
  RestoreSwitch(record_, memory_, now_);
  Pass(absl::Seconds(5));
  EXPECT_EQ(Green("api"), 10u);
  green_fails_percent_ = 0;
  SwitchMoves moves;
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  Pass(absl::Seconds(5));
  EXPECT_FALSE(record_.stop) << record_.stop->reason;
  EXPECT_EQ(Green("api"), 50u);
}

// L7: where a greater mark was found nothing is written any more, until somebody says that nobody else leads.
TEST_F(AdvanceTest, EndsWhereAnotherCoordinatorLeads) {
  Begin(Quick());
  PassToStep(1);
  answers_[kWeb] = WriteState::kOutranked;
  const size_t wishes = wishes_.size();
  Look();
  green_fails_percent_ = 100;
  gateway_[kWeb].backends["west"].percent = 0;
  Pass(absl::Minutes(1));
  EXPECT_EQ(wishes_.size(), wishes);
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kOutranked);
}

// L4: a coordinator that dies after any look at all goes on, and ends where it would have ended.
TEST_F(AdvanceTest, GoesOnAfterACrashAtAnyLook) {
  for (int look = 1; look < 420; look += 7) {
    Begin(Quick());
    crashes_ = look;
    Pass(absl::Minutes(3));
    ASSERT_EQ(record_.end, SwitchEnd::kCommitted)
        << "crash after look " << look << ": " << Word(record_.phase);
    ASSERT_EQ(Green(), 100u);
  }
  for (int look = 1; look < 250; look += 7) {
    Begin(Quick());
    crashes_ = look;
    green_fails_percent_ = 0;
    PassToStep(1);
    green_fails_percent_ = 100;
    Pass(absl::Minutes(1));
    ASSERT_EQ(record_.end, SwitchEnd::kRolledBack)
        << "crash after look " << look << ": " << Word(record_.phase);
    ASSERT_EQ(Green(), 0u);
  }
}

// L4: who dies in the midst of a write leaves what is neither the one shape nor the other with a gateway that
// takes writes in parts. That is nobody else's change: it is written on.
TEST_F(AdvanceTest, WritesOnWhatItDiedWriting) {
  Begin(Quick());
  PassToStep(0);
  deaf_.insert(kWeb);
  PassUntil(SwitchPhase::kMoving);
  ASSERT_EQ(record_.step, 1u);
  gateway_[kWeb].backends["west"].percent = 30;
  gateway_[kWeb].backends["east"].percent = 70;
  RestoreSwitch(record_, memory_, now_);
  deaf_.clear();
  Pass(absl::Seconds(1));
  EXPECT_FALSE(record_.stop);
  EXPECT_EQ(Green(), 50u);
  // What somebody else does later is noticed as ever.
  gateway_[kWeb].backends["west"].percent = 31;
  Pass(absl::Seconds(1));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kForeignChange);
}

// A wish that takes the place of one without an answer goes from whatever that one has left.
TEST_F(AdvanceTest, WritesOverItsOwnUnansweredWish) {
  Begin(Quick());
  record_.spec.on_lost_blue = OnLostBlue::kFinish;
  PassToStep(0);
  deaf_.insert(kWeb);
  PassUntil(SwitchPhase::kMoving);
  gateway_[kWeb].backends["west"].percent = 30;
  gateway_[kWeb].backends["east"].percent = 70;
  deaf_.clear();
  blue_.lost = true;
  Pass(absl::Seconds(1));
  EXPECT_FALSE(record_.stop);
  EXPECT_EQ(Green(), 100u);
}

// Nothing that was counted is lost with the process.
TEST_F(AdvanceTest, CountsOnOverACrash) {
  Begin(Quick());
  PassToStep(1);
  const uint64_t before = TotalOf(record_.ledger).green.requests;
  const SwitchRecord durable = record_;
  Pass(absl::Seconds(2));
  record_ = durable;
  RestoreSwitch(record_, memory_, now_);
  Look();
  EXPECT_EQ(TotalOf(record_.ledger).green.requests, before + 20 * kRequestsALook / 2);
}

// Blue dies in the midst of it: by the rule green gets everything at once, or it asks; and a green that is
// not well gets nothing.
TEST_F(AdvanceTest, FinishesWhenBlueIsLost) {
  Begin(Quick());
  record_.spec.on_lost_blue = OnLostBlue::kFinish;
  PassToStep(0);
  blue_.lost = true;
  Pass(kLook * 2);
  EXPECT_EQ(Green(), 100u);

  Begin(Quick());
  blue_.lost = false;
  PassToStep(0);
  blue_.lost = true;
  Pass(absl::Seconds(1));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kLostBlue);
  SwitchMoves moves;
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 100u);

  // Once blue is back there is no hurry.
  Begin(Quick());
  blue_.lost = false;
  PassToStep(0);
  blue_.lost = true;
  Pass(absl::Seconds(1));
  ASSERT_TRUE(record_.stop);
  blue_.lost = false;
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  EXPECT_FALSE(record_.may_hurry);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 10u);

  Begin(Quick());
  record_.spec.on_lost_blue = OnLostBlue::kFinish;
  PassToStep(0);
  blue_.lost = true;
  green_.pods_ready = 0;
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 10u);
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kWayBack);
}

// A request without an answer that the prober loses while blue is dying does not speak against green: by the
// rule green gets everything as soon as blue is known to be lost.
TEST_F(AdvanceTest, DoesNotBlameGreenForADyingBlue) {
  Begin(Quick());
  record_.spec.on_lost_blue = OnLostBlue::kFinish;
  PassToStep(0);
  NoteProbes(record_.ledger, 1, {{ProbeKind::kFresh, {.requests = prober_ + 1, .failed = 1}}},
             {{now_, ProbeKind::kFresh, {}, "refused"}});
  gateway_[kWeb].backends["east"].servers_up = 0;
  Pass(absl::Milliseconds(300));
  EXPECT_FALSE(record_.stop);
  EXPECT_EQ(Green(), 10u);
  blue_.lost = true;
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 100u);
  EXPECT_FALSE(record_.stop);
}

// It had stopped beside a sick blue, and only blue turns out to be dying: green gets everything all the same,
// but not while it fails itself.
TEST_F(AdvanceTest, FinishesAfterItStoppedBesideADyingBlue) {
  for (const bool goes_on_failing : {false, true}) {
    blue_.lost = false;
    green_.pods_ready = 3;
    Begin(Quick());
    record_.spec.on_lost_blue = OnLostBlue::kFinish;
    record_.spec.steps[0].soak = absl::Minutes(10);
    PassToStep(0);
    gateway_[kWeb].backends["east"].servers_up = 0;
    green_.pods_ready = 2;
    Pass(absl::Seconds(3));
    ASSERT_TRUE(record_.stop);
    ASSERT_EQ(record_.stop->cause, StopCause::kWayBack);
    if (!goes_on_failing) green_.pods_ready = 3;
    Pass(absl::Seconds(1));
    blue_.lost = true;
    Pass(absl::Seconds(1));
    EXPECT_EQ(Green(), goes_on_failing ? 10u : 100u);
    EXPECT_EQ(record_.stop.has_value(), goes_on_failing);
  }
}

// A switch of a lost cluster is at once, and holds the way back open until somebody commits.
TEST_F(AdvanceTest, SwitchesALostClusterAtOnce) {
  SwitchSpec spec = SpecForLostCluster(ASwitch());
  EXPECT_EQ(CheckSpec(spec), std::vector<SpecProblem>{});
  Begin(spec);
  blue_.lost = true;
  Pass(kLook * 2);
  EXPECT_EQ(Green(), 100u);
  // What hung on the lost cluster when the weights were written has no side.
  NoteProbes(record_.ledger, 1, {{ProbeKind::kFresh, {.requests = prober_ + 2, .failed = 2}}},
             {{now_, ProbeKind::kFresh, {}, "reset"}, {now_, ProbeKind::kFresh, {}, "reset"}});
  Pass(absl::Hours(1));
  EXPECT_EQ(record_.phase, SwitchPhase::kHolding);
  EXPECT_FALSE(record_.stop);
  SwitchMoves moves;
  EXPECT_FALSE(RollBackSwitch(record_, memory_, Sight(), "", true, moves).ok());
  blue_.lost = false;
  EXPECT_TRUE(RollBackSwitch(record_, memory_, Sight(), "", false, moves).ok());
}

}  // namespace
}  // namespace evenkeel::coordinator
