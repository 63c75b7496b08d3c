#include "coordinator/serve/switch_requests.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/serve/switch_spec_message.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLongestOrderReason = 500;

absl::Status CheckConfirmed(const std::string& typed, const std::string& cluster, absl::string_view what) {
  if (typed == cluster) return absl::OkStatus();
  return base::InvalidField("confirm_cluster", absl::StrCat("must be \"", cluster, "\", the cluster that ",
                                                            what, ", typed once ", "more"));
}

absl::StatusOr<OrderSwitch> Order(const SwitchSpec& spec, SwitchOrder order, const std::string& reason) {
  if (reason.size() > kLongestOrderReason) {
    return base::InvalidField("reason", absl::StrCat("is longer than ", kLongestOrderReason, " bytes"));
  }
  OrderSwitch event;
  event.name = spec.name;
  event.order = order;
  event.reason = reason;
  return event;
}

}  // namespace

absl::StatusOr<PlanSwitch> EventFrom(const v1::PlanSwitchRequest& request) {
  PlanSwitch event;
  EVENKEEL_ASSIGN_OR_RETURN(event.spec, SwitchSpecFromMessage(request.switch_id(), request.spec()));
  return event;
}

absl::StatusOr<StartSwitch> EventFrom(const v1::StartSwitchRequest& request) {
  StartSwitch event;
  EVENKEEL_ASSIGN_OR_RETURN(event.spec, SwitchSpecFromMessage(request.switch_id(), request.spec()));
  if (event.spec.mode == SwitchMode::kEnforce) {
    EVENKEEL_RETURN_IF_ERROR(CheckConfirmed(request.confirm_cluster(), event.spec.to, "gets the traffic"));
  }
  return event;
}

absl::StatusOr<OrderSwitch> EventFrom(const v1::PauseSwitchRequest& request, const SwitchSpec& spec) {
  return Order(spec, SwitchOrder::kPause, request.reason());
}

absl::StatusOr<OrderSwitch> EventFrom(const v1::ResumeSwitchRequest& request, const SwitchSpec& spec) {
  EVENKEEL_RETURN_IF_ERROR(CheckConfirmed(request.confirm_cluster(), spec.to, "gets the traffic"));
  EVENKEEL_ASSIGN_OR_RETURN(OrderSwitch event, Order(spec, SwitchOrder::kResume, ""));
  if (request.has_may_cut()) event.may_cut = request.may_cut();
  return event;
}

absl::StatusOr<OrderSwitch> EventFrom(const v1::RollBackSwitchRequest& request, const SwitchSpec& spec) {
  EVENKEEL_RETURN_IF_ERROR(CheckConfirmed(request.confirm_cluster(), spec.from, "gets the traffic back"));
  EVENKEEL_ASSIGN_OR_RETURN(OrderSwitch event, Order(spec, SwitchOrder::kRollBack, request.reason()));
  event.onto_unknown = request.onto_unknown();
  return event;
}

absl::StatusOr<OrderSwitch> EventFrom(const v1::CommitSwitchRequest& request, const SwitchSpec& spec) {
  EVENKEEL_RETURN_IF_ERROR(CheckConfirmed(request.confirm_cluster(), spec.to, "keeps the traffic"));
  return Order(spec, SwitchOrder::kCommit, "");
}

absl::Status WithSwitchReason(const absl::Status& status) {
  if (status.ok() || base::Detail(status, base::kReasonKey)) return status;
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return base::WithReason(status, "SWITCH_NOT_FOUND");
    case absl::StatusCode::kFailedPrecondition:
      return base::WithReason(status, "SWITCH_REFUSED");
    case absl::StatusCode::kResourceExhausted:
      return base::WithReason(status, "TOO_MANY_SWITCHES");
    case absl::StatusCode::kInvalidArgument:
      return base::WithReason(status, "INVALID_SWITCH");
    default:
      return status;
  }
}

}  // namespace evenkeel::coordinator
