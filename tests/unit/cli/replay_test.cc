// `evenkeel replay` says what would have differed and why, when nothing would have, and what must be known to
// believe it.

#include "cli/command/replay.h"

#include <gmock/gmock.h>

#include <string>

#include "cli/show/replay.h"
#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void SetTime(google::protobuf::Timestamp& out, int64_t seconds) {
  out.set_seconds(1'767'225'600 + seconds);
}

v1::Decision Failover() {
  v1::Decision decision;
  decision.set_name("decisions/7-12");
  decision.set_kind(v1::Decision::KIND_FAILOVER);
  decision.set_cluster("local");
  decision.set_node("node-3");
  decision.set_state(v1::Decision::STATE_SUCCEEDED);
  decision.set_summary("node-3 is dead");
  SetTime(*decision.mutable_timings()->mutable_intend_time(), 60);
  return decision;
}

ReplayAnswer Verified() {
  ReplayAnswer answer;
  v1::DecisionComparison& one = answer.comparisons.emplace_back();
  one.set_result(v1::DecisionComparison::RESULT_SAME);
  *one.mutable_recorded() = Failover();
  SetTime(*answer.summary.mutable_start_time(), 0);
  SetTime(*answer.summary.mutable_end_time(), 7200);
  answer.summary.set_steps(28'900);
  answer.summary.set_decisions(1);
  answer.summary.set_faithful(true);
  answer.summary.set_changes_verified(9);
  answer.summary.set_checkpoints_verified(2);
  return answer;
}

ReplayAnswer Different() {
  ReplayAnswer answer = Verified();
  v1::DecisionComparison& one = answer.comparisons.front();
  one.set_result(v1::DecisionComparison::RESULT_DIFFERENT);
  *one.mutable_replayed() = Failover();
  v1::FieldDifference& state = *one.add_differences();
  state.set_field("state");
  state.set_recorded("succeeded");
  state.set_replayed("refused");
  state.set_sentence("it would have been refused instead of succeeded");
  v1::FieldDifference& summary = *one.add_differences();
  summary.set_field("summary");
  summary.set_recorded("node-3 is dead");
  summary.set_replayed("node-3 is dead, and nothing is done");
  v1::DecisionComparison& added = answer.comparisons.emplace_back();
  added.set_result(v1::DecisionComparison::RESULT_ADDED);
  added.set_estimate(true);
  *added.mutable_replayed() = Failover();
  added.mutable_replayed()->set_node("node-4");
  answer.summary.set_decisions(2);
  answer.summary.set_differing(2);
  answer.summary.add_notes("from here the two worlds part");
  return answer;
}

TEST(ReplayTextTest, SaysThatDecisionsReplayedToThemselves) {
  EXPECT_EQ(
      ReplayText(Verified(), {}),
      "Replayed 2h 0m, from 2026-01-01 00:00:00.000 UTC to 2026-01-01 02:00:00.000 UTC: 28900 steps.\n"
      "Every recorded decision replayed to itself, bit for bit: 1 decision, made or changed 9 times; so did "
      "the core's whole state, 2 times.\n");
}

TEST(ReplayTextTest, SaysWhenTheyDidNot) {
  ReplayAnswer answer = Verified();
  answer.summary.set_faithful(false);
  answer.comparisons[0].set_result(v1::DecisionComparison::RESULT_UNFAITHFUL);
  const std::string text = ReplayText(answer, {});
  EXPECT_THAT(text, HasSubstr("did NOT replay to themselves"));
  EXPECT_THAT(text, HasSubstr("7-12  failover of node node-3 in cluster local"));
  EXPECT_THAT(ReplayText(answer, {.policy = "new"}), HasSubstr("do not trust what follows"));
}

TEST(ReplayTextTest, NamesTheWorkloadOfADecisionOnOne) {
  ReplayAnswer answer = Verified();
  v1::Decision& decision = *answer.comparisons[0].mutable_recorded();
  decision.set_kind(v1::Decision::KIND_TAKE_OVER);
  decision.clear_node();
  decision.set_workload("namespaces/shop/deployments/web");
  EXPECT_THAT(ReplayText(answer, {.wide = true, .policy = ""}),
              HasSubstr("7-12  take over of shop/web in cluster local"));
}

TEST(ReplayTextTest, SaysWhenNothingWouldHaveDiffered) {
  EXPECT_THAT(ReplayText(Verified(), {.policy = "new"}),
              HasSubstr("Nothing would have differed under policy new: 1 decision the same.\n"));
  ReplayAnswer nothing = Verified();
  nothing.comparisons.clear();
  nothing.summary.set_decisions(0);
  EXPECT_THAT(ReplayText(nothing, {.policy = "new"}),
              HasSubstr("Nothing would have been decided under policy new either.\n"));
  EXPECT_THAT(ReplayText(nothing, {}), HasSubstr("Nothing was decided in that time"));
}

TEST(ReplayTextTest, TellsDifferencesReasonsAndLimits) {
  EXPECT_EQ(ReplayText(Different(), {.policy = "new"}),
            "Replayed 2h 0m, from 2026-01-01 00:00:00.000 UTC to 2026-01-01 02:00:00.000 UTC: 28900 steps.\n"
            "2 of 2 decisions would have differed under policy new:\n"
            "\n"
            "7-12  failover of node node-3 in cluster local, 2026-01-01 00:01:00.000 UTC, succeeded\n"
            "  - it would have been refused instead of succeeded\n"
            "\n"
            "After the two worlds had parted; estimates:\n"
            "\n"
            "new  failover of node node-4 in cluster local, 2026-01-01 00:01:00.000 UTC\n"
            "  - it would have been taken (succeeded): node-3 is dead\n"
            "\n"
            "What to know:\n"
            "  - from here the two worlds part\n");
}

TEST(ReplayTextTest, SaysThatItEndedEarly) {
  ReplayAnswer answer = Verified();
  EXPECT_THAT(ReplayText(answer, {}), Not(HasSubstr("It ended there")));
  answer.summary.set_truncated(true);
  EXPECT_THAT(ReplayText(answer, {}), HasSubstr("It ended there"));
}

TEST(ReplayTextTest, SaysWhereTheWorldsAreOneAgain) {
  ReplayAnswer answer = Different();
  answer.comparisons.push_back(answer.comparisons.front());
  const std::string text = ReplayText(answer, {.policy = "new"});
  const size_t estimates = text.find("\nAfter the two worlds had parted; estimates:\n\nnew  ");
  const size_t one_again = text.find("\nAfter they had become one again:\n\n7-12  ");
  ASSERT_NE(estimates, std::string::npos) << text;
  ASSERT_NE(one_again, std::string::npos) << text;
  EXPECT_LT(estimates, one_again);
}

TEST(ReplayTextTest, WideTellsEveryField) {
  const std::string text = ReplayText(Different(), {.wide = true, .policy = "new"});
  EXPECT_THAT(text, HasSubstr("  - state was: succeeded\n  - state would have been: refused\n"));
  EXPECT_THAT(text, HasSubstr("  - summary would have been: node-3 is dead, and nothing is done\n"));
  EXPECT_THAT(ReplayText(Verified(), {.wide = true}), HasSubstr("  - the same\n"));
}

TEST(ReplayTextTest, ProgramsGetAllOfIt) {
  const nlohmann::ordered_json object = ToObject(Different());
  EXPECT_EQ(object["kind"], "Replay");
  EXPECT_EQ(object["summary"]["differing"], 2);
  EXPECT_EQ(object["comparisons"][0]["differences"][0]["field"], "state");
}

TEST(ParseWhenTest, TakesAnAgoOrATime) {
  const absl::Time now = absl::FromUnixSeconds(1'767'225'600);
  EXPECT_EQ(*ParseWhen("--since", "2h", now), now - absl::Hours(2));
  EXPECT_EQ(*ParseWhen("--since", "2026-01-01T01:00:00+01:00", now), now);
  for (const char* bad : {"yesterday", "-2h", "inf", "infinite-past", ""}) {
    const auto when = ParseWhen("--since", bad, now);
    EXPECT_EQ(when.status().code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(when.status().message()), HasSubstr("--since"));
  }
}

class ReplayCommandTest : public CommandTest {
 protected:
  ReplayCommandTest() {
    for (const v1::DecisionComparison& comparison : Verified().comparisons) {
      *coordinator_.replay.answers.emplace_back().mutable_comparison() = comparison;
    }
    *coordinator_.replay.answers.emplace_back().mutable_summary() = Verified().summary;
  }
};

TEST_F(ReplayCommandTest, VerifiesTheLastHourByItself) {
  EXPECT_EQ(Run({"replay"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("Every recorded decision replayed to itself"));
  EXPECT_FALSE(coordinator_.seen().replay.has_policy());
}

TEST_F(ReplayCommandTest, AnUnfaithfulReplayIsAFailure) {
  coordinator_.replay.answers.back().mutable_summary()->set_faithful(false);
  EXPECT_EQ(Run({"replay", "--since", "2h"}), 1);
  EXPECT_THAT(err_, HasSubstr("did not replay to itself"));
}

TEST_F(ReplayCommandTest, SendsThePolicyAndTheTimes) {
  const std::string file =
      Write("policy.yaml",
            "apiVersion: evenkeel.dev/v1\nkind: FailoverPolicy\nmetadata:\n  name: new\nspec:\n"
            "  cluster: local\n  mode: enforce\n");
  EXPECT_EQ(Run({"replay", "--since", "2026-01-01T00:00:00Z", "--until", "2026-01-01T01:00:00Z", "--policy",
                 file, "-o", "json"}),
            0)
      << err_;
  EXPECT_EQ(coordinator_.seen().replay.policy().name(), "policies/new");
  EXPECT_EQ(coordinator_.seen().replay.start_time().seconds(), 1'767'225'600);
  EXPECT_EQ(coordinator_.seen().replay.end_time().seconds(), 1'767'229'200);
  EXPECT_THAT(out_, HasSubstr("\"kind\": \"Replay\""));
  EXPECT_EQ(Run({"replay", "-o", "yaml"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("kind: Replay"));
}

TEST_F(ReplayCommandTest, ADecisionSaysFromWhenOn) {
  coordinator_.fleet.decisions = {Failover()};
  EXPECT_EQ(Run({"replay", "--decision", "7-12"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().replay.decision(), "decisions/7-12");
  EXPECT_EQ(coordinator_.seen().replay.start_time().seconds(), 1'767'225'600 + 55);
}

TEST_F(ReplayCommandTest, MistakesAreSaidBeforeAnythingIsAsked) {
  EXPECT_EQ(Run({"replay", "--since", "yesterday"}), 1);
  EXPECT_THAT(err_, HasSubstr("--since: must be so long ago"));
  const std::string two =
      Write("two.yaml",
            "kind: FailoverPolicy\napiVersion: evenkeel.dev/v1\nmetadata:\n  name: a\nspec:\n  "
            "cluster: local\n---\nkind: FailoverPolicy\napiVersion: evenkeel.dev/v1\nmetadata:\n  "
            "name: b\nspec:\n  cluster: local\n");
  EXPECT_EQ(Run({"replay", "--policy", two}), 1);
  EXPECT_THAT(err_, HasSubstr("one at a time"));
}

TEST_F(ReplayCommandTest, TheCoordinatorsRefusalIsTold) {
  coordinator_.replay.answers.clear();
  coordinator_.replay.end = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "another replay is running");
  EXPECT_EQ(Run({"replay"}), 1);
  EXPECT_THAT(err_, HasSubstr("another replay is running"));
  coordinator_.replay.end = grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "late");
  EXPECT_EQ(Run({"replay", "--timeout", "5s"}), 1);
  EXPECT_THAT(err_, HasSubstr("--timeout"));
}

}  // namespace
}  // namespace evenkeel::cli
