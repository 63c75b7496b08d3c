#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Six of at most ten pods on a virtual node, for twelve minutes, and three that find no room.
v1::Burst Local() {
  v1::Burst burst;
  burst.set_name("bursts/local");
  burst.set_policy("policies/burst");
  burst.set_cluster("local");
  burst.set_mode(v1::POLICY_MODE_ENFORCE);
  burst.set_valve(v1::Burst::VALVE_OPEN);
  *burst.mutable_open_time() = At(-30'000);
  burst.set_reason("3 pods find no room on real nodes");
  v1::BurstNode& node = *burst.add_nodes();
  node.set_node("virtual-1");
  node.set_ready(true);
  node.set_open(true);
  node.set_pods(6);
  node.set_cpu_millicores(1200);
  node.set_memory_bytes(192 << 20);
  burst.set_node_count(1);
  burst.mutable_use()->set_pods(6);
  burst.mutable_use()->set_cpu_millicores(1200);
  burst.mutable_use()->set_memory_bytes(192 << 20);
  burst.mutable_use()->set_cost_per_hour("0.048");
  *burst.mutable_use()->mutable_used_up_time() = At(48 * 60'000);
  burst.mutable_caps()->set_pods(10);
  burst.mutable_caps()->mutable_duration()->set_seconds(3600);
  burst.mutable_caps()->set_cost("1");
  v1::BurstLedger& ledger = *burst.mutable_ledger();
  *ledger.mutable_start_time() = At(-12 * 60'000);
  ledger.mutable_duration()->set_seconds(12 * 60);
  ledger.set_peak_pods(8);
  ledger.set_pod_hours(1.2);
  ledger.set_core_hours(0.24);
  ledger.set_gib_hours(0.0375);
  ledger.set_cost("0.0096");
  ledger.set_currency("USD");
  v1::PressingPod& pod = *burst.add_pressing_pods();
  pod.set_pod("clusters/local/namespaces/shop/pods/web-9");
  *pod.mutable_start_time() = At(-2'000);
  pod.set_message("0/2 nodes are available");
  burst.set_pressing_count(3);
  burst.mutable_drain_back()->mutable_room_after()->set_seconds(30);
  v1::DrainBackWorkload& workload = *burst.mutable_drain_back()->add_workloads();
  workload.set_workload("namespaces/shop/deployments/web");
  workload.set_scaler("scalers/web");
  workload.set_pods(6);
  workload.set_reason("virtual nodes are open still: room is short");
  burst.set_open_decision("decisions/3-9");
  burst.set_last_decision("decisions/3-9");
  return burst;
}

class BurstTest : public CommandTest {
 protected:
  BurstTest() { coordinator_.fleet.bursts = {Local()}; }
};

// Proves the table: what is used of what may be, and nothing where nothing is.
TEST_F(BurstTest, TableShowsWhatIsUsedOfItsCaps) {
  v1::Burst quiet;
  quiet.set_name("bursts/west");
  quiet.set_cluster("west");
  quiet.set_valve(v1::Burst::VALVE_UNRULED);
  coordinator_.fleet.bursts.push_back(quiet);
  ASSERT_EQ(Run({"get", "bursts"}), 0) << err_;
  EXPECT_EQ(out_,
            "NAME    NODES   PODS   CPU     TIME      COST           WAITING   MODE      STATE\n"
            "local   1/1     6/10   1200m   12m/60m   0.0096/1 USD   3         enforce   Open\n"
            "west    0/0     0      0m      0s        0              0         observe   Unruled\n");
  ASSERT_EQ(Run({"get", "bursts", "--cluster", "local", "-o", "wide"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().list_bursts.cluster(), "local");
  EXPECT_THAT(out_, HasSubstr("burst    3-9"));
  ASSERT_EQ(Run({"get", "burst", "local", "-o", "json"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"name\": \"bursts/local\""));
  EXPECT_THAT(out_, HasSubstr("\"peakPods\": 8"));
}

// Proves that what keeps pods out comes before where the valve stands.
TEST_F(BurstTest, StateIsWhatMattersMost) {
  const auto state = [this](const v1::Burst& burst) {
    coordinator_.fleet.bursts = {burst};
    EXPECT_EQ(Run({"get", "burst", "local"}), 0) << err_;
    const std::string row = out_.substr(out_.find('\n') + 1);
    return row.substr(row.rfind(' ') + 1);
  };
  v1::Burst burst = Local();
  EXPECT_EQ(state(burst), "Open\n");
  burst.set_valve(v1::Burst::VALVE_CLOSED);
  EXPECT_EQ(state(burst), "Closed\n");
  *burst.mutable_back_off()->mutable_end_time() = At(-1);
  EXPECT_EQ(state(burst), "Closed\n");
  *burst.mutable_back_off()->mutable_end_time() = At(60'000);
  EXPECT_EQ(state(burst), "BackedOff\n");
  burst.set_refused_by("burst-cap");
  EXPECT_EQ(state(burst), "Capped\n");
  burst.set_refused_by("mode");
  EXPECT_EQ(state(burst), "Observed\n");
  burst.set_refused_by("pause");
  EXPECT_EQ(state(burst), "Paused\n");
  burst.set_refused_by("api");
  EXPECT_EQ(state(burst), "Refused\n");
}

// Proves that a watch prints each change of what matters, and none of time and money alone.
TEST_F(BurstTest, WatchPrintsWhatChanged) {
  const auto change = [](v1::WatchBurstsResponse::Type type, v1::Burst burst) {
    v1::WatchBurstsResponse response;
    response.set_type(type);
    *response.mutable_burst() = std::move(burst);
    return response;
  };
  v1::Burst dearer = Local();
  dearer.mutable_ledger()->set_cost("0.5");
  v1::Burst closed = dearer;
  closed.set_valve(v1::Burst::VALVE_CLOSED);
  v1::WatchBurstsResponse synced;
  synced.set_type(v1::WatchBurstsResponse::TYPE_SYNCED);
  coordinator_.burst_watches = {{{change(v1::WatchBurstsResponse::TYPE_ADDED, Local()), synced,
                                  change(v1::WatchBurstsResponse::TYPE_MODIFIED, dearer),
                                  change(v1::WatchBurstsResponse::TYPE_MODIFIED, closed)},
                                 {grpc::StatusCode::PERMISSION_DENIED, "end"}}};
  EXPECT_EQ(Run({"get", "bursts", "-w", "--cluster", "local"}), 1);
  EXPECT_THAT(out_, Not(HasSubstr("0.5/1 USD      3         enforce   Open")));
  EXPECT_THAT(out_, HasSubstr("Closed\n"));
  EXPECT_EQ(coordinator_.seen().watch_bursts.cluster(), "local");
}

// Proves the whole sheet of a burst that lasts.
TEST_F(BurstTest, DescribeTellsAll) {
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_EQ(out_,
            "Cluster:             local\n"
            "Policy:              burst\n"
            "Mode:                enforce\n"
            "State:               Open\n"
            "  Because:           3 pods find no room on real nodes\n"
            "  Open since:        2026-03-01 02:59:30.000 UTC (30s ago)\n"
            "Pods:                6/10\n"
            "CPU asked for:       1200m\n"
            "Memory asked for:    192Mi\n"
            "Burst since:         2026-03-01 02:48:00.000 UTC (12m ago)\n"
            "  Time:              12m/60m\n"
            "  Cost:              0.0096/1 USD, 0.048 USD an hour\n"
            "  Used:              1.2 pod-hours, 0.24 core-hours, 0.0375 GiB-hours; 8 pods at most\n"
            "  Lasts until:       2026-03-01 03:48:00.000 UTC (in 48m)\n"
            "Last burst:          <none>\n"
            "Provider:            no failure\n"
            "Home:                to real nodes that have been Ready for 30s\n"
            "Virtual nodes:\n"
            "  NODE        READY   OPEN   PODS   CPU     MEMORY\n"
            "  virtual-1   True    True   6      1200m   192Mi\n"
            "Without room:\n"
            "  POD          SINCE   STATE   MESSAGE\n"
            "  shop/web-9   2s      waits   0/2 nodes are available\n"
            "  And more:          2\n"
            "On their way home:\n"
            "  WORKLOAD   PODS   DECISION   WAITS FOR\n"
            "  shop/web   6      <none>     virtual nodes are open still: room is short\n"
            "Open decision:       decisions/3-9\n"
            "Last decision:       decisions/3-9\n");
}

// Proves that a sheet says what would be done, why the provider is left alone, and what the last burst cost.
TEST_F(BurstTest, DescribeTellsWhatKeepsPodsOut) {
  v1::Burst& burst = coordinator_.fleet.bursts[0];
  burst.set_valve(v1::Burst::VALVE_CLOSED);
  burst.clear_open_time();
  burst.set_refused_by("provider");
  burst.set_would("open virtual nodes to 3 pods");
  burst.clear_ledger();
  v1::BurstLedger& last = *burst.mutable_last();
  *last.mutable_end_time() = At(-60'000);
  last.mutable_duration()->set_seconds(90);
  last.set_peak_pods(1);
  last.set_cost("0.25");
  last.set_currency("EUR");
  v1::BurstBackOff& back_off = *burst.mutable_back_off();
  back_off.set_failures(2);
  *back_off.mutable_fail_time() = At(-30'000);
  *back_off.mutable_end_time() = At(90'000);
  back_off.set_cause("shop/web-6 did not come up on virtual node virtual-1 within 60 s");
  v1::DrainBack& drain_back = *burst.mutable_drain_back();
  drain_back.set_relapses(1);
  *drain_back.mutable_room_time() = At(20'000);
  drain_back.set_unscaled_pods(1);
  drain_back.mutable_workloads(0)->clear_reason();
  *drain_back.mutable_workloads(0)->mutable_next_time() = At(5'000);
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("State:               BackedOff\n"));
  EXPECT_THAT(out_, HasSubstr("  It would:          open virtual nodes to 3 pods\n"));
  EXPECT_THAT(out_, HasSubstr("Burst since:         no burst\n"));
  EXPECT_THAT(out_, HasSubstr("Last burst:          ended 2026-03-01 02:59:00.000 UTC (60s ago)\n"
                              "  Time:              90s\n"
                              "  Cost:              0.25 EUR\n"));
  EXPECT_THAT(out_,
              HasSubstr("Provider:            failed 2 times, last 2026-03-01 02:59:30.000 UTC (30s ago)\n"
                        "  Because:           shop/web-6 did not come up on virtual node virtual-1 within "
                        "60 s\n"
                        "  Left alone until:  2026-03-01 03:01:30.000 UTC (in 90s)\n"));
  EXPECT_THAT(out_, HasSubstr("Ready for 30s, longer because of 1 burst soon after a way home\n"
                              "  Next room:         2026-03-01 03:00:20.000 UTC (in 20s)\n"
                              "  Nobody brings home: 1 pod that has no scale policy\n"));
  EXPECT_THAT(out_, HasSubstr("the next ones come home in 5s\n"));
}

// Proves that a sheet says who is asked for real machines, and what keeps that from being done.
TEST_F(BurstTest, DescribeTellsTheHeadroom) {
  v1::Headroom& headroom = *coordinator_.fleet.bursts[0].mutable_headroom();
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("Headroom:            the policy asks nobody for real machines\n"));
  headroom.set_placeholders_enabled(true);
  headroom.set_deployment("namespaces/evenkeel/deployments/evenkeel-headroom");
  headroom.set_reason("there is none");
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("Headroom:            no placeholder asks for real machines\n"
                              "  Deployment:        evenkeel/evenkeel-headroom\n"
                              "  Cannot be used:    there is none\n"));
  headroom.set_placeholders_unknown(true);  // some were placed, and are not seen
  headroom.set_reason("it cannot be read");
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_THAT(out_,
              HasSubstr("Headroom:            how many placeholders ask for real machines is not known\n"
                        "  Deployment:        evenkeel/evenkeel-headroom\n"
                        "  Cannot be used:    it cannot be read\n"));
  headroom.clear_reason();
  headroom.set_placeholders_enabled(false);  // nor does the policy ask any more
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_THAT(
      out_, HasSubstr("Headroom:            how many placeholders ask for real machines is not known yet\n"));
  headroom.set_placeholders_enabled(true);
  headroom.clear_placeholders_unknown();
  headroom.set_placeholders(3);
  headroom.set_cpu_millicores(200);
  headroom.set_memory_bytes(int64_t{32} << 20);
  headroom.set_change_decision("decisions/3-7");
  headroom.set_webhook_enabled(true);
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("Headroom:            3 placeholders ask for real machines\n"
                              "  Each:              200m CPU and 32Mi\n"
                              "  Deployment:        evenkeel/evenkeel-headroom\n"
                              "  Being changed:     3-7\n"
                              "  Webhook:           has taken no request in this burst\n"));
  EXPECT_THAT(out_, Not(HasSubstr("Asked in vain")));
  headroom.set_ask_failure("it answered 500");
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("  Webhook:           has taken no request in this burst\n"
                              "  Asked in vain:     it answered 500\n"));
  headroom.clear_ask_failure();
  headroom.set_asked_pods(3);
  headroom.set_asked_cpu_millicores(600);
  headroom.set_asked_memory_bytes(int64_t{96} << 20);
  headroom.set_ask_decision("decisions/3-8");
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("  Webhook:           asked for 600m CPU and 96Mi, for 3 pods\n"
                              "  Being asked:       3-8\n"));
  headroom.clear_asked_pods();
  headroom.clear_ask_decision();
  coordinator_.fleet.bursts[0].clear_ledger();
  ASSERT_EQ(Run({"describe", "burst", "local"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("  Webhook:           is asked while a burst lasts\n"));
}

// Proves that `explain burst/CLUSTER` tells the latest decision on it, and says where there is none.
TEST_F(BurstTest, ExplainFindsTheLatestDecision) {
  v1::Decision decision;
  decision.set_name("decisions/3-9");
  decision.set_kind(v1::Decision::KIND_BURST);
  decision.set_cluster("local");
  decision.set_state(v1::Decision::STATE_OPEN);
  coordinator_.fleet.decisions = {decision};
  ASSERT_EQ(Run({"explain", "burst/local"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("3-9"));
  coordinator_.fleet.bursts[0].clear_last_decision();
  EXPECT_EQ(Run({"explain", "burst/local"}), 1);
  EXPECT_THAT(err_, HasSubstr("nothing has been decided about bursts of cluster local"));
}

}  // namespace
}  // namespace evenkeel::cli
