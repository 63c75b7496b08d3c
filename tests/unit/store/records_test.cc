#include "coordinator/store/records.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/every_value.h"
#include "tests/unit/store/samples.h"
#include "tests/unit/store/unset_fields.h"

namespace evenkeel::coordinator {
namespace {

// Every field of a decision survives the way to the disk and back.
TEST(RecordsTest, DecisionComesBackWhole) {
  const Decision decision = SampleDecision({5, 12}, DecisionState::kSucceeded);
  EXPECT_EQ(Unset(ToRecord(decision)), std::vector<std::string>());
  const auto back = FromRecord(ToRecord(decision));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, decision);
}

// Every field of what is remembered of a node survives.
TEST(RecordsTest, NodeComesBackWhole) {
  const NodeRecord node = SampleNode("node-7");
  EXPECT_EQ(Unset(ToRecord(node)), std::vector<std::string>());
  const auto back = FromRecord(ToRecord(node));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, node);
}

// Every field of what is remembered of a cluster, and of a maintenance window, survives.
TEST(RecordsTest, ClusterAndMaintenanceComeBackWhole) {
  const ClusterRecord cluster = SampleCluster("east");
  EXPECT_EQ(Unset(ToRecord(cluster)), std::vector<std::string>());
  const auto back = FromRecord(ToRecord(cluster));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, cluster);

  const Maintenance maintenance = SampleMaintenance("node-7");
  EXPECT_EQ(Unset(ToRecord(maintenance)), std::vector<std::string>());
  EXPECT_EQ(*FromRecord(ToRecord(maintenance)), maintenance);
}

// A cluster in which nothing has happened, and a pause without an end, stay that.
TEST(RecordsTest, QuietClusterComesBackQuiet) {
  ClusterRecord cluster{.cluster = "east"};
  EXPECT_EQ(*FromRecord(ToRecord(cluster)), cluster);
  cluster.pause = Pause{.cluster = "east", .start = SampleTime(1)};
  EXPECT_EQ(FromRecord(ToRecord(cluster))->pause->end, absl::InfiniteFuture());
}

// A policy that was stored before there were limits has the defaults.
TEST(RecordsTest, PolicyWithoutLimitsHasTheDefaults) {
  storage::v1::Policy record = ToRecord(SamplePolicy("failover"));
  record.mutable_failover()->clear_limits();
  EXPECT_EQ(FromRecord(record)->failover().limits, DisruptionLimits());
}

// Every field of a policy survives.
TEST(RecordsTest, PolicyComesBackWhole) {
  const Policy policy = SamplePolicy("failover");
  EXPECT_EQ(Unset(ToRecord(policy)),
            std::vector<std::string>({".scale", ".burst", ".switching"}));  // it is of another kind
  const auto back = FromRecord(ToRecord(policy));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, policy);
}

// What is not set stays not set, and is not taken for zero: optional times, durations and references.
TEST(RecordsTest, AbsentStaysAbsent) {
  EXPECT_EQ(*FromRecord(ToRecord(Decision{})), Decision{});
  EXPECT_EQ(*FromRecord(ToRecord(NodeRecord{})), NodeRecord{});
  EXPECT_EQ(*FromRecord(ToRecord(Policy{})), Policy{});
  Decision at_epoch;
  at_epoch.timings.closed = absl::UnixEpoch();
  EXPECT_EQ(*FromRecord(ToRecord(at_epoch)), at_epoch);
}

// Infinite times and durations stay infinite.
TEST(RecordsTest, InfiniteStaysInfinite) {
  Decision decision;
  decision.timings.last_sign = absl::InfinitePast();
  decision.timings.judged = absl::InfiniteFuture();
  EXPECT_EQ(*FromRecord(ToRecord(decision)), decision);
  Policy policy;
  policy.failover().recovery_timeout = absl::InfiniteDuration();
  EXPECT_EQ(*FromRecord(ToRecord(policy)), policy);
}

template <typename Record>
void ComesBack(const Record& record) {
  const auto back = FromRecord(record);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ToRecord(*back).SerializeAsString(), record.SerializeAsString()) << record.ShortDebugString();
}

// Calls `put` with a whole decision and each value of the enum, and looks whether that has a stored form of
// its own. Where it has none, storing it ends the process.
template <typename Core>
void EveryValueComesBack(const auto& put) {
  test::ForEachValue<Core>([&](Core value) {
    Decision decision = SampleDecision({1, 1});
    put(decision, value);
    const auto back = FromRecord(ToRecord(decision));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, decision) << "value " << static_cast<int>(value);
  });
}

template <typename Stored>
void EveryStoredValueComesBack(const auto& put) {
  test::ForEachStoredValue<Stored>([&](Stored value) {
    storage::v1::Decision record = ToRecord(SampleDecision({1, 1}));
    put(record, value);
    ComesBack(record);
  });
}

TEST(RecordsTest, EveryValueOfTheCoresEnumsComesBack) {
  EveryValueComesBack<Verdict>([](Decision& in, Verdict value) { in.verdict = value; });
  EveryValueComesBack<Confidence>([](Decision& in, Confidence value) { in.confidence = value; });
  EveryValueComesBack<DecisionKind>([](Decision& in, DecisionKind value) { in.kind = value; });
  EveryValueComesBack<DecisionState>([](Decision& in, DecisionState value) { in.state = value; });
  EveryValueComesBack<Direction>([](Decision& in, Direction value) { in.evidence.at(0).direction = value; });
  EveryValueComesBack<ActionKind>([](Decision& in, ActionKind value) { in.actions.at(0).kind = value; });
  EveryValueComesBack<ActionState>([](Decision& in, ActionState value) { in.actions.at(0).state = value; });
  test::ForEachValue<FenceMethod>([](FenceMethod value) {
    NodeRecord node = SampleNode("node-7");
    node.fencing.proof->method = value;
    EXPECT_EQ(*FromRecord(ToRecord(node)), node);
  });
  test::ForEachValue<PolicyMode>([](PolicyMode value) {
    Policy policy = SamplePolicy("failover");
    policy.failover().mode = value;
    EXPECT_EQ(*FromRecord(ToRecord(policy)), policy);
  });
}

// Also values that nothing in the core comes to any more.
TEST(RecordsTest, EveryStoredValueComesBack) {
  EveryStoredValueComesBack<storage::v1::Verdict>([](auto& in, auto value) { in.set_verdict(value); });
  EveryStoredValueComesBack<storage::v1::Confidence>([](auto& in, auto value) { in.set_confidence(value); });
  EveryStoredValueComesBack<storage::v1::DecisionKind>([](auto& in, auto value) { in.set_kind(value); });
  EveryStoredValueComesBack<storage::v1::DecisionState>([](auto& in, auto value) { in.set_state(value); });
  EveryStoredValueComesBack<storage::v1::Direction>(
      [](auto& in, auto value) { in.mutable_evidence(0)->set_direction(value); });
  EveryStoredValueComesBack<storage::v1::ActionKind>(
      [](auto& in, auto value) { in.mutable_actions(0)->set_kind(value); });
  EveryStoredValueComesBack<storage::v1::ActionState>(
      [](auto& in, auto value) { in.mutable_actions(0)->set_state(value); });
  test::ForEachStoredValue<storage::v1::FenceMethod>([](storage::v1::FenceMethod value) {
    storage::v1::Node record = ToRecord(SampleNode("node-7"));
    record.mutable_fencing()->mutable_proof()->set_method(value);
    ComesBack(record);
  });
  test::ForEachStoredValue<storage::v1::PolicyMode>([](storage::v1::PolicyMode value) {
    storage::v1::Policy record = ToRecord(SamplePolicy("failover"));
    record.mutable_failover()->set_mode(value);
    ComesBack(record);
  });
}

// A record of a newer version, with an enum value that is unknown here, is refused by the field's name and
// not guessed at.
TEST(RecordsTest, UnknownEnumValueIsRefused) {
  storage::v1::Decision record = ToRecord(SampleDecision({1, 1}));
  record.set_state(static_cast<storage::v1::DecisionState>(99));
  const auto back = FromRecord(record);
  EXPECT_EQ(back.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(back.status().message().find("Decision.state"), std::string::npos) << back.status();
}

}  // namespace
}  // namespace evenkeel::coordinator
