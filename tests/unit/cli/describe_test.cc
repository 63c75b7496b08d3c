#include "cli/show/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/test_time.h"

namespace evenkeel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Proves that a node's sheet tells verdict, parts, occurrences and pods, and "not known" from "absent".
TEST(Describe, NodeTellsPartsOccurrencesAndPods) {
  v1::Node node;
  node.set_name("clusters/local/nodes/node-1");
  (*node.mutable_labels())["b"] = "2";
  (*node.mutable_labels())["a"] = "1";
  node.set_verdict(v1::VERDICT_HEALTHY);
  node.set_agent_version("0.1.0");
  node.set_agent_connected(true);
  *node.mutable_last_beat_time() = At(0);
  v1::PartHealth& kubelet = *node.mutable_report()->mutable_kubelet();
  kubelet.set_state(v1::PART_STATE_HEALTHY);
  kubelet.set_latency_us(2000);
  v1::PartHealth& runtime = *node.mutable_report()->mutable_runtime();
  runtime.set_state(v1::PART_STATE_ABSENT);
  v1::NodeOccurrence& occurrence = *node.add_occurrences();
  occurrence.set_kind(v1::NodeOccurrence::KIND_OOM_KILL);
  *occurrence.mutable_node_time() = At(0);
  occurrence.set_detail("killed process 42");
  v1::Pod pod;
  pod.set_name("clusters/local/namespaces/default/pods/web-a");
  pod.set_ready(true);

  const std::string text = Describe(node, {pod}, Start() + absl::Seconds(30));
  EXPECT_THAT(text, HasSubstr("Labels:              a=1\n                     b=2\n"));
  EXPECT_THAT(text, HasSubstr("Verdict:             Healthy\n"));
  EXPECT_THAT(text, HasSubstr("Agent:               0.1.0, in session\n"));
  EXPECT_THAT(text, HasSubstr("  Last beat:         2026-03-01 03:00:00.000 UTC (30s ago)\n"));
  EXPECT_THAT(text, HasSubstr("Kubelet:             Healthy, answered in 2 ms\n"));
  EXPECT_THAT(text, HasSubstr("Runtime:             Absent\n"));
  EXPECT_THAT(text, HasSubstr("  30s   OomKill   <none>      killed process 42\n"));
  EXPECT_THAT(text, HasSubstr("  default     web-a   True    <none>\n"));
  EXPECT_THAT(Describe(v1::Node(), {}, Start()), HasSubstr("Kubelet:             not known\n"));
}

// Proves that the sheets tell how sure a verdict is, when a node is readmitted and why so late, and that the
// coordinator gives nodes more time.
TEST(Describe, TellsConfidenceHoldDownAndPatience) {
  v1::Node node;
  node.set_verdict(v1::VERDICT_DEAD);
  node.set_confidence(v1::CONFIDENCE_MEDIUM);
  EXPECT_THAT(Describe(node, {}, Start()), HasSubstr("Verdict:             Dead, medium confidence\n"));
  EXPECT_THAT(Describe(node, {}, Start()), Not(HasSubstr("Readmission")));
  node.mutable_readmit_after()->set_seconds(60);
  *node.mutable_readmission_due_time() = At(40'000);
  node.set_relapses(1);
  EXPECT_THAT(Describe(node, {}, Start()), HasSubstr("  Readmission:       once it has been well for 60s, "
                                                     "in 40s; it failed again soon after 1 readmission\n"));

  v1::Cluster cluster;
  cluster.set_patience_percent(100);
  EXPECT_THAT(Describe(cluster, Start()), Not(HasSubstr("Patience")));
  cluster.set_patience_percent(150);
  cluster.set_patience_reason("the loop was late");
  EXPECT_THAT(
      Describe(cluster, Start()),
      HasSubstr("Patience:            nodes are given 1.5 times the usual time: the loop was late\n"));
}

// Proves that a cluster's sheet names the failure domains that nobody is judged dead in, and only those.
TEST(Describe, NamesBlindFailureDomains) {
  v1::Cluster cluster;
  EXPECT_THAT(Describe(cluster, Start()), Not(HasSubstr("Blind to")));
  v1::Cluster::BlindDomain& domain = *cluster.add_blind_domains();
  domain.set_domain("zone-a");
  domain.set_reason("2 of 3 nodes are silent");
  *domain.mutable_since() = At(-5'000);
  const std::string text = Describe(cluster, Start());
  EXPECT_THAT(text, HasSubstr("Blind:               no\n"));
  EXPECT_THAT(text, HasSubstr("Blind to:            zone-a, since "));
  EXPECT_THAT(text, HasSubstr(" (5s ago): 2 of 3 nodes are silent\n"));
}

// Proves that a node's sheet tells before it matters whether it would fence itself, and why not.
TEST(Describe, TellsWhetherANodeWouldFenceItself) {
  v1::Node node;
  EXPECT_THAT(Describe(node, {}, Start()), Not(HasSubstr("Self-fencing")));
  node.mutable_self_fencing()->set_detail("it has no watchdog");
  EXPECT_THAT(Describe(node, {}, Start()),
              HasSubstr("Self-fencing:        cannot be relied on: it has no watchdog\n"));
  node.mutable_self_fencing()->set_armed(true);
  node.mutable_self_fencing()->mutable_watchdog_timeout()->set_seconds(30);
  EXPECT_THAT(Describe(node, {}, Start()), HasSubstr("Self-fencing:        armed, watchdog of 30s\n"));
}

// Proves that a decision's sheet lists each action with its precondition and result.
TEST(Describe, DecisionListsEveryAction) {
  v1::Decision decision;
  decision.set_name("decisions/3-7");
  v1::Action& action = *decision.add_actions();
  action.set_number(1);
  action.set_kind(v1::Action::KIND_DELETE_POD);
  action.set_target("namespaces/default/pods/web-a");
  action.set_state(v1::Action::STATE_DONE);
  action.set_precondition("uid 17");
  action.set_result("deleted");
  action.set_attempts(1);
  *action.mutable_release_time() = At(0);
  *action.mutable_finish_time() = At(12);
  EXPECT_THAT(Describe(decision, Start()),
              HasSubstr("Actions:\n"
                        "  NUMBER   ACTION                     STATE   TRIES   TOOK    ONLY IF   RESULT\n"
                        "  1        delete pod default/web-a   Done    1       12 ms   uid 17    deleted\n"));
}

// Proves that a policy's sheet shows its fields as they are written.
TEST(Describe, PolicyShowsItsFields) {
  v1::Policy policy;
  policy.set_name("policies/p");
  policy.mutable_failover()->set_mode(v1::POLICY_MODE_ENFORCE);
  policy.mutable_failover()->mutable_readmit_after()->set_seconds(90);
  const std::string text = Describe(policy, Start());
  EXPECT_THAT(text, HasSubstr("  mode:              enforce\n"));
  EXPECT_THAT(text, HasSubstr("  readmitAfter:      1m30s\n"));
}

// Proves that a policy for the loss of a cluster tells how that is seen, and by how many.
TEST(Describe, SwitchPolicyTellsHowTheClusterIsSeen) {
  v1::Policy policy;
  policy.set_name("policies/web");
  v1::SwitchPolicy& switching = *policy.mutable_switching();
  switching.mutable_traffic()->set_from("east");
  switching.mutable_traffic()->set_mode(v1::SWITCH_MODE_ENFORCE);
  switching.set_on_lost(v1::SwitchPolicy::ON_LOST_ASK);
  EXPECT_THAT(Describe(policy, Start()), Not(HasSubstr("Witnesses")));
  v1::SwitchWatch& watch = *switching.mutable_watch();
  watch.set_life(v1::SwitchWatch::LIFE_CUT_OFF);
  watch.set_reason("w1 of cluster west reaches its API");
  watch.set_witnesses(3);
  watch.set_api_witnesses(2);
  watch.set_decision("decisions/4-17");
  const std::string text = Describe(policy, Start());
  EXPECT_THAT(text, HasSubstr("Kind:                SwitchPolicy\n"));
  EXPECT_THAT(text, HasSubstr("  traffic.from:      east\n"));
  EXPECT_THAT(text, HasSubstr("  onLost:            ask\n"));
  EXPECT_THAT(text, HasSubstr("Cluster is:          alive, and cut off from the coordinator: w1 of cluster "
                              "west reaches its API\n"));
  EXPECT_THAT(text, HasSubstr("Witnesses:           3 of its nodes, 2 of its API\n"));
  EXPECT_THAT(text, HasSubstr("Switch:              4-17\n"));
}

// Proves that a cluster, a pod and a container can be described from nothing.
TEST(Describe, EmptyResourcesAreDescribed) {
  EXPECT_THAT(Describe(v1::Cluster(), Start()), HasSubstr("Blind:               no\n"));
  EXPECT_THAT(Describe(v1::Pod(), Start()), HasSubstr("Containers:          <none>\n"));
  EXPECT_THAT(Describe(v1::Container(), Start()), HasSubstr("CPU:                 <none>\n"));
}

// Proves that a decision on a workload is described by it, and by no verdict on a node.
TEST(Describe, DecisionOnAWorkload) {
  v1::Decision decision;
  decision.set_name("decisions/3-9");
  decision.set_workload("namespaces/shop/deployments/web");
  decision.set_workload_uid("u4");
  const std::string text = Describe(decision, Start());
  EXPECT_THAT(text, HasSubstr("Workload:            namespaces/shop/deployments/web (uid u4)\n"));
  EXPECT_THAT(text, Not(HasSubstr("Verdict")));
  EXPECT_THAT(text, Not(HasSubstr("Node")));
}

}  // namespace
}  // namespace evenkeel::cli
