#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// The kubelet's GET /pods: a v1.PodList of the pods that the kubelet runs, as JSON. Read in one pass without
// building a tree of it: on a full node the document has megabytes, of which a few hundred bytes a pod are
// wanted.
namespace evenkeel::agent {

struct KubeletContainer {
  std::string name;
  std::string container_id;  // without the runtime's scheme ("containerd://"); empty before the first start
  std::string image;         // as the pod names it
  uint32_t restarts = 0;
  std::optional<int32_t> exit_code;  // set while the container is ended
  std::string exit_reason;           // "OOMKilled", "Error", "Completed"; empty while it is not ended
};

struct KubeletPod {
  std::string uid;
  std::string pod_namespace;
  std::string name;
  std::vector<KubeletContainer> containers;  // without init containers
};

// InvalidArgument when `json` is not a PodList; ResourceExhausted when it is over 16 MiB, or has more than
// 2,048 pods or 256 containers in one pod. Pods without a uid are left out.
absl::StatusOr<std::vector<KubeletPod>> DecodeKubeletPods(std::string_view json);

}  // namespace evenkeel::agent
