// What is remembered for the loss of a cluster comes back from the disk as it was.

#include "coordinator/store/standing_records.h"

#include <gtest/gtest.h>

#include "tests/support/every_field.h"

namespace evenkeel::coordinator {
namespace {

TEST(StandingRecordsTest, EveryFieldOfAPolicyComesBack) {
  for (int round = 0; round < test::EveryField::kRounds; ++round) {
    const auto policy = test::WithEveryField<LostClusterPolicy>(round);
    const auto back = FromRecord(ToRecord(policy));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, policy) << "round " << round;
  }
}

TEST(StandingRecordsTest, EveryChoiceComesBack) {
  LostClusterPolicy policy;
  for (const OnLostCluster choice : {OnLostCluster::kOff, OnLostCluster::kAsk, OnLostCluster::kSwitch}) {
    policy.on_lost = choice;
    EXPECT_EQ(*FromRecord(ToRecord(policy)), policy);
  }
}

TEST(StandingRecordsTest, EveryFieldOfARecordComesBack) {
  const auto record = test::WithEveryField<StandingRecord>();
  ASSERT_EQ(record.needed.size(), 1u);
  EXPECT_EQ(*FromRecord(ToRecord(record)), record);
}

// A newer version's choice is not guessed at.
TEST(StandingRecordsTest, RefusesWhatItDoesNotKnow) {
  storage::v1::SwitchPolicy record = ToRecord(LostClusterPolicy{});
  record.set_on_lost(static_cast<storage::v1::OnLostCluster>(77));
  EXPECT_EQ(FromRecord(record).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace evenkeel::coordinator
