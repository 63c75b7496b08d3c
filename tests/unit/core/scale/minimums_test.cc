// Minimums by the clock: which is in force, and when that may change.

#include "coordinator/core/scale/minimums.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

absl::Time Utc(int day, int hour, int minute = 0) {  // of January 2024, whose first day is a Monday
  return absl::FromCivil(absl::CivilMinute(2024, 1, day, hour, minute), absl::UTCTimeZone());
}

constexpr uint8_t kWorkingDays = 0x1f;
constexpr uint8_t kSunday = 0x40;

Minimums OfAShop() {
  return {.replicas = 2,
          .schedule = {{kWorkingDays, absl::Hours(8), absl::Hours(10), 10},
                       {kWorkingDays, absl::Hours(12), absl::Hours(1), 15},
                       {kSunday, absl::Hours(22), absl::Hours(4), 5}}};
}

// The largest that is in force counts; one may go past midnight.
TEST(MinimumsTest, TheLargestInForceCounts) {
  const struct {
    absl::Time now;
    int64_t replicas;
    std::optional<size_t> schedule;
  } table[] = {
      {Utc(1, 7, 59), 2, {}}, {Utc(1, 8), 10, 0},    {Utc(1, 11, 59), 10, 0}, {Utc(1, 12), 15, 1},
      {Utc(1, 13), 10, 0},    {Utc(1, 18), 2, {}},   {Utc(6, 9), 2, {}},      {Utc(7, 21, 59), 2, {}},
      {Utc(7, 22), 5, 2},     {Utc(8, 1, 59), 5, 2}, {Utc(8, 2), 2, {}},      {Utc(2, 1), 2, {}},
  };
  for (const auto& row : table) {
    const MinimumNow minimum = MinimumAt(OfAShop(), row.now);
    EXPECT_EQ(minimum.replicas, row.replicas) << row.now;
    EXPECT_EQ(minimum.schedule, row.schedule) << row.now;
  }
}

// Times of the day are those of the offset.
TEST(MinimumsTest, GoesByTheOffset) {
  Minimums minimums = OfAShop();
  minimums.utc_offset = absl::Hours(2);
  EXPECT_EQ(MinimumAt(minimums, Utc(1, 6)).replicas, 10);
  EXPECT_EQ(MinimumAt(minimums, Utc(1, 16)).replicas, 2);
  EXPECT_EQ(MinimumAt(minimums, Utc(7, 20)).replicas, 5);
  minimums.utc_offset = -absl::Hours(5);
  EXPECT_EQ(MinimumAt(minimums, Utc(8, 3)).replicas, 5);  // still Sunday there
}

// One below the minimum that always counts changes nothing.
TEST(MinimumsTest, NeverLowers) {
  const Minimums minimums{.replicas = 4, .schedule = {{0x7f, absl::ZeroDuration(), absl::Hours(24), 3}}};
  EXPECT_EQ(MinimumAt(minimums, Utc(3, 5)).replicas, 4);
}

// The next change is the next beginning or end, however far.
TEST(MinimumsTest, KnowsTheNextChange) {
  EXPECT_EQ(NextMinimum({.replicas = 2}, Utc(1, 0)), absl::InfiniteFuture());
  const struct {
    absl::Time now;
    absl::Time next;
  } table[] = {{Utc(1, 0), Utc(1, 2)},
               {Utc(1, 8), Utc(1, 12)},
               {Utc(1, 12, 30), Utc(1, 13)},
               {Utc(5, 18), Utc(7, 22)},
               {Utc(7, 22), Utc(8, 2)}};
  for (const auto& row : table) EXPECT_EQ(NextMinimum(OfAShop(), row.now), row.next) << row.now;
}

// Days before 1970 are days, too.
TEST(MinimumsTest, AnyTimeHasAWeekday) {
  const absl::Time monday = absl::FromCivil(absl::CivilHour(1969, 12, 29, 9), absl::UTCTimeZone());
  EXPECT_EQ(MinimumAt(OfAShop(), monday).replicas, 10);
}

}  // namespace
}  // namespace evenkeel::coordinator
