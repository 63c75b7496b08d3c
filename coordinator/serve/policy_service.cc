#include "coordinator/serve/policy_service.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/status.h"
#include "coordinator/serve/fleet_listing.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/page_token.h"
#include "coordinator/serve/policy_validation.h"
#include "coordinator/serve/switch_policy_validation.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kMostClusters = 1024;

}  // namespace

std::map<std::string, uint32_t> NodesByCluster(const FleetView& view) {
  std::map<std::string, uint32_t> nodes;
  for (const FleetSnapshot& snapshot : view.After(FleetKey{.kind = FleetKind::kCluster}, kMostClusters)) {
    const auto* cluster = std::get_if<ClusterSnapshot>(&snapshot);
    if (cluster == nullptr) break;
    nodes.emplace(cluster->ref->cluster, cluster->nodes());
  }
  return nodes;
}

v1::Policy PolicyService::Shown(const Policy& policy) const {
  const auto cluster = view_.FindCluster(policy.cluster());
  v1::Policy shown = ToMessage(policy, cluster ? cluster->nodes() : 0);
  if (!shown.has_switching() || standings_ == nullptr) return shown;
  if (const auto status = standings_->Find(policy.name); status != nullptr) {
    *shown.mutable_switching()->mutable_watch() = ToMessage(*status);
  }
  return shown;
}

absl::Status PolicyService::List(const v1::ListPoliciesRequest& request,
                                 v1::ListPoliciesResponse& response) const {
  EVENKEEL_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  EVENKEEL_ASSIGN_OR_RETURN(const std::string after, ReadPageToken({"ListPolicies"}, request.page_token()));
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<Policy> policies, store_.ListPolicies());
  for (const Policy& policy : policies) {
    if (!after.empty() && policy.name <= after) continue;
    if (static_cast<size_t>(response.policies_size()) == page_size) {
      const auto last = ParsePolicy("name", response.policies().rbegin()->name());
      response.set_next_page_token(MakePageToken({"ListPolicies"}, last.value_or("")));
      break;
    }
    *response.add_policies() = Shown(policy);
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* PolicyService::ListPolicies(grpc::CallbackServerContext* context,
                                                      const v1::ListPoliciesRequest* request,
                                                      v1::ListPoliciesResponse* response) {
  return Answer(environment_, context, {.verb = "list", .resource = "policies"},
                [this, request, response] { return List(*request, *response); });
}

grpc::ServerUnaryReactor* PolicyService::GetPolicy(grpc::CallbackServerContext* context,
                                                   const v1::GetPolicyRequest* request,
                                                   v1::GetPolicyResponse* response) {
  const auto name = PolicyNameFrom("name", request->name());
  return Answer(environment_, context, {.verb = "get", .resource = "policies", .name = name.value_or("")},
                [this, name, response]() -> absl::Status {
                  if (!name.ok()) return name.status();
                  const auto policy = store_.GetPolicy(*name);
                  if (absl::IsNotFound(policy.status())) return NotFound(PolicyResource(*name));
                  if (!policy.ok()) return policy.status();
                  *response->mutable_policy() = Shown(*policy);
                  return absl::OkStatus();
                });
}

grpc::ServerUnaryReactor* PolicyService::ApplyPolicy(grpc::CallbackServerContext* context,
                                                     const v1::ApplyPolicyRequest* request,
                                                     v1::ApplyPolicyResponse* response) {
  const auto name = PolicyNameFrom("policy.name", request->policy().name());
  const bool is_there = name.ok() && store_.GetPolicy(*name).ok();
  return AnswerLater(
      environment_, context,
      {.verb = is_there ? "update" : "create", .resource = "policies", .name = is_there ? *name : ""},
      [this, request, response](const Finish& finish) { Apply(*request, *response, finish); });
}

void PolicyService::Apply(const v1::ApplyPolicyRequest& request, v1::ApplyPolicyResponse& response,
                          const Finish& finish) {
  const absl::StatusOr<Policy> policy = PolicyFromMessage(request.policy(), NodesByCluster(view_));
  if (!policy.ok()) {
    finish(policy.status());
    return;
  }
  replies_.Ask(
      [&](uint64_t request_id) {
        return coordinator::ApplyPolicy{.request_id = request_id,
                                        .policy = *policy,
                                        .expected_etag = request.policy().etag(),
                                        .validate_only = request.validate_only()};
      },
      [this, &response, finish](const Reply& reply) {
        if (reply.status.ok() && reply.policy) *response.mutable_policy() = Shown(*reply.policy);
        response.set_created(reply.created);
        finish(reply.status);
      });
}

grpc::ServerUnaryReactor* PolicyService::DeletePolicy(grpc::CallbackServerContext* context,
                                                      const v1::DeletePolicyRequest* request,
                                                      v1::DeletePolicyResponse* /*response*/) {
  const auto name = PolicyNameFrom("name", request->name());
  return AnswerLater(environment_, context,
                     {.verb = "delete", .resource = "policies", .name = name.value_or("")},
                     [this, name, request](const Finish& finish) {
                       if (!name.ok()) {
                         finish(name.status());
                         return;
                       }
                       replies_.Ask(
                           [&](uint64_t request_id) {
                             return coordinator::DeletePolicy{
                                 .request_id = request_id, .name = *name, .expected_etag = request->etag()};
                           },
                           [finish](const Reply& reply) { finish(reply.status); });
                     });
}

}  // namespace evenkeel::coordinator
