#include "coordinator/serve/switch_service.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/switch_message.h"
#include "coordinator/serve/switch_requests.h"
#include "coordinator/serve/switch_spec_message.h"
#include "coordinator/serve/switch_watch.h"
#include "coordinator/serve/watch_call.h"

namespace evenkeel::coordinator {

grpc::ServerUnaryReactor* SwitchService::PlanSwitch(grpc::CallbackServerContext* context,
                                                    const v1::PlanSwitchRequest* request,
                                                    v1::PlanSwitchResponse* response) {
  return AnswerLater(environment_, context,
                     {.verb = "create", .resource = "switches", .name = request->switch_id()},
                     [this, request, response](const Finish& finish) {
                       const absl::StatusOr<coordinator::PlanSwitch> plan = EventFrom(*request);
                       if (!plan.ok()) return finish(plan.status());
                       *response->mutable_spec() = ToMessage(plan->spec);
                       replies_.Ask(
                           [&plan](uint64_t request_id) {
                             coordinator::PlanSwitch event = *plan;
                             event.request_id = request_id;
                             return event;
                           },
                           [response, finish](const Reply& reply) {
                             for (const Finding& finding : reply.findings)
                               *response->add_findings() = ToMessage(finding);
                             for (const Forecast& step : reply.forecasts)
                               *response->add_forecasts() = ToMessage(step);
                             finish(WithSwitchReason(reply.status));
                           });
                     });
}

grpc::ServerUnaryReactor* SwitchService::StartSwitch(grpc::CallbackServerContext* context,
                                                     const v1::StartSwitchRequest* request,
                                                     v1::StartSwitchResponse* response) {
  return AnswerLater(environment_, context,
                     {.verb = "create", .resource = "switches", .name = request->switch_id()},
                     [this, request, response](const Finish& finish) {
                       const absl::StatusOr<coordinator::StartSwitch> start = EventFrom(*request);
                       if (!start.ok()) return finish(start.status());
                       replies_.Ask(
                           [&start](uint64_t request_id) {
                             coordinator::StartSwitch event = *start;
                             event.request_id = request_id;
                             return event;
                           },
                           [this, response, finish](const Reply& reply) {
                             ShowAnswer(reply, response->mutable_traffic_switch(), finish);
                           });
                     });
}

grpc::ServerUnaryReactor* SwitchService::GetSwitch(grpc::CallbackServerContext* context,
                                                   const v1::GetSwitchRequest* request,
                                                   v1::GetSwitchResponse* response) {
  const absl::StatusOr<std::string> id = ParseSwitch("name", request->name());
  return Answer(environment_, context, {.verb = "get", .resource = "switches", .name = id.value_or("")},
                [this, id, response]() -> absl::Status {
                  if (!id.ok()) return id.status();
                  EVENKEEL_ASSIGN_OR_RETURN(const DecisionId decision, catalog_.Resolve(*id));
                  EVENKEEL_ASSIGN_OR_RETURN(*response->mutable_traffic_switch(), catalog_.Show(decision));
                  return absl::OkStatus();
                });
}

grpc::ServerUnaryReactor* SwitchService::ListSwitches(grpc::CallbackServerContext* context,
                                                      const v1::ListSwitchesRequest* request,
                                                      v1::ListSwitchesResponse* response) {
  return Answer(environment_, context, {.verb = "list", .resource = "switches"},
                [this, request, response] { return catalog_.List(*request, *response); });
}

grpc::ServerWriteReactor<v1::WatchSwitchResponse>* SwitchService::WatchSwitch(
    grpc::CallbackServerContext* context, const v1::WatchSwitchRequest* request) {
  const absl::StatusOr<std::string> id = ParseSwitch("name", request->name());
  return WatchCall<v1::WatchSwitchResponse>::Start(
      environment_, context, {{.verb = "watch", .resource = "switches", .name = id.value_or("")}},
      [this, id](std::function<void()> wake)
          -> absl::StatusOr<std::unique_ptr<WatchSource<v1::WatchSwitchResponse>>> {
        if (!id.ok()) return id.status();
        EVENKEEL_ASSIGN_OR_RETURN(const DecisionId decision, catalog_.Resolve(*id));
        return std::make_unique<SwitchWatch>(catalog_, feed_, decision, clock_,
                                             std::make_unique<AlarmLater>(), std::move(wake));
      });
}

absl::StatusOr<SwitchFeed::Shown> SwitchService::FindOpen(const std::string& id) const {
  SwitchFeed::Shown status = feed_.FindNamed(id);
  if (status == nullptr) {
    EVENKEEL_ASSIGN_OR_RETURN(const DecisionId decision, catalog_.Resolve(id));
    status = feed_.Find(decision);
  }
  if (status != nullptr) return status;
  return base::WithReason(absl::FailedPreconditionError(absl::StrCat("switch ", id, " has ended")),
                          "SWITCH_ENDED");
}

void SwitchService::ShowAnswer(const Reply& reply, v1::Switch* shown, const Finish& finish) {
  if (!reply.status.ok() || !reply.decision) return finish(WithSwitchReason(reply.status));
  environment_.workers.Submit([this, decision = *reply.decision, shown, finish] {
    absl::StatusOr<v1::Switch> now = catalog_.ShowRecorded(decision);
    if (now.ok()) *shown = *std::move(now);
    finish(now.status());
  });
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* SwitchService::Order(grpc::CallbackServerContext* context, const Request* request,
                                               Response* response) {
  const absl::StatusOr<std::string> id = ParseSwitch("name", request->name());
  return AnswerLater(environment_, context,
                     {.verb = "update", .resource = "switches", .name = id.value_or("")},
                     [this, id, request, response](const Finish& finish) {
                       if (!id.ok()) return finish(id.status());
                       const absl::StatusOr<SwitchFeed::Shown> open = FindOpen(*id);
                       if (!open.ok()) return finish(open.status());
                       const absl::StatusOr<OrderSwitch> order = EventFrom(*request, (*open)->record.spec);
                       if (!order.ok()) return finish(order.status());
                       replies_.Ask(
                           // What was found is what is meant, also where it ends before the core is asked.
                           [&order, decision = (*open)->decision](uint64_t request_id) {
                             OrderSwitch event = *order;
                             event.request_id = request_id;
                             event.decision = decision;
                             return event;
                           },
                           [this, response, finish](const Reply& reply) {
                             ShowAnswer(reply, response->mutable_traffic_switch(), finish);
                           });
                     });
}

grpc::ServerUnaryReactor* SwitchService::PauseSwitch(grpc::CallbackServerContext* context,
                                                     const v1::PauseSwitchRequest* request,
                                                     v1::PauseSwitchResponse* response) {
  return Order(context, request, response);
}

grpc::ServerUnaryReactor* SwitchService::ResumeSwitch(grpc::CallbackServerContext* context,
                                                      const v1::ResumeSwitchRequest* request,
                                                      v1::ResumeSwitchResponse* response) {
  return Order(context, request, response);
}

grpc::ServerUnaryReactor* SwitchService::RollBackSwitch(grpc::CallbackServerContext* context,
                                                        const v1::RollBackSwitchRequest* request,
                                                        v1::RollBackSwitchResponse* response) {
  return Order(context, request, response);
}

grpc::ServerUnaryReactor* SwitchService::CommitSwitch(grpc::CallbackServerContext* context,
                                                      const v1::CommitSwitchRequest* request,
                                                      v1::CommitSwitchResponse* response) {
  return Order(context, request, response);
}

}  // namespace evenkeel::coordinator
