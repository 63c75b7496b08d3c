#include "coordinator/serve/convert.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace evenkeel::coordinator {
namespace {

absl::Time At(int64_t milliseconds) {
  return absl::FromUnixMillis(1'700'000'000'000 + milliseconds);
}

Decision Sample() {
  Decision decision;
  decision.id = {.epoch = 7, .number = 12};
  decision.kind = DecisionKind::kFailover;
  decision.cluster = "blue";
  decision.node = "n1";
  decision.node_uid = "u1";
  decision.state = DecisionState::kSucceeded;
  decision.summary = "n1 is dead";
  decision.verdict = Verdict::kDead;
  decision.evidence = {{At(1), "node n2", "cannot reach it", Direction::kAgainstLife}};
  decision.guards = {{"mode", true, "enforce"}};
  decision.alternatives = {{"wait", "nobody reaches it"}};
  Action taint;
  taint.number = 1;
  taint.kind = ActionKind::kTaintNode;
  taint.name = "n1";
  taint.uid = "u1";
  taint.state = ActionState::kDone;
  taint.result = "done";
  taint.release_time = At(20);
  taint.finish_time = At(30);
  taint.attempts = 1;
  Action pod = taint;
  pod.number = 2;
  pod.kind = ActionKind::kDeletePod;
  pod.name_space = "shop";
  pod.name = "web-0";
  pod.uid = "u2";
  decision.actions = {taint, pod};
  decision.timings.last_sign = At(0);
  decision.timings.judged = At(15);
  decision.policy = "web";
  decision.policy_etag = "e";
  decision.workloads = {{"shop", {.kind = "ReplicaSet", .name = "web", .uid = "u3"}, 2, 1, 3, "no room"}};
  decision.outcome = "all replaced";
  return decision;
}

// Every field of a decision reaches its message, under the names and in the units that the API documents.
TEST(Convert, ShowsAWholeDecision) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(ToMessage(Sample()), &json, options).ok());
  EXPECT_EQ(
      json,
      R"({"name":"decisions/7-12","kind":"KIND_FAILOVER","cluster":"blue","node":"n1","node_uid":"u1",)"
      R"("state":"STATE_SUCCEEDED","summary":"n1 is dead","verdict":"VERDICT_DEAD",)"
      R"("evidence":[{"time":"2023-11-14T22:13:20.001Z","source":"node n2","observation":"cannot reach it",)"
      R"("direction":"DIRECTION_AGAINST_LIFE"}],)"
      R"("guards":[{"guard":"mode","allowed":true,"reason":"enforce"}],)"
      R"("alternatives":[{"description":"wait","reason":"nobody reaches it"}],)"
      R"("actions":[{"number":1,"kind":"KIND_TAINT_NODE","target":"nodes/n1","precondition":"uid u1",)"
      R"("state":"STATE_DONE","result":"done","release_time":"2023-11-14T22:13:20.020Z",)"
      R"("finish_time":"2023-11-14T22:13:20.030Z","attempts":1},)"
      R"({"number":2,"kind":"KIND_DELETE_POD","target":"namespaces/shop/pods/web-0","precondition":"uid u2",)"
      R"("state":"STATE_DONE","result":"done","release_time":"2023-11-14T22:13:20.020Z",)"
      R"("finish_time":"2023-11-14T22:13:20.030Z","attempts":1}],)"
      R"("timings":{"last_sign_time":"2023-11-14T22:13:20Z","judge_time":"2023-11-14T22:13:20.015Z"},)"
      R"("epoch":"7","policy":"policies/web","policy_etag":"e",)"
      R"("workloads":[{"workload":"namespaces/shop/replicasets/web","removed":2,"restored":1,"waiting_for":"no room"}],)"
      R"("outcome":"all replaced"})");
}

// A decision on a workload names it and its numbers; an autoscaler is no pod.
TEST(Convert, ShowsADecisionOnAWorkload) {
  Decision decision;
  decision.id = {.epoch = 7, .number = 13};
  decision.kind = DecisionKind::kScale;
  decision.workload = {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"};
  decision.workload_uid = "u4";
  Action set{
      .number = 1,
      .kind = ActionKind::kSetReplicas,
      .name_space = "shop",
      .name = "web",
      .uid = "u4",
      .replicas = ReplicaChange{.group = "apps", .version = "v1", .kind = "Deployment", .from = 0, .to = 6}};
  Action remove{
      .number = 2, .kind = ActionKind::kDeleteAutoscaler, .name_space = "shop", .name = "web", .uid = "u5"};
  decision.actions = {set, remove};
  const v1::Decision message = ToMessage(decision);
  EXPECT_EQ(message.kind(), v1::Decision::KIND_SCALE);
  EXPECT_EQ(message.node(), "");
  EXPECT_EQ(message.workload(), "namespaces/shop/deployments/web");
  EXPECT_EQ(message.workload_uid(), "u4");
  EXPECT_EQ(message.actions(0).kind(), v1::Action::KIND_SET_REPLICAS);
  EXPECT_EQ(message.actions(0).target(), "namespaces/shop/deployments/web");
  EXPECT_TRUE(message.actions(0).has_from_replicas());
  EXPECT_EQ(message.actions(0).from_replicas(), 0);
  EXPECT_EQ(message.actions(0).to_replicas(), 6);
  EXPECT_EQ(message.actions(1).kind(), v1::Action::KIND_DELETE_AUTOSCALER);
  EXPECT_EQ(message.actions(1).target(), "namespaces/shop/horizontalpodautoscalers/web");
  EXPECT_FALSE(message.actions(1).has_to_replicas());
}

// A switch is about its blue cluster; its actions are about routes of gateways, and say how each shall be.
TEST(Convert, ShowsASwitch) {
  Decision decision;
  decision.id = {.epoch = 7, .number = 14};
  decision.kind = DecisionKind::kSwitch;
  decision.cluster = "east";
  RouteWish wish;
  wish.key = {"edge", "shop/web#0"};
  wish.shape.backends = {{"east", {.percent = 90}}, {"west", {.percent = 10}}};
  decision.actions = {{.number = 45,
                       .kind = ActionKind::kShapeRoute,
                       .name_space = wish.key.gateway,
                       .name = wish.key.route,
                       .route = wish}};
  const v1::Decision message = ToMessage(decision);
  EXPECT_EQ(message.kind(), v1::Decision::KIND_SWITCH);
  EXPECT_EQ(message.cluster(), "east");
  EXPECT_EQ(message.actions(0).kind(), v1::Action::KIND_SHAPE_ROUTE);
  EXPECT_EQ(message.actions(0).target(), "gateways/edge/routes/shop/web#0");
  EXPECT_EQ(message.actions(0).route_shape(), "east 90%, west 10%");
}

// Times before 1970 and parts of a microsecond still make well-formed timestamps and durations.
TEST(Convert, CutsTimesToMicroseconds) {
  const auto before = ToMessage(absl::FromUnixNanos(-1'500));
  EXPECT_EQ(before.seconds(), -1);
  EXPECT_EQ(before.nanos(), 999'998'000);
  const auto duration = ToMessage(absl::Nanoseconds(1'000'001'999));
  EXPECT_EQ(duration.seconds(), 1);
  EXPECT_EQ(duration.nanos(), 1'000);
}

// Times without end, or of a damaged record, are the nearest that a message can say.
TEST(Convert, EveryTimeIsOneThatAMessageCanSay) {
  using google::protobuf::util::MessageToJsonString;
  for (const absl::Time time : {absl::InfinitePast(), absl::FromUnixMicros(INT64_MIN),
                                absl::FromUnixMicros(INT64_MAX), absl::InfiniteFuture()}) {
    std::string text;
    EXPECT_TRUE(MessageToJsonString(ToMessage(time), &text).ok()) << time;
  }
  for (const absl::Duration duration : {-absl::InfiniteDuration(), absl::InfiniteDuration()}) {
    std::string text;
    EXPECT_TRUE(MessageToJsonString(ToMessage(duration), &text).ok()) << duration;
  }
}

// Kinds of decisions are read back from the API's numbers, and unknown numbers are known to be so.
TEST(Convert, ReadsKinds) {
  EXPECT_EQ(FromMessage(v1::Decision::KIND_REBALANCE), DecisionKind::kRebalance);
  EXPECT_EQ(FromMessage(v1::Decision::KIND_GRAY), DecisionKind::kGray);
  EXPECT_EQ(FromMessage(v1::Decision::KIND_GRAY_READMISSION), DecisionKind::kGrayReadmission);
  EXPECT_EQ(FromMessage(v1::Decision::KIND_SCALE), DecisionKind::kScale);
  EXPECT_EQ(FromMessage(v1::Decision::KIND_TAKE_OVER), DecisionKind::kTakeOver);
  EXPECT_EQ(FromMessage(v1::Decision::KIND_BURST), DecisionKind::kBurst);
  EXPECT_EQ(FromMessage(v1::Decision::KIND_DRAIN_BACK), DecisionKind::kDrainBack);
  EXPECT_EQ(FromMessage(v1::Decision::KIND_HEADROOM), DecisionKind::kHeadroom);
  EXPECT_EQ(FromMessage(v1::Decision::KIND_SWITCH), DecisionKind::kSwitch);
  EXPECT_EQ(FromMessage(v1::Decision::KIND_UNSPECIFIED), std::nullopt);
  EXPECT_EQ(FromMessage(static_cast<v1::Decision::Kind>(99)), std::nullopt);
}

}  // namespace
}  // namespace evenkeel::coordinator
