#include "coordinator/serve/scale_validation.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>
#include <string>

#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

const std::map<std::string, uint32_t>& Clusters() {
  static const std::map<std::string, uint32_t> kClusters = {{"blue", 10}};
  return kClusters;
}

v1::ScalePolicy Minimal() {
  v1::ScalePolicy policy;
  policy.set_cluster("blue");
  policy.mutable_target()->set_name("web");
  policy.set_max_replicas(10);
  return policy;
}

v1::ScaleRate Rate(uint32_t pods, uint32_t percent) {
  v1::ScaleRate rate;
  rate.set_pods(pods);
  rate.set_percent(percent);
  return rate;
}

v1::ScheduledMinimum& AddMinimum(v1::ScalePolicy& policy) {
  v1::ScheduledMinimum& minimum = *policy.add_schedule();
  minimum.mutable_length()->set_seconds(3600);
  minimum.set_min_replicas(5);
  return minimum;
}

// Each field that has a default is set to something else.
v1::ScalePolicy Complete() {
  v1::ScalePolicy policy = Minimal();
  policy.mutable_target()->set_api_version("argoproj.io/v1alpha1");
  policy.mutable_target()->set_kind("Rollout");
  policy.mutable_target()->set_namespace_("shop");
  policy.set_mode(v1::POLICY_MODE_ENFORCE);
  policy.set_paused(true);
  policy.set_min_replicas(2);
  policy.set_cpu_millicores(250);
  policy.set_tolerance_up_percent(0);
  policy.set_tolerance_down_percent(99);
  policy.mutable_scale_up()->mutable_stabilization_window()->set_seconds(3);
  policy.mutable_scale_up()->set_select(v1::SCALE_SELECT_MIN);
  *policy.mutable_scale_up()->add_rates() = Rate(3, 0);
  *policy.mutable_scale_up()->add_rates() = Rate(0, 50);
  for (v1::ScaleRate& rate : *policy.mutable_scale_up()->mutable_rates())
    rate.mutable_period()->set_seconds(30);
  policy.mutable_scale_down()->mutable_stabilization_window()->set_seconds(0);
  policy.mutable_scale_down()->set_select(v1::SCALE_SELECT_DISABLED);
  *policy.mutable_scale_down()->add_rates() = Rate(1, 0);
  policy.mutable_scale_down()->mutable_rates(0)->mutable_period()->set_seconds(1800);
  policy.mutable_panic()->set_disabled(true);
  policy.mutable_panic()->mutable_window()->set_seconds(30);
  policy.mutable_panic()->set_threshold_percent(101);
  policy.mutable_panic()->mutable_stable_window()->set_seconds(5);
  policy.mutable_panic()->set_throttled_percent(101);
  policy.mutable_start_up()->mutable_initialization()->set_seconds(60);
  policy.mutable_start_up()->mutable_readiness_delay()->set_seconds(0);
  policy.mutable_start_up()->mutable_first_sample()->set_seconds(600);
  policy.mutable_window()->set_seconds(5);
  policy.mutable_scale_in_interval()->set_seconds(0);
  policy.set_scale_in_held_percent(0);
  policy.set_missing(v1::SCALE_MISSING_AS_HPA);
  v1::ScheduledMinimum& minimum = AddMinimum(policy);
  minimum.add_days(v1::WEEKDAY_MONDAY);
  minimum.add_days(v1::WEEKDAY_SUNDAY);
  minimum.mutable_begin()->set_seconds(28'800);
  policy.set_utc_offset_minutes(-330);
  return policy;
}

// A policy that names cluster, target and maximum has the defaults of the core, which are those of the API's
// description.
TEST(ScaleValidation, FillsInTheDefaults) {
  const auto policy = ScaleFromMessage(Minimal(), Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  ScalePolicy expected;
  expected.cluster = "blue";
  expected.target = {.group = "apps", .kind = "Deployment", .name_space = "default", .name = "web"};
  expected.version = "v1";
  expected.rules.maximum = 10;
  EXPECT_EQ(*policy, expected);
  EXPECT_EQ(policy->mode, PolicyMode::kObserve);
  EXPECT_EQ(policy->rules.demand, DemandRules::kEvenkeel);
}

// Operators see the defaults in force.
TEST(ScaleValidation, ShowsTheDefaultsInForce) {
  const v1::ScalePolicy shown = ToMessage(*ScaleFromMessage(Minimal(), Clusters()));
  EXPECT_EQ(shown.target().api_version(), "apps/v1");
  EXPECT_EQ(shown.target().kind(), "Deployment");
  EXPECT_EQ(shown.mode(), v1::POLICY_MODE_OBSERVE);
  EXPECT_EQ(shown.min_replicas(), 1U);
  EXPECT_EQ(shown.cpu_percent(), 80U);
  EXPECT_EQ(shown.cpu_millicores(), 0U);
  EXPECT_EQ(shown.tolerance_up_percent(), 10U);
  EXPECT_EQ(shown.tolerance_down_percent(), 10U);
  EXPECT_EQ(shown.scale_up().stabilization_window().seconds(), 0);
  ASSERT_EQ(shown.scale_up().rates_size(), 2);
  EXPECT_EQ(shown.scale_up().rates(0).percent(), 100U);
  EXPECT_EQ(shown.scale_up().rates(1).pods(), 4U);
  EXPECT_EQ(shown.scale_down().stabilization_window().seconds(), 300);
  ASSERT_EQ(shown.scale_down().rates_size(), 1);
  EXPECT_EQ(shown.scale_down().rates(0).period().seconds(), 15);
  EXPECT_FALSE(shown.panic().disabled());
  EXPECT_EQ(shown.panic().window().seconds(), 2);
  EXPECT_EQ(shown.panic().threshold_percent(), 150U);
  EXPECT_EQ(shown.panic().stable_window().seconds(), 60);
  EXPECT_EQ(shown.panic().throttled_percent(), 25U);
  EXPECT_EQ(shown.start_up().initialization().seconds(), 300);
  EXPECT_EQ(shown.start_up().readiness_delay().seconds(), 30);
  EXPECT_EQ(shown.start_up().first_sample().seconds(), 60);
  EXPECT_EQ(shown.window().seconds(), 15);
  EXPECT_EQ(shown.scale_in_interval().seconds(), 15);
  EXPECT_EQ(shown.scale_in_held_percent(), 10U);
  EXPECT_EQ(shown.missing(), v1::SCALE_MISSING_PEERS);
}

// What is written and in range comes back as it was written, at both ends of each range.
TEST(ScaleValidation, KeepsWhatIsWritten) {
  const v1::ScalePolicy message = Complete();
  const auto policy = ScaleFromMessage(message, Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(ToMessage(*policy).ShortDebugString(), message.ShortDebugString());
  EXPECT_EQ(policy->rules.minimums.schedule[0].weekdays, 0x41);
  EXPECT_EQ(policy->rules.minimums.utc_offset, -absl::Minutes(330));
  EXPECT_DOUBLE_EQ(policy->rules.tolerance.down, 0.99);
}

// What is shown can be applied again, and is then the same.
TEST(ScaleValidation, WhatIsShownIsTakenAgain) {
  for (const v1::ScalePolicy& message : {Minimal(), Complete()}) {
    const auto once = ScaleFromMessage(message, Clusters());
    ASSERT_TRUE(once.ok()) << once.status();
    const auto again = ScaleFromMessage(ToMessage(*once), Clusters());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, *once);
  }
}

// A core API has no group; a scheduled minimum without days is for all of them.
TEST(ScaleValidation, LeftOutMeansTheUsual) {
  v1::ScalePolicy message = Minimal();
  message.mutable_target()->set_api_version("v1");
  message.mutable_target()->set_kind("ReplicationController");
  AddMinimum(message);
  const auto policy = ScaleFromMessage(message, Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->target.group, "");
  EXPECT_EQ(ToMessage(*policy).target().api_version(), "v1");
  EXPECT_EQ(policy->rules.minimums.schedule[0].weekdays, 0x7f);
  EXPECT_EQ(policy->rules.minimums.schedule[0].begin, absl::ZeroDuration());
}

// Each field out of its range is refused by its own name.
TEST(ScaleValidation, RefusesByTheNameOfTheField) {
  using P = v1::ScalePolicy;
  const auto seconds = [](google::protobuf::Duration& duration, int64_t value) {
    duration.set_seconds(value);
  };
  const struct {
    const char* field;
    std::function<void(P&)> spoil;
  } rows[] = {
      {"cluster", [](P& p) { p.clear_cluster(); }},
      {"cluster", [](P& p) { p.set_cluster("bleu"); }},
      {"target.name", [](P& p) { p.mutable_target()->clear_name(); }},
      {"target.name", [](P& p) { p.mutable_target()->set_name("Web"); }},
      {"target.name", [](P& p) { p.mutable_target()->set_name("../web"); }},
      {"target.namespace", [](P& p) { p.mutable_target()->set_namespace_("a.b"); }},
      {"target.kind", [](P& p) { p.mutable_target()->set_kind("deployment"); }},
      {"target.kind", [](P& p) { p.mutable_target()->set_kind("Deploy/ment"); }},
      {"target.api_version", [](P& p) { p.mutable_target()->set_api_version("apps/v1/x"); }},
      {"target.api_version", [](P& p) { p.mutable_target()->set_api_version("apps/"); }},
      {"mode", [](P& p) { p.set_mode(static_cast<v1::PolicyMode>(9)); }},
      {"min_replicas", [](P& p) { p.set_min_replicas(100'001); }},
      {"max_replicas", [](P& p) { p.clear_max_replicas(); }},
      {"max_replicas", [](P& p) { p.set_max_replicas(100'001); }},
      {"max_replicas",
       [](P& p) {
         p.set_min_replicas(5);
         p.set_max_replicas(4);
       }},
      {"cpu_percent", [](P& p) { p.set_cpu_percent(10'001); }},
      {"cpu_millicores", [](P& p) { p.set_cpu_millicores(1'000'001); }},
      {"cpu_millicores",
       [](P& p) {
         p.set_cpu_percent(50);
         p.set_cpu_millicores(100);
       }},
      {"tolerance_up_percent", [](P& p) { p.set_tolerance_up_percent(101); }},
      {"tolerance_down_percent", [](P& p) { p.set_tolerance_down_percent(100); }},
      {"scale_up.stabilization_window",
       [&](P& p) { seconds(*p.mutable_scale_up()->mutable_stabilization_window(), 3601); }},
      {"scale_down.stabilization_window",
       [&](P& p) { seconds(*p.mutable_scale_down()->mutable_stabilization_window(), -1); }},
      {"scale_up.select", [](P& p) { p.mutable_scale_up()->set_select(static_cast<v1::ScaleSelect>(9)); }},
      {"scale_up.rates",
       [](P& p) {
         for (int i = 0; i < 9; ++i) *p.mutable_scale_up()->add_rates() = Rate(1, 0);
       }},
      {"scale_up.rates[0]", [](P& p) { *p.mutable_scale_up()->add_rates() = Rate(0, 0); }},
      {"scale_down.rates[1]",
       [](P& p) {
         *p.mutable_scale_down()->add_rates() = Rate(1, 0);
         *p.mutable_scale_down()->add_rates() = Rate(1, 1);
       }},
      {"scale_up.rates[0].pods", [](P& p) { *p.mutable_scale_up()->add_rates() = Rate(100'001, 0); }},
      {"scale_up.rates[0].percent", [](P& p) { *p.mutable_scale_up()->add_rates() = Rate(0, 1001); }},
      {"scale_up.rates[0].period",
       [&](P& p) {
         *p.mutable_scale_up()->add_rates() = Rate(1, 0);
         seconds(*p.mutable_scale_up()->mutable_rates(0)->mutable_period(), 0);
       }},
      {"scale_up.rates[0].period",
       [&](P& p) {
         *p.mutable_scale_up()->add_rates() = Rate(1, 0);
         seconds(*p.mutable_scale_up()->mutable_rates(0)->mutable_period(), 1801);
       }},
      {"panic.window", [&](P& p) { seconds(*p.mutable_panic()->mutable_window(), 0); }},
      {"panic.window", [&](P& p) { seconds(*p.mutable_panic()->mutable_window(), 31); }},
      {"panic.threshold_percent", [](P& p) { p.mutable_panic()->set_threshold_percent(100); }},
      {"panic.threshold_percent", [](P& p) { p.mutable_panic()->set_threshold_percent(1001); }},
      {"panic.stable_window", [&](P& p) { seconds(*p.mutable_panic()->mutable_stable_window(), 4); }},
      {"panic.stable_window", [&](P& p) { seconds(*p.mutable_panic()->mutable_stable_window(), 3601); }},
      {"panic.throttled_percent", [](P& p) { p.mutable_panic()->set_throttled_percent(102); }},
      {"start_up.initialization",
       [&](P& p) { seconds(*p.mutable_start_up()->mutable_initialization(), 3601); }},
      {"start_up.readiness_delay",
       [&](P& p) { seconds(*p.mutable_start_up()->mutable_readiness_delay(), 3601); }},
      {"start_up.first_sample", [&](P& p) { seconds(*p.mutable_start_up()->mutable_first_sample(), 601); }},
      {"window", [&](P& p) { seconds(*p.mutable_window(), 4); }},
      {"window", [&](P& p) { seconds(*p.mutable_window(), 121); }},
      {"window", [&](P& p) { seconds(*p.mutable_window(), std::numeric_limits<int64_t>::max()); }},
      {"scale_in_interval", [&](P& p) { seconds(*p.mutable_scale_in_interval(), 3601); }},
      {"scale_in_held_percent", [](P& p) { p.set_scale_in_held_percent(101); }},
      {"missing", [](P& p) { p.set_missing(static_cast<v1::ScaleMissing>(9)); }},
      {"schedule",
       [](P& p) {
         for (int i = 0; i < 65; ++i) AddMinimum(p);
       }},
      {"schedule[0].days[1]",
       [](P& p) {
         v1::ScheduledMinimum& minimum = AddMinimum(p);
         minimum.add_days(v1::WEEKDAY_FRIDAY);
         minimum.add_days(v1::WEEKDAY_UNSPECIFIED);
       }},
      {"schedule[0].begin", [&](P& p) { seconds(*AddMinimum(p).mutable_begin(), 86'400); }},
      {"schedule[0].length", [](P& p) { AddMinimum(p).clear_length(); }},
      {"schedule[0].length", [&](P& p) { seconds(*AddMinimum(p).mutable_length(), 59); }},
      {"schedule[0].length", [&](P& p) { seconds(*AddMinimum(p).mutable_length(), 86'401); }},
      {"schedule[0].min_replicas", [](P& p) { AddMinimum(p).clear_min_replicas(); }},
      {"schedule[1].min_replicas",  // more than the maximum
       [](P& p) {
         AddMinimum(p);
         AddMinimum(p).set_min_replicas(11);
       }},
      {"utc_offset_minutes", [](P& p) { p.set_utc_offset_minutes(-721); }},
      {"utc_offset_minutes", [](P& p) { p.set_utc_offset_minutes(841); }},
  };
  for (const auto& row : rows) {
    P message = Minimal();
    row.spoil(message);
    const auto policy = ScaleFromMessage(message, Clusters());
    ASSERT_FALSE(policy.ok()) << row.field << " in " << message.ShortDebugString();
    EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(base::Detail(policy.status(), base::kFieldKey), std::string("policy.scale.") + row.field)
        << policy.status();
  }
}

// What came from an autoscaler and not from a message is shown within what a message can say.
TEST(ScaleValidation, ShowsWhatAMessageCannotSay) {
  ScalePolicy policy = *ScaleFromMessage(Minimal(), Clusters());
  policy.rules.tolerance.up = 0.004;
  policy.rules.panic.throttled_percent = 5000;
  policy.rules.maximum = int64_t{1} << 40;
  const v1::ScalePolicy shown = ToMessage(policy);
  EXPECT_EQ(shown.tolerance_up_percent(), 0U);
  EXPECT_EQ(shown.panic().throttled_percent(), 101U);
  EXPECT_EQ(shown.max_replicas(), std::numeric_limits<uint32_t>::max());
}

}  // namespace
}  // namespace evenkeel::coordinator
