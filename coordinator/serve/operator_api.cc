#include "coordinator/serve/operator_api.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <utility>
#include <vector>

#include "coordinator/serve/reflection_guard.h"

namespace evenkeel::coordinator {

OperatorApi::OperatorApi(const Parts& parts)
    : environment_{.access = parts.access, .workers = parts.workers},
      fleet_(environment_, parts.view),
      decisions_(environment_, parts.store, parts.decisions),
      policies_(environment_, parts.store, parts.view, parts.replies, parts.standings),
      maintenances_(environment_, parts.store, parts.replies, parts.clock),
      replays_(environment_, parts.event_log, parts.view),
      fencing_(environment_, parts.replies),
      scalers_(environment_, parts.store, parts.scalers, parts.view, parts.replies),
      bursts_(environment_, parts.bursts, parts.clock),
      switches_(environment_, parts.store, parts.switches, parts.replies, parts.clock) {}

void OperatorApi::RegisterWith(grpc::ServerBuilder& builder) {
  builder.RegisterService(&fleet_);
  builder.RegisterService(&decisions_);
  builder.RegisterService(&policies_);
  builder.RegisterService(&maintenances_);
  builder.RegisterService(&replays_);
  builder.RegisterService(&fencing_);
  builder.RegisterService(&scalers_);
  builder.RegisterService(&bursts_);
  builder.RegisterService(&switches_);

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(std::make_unique<ReflectionGuardFactory>(environment_.access));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  // Reflection is the one service that answers on threads of its own.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 1);
}

}  // namespace evenkeel::coordinator
