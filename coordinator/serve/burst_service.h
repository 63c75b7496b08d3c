// BurstService: see proto/evenkeel/v1/burst.proto.
#pragma once

#include "common/time/clock.h"
#include "coordinator/serve/burst_feed.h"
#include "coordinator/serve/calls.h"
#include "evenkeel/v1/burst.grpc.pb.h"

namespace evenkeel::coordinator {

// Access: get, list and watch on `bursts`.
class BurstService final : public v1::BurstService::CallbackService {
 public:
  // All outlive the server. `clock`: what is told of time and money is as of when it is sent.
  BurstService(CallEnvironment& environment, BurstFeed& feed, const time::Clock& clock)
      : environment_(environment), feed_(feed), clock_(clock) {}

  grpc::ServerUnaryReactor* ListBursts(grpc::CallbackServerContext* context,
                                       const v1::ListBurstsRequest* request,
                                       v1::ListBurstsResponse* response) override;
  grpc::ServerUnaryReactor* GetBurst(grpc::CallbackServerContext* context, const v1::GetBurstRequest* request,
                                     v1::GetBurstResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchBurstsResponse>* WatchBursts(
      grpc::CallbackServerContext* context, const v1::WatchBurstsRequest* request) override;

 private:
  CallEnvironment& environment_;
  BurstFeed& feed_;
  const time::Clock& clock_;
};

}  // namespace evenkeel::coordinator
