#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cri/runtime_v1.grpc.pb.h"

namespace evenkeel::agent {

// A container runtime that speaks CRI v1 on a real unix socket and says what the test puts into it.
class FakeRuntime final : public runtime::v1::RuntimeService::Service {
 public:
  // What the runtime would tell; the test changes it through Change.
  struct State {
    bool ready = true;
    grpc::Status fail = grpc::Status::OK;         // of every call
    absl::Duration delay = absl::ZeroDuration();  // of every call, or until the caller gives up
    std::vector<runtime::v1::PodSandbox> sandboxes;
    std::vector<runtime::v1::Container> containers;
    std::map<std::string, runtime::v1::ContainerStatusResponse> details;  // by container id
    std::vector<runtime::v1::ContainerStats> stats;
    int status_calls = 0;
    int verbose_calls = 0;
    int stats_calls = 0;
    bool stop_fails = false;  // StopPodSandbox does nothing and says so
    int made = 0;             // sandboxes by RunPodSandbox
  };

  explicit FakeRuntime(const std::string& socket_path);
  ~FakeRuntime() override;

  template <typename Function>
  auto Change(Function&& function) {
    absl::MutexLock lock(&mutex_);
    return function(state_);
  }

  // A ready sandbox of a pod, and a running container in it with the runtime's own words on where it is.
  void AddPod(const std::string& uid, const std::string& pod_namespace, const std::string& name);
  void AddContainer(const std::string& pod_uid, const std::string& name, const std::string& id,
                    const std::string& info_json);

  grpc::Status Version(grpc::ServerContext* context, const runtime::v1::VersionRequest* request,
                       runtime::v1::VersionResponse* response) override;
  grpc::Status Status(grpc::ServerContext* context, const runtime::v1::StatusRequest* request,
                      runtime::v1::StatusResponse* response) override;
  grpc::Status ListPodSandbox(grpc::ServerContext* context, const runtime::v1::ListPodSandboxRequest* request,
                              runtime::v1::ListPodSandboxResponse* response) override;
  // As a real runtime: no two sandboxes of one name, and a stopped sandbox's containers have ended.
  grpc::Status RunPodSandbox(grpc::ServerContext* context, const runtime::v1::RunPodSandboxRequest* request,
                             runtime::v1::RunPodSandboxResponse* response) override;
  grpc::Status StopPodSandbox(grpc::ServerContext* context, const runtime::v1::StopPodSandboxRequest* request,
                              runtime::v1::StopPodSandboxResponse* response) override;
  grpc::Status RemovePodSandbox(grpc::ServerContext* context,
                                const runtime::v1::RemovePodSandboxRequest* request,
                                runtime::v1::RemovePodSandboxResponse* response) override;
  grpc::Status StopContainer(grpc::ServerContext* context, const runtime::v1::StopContainerRequest* request,
                             runtime::v1::StopContainerResponse* response) override;
  grpc::Status ListContainers(grpc::ServerContext* context, const runtime::v1::ListContainersRequest* request,
                              runtime::v1::ListContainersResponse* response) override;
  grpc::Status ContainerStatus(grpc::ServerContext* context,
                               const runtime::v1::ContainerStatusRequest* request,
                               runtime::v1::ContainerStatusResponse* response) override;
  grpc::Status ListContainerStats(grpc::ServerContext* context,
                                  const runtime::v1::ListContainerStatsRequest* request,
                                  runtime::v1::ListContainerStatsResponse* response) override;

 private:
  grpc::Status Begin(grpc::ServerContext* context);

  absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace evenkeel::agent
