#include "coordinator/core/burst/carry_burst.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/drain_backs.h"
#include "coordinator/core/burst/headrooms.h"
#include "coordinator/core/burst/look_burst.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

constexpr absl::Duration kFirstPause = absl::Seconds(1);
constexpr absl::Duration kLongestPause = absl::Minutes(5);
constexpr uint32_t kMostEvictions = 3;
// Of one decision: those that stand other than they should have pauses of their own between two decisions.
constexpr uint32_t kMostOfBurst = 3;
constexpr uint32_t kMostOfValve = 1;

void Lengthen(absl::Duration& pause, absl::Time& from, absl::Time now) {
  pause = std::clamp(pause * 2, kFirstPause, kLongestPause);
  from = now + pause;
}

size_t CountOf(const Decision& decision, ActionKind kind, ActionState state) {
  return static_cast<size_t>(
      std::count_if(decision.actions.begin(), decision.actions.end(),
                    [&](const Action& action) { return action.kind == kind && action.state == state; }));
}

bool HasKind(const Decision& decision, ActionKind kind) {
  return std::any_of(decision.actions.begin(), decision.actions.end(),
                     [kind](const Action& action) { return action.kind == kind; });
}

// Why the first that failed did.
std::string WhyFailed(const Decision& decision) {
  for (const Action& action : decision.actions) {
    if (action.state == ActionState::kFailed) return absl::StrCat(action.name, ": ", action.result);
  }
  return "";
}

// Why the first that was not asked again was not.
std::string WhySkipped(const Decision& decision) {
  for (const Action& action : decision.actions) {
    if (action.state == ActionState::kSkipped) return action.result;
  }
  return "";
}

// The answers are newer than the last observation of the nodes. One whose taint cannot be set as it should be
// is left alone for a while, and no other with it.
void NoteValves(Cluster& cluster, const Decision& decision, absl::Time now) {
  for (const Action& action : decision.actions) {
    const bool close = action.kind == ActionKind::kCloseValve;
    if (!close && action.kind != ActionKind::kOpenValve) continue;
    const bool due = close || decision.kind == DecisionKind::kValve;
    if (due && action.state == ActionState::kFailed && cluster.nodes.contains(action.name)) {
      ValvePause& pause = cluster.burst.not_as_due[action.name];
      Lengthen(pause.pause, pause.from, now);
    }
    if (action.state != ActionState::kDone) continue;
    cluster.burst.not_as_due.erase(action.name);
    const auto node = cluster.nodes.find(action.name);
    if (node == cluster.nodes.end() || !node->second.facts || node->second.facts->uid != action.uid) continue;
    node->second.facts->valve_taint = close;
    if (close) {
      cluster.burst.tainted.insert(action.name);
    } else {
      cluster.burst.tainted.erase(action.name);
    }
  }
}

void OnBurstActed(Turn& turn, Cluster& cluster, OpenDecision& open) {
  Burst& burst = cluster.burst;
  const Decision& decision = open.decision;
  if (!HasKind(decision, ActionKind::kCloseValve)) {
    if (CountOf(decision, ActionKind::kOpenValve, ActionState::kDone) > 0) {
      burst.opened = turn.now;
      return BurstLookSoon(turn, cluster);
    }
    if (const std::string why_not = WhySkipped(decision); !why_not.empty()) {
      turn.Close(open, DecisionState::kCancelled, absl::StrCat("No virtual node was opened: ", why_not));
      return BurstLookSoon(turn, cluster);
    }
    Lengthen(burst.no_burst.pause, burst.no_burst.from, turn.now);
    turn.Close(open, DecisionState::kFailed,
               absl::StrCat("No virtual node could be opened: ", WhyFailed(decision)));
    turn.AnnounceStep(decision, "closed", true, "BurstFailed", decision.outcome);
    return BurstLookSoon(turn, cluster);
  }
  burst.opened.reset();
  burst.no_burst.pause = absl::ZeroDuration();
  const size_t failed = CountOf(decision, ActionKind::kCloseValve, ActionState::kFailed);
  turn.Close(open, failed == 0 ? DecisionState::kSucceeded : DecisionState::kFailed,
             failed == 0 ? absl::StrCat("Virtual nodes are closed again: ", open.unneeded)
                         : absl::StrCat("Virtual nodes could not be closed again: ", WhyFailed(decision)));
  turn.AnnounceStep(decision, "closed", failed > 0, failed == 0 ? "BurstClosed" : "BurstNotClosed",
                    decision.outcome);
  BurstLookSoon(turn, cluster);
}

void OnValveActed(Turn& turn, Cluster& cluster, OpenDecision& open) {
  const std::string why = WhyFailed(open.decision);
  turn.Close(open, why.empty() ? DecisionState::kSucceeded : DecisionState::kFailed,
             why.empty() ? "It is so now" : absl::StrCat("It could not be done: ", why));
  BurstLookSoon(turn, cluster);
}

void OnMarked(Turn& turn, Cluster& cluster, OpenDecision& open) {
  Burst& burst = cluster.burst;
  const Decision& decision = open.decision;
  for (const Action& action : decision.actions) {
    if (action.state != ActionState::kDone) continue;
    const PodName name{action.name_space, action.name};
    burst.unmarked.erase(name);
    const PodFacts* pod = cluster.pods.Find(name);
    if (pod != nullptr && pod->uid == action.uid && !pod->deletion_cost) burst.marked[name] = action.uid;
  }
  const std::string why = WhyFailed(decision);
  if (why.empty()) {
    burst.mark_pause = absl::ZeroDuration();
  } else {
    Lengthen(burst.mark_pause, burst.mark_from, turn.now);
  }
  const size_t done = CountOf(decision, ActionKind::kSetDeletionCost, ActionState::kDone);
  turn.Close(open, why.empty() ? DecisionState::kSucceeded : DecisionState::kFailed,
             absl::StrCat(done, " of ", Count(decision.actions.size(), "pod"), " marked",
                          why.empty() ? "" : absl::StrCat("; ", why)));
  BurstLookSoon(turn, cluster);
}

void OnGivenUp(Turn& turn, Cluster& cluster, OpenDecision& open) {
  const size_t done = CountOf(open.decision, ActionKind::kEvictPod, ActionState::kDone);
  const std::string why = WhyFailed(open.decision);
  turn.Close(open, why.empty() ? DecisionState::kSucceeded : DecisionState::kFailed,
             absl::StrCat(done, " of ", Count(open.decision.actions.size(), "pod"), " taken off it",
                          why.empty() ? "" : absl::StrCat("; ", why)));
  BurstLookSoon(turn, cluster);
}

void SkipUnended(Decision& decision, ActionKind kind, const char* why) {
  for (Action& action : decision.actions) {
    if (action.kind != kind) continue;
    if (action.state != ActionState::kPending && action.state != ActionState::kReleased) continue;
    action.state = ActionState::kSkipped;
    action.result = why;
  }
}

// L11: what comes to nothing again and again (something else undoes it, a webhook does not let it) ends, so
// that no burst and no other node waits for it.
void GiveUpTriedValves(Turn& turn, OpenDecision& open) {
  const uint32_t most = open.decision.kind == DecisionKind::kValve ? kMostOfValve : kMostOfBurst;
  for (Action& action : open.decision.actions) {
    const bool valve = action.kind == ActionKind::kOpenValve || action.kind == ActionKind::kCloseValve;
    if (!valve || action.state != ActionState::kPending || action.attempts < most) continue;
    action.state = ActionState::kFailed;
    action.result = absl::StrCat("given up after ", Count(action.attempts, "attempt"),
                                 action.result.empty() ? "" : absl::StrCat(": ", action.result));
    turn.Changed(open);
  }
}

// L8: what had to wait is right only by what is true now. An opening passes its guards again, and a pod that
// has come up meanwhile is not given up.
void SkipWhatIsNotRightAnyMore(Turn& turn, const Cluster& cluster, OpenDecision& open) {
  Decision& decision = open.decision;
  const bool opens = decision.kind == DecisionKind::kBurst && !HasKind(decision, ActionKind::kCloseValve);
  const std::string why_not = opens ? WhyNotOpen(cluster, turn.now) : "";
  for (Action& action : decision.actions) {
    if (action.state != ActionState::kPending) continue;
    std::string why = opens ? why_not : "";
    if (decision.kind == DecisionKind::kBackOff) {
      const PodFacts* pod = cluster.pods.Find({action.name_space, action.name});
      if (pod != nullptr && pod->uid == action.uid && pod->ready) why = "it has come up meanwhile";
    }
    if (why.empty()) continue;
    action.state = ActionState::kSkipped;
    action.result = std::move(why);
    turn.Changed(open);
  }
}

}  // namespace

bool IsOnVirtualNodes(const Decision& decision) {
  return decision.kind == DecisionKind::kBurst || decision.kind == DecisionKind::kValve ||
         decision.kind == DecisionKind::kFirstToGo || decision.kind == DecisionKind::kBackOff ||
         decision.kind == DecisionKind::kHeadroom;
}

bool MayReleaseOnVirtualNodes(const Cluster& cluster, const OpenDecision& open, const Action& action) {
  if (cluster.record.pause || !cluster.sight.api_reachable || open.must_verify) return false;
  if (action.kind == ActionKind::kOpenValve || action.kind == ActionKind::kCloseValve) return true;
  if (action.kind == ActionKind::kSetDeletionCost) return true;
  if (action.kind == ActionKind::kSetPlaceholders || action.kind == ActionKind::kAskForMachines) return true;
  const bool grows = action.replicas && action.replicas->to > action.replicas->from;
  return grows || !cluster.sight.blind;
}

void OnVirtualNodesActed(Turn& turn, OpenDecision& open) {
  Cluster* cluster = turn.FindCluster(open.decision.cluster);
  if (cluster == nullptr) return;
  NoteValves(*cluster, open.decision, turn.now);
  switch (open.decision.kind) {
    case DecisionKind::kBurst:
      return OnBurstActed(turn, *cluster, open);
    case DecisionKind::kValve:
      return OnValveActed(turn, *cluster, open);
    case DecisionKind::kFirstToGo:
      return OnMarked(turn, *cluster, open);
    case DecisionKind::kHeadroom:
      return OnHeadroomActed(turn, *cluster, open);
    default:
      return OnGivenUp(turn, *cluster, open);
  }
}

void CarryOnVirtualNodes(Turn& turn, OpenDecision& open) {
  if (AllEnded(open.decision)) return;
  SkipTriedEvictions(turn, open, kMostEvictions);
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  // Before the first list, and while the API is away, nobody can know; nor is anything handed out then.
  if (cluster != nullptr && cluster->sight.listed && cluster->sight.api_reachable) {
    GiveUpTriedValves(turn, open);
    SkipWhatIsNotRightAnyMore(turn, *cluster, open);
  }
  if (AllEnded(open.decision)) return OnVirtualNodesActed(turn, open);
  ReleaseNext(turn, open);
}

void CloseValves(Turn& turn, Cluster& cluster, OpenDecision& open) {
  Decision& decision = open.decision;
  const uint32_t stage = LastStage(decision) + 1;
  for (const std::string& name : cluster.burst.virtual_nodes) {
    const auto node = cluster.nodes.find(name);
    if (node == cluster.nodes.end() || !node->second.facts) continue;
    decision.actions.push_back(Action{.number = static_cast<uint32_t>(decision.actions.size() + 1),
                                      .stage = stage,
                                      .kind = ActionKind::kCloseValve,
                                      .name_space = {},
                                      .name = name,
                                      .uid = node->second.facts->uid,
                                      .result = {},
                                      .replicas = {}});
  }
  turn.Changed(open);
  if (AllEnded(decision)) {  // there is no virtual node any more
    cluster.burst.opened.reset();
    return turn.Close(open, DecisionState::kSucceeded,
                      absl::StrCat("No virtual node is left: ", open.unneeded));
  }
  ReleaseNext(turn, open);
}

void RestoreVirtualNodes(Turn& turn, Cluster& cluster, OpenDecision& open) {
  Decision& decision = open.decision;
  constexpr char kNotKnown[] = "whether it was done is not known: the coordinator was restarted";
  if (decision.kind != DecisionKind::kBurst) {
    for (const ActionKind kind :
         {ActionKind::kOpenValve, ActionKind::kCloseValve, ActionKind::kSetDeletionCost,
          ActionKind::kEvictPod, ActionKind::kSetPlaceholders, ActionKind::kAskForMachines}) {
      SkipUnended(decision, kind, kNotKnown);
    }
    return turn.Close(open, DecisionState::kCancelled,
                      "The coordinator was restarted: what is then needed is planned anew");
  }
  cluster.open.insert(decision.id);
  cluster.burst.open_decision = cluster.burst.last_decision = decision.id;
  for (Action& action : decision.actions) {
    if (action.state == ActionState::kReleased) action.state = ActionState::kPending;
  }
  open.unneeded = "as was decided before the coordinator was restarted";  // where they are being closed
  if (!AllEnded(decision)) return;
  if (HasKind(decision, ActionKind::kCloseValve)) {
    return turn.Close(open, DecisionState::kSucceeded, "Virtual nodes were closed before a restart");
  }
  cluster.burst.opened = turn.now;
}

void SkipTriedEvictions(Turn& turn, OpenDecision& open, uint32_t most) {
  for (Action& action : open.decision.actions) {
    if (action.kind != ActionKind::kEvictPod || action.state != ActionState::kPending) continue;
    if (action.attempts < most) continue;
    action.state = ActionState::kSkipped;
    action.result = absl::StrCat("given up after ", Count(action.attempts, "attempt"),
                                 action.result.empty() ? "" : absl::StrCat(": ", action.result));
    turn.Changed(open);
  }
}

void SkipEvictionsPastSpare(Turn& turn, OpenDecision& open) {
  const Scaler* scaler = turn.ScalerOf(open.decision);
  const bool seen = scaler != nullptr && scaler->workload;
  const auto is_ready = [&](const std::string& uid) {
    const auto pod = scaler->pods.find(uid);
    return pod != scaler->pods.end() && pod->second.facts.ready && !pod->second.facts.deleting;
  };
  // One that is gone is no loss; one that has not been told of yet may be.
  const auto is_loss = [&](const std::string& uid) {
    return is_ready(uid) || (scaler->pods_told_by && scaler->pods.find(uid) == scaler->pods.end());
  };
  // Nobody tells of its pods any more: then there is none to spare.
  int64_t spare = 0;
  if (seen) {
    spare -= SurgeOf(open.decision)->from;
    for (const auto& [uid, pod] : scaler->pods) spare += is_ready(uid) ? 1 : 0;
    for (const Action& action : open.decision.actions) {
      const bool under_way = action.kind == ActionKind::kEvictPod && action.state == ActionState::kReleased;
      if (under_way && is_loss(action.uid)) --spare;
    }
  }
  for (Action& action : open.decision.actions) {
    if (action.kind != ActionKind::kEvictPod || action.state != ActionState::kPending) continue;
    if (seen && !is_loss(action.uid)) continue;
    if (spare-- > 0) continue;
    action.state = ActionState::kSkipped;
    action.result = "not any more: fewer pods than are wanted would be Ready";
    turn.Changed(open);
  }
}

void ReviewBursts(Turn& turn, Cluster& cluster, const std::string& reason) {
  for (const DecisionId& id : std::vector<DecisionId>(cluster.open.begin(), cluster.open.end())) {
    OpenDecision* open = turn.FindOpen(id);
    if (open == nullptr) continue;
    const bool drains_back = open->decision.kind == DecisionKind::kDrainBack;
    if (!drains_back && !IsOnVirtualNodes(open->decision)) continue;
    const std::vector<Action>& actions = open->decision.actions;
    const bool wrong = std::any_of(actions.begin(), actions.end(), [&](const Action& action) {
      return action.state == ActionState::kReleased && !MayReleaseOnVirtualNodes(cluster, *open, action);
    });
    if (wrong) {
      turn.Withdraw(*open, reason);
    } else if (drains_back) {
      CarryOnDrainBack(turn, *open);
    } else {
      CarryOnVirtualNodes(turn, *open);
    }
  }
  BurstLookSoon(turn, cluster);
}

}  // namespace evenkeel::coordinator
