// How long the silence of a node may last by its own rhythm, by table.

#include "coordinator/session/rhythm.h"

#include <gtest/gtest.h>

#include <vector>

namespace evenkeel::coordinator {
namespace {

constexpr absl::Duration kMs = absl::Milliseconds(1);

Rhythm After(const std::vector<int>& gaps_ms, int times) {
  Rhythm rhythm = EvenRhythm(200 * kMs);
  for (int i = 0; i < times; ++i) {
    for (const int gap : gaps_ms) Learn(rhythm, gap * kMs);
  }
  return rhythm;
}

// What some rhythms of beats that are due every 200 ms are worth.
TEST(RhythmTest, UnevenBeatsBuyTime) {
  const struct {
    const char* what;
    std::vector<int> gaps_ms;
    int times;
    int least_ms, most_ms;
  } table[] = {
      {"nothing heard yet", {}, 0, 200, 200},
      {"to the millisecond", {200}, 100, 200, 200},
      {"a quiet network", {195, 205, 200, 198, 202}, 100, 220, 260},
      {"a busy one", {150, 250, 190, 260, 150}, 100, 450, 700},
      {"every second beat lost and sent again", {390, 10}, 100, 1500, 1600},
      {"an agent that beats at half the pace", {400}, 200, 400, 500},
      {"one gap of a second", {1000}, 1, 1500, 1700},
      {"no gap at all", {0}, 100, 0, 900},
  };
  for (const auto& row : table) {
    const absl::Duration silence = UnlikelySilence(After(row.gaps_ms, row.times));
    EXPECT_GE(silence, row.least_ms * kMs) << row.what;
    EXPECT_LE(silence, row.most_ms * kMs) << row.what;
  }
}

// Whatever its size, a single gap buys more than itself for the next time, and half of it is forgotten after
// some 45 beats.
TEST(RhythmTest, LearnsAtOnceAndForgetsSlowly) {
  for (const int gap : {300, 700, 2000, 30000}) {
    Rhythm rhythm = EvenRhythm(200 * kMs);
    Learn(rhythm, gap * kMs);
    const absl::Duration learnt = UnlikelySilence(rhythm);
    EXPECT_GT(learnt, gap * kMs) << gap;
    for (int i = 0; i < 60; ++i) Learn(rhythm, 200 * kMs);
    const absl::Duration later = UnlikelySilence(rhythm);
    EXPECT_LT(later - 200 * kMs, (learnt - 200 * kMs) * 0.6) << gap;
    EXPECT_GT(later - 200 * kMs, (learnt - 200 * kMs) * 0.3) << gap;
  }
}

// Gaps beyond any sense, and such as a clock that goes wrong would make, do no harm.
TEST(RhythmTest, BearsEveryGap) {
  Rhythm rhythm = EvenRhythm(200 * kMs);
  for (int i = 0; i < 1000; ++i) Learn(rhythm, absl::InfiniteDuration());
  EXPECT_LE(UnlikelySilence(rhythm), 8 * kLongestGap);
  for (int i = 0; i < 1000; ++i) Learn(rhythm, -absl::InfiniteDuration());
  EXPECT_GE(UnlikelySilence(rhythm), absl::ZeroDuration());
  EXPECT_LE(UnlikelySilence(rhythm), 8 * kLongestGap);
}

// Classes go from the floor to the ceiling in equal steps, and a bound gets the class that grants it.
TEST(RhythmTest, ClassesGoFromFloorToCeiling) {
  const absl::Duration floor = 600 * kMs;
  const absl::Duration ceiling = 1800 * kMs;
  const struct {
    int bound_ms;
    size_t patience_class;
    int granted_ms;
  } table[] = {{0, 0, 600},   {600, 0, 600},   {601, 1, 750},   {750, 1, 750},
               {751, 2, 900}, {1799, 8, 1800}, {1800, 8, 1800}, {99999, 8, 1800}};
  for (const auto& row : table) {
    const size_t patience_class = ClassOf(row.bound_ms * kMs, floor, ceiling);
    EXPECT_EQ(patience_class, row.patience_class) << row.bound_ms;
    EXPECT_EQ(ClassBound(patience_class, floor, ceiling), row.granted_ms * kMs) << row.bound_ms;
  }
  EXPECT_EQ(ClassBound(ClassOf(absl::Hours(1), floor, floor), floor, floor), floor);
}

}  // namespace
}  // namespace evenkeel::coordinator
