// How sure a share of failures is.

#include "coordinator/core/switch/error_rate.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

// Few requests prove little; many prove nearly what they show.
TEST(ErrorRateTest, IsSurerOfMany) {
  EXPECT_EQ(SurelyBadPermille(0, 0), 0);
  EXPECT_EQ(SurelyBadPermille(0, 1000), 0);
  EXPECT_LT(SurelyBadPermille(1, 10), 10);
  EXPECT_GT(SurelyBadPermille(3, 3), 200);
  EXPECT_GT(SurelyBadPermille(500, 1000), 450);
  EXPECT_LT(SurelyBadPermille(500, 1000), 500);
  EXPECT_LT(SurelyBadPermille(10, 1000), BadPermille(10, 1000));
}

// Never above what was seen, and rising with it.
TEST(ErrorRateTest, IsBelowWhatWasSeen) {
  double last = -1;
  for (uint64_t bad = 0; bad <= 50; ++bad) {
    const double surely = SurelyBadPermille(bad, 50);
    EXPECT_LE(surely, BadPermille(bad, 50));
    EXPECT_GE(surely, last);
    last = surely;
  }
}

// A counter that says more failures than requests is taken for "all of them".
TEST(ErrorRateTest, TakesTooManyForAll) {
  EXPECT_EQ(SurelyBadPermille(9, 3), SurelyBadPermille(3, 3));
}

}  // namespace
}  // namespace evenkeel::coordinator
