// Gates: pass, fail or inconclusive, with figures.

#include "coordinator/core/switch/gates.h"

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

class GatesTest : public testing::Test {
 protected:
  GatesTest() {
    sight_.now = kStart;
    sight_.step = StepTo(50);
    sight_.blue = {
        .seen = true, .servers = 3, .servers_up = 3, .checked = true, .counted = true, .timed = true};
    sight_.green = sight_.blue;
    sight_.green_sight = AWellSide();
    sight_.has_prober = true;
    sight_.whole.blue.requests = sight_.whole.green.requests = 1000;
    sight_.recent.blue.requests = sight_.recent.green.requests = 100;
    sight_.whole.blue.answer_time = sight_.whole.green.answer_time = Took(1000, absl::Milliseconds(10));
    sight_.recent.blue.answer_time = sight_.recent.green.answer_time = Took(100, absl::Milliseconds(10));
    sight_.probes[ProbeKind::kFresh].requests = 50;
  }

  static AnswerTime Took(uint64_t answers, absl::Duration each, absl::Duration within = {}) {
    return {.answers = answers, .total = each * static_cast<int64_t>(answers), .within = within};
  }
  void GreenTakes(absl::Duration each) { sight_.whole.green.answer_time = Took(1000, each); }

  GateAnswer Ask(const std::string& gate) {
    for (const GateAnswer& answer : AskGates(rules_, sight_, bad_since_)) {
      if (answer.gate == gate) return answer;
    }
    ADD_FAILURE() << "there is no gate " << gate;
    return {};
  }
  GateVerdict Verdict(const std::string& gate) { return Ask(gate).verdict; }

  GateRules rules_;
  GateSight sight_;
  BadSince bad_since_;
};

// A green that does as well as blue passes them all.
TEST_F(GatesTest, PassWhereAllIsWell) {
  const auto answers = AskGates(rules_, sight_, bad_since_);
  EXPECT_EQ(Together(answers), GateVerdict::kPass) << Reasons(answers, GateVerdict::kInconclusive);
}

// Few requests prove nothing yet; without any the errors are not known either.
TEST_F(GatesTest, WaitForEnoughRequests) {
  sight_.whole.green.requests = 99;
  EXPECT_EQ(Verdict("requests"), GateVerdict::kInconclusive);
  EXPECT_EQ(Verdict("errors"), GateVerdict::kPass);
  sight_.whole.green = sight_.recent.green = {};
  EXPECT_EQ(Verdict("errors"), GateVerdict::kInconclusive);
}

// What fails for sure fails at once; what may be chance waits.
TEST_F(GatesTest, FailOnlyWhatIsSure) {
  sight_.whole.green.server_errors = 400;
  EXPECT_EQ(Ask("errors"), (GateAnswer{"errors", GateVerdict::kFail,
                                       "green has failed 400 of 1000 requests (40.0 %, at most 1.0 %; "
                                       "blue 0.0 %)"}));
  sight_.whole.green.server_errors = 15;
  EXPECT_EQ(Verdict("errors"), GateVerdict::kInconclusive);
  sight_.whole.green.server_errors = 10;
  EXPECT_EQ(Verdict("errors"), GateVerdict::kPass);
}

// Three failures of the first three requests are enough, two of two are not.
TEST_F(GatesTest, SeeAGreenThatFailsFromTheStart) {
  sight_.whole.green = sight_.recent.green = {.requests = 2, .server_errors = 2};
  EXPECT_EQ(Verdict("errors"), GateVerdict::kInconclusive);
  sight_.whole.green = sight_.recent.green = {.requests = 3, .failed = 3};
  EXPECT_EQ(Verdict("errors"), GateVerdict::kFail);
}

// A green that begins to fail after a long good time is seen by its last seconds.
TEST_F(GatesTest, SeeWhatBeginsLate) {
  sight_.whole.green = {.requests = 100'000, .server_errors = 60};
  sight_.recent.green = {.requests = 200, .server_errors = 60};
  const GateAnswer answer = Ask("errors");
  EXPECT_EQ(answer.verdict, GateVerdict::kFail);
  EXPECT_NE(answer.reason.find("60 of its last 200 requests"), std::string::npos) << answer.reason;
}

// What both sides fail alike (their common database) is not green's fault, until blue is itself no measure.
TEST_F(GatesTest, CompareWithBlue) {
  rules_.max_excess_permille = 15;
  sight_.whole.blue.server_errors = 9;
  sight_.whole.green.server_errors = 20;
  EXPECT_EQ(Verdict("errors"), GateVerdict::kPass);
  sight_.whole.blue.server_errors = 500;
  sight_.whole.green.server_errors = 500;
  EXPECT_EQ(Verdict("errors"), GateVerdict::kFail);
}

// Once blue has nothing, green is held against what blue did before.
TEST_F(GatesTest, RememberBlue) {
  const auto baseline = NoteBaseline({}, sight_);
  ASSERT_TRUE(baseline);
  sight_.last_step = true;
  sight_.baseline = baseline;
  // Of the last requests it had, as it ended them.
  sight_.whole.blue.answer_time = sight_.recent.blue.answer_time = Took(30, absl::Seconds(9));
  EXPECT_EQ(NoteBaseline(baseline, sight_), baseline);
  GreenTakes(absl::Milliseconds(31));
  EXPECT_EQ(Verdict("latency"), GateVerdict::kInconclusive);
  GreenTakes(absl::Milliseconds(10));
  sight_.recent.green.answer_time = Took(100, absl::Milliseconds(31));
  EXPECT_EQ(Verdict("latency"), GateVerdict::kInconclusive);
  EXPECT_EQ(NoteBaseline({}, sight_), std::nullopt);
}

// Slow for a moment is not slow; slow for long is.
TEST_F(GatesTest, FailWhatStaysSlow) {
  GreenTakes(absl::Milliseconds(31));  // over 10 ms + 20 ms and over twice 10 ms
  EXPECT_EQ(Verdict("latency"), GateVerdict::kInconclusive);
  sight_.now += absl::Milliseconds(999);
  EXPECT_EQ(Verdict("latency"), GateVerdict::kInconclusive);
  GreenTakes(absl::Milliseconds(30));
  EXPECT_EQ(Verdict("latency"), GateVerdict::kPass);
  GreenTakes(absl::Milliseconds(31));
  sight_.now += absl::Seconds(1);
  EXPECT_EQ(Verdict("latency"), GateVerdict::kInconclusive);
  sight_.now += absl::Seconds(1);
  EXPECT_EQ(Ask("latency"), (GateAnswer{"latency", GateVerdict::kFail,
                                        "green takes 31 ms and blue 10 ms on average (at most 30 ms)"}));
}

// What green did before the step says nothing of it, and while it has answered nothing there is nothing to
// say.
TEST_F(GatesTest, KnowNoTimeWithoutAnswers) {
  sight_.whole.green.answer_time = {};
  EXPECT_EQ(Ask("latency"), (GateAnswer{"latency", GateVerdict::kPass, "green has not answered yet"}));
}

// The first answers of all may be a cold start's: they wait, however slow, and pass where they are fast
// enough.
TEST_F(GatesTest, FailNothingByAFewSlowAnswers) {
  sight_.whole.green.answer_time = Took(kTimed - 1, absl::Seconds(2));
  EXPECT_EQ(Verdict("latency"), GateVerdict::kInconclusive);
  sight_.now += absl::Minutes(1);
  EXPECT_EQ(Ask("latency"),
            (GateAnswer{"latency", GateVerdict::kInconclusive,
                        "green takes 2.0 s and blue 10 ms on average (at most 30 ms) in 49 answers"}));
  sight_.whole.green.answer_time = Took(kTimed, absl::Seconds(2));
  EXPECT_EQ(Verdict("latency"), GateVerdict::kFail);
  sight_.whole.green.answer_time = Took(1, absl::Milliseconds(20));
  EXPECT_EQ(Verdict("latency"), GateVerdict::kPass);
}

// Where the gateway itself may be wrong by more than is missing, nothing fails by it: green's figures or
// blue's.
TEST_F(GatesTest, FailNothingThatTheGatewayCannotMeasure) {
  sight_.whole.green.answer_time = Took(100, absl::Milliseconds(35), absl::Milliseconds(1500));
  sight_.recent.green.answer_time = {};
  EXPECT_EQ(
      Ask("latency"),
      (GateAnswer{"latency", GateVerdict::kPass,
                  "green takes 35 ms and blue 10 ms on average (at most 30 ms), and the gateway measures "
                  "to within 15 ms"}));
  sight_.whole.green.answer_time = Took(1000, absl::Milliseconds(35), absl::Milliseconds(1500));
  EXPECT_EQ(Verdict("latency"), GateVerdict::kInconclusive);
  sight_.whole.blue.answer_time = Took(100, absl::Milliseconds(10), absl::Milliseconds(1500));
  EXPECT_EQ(Verdict("latency"), GateVerdict::kPass);
}

// A green that becomes slow after a long good time is seen by its last seconds, unless blue is as slow in
// them.
TEST_F(GatesTest, SeeWhatBecomesSlowLate) {
  sight_.whole.green.answer_time = Took(100'000, absl::Milliseconds(11));
  sight_.recent.green.answer_time = Took(100, absl::Milliseconds(500));
  EXPECT_EQ(Ask("latency"),
            (GateAnswer{"latency", GateVerdict::kInconclusive,
                        "green has lately taken 500 ms and blue 10 ms on average (at most 30 ms)"}));
  sight_.now += absl::Seconds(1);
  EXPECT_EQ(Verdict("latency"), GateVerdict::kFail);
  sight_.recent.blue.answer_time = Took(100, absl::Milliseconds(400));
  EXPECT_EQ(Verdict("latency"), GateVerdict::kPass);
}

// A pod that is not Ready fails the gate when it lasts; what cannot be seen neither fails nor passes.
TEST_F(GatesTest, FollowGreensHealth) {
  sight_.green_sight.pods_ready = 2;
  EXPECT_EQ(Verdict("health"), GateVerdict::kInconclusive);
  sight_.now += absl::Milliseconds(500);
  sight_.green_sight.blind = true;
  sight_.green_sight.pods_ready = 3;
  EXPECT_EQ(Verdict("health"), GateVerdict::kInconclusive);
  sight_.now += absl::Milliseconds(500);
  sight_.green_sight.pods_ready = 2;
  EXPECT_EQ(Verdict("health"), GateVerdict::kFail);
  sight_.green_sight.blind = false;
  sight_.green_sight.pods_ready = 3;
  EXPECT_EQ(Verdict("health"), GateVerdict::kPass);
}

// One lost request of the prober is one too many, unless blue lost it.
TEST_F(GatesTest, LoseNoneOfTheProbers) {
  sight_.probes[ProbeKind::kStream] = {.requests = 5, .failed = 1, .failed_on_blue = 1};
  EXPECT_EQ(Verdict("prober"), GateVerdict::kPass);
  sight_.probes[ProbeKind::kStream] = {.requests = 5, .failed = 1};
  EXPECT_EQ(Verdict("prober"), GateVerdict::kFail);
  sight_.probes.clear();
  EXPECT_EQ(Verdict("prober"), GateVerdict::kInconclusive);
  sight_.has_prober = false;
  EXPECT_EQ(Verdict("prober"), GateVerdict::kPass);
}

// A hook says what it says; one that has not answered, or long ago, says nothing.
TEST_F(GatesTest, AskHooks) {
  GateHook slo;
  slo.name = "slo";
  rules_.hooks = {slo};
  EXPECT_EQ(Verdict("hook slo"), GateVerdict::kInconclusive);
  sight_.hooks["slo"] = {GateVerdict::kFail, "burn rate 20", kStart};
  EXPECT_EQ(Ask("hook slo"), (GateAnswer{"hook slo", GateVerdict::kFail, "burn rate 20"}));
  sight_.hooks["slo"].verdict = GateVerdict::kPass;
  EXPECT_EQ(Verdict("hook slo"), GateVerdict::kPass);
  sight_.now += absl::Seconds(18);
  EXPECT_EQ(Verdict("hook slo"), GateVerdict::kInconclusive);
}

// A kind of gateway that counts nothing says so, and the prober speaks for it.
TEST_F(GatesTest, SayWhatIsNotCounted) {
  sight_.green.counted = false;
  sight_.green.timed = false;
  sight_.whole = sight_.recent = {};
  EXPECT_EQ(Ask("errors"), (GateAnswer{"errors", GateVerdict::kPass, "the gateway counts none"}));
  EXPECT_EQ(Together(AskGates(rules_, sight_, bad_since_)), GateVerdict::kPass);
}

// Fail before inconclusive before pass.
TEST_F(GatesTest, CountTogether) {
  const std::vector<GateAnswer> answers = {{"a", GateVerdict::kPass, "good"},
                                           {"b", GateVerdict::kInconclusive, "unknown"},
                                           {"c", GateVerdict::kFail, "bad"},
                                           {"d", GateVerdict::kFail, "worse"}};
  EXPECT_EQ(Together(answers), GateVerdict::kFail);
  EXPECT_EQ(Reasons(answers, GateVerdict::kFail), "c: bad; d: worse");
  EXPECT_EQ(Together({}), GateVerdict::kPass);
}

}  // namespace
}  // namespace evenkeel::coordinator
