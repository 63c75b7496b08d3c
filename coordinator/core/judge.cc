#include "coordinator/core/judge.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

// Something listened or refused: both need a running kernel.
bool ShowsLife(ProbeOutcome outcome) {
  return outcome == ProbeOutcome::kReached || outcome == ProbeOutcome::kRefused ||
         outcome == ProbeOutcome::kProtocolError;
}

bool ShowsNothing(ProbeOutcome outcome) {
  return outcome == ProbeOutcome::kTimedOut || outcome == ProbeOutcome::kUnreachable;
}

std::string PortText(const char* whose, uint16_t port, ProbeOutcome outcome, absl::Duration timeout) {
  std::string text = absl::StrCat(whose, " (port ", port, "): ", Say(outcome));
  if (outcome == ProbeOutcome::kTimedOut) absl::StrAppend(&text, " within ", Say(timeout));
  return text;
}

Evidence Witnessed(const WitnessQuestion& question, const WitnessAnswer& answer, Testimony testimony,
                   absl::Time now) {
  Evidence evidence{now, absl::StrCat("node ", answer.witness), "", Direction::kNeither};
  if (!answer.answer) {
    evidence.observation = absl::StrCat("asked to reach ", question.node, ", did not answer in time");
    return evidence;
  }
  const ProbeAnswered& got = *answer.answer;
  std::vector<std::string> parts = {
      PortText("its kubelet", question.kubelet_port, got.kubelet_tcp, question.timeout)};
  if (got.kubelet_tcp == ProbeOutcome::kReached && got.kubelet_tls != ProbeOutcome::kNotTried) {
    parts.back() += got.kubelet_tls == ProbeOutcome::kReached
                        ? absl::StrCat(" in ", Say(got.latency))
                        : absl::StrCat(", its TLS: ", Say(got.kubelet_tls));
  }
  if (got.agent != ProbeOutcome::kNotTried) {
    parts.push_back(PortText("its agent", question.agent_port, got.agent, question.timeout));
  }
  const char* word = testimony == Testimony::kAgainst   ? "cannot reach "
                     : testimony == Testimony::kNothing ? "cannot tell about "
                                                        : "reaches ";
  evidence.observation = absl::StrCat(word, question.node, ": ", Join(parts));
  const bool asked_twice = answer.control == question.node;
  if (asked_twice && testimony == Testimony::kNothing && Weigh(got) == Testimony::kAgainst) {
    absl::StrAppend(&evidence.observation, "; it was asked twice, and has not said so twice");
  }
  if (Weigh(got) == Testimony::kAgainst && !answer.control.empty() && !asked_twice) {
    absl::StrAppend(&evidence.observation,
                    testimony == Testimony::kAgainst ? "; it does reach " : "; it does not reach ",
                    answer.control, testimony == Testimony::kAgainst ? "" : " either, which is well");
  }
  evidence.direction = testimony == Testimony::kAgainst   ? Direction::kAgainstLife
                       : testimony == Testimony::kNothing ? Direction::kNeither
                                                          : Direction::kForLife;
  return evidence;
}

// What the witness' answer is worth, its control considered.
Testimony WeighWithControl(const WitnessAnswer& answer, const std::string& node) {
  if (!answer.answer) return Testimony::kNothing;
  const Testimony testimony = Weigh(*answer.answer);
  if (testimony != Testimony::kAgainst || answer.control.empty()) return testimony;
  if (!answer.control_answer) return Testimony::kNothing;
  const Testimony control = Weigh(*answer.control_answer);
  const bool vouched = answer.control == node ? control == Testimony::kAgainst : control >= Testimony::kAlive;
  return vouched ? Testimony::kAgainst : Testimony::kNothing;
}

}  // namespace

Testimony Weigh(const ProbeAnswered& answer) {
  const std::initializer_list<ProbeOutcome> tries = {answer.kubelet_tcp, answer.kubelet_tls, answer.agent};
  if (answer.agent == ProbeOutcome::kReached) return Testimony::kAgentAlive;
  if (std::any_of(tries.begin(), tries.end(), ShowsLife)) return Testimony::kAlive;
  // A prober that failed in one try may have failed in all of them without knowing.
  const bool failed = std::find(tries.begin(), tries.end(), ProbeOutcome::kProberFailed) != tries.end();
  return !failed && std::any_of(tries.begin(), tries.end(), ShowsNothing) ? Testimony::kAgainst
                                                                          : Testimony::kNothing;
}

size_t NeededAgainst(size_t asked, size_t eligible) {
  return std::max<size_t>(1, std::min<size_t>({2, asked, eligible}));
}

size_t NeededDomains(size_t asked, size_t domains) {
  return NeededAgainst(asked, domains);
}

WitnessJudgement JudgeWitnesses(const WitnessQuestion& question, absl::Time now) {
  WitnessJudgement judgement;
  size_t against = 0;
  bool alive = false;
  bool agent_alive = false;
  std::set<std::string> domains;
  for (const WitnessAnswer& answer : question.answers) {
    const Testimony testimony = WeighWithControl(answer, question.node);
    if (testimony == Testimony::kAgainst) {
      ++against;
      domains.insert(answer.failure_domain);
    }
    if (testimony == Testimony::kAlive) alive = true;
    if (testimony == Testimony::kAgentAlive) agent_alive = true;
  }

  for (const WitnessAnswer& answer : question.answers) {
    // With life found the rest is not waited for: no answer means nothing then.
    if (!answer.answer && (alive || agent_alive)) continue;
    const Testimony testimony = WeighWithControl(answer, question.node);
    judgement.evidence.push_back(Witnessed(question, answer, testimony, now));
  }

  judgement.domains_against = domains.size();
  const size_t asked = question.answers.size();
  if (agent_alive) {
    judgement.verdict = Verdict::kPartitioned;
    judgement.reason = "its agent answers other nodes, but is not heard by the coordinator";
  } else if (alive) {
    judgement.verdict = Verdict::kAgentLost;
    judgement.reason = "its agent is silent, but the node can be reached";
  } else if (asked == 0) {
    judgement.reason = "there is no other node whose agent could be asked to reach it";
  } else if (against < NeededAgainst(asked, question.eligible)) {
    judgement.reason = absl::StrCat("only ", against, " of ", CountWitnesses(asked),
                                    " could tell that it cannot be reached, and ",
                                    NeededAgainst(asked, question.eligible), " must");
  } else if (domains.size() < NeededDomains(asked, question.domains)) {
    judgement.reason = absl::StrCat(against, " of ", CountWitnesses(asked),
                                    " cannot reach it, but all of one failure domain, and ",
                                    NeededDomains(asked, question.domains), " must agree");
  } else {
    judgement.verdict = Verdict::kDead;
    judgement.reason = absl::StrCat(against, " of ", CountWitnesses(asked), " cannot reach it");
  }
  return judgement;
}

namespace {

// By the lease alone.
LeaseJudgement JudgeRenewal(const LeaseQuestion& question) {
  const LeaseFacts& lease = question.second;
  if (question.first.exists != lease.exists || question.first.resource_version != lease.resource_version) {
    return {false, "its lease was written while it was checked",
            absl::StrCat("its lease was written between two reads ", Say(question.between),
                         " apart: its kubelet lives"),
            Direction::kForLife};
  }
  if (!lease.exists)
    return {true, "it has no lease", "it has no lease that could be renewed", Direction::kAgainstLife};
  if (question.since_renewal && *question.since_renewal < kQuietAfterLife) {
    return {false, "its lease was renewed after the silence began",
            absl::StrCat("its lease was found renewed ", Say(*question.since_renewal),
                         " ago, in this very silence: its kubelet lives, or did then"),
            Direction::kForLife};
  }
  const std::string unchanged = absl::StrCat("its lease has not changed for ", Say(question.unchanged));
  if (!question.last_life_on_node) {
    if (question.unchanged >= kLeaseWatchWithoutBeat)
      return {true, unchanged, unchanged, Direction::kAgainstLife};
    const std::string watched = absl::StrCat("its lease has to be watched for ", Say(kLeaseWatchWithoutBeat));
    return {false, watched, absl::StrCat(watched, ", because its last beat is not known"),
            Direction::kNeither};
  }
  const absl::Duration after_life = lease.renew_time - *question.last_life_on_node;
  if (after_life <= absl::ZeroDuration()) {
    return {
        true, "its lease has not been renewed since",
        absl::StrCat("its lease was last renewed ", Say(-after_life),
                     " before its silence was noticed (by its own clock) and not since, read twice within ",
                     Say(question.between)),
        Direction::kAgainstLife};
  }
  if (question.unchanged >= kLeaseSurelyStale) return {true, unchanged, unchanged, Direction::kAgainstLife};
  return {false, "its lease was renewed after the silence began",
          absl::StrCat("its lease was renewed ", Say(after_life),
                       " after its silence was noticed (by its own clock): its kubelet lives, or did then"),
          Direction::kForLife};
}

}  // namespace

LeaseJudgement JudgeLease(const LeaseQuestion& question) {
  LeaseJudgement judgement = JudgeRenewal(question);
  if (judgement.stale && question.since_life && *question.since_life < kQuietAfterLife) {
    return {false, absl::StrCat("life was found less than ", Say(kQuietAfterLife), " ago"),
            absl::StrCat("life was found ", Say(*question.since_life),
                         " ago, in this very silence: nothing may show it for ", Say(kQuietAfterLife),
                         " before death is believed"),
            Direction::kNeither};
  }
  if (!judgement.stale || question.api_server_tried || question.unchanged >= kLeaseWatchWithoutApiServer)
    return judgement;
  const std::string watched =
      absl::StrCat("its lease has to be watched for ", Say(kLeaseWatchWithoutApiServer));
  return {false, watched,
          absl::StrCat(watched, ", because it is not known whether the API server reaches its kubelet"),
          Direction::kNeither};
}

}  // namespace evenkeel::coordinator
