#include "coordinator/core/burst/drain_backs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/carry_burst.h"
#include "coordinator/core/burst/damping.h"
#include "coordinator/core/burst/drain_back.h"
#include "coordinator/core/burst/drain_back_begin.h"
#include "coordinator/core/burst/drain_back_sight.h"
#include "coordinator/core/burst/look_burst.h"
#include "coordinator/core/burst/victims.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/scale/minimums.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

constexpr uint32_t kMostEvictionTries = 3;
// How often it is seen whether the pods that evictions wait for have been told.
constexpr absl::Duration kPodsAskedForAgain = absl::Milliseconds(250);

// The one action that every drain-back begins with.
const Action& SurgeAction(const OpenDecision& open) {
  return open.decision.actions.front();
}

bool IsReturning(const OpenDecision& open) {
  return open.decision.actions.size() > 1;
}

void AppendReturn(Turn& turn, const Scaler* scaler, OpenDecision& open) {
  Decision& decision = open.decision;
  Action back = SurgeAction(open);
  back.number = static_cast<uint32_t>(decision.actions.size() + 1);
  back.stage = LastStage(decision) + 1;
  back.state = ActionState::kPending;
  back.result.clear();
  back.release_time.reset();
  back.finish_time.reset();
  back.attempts = 0;
  std::swap(back.replicas->from, back.replicas->to);
  if (scaler != nullptr && scaler->workload) back.uid = scaler->record.uid;
  decision.actions.push_back(std::move(back));
  turn.Changed(open);
}

void AppendEvictions(const Cluster& cluster, const Scaler& scaler, const DrainBackPods& pods, int64_t number,
                     OpenDecision& open) {
  Decision& decision = open.decision;
  const uint32_t stage = LastStage(decision) + 1;
  for (const VictimCandidate& victim :
       PickVirtualVictims(pods.candidates, static_cast<size_t>(number), cluster.burst.policy->prices)) {
    decision.actions.push_back(Action{.number = static_cast<uint32_t>(decision.actions.size() + 1),
                                      .stage = stage,
                                      .kind = ActionKind::kEvictPod,
                                      .name_space = scaler.policy.target.name_space,
                                      .name = victim.name,
                                      .uid = victim.uid,
                                      .result = {},
                                      .replicas = {}});
  }
}

void EndDrainBack(Turn& turn, OpenDecision& open, DecisionState end, std::string outcome, bool undone) {
  Scaler* scaler = turn.ScalerOf(open.decision);
  if (scaler != nullptr) {
    scaler->surge.reset();
    DrainBackPause& pause = scaler->drain_back;
    pause.undone = undone ? pause.undone + 1 : 0;
    pause.not_before = turn.now + PauseAfterDrainBack(pause.undone);
  }
  turn.Close(open, end, std::move(outcome));
  turn.AnnounceStep(open.decision, "closed", end == DecisionState::kFailed,
                    end == DecisionState::kSucceeded ? "DrainedBack" : "DrainBackEnded",
                    open.decision.outcome);
  if (scaler != nullptr) LookSoon(turn, *scaler);
  if (Cluster* cluster = turn.FindCluster(open.decision.cluster)) {
    PressingChanged(*cluster);
    BurstLookSoon(turn, *cluster);
  }
}

void KeepSurge(Turn& turn, OpenDecision& open, int64_t least) {
  EndDrainBack(turn, open, DecisionState::kCancelled,
               absl::StrCat("The pods that were added stay: no fewer than ", least, " may be now"), false);
}

// L9: the minimum may have been raised while the return, or what goes before it, had to wait. True: nothing
// more is taken; what is on its way is answered first.
bool KeepsSurge(Turn& turn, OpenDecision& open) {
  const Scaler* scaler = turn.ScalerOf(open.decision);
  Action& back = open.decision.actions.back();
  if (scaler == nullptr || !IsReturning(open) || back.state != ActionState::kPending) return false;
  const ScaleRules& rules = scaler->policy.rules;
  const int64_t least = std::min(MinimumAt(rules.minimums, turn.now).replicas, rules.maximum);
  if (least <= back.replicas->to) return false;
  bool awaited = false;
  for (Action& action : open.decision.actions) {
    awaited = awaited || action.state == ActionState::kReleased;
    if (action.state != ActionState::kPending || &action == &back) continue;
    action.state = ActionState::kSkipped;
    action.result = "not any more: more pods are wanted now";
  }
  turn.Changed(open);
  if (awaited) return true;
  back.state = ActionState::kSkipped;
  back.result = back.attempts > 0 ? "whether it was done is not known" : "it was not done";
  KeepSurge(turn, open, least);
  return true;
}

void GoOn(Turn& turn, const Cluster& cluster, Scaler& scaler, OpenDecision& open, absl::Time& again) {
  const Action& surge_action = SurgeAction(open);
  if (IsReturning(open) || surge_action.state != ActionState::kDone || open.must_verify) return;
  if (!scaler.workload) return LoseDrainBack(turn, open, scaler.unseen);  // gone while its answer was awaited
  // What is seen of pods is old, or what is said of nodes is in doubt (L2, L8): whoever ends that looks
  // again.
  if (!cluster.sight.api_reachable || cluster.record.pause) return;
  const int64_t least = std::min(scaler.advice.minimum.replicas, scaler.policy.rules.maximum);
  if (IsAdviceFresh(scaler, turn.now) && least > SurgeOf(open.decision)->from) {
    return KeepSurge(turn, open, least);
  }
  if (cluster.sight.blind) {
    // To keep pods touches nobody, and the scaler may add more of them.
    if (!IsAdviceFresh(scaler, turn.now) || !AsksForMore(scaler, SurgeOf(open.decision)->from)) return;
    return EndDrainBack(turn, open, DecisionState::kCancelled,
                        "The pods that were added stay: the load asks for more", false);
  }
  if (!RulesVirtualNodes(cluster.burst))
    return UndoDrainBack(turn, open, "the burst policy does not hold any more");
  const Surge surge = *SurgeOf(open.decision);
  const DrainBackPods pods = DrainBackPodsOf(cluster, scaler);
  const DrainBackProgress progress{
      .wanted = surge.from,
      .surge = surge.to - surge.from,
      .ready = pods.ready,
      .ready_on_real = pods.ready_on_real,
      // Not known any more after a restart: nothing has left the virtual nodes yet.
      .ready_on_real_before = open.ready_on_real_before.value_or(surge.from - pods.ready_on_virtual),
      .on_virtual = pods.ready_on_virtual,
      .wants_more = IsAdviceFresh(scaler, turn.now) && AsksForMore(scaler, surge.from),
      .now = turn.now,
      .deadline =
          surge_action.finish_time.value_or(turn.now) + cluster.burst.policy->drain_back.surge_timeout};
  const DrainBackNext next = NextOfDrainBack(progress);
  switch (next.step) {
    case DrainBackStep::kWait:
      again = std::min({again, progress.deadline, turn.now + kAskAgainToComeHome});
      return;
    case DrainBackStep::kKeepSurge:
      return EndDrainBack(turn, open, DecisionState::kCancelled,
                          absl::StrCat("The pods that were added stay: ", next.reason), false);
    case DrainBackStep::kRemove:
      AppendEvictions(cluster, scaler, pods, next.victims, open);
      scaler.pods_told_by.reset();  // who goes is known, so whom nobody knows later is gone
      break;
    case DrainBackStep::kUndo:
      break;
  }
  AddEvidence(open.decision.evidence, {turn.now, "Kubernetes", next.reason, Direction::kNeither});
  AppendReturn(turn, &scaler, open);
  ReleaseNext(turn, open);
}

// The workload is told before its pods. Evictions that are to be weighed by them wait for as many as it has,
// and no longer than kPodsToldWithin (L11).
bool WaitsForPods(Turn& turn, Scaler& scaler, const OpenDecision& open) {
  if (!scaler.pods_told_by || !scaler.workload) return false;
  const bool evicts =
      std::any_of(open.decision.actions.begin(), open.decision.actions.end(), [](const Action& action) {
        return action.kind == ActionKind::kEvictPod && action.state == ActionState::kPending;
      });
  if (!evicts) return false;
  int64_t told = 0;
  for (const auto& [uid, pod] : scaler.pods) {
    const PodPhase phase = pod.facts.phase;
    const bool ended = phase == PodPhase::kSucceeded || phase == PodPhase::kFailed;
    if (!pod.facts.deleting && !ended) ++told;
  }
  if (told >= std::max(scaler.workload->replicas, scaler.workload->status_replicas)) {
    scaler.pods_told_by.reset();
    return false;
  }
  if (turn.now >= *scaler.pods_told_by) return false;
  turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id},
                        std::min(*scaler.pods_told_by, turn.now + kPodsAskedForAgain));
  return true;
}

void MarkSeen(Action& action, absl::Time now) {
  action.state = ActionState::kDone;
  action.finish_time = now;
  action.result = "seen to be so";
}

size_t Evicted(const Decision& decision) {
  return static_cast<size_t>(
      std::count_if(decision.actions.begin(), decision.actions.end(), [](const Action& action) {
        return action.kind == ActionKind::kEvictPod && action.state == ActionState::kDone;
      }));
}

void OnSurged(Turn& turn, OpenDecision& open) {
  const Action& action = SurgeAction(open);
  if (action.state != ActionState::kDone) {
    return EndDrainBack(turn, open, DecisionState::kFailed,
                        absl::StrCat("No pods were added: ", action.result), true);
  }
  Scaler* scaler = turn.ScalerOf(open.decision);
  if (scaler != nullptr) NoteAnswered(*scaler, open.decision.workload_uid, *action.replicas);
  if (!open.unneeded.empty() || scaler == nullptr) {
    AppendReturn(turn, scaler, open);
    return CarryOnDrainBack(turn, open);
  }
  if (Cluster* cluster = turn.FindCluster(open.decision.cluster)) BurstLookSoon(turn, *cluster);
}

void OnReturned(Turn& turn, OpenDecision& open) {
  const Action& back = open.decision.actions.back();
  const std::string subject = open.decision.workload.ToString();
  const size_t evicted = Evicted(open.decision);
  if (back.state != ActionState::kDone) {
    return EndDrainBack(turn, open, DecisionState::kFailed,
                        absl::StrCat(subject, " was not set back to ", back.replicas->to,
                                     " replicas: ", back.result, ". What is still needed is planned anew"),
                        evicted == 0);
  }
  Scaler* scaler = turn.ScalerOf(open.decision);
  if (scaler != nullptr) NoteAnswered(*scaler, open.decision.workload_uid, *back.replicas);
  if (evicted == 0) {
    const std::string why = open.unneeded.empty() ? open.decision.evidence.back().observation : open.unneeded;
    return EndDrainBack(turn, open, DecisionState::kCancelled,
                        absl::StrCat("It was undone, and pods stay on virtual nodes: ", why),
                        open.unneeded.empty());
  }
  Cluster* cluster = turn.FindCluster(open.decision.cluster);
  NoteDrainedBack(cluster->record.burst.damping, turn.now);
  turn.RecordChanged(*cluster);
  open.decision.timings.recovered = turn.now;
  EndDrainBack(turn, open, DecisionState::kSucceeded,
               absl::StrCat(Count(evicted, "pod"), " of ", subject, evicted == 1 ? " has" : " have",
                            " come home to real nodes"),
               false);
}

// The replicas are what is wanted again: nothing more may be taken.
void SeeReturned(Turn& turn, OpenDecision& open) {
  for (Action& action : open.decision.actions) {
    if (action.state != ActionState::kPending) continue;
    if (action.replicas) {
      MarkSeen(action, turn.now);
    } else {
      action.state = ActionState::kSkipped;
      action.result = "not needed any more: the replicas are what is wanted";
    }
  }
  turn.Changed(open);
  if (AllEnded(open.decision)) OnReturned(turn, open);
}

// It ends as it stands. What is on its way has preconditions of its own.
void GiveUp(Turn& turn, OpenDecision& open, std::string outcome) {
  for (Action& action : open.decision.actions) {
    if (action.state != ActionState::kPending && action.state != ActionState::kReleased) continue;
    action.state = ActionState::kSkipped;
    action.result = action.attempts > 0 ? "whether it was done is not known" : "it was not done";
  }
  EndDrainBack(turn, open, DecisionState::kCancelled, std::move(outcome), false);
}

void NeverBegin(Turn& turn, OpenDecision& open, const std::string& why) {
  Action& surge = open.decision.actions.front();
  surge.state = ActionState::kSkipped;
  surge.result = "it was not done";
  EndDrainBack(turn, open, DecisionState::kCancelled, absl::StrCat("It was not begun: ", why), false);
}

// The scalers that have pods on virtual nodes, or a drain-back under way, by name.
std::set<std::string> ScalersConcerned(Turn& turn, const Cluster& cluster) {
  std::set<std::string> names;
  for (const std::string& node : cluster.burst.virtual_nodes) {
    for (const PodName& pod : cluster.pods.OnNode(node)) {
      cluster.scaled_pods.ForEach(
          cluster.pods.Find(pod)->uid,
          [&names](const Scaler& scaler, const ScaledPod&) { names.insert(scaler.record.policy); });
    }
  }
  for (const DecisionId& id : cluster.open) {
    const OpenDecision* open = turn.FindOpen(id);
    if (open == nullptr || open->decision.kind != DecisionKind::kDrainBack) continue;
    if (const Scaler* scaler = turn.ScalerOf(open->decision)) names.insert(scaler->record.policy);
  }
  return names;
}

}  // namespace

std::optional<Surge> SurgeOf(const Decision& decision) {
  if (decision.kind != DecisionKind::kDrainBack || decision.actions.empty()) return std::nullopt;
  const std::optional<ReplicaChange>& replicas = decision.actions.front().replicas;
  if (!replicas) return std::nullopt;
  return Surge{.from = replicas->from, .to = replicas->to};
}

void ReviewDrainBacks(Turn& turn, Cluster& cluster, absl::Time& again) {
  for (const std::string& name : ScalersConcerned(turn, cluster)) {
    Scaler& scaler = *turn.FindScaler(name);
    OpenDecision* open = turn.FindOpen(scaler.open_decision);
    if (open != nullptr && open->decision.kind == DecisionKind::kDrainBack) {
      GoOn(turn, cluster, scaler, *open, again);
    } else if (cluster.burst.policy) {
      MayBeginDrainBack(turn, cluster, scaler, again);
    }
  }
}

void OnDrainBackActed(Turn& turn, OpenDecision& open) {
  if (IsReturning(open)) return OnReturned(turn, open);
  OnSurged(turn, open);
}

void CarryOnDrainBack(Turn& turn, OpenDecision& open) {
  if (open.must_verify) return;
  if (!AllEnded(open.decision)) {
    if (KeepsSurge(turn, open)) return;
    SkipTriedEvictions(turn, open, kMostEvictionTries);
    Scaler* scaler = turn.ScalerOf(open.decision);
    if (scaler != nullptr && WaitsForPods(turn, *scaler, open)) return;
    SkipEvictionsPastSpare(turn, open);
    return ReleaseNext(turn, open);
  }
  if (Cluster* cluster = turn.FindCluster(open.decision.cluster)) BurstLookSoon(turn, *cluster);
}

void SeeDrainBack(Turn& turn, Scaler& scaler, OpenDecision& open) {
  const Surge surge = *SurgeOf(open.decision);
  const int64_t replicas = scaler.workload->replicas;
  const bool same = scaler.workload->uid == open.decision.workload_uid;
  if (!same || (replicas != surge.from && replicas != surge.to)) {
    return GiveUp(turn, open,
                  same ? absl::StrCat("Somebody else has set spec.replicas to ", replicas, " meanwhile")
                       : "The workload was replaced by another of its name");
  }
  const bool restored = std::exchange(open.must_verify, false);
  if (IsReturning(open) && replicas == surge.from) return SeeReturned(turn, open);
  Action& first = open.decision.actions.front();
  if (first.state == ActionState::kPending && replicas == surge.to) {
    MarkSeen(first, turn.now);
    turn.Changed(open);
    return OnDrainBackActed(turn, open);
  }
  if (!restored) return;
  if (first.state == ActionState::kPending) {
    return NeverBegin(turn, open, "the coordinator was restarted, and it is planned anew");
  }
  CarryOnDrainBack(turn, open);
}

void LoseDrainBack(Turn& turn, OpenDecision& open, const std::string& reason) {
  const std::vector<Action>& actions = open.decision.actions;
  const bool awaited = std::any_of(actions.begin(), actions.end(), [](const Action& action) {
    return action.state == ActionState::kReleased;
  });
  if (awaited) return;  // L4: what is handed out is of an open decision
  GiveUp(turn, open,
         absl::StrCat(open.decision.workload.ToString(), " is not seen any more (", reason,
                      "): what is needed is planned when it is"));
}

void UndoDrainBack(Turn& turn, OpenDecision& open, const std::string& why) {
  if (IsReturning(open) || !open.unneeded.empty()) return;  // it is on its way already
  open.unneeded = why;
  Action& surge = open.decision.actions.front();
  if (surge.state == ActionState::kPending && surge.attempts == 0) return NeverBegin(turn, open, why);
  if (surge.state == ActionState::kPending) {
    // It may have been done, and nobody may be left who would see that: then there is something to go back
    // from, and else the way back comes to nothing.
    surge.state = ActionState::kSkipped;
    surge.result = "whether it was done is not known";
    AppendReturn(turn, turn.ScalerOf(open.decision), open);
    return CarryOnDrainBack(turn, open);
  }
  if (surge.state == ActionState::kDone) OnSurged(turn, open);
}

void LeaveDrainBack(Turn& turn, OpenDecision& open, const std::string& why) {
  const DecisionId id = open.decision.id;
  const bool unseen = std::exchange(open.must_verify, false);
  UndoDrainBack(turn, open, why);
  // Its return may have waited to be seen since a restart, and nothing else wakes it.
  if (OpenDecision* left = unseen ? turn.FindOpen(id) : nullptr) CarryOnDrainBack(turn, *left);
}

void RestoreDrainBack(Cluster& cluster, OpenDecision& open) {
  cluster.open.insert(open.decision.id);
  open.must_verify = true;
  for (Action& action : open.decision.actions) {
    if (action.state == ActionState::kReleased) action.state = ActionState::kPending;
  }
}

}  // namespace evenkeel::coordinator
