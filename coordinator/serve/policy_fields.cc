#include "coordinator/serve/policy_fields.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "coordinator/serve/convert.h"

namespace evenkeel::coordinator {
namespace {

std::string Shown(absl::Duration duration) {
  return absl::FormatDuration(duration);
}

}  // namespace

absl::StatusOr<absl::Duration> Within(absl::string_view field, const google::protobuf::Duration& message,
                                      absl::Duration least, absl::Duration most) {
  const std::optional<absl::Duration> duration = FromMessage(message);
  if (!duration) return base::InvalidField(field, "is not a valid duration");
  if (*duration < least || *duration > most) {
    return base::InvalidField(
        field, absl::StrCat("must be from ", Shown(least), " to ", Shown(most), ", not ", Shown(*duration)));
  }
  // As precise as it is shown: else what is shown might not be within the bounds that hang on another field.
  return absl::Trunc(*duration, absl::Microseconds(1));
}

absl::StatusOr<PolicyMode> ModeFrom(absl::string_view field, v1::PolicyMode mode) {
  switch (mode) {
    case v1::POLICY_MODE_UNSPECIFIED:
    case v1::POLICY_MODE_OBSERVE:
      return PolicyMode::kObserve;
    case v1::POLICY_MODE_ENFORCE:
      return PolicyMode::kEnforce;
    default:
      return base::InvalidField(field, "must be POLICY_MODE_OBSERVE or POLICY_MODE_ENFORCE");
  }
}

absl::Status CheckCluster(absl::string_view field, const std::string& cluster,
                          const std::map<std::string, uint32_t>& clusters) {
  if (cluster.empty()) return base::InvalidField(field, "must name the cluster that the policy is for");
  if (clusters.contains(cluster)) return absl::OkStatus();
  const std::string known = absl::StrJoin(
      clusters, ", ", [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.first); });
  return base::InvalidField(
      field, absl::StrCat("the coordinator has no cluster \"", cluster, "\"",
                          known.empty() ? "; start it with --cluster" : absl::StrCat("; it has ", known)));
}

absl::Status ReadPercent(absl::string_view field, uint32_t given, uint32_t& percent) {
  constexpr uint32_t kAll = 100;
  if (given > kAll) return base::InvalidField(field, absl::StrCat("must be from 0 to 100, not ", given));
  percent = given;
  return absl::OkStatus();
}

absl::StatusOr<bool> RungFrom(absl::string_view field, v1::PolicyMode mode) {
  EVENKEEL_ASSIGN_OR_RETURN(const PolicyMode rung, ModeFrom(field, mode));
  return rung == PolicyMode::kEnforce;
}

absl::Status ReadFloor(absl::string_view field, bool is_set, uint32_t value, uint32_t least, uint32_t most,
                       uint32_t& floor) {
  if (!is_set) return absl::OkStatus();
  if (value < least || value > most) {
    return base::InvalidField(field, absl::StrCat("must be from ", least, " to ", most, ", not ", value));
  }
  floor = value;
  return absl::OkStatus();
}

v1::PolicyMode ModeOf(bool enforced) {
  return enforced ? v1::POLICY_MODE_ENFORCE : v1::POLICY_MODE_OBSERVE;
}

}  // namespace evenkeel::coordinator
