#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/collect/cri/runtime_client.h"
#include "evenkeel/v1/fencing.pb.h"

namespace evenkeel::agent {

// Stops pods through the container runtime and keeps a living kubelet from starting them again. One thread.
//
// A sandbox has a name, made of the pod's name, namespace, uid and an attempt, and a runtime never has two of
// one name. The kubelet counts on from the attempts that it finds by its own label. So the attempt that comes
// next is taken by a sandbox of ours without that label (a *blocker*: one pause process, no network of its
// own), and the kubelet's every try is refused by the runtime, also while the agent does not run, and after a
// restart of the runtime or of the machine. Only then is what runs stopped.
class RuntimeFence {
 public:
  // On our sandboxes, and on the kubelet's.
  static constexpr char kBlockerLabel[] = "evenkeel.dev/fence";
  static constexpr char kKubeletLabel[] = "io.kubernetes.pod.uid";

  // `between` is called between any two calls of the runtime, each of which takes at most kCallTimeout.
  RuntimeFence(const std::string& socket_path, std::function<void()> between);
  static constexpr absl::Duration kCallTimeout = absl::Seconds(2);

  // Whether the runtime answers.
  absl::Status Check();

  // Blocks and stops what runs of `pods`; once `urgent`, it stops first. OK: at some time during the call
  // nothing of them ran, and nothing was left that the kubelet could start in. Otherwise what stood in the
  // way; called again, it goes on.
  absl::Status Hold(const std::vector<v1::MarkedPod>& pods, bool urgent);

  // Takes blockers away: those of `pods`, which may run again, and those of other pods of which the kubelet
  // has nothing left, since they are deleted and over.
  absl::Status Release(const std::vector<v1::MarkedPod>& pods);

 private:
  struct PodState;

  absl::Status List(runtime::v1::ListPodSandboxResponse& sandboxes);
  absl::Status Block(const v1::MarkedPod& pod, const PodState& state);
  absl::Status BlockAttempt(const v1::MarkedPod& pod, const PodState& state, uint32_t attempt);
  absl::Status StopAll(const PodState& state);
  absl::Status StopContainers(const std::vector<std::string>& sandboxes);

  RuntimeClient client_;
  const std::function<void()> between_;
};

}  // namespace evenkeel::agent
