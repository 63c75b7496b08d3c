#include "tests/simulation/scale_model.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace evenkeel::simulation {

using namespace coordinator;  // the model speaks the core's language

namespace {

constexpr absl::Duration kWatchShows = absl::Milliseconds(5);   // until a change is seen
constexpr absl::Duration kFirstShown = absl::Milliseconds(10);  // until what is newly watched is

bool IsOf(const PodFacts& pod, const WorkloadSpec& spec) {
  return pod.controller.kind == spec.kind && pod.controller.uid == ScaleModel::ControllerUidOf(spec);
}

}  // namespace

// A StatefulSet is its pods' controller itself; a Deployment has a ReplicaSet between.
std::string ScaleModel::UidOf(const WorkloadSpec& spec) {
  return absl::StrCat(spec.kind == "ReplicaSet" ? "uid-deployment-" : "uid-", spec.name,
                      spec.made_again == 0 ? "" : absl::StrCat("-", spec.made_again));
}

std::string ScaleModel::ControllerUidOf(const WorkloadSpec& spec) {
  return absl::StrCat("uid-", spec.name, spec.made_again == 0 ? "" : absl::StrCat("-", spec.made_again));
}

absl::Time ScaleModel::Created(const std::string& uid) const {
  const auto life = lives_.find(uid);
  return life == lives_.end() ? absl::InfinitePast() : life->second.created;
}

absl::Time ScaleModel::LastHand(const std::string& workload) const {
  const auto hand = hands_.find(workload);
  return hand == hands_.end() ? absl::InfinitePast() : hand->second;
}

absl::Time ScaleModel::Bound(const std::string& uid) const {
  const auto life = lives_.find(uid);
  return life == lives_.end() ? absl::InfinitePast() : life->second.bound.value_or(absl::InfiniteFuture());
}

const WorkloadSpec* ScaleModel::Find(const Workload& workload) const {
  const auto found = around_.workloads.find(workload.name);
  if (found == around_.workloads.end() || SubjectOf(found->second) != workload) return nullptr;
  if (found->second.deleted) return nullptr;
  return &found->second;
}

WorkloadFacts ScaleModel::FactsOf(const WorkloadSpec& spec) const {
  WorkloadFacts facts;
  facts.uid = UidOf(spec);
  facts.replicas = spec.replicas;
  for (const auto& [name, pod] : around_.pods) {
    if (IsOf(pod, spec) && !pod.deleting && pod.phase != "Failed") ++facts.status_replicas;
  }
  return facts;
}

WorkloadPodFacts ScaleModel::FactsOf(const std::string& name, const PodFacts& pod) const {
  WorkloadPodFacts facts;
  facts.name = name;
  facts.node = pod.node;
  facts.phase = pod.phase == "Running"  ? PodPhase::kRunning
                : pod.phase == "Failed" ? PodPhase::kFailed
                                        : PodPhase::kPending;
  facts.deleting = pod.deleting;
  facts.ready = pod.ready;
  facts.request_millicores = pod.requests.cpu_millicores;
  facts.failing = !pod.ready && pod.waiting_reason == "CrashLoopBackOff";
  if (const auto life = lives_.find(pod.uid); life != lives_.end()) {
    facts.started = life->second.bound;
    facts.ready_changed = life->second.ready_changed;
  }
  return facts;
}

// ---- the coordinator's watches ----

void ScaleModel::Forget() {
  ++lives_begun_;
  listed_ = false;
  watched_.clear();
  shown_autoscalers_.clear();
}

void ScaleModel::Watch(const WatchWorkload& request) {
  watched_[request.workload] = {};
  around_.schedule.After(kFirstShown + Lag(around_.knobs.api_delay),
                         [this, workload = request.workload, life = lives_begun_] {
                           const auto watched = watched_.find(workload);
                           // Whatever is not told now comes with the next list of everything.
                           if (life != lives_begun_ || watched == watched_.end() || !listed_) return;
                           if (around_.reached()) TellWhole(workload, watched->second);
                         });
}

void ScaleModel::Unwatch(const UnwatchWorkload& request) {
  watched_.erase(request.workload);
}

void ScaleModel::TellAll() {
  std::set<AutoscalerName> names = shown_autoscalers_;
  for (const auto& [name, facts] : autoscalers_) names.insert(name);
  for (const AutoscalerName& name : names) TellAutoscaler(name);
  listed_ = true;
  for (auto& [workload, watched] : watched_) TellWhole(workload, watched);
}

void ScaleModel::TellWhole(const Workload& workload, Watched& watched) {
  const WorkloadSpec* spec = Find(workload);
  if (spec == nullptr) {
    watched = {};
    return around_.tell(WorkloadGone{around_.cluster, workload, "there is none", true});
  }
  watched.told = FactsOf(*spec);
  around_.tell(WorkloadObserved{around_.cluster, workload, *watched.told});
  std::set<std::string> names;
  for (const auto& [name, uid] : watched.shown) names.insert(name);
  for (const auto& [name, pod] : around_.pods) {
    if (IsOf(pod, *spec)) names.insert(name);
  }
  for (const std::string& name : names) TellPod(name, workload, watched);
}

void ScaleModel::TellPod(const std::string& name) {
  for (auto& [workload, watched] : watched_) {
    if (watched.told) TellPod(name, workload, watched);
  }
}

void ScaleModel::TellPod(const std::string& name, const Workload& workload, Watched& watched) {
  const WorkloadSpec* spec = Find(workload);
  const auto pod = around_.pods.find(name);
  const bool its = spec != nullptr && pod != around_.pods.end() && IsOf(pod->second, *spec);
  if (const auto shown = watched.shown.find(name);
      shown != watched.shown.end() && (!its || shown->second != pod->second.uid)) {
    around_.tell(WorkloadPodGone{around_.cluster, workload, shown->second});
    watched.shown.erase(shown);
  }
  if (!its) return;
  watched.shown[name] = pod->second.uid;
  around_.tell(WorkloadPodObserved{around_.cluster, workload, pod->second.uid, FactsOf(name, pod->second)});
}

void ScaleModel::Announce(const std::string& workload) {
  const auto spec = around_.workloads.find(workload);
  if (spec == around_.workloads.end() || !watched_.contains(SubjectOf(spec->second))) return;
  around_.schedule.After(
      kWatchShows + Lag(around_.knobs.watch_delay), [this, subject = SubjectOf(spec->second)] {
        const auto watched = watched_.find(subject);
        const WorkloadSpec* now = Find(subject);
        if (watched == watched_.end() || !watched->second.told || now == nullptr || !around_.reached())
          return;
        const WorkloadFacts facts = FactsOf(*now);
        if (watched->second.told == facts) return;
        watched->second.told = facts;
        around_.tell(WorkloadObserved{around_.cluster, subject, facts});
      });
}

void ScaleModel::AnnounceAutoscaler(const AutoscalerName& name) {
  around_.schedule.After(kWatchShows + Lag(around_.knobs.watch_delay), [this, name] {
    if (listed_ && around_.reached()) TellAutoscaler(name);
  });
}

void ScaleModel::TellAutoscaler(const AutoscalerName& name) {
  if (const auto autoscaler = autoscalers_.find(name); autoscaler != autoscalers_.end()) {
    shown_autoscalers_.insert(name);
    around_.tell(AutoscalerObserved{around_.cluster, name, autoscaler->second});
  } else if (shown_autoscalers_.erase(name) > 0) {
    around_.tell(AutoscalerGone{around_.cluster, name});
  }
}

// ---- what happens to pods ----

void ScaleModel::PodChanged(const std::string& name) {
  const auto pod = around_.pods.find(name);
  if (pod == around_.pods.end()) return;
  const absl::Time now = around_.schedule.now();
  const auto [found, is_new] = lives_.try_emplace(pod->second.uid, Life{.created = now});
  Life& life = found->second;
  if (is_new) Announce(pod->second.controller.name);
  if (!life.bound && !pod->second.node.empty()) {
    life.bound = now;
    life.ready_changed = now;  // its conditions are made then
  }
  if (life.ready != pod->second.ready) life.ready_changed = now;
  life.ready = pod->second.ready;
  if (pod->second.deleting) Announce(pod->second.controller.name);
}

void ScaleModel::PodGone(const PodFacts& pod) {
  lives_.erase(pod.uid);
  Announce(pod.controller.name);
}

std::vector<std::string> ScaleModel::InOrderOfRemoval(std::vector<std::string> names) const {
  std::map<std::string, int64_t> on_node;
  for (const std::string& name : names) ++on_node[around_.pods.at(name).node];
  const auto rank = [&](const std::string& name) {
    const PodFacts& pod = around_.pods.at(name);
    const Life& life = lives_.at(pod.uid);
    const int32_t cost = heeds_deletion_costs_ ? pod.deletion_cost.value_or(0) : 0;
    return std::make_tuple(!pod.node.empty(), pod.phase == "Running", pod.ready, cost, -on_node[pod.node],
                           -absl::ToUnixMicros(life.ready_changed.value_or(absl::UnixEpoch())),
                           -absl::ToUnixMicros(life.created), name);
  };
  std::sort(names.begin(), names.end(),
            [&rank](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
  return names;
}

// ---- actions ----

ActionOutcome ScaleModel::SetReplicas(const Action& action, std::string& detail) {
  const ReplicaChange& change = *action.replicas;
  const WorkloadSpec* spec = Find({change.group, change.kind, action.name_space, action.name});
  if (spec == nullptr || UidOf(*spec) != action.uid) {
    detail = spec == nullptr ? "it is not there any more" : "another one has its name now";
    return ActionOutcome::kNotMine;
  }
  if (spec->replicas == change.to) return ActionOutcome::kAlreadyDone;
  if (spec->replicas != change.from) {
    detail = absl::StrCat("it has ", spec->replicas, " replicas now, and not ", change.from);
    return ActionOutcome::kNotMine;
  }
  around_.set(action.name, static_cast<uint32_t>(change.to));
  Announce(action.name);
  return ActionOutcome::kDone;
}

ActionOutcome ScaleModel::SetPlaceholders(const Action& action) {
  around_.set(action.name, static_cast<uint32_t>(action.replicas->to));
  Announce(action.name);
  return ActionOutcome::kDone;
}

ActionOutcome ScaleModel::DeleteAutoscaler(const Action& action, std::string& detail) {
  const auto found = autoscalers_.find({action.name_space, action.name});
  if (found == autoscalers_.end()) return ActionOutcome::kAlreadyDone;
  if (found->second.uid != action.uid) {
    detail = "another one has its name now";
    return ActionOutcome::kNotMine;
  }
  const AutoscalerName name = found->first;
  autoscalers_.erase(found);
  AnnounceAutoscaler(name);
  return ActionOutcome::kDone;
}

// ---- what others do ----

void ScaleModel::ScaleByHand(const std::string& workload, uint32_t replicas) {
  const auto spec = around_.workloads.find(workload);
  if (spec == around_.workloads.end() || spec->second.deleted || spec->second.replicas == replicas) return;
  hands_[workload] = around_.schedule.now();
  around_.set(workload, replicas);
  Announce(workload);
}

void ScaleModel::AddAutoscaler(const std::string& workload, uint32_t minimum, uint32_t maximum,
                               uint32_t percent, bool by_memory) {
  const auto spec = around_.workloads.find(workload);
  if (spec == around_.workloads.end()) return;
  AutoscalerFacts facts;
  facts.uid = absl::StrCat("uid-hpa-", workload, "-", ++made_);
  facts.target = SubjectOf(spec->second);
  facts.version = "v1";
  if (by_memory) {
    facts.beyond = "memory";
  } else {
    ScaleRules rules;
    rules.minimums.replicas = minimum;
    rules.maximum = maximum;
    rules.target = {CpuTarget::Kind::kPercentOfRequest, percent};
    facts.rules = rules;
  }
  const AutoscalerName name{kNamespace, workload};
  autoscalers_[name] = facts;
  AnnounceAutoscaler(name);
}

void ScaleModel::Replaced(const std::string& workload) {
  const auto spec = around_.workloads.find(workload);
  if (spec == around_.workloads.end()) return;
  hands_[workload] = around_.schedule.now();
  around_.schedule.After(kWatchShows + Lag(around_.knobs.watch_delay),
                         [this, subject = SubjectOf(spec->second)] {
                           const auto watched = watched_.find(subject);
                           if (watched == watched_.end() || !listed_ || !around_.reached()) return;
                           TellWhole(subject, watched->second);
                         });
}

void ScaleModel::RemoveAutoscaler(const std::string& workload) {
  const AutoscalerName name{kNamespace, workload};
  if (autoscalers_.erase(name) > 0) AnnounceAutoscaler(name);
}

}  // namespace evenkeel::simulation
