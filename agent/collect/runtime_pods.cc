#include "agent/collect/runtime_pods.h"

#include <algorithm>
#include <tuple>

#include "absl/container/flat_hash_map.h"

namespace evenkeel::agent {
namespace {

namespace cri = ::runtime::v1;

v1::ContainerState AsReported(cri::ContainerState state) {
  switch (state) {
    case cri::CONTAINER_CREATED:
      return v1::CONTAINER_STATE_CREATED;
    case cri::CONTAINER_RUNNING:
      return v1::CONTAINER_STATE_RUNNING;
    case cri::CONTAINER_EXITED:
      return v1::CONTAINER_STATE_EXITED;
    default:
      return v1::CONTAINER_STATE_UNSPECIFIED;
  }
}

RuntimeContainer Describe(const cri::Container& container,
                          const std::map<std::string, ContainerDetails>& known) {
  static const ContainerDetails kNone;
  const auto found = known.find(container.id());
  const ContainerDetails& details = found == known.end() ? kNone : found->second;
  return {.id = container.id(),
          .name = container.metadata().name(),
          .image = container.image().image(),
          .state = AsReported(container.state()),
          .restarts = container.metadata().attempt(),
          .exit_code = details.exit_code,
          .exit_reason = details.exit_reason,
          .started = details.started,
          .finished = details.finished};
}

// By name, the newest of each first.
bool ComesFirst(const cri::Container* a, const cri::Container* b) {
  return std::forward_as_tuple(a->metadata().name(), b->created_at()) <
         std::forward_as_tuple(b->metadata().name(), a->created_at());
}

}  // namespace

void TakeStatus(const cri::ContainerStatus& status, ContainerDetails& details) {
  if (status.started_at() > 0) {
    details.started = absl::FromUnixNanos(status.started_at());
  }
  if (details.state == cri::CONTAINER_EXITED) {
    if (status.finished_at() > 0) {
      details.finished = absl::FromUnixNanos(status.finished_at());
    }
    details.exit_code = status.exit_code();
    details.exit_reason = status.reason();
  }
}

std::vector<RuntimePod> GatherPods(const cri::ListPodSandboxResponse& sandboxes,
                                   const cri::ListContainersResponse& containers,
                                   const std::map<std::string, ContainerDetails>& details) {
  absl::flat_hash_map<std::string, const cri::PodSandbox*> newest_sandbox;  // by pod uid
  absl::flat_hash_map<std::string, std::string> uid_of_sandbox;
  for (const cri::PodSandbox& sandbox : sandboxes.items()) {
    uid_of_sandbox[sandbox.id()] = sandbox.metadata().uid();
    const cri::PodSandbox*& newest = newest_sandbox[sandbox.metadata().uid()];
    if (newest == nullptr || newest->created_at() < sandbox.created_at()) {
      newest = &sandbox;
    }
  }
  absl::flat_hash_map<std::string, std::vector<const cri::Container*>> containers_of;  // by pod uid
  for (const cri::Container& container : containers.containers()) {
    if (const auto uid = uid_of_sandbox.find(container.pod_sandbox_id()); uid != uid_of_sandbox.end()) {
      containers_of[uid->second].push_back(&container);
    }
  }
  std::vector<RuntimePod> pods;
  pods.reserve(newest_sandbox.size());
  for (const auto& [uid, sandbox] : newest_sandbox) {
    RuntimePod& pod = pods.emplace_back();
    pod.uid = uid;
    pod.pod_namespace = sandbox->metadata().namespace_();
    pod.name = sandbox->metadata().name();
    pod.sandbox_ready = sandbox->state() == cri::SANDBOX_READY;
    std::vector<const cri::Container*>& own = containers_of[uid];
    std::sort(own.begin(), own.end(), ComesFirst);
    const cri::Container* before = nullptr;
    for (const cri::Container* container : own) {
      const bool newest = before == nullptr || before->metadata().name() != container->metadata().name();
      (newest ? pod.containers : pod.replaced).push_back(Describe(*container, details));
      before = container;
    }
  }
  return pods;
}

}  // namespace evenkeel::agent
