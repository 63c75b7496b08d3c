#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

v1::Scaler Web() {
  v1::Scaler scaler;
  scaler.set_name("scalers/web");
  scaler.set_policy("policies/web");
  scaler.set_cluster("local");
  scaler.mutable_target()->set_kind("Deployment");
  scaler.mutable_target()->set_namespace_("shop");
  scaler.mutable_target()->set_name("web");
  scaler.set_uid("uid-web");
  scaler.set_mode(v1::POLICY_MODE_ENFORCE);
  scaler.set_replicas(2);
  scaler.set_advised_replicas(6);
  scaler.set_wanted_replicas(7);
  scaler.set_min_replicas(2);
  scaler.set_max_replicas(10);
  scaler.set_target_cpu(50);
  scaler.set_cpu(143);
  scaler.mutable_pods()->set_total(2);
  scaler.mutable_pods()->set_ready(2);
  scaler.mutable_pods()->set_counted(2);
  *scaler.mutable_look_time() = At(0);
  scaler.set_reason("CPU at 143 % of the request, target 50 %");
  for (const auto& [type, holds, reason] :
       std::vector<std::tuple<const char*, bool, const char*>>{{"Able", true, "Ready"},
                                                               {"Active", true, "Above"},
                                                               {"Limited", true, "Rate"},
                                                               {"Seen", true, "AllSeen"},
                                                               {"Panic", false, "Calm"},
                                                               {"Crashing", false, "CrashLoop"},
                                                               {"Conflicted", false, "Alone"},
                                                               {"Paused", false, "Enforced"}}) {
    v1::ScalerCondition& condition = *scaler.add_conditions();
    condition.set_type(type);
    condition.set_holds(holds);
    condition.set_reason(reason);
    condition.set_message("in words");
  }
  return scaler;
}

void SetCondition(v1::Scaler& scaler, const std::string& type, bool holds) {
  for (v1::ScalerCondition& condition : *scaler.mutable_conditions()) {
    if (condition.type() == type) condition.set_holds(holds);
  }
}

class ScalerTest : public CommandTest {
 protected:
  ScalerTest() { coordinator_.fleet.scalers = {Web()}; }
};

// Proves the table of scalers, also of one of which nothing is known.
TEST_F(ScalerTest, TableShowsFiguresOrTheirAbsence) {
  v1::Scaler unseen;
  unseen.set_name("scalers/z");
  unseen.set_cluster("local");
  unseen.set_target_cpu(100);
  unseen.set_in_millicores(true);
  coordinator_.fleet.scalers.push_back(unseen);
  ASSERT_EQ(Run({"get", "scalers", "--cluster", "local"}), 0) << err_;
  EXPECT_EQ(
      out_,
      "NAME   TARGET                CPU        MIN   MAX   REPLICAS   ADVISED   READY   MODE      STATE\n"
      "web    Deployment shop/web   143%/50%   2     10    2          6         2/2     enforce   Limited\n"
      "z      <none>                ?/100m     0     0     <none>     <none>    0/0     observe   <none>\n");
  EXPECT_EQ(coordinator_.seen().list_scalers.cluster(), "local");
}

// Proves that of all that holds the one comes first which people must know of.
TEST_F(ScalerTest, StateIsWhatMattersMost) {
  const auto state = [this](const v1::Scaler& scaler) {
    coordinator_.fleet.scalers = {scaler};
    EXPECT_EQ(Run({"get", "scaler", "web"}), 0) << err_;
    const std::string row = out_.substr(out_.find('\n') + 1);
    return row.substr(row.rfind(' ') + 1);
  };
  v1::Scaler scaler = Web();
  SetCondition(scaler, "Limited", false);
  EXPECT_EQ(state(scaler), "Following\n");
  SetCondition(scaler, "Paused", true);
  EXPECT_EQ(state(scaler), "Enforced\n");
  SetCondition(scaler, "Seen", false);
  EXPECT_EQ(state(scaler), "Unseen\n");
  SetCondition(scaler, "Crashing", true);
  EXPECT_EQ(state(scaler), "CrashLoop\n");
  SetCondition(scaler, "Panic", true);
  EXPECT_EQ(state(scaler), "Panic\n");
  SetCondition(scaler, "Able", false);
  EXPECT_EQ(state(scaler), "Ready\n");
  SetCondition(scaler, "Conflicted", true);
  EXPECT_EQ(state(scaler), "Conflicted\n");
}

// Proves that a watch prints each change of what matters, and none of CPU alone.
TEST_F(ScalerTest, WatchPrintsWhatChanged) {
  const auto change = [](v1::WatchScalersResponse::Type type, v1::Scaler scaler) {
    v1::WatchScalersResponse response;
    response.set_type(type);
    *response.mutable_scaler() = std::move(scaler);
    return response;
  };
  v1::Scaler busier = Web();
  busier.set_cpu(150);
  v1::Scaler grown = busier;
  grown.set_replicas(6);
  v1::WatchScalersResponse synced;
  synced.set_type(v1::WatchScalersResponse::TYPE_SYNCED);
  coordinator_.scaler_watches = {{{change(v1::WatchScalersResponse::TYPE_ADDED, Web()), synced,
                                   change(v1::WatchScalersResponse::TYPE_MODIFIED, busier),
                                   change(v1::WatchScalersResponse::TYPE_MODIFIED, grown)},
                                  {grpc::StatusCode::PERMISSION_DENIED, "end"}}};
  EXPECT_EQ(Run({"get", "scalers", "-w", "--cluster", "local"}), 1);
  EXPECT_THAT(out_, Not(HasSubstr("150%/50%   2     10    2 ")));
  EXPECT_THAT(out_, HasSubstr("150%/50%   2     10    6 "));
  EXPECT_EQ(coordinator_.seen().watch_scalers.cluster(), "local");
}

// Proves that the sheet tells how many replicas a switch of traffic needs, or that this is not known yet.
TEST_F(ScalerTest, DescribeTellsWhatASwitchNeeds) {
  v1::Scaler& scaler = coordinator_.fleet.scalers[0];
  EXPECT_EQ(Run({"describe", "scaler", "web"}), 0) << err_;
  EXPECT_THAT(out_, Not(HasSubstr("For a switch")));
  scaler.set_traffic_switch("switches/web");
  EXPECT_EQ(Run({"describe", "scaler", "web"}), 0) << err_;
  EXPECT_THAT(out_,
              ContainsRegex("For a switch: +none is taken away: what switch web needs is not known yet"));
  scaler.set_switch_replicas(3);
  EXPECT_EQ(Run({"describe", "scaler", "web"}), 0) << err_;
  EXPECT_THAT(out_, ContainsRegex("For a switch: +no fewer than 3 until switch web has ended"));
}

// Proves that the sheet tells which pods have died, of what, and whether they are back.
TEST_F(ScalerTest, DescribeTellsDeaths) {
  v1::Scaler& scaler = coordinator_.fleet.scalers[0];
  EXPECT_EQ(Run({"describe", "scaler", "web"}), 0) << err_;
  EXPECT_THAT(out_, Not(HasSubstr("Deaths:")));
  v1::DeadPod& dead = *scaler.add_dead_pods();
  dead.set_pod("web-1");
  dead.set_down(true);
  dead.set_restarts(3);
  dead.set_cause("container app was killed for want of memory (exit code 137)");
  *dead.mutable_death_time() = At(0);
  v1::DeadPod& back = *scaler.add_dead_pods();
  back.set_pod("web-2");
  back.set_restarts(1);
  back.set_cause("container app ended with exit code 143 (Error)");
  *back.mutable_death_time() = At(0);
  scaler.mutable_pods()->set_down(1);
  ASSERT_EQ(Run({"describe", "scaler", "web"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("; 1 down\n"));
  EXPECT_THAT(out_, HasSubstr("Deaths:\n"));
  EXPECT_THAT(out_, ContainsRegex("web-1 +Down +3 .*container app was killed for want of memory"));
  EXPECT_THAT(out_, ContainsRegex("web-2 +Back +1 .*container app ended with exit code 143"));
}

// Proves that a scaler's sheet tells its figures, its pods and its conditions.
TEST_F(ScalerTest, DescribeTellsAll) {
  coordinator_.fleet.scalers[0].mutable_pods()->set_held(1);
  coordinator_.fleet.scalers[0].set_open_decision("decisions/3-9");
  ASSERT_EQ(Run({"describe", "scaler", "web"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("Target:              Deployment shop/web\n"));
  EXPECT_THAT(out_, HasSubstr("  Because:           CPU at 143 % of the request, target 50 %\n"));
  EXPECT_THAT(out_, HasSubstr("Replicas:            2\n  Advised:           6\n"));
  EXPECT_THAT(out_, HasSubstr("CPU:                 143% of the request, target 50%\n"));
  EXPECT_THAT(out_,
              HasSubstr("Pods:                2, 2 Ready; the CPU of 2 counts; 1 by their last sample\n"));
  EXPECT_THAT(out_, HasSubstr("Panic since:         no panic\n"));
  EXPECT_THAT(out_, HasSubstr("Open decision:       decisions/3-9\n"));
  EXPECT_THAT(out_, HasSubstr("  Limited      True     Rate        in words\n"));
}

// Proves that `explain scaler/POLICY` tells the latest decision on what it scales.
TEST_F(ScalerTest, ExplainFindsTheDecisionOnTheWorkload) {
  v1::Decision decision;
  decision.set_name("decisions/3-9");
  decision.set_kind(v1::Decision::KIND_SCALE);
  decision.set_cluster("local");
  decision.set_workload("namespaces/shop/deployments/web");
  decision.set_state(v1::Decision::STATE_SUCCEEDED);
  coordinator_.fleet.decisions = {decision};
  ASSERT_EQ(Run({"explain", "scaler/web"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().list_decisions.workload(), "namespaces/shop/deployments/web");
  EXPECT_EQ(coordinator_.seen().list_decisions.cluster(), "local");
  EXPECT_THAT(out_, HasSubstr("Change of the replicas of shop/web in cluster local: succeeded.\n"));
  coordinator_.fleet.decisions.clear();
  EXPECT_EQ(Run({"explain", "scaler/web"}), 1);
  EXPECT_THAT(err_, HasSubstr("nothing has been decided about namespaces/shop/deployments/web"));
}

// Proves that an autoscaler is taken over by its name, with what was chosen.
TEST_F(ScalerTest, TakeOverAsksForOneAutoscaler) {
  ASSERT_EQ(Run({"takeover", "hpa", "shop/web"}), 0) << err_;
  EXPECT_EQ(out_,
            "scalepolicy.evenkeel.dev/web takes the place of the HorizontalPodAutoscaler shop/web, which "
            "decision 3-4 deletes once the load is known\n");
  EXPECT_EQ(coordinator_.seen().take_over.mode(), v1::POLICY_MODE_ENFORCE);
  EXPECT_EQ(coordinator_.seen().take_over.cluster(), "");
  EXPECT_EQ(coordinator_.seen().take_over.policy(), "");

  ASSERT_EQ(Run({"takeover", "hpa", "web", "-n", "shop", "--cluster", "local", "--policy", "shop-web",
                 "--mode", "observe"}),
            0)
      << err_;
  const v1::TakeOverAutoscalerRequest request = coordinator_.seen().take_over;
  EXPECT_EQ(request.namespace_(), "shop");
  EXPECT_EQ(request.autoscaler(), "web");
  EXPECT_EQ(request.cluster(), "local");
  EXPECT_EQ(request.policy(), "policies/shop-web");
  EXPECT_EQ(request.mode(), v1::POLICY_MODE_OBSERVE);
  EXPECT_EQ(out_,
            "scalepolicy.evenkeel.dev/shop-web only observes, and leaves the scaling to the "
            "HorizontalPodAutoscaler shop/web; see decision 3-4\n");
}

// Proves that a dry run prints a manifest and changes nothing, and that a refusal is shown.
TEST_F(ScalerTest, TakeOverCanBeTried) {
  ASSERT_EQ(Run({"takeover", "hpa", "shop/web", "--dry-run"}), 0) << err_;
  EXPECT_TRUE(coordinator_.seen().take_over.validate_only());
  EXPECT_THAT(out_, HasSubstr("kind: ScalePolicy\n"));
  EXPECT_THAT(out_, HasSubstr("mode: enforce\n"));
  EXPECT_THAT(out_, Not(HasSubstr("place")));
  EXPECT_EQ(Run({"takeover", "hpa", "shop/memory"}), 1);
  EXPECT_THAT(err_, HasSubstr("shop/memory scales by more than CPU"));
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"takeover", "hpa"},
                                                {"takeover", "vpa", "shop/web"},
                                                {"takeover", "hpa", "a/b/c"},
                                                {"takeover", "hpa", "/web"},
                                                {"takeover", "hpa", "shop/web", "--mode", "x"}}) {
    EXPECT_EQ(Run(wrong), 1) << wrong.back();
  }
}

// Proves that what uses most comes first, and what nobody measures last.
TEST_F(ScalerTest, TopSortsByWhatIsAskedFor) {
  const auto pod = [](const std::string& name, std::optional<uint64_t> cpu, uint64_t memory) {
    v1::Pod made;
    made.set_name("clusters/local/namespaces/default/pods/" + name);
    made.set_node("node-1");
    if (cpu) made.set_cpu_used_millicores(*cpu);
    made.set_memory_working_set_bytes(memory);
    return made;
  };
  coordinator_.fleet.pods = {pod("a", 5, 3 << 20), pod("b", std::nullopt, 9 << 20), pod("c", 250, 1 << 20)};
  ASSERT_EQ(Run({"top", "pods", "--cluster", "local"}), 0) << err_;
  EXPECT_EQ(out_,
            "NAME   NODE     CPU      MEMORY\n"
            "c      node-1   250m     1Mi\n"
            "a      node-1   5m       3Mi\n"
            "b      node-1   <none>   9Mi\n");
  ASSERT_EQ(Run({"top", "pods", "--cluster", "local", "--sort-by", "memory"}), 0) << err_;
  EXPECT_THAT(out_, ::testing::ContainsRegex("b .*\na .*\nc "));
  ASSERT_EQ(Run({"top", "pods", "-n", "shop", "-l", "app=web"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().list_pods.parent(), "clusters/-/namespaces/shop");
  EXPECT_EQ(coordinator_.seen().list_pods.label_selector(), "app=web");

  coordinator_.fleet.nodes = {HealthyNode("local", "node-1"), HealthyNode("local", "node-2")};
  v1::NodeReport& report = *coordinator_.fleet.nodes[1].mutable_report();
  report.mutable_cpu()->set_cpus(2);
  report.mutable_cpu()->set_used_millicores(500);
  report.mutable_memory()->set_total_bytes(4 << 20);
  report.mutable_memory()->set_available_bytes(3 << 20);
  ASSERT_EQ(Run({"top", "nodes"}), 0) << err_;
  EXPECT_EQ(out_,
            "CLUSTER   NAME     CPU      CPU%     MEMORY   MEMORY%\n"
            "local     node-2   500m     25%      1Mi      25%\n"
            "local     node-1   <none>   <none>   <none>   <none>\n");
}

// Proves that top refuses what it cannot show, and says so when there is nothing.
TEST_F(ScalerTest, TopRefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Run({"top", "decisions"}), 1);
  EXPECT_THAT(err_, HasSubstr("not decisions"));
  EXPECT_EQ(Run({"top", "node", "node-1"}), 1);
  EXPECT_EQ(Run({"top", "pods", "--sort-by", "luck"}), 1);
  EXPECT_EQ(Run({"top", "pods"}), 0);
  EXPECT_EQ(err_, "No resources found\n");
  EXPECT_THAT(out_, IsEmpty());
  EXPECT_THAT(coordinator_.calls(), ElementsAre("ListPods"));
}

}  // namespace
}  // namespace evenkeel::cli
