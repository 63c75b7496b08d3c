// ScalerService: see proto/evenkeel/v1/scaler.proto.
#pragma once

#include "coordinator/serve/calls.h"
#include "coordinator/serve/fleet_view.h"
#include "coordinator/serve/reply_box.h"
#include "coordinator/serve/scaler_feed.h"
#include "coordinator/store/state_store.h"
#include "evenkeel/v1/scaler.grpc.pb.h"

namespace evenkeel::coordinator {

// Access: get, list and watch on `scalers`; TakeOverAutoscaler asks for create on `policies`, or for update
// of the one that is there already.
class ScalerService final : public v1::ScalerService::CallbackService {
 public:
  // All outlive the server.
  ScalerService(CallEnvironment& environment, const StateStore& store, ScalerFeed& feed,
                const FleetView& view, ReplyBox& replies)
      : environment_(environment), store_(store), feed_(feed), view_(view), replies_(replies) {}

  grpc::ServerUnaryReactor* ListScalers(grpc::CallbackServerContext* context,
                                        const v1::ListScalersRequest* request,
                                        v1::ListScalersResponse* response) override;
  grpc::ServerUnaryReactor* GetScaler(grpc::CallbackServerContext* context,
                                      const v1::GetScalerRequest* request,
                                      v1::GetScalerResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchScalersResponse>* WatchScalers(
      grpc::CallbackServerContext* context, const v1::WatchScalersRequest* request) override;
  grpc::ServerUnaryReactor* TakeOverAutoscaler(grpc::CallbackServerContext* context,
                                               const v1::TakeOverAutoscalerRequest* request,
                                               v1::TakeOverAutoscalerResponse* response) override;

 private:
  CallEnvironment& environment_;
  const StateStore& store_;
  ScalerFeed& feed_;
  const FleetView& view_;
  ReplyBox& replies_;
};

}  // namespace evenkeel::coordinator
