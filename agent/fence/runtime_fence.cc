#include "agent/fence/runtime_fence.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "common/base/status.h"

namespace evenkeel::agent {
namespace {

namespace cri = ::runtime::v1;

bool IsBlocker(const cri::PodSandbox& sandbox) {
  return sandbox.labels().contains(RuntimeFence::kBlockerLabel);
}

}  // namespace

// The sandboxes of one pod.
struct RuntimeFence::PodState {
  std::vector<std::string> own;    // all of the kubelet's
  std::vector<std::string> ready;  // those of them that run
  std::set<uint32_t> attempts;     // of the kubelet's
  uint32_t next = 0;               // the attempt that the kubelet would make next
  std::set<uint32_t> blocked;      // attempts that ours have
};

RuntimeFence::RuntimeFence(const std::string& socket_path, std::function<void()> between)
    : client_(socket_path), between_(std::move(between)) {}

absl::Status RuntimeFence::Check() {
  cri::VersionResponse version;
  return client_.Version(kCallTimeout, version);
}

absl::Status RuntimeFence::List(cri::ListPodSandboxResponse& sandboxes) {
  between_();
  return client_.ListPodSandbox(kCallTimeout, sandboxes);
}

absl::Status RuntimeFence::Block(const v1::MarkedPod& pod, const PodState& state) {
  absl::Status status = BlockAttempt(pod, state, state.next);
  // A kubelet that clears its old sandboxes away counts from the beginning again.
  if (state.next != 0 && !state.attempts.contains(0)) status.Update(BlockAttempt(pod, state, 0));
  return status;
}

absl::Status RuntimeFence::BlockAttempt(const v1::MarkedPod& pod, const PodState& state, uint32_t attempt) {
  if (state.blocked.contains(attempt)) return absl::OkStatus();
  cri::PodSandboxConfig config;
  config.mutable_metadata()->set_name(pod.name());
  config.mutable_metadata()->set_namespace_(pod.namespace_());
  config.mutable_metadata()->set_uid(pod.uid());
  config.mutable_metadata()->set_attempt(attempt);
  (*config.mutable_labels())[kBlockerLabel] = pod.uid();
  config.mutable_linux()->mutable_security_context()->mutable_namespace_options()->set_network(cri::NODE);
  between_();
  absl::Status status = client_.RunPodSandbox(kCallTimeout, config);
  if (!status.ok() && !absl::StrContains(status.message(), "reserved")) {
    // A runtime that leaves control groups to systemd wants a slice to be named; one that does not would take
    // this for a folder.
    config.mutable_linux()->set_cgroup_parent("system.slice");
    between_();
    status = client_.RunPodSandbox(kCallTimeout, config);
  }
  return base::Annotate(status, "cannot block the pod's next sandbox");
}

absl::Status RuntimeFence::StopAll(const PodState& state) {
  absl::Status status;
  for (const std::string& sandbox : state.ready) {
    between_();
    if (const absl::Status stopped = client_.StopPodSandbox(kCallTimeout, sandbox);
        !stopped.ok() && !absl::IsNotFound(stopped)) {
      status.Update(base::Annotate(stopped, "cannot stop a sandbox"));
    }
  }
  return status;
}

// What runs although its sandbox was stopped, or is being stopped for too long by its network.
absl::Status RuntimeFence::StopContainers(const std::vector<std::string>& sandboxes) {
  cri::ListContainersResponse containers;
  between_();
  EVENKEEL_RETURN_IF_ERROR(client_.ListContainers(kCallTimeout, containers));
  absl::Status status;
  for (const cri::Container& container : containers.containers()) {
    const bool held =
        std::find(sandboxes.begin(), sandboxes.end(), container.pod_sandbox_id()) != sandboxes.end();
    if (!held || container.state() == cri::CONTAINER_EXITED || container.state() == cri::CONTAINER_CREATED)
      continue;
    between_();
    (void)client_.StopContainer(kCallTimeout, container.id());
    status.Update(absl::UnavailableError("a container still ran"));
  }
  return status;
}

absl::Status RuntimeFence::Hold(const std::vector<v1::MarkedPod>& pods, bool urgent) {
  cri::ListPodSandboxResponse sandboxes;
  EVENKEEL_RETURN_IF_ERROR(List(sandboxes));
  std::map<std::string, PodState> states;  // by uid
  for (const v1::MarkedPod& pod : pods) states[pod.uid()];
  for (const cri::PodSandbox& sandbox : sandboxes.items()) {
    const auto found = states.find(sandbox.metadata().uid());
    if (found == states.end()) continue;
    PodState& state = found->second;
    if (IsBlocker(sandbox)) {
      state.blocked.insert(sandbox.metadata().attempt());
      continue;
    }
    state.own.push_back(sandbox.id());
    if (sandbox.state() == cri::SANDBOX_READY) state.ready.push_back(sandbox.id());
    state.attempts.insert(sandbox.metadata().attempt());
    state.next = std::max(state.next, sandbox.metadata().attempt() + 1);
  }
  absl::Status status;
  std::vector<std::string> own;
  for (const v1::MarkedPod& pod : pods) {
    const PodState& state = states[pod.uid()];
    own.insert(own.end(), state.own.begin(), state.own.end());
    if (!urgent) status.Update(Block(pod, state));
    if (!state.ready.empty()) {
      status.Update(StopAll(state));
      // It ran in this round: only the next can find that nothing does.
      status.Update(absl::UnavailableError("a sandbox still ran"));
    }
    if (urgent) status.Update(Block(pod, state));
  }
  status.Update(StopContainers(own));
  return status;
}

absl::Status RuntimeFence::Release(const std::vector<v1::MarkedPod>& pods) {
  cri::ListPodSandboxResponse sandboxes;
  EVENKEEL_RETURN_IF_ERROR(List(sandboxes));
  std::set<std::string> known;  // uids of which the kubelet has sandboxes
  for (const cri::PodSandbox& sandbox : sandboxes.items()) {
    if (!IsBlocker(sandbox)) known.insert(sandbox.metadata().uid());
  }
  absl::Status status;
  for (const cri::PodSandbox& sandbox : sandboxes.items()) {
    if (!IsBlocker(sandbox)) continue;
    const std::string& uid = sandbox.metadata().uid();
    const bool may_run =
        std::any_of(pods.begin(), pods.end(), [&uid](const v1::MarkedPod& pod) { return pod.uid() == uid; });
    if (!may_run && known.contains(uid)) {
      status.Update(absl::UnavailableError("the kubelet still has something of a pod that has moved"));
      continue;
    }
    between_();
    status.Update(client_.StopPodSandbox(kCallTimeout, sandbox.id()));
    between_();
    status.Update(client_.RemovePodSandbox(kCallTimeout, sandbox.id()));
  }
  return status;
}

}  // namespace evenkeel::agent
