#include "coordinator/core/failover.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/fencing_proof.h"
#include "coordinator/core/gray_ladder.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/plan_failover.h"
#include "coordinator/core/readmission.h"
#include "coordinator/core/recovery.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/room.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/standing.h"

namespace evenkeel::coordinator {
namespace {

// So many pods of one controller that come to the dead node after the plan are dealt with as they come; those
// after them only after growing pauses. Some controllers' pods tolerate every taint and would come back at
// once for ever; a scheduler that was cut off does not know of the taint yet, and deleting the pod faster
// than it learns helps nobody.
constexpr uint32_t kMostPromptLatePods = 3;

OpenDecision* OpenFailover(Turn& turn, const Node& node) {
  OpenDecision* open = turn.FindOpen(node.open_decision);
  return open != nullptr && open->decision.kind == DecisionKind::kFailover ? open : nullptr;
}

// What the verdict of death brings into a decision, whatever becomes of it.
Decision Described(const Turn& turn, const Node& node, FailoverPlan plan, std::vector<GuardAnswer> guards) {
  Decision decision;
  decision.kind = DecisionKind::kFailover;
  decision.verdict = node.verdict;
  decision.confidence = node.confidence;
  decision.evidence = node.silence->evidence;
  decision.guards = std::move(guards);
  decision.alternatives = std::move(plan.alternatives);
  decision.actions = std::move(plan.actions);
  decision.workloads = std::move(plan.workloads);
  decision.timings.last_sign = node.silence->last_beat;
  decision.timings.detected = node.silence->detected;
  decision.timings.judged = turn.now;
  return decision;
}

size_t CountKind(const std::vector<Action>& actions, ActionKind kind) {
  return static_cast<size_t>(std::count_if(actions.begin(), actions.end(),
                                           [kind](const Action& action) { return action.kind == kind; }));
}

// "2 pods are taken off it, 1 pod only loses its traffic".
std::string PlanText(const std::vector<Action>& actions, bool conditional) {
  const size_t deleted = CountKind(actions, ActionKind::kDeletePod);
  const size_t marked = CountKind(actions, ActionKind::kMarkPodUnready);
  const auto verb = [conditional](size_t number, absl::string_view present, absl::string_view would) {
    return conditional ? std::string(would) : absl::StrCat(number == 1 ? "is " : "are ", present);
  };
  std::string text =
      absl::StrCat(Count(deleted, "pod"), " ", verb(deleted, "taken off it", "would be taken off it"));
  if (marked > 0) {
    absl::StrAppend(&text, ", ", Count(marked, "pod"),
                    conditional   ? " would only lose"
                    : marked == 1 ? " only loses"
                                  : " only lose",
                    marked == 1 ? " its traffic" : " their traffic");
  }
  return text;
}

void SkipAll(Decision& decision, const std::string& why) {
  for (Action& action : decision.actions) {
    action.state = ActionState::kSkipped;
    action.result = why;
  }
  decision.workloads.clear();
}

void RecordObserved(Turn& turn, Node& node, Decision decision) {
  node.silence->observed_recorded = true;
  decision.summary =
      absl::StrCat(node.key.node, " is dead: ", node.reason, ". ", PlanText(decision.actions, true));
  SkipAll(decision, "the mode is observe");
  decision.outcome = "Nothing was done: the mode is observe";
  const DecisionId id =
      turn.Record(DecisionKind::kFailover, node, DecisionState::kObserved, std::move(decision));
  const Decision& recorded = turn.state.open.at(id).decision;
  turn.AnnounceStep(recorded, "judged", true, "NodeDeadObserved", recorded.summary);
}

void RecordRefusal(Turn& turn, Node& node, Decision decision, const GuardAnswer& refusal) {
  node.silence->refused_by.insert(refusal.guard);
  const std::string why = absl::StrCat("the guard ", refusal.guard, " refused: ", refusal.reason);
  decision.summary = absl::StrCat(node.key.node, " is dead: ", node.reason, ". It is not failed over: ", why);
  SkipAll(decision, absl::StrCat("the guard ", refusal.guard, " refused"));
  decision.outcome = absl::StrCat("Nothing was done: ", why, ". It is tried again while the node is dead");
  const DecisionId id =
      turn.Record(DecisionKind::kFailover, node, DecisionState::kRefused, std::move(decision));
  const Decision& recorded = turn.state.open.at(id).decision;
  turn.AnnounceStep(recorded, "judged", true, "FailoverRefused", recorded.summary);
}

void Begin(Turn& turn, Node& node, Decision decision) {
  OpenDecision& open = turn.Open(DecisionKind::kFailover, node);
  decision.id = open.decision.id;
  decision.cluster = open.decision.cluster;
  decision.node = open.decision.node;
  decision.node_uid = open.decision.node_uid;
  decision.policy = open.decision.policy;
  decision.policy_etag = open.decision.policy_etag;
  decision.timings.intended = turn.now;
  decision.summary =
      absl::StrCat(node.key.node, " is dead: ", node.reason, ". ", PlanText(decision.actions, false));
  open.decision = std::move(decision);

  if (node.record.failed_over) {
    // It goes on after a proof: what an earlier decision moved may come back too.
    for (const WorkloadRecovery& workload : open.decision.workloads) node.record.moved.push_back(workload);
  } else {
    NoteFailover(node.record.hold_down, turn.now);
    node.record.moved = open.decision.workloads;
  }
  BookDisruption(turn, node);
  node.record.failover = open.decision.id;
  SetFailedOver(turn, node, true);
  open.judged = turn.now;
  FencingVoucherChanged(turn, turn.ClusterOf(node), node.key.node);
  node.silence->settled = true;
  turn.AnnounceStep(open.decision, "judged", true, "NodeDead", open.decision.summary);
  ReleaseNext(turn, open);
}

// What was held back is recorded once per episode: by the mode, and by each guard.
bool IsRecorded(const Cluster& cluster, const Node& node, const GuardAnswer& refusal) {
  const bool observe = cluster.policy.mode == PolicyMode::kObserve;
  return observe ? node.silence->observed_recorded : node.silence->refused_by.contains(refusal.guard);
}

FailoverPlan PlanOf(const Cluster& cluster, const Node& node) {
  return PlanFailover(node.key.node, node.record.uid, cluster.pods,
                      {.proof = node.record.fencing.proof, .hook = cluster.policy.fencing.hook});
}

// While the hook works on the node it is judged on, so that a sign of life ends it (L1).
bool HookWorks(const Decision& decision) {
  return std::any_of(decision.actions.begin(), decision.actions.end(), [](const Action& action) {
    return action.kind == ActionKind::kFenceNode && action.state == ActionState::kReleased;
  });
}

bool AsksHook(const std::vector<Action>& actions) {
  return std::any_of(actions.begin(), actions.end(),
                     [](const Action& action) { return action.kind == ActionKind::kFenceNode; });
}

bool HookIsOpen(const Decision& decision) {
  return std::any_of(decision.actions.begin(), decision.actions.end(), [](const Action& action) {
    const bool ended = action.state != ActionState::kPending && action.state != ActionState::kReleased;
    return action.kind == ActionKind::kFenceNode && !ended;
  });
}

// What an earlier failover has put on the node is not this one's to put, nor to take off again.
FailoverPlan PlanBeside(const Cluster& cluster, const Node& node) {
  FailoverPlan plan = PlanOf(cluster, node);
  if (!node.record.failed_over) return plan;
  plan.actions = WithoutTaintsThere(std::move(plan.actions), *node.facts);
  for (size_t i = 0; i < plan.actions.size(); ++i) plan.actions[i].number = static_cast<uint32_t>(i + 1);
  return plan;
}

void TryFailover(Turn& turn, Node& node) {
  const Cluster& cluster = turn.ClusterOf(node);
  FailoverPlan plan = PlanBeside(cluster, node);
  const bool asks_hook = AsksHook(plan.actions) && !node.fence.hook_asked;
  if (node.record.failed_over && !plan.touches_pods && !asks_hook) {
    node.silence->settled = true;  // failed over before, and nothing has come to it since
    return;
  }
  std::vector<GuardAnswer> guards =
      AskGuards(FactsForGuards(cluster, node, DisruptionKind::kFailover, turn.now));
  const GuardAnswer* refusal = FirstRefusal(guards);
  if (refusal != nullptr && IsRecorded(cluster, node, *refusal)) return;
  RoomFound room = LookForRoom(cluster, node.key.node, plan.actions);
  guards.push_back(std::move(room.answer));
  Decision decision = Described(turn, node, std::move(plan), std::move(guards));
  decision.unplaced = std::move(room.unplaced);
  if (node.record.fencing.proof) decision.timings.fenced = node.record.fencing.proof->time;
  refusal = FirstRefusal(decision.guards);
  if (refusal == nullptr) return Begin(turn, node, std::move(decision));
  if (cluster.policy.mode == PolicyMode::kObserve) return RecordObserved(turn, node, std::move(decision));
  const GuardAnswer why = *refusal;
  RecordRefusal(turn, node, std::move(decision), why);
}

bool Holds(const std::vector<UnplacedPod>& known, const UnplacedPod& pod) {
  return std::any_of(known.begin(), known.end(), [&pod](const UnplacedPod& other) {
    return other.name_space == pod.name_space && other.name == pod.name;
  });
}

// What waited for the proof waits no more.
void TakeProof(const Node& node, Decision& decision, const PodIndex& pods) {
  const std::optional<FenceProof>& proof = node.record.fencing.proof;
  if (!proof) return;
  decision.timings.fenced = proof->time;
  std::erase_if(decision.alternatives, [&](const Alternative& alternative) {
    const std::set<PodName>& names = pods.OnNode(node.key.node);
    return std::any_of(names.begin(), names.end(), [&](const PodName& name) {
      const PodFacts& pod = *pods.Find(name);
      return MustNotRunTwice(pod) && proof->Covers(pod.uid) &&
             alternative.description == StartElsewhere(name);
    });
  });
}

// L4, L8: plans again from what is now true; what is done stays done.
void Resume(Turn& turn, Node& node, OpenDecision& open) {
  const Cluster& cluster = turn.ClusterOf(node);
  AddEvidence(open.decision.evidence,
              {turn.now, "coordinator", absl::StrCat("judged again, still dead: ", node.reason),
               Direction::kAgainstLife});
  TakeProof(node, open.decision, cluster.pods);
  FailoverPlan plan = PlanOf(cluster, node);
  RoomFound room = LookForRoom(cluster, node.key.node, plan.actions);
  for (UnplacedPod& pod : room.unplaced) {
    if (!Holds(open.decision.unplaced, pod)) open.decision.unplaced.push_back(std::move(pod));
  }
  Replan(open.decision, plan, *node.facts, cluster.pods);
  if (open.winding_up) open.give_up.reset();
  open.must_verify = false;
  open.judged = turn.now;
  open.winding_up = false;
  node.silence->settled = true;
  turn.Changed(open);
  Advance(turn, open);
}

void ForgetFailover(Turn& turn, Node& node) {
  SetFailedOver(turn, node, false);
  UpdateWell(turn, node);
  UpdateFencing(turn, node);
}

bool IsPodAction(const Action& action) {
  return action.kind == ActionKind::kDeletePod || action.kind == ActionKind::kMarkPodUnready;
}

// Something was, or may have been, done to a pod.
bool TouchedPods(const Decision& decision) {
  return std::any_of(decision.actions.begin(), decision.actions.end(), [](const Action& action) {
    return IsPodAction(action) && action.state != ActionState::kSkipped &&
           action.state != ActionState::kPending;
  });
}

bool IsDealtWith(const Decision& decision, const PodFacts& pod) {
  return std::any_of(decision.actions.begin(), decision.actions.end(),
                     [&](const Action& action) { return IsPodAction(action) && action.uid == pod.uid; });
}

// Gives a pod that came after the plan its action, in the last stage.
void AddLatePod(Turn& turn, OpenDecision& open, const PodName& name, const PodFacts& pod) {
  const Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  PodJudgement judgement = JudgePod(name, pod, node != nullptr ? node->record.fencing.proof : std::nullopt);
  if (judgement.treatment == PodTreatment::kNone) return;
  if (!judgement.not_taken.description.empty())
    open.decision.alternatives.push_back(std::move(judgement.not_taken));
  std::vector<Action>& actions = open.decision.actions;
  Action action = ActionFor(judgement.treatment, name, pod);
  action.number = static_cast<uint32_t>(actions.size() + 1);
  action.stage = std::max(LastStage(open.decision), kPodStage);
  actions.push_back(std::move(action));
  turn.Changed(open);
}

// It carries our taint, or may: a try that nobody answered may have put it, whatever became of later ones.
bool Tainted(const Decision& decision, ActionKind put, ActionKind take_off) {
  bool tainted = false;
  for (const Action& action : decision.actions) {
    const bool done = action.state == ActionState::kDone || action.state == ActionState::kReleased;
    const bool maybe = action.state != ActionState::kFailed && action.attempts > 0;
    if (action.kind == put && (done || maybe)) tainted = true;
    if (action.kind == take_off && done) tainted = false;
  }
  return tainted;
}

// It has come back from an earlier failover and was not readmitted yet; this one has not touched the taint.
bool TaintedBefore(const Decision& decision, const Node& node) {
  return node.facts && node.facts->failover_taint &&
         std::none_of(decision.actions.begin(), decision.actions.end(),
                      [](const Action& action) { return action.kind == ActionKind::kUntaintNode; });
}

bool IsUntaint(ActionKind kind) {
  return kind == ActionKind::kUntaintNode || kind == ActionKind::kUntaintOutOfService;
}

// Takes off what the failover put on a node that lives; false when it put nothing on it.
bool TakeTaintsOff(Turn& turn, OpenDecision& open, const Node& node) {
  std::vector<Action>& actions = open.decision.actions;
  const uint32_t stage = LastStage(open.decision) + 1;
  const size_t before = actions.size();
  for (const auto& [put, take_off] :
       {std::pair(ActionKind::kTaintNode, ActionKind::kUntaintNode),
        std::pair(ActionKind::kTaintOutOfService, ActionKind::kUntaintOutOfService)}) {
    if (!Tainted(open.decision, put, take_off)) continue;
    Action untaint;
    untaint.number = static_cast<uint32_t>(actions.size() + 1);
    untaint.stage = stage;
    untaint.kind = take_off;
    untaint.name = node.key.node;
    untaint.uid = node.record.uid;
    actions.push_back(std::move(untaint));
  }
  if (actions.size() == before) return false;
  ReleaseNext(turn, open);
  return true;
}

void ActOnDeath(Turn& turn, Node& node) {
  ProveFenced(turn, node);
  OpenDecision* care = turn.FindOpen(node.open_decision);
  if (care != nullptr && care->decision.kind == DecisionKind::kGray) {
    EndLadder(turn, *care, DecisionState::kFailed,
              absl::StrCat(node.key.node, " is dead: its failover takes over"));
  }
  if (turn.FindOpen(node.open_decision) == nullptr) {
    TryFailover(turn, node);
    return SeekProof(turn, node);
  }
  // Anything else that is open on the node ends by itself first; the next round comes back here.
  OpenDecision* open = OpenFailover(turn, node);
  if (open == nullptr) return;
  // Paused, it stays frozen; the next round comes back here.
  if (turn.ClusterOf(node).record.pause) return;
  // Another proof than the one it was planned by may hold for more.
  const std::optional<FenceProof>& proof = node.record.fencing.proof;
  const bool new_proof = proof && open->decision.timings.fenced != proof->time;
  const bool new_hook = AsksHook(PlanOf(turn.ClusterOf(node), node).actions) != HookIsOpen(open->decision);
  if (new_proof) open->give_up.reset();  // what it lets move has its own time to be back
  if (open->must_verify || open->winding_up || new_proof || new_hook) {
    Resume(turn, node, *open);
  } else {
    open->judged = turn.now;
    node.silence->settled = true;
    ReleaseNext(turn, *open);  // the hook, after a pause
  }
  SeekProof(turn, node);
}

}  // namespace

void OnNodeDead(Turn& turn, Node& node) {
  node.fence.hook_fresh = turn.now >= node.fence.hook_at;
  ActOnDeath(turn, node);
  node.fence.hook_fresh = false;
  const OpenDecision* open = OpenFailover(turn, node);
  if (open != nullptr && HookWorks(open->decision)) node.silence->settled = false;
}

void OnNodeLives(Turn& turn, Node& node, const Evidence& sign) {
  FencingEnds(turn, node);
  OpenDecision* open = OpenFailover(turn, node);
  // After a start, what was done before it can be seen only when Kubernetes' objects are complete: then it is
  // asked again.
  if (open == nullptr || !turn.ClusterOf(node).sight.listed) return;
  if (!open->winding_up || sign.source == absl::StrCat("node ", node.key.node)) {
    AddEvidence(open->decision.evidence, sign);
    turn.Changed(*open);
  }
  if (open->winding_up) return;
  open->winding_up = true;
  open->must_verify = false;
  const bool itself = sign.source == absl::StrCat("node ", node.key.node);
  open->unneeded = absl::StrCat(node.key.node, " lives: ", itself ? "" : sign.source + " ", sign.observation);
  turn.Withdraw(*open, open->unneeded);
  WindUp(turn, *open);
}

void WindUp(Turn& turn, OpenDecision& open) {
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (node == nullptr || !node->facts) return;  // its end closes the decision
  SkipPending(open.decision, open.unneeded, cluster->sight.api_reachable, *node->facts, cluster->pods);
  Advance(turn, open);
}

void OnPodOnNode(Turn& turn, Node& node, const PodName& name, const PodFacts& pod) {
  OpenDecision* open = OpenFailover(turn, node);
  if (open == nullptr || open->winding_up || IsDealtWith(open->decision, pod)) return;
  if (JudgePod(name, pod, node.record.fencing.proof).treatment == PodTreatment::kNone) return;
  uint32_t& late = open->late_pods[pod.controller.uid];
  if (++late <= kMostPromptLatePods) {
    AddLatePod(turn, *open, name, pod);
    return ReleaseNext(turn, *open);
  }
  if (late == kMostPromptLatePods + 1) {
    open->decision.alternatives.push_back(
        {absl::StrCat("deal with every pod of ", Say(pod.controller), " as soon as it comes"),
         absl::StrCat(
             "after ", kMostPromptLatePods,
             " of them, new ones still come to the node in spite of its taint: they are looked at after "
             "growing pauses")});
    turn.Changed(*open);
  }
  if (open->late_pause_under_way) return;
  open->late_pause_under_way = true;
  open->late_pause = NextPause(open->late_pause);
  turn.state.timers.Set({TimerKind::kLatePods, {}, open->decision.id}, turn.now + open->late_pause);
}

void OnLatePodsDue(Turn& turn, OpenDecision& open) {
  open.late_pause_under_way = false;
  if (open.winding_up) return;
  const PodIndex& pods = turn.FindCluster(open.decision.cluster)->pods;
  for (const PodName& name : pods.OnNode(open.decision.node)) {
    const PodFacts& pod = *pods.Find(name);
    if (!IsDealtWith(open.decision, pod)) AddLatePod(turn, open, name, pod);
  }
  ReleaseNext(turn, open);
}

void OnFailoverActed(Turn& turn, OpenDecision& open) {
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (TouchedPods(open.decision) || !open.winding_up || node == nullptr) return EnterRecovery(turn, open);
  const std::vector<Action>& actions = open.decision.actions;
  const auto refused = std::find_if(actions.begin(), actions.end(), [](const Action& action) {
    return IsUntaint(action.kind) && action.state == ActionState::kFailed;
  });
  if (refused != actions.end()) {
    // It stays failed over; readmission takes the taint off once more.
    return CloseFailover(
        turn, open, DecisionState::kFailed,
        absl::StrCat(node->key.node, " lives and no pod was touched, but its taint could not be taken off: ",
                     refused->result));
  }
  if (TakeTaintsOff(turn, open, *node)) return;
  if (TaintedBefore(open.decision, *node)) {
    UpdateWell(turn, *node);
    return CloseFailover(turn, open, DecisionState::kCancelled,
                         absl::StrCat(node->key.node,
                                      " lives: no pod was touched, and the taint of an earlier "
                                      "failover stays until it is readmitted"));
  }
  ForgetFailover(turn, *node);
  CloseFailover(turn, open, DecisionState::kCancelled,
                absl::StrCat(node->key.node, " lives: no pod was touched, and it has no taint of ours"));
}

void EndFailover(Turn& turn, OpenDecision& open, const std::string& why) {
  for (Action& action : open.decision.actions) {
    if (action.state == ActionState::kPending) action.state = ActionState::kSkipped;
    if (action.state == ActionState::kSkipped && action.result.empty()) action.result = why;
    if (action.state == ActionState::kReleased)
      action.result = absl::StrCat("its answer was not awaited: ", why);
  }
  const bool touched = TouchedPods(open.decision);
  CloseFailover(
      turn, open, touched ? DecisionState::kFailed : DecisionState::kCancelled,
      absl::StrCat(why, touched ? absl::StrCat(". ", RecoveryText(open.decision)) : ": no pod was touched"));
}

void RestoreFailover(Turn& turn, OpenDecision& open) {
  const bool unfinished = !AllEnded(open.decision);
  open.must_verify = true;  // also with nothing left to be done: pods may still come to the node
  for (Action& action : open.decision.actions) {
    // L4: whether it was done is not known. Repeating it changes nothing, so it counts as still to be done.
    if (action.state == ActionState::kReleased) action.state = ActionState::kPending;
  }
  AddEvidence(open.decision.evidence,
              {turn.now, "coordinator",
               absl::StrCat("the coordinator started again (epoch ", turn.state.epoch, ")",
                            unfinished ? ": the node is judged again before anything more is done" : ""),
               Direction::kNeither});
  turn.Changed(open);
}

void FreezeFailover(Turn& turn, OpenDecision& open, const std::string& reason) {
  if (open.winding_up) return;
  const auto& actions = open.decision.actions;
  const bool unfinished = std::any_of(actions.begin(), actions.end(), [](const Action& action) {
    return action.state == ActionState::kPending || action.state == ActionState::kReleased;
  });
  turn.Withdraw(open, reason);
  if (open.must_verify) return;  // frozen already
  // Also with nothing left to be done: a pod that comes to the node later is not dealt with on old evidence.
  JudgeAgain(turn, open);
  open.give_up.reset();  // its time starts again when the actions have ended
  if (!unfinished) return;
  AddEvidence(
      open.decision.evidence,
      {turn.now, "coordinator", absl::StrCat("nothing more is done for now: ", reason), Direction::kNeither});
  turn.Changed(open);
}

void JudgeAgain(Turn& turn, OpenDecision& open) {
  open.must_verify = true;
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (node == nullptr || !node->silence) return;
  node->silence->settled = false;
  turn.state.timers.Set({TimerKind::kCheck, node->key, {}}, turn.now);
}

void CloseFailover(Turn& turn, OpenDecision& open, DecisionState end, std::string outcome) {
  turn.Close(open, end, std::move(outcome));
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (end == DecisionState::kSucceeded && node != nullptr && node->record.failover == open.decision.id) {
    SetRecovered(turn, *node);
  }
  const char* reason = end == DecisionState::kSucceeded   ? "NodeFailedOver"
                       : end == DecisionState::kCancelled ? "FailoverCancelled"
                                                          : "FailoverFailed";
  turn.AnnounceStep(open.decision, "closed", end == DecisionState::kFailed, reason, open.decision.outcome);
}

}  // namespace evenkeel::coordinator
