// Operators' orders as they are asked for: checked by the names and ranges of
// proto/evenkeel/v1/maintenance.proto, and as the core is told. Pure; INVALID_ARGUMENT names the field.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/events.h"
#include "coordinator/core/operator_orders.h"
#include "evenkeel/v1/maintenance.pb.h"

namespace evenkeel::coordinator {

absl::StatusOr<StartMaintenance> OrderFromMessage(const v1::StartMaintenanceRequest& message);
absl::StatusOr<PauseClusters> OrderFromMessage(const v1::PauseClusterRequest& message);

v1::Maintenance ToMessage(const Maintenance& maintenance);
v1::Pause ToMessage(const Pause& pause);

}  // namespace evenkeel::coordinator
