// L1: what makes a silent node DEAD, and what vetoes it.

#include "coordinator/core/judge.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

using Outcome = ProbeOutcome;

ProbeAnswered Answer(Outcome kubelet_tcp, Outcome kubelet_tls, Outcome agent) {
  ProbeAnswered answer;
  answer.kubelet_tcp = kubelet_tcp;
  answer.kubelet_tls = kubelet_tls;
  answer.agent = agent;
  answer.latency = absl::Milliseconds(2);
  return answer;
}

ProbeAnswered Negative() {
  return Answer(Outcome::kTimedOut, Outcome::kNotTried, Outcome::kTimedOut);
}

// Each kind of answer, and what it says about life.
TEST(WeighTest, EachAnswerHasItsWeight) {
  const struct {
    Outcome kubelet_tcp, kubelet_tls, agent;
    Testimony testimony;
  } table[] = {
      {Outcome::kTimedOut, Outcome::kNotTried, Outcome::kTimedOut, Testimony::kAgainst},
      {Outcome::kUnreachable, Outcome::kNotTried, Outcome::kUnreachable, Testimony::kAgainst},
      {Outcome::kTimedOut, Outcome::kNotTried, Outcome::kNotTried, Testimony::kAgainst},
      {Outcome::kReached, Outcome::kReached, Outcome::kReached, Testimony::kAgentAlive},
      {Outcome::kTimedOut, Outcome::kNotTried, Outcome::kReached, Testimony::kAgentAlive},
      {Outcome::kReached, Outcome::kReached, Outcome::kTimedOut, Testimony::kAlive},
      {Outcome::kReached, Outcome::kTimedOut, Outcome::kTimedOut, Testimony::kAlive},
      {Outcome::kRefused, Outcome::kNotTried, Outcome::kTimedOut, Testimony::kAlive},
      {Outcome::kTimedOut, Outcome::kNotTried, Outcome::kRefused, Testimony::kAlive},
      {Outcome::kTimedOut, Outcome::kNotTried, Outcome::kProtocolError, Testimony::kAlive},
      {Outcome::kNotTried, Outcome::kNotTried, Outcome::kNotTried, Testimony::kNothing},
      {Outcome::kProberFailed, Outcome::kNotTried, Outcome::kNotTried, Testimony::kNothing},
      {Outcome::kProberFailed, Outcome::kNotTried, Outcome::kTimedOut, Testimony::kNothing},
      {Outcome::kProberFailed, Outcome::kNotTried, Outcome::kRefused, Testimony::kAlive},
  };
  for (const auto& row : table) {
    EXPECT_EQ(Weigh(Answer(row.kubelet_tcp, row.kubelet_tls, row.agent)), row.testimony)
        << static_cast<int>(row.kubelet_tcp) << " " << static_cast<int>(row.kubelet_tls) << " "
        << static_cast<int>(row.agent);
  }
}

// Death needs two negative answers, or one where there is only one to ask; never none.
TEST(NeededAgainstTest, TwoWhereThereAreTwo) {
  EXPECT_EQ(NeededAgainst(3, 10), 2u);
  EXPECT_EQ(NeededAgainst(2, 2), 2u);
  EXPECT_EQ(NeededAgainst(1, 1), 1u);
  EXPECT_EQ(NeededAgainst(1, 10), 1u);  // the policy asks one
  EXPECT_EQ(NeededAgainst(0, 0), 1u);
}

WitnessJudgement Judge(const std::vector<std::optional<ProbeAnswered>>& answers, size_t eligible) {
  WitnessQuestion question{.node = "node-2",
                           .kubelet_port = 10250,
                           .agent_port = 9440,
                           .timeout = absl::Milliseconds(300),
                           .eligible = eligible,
                           .domains = eligible == 0 ? 0u : 1u,
                           .answers = {}};
  for (size_t i = 0; i < answers.size(); ++i) {
    question.answers.push_back({.witness = std::string("witness-") + static_cast<char>('a' + i),
                                .answer = answers[i],
                                .failure_domain = {},
                                .control = {},
                                .control_answer = {}});
  }
  return JudgeWitnesses(question, absl::FromUnixSeconds(100));
}

// The verdicts that a round's witnesses lead to.
TEST(JudgeWitnessesTest, OneSignOfLifeVetoesDeath) {
  const auto none = std::optional<ProbeAnswered>();
  const auto negative = std::optional<ProbeAnswered>(Negative());
  const auto ill =
      std::optional<ProbeAnswered>(Answer(Outcome::kProberFailed, Outcome::kNotTried, Outcome::kNotTried));
  const auto kernel =
      std::optional<ProbeAnswered>(Answer(Outcome::kRefused, Outcome::kNotTried, Outcome::kRefused));
  const auto agent =
      std::optional<ProbeAnswered>(Answer(Outcome::kTimedOut, Outcome::kNotTried, Outcome::kReached));
  const struct {
    const char* what;
    std::vector<std::optional<ProbeAnswered>> answers;
    size_t eligible;
    Verdict verdict;
  } table[] = {
      {"all negative", {negative, negative, negative}, 9, Verdict::kDead},
      {"two negative, one without answer", {negative, negative, none}, 9, Verdict::kDead},
      {"two negative, one ill", {negative, ill, negative}, 9, Verdict::kDead},
      {"one negative is too few", {negative, none, ill}, 9, Verdict::kSuspect},
      {"one negative of two", {negative, none}, 2, Verdict::kSuspect},
      {"the only witness", {negative}, 1, Verdict::kDead},
      {"the only witness is ill", {ill}, 1, Verdict::kSuspect},
      {"nobody to ask", {}, 0, Verdict::kSuspect},
      {"a refusal comes from a living kernel", {negative, negative, kernel}, 9, Verdict::kAgentLost},
      {"the agent answers", {negative, agent, negative}, 9, Verdict::kPartitioned},
      {"the agent's answer says more than the kernel's", {kernel, agent, negative}, 9, Verdict::kPartitioned},
  };
  for (const auto& row : table) EXPECT_EQ(Judge(row.answers, row.eligible).verdict, row.verdict) << row.what;
}

// A negative answer counts only from a witness that reaches its control; a positive one always.
TEST(JudgeWitnessesTest, ANegativeAnswerNeedsAControl) {
  const ProbeAnswered well = Answer(Outcome::kReached, Outcome::kReached, Outcome::kReached);
  const struct {
    const char* what;
    std::optional<ProbeAnswered> first_control, second_control;
    ProbeAnswered second;
    Verdict verdict;
  } table[] = {
      {"both reach their controls", well, well, Negative(), Verdict::kDead},
      {"a refusal is a way too", well, Answer(Outcome::kRefused, Outcome::kNotTried, Outcome::kRefused),
       Negative(), Verdict::kDead},
      {"one does not", well, Negative(), Negative(), Verdict::kSuspect},
      {"neither does", Negative(), Negative(), Negative(), Verdict::kSuspect},
      {"one control has not answered", well, std::nullopt, Negative(), Verdict::kSuspect},
      {"life needs no control", well, Negative(), well, Verdict::kPartitioned},
  };
  for (const auto& row : table) {
    WitnessQuestion question{.node = "node-2",
                             .kubelet_port = 10250,
                             .agent_port = 9440,
                             .timeout = absl::Milliseconds(300),
                             .eligible = 2,
                             .domains = 1,
                             .answers = {}};
    question.answers.push_back({.witness = "a",
                                .answer = Negative(),
                                .failure_domain = {},
                                .control = "b",
                                .control_answer = row.first_control});
    question.answers.push_back({.witness = "b",
                                .answer = row.second,
                                .failure_domain = {},
                                .control = "a",
                                .control_answer = row.second_control});
    EXPECT_EQ(JudgeWitnesses(question, absl::FromUnixSeconds(100)).verdict, row.verdict) << row.what;
  }
}

// Nobody vouches for a lone witness: only two tries that say the same are its word, or one lost packet would
// be.
TEST(JudgeWitnessesTest, ALoneWitnessMustSayItTwice) {
  const ProbeAnswered well = Answer(Outcome::kReached, Outcome::kReached, Outcome::kReached);
  const struct {
    const char* what;
    std::optional<ProbeAnswered> again;
    Verdict verdict;
  } table[] = {
      {"both tries say so", Negative(), Verdict::kDead},
      {"the second try reaches it", well, Verdict::kSuspect},
      {"the second try has not answered", std::nullopt, Verdict::kSuspect},
  };
  for (const auto& row : table) {
    WitnessQuestion question{.node = "node-2",
                             .kubelet_port = 10250,
                             .agent_port = 9440,
                             .timeout = absl::Milliseconds(300),
                             .eligible = 1,
                             .domains = 1,
                             .answers = {}};
    question.answers.push_back({.witness = "a",
                                .answer = Negative(),
                                .failure_domain = {},
                                .control = "node-2",
                                .control_answer = row.again});
    const WitnessJudgement judgement = JudgeWitnesses(question, absl::FromUnixSeconds(100));
    EXPECT_EQ(judgement.verdict, row.verdict) << row.what;
    EXPECT_EQ(judgement.domains_against, row.verdict == Verdict::kDead ? 1u : 0u) << row.what;
  }
}

// Where witnesses of two failure domains can be had, two must agree: one domain's network proves only itself.
TEST(JudgeWitnessesTest, TwoFailureDomainsMustAgree) {
  const struct {
    const char* what;
    std::vector<const char*> domains;  // of those who cannot reach it
    size_t eligible_domains;
    Verdict verdict;
    size_t domains_against;
  } table[] = {
      {"two domains", {"a", "b"}, 3, Verdict::kDead, 2},
      {"one of three", {"a", "a"}, 3, Verdict::kSuspect, 1},
      {"the only one", {"a", "a"}, 1, Verdict::kDead, 1},
      {"three", {"a", "b", "c"}, 3, Verdict::kDead, 3},
      {"none are known", {"", ""}, 1, Verdict::kDead, 1},
  };
  for (const auto& row : table) {
    WitnessQuestion question{.node = "node-2",
                             .kubelet_port = 10250,
                             .agent_port = 9440,
                             .timeout = absl::Milliseconds(300),
                             .eligible = 9,
                             .domains = row.eligible_domains,
                             .answers = {}};
    for (const char* domain : row.domains) {
      question.answers.push_back({.witness = "w",
                                  .answer = Negative(),
                                  .failure_domain = domain,
                                  .control = {},
                                  .control_answer = {}});
    }
    const WitnessJudgement judgement = JudgeWitnesses(question, absl::FromUnixSeconds(100));
    EXPECT_EQ(judgement.verdict, row.verdict) << row.what;
    EXPECT_EQ(judgement.domains_against, row.domains_against) << row.what;
  }
}

// Each witness' answer is in the evidence, with its name, figures and direction.
TEST(JudgeWitnessesTest, EvidenceNamesTheWitnessAndTheFigures) {
  const WitnessJudgement judgement =
      Judge({Negative(), Answer(Outcome::kReached, Outcome::kReached, Outcome::kRefused), std::nullopt}, 3);
  ASSERT_EQ(judgement.evidence.size(), 2u);  // with life found, who has not answered says nothing
  EXPECT_EQ(judgement.evidence[0].source, "node witness-a");
  EXPECT_EQ(judgement.evidence[0].direction, Direction::kAgainstLife);
  EXPECT_EQ(judgement.evidence[0].observation,
            "cannot reach node-2: its kubelet (port 10250): no answer within 300 ms and its agent (port "
            "9440): no answer "
            "within 300 ms");
  EXPECT_EQ(judgement.evidence[1].direction, Direction::kForLife);
  EXPECT_EQ(judgement.evidence[1].observation,
            "reaches node-2: its kubelet (port 10250): answered in 2 ms and its agent (port 9440): refused "
            "(its kernel lives)");
}

LeaseFacts Lease(const char* version, absl::Time renewed) {
  return {true, version, renewed};
}

// The lease's last word, by table. Life was last possible at 100 s by the node's clock.
TEST(JudgeLeaseTest, ALeaseThatIsRenewedVetoesDeath) {
  const absl::Time life = absl::FromUnixSeconds(100);
  const absl::Time before = life - absl::Seconds(4);
  const absl::Time after = life + absl::Milliseconds(1);
  const LeaseFacts gone;
  const struct {
    const char* what;
    LeaseFacts first, second;
    std::optional<absl::Time> last_life;
    absl::Duration unchanged;
    bool stale;
    Direction direction;
  } table[] = {
      {"renewed before", Lease("7", before), Lease("7", before), life, {}, true, Direction::kAgainstLife},
      {"renewed at that instant",
       Lease("7", life),
       Lease("7", life),
       life,
       {},
       true,
       Direction::kAgainstLife},
      {"renewed since", Lease("7", after), Lease("7", after), life, {}, false, Direction::kForLife},
      {"renewed between the reads",
       Lease("7", before),
       Lease("8", after),
       life,
       {},
       false,
       Direction::kForLife},
      {"written between the reads",
       Lease("7", before),
       Lease("8", before),
       life,
       {},
       false,
       Direction::kForLife},
      {"renewed since, then not for 39 s", Lease("7", after), Lease("7", after), life, absl::Seconds(39),
       false, Direction::kForLife},
      {"renewed since, then not for 40 s", Lease("7", after), Lease("7", after), life, absl::Seconds(40),
       true, Direction::kAgainstLife},
      {"no lease", gone, gone, life, {}, true, Direction::kAgainstLife},
      {"a lease appears", gone, Lease("1", before), life, {}, false, Direction::kForLife},
      {"last beat unknown, not watched yet", Lease("7", before), Lease("7", before), std::nullopt,
       absl::Milliseconds(999), false, Direction::kNeither},
      {"last beat unknown, watched for 1 s", Lease("7", before), Lease("7", before), std::nullopt,
       absl::Seconds(1), true, Direction::kAgainstLife},
  };
  for (const auto& row : table) {
    const LeaseJudgement judgement =
        JudgeLease({row.first, row.second, absl::Milliseconds(300), row.last_life, row.unchanged, true});
    EXPECT_EQ(judgement.stale, row.stale) << row.what;
    EXPECT_EQ(judgement.direction, row.direction) << row.what;
    EXPECT_FALSE(judgement.reason.empty()) << row.what;
    EXPECT_FALSE(judgement.observation.empty()) << row.what;
  }
}

// Without the API server's own try, a lease that is not renewed has to stay so for a renewal and more; one
// that is renewed vetoes as ever.
TEST(JudgeLeaseTest, WithoutTheApiServersTryTheLeaseIsWatched) {
  const absl::Time life = absl::FromUnixSeconds(100);
  const LeaseFacts before = Lease("7", life - absl::Seconds(4));
  const LeaseFacts after = Lease("7", life + absl::Seconds(1));
  const struct {
    LeaseFacts lease;
    std::optional<absl::Time> last_life;
    absl::Duration unchanged;
    bool stale;
  } table[] = {
      {before, life, absl::Milliseconds(11999), false},
      {before, life, absl::Seconds(12), true},
      {before, std::nullopt, absl::Milliseconds(11999), false},
      {before, std::nullopt, absl::Seconds(12), true},
      {LeaseFacts{}, life, absl::Seconds(11), false},
      {LeaseFacts{}, life, absl::Seconds(12), true},
      {after, life, absl::Seconds(12), false},
  };
  for (const auto& row : table) {
    EXPECT_EQ(JudgeLease({row.lease, row.lease, absl::Milliseconds(300), row.last_life, row.unchanged, false})
                  .stale,
              row.stale)
        << row.unchanged;
  }
}

// Where life was found during this silence, one more answer that is lost proves nothing: it must be over for
// a while.
TEST(JudgeLeaseTest, LifeThatWasJustFoundHoldsDeathBack) {
  const absl::Time life = absl::FromUnixSeconds(100);
  LeaseQuestion question{.first = Lease("7", life - absl::Seconds(4)),
                         .second = Lease("7", life - absl::Seconds(4)),
                         .between = absl::Milliseconds(300),
                         .last_life_on_node = life,
                         .unchanged = absl::Seconds(20),
                         .api_server_tried = true};
  EXPECT_TRUE(JudgeLease(question).stale);
  question.since_life = absl::Milliseconds(11999);
  EXPECT_FALSE(JudgeLease(question).stale);
  question.since_life = absl::Seconds(12);
  EXPECT_TRUE(JudgeLease(question).stale);
}

// L1: a lease that was written during the silence speaks for life, also where the node's clock was set back,
// so that the time in it looks old.
TEST(JudgeLeaseTest, ARenewalSpeaksForLifeWhateverItsTime) {
  const absl::Time last_beat = absl::FromUnixSeconds(100);
  LeaseQuestion question{.first = Lease("8", last_beat - absl::Hours(1)),
                         .second = Lease("8", last_beat - absl::Hours(1)),
                         .between = absl::Milliseconds(300),
                         .last_life_on_node = last_beat,
                         .unchanged = absl::Seconds(2),
                         .api_server_tried = true};
  question.since_renewal = absl::Seconds(2);
  const LeaseJudgement judgement = JudgeLease(question);
  EXPECT_FALSE(judgement.stale);
  EXPECT_EQ(judgement.direction, Direction::kForLife);
  question.since_renewal = absl::Seconds(12);
  EXPECT_TRUE(JudgeLease(question).stale);
}

}  // namespace
}  // namespace evenkeel::coordinator
