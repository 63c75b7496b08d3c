// All that operators and programs call: FleetService, DecisionService, PolicyService, MaintenanceService,
// ScalerService, BurstService, SwitchService, ReplayService; and beside them grpc.health.v1 (the one thing
// that needs no identity) and server reflection.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "common/time/clock.h"
#include "coordinator/serve/access.h"
#include "coordinator/serve/burst_feed.h"
#include "coordinator/serve/burst_service.h"
#include "coordinator/serve/calls.h"
#include "coordinator/serve/decision_feed.h"
#include "coordinator/serve/decision_service.h"
#include "coordinator/serve/fencing_service.h"
#include "coordinator/serve/fleet_service.h"
#include "coordinator/serve/fleet_view.h"
#include "coordinator/serve/maintenance_service.h"
#include "coordinator/serve/policy_service.h"
#include "coordinator/serve/replay_service.h"
#include "coordinator/serve/reply_box.h"
#include "coordinator/serve/scaler_feed.h"
#include "coordinator/serve/scaler_service.h"
#include "coordinator/serve/standing_feed.h"
#include "coordinator/serve/switch_feed.h"
#include "coordinator/serve/switch_service.h"
#include "coordinator/serve/worker_pool.h"
#include "coordinator/store/event_log.h"
#include "coordinator/store/state_store.h"

namespace evenkeel::coordinator {

class OperatorApi {
 public:
  struct Parts {
    AccessControl& access;
    WorkerPool& workers;
    const StateStore& store;
    FleetView& view;
    DecisionFeed& decisions;
    ScalerFeed& scalers;
    BurstFeed& bursts;
    SwitchFeed& switches;
    ReplyBox& replies;
    EventLog* event_log;  // null: none is kept
    const time::Clock& clock;
    const StandingFeed* standings = nullptr;  // null: how clusters are seen is not shown
  };

  // All parts outlive this, and this the server.
  explicit OperatorApi(const Parts& parts);

  // Adds the services to the server's builder; other services may share the server. Before BuildAndStart,
  // once.
  void RegisterWith(grpc::ServerBuilder& builder);

 private:
  CallEnvironment environment_;
  FleetService fleet_;
  DecisionService decisions_;
  PolicyService policies_;
  MaintenanceService maintenances_;
  ReplayService replays_;
  FencingService fencing_;
  ScalerService scalers_;
  BurstService bursts_;
  SwitchService switches_;
};

}  // namespace evenkeel::coordinator
