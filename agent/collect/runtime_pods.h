#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/core/node_state.h"
#include "cri/runtime_v1.pb.h"

// What the container runtime's answers mean. Pure, and any answer is taken: a runtime is another's program.
namespace evenkeel::agent {

// What is known of one container beyond the listing.
struct ContainerDetails {
  bool complete = false;  // asked for in its present state
  runtime::v1::ContainerState state = runtime::v1::CONTAINER_UNKNOWN;
  std::string cgroup_directory;
  std::optional<absl::Time> started;
  std::optional<absl::Time> finished;
  std::optional<int32_t> exit_code;
  std::string exit_reason;
};

// Brings times and exit of `status` into the details of a container that is in `details.state`.
void TakeStatus(const runtime::v1::ContainerStatus& status, ContainerDetails& details);

// Pods with the newest of their sandboxes, and of each container name the newest. `details` by container id.
std::vector<RuntimePod> GatherPods(const runtime::v1::ListPodSandboxResponse& sandboxes,
                                   const runtime::v1::ListContainersResponse& containers,
                                   const std::map<std::string, ContainerDetails>& details);

}  // namespace evenkeel::agent
