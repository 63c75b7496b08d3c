#include "agent/collect/cri/runtime_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace evenkeel::agent {
namespace {

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

absl::Status AsAbsl(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

// One blocking call; the response keeps its memory from call to call.
#define EVENKEEL_CALL(method, request, response)                    \
  grpc::ClientContext context;                                      \
  context.set_deadline(absl::ToChronoTime(absl::Now() + deadline)); \
  return AsAbsl(stub_->method(&context, request, &response))

RuntimeClient::RuntimeClient(const std::string& socket_path)
    : channel_(grpc::CreateCustomChannel(absl::StrCat("unix:", socket_path),
                                         grpc::InsecureChannelCredentials(), Arguments())),
      stub_(runtime::v1::RuntimeService::NewStub(channel_)) {}

absl::Status RuntimeClient::Version(absl::Duration deadline, runtime::v1::VersionResponse& response) {
  EVENKEEL_CALL(Version, runtime::v1::VersionRequest(), response);
}

absl::Status RuntimeClient::Status(absl::Duration deadline, runtime::v1::StatusResponse& response) {
  EVENKEEL_CALL(Status, runtime::v1::StatusRequest(), response);
}

absl::Status RuntimeClient::ListPodSandbox(absl::Duration deadline,
                                           runtime::v1::ListPodSandboxResponse& response) {
  EVENKEEL_CALL(ListPodSandbox, runtime::v1::ListPodSandboxRequest(), response);
}

absl::Status RuntimeClient::ListContainers(absl::Duration deadline,
                                           runtime::v1::ListContainersResponse& response) {
  EVENKEEL_CALL(ListContainers, runtime::v1::ListContainersRequest(), response);
}

absl::Status RuntimeClient::ContainerStatus(absl::Duration deadline, const std::string& container_id,
                                            bool verbose, runtime::v1::ContainerStatusResponse& response) {
  runtime::v1::ContainerStatusRequest request;
  request.set_container_id(container_id);
  request.set_verbose(verbose);
  EVENKEEL_CALL(ContainerStatus, request, response);
}

absl::Status RuntimeClient::ListContainerStats(absl::Duration deadline,
                                               runtime::v1::ListContainerStatsResponse& response) {
  EVENKEEL_CALL(ListContainerStats, runtime::v1::ListContainerStatsRequest(), response);
}

#undef EVENKEEL_CALL

}  // namespace evenkeel::agent
