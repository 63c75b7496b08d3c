#include "coordinator/serve/policy_validation.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/status.h"
#include "coordinator/serve/burst_validation.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/failover_validation.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/scale_validation.h"
#include "coordinator/serve/switch_policy_validation.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLongestPolicyName = 63;

bool IsPolicyName(absl::string_view name) {
  if (name.empty() || name.size() > kLongestPolicyName) return false;
  if (name.front() == '-' || name.back() == '-') return false;
  for (const char c : name) {
    if (!absl::ascii_islower(static_cast<unsigned char>(c)) &&
        !absl::ascii_isdigit(static_cast<unsigned char>(c)) && c != '-') {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> PolicyNameFrom(absl::string_view field, absl::string_view name) {
  EVENKEEL_ASSIGN_OR_RETURN(std::string policy, ParsePolicy(field, name));
  if (!IsPolicyName(policy)) {
    return base::InvalidField(
        field,
        "must be \"policies/\" and then at most 63 lower-case letters, digits and \"-\", beginning "
        "and ending with a letter or a digit");
  }
  return policy;
}

absl::StatusOr<Policy> PolicyFromMessage(const v1::Policy& message,
                                         const std::map<std::string, uint32_t>& clusters) {
  Policy policy;
  EVENKEEL_ASSIGN_OR_RETURN(policy.name, PolicyNameFrom("policy.name", message.name()));
  switch (message.spec_case()) {
    case v1::Policy::kFailover: {
      EVENKEEL_ASSIGN_OR_RETURN(policy.spec, FailoverFromMessage(message.failover(), clusters));
      return policy;
    }
    case v1::Policy::kScale: {
      EVENKEEL_ASSIGN_OR_RETURN(policy.spec, ScaleFromMessage(message.scale(), clusters));
      return policy;
    }
    case v1::Policy::kBurst: {
      EVENKEEL_ASSIGN_OR_RETURN(policy.spec, BurstFromMessage(message.burst(), clusters));
      return policy;
    }
    case v1::Policy::kSwitching: {
      EVENKEEL_ASSIGN_OR_RETURN(policy.spec, SwitchFromMessage(policy.name, message.switching(), clusters));
      return policy;
    }
    case v1::Policy::SPEC_NOT_SET:
      break;
  }
  return base::InvalidField(
      "policy.spec",
      "is missing; the kinds of policies are \"failover\", \"scale\", \"burst\" and \"switching\"");
}

std::string PolicyCluster(const v1::Policy& message) {
  if (message.has_burst()) return message.burst().cluster();
  if (message.has_switching()) return message.switching().traffic().from();
  return message.has_scale() ? message.scale().cluster() : message.failover().cluster();
}

v1::Policy ToMessage(const Policy& policy, uint32_t nodes) {
  v1::Policy message;
  message.set_name(PolicyResource(policy.name));
  message.set_etag(policy.etag);
  *message.mutable_create_time() = ToMessage(policy.create_time);
  *message.mutable_update_time() = ToMessage(policy.update_time);
  if (const ScalePolicy* scale = policy.IfScale()) {
    *message.mutable_scale() = ToMessage(*scale);
  } else if (const BurstPolicy* burst = policy.IfBurst()) {
    *message.mutable_burst() = ToMessage(*burst);
  } else if (const LostClusterPolicy* waits = policy.IfSwitch()) {
    *message.mutable_switching() = ToMessage(*waits);
  } else {
    *message.mutable_failover() = ToMessage(policy.failover(), nodes);
  }
  return message;
}

}  // namespace evenkeel::coordinator
