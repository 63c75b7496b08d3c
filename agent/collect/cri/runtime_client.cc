#include "agent/collect/cri/runtime_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace evenkeel::agent {
namespace {

namespace cri = ::runtime::v1;

constexpr int kLargestMessageBytes = 16 << 20;  // the kubelet's own limit for this interface

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestMessageBytes);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // A runtime that restarts is back within seconds and is to be seen at once.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // Servers in Go refuse the socket's path as an authority.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  return arguments;
}

// One blocking call; the response keeps its memory from call to call.
template <typename Request, typename Response>
absl::Status Call(cri::RuntimeService::Stub& stub,
                  grpc::Status (cri::RuntimeService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                    Response*),
                  absl::Duration deadline, const Request& request, Response& response) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + deadline));
  const grpc::Status status = (stub.*method)(&context, request, &response);
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

RuntimeClient::RuntimeClient(const std::string& socket_path)
    : channel_(grpc::CreateCustomChannel(absl::StrCat("unix:", socket_path),
                                         grpc::InsecureChannelCredentials(), Arguments())),
      stub_(runtime::v1::RuntimeService::NewStub(channel_)) {}

absl::Status RuntimeClient::Version(absl::Duration deadline, cri::VersionResponse& response) {
  return Call(*stub_, &cri::RuntimeService::Stub::Version, deadline, cri::VersionRequest(), response);
}

absl::Status RuntimeClient::Status(absl::Duration deadline, cri::StatusResponse& response) {
  return Call(*stub_, &cri::RuntimeService::Stub::Status, deadline, cri::StatusRequest(), response);
}

absl::Status RuntimeClient::ListPodSandbox(absl::Duration deadline, cri::ListPodSandboxResponse& response) {
  return Call(*stub_, &cri::RuntimeService::Stub::ListPodSandbox, deadline, cri::ListPodSandboxRequest(),
              response);
}

absl::Status RuntimeClient::ListContainers(absl::Duration deadline, cri::ListContainersResponse& response) {
  return Call(*stub_, &cri::RuntimeService::Stub::ListContainers, deadline, cri::ListContainersRequest(),
              response);
}

absl::Status RuntimeClient::ContainerStatus(absl::Duration deadline, const std::string& container_id,
                                            bool verbose, cri::ContainerStatusResponse& response) {
  cri::ContainerStatusRequest request;
  request.set_container_id(container_id);
  request.set_verbose(verbose);
  return Call(*stub_, &cri::RuntimeService::Stub::ContainerStatus, deadline, request, response);
}

absl::Status RuntimeClient::RunPodSandbox(absl::Duration deadline, const cri::PodSandboxConfig& config) {
  cri::RunPodSandboxRequest request;
  *request.mutable_config() = config;
  cri::RunPodSandboxResponse response;
  return Call(*stub_, &cri::RuntimeService::Stub::RunPodSandbox, deadline, request, response);
}

absl::Status RuntimeClient::StopPodSandbox(absl::Duration deadline, const std::string& sandbox_id) {
  cri::StopPodSandboxRequest request;
  request.set_pod_sandbox_id(sandbox_id);
  cri::StopPodSandboxResponse response;
  return Call(*stub_, &cri::RuntimeService::Stub::StopPodSandbox, deadline, request, response);
}

absl::Status RuntimeClient::RemovePodSandbox(absl::Duration deadline, const std::string& sandbox_id) {
  cri::RemovePodSandboxRequest request;
  request.set_pod_sandbox_id(sandbox_id);
  cri::RemovePodSandboxResponse response;
  return Call(*stub_, &cri::RuntimeService::Stub::RemovePodSandbox, deadline, request, response);
}

absl::Status RuntimeClient::StopContainer(absl::Duration deadline, const std::string& container_id) {
  cri::StopContainerRequest request;
  request.set_container_id(container_id);
  cri::StopContainerResponse response;
  return Call(*stub_, &cri::RuntimeService::Stub::StopContainer, deadline, request, response);
}

absl::Status RuntimeClient::ListContainerStats(absl::Duration deadline,
                                               cri::ListContainerStatsResponse& response) {
  return Call(*stub_, &cri::RuntimeService::Stub::ListContainerStats, deadline,
              cri::ListContainerStatsRequest(), response);
}

}  // namespace evenkeel::agent
