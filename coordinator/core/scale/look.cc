#include "coordinator/core/scale/look.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/ceilings.h"
#include "coordinator/core/burst/virtual_first.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/scale/carry_scale.h"
#include "coordinator/core/scale/dead_pods.h"
#include "coordinator/core/scale/plan_scale.h"
#include "coordinator/core/scale/scale_guards.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/scale/switched.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

// By the agent's word of its containers; only of those that have died it is asked for.
bool IsDown(const PodRow& row) {
  return row.has_died && IsDown(row.pod->second.facts, row.pod->second.deaths);
}

void AddLoad(const PodRow& row, bool has_sample, const CpuSample& sample, bool down,
             std::vector<PodLoad>& loads) {
  PodLoad& load = loads.emplace_back();
  load.phase = row.phase;
  load.deleting = row.deleting;
  load.ready = row.ready;
  if (row.has_started) load.started = row.started;
  if (row.has_ready_changed) load.ready_changed = row.ready_changed;
  load.failing = row.failing;
  load.down = down;
  load.request_millicores = row.request_millicores;
  if (has_sample) load.sample = sample;
  load.held = row.held;
}

void WriteRecord(Turn& turn, Scaler& scaler) {
  turn.RecordChanged(scaler);
  scaler.unwritten_since.reset();  // it goes with this step
}

// What was wanted, or held, when it went to rest was so all the time that it rested.
void NoteRest(Recommendations& recommendations, absl::Time now) {
  if (recommendations.highest.empty()) return;
  const Recommendations::Wanted last = recommendations.highest.back();
  const bool wanted = !recommendations.lowest.empty() && recommendations.lowest.back() == last;
  if (wanted) {
    NoteWanted(recommendations, last.replicas, now);
  } else {
    NoteHeld(recommendations, last.replicas, now);
  }
}

// The fewest replicas that may be found after a crash: what lowers them may have been done already.
int64_t FewestFound(Turn& turn, const Scaler& scaler) {
  int64_t fewest = scaler.advice.current;
  const OpenDecision* open = turn.FindOpen(scaler.open_decision);
  if (open == nullptr) return fewest;
  for (const Action& action : open->decision.actions) {
    if (action.replicas) fewest = std::min(fewest, action.replicas->to);
  }
  return fewest;
}

// More is wanted than a restart would find, or know of: caps, bounds, rates or a guard hold it, or fewer are
// on their way, so that no replicas will tell of it.
bool IsWantedInVain(Turn& turn, const Scaler& scaler) {
  const auto& highest = scaler.record.memory.recommendations.highest;
  if (highest.empty() || highest.back().replicas <= FewestFound(turn, scaler)) return false;
  return !scaler.written_wanted || highest.back().replicas > *scaler.written_wanted;
}

// L9: past the caps of virtual nodes there is no maximum, whatever the policy says; nor below its minimum, or
// below what a switch of traffic needs.
Advice AdviseUnder(std::optional<int64_t> ceiling, const ScaleSight& sight, Scaler& scaler, absl::Time now) {
  const ScaleRules& rules = scaler.policy.rules;
  ScaleMemory& memory = scaler.record.memory;
  if (ceiling) ceiling = std::max({*ceiling, MinimumAt(rules.minimums, now).replicas, sight.floor});
  scaler.ceiling = ceiling && *ceiling < rules.maximum ? ceiling : std::nullopt;
  if (!scaler.ceiling) return Advise(rules, memory, sight, now);
  ScaleRules bounded = rules;
  bounded.maximum = *scaler.ceiling;
  return Advise(bounded, memory, sight, now);
}

// Looks, and notes what must be remembered of it.
void TakeAdvice(Turn& turn, Cluster& cluster, Scaler& scaler) {
  ScaleMemory& memory = scaler.record.memory;
  const bool panicked = memory.panic.has_value();
  if (std::exchange(scaler.rests, false)) NoteRest(memory.recommendations, turn.now);
  SeeLoads(scaler, turn.sight);
  scaler.floor = FloorOf(turn.state, cluster, scaler);
  turn.sight.floor = std::min(scaler.floor.replicas, scaler.policy.rules.maximum);
  const bool valve_open = turn.FindOpen(cluster.burst.open_decision) != nullptr;
  scaler.advice = AdviseUnder(CeilingOf(cluster, scaler, valve_open, turn.now), turn.sight, scaler, turn.now);
  scaler.looked = turn.now;
  if (scaler.ceiling && scaler.advice.wanted > *scaler.ceiling) cluster.burst.last_wanted = turn.now;
  if (IsSwitchedOff(scaler.advice)) {
    // Who switches it on again sets a number: that one counts then, and nothing older.
    memory.begun = false;
    memory.recommendations = {};
    memory.panic.reset();
  }
  const Demand& demand = scaler.advice.steady;
  if (demand.held + demand.missing == 0) {
    scaler.unseen_pods_since.reset();
  } else if (!scaler.unseen_pods_since) {
    scaler.unseen_pods_since = turn.now;
  }
  // Every look notes at least that what is wanted is wanted still.
  if (!scaler.unwritten_since) scaler.unwritten_since = turn.now;
  if (memory.panic.has_value() != panicked || IsWantedInVain(turn, scaler)) WriteRecord(turn, scaler);
}

void SkipAll(Decision& decision, const std::string& why) {
  for (Action& action : decision.actions) {
    action.state = ActionState::kSkipped;
    action.result = why;
  }
}

// "Wanted to, but", once in an episode for each guard and direction.
void RecordRefusal(Turn& turn, Scaler& scaler, Decision decision, const GuardAnswer& refusal) {
  const bool up = scaler.advice.replicas > scaler.advice.current;
  if (!scaler.refused_by.insert(absl::StrCat(refusal.guard, up ? " out" : " in")).second) return;
  const bool observed = refusal.guard == "mode";
  const std::string why = absl::StrCat("the guard ", refusal.guard, " refused: ", refusal.reason);
  SkipAll(decision, observed ? "the mode is observe" : absl::StrCat("the guard ", refusal.guard, " refused"));
  decision.outcome = observed
                         ? "Nothing was done: the mode is observe"
                         : absl::StrCat("Nothing was done: ", why, ". It is looked at again each second");
  if (!observed) absl::StrAppend(&decision.summary, ". It is not scaled: ", why);
  const DecisionId id =
      turn.Record(DecisionKind::kScale, scaler, observed ? DecisionState::kObserved : DecisionState::kRefused,
                  std::move(decision));
  const Decision& recorded = turn.state.open.at(id).decision;
  turn.AnnounceStep(recorded, "judged", !observed, observed ? "ScalingObserved" : "ScalingRefused",
                    recorded.summary);
}

// Why nothing is even planned, though something is advised.
std::optional<GuardAnswer> NotPlanned(const Scaler& scaler, absl::Time now) {
  if (scaler.policy.paused) {
    return GuardAnswer{"pause", false, absl::StrCat("policy ", scaler.record.policy, " is paused")};
  }
  if (now < scaler.plan_from) {
    return GuardAnswer{"back-off", false,
                       absl::StrCat("the last change failed, and the next one is tried ",
                                    Say(scaler.failure_pause), " after it")};
  }
  return std::nullopt;
}

// Advice -> guards -> decision.
void Act(Turn& turn, const Cluster& cluster, Scaler& scaler) {
  const Advice& advice = scaler.advice;
  scaler.refusal.reset();
  if (advice.replicas == advice.current) {
    scaler.calm_since = scaler.calm_since.value_or(turn.now);
    return;
  }
  const std::optional<absl::Time> calm_since = std::exchange(scaler.calm_since, std::nullopt);
  if (calm_since && turn.now - *calm_since >= kEpisodeCalm) scaler.refused_by.clear();
  if (turn.FindOpen(scaler.open_decision) != nullptr) return;
  scaler.refusal = NotPlanned(scaler, turn.now);
  if (scaler.refusal) return;
  std::vector<GuardAnswer> guards =
      AskScaleGuards(FactsForScaleGuards(turn.state, cluster, scaler, advice.replicas, turn.now));
  const GuardAnswer* refusal = FirstRefusal(guards);
  if (refusal != nullptr) scaler.refusal = *refusal;
  const bool up = advice.replicas > advice.current;
  const bool said =
      refusal != nullptr && scaler.refused_by.contains(absl::StrCat(refusal->guard, up ? " out" : " in"));
  if (said) return;
  Decision plan = PlanScale(scaler, turn.now);
  plan.guards = std::move(guards);
  TakeVirtualFirst(cluster, scaler, plan);
  if (scaler.refusal) return RecordRefusal(turn, scaler, std::move(plan), *scaler.refusal);
  scaler.refused_by.clear();
  OpenScale(turn, scaler, std::move(plan));
}

// Nothing but an event or the clock's next minimum can change what is advised.
bool Rests(const Turn& turn, const Scaler& scaler) {
  const Advice& advice = scaler.advice;
  const auto open =
      scaler.open_decision ? turn.state.open.find(*scaler.open_decision) : turn.state.open.end();
  if (open != turn.state.open.end() && open->second.decision.state == DecisionState::kOpen) return false;
  if (IsSwitchedOff(advice)) return true;
  if (advice.replicas != advice.current || advice.current != advice.minimum.replicas || advice.panic) {
    return false;
  }
  // A window or a rate holds what is wanted: they end by time alone.
  if (advice.wanted > advice.current && advice.current < scaler.policy.rules.maximum) return false;
  const Demand& demand = advice.steady;
  return demand.unready <= demand.broken && demand.held == 0 && demand.missing == 0;
}

void Look(Turn& turn, Scaler& scaler) {
  scaler.next_look = absl::InfiniteFuture();
  Cluster& cluster = *turn.FindCluster(scaler.policy.cluster);
  // Before the first list its pods are not complete; what is open goes by no advice either.
  if (!scaler.workload || !cluster.sight.listed) {
    scaler.advice = {};
    scaler.floor = {};
    scaler.looked.reset();
    scaler.refusal.reset();
    scaler.unseen_pods_since.reset();
    scaler.rests = false;
    return;
  }
  TakeAdvice(turn, cluster, scaler);
  OpenDecision* open = turn.FindOpen(scaler.open_decision);
  const bool takes_over = open != nullptr && open->decision.kind == DecisionKind::kTakeOver;
  if (takes_over && open->must_verify) CarryOnScale(turn, *open);
  Act(turn, cluster, scaler);
  AnnounceDeaths(turn, scaler);
  scaler.rests = Rests(turn, scaler);
  const absl::Time next =
      scaler.rests ? NextMinimum(scaler.policy.rules.minimums, turn.now) : turn.now + kLookEvery;
  scaler.next_look = std::min(scaler.next_look, next);
}

}  // namespace

void OnScaleDue(Turn& turn, Scaler& scaler) {
  const bool looks = turn.now >= scaler.next_look;
  if (looks) Look(turn, scaler);
  if (scaler.unwritten_since && turn.now >= *scaler.unwritten_since + kRecordEvery) WriteRecord(turn, scaler);
  if (looks) turn.Show(scaler);
  SetLookTimer(turn, scaler);
}

void SeeLoads(const Scaler& scaler, ScaleSight& sight) {
  sight.steady.clear();
  sight.sudden.clear();
  sight.current = scaler.workload ? scaler.workload->replicas : 0;
  // What a drain-back has added is not what is wanted.
  if (scaler.surge && sight.current == scaler.surge->to) sight.current = scaler.surge->from;
  const bool panic = scaler.policy.rules.panic.enabled;
  int64_t throttled = 0;
  int64_t throttled_pods = 0;
  scaler.pods.ForEachRow([&](const PodRow& row) {
    const bool down = IsDown(row);
    AddLoad(row, row.has_steady, row.steady, down, sight.steady);
    if (!panic) return;
    AddLoad(row, row.has_sudden, row.sudden, down, sight.sudden);
    if (!row.has_throttled || row.held) return;
    throttled += row.throttled_percent;
    ++throttled_pods;
  });
  sight.throttled_percent.reset();
  if (throttled_pods > 0) sight.throttled_percent = throttled / throttled_pods;
}

ScaleSight SightOf(const Scaler& scaler) {
  ScaleSight sight;
  SeeLoads(scaler, sight);
  return sight;
}

void Describe(const Cluster& cluster, const Scaler& scaler, absl::Time now, ScalerStatus& status) {
  const ScalePolicy& policy = scaler.policy;
  status.policy = scaler.record.policy;
  status.cluster = cluster.name;
  status.target = policy.target;
  status.version = policy.version;
  status.mode = policy.mode;
  status.paused = policy.paused;
  status.cpu = policy.rules.target;
  status.minimum = MinimumAt(policy.rules.minimums, now).replicas;
  status.maximum = policy.rules.maximum;
  status.floor = scaler.floor;
  status.unseen = scaler.unseen;
  status.uid = scaler.record.uid;
  if (scaler.workload) {
    status.replicas = scaler.workload->replicas;
    status.overlaps = scaler.workload->overlaps;
    if (!scaler.workload->no_selector.empty()) {
      status.unseen = absl::StrCat("its pods cannot be told: ", scaler.workload->no_selector);
    }
  }
  scaler.pods.ForEachRow([&status](const PodRow& row) {
    const bool ended = row.phase == PodPhase::kSucceeded || row.phase == PodPhase::kFailed;
    if (row.deleting || ended) return;
    ++status.pods;
    if (row.ready) ++status.ready;
    if (IsDown(row)) ++status.down;
  });
  status.dead_pods = DeadPodsOf(scaler);
  status.looked = scaler.looked;
  status.advice = scaler.advice;
  if (scaler.record.memory.panic) status.panic_since = scaler.record.memory.panic->began;
  status.unseen_pods_since = scaler.unseen_pods_since;
  if (const auto* autoscaler = AutoscalerOf(cluster, policy.target)) {
    status.autoscaler = absl::StrCat(autoscaler->first.name_space, "/", autoscaler->first.name);
  }
  status.take_over_waits = scaler.take_over_waits;
  status.refusal = scaler.refusal;
  status.open_decision = scaler.open_decision;
  status.last_scaled = scaler.record.last_scaled;
}

}  // namespace evenkeel::coordinator
