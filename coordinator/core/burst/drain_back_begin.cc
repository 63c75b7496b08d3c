#include "coordinator/core/burst/drain_back_begin.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/budgets.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/damping.h"
#include "coordinator/core/burst/drain_back.h"
#include "coordinator/core/burst/drain_back_sight.h"
#include "coordinator/core/burst/drain_backs.h"
#include "coordinator/core/burst/look_burst.h"
#include "coordinator/core/burst/real_room.h"
#include "coordinator/core/burst/victims.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/scale/scale_guards.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

// A panic that has come to the maximum asks for nothing more, however long it lasts.
bool IsGrowing(const Scaler& scaler) {
  return scaler.record.memory.panic && scaler.workload->replicas < scaler.policy.rules.maximum;
}

std::vector<GuardAnswer> AskDrainBackGuards(const Turn& turn, const Cluster& cluster, const Scaler& scaler,
                                            int64_t surge) {
  // As for scaling in, which is what it ends with.
  ScaleGuardFacts facts =
      FactsForScaleGuards(turn.state, cluster, scaler, scaler.workload->replicas - 1, turn.now);
  facts.to = scaler.workload->replicas;
  facts.from = facts.to + surge;
  std::vector<GuardAnswer> answers = AskScaleGuards(facts);
  const Burst& burst = cluster.burst;
  const bool rules = RulesVirtualNodes(burst);
  answers.insert(answers.begin(), {"burst-mode", rules,
                                   absl::StrCat("policy ", burst.policy_name, ": ",
                                                burst.policy->paused ? "paused"
                                                : rules              ? "enforce"
                                                        : "observe, which decides and does nothing")});
  // L6: while too much is out of service already, nothing is moved of its own accord.
  const size_t budget = NodeBudget(cluster.policy, cluster.size);
  const size_t out = cluster.standings.out.size();
  answers.push_back({"node-budget", out <= budget,
                     absl::StrCat(Count(out, "node"), " of ", cluster.size, " out of service, and at most ",
                                  budget, " may be")});
  const absl::Duration calm = turn.now - cluster.record.storm;
  answers.push_back({"cool-down", calm >= cluster.policy.limits.storm_cool_down,
                     cluster.record.storm == absl::InfinitePast()
                         ? "there has been no storm: never were too many nodes silent at once"
                         : absl::StrCat("the last storm was ", Say(calm), " ago")});
  return answers;
}

Action SetReplicas(const Scaler& scaler, const Decision& decision, uint32_t stage, int64_t from, int64_t to) {
  const ScalePolicy& policy = scaler.policy;
  return Action{.number = static_cast<uint32_t>(decision.actions.size() + 1),
                .stage = stage,
                .kind = ActionKind::kSetReplicas,
                .name_space = policy.target.name_space,
                .name = policy.target.name,
                .uid = scaler.record.uid,
                .result = {},
                .replicas = ReplicaChange{.group = policy.target.group,
                                          .version = policy.version,
                                          .kind = policy.target.kind,
                                          .from = from,
                                          .to = to}};
}

Decision PlanDrainBack(const Scaler& scaler, const DrainBackPods& pods, int64_t room, int64_t surge,
                       absl::Time now) {
  Decision decision;
  const int64_t wanted = scaler.workload->replicas;
  decision.summary =
      absl::StrCat(surge, " of ", Count(static_cast<size_t>(pods.ready_on_virtual), "pod"), " of ",
                   scaler.policy.target.ToString(), " on virtual nodes ", surge == 1 ? "comes" : "come",
                   " home: by a rough count real nodes have room for ", room);
  decision.evidence.push_back(
      {now, "Kubernetes",
       absl::StrCat(pods.ready, " of ", Count(static_cast<size_t>(wanted), "pod"), " are Ready, ",
                    pods.ready_on_virtual, " of them on virtual nodes"),
       Direction::kNeither});
  decision.actions.push_back(SetReplicas(scaler, decision, 1, wanted, wanted + surge));
  decision.timings.detected = now;
  decision.timings.judged = now;
  return decision;
}

void RecordRefusal(Turn& turn, const Cluster& cluster, Scaler& scaler, Decision plan,
                   const GuardAnswer& refusal) {
  if (!scaler.drain_back.refused_by.insert(refusal.guard).second) return;
  const bool observed = refusal.guard == "mode" || refusal.guard == "burst-mode";
  for (Action& action : plan.actions) {
    action.state = ActionState::kSkipped;
    action.result = absl::StrCat("the guard ", refusal.guard, " refused");
  }
  plan.outcome = absl::StrCat("Nothing was done: the guard ", refusal.guard, " refused: ", refusal.reason);
  const DecisionId id =
      turn.Record(DecisionKind::kDrainBack, scaler,
                  observed ? DecisionState::kObserved : DecisionState::kRefused, std::move(plan));
  Decision& recorded = turn.state.open.at(id).decision;
  recorded.policy = cluster.burst.policy_name;
  recorded.policy_etag = cluster.burst.policy_etag;
}

void OpenDrainBack(Turn& turn, Cluster& cluster, Scaler& scaler, Decision plan, int64_t ready_on_real) {
  OpenDecision& open = turn.Open(DecisionKind::kDrainBack, scaler);
  Decision& decision = open.decision;
  decision.policy = cluster.burst.policy_name;
  decision.policy_etag = cluster.burst.policy_etag;
  decision.summary = std::move(plan.summary);
  decision.evidence = std::move(plan.evidence);
  decision.guards = std::move(plan.guards);
  decision.actions = std::move(plan.actions);
  decision.timings = plan.timings;
  decision.timings.intended = turn.now;
  open.ready_on_real_before = ready_on_real;
  scaler.surge = SurgeOf(decision);
  PressingChanged(cluster);
  scaler.drain_back.refused_by.clear();
  ReleaseNext(turn, open);
}

// One at a time in a cluster: two would count the same room.
bool IsAnyUnderWay(Turn& turn, const Cluster& cluster) {
  return std::any_of(cluster.open.begin(), cluster.open.end(), [&turn](const DecisionId& id) {
    const OpenDecision* open = turn.FindOpen(id);
    return open != nullptr && open->decision.kind == DecisionKind::kDrainBack;
  });
}

}  // namespace

void MayBeginDrainBack(Turn& turn, Cluster& cluster, Scaler& scaler, absl::Time& again) {
  std::string& waits_for = scaler.drain_back.waits_for;
  waits_for.clear();
  // Of what ends in the scaler, or in the guards, nobody tells here.
  const auto ask_again = [&] { again = std::min(again, turn.now + kAskAgainToComeHome); };
  if (!IsAdviceFresh(scaler, turn.now)) {
    waits_for = "what is known of its load is old";
    return ask_again();
  }
  if (turn.FindOpen(scaler.open_decision) != nullptr) {
    waits_for = "another decision on it is open";
    return ask_again();
  }
  if (IsAnyUnderWay(turn, cluster)) {  // its end asks for another look
    waits_for = "pods of another workload are on their way home";
    return;
  }
  const DrainBackPolicy& policy = cluster.burst.policy->drain_back;
  const DrainBackPods pods = DrainBackPodsOf(cluster, scaler);
  const absl::Duration room_after = RoomAfter(policy, cluster.record.burst.damping);
  DrainBackSight sight{.wanted = scaler.workload->replicas,
                       .ready = pods.ready,
                       .on_virtual = pods.ready_on_virtual,
                       .panic = IsGrowing(scaler),
                       .wants_more = scaler.advice.replicas > scaler.workload->replicas ||
                                     AsksForMore(scaler, scaler.workload->replicas),
                       .valve_open = turn.FindOpen(cluster.burst.open_decision) != nullptr,
                       .presses = SumPressing(cluster, turn.now).pods > 0,
                       .keeps_names = KeepsNames(scaler.policy.target),
                       .now = turn.now,
                       .not_before = scaler.drain_back.not_before};
  if (sight.on_virtual == 0) return;
  const RealRoom& room = cluster.burst.real_room;
  sight.room = room.HowManyFit(pods.need, sight.on_virtual, turn.now - room_after);
  const DrainBackBeginning beginning = BeginDrainBack(policy, sight);
  if (turn.now < sight.not_before) again = std::min(again, sight.not_before);
  again = std::min(again, room.FirstReadyAfter(turn.now - room_after) + room_after);
  if (beginning.surge == 0) {
    // Of the pause it is shown when it ends, and not how long it lasts still.
    if (turn.now >= sight.not_before) waits_for = beginning.why_not;
    if (sight.panic || sight.wants_more) ask_again();
    return;
  }
  std::vector<GuardAnswer> guards = AskDrainBackGuards(turn, cluster, scaler, beginning.surge);
  Decision plan = PlanDrainBack(scaler, pods, sight.room, beginning.surge, turn.now);
  if (const GuardAnswer* refused = FirstRefusal(guards)) {
    const GuardAnswer refusal = *refused;
    plan.guards = std::move(guards);
    waits_for = absl::StrCat("the guard ", refusal.guard, " refuses it");
    ask_again();
    return RecordRefusal(turn, cluster, scaler, std::move(plan), refusal);
  }
  plan.guards = std::move(guards);
  OpenDrainBack(turn, cluster, scaler, std::move(plan), pods.ready_on_real);
}

}  // namespace evenkeel::coordinator
