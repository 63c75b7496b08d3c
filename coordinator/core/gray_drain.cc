#include "coordinator/core/gray_drain.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/plan_failover.h"
#include "coordinator/core/plan_gray.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/standing.h"

namespace evenkeel::coordinator {
namespace {

// How long the replacement of an evicted pod may take before its workload is disturbed no further.
constexpr absl::Duration kReplacementPatience = absl::Minutes(1);

// How often an eviction that nobody answers is asked again before others go first. An admission webhook that
// does not answer for one pod must not hold the rest.
constexpr uint32_t kMostDoubtfulTries = 5;

// The evicted pod's workload is whole again, or has had its time.
void AwaitReplacement(Turn& turn, const Cluster& cluster, OpenDecision& open) {
  GrayLadder& ladder = open.ladder;
  for (auto stuck = ladder.stuck.begin(); stuck != ladder.stuck.end();) {
    const bool over = cluster.pods.ReadyElsewhere(stuck->first, open.decision.node) >= stuck->second;
    stuck = over ? ladder.stuck.erase(stuck) : std::next(stuck);
  }
  if (ladder.awaited.empty()) return;
  const size_t wanted = ladder.ready_before + 1;
  if (cluster.pods.ReadyElsewhere(ladder.awaited, open.decision.node) < wanted) {
    if (turn.now < ladder.patience) return;
    ladder.stuck[ladder.awaited] = wanted;
    for (const WorkloadRecovery& workload : open.decision.workloads) {
      if (workload.controller.uid != ladder.awaited) continue;
      const Alternative alternative{
          absl::StrCat("go on evicting pods of ", Say(workload.controller)),
          absl::StrCat("its last replacement was not Ready after ", Say(kReplacementPatience))};
      auto& known = open.decision.alternatives;
      if (std::find(known.begin(), known.end(), alternative) == known.end()) known.push_back(alternative);
    }
    turn.Changed(open);
  }
  ladder.awaited.clear();
}

void CountRestored(Turn& turn, const Cluster& cluster, OpenDecision& open) {
  for (WorkloadRecovery& workload : open.decision.workloads) {
    const size_t ready = cluster.pods.ReadyElsewhere(workload.controller.uid, open.decision.node);
    const size_t grown = ready - std::min<size_t>(ready, workload.ready_elsewhere_before);
    const auto restored = static_cast<uint32_t>(std::min<size_t>(grown, workload.removed));
    if (restored == workload.restored) continue;
    workload.restored = restored;
    turn.Changed(open);
  }
}

Action* EvictionOf(Decision& decision, const std::string& uid) {
  const auto found = std::find_if(decision.actions.begin(), decision.actions.end(), [&uid](const Action& a) {
    return a.kind == ActionKind::kEvictPod && a.uid == uid;
  });
  return found == decision.actions.end() ? nullptr : &*found;
}

// Before a pod of the workload is asked for: whose it is, and how the workload fares, must be known when its
// answer is lost and the pod is gone, be it to the next coordinator (L4). The last in the list is the one
// that was asked for last.
void NoteWorkload(Turn& turn, const Cluster& cluster, OpenDecision& open, const std::string& name_space,
                  const Controller& controller) {
  auto& workloads = open.decision.workloads;
  auto known = std::find_if(workloads.begin(), workloads.end(), [&](const WorkloadRecovery& workload) {
    return workload.controller.uid == controller.uid;
  });
  if (known == workloads.end()) {
    WorkloadRecovery fresh;
    fresh.name_space = name_space;
    fresh.controller = controller;
    fresh.ready_elsewhere_before =
        static_cast<uint32_t>(cluster.pods.ReadyElsewhere(controller.uid, open.decision.node));
    known = workloads.insert(workloads.end(), std::move(fresh));
  }
  std::rotate(known, known + 1, workloads.end());
  turn.Changed(open);
}

// How many pods of the workload were Ready on other nodes before an eviction that may have been done: no more
// than are to be when all that was evicted before is replaced, for its own replacement may be among them.
size_t ReadyBefore(const Cluster& cluster, const OpenDecision& open, const std::string& controller_uid) {
  const size_t now = cluster.pods.ReadyElsewhere(controller_uid, open.decision.node);
  for (const WorkloadRecovery& workload : open.decision.workloads) {
    if (workload.controller.uid != controller_uid) continue;
    return std::min<size_t>(now, workload.ready_elsewhere_before + workload.removed);
  }
  return now;
}

// No other eviction of the decision was handed out after it.
bool IsLastEviction(const Decision& decision, const Action& eviction) {
  return std::none_of(decision.actions.begin(), decision.actions.end(), [&eviction](const Action& other) {
    return other.kind == ActionKind::kEvictPod && other.release_time &&
           (!eviction.release_time || *other.release_time > *eviction.release_time);
  });
}

// Whose pod an unanswered eviction has taken: of its successor, if that has its name, else as it was noted.
const Controller* OwnerOfGone(const OpenDecision& open, const Action& eviction, const PodFacts* successor) {
  if (successor != nullptr) return &successor->controller;
  const auto& workloads = open.decision.workloads;
  if (workloads.empty() || !IsLastEviction(open.decision, eviction)) return nullptr;
  return &workloads.back().controller;
}

// A pod has been evicted: its workload gets time, and counts as moved.
void CountEvicted(Turn& turn, const Cluster& cluster, Node& node, OpenDecision& open,
                  const std::string& name_space, const Controller& controller) {
  open.ladder.awaited = controller.uid;
  open.ladder.patience = turn.now + kReplacementPatience;
  CountRemoved(open.decision.workloads, name_space, controller, cluster.pods, node.key.node);
  CountRemoved(node.record.moved, name_space, controller, cluster.pods, node.key.node);
  turn.RecordChanged(node);
}

// A pod that is gone, or on its way out by another's hand, needs no eviction any more. Where ours was not
// answered, it was ours (L4).
void DropGone(Turn& turn, const Cluster& cluster, Node& node, OpenDecision& open) {
  for (Action& action : open.decision.actions) {
    if (action.kind != ActionKind::kEvictPod || action.state != ActionState::kPending) continue;
    const PodFacts* pod = cluster.pods.Find({action.name_space, action.name});
    if (pod != nullptr && pod->uid == action.uid && !pod->deleting) continue;
    action.state = action.attempts > 0 ? ActionState::kDone : ActionState::kSkipped;
    action.result = "the pod is gone";
    turn.Changed(open);
    const bool ours = open.ladder.unanswered.erase(action.number) > 0;
    // Of the one that was handed out last NoteEviction knows more; this is one from before a start.
    if (!ours || open.ladder.eviction == action.number) continue;
    const Controller* owner = OwnerOfGone(open, action, pod);
    if (owner == nullptr) continue;
    open.ladder.ready_before = ReadyBefore(cluster, open, owner->uid);
    CountEvicted(turn, cluster, node, open, action.name_space, Controller(*owner));
  }
}

}  // namespace

void ForgetUntouched(OpenDecision& open) {
  std::erase_if(open.decision.workloads,
                [](const WorkloadRecovery& workload) { return workload.removed == 0; });
}

void NoteEviction(Turn& turn, const Cluster& cluster, Node& node, OpenDecision& open) {
  GrayLadder& ladder = open.ladder;
  if (ladder.eviction == 0) return;
  const Action& eviction = open.decision.actions[ladder.eviction - 1];
  if (eviction.state == ActionState::kReleased || eviction.state == ActionState::kPending) return;
  ladder.unanswered.erase(ladder.eviction);
  ladder.eviction = 0;
  if (eviction.state != ActionState::kDone) return;
  CountEvicted(turn, cluster, node, open, ladder.name_space, ladder.controller);
}

void NoteGonePods(Turn& turn, const Cluster& cluster, Node& node, OpenDecision& open) {
  DropGone(turn, cluster, node, open);
  NoteEviction(turn, cluster, node, open);
}

std::optional<PodName> NextToEvict(Turn& turn, const Cluster& cluster, OpenDecision& open,
                                   const std::vector<Symptom>& symptoms) {
  AwaitReplacement(turn, cluster, open);
  CountRestored(turn, cluster, open);
  if (!open.ladder.awaited.empty()) return std::nullopt;
  std::vector<Alternative> stays;
  const std::vector<PodName> pods =
      PodsToEvict(open.decision.node, cluster.pods, CanEndPods(symptoms), &stays);
  for (Alternative& stay : stays) {
    auto& known = open.decision.alternatives;
    if (std::find(known.begin(), known.end(), stay) != known.end()) continue;
    known.push_back(std::move(stay));
    turn.Changed(open);
  }
  for (const PodName& name : pods) {
    const PodFacts& pod = *cluster.pods.Find(name);
    const Action* eviction = EvictionOf(open.decision, pod.uid);
    const bool doubtful = eviction != nullptr && eviction->state == ActionState::kPending &&
                          open.ladder.unanswered.contains(eviction->number) &&
                          eviction->attempts < kMostDoubtfulTries &&
                          !open.ladder.stuck.contains(pod.controller.uid);
    if (!doubtful) continue;
    return MayRetry(*eviction, turn.now) ? std::optional(name) : std::nullopt;
  }
  std::optional<PodName> again;
  for (const PodName& name : pods) {
    const PodFacts& pod = *cluster.pods.Find(name);
    if (open.ladder.stuck.contains(pod.controller.uid)) continue;
    const Action* eviction = EvictionOf(open.decision, pod.uid);
    if (eviction == nullptr) return name;
    const bool due = eviction->state == ActionState::kPending && MayRetry(*eviction, turn.now);
    if (due && !again) again = name;
  }
  return again;
}

void Evict(Turn& turn, const Cluster& cluster, Node& node, OpenDecision& open, const PodName& name) {
  const PodFacts& pod = *cluster.pods.Find(name);
  Action* eviction = EvictionOf(open.decision, pod.uid);
  if (eviction == nullptr) {
    Action fresh = GrayAction(open.decision, ActionKind::kEvictPod, name.name, pod.uid);
    fresh.name_space = name.name_space;
    open.decision.actions.push_back(std::move(fresh));
    eviction = &open.decision.actions.back();
  }
  SetDrained(turn, node, true);
  GrayLadder& ladder = open.ladder;
  NoteWorkload(turn, cluster, open, name.name_space, pod.controller);
  // An earlier try of it that nobody answered may have been done: then its replacement may be Ready by now.
  // It stays in doubt until there is an answer: this one may be taken back.
  const bool doubtful = ladder.unanswered.contains(eviction->number);
  const bool counted = doubtful && ladder.eviction == eviction->number;
  ladder.eviction = eviction->number;
  ladder.name_space = name.name_space;
  ladder.controller = pod.controller;
  if (!counted) {
    ladder.ready_before = doubtful ? ReadyBefore(cluster, open, pod.controller.uid)
                                   : cluster.pods.ReadyElsewhere(pod.controller.uid, open.decision.node);
  }
  turn.Release(open, *eviction);
}

bool IsMoved(const Cluster& cluster, const Node& node, const Decision& decision) {
  const auto& workloads = decision.workloads;
  const bool restored = std::all_of(workloads.begin(), workloads.end(), [](const WorkloadRecovery& workload) {
    return workload.restored >= workload.removed;
  });
  return restored && PodsToEvict(node.key.node, cluster.pods, false, nullptr).empty();
}

}  // namespace evenkeel::coordinator
