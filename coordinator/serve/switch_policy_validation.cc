#include "coordinator/serve/switch_policy_validation.h"

#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "common/base/ip_port.h"
#include "common/base/status.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/policy_fields.h"
#include "coordinator/serve/switch_spec_message.h"

namespace evenkeel::coordinator {
namespace {

constexpr uint32_t kFewestLost = 50;
constexpr uint32_t kMostLost = 99;
constexpr absl::Duration kLeastTime = absl::Milliseconds(500);
constexpr absl::Duration kMostTime = absl::Hours(1);
constexpr uint32_t kEverything = 100;

absl::StatusOr<OnLostCluster> OnLostFrom(v1::SwitchPolicy::OnLost on_lost) {
  switch (on_lost) {
    case v1::SwitchPolicy::ON_LOST_UNSPECIFIED:
    case v1::SwitchPolicy::ON_LOST_ASK:
      return OnLostCluster::kAsk;
    case v1::SwitchPolicy::ON_LOST_OFF:
      return OnLostCluster::kOff;
    case v1::SwitchPolicy::ON_LOST_SWITCH:
      return OnLostCluster::kSwitch;
    default:
      return base::InvalidField("policy.switching.on_lost",
                                "must be ON_LOST_OFF, ON_LOST_ASK or ON_LOST_SWITCH");
  }
}

v1::SwitchPolicy::OnLost ToMessage(OnLostCluster on_lost) {
  switch (on_lost) {
    case OnLostCluster::kOff:
      return v1::SwitchPolicy::ON_LOST_OFF;
    case OnLostCluster::kAsk:
      return v1::SwitchPolicy::ON_LOST_ASK;
    case OnLostCluster::kSwitch:
      return v1::SwitchPolicy::ON_LOST_SWITCH;
  }
  return v1::SwitchPolicy::ON_LOST_UNSPECIFIED;
}

v1::SwitchWatch::Life ToMessage(ClusterLife life) {
  switch (life) {
    case ClusterLife::kAlive:
      return v1::SwitchWatch::LIFE_ALIVE;
    case ClusterLife::kCutOff:
      return v1::SwitchWatch::LIFE_CUT_OFF;
    case ClusterLife::kUnsure:
      return v1::SwitchWatch::LIFE_UNSURE;
    case ClusterLife::kLost:
      return v1::SwitchWatch::LIFE_LOST;
  }
  return v1::SwitchWatch::LIFE_UNSPECIFIED;
}

// What goes everywhere at once needs no steps to be written.
v1::SwitchSpec WithSteps(v1::SwitchSpec traffic) {
  if (traffic.steps().empty()) traffic.add_steps()->set_percent(kEverything);
  return traffic;
}

}  // namespace

absl::StatusOr<LostClusterPolicy> SwitchFromMessage(const std::string& name, const v1::SwitchPolicy& message,
                                                    const std::map<std::string, uint32_t>& clusters) {
  LostClusterPolicy policy;
  EVENKEEL_ASSIGN_OR_RETURN(
      policy.spec, SwitchSpecFromMessage(name, WithSteps(message.traffic()),
                                         {.name = "policy.name", .spec = "policy.switching.traffic"}));
  EVENKEEL_RETURN_IF_ERROR(CheckCluster("policy.switching.traffic.from", policy.spec.from, clusters));
  EVENKEEL_RETURN_IF_ERROR(CheckCluster("policy.switching.traffic.to", policy.spec.to, clusters));
  EVENKEEL_ASSIGN_OR_RETURN(policy.on_lost, OnLostFrom(message.on_lost()));
  if (!message.api_address().empty()) {
    const std::optional<base::IpPort> api = base::ParseIpPort(message.api_address());
    if (!api || api->IsLocal()) {
      return base::InvalidField("policy.switching.api_address",
                                "must be an address and a port that nodes of other clusters can reach, as "
                                "10.0.0.1:6443 or [fd00::1]:6443; names are not looked up");
    }
    policy.api_address = api->address;
    policy.api_port = api->port;
  }
  LossRules& rules = policy.rules;
  EVENKEEL_RETURN_IF_ERROR(ReadFloor("policy.switching.lost_nodes_percent", message.has_lost_nodes_percent(),
                                     message.lost_nodes_percent(), kFewestLost, kMostLost,
                                     rules.lost_nodes_percent));
  if (message.has_api_away_for()) {
    EVENKEEL_ASSIGN_OR_RETURN(rules.api_away_for, Within("policy.switching.api_away_for",
                                                         message.api_away_for(), kLeastTime, kMostTime));
  }
  if (message.has_lost_for()) {
    EVENKEEL_ASSIGN_OR_RETURN(rules.lost_for,
                              Within("policy.switching.lost_for", message.lost_for(), kLeastTime, kMostTime));
  }
  return policy;
}

v1::SwitchPolicy ToMessage(const LostClusterPolicy& policy) {
  v1::SwitchPolicy message;
  *message.mutable_traffic() = ToMessage(policy.spec);
  message.set_on_lost(ToMessage(policy.on_lost));
  if (!policy.api_address.empty()) {
    message.set_api_address(base::IpPort{policy.api_address, policy.api_port}.ToString());
  }
  message.set_lost_nodes_percent(policy.rules.lost_nodes_percent);
  *message.mutable_api_away_for() = ToMessage(policy.rules.api_away_for);
  *message.mutable_lost_for() = ToMessage(policy.rules.lost_for);
  return message;
}

v1::SwitchWatch ToMessage(const StandingStatus& status) {
  v1::SwitchWatch message;
  message.set_life(ToMessage(status.life));
  message.set_reason(status.reason);
  message.set_witnesses(status.witnesses);
  message.set_api_witnesses(status.api_witnesses);
  if (status.decision) message.set_decision(DecisionResource(*status.decision));
  return message;
}

}  // namespace evenkeel::coordinator
