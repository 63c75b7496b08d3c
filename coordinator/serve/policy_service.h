// PolicyService: see proto/evenkeel/v1/policy.proto. Policies are read from the store; changes go through the
// core, so that they take their place among all other events, and are durable before they are answered.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <map>
#include <string>

#include "coordinator/serve/calls.h"
#include "coordinator/serve/fleet_view.h"
#include "coordinator/serve/reply_box.h"
#include "coordinator/serve/standing_feed.h"
#include "coordinator/store/state_store.h"
#include "evenkeel/v1/policy.grpc.pb.h"

namespace evenkeel::coordinator {

// The clusters that are known, with their numbers of nodes: what PolicyFromMessage wants to know.
std::map<std::string, uint32_t> NodesByCluster(const FleetView& view);

class PolicyService final : public v1::PolicyService::CallbackService {
 public:
  // All outlive the server. `standings` null: how the clusters of switches' policies are seen is not shown.
  PolicyService(CallEnvironment& environment, const StateStore& store, const FleetView& view,
                ReplyBox& replies, const StandingFeed* standings = nullptr)
      : environment_(environment), store_(store), view_(view), replies_(replies), standings_(standings) {}

  grpc::ServerUnaryReactor* ListPolicies(grpc::CallbackServerContext* context,
                                         const v1::ListPoliciesRequest* request,
                                         v1::ListPoliciesResponse* response) override;
  grpc::ServerUnaryReactor* GetPolicy(grpc::CallbackServerContext* context,
                                      const v1::GetPolicyRequest* request,
                                      v1::GetPolicyResponse* response) override;
  grpc::ServerUnaryReactor* ApplyPolicy(grpc::CallbackServerContext* context,
                                        const v1::ApplyPolicyRequest* request,
                                        v1::ApplyPolicyResponse* response) override;
  grpc::ServerUnaryReactor* DeletePolicy(grpc::CallbackServerContext* context,
                                         const v1::DeletePolicyRequest* request,
                                         v1::DeletePolicyResponse* response) override;

 private:
  // As it is shown: with the defaults in force for its cluster's size, and how that is seen.
  v1::Policy Shown(const Policy& policy) const;
  absl::Status List(const v1::ListPoliciesRequest& request, v1::ListPoliciesResponse& response) const;
  void Apply(const v1::ApplyPolicyRequest& request, v1::ApplyPolicyResponse& response, const Finish& finish);

  CallEnvironment& environment_;
  const StateStore& store_;
  const FleetView& view_;
  ReplyBox& replies_;
  const StandingFeed* const standings_;
};

}  // namespace evenkeel::coordinator
