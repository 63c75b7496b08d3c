#include "coordinator/serve/policy_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

const std::map<std::string, uint32_t>& Clusters() {
  static const std::map<std::string, uint32_t> kClusters = {{"blue", 10}, {"large", 5000}};
  return kClusters;
}

v1::Policy Minimal() {
  v1::Policy policy;
  policy.set_name("policies/web");
  policy.mutable_failover()->set_cluster("blue");
  return policy;
}

// A policy that names its cluster and nothing else has the documented defaults.
TEST(PolicyValidation, FillsInTheDefaults) {
  const auto policy = PolicyFromMessage(Minimal(), Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->name, "web");
  FailoverPolicy expected;
  expected.cluster = "blue";
  EXPECT_EQ(policy->failover(), expected);
  EXPECT_EQ(policy->failover().mode, PolicyMode::kObserve);
}

// What is shown can be applied again, also where an interval is finer than what is shown of it: the bounds of
// suspect_after hang on the beat interval.
TEST(PolicyValidation, WhatIsShownIsTakenAgain) {
  v1::Policy message = Minimal();
  message.mutable_failover()->mutable_beat_interval()->set_nanos(100'000'999);
  message.mutable_failover()->mutable_suspect_after()->set_seconds(10);
  message.mutable_failover()->mutable_suspect_after()->set_nanos(99'000);
  EXPECT_FALSE(PolicyFromMessage(message, Clusters()).ok()) << "more than a hundred beats as they are shown";
  message.mutable_failover()->mutable_suspect_after()->set_nanos(0);
  const auto rounded = PolicyFromMessage(message, Clusters());
  ASSERT_TRUE(rounded.ok()) << rounded.status();
  EXPECT_EQ(rounded->failover().beat_interval, absl::Milliseconds(100));
  EXPECT_TRUE(PolicyFromMessage(ToMessage(*rounded, 10), Clusters()).ok());
}

// Operators see the defaults in force, which for the intervals follow the cluster's size.
TEST(PolicyValidation, ShowsTheDefaultsInForce) {
  const auto policy = PolicyFromMessage(Minimal(), Clusters());
  ASSERT_TRUE(policy.ok());
  const v1::Policy small = ToMessage(*policy, 10);
  EXPECT_EQ(small.name(), "policies/web");
  EXPECT_EQ(small.failover().mode(), v1::POLICY_MODE_OBSERVE);
  EXPECT_EQ(small.failover().beat_interval().nanos(), 200'000'000);
  EXPECT_EQ(small.failover().suspect_after().nanos(), 600'000'000);
  EXPECT_EQ(small.failover().max_suspect_after().seconds(), 1);
  EXPECT_EQ(small.failover().max_suspect_after().nanos(), 800'000'000);
  EXPECT_EQ(small.failover().witnesses(), 3U);
  EXPECT_EQ(small.failover().max_unavailable_percent(), 10U);
  EXPECT_EQ(small.failover().recovery_timeout().seconds(), 300);
  EXPECT_EQ(small.failover().max_unavailable_nodes_per_domain(), 1U);
  EXPECT_EQ(small.failover().max_unavailable_percent_per_domain(), 33U);
  EXPECT_EQ(small.failover().max_disruptions(), 5U);
  EXPECT_EQ(small.failover().max_disruptions_per_domain(), 5U);
  EXPECT_EQ(small.failover().disruption_window().seconds(), 300);
  EXPECT_EQ(small.failover().min_healthy_nodes(), 1U);
  EXPECT_EQ(small.failover().min_healthy_percent(), 50U);
  EXPECT_EQ(small.failover().storm_cool_down().seconds(), 30);
  EXPECT_EQ(small.failover().release_budget_after().seconds(), 600);
  EXPECT_FALSE(small.failover().fencing().self_fencing());
  EXPECT_EQ(small.failover().fencing().isolation_timeout().seconds(), 20);
  EXPECT_EQ(small.failover().fencing().stop_timeout().seconds(), 10);
  EXPECT_EQ(ToMessage(*policy, 5000).failover().fencing().isolation_timeout().seconds(), 150);
  EXPECT_EQ(ToMessage(*policy, 5000).failover().max_disruptions(), 500U);
  EXPECT_EQ(ToMessage(*policy, 5000).failover().beat_interval().seconds(), 5);
}

// What is written and in range comes back as it was written.
TEST(PolicyValidation, KeepsWhatIsWritten) {
  v1::Policy message = Minimal();
  v1::FailoverPolicy& failover = *message.mutable_failover();
  failover.set_mode(v1::POLICY_MODE_ENFORCE);
  failover.mutable_beat_interval()->set_nanos(100'000'000);
  failover.mutable_suspect_after()->set_seconds(1);
  failover.mutable_max_suspect_after()->set_seconds(20);
  failover.mutable_probe_timeout()->set_nanos(500'000'000);
  failover.set_witnesses(5);
  failover.set_max_unavailable_nodes(0);
  failover.set_max_unavailable_percent(50);
  failover.mutable_readmit_after()->set_seconds(60);
  failover.mutable_max_readmit_after()->set_seconds(60);
  failover.set_rebalance(true);
  failover.mutable_recovery_timeout()->set_seconds(30);
  failover.set_max_unavailable_nodes_per_domain(2);
  failover.set_max_unavailable_percent_per_domain(0);
  failover.set_max_disruptions(0);
  failover.set_max_disruptions_per_domain(7);
  failover.mutable_disruption_window()->set_seconds(60);
  failover.set_min_healthy_nodes(0);
  failover.set_min_healthy_percent(100);
  failover.mutable_storm_cool_down()->set_seconds(0);
  failover.mutable_release_budget_after()->set_seconds(3600);
  v1::GrayPolicy& gray = *failover.mutable_gray();
  gray.mutable_after()->set_seconds(5);
  gray.mutable_recover_after()->set_seconds(20);
  gray.set_memory_stall_percent(80);
  gray.set_oom_kills(9);
  gray.set_io_errors(1);
  gray.set_taint(v1::POLICY_MODE_ENFORCE);
  gray.set_restart(v1::POLICY_MODE_OBSERVE);
  gray.set_drain(v1::POLICY_MODE_ENFORCE);
  gray.mutable_restart_timeout()->set_seconds(10);
  gray.mutable_escalate_after()->set_seconds(120);
  v1::FencingPolicy& fencing = *failover.mutable_fencing();
  fencing.set_self_fencing(true);
  fencing.mutable_isolation_timeout()->set_seconds(45);
  fencing.mutable_stop_timeout()->set_seconds(15);
  fencing.set_without_watchdog(true);
  fencing.set_hook(true);
  const auto policy = PolicyFromMessage(message, Clusters());
  ASSERT_TRUE(policy.ok()) << policy.status();
  v1::Policy shown = ToMessage(*policy, 10);
  shown.clear_create_time();
  shown.clear_update_time();
  EXPECT_EQ(shown.SerializeAsString(), message.SerializeAsString());
}

// Each field out of its range is refused by its own name.
TEST(PolicyValidation, RefusesByTheNameOfTheField) {
  const struct {
    const char* field;
    std::function<void(v1::Policy&)> spoil;
  } rows[] = {
      {"policy.name", [](v1::Policy& p) { p.set_name("web"); }},
      {"policy.name", [](v1::Policy& p) { p.set_name("policies/Web"); }},
      {"policy.name", [](v1::Policy& p) { p.set_name("policies/-web"); }},
      {"policy.name", [](v1::Policy& p) { p.set_name("policies/" + std::string(64, 'a')); }},
      {"policy.spec", [](v1::Policy& p) { p.clear_failover(); }},
      {"policy.failover.cluster", [](v1::Policy& p) { p.mutable_failover()->clear_cluster(); }},
      {"policy.failover.cluster", [](v1::Policy& p) { p.mutable_failover()->set_cluster("bleu"); }},
      {"policy.failover.mode",
       [](v1::Policy& p) { p.mutable_failover()->set_mode(static_cast<v1::PolicyMode>(9)); }},
      {"policy.failover.beat_interval",
       [](v1::Policy& p) { p.mutable_failover()->mutable_beat_interval()->set_nanos(49'000'000); }},
      {"policy.failover.beat_interval",
       [](v1::Policy& p) { p.mutable_failover()->mutable_beat_interval()->set_seconds(61); }},
      {"policy.failover.beat_interval",
       [](v1::Policy& p) { p.mutable_failover()->mutable_beat_interval()->set_seconds(-1); }},
      {"policy.failover.beat_interval",
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_beat_interval()->set_seconds(1);
         p.mutable_failover()->mutable_beat_interval()->set_nanos(-1);
       }},
      {"policy.failover.suspect_after",  // two beats of 200 ms are the least
       [](v1::Policy& p) { p.mutable_failover()->mutable_suspect_after()->set_nanos(399'000'000); }},
      {"policy.failover.suspect_after",
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_beat_interval()->set_nanos(50'000'000);
         p.mutable_failover()->mutable_suspect_after()->set_seconds(6);
       }},
      {"policy.failover.max_suspect_after",  // no less than suspect_after, which is 600 ms by default
       [](v1::Policy& p) { p.mutable_failover()->mutable_max_suspect_after()->set_nanos(599'000'000); }},
      {"policy.failover.max_suspect_after",  // 20 times as much
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_suspect_after()->set_seconds(1);
         p.mutable_failover()->mutable_max_suspect_after()->set_seconds(21);
       }},
      {"policy.failover.probe_timeout",
       [](v1::Policy& p) { p.mutable_failover()->mutable_probe_timeout()->set_seconds(11); }},
      {"policy.failover.witnesses", [](v1::Policy& p) { p.mutable_failover()->set_witnesses(11); }},
      {"policy.failover.max_unavailable_percent",
       [](v1::Policy& p) { p.mutable_failover()->set_max_unavailable_percent(51); }},
      {"policy.failover.readmit_after",
       [](v1::Policy& p) { p.mutable_failover()->mutable_readmit_after()->set_nanos(1); }},
      {"policy.failover.max_readmit_after",
       [](v1::Policy& p) { p.mutable_failover()->mutable_max_readmit_after()->set_seconds(29); }},
      {"policy.failover.max_readmit_after",
       [](v1::Policy& p) { p.mutable_failover()->mutable_max_readmit_after()->set_seconds(86401); }},
      {"policy.failover.recovery_timeout",
       [](v1::Policy& p) { p.mutable_failover()->mutable_recovery_timeout()->set_seconds(9); }},
      {"policy.failover.max_unavailable_percent_per_domain",
       [](v1::Policy& p) { p.mutable_failover()->set_max_unavailable_percent_per_domain(101); }},
      {"policy.failover.min_healthy_percent",
       [](v1::Policy& p) { p.mutable_failover()->set_min_healthy_percent(101); }},
      {"policy.failover.disruption_window",
       [](v1::Policy& p) { p.mutable_failover()->mutable_disruption_window()->set_seconds(0); }},
      {"policy.failover.disruption_window",
       [](v1::Policy& p) { p.mutable_failover()->mutable_disruption_window()->set_seconds(86401); }},
      {"policy.failover.storm_cool_down",
       [](v1::Policy& p) { p.mutable_failover()->mutable_storm_cool_down()->set_seconds(-1); }},
      {"policy.failover.storm_cool_down",
       [](v1::Policy& p) { p.mutable_failover()->mutable_storm_cool_down()->set_seconds(3601); }},
      {"policy.failover.release_budget_after",
       [](v1::Policy& p) { p.mutable_failover()->mutable_release_budget_after()->set_seconds(0); }},
      {"policy.failover.gray.after",
       [](v1::Policy& p) { p.mutable_failover()->mutable_gray()->mutable_after()->set_nanos(1); }},
      {"policy.failover.gray.recover_after",
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_gray()->mutable_recover_after()->set_seconds(3601);
       }},
      {"policy.failover.gray.memory_stall_percent",
       [](v1::Policy& p) { p.mutable_failover()->mutable_gray()->set_memory_stall_percent(9); }},
      {"policy.failover.gray.oom_kills",
       [](v1::Policy& p) { p.mutable_failover()->mutable_gray()->set_oom_kills(0); }},
      {"policy.failover.gray.io_errors",
       [](v1::Policy& p) { p.mutable_failover()->mutable_gray()->set_io_errors(61); }},
      {"policy.failover.gray.taint",
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_gray()->set_taint(static_cast<v1::PolicyMode>(9));
       }},
      {"policy.failover.gray.drain",  // without the taint the pods would come back
       [](v1::Policy& p) { p.mutable_failover()->mutable_gray()->set_drain(v1::POLICY_MODE_ENFORCE); }},
      {"policy.failover.gray.restart_timeout",
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_gray()->mutable_restart_timeout()->set_seconds(4);
       }},
      {"policy.failover.gray.escalate_after",
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_gray()->mutable_escalate_after()->set_seconds(59);
       }},
      {"policy.failover.fencing.isolation_timeout",
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_fencing()->mutable_isolation_timeout()->set_seconds(5);
       }},
      {"policy.failover.fencing.isolation_timeout",  // no less than 30 beats
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_beat_interval()->set_seconds(1);
         p.mutable_failover()->mutable_fencing()->mutable_isolation_timeout()->set_seconds(29);
       }},
      {"policy.failover.fencing.isolation_timeout",
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_fencing()->mutable_isolation_timeout()->set_seconds(601);
       }},
      {"policy.failover.fencing.stop_timeout",
       [](v1::Policy& p) {
         p.mutable_failover()->mutable_fencing()->mutable_stop_timeout()->set_seconds(121);
       }},
  };
  for (const auto& row : rows) {
    v1::Policy message = Minimal();
    row.spoil(message);
    const auto policy = PolicyFromMessage(message, Clusters());
    ASSERT_FALSE(policy.ok()) << row.field;
    EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(base::Detail(policy.status(), base::kFieldKey), row.field) << policy.status();
  }
}

// A misspelt cluster is told which there are.
TEST(PolicyValidation, NamesTheClustersThereAre) {
  v1::Policy message = Minimal();
  message.mutable_failover()->set_cluster("bleu");
  EXPECT_THAT(std::string(PolicyFromMessage(message, Clusters()).status().message()),
              testing::HasSubstr("it has blue, large"));
}

}  // namespace
}  // namespace evenkeel::coordinator
