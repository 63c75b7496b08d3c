#include "coordinator/core/scale/scalers.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/drain_backs.h"
#include "coordinator/core/burst/headrooms.h"
#include "coordinator/core/burst/look_burst.h"
#include "coordinator/core/policies.h"
#include "coordinator/core/scale/carry_scale.h"
#include "coordinator/core/scale/dead_pods.h"

namespace evenkeel::coordinator {
namespace {

// ---- pods ----

// What of a pod's use in the panic window calls for a look at once; 0: nothing does.
int64_t SuddenMillicores(const ScaleRules& rules, const WorkloadPodFacts& pod) {
  if (!rules.panic.enabled) return 0;
  const int64_t target = rules.target.kind == CpuTarget::Kind::kMillicores
                             ? rules.target.value
                             : pod.request_millicores * rules.target.value / 100;
  return target * rules.panic.threshold_percent / 100;
}

// How it is to be watched; none: it is not bound, going, or has ended.
std::optional<PodWatch> WatchOf(const ScaleRules& rules, const WorkloadPodFacts& pod) {
  const bool ended = pod.phase == PodPhase::kSucceeded || pod.phase == PodPhase::kFailed;
  if (pod.node.empty() || pod.deleting || ended) return std::nullopt;
  return PodWatch{.node = pod.node,
                  .window = rules.window,
                  .panic_window = rules.panic.window,
                  .sudden_millicores = SuddenMillicores(rules, pod)};
}

void AskForUsage(Turn& turn, const Scaler& scaler, const std::string& uid, const ScaledPod& pod) {
  const PodWatch& watch = *pod.watch;
  turn.Ask(WatchUsage{.cluster = scaler.policy.cluster,
                      .node = watch.node,
                      .name_space = scaler.policy.target.name_space,
                      .pod = pod.facts.name,
                      .pod_uid = uid,
                      .window = watch.window,
                      .panic_window = watch.panic_window,
                      .sudden_millicores = watch.sudden_millicores});
}

void UpdateWatch(Turn& turn, const Scaler& scaler, const std::string& uid, ScaledPod& pod) {
  std::optional<PodWatch> watch = WatchOf(scaler.policy.rules, pod.facts);
  if (watch == pod.watch) return;
  ScaledPods::SetWatch(pod, std::move(watch));
  if (pod.watch) return AskForUsage(turn, scaler, uid, pod);
  turn.Ask(UnwatchUsage{scaler.policy.cluster, uid});
}

// It is not the scaler's any more. Another one that has it, too, goes on with it, by its own windows.
void ForgetPod(Turn& turn, Cluster& cluster, Scaler& scaler, ScaledPods::Pod& pod) {
  cluster.scaled_pods.Remove(scaler, pod);
  PressingChanged(cluster);
  const PodRow* heir = cluster.scaled_pods.First(pod.first);
  if (heir == nullptr) {
    if (pod.second.watch) turn.Ask(UnwatchUsage{cluster.name, pod.first});
  } else if (heir->pod->second.watch) {
    AskForUsage(turn, *heir->scaler, pod.first, heir->pod->second);
  }
}

void ForgetPods(Turn& turn, Cluster& cluster, Scaler& scaler) {
  for (ScaledPods::Pod& pod : scaler.pods) ForgetPod(turn, cluster, scaler, pod);
  scaler.pods.clear();
}

// ---- begin and end ----

OpenDecision* OpenOn(Turn& turn, const Cluster& cluster, const Workload& workload) {
  for (const DecisionId& id : cluster.open) {
    OpenDecision* open = turn.FindOpen(id);
    if (open != nullptr && open->decision.workload == workload) return open;
  }
  return nullptr;
}

// The clock may have been set back between two runs: what is remembered as of the future would otherwise hold
// until that has come.
void BoundMemory(ScaleMemory& memory, absl::Time now) {
  const auto bound = [now](auto& entries) {
    for (auto& entry : entries) entry.time = std::min(entry.time, now);
  };
  bound(memory.recommendations.lowest);
  bound(memory.recommendations.highest);
  bound(memory.changes);
  memory.scaled_in = std::min(memory.scaled_in, now);
  if (!memory.panic) return;
  memory.panic->began = std::min(memory.panic->began, now);
  memory.panic->last = std::min(memory.panic->last, now);
}

void Begin(Turn& turn, Cluster& cluster, const Policy& policy, std::optional<ScalerRecord> record) {
  const ScalePolicy& scale = policy.scale();
  // Never two on one workload, whatever a store says (L3).
  if (!cluster.scaled.try_emplace(scale.target, policy.name).second) return;
  Scaler& scaler = turn.state.scalers[policy.name];
  scaler.policy = scale;
  scaler.policy_etag = policy.etag;
  scaler.unseen = "it has not been read yet";
  if (record) {
    scaler.record = *std::move(record);
    scaler.restored = !scaler.record.uid.empty();
    scaler.record.written = std::min(scaler.record.written, turn.now);
    BoundMemory(scaler.record.memory, turn.now);
  }
  scaler.record.policy = policy.name;
  scaler.record.cluster = cluster.name;
  scaler.record.target = scale.target;
  // What an earlier policy of the workload has under way.
  if (const OpenDecision* open = OpenOn(turn, cluster, scale.target)) {
    scaler.open_decision = open->decision.id;
    scaler.surge = SurgeOf(open->decision);
    PressingChanged(cluster);
  }
  ObserveAgain(turn, scaler);
  turn.Changed(scaler);
}

void End(Turn& turn, const std::string& name) {
  const auto found = turn.state.scalers.find(name);
  if (found == turn.state.scalers.end()) return;
  Scaler& scaler = found->second;
  // What was handed out goes on to its end; what waits has nobody left who wants it.
  OpenDecision* open = turn.FindOpen(scaler.open_decision);
  if (open != nullptr && open->decision.kind == DecisionKind::kDrainBack) {
    LeaveDrainBack(turn, *open, "its scale policy is gone");
  } else if (open != nullptr && open->decision.actions.back().state == ActionState::kPending) {
    CancelScale(turn, *open, "Its policy is gone");
  }
  Cluster& cluster = *turn.FindCluster(scaler.policy.cluster);
  ForgetPods(turn, cluster, scaler);
  cluster.scaled.erase(scaler.policy.target);
  turn.Ask(UnwatchWorkload{cluster.name, scaler.policy.target});
  turn.state.looks.Set(scaler, absl::InfiniteFuture());
  turn.Erase(scaler);
  turn.state.scalers.erase(found);
}

// The same workload, by other rules.
void ChangeRules(Turn& turn, Scaler& scaler, const Policy& policy) {
  const bool other_version = scaler.policy.version != policy.scale().version;
  const bool other_mode = scaler.policy.mode != policy.scale().mode;
  scaler.policy = policy.scale();
  scaler.policy_etag = policy.etag;
  scaler.plan_from = absl::InfinitePast();
  scaler.failure_pause = absl::ZeroDuration();
  if (other_mode) scaler.refused_by.clear();
  if (other_version) ObserveAgain(turn, scaler);
  for (auto& [uid, pod] : scaler.pods) UpdateWatch(turn, scaler, uid, pod);
  turn.Changed(scaler);
  LookSoon(turn, scaler);
}

// ---- what is seen ----

Scaler* ScalerFor(Turn& turn, const std::string& cluster, const Workload& workload) {
  const Cluster* known = turn.FindCluster(cluster);
  if (known == nullptr) return nullptr;
  const auto found = known->scaled.find(workload);
  return found == known->scaled.end() ? nullptr : turn.FindScaler(found->second);
}

// So many replicas were there while nobody looked: a window of scaling in begins again, at `when`.
void HoldReplicas(Scaler& scaler, int64_t replicas, absl::Time when) {
  Recommendations& recommendations = scaler.record.memory.recommendations;
  if (!recommendations.highest.empty()) when = std::max(when, recommendations.highest.back().time);
  NoteHeld(recommendations, replicas, when);
}

// The replicas that are there, or more where a change to more is under way.
int64_t Coming(Turn& turn, const Scaler& scaler, int64_t replicas) {
  const OpenDecision* open = turn.FindOpen(scaler.open_decision);
  if (open == nullptr) return replicas;
  for (const Action& action : open->decision.actions) {
    if (action.replicas) replicas = std::max(replicas, action.replicas->to);
  }
  return replicas;
}

// The workload is seen, and was not before, or another object has its name.
void Recognise(Turn& turn, Scaler& scaler, const WorkloadFacts& facts) {
  ScalerRecord& record = scaler.record;
  const bool same = record.uid == facts.uid;
  if (!scaler.workload || !same) scaler.pods_told_by = turn.now + kPodsToldWithin;
  if (!same) {
    record.memory = {};
    record.last_scaled.reset();
    record.uid = facts.uid;
    scaler.unwritten_since = scaler.unwritten_since.value_or(turn.now);
    scaler.refused_by.clear();
    scaler.rests = false;
  } else if (!scaler.workload && record.memory.begun) {
    // A crash takes away what was noted since the record was written; the next look after that would have
    // been written kRecordEvery later.
    const absl::Time until = record.written + kLookEvery + kRecordEvery;
    const auto& highest = record.memory.recommendations.highest;
    int64_t replicas = Coming(turn, scaler, facts.replicas);
    if (scaler.restored && !highest.empty()) replicas = std::max(replicas, highest.back().replicas);
    HoldReplicas(scaler, replicas, scaler.restored ? std::min(until, turn.now) : turn.now);
  }
  scaler.restored = false;
}

// An observation that shows the number from before a change that was answered since is older than the answer,
// or somebody has set that number again: the answer counts until the workload was read once more.
WorkloadFacts AsAnswered(Turn& turn, Scaler& scaler, WorkloadFacts facts) {
  const std::set<int64_t> overtaken = std::exchange(scaler.overtaken, {});
  const bool same = scaler.workload && scaler.workload->uid == facts.uid;
  if (!same || !overtaken.contains(facts.replicas)) return facts;
  facts.replicas = scaler.workload->replicas;
  ObserveAgain(turn, scaler);
  return facts;
}

// What is told differs from what is known by nothing but when it was taken.
bool SameFigures(const PodRow& known, const PodUsage& told) {
  const auto same = [](bool has, const CpuSample& known, const std::optional<CpuSample>& told) {
    return has == told.has_value() && (!has || known.millicores == told->millicores);
  };
  return known.told && same(known.has_steady, known.steady, told.steady) &&
         same(known.has_sudden, known.sudden, told.sudden) && known.held == told.held &&
         known.has_throttled == told.throttled_percent.has_value() &&
         known.throttled_percent == told.throttled_percent.value_or(0) &&
         (known.has_died ? known.pod->second.deaths == told.deaths : told.deaths == PodDeaths());
}

// Nor by that.
bool SameTimes(const PodRow& known, const PodUsage& told) {
  return known.steady == told.steady.value_or(CpuSample()) &&
         known.sudden == told.sudden.value_or(CpuSample());
}

bool IsAbove(const PodRow& row) {
  return row.sudden_millicores > 0 && row.has_sudden && row.sudden.millicores > row.sudden_millicores;
}

void TakeUsage(Turn& turn, PodRow& row, const PodUsage& usage) {
  if (!row.watched) return;
  const bool same = SameFigures(row, usage);
  if (same && SameTimes(row, usage)) return;
  Scaler& scaler = *row.scaler;
  const bool was_above = IsAbove(row);
  const bool died = usage.deaths.last &&
                    IsNewDeath(row.has_died ? row.pod->second.deaths : PodDeaths{}, usage.deaths, turn.now);
  if (died) scaler.died.insert(usage.pod_uid);
  ScaledPods::SetUsage(row, usage);
  // That an even load is even still is no reason for a scaler that rests to look at it.
  if (same && scaler.rests) return;
  LookSoon(turn, scaler);
  const bool rises = !was_above && IsAbove(row);
  if (!(rises || died) || !scaler.looked) return;
  // It has just passed the bound, or died: a second is long.
  scaler.next_look = std::min(scaler.next_look, std::max(turn.now, *scaler.looked + kSuddenLook));
  SetLookTimer(turn, scaler);
}

// ---- autoscalers ----

std::string NameOf(const AutoscalerName& name) {
  return absl::StrCat(name.name_space, "/", name.name);
}

// What scales the workload has changed.
void TargetChanged(Turn& turn, const Cluster& cluster, const Workload& target) {
  Scaler* scaler = ScalerFor(turn, cluster.name, target);
  if (scaler == nullptr) return;
  turn.Changed(*scaler);
  LookSoon(turn, *scaler);
}

void ForgetAutoscaler(Turn& turn, Cluster& cluster, const AutoscalerName& name) {
  const auto known = cluster.autoscalers.find(name);
  if (known == cluster.autoscalers.end()) return;
  const Workload target = known->second.target;
  cluster.autoscalers.erase(known);
  const auto names = cluster.autoscaled.find(target);
  names->second.erase(name);
  if (names->second.empty()) cluster.autoscaled.erase(names);
  TargetChanged(turn, cluster, target);
}

}  // namespace

absl::Status MayScale(const State& state, const Policy& policy) {
  const ScalePolicy* scale = policy.IfScale();
  const auto cluster = state.clusters.find(policy.cluster());
  if (scale == nullptr || cluster == state.clusters.end()) return absl::OkStatus();
  // An autoscaler that came later stops the scaler; its policy may be changed all the same.
  const auto old = state.policies.find(policy.name);
  if (old != state.policies.end() && SameSubject(old->second, policy)) return absl::OkStatus();
  const auto* autoscaler = AutoscalerOf(cluster->second, scale->target);
  if (autoscaler == nullptr) return absl::OkStatus();
  const std::string name = NameOf(autoscaler->first);
  return absl::FailedPreconditionError(
      absl::StrCat("HorizontalPodAutoscaler ", name, " scales ", scale->target.ToString(),
                   " already: delete it first, or let Evenkeel take it over with `evenkeel takeover hpa ",
                   name, " --cluster ", scale->cluster, "`"));
}

void UpdateScaler(Turn& turn, const std::string& name) {
  const auto found = turn.state.policies.find(name);
  const bool wanted = found != turn.state.policies.end() && found->second.IfScale() != nullptr;
  Scaler* scaler = turn.FindScaler(name);
  if (scaler != nullptr && wanted) {
    const ScalePolicy& policy = found->second.scale();
    if (policy.cluster == scaler->policy.cluster && policy.target == scaler->policy.target) {
      return ChangeRules(turn, *scaler, found->second);
    }
  }
  End(turn, name);
  Cluster* cluster = wanted ? turn.FindCluster(found->second.cluster()) : nullptr;
  if (cluster != nullptr) Begin(turn, *cluster, found->second, std::nullopt);
}

void BeginScalers(Turn& turn, Cluster& cluster) {
  for (const auto& [name, policy] : turn.state.policies) {
    if (policy.IfScale() == nullptr || policy.cluster() != cluster.name) continue;
    std::optional<ScalerRecord> record;
    const auto restored = turn.state.restored_scalers.find(name);
    if (restored != turn.state.restored_scalers.end() && restored->second.cluster == cluster.name &&
        restored->second.target == policy.scale().target) {
      record = std::move(restored->second);
      turn.state.restored_scalers.erase(restored);
    }
    Begin(turn, cluster, policy, std::move(record));
  }
  // What is left is of policies that are gone, or are for another workload now.
  std::erase_if(turn.state.restored_scalers, [&](const auto& restored) {
    if (restored.second.cluster != cluster.name) return false;
    turn.Write(EraseScalerRecord{restored.first});
    return true;
  });
  for (const DecisionId& id : std::vector<DecisionId>(cluster.open.begin(), cluster.open.end())) {
    OpenDecision* open = turn.FindOpen(id);
    if (open == nullptr || turn.ScalerOf(open->decision) != nullptr) continue;
    if (IsOnWorkload(open->decision)) {
      CancelScale(turn, *open, "The coordinator was restarted, and its policy is gone");
    } else if (open->decision.kind == DecisionKind::kDrainBack) {
      LeaveDrainBack(turn, *open, "the coordinator was restarted, and its scale policy is gone");
    }
  }
}

void OnWorkloadObserved(Turn& turn, const WorkloadObserved& event) {
  HeadroomSeen(turn, event);
  Scaler* scaler = ScalerFor(turn, event.cluster, event.workload);
  if (scaler == nullptr) return;
  WorkloadFacts facts = AsAnswered(turn, *scaler, event.facts);
  if (scaler->workload == facts) return;
  Recognise(turn, *scaler, facts);
  scaler->workload = std::move(facts);
  scaler->unseen.clear();
  scaler->absent = false;
  turn.Changed(*scaler);
  if (OpenDecision* open = turn.FindOpen(scaler->open_decision)) {
    if (open->decision.kind == DecisionKind::kDrainBack) {
      SeeDrainBack(turn, *scaler, *open);
    } else {
      ReviewScale(turn, *scaler, *open);
    }
  }
  LookSoon(turn, *scaler);
  BurstLookSoon(turn, *turn.FindCluster(event.cluster));
}

void OnWorkloadGone(Turn& turn, const WorkloadGone& event) {
  HeadroomGone(turn, event);
  Scaler* scaler = ScalerFor(turn, event.cluster, event.workload);
  if (scaler == nullptr) return;
  ForgetPods(turn, *turn.FindCluster(event.cluster), *scaler);
  scaler->workload.reset();
  scaler->unseen = event.reason;
  scaler->absent = event.absent;
  turn.Changed(*scaler);
  if (OpenDecision* open = turn.FindOpen(scaler->open_decision)) {
    if (open->decision.kind == DecisionKind::kDrainBack) {
      LoseDrainBack(turn, *open, event.reason);
    } else {
      LoseWorkload(turn, *scaler, *open);
    }
  }
  LookSoon(turn, *scaler);
}

void OnWorkloadPodObserved(Turn& turn, const WorkloadPodObserved& event) {
  Scaler* scaler = ScalerFor(turn, event.cluster, event.workload);
  if (scaler == nullptr) return;
  const auto [place, fresh] = scaler->pods.try_emplace(event.pod_uid);
  ScaledPod& pod = place->second;
  if (!fresh && pod.facts == event.facts) return;
  ScaledPods::SetFacts(pod, event.facts);
  Cluster& cluster = *turn.FindCluster(event.cluster);
  if (fresh) {
    cluster.scaled_pods.Add(*scaler, *place);
    PressingChanged(cluster);
  }
  UpdateWatch(turn, *scaler, event.pod_uid, pod);
  LookSoon(turn, *scaler);
  if (!cluster.burst.virtual_nodes.empty()) BurstLookSoon(turn, cluster);  // it may have come home
}

void OnWorkloadPodGone(Turn& turn, const WorkloadPodGone& event) {
  Scaler* scaler = ScalerFor(turn, event.cluster, event.workload);
  if (scaler == nullptr) return;
  const auto pod = scaler->pods.find(event.pod_uid);
  if (pod == scaler->pods.end()) return;
  ForgetPod(turn, *turn.FindCluster(event.cluster), *scaler, *pod);
  scaler->pods.erase(pod);
  LookSoon(turn, *scaler);
}

void OnUsageTold(Turn& turn, const UsageTold& event) {
  Cluster* cluster = turn.FindCluster(event.cluster);
  if (cluster == nullptr) return;
  cluster->scaled_pods.ForEachTold(
      event.pods, [&turn](PodRow& row, const PodUsage& usage) { TakeUsage(turn, row, usage); });
}

void OnAutoscalerObserved(Turn& turn, const AutoscalerObserved& event) {
  Cluster* cluster = turn.FindCluster(event.cluster);
  if (cluster == nullptr) return;
  const auto known = cluster->autoscalers.find(event.name);
  if (known != cluster->autoscalers.end() && known->second == event.facts) return;
  ForgetAutoscaler(turn, *cluster, event.name);
  cluster->autoscalers[event.name] = event.facts;
  cluster->autoscaled[event.facts.target].insert(event.name);
  TargetChanged(turn, *cluster, event.facts.target);
}

void OnAutoscalerGone(Turn& turn, const AutoscalerGone& event) {
  if (Cluster* cluster = turn.FindCluster(event.cluster)) ForgetAutoscaler(turn, *cluster, event.name);
}

const std::pair<const AutoscalerName, AutoscalerFacts>* AutoscalerOf(const Cluster& cluster,
                                                                     const Workload& target) {
  const auto names = cluster.autoscaled.find(target);
  if (names == cluster.autoscaled.end()) return nullptr;
  return &*cluster.autoscalers.find(*names->second.begin());
}

void NoteAnswered(Scaler& scaler, const std::string& uid, const ReplicaChange& change) {
  if (!scaler.workload || scaler.workload->uid != uid || scaler.workload->replicas != change.from) return;
  scaler.workload->replicas = change.to;
  scaler.overtaken.insert(change.from);
  scaler.overtaken.erase(change.to);
}

void ObserveAgain(Turn& turn, const Scaler& scaler) {
  turn.Ask(WatchWorkload{
      .cluster = scaler.policy.cluster, .workload = scaler.policy.target, .version = scaler.policy.version});
}

void LookSoon(Turn& turn, Scaler& scaler) {
  const absl::Time soonest = scaler.looked ? std::max(turn.now, *scaler.looked + kLookEvery) : turn.now;
  if (scaler.next_look <= soonest) return;  // its timer is there: what is told of many pods costs no more
  scaler.next_look = soonest;
  SetLookTimer(turn, scaler);
}

void LookSoon(Turn& turn, Cluster& cluster) {
  for (const auto& [target, name] : cluster.scaled) {
    if (Scaler* scaler = turn.FindScaler(name)) LookSoon(turn, *scaler);
  }
}

void SetLookTimer(Turn& turn, Scaler& scaler) {
  absl::Time due = scaler.next_look;
  if (scaler.unwritten_since) due = std::min(due, *scaler.unwritten_since + kRecordEvery);
  turn.state.looks.Set(scaler, due);
}

}  // namespace evenkeel::coordinator
