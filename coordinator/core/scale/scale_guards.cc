#include "coordinator/core/scale/scale_guards.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/scale/minimums.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/scale/switched.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

GuardAnswer Mode(const ScaleGuardFacts& facts) {
  const bool enforce = facts.mode == PolicyMode::kEnforce;
  return {"mode", enforce,
          absl::StrCat("policy ", facts.policy, ": ",
                       enforce ? "enforce" : "observe, which decides and does nothing")};
}

GuardAnswer Paused(const ScaleGuardFacts& facts) {
  if (facts.policy_paused) return {"pause", false, absl::StrCat("policy ", facts.policy, " is paused")};
  if (!facts.pause) return {"pause", true, "nobody has paused the policy or the cluster"};
  const Pause& pause = *facts.pause;
  return {"pause", false,
          absl::StrCat(
              "an operator has paused the cluster ",
              pause.end == absl::InfiniteFuture() ? "until it is resumed" : "until " + SayTime(pause.end),
              Because(pause.reason))};
}

GuardAnswer Api(const ScaleGuardFacts& facts) {
  return {"api", facts.api_reachable,
          facts.api_reachable ? "the Kubernetes API answers and its watches are fresh"
                              : absl::StrCat("the Kubernetes API cannot be relied on: ", facts.api_detail)};
}

GuardAnswer Conflict(const ScaleGuardFacts& facts) {
  if (!facts.autoscaler.empty()) {
    return {"conflict", false, absl::StrCat("HorizontalPodAutoscaler ", facts.autoscaler, " scales it, too")};
  }
  if (!facts.overlaps.empty()) {
    return {"conflict", false,
            absl::StrCat(facts.overlaps.ToString(), " takes some of its pods for its own, too")};
  }
  return {"conflict", true, "nothing else that is known scales it"};
}

// L9. A change that only comes nearer to the bounds is right: who is outside of them may need several steps.
GuardAnswer Bounds(const ScaleGuardFacts& facts) {
  const bool up = facts.to > facts.from;
  const bool allowed = up ? facts.to <= facts.maximum : facts.to >= facts.minimum;
  return {"bounds", allowed,
          absl::StrCat("from ", facts.from, " to ", facts.to, " replicas; at least ", facts.minimum,
                       " and at most ", facts.maximum, " may be")};
}

GuardAnswer OneIntent(const ScaleGuardFacts& facts) {
  return {"one-intent", facts.open_decision.empty(),
          facts.open_decision.empty()
              ? "nothing else is under way on this workload"
              : absl::StrCat("decision ", facts.open_decision, " is under way on this workload")};
}

GuardAnswer OwnSight(const ScaleGuardFacts& facts) {
  return {"sight", !facts.blind, facts.blind ? facts.blind_reason : "the coordinator trusts what it sees"};
}

GuardAnswer Moving(const ScaleGuardFacts& facts) {
  return {"moving", facts.moving == 0,
          facts.moving == 0
              ? "no pod of it is being moved off a node"
              : absl::StrCat(Count(facts.moving, "decision"), " ", facts.moving == 1 ? "moves" : "move",
                             " pods of it off their nodes: they are not back elsewhere yet")};
}

// L10: each step of a switch, and its way back, find the pods that they were measured by; also where a
// maximum was lowered meanwhile.
GuardAnswer Switching(const ScaleGuardFacts& facts) {
  const SwitchFloor& floor = facts.floor;
  if (floor.unknown) {
    return {
        "switch", false,
        absl::StrCat("switch ", floor.name, " is under way in this namespace, and it is not known whether ",
                     "it needs these pods: its application is not seen")};
  }
  return {"switch", facts.to >= floor.replicas,
          absl::StrCat("switch ", floor.name, " needs no fewer than ",
                       Count(static_cast<size_t>(floor.replicas), "replica"), " of it until it has ended")};
}

// Whether the decision has taken pods of one of the controllers off its node that are not back elsewhere, as
// far as Cluster.recovering does not say so: a failover stands there when all is done, the care for a sick
// node never. How long a replacement is waited for is theirs to say.
bool HasTaken(const Cluster& cluster, const OpenDecision& open, const std::set<std::string>& controllers,
              absl::Time now) {
  const Decision& decision = open.decision;
  if (decision.kind == DecisionKind::kGray) {
    const GrayLadder& ladder = open.ladder;
    if (ladder.eviction != 0 && controllers.contains(ladder.controller.uid)) return true;
    return controllers.contains(ladder.awaited) && now < ladder.patience &&
           cluster.pods.ReadyElsewhere(ladder.awaited, decision.node) < ladder.ready_before + 1;
  }
  if (decision.kind != DecisionKind::kFailover || AllEnded(decision)) return false;
  return std::any_of(
      decision.workloads.begin(), decision.workloads.end(), [&controllers](const WorkloadRecovery& workload) {
        return workload.removed > workload.restored && controllers.contains(workload.controller.uid);
      });
}

// A decision is open on the node, and does more to its pods than to mark them.
bool MovesPods(const State& state, const Node& node) {
  const auto open = node.open_decision ? state.open.find(*node.open_decision) : state.open.end();
  return open != state.open.end() && open->second.decision.kind != DecisionKind::kFirstToGo;
}

// Open decisions that take pods of the workload off their nodes: those that watch one of its controllers,
// those on nodes that still hold one of its pods, and those that have begun on nodes that are out of service.
// O(pods of the workload + nodes that are out of service).
size_t DecisionsThatMove(const State& state, const Cluster& cluster, const Scaler& scaler, absl::Time now) {
  std::set<DecisionId> found;
  std::set<std::string> controllers;
  for (const auto& [uid, pod] : scaler.pods) {
    const auto node = cluster.nodes.find(pod.facts.node);
    if (node != cluster.nodes.end() && MovesPods(state, node->second))
      found.insert(*node->second.open_decision);
    const PodFacts* facts = cluster.pods.Find({scaler.policy.target.name_space, pod.facts.name});
    if (facts == nullptr) continue;
    controllers.insert(facts->controller.uid);
    const auto recovering = cluster.recovering.find(facts->controller.uid);
    if (recovering != cluster.recovering.end()) {
      found.insert(recovering->second.begin(), recovering->second.end());
    }
  }
  for (const std::set<std::string>* nodes : {&cluster.failed_over, &cluster.standings.out}) {
    for (const std::string& name : *nodes) {
      const auto node = cluster.nodes.find(name);
      if (node == cluster.nodes.end() || !node->second.open_decision) continue;
      const auto open = state.open.find(*node->second.open_decision);
      if (open != state.open.end() && HasTaken(cluster, open->second, controllers, now)) {
        found.insert(open->first);
      }
    }
  }
  return found.size();
}

}  // namespace

ScaleGuardFacts FactsForScaleGuards(const State& state, const Cluster& cluster, const Scaler& scaler,
                                    int64_t to, absl::Time now) {
  const ScaleRules& rules = scaler.policy.rules;
  ScaleGuardFacts facts;
  facts.from = scaler.workload ? scaler.workload->replicas : 0;
  facts.to = to;
  facts.minimum = MinimumAt(rules.minimums, now).replicas;
  facts.maximum = rules.maximum;
  facts.mode = scaler.policy.mode;
  facts.policy = scaler.record.policy;
  facts.policy_paused = scaler.policy.paused;
  facts.pause = cluster.record.pause;
  facts.api_reachable = cluster.sight.api_reachable;
  facts.api_detail = cluster.sight.api_detail;
  if (const auto* autoscaler = AutoscalerOf(cluster, scaler.policy.target)) {
    facts.autoscaler = absl::StrCat(autoscaler->first.name_space, "/", autoscaler->first.name);
  }
  if (scaler.workload) facts.overlaps = scaler.workload->overlaps;
  facts.blind = cluster.sight.blind;
  facts.blind_reason = cluster.sight.reason;
  if (to < facts.from) {
    facts.moving = DecisionsThatMove(state, cluster, scaler, now);
    facts.floor = FloorOf(state, cluster, scaler);
  }
  if (scaler.open_decision) facts.open_decision = scaler.open_decision->ToString();
  return facts;
}

std::vector<GuardAnswer> AskScaleGuards(const ScaleGuardFacts& facts) {
  std::vector<GuardAnswer> answers = {Mode(facts),     Paused(facts), Api(facts),
                                      Conflict(facts), Bounds(facts), OneIntent(facts)};
  if (facts.to < facts.from) {
    answers.push_back(OwnSight(facts));
    answers.push_back(Moving(facts));
    if (!facts.floor.name.empty()) answers.push_back(Switching(facts));
  }
  return answers;
}

}  // namespace evenkeel::coordinator
