#include "coordinator/store/records.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/store/samples.h"

namespace evenkeel::coordinator {
namespace {

// Names of the fields, at any depth, that `message` leaves at their defaults. A sample that leaves none
// proves something about every field; one that forgets a new field fails here.
void CollectUnset(const google::protobuf::Message& message, const std::string& at,
                  std::vector<std::string>& unset) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    const std::string name = at + "." + field->name();
    if (field->is_repeated() ? reflection->FieldSize(message, field) == 0
                             : !reflection->HasField(message, field)) {
      unset.push_back(name);
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      CollectUnset(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, 0)
                                        : reflection->GetMessage(message, field),
                   name, unset);
    }
  }
}

template <typename Record>
std::vector<std::string> Unset(const Record& record) {
  std::vector<std::string> unset;
  CollectUnset(record, "", unset);
  return unset;
}

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
  EXPECT_EQ(FromRecord(record)->failover.limits, DisruptionLimits());
}

// Every field of a policy survives.
TEST(RecordsTest, PolicyComesBackWhole) {
  const Policy policy = SamplePolicy("failover");
  EXPECT_EQ(Unset(ToRecord(policy)), std::vector<std::string>());
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
  policy.failover.recovery_timeout = absl::InfiniteDuration();
  EXPECT_EQ(*FromRecord(ToRecord(policy)), policy);
}

// Every value of every enum has a stored form of its own.
TEST(RecordsTest, EveryEnumValueComesBack) {
  for (int value = 0; value <= static_cast<int>(Verdict::kDead); ++value) {
    Decision decision;
    decision.verdict = static_cast<Verdict>(value);
    EXPECT_EQ(FromRecord(ToRecord(decision))->verdict, decision.verdict);
  }
  for (int value = 0; value <= static_cast<int>(DecisionKind::kGrayReadmission); ++value) {
    Decision decision;
    decision.kind = static_cast<DecisionKind>(value);
    EXPECT_EQ(FromRecord(ToRecord(decision))->kind, decision.kind);
  }
  for (int value = 0; value <= static_cast<int>(DecisionState::kRefused); ++value) {
    Decision decision;
    decision.state = static_cast<DecisionState>(value);
    EXPECT_EQ(FromRecord(ToRecord(decision))->state, decision.state);
  }
  for (int value = 0; value <= static_cast<int>(ActionKind::kRestartRuntime); ++value) {
    Decision decision;
    decision.actions = {SampleAction(1, static_cast<ActionKind>(value), ActionState::kDone)};
    EXPECT_EQ(FromRecord(ToRecord(decision))->actions, decision.actions);
  }
  for (int value = 0; value <= static_cast<int>(ActionState::kSkipped); ++value) {
    Decision decision;
    decision.actions = {SampleAction(1, ActionKind::kEvictPod, static_cast<ActionState>(value))};
    EXPECT_EQ(FromRecord(ToRecord(decision))->actions, decision.actions);
  }
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
