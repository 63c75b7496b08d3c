// A recorded decision replays to itself, bit for bit, whatever happened; the same policy changes nothing; and
// another one is told apart, with what cannot be known said.

#include "coordinator/replay/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/bytes_of.h"
#include "tests/replay/tape.h"

namespace evenkeel::replay {
namespace {

using namespace coordinator;

constexpr uint64_t kSeeds = 60;

ReplayResult Replayed(const std::vector<LogItem>& items, const ReplayQuestion& question) {
  Replay replay(question);
  for (const LogItem& item : items) {
    const absl::StatusOr<bool> more = replay.Take(item);
    if (!more.ok()) ADD_FAILURE() << more.status();
    if (!more.ok() || !*more) break;
  }
  return replay.Finish();
}

std::string Notes(const ReplayResult& result) {
  std::string all;
  for (const std::string& note : result.notes) absl::StrAppend(&all, note, "\n");
  return all;
}

std::string Told(const ReplayResult& result) {
  std::string all = Notes(result);
  for (const ReplayedDecision& decision : result.decisions) {
    if (decision.Same()) continue;
    const Decision& shown = decision.recorded ? *decision.recorded : *decision.replayed;
    absl::StrAppend(&all, shown.id.ToString(), " ", shown.node, " kind ", static_cast<int>(shown.kind),
                    decision.recorded ? "" : " added", decision.replayed ? "" : " missing", "\n");
    for (const Difference& difference : decision.differences) {
      absl::StrAppend(&all, "  ", difference.field, ": ", difference.recorded, " -> ", difference.replayed,
                      "\n");
    }
  }
  return all;
}

TEST(ReplayTest, RecordedDecisionsReplayToThemselvesBitForBit) {
  uint64_t decisions = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Tape tape(200);
    Tale tale(seed, &tape);
    tale.Play();
    const ReplayResult result = Replayed(tape.items(), {.since = tale.world().start()});
    ASSERT_TRUE(result.faithful) << "seed " << seed << "\n" << Told(result);
    ASSERT_GT(result.checkpoints, 0) << seed;
    decisions += result.decisions.size();
    // Not only the fingerprints: what the replay ends with is what lies on the disk.
    for (const ReplayedDecision& decision : result.decisions) {
      ASSERT_TRUE(decision.Same());
      const auto stored = tale.world().decisions().find(decision.recorded->id);
      ASSERT_NE(stored, tale.world().decisions().end());
      ASSERT_EQ(base::BytesOf(stored->second), base::BytesOf(*decision.recorded)) << "seed " << seed;
    }
    ASSERT_EQ(result.decisions.size(), tale.world().decisions().size()) << "seed " << seed;
  }
  EXPECT_GE(decisions, 3 * kSeeds);  // else this proves little
}

// Actions that come too late are held back, and the core is told so in the next turn: steps like all others.
TEST(ReplayTest, WhatTheCoreIsToldOfActionsThatCameTooLateIsRecorded) {
  uint64_t held_back = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Tape tape(100);
    Tale tale(seed, &tape);
    tale.world().knobs().slow_sync = 300;
    tale.Play();
    for (const LogItem& item : tape.items()) {
      const auto* step = std::get_if<LogStep>(&item);
      const auto* finished = step == nullptr ? nullptr : std::get_if<ActionFinished>(&step->event);
      if (finished != nullptr &&
          absl::StartsWith(finished->detail, "not sent: the coordinator stood still")) {
        ++held_back;
      }
    }
    const ReplayResult result = Replayed(tape.items(), {.since = tale.world().start()});
    ASSERT_TRUE(result.faithful) << "seed " << seed << "\n" << Told(result);
    ASSERT_GT(result.checkpoints, 0) << seed;
  }
  EXPECT_GT(held_back, 10);  // else this proves little
}

// A coordinator that has run for weeks: the replay begins with a checkpoint in the middle.
TEST(ReplayTest, AWindowBeginsWithTheStateAsItWas) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Tape tape(100);
    Tale tale(seed, &tape);
    tale.Play();
    for (const int seconds : {15, 25, 40}) {
      const absl::Time since = tale.world().start() + absl::Seconds(seconds);
      const ReplayResult result =
          Replayed(tape.From(since), {.since = since, .until = since + absl::Seconds(30)});
      ASSERT_TRUE(result.faithful) << "seed " << seed << " from " << seconds << "\n" << Told(result);
      EXPECT_GE(result.since, since);
      EXPECT_LE(result.until, since + absl::Seconds(30));
    }
  }
}

// The answers of the recorded world find their way to the second core, whatever its numbers are.
TEST(ReplayTest, TheSamePolicyChangesNothing) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Tape tape(150);
    Tale tale(seed, &tape);
    tale.Play();
    for (const int seconds : {0, 12, 20, 33}) {
      const absl::Time since = tale.world().start() + absl::Seconds(seconds);
      const ReplayResult result = Replayed(tape.From(since), {.since = since, .policy = tale.policy()});
      ASSERT_TRUE(result.faithful);
      ASSERT_FALSE(result.parting) << "seed " << seed << " from " << seconds << "\n" << Told(result);
      for (const ReplayedDecision& decision : result.decisions) {
        ASSERT_TRUE(decision.Same()) << "seed " << seed << " from " << seconds << "\n" << Told(result);
      }
    }
  }
}

// Answers to earlier tries of actions, put where the core that decided does not heed them any more.
std::vector<LogItem> WithStaleAnswers(const std::vector<LogItem>& items, uint64_t& put) {
  std::vector<LogItem> all;
  std::unique_ptr<Core> core;
  for (const LogItem& item : items) {
    all.push_back(item);
    if (const auto* start = std::get_if<LogStart>(&item)) {
      core = std::make_unique<Core>(start->restored, start->now);
    }
    const auto* step = std::get_if<LogStep>(&item);
    if (step == nullptr) continue;
    const Effects effects = core->Step(step->event, step->now);
    for (const ReleasedAction& released : effects.actions) {
      if (released.action.attempts < 2) continue;
      const LogStep stale{.event = ActionFinished{.decision = released.decision,
                                                  .number = released.action.number,
                                                  .outcome = ActionOutcome::kUnreachable,
                                                  .detail = "no answer",
                                                  .attempt = released.action.attempts - 1},
                          .now = step->now,
                          .decided = {}};
      core->Step(stale.event, stale.now);
      all.emplace_back(stale);
      ++put;
    }
  }
  return all;
}

// That an earlier try came to nothing says nothing about the one that is under way, in both cores.
TEST(ReplayTest, AnswersToEarlierTriesAreNotTakenForLaterOnes) {
  uint64_t stale = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Tape tape;
    Tale tale(seed, &tape);
    tale.world().knobs().slow_sync = 300;  // what is held back for it is tried again
    tale.Play();
    const std::vector<LogItem> items = WithStaleAnswers(tape.items(), stale);
    const ReplayResult result = Replayed(items, {.since = tale.world().start(), .policy = tale.policy()});
    ASSERT_TRUE(result.faithful) << "seed " << seed << "\n" << Told(result);
    ASSERT_FALSE(result.parting) << "seed " << seed << "\n" << Told(result);
    for (const ReplayedDecision& decision : result.decisions) {
      ASSERT_TRUE(decision.Same()) << "seed " << seed << "\n" << Told(result);
    }
  }
  EXPECT_GT(stale, 0);
}

// One dead node, told in full.
class DeadNode : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.host().Record(&tape_);
    for (int i = 1; i <= 4; ++i) world_.AddNode(absl::StrCat("node-", i), absl::StrCat("zone-", i));
    policy_.name = "failover";
    policy_.failover().cluster = simulation::kCluster;
    policy_.failover().mode = PolicyMode::kEnforce;
    policy_.failover().readmit_after = absl::Seconds(5);
    world_.Apply(policy_);
    world_.Deploy({.name = "web", .replicas = 6});
    world_.Start();
    world_.Advance(absl::Seconds(8));
    world_.PowerOff("node-3");
    world_.Advance(absl::Seconds(20));
  }

  ReplayResult Under(const Policy& policy) {
    return Replayed(tape_.items(), {.since = world_.start() + absl::Seconds(6), .policy = policy});
  }

  // The comparison of node-3's failover.
  static const ReplayedDecision* Failover(const ReplayResult& result) {
    for (const ReplayedDecision& decision : result.decisions) {
      const Decision& shown = decision.recorded ? *decision.recorded : *decision.replayed;
      if (shown.kind == DecisionKind::kFailover && shown.node == "node-3") return &decision;
    }
    return nullptr;
  }

  static std::string Sentences(const ReplayedDecision& decision) {
    std::string all;
    for (const Difference& difference : decision.differences) {
      absl::StrAppend(&all, difference.sentence, "\n");
    }
    return all;
  }

  Tape tape_;
  Policy policy_;
  simulation::World world_{nullptr};
};

TEST_F(DeadNode, ObserveWouldHaveDoneNothing) {
  policy_.failover().mode = PolicyMode::kObserve;
  const ReplayResult result = Under(policy_);
  EXPECT_TRUE(result.faithful);
  const ReplayedDecision* failover = Failover(result);
  ASSERT_NE(failover, nullptr) << Told(result);
  ASSERT_TRUE(failover->recorded && failover->replayed);
  EXPECT_EQ(failover->replayed->state, DecisionState::kObserved);
  const std::string sentences = Sentences(*failover);
  EXPECT_TRUE(absl::StrContains(sentences, "it would have been only observed instead of ")) << sentences;
  EXPECT_TRUE(absl::StrContains(sentences, "the guard mode would have said no")) << sentences;
  EXPECT_TRUE(absl::StrContains(sentences, "what was done would not have been: ")) << sentences;
  EXPECT_FALSE(failover->estimate);
  // What the limit of the comparison is, is said.
  ASSERT_TRUE(result.parting);
  EXPECT_TRUE(absl::StrContains(Notes(result), "the two worlds part")) << Notes(result);
  EXPECT_TRUE(absl::StrContains(Notes(result), "would not have handed out the taint on node-3"));
}

// Without any budget a single silent node is more than may be silent: a policy that is told before it is
// applied.
TEST_F(DeadNode, WithoutABudgetItWouldHaveBeenBlind) {
  policy_.failover().max_unavailable_nodes = 0;
  policy_.failover().max_unavailable_percent = 0;
  const ReplayResult result = Under(policy_);
  const ReplayedDecision* failover = Failover(result);
  ASSERT_NE(failover, nullptr) << Told(result);
  EXPECT_FALSE(failover->replayed) << Told(result);
  const auto blind = std::find_if(result.decisions.begin(), result.decisions.end(), [](const auto& each) {
    return !each.recorded && each.replayed->kind == DecisionKind::kBlind;
  });
  EXPECT_NE(blind, result.decisions.end()) << Told(result);
}

// A guard that says no is told by its name.
TEST_F(DeadNode, IfEveryNodeHadToBeHealthyItWouldHaveBeenRefused) {
  policy_.failover().limits.min_healthy_percent = 100;
  const ReplayResult result = Under(policy_);
  const ReplayedDecision* failover = Failover(result);
  ASSERT_NE(failover, nullptr) << Told(result);
  ASSERT_TRUE(failover->replayed);
  EXPECT_EQ(failover->replayed->state, DecisionState::kRefused) << Told(result);
  EXPECT_TRUE(absl::StrContains(Sentences(*failover), "the guard min-healthy would have said no"))
      << Told(result);
}

// Agents would have followed other times in ways that nobody knows: they are not relied on, and that is said.
TEST_F(DeadNode, AnAgentsFenceIsNotMadeUp) {
  policy_.failover().fencing.self_fencing = true;
  const ReplayResult result = Under(policy_);
  EXPECT_TRUE(result.faithful);
  const ReplayedDecision* failover = Failover(result);
  ASSERT_NE(failover, nullptr) << Told(result);
  ASSERT_TRUE(failover->replayed);
  EXPECT_FALSE(failover->replayed->timings.fenced);
  EXPECT_TRUE(absl::StrContains(Notes(result), "would have been asked that nobody had asked then"))
      << Notes(result);
}

// What is decided outside of the core cannot be replayed, and that is said instead of "nothing differs".
TEST_F(DeadNode, AnotherBeatIsNotReplayedAndThatIsSaid) {
  policy_.failover().suspect_after = absl::Seconds(5);
  const ReplayResult result = Under(policy_);
  EXPECT_TRUE(absl::StrContains(Notes(result), "suspect_after of your policy change nothing here"))
      << Notes(result);
}

// What it keeps of the decisions is bounded, with both kinds of questions.
TEST_F(DeadNode, ItEndsWithTheMostDecisionsThatItTells) {
  ReplayQuestion question{.since = world_.start(), .most_decisions = 1};
  for (const bool another_policy : {false, true}) {
    if (another_policy) question.policy = policy_;
    const ReplayResult result = Replayed(tape_.items(), question);
    EXPECT_TRUE(result.truncated);
    EXPECT_TRUE(result.faithful);
    EXPECT_FALSE(result.decisions.empty());
    EXPECT_LT(result.until, Replayed(tape_.items(), {.since = world_.start()}).until);
    EXPECT_TRUE(absl::StrContains(Notes(result), "what came later is not looked at")) << Notes(result);
  }
}

// A start makes the worlds one again, and gives ids that the other core had given to something else: what
// differed before is told all the same.
TEST(ReplayTest, WhatDifferedBeforeAStartIsTold) {
  Tape tape;
  simulation::World world(nullptr);
  world.host().Record(&tape);
  for (int i = 1; i <= 4; ++i) world.AddNode(absl::StrCat("node-", i), absl::StrCat("zone-", i));
  Policy policy;
  policy.name = "failover";
  policy.failover().cluster = simulation::kCluster;
  policy.failover().mode = PolicyMode::kEnforce;
  world.Apply(policy);
  world.Deploy({.name = "web", .replicas = 6});
  world.Start();
  world.Advance(absl::Seconds(8));
  world.PowerOff("node-3");
  const auto open = [&world] {
    return std::any_of(world.decisions().begin(), world.decisions().end(), [](const auto& each) {
      return each.second.kind == DecisionKind::kFailover && each.second.state == DecisionState::kOpen;
    });
  };
  for (int i = 0; i < 2000 && !open(); ++i) world.Advance(absl::Milliseconds(5));
  ASSERT_TRUE(open());
  world.StopCoordinator();
  world.StartCoordinator();
  world.Advance(absl::Seconds(30));
  // Without any budget it would have been blind to one silent node.
  policy.failover().max_unavailable_nodes = 0;
  policy.failover().max_unavailable_percent = 0;
  const ReplayResult result =
      Replayed(tape.items(), {.since = world.start() + absl::Seconds(6), .policy = policy});
  EXPECT_TRUE(result.faithful);
  uint64_t failovers = 0;
  bool blind = false;
  for (const ReplayedDecision& decision : result.decisions) {
    if (decision.recorded && decision.recorded->kind == DecisionKind::kFailover &&
        decision.recorded->node == "node-3") {
      ++failovers;
      EXPECT_FALSE(decision.replayed) << Told(result);
    }
    blind |= !decision.recorded && decision.replayed->kind == DecisionKind::kBlind;
  }
  EXPECT_EQ(failovers, 1) << Told(result);
  EXPECT_TRUE(blind) << Told(result);
  // What was open then counts once.
  policy = world.disk().policies.at("failover");
  EXPECT_FALSE(
      Replayed(tape.items(),
               {.since = world.start(), .policy = policy, .most_decisions = world.decisions().size() + 1})
          .truncated);
  policy.failover().max_unavailable_nodes = 0;
  policy.failover().max_unavailable_percent = 0;
  // A log that begins with that start: what was open then is nothing new.
  const auto restart = std::find_if(tape.items().begin() + 1, tape.items().end(), [](const LogItem& item) {
    return std::holds_alternative<LogStart>(item);
  });
  ASSERT_NE(restart, tape.items().end());
  const std::vector<LogItem> later(restart, tape.items().end());
  const ReplayResult begun =
      Replayed(later, {.since = world.start(), .until = std::get<LogStart>(*restart).now, .policy = policy});
  for (const ReplayedDecision& decision : begun.decisions) EXPECT_TRUE(decision.Same()) << Told(begun);
}

// Operators' changes of other policies hold under the one that is tried, too: by what came of them then,
// since the etags that they name count one change less.
TEST(ReplayTest, ChangesOfOtherPoliciesHoldInBoth) {
  Tape tape;
  simulation::World world(nullptr);
  world.host().Record(&tape);
  for (int i = 1; i <= 4; ++i) world.AddNode(absl::StrCat("node-", i), absl::StrCat("zone-", i));
  Policy policy;
  policy.name = "failover";
  policy.failover().cluster = simulation::kCluster;
  policy.failover().mode = PolicyMode::kEnforce;
  world.Apply(policy);
  world.Deploy({.name = "web", .replicas = 6});
  world.Start();
  world.Advance(absl::Seconds(8));
  const absl::Time since = world.start() + absl::Seconds(8);
  const auto change = [&](const std::string& etag) {
    world.host().Post(ApplyPolicy{.policy = policy, .expected_etag = etag});
    world.Advance(absl::Seconds(1));
    return world.disk().policies.at("failover");
  };
  policy.failover().readmit_after = absl::Seconds(7);
  const std::string etag = change("").etag;
  policy.failover().mode = PolicyMode::kObserve;
  ASSERT_EQ(change(etag).failover().mode, PolicyMode::kObserve);
  policy.failover().mode = PolicyMode::kEnforce;
  ASSERT_EQ(change(etag).failover().mode, PolicyMode::kObserve);  // somebody else was faster
  world.PowerOff("node-3");
  world.Advance(absl::Seconds(20));
  Policy tried;
  tried.name = "elsewhere";
  tried.failover().cluster = "elsewhere";
  const ReplayResult result = Replayed(tape.items(), {.since = since, .policy = tried});
  EXPECT_TRUE(result.faithful);
  EXPECT_FALSE(result.decisions.empty());
  for (const ReplayedDecision& decision : result.decisions) EXPECT_TRUE(decision.Same()) << Told(result);
}

// Whatever its name was: the one that is tried stands in for it.
TEST_F(DeadNode, DeletingThePolicyIsLeftOutAndThatIsSaid) {
  world_.host().Post(DeletePolicy{.name = "failover"});
  world_.Advance(absl::Seconds(1));
  ASSERT_FALSE(world_.disk().policies.contains("failover"));
  for (const char* name : {"failover", "another"}) {
    policy_.name = name;
    const ReplayResult result = Under(policy_);
    EXPECT_TRUE(
        absl::StrContains(Notes(result), "1 change of the policy by operators in that time is left out"))
        << name << "\n"
        << Notes(result);
  }
}

TEST_F(DeadNode, OneDecisionCanBeAskedFor) {
  const DecisionId id = world_.decisions().rbegin()->first;
  const ReplayResult result = Replayed(tape_.items(), {.since = world_.start(), .decision = id});
  ASSERT_EQ(result.decisions.size(), 1);
  EXPECT_EQ(result.decisions[0].recorded->id, id);
  EXPECT_TRUE(result.faithful);
}

// The check would notice: a record that is not what the core makes of its evidence is called unfaithful.
TEST_F(DeadNode, AForgedRecordIsNoticed) {
  for (LogItem& item : tape_.items()) {
    auto* step = std::get_if<LogStep>(&item);
    if (step == nullptr || step->decided.empty()) continue;
    step->decided.front().fingerprint ^= 1;
    break;
  }
  const ReplayResult result = Replayed(tape_.items(), {.since = world_.start()});
  EXPECT_FALSE(result.faithful);
  ASSERT_FALSE(result.decisions.empty());
  EXPECT_TRUE(absl::StrContains(Notes(result), "did not come out bit for bit")) << Notes(result);
}

TEST_F(DeadNode, ALostStepIsNoticed) {
  std::vector<LogItem> items = tape_.items();
  std::erase_if(items, [](const LogItem& item) {
    const auto* step = std::get_if<LogStep>(&item);
    return step != nullptr && std::holds_alternative<ProbeAnswered>(step->event);
  });
  EXPECT_FALSE(Replayed(items, {.since = world_.start()}).faithful);
}

TEST_F(DeadNode, AGapIsToldAndBridged) {
  Tape tape(60);
  simulation::World world(nullptr);
  world.host().Record(&tape);
  world.AddNode("node-1", "");
  world.AddNode("node-2", "");
  world.Start();
  world.Advance(absl::Seconds(60));
  std::vector<LogItem> items;
  size_t checkpoints = 0;
  for (const LogItem& item : tape.items()) {
    if (std::holds_alternative<LogCheckpoint>(item)) ++checkpoints;
    if (checkpoints == 1) continue;  // from the first checkpoint to the second: lost
    items.push_back(item);
    if (auto* checkpoint = std::get_if<LogCheckpoint>(&items.back());
        checkpoint != nullptr && checkpoints == 2) {
      checkpoint->gap = true;
    }
  }
  ASSERT_GT(checkpoints, 2);
  const ReplayResult result = Replayed(items, {.since = world.start()});
  EXPECT_TRUE(result.faithful) << Notes(result);
  EXPECT_TRUE(absl::StrContains(Notes(result), "the log has a gap")) << Notes(result);
}

TEST_F(DeadNode, ALogOfAnotherVersionIsRefusedWhereItCannotBeRead) {
  Replay replay({.since = world_.start()});
  const auto taken = replay.Take(LogItem(LogCheckpoint{.state = "x",
                                                       .shape = Core::CheckpointShape() + 1,
                                                       .now = world_.start(),
                                                       .gap = true,
                                                       .coordinator_version = "0.0.9"}));
  EXPECT_EQ(taken.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(taken.status().message(), "0.0.9"));
}

TEST_F(DeadNode, AStartOfAnotherVersionIsReplayedAndThatIsSaid) {
  std::get<LogStart>(tape_.items().front()).coordinator_version = "0.0.9";
  const ReplayResult result = Replayed(tape_.items(), {.since = world_.start()});
  EXPECT_TRUE(absl::StrContains(Notes(result), "recorded by version 0.0.9")) << Notes(result);
}

}  // namespace
}  // namespace evenkeel::replay
