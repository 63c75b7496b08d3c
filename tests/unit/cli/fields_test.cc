#include "cli/show/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/cli/test_time.h"

namespace evenkeel::cli {
namespace {

template <typename Resource>
std::string PrintOne(const Resource& resource, const TableOptions& options) {
  std::ostringstream out;
  Table table = MakeTable<Resource>(options, false);
  table.Print(out, {MakeRow(resource, options, Start() + absl::Minutes(2))});
  return out.str();
}

v1::Node DeadNode() {
  v1::Node node;
  node.set_name("clusters/local/nodes/node-2");
  node.set_verdict(v1::VERDICT_DEAD);
  node.set_verdict_reason("nobody reaches it");
  *node.mutable_verdict_time() = At(0);
  node.set_failed_over(true);
  node.set_agent_version("0.1.0");
  node.set_pods(4);
  node.mutable_report()->mutable_cpu()->set_cpus(2);
  node.mutable_report()->mutable_cpu()->set_used_millicores(500);
  node.mutable_report()->mutable_memory()->set_total_bytes(1000);
  node.mutable_report()->mutable_memory()->set_available_bytes(250);
  *node.mutable_last_beat_time() = At(-1000);
  node.set_address("10.0.0.2");
  node.set_open_decision("decisions/3-7");
  return node;
}

// Proves the row of a node that has been failed over, narrow and wide.
TEST(Fields, NodeShowsVerdictAndUse) {
  EXPECT_EQ(PrintOne(DeadNode(), {}),
            "NAME     VERDICT           SINCE   READY   AGENT   PODS   CPU   MEMORY\n"
            "node-2   Dead,FailedOver   2m      False   0.1.0   4      25%   75%\n");
  EXPECT_EQ(
      PrintOne(DeadNode(), {.wide = true, .show_cluster = true}),
      "CLUSTER   NAME     VERDICT           SINCE   READY   AGENT   PODS   CPU   MEMORY   LAST BEAT   ADDRESS"
      "    DOMAIN   DECISION   REASON\n"
      "local     node-2   Dead,FailedOver   2m      False   0.1.0   4      25%   75%      2m1s        "
      "10.0.0.2"
      "   <none>   3-7        nobody reaches it\n");
}

// Proves that what nobody measures is shown as absent, not as zero.
TEST(Fields, UnmeasuredIsNotZero) {
  v1::Node node;
  node.set_name("clusters/local/nodes/virtual");
  EXPECT_EQ(PrintOne(node, {}),
            "NAME      VERDICT     SINCE    READY   AGENT    PODS   CPU      MEMORY\n"
            "virtual   Unwatched   <none>   False   <none>   0      <none>   <none>\n");
}

// Proves the row of a pod, with the count of its ready containers and Kubernetes' reason before its phase.
TEST(Fields, PodShowsReadinessAndReason) {
  v1::Pod pod;
  pod.set_name("clusters/local/namespaces/default/pods/web-a");
  pod.set_phase("Running");
  pod.set_reason("CrashLoopBackOff");
  pod.set_restarts(7);
  pod.set_node("node-1");
  *pod.mutable_create_time() = At(0);
  pod.add_containers()->set_ready(true);
  pod.add_containers();
  pod.set_cpu_used_millicores(0);
  EXPECT_EQ(PrintOne(pod, {.show_namespace = true}),
            "NAMESPACE   NAME    READY   STATUS             RESTARTS   AGE   NODE     CPU   MEMORY\n"
            "default     web-a   1/2     CrashLoopBackOff   7          2m    node-1   0m    <none>\n");
}

// Proves that a decision's times are counted from the last sign of life.
TEST(Fields, DecisionTimesCountFromTheLastSign) {
  v1::Decision decision;
  decision.set_name("decisions/3-7");
  decision.set_kind(v1::Decision::KIND_FAILOVER);
  decision.set_cluster("local");
  decision.set_node("node-2");
  decision.set_state(v1::Decision::STATE_SUCCEEDED);
  *decision.mutable_timings()->mutable_last_sign_time() = At(0);
  *decision.mutable_timings()->mutable_detect_time() = At(602);
  *decision.mutable_timings()->mutable_judge_time() = At(912);
  *decision.mutable_timings()->mutable_recover_time() = At(2310);
  EXPECT_EQ(PrintOne(decision, {}),
            "NAME   KIND       CLUSTER   SUBJECT   STATE       JUDGED   RECOVERED   AGE\n"
            "3-7    Failover   local     node-2    Succeeded   912 ms   2.31 s      119s\n");
}

// Proves that blindness is the first thing that is said of a cluster.
TEST(Fields, BlindClusterSaysSo) {
  v1::Cluster cluster;
  cluster.set_name("clusters/local");
  cluster.set_api_state(v1::Cluster::API_STATE_READY);
  EXPECT_EQ(StateCell(cluster).text, "Ready");
  cluster.set_blind(true);
  EXPECT_EQ(StateCell(cluster).text, "Blind");
  EXPECT_EQ(StateCell(cluster).style, Style::kBad);
}

// Proves that a policy without a mode is shown as what it means: observe.
TEST(Fields, PolicyWithoutModeObserves) {
  v1::Policy policy;
  policy.set_name("policies/p");
  policy.mutable_failover()->set_cluster("local");
  EXPECT_EQ(PrintOne(policy, {}),
            "NAME   KIND             CLUSTER   MODE      AGE\n"
            "p      FailoverPolicy   local     observe   <none>\n");
}

// Proves that policies of both kinds fit into one table.
TEST(Fields, ScalePolicyShowsItsTarget) {
  v1::Policy policy;
  policy.set_name("policies/web");
  policy.set_etag("7");
  v1::ScalePolicy& scale = *policy.mutable_scale();
  scale.set_cluster("local");
  scale.set_mode(v1::POLICY_MODE_ENFORCE);
  scale.set_paused(true);
  scale.mutable_target()->set_kind("Deployment");
  scale.mutable_target()->set_namespace_("shop");
  scale.mutable_target()->set_name("web");
  scale.set_min_replicas(2);
  scale.set_max_replicas(10);
  EXPECT_EQ(PrintOne(policy, {}),
            "NAME   KIND          CLUSTER   MODE             AGE\n"
            "web    ScalePolicy   local     enforce,paused   <none>\n");
  EXPECT_EQ(
      PrintOne(policy, {.wide = true}),
      "NAME   KIND          CLUSTER   MODE             AGE      BEAT     SUSPECT AFTER   READMIT AFTER   "
      "MAX NODES   REBALANCE   TARGET                REPLICAS   ETAG\n"
      "web    ScalePolicy   local     enforce,paused   <none>   <none>   <none>          <none>          "
      "<none>      <none>      Deployment shop/web   2-10       7\n");
}

// Proves that a policy for the loss of a cluster shows what follows it, and for which applications.
TEST(Fields, SwitchPolicyShowsWhatFollows) {
  v1::Policy policy;
  policy.set_name("policies/web");
  v1::SwitchSpec& traffic = *policy.mutable_switching()->mutable_traffic();
  traffic.set_from("east");
  v1::SwitchedApplication& web = *traffic.add_applications();
  web.set_namespace_("shop");
  web.set_service("web");
  v1::SwitchedApplication& api = *traffic.add_applications();
  api.set_namespace_("shop");
  api.set_selector("app=api");
  EXPECT_EQ(PrintOne(policy, {}),
            "NAME   KIND           CLUSTER   MODE      AGE\n"
            "web    SwitchPolicy   east      observe   <none>\n");
  traffic.set_mode(v1::SWITCH_MODE_ENFORCE);
  EXPECT_EQ(PrintOne(policy, {}),
            "NAME   KIND           CLUSTER   MODE          AGE\n"
            "web    SwitchPolicy   east      enforce,ask   <none>\n");
  policy.mutable_switching()->set_on_lost(v1::SwitchPolicy::ON_LOST_SWITCH);
  EXPECT_EQ(
      PrintOne(policy, {.wide = true}),
      "NAME   KIND           CLUSTER   MODE             AGE      BEAT     SUSPECT AFTER   READMIT AFTER   "
      "MAX NODES   REBALANCE   TARGET                  REPLICAS   ETAG\n"
      "web    SwitchPolicy   east      enforce,switch   <none>   <none>   <none>          <none>          "
      "<none>      <none>      shop/web shop/app=api   <none>     <none>\n");
}

// Proves that a decision on a workload names it where others name their node.
TEST(Fields, DecisionNamesItsWorkload) {
  v1::Decision decision;
  decision.set_name("decisions/3-7");
  decision.set_kind(v1::Decision::KIND_TAKE_OVER);
  decision.set_cluster("local");
  decision.set_workload("namespaces/shop/deployments/web");
  decision.set_state(v1::Decision::STATE_OPEN);
  EXPECT_EQ(PrintOne(decision, {}),
            "NAME   KIND       CLUSTER   SUBJECT    STATE   JUDGED   RECOVERED   AGE\n"
            "3-7    TakeOver   local     shop/web   Open    <none>   <none>      <none>\n");
}

// Proves that the columns do not depend on the data.
TEST(Fields, ColumnsAreAlwaysTheSame) {
  const TableOptions wide{.wide = true, .show_cluster = true};
  const auto empty = Fields(v1::Node(), wide, Start());
  const auto full = Fields(DeadNode(), wide, Start());
  ASSERT_EQ(empty.size(), full.size());
  for (std::size_t i = 0; i < full.size(); ++i) EXPECT_EQ(empty[i].column.header, full[i].column.header);
}

}  // namespace
}  // namespace evenkeel::cli
