// DecisionService: see proto/evenkeel/v1/decision.proto.
#pragma once

#include <grpcpp/grpcpp.h>

#include "coordinator/serve/calls.h"
#include "coordinator/serve/decision_feed.h"
#include "coordinator/store/state_store.h"
#include "evenkeel/v1/decision.grpc.pb.h"

namespace evenkeel::coordinator {

class DecisionService final : public v1::DecisionService::CallbackService {
 public:
  // All outlive the server.
  DecisionService(CallEnvironment& environment, const StateStore& store, DecisionFeed& feed)
      : environment_(environment), store_(store), feed_(feed) {}

  grpc::ServerUnaryReactor* ListDecisions(grpc::CallbackServerContext* context,
                                          const v1::ListDecisionsRequest* request,
                                          v1::ListDecisionsResponse* response) override;
  grpc::ServerUnaryReactor* GetDecision(grpc::CallbackServerContext* context,
                                        const v1::GetDecisionRequest* request,
                                        v1::GetDecisionResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchDecisionsResponse>* WatchDecisions(
      grpc::CallbackServerContext* context, const v1::WatchDecisionsRequest* request) override;

 private:
  CallEnvironment& environment_;
  const StateStore& store_;
  DecisionFeed& feed_;
};

}  // namespace evenkeel::coordinator
