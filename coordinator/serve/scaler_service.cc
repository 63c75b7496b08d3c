#include "coordinator/serve/scaler_service.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "coordinator/serve/fleet_listing.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/policy_fields.h"
#include "coordinator/serve/policy_service.h"
#include "coordinator/serve/policy_validation.h"
#include "coordinator/serve/scaler_messages.h"
#include "coordinator/serve/watch_call.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLongestNamespace = 63;
constexpr size_t kLongestName = 253;

// The one that is named, or the only one that there is.
absl::StatusOr<std::string> ClusterFrom(const std::string& cluster,
                                        const std::map<std::string, uint32_t>& clusters) {
  if (!cluster.empty()) {
    EVENKEEL_RETURN_IF_ERROR(CheckCluster("cluster", cluster, clusters));
    return cluster;
  }
  if (clusters.size() == 1) return clusters.begin()->first;
  if (clusters.empty()) {
    return base::InvalidField("cluster", "is missing, and the coordinator has none; start it with --cluster");
  }
  const std::string all = absl::StrJoin(
      clusters, ", ", [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.first); });
  return base::InvalidField("cluster",
                            absl::StrCat("is missing, and the coordinator has several clusters: ", all));
}

// The policy that a take-over makes, or changes where it is there.
absl::StatusOr<std::string> PolicyFrom(const v1::TakeOverAutoscalerRequest& request) {
  const bool named = !request.policy().empty();
  absl::StatusOr<std::string> name =
      PolicyNameFrom("policy", named ? request.policy() : PolicyResource(request.autoscaler()));
  if (name.ok() || named) return name;
  return base::InvalidField("policy",
                            "is missing, and the autoscaler's name cannot be that of a policy: choose one");
}

absl::StatusOr<coordinator::TakeOverAutoscaler> OrderFrom(const v1::TakeOverAutoscalerRequest& request,
                                                          const std::map<std::string, uint32_t>& clusters) {
  coordinator::TakeOverAutoscaler order{
      .name = {.name_space = request.namespace_(), .name = request.autoscaler()},
      .validate_only = request.validate_only()};
  EVENKEEL_ASSIGN_OR_RETURN(order.cluster, ClusterFrom(request.cluster(), clusters));
  if (order.name.name_space.empty() || order.name.name_space.size() > kLongestNamespace) {
    return base::InvalidField("namespace", "must be that of the HorizontalPodAutoscaler");
  }
  if (order.name.name.empty() || order.name.name.size() > kLongestName) {
    return base::InvalidField("autoscaler", "must be the name of a HorizontalPodAutoscaler");
  }
  EVENKEEL_ASSIGN_OR_RETURN(order.policy, PolicyFrom(request));
  if (request.mode() != v1::POLICY_MODE_UNSPECIFIED) {
    EVENKEEL_ASSIGN_OR_RETURN(order.mode, ModeFrom("mode", request.mode()));
  }
  return order;
}

}  // namespace

grpc::ServerUnaryReactor* ScalerService::ListScalers(grpc::CallbackServerContext* context,
                                                     const v1::ListScalersRequest* request,
                                                     v1::ListScalersResponse* response) {
  return Answer(environment_, context, {.verb = "list", .resource = "scalers"}, [this, request, response] {
    return ListStatuses(feed_, "ListScalers", *request, *response, [response](const ScalerStatus& status) {
      *response->add_scalers() = ToMessage(status);
    });
  });
}

grpc::ServerUnaryReactor* ScalerService::GetScaler(grpc::CallbackServerContext* context,
                                                   const v1::GetScalerRequest* request,
                                                   v1::GetScalerResponse* response) {
  const auto name = ParseScaler("name", request->name());
  return Answer(environment_, context, {.verb = "get", .resource = "scalers", .name = name.value_or("")},
                [this, name, response]() -> absl::Status {
                  if (!name.ok()) return name.status();
                  const std::shared_ptr<const ScalerStatus> status = feed_.Find(*name);
                  if (status == nullptr) return NotFound(ScalerResource(*name));
                  *response->mutable_scaler() = ToMessage(*status);
                  return absl::OkStatus();
                });
}

grpc::ServerWriteReactor<v1::WatchScalersResponse>* ScalerService::WatchScalers(
    grpc::CallbackServerContext* context, const v1::WatchScalersRequest* request) {
  return WatchCall<v1::WatchScalersResponse>::Start(
      environment_, context, {{.verb = "watch", .resource = "scalers"}},
      [this, cluster = request->cluster()](std::function<void()> wake)
          -> absl::StatusOr<std::unique_ptr<WatchSource<v1::WatchScalersResponse>>> {
        return std::make_unique<ScalerWatch>(
            feed_, cluster,
            [](const std::string& policy, const ScalerStatus* status, v1::WatchScalersResponse& out) {
              Fill(policy, status, out);
            },
            std::move(wake));
      });
}

grpc::ServerUnaryReactor* ScalerService::TakeOverAutoscaler(grpc::CallbackServerContext* context,
                                                            const v1::TakeOverAutoscalerRequest* request,
                                                            v1::TakeOverAutoscalerResponse* response) {
  const auto name = PolicyFrom(*request);
  const bool is_there = name.ok() && store_.GetPolicy(*name).ok();
  return AnswerLater(
      environment_, context,
      {.verb = is_there ? "update" : "create", .resource = "policies", .name = is_there ? *name : ""},
      [this, request, response](const Finish& finish) {
        const auto order = OrderFrom(*request, NodesByCluster(view_));
        if (!order.ok()) return finish(order.status());
        replies_.Ask(
            [&](uint64_t request_id) {
              coordinator::TakeOverAutoscaler event = *order;
              event.request_id = request_id;
              return event;
            },
            [response, finish](const Reply& reply) {
              if (reply.status.ok() && reply.policy) {
                *response->mutable_policy() = ToMessage(*reply.policy, 0);
              }
              if (reply.status.ok() && reply.decision) {
                response->set_decision(DecisionResource(*reply.decision));
              }
              finish(reply.status);
            });
      });
}

}  // namespace evenkeel::coordinator
