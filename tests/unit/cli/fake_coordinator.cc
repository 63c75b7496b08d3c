#include "tests/unit/cli/fake_coordinator.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace evenkeel::cli {
namespace {

// One page of a list: its token is the index of the first item after it.
template <typename Item, typename Request, typename Response, typename Target>
grpc::Status Page(const std::vector<Item>& items, int largest, const Request& request, Response& response,
                  Target* target) {
  std::size_t from = 0;
  if (!request.page_token().empty() && !absl::SimpleAtoi(request.page_token(), &from)) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "page_token"};
  }
  const auto size = static_cast<std::size_t>(std::min(request.page_size(), largest));
  const std::size_t to = std::min(items.size(), from + size);
  for (std::size_t i = from; i < to; ++i) *target->Add() = items[i];
  if (to < items.size()) response.set_next_page_token(absl::StrCat(to));
  return grpc::Status::OK;
}

template <typename Item, typename Target>
grpc::Status Find(const std::vector<Item>& items, const std::string& name, Target* target) {
  for (const Item& item : items) {
    if (item.name() != name) continue;
    *target = item;
    return grpc::Status::OK;
  }
  return {grpc::StatusCode::NOT_FOUND, absl::StrCat(name, " is not there")};
}

template <typename Response>
grpc::Status Play(std::deque<WatchScript<Response>>& scripts, grpc::ServerWriter<Response>& writer) {
  if (scripts.empty()) return {grpc::StatusCode::PERMISSION_DENIED, "the test is over"};
  const WatchScript<Response> script = std::move(scripts.front());
  scripts.pop_front();
  for (const Response& answer : script.answers) writer.Write(answer);
  return script.end;
}

}  // namespace

class FakeCoordinator::FleetService final : public v1::FleetService::Service {
 public:
  explicit FleetService(FakeCoordinator& owner) : owner_(owner) {}

  grpc::Status ListClusters(grpc::ServerContext* context, const v1::ListClustersRequest* request,
                            v1::ListClustersResponse* response) override {
    if (auto status = owner_.Enter(*context, "ListClusters"); !status.ok()) return status;
    return Page(owner_.fleet.clusters, owner_.fleet.largest_page, *request, *response,
                response->mutable_clusters());
  }
  grpc::Status GetCluster(grpc::ServerContext* context, const v1::GetClusterRequest* request,
                          v1::GetClusterResponse* response) override {
    if (auto status = owner_.Enter(*context, "GetCluster"); !status.ok()) return status;
    return Find(owner_.fleet.clusters, request->name(), response->mutable_cluster());
  }
  grpc::Status ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest* request,
                         v1::ListNodesResponse* response) override {
    if (auto status = owner_.Enter(*context, "ListNodes"); !status.ok()) return status;
    owner_.Note(&Seen::list_nodes, *request);
    return Page(owner_.fleet.nodes, owner_.fleet.largest_page, *request, *response,
                response->mutable_nodes());
  }
  grpc::Status GetNode(grpc::ServerContext* context, const v1::GetNodeRequest* request,
                       v1::GetNodeResponse* response) override {
    if (auto status = owner_.Enter(*context, "GetNode"); !status.ok()) return status;
    return Find(owner_.fleet.nodes, request->name(), response->mutable_node());
  }
  grpc::Status ListPods(grpc::ServerContext* context, const v1::ListPodsRequest* request,
                        v1::ListPodsResponse* response) override {
    if (auto status = owner_.Enter(*context, "ListPods"); !status.ok()) return status;
    owner_.Note(&Seen::list_pods, *request);
    return Page(owner_.fleet.pods, owner_.fleet.largest_page, *request, *response, response->mutable_pods());
  }
  grpc::Status GetPod(grpc::ServerContext* context, const v1::GetPodRequest* request,
                      v1::GetPodResponse* response) override {
    if (auto status = owner_.Enter(*context, "GetPod"); !status.ok()) return status;
    return Find(owner_.fleet.pods, request->name(), response->mutable_pod());
  }
  grpc::Status GetContainer(grpc::ServerContext* context, const v1::GetContainerRequest* request,
                            v1::GetContainerResponse* response) override {
    if (auto status = owner_.Enter(*context, "GetContainer"); !status.ok()) return status;
    std::vector<v1::Container> all;
    for (const v1::Pod& pod : owner_.fleet.pods)
      all.insert(all.end(), pod.containers().begin(), pod.containers().end());
    return Find(all, request->name(), response->mutable_container());
  }
  grpc::Status WatchFleet(grpc::ServerContext* context, const v1::WatchFleetRequest* request,
                          grpc::ServerWriter<v1::WatchFleetResponse>* writer) override {
    if (auto status = owner_.Enter(*context, "WatchFleet"); !status.ok()) return status;
    owner_.Note(&Seen::watch_fleet, *request);
    return Play(owner_.fleet_watches, *writer);
  }

 private:
  FakeCoordinator& owner_;
};

class FakeCoordinator::DecisionService final : public v1::DecisionService::Service {
 public:
  explicit DecisionService(FakeCoordinator& owner) : owner_(owner) {}

  grpc::Status ListDecisions(grpc::ServerContext* context, const v1::ListDecisionsRequest* request,
                             v1::ListDecisionsResponse* response) override {
    if (auto status = owner_.Enter(*context, "ListDecisions"); !status.ok()) return status;
    owner_.Note(&Seen::list_decisions, *request);
    return Page(owner_.fleet.decisions, owner_.fleet.largest_page, *request, *response,
                response->mutable_decisions());
  }
  grpc::Status GetDecision(grpc::ServerContext* context, const v1::GetDecisionRequest* request,
                           v1::GetDecisionResponse* response) override {
    if (auto status = owner_.Enter(*context, "GetDecision"); !status.ok()) return status;
    return Find(owner_.fleet.decisions, request->name(), response->mutable_decision());
  }
  // Without a script, as the real one: what is open, SYNCED, and then nothing until the caller goes.
  grpc::Status WatchDecisions(grpc::ServerContext* context, const v1::WatchDecisionsRequest* /*request*/,
                              grpc::ServerWriter<v1::WatchDecisionsResponse>* writer) override {
    if (auto status = owner_.Enter(*context, "WatchDecisions"); !status.ok()) return status;
    if (!owner_.decision_watches.empty()) return Play(owner_.decision_watches, *writer);
    v1::WatchDecisionsResponse response;
    response.set_type(v1::WatchDecisionsResponse::TYPE_ADDED);
    for (const v1::Decision& decision : owner_.fleet.decisions) {
      if (decision.state() != v1::Decision::STATE_OPEN) continue;
      *response.mutable_decision() = decision;
      writer->Write(response);
    }
    response.Clear();
    response.set_type(v1::WatchDecisionsResponse::TYPE_SYNCED);
    writer->Write(response);
    return {grpc::StatusCode::PERMISSION_DENIED, "the test is over"};
  }

 private:
  FakeCoordinator& owner_;
};

class FakeCoordinator::PolicyService final : public v1::PolicyService::Service {
 public:
  explicit PolicyService(FakeCoordinator& owner) : owner_(owner) {}

  grpc::Status ListPolicies(grpc::ServerContext* context, const v1::ListPoliciesRequest* request,
                            v1::ListPoliciesResponse* response) override {
    if (auto status = owner_.Enter(*context, "ListPolicies"); !status.ok()) return status;
    std::vector<v1::Policy> policies;
    for (const auto& [name, policy] : owner_.fleet.policies) policies.push_back(policy);
    return Page(policies, owner_.fleet.largest_page, *request, *response, response->mutable_policies());
  }
  grpc::Status GetPolicy(grpc::ServerContext* context, const v1::GetPolicyRequest* request,
                         v1::GetPolicyResponse* response) override {
    if (auto status = owner_.Enter(*context, "GetPolicy"); !status.ok()) return status;
    const auto found = owner_.fleet.policies.find(request->name());
    if (found == owner_.fleet.policies.end())
      return {grpc::StatusCode::NOT_FOUND, request->name() + " is not there"};
    *response->mutable_policy() = found->second;
    return grpc::Status::OK;
  }
  // Refuses the cluster "refused".
  grpc::Status ApplyPolicy(grpc::ServerContext* context, const v1::ApplyPolicyRequest* request,
                           v1::ApplyPolicyResponse* response) override {
    const std::string what = request->validate_only() ? "Validate " : "Apply ";
    if (auto status = owner_.Enter(*context, what + request->policy().name()); !status.ok()) return status;
    if (request->policy().failover().cluster() == "refused") {
      return {grpc::StatusCode::INVALID_ARGUMENT, "failover.cluster: there is no such cluster"};
    }
    response->set_created(owner_.fleet.policies.count(request->policy().name()) == 0);
    *response->mutable_policy() = request->policy();
    if (!request->validate_only()) owner_.fleet.policies[request->policy().name()] = request->policy();
    return grpc::Status::OK;
  }
  grpc::Status DeletePolicy(grpc::ServerContext* context, const v1::DeletePolicyRequest* request,
                            v1::DeletePolicyResponse* /*response*/) override {
    if (auto status = owner_.Enter(*context, "Delete " + request->name()); !status.ok()) return status;
    if (owner_.fleet.policies.erase(request->name()) == 0) {
      return {grpc::StatusCode::NOT_FOUND, request->name() + " is not there"};
    }
    return grpc::Status::OK;
  }

 private:
  FakeCoordinator& owner_;
};

class FakeCoordinator::MaintenanceService final : public v1::MaintenanceService::Service {
 public:
  explicit MaintenanceService(FakeCoordinator& owner) : owner_(owner) {}

  grpc::Status ListMaintenances(grpc::ServerContext* context, const v1::ListMaintenancesRequest* request,
                                v1::ListMaintenancesResponse* response) override {
    if (auto status = owner_.Enter(*context, "ListMaintenances"); !status.ok()) return status;
    owner_.Note(&Seen::list_maintenances, *request);
    return Page(owner_.fleet.maintenances, owner_.fleet.largest_page, *request, *response,
                response->mutable_maintenances());
  }
  grpc::Status GetMaintenance(grpc::ServerContext* context, const v1::GetMaintenanceRequest* request,
                              v1::GetMaintenanceResponse* response) override {
    if (auto status = owner_.Enter(*context, "GetMaintenance"); !status.ok()) return status;
    return Find(request->name(), *response->mutable_maintenance());
  }
  grpc::Status StartMaintenance(grpc::ServerContext* context, const v1::StartMaintenanceRequest* request,
                                v1::StartMaintenanceResponse* response) override {
    if (auto status = owner_.Enter(*context, "StartMaintenance"); !status.ok()) return status;
    owner_.Note(&Seen::start_maintenance, *request);
    return Find(request->name(), *response->mutable_maintenance());
  }
  grpc::Status EndMaintenance(grpc::ServerContext* context, const v1::EndMaintenanceRequest* request,
                              v1::EndMaintenanceResponse* response) override {
    if (auto status = owner_.Enter(*context, "EndMaintenance " + request->name()); !status.ok())
      return status;
    return Find(request->name(), *response->mutable_maintenance());
  }
  grpc::Status PauseCluster(grpc::ServerContext* context, const v1::PauseClusterRequest* request,
                            v1::PauseClusterResponse* response) override {
    if (auto status = owner_.Enter(*context, "PauseCluster"); !status.ok()) return status;
    for (const v1::Pause& pause : owner_.fleet.pauses) *response->add_pauses() = pause;
    // Last: a test that has seen it may change the pauses.
    owner_.Note(&Seen::pause_cluster, *request);
    return grpc::Status::OK;
  }
  grpc::Status ResumeCluster(grpc::ServerContext* context, const v1::ResumeClusterRequest* request,
                             v1::ResumeClusterResponse* response) override {
    if (auto status = owner_.Enter(*context, "ResumeCluster " + request->name()); !status.ok()) return status;
    for (const v1::Pause& pause : owner_.fleet.pauses) *response->add_pauses() = pause;
    return grpc::Status::OK;
  }

 private:
  grpc::Status Find(const std::string& name, v1::Maintenance& into) const {
    for (const v1::Maintenance& maintenance : owner_.fleet.maintenances) {
      if (maintenance.name() != name) continue;
      into = maintenance;
      return grpc::Status::OK;
    }
    return {grpc::StatusCode::NOT_FOUND, name + " is not there"};
  }

  FakeCoordinator& owner_;
};

class FakeCoordinator::ReplayService final : public v1::ReplayService::Service {
 public:
  explicit ReplayService(FakeCoordinator& owner) : owner_(owner) {}

  grpc::Status Replay(grpc::ServerContext* context, const v1::ReplayRequest* request,
                      grpc::ServerWriter<v1::ReplayResponse>* writer) override {
    if (auto status = owner_.Enter(*context, "Replay"); !status.ok()) return status;
    // A copy, and Note's lock after it: what the test does with the script when the call is over comes later.
    const WatchScript<v1::ReplayResponse> script = owner_.replay;
    owner_.Note(&Seen::replay, *request);
    for (const v1::ReplayResponse& answer : script.answers) writer->Write(answer);
    return script.end;
  }

 private:
  FakeCoordinator& owner_;
};

// Refuses to confirm what is not node-7.
class FakeCoordinator::FencingService final : public v1::FencingService::Service {
 public:
  explicit FencingService(FakeCoordinator& owner) : owner_(owner) {}

  grpc::Status ConfirmFence(grpc::ServerContext* context, const v1::ConfirmFenceRequest* request,
                            v1::ConfirmFenceResponse* response) override {
    if (auto status = owner_.Enter(*context, "Confirm " + request->name()); !status.ok()) return status;
    owner_.Note(&Seen::confirm_fence, *request);
    if (request->name() != "clusters/east/nodes/node-7") {
      return {grpc::StatusCode::FAILED_PRECONDITION, "node-8 is HEALTHY and not DEAD"};
    }
    response->set_decision("decisions/3-4");
    return grpc::Status::OK;
  }

 private:
  FakeCoordinator& owner_;
};

// Takes over every autoscaler but the one that is called "memory".
class FakeCoordinator::ScalerService final : public v1::ScalerService::Service {
 public:
  explicit ScalerService(FakeCoordinator& owner) : owner_(owner) {}

  grpc::Status ListScalers(grpc::ServerContext* context, const v1::ListScalersRequest* request,
                           v1::ListScalersResponse* response) override {
    if (auto status = owner_.Enter(*context, "ListScalers"); !status.ok()) return status;
    owner_.Note(&Seen::list_scalers, *request);
    return Page(owner_.fleet.scalers, owner_.fleet.largest_page, *request, *response,
                response->mutable_scalers());
  }
  grpc::Status GetScaler(grpc::ServerContext* context, const v1::GetScalerRequest* request,
                         v1::GetScalerResponse* response) override {
    if (auto status = owner_.Enter(*context, "GetScaler"); !status.ok()) return status;
    return Find(owner_.fleet.scalers, request->name(), response->mutable_scaler());
  }
  grpc::Status WatchScalers(grpc::ServerContext* context, const v1::WatchScalersRequest* request,
                            grpc::ServerWriter<v1::WatchScalersResponse>* writer) override {
    if (auto status = owner_.Enter(*context, "WatchScalers"); !status.ok()) return status;
    owner_.Note(&Seen::watch_scalers, *request);
    return Play(owner_.scaler_watches, *writer);
  }
  grpc::Status TakeOverAutoscaler(grpc::ServerContext* context, const v1::TakeOverAutoscalerRequest* request,
                                  v1::TakeOverAutoscalerResponse* response) override {
    if (auto status = owner_.Enter(*context, "TakeOverAutoscaler"); !status.ok()) return status;
    owner_.Note(&Seen::take_over, *request);
    if (request->autoscaler() == "memory") {
      return {grpc::StatusCode::FAILED_PRECONDITION, "shop/memory scales by more than CPU"};
    }
    v1::Policy& policy = *response->mutable_policy();
    policy.set_name(request->policy().empty() ? "policies/" + request->autoscaler() : request->policy());
    policy.mutable_scale()->set_mode(request->mode());
    policy.mutable_scale()->mutable_target()->set_name("web");
    if (!request->validate_only()) response->set_decision("decisions/3-4");
    return grpc::Status::OK;
  }

 private:
  FakeCoordinator& owner_;
};

class FakeCoordinator::BurstService final : public v1::BurstService::Service {
 public:
  explicit BurstService(FakeCoordinator& owner) : owner_(owner) {}

  grpc::Status ListBursts(grpc::ServerContext* context, const v1::ListBurstsRequest* request,
                          v1::ListBurstsResponse* response) override {
    if (auto status = owner_.Enter(*context, "ListBursts"); !status.ok()) return status;
    owner_.Note(&Seen::list_bursts, *request);
    return Page(owner_.fleet.bursts, owner_.fleet.largest_page, *request, *response,
                response->mutable_bursts());
  }
  grpc::Status GetBurst(grpc::ServerContext* context, const v1::GetBurstRequest* request,
                        v1::GetBurstResponse* response) override {
    if (auto status = owner_.Enter(*context, "GetBurst"); !status.ok()) return status;
    return Find(owner_.fleet.bursts, request->name(), response->mutable_burst());
  }
  grpc::Status WatchBursts(grpc::ServerContext* context, const v1::WatchBurstsRequest* request,
                           grpc::ServerWriter<v1::WatchBurstsResponse>* writer) override {
    if (auto status = owner_.Enter(*context, "WatchBursts"); !status.ok()) return status;
    owner_.Note(&Seen::watch_bursts, *request);
    return Play(owner_.burst_watches, *writer);
  }

 private:
  FakeCoordinator& owner_;
};

// Each call that changes something answers with the switch as the test has put it there.
class FakeCoordinator::SwitchService final : public v1::SwitchService::Service {
 public:
  explicit SwitchService(FakeCoordinator& owner) : owner_(owner) {}

  grpc::Status PlanSwitch(grpc::ServerContext* context, const v1::PlanSwitchRequest* request,
                          v1::PlanSwitchResponse* response) override {
    if (auto status = owner_.Enter(*context, "PlanSwitch"); !status.ok()) return status;
    *response = owner_.fleet.switch_plan;
    owner_.Note(&Seen::plan_switch, *request);
    return grpc::Status::OK;
  }
  grpc::Status StartSwitch(grpc::ServerContext* context, const v1::StartSwitchRequest* request,
                           v1::StartSwitchResponse* response) override {
    if (auto status = owner_.Enter(*context, "StartSwitch"); !status.ok()) return status;
    return Find(&Seen::start_switch, *request, "switches/" + request->switch_id(), *response);
  }
  grpc::Status GetSwitch(grpc::ServerContext* context, const v1::GetSwitchRequest* request,
                         v1::GetSwitchResponse* response) override {
    if (auto status = owner_.Enter(*context, "Get " + request->name()); !status.ok()) return status;
    return Find(&Seen::get_switch, *request, request->name(), *response);
  }
  grpc::Status ListSwitches(grpc::ServerContext* context, const v1::ListSwitchesRequest* request,
                            v1::ListSwitchesResponse* response) override {
    if (auto status = owner_.Enter(*context, "ListSwitches"); !status.ok()) return status;
    std::vector<v1::Switch> all;
    for (const v1::Switch& one : owner_.fleet.switches) {
      if (!request->open_only() || !one.has_end_time()) all.push_back(one);
    }
    owner_.Note(&Seen::list_switches, *request);
    return Page(all, owner_.fleet.largest_page, *request, *response, response->mutable_switches());
  }
  grpc::Status WatchSwitch(grpc::ServerContext* context, const v1::WatchSwitchRequest* request,
                           grpc::ServerWriter<v1::WatchSwitchResponse>* writer) override {
    if (auto status = owner_.Enter(*context, "Watch " + request->name()); !status.ok()) return status;
    return Play(owner_.switch_watches, *writer);
  }
  grpc::Status PauseSwitch(grpc::ServerContext* context, const v1::PauseSwitchRequest* request,
                           v1::PauseSwitchResponse* response) override {
    return Order(*context, &Seen::pause_switch, "Pause ", *request, *response);
  }
  grpc::Status ResumeSwitch(grpc::ServerContext* context, const v1::ResumeSwitchRequest* request,
                            v1::ResumeSwitchResponse* response) override {
    return Order(*context, &Seen::resume_switch, "Resume ", *request, *response);
  }
  grpc::Status RollBackSwitch(grpc::ServerContext* context, const v1::RollBackSwitchRequest* request,
                              v1::RollBackSwitchResponse* response) override {
    return Order(*context, &Seen::roll_back_switch, "RollBack ", *request, *response);
  }
  grpc::Status CommitSwitch(grpc::ServerContext* context, const v1::CommitSwitchRequest* request,
                            v1::CommitSwitchResponse* response) override {
    return Order(*context, &Seen::commit_switch, "Commit ", *request, *response);
  }

 private:
  template <typename Request, typename Response>
  grpc::Status Order(const grpc::ServerContext& context, Request Seen::*kind, const std::string& order,
                     const Request& request, Response& response) {
    if (auto status = owner_.Enter(context, order + request.name()); !status.ok()) return status;
    return Find(kind, request, request.name(), response);
  }
  // By its name or its decision's id. Noted last: a test that has seen it may change the switches.
  template <typename Request, typename Response>
  grpc::Status Find(Request Seen::*kind, const Request& request, const std::string& name,
                    Response& response) {
    grpc::Status status(grpc::StatusCode::NOT_FOUND, name + " is not there");
    for (const v1::Switch& one : owner_.fleet.switches) {
      const std::string id = one.decision().substr(one.decision().find('/') + 1);
      if (one.name() != name && "switches/" + id != name) continue;
      *response.mutable_traffic_switch() = one;
      status = grpc::Status::OK;
      break;
    }
    owner_.Note(kind, request);
    return status;
  }

  FakeCoordinator& owner_;
};

FakeCoordinator::FakeCoordinator()
    : authority_("cli test"),
      fleet_service_(std::make_unique<FleetService>(*this)),
      decision_service_(std::make_unique<DecisionService>(*this)),
      policy_service_(std::make_unique<PolicyService>(*this)),
      maintenance_service_(std::make_unique<MaintenanceService>(*this)),
      replay_service_(std::make_unique<ReplayService>(*this)),
      fencing_service_(std::make_unique<FencingService>(*this)),
      scaler_service_(std::make_unique<ScalerService>(*this)),
      burst_service_(std::make_unique<BurstService>(*this)),
      switch_service_(std::make_unique<SwitchService>(*this)) {
  const testing::Identity identity =
      authority_.Issue({.common_name = "coordinator", .dns_names = {"localhost"}});
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({identity.key_pem, identity.certificate_pem});
  grpc::ServerBuilder builder;
  builder.AddListeningPort("localhost:0", grpc::SslServerCredentials(tls), &port_);
  builder.RegisterService(fleet_service_.get());
  builder.RegisterService(decision_service_.get());
  builder.RegisterService(policy_service_.get());
  builder.RegisterService(maintenance_service_.get());
  builder.RegisterService(replay_service_.get());
  builder.RegisterService(fencing_service_.get());
  builder.RegisterService(scaler_service_.get());
  builder.RegisterService(burst_service_.get());
  builder.RegisterService(switch_service_.get());
  server_ = builder.BuildAndStart();
  EVENKEEL_CHECK(server_ != nullptr) << "no server on loopback";
}

FakeCoordinator::~FakeCoordinator() {
  server_->Shutdown();
}

std::string FakeCoordinator::address() const {
  return absl::StrCat("localhost:", port_);
}

void FakeCoordinator::FailNext(int calls, grpc::Status status) {
  absl::MutexLock lock(&mutex_);
  failures_left_ = calls;
  failure_ = std::move(status);
}

std::vector<std::string> FakeCoordinator::calls() const {
  absl::MutexLock lock(&mutex_);
  return calls_;
}

FakeCoordinator::Seen FakeCoordinator::seen() const {
  absl::MutexLock lock(&mutex_);
  return seen_;
}

std::string FakeCoordinator::authorization() const {
  absl::MutexLock lock(&mutex_);
  return authorization_;
}

grpc::Status FakeCoordinator::Enter(const grpc::ServerContext& context, const std::string& method) {
  absl::MutexLock lock(&mutex_);
  calls_.push_back(method);
  const auto found = context.client_metadata().find("authorization");
  authorization_ =
      found == context.client_metadata().end() ? "" : std::string(found->second.data(), found->second.size());
  if (failures_left_ == 0) return grpc::Status::OK;
  --failures_left_;
  return failure_;
}

}  // namespace evenkeel::cli
