#include "coordinator/core/scale/plan_scale.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/core/scale/dead_pods.h"
#include "coordinator/core/scale/look.h"
#include "coordinator/core/scale/words.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kMostDeathsAsEvidence = 3;

std::optional<absl::Time> NewestSample(const Scaler& scaler) {
  std::optional<absl::Time> newest;
  scaler.pods.ForEachRow([&newest](const PodRow& row) {
    if (!row.has_steady) return;
    newest = std::max(newest.value_or(absl::InfinitePast()), row.steady.taken);
  });
  return newest;
}

// The figures of one window.
void AddFigures(const Demand& demand, const CpuTarget& target, absl::Duration window, absl::Time taken,
                std::vector<Evidence>& evidence) {
  if (!demand.use) return;
  evidence.push_back(
      {taken, "agents",
       absl::StrCat(Words(demand, target), ", over ", Say(window), ", of ", Count(demand.counted, "pod")),
       Direction::kNeither});
}

// What has died of late, and of what.
void AddDeaths(const Scaler& scaler, absl::Time now, std::vector<Evidence>& evidence) {
  size_t left = kMostDeathsAsEvidence;
  for (const DeadPod& pod : DeadPodsOf(scaler)) {
    const absl::Time at = std::min(pod.deaths.last->at, now);
    if (left == 0 || (!pod.down && now - at > kRecentDeath)) continue;
    --left;
    evidence.push_back({at, "agents", Words(pod.name, pod.deaths), Direction::kNeither});
  }
}

// The pods whose CPU is not what it says.
std::string Others(const Demand& demand) {
  std::vector<std::string> parts;
  const auto add = [&parts](size_t number, absl::string_view what) {
    if (number > 0) parts.push_back(absl::StrCat(number, " ", what));
  };
  add(demand.unready - std::min(demand.broken, demand.unready), "starting");
  add(demand.down, "down");
  add(demand.broken - std::min(demand.down, demand.broken), "broken");
  add(demand.held, "not seen at the moment, for which the last figure stands in");
  add(demand.missing, "without any figure");
  add(demand.left, "going");
  return Join(parts);
}

std::vector<Evidence> EvidenceOf(const Scaler& scaler, absl::Time newest, absl::Time now) {
  const ScaleRules& rules = scaler.policy.rules;
  const Advice& advice = scaler.advice;
  std::vector<Evidence> evidence;
  evidence.push_back({now, "Kubernetes",
                      absl::StrCat("spec.replicas is ", advice.current, "; ",
                                   Count(scaler.pods.size(), "pod"), " of it there"),
                      Direction::kNeither});
  AddFigures(advice.steady, rules.target, rules.window, newest, evidence);
  if (rules.panic.enabled) {
    AddFigures(advice.sudden, rules.target, rules.panic.window, newest, evidence);
    const std::optional<int64_t> throttled = SightOf(scaler).throttled_percent;
    if (throttled.value_or(0) > 0) {
      evidence.push_back({newest, "agents",
                          absl::StrCat("its containers are throttled in ", *throttled,
                                       " % of their periods, over ", Say(rules.panic.window)),
                          Direction::kNeither});
    }
  }
  if (scaler.ceiling) {
    evidence.push_back(
        {now, "coordinator",
         absl::StrCat("real nodes' room and the caps of virtual nodes leave room for no more than ",
                      *scaler.ceiling, " of at most ", rules.maximum),
         Direction::kNeither});
  }
  const std::string others = Others(advice.steady);
  if (!others.empty()) {
    evidence.push_back(
        {now, "Kubernetes and agents", absl::StrCat("of its pods are ", others), Direction::kNeither});
  }
  AddDeaths(scaler, now, evidence);
  if (const std::optional<Panic>& panic = scaler.record.memory.panic) {
    evidence.push_back({panic->began, "coordinator",
                        absl::StrCat("a panic began; no fewer than ", panic->floor, " until it is calm"),
                        Direction::kNeither});
  }
  return evidence;
}

// The number that the load alone asks for, where something stands between it and what is done.
std::vector<Alternative> AlternativesOf(const Advice& advice) {
  if (advice.wanted == advice.replicas) return {};
  std::vector<std::string> steps;
  bool past_demand = false;  // steps before it are how the wanted number came about
  for (const AdviceReason& reason : advice.reasons) {
    past_demand = past_demand || reason.before == advice.wanted;
    const bool load = reason.step == AdviceStep::kDemand || reason.step == AdviceStep::kPanic ||
                      reason.step == AdviceStep::kNoDemand;
    if (past_demand && !load) steps.push_back(Words(reason, advice));
  }
  if (steps.empty()) return {};
  return {
      {absl::StrCat("scale to ", advice.wanted, ", as the load alone asks for"), absl::StrJoin(steps, "; ")}};
}

}  // namespace

Decision PlanScale(const Scaler& scaler, absl::Time now) {
  const ScalePolicy& policy = scaler.policy;
  const Advice& advice = scaler.advice;
  const absl::Time newest = std::min(NewestSample(scaler).value_or(now), now);
  Decision decision;
  decision.kind = DecisionKind::kScale;
  decision.cluster = policy.cluster;
  decision.workload = policy.target;
  decision.workload_uid = scaler.record.uid;
  decision.summary = absl::StrCat(policy.target.ToString(), " from ", advice.current, " to ",
                                  Count(static_cast<size_t>(advice.replicas), "replica"), ": ",
                                  Words(advice, policy.rules.target));
  decision.evidence = EvidenceOf(scaler, newest, now);
  decision.alternatives = AlternativesOf(advice);
  decision.actions.push_back(Action{.number = 1,
                                    .stage = 1,
                                    .kind = ActionKind::kSetReplicas,
                                    .name_space = policy.target.name_space,
                                    .name = policy.target.name,
                                    .uid = scaler.record.uid,
                                    .result = {},
                                    .replicas = ReplicaChange{.group = policy.target.group,
                                                              .version = policy.version,
                                                              .kind = policy.target.kind,
                                                              .from = advice.current,
                                                              .to = advice.replicas}});
  decision.timings.detected = newest;
  decision.timings.judged = now;
  return decision;
}

}  // namespace evenkeel::coordinator
