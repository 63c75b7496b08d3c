// What both cores ask or do is the same thing, whenever the one or the other began with it.

#include <gtest/gtest.h>

#include <compare>
#include <cstdint>

#include "coordinator/replay/what_if.h"

namespace evenkeel::coordinator {
namespace {

struct Try {
  uint64_t thing = 0;
  uint32_t number = 0;
  auto operator<=>(const Try&) const = default;  // NOLINT(modernize-use-nullptr): no null in it
  bool IsBefore(const Try& later) const { return thing == later.thing && number < later.number; }
};

class PairingTest : public ::testing::Test {
 protected:
  static absl::Time At(int second) { return absl::UnixEpoch() + absl::Seconds(second); }
  Pairing<Try> pairing_{absl::Minutes(1), true};
};

// The one that begins later meets a later try of the other: that the first tries were lost is no difference.
TEST_F(PairingTest, TriesBeforeOneThatBothMadeAreNotAlone) {
  pairing_.Recorded("taint", {1, 1}, At(0));
  pairing_.Recorded("taint", {1, 2}, At(5));
  pairing_.Recorded("taint", {1, 3}, At(10));
  pairing_.Recorded("other taint", {2, 1}, At(10));
  EXPECT_EQ(pairing_.LoneRecorded().size(), 4);
  EXPECT_EQ(pairing_.Other("taint", {7, 1}, At(12)), (Try{1, 3}));
  ASSERT_EQ(pairing_.LoneRecorded().size(), 1);
  EXPECT_EQ(pairing_.LoneRecorded()[0].about, "other taint");
  EXPECT_TRUE(pairing_.LoneOther().empty());
}

TEST_F(PairingTest, SoItIsTheOtherWayRound) {
  pairing_.Other("taint", {7, 1}, At(0));
  pairing_.Other("taint", {7, 2}, At(5));
  pairing_.Recorded("taint", {1, 1}, At(6));
  EXPECT_TRUE(pairing_.LoneRecorded().empty());
  EXPECT_TRUE(pairing_.LoneOther().empty());
}

// What only one of them went on with is what differs.
TEST_F(PairingTest, TriesAfterTheLastThatBothMadeAreAlone) {
  pairing_.Recorded("taint", {1, 1}, At(0));
  pairing_.Other("taint", {7, 1}, At(0));
  pairing_.Recorded("taint", {1, 2}, At(5));
  ASSERT_EQ(pairing_.LoneRecorded().size(), 1);
  EXPECT_EQ(pairing_.LoneRecorded()[0].asked, At(5));
}

}  // namespace
}  // namespace evenkeel::coordinator
