// What a scrape finds of switches: those under way by state and route, and what they cost for as long as the
// process lives.

#include "coordinator/serve/switch_metrics.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

class SwitchMetricsTest : public testing::Test {
 protected:
  // Of switch "web", which soaks at 10 %.
  static SwitchStatus Soaking() {
    SwitchStatus status;
    status.decision = {1, 7};
    status.record.spec = ASwitch();
    status.record.phase = SwitchPhase::kSoaking;
    const RouteKey key = status.record.spec.routes[0].key;
    status.record.routes[key].wished.backends = {{"east", {.percent = 50}}, {"west", {.percent = 50}}};
    status.routes[key] = AReading(10);
    status.routes[key].backends["east"].in_flight = 4;
    status.routes[key].backends["west"].in_flight.reset();
    status.record.ledger.spans.resize(1);
    return status;
  }
  static void Count(SwitchStatus& status, uint64_t requests, uint64_t failed) {
    LedgerSpan& span = status.record.ledger.spans[0];
    SideCount& green = span.routes[{"edge", "web"}].last.green;
    green.requests = requests;
    green.failed = failed;
    span.probes[ProbeKind::kStream] = {.requests = requests, .failed = failed, .failed_on_green = failed / 2};
  }

  // The value with all of these labels' values; none: there is no such one.
  std::optional<double> Value(const std::string& name, const std::set<std::string>& values) const {
    std::vector<prometheus::MetricFamily> families;
    metrics_.Collect(families);
    const auto family =
        std::find_if(families.begin(), families.end(), [&name](const auto& one) { return one.name == name; });
    if (family == families.end()) return std::nullopt;
    for (const prometheus::ClientMetric& metric : family->metric) {
      std::set<std::string> found;
      for (const auto& label : metric.label) found.insert(label.value);
      if (!std::includes(found.begin(), found.end(), values.begin(), values.end())) continue;
      return family->type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
    }
    return std::nullopt;
  }

  SwitchMetrics metrics_;
};

// Every phase and cause is there before any switch is; so are the counts.
TEST_F(SwitchMetricsTest, TellsNothingAsZero) {
  for (const char* phase :
       {"preflight", "moving", "soaking", "draining", "holding", "committing", "rolling_back"}) {
    EXPECT_EQ(Value("evenkeel_switches", {phase}), 0) << phase;
  }
  EXPECT_EQ(Value("evenkeel_switches_stopped", {"way_back"}), 0);
  EXPECT_EQ(Value("evenkeel_switch_requests_total", {"green"}), 0);
  EXPECT_EQ(Value("evenkeel_switch_lost_probes_total", {"keepalive", "unknown"}), 0);
  EXPECT_EQ(Value("evenkeel_switch_share_ratio", {}), std::nullopt);
}

// One that is under way shows its state, and of each route the shares as wished and as read; what the gateway
// does not tell is not there.
TEST_F(SwitchMetricsTest, ShowsWhatIsUnderWay) {
  SwitchStatus status = Soaking();
  metrics_.OnSwitch(status);
  EXPECT_EQ(Value("evenkeel_switches", {"soaking"}), 1);
  EXPECT_EQ(Value("evenkeel_switch_route_readable", {"web", "edge"}), 1);
  EXPECT_EQ(Value("evenkeel_switch_share_ratio", {"web", "edge", "west", "green"}), 0.1);
  EXPECT_EQ(Value("evenkeel_switch_share_ratio", {"web", "edge", "east", "blue"}), 0.9);
  EXPECT_EQ(Value("evenkeel_switch_wished_share_ratio", {"green"}), 0.5);
  EXPECT_EQ(Value("evenkeel_switch_in_flight_requests", {"blue"}), 4);
  EXPECT_EQ(Value("evenkeel_switch_in_flight_requests", {"green"}), std::nullopt);
  status.record.stop = SwitchStop{StopCause::kGateway, "it does not answer", kStart};
  status.routes.clear();
  metrics_.OnSwitch(status);
  EXPECT_EQ(Value("evenkeel_switches_stopped", {"gateway"}), 1);
  EXPECT_EQ(Value("evenkeel_switch_route_readable", {"web", "edge"}), 0);
  EXPECT_EQ(Value("evenkeel_switch_share_ratio", {}), std::nullopt);
  metrics_.OnGone(status.decision);
  EXPECT_EQ(Value("evenkeel_switches", {"soaking"}), 0);
  EXPECT_EQ(Value("evenkeel_switch_route_readable", {}), std::nullopt);
}

// What switches cost is counted from what this process has seen of them, over all of them, and stays.
TEST_F(SwitchMetricsTest, CountsWhatTheyCost) {
  SwitchStatus status = Soaking();
  Count(status, 1000, 10);  // by the process before this one
  metrics_.OnSwitch(status);
  EXPECT_EQ(Value("evenkeel_switch_requests_total", {"green"}), 0);
  Count(status, 1500, 15);
  metrics_.OnSwitch(status);
  metrics_.OnGone(status.decision);
  SwitchStatus next = Soaking();
  next.decision = {1, 8};
  metrics_.OnSwitch(next);
  Count(next, 20, 0);
  metrics_.OnSwitch(next);
  EXPECT_EQ(Value("evenkeel_switch_requests_total", {"green"}), 520);
  EXPECT_EQ(Value("evenkeel_switch_requests_total", {"blue"}), 0);
  EXPECT_EQ(Value("evenkeel_switch_failed_requests_total", {"green"}), 5);
  EXPECT_EQ(Value("evenkeel_switch_cut_requests_total", {"green"}), 0);
  EXPECT_EQ(Value("evenkeel_switch_probes_total", {"stream"}), 520);
  EXPECT_EQ(Value("evenkeel_switch_lost_probes_total", {"stream", "green"}), 2);
  EXPECT_EQ(Value("evenkeel_switch_lost_probes_total", {"stream", "unknown"}), 3);
}

}  // namespace
}  // namespace evenkeel::coordinator
