// FencingService: see proto/evenkeel/v1/fencing.proto. What an operator says goes through the core, and is
// durable before it is answered.
#pragma once

#include <grpcpp/grpcpp.h>

#include "coordinator/serve/calls.h"
#include "coordinator/serve/reply_box.h"
#include "evenkeel/v1/fencing.grpc.pb.h"

namespace evenkeel::coordinator {

class FencingService final : public v1::FencingService::CallbackService {
 public:
  // Both outlive the server.
  FencingService(CallEnvironment& environment, ReplyBox& replies)
      : environment_(environment), replies_(replies) {}

  grpc::ServerUnaryReactor* ConfirmFence(grpc::CallbackServerContext* context,
                                         const v1::ConfirmFenceRequest* request,
                                         v1::ConfirmFenceResponse* response) override;

 private:
  CallEnvironment& environment_;
  ReplyBox& replies_;
};

}  // namespace evenkeel::coordinator
