#include "coordinator/serve/maintenance_service.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/fleet_listing.h"
#include "coordinator/serve/maintenance_validation.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/page_token.h"

namespace evenkeel::coordinator {
namespace {

std::string NodeOf(const absl::StatusOr<NodeKey>& key) {
  return key.ok() ? key->node : "";
}

template <typename Response>
void Show(const Reply& reply, Response& response) {
  if (!reply.status.ok()) return;
  for (const Pause& pause : reply.pauses) *response.add_pauses() = ToMessage(pause);
}

}  // namespace

absl::StatusOr<std::vector<Maintenance>> MaintenanceService::Windows() const {
  EVENKEEL_ASSIGN_OR_RETURN(std::vector<Maintenance> all, store_.ListMaintenances());
  const absl::Time now = clock_.Now();
  std::erase_if(all, [now](const Maintenance& window) { return window.end <= now; });
  return all;
}

absl::Status MaintenanceService::List(const v1::ListMaintenancesRequest& request,
                                      v1::ListMaintenancesResponse& response) const {
  EVENKEEL_ASSIGN_OR_RETURN(const std::string cluster, ParseClusterParent("parent", request.parent()));
  EVENKEEL_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  EVENKEEL_ASSIGN_OR_RETURN(const std::string after,
                            ReadPageToken({"ListMaintenances", request.parent()}, request.page_token()));
  NodeKey last;
  if (!after.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(last, ParseMaintenance("page_token", after));
  }
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<Maintenance> all, Windows());
  for (const Maintenance& maintenance : all) {
    if (!cluster.empty() && maintenance.node.cluster != cluster) continue;
    if (!after.empty() && maintenance.node <= last) continue;
    if (static_cast<size_t>(response.maintenances_size()) == page_size) {
      response.set_next_page_token(
          MakePageToken({"ListMaintenances", request.parent()}, response.maintenances().rbegin()->name()));
      break;
    }
    *response.add_maintenances() = ToMessage(maintenance);
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* MaintenanceService::ListMaintenances(grpc::CallbackServerContext* context,
                                                               const v1::ListMaintenancesRequest* request,
                                                               v1::ListMaintenancesResponse* response) {
  return Answer(environment_, context, {.verb = "list", .resource = "maintenances"},
                [this, request, response] { return List(*request, *response); });
}

grpc::ServerUnaryReactor* MaintenanceService::GetMaintenance(grpc::CallbackServerContext* context,
                                                             const v1::GetMaintenanceRequest* request,
                                                             v1::GetMaintenanceResponse* response) {
  const auto key = ParseMaintenance("name", request->name());
  return Answer(environment_, context, {.verb = "get", .resource = "maintenances", .name = NodeOf(key)},
                [this, key, response]() -> absl::Status {
                  if (!key.ok()) return key.status();
                  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<Maintenance> all, Windows());
                  for (const Maintenance& maintenance : all) {
                    if (maintenance.node != *key) continue;
                    *response->mutable_maintenance() = ToMessage(maintenance);
                    return absl::OkStatus();
                  }
                  return NotFound(MaintenanceResource(*key));
                });
}

grpc::ServerUnaryReactor* MaintenanceService::StartMaintenance(grpc::CallbackServerContext* context,
                                                               const v1::StartMaintenanceRequest* request,
                                                               v1::StartMaintenanceResponse* response) {
  const absl::StatusOr<coordinator::StartMaintenance> order = OrderFromMessage(*request);
  return AnswerLater(
      environment_, context,
      {.verb = "create", .resource = "maintenances", .name = order.ok() ? order->node.node : ""},
      [this, order, response](const Finish& finish) {
        if (!order.ok()) {
          finish(order.status());
          return;
        }
        replies_.Ask(
            [&order](uint64_t request_id) {
              coordinator::StartMaintenance start = *order;
              start.request_id = request_id;
              return start;
            },
            [response, finish](const Reply& reply) {
              if (reply.maintenance) *response->mutable_maintenance() = ToMessage(*reply.maintenance);
              finish(reply.status);
            });
      });
}

grpc::ServerUnaryReactor* MaintenanceService::EndMaintenance(grpc::CallbackServerContext* context,
                                                             const v1::EndMaintenanceRequest* request,
                                                             v1::EndMaintenanceResponse* response) {
  const auto key = ParseMaintenance("name", request->name());
  return AnswerLater(environment_, context,
                     {.verb = "delete", .resource = "maintenances", .name = NodeOf(key)},
                     [this, key, response](const Finish& finish) {
                       if (!key.ok()) {
                         finish(key.status());
                         return;
                       }
                       replies_.Ask(
                           [&key](uint64_t request_id) {
                             return coordinator::EndMaintenance{.request_id = request_id, .node = *key};
                           },
                           [response, finish](const Reply& reply) {
                             if (reply.maintenance)
                               *response->mutable_maintenance() = ToMessage(*reply.maintenance);
                             finish(reply.status);
                           });
                     });
}

grpc::ServerUnaryReactor* MaintenanceService::PauseCluster(grpc::CallbackServerContext* context,
                                                           const v1::PauseClusterRequest* request,
                                                           v1::PauseClusterResponse* response) {
  const absl::StatusOr<PauseClusters> order = OrderFromMessage(*request);
  return AnswerLater(environment_, context,
                     {.verb = "create", .resource = "pauses", .name = order.ok() ? order->cluster : ""},
                     [this, order, response](const Finish& finish) {
                       if (!order.ok()) {
                         finish(order.status());
                         return;
                       }
                       replies_.Ask(
                           [&order](uint64_t request_id) {
                             PauseClusters pause = *order;
                             pause.request_id = request_id;
                             return pause;
                           },
                           [response, finish](const Reply& reply) {
                             Show(reply, *response);
                             finish(reply.status);
                           });
                     });
}

grpc::ServerUnaryReactor* MaintenanceService::ResumeCluster(grpc::CallbackServerContext* context,
                                                            const v1::ResumeClusterRequest* request,
                                                            v1::ResumeClusterResponse* response) {
  const auto cluster = ParseClusterParent("name", request->name());
  return AnswerLater(environment_, context,
                     {.verb = "delete", .resource = "pauses", .name = cluster.value_or("")},
                     [this, cluster, response](const Finish& finish) {
                       if (!cluster.ok()) {
                         finish(cluster.status());
                         return;
                       }
                       replies_.Ask(
                           [&cluster](uint64_t request_id) {
                             return ResumeClusters{.request_id = request_id, .cluster = *cluster};
                           },
                           [response, finish](const Reply& reply) {
                             Show(reply, *response);
                             finish(reply.status);
                           });
                     });
}

}  // namespace evenkeel::coordinator
