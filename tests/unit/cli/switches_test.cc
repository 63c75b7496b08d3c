// Switches as people see them: a tree, a plan and a history.

#include "cli/show/switches.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::cli {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'323'045);

void Set(google::protobuf::Timestamp* stamp, absl::Time time) {
  stamp->set_seconds(absl::ToUnixSeconds(time));
}

v1::Switch Soaking() {
  v1::Switch one;
  one.set_name("switches/web");
  one.set_decision("decisions/3-14");
  one.mutable_spec()->set_from("east");
  one.mutable_spec()->set_to("west");
  for (const uint32_t percent : {10u, 50u, 100u}) one.mutable_spec()->add_steps()->set_percent(percent);
  v1::SwitchedRoute& route = *one.mutable_spec()->add_routes();
  route.set_blue("east");
  route.set_green("west");
  one.set_phase(v1::Switch::PHASE_SOAKING);
  Set(one.mutable_phase_time(), kNow - absl::Seconds(12));
  Set(one.mutable_create_time(), kNow - absl::Minutes(2));
  one.set_step(1);
  one.add_reports();
  v1::SwitchRouteStatus& status = *one.add_routes();
  status.set_gateway("edge");
  status.set_route("web");
  for (const char* name : {"east", "west"}) {
    auto& backend = *status.add_backends();
    backend.set_backend(name);
    backend.set_percent(50);
    backend.set_mode("serving");
    backend.set_servers(3);
    backend.set_servers_up(3);
    backend.set_in_flight(7);
  }
  one.mutable_routes(0)->mutable_backends(1)->mutable_latency_mean()->set_nanos(12'000'000);
  v1::GateAnswer& passes = *one.add_gates();
  passes.set_gate("errors");
  passes.set_verdict(v1::GateAnswer::VERDICT_PASS);
  v1::GateAnswer& waits = *one.add_gates();
  waits.set_gate("health");
  waits.set_verdict(v1::GateAnswer::VERDICT_INCONCLUSIVE);
  waits.set_reason("a node is silent");
  one.mutable_ledger()->mutable_green()->set_requests(1200);
  one.mutable_ledger()->mutable_blue()->set_requests(1340);
  return one;
}

TEST(SwitchesTest, DrawATree) {
  EXPECT_EQ(SwitchTree(Soaking(), kNow),
            "web  east -> west  soaking at 50 % for 12.00 s\n"
            "|- steps    10 % done, 50 % soaking, 100 %\n"
            "|- edge/web\n"
            "|  |- green west  50 %  3 of 3 up  7 in flight  12 ms\n"
            "|  `- blue  east  50 %  3 of 3 up  7 in flight\n"
            "|- gates    1 pass, 1 inconclusive\n"
            "|  `- health ?  a node is silent\n"
            "`- served   green 1200 (0 failed), blue 1340 (0 failed), prober 0 (0 lost)\n");
}

// Why it does not go on stands at the top, and what was lost at the bottom, with the part that it fell into.
TEST(SwitchesTest, TellStopsAndLosses) {
  v1::Switch one = Soaking();
  one.set_stop_cause(v1::Switch::STOP_CAUSE_WAY_BACK);
  one.set_stop_reason("green fails, and blue is lost");
  Set(one.mutable_stop_time(), kNow - absl::Seconds(3));
  v1::LedgerSpan& span = *one.mutable_ledger()->add_spans();
  span.set_phase(v1::Switch::PHASE_MOVING);
  span.set_percent(50);
  v1::LostRequest& lost = *one.mutable_ledger()->add_lost();
  Set(lost.mutable_time(), kNow);
  lost.set_kind(v1::ProbeCount::KIND_KEEP_ALIVE);
  lost.set_side("green");
  lost.set_detail("reset");
  const std::string tree = SwitchTree(one, kNow);
  EXPECT_NE(tree.find("|- STOPPED  green fails, and blue is lost (3.00 s ago)\n"), std::string::npos) << tree;
  EXPECT_NE(tree.find("keep alive  reset on green, moving at 50 %\n"), std::string::npos) << tree;
}

// What a name says cannot drive the terminal.
TEST(SwitchesTest, PrintNoControlCharacters) {
  v1::Switch one = Soaking();
  one.set_outcome("bad\x1b[2J");
  EXPECT_EQ(SwitchTree(one, kNow).find('\x1b'), std::string::npos);
}

TEST(SwitchesTest, TellThePlan) {
  v1::PlanSwitchResponse plan;
  EXPECT_EQ(SwitchPlan(plan), "Nothing blocks this switch.\n");
  v1::PreflightFinding& finding = *plan.add_findings();
  finding.set_severity(v1::PreflightFinding::SEVERITY_BLOCKER);
  finding.set_subject("edge/web");
  finding.set_message("west-1 does not answer");
  v1::SwitchForecast& forecast = *plan.add_forecasts();
  forecast.set_percent(50);
  forecast.set_cpu_percent(90);
  forecast.set_cpu_percent_with_virtual(40);
  EXPECT_EQ(SwitchPlan(plan),
            "BLOCKER  edge/web: west-1 does not answer\n"
            "forecast  at 50 %: 90 % of green's CPU, 40 % with virtual nodes\n"
            "It cannot be started: 1 blocker.\n");
}

TEST(SwitchesTest, TellTheHistory) {
  v1::Switch one = Soaking();
  EXPECT_EQ(HistoryLine(one, kNow).end, "soaking");
  one.set_phase(v1::Switch::PHASE_ENDED);
  one.set_end(v1::Switch::END_ROLLED_BACK);
  Set(one.mutable_end_time(), kNow - absl::Minutes(1));
  const SwitchLine line = HistoryLine(one, kNow);
  EXPECT_EQ(line.name, "web");
  EXPECT_EQ(line.decision, "3-14");
  EXPECT_EQ(line.what, "east -> west");
  EXPECT_EQ(line.took, "1m 0s");
  EXPECT_EQ(line.end, "rolled back");
  EXPECT_EQ(line.requests, "2540");
  EXPECT_EQ(line.lost, "0 failed, 0 cut, prober 0");
}

}  // namespace
}  // namespace evenkeel::cli
