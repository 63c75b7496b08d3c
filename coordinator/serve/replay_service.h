// ReplayService: see proto/evenkeel/v1/replay.proto. It only checks and hands over: the replay itself runs in
// a process of its own (replay_process.h).
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <string>
#include <vector>

#include "coordinator/serve/calls.h"
#include "coordinator/serve/fleet_view.h"
#include "coordinator/store/event_log.h"
#include "evenkeel/v1/replay.grpc.pb.h"

namespace evenkeel::coordinator {

class ReplayService final : public v1::ReplayService::CallbackService {
 public:
  // All outlive the server. `log` is null where none is kept. `command`: the program and its arguments before
  // the log's folder.
  ReplayService(CallEnvironment& environment, EventLog* log, const FleetView& view,
                std::vector<std::string> command = {"/proc/self/exe", "replay"})
      : environment_(environment), log_(log), view_(view), command_(std::move(command)) {}

  grpc::ServerWriteReactor<v1::ReplayResponse>* Replay(grpc::CallbackServerContext* context,
                                                       const v1::ReplayRequest* request) override;

 private:
  CallEnvironment& environment_;
  EventLog* const log_;
  const FleetView& view_;
  const std::vector<std::string> command_;
  std::atomic<bool> running_ = false;
};

}  // namespace evenkeel::coordinator
