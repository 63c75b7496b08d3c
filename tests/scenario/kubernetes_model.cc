#include "tests/scenario/kubernetes_model.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace evenkeel::scenario {
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
constexpr absl::Duration kNodeGrace = absl::Seconds(40);  // of Kubernetes' own node controller

constexpr char kNamespace[] = "shop";

}  // namespace

KubernetesModel::KubernetesModel(std::string cluster, Schedule& schedule,
                                 std::map<std::string, Machine>& machines, std::function<void(Event)> tell)
    : cluster_(std::move(cluster)), schedule_(schedule), machines_(machines), tell_(std::move(tell)) {
  RenewLeases();
}

void KubernetesModel::AddNode(const std::string& name, const std::string& zone) {
  NodeFacts facts;
  facts.uid = absl::StrCat("uid-", name, "-", ++counter_);
  facts.address = absl::StrCat("10.0.0.", nodes_.size() + 1);
  facts.failure_domain = zone;
  facts.ready = true;
  nodes_[name] = facts;
  leases_[name] = {true, absl::StrCat(++counter_), schedule_.now()};
  AnnounceNode(name);
}

void KubernetesModel::RemoveNode(const std::string& name) {
  nodes_.erase(name);
  leases_.erase(name);
  tell_(NodeGone{{cluster_, name}});
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
  pod.node = node;
  pod.phase = "Pending";
  pod.controller = {spec.kind, spec.name, absl::StrCat("uid-", spec.name)};
  if (!spec.claim.empty()) pod.exclusive_claims = {spec.claim};
  pod.priority = spec.priority;
  pods_[name] = pod;
  owner_[name] = workload;
  Announce(name);
  schedule_.After(kController, [this, name, uid = pod.uid] { Bind(name, uid); });
}

std::optional<std::string> KubernetesModel::PlaceFor(const WorkloadSpec& spec) const {
  std::optional<std::string> best;
  size_t best_count = 0;
  for (const auto& [name, facts] : nodes_) {
    const bool fits =
        facts.ready && !facts.unschedulable && (!facts.failover_taint || !scheduler_sees_taints_);
    if (!fits && !spec.tolerates_all) continue;
    size_t count = 0;
    for (const auto& [pod, pod_facts] : pods_) count += pod_facts.node == name ? 1 : 0;
    if (!best || count < best_count) {
      best = name;
      best_count = count;
    }
  }
  return best;
}

void KubernetesModel::Bind(const std::string& name, const std::string& uid) {
  const auto pod = pods_.find(name);
  if (pod == pods_.end() || pod->second.uid != uid || pod->second.deleting) return;
  if (pod->second.node.empty()) {
    const auto place = PlaceFor(workloads_.at(owner_.at(name)));
    if (!place) {
      pod->second.waiting_reason = absl::StrCat("0/", nodes_.size(), " nodes are available");
      Announce(name);
      schedule_.After(absl::Seconds(1), [this, name, uid] { Bind(name, uid); });
      return;
    }
    pod->second.node = *place;
    pod->second.waiting_reason.clear();
    Announce(name);
  }
  schedule_.After(kPodStart, [this, name, uid] { StartPod(name, uid); });
}

void KubernetesModel::StartPod(const std::string& name, const std::string& uid) {
  const auto pod = pods_.find(name);
  if (pod == pods_.end() || pod->second.uid != uid || pod->second.deleting ||
      !nodes_.contains(pod->second.node))
    return;
  if (!machines_.at(pod->second.node).KubeletHeard()) {
    schedule_.After(absl::Seconds(1), [this, name, uid] { StartPod(name, uid); });
    return;
  }
  pod->second.phase = "Running";
  pod->second.ready = workloads_.at(owner_.at(name)).starts;
  if (!pod->second.ready) pod->second.waiting_reason = "CrashLoopBackOff";
  Announce(name);
}

void KubernetesModel::DeletePod(const std::string& name) {
  const auto pod = pods_.find(name);
  if (pod == pods_.end()) return;
  const PodFacts gone = pod->second;
  pods_.erase(pod);
  const std::string workload = owner_[name];
  owner_.erase(name);
  schedule_.After(kWatch, [this, name] {
    if (!away_) TellPod(name);
  });
  schedule_.After(kController, [this, workload, name, gone] {
    const WorkloadSpec& spec = workloads_.at(workload);
    if (spec.kind == "DaemonSet" && !nodes_.contains(gone.node)) return;
    const std::string again =
        spec.kind == "ReplicaSet" || spec.kind == "Job"
            ? absl::StrCat(spec.name, "-", std::string(1, 'a' + counter_ % 26), counter_)
            : name;
    CreatePod(workload, again, spec.kind == "DaemonSet" ? gone.node : "");
  });
}

void KubernetesModel::MachineChanged(const std::string& node) {
  Machine& machine = machines_.at(node);
  if (!machine.KubeletHeard()) {
    machine.kubelet_lost = schedule_.now();
    const absl::Time lost = machine.kubelet_lost;
    schedule_.After(kNodeGrace, [this, node, lost] {
      const Machine& now = machines_.at(node);
      if (now.KubeletHeard() || now.kubelet_lost != lost || !nodes_.contains(node)) return;
      nodes_[node].ready = false;
      AnnounceNode(node);
      for (auto& [name, pod] : pods_) {
        if (pod.node != node || !pod.ready) continue;
        pod.ready = false;
        Announce(name);
      }
    });
    return;
  }
  // A kubelet that is heard again renews its lease, says that it is Ready, and what became of its pods.
  schedule_.After(absl::Seconds(1), [this, node] {
    if (!machines_.at(node).KubeletHeard() || !nodes_.contains(node)) return;
    leases_[node] = {true, absl::StrCat(++counter_), schedule_.now()};
    if (!nodes_[node].ready) {
      nodes_[node].ready = true;
      AnnounceNode(node);
    }
    for (auto& [name, pod] : pods_) {
      if (pod.node != node || pod.phase != "Running" || pod.ready || pod.deleting) continue;
      pod.ready = workloads_.at(owner_.at(name)).starts;
      Announce(name);
    }
  });
}

void KubernetesModel::RenewLeases() {
  for (auto& [node, lease] : leases_) {
    if (!away_ && machines_.at(node).KubeletHeard())
      lease = {true, absl::StrCat(++counter_), schedule_.now()};
  }
  schedule_.After(kLeaseInterval, [this] { RenewLeases(); });
}

void KubernetesModel::Announce(const std::string& name) {
  schedule_.After(kWatch, [this, name] {
    if (!away_) TellPod(name);
  });
}

void KubernetesModel::TellPod(const std::string& name) {
  if (const auto pod = pods_.find(name); pod != pods_.end()) {
    shown_.insert(name);
    tell_(PodObserved{{cluster_, kNamespace, name}, pod->second});
  } else if (shown_.erase(name) > 0) {
    tell_(PodGone{{cluster_, kNamespace, name}});
  }
}

void KubernetesModel::AnnounceNode(const std::string& name) {
  schedule_.After(kWatch, [this, name] {
    const auto node = nodes_.find(name);
    if (node != nodes_.end() && !away_) tell_(NodeObserved{{cluster_, name}, node->second});
  });
}

void KubernetesModel::TellAll() {
  for (const auto& [name, facts] : nodes_) tell_(NodeObserved{{cluster_, name}, facts});
  std::set<std::string> names = shown_;
  for (const auto& [name, facts] : pods_) names.insert(name);
  for (const std::string& name : names) TellPod(name);
  tell_(ApiChanged{cluster_, true, ""});
}

void KubernetesModel::SetAway(bool away) {
  away_ = away;
  if (away) {
    tell_(ApiChanged{cluster_, false, "no answer for 5 s"});
  } else {
    schedule_.After(kCall, [this] {
      if (!away_) TellAll();
    });
  }
}

ActionOutcome KubernetesModel::Apply(const Action& action, std::string& detail) {
  if (action.kind == ActionKind::kTaintNode || action.kind == ActionKind::kUntaintNode) {
    const auto node = nodes_.find(action.name);
    if (node == nodes_.end() || node->second.uid != action.uid) return ActionOutcome::kNotMine;
    const bool wanted = action.kind == ActionKind::kTaintNode;
    if (node->second.failover_taint == wanted) return ActionOutcome::kAlreadyDone;
    node->second.failover_taint = wanted;
    AnnounceNode(action.name);
    return ActionOutcome::kDone;
  }
  const auto pod = pods_.find(action.name);
  if (pod == pods_.end()) return ActionOutcome::kAlreadyDone;
  if (pod->second.uid != action.uid) return ActionOutcome::kNotMine;
  switch (action.kind) {
    case ActionKind::kDeletePod:
      DeletePod(action.name);
      return ActionOutcome::kDone;
    case ActionKind::kMarkPodUnready:
      pod->second.ready = false;
      Announce(action.name);
      return ActionOutcome::kDone;
    default:
      break;
  }
  if (workloads_.at(owner_.at(action.name)).blocked) {
    detail = "the PodDisruptionBudget allows no eviction now";
    return ActionOutcome::kBlocked;
  }
  pod->second.deleting = true;
  Announce(action.name);
  schedule_.After(kPodStop, [this, name = action.name, uid = action.uid] {
    const auto evicted = pods_.find(name);
    if (evicted != pods_.end() && evicted->second.uid == uid) DeletePod(name);
  });
  return ActionOutcome::kDone;
}

void KubernetesModel::Act(const ReleasedAction& released, std::function<void(Event)> answer) {
  schedule_.After(kCall, [this, released, answer = std::move(answer)] {
    ActionFinished finished{released.decision, released.action.number, ActionOutcome::kUnreachable,
                            "no answer from the API server"};
    if (away_) {
      schedule_.After(kCallTimeout, [finished, answer] { answer(finished); });
      return;
    }
    finished.detail.clear();
    finished.outcome = Apply(released.action, finished.detail);
    answer(finished);
  });
}

void KubernetesModel::Read(const ReadLease& request, std::function<void(Event)> answer) {
  schedule_.After(kCall, [this, request, answer = std::move(answer)] {
    LeaseRead read;
    read.request_id = request.request_id;
    read.node = request.node;
    read.ok = !away_;
    if (away_) {
      read.error = "no answer from the API server";
    } else if (const auto lease = leases_.find(request.node.node); lease != leases_.end()) {
      read.lease = lease->second;
    }
    answer(read);
  });
}

}  // namespace evenkeel::scenario
