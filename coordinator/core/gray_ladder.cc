#include "coordinator/core/gray_ladder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/budgets.h"
#include "coordinator/core/domain_sight.h"
#include "coordinator/core/gray_drain.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/plan_gray.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/standing.h"

namespace evenkeel::coordinator {
namespace {

// How often a restart is asked for that nobody answers.
constexpr uint32_t kMostTries = 3;
// How often an open ladder is looked at.
constexpr absl::Duration kPace = absl::Seconds(1);

OpenDecision* OpenLadder(Turn& turn, const Node& node) {
  OpenDecision* open = turn.FindOpen(node.open_decision);
  return open != nullptr && open->decision.kind == DecisionKind::kGray ? open : nullptr;
}

// The care as a whole is asked as a repair: it takes nothing off the node. Its drain is asked as one, before
// each pod. Both are booked once (L6).
std::vector<GuardAnswer> GrayGuards(const Turn& turn, const Cluster& cluster, const Node& node,
                                    DisruptionKind kind, bool is_booked) {
  GuardFacts facts = FactsForGuards(cluster, node, kind, turn.now);
  facts.is_booked |= is_booked;
  std::vector<GuardAnswer> answers = AskGuards(facts);
  answers.push_back({"rungs", EnforcedRungs(cluster.policy).Any(), RungsText(cluster.policy)});
  answers.push_back(MassSickness(cluster));
  return answers;
}

Decision Described(const Turn& turn, const Cluster& cluster, const Node& node,
                   const std::vector<Symptom>& symptoms) {
  Decision decision;
  decision.kind = DecisionKind::kGray;
  decision.verdict = node.verdict;
  decision.confidence = node.confidence;
  absl::Time first = turn.now;
  for (const Symptom& symptom : symptoms) {
    const auto since = node.sickness.since.find(symptom.kind);
    if (since == node.sickness.since.end()) continue;
    first = std::min(first, since->second);
    decision.evidence.push_back({turn.now, absl::StrCat("node ", node.key.node),
                                 absl::StrCat(symptom.detail, ", for ", Say(turn.now - since->second)),
                                 Direction::kNeither});
  }
  decision.evidence.push_back(
      {turn.now, "kubernetes",
       node.facts->ready ? "it shows the node as Ready" : "it shows the node as not Ready",
       Direction::kNeither});
  // What is only recorded shows what the whole ladder would have been asked.
  const bool observed = !EnforcedRungs(cluster.policy).Any();
  decision.guards =
      GrayGuards(turn, cluster, node, observed ? DisruptionKind::kDrain : DisruptionKind::kRepair, false);
  decision.timings.detected = first;
  decision.timings.judged = turn.now;
  return decision;
}

void AddPlanned(Decision& decision, const Cluster& cluster, const Node& node,
                const std::vector<Symptom>& symptoms, const std::string& why) {
  GrayPlan plan = PlanGray(node.key.node, node.record.uid, symptoms, cluster.pods);
  decision.actions = std::move(plan.actions);
  decision.alternatives = std::move(plan.alternatives);
  for (Action& action : decision.actions) {
    action.state = ActionState::kSkipped;
    action.result = why;
  }
}

void RecordObserved(Turn& turn, Node& node, Decision decision, const std::vector<Symptom>& symptoms,
                    const GuardAnswer& refusal) {
  node.sickness.observed_recorded = true;
  const Cluster& cluster = turn.ClusterOf(node);
  const bool mode = refusal.guard == "mode";
  AddPlanned(decision, cluster, node, symptoms, mode ? "the mode is observe" : "no rung is enforced");
  decision.summary = absl::StrCat(node.key.node, " is sick: ", node.reason);
  decision.outcome = absl::StrCat(
      "Nothing was done: ", mode ? "the mode is observe" : "the policy enforces no rung for sick nodes");
  const DecisionId id = turn.Record(DecisionKind::kGray, node, DecisionState::kObserved, std::move(decision));
  const Decision& recorded = turn.state.open.at(id).decision;
  turn.AnnounceStep(recorded, "judged", true, "NodeGrayObserved", recorded.summary);
}

void RecordRefusal(Turn& turn, Node& node, Decision decision, const std::vector<Symptom>& symptoms,
                   const GuardAnswer& refusal) {
  node.sickness.refused_by.insert(refusal.guard);
  const std::string why = absl::StrCat("the guard ", refusal.guard, " refused: ", refusal.reason);
  AddPlanned(decision, turn.ClusterOf(node), node, symptoms,
             absl::StrCat("the guard ", refusal.guard, " refused"));
  decision.summary = absl::StrCat(node.key.node, " is sick: ", node.reason, ". It is left alone: ", why);
  decision.outcome = absl::StrCat("Nothing was done: ", why, ". It is tried again while the node is sick");
  const DecisionId id = turn.Record(DecisionKind::kGray, node, DecisionState::kRefused, std::move(decision));
  const Decision& recorded = turn.state.open.at(id).decision;
  turn.AnnounceStep(recorded, "judged", true, "GrayRefused", recorded.summary);
}

void AddTaint(Turn& turn, Node& node, OpenDecision& open) {
  open.decision.actions.push_back(
      GrayAction(open.decision, ActionKind::kTaintGray, node.key.node, node.record.uid));
  turn.Changed(open);
  // Before the taint is there: after a crash nobody would know whose it is.
  node.record.gray.tainted = true;
  turn.RecordChanged(node);
}

void BeginCare(Turn& turn, Node& node, Decision decision) {
  OpenDecision& open = turn.Open(DecisionKind::kGray, node);
  const Cluster& cluster = turn.ClusterOf(node);
  const GrayRungs rungs = EnforcedRungs(cluster.policy);
  decision.id = open.decision.id;
  decision.cluster = open.decision.cluster;
  decision.node = open.decision.node;
  decision.node_uid = open.decision.node_uid;
  decision.policy = open.decision.policy;
  decision.policy_etag = open.decision.policy_etag;
  decision.timings.intended = turn.now;
  decision.summary = absl::StrCat(node.key.node, " is sick: ", node.reason);
  if (!rungs.restart) {
    decision.alternatives.push_back({"restart the part that is sick", "the policy only observes this rung"});
  }
  if (!rungs.drain) decision.alternatives.push_back({"drain the node", "the policy only observes this rung"});
  open.decision = std::move(decision);
  BookDisruption(turn, node);
  node.record.gray.decision = open.decision.id;
  turn.RecordChanged(node);
  if (rungs.taint) AddTaint(turn, node, open);
  turn.AnnounceStep(open.decision, "judged", true, "NodeGray", open.decision.summary);
  TimeLadder(turn, open);
  ContinueLadder(turn, open);
}

bool IsRestart(const Action& action) {
  return action.kind == ActionKind::kRestartKubelet || action.kind == ActionKind::kRestartRuntime;
}

const Action* LastRestart(const Decision& decision) {
  const auto found = std::find_if(decision.actions.rbegin(), decision.actions.rend(), IsRestart);
  return found == decision.actions.rend() ? nullptr : &*found;
}

// The first of the taint and the restart that is still to be done is handed out when it is due. False: there
// is none.
bool WorkOnNode(Turn& turn, OpenDecision& open) {
  for (Action& action : open.decision.actions) {
    if (action.state != ActionState::kPending || action.kind == ActionKind::kEvictPod) continue;
    if (IsRestart(action) && action.attempts >= kMostTries) {
      action.state = ActionState::kFailed;
      turn.Changed(open);
      continue;
    }
    if (MayRetry(action, turn.now)) turn.Release(open, action);
    return true;
  }
  return false;
}

const Action* Taint(const Decision& decision) {
  const auto found = std::find_if(decision.actions.begin(), decision.actions.end(),
                                  [](const Action& action) { return action.kind == ActionKind::kTaintGray; });
  return found == decision.actions.end() ? nullptr : &*found;
}

// True: the rung of the restart needs more time.
bool WorkOnRestart(Turn& turn, const Cluster& cluster, const Node& node, OpenDecision& open) {
  if (!EnforcedRungs(cluster.policy).restart) return false;
  if (const Action* last = LastRestart(open.decision)) {
    if (last->state != ActionState::kDone || !last->finish_time) return false;
    return turn.now < *last->finish_time + cluster.policy.gray.restart_timeout;
  }
  const GrayPolicy& policy = cluster.policy.gray;
  const auto restart = RestartFor(Counting(node.sickness, policy, turn.now));
  if (!restart) return false;
  // The node may be GRAY for something else: a part that has only just fallen sick may be back in a moment.
  // Nor is another one restarted before it: there is one restart, and the first in order needs it most.
  if (RestartFor(Lasting(node.sickness, policy, turn.now)) != restart) return true;
  open.decision.actions.push_back(GrayAction(open.decision, *restart, node.key.node, node.record.uid));
  turn.Release(open, open.decision.actions.back());
  return true;
}

// Before each step the guards are asked again: what has come up since the decision holds it, and is said
// once.
bool Held(Turn& turn, const Cluster& cluster, const Node& node, OpenDecision& open, DisruptionKind kind) {
  std::string& held_by = kind == DisruptionKind::kDrain ? open.ladder.drain_held_by : open.ladder.held_by;
  const std::vector<GuardAnswer> answers = GrayGuards(turn, cluster, node, kind, true);
  const auto refusal = std::find_if(answers.begin(), answers.end(), [](const GuardAnswer& answer) {
    return !answer.allowed && answer.guard != "one-intent";  // that one is this decision
  });
  if (refusal == answers.end()) {
    held_by.clear();
    return false;
  }
  if (held_by == refusal->guard) return true;
  held_by = refusal->guard;
  AddEvidence(
      open.decision.evidence,
      {turn.now, "coordinator",
       absl::StrCat(kind == DisruptionKind::kDrain ? "its pods are not moved" : "nothing more is done",
                    " for now: the guard ", refusal->guard, " refuses: ", refusal->reason),
       Direction::kNeither});
  turn.Changed(open);
  return true;
}

void WorkOnDrain(Turn& turn, const Cluster& cluster, Node& node, OpenDecision& open,
                 const std::vector<Symptom>& symptoms) {
  const std::optional<PodName> pod = NextToEvict(turn, cluster, open, symptoms);
  if (!pod || Held(turn, cluster, node, open, DisruptionKind::kDrain)) return;
  if (!node.record.gray.drained) {
    for (GuardAnswer& answer : GrayGuards(turn, cluster, node, DisruptionKind::kDrain, true)) {
      auto& known = open.decision.guards;
      const bool asked = std::any_of(known.begin(), known.end(), [&answer](const GuardAnswer& before) {
        return before.guard == answer.guard;
      });
      if (!asked) known.push_back(std::move(answer));
    }
  }
  Evict(turn, cluster, node, open, *pod);
}

size_t CountDone(const Decision& decision, ActionKind kind) {
  return static_cast<size_t>(
      std::count_if(decision.actions.begin(), decision.actions.end(),
                    [kind](const Action& a) { return a.kind == kind && a.state == ActionState::kDone; }));
}

// "it has our taint, its kubelet was restarted and 2 pods were evicted".
std::string WhatWasDone(const Decision& decision) {
  std::vector<std::string> done;
  if (CountDone(decision, ActionKind::kTaintGray) > 0) done.emplace_back("it has our taint");
  if (CountDone(decision, ActionKind::kRestartRuntime) > 0)
    done.emplace_back("its container runtime was restarted");
  if (CountDone(decision, ActionKind::kRestartKubelet) > 0) done.emplace_back("its kubelet was restarted");
  const size_t evicted = CountDone(decision, ActionKind::kEvictPod);
  if (evicted > 0)
    done.push_back(absl::StrCat(Count(evicted, "pod"), evicted == 1 ? " was" : " were", " evicted"));
  const auto held = std::count_if(decision.actions.begin(), decision.actions.end(), [](const Action& a) {
    return a.kind == ActionKind::kEvictPod && a.attempts > 0 && a.state != ActionState::kDone;
  });
  if (held > 0) {
    done.push_back(absl::StrCat(Count(static_cast<size_t>(held), "pod"), " could not be evicted"));
  }
  return done.empty() ? "nothing was done to it" : Join(done);
}

// A pause, or the node's maintenance: people are there already.
bool IsOrdered(const Cluster& cluster, const Node& node) {
  return cluster.record.pause.has_value() || cluster.maintenance.contains(node.key.node);
}

bool AnythingDone(const Decision& decision) {
  return std::any_of(decision.actions.begin(), decision.actions.end(), [](const Action& action) {
    return action.state == ActionState::kDone || action.state == ActionState::kReleased;
  });
}

// Nothing more is done: what was not sent yet is taken back.
void Settle(Turn& turn, OpenDecision& open, const std::string& why) {
  turn.Withdraw(open, why);
  ForgetUntouched(open);
  for (Action& action : open.decision.actions) {
    if (action.state == ActionState::kReleased) {
      action.result = absl::StrCat("its answer was not awaited: ", why);
    } else if (action.state == ActionState::kPending) {
      action.state = ActionState::kSkipped;
      action.result = absl::StrCat(action.result, action.result.empty() ? "" : "; ", "not done: ", why);
    }
  }
}

}  // namespace

GuardAnswer MassSickness(const Cluster& cluster) {
  const size_t budget = NodeBudget(cluster.policy, cluster.size);
  const size_t sick = cluster.standings.sick;
  return {"mass-sickness", sick <= budget,
          absl::StrCat(
              sick, " of ", Count(cluster.size, "node"), sick == 1 ? " is" : " are",
              " sick at once and at most ", budget, " may be",
              sick <= budget ? "" : ": a fault that they share, an upgrade or our own reading, is likelier")};
}

void OnNodeGray(Turn& turn, Node& node, const std::vector<Symptom>& symptoms) {
  const Cluster& cluster = turn.ClusterOf(node);
  if (OpenDecision* open = OpenLadder(turn, node)) {
    if (!open->must_verify) return;
    open->must_verify = false;
    AddEvidence(open->decision.evidence,
                {turn.now, absl::StrCat("node ", node.key.node),
                 absl::StrCat("judged again, still sick: ", node.reason), Direction::kNeither});
    turn.Changed(*open);
    return ContinueLadder(turn, *open);
  }
  // Another decision ends by itself, and sight comes back; then this comes again.
  if (turn.FindOpen(node.open_decision) != nullptr || IsBlindTo(cluster, node)) return;
  const bool observed = !EnforcedRungs(cluster.policy).Any();
  if (node.sickness.escalated || (observed && node.sickness.observed_recorded)) return;
  Decision decision = Described(turn, cluster, node, symptoms);
  const GuardAnswer* first = FirstRefusal(decision.guards);
  if (first == nullptr) return BeginCare(turn, node, std::move(decision));
  const GuardAnswer refusal = *first;
  if (observed) return RecordObserved(turn, node, std::move(decision), symptoms, refusal);
  if (node.sickness.refused_by.contains(refusal.guard)) return;
  RecordRefusal(turn, node, std::move(decision), symptoms, refusal);
}

void ContinueLadder(Turn& turn, OpenDecision& open) {
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (cluster == nullptr || node == nullptr) return;
  turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id}, turn.now + kPace);
  if (IsOrdered(*cluster, *node)) TimeLadder(turn, open);
  NoteEviction(turn, *cluster, *node, open);
  if (open.must_verify || node->verdict != Verdict::kGray || IsBlindTo(*cluster, *node)) return;
  NoteGonePods(turn, *cluster, *node, open);
  const bool under_way =
      std::any_of(open.decision.actions.begin(), open.decision.actions.end(),
                  [](const Action& action) { return action.state == ActionState::kReleased; });
  if (under_way || Held(turn, *cluster, *node, open, DisruptionKind::kRepair)) return;
  const GrayRungs rungs = EnforcedRungs(cluster->policy);
  if (rungs.taint && Taint(open.decision) == nullptr) AddTaint(turn, *node, open);  // the policy is new
  if (WorkOnNode(turn, open)) return;
  // One that was meant to be and is not: nothing more is done.
  const Action* taint = Taint(open.decision);
  const bool tainted = taint != nullptr && taint->state == ActionState::kDone;
  if (taint != nullptr && !tainted) return;
  if (WorkOnRestart(turn, *cluster, *node, open)) return;
  if (!rungs.drain || !tainted) return;  // without the taint the pods would come back
  WorkOnDrain(turn, *cluster, *node, open, Counting(node->sickness, cluster->policy.gray, turn.now));
}

void OnNodeWell(Turn& turn, Node& node) {
  OpenDecision* open = OpenLadder(turn, node);
  if (open == nullptr) return;
  const bool done = AnythingDone(open->decision);
  Settle(turn, *open, "the node is well again");
  const absl::Duration took = turn.now - open->decision.timings.detected.value_or(turn.now);
  open->decision.timings.recovered = turn.now;
  std::string outcome =
      absl::StrCat(node.key.node, " is well again after ", Say(took), ": ", WhatWasDone(open->decision));
  if (node.record.gray.tainted) {
    absl::StrAppend(&outcome, ". It gets new pods again when it has been well for ",
                    Say(turn.ClusterOf(node).policy.gray.recover_after));
  }
  turn.Close(*open, done ? DecisionState::kSucceeded : DecisionState::kCancelled, std::move(outcome));
  turn.AnnounceStep(open->decision, "closed", false, "NodeWellAgain", open->decision.outcome);
}

void HoldLadder(Turn& turn, Node& node) {
  OpenDecision* open = OpenLadder(turn, node);
  if (open == nullptr || open->must_verify) return;
  open->must_verify = true;
  turn.Withdraw(*open, "its agent is silent, or has not reported yet");
  AddEvidence(
      open->decision.evidence,
      {turn.now, "coordinator", "nothing more is done for now: its agent is silent, or has not reported yet",
       Direction::kNeither});
  turn.Changed(*open);
}

void Escalate(Turn& turn, OpenDecision& open) {
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (node != nullptr && IsOrdered(turn.ClusterOf(*node), *node)) return TimeLadder(turn, open);
  const bool gray = node != nullptr && node->verdict == Verdict::kGray;
  if (gray) node->sickness.escalated = turn.now;  // nothing is begun anew in this episode
  const std::string state = gray ? absl::StrCat("is still sick: ", node->reason)
                                 : "was sick, and its agent has said nothing of it since";
  Settle(turn, open, "its time is up");
  if (gray && node->record.gray.drained && IsMoved(turn.ClusterOf(*node), *node, open.decision)) {
    SetRecovered(turn, *node);
  }
  turn.Close(open, DecisionState::kFailed,
             absl::StrCat(open.decision.node, " ", state, ". So far ", WhatWasDone(open.decision),
                          ". Look at it: it needs repair or replacement. If it has our taint, that goes when "
                          "it has been well for long enough"));
  turn.AnnounceStep(open.decision, "closed", true, "NodeGrayEscalated", open.decision.outcome);
}

void EndLadder(Turn& turn, OpenDecision& open, DecisionState end, const std::string& why) {
  Settle(turn, open, why);
  // L6: its failover is no second disruption of the node within the time for which the first is booked.
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (node != nullptr && node->verdict == Verdict::kDead && node->silence) {
    const absl::Duration window = turn.ClusterOf(*node).policy.limits.disruption_window;
    const absl::Time booked = open.decision.timings.intended.value_or(absl::InfinitePast());
    node->silence->booked = turn.now - booked < window;
  }
  turn.Close(open, end, absl::StrCat(why, ". So far ", WhatWasDone(open.decision)));
  turn.AnnounceStep(open.decision, "closed", false, "GrayCareEnded", open.decision.outcome);
}

void TimeLadder(Turn& turn, OpenDecision& open) {
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  const Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  const bool ordered = node != nullptr && IsOrdered(*cluster, *node);
  const absl::Time from = ordered ? turn.now : open.decision.timings.judged.value_or(turn.now);
  // When an order ended is not stored: after a start the node is first judged again, as far as it can be.
  const GrayPolicy& policy = cluster->policy.gray;
  const absl::Time least = open.must_verify ? turn.now + policy.after + kUnknownPatience : turn.now;
  turn.state.timers.Set({TimerKind::kDecisionTimeout, {}, open.decision.id},
                        std::max(from + policy.escalate_after, least));
}

void RestoreLadder(Turn& turn, OpenDecision& open) {
  open.must_verify = true;
  for (Action& action : open.decision.actions) {
    if (action.state == ActionState::kReleased) action.state = ActionState::kPending;
    // Whether it was refused or not answered is not stored: one that was refused is only asked first.
    const bool asked = action.state == ActionState::kPending && action.attempts > 0;
    if (asked && action.kind == ActionKind::kEvictPod) open.ladder.unanswered.insert(action.number);
  }
  AddEvidence(open.decision.evidence,
              {turn.now, "coordinator",
               absl::StrCat("the coordinator started again (epoch ", turn.state.epoch,
                            "): the node is judged again before anything more is done"),
               Direction::kNeither});
  turn.Changed(open);
}

}  // namespace evenkeel::coordinator
