#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cri/runtime_v1.grpc.pb.h"

namespace evenkeel::agent {

// The container runtime's socket, spoken to in CRI v1. Each call blocks its thread for at most its deadline.
// Errors are gRPC's: Unavailable when nobody listens, DeadlineExceeded, Unimplemented when the runtime speaks
// an older version.
class RuntimeClient {
 public:
  explicit RuntimeClient(const std::string& socket_path);

  absl::Status Version(absl::Duration deadline, runtime::v1::VersionResponse& response);
  absl::Status Status(absl::Duration deadline, runtime::v1::StatusResponse& response);
  absl::Status ListPodSandbox(absl::Duration deadline, runtime::v1::ListPodSandboxResponse& response);
  absl::Status ListContainers(absl::Duration deadline, runtime::v1::ListContainersResponse& response);
  absl::Status ContainerStatus(absl::Duration deadline, const std::string& container_id, bool verbose,
                               runtime::v1::ContainerStatusResponse& response);
  absl::Status RunPodSandbox(absl::Duration deadline, const runtime::v1::PodSandboxConfig& config);
  absl::Status StopPodSandbox(absl::Duration deadline, const std::string& sandbox_id);
  absl::Status RemovePodSandbox(absl::Duration deadline, const std::string& sandbox_id);
  absl::Status StopContainer(absl::Duration deadline, const std::string& container_id);  // at once, by force
  absl::Status ListContainerStats(absl::Duration deadline, runtime::v1::ListContainerStatsResponse& response);

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<runtime::v1::RuntimeService::Stub> stub_;
};

}  // namespace evenkeel::agent
