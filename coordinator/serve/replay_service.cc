#include "coordinator/serve/replay_service.h"

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "common/base/status.h"
#include "coordinator/serve/policy_service.h"
#include "coordinator/serve/policy_validation.h"
#include "coordinator/serve/replay_messages.h"
#include "coordinator/serve/replay_process.h"
#include "coordinator/serve/watch_call.h"

namespace evenkeel::coordinator {
namespace {

// What was told in the last second is in no file yet.
constexpr absl::Duration kFlushPatience = absl::Seconds(2);

// A replay that holds the one place there is, until its process has ended: whoever has read one to its end
// may start the next at once.
class OnlyReplay final : public WatchSource<v1::ReplayResponse> {
 public:
  OnlyReplay(std::atomic<bool>& running, std::unique_ptr<ReplayProcess> process)
      : running_(running), process_(std::move(process)) {}
  ~OnlyReplay() override {
    process_.reset();
    Leave();
  }
  absl::StatusOr<bool> Next(v1::ReplayResponse& out) override {
    absl::StatusOr<bool> there_is_one = process_->Next(out);
    if (!there_is_one.ok()) Leave();
    return there_is_one;
  }
  bool Ended() override {
    const bool ended = process_->Ended();
    if (ended) Leave();
    return ended;
  }

 private:
  void Leave() {
    if (std::exchange(holds_, false)) running_ = false;
  }

  std::atomic<bool>& running_;
  bool holds_ = true;
  std::unique_ptr<ReplayProcess> process_;
};

absl::Status Check(const v1::ReplayRequest& request, const FleetView& view) {
  EVENKEEL_RETURN_IF_ERROR(QuestionFromMessage(request).status());
  if (!request.has_policy()) return absl::OkStatus();
  return PolicyFromMessage(request.policy(), NodesByCluster(view)).status();
}

}  // namespace

grpc::ServerWriteReactor<v1::ReplayResponse>* ReplayService::Replay(grpc::CallbackServerContext* context,
                                                                    const v1::ReplayRequest* request) {
  const bool has_deadline = context->deadline() != std::chrono::system_clock::time_point::max();
  return WatchCall<v1::ReplayResponse>::Start(
      environment_, context,
      {{.verb = "get", .resource = "replays"}, {.verb = "list", .resource = "decisions"}},
      [this, has_deadline, request = *request](
          std::function<void()> wake) -> absl::StatusOr<std::unique_ptr<WatchSource<v1::ReplayResponse>>> {
        if (!has_deadline) return DeadlineRequired();
        EVENKEEL_RETURN_IF_ERROR(Check(request, view_));
        if (log_ == nullptr) {
          return base::WithReason(
              absl::FailedPreconditionError(
                  "the coordinator keeps no event log: start it without --event-log-mib=0"),
              "NOTHING_RECORDED");
        }
        if (running_.exchange(true)) {
          return base::WithReason(
              absl::ResourceExhaustedError("another replay is running: try again when it has ended"),
              "REPLAY_RUNNING");
        }
        absl::Status flushed = log_->Flush(kFlushPatience);
        if (!flushed.ok()) {
          running_ = false;
          return base::WithReason(flushed, "REPLAY_NOT_STARTED");
        }
        v1::ReplayRequest asked = request;
        EndAt(log_->told(), asked);
        std::vector<std::string> command = command_;
        command.push_back(log_->folder());
        absl::StatusOr<std::unique_ptr<ReplayProcess>> process =
            ReplayProcess::Start(command, asked, std::move(wake));
        if (!process.ok()) {
          running_ = false;
          return process.status();
        }
        return std::make_unique<OnlyReplay>(running_, *std::move(process));
      });
}

}  // namespace evenkeel::coordinator
