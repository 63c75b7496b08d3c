// What is stored of scaling comes back as it was; and what was stored before there was any is read as ever.

#include "coordinator/store/scale_records.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "coordinator/store/records.h"
#include "tests/unit/store/samples.h"
#include "tests/unit/store/unset_fields.h"

namespace evenkeel::coordinator {
namespace {

// Every field of a scale policy survives, and the policy stays of its kind.
TEST(ScaleRecordsTest, PolicyComesBackWhole) {
  const Policy policy = SampleScalePolicy("web");
  EXPECT_EQ(Unset(ToRecord(policy)),
            std::vector<std::string>({".failover", ".burst", ".switching"}));  // it is of another kind
  const auto back = FromRecord(ToRecord(policy));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, policy);
}

// No window, rate or panic of a scaler is lost on the way to the disk.
TEST(ScaleRecordsTest, ScalerComesBackWhole) {
  const ScalerRecord scaler = SampleScaler("web");
  EXPECT_EQ(Unset(ToRecord(scaler)), std::vector<std::string>());
  const auto back = FromRecord(ToRecord(scaler));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, scaler);
}

// A scaler that has seen nothing yet comes back so: no panic that never was, never scaled in, never written.
TEST(ScaleRecordsTest, NewScalerComesBackNew) {
  EXPECT_EQ(*FromRecord(ToRecord(ScalerRecord{})), ScalerRecord{});
  EXPECT_EQ(*FromRecord(ToRecord(ScalePolicy{})), ScalePolicy{});
  EXPECT_EQ(*FromRecord(ToRecord(ScaleRules{})), ScaleRules{});
}

// Both values of each choice come back, whatever the others are.
TEST(ScaleRecordsTest, EveryChoiceComesBack) {
  for (const SelectPolicy select : {SelectPolicy::kMax, SelectPolicy::kMin, SelectPolicy::kDisabled}) {
    ScaleRules rules = SampleRules();
    rules.behaviour.up.select = select;
    EXPECT_EQ(*FromRecord(ToRecord(rules)), rules);
  }
  ScaleRules rules = SampleRules();
  rules.target.kind = CpuTarget::Kind::kPercentOfRequest;
  rules.demand = DemandRules::kEvenkeel;
  rules.panic.enabled = false;
  EXPECT_EQ(*FromRecord(ToRecord(rules)), rules);
}

// What a coordinator wrote that knew nothing of scaling: decisions are about nodes, policies about failover.
TEST(ScaleRecordsTest, OlderRecordsAreReadAsBefore) {
  storage::v1::Decision decision = ToRecord(SampleDecision({1, 1}));
  decision.clear_workload();
  decision.clear_workload_uid();
  for (storage::v1::Action& action : *decision.mutable_actions()) action.clear_replicas();
  const auto back = FromRecord(decision);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(back->workload.empty());
  EXPECT_EQ(back->workload_uid, "");
  for (const Action& action : back->actions) EXPECT_FALSE(action.replicas);
  EXPECT_EQ(ToRecord(*back).SerializeAsString(), decision.SerializeAsString());

  EXPECT_EQ(FromRecord(ToRecord(SamplePolicy("failover")))->IfScale(), nullptr);
}

// Damage is said, by the field's name, and not guessed at.
TEST(ScaleRecordsTest, DamageIsRefusedByField) {
  const auto refused = [](const storage::v1::ScaleRules& record, const std::string& field) {
    const absl::Status status = FromRecord(record).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << field;
    EXPECT_NE(status.message().find(field), std::string::npos) << status;
  };
  storage::v1::ScaleRules record = ToRecord(SampleRules());
  record.mutable_up()->set_select(static_cast<storage::v1::SelectPolicy>(9));
  refused(record, "ScalingRules.select");
  record = ToRecord(SampleRules());
  record.set_tolerance_down(std::numeric_limits<double>::quiet_NaN());
  refused(record, "ScaleRules.tolerance_down");
  record = ToRecord(SampleRules());
  record.set_tolerance_up(std::numeric_limits<double>::infinity());
  refused(record, "ScaleRules.tolerance_up");
  record = ToRecord(SampleRules());
  record.mutable_schedule(0)->set_weekdays(256);
  refused(record, "ScheduledMinimum.weekdays");

  storage::v1::ScalePolicy policy = ToRecord(SampleScalePolicy("web").scale());
  policy.set_mode(storage::v1::POLICY_MODE_UNSPECIFIED);
  EXPECT_EQ(FromRecord(policy).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace evenkeel::coordinator
