#include "tests/simulation/kubernetes_model.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/victims.h"

namespace evenkeel::simulation {
namespace {

using namespace coordinator;  // the model speaks the core's language

// How long things take here.
constexpr absl::Duration kWatch = absl::Milliseconds(5);  // until a change is seen
constexpr absl::Duration kCall = absl::Milliseconds(10);  // an API call
constexpr absl::Duration kCallTimeout =
    absl::Seconds(2);  // until a call to a server that is away is given up
constexpr absl::Duration kController = absl::Milliseconds(20);  // until a controller or the scheduler reacts
constexpr absl::Duration kPodStart = absl::Milliseconds(1200);
constexpr absl::Duration kPodStop = absl::Seconds(1);
constexpr absl::Duration kLeaseInterval = absl::Seconds(10);
constexpr absl::Duration kPreempted = absl::Milliseconds(500);  // until the scheduler tries again
constexpr absl::Duration kNodeGrace = absl::Seconds(40);        // of Kubernetes' own node controller
constexpr absl::Duration kGarbage = absl::Seconds(20);          // until a pod that has failed is cleared away

bool OnNode(const Action& action) {
  return action.name_space.empty();
}

bool OfBursts(const Action& action) {
  return action.kind == ActionKind::kOpenValve || action.kind == ActionKind::kCloseValve ||
         action.kind == ActionKind::kSetDeletionCost || action.kind == ActionKind::kSetReplicas ||
         action.kind == ActionKind::kSetPlaceholders;
}

}  // namespace

KubernetesModel::KubernetesModel(Surroundings surroundings, uint64_t seed)
    : around_(std::move(surroundings)),
      dice_(seed),
      scattered_(seed != 0),
      scaling_(
          {.cluster = around_.cluster,
           .schedule = around_.schedule,
           .knobs = around_.knobs,
           .dice = dice_,
           .workloads = workloads_,
           .pods = pods_,
           .reached = [this] { return Reached(); },
           .tell = around_.tell,
           .set = [this](const std::string& workload, uint32_t replicas) { Resize(workload, replicas); }}) {}

bool KubernetesModel::Heard(const std::string& node) const {
  const Machine& machine = around_.machines.at(node);
  return !away_ && machine.KubeletHeard() && around_.network.NodeAndApi(machine);
}

void KubernetesModel::AddNode(const std::string& name, const std::string& zone, const Resources& room) {
  NodeFacts facts;
  facts.uid = absl::StrCat("uid-", name, "-", ++counter_);
  facts.address = absl::StrCat("10.0.0.", nodes_.size() + 1);
  facts.failure_domain = zone;
  facts.ready = true;
  facts.boot_id = "boot-1";
  facts.allocatable = room;
  nodes_[name] = facts;
  leases_[name] = {true, absl::StrCat(++counter_), around_.schedule.now()};
  AnnounceNode(name);
  // The scripts' kubelets all renew at full intervals since the beginning.
  around_.schedule.After(scattered_ ? Lag(kLeaseInterval) : kLeaseInterval,
                         [this, name] { RenewLease(name); });
}

void KubernetesModel::MakeVirtual(const std::string& name) {
  virtual_.insert(name);
  NodeFacts& facts = nodes_.at(name);
  facts.allocatable = {};
  facts.reserved = true;
  facts.traits = {"type=virtual-kubelet", "virtual-kubelet.io/provider:"};
  AnnounceNode(name);
}

void KubernetesModel::SetServerMinor(uint32_t minor) {
  server_minor_ = minor;
  scaling_.SetHeedsDeletionCosts(coordinator::HeedsDeletionCost(minor));
}

void KubernetesModel::RemoveNode(const std::string& name) {
  nodes_.erase(name);
  leases_.erase(name);
  around_.tell(NodeGone{{around_.cluster, name}});
  std::vector<std::string> orphans;
  for (const auto& [pod, facts] : pods_) {
    if (facts.node == name) orphans.push_back(pod);
  }
  for (const std::string& pod : orphans) DeletePod(pod);
}

void KubernetesModel::Deploy(const WorkloadSpec& spec) {
  workloads_[spec.name] = spec;
  if (spec.kind == "DaemonSet") {
    for (const auto& [node, facts] : nodes_) CreatePod(spec.name, absl::StrCat(spec.name, "-", node), node);
    return;
  }
  for (uint32_t i = 0; i < spec.replicas; ++i) {
    const std::string suffix =
        spec.kind == "StatefulSet" ? absl::StrCat(i) : absl::StrCat(std::string(1, 'a' + i % 26), ++counter_);
    CreatePod(spec.name, absl::StrCat(spec.name, "-", suffix), "");
  }
}

void KubernetesModel::CreatePod(const std::string& workload, const std::string& name,
                                const std::string& node) {
  const WorkloadSpec& spec = workloads_.at(workload);
  PodFacts pod;
  pod.uid = absl::StrCat("uid-", name, "-", ++counter_);
  if (!node.empty()) Place(pod, node);
  pod.phase = "Pending";
  pod.controller = {spec.kind, spec.name, ScaleModel::ControllerUidOf(spec)};
  if (!spec.claim.empty()) pod.exclusive_claims = {spec.claim};
  pod.priority = spec.priority;
  pod.requests = spec.requests;
  pod.tolerates = spec.tolerates_virtual;
  pods_[name] = pod;
  owner_[name] = workload;
  Announce(name);
  around_.schedule.After(kController + Lag(around_.knobs.controller_delay),
                         [this, name, uid = pod.uid] { Bind(name, uid); });
}

void KubernetesModel::Place(PodFacts& pod, const std::string& node) {
  pod.node = node;
  ++load_[node];
}

// A scheduler that lags has not seen it yet.
bool KubernetesModel::TaintHolds(const std::string& node) const {
  const NodeFacts& facts = nodes_.at(node);
  if ((!facts.failover_taint && !facts.gray_taint) || !scheduler_sees_taints_) return false;
  const auto seen = taint_seen_.find(node);
  return seen == taint_seen_.end() || around_.schedule.now() >= seen->second;
}

bool KubernetesModel::HasRoom(const std::string& node, const Resources& requests) const {
  Resources free = nodes_.at(node).allocatable;
  if (free == Resources{}) return true;  // it does not say
  for (const auto& [name, pod] : pods_) {
    if (pod.node == node) free -= pod.requests;
  }
  return free.cpu_millicores >= requests.cpu_millicores && free.memory_bytes >= requests.memory_bytes &&
         free.pods >= requests.pods;
}

std::optional<std::string> KubernetesModel::PlaceFor(const WorkloadSpec& spec) const {
  std::optional<std::string> best;
  size_t best_count = 0;
  for (const auto& [name, facts] : nodes_) {
    const bool fits = facts.ready && !facts.unschedulable && !TaintHolds(name);
    if ((!fits && !spec.tolerates_all) || !HasRoom(name, spec.requests)) continue;
    if (IsVirtual(name) && (!spec.tolerates_virtual || facts.valve_taint)) continue;
    const auto load = load_.find(name);
    const size_t count = load == load_.end() ? 0 : load->second;
    if (!best || count < best_count) {
      best = name;
      best_count = count;
    }
  }
  return best;
}

// Takes pods of negative priority off a node that has room for one of `spec` without them. As the scheduler
// does: the pod itself is tried again when they are gone.
bool KubernetesModel::Preempt(const WorkloadSpec& spec) {
  for (const auto& [node, facts] : nodes_) {
    if (!facts.ready || facts.unschedulable || TaintHolds(node) || IsVirtual(node)) continue;
    Resources free = facts.allocatable;
    std::vector<std::string> victims;
    for (const auto& [name, pod] : pods_) {
      if (pod.node != node) continue;
      if (pod.priority < 0 && pod.priority < spec.priority) {
        victims.push_back(name);
      } else {
        free -= pod.requests;
      }
    }
    if (victims.empty() || free.cpu_millicores < spec.requests.cpu_millicores ||
        free.memory_bytes < spec.requests.memory_bytes || free.pods < spec.requests.pods) {
      continue;
    }
    while (!victims.empty() && !HasRoom(node, spec.requests)) {
      containers_.Stop(node, pods_.at(victims.back()).uid);
      DeletePod(victims.back());
      victims.pop_back();
    }
    return true;
  }
  return false;
}

ActionOutcome KubernetesModel::SetPlaceholders(const Action& action, std::string& detail) {
  const auto spec = workloads_.find(action.name);
  if (spec == workloads_.end() || ScaleModel::UidOf(spec->second) != action.uid) {
    detail = "it is not there any more";
    return ActionOutcome::kNotMine;
  }
  const bool reshaped = action.replicas->to > 0 && spec->second.requests != *action.requests;
  if (!reshaped && spec->second.replicas == action.replicas->to) return ActionOutcome::kAlreadyDone;
  if (reshaped) {
    spec->second.requests = *action.requests;
    for (const std::string& name : Active(action.name)) DeletePod(name);
  }
  return scaling_.SetPlaceholders(action);
}

void KubernetesModel::Bind(const std::string& name, const std::string& uid) {
  const auto pod = pods_.find(name);
  if (pod == pods_.end() || pod->second.uid != uid || pod->second.deleting) return;
  if (pod->second.node.empty()) {
    const auto place = PlaceFor(workloads_.at(owner_.at(name)));
    if (!place) {
      pod->second.waiting_reason = absl::StrCat("0/", nodes_.size(), " nodes are available");
      pod->second.unschedulable = true;
      Announce(name);
      const bool made_room = Preempt(workloads_.at(owner_.at(name)));
      around_.schedule.After(made_room ? kPreempted : absl::Seconds(1),
                             [this, name, uid] { Bind(name, uid); });
      return;
    }
    Place(pod->second, *place);
    pod->second.waiting_reason.clear();
    pod->second.unschedulable = false;
    Announce(name);
  }
  around_.schedule.After(kPodStart, [this, name, uid] { StartPod(name, uid); });
}

void KubernetesModel::StartPod(const std::string& name, const std::string& uid) {
  const auto pod = pods_.find(name);
  if (pod == pods_.end() || pod->second.uid != uid || pod->second.deleting ||
      !nodes_.contains(pod->second.node))
    return;
  if (IsVirtual(pod->second.node) && virtual_fails_) return FailPod(name);
  if (ProviderRefuses(pod->second.node) || !Heard(pod->second.node) || around_.held(pod->second.node, uid)) {
    around_.schedule.After(absl::Seconds(1), [this, name, uid] { StartPod(name, uid); });
    return;
  }
  RunContainer(name);
  pod->second.phase = "Running";
  pod->second.ready = workloads_.at(owner_.at(name)).starts;
  if (!pod->second.ready) pod->second.waiting_reason = "CrashLoopBackOff";
  Announce(name);
}

bool KubernetesModel::ProviderRefuses(const std::string& node) const {
  if (!IsVirtual(node)) return false;
  if (!virtual_starts_) return true;
  if (!virtual_quota_) return false;
  const auto running = std::count_if(pods_.begin(), pods_.end(), [this](const auto& pod) {
    return IsVirtual(pod.second.node) && pod.second.phase == "Running" &&
           pod.second.controller.kind != "DaemonSet";
  });
  return static_cast<size_t>(running) >= *virtual_quota_;
}

// It never runs. Its controller makes another at once, and some time later it is cleared away.
void KubernetesModel::FailPod(const std::string& name) {
  PodFacts& pod = pods_.at(name);
  pod.phase = "Failed";
  pod.waiting_reason = "ProviderFailed";
  Announce(name);
  const std::string& owner = owner_.at(name);
  if (pod.controller.kind == "ReplicaSet" || pod.controller.kind == "Job") {
    if (replaced_.insert(pod.uid).second) Replace(owner, name, pod.node);
  }
  const absl::Duration after = pod.controller.kind == "StatefulSet" ? kController : kGarbage;
  around_.schedule.After(after, [this, name, uid = pod.uid] {
    const auto failed = pods_.find(name);
    if (failed != pods_.end() && failed->second.uid == uid) DeletePod(name);
  });
}

void KubernetesModel::DeletePod(const std::string& name) {
  const auto pod = pods_.find(name);
  if (pod == pods_.end()) return;
  const PodFacts gone = pod->second;
  pods_.erase(pod);
  if (!gone.node.empty()) {
    --load_[gone.node];
    around_.schedule.After(kPodStop, [this, node = gone.node] { SyncKubelet(node); });
  }
  const std::string workload = owner_[name];
  owner_.erase(name);
  scaling_.PodGone(gone);
  around_.schedule.After(kWatch + Lag(around_.knobs.watch_delay), [this, name] {
    if (Reached()) TellPod(name);
  });
  if (replaced_.erase(gone.uid) == 0) Replace(workload, name, gone.node);
}

void KubernetesModel::Replace(const std::string& workload, const std::string& name, const std::string& node) {
  around_.schedule.After(kController + Lag(around_.knobs.controller_delay), [this, workload, name, node] {
    const WorkloadSpec& spec = workloads_.at(workload);
    if (spec.kind == "DaemonSet" && !nodes_.contains(node)) return;
    if (!Misses(workload, name)) return;
    const std::string again = spec.kind == "ReplicaSet" || spec.kind == "Job" ? FreshName(spec) : name;
    CreatePod(workload, again, spec.kind == "DaemonSet" ? node : "");
  });
}

std::string KubernetesModel::FreshName(const WorkloadSpec& spec) {
  return absl::StrCat(spec.name, "-", std::string(1, 'a' + counter_ % 26), counter_);
}

// ---- workloads whose replicas change ----

void KubernetesModel::Resize(const std::string& workload, uint32_t replicas) {
  workloads_.at(workload).replicas = replicas;
  resized_.insert(workload);
  around_.schedule.After(kController + Lag(around_.knobs.controller_delay),
                         [this, workload] { Reconcile(workload); });
}

std::vector<std::string> KubernetesModel::Active(const std::string& workload) const {
  std::vector<std::string> names;
  for (const auto& [name, owner] : owner_) {
    const PodFacts& pod = pods_.at(name);
    if (owner == workload && !pod.deleting && pod.phase != "Failed") names.push_back(name);
  }
  return names;
}

// A pod that has gone is to come again: always, where the number of pods has never changed.
bool KubernetesModel::Misses(const std::string& workload, const std::string& pod) const {
  const WorkloadSpec& spec = workloads_.at(workload);
  if (spec.deleted) return false;
  if (!resized_.contains(workload)) return true;
  if (spec.kind != "StatefulSet") return Active(workload).size() < spec.replicas;
  if (pods_.contains(pod)) return false;
  for (uint32_t i = 0; i < spec.replicas; ++i) {
    if (pod == absl::StrCat(spec.name, "-", i)) return true;
  }
  return false;
}

// Brings the number of pods to spec.replicas: by ordinals, or by the controller's ranking.
void KubernetesModel::Reconcile(const std::string& workload) {
  const WorkloadSpec& spec = workloads_.at(workload);
  if (spec.deleted) return;
  std::vector<std::string> active = Active(workload);
  if (spec.kind == "StatefulSet") {
    std::set<std::string> wanted;
    for (uint32_t i = 0; i < spec.replicas; ++i) wanted.insert(absl::StrCat(spec.name, "-", i));
    for (const std::string& name : active) {
      if (!wanted.contains(name)) Remove(name);
    }
    // One on its way out comes again when it has gone.
    for (const std::string& name : wanted) {
      if (!pods_.contains(name)) CreatePod(workload, name, "");
    }
    return;
  }
  for (size_t i = active.size(); i < spec.replicas; ++i) CreatePod(workload, FreshName(spec), "");
  if (active.size() <= spec.replicas) return;
  const size_t surplus = active.size() - spec.replicas;
  active = scaling_.InOrderOfRemoval(std::move(active));
  active.resize(surplus);
  for (const std::string& name : active) Remove(name);
}

// With its time to end, and without a successor: a StatefulSet's comes if it is wanted again by then.
void KubernetesModel::Remove(const std::string& name) {
  PodFacts& pod = pods_.at(name);
  if (pod.controller.kind != "StatefulSet") replaced_.insert(pod.uid);
  if (pod.node.empty()) return DeletePod(name);
  pod.deleting = true;
  Announce(name);
  around_.schedule.After(kPodStop, [this, name, uid = pod.uid] { EndEvicted(name, uid); });
}

void KubernetesModel::MakeAgain(const std::string& workload, uint32_t replicas, absl::Duration gone_for) {
  WorkloadSpec& spec = workloads_.at(workload);
  if (spec.deleted || away_) return;
  spec.deleted = true;
  resized_.insert(workload);
  for (const std::string& name : Active(workload)) Remove(name);
  scaling_.Replaced(workload);
  around_.schedule.After(gone_for, [this, workload, replicas] {
    WorkloadSpec& again = workloads_.at(workload);
    again.deleted = false;
    ++again.made_again;
    again.replicas = replicas;
    scaling_.Replaced(workload);
    Reconcile(workload);
  });
}

void KubernetesModel::RunContainer(const std::string& name) {
  const PodFacts& pod = pods_.at(name);
  if (containers_.Runs(pod.node, pod.uid)) return;
  std::string identity;
  if (pod.controller.kind == "StatefulSet") identity = name;
  if (!pod.exclusive_claims.empty()) identity = pod.exclusive_claims.front();
  containers_.Start(pod.node, {pod.uid, identity});
  if (!identity.empty() && around_.started) around_.started(pod.node, identity);
}

// A kubelet that reaches the API server runs what is bound to its node, and nothing else.
void KubernetesModel::SyncKubelet(const std::string& node) {
  if (!around_.machines.contains(node) || !Heard(node) || containers_.On(node).empty()) return;
  std::set<std::string> wanted;
  for (const auto& [name, pod] : pods_) {
    if (pod.node == node) wanted.insert(pod.uid);
  }
  std::vector<std::string> surplus;
  for (const auto& [uid, container] : containers_.On(node)) {
    if (!wanted.contains(uid)) surplus.push_back(uid);
  }
  for (const std::string& uid : surplus) containers_.Stop(node, uid);
}

// Kubernetes' own node controller; while the API server is away it judges nobody.
void KubernetesModel::AwaitGrace(const std::string& node) {
  Machine& machine = around_.machines.at(node);
  machine.kubelet_lost = around_.schedule.now();
  around_.schedule.After(kNodeGrace, [this, node, lost = machine.kubelet_lost] {
    const Machine& now = around_.machines.at(node);
    if (away_ || Heard(node) || now.kubelet_lost != lost || !nodes_.contains(node)) return;
    nodes_[node].ready = false;
    AnnounceNode(node);
    for (auto& [name, pod] : pods_) {
      if (pod.node != node || !pod.ready) continue;
      pod.ready = false;
      Announce(name);
    }
  });
}

void KubernetesModel::MachineChanged(const std::string& node) {
  Machine& machine = around_.machines.at(node);
  if (!machine.powered) containers_.MachineOff(node);
  const bool heard = Heard(node);
  const bool was_heard = !unheard_.contains(node);
  if (heard) unheard_.erase(node);
  if (!heard) unheard_.insert(node);
  if (heard == was_heard) return;
  if (!heard) return AwaitGrace(node);
  // A kubelet that is heard again renews its lease, says that it is Ready, and what became of its pods.
  around_.schedule.After(absl::Seconds(1), [this, node] {
    if (!Heard(node) || !nodes_.contains(node)) return;
    WriteLease(node);
    NodeFacts& facts = nodes_[node];
    const std::string boot_id = absl::StrCat("boot-", around_.machines.at(node).boots);
    if (!facts.ready || facts.boot_id != boot_id) {
      facts.ready = true;
      facts.boot_id = boot_id;
      AnnounceNode(node);
    }
    SyncKubelet(node);
    ReportPods(node);
  });
}

// Its kubelet says how its pods are, whatever somebody else has said.
void KubernetesModel::ReportPods(const std::string& node) {
  marked_.erase(node);
  for (auto& [name, pod] : pods_) {
    if (pod.node != node || pod.phase != "Running" || pod.deleting) continue;
    if (around_.held(node, pod.uid)) {
      const bool was_ready = std::exchange(pod.ready, false);
      if (was_ready) Announce(name);
      continue;
    }
    RunContainer(name);
    if (pod.ready) continue;
    pod.ready = workloads_.at(owner_.at(name)).starts;
    Announce(name);
  }
}

void KubernetesModel::ContainersStopped(const std::string& node, const std::set<std::string>& uids) {
  for (const std::string& uid : uids) containers_.Stop(node, uid);
  MayRunAgain(node);  // what its kubelet says of the others is the same
}

void KubernetesModel::MayRunAgain(const std::string& node) {
  if (Heard(node)) ReportPods(node);
}

// Kubernetes deletes all pods of a node that is called out of service and is not Ready, by force. (A
// DaemonSet's would come back at once, and would go again.)
void KubernetesModel::EmptyOutOfService(const std::string& node) {
  const auto facts = nodes_.find(node);
  if (facts == nodes_.end() || !facts->second.out_of_service) return;
  std::vector<std::string> all;
  for (const auto& [name, pod] : pods_) {
    if (pod.node == node && pod.controller.kind != "DaemonSet") all.push_back(name);
  }
  if (!facts->second.ready && !away_) {
    for (const std::string& name : all) DeletePod(name);
  }
  around_.schedule.After(absl::Seconds(1), [this, node] { EmptyOutOfService(node); });
}

void KubernetesModel::WriteLease(const std::string& node) {
  leases_[node] = {true, absl::StrCat(++counter_),
                   around_.schedule.now() + around_.machines.at(node).clock_skew};
  lease_written_[node] = around_.schedule.now();
}

void KubernetesModel::RenewLease(const std::string& node) {
  const auto lease = leases_.find(node);
  if (lease == leases_.end()) return;
  const Machine& machine = around_.machines.at(node);
  if (Heard(node) && !machine.mute) {
    WriteLease(node);
    if (marked_.contains(node)) ReportPods(node);
  }
  around_.schedule.After(kLeaseInterval + Lag(machine.lag), [this, node] { RenewLease(node); });
}

void KubernetesModel::Announce(const std::string& name) {
  scaling_.PodChanged(name);
  around_.schedule.After(kWatch + Lag(around_.knobs.watch_delay), [this, name] {
    if (Reached()) TellPod(name);
  });
}

void KubernetesModel::TellPod(const std::string& name) {
  if (const auto pod = pods_.find(name); pod != pods_.end()) {
    shown_.insert(name);
    around_.tell(PodObserved{{around_.cluster, kNamespace, name}, pod->second});
  } else if (shown_.erase(name) > 0) {
    around_.tell(PodGone{{around_.cluster, kNamespace, name}});
  }
  scaling_.TellPod(name);
}

void KubernetesModel::AnnounceNode(const std::string& name) {
  ++versions_[name];
  around_.schedule.After(kWatch + Lag(around_.knobs.watch_delay), [this, name] {
    const auto node = nodes_.find(name);
    if (node != nodes_.end() && Reached()) around_.tell(NodeObserved{{around_.cluster, name}, node->second});
  });
}

void KubernetesModel::TellAll() {
  for (const auto& [name, facts] : nodes_) around_.tell(NodeObserved{{around_.cluster, name}, facts});
  std::set<std::string> names = shown_;
  for (const auto& [name, facts] : pods_) names.insert(name);
  for (const std::string& name : names) TellPod(name);
  scaling_.TellAll();
  around_.tell(ApiChanged{around_.cluster, true, "", server_minor_});
}

void KubernetesModel::SetAway(bool away) {
  away_ = away;
  ReachChanged();
  for (const auto& [node, facts] : nodes_) {
    MachineChanged(node);
    if (!away && unheard_.contains(node)) AwaitGrace(node);
  }
}

void KubernetesModel::ReachChanged() {
  const bool reached = Reached();
  if (reached == reached_) return;
  reached_ = reached;
  if (!reached) {
    around_.tell(ApiChanged{around_.cluster, false, "no answer for 5 s"});
  } else {
    around_.schedule.After(kCall, [this] {
      if (Reached()) TellAll();
    });
  }
}

ActionOutcome KubernetesModel::ApplyToNode(const Action& action, std::string& detail) {
  const auto node = nodes_.find(action.name);
  if (node == nodes_.end() || node->second.uid != action.uid) return ActionOutcome::kNotMine;
  if (action.kind == ActionKind::kFenceNode) {
    if (hook_succeeds_) around_.power_off(action.name);
    detail = hook_succeeds_ ? "exit code 0: outlet 7 is off" : "exit code 1";
    return hook_succeeds_ ? ActionOutcome::kDone : ActionOutcome::kRefused;
  }
  const bool put = action.kind == ActionKind::kTaintNode || action.kind == ActionKind::kTaintGray ||
                   action.kind == ActionKind::kTaintOutOfService || action.kind == ActionKind::kCloseValve;
  const bool valve = action.kind == ActionKind::kOpenValve || action.kind == ActionKind::kCloseValve;
  const bool gray = action.kind == ActionKind::kTaintGray || action.kind == ActionKind::kUntaintGray;
  const bool out_of_service =
      action.kind == ActionKind::kTaintOutOfService || action.kind == ActionKind::kUntaintOutOfService;
  if (out_of_service && put && !knows_out_of_service_) {
    detail = "Kubernetes v1.20.2 does not know this taint";
    return ActionOutcome::kNotKnownThere;
  }
  bool& taint = valve            ? node->second.valve_taint
                : out_of_service ? node->second.out_of_service
                : gray           ? node->second.gray_taint
                                 : node->second.failover_taint;
  if (taint == put) return ActionOutcome::kAlreadyDone;
  taint = put;
  taint_seen_[action.name] = around_.schedule.now() + Lag(around_.knobs.taint_lag);
  AnnounceNode(action.name);
  if (out_of_service && put) EmptyOutOfService(action.name);
  return ActionOutcome::kDone;
}

ActionOutcome KubernetesModel::Apply(const Action& action, std::string& detail) {
  if (action.kind == ActionKind::kAskForMachines) {
    detail = "it answered 200";
    return ActionOutcome::kDone;
  }
  if (OnNode(action)) return ApplyToNode(action, detail);
  if (action.kind == ActionKind::kSetPlaceholders) return SetPlaceholders(action, detail);
  if (action.kind == ActionKind::kSetReplicas) return scaling_.SetReplicas(action, detail);
  if (action.kind == ActionKind::kDeleteAutoscaler) return scaling_.DeleteAutoscaler(action, detail);
  const auto pod = pods_.find(action.name);
  if (pod == pods_.end()) return ActionOutcome::kAlreadyDone;
  if (pod->second.uid != action.uid) return ActionOutcome::kNotMine;
  switch (action.kind) {
    case ActionKind::kDeletePod:
      DeletePod(action.name);
      return ActionOutcome::kDone;
    case ActionKind::kSetDeletionCost:
      if (pod->second.deletion_cost) return ActionOutcome::kAlreadyDone;
      pod->second.deletion_cost = coordinator::kVirtualDeletionCost;
      Announce(action.name);
      return ActionOutcome::kDone;
    case ActionKind::kMarkPodUnready:
      pod->second.ready = false;
      marked_.insert(pod->second.node);
      Announce(action.name);
      return ActionOutcome::kDone;
    default:
      break;
  }
  if (!AllowsEviction(action.name)) {
    detail = "the PodDisruptionBudget allows no eviction now";
    return ActionOutcome::kBlocked;
  }
  pod->second.deleting = true;
  Announce(action.name);
  // A pod on its way out has no place in its ReplicaSet any more, however long it lingers. Its successor is
  // made once, whoever else evicts it; with an exclusive volume it could not start before the volume is free.
  const std::string& owner = owner_.at(action.name);
  const WorkloadSpec& spec = workloads_.at(owner);
  const bool interchangeable = (spec.kind == "ReplicaSet" || spec.kind == "Job") && spec.claim.empty();
  if (interchangeable && !around_.machines.at(pod->second.node).EndsPods() &&
      replaced_.insert(pod->second.uid).second) {
    Replace(owner, action.name, pod->second.node);
  }
  around_.schedule.After(kPodStop, [this, name = action.name, uid = action.uid] { EndEvicted(name, uid); });
  return ActionOutcome::kDone;
}

// By the budgets: a pod that is not Ready is no loss as long as enough others are.
bool KubernetesModel::AllowsEviction(const std::string& name) const {
  const WorkloadSpec& spec = workloads_.at(owner_.at(name));
  if (spec.blocked) return false;
  if (spec.min_available == 0) return true;
  uint32_t ready = 0;
  for (const auto& [other, owner] : owner_) {
    const PodFacts& pod = pods_.at(other);
    if (owner == spec.name && other != name && pod.ready && !pod.deleting) ++ready;
  }
  return ready >= spec.min_available;
}

// Its kubelet has to say that it is gone.
void KubernetesModel::EndEvicted(const std::string& name, const std::string& uid) {
  const auto evicted = pods_.find(name);
  if (evicted == pods_.end() || evicted->second.uid != uid) return;
  if (Heard(evicted->second.node) && around_.machines.at(evicted->second.node).EndsPods()) {
    containers_.Stop(evicted->second.node, uid);
    return DeletePod(name);
  }
  around_.schedule.After(absl::Seconds(1), [this, name, uid] { EndEvicted(name, uid); });
}

void KubernetesModel::Act(const ReleasedAction& released, std::function<void(Event)> answer) {
  around_.schedule.After(kCall + Lag(around_.knobs.api_delay), [this, released, answer = std::move(answer)] {
    const Knobs& now = around_.knobs;
    ActionFinished finished{released.decision, released.action.number, ActionOutcome::kUnreachable,
                            "no answer from the API server", released.action.attempts};
    const bool lost = !Reached() || around_.marks.Strike(dice_, now.request_lost, "API request lost");
    const bool silent = lost || around_.marks.Strike(dice_, now.answer_lost, "API answer lost");
    if (!lost && around_.marks.Strike(dice_, now.refused, "API error")) {
      finished.detail = "the API server answers 500";
      return answer(finished);
    }
    if (!lost && OfBursts(released.action) && around_.marks.Strike(dice_, now.forbidden, "API forbids")) {
      finished.outcome = ActionOutcome::kRefused;
      finished.detail = "the API server answers 403: admission webhook \"somebodys\" denied the request";
      return answer(finished);
    }
    if (!lost) {
      finished.detail.clear();
      finished.outcome = Apply(released.action, finished.detail);
      const bool scaled =
          released.action.kind == ActionKind::kSetReplicas && finished.outcome == ActionOutcome::kDone;
      if (scaled && around_.scaled) around_.scaled(released);
      if (around_.marks.Strike(dice_, now.request_twice, "API request twice")) Repeat(released.action);
    }
    if (!silent) return answer(finished);
    finished.outcome = ActionOutcome::kUnreachable;
    finished.detail = "no answer from the API server";
    around_.schedule.After(kCallTimeout, [finished, answer] { answer(finished); });
  });
}

// A client whose connection broke sends it again, and the server carries out both. A change of a node says
// which version of the object it is meant for, and so does one of replicas, which is another once it is
// carried out; all else names a uid.
void KubernetesModel::Repeat(const Action& action) {
  if (action.kind == ActionKind::kSetReplicas) return;
  const uint64_t version = versions_[action.name];
  around_.schedule.After(Lag(kCallTimeout), [this, action, version] {
    std::string detail;
    if (!OnNode(action) || versions_[action.name] == version) Apply(action, detail);
  });
}

void KubernetesModel::Read(const ReadLease& request, std::function<void(Event)> answer) {
  around_.schedule.After(kCall + Lag(around_.knobs.api_delay), [this, request, answer = std::move(answer)] {
    LeaseRead read;
    read.request_id = request.request_id;
    read.node = request.node;
    read.ok = Reached() && !around_.marks.Strike(dice_, around_.knobs.request_lost, "API request lost");
    if (!read.ok) {
      read.error = "no answer from the API server";
    } else if (const auto lease = leases_.find(request.node.node); lease != leases_.end()) {
      read.lease = lease->second;
    }
    answer(read);
  });
}

void KubernetesModel::Reach(const AskKubelet& request, std::function<void(Event)> answer) {
  around_.schedule.After(kCall + Lag(around_.knobs.api_delay), [this, request, answer = std::move(answer)] {
    const auto machine = around_.machines.find(request.node.node);
    const bool way = machine != around_.machines.end() && machine->second.Runs() &&
                     machine->second.lag < request.timeout && around_.network.NodeAndApi(machine->second);
    KubeletAnswered found{.request_id = request.request_id,
                          .node = request.node,
                          .way = KubeletWay::kNoAnswer,
                          .detail = "no log came in time"};
    if (!Reached() || logs_forbidden_) {
      found.way = KubeletWay::kNotTried;
      found.detail = Reached() ? "pods/log is forbidden" : "no answer from the API server";
    } else if (way) {
      found.way = KubeletWay::kAnswered;
      found.detail = machine->second.kubelet ? "it has read a log from it" : "connection refused";
    }
    const bool waits = found.way == KubeletWay::kNoAnswer;
    around_.schedule.After(
        waits ? std::max(request.timeout - kCall, absl::ZeroDuration()) : absl::ZeroDuration(),
        [answer, found] { answer(found); });
  });
}

}  // namespace evenkeel::simulation
