// Burst policies as operators write them: defaults, ranges by field, and the way back without a loss.

#include "coordinator/serve/burst_validation.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

const std::map<std::string, uint32_t>& Clusters() {
  static const std::map<std::string, uint32_t> kClusters = {{"blue", 10}};
  return kClusters;
}

v1::BurstPolicy Minimal() {
  v1::BurstPolicy policy;
  policy.set_cluster("blue");
  return policy;
}

// Each field that has a default is set to something else.
v1::BurstPolicy Complete() {
  v1::BurstPolicy policy = Minimal();
  policy.set_mode(v1::POLICY_MODE_ENFORCE);
  policy.set_paused(true);
  v1::VirtualNodeLabel& label = *policy.mutable_virtual_nodes()->add_labels();
  label.set_key("example.com/virtual");
  label.set_value("yes");
  policy.mutable_virtual_nodes()->add_taints()->set_key("example.com/serverless");
  policy.mutable_caps()->set_pods(0);
  policy.mutable_caps()->set_cpu_millicores(4000);
  policy.mutable_caps()->mutable_duration()->set_seconds(7200);
  policy.mutable_caps()->set_cost("12.5");
  policy.mutable_prices()->set_core_hour("0.0408");
  policy.mutable_prices()->set_gib_hour("0.004");
  policy.mutable_prices()->set_currency("EUR");
  policy.mutable_drain_back()->set_disabled(true);
  policy.mutable_drain_back()->set_surge(10);
  policy.mutable_drain_back()->mutable_surge_timeout()->set_seconds(30);
  policy.mutable_drain_back()->mutable_room_after()->set_seconds(0);
  policy.mutable_start_timeout()->set_seconds(90);
  policy.mutable_headroom()->set_disabled(true);
  policy.mutable_headroom()->set_max_placeholders(10);
  policy.mutable_headroom()->set_namespace_("room");
  policy.mutable_headroom()->set_webhook("https://machines.example/ask?pool=a");
  return policy;
}

// What is not said has the core's own defaults.
TEST(BurstValidationTest, FillsDefaultsIn) {
  const auto policy = BurstFromMessage(Minimal(), Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  BurstPolicy expected;
  expected.cluster = "blue";
  EXPECT_EQ(*policy, expected);
}

// Every field is taken, and comes back as it was said.
TEST(BurstValidationTest, TakesEveryFieldAndShowsIt) {
  const auto policy = BurstFromMessage(Complete(), Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->virtual_nodes, (VirtualSelector{.labels = {{"example.com/virtual", "yes"}},
                                                    .taint_keys = {"example.com/serverless"}}));
  EXPECT_EQ(
      policy->caps,
      (BurstCaps{.pods = 0, .cpu_millicores = 4000, .duration = absl::Hours(2), .cost_micros = 12'500'000}));
  EXPECT_EQ(policy->prices,
            (BurstPrices{.core_hour_micros = 40'800, .gib_hour_micros = 4'000, .currency = "EUR"}));
  EXPECT_EQ(policy->drain_back.room_after, absl::ZeroDuration());
  EXPECT_EQ(policy->headroom, (HeadroomPolicy{.placeholders = false,
                                              .most = 10,
                                              .name_space = "room",
                                              .webhook = "https://machines.example/ask?pool=a"}));
  EXPECT_EQ(ToMessage(*policy).SerializeAsString(), Complete().SerializeAsString());
  const auto again = BurstFromMessage(ToMessage(*policy), Clusters());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *policy);
}

// Each field at fault is named.
TEST(BurstValidationTest, RefusesByField) {
  const struct {
    const char* field;
    std::function<void(v1::BurstPolicy&)> spoil;
  } table[] = {
      {"policy.burst.cluster", [](v1::BurstPolicy& p) { p.set_cluster("green"); }},
      {"policy.burst.mode", [](v1::BurstPolicy& p) { p.set_mode(static_cast<v1::PolicyMode>(9)); }},
      {"policy.burst.virtual_nodes.labels[0].key",
       [](v1::BurstPolicy& p) { p.mutable_virtual_nodes()->add_labels()->set_value("x"); }},
      {"policy.burst.virtual_nodes.labels[0].value",
       [](v1::BurstPolicy& p) {
         v1::VirtualNodeLabel& label = *p.mutable_virtual_nodes()->add_labels();
         label.set_key("type");
         label.set_value("two words");
       }},
      {"policy.burst.virtual_nodes.taints[0].key",
       [](v1::BurstPolicy& p) { p.mutable_virtual_nodes()->add_taints(); }},
      {"policy.burst.virtual_nodes.taints",
       [](v1::BurstPolicy& p) {
         for (int i = 0; i < 17; ++i) p.mutable_virtual_nodes()->add_taints()->set_key("k");
       }},
      {"policy.burst.caps.pods", [](v1::BurstPolicy& p) { p.mutable_caps()->set_pods(100'001); }},
      {"policy.burst.caps.cpu_millicores",
       [](v1::BurstPolicy& p) { p.mutable_caps()->set_cpu_millicores(100'000'001); }},
      {"policy.burst.caps.duration",
       [](v1::BurstPolicy& p) { p.mutable_caps()->mutable_duration()->set_seconds(59); }},
      {"policy.burst.caps.cost", [](v1::BurstPolicy& p) { p.mutable_caps()->set_cost("much"); }},
      {"policy.burst.caps.cost", [](v1::BurstPolicy& p) { p.mutable_caps()->set_cost("5"); }},  // of nothing
      {"policy.burst.prices.core_hour", [](v1::BurstPolicy& p) { p.mutable_prices()->set_core_hour("-1"); }},
      {"policy.burst.prices.gib_hour", [](v1::BurstPolicy& p) { p.mutable_prices()->set_gib_hour("1e3"); }},
      {"policy.burst.prices.currency",
       [](v1::BurstPolicy& p) { p.mutable_prices()->set_currency("pieces of eight"); }},
      {"policy.burst.drain_back.surge", [](v1::BurstPolicy& p) { p.mutable_drain_back()->set_surge(101); }},
      {"policy.burst.drain_back.surge_timeout",
       [](v1::BurstPolicy& p) { p.mutable_drain_back()->mutable_surge_timeout()->set_seconds(4); }},
      {"policy.burst.drain_back.room_after",
       [](v1::BurstPolicy& p) { p.mutable_drain_back()->mutable_room_after()->set_seconds(3601); }},
      {"policy.burst.headroom.max_placeholders",
       [](v1::BurstPolicy& p) { p.mutable_headroom()->set_max_placeholders(1001); }},
      {"policy.burst.headroom.namespace",
       [](v1::BurstPolicy& p) { p.mutable_headroom()->set_namespace_("Room/1"); }},
      {"policy.burst.headroom.webhook",
       [](v1::BurstPolicy& p) { p.mutable_headroom()->set_webhook("file:///etc/passwd"); }},
      {"policy.burst.headroom.webhook",
       [](v1::BurstPolicy& p) { p.mutable_headroom()->set_webhook("http://a b"); }},
      {"policy.burst.headroom.webhook",
       [](v1::BurstPolicy& p) { p.mutable_headroom()->set_webhook("https:///ask"); }},
      {"policy.burst.headroom.webhook",
       [](v1::BurstPolicy& p) { p.mutable_headroom()->set_webhook("https://me:secret@machines.example"); }},
      {"policy.burst.start_timeout",
       [](v1::BurstPolicy& p) { p.mutable_start_timeout()->set_seconds(3601); }},
  };
  for (const auto& row : table) {
    v1::BurstPolicy policy = Minimal();
    row.spoil(policy);
    const auto read = BurstFromMessage(policy, Clusters());
    ASSERT_FALSE(read.ok()) << row.field;
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << row.field;
    EXPECT_NE(read.status().message().find(row.field), absl::string_view::npos) << read.status();
  }
}

// Money is read to the millionth, and shown without needless zeros.
TEST(BurstValidationTest, ReadsMoneyExactly) {
  const struct {
    const char* amount;
    int64_t micros;
    const char* shown;
  } table[] = {{"", 0, "0"},
               {"0", 0, "0"},
               {"0.0408", 40'800, "0.0408"},
               {"12.50", 12'500'000, "12.5"},
               {"7", 7'000'000, "7"},
               {"0.000001", 1, "0.000001"},
               {"1000000", 1'000'000'000'000, "1000000"}};
  for (const auto& row : table) {
    const auto micros = MicrosFrom("f", row.amount);
    ASSERT_TRUE(micros.ok()) << micros.status();
    EXPECT_EQ(*micros, row.micros);
    EXPECT_EQ(AmountOf(row.micros), row.shown);
  }
  for (const char* wrong : {".5", "5.", ".", "1.0000001", "1000000.000001", "1000001", "1,5", "+1", " 1",
                            "0x1", "99999999999999999999"}) {
    EXPECT_FALSE(MicrosFrom("f", wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
