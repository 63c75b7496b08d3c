#pragma once

#include <grpcpp/server.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "evenkeel/v1/burst.grpc.pb.h"
#include "evenkeel/v1/decision.grpc.pb.h"
#include "evenkeel/v1/fencing.grpc.pb.h"
#include "evenkeel/v1/fleet.grpc.pb.h"
#include "evenkeel/v1/maintenance.grpc.pb.h"
#include "evenkeel/v1/policy.grpc.pb.h"
#include "evenkeel/v1/replay.grpc.pb.h"
#include "evenkeel/v1/scaler.grpc.pb.h"
#include "evenkeel/v1/switch.grpc.pb.h"
#include "tests/support/certificates.h"

namespace evenkeel::cli {

// What a watch sends before it ends with `end`.
template <typename Response>
struct WatchScript {
  std::vector<Response> answers;
  grpc::Status end;
};

// The operators' services, over real TLS on loopback, with answers that a test puts in beforehand and
// requests that it looks at afterwards. Any thread.
class FakeCoordinator {
 public:
  FakeCoordinator();
  ~FakeCoordinator();

  std::string address() const;
  std::string ca_pem() const { return authority_.certificate_pem(); }
  const testing::CertificateAuthority& authority() const { return authority_; }

  // What there is. To be set before the calls.
  struct Fleet {
    std::vector<v1::Cluster> clusters;
    std::vector<v1::Node> nodes;
    std::vector<v1::Pod> pods;
    std::vector<v1::Decision> decisions;
    std::map<std::string, v1::Policy> policies;  // by name
    std::vector<v1::Maintenance> maintenances;
    std::vector<v1::Pause> pauses;
    std::vector<v1::Scaler> scalers;
    std::vector<v1::Burst> bursts;
    std::vector<v1::Switch> switches;
    v1::PlanSwitchResponse switch_plan;
    int largest_page = 2;  // small, so that every list has pages
  };
  Fleet fleet;

  // The next so many calls end like this before they are looked at.
  void FailNext(int calls, grpc::Status status);
  // One watch each, in order; a watch without a script ends with PERMISSION_DENIED "the test is over".
  std::deque<WatchScript<v1::WatchFleetResponse>> fleet_watches;
  std::deque<WatchScript<v1::WatchDecisionsResponse>> decision_watches;
  std::deque<WatchScript<v1::WatchScalersResponse>> scaler_watches;
  std::deque<WatchScript<v1::WatchBurstsResponse>> burst_watches;
  std::deque<WatchScript<v1::WatchSwitchResponse>> switch_watches;
  // Each replay.
  WatchScript<v1::ReplayResponse> replay;

  // What came: method names in order, the last `authorization`, the last request of each kind.
  std::vector<std::string> calls() const;
  std::string authorization() const;
  struct Seen {
    v1::ListNodesRequest list_nodes;
    v1::ListPodsRequest list_pods;
    v1::WatchFleetRequest watch_fleet;
    v1::ListDecisionsRequest list_decisions;
    v1::ListMaintenancesRequest list_maintenances;
    v1::StartMaintenanceRequest start_maintenance;
    v1::PauseClusterRequest pause_cluster;
    v1::ReplayRequest replay;
    v1::ConfirmFenceRequest confirm_fence;
    v1::ListScalersRequest list_scalers;
    v1::WatchScalersRequest watch_scalers;
    v1::TakeOverAutoscalerRequest take_over;
    v1::ListBurstsRequest list_bursts;
    v1::WatchBurstsRequest watch_bursts;
    v1::PlanSwitchRequest plan_switch;
    v1::StartSwitchRequest start_switch;
    v1::GetSwitchRequest get_switch;
    v1::ListSwitchesRequest list_switches;
    v1::PauseSwitchRequest pause_switch;
    v1::ResumeSwitchRequest resume_switch;
    v1::RollBackSwitchRequest roll_back_switch;
    v1::CommitSwitchRequest commit_switch;
  };
  Seen seen() const;

 private:
  class FleetService;
  class DecisionService;
  class PolicyService;
  class MaintenanceService;
  class ReplayService;
  class FencingService;
  class ScalerService;
  class BurstService;
  class SwitchService;

  // Notes the call; not OK when it shall fail.
  grpc::Status Enter(const grpc::ServerContext& context, const std::string& method);
  template <typename Request>
  void Note(Request Seen::*kind, const Request& request) {
    absl::MutexLock lock(&mutex_);
    seen_.*kind = request;
  }

  const testing::CertificateAuthority authority_;
  mutable absl::Mutex mutex_;
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
  std::string authorization_ ABSL_GUARDED_BY(mutex_);
  Seen seen_ ABSL_GUARDED_BY(mutex_);
  int failures_left_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::Status failure_ ABSL_GUARDED_BY(mutex_);

  std::unique_ptr<FleetService> fleet_service_;
  std::unique_ptr<DecisionService> decision_service_;
  std::unique_ptr<PolicyService> policy_service_;
  std::unique_ptr<MaintenanceService> maintenance_service_;
  std::unique_ptr<ReplayService> replay_service_;
  std::unique_ptr<FencingService> fencing_service_;
  std::unique_ptr<ScalerService> scaler_service_;
  std::unique_ptr<BurstService> burst_service_;
  std::unique_ptr<SwitchService> switch_service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace evenkeel::cli
