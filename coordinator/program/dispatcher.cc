#include "coordinator/program/dispatcher.h"

#include <type_traits>
#include <variant>

namespace evenkeel::coordinator {
namespace {

constexpr char kNoKubernetes[] = "the coordinator was started without access to this cluster's Kubernetes";

}  // namespace

ClusterActor* Dispatcher::ActorOf(const std::string& cluster) const {
  const auto found = to_.actors.find(cluster);
  return found == to_.actors.end() ? nullptr : found->second;
}

void Dispatcher::ConnectObserver(const std::string& cluster, ClusterObserver& observer) {
  absl::MutexLock lock(&mutex_);
  if (disconnected_) return;
  observers_[cluster] = &observer;
  if (const auto kept = kept_.find(cluster); kept != kept_.end()) {
    for (const auto& [workload, request] : kept->second) observer.Do(request);
    kept_.erase(kept);
  }
  if (const auto kept = kept_applications_.find(cluster); kept != kept_applications_.end()) {
    for (const auto& [application, request] : kept->second) observer.Do(request);
    kept_applications_.erase(kept);
  }
}

void Dispatcher::DisconnectObservers() {
  absl::MutexLock lock(&mutex_);
  disconnected_ = true;
  observers_.clear();
  kept_.clear();
  kept_applications_.clear();
}

// Under the lock, so that no observer is asked while it ends; it does not wait.
void Dispatcher::Ask(const WatchWorkload& request) {
  if (ActorOf(request.cluster) == nullptr) {
    to_.events->Post(
        WorkloadGone{.cluster = request.cluster, .workload = request.workload, .reason = kNoKubernetes});
    return;
  }
  absl::MutexLock lock(&mutex_);
  if (disconnected_) return;
  if (const auto observer = observers_.find(request.cluster); observer != observers_.end()) {
    observer->second->Do(request);
  } else {
    kept_[request.cluster].insert_or_assign(request.workload, request);
  }
}

void Dispatcher::Ask(const UnwatchWorkload& request) {
  absl::MutexLock lock(&mutex_);
  if (const auto observer = observers_.find(request.cluster); observer != observers_.end()) {
    observer->second->Do(request);
  } else if (const auto kept = kept_.find(request.cluster); kept != kept_.end()) {
    kept->second.erase(request.workload);
  }
}

void Dispatcher::Ask(const WatchApplication& request) {
  if (ActorOf(request.cluster) == nullptr) {
    to_.events->Post(ApplicationGone{
        .cluster = request.cluster, .application = request.application, .reason = kNoKubernetes});
    return;
  }
  absl::MutexLock lock(&mutex_);
  if (disconnected_) return;
  if (const auto observer = observers_.find(request.cluster); observer != observers_.end()) {
    observer->second->Do(request);
  } else {
    kept_applications_[request.cluster].insert_or_assign(request.application, request);
  }
}

void Dispatcher::Ask(const UnwatchApplication& request) {
  absl::MutexLock lock(&mutex_);
  if (const auto observer = observers_.find(request.cluster); observer != observers_.end()) {
    observer->second->Do(request);
  } else if (const auto kept = kept_applications_.find(request.cluster); kept != kept_applications_.end()) {
    kept->second.erase(request.application);
  }
}

void Dispatcher::Release(const ReleasedAction& action) {
  if (action.action.kind == ActionKind::kRestartKubelet ||
      action.action.kind == ActionKind::kRestartRuntime) {
    to_.sessions->Release(action);  // the node's own agent does it
    return;
  }
  if (action.action.kind == ActionKind::kShapeRoute) {
    to_.gateways->Do(action);
    // L7, where a gateway itself cannot tell two coordinators apart: the next wish knows.
    if (ClusterActor* actor = ActorOf(action.cluster)) actor->ReadClaim();
    return;
  }
  if (ClusterActor* actor = ActorOf(action.cluster)) {
    actor->Do(action);
    return;
  }
  // An open decision of a cluster that an earlier start of the coordinator had.
  to_.events->Post(ActionFinished{.decision = action.decision,
                                  .number = action.action.number,
                                  .outcome = ActionOutcome::kUnreachable,
                                  .detail = kNoKubernetes,
                                  .attempt = action.action.attempts});
}

void Dispatcher::Release(const Request& request) {
  std::visit(
      [this](const auto& asked) {
        using Asked = std::decay_t<decltype(asked)>;
        if constexpr (std::is_same_v<Asked, ProbeNode> || std::is_same_v<Asked, SetBeats> ||
                      std::is_same_v<Asked, SetFencing> || std::is_same_v<Asked, ConfirmGoodbye>) {
          to_.sessions->Release(asked);
        } else if constexpr (std::is_same_v<Asked, ReadLease>) {
          if (ClusterActor* actor = ActorOf(asked.node.cluster)) {
            actor->Do(asked);
          } else {
            to_.events->Post(LeaseRead{.request_id = asked.request_id,
                                       .node = asked.node,
                                       .ok = false,
                                       .error = kNoKubernetes,
                                       .lease = {}});
          }
        } else if constexpr (std::is_same_v<Asked, AskKubelet>) {
          if (ClusterActor* actor = ActorOf(asked.node.cluster)) {
            actor->Do(asked);
          } else {
            to_.events->Post(KubeletAnswered{.request_id = asked.request_id,
                                             .node = asked.node,
                                             .way = KubeletWay::kNotTried,
                                             .detail = kNoKubernetes});
          }
        } else if constexpr (std::is_same_v<Asked, AskApi>) {
          if (ClusterActor* actor = ActorOf(asked.cluster)) {
            actor->Do(asked);
          } else {
            to_.events->Post(ApiAnswered{.request_id = asked.request_id,
                                         .cluster = asked.cluster,
                                         .answered = false,
                                         .detail = kNoKubernetes});
          }
        } else if constexpr (std::is_same_v<Asked, WatchWorkload> || std::is_same_v<Asked, UnwatchWorkload>) {
          Ask(asked);
        } else if constexpr (std::is_same_v<Asked, WatchApplication> ||
                             std::is_same_v<Asked, UnwatchApplication>) {
          to_.usage->Release(asked);
          Ask(asked);
        } else if constexpr (std::is_same_v<Asked, StartProber> || std::is_same_v<Asked, StopProber>) {
          to_.prober->Do(asked);
        } else if constexpr (std::is_same_v<Asked, AskHook>) {
          to_.gate_hooks->Ask(asked);
        } else if constexpr (std::is_same_v<Asked, WatchUsage> || std::is_same_v<Asked, UnwatchUsage> ||
                             std::is_same_v<Asked, PullUsage>) {
          to_.usage->Release(asked);
        } else if constexpr (std::is_same_v<Asked, WatchRoute> || std::is_same_v<Asked, CheckBackend>) {
          to_.gateways->Do(asked);
        } else if constexpr (std::is_same_v<Asked, WithdrawActions>) {
          to_.gateways->Do(asked);
          if (ClusterActor* actor = ActorOf(asked.cluster)) actor->Do(asked);
        } else {
          static_assert(std::is_same_v<Asked, Announce>);
          if (ClusterActor* actor = ActorOf(asked.cluster)) actor->Do(asked);
        }
      },
      request);
}

void Dispatcher::Release(const Reply& reply) {
  to_.replies->Deliver(reply);
}

void Dispatcher::Release(const Notice& notice) {
  to_.log->OnNotice(notice);
  to_.metrics->OnNotice(notice);
  to_.view->OnNotice(notice);
  if (const auto* changed = std::get_if<DecisionChanged>(&notice)) {
    to_.decisions->OnDecision(changed->decision);
  } else if (const auto* scaler = std::get_if<ScalerChanged>(&notice)) {
    to_.scalers->Put(scaler->status->policy, scaler->status);
  } else if (const auto* gone = std::get_if<ScalerGone>(&notice)) {
    to_.scalers->Erase(gone->policy);
  } else if (const auto* burst = std::get_if<BurstChanged>(&notice)) {
    to_.bursts->Put(burst->status.cluster, burst->status);
  } else if (const auto* ended = std::get_if<BurstGone>(&notice)) {
    to_.bursts->Erase(ended->cluster);
  } else if (const auto* moved = std::get_if<SwitchChanged>(&notice)) {
    to_.switches->Put(moved->status);
  } else if (const auto* over = std::get_if<SwitchGone>(&notice)) {
    to_.switches->Erase(over->decision);
  } else if (const auto* seen = std::get_if<StandingChanged>(&notice)) {
    to_.standings->Put(seen->status.policy, seen->status);
  } else if (const auto* left = std::get_if<StandingGone>(&notice)) {
    to_.standings->Erase(left->policy);
  }
}

}  // namespace evenkeel::coordinator
