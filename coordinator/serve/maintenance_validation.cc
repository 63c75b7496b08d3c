#include "coordinator/serve/maintenance_validation.h"

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/names.h"

namespace evenkeel::coordinator {
namespace {

constexpr absl::Duration kShortest = absl::Minutes(1);
constexpr absl::Duration kLongest = absl::Hours(24 * 30);
constexpr size_t kLongestReason = 200;

absl::StatusOr<absl::Duration> Length(const google::protobuf::Duration& message) {
  const std::optional<absl::Duration> length = FromMessage(message);
  if (!length || *length < kShortest || *length > kLongest) {
    return base::InvalidField("duration", "must be from 1 minute to 30 days");
  }
  return *length;
}

absl::Status CheckReason(const std::string& reason) {
  if (reason.size() <= kLongestReason) return absl::OkStatus();
  return base::InvalidField("reason", absl::StrCat("must be at most ", kLongestReason, " bytes long"));
}

}  // namespace

absl::StatusOr<StartMaintenance> OrderFromMessage(const v1::StartMaintenanceRequest& message) {
  StartMaintenance order;
  EVENKEEL_ASSIGN_OR_RETURN(order.node, ParseMaintenance("name", message.name()));
  if (!message.has_duration())
    return base::InvalidField("duration", "must say how long the maintenance takes");
  EVENKEEL_ASSIGN_OR_RETURN(order.length, Length(message.duration()));
  EVENKEEL_RETURN_IF_ERROR(CheckReason(message.reason()));
  order.reason = message.reason();
  order.validate_only = message.validate_only();
  return order;
}

absl::StatusOr<PauseClusters> OrderFromMessage(const v1::PauseClusterRequest& message) {
  PauseClusters order;
  EVENKEEL_ASSIGN_OR_RETURN(order.cluster, ParseClusterParent("name", message.name()));
  if (message.has_duration()) {
    EVENKEEL_ASSIGN_OR_RETURN(order.length, Length(message.duration()));
  }
  EVENKEEL_RETURN_IF_ERROR(CheckReason(message.reason()));
  order.reason = message.reason();
  order.validate_only = message.validate_only();
  return order;
}

v1::Maintenance ToMessage(const Maintenance& maintenance) {
  v1::Maintenance message;
  message.set_name(MaintenanceResource(maintenance.node));
  *message.mutable_start_time() = ToMessage(maintenance.start);
  *message.mutable_end_time() = ToMessage(maintenance.end);
  message.set_reason(maintenance.reason);
  return message;
}

v1::Pause ToMessage(const Pause& pause) {
  v1::Pause message;
  message.set_cluster(ClusterResource(pause.cluster));
  *message.mutable_start_time() = ToMessage(pause.start);
  if (pause.end != absl::InfiniteFuture()) *message.mutable_end_time() = ToMessage(pause.end);
  message.set_reason(pause.reason);
  return message;
}

}  // namespace evenkeel::coordinator
