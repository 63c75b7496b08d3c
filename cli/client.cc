#include "cli/client.h"

#include <google/protobuf/util/time_util.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/failure.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/rpc/status.h"
#include "common/time/backoff.h"

namespace evenkeel::cli {
namespace {

constexpr int kPageSize = 500;
constexpr int kAttempts = 3;
constexpr absl::Duration kWatchLifetime = absl::Hours(1);
constexpr absl::Duration kPreflight = absl::Seconds(10);
// A page of nodes with their reports, with room to spare.
constexpr int kMaxMessageBytes = 32 << 20;

google::protobuf::Duration ToMessage(absl::Duration duration) {
  return google::protobuf::util::TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(duration));
}

// The content of the file that a setting names.
absl::StatusOr<std::string> ReadFile(const std::string& path, absl::string_view setting) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream content;
  if (!stream || !(content << stream.rdbuf())) {
    return absl::NotFoundError(absl::StrCat(setting, ": the file ", path, " cannot be read, or is empty"));
  }
  return content.str();
}

// The content of a PEM file. gRPC says nothing of use about one that is none.
absl::StatusOr<std::string> ReadPem(const std::string& path, absl::string_view setting) {
  EVENKEEL_ASSIGN_OR_RETURN(std::string content, ReadFile(path, setting));
  if (!absl::StrContains(content, "-----BEGIN ")) {
    return absl::InvalidArgumentError(
        absl::StrCat(setting, ": the file ", path, " is not in the PEM format"));
  }
  return content;
}

absl::Status CheckComplete(const Settings& settings) {
  if (settings.server.empty()) {
    return WithCure(absl::InvalidArgumentError("it is not known where the coordinator is"),
                    "--server HOST:PORT, EVENKEEL_SERVER, or a context in ~/.config/evenkeel/config.yaml");
  }
  if (settings.ca_file.empty()) {
    return WithCure(
        absl::InvalidArgumentError("it is not known whom to trust as the coordinator"),
        "--ca-file or EVENKEEL_CA_FILE; in the cluster it is ca.crt of the ConfigMap evenkeel-ca");
  }
  if (settings.token_file.empty() && settings.client_certificate.empty()) {
    return WithCure(absl::InvalidArgumentError("it is not known who you are"),
                    "--token-file or EVENKEEL_TOKEN_FILE with a Kubernetes token, or --client-certificate "
                    "and --client-key");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const Settings& settings, const Host& host) {
  EVENKEEL_RETURN_IF_ERROR(CheckComplete(settings));
  grpc::SslCredentialsOptions tls;
  EVENKEEL_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadPem(settings.ca_file, "--ca-file"));
  if (!settings.client_certificate.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(tls.pem_cert_chain,
                              ReadFile(settings.client_certificate, "--client-certificate"));
    EVENKEEL_ASSIGN_OR_RETURN(tls.pem_private_key, ReadPem(settings.client_key, "--client-key"));
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetUserAgentPrefix(absl::StrCat("evenkeel/", EVENKEEL_VERSION));
  // A watch that is quiet has to notice that its connection is dead.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 15'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // The coordinator is reached directly or not at all: no HTTP proxy from the environment may come between.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!settings.server_name.empty()) arguments.SetSslTargetNameOverride(settings.server_name);
  return std::unique_ptr<Client>(new Client(
      settings, host, grpc::CreateCustomChannel(settings.server, grpc::SslCredentials(tls), arguments)));
}

Client::Client(const Settings& settings, const Host& host, const std::shared_ptr<grpc::Channel>& channel)
    : settings_(settings),
      host_(host),
      fleet_(v1::FleetService::NewStub(channel)),
      decisions_(v1::DecisionService::NewStub(channel)),
      policies_(v1::PolicyService::NewStub(channel)),
      maintenances_(v1::MaintenanceService::NewStub(channel)),
      replays_(v1::ReplayService::NewStub(channel)),
      fencing_(v1::FencingService::NewStub(channel)),
      scalers_(v1::ScalerService::NewStub(channel)),
      bursts_(v1::BurstService::NewStub(channel)),
      switches_(v1::SwitchService::NewStub(channel)) {}

absl::Status Client::Prepare(grpc::ClientContext& context, absl::Duration timeout) const {
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  if (settings_.token_file.empty()) return absl::OkStatus();
  EVENKEEL_ASSIGN_OR_RETURN(const std::string content, ReadFile(settings_.token_file, "--token-file"));
  const absl::string_view token = absl::StripAsciiWhitespace(content);
  if (token.empty() || !std::all_of(token.begin(), token.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--token-file: the file ", settings_.token_file, " does not hold a token"));
  }
  context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
  return absl::OkStatus();
}

template <typename Response, typename Stub, typename RequestMessage>
absl::StatusOr<Response> Client::Read(Stub& stub,
                                      grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                   const RequestMessage&, Response*),
                                      const RequestMessage& request) {
  const absl::Time deadline = absl::Now() + settings_.request_timeout;
  for (int attempt = 1;; ++attempt) {
    grpc::ClientContext context;
    EVENKEEL_RETURN_IF_ERROR(Prepare(context, deadline - absl::Now()));
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (status.ok()) return response;
    const absl::Duration wait =
        time::Backoff({.initial = absl::Milliseconds(200)}, attempt, base::RandomUnit());
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE || attempt == kAttempts ||
        absl::Now() + wait > deadline) {
      return rpc::FromGrpc(status);
    }
    host_.sleep(wait);
  }
}

template <typename Response, typename Stub, typename RequestMessage>
absl::StatusOr<Response> Client::Change(Stub& stub,
                                        grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                     const RequestMessage&, Response*),
                                        const RequestMessage& request, absl::Duration longer) {
  grpc::ClientContext context;
  EVENKEEL_RETURN_IF_ERROR(Prepare(context, settings_.request_timeout + longer));
  Response response;
  EVENKEEL_RETURN_IF_ERROR(rpc::FromGrpc((stub.*method)(&context, request, &response)));
  return response;
}

template <typename Item, typename Response, typename Stub, typename RequestMessage>
absl::StatusOr<std::vector<Item>> Client::ReadAll(
    Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const RequestMessage&, Response*),
    RequestMessage request, google::protobuf::RepeatedPtrField<Item>* (Response::*items)(),
    std::size_t most) {
  std::vector<Item> all;
  request.set_page_size(most == 0 ? kPageSize : static_cast<int>(std::min<std::size_t>(most, kPageSize)));
  for (;;) {
    EVENKEEL_ASSIGN_OR_RETURN(Response response, (Read<Response>(stub, method, request)));
    auto* page = (response.*items)();
    std::move(page->begin(), page->end(), std::back_inserter(all));
    if (most > 0 && all.size() >= most) {
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(most), all.end());
      return all;
    }
    if (response.next_page_token().empty()) return all;
    if (response.next_page_token() == request.page_token()) {
      return absl::InternalError(
          "the coordinator's list does not come to an end: it gave the same page twice");
    }
    request.set_page_token(response.next_page_token());
  }
}

template <typename Response, typename Stub, typename RequestMessage>
absl::Status Client::Watch(Stub& stub,
                           std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(
                               grpc::ClientContext*, const RequestMessage&),
                           const RequestMessage& request, absl::FunctionRef<bool(const Response&)> on_change,
                           absl::Duration timeout) {
  grpc::ClientContext context;
  EVENKEEL_RETURN_IF_ERROR(Prepare(context, timeout));
  const std::unique_ptr<grpc::ClientReader<Response>> reader = (stub.*method)(&context, request);
  Response response;
  while (reader->Read(&response)) {
    if (on_change(response)) continue;
    context.TryCancel();
    reader->Finish();
    return absl::OkStatus();
  }
  const grpc::Status status = reader->Finish();
  return status.ok() ? absl::UnavailableError("the coordinator ended the watch") : rpc::FromGrpc(status);
}

absl::StatusOr<std::vector<v1::Cluster>> Client::ListClusters() {
  return ReadAll<v1::Cluster>(*fleet_, &v1::FleetService::Stub::ListClusters, v1::ListClustersRequest(),
                              &v1::ListClustersResponse::mutable_clusters);
}

absl::StatusOr<v1::Cluster> Client::GetCluster(const std::string& name) {
  v1::GetClusterRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(
      v1::GetClusterResponse response,
      (Read<v1::GetClusterResponse>(*fleet_, &v1::FleetService::Stub::GetCluster, request)));
  return std::move(*response.mutable_cluster());
}

absl::StatusOr<std::vector<v1::Node>> Client::ListNodes(const std::string& parent,
                                                        const std::string& label_selector) {
  v1::ListNodesRequest request;
  request.set_parent(parent);
  request.set_label_selector(label_selector);
  return ReadAll<v1::Node>(*fleet_, &v1::FleetService::Stub::ListNodes, request,
                           &v1::ListNodesResponse::mutable_nodes);
}

absl::StatusOr<v1::Node> Client::GetNode(const std::string& name) {
  v1::GetNodeRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(v1::GetNodeResponse response,
                            (Read<v1::GetNodeResponse>(*fleet_, &v1::FleetService::Stub::GetNode, request)));
  return std::move(*response.mutable_node());
}

absl::StatusOr<std::vector<v1::Pod>> Client::ListPods(const PodQuery& query) {
  v1::ListPodsRequest request;
  request.set_parent(query.parent);
  request.set_label_selector(query.label_selector);
  request.set_node(query.node);
  return ReadAll<v1::Pod>(*fleet_, &v1::FleetService::Stub::ListPods, request,
                          &v1::ListPodsResponse::mutable_pods);
}

absl::StatusOr<v1::Pod> Client::GetPod(const std::string& name) {
  v1::GetPodRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(v1::GetPodResponse response,
                            (Read<v1::GetPodResponse>(*fleet_, &v1::FleetService::Stub::GetPod, request)));
  return std::move(*response.mutable_pod());
}

absl::StatusOr<v1::Container> Client::GetContainer(const std::string& name) {
  v1::GetContainerRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(
      v1::GetContainerResponse response,
      (Read<v1::GetContainerResponse>(*fleet_, &v1::FleetService::Stub::GetContainer, request)));
  return std::move(*response.mutable_container());
}

absl::StatusOr<std::vector<v1::Decision>> Client::ListDecisions(const DecisionQuery& query) {
  v1::ListDecisionsRequest request;
  request.set_cluster(query.cluster);
  request.set_node(query.node);
  request.set_workload(query.workload);
  return ReadAll<v1::Decision>(*decisions_, &v1::DecisionService::Stub::ListDecisions, request,
                               &v1::ListDecisionsResponse::mutable_decisions);
}

absl::StatusOr<v1::Decision> Client::GetDecision(const std::string& name) {
  v1::GetDecisionRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(
      v1::GetDecisionResponse response,
      (Read<v1::GetDecisionResponse>(*decisions_, &v1::DecisionService::Stub::GetDecision, request)));
  return std::move(*response.mutable_decision());
}

absl::StatusOr<v1::Decision> Client::LatestDecision(const DecisionQuery& query) {
  v1::ListDecisionsRequest request;
  request.set_cluster(query.cluster);
  request.set_node(query.node);
  request.set_workload(query.workload);
  request.set_page_size(1);
  EVENKEEL_ASSIGN_OR_RETURN(
      v1::ListDecisionsResponse response,
      (Read<v1::ListDecisionsResponse>(*decisions_, &v1::DecisionService::Stub::ListDecisions, request)));
  if (response.decisions().empty()) {
    const std::string about = !query.node.empty()       ? absl::StrCat(" about node ", query.node)
                              : !query.workload.empty() ? absl::StrCat(" about ", query.workload)
                                                        : " yet";
    return absl::NotFoundError(absl::StrCat("nothing has been decided", about));
  }
  return std::move(*response.mutable_decisions(0));
}

absl::StatusOr<std::vector<v1::Policy>> Client::ListPolicies() {
  return ReadAll<v1::Policy>(*policies_, &v1::PolicyService::Stub::ListPolicies, v1::ListPoliciesRequest(),
                             &v1::ListPoliciesResponse::mutable_policies);
}

absl::StatusOr<v1::Policy> Client::GetPolicy(const std::string& name) {
  v1::GetPolicyRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(
      v1::GetPolicyResponse response,
      (Read<v1::GetPolicyResponse>(*policies_, &v1::PolicyService::Stub::GetPolicy, request)));
  return std::move(*response.mutable_policy());
}

absl::StatusOr<v1::ApplyPolicyResponse> Client::ApplyPolicy(const v1::Policy& policy, bool validate_only) {
  v1::ApplyPolicyRequest request;
  *request.mutable_policy() = policy;
  request.set_validate_only(validate_only);
  return Change<v1::ApplyPolicyResponse>(*policies_, &v1::PolicyService::Stub::ApplyPolicy, request);
}

absl::StatusOr<std::string> Client::ConfirmFence(const std::string& node, const std::string& reason) {
  v1::ConfirmFenceRequest request;
  request.set_name(node);
  request.set_reason(reason);
  EVENKEEL_ASSIGN_OR_RETURN(
      const v1::ConfirmFenceResponse response,
      Change<v1::ConfirmFenceResponse>(*fencing_, &v1::FencingService::Stub::ConfirmFence, request));
  return response.decision();
}

absl::Status Client::DeletePolicy(const std::string& name, const std::string& etag) {
  v1::DeletePolicyRequest request;
  request.set_name(name);
  request.set_etag(etag);
  return Change<v1::DeletePolicyResponse>(*policies_, &v1::PolicyService::Stub::DeletePolicy, request)
      .status();
}

absl::StatusOr<std::vector<v1::Maintenance>> Client::ListMaintenances(const std::string& parent) {
  v1::ListMaintenancesRequest request;
  request.set_parent(parent);
  return ReadAll<v1::Maintenance>(*maintenances_, &v1::MaintenanceService::Stub::ListMaintenances, request,
                                  &v1::ListMaintenancesResponse::mutable_maintenances);
}

absl::StatusOr<v1::Maintenance> Client::GetMaintenance(const std::string& name) {
  v1::GetMaintenanceRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(v1::GetMaintenanceResponse response,
                            (Read<v1::GetMaintenanceResponse>(
                                *maintenances_, &v1::MaintenanceService::Stub::GetMaintenance, request)));
  return std::move(*response.mutable_maintenance());
}

absl::StatusOr<v1::Maintenance> Client::StartMaintenance(const std::string& name, absl::Duration length,
                                                         const std::string& reason, bool validate_only) {
  v1::StartMaintenanceRequest request;
  request.set_name(name);
  *request.mutable_duration() = ToMessage(length);
  request.set_reason(reason);
  request.set_validate_only(validate_only);
  EVENKEEL_ASSIGN_OR_RETURN(v1::StartMaintenanceResponse response,
                            (Change<v1::StartMaintenanceResponse>(
                                *maintenances_, &v1::MaintenanceService::Stub::StartMaintenance, request)));
  return std::move(*response.mutable_maintenance());
}

absl::StatusOr<v1::Maintenance> Client::EndMaintenance(const std::string& name) {
  v1::EndMaintenanceRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(v1::EndMaintenanceResponse response,
                            (Change<v1::EndMaintenanceResponse>(
                                *maintenances_, &v1::MaintenanceService::Stub::EndMaintenance, request)));
  return std::move(*response.mutable_maintenance());
}

absl::StatusOr<std::vector<v1::Pause>> Client::PauseCluster(const std::string& name, absl::Duration length,
                                                            const std::string& reason, bool validate_only) {
  v1::PauseClusterRequest request;
  request.set_name(name);
  if (length > absl::ZeroDuration()) *request.mutable_duration() = ToMessage(length);
  request.set_reason(reason);
  request.set_validate_only(validate_only);
  EVENKEEL_ASSIGN_OR_RETURN(v1::PauseClusterResponse response,
                            (Change<v1::PauseClusterResponse>(
                                *maintenances_, &v1::MaintenanceService::Stub::PauseCluster, request)));
  return std::vector<v1::Pause>(response.pauses().begin(), response.pauses().end());
}

absl::StatusOr<std::vector<v1::Pause>> Client::ResumeCluster(const std::string& name) {
  v1::ResumeClusterRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(v1::ResumeClusterResponse response,
                            (Change<v1::ResumeClusterResponse>(
                                *maintenances_, &v1::MaintenanceService::Stub::ResumeCluster, request)));
  return std::vector<v1::Pause>(response.pauses().begin(), response.pauses().end());
}

absl::StatusOr<std::vector<v1::Scaler>> Client::ListScalers(const std::string& cluster) {
  v1::ListScalersRequest request;
  request.set_cluster(cluster);
  return ReadAll<v1::Scaler>(*scalers_, &v1::ScalerService::Stub::ListScalers, request,
                             &v1::ListScalersResponse::mutable_scalers);
}

absl::StatusOr<v1::Scaler> Client::GetScaler(const std::string& name) {
  v1::GetScalerRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(
      v1::GetScalerResponse response,
      (Read<v1::GetScalerResponse>(*scalers_, &v1::ScalerService::Stub::GetScaler, request)));
  return std::move(*response.mutable_scaler());
}

absl::StatusOr<v1::TakeOverAutoscalerResponse> Client::TakeOverAutoscaler(
    const v1::TakeOverAutoscalerRequest& request) {
  return Change<v1::TakeOverAutoscalerResponse>(*scalers_, &v1::ScalerService::Stub::TakeOverAutoscaler,
                                                request);
}

absl::StatusOr<std::vector<v1::Burst>> Client::ListBursts(const std::string& cluster) {
  v1::ListBurstsRequest request;
  request.set_cluster(cluster);
  return ReadAll<v1::Burst>(*bursts_, &v1::BurstService::Stub::ListBursts, request,
                            &v1::ListBurstsResponse::mutable_bursts);
}

absl::StatusOr<v1::Burst> Client::GetBurst(const std::string& name) {
  v1::GetBurstRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(
      v1::GetBurstResponse response,
      (Read<v1::GetBurstResponse>(*bursts_, &v1::BurstService::Stub::GetBurst, request)));
  return std::move(*response.mutable_burst());
}

absl::StatusOr<v1::PlanSwitchResponse> Client::PlanSwitch(const v1::PlanSwitchRequest& request) {
  return Change<v1::PlanSwitchResponse>(*switches_, &v1::SwitchService::Stub::PlanSwitch, request,
                                        kPreflight);
}

template <typename Response, typename RequestMessage>
absl::StatusOr<v1::Switch> Client::ChangeSwitch(
    grpc::Status (v1::SwitchService::Stub::*method)(grpc::ClientContext*, const RequestMessage&, Response*),
    const RequestMessage& request) {
  EVENKEEL_ASSIGN_OR_RETURN(Response response, (Change<Response>(*switches_, method, request)));
  return std::move(*response.mutable_traffic_switch());
}

absl::StatusOr<v1::Switch> Client::StartSwitch(const v1::StartSwitchRequest& request) {
  return ChangeSwitch(&v1::SwitchService::Stub::StartSwitch, request);
}

absl::StatusOr<v1::Switch> Client::PauseSwitch(const v1::PauseSwitchRequest& request) {
  return ChangeSwitch(&v1::SwitchService::Stub::PauseSwitch, request);
}

absl::StatusOr<v1::Switch> Client::ResumeSwitch(const v1::ResumeSwitchRequest& request) {
  return ChangeSwitch(&v1::SwitchService::Stub::ResumeSwitch, request);
}

absl::StatusOr<v1::Switch> Client::RollBackSwitch(const v1::RollBackSwitchRequest& request) {
  return ChangeSwitch(&v1::SwitchService::Stub::RollBackSwitch, request);
}

absl::StatusOr<v1::Switch> Client::CommitSwitch(const v1::CommitSwitchRequest& request) {
  return ChangeSwitch(&v1::SwitchService::Stub::CommitSwitch, request);
}

absl::StatusOr<v1::Switch> Client::GetSwitch(const std::string& name) {
  v1::GetSwitchRequest request;
  request.set_name(name);
  EVENKEEL_ASSIGN_OR_RETURN(
      v1::GetSwitchResponse response,
      (Read<v1::GetSwitchResponse>(*switches_, &v1::SwitchService::Stub::GetSwitch, request)));
  return std::move(*response.mutable_traffic_switch());
}

absl::StatusOr<std::vector<v1::Switch>> Client::ListSwitches(bool open_only, std::size_t most) {
  v1::ListSwitchesRequest request;
  request.set_open_only(open_only);
  return ReadAll<v1::Switch>(*switches_, &v1::SwitchService::Stub::ListSwitches, request,
                             &v1::ListSwitchesResponse::mutable_switches, most);
}

absl::StatusOr<std::vector<v1::Decision>> Client::OpenDecisions(const std::string& cluster) {
  v1::WatchDecisionsRequest request;
  request.set_cluster(cluster);
  std::vector<v1::Decision> open;
  EVENKEEL_RETURN_IF_ERROR(Watch<v1::WatchDecisionsResponse>(
      *decisions_, &v1::DecisionService::Stub::WatchDecisions, request,
      [&open](const v1::WatchDecisionsResponse& response) {
        if (response.type() == v1::WatchDecisionsResponse::TYPE_SYNCED) return false;
        open.push_back(response.decision());
        return true;
      },
      settings_.request_timeout));
  return open;
}

absl::Status Client::WatchFleet(const v1::WatchFleetRequest& request,
                                absl::FunctionRef<bool(const v1::WatchFleetResponse&)> on_change) {
  return Watch<v1::WatchFleetResponse>(*fleet_, &v1::FleetService::Stub::WatchFleet, request, on_change,
                                       kWatchLifetime);
}

absl::Status Client::WatchDecisions(const v1::WatchDecisionsRequest& request,
                                    absl::FunctionRef<bool(const v1::WatchDecisionsResponse&)> on_change) {
  return Watch<v1::WatchDecisionsResponse>(*decisions_, &v1::DecisionService::Stub::WatchDecisions, request,
                                           on_change, kWatchLifetime);
}

absl::Status Client::WatchScalers(const v1::WatchScalersRequest& request,
                                  absl::FunctionRef<bool(const v1::WatchScalersResponse&)> on_change) {
  return Watch<v1::WatchScalersResponse>(*scalers_, &v1::ScalerService::Stub::WatchScalers, request,
                                         on_change, kWatchLifetime);
}

absl::Status Client::WatchBursts(const v1::WatchBurstsRequest& request,
                                 absl::FunctionRef<bool(const v1::WatchBurstsResponse&)> on_change) {
  return Watch<v1::WatchBurstsResponse>(*bursts_, &v1::BurstService::Stub::WatchBursts, request, on_change,
                                        kWatchLifetime);
}

absl::Status Client::WatchSwitch(const std::string& name,
                                 absl::FunctionRef<bool(const v1::Switch&)> on_change) {
  v1::WatchSwitchRequest request;
  request.set_name(name);
  return Watch<v1::WatchSwitchResponse>(
      *switches_, &v1::SwitchService::Stub::WatchSwitch, request,
      [&on_change](const v1::WatchSwitchResponse& response) { return on_change(response.traffic_switch()); },
      kWatchLifetime);
}

absl::Status Client::Replay(const v1::ReplayRequest& request, absl::Duration timeout,
                            absl::FunctionRef<void(v1::ReplayResponse&)> on_response) {
  grpc::ClientContext context;
  EVENKEEL_RETURN_IF_ERROR(Prepare(context, timeout));
  const std::unique_ptr<grpc::ClientReader<v1::ReplayResponse>> reader = replays_->Replay(&context, request);
  v1::ReplayResponse response;
  while (reader->Read(&response)) on_response(response);
  return rpc::FromGrpc(reader->Finish());
}

}  // namespace evenkeel::cli
