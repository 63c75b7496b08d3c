#include "coordinator/core/scale/carry_scale.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/carry_burst.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/scale/scale_guards.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/scale/take_over.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

constexpr absl::Duration kFirstFailurePause = absl::Seconds(1);
constexpr absl::Duration kLongestFailurePause = absl::Minutes(5);

bool IsScaleIn(const Action& action) {
  return action.replicas && action.replicas->to < action.replicas->from;
}

// What such a decision is for, its last action. Before it pods on virtual nodes may be evicted, so that they
// are the ones that go (burst/virtual_first.h).
Action& ActionOf(OpenDecision& open) {
  return open.decision.actions.back();
}

bool WasTried(const Decision& decision) {
  return decision.actions.back().attempts > 0;
}

// The change was noted when its decision was opened, and was not made.
void TakeBackChange(Turn& turn, Scaler& scaler, const Decision& decision) {
  const std::optional<ReplicaChange>& replicas = decision.actions.back().replicas;
  if (!replicas || !decision.timings.intended) return;
  Changes& changes = scaler.record.memory.changes;
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->added != replicas->to - replicas->from) continue;
    // The store keeps times no finer than the clock does.
    if (absl::AbsDuration(change->time - *decision.timings.intended) > absl::Milliseconds(1)) continue;
    changes.erase(std::next(change).base());
    turn.RecordChanged(scaler);
    return;
  }
}

// The next change is planned no sooner than after a pause that doubles with each failure.
void NoteFailure(Turn& turn, Scaler& scaler) {
  scaler.failure_pause = std::clamp(scaler.failure_pause * 2, kFirstFailurePause, kLongestFailurePause);
  scaler.plan_from = turn.now + scaler.failure_pause;
}

void AnnounceEnd(Turn& turn, const OpenDecision& open, bool warning, absl::string_view reason) {
  turn.AnnounceStep(open.decision, "closed", warning, reason, open.decision.outcome);
}

// The number is what it shall be: no more pods are taken for it.
void SkipEvictions(OpenDecision& open) {
  for (Action& action : open.decision.actions) {
    if (action.kind != ActionKind::kEvictPod) continue;
    if (action.state != ActionState::kPending && action.state != ActionState::kReleased) continue;
    action.state = ActionState::kSkipped;
    action.result = "not needed any more";
  }
}

void Succeed(Turn& turn, OpenDecision& open) {
  const ReplicaChange& replicas = *ActionOf(open).replicas;
  Scaler* scaler = turn.ScalerOf(open.decision);
  if (scaler != nullptr) {
    NoteAnswered(*scaler, open.decision.workload_uid, replicas);
    scaler->record.last_scaled = open.decision.id;
    scaler->failure_pause = absl::ZeroDuration();
    turn.RecordChanged(*scaler);
  }
  const int64_t change = replicas.to - replicas.from;
  turn.Close(open, DecisionState::kSucceeded,
             absl::StrCat(open.decision.workload.ToString(), " has spec.replicas ", replicas.to,
                          " now: ", std::abs(change), change > 0 ? " more" : " fewer"));
  AnnounceEnd(turn, open, false, change > 0 ? "WorkloadScaledOut" : "WorkloadScaledIn");
  if (scaler != nullptr) LookSoon(turn, *scaler);
}

void Fail(Turn& turn, OpenDecision& open) {
  Scaler* scaler = turn.ScalerOf(open.decision);
  if (scaler != nullptr) {
    TakeBackChange(turn, *scaler, open.decision);
    NoteFailure(turn, *scaler);
    // The number may be the one from before the last answer again, set so soon that no observation has shown
    // any other: nobody would ever tell of it.
    if (!std::exchange(scaler->overtaken, {}).empty()) ObserveAgain(turn, *scaler);
  }
  turn.Close(open, DecisionState::kFailed,
             absl::StrCat("The replicas were not set: ", ActionOf(open).result,
                          ". What is still needed is planned anew"));
  AnnounceEnd(turn, open, true, "WorkloadScalingFailed");
  if (scaler != nullptr) LookSoon(turn, *scaler);
}

// L8: what the decision goes by is too old to be begun, or to be asked again.
bool IsOld(const OpenDecision& open, absl::Time now) {
  const absl::Time intended = open.decision.timings.intended.value_or(absl::InfinitePast());
  return now - intended > kPlanHolds || intended > now;
}

std::vector<GuardAnswer> AskAgain(const Turn& turn, const Cluster& cluster, const Scaler& scaler,
                                  int64_t to) {
  ScaleGuardFacts facts = FactsForScaleGuards(turn.state, cluster, scaler, to, turn.now);
  facts.open_decision.clear();  // it is this one
  return AskScaleGuards(facts);
}

// Why what waits to be done has lost its object; empty: it has not.
std::string WhyOver(const Scaler& scaler, const OpenDecision& open) {
  const Decision& decision = open.decision;
  const ReplicaChange& change = *decision.actions.back().replicas;
  if (scaler.workload->uid != decision.workload_uid) {
    return absl::StrCat(decision.workload.ToString(), " was replaced by another of its name");
  }
  const int64_t replicas = scaler.workload->replicas;
  if (replicas == change.from || replicas == change.to) return "";
  return absl::StrCat("Somebody else has set spec.replicas to ", replicas, " meanwhile, from ", change.from,
                      ". What is needed now is planned anew");
}

// The workload shows what it did when the decision was taken: it goes on, where that is still right.
void GoOnOrGiveUp(Turn& turn, Scaler& scaler, OpenDecision& open) {
  if (const std::string why = WhyOver(scaler, open); !why.empty()) return CancelScale(turn, open, why);
  if (IsOld(open, turn.now)) {
    return CancelScale(
        turn, open,
        "It is not seen to have been done, and was planned too long ago. What is needed now is "
        "planned anew");
  }
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  const auto guards = AskAgain(turn, *cluster, scaler, ActionOf(open).replicas->to);
  if (const GuardAnswer* refusal = FirstRefusal(guards)) {
    return CancelScale(turn, open,
                       absl::StrCat("It is not seen to have been done, and the guard ", refusal->guard,
                                    " refuses now: ", refusal->reason));
  }
  open.must_verify = false;
  turn.Changed(open);
  ReleaseNext(turn, open);
}

}  // namespace

bool IsOnWorkload(const Decision& decision) {
  return decision.kind == DecisionKind::kScale || decision.kind == DecisionKind::kTakeOver;
}

void OpenScale(Turn& turn, Scaler& scaler, Decision plan) {
  OpenDecision& open = turn.Open(DecisionKind::kScale, scaler);
  Decision& decision = open.decision;
  decision.summary = std::move(plan.summary);
  decision.evidence = std::move(plan.evidence);
  decision.alternatives = std::move(plan.alternatives);
  decision.guards = std::move(plan.guards);
  decision.actions = std::move(plan.actions);
  decision.timings = plan.timings;
  decision.timings.intended = turn.now;
  const ReplicaChange& replicas = *ActionOf(open).replicas;
  NoteScaled(scaler.policy.rules, scaler.record.memory, replicas.from, replicas.to, turn.now);
  turn.RecordChanged(scaler);
  ReleaseNext(turn, open);
}

bool MayReleaseScale(const Cluster& cluster, const OpenDecision& open, const Action& action) {
  if (cluster.record.pause || !cluster.sight.api_reachable || open.must_verify) return false;
  return !IsScaleIn(action) || !cluster.sight.blind;
}

void OnScaleActed(Turn& turn, OpenDecision& open) {
  if (open.decision.kind == DecisionKind::kTakeOver) return EndTakeOver(turn, open);
  if (ActionOf(open).state == ActionState::kDone) return Succeed(turn, open);
  Fail(turn, open);
}

void OnScaleUnreachable(Turn& turn, OpenDecision& open, Action& action) {
  action.state = ActionState::kPending;
  open.pause = NextPause(open.pause);
  turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id}, turn.now + open.pause);
}

void OnScaleWithdrawn(Turn& turn, OpenDecision& open) {
  if (open.decision.kind == DecisionKind::kTakeOver) return turn.Changed(open);
  CancelScale(turn, open,
              "It was taken back before it was sent. What is then needed is planned when it may be done");
}

void CarryOnScale(Turn& turn, OpenDecision& open) {
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  if (cluster == nullptr || AllEnded(open.decision)) return;
  if (ActionOf(open).state != ActionState::kPending) return;  // its answer is awaited
  Scaler* scaler = turn.ScalerOf(open.decision);
  if (scaler == nullptr) return CancelScale(turn, open, "Its policy is gone");
  // What may not go now goes by the number alone.
  SkipTriedEvictions(turn, open, 1);
  // Whoever ends the pause, or tells of the API, comes here again.
  if (cluster->record.pause || !cluster->sight.api_reachable) return;
  if (open.decision.kind == DecisionKind::kTakeOver) return GoOnTakingOver(turn, *scaler, open);
  if (scaler->absent) return LoseWorkload(turn, *scaler, open);
  open.must_verify = !scaler->workload.has_value();  // kept until it is seen (L8)
  if (scaler->workload) GoOnOrGiveUp(turn, *scaler, open);
}

void ReviewScale(Turn& turn, Scaler& scaler, OpenDecision& open) {
  Action& action = ActionOf(open);
  if (AllEnded(open.decision)) return;
  if (open.decision.kind == DecisionKind::kTakeOver) {
    if (open.must_verify) CarryOnScale(turn, open);
    return;
  }
  const bool awaited = action.state == ActionState::kReleased;
  const bool same = scaler.workload->uid == open.decision.workload_uid;
  if (same && scaler.workload->replicas == action.replicas->to) {
    SkipEvictions(open);
    action.state = ActionState::kDone;
    action.finish_time = turn.now;
    action.result = "seen to be so";
    open.decision.timings.acted = turn.now;
    turn.Changed(open);
    return OnScaleActed(turn, open);
  }
  if (awaited) return;  // its answer tells what it has found
  if (const std::string why = WhyOver(scaler, open); !why.empty()) return CancelScale(turn, open, why);
  if (open.must_verify) CarryOnScale(turn, open);
}

void LoseWorkload(Turn& turn, const Scaler& scaler, OpenDecision& open) {
  if (AllEnded(open.decision)) return;
  if (ActionOf(open).state != ActionState::kPending) return;  // its answer is awaited
  if (open.decision.kind == DecisionKind::kScale) {
    if (!scaler.absent) return;
    return CancelScale(turn, open,
                       absl::StrCat(open.decision.workload.ToString(),
                                    " is not there any more: there is nothing left to be scaled"));
  }
  CancelScale(turn, open,
              absl::StrCat("The autoscaler stays, since ", open.decision.workload.ToString(),
                           " cannot be scaled in its place: ", scaler.unseen));
}

void RestoreScale(Turn& turn, Cluster& cluster, OpenDecision& open) {
  cluster.open.insert(open.decision.id);
  if (open.decision.actions.empty()) {  // not of ours
    return turn.Close(open, DecisionState::kCancelled,
                      "The coordinator was restarted: nothing was to be done");
  }
  open.must_verify = true;
  for (Action& action : open.decision.actions) {
    if (action.state == ActionState::kReleased) action.state = ActionState::kPending;
  }
}

void CancelScale(Turn& turn, OpenDecision& open, const std::string& why) {
  const bool tried = WasTried(open.decision);
  Scaler* scaler = turn.ScalerOf(open.decision);
  // What may have been done stays noted: the rates then allow less, and never more.
  if (scaler != nullptr && !tried) TakeBackChange(turn, *scaler, open.decision);
  for (Action& action : open.decision.actions) {
    if (action.state != ActionState::kPending && action.state != ActionState::kReleased) continue;
    action.state = ActionState::kSkipped;
    action.result = tried ? "whether it was done is not known" : "it was not done";
  }
  turn.Close(open, DecisionState::kCancelled, why);
  const bool takes_over = open.decision.kind == DecisionKind::kTakeOver;
  if (scaler != nullptr && takes_over) scaler->take_over_waits.clear();
  AnnounceEnd(turn, open, takes_over, takes_over ? "AutoscalerTakeOverFailed" : "WorkloadScalingCancelled");
  if (scaler != nullptr) LookSoon(turn, *scaler);
}

void ReviewScalers(Turn& turn, Cluster& cluster, const std::string& reason) {
  for (const DecisionId& id : std::vector<DecisionId>(cluster.open.begin(), cluster.open.end())) {
    OpenDecision* open = turn.FindOpen(id);
    if (open == nullptr || !IsOnWorkload(open->decision)) continue;
    if (ActionOf(*open).state == ActionState::kPending) {
      CarryOnScale(turn, *open);
    } else if (!MayReleaseScale(cluster, *open, ActionOf(*open))) {
      turn.Withdraw(*open, reason);
    }
  }
  LookSoon(turn, cluster);
}

}  // namespace evenkeel::coordinator
