// Freezes: when traffic may not be moved forward, and until when.

#include "coordinator/core/switch/freeze.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

absl::Time Utc(int day, int hour, int minute = 0) {  // of January 2024, whose first day is a Monday
  return absl::FromCivil(absl::CivilMinute(2024, 1, day, hour, minute), absl::UTCTimeZone());
}

constexpr uint8_t kFriday = 0x10;
constexpr uint8_t kSaturday = 0x20;

FreezeWindow Weekly(uint8_t weekdays, absl::Duration begin, absl::Duration length) {
  FreezeWindow window;
  window.name = "weekend";
  window.weekdays = weekdays;
  window.begin = begin;
  window.length = length;
  return window;
}

FreezeWindow Once(absl::Time from, absl::Time until) {
  FreezeWindow window;
  window.name = "fair";
  window.from = from;
  window.until = until;
  return window;
}

// A weekly window may go over several midnights; its end is no part of it.
TEST(FreezeTest, FollowsTheWeek) {
  const std::vector<FreezeWindow> windows = {Weekly(kFriday, absl::Hours(16), absl::Hours(62))};
  EXPECT_FALSE(FreezeAt(windows, Utc(5, 15, 59)));
  ASSERT_TRUE(FreezeAt(windows, Utc(5, 16)));
  EXPECT_EQ(FreezeAt(windows, Utc(5, 16))->until, Utc(8, 6));
  EXPECT_TRUE(FreezeAt(windows, Utc(8, 5, 59)));
  EXPECT_FALSE(FreezeAt(windows, Utc(8, 6)));
}

// Times of the day are those of the window's offset.
TEST(FreezeTest, GoesByTheOffset) {
  FreezeWindow window = Weekly(kFriday, absl::Hours(0), absl::Hours(1));
  window.utc_offset = absl::Hours(2);
  EXPECT_TRUE(FreezeAt({window}, Utc(4, 22)));
  EXPECT_FALSE(FreezeAt({window}, Utc(5, 0)));
}

// One that is not weekly holds once.
TEST(FreezeTest, HoldsOnce) {
  const std::vector<FreezeWindow> windows = {Once(Utc(24, 0), Utc(26, 0))};
  EXPECT_FALSE(FreezeAt(windows, Utc(23, 23)));
  EXPECT_EQ(FreezeAt(windows, Utc(25, 0)), (Freeze{"fair", Utc(26, 0)}));
  EXPECT_FALSE(FreezeAt(windows, Utc(26, 0)));
}

// Windows that touch count as one: nobody is told of an end that is none.
TEST(FreezeTest, JoinsWhatTouches) {
  const std::vector<FreezeWindow> windows = {Weekly(kFriday, absl::Hours(16), absl::Hours(8)),
                                             Weekly(kSaturday, absl::Hours(0), absl::Hours(24)),
                                             Once(Utc(6, 12), Utc(7, 3))};
  EXPECT_EQ(FreezeAt(windows, Utc(5, 17))->until, Utc(7, 3));
}

// A freeze of every day of the week has no end, and is not followed for ever.
TEST(FreezeTest, EndsWhereEveryDayIsFrozen) {
  EXPECT_TRUE(FreezeAt({Weekly(0x7f, absl::ZeroDuration(), absl::Hours(24))}, Utc(3, 3)));
}

// None: traffic may always be moved.
TEST(FreezeTest, NoneIsNone) {
  EXPECT_FALSE(FreezeAt({}, Utc(1, 0)));
}

}  // namespace
}  // namespace evenkeel::coordinator
