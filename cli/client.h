#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/config.h"
#include "cli/host.h"
#include "evenkeel/v1/burst.grpc.pb.h"
#include "evenkeel/v1/decision.grpc.pb.h"
#include "evenkeel/v1/fencing.grpc.pb.h"
#include "evenkeel/v1/fleet.grpc.pb.h"
#include "evenkeel/v1/maintenance.grpc.pb.h"
#include "evenkeel/v1/policy.grpc.pb.h"
#include "evenkeel/v1/replay.grpc.pb.h"
#include "evenkeel/v1/scaler.grpc.pb.h"
#include "evenkeel/v1/switch.grpc.pb.h"

namespace grpc {
class ClientContext;
}

namespace evenkeel::cli {

// Which pods.
struct PodQuery {
  std::string parent = "clusters/-/namespaces/-";
  std::string label_selector;
  std::string node;
};

// Which decisions.
struct DecisionQuery {
  std::string cluster;
  std::string node;
  std::string workload;  // "namespaces/NAMESPACE/deployments/NAME"
};

// The coordinator, as an operator's program talks to it: over TLS, with an identity. One thread.
//
// Every call has the settings' request timeout as its deadline. Calls that only read are tried up to three
// times within it, with jittered back-off, while the coordinator is UNAVAILABLE (it starts again, say); calls
// that change something are sent once. Lists follow their pages to the end.
class Client {
 public:
  // Reads the certificates; does not connect yet. INVALID_ARGUMENT or NOT_FOUND that names the setting and
  // the file.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const Settings& settings, const Host& host);

  absl::StatusOr<std::vector<v1::Cluster>> ListClusters();
  absl::StatusOr<v1::Cluster> GetCluster(const std::string& name);
  absl::StatusOr<std::vector<v1::Node>> ListNodes(const std::string& parent,
                                                  const std::string& label_selector);
  absl::StatusOr<v1::Node> GetNode(const std::string& name);
  absl::StatusOr<std::vector<v1::Pod>> ListPods(const PodQuery& query);
  absl::StatusOr<v1::Pod> GetPod(const std::string& name);
  absl::StatusOr<v1::Container> GetContainer(const std::string& name);
  absl::StatusOr<std::vector<v1::Decision>> ListDecisions(const DecisionQuery& query);
  absl::StatusOr<v1::Decision> GetDecision(const std::string& name);
  // The newest of them; NOT_FOUND when there is none.
  absl::StatusOr<v1::Decision> LatestDecision(const DecisionQuery& query);
  absl::StatusOr<std::vector<v1::Policy>> ListPolicies();
  absl::StatusOr<v1::Policy> GetPolicy(const std::string& name);
  absl::StatusOr<v1::ApplyPolicyResponse> ApplyPolicy(const v1::Policy& policy, bool validate_only);
  absl::Status DeletePolicy(const std::string& name, const std::string& etag);
  // The decision that goes on by it; may be empty.
  absl::StatusOr<std::string> ConfirmFence(const std::string& node, const std::string& reason);

  absl::StatusOr<std::vector<v1::Maintenance>> ListMaintenances(const std::string& parent);
  absl::StatusOr<v1::Maintenance> GetMaintenance(const std::string& name);
  absl::StatusOr<v1::Maintenance> StartMaintenance(const std::string& name, absl::Duration length,
                                                   const std::string& reason, bool validate_only);
  absl::StatusOr<v1::Maintenance> EndMaintenance(const std::string& name);
  // `length` zero: until somebody resumes.
  absl::StatusOr<std::vector<v1::Pause>> PauseCluster(const std::string& name, absl::Duration length,
                                                      const std::string& reason, bool validate_only);
  absl::StatusOr<std::vector<v1::Pause>> ResumeCluster(const std::string& name);

  absl::StatusOr<std::vector<v1::Scaler>> ListScalers(const std::string& cluster);
  absl::StatusOr<v1::Scaler> GetScaler(const std::string& name);
  absl::StatusOr<v1::TakeOverAutoscalerResponse> TakeOverAutoscaler(
      const v1::TakeOverAutoscalerRequest& request);
  absl::StatusOr<std::vector<v1::Burst>> ListBursts(const std::string& cluster);
  absl::StatusOr<v1::Burst> GetBurst(const std::string& name);

  // A preflight takes up to 10 s, which it has besides the request timeout.
  absl::StatusOr<v1::PlanSwitchResponse> PlanSwitch(const v1::PlanSwitchRequest& request);
  absl::StatusOr<v1::Switch> StartSwitch(const v1::StartSwitchRequest& request);
  absl::StatusOr<v1::Switch> GetSwitch(const std::string& name);
  // The newest first, at most so many; 0: all. Without what the API leaves out of lists.
  absl::StatusOr<std::vector<v1::Switch>> ListSwitches(bool open_only, std::size_t most);
  absl::StatusOr<v1::Switch> PauseSwitch(const v1::PauseSwitchRequest& request);
  absl::StatusOr<v1::Switch> ResumeSwitch(const v1::ResumeSwitchRequest& request);
  absl::StatusOr<v1::Switch> RollBackSwitch(const v1::RollBackSwitchRequest& request);
  absl::StatusOr<v1::Switch> CommitSwitch(const v1::CommitSwitchRequest& request);

  // The decisions that are open now.
  absl::StatusOr<std::vector<v1::Decision>> OpenDecisions(const std::string& cluster);

  // One watch: hands each answer over until `on_change` returns false (then OK) or the stream ends (then its
  // status, UNAVAILABLE if it ended in peace). It lasts an hour at most, and ends within half a minute when
  // the connection is dead; callers start again.
  absl::Status WatchFleet(const v1::WatchFleetRequest& request,
                          absl::FunctionRef<bool(const v1::WatchFleetResponse&)> on_change);
  absl::Status WatchDecisions(const v1::WatchDecisionsRequest& request,
                              absl::FunctionRef<bool(const v1::WatchDecisionsResponse&)> on_change);
  absl::Status WatchScalers(const v1::WatchScalersRequest& request,
                            absl::FunctionRef<bool(const v1::WatchScalersResponse&)> on_change);
  absl::Status WatchBursts(const v1::WatchBurstsRequest& request,
                           absl::FunctionRef<bool(const v1::WatchBurstsResponse&)> on_change);
  absl::Status WatchSwitch(const std::string& name, absl::FunctionRef<bool(const v1::Switch&)> on_change);

  // Hands over each answer of a replay, within `timeout` in all. The last one is the summary.
  absl::Status Replay(const v1::ReplayRequest& request, absl::Duration timeout,
                      absl::FunctionRef<void(v1::ReplayResponse&)> on_response);

 private:
  Client(const Settings& settings, const Host& host, const std::shared_ptr<grpc::Channel>& channel);

  // Sets the deadline and the identity of one call.
  absl::Status Prepare(grpc::ClientContext& context, absl::Duration timeout) const;
  // One call that only reads, tried again while the coordinator is UNAVAILABLE.
  template <typename Response, typename Stub, typename RequestMessage>
  absl::StatusOr<Response> Read(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const RequestMessage&,
                                                             Response*),
                                const RequestMessage& request);
  // One call that changes something: sent once. `longer`: it has so much besides the request timeout.
  template <typename Response, typename Stub, typename RequestMessage>
  absl::StatusOr<Response> Change(
      Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const RequestMessage&, Response*),
      const RequestMessage& request, absl::Duration longer = absl::ZeroDuration());
  // The same for one that answers with a switch.
  template <typename Response, typename RequestMessage>
  absl::StatusOr<v1::Switch> ChangeSwitch(
      grpc::Status (v1::SwitchService::Stub::*method)(grpc::ClientContext*, const RequestMessage&, Response*),
      const RequestMessage& request);
  // All pages of a list; of its first ones as many as have `most` items, if that is not 0.
  template <typename Item, typename Response, typename Stub, typename RequestMessage>
  absl::StatusOr<std::vector<Item>> ReadAll(
      Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const RequestMessage&, Response*),
      RequestMessage request, google::protobuf::RepeatedPtrField<Item>* (Response::*items)(),
      std::size_t most = 0);
  template <typename Response, typename Stub, typename RequestMessage>
  absl::Status Watch(Stub& stub,
                     std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*,
                                                                                   const RequestMessage&),
                     const RequestMessage& request, absl::FunctionRef<bool(const Response&)> on_change,
                     absl::Duration timeout);

  Settings settings_;
  Host host_;
  std::unique_ptr<v1::FleetService::Stub> fleet_;
  std::unique_ptr<v1::DecisionService::Stub> decisions_;
  std::unique_ptr<v1::PolicyService::Stub> policies_;
  std::unique_ptr<v1::MaintenanceService::Stub> maintenances_;
  std::unique_ptr<v1::ReplayService::Stub> replays_;
  std::unique_ptr<v1::FencingService::Stub> fencing_;
  std::unique_ptr<v1::ScalerService::Stub> scalers_;
  std::unique_ptr<v1::BurstService::Stub> bursts_;
  std::unique_ptr<v1::SwitchService::Stub> switches_;
};

}  // namespace evenkeel::cli
