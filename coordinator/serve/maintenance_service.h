// MaintenanceService: see proto/evenkeel/v1/maintenance.proto. Windows are read from the store; orders go
// through the core, so that they take their place among all other events, and are durable before they are
// answered.
#pragma once

#include <grpcpp/grpcpp.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/time/clock.h"
#include "coordinator/core/operator_orders.h"
#include "coordinator/serve/calls.h"
#include "coordinator/serve/reply_box.h"
#include "coordinator/store/state_store.h"
#include "evenkeel/v1/maintenance.grpc.pb.h"

namespace evenkeel::coordinator {

class MaintenanceService final : public v1::MaintenanceService::CallbackService {
 public:
  // All outlive the server.
  MaintenanceService(CallEnvironment& environment, const StateStore& store, ReplyBox& replies,
                     const time::Clock& clock)
      : environment_(environment), store_(store), replies_(replies), clock_(clock) {}

  grpc::ServerUnaryReactor* ListMaintenances(grpc::CallbackServerContext* context,
                                             const v1::ListMaintenancesRequest* request,
                                             v1::ListMaintenancesResponse* response) override;
  grpc::ServerUnaryReactor* GetMaintenance(grpc::CallbackServerContext* context,
                                           const v1::GetMaintenanceRequest* request,
                                           v1::GetMaintenanceResponse* response) override;
  grpc::ServerUnaryReactor* StartMaintenance(grpc::CallbackServerContext* context,
                                             const v1::StartMaintenanceRequest* request,
                                             v1::StartMaintenanceResponse* response) override;
  grpc::ServerUnaryReactor* EndMaintenance(grpc::CallbackServerContext* context,
                                           const v1::EndMaintenanceRequest* request,
                                           v1::EndMaintenanceResponse* response) override;
  grpc::ServerUnaryReactor* PauseCluster(grpc::CallbackServerContext* context,
                                         const v1::PauseClusterRequest* request,
                                         v1::PauseClusterResponse* response) override;
  grpc::ServerUnaryReactor* ResumeCluster(grpc::CallbackServerContext* context,
                                          const v1::ResumeClusterRequest* request,
                                          v1::ResumeClusterResponse* response) override;

 private:
  // Those that are not over. The record of one that is stays where its cluster is not watched any more.
  absl::StatusOr<std::vector<Maintenance>> Windows() const;
  absl::Status List(const v1::ListMaintenancesRequest& request, v1::ListMaintenancesResponse& response) const;

  CallEnvironment& environment_;
  const StateStore& store_;
  ReplyBox& replies_;
  const time::Clock& clock_;
};

}  // namespace evenkeel::coordinator
