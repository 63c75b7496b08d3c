#include "coordinator/serve/burst_service.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "coordinator/serve/burst_messages.h"
#include "coordinator/serve/fleet_listing.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/watch_call.h"

namespace evenkeel::coordinator {

grpc::ServerUnaryReactor* BurstService::ListBursts(grpc::CallbackServerContext* context,
                                                   const v1::ListBurstsRequest* request,
                                                   v1::ListBurstsResponse* response) {
  return Answer(environment_, context, {.verb = "list", .resource = "bursts"}, [this, request, response] {
    return ListStatuses(feed_, "ListBursts", *request, *response,
                        [this, response](const BurstStatus& status) {
                          *response->add_bursts() = ToMessage(status, clock_.Now());
                        });
  });
}

grpc::ServerUnaryReactor* BurstService::GetBurst(grpc::CallbackServerContext* context,
                                                 const v1::GetBurstRequest* request,
                                                 v1::GetBurstResponse* response) {
  const auto cluster = ParseBurst("name", request->name());
  return Answer(environment_, context, {.verb = "get", .resource = "bursts", .name = cluster.value_or("")},
                [this, cluster, response]() -> absl::Status {
                  if (!cluster.ok()) return cluster.status();
                  const std::shared_ptr<const BurstStatus> status = feed_.Find(*cluster);
                  if (status == nullptr) return NotFound(BurstResource(*cluster));
                  *response->mutable_burst() = ToMessage(*status, clock_.Now());
                  return absl::OkStatus();
                });
}

grpc::ServerWriteReactor<v1::WatchBurstsResponse>* BurstService::WatchBursts(
    grpc::CallbackServerContext* context, const v1::WatchBurstsRequest* request) {
  return WatchCall<v1::WatchBurstsResponse>::Start(
      environment_, context, {{.verb = "watch", .resource = "bursts"}},
      [this, cluster = request->cluster()](std::function<void()> wake)
          -> absl::StatusOr<std::unique_ptr<WatchSource<v1::WatchBurstsResponse>>> {
        return std::make_unique<BurstWatch>(
            feed_, cluster,
            [this](const std::string& name, const BurstStatus* status, v1::WatchBurstsResponse& out) {
              Fill(name, status, clock_.Now(), out);
            },
            std::move(wake));
      });
}

}  // namespace evenkeel::coordinator
