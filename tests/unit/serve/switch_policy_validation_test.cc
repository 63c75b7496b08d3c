// Policies for the loss of a cluster as operators write them: defaults, errors by field, and the way back
// without a loss.

#include "coordinator/serve/switch_policy_validation.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "coordinator/serve/policy_validation.h"

namespace evenkeel::coordinator {
namespace {

const std::map<std::string, uint32_t>& Clusters() {
  static const std::map<std::string, uint32_t> kClusters = {{"east", 3}, {"west", 3}};
  return kClusters;
}

v1::SwitchPolicy Minimal() {
  v1::SwitchPolicy policy;
  v1::SwitchSpec& traffic = *policy.mutable_traffic();
  traffic.set_from("east");
  traffic.set_to("west");
  v1::SwitchedApplication& web = *traffic.add_applications();
  web.set_namespace_("shop");
  web.set_service("web");
  v1::SwitchedRoute& route = *traffic.add_routes();
  route.set_gateway("edge");
  route.set_route("web");
  route.set_blue("east");
  route.set_green("west");
  return policy;
}

v1::SwitchPolicy Complete() {
  v1::SwitchPolicy policy = Minimal();
  policy.mutable_traffic()->set_mode(v1::SWITCH_MODE_ENFORCE);
  policy.set_on_lost(v1::SwitchPolicy::ON_LOST_SWITCH);
  policy.set_api_address("[fd00::1]:6443");
  policy.set_lost_nodes_percent(80);
  policy.mutable_api_away_for()->set_seconds(2);
  policy.mutable_lost_for()->set_seconds(3);
  return policy;
}

// What is not said has the core's own defaults: people are asked, and everything would go in one step.
TEST(SwitchPolicyValidationTest, FillsDefaultsIn) {
  const auto policy = SwitchFromMessage("web", Minimal(), Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->name(), "web");
  EXPECT_EQ(policy->on_lost, OnLostCluster::kAsk);
  EXPECT_EQ(policy->rules, LossRules{});
  EXPECT_TRUE(policy->api_address.empty());
  EXPECT_EQ(policy->spec.mode, SwitchMode::kObserve);
  ASSERT_EQ(policy->spec.steps.size(), 1u);
  EXPECT_EQ(policy->spec.steps[0].percent, 100u);
}

// Every field is taken, and comes back as it was said.
TEST(SwitchPolicyValidationTest, TakesEveryFieldAndShowsIt) {
  const auto policy = SwitchFromMessage("web", Complete(), Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->on_lost, OnLostCluster::kSwitch);
  EXPECT_EQ(policy->api_address, "fd00::1");
  EXPECT_EQ(policy->api_port, 6443);
  EXPECT_EQ(
      policy->rules,
      (LossRules{.lost_nodes_percent = 80, .api_away_for = absl::Seconds(2), .lost_for = absl::Seconds(3)}));
  const v1::SwitchPolicy shown = ToMessage(*policy);
  EXPECT_EQ(shown.api_address(), "[fd00::1]:6443");
  const auto again = SwitchFromMessage("web", shown, Clusters());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *policy);
}

// It is a policy among the others: by its kind, its cluster and its name, which is the switch's.
TEST(SwitchPolicyValidationTest, IsAPolicyOfItsKind) {
  v1::Policy message;
  message.set_name("policies/web");
  *message.mutable_switching() = Complete();
  EXPECT_EQ(PolicyCluster(message), "east");
  const auto policy = PolicyFromMessage(message, Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  ASSERT_NE(policy->IfSwitch(), nullptr);
  EXPECT_EQ(policy->cluster(), "east");
  EXPECT_EQ(policy->switching().name(), "web");
  EXPECT_TRUE(ToMessage(*policy, 3).has_switching());
}

// An error names the field and says what is right.
TEST(SwitchPolicyValidationTest, SaysWhatIsWrongByField) {
  using Change = std::function<void(v1::SwitchPolicy&)>;
  const std::vector<std::pair<Change, std::string>> wrong = {
      {[](auto& policy) { policy.mutable_traffic()->set_from("north"); }, "policy.switching.traffic.from"},
      {[](auto& policy) { policy.mutable_traffic()->set_to("north"); }, "policy.switching.traffic.to"},
      {[](auto& policy) { policy.mutable_traffic()->clear_routes(); }, "policy.switching.traffic.routes"},
      {[](auto& policy) { policy.mutable_traffic()->clear_applications(); },
       "policy.switching.traffic.applications"},
      {[](auto& policy) { policy.set_on_lost(static_cast<v1::SwitchPolicy::OnLost>(9)); },
       "policy.switching.on_lost"},
      {[](auto& policy) { policy.set_api_address("api.east.example:6443"); }, "policy.switching.api_address"},
      {[](auto& policy) { policy.set_api_address("10.0.0.1"); }, "policy.switching.api_address"},
      {[](auto& policy) { policy.set_api_address("127.0.0.1:6443"); }, "policy.switching.api_address"},
      {[](auto& policy) { policy.set_lost_nodes_percent(49); }, "policy.switching.lost_nodes_percent"},
      {[](auto& policy) { policy.set_lost_nodes_percent(100); }, "policy.switching.lost_nodes_percent"},
      {[](auto& policy) { policy.mutable_api_away_for()->set_seconds(0); }, "policy.switching.api_away_for"},
      {[](auto& policy) { policy.mutable_lost_for()->set_seconds(3601); }, "policy.switching.lost_for"},
  };
  for (const auto& [change, field] : wrong) {
    v1::SwitchPolicy policy = Complete();
    change(policy);
    const auto refused = SwitchFromMessage("web", policy, Clusters());
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_NE(refused.status().message().find(field), std::string::npos) << refused.status();
  }
  const auto unnamed = SwitchFromMessage("7-12", Complete(), Clusters());
  EXPECT_NE(unnamed.status().message().find("policy.name"), std::string::npos) << unnamed.status();
}

// How the cluster is seen, with the switch that its loss has begun.
TEST(SwitchPolicyValidationTest, ShowsHowTheClusterIsSeen) {
  StandingStatus status;
  status.life = ClusterLife::kCutOff;
  status.reason = "w1 of cluster west reaches its API";
  status.witnesses = 3;
  status.api_witnesses = 2;
  EXPECT_TRUE(ToMessage(status).decision().empty());
  status.decision = DecisionId{4, 17};
  const v1::SwitchWatch message = ToMessage(status);
  EXPECT_EQ(message.life(), v1::SwitchWatch::LIFE_CUT_OFF);
  EXPECT_EQ(message.reason(), status.reason);
  EXPECT_EQ(message.witnesses(), 3u);
  EXPECT_EQ(message.api_witnesses(), 2u);
  EXPECT_EQ(message.decision(), "decisions/4-17");
}

}  // namespace
}  // namespace evenkeel::coordinator
