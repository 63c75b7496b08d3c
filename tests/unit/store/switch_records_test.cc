// A switch comes back from the disk as it was: no figure of its ledger, no wish and no reason is lost.

#include "coordinator/store/switch_records.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/every_field.h"

namespace evenkeel::coordinator {
namespace {

// Ports and days are narrower than their stored forms, so the sample must stay within them; it does.
TEST(SwitchRecordsTest, EveryFieldComesBack) {
  for (int round = 0; round < test::EveryField::kRounds; ++round) {
    const auto whole = test::WithEveryField<StoredSwitch>(round);
    const auto back = FromRecord(ToRecord(whole));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, whole) << "round " << round;
  }
}

// One that has just begun comes back so: never moved, never held, never ended.
TEST(SwitchRecordsTest, ANewOneComesBackNew) {
  const auto back = FromRecord(ToRecord(StoredSwitch{}));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, StoredSwitch{});
}

// Each cause of a stop, each phase and each end comes back.
TEST(SwitchRecordsTest, EveryChoiceComesBack) {
  StoredSwitch whole;
  for (int cause = 0; cause <= static_cast<int>(StopCause::kDrain); ++cause) {
    whole.record.stop = SwitchStop{static_cast<StopCause>(cause), "words", absl::UnixEpoch()};
    for (int phase = 0; phase <= static_cast<int>(SwitchPhase::kEnded); ++phase) {
      whole.record.phase = static_cast<SwitchPhase>(phase);
      whole.record.end = static_cast<SwitchEnd>(phase % (static_cast<int>(SwitchEnd::kCancelled) + 1));
      EXPECT_EQ(*FromRecord(ToRecord(whole)), whole);
    }
  }
}

// What this version does not know is not guessed at.
TEST(SwitchRecordsTest, RefusesWhatIsDamaged) {
  storage::v1::SwitchRecord record = ToRecord(StoredSwitch{});
  record.mutable_baseline()->set_bad_permille(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(FromRecord(record).status().code(), absl::StatusCode::kDataLoss);
  record = ToRecord(StoredSwitch{});
  record.set_phase(static_cast<storage::v1::SwitchPhase>(77));
  EXPECT_EQ(FromRecord(record).status().code(), absl::StatusCode::kDataLoss);
  record = ToRecord(StoredSwitch{});
  record.mutable_stop()->set_cause(storage::v1::SWITCH_STOP_CAUSE_UNSPECIFIED);
  EXPECT_EQ(FromRecord(record).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace evenkeel::coordinator
