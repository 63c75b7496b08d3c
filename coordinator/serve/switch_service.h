// SwitchService: see proto/evenkeel/v1/switch.proto.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/time/clock.h"
#include "coordinator/serve/calls.h"
#include "coordinator/serve/reply_box.h"
#include "coordinator/serve/switch_catalog.h"
#include "coordinator/serve/switch_feed.h"
#include "coordinator/store/state_store.h"
#include "evenkeel/v1/switch.grpc.pb.h"

namespace evenkeel::coordinator {

// Access, all on `switches`: get, list and watch to see them; create to plan one (it asks gateways to try
// servers) and to start one; update for orders.
class SwitchService final : public v1::SwitchService::CallbackService {
 public:
  // All outlive the server.
  SwitchService(CallEnvironment& environment, const StateStore& store, SwitchFeed& feed, ReplyBox& replies,
                const time::Clock& clock)
      : environment_(environment), feed_(feed), catalog_(store, feed), replies_(replies), clock_(clock) {}

  grpc::ServerUnaryReactor* PlanSwitch(grpc::CallbackServerContext* context,
                                       const v1::PlanSwitchRequest* request,
                                       v1::PlanSwitchResponse* response) override;
  grpc::ServerUnaryReactor* StartSwitch(grpc::CallbackServerContext* context,
                                        const v1::StartSwitchRequest* request,
                                        v1::StartSwitchResponse* response) override;
  grpc::ServerUnaryReactor* GetSwitch(grpc::CallbackServerContext* context,
                                      const v1::GetSwitchRequest* request,
                                      v1::GetSwitchResponse* response) override;
  grpc::ServerUnaryReactor* ListSwitches(grpc::CallbackServerContext* context,
                                         const v1::ListSwitchesRequest* request,
                                         v1::ListSwitchesResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchSwitchResponse>* WatchSwitch(
      grpc::CallbackServerContext* context, const v1::WatchSwitchRequest* request) override;
  grpc::ServerUnaryReactor* PauseSwitch(grpc::CallbackServerContext* context,
                                        const v1::PauseSwitchRequest* request,
                                        v1::PauseSwitchResponse* response) override;
  grpc::ServerUnaryReactor* ResumeSwitch(grpc::CallbackServerContext* context,
                                         const v1::ResumeSwitchRequest* request,
                                         v1::ResumeSwitchResponse* response) override;
  grpc::ServerUnaryReactor* RollBackSwitch(grpc::CallbackServerContext* context,
                                           const v1::RollBackSwitchRequest* request,
                                           v1::RollBackSwitchResponse* response) override;
  grpc::ServerUnaryReactor* CommitSwitch(grpc::CallbackServerContext* context,
                                         const v1::CommitSwitchRequest* request,
                                         v1::CommitSwitchResponse* response) override;

 private:
  // The one that is under way. NOT_FOUND; FAILED_PRECONDITION: it has ended.
  absl::StatusOr<SwitchFeed::Shown> FindOpen(const std::string& id) const;
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Order(grpc::CallbackServerContext* context, const Request* request,
                                  Response* response);
  // The call's end, once the core has answered it with a decision: shows it as it is now. Elsewhere than on
  // the loop's thread, since it reads the store.
  void ShowAnswer(const Reply& reply, v1::Switch* shown, const Finish& finish);

  CallEnvironment& environment_;
  SwitchFeed& feed_;
  const SwitchCatalog catalog_;
  ReplyBox& replies_;
  const time::Clock& clock_;
};

}  // namespace evenkeel::coordinator
