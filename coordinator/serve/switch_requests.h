// What operators ask of switches, as the core's events.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/switch/switch_events.h"
#include "evenkeel/v1/switch.pb.h"

namespace evenkeel::coordinator {

// INVALID_ARGUMENT names the field. Their `request_id` is not set.
absl::StatusOr<PlanSwitch> EventFrom(const v1::PlanSwitchRequest& request);
absl::StatusOr<StartSwitch> EventFrom(const v1::StartSwitchRequest& request);

// The same of orders; `spec`: of the switch, under whose name the core finds it. Where traffic moves by the
// order, the cluster that gets it must be typed once more.
absl::StatusOr<OrderSwitch> EventFrom(const v1::PauseSwitchRequest& request, const SwitchSpec& spec);
absl::StatusOr<OrderSwitch> EventFrom(const v1::ResumeSwitchRequest& request, const SwitchSpec& spec);
absl::StatusOr<OrderSwitch> EventFrom(const v1::RollBackSwitchRequest& request, const SwitchSpec& spec);
absl::StatusOr<OrderSwitch> EventFrom(const v1::CommitSwitchRequest& request, const SwitchSpec& spec);

// What the core said, with the reason by which clients tell refusals from one another, where it has none yet:
// SWITCH_NOT_FOUND, SWITCH_REFUSED, TOO_MANY_SWITCHES, INVALID_SWITCH.
absl::Status WithSwitchReason(const absl::Status& status);

}  // namespace evenkeel::coordinator
