#include "cli/show/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/cli/test_time.h"

namespace evenkeel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void AddEvidence(v1::Decision& decision, std::int64_t milliseconds, const std::string& source,
                 const std::string& what, v1::Evidence::Direction direction) {
  v1::Evidence& evidence = *decision.add_evidence();
  *evidence.mutable_time() = At(milliseconds);
  evidence.set_source(source);
  evidence.set_observation(what);
  evidence.set_direction(direction);
}

v1::Action& AddAction(v1::Decision& decision, v1::Action::Kind kind, const std::string& target,
                      v1::Action::State state) {
  v1::Action& action = *decision.add_actions();
  action.set_number(static_cast<std::uint32_t>(decision.actions_size()));
  action.set_kind(kind);
  action.set_target(target);
  action.set_state(state);
  return action;
}

void SetTimes(v1::Action& action, std::int64_t release, std::int64_t finish) {
  *action.mutable_release_time() = At(release);
  *action.mutable_finish_time() = At(finish);
  action.set_attempts(1);
}

// A failover as it happens: one witness, two pods of a Deployment, one of a StatefulSet.
v1::Decision Failover() {
  v1::Decision decision;
  decision.set_name("decisions/3-7");
  decision.set_kind(v1::Decision::KIND_FAILOVER);
  decision.set_cluster("local");
  decision.set_node("node-2");
  decision.set_state(v1::Decision::STATE_SUCCEEDED);
  decision.set_summary("node-2 is dead: nobody reaches it and its lease has not been renewed.");
  decision.set_verdict(v1::VERDICT_DEAD);
  AddEvidence(decision, 602, "coordinator", "no beat for 602 ms, 3 are missing",
              v1::Evidence::DIRECTION_AGAINST_LIFE);
  AddEvidence(decision, 905, "node node-1",
              "kubelet port: no answer within 300 ms; agent port: no answer within 300 ms",
              v1::Evidence::DIRECTION_AGAINST_LIFE);
  AddEvidence(decision, 911, "kubernetes", "lease last renewed 4 s before the silence",
              v1::Evidence::DIRECTION_AGAINST_LIFE);
  for (const char* guard : {"mode", "api", "sight", "node-budget", "one-intent"}) {
    v1::GuardAnswer& answer = *decision.add_guards();
    answer.set_guard(guard);
    answer.set_allowed(true);
    answer.set_reason("fine");
  }
  SetTimes(AddAction(decision, v1::Action::KIND_TAINT_NODE, "nodes/node-2", v1::Action::STATE_DONE), 918,
           927);
  SetTimes(AddAction(decision, v1::Action::KIND_DELETE_POD, "namespaces/default/pods/web-a",
                     v1::Action::STATE_DONE),
           928, 940);
  v1::Action& second = AddAction(decision, v1::Action::KIND_DELETE_POD, "namespaces/default/pods/web-b",
                                 v1::Action::STATE_DONE);
  SetTimes(second, 928, 951);
  second.set_attempts(2);
  SetTimes(AddAction(decision, v1::Action::KIND_MARK_POD_UNREADY, "namespaces/default/pods/db-0",
                     v1::Action::STATE_DONE),
           929, 945);
  v1::Alternative& alternative = *decision.add_alternatives();
  alternative.set_description("delete pod default/db-0");
  alternative.set_reason(
      "it belongs to a StatefulSet and must not run twice; it waits until the node is proven off");
  v1::WorkloadRecovery& workload = *decision.add_workloads();
  workload.set_workload("namespaces/default/replicasets/web");
  workload.set_removed(2);
  workload.set_restored(2);
  v1::Timings& timings = *decision.mutable_timings();
  *timings.mutable_last_sign_time() = At(0);
  *timings.mutable_detect_time() = At(602);
  *timings.mutable_judge_time() = At(912);
  *timings.mutable_intend_time() = At(917);
  *timings.mutable_act_time() = At(951);
  *timings.mutable_recover_time() = At(2310);
  *timings.mutable_close_time() = At(2311);
  decision.set_policy("policies/failover-local");
  decision.set_policy_etag("1f");
  decision.set_epoch(3);
  decision.set_outcome("both replacements are Ready elsewhere");
  return decision;
}

// Proves the whole story of a failover, word for word: what an on-call engineer reads at 3 a.m.
TEST(Explain, FailoverReadsAsAStory) {
  EXPECT_EQ(Explain(Failover(), Start() + absl::Minutes(5)),
            R"(Failover of node node-2 in cluster local: succeeded.
node-2 is dead: nobody reaches it and its lease has not been renewed.
both replacements are Ready elsewhere.
Noticed after 602 ms, judged after 912 ms, written down after 917 ms, acted after 951 ms, recovered after 2.31 s.

What happened, from 2026-03-01 03:00:00.000 UTC, the last sign of life, on:
      +0 ms  coordinator  the last sign of life
    +602 ms  coordinator  no beat for 602 ms, 3 are missing  [against life]
    +905 ms  node node-1  kubelet port: no answer within 300 ms; agent port: no answer within 300 ms  [against life]
    +911 ms  kubernetes   lease last renewed 4 s before the silence  [against life]
    +912 ms  verdict      DEAD
    +912 ms  guards       every guard said yes
    +917 ms  intent       the plan was on disk; nothing is done before that
    +918 ms  action       put Evenkeel's taint on node node-2 (9 ms)
    +928 ms  action       deleted pod default/web-a (12 ms)
    +928 ms  action       deleted pod default/web-b (23 ms), at try 2
    +929 ms  action       marked pod default/db-0 not ready (16 ms)
    +2.31 s  kubernetes   all replacements are Ready
    +2.31 s  coordinator  closed

What the guards said:
  yes  mode         fine
  yes  api          fine
  yes  sight        fine
  yes  node-budget  fine
  yes  one-intent   fine

What was left alone, and why:
  delete pod default/db-0: it belongs to a StatefulSet and must not run twice; it waits until the node is proven off

How the workloads fare:
  default/web: 2 pods taken off, 2 Ready again

decisions/3-7, policy failover-local (etag 1f), epoch 3
)");
}

// Proves that a refusal names the guard and tells what would have been done, and claims nothing that was not
// done.
TEST(Explain, RefusalSaysWhatWouldHaveBeenDone) {
  v1::Decision decision = Failover();
  decision.set_state(v1::Decision::STATE_REFUSED);
  decision.mutable_guards(3)->set_allowed(false);
  decision.mutable_guards(3)->set_reason("2 of 1 nodes would be away at once");
  for (v1::Action& action : *decision.mutable_actions()) {
    action.clear_release_time();
    action.clear_finish_time();
    action.set_state(v1::Action::STATE_SKIPPED);
  }
  const std::string story = Explain(decision, Start());
  EXPECT_THAT(story, HasSubstr("REFUSED by a guard, nothing was done.\n"));
  EXPECT_THAT(story, HasSubstr("guards       said no: node-budget: 2 of 1 nodes would be away at once\n"));
  EXPECT_THAT(story, HasSubstr("  NO   node-budget  2 of 1 nodes would be away at once\n"));
  EXPECT_THAT(story, HasSubstr("What would have been done:\n  put Evenkeel's taint on node node-2\n"));
  EXPECT_THAT(story, Not(HasSubstr("deleted pod")));
}

// Proves that an open decision tells for how long, what is under way, what failed, and what it waits for.
TEST(Explain, OpenDecisionSaysWhatItWaitsFor) {
  v1::Decision decision = Failover();
  decision.set_state(v1::Decision::STATE_OPEN);
  decision.clear_outcome();
  decision.mutable_timings()->clear_recover_time();
  decision.mutable_timings()->clear_close_time();
  decision.mutable_actions(1)->set_state(v1::Action::STATE_RELEASED);
  decision.mutable_actions(1)->clear_finish_time();
  decision.mutable_actions(2)->set_state(v1::Action::STATE_FAILED);
  decision.mutable_actions(2)->set_result("403 Forbidden");
  decision.mutable_workloads(0)->set_restored(1);
  decision.mutable_workloads(0)->set_waiting_for("pod web-c: no node has room");
  const std::string story = Explain(decision, Start() + absl::Seconds(3));
  EXPECT_THAT(story, HasSubstr("in cluster local: still open.\n"));
  EXPECT_THAT(story, HasSubstr("Open for 3.00 s now.\n"));
  EXPECT_THAT(story, HasSubstr("set out to delete pod default/web-a, no answer yet\n"));
  EXPECT_THAT(story, HasSubstr("COULD NOT delete pod default/web-b (23 ms), at try 2: 403 Forbidden\n"));
  EXPECT_THAT(
      story,
      HasSubstr("default/web: 2 pods taken off, 1 Ready again; waits for pod web-c: no node has room\n"));
}

// Proves that the care for a sick node reads as a story of its own, each rung in words.
TEST(Explain, CareForASickNodeReadsAsAStory) {
  v1::Decision decision = Failover();
  decision.set_kind(v1::Decision::KIND_GRAY);
  decision.clear_actions();
  SetTimes(AddAction(decision, v1::Action::KIND_TAINT_GRAY_NODE, "nodes/node-2", v1::Action::STATE_DONE), 920,
           930);
  SetTimes(AddAction(decision, v1::Action::KIND_RESTART_RUNTIME, "nodes/node-2", v1::Action::STATE_DONE), 930,
           940);
  AddAction(decision, v1::Action::KIND_RESTART_KUBELET, "nodes/node-2", v1::Action::STATE_SKIPPED);
  const std::string story = Explain(decision, Start());
  EXPECT_THAT(story, HasSubstr("Care for sick node node-2 in cluster local: succeeded.\n"));
  EXPECT_THAT(story, HasSubstr("put Evenkeel's taint for sick nodes on node node-2"));
  EXPECT_THAT(story, HasSubstr("had the container runtime of node node-2 restarted"));
  EXPECT_THAT(story, HasSubstr("have the kubelet of node node-2 restarted"));
  decision.set_kind(v1::Decision::KIND_GRAY_READMISSION);
  EXPECT_THAT(Explain(decision, Start()),
              HasSubstr("Readmission of node node-2 in cluster local, which was sick"));
}

// Proves that hundreds of alike actions are one line, while what failed among them stays visible.
TEST(Explain, AlikeActionsAreToldAsOne) {
  v1::Decision decision = Failover();
  decision.clear_actions();
  for (int i = 0; i < 30; ++i) {
    SetTimes(AddAction(decision, v1::Action::KIND_DELETE_POD, absl::StrCat("namespaces/default/pods/web-", i),
                       v1::Action::STATE_DONE),
             920 + i, 1000 + i);
  }
  v1::Action& failed = AddAction(decision, v1::Action::KIND_DELETE_POD, "namespaces/default/pods/bad",
                                 v1::Action::STATE_FAILED);
  SetTimes(failed, 930, 940);
  const std::string story = Explain(decision, Start());
  EXPECT_THAT(story, HasSubstr("+920 ms  action       deleted 30 pods (pod default/web-0, pod default/web-1, "
                               "pod default/web-2 and 27 more), the last answered after 109 ms\n"));
  EXPECT_THAT(story, HasSubstr("COULD NOT delete pod default/bad"));
  EXPECT_THAT(story, Not(HasSubstr("deleted pod default/web-4")));
}

// Proves that each shape of a route is told, however many there are: a switch under a coordinator that is
// restarted often has many.
TEST(Explain, ShapesOfARouteAreToldOneByOne) {
  v1::Decision decision = Failover();
  decision.clear_actions();
  for (int i = 0; i < 30; ++i) {
    v1::Action& action =
        AddAction(decision, v1::Action::KIND_SHAPE_ROUTE, "gateways/edge/routes/web", v1::Action::STATE_DONE);
    action.set_result(absl::StrCat("green ", i, "%"));
    SetTimes(action, 920 + i, 1000 + i);
  }
  const std::string story = Explain(decision, Start());
  EXPECT_THAT(story, HasSubstr("green 0%"));
  EXPECT_THAT(story, HasSubstr("green 29%"));
}

// Proves that a decision without a last sign of life starts its clock with the first thing that is known, and
// that one of the whole cluster says so.
TEST(Explain, ClockStartsWithTheFirstThingKnown) {
  v1::Decision decision;
  decision.set_name("decisions/3-8");
  decision.set_kind(v1::Decision::KIND_BLIND);
  decision.set_cluster("local");
  decision.set_state(v1::Decision::STATE_OPEN);
  AddEvidence(decision, 40, "coordinator", "3 of 4 nodes are silent", v1::Evidence::DIRECTION_UNSPECIFIED);
  AddEvidence(decision, 240, "coordinator", "4 of 4 nodes are silent", v1::Evidence::DIRECTION_UNSPECIFIED);
  const std::string story = Explain(decision, Start() + absl::Seconds(1));
  EXPECT_THAT(story, HasSubstr("Verdicts were suspended for cluster local: still open.\n"));
  EXPECT_THAT(story, HasSubstr("from 2026-03-01 03:00:00.040 UTC on:\n"));
  EXPECT_THAT(story, HasSubstr("      +0 ms  coordinator  3 of 4 nodes are silent\n"));
  EXPECT_THAT(story, HasSubstr("    +200 ms  coordinator  4 of 4 nodes are silent\n"));
  EXPECT_THAT(story, HasSubstr("decisions/3-8, no policy, epoch 0\n"));
}

// Proves that what agents and servers say cannot forge a line of the story.
TEST(Explain, ObservationsCannotForgeLines) {
  v1::Decision decision = Failover();
  decision.mutable_evidence(1)->set_observation("x\n    +1 ms  verdict  HEALTHY");
  EXPECT_THAT(Explain(decision, Start()), HasSubstr("x?    +1 ms  verdict  HEALTHY"));
}

// Proves that what is only recorded is not told as a deed: no plan, no action, no verdict that was not
// passed.
TEST(Explain, RecordsAreNotToldAsDeeds) {
  v1::Decision decision;
  decision.set_name("decisions/3-9");
  decision.set_kind(v1::Decision::KIND_AGENT_LOST);
  decision.set_cluster("local");
  decision.set_node("node-2");
  decision.set_state(v1::Decision::STATE_SUCCEEDED);
  decision.set_verdict(v1::VERDICT_AGENT_LOST);
  *decision.mutable_timings()->mutable_last_sign_time() = At(0);
  *decision.mutable_timings()->mutable_detect_time() = At(5);
  *decision.mutable_timings()->mutable_judge_time() = At(90);
  *decision.mutable_timings()->mutable_intend_time() = At(90);
  EXPECT_EQ(Explain(decision, Start()),
            R"(The agent of node node-2 in cluster local was not heard: recorded, nothing was done.
Noticed after 5 ms, judged after 90 ms, written down after 90 ms.

What happened, from 2026-03-01 03:00:00.000 UTC, the last sign of life, on:
      +0 ms  coordinator  the last sign of life
      +5 ms  coordinator  noticed the silence
     +90 ms  verdict      AGENT LOST

decisions/3-9, no policy, epoch 0
)");
  decision.set_verdict(v1::VERDICT_UNSPECIFIED);
  EXPECT_THAT(Explain(decision, Start()), Not(HasSubstr("verdict")));
}

// Proves that an empty decision is no reason to stumble.
TEST(Explain, EmptyDecisionIsTold) {
  EXPECT_THAT(Explain(v1::Decision(), Start()), HasSubstr("in an unknown state"));
}

// Proves that a change of replicas is told as a story with its numbers, and one that was refused with its
// guard.
TEST(Explain, ScaleTellsNumbersAndGuards) {
  v1::Decision decision;
  decision.set_name("decisions/3-9");
  decision.set_kind(v1::Decision::KIND_SCALE);
  decision.set_cluster("local");
  decision.set_workload("namespaces/shop/deployments/web");
  decision.set_state(v1::Decision::STATE_SUCCEEDED);
  decision.set_summary("Deployment shop/web from 2 to 6 replicas: CPU at 143 % of the request, target 50 %");
  v1::Action& set = AddAction(decision, v1::Action::KIND_SET_REPLICAS, "namespaces/shop/deployments/web",
                              v1::Action::STATE_DONE);
  set.set_from_replicas(2);
  set.set_to_replicas(6);
  SetTimes(set, 120, 140);
  *decision.mutable_timings()->mutable_detect_time() = At(0);
  *decision.mutable_timings()->mutable_judge_time() = At(100);
  *decision.mutable_timings()->mutable_intend_time() = At(110);
  *decision.mutable_timings()->mutable_act_time() = At(140);
  std::string story = Explain(decision, Start());
  EXPECT_THAT(story, HasSubstr("Change of the replicas of shop/web in cluster local: succeeded.\n"));
  EXPECT_THAT(story, HasSubstr("the newest sample of CPU that counts\n"));
  EXPECT_THAT(story, HasSubstr("set the replicas of shop/web from 2 to 6 (20 ms)"));

  decision.set_state(v1::Decision::STATE_REFUSED);
  decision.mutable_actions(0)->clear_release_time();
  v1::GuardAnswer& guard = *decision.add_guards();
  guard.set_guard("pause");
  guard.set_reason("the cluster is paused");
  story = Explain(decision, Start());
  EXPECT_THAT(story, HasSubstr("REFUSED by a guard, nothing was done"));
  EXPECT_THAT(story, HasSubstr("What would have been done:\n  set the replicas of shop/web from 2 to 6\n"));
}

// Proves that a take-over names the autoscaler that goes.
TEST(Explain, TakeOverNamesTheAutoscaler) {
  v1::Action action;
  action.set_kind(v1::Action::KIND_DELETE_AUTOSCALER);
  action.set_target("namespaces/shop/horizontalpodautoscalers/web");
  EXPECT_EQ(ActionText(action, false), "delete autoscaler shop/web");
  EXPECT_EQ(ActionText(action, true), "deleted autoscaler shop/web");
}

// A switch names its blue cluster, and each route with how it shall be, whatever slashes the route has.
TEST(Explain, SwitchTellsTheShapesOfRoutes) {
  v1::Decision decision;
  decision.set_kind(v1::Decision::KIND_SWITCH);
  decision.set_cluster("east");
  decision.set_state(v1::Decision::STATE_SUCCEEDED);
  EXPECT_THAT(Explain(decision, Start()), HasSubstr("Switch of traffic from cluster east: succeeded.\n"));
  v1::Action action;
  action.set_kind(v1::Action::KIND_SHAPE_ROUTE);
  action.set_target("gateways/edge/routes/shop/web#0");
  action.set_route_shape("east 90%, west 10%");
  EXPECT_EQ(ActionText(action, false), "shape route edge/shop/web#0 as east 90%, west 10%");
  EXPECT_EQ(ActionText(action, true), "shaped route edge/shop/web#0 as east 90%, west 10%");
}

}  // namespace
}  // namespace evenkeel::cli
