// A provider that fails is left alone for longer each time; pods that flap home and back wait for longer.

#include "coordinator/core/burst/back_off.h"

#include "coordinator/core/burst/damping.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr char kCause[] = "shop/web-6 did not come up on virtual node virtual-1 within 60 s";

// 1, 2, 4, 8, 16 and then 30 minutes.
TEST(BackOffTest, DoublesUpToHalfAnHour) {
  ProviderBackOff back_off;
  EXPECT_EQ(PauseOf(back_off), absl::ZeroDuration());
  EXPECT_EQ(BackOffEnds(back_off), absl::InfinitePast());
  absl::Time now = kStart;
  for (const int minutes : {1, 2, 4, 8, 16, 30, 30}) {
    EXPECT_TRUE(NoteProviderFailure(back_off, now, kCause));
    EXPECT_EQ(BackOffEnds(back_off), now + absl::Minutes(minutes));
    now = BackOffEnds(back_off);
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(NoteProviderFailure(back_off, now, kCause));
    now = BackOffEnds(back_off);
  }
  EXPECT_EQ(PauseOf(back_off), kLongestBackOff);
}

// Sixteen pods that fail together are one failure.
TEST(BackOffTest, WhatFailsTogetherCountsOnce) {
  ProviderBackOff back_off;
  EXPECT_TRUE(NoteProviderFailure(back_off, kStart, kCause));
  for (int i = 1; i < 16; ++i) EXPECT_FALSE(NoteProviderFailure(back_off, kStart + absl::Seconds(i), kCause));
  EXPECT_EQ(back_off.failures, 1u);
  EXPECT_EQ(BackOffEnds(back_off), kStart + absl::Minutes(1));
}

// Why it failed is kept, cut where a character ends; what counts for nothing changes nothing of it.
TEST(BackOffTest, TheCauseIsKept) {
  ProviderBackOff back_off;
  std::string cause(299, 'a');
  cause += "\u00e9 and more";
  NoteProviderFailure(back_off, kStart, cause);
  EXPECT_EQ(back_off.cause, std::string(299, 'a'));
  NoteProviderFailure(back_off, kStart + absl::Seconds(1), kCause);
  EXPECT_EQ(back_off.cause, std::string(299, 'a'));
  NoteProviderFailure(back_off, kStart + absl::Minutes(1), kCause);
  EXPECT_EQ(back_off.cause, kCause);
}

// A pod that comes up ends it.
TEST(BackOffTest, ASuccessForgivesAll) {
  ProviderBackOff back_off;
  NoteProviderFailure(back_off, kStart, kCause);
  NoteProviderFailure(back_off, kStart + absl::Minutes(2), kCause);
  NoteProviderSuccess(back_off);
  EXPECT_EQ(back_off, ProviderBackOff{});
}

// A clock that was set back between two runs does not prolong it.
TEST(BackOffTest, IsBoundedAfterAStart) {
  ProviderBackOff back_off;
  NoteProviderFailure(back_off, kStart, kCause);
  BoundBackOff(back_off, kStart - absl::Hours(5));
  EXPECT_EQ(BackOffEnds(back_off), kStart - absl::Hours(5) + absl::Minutes(1));
}

// A burst soon after a drain-back doubles the time for which room must have been there, once; one that comes
// late forgives.
TEST(DampingTest, ABurstSoonAfterADrainBackDoublesTheHold) {
  const DrainBackPolicy policy;
  DrainBackDamping damping;
  EXPECT_EQ(RoomAfter(policy, damping), absl::Seconds(30));
  NoteBurst(damping, kStart);  // nothing came home before
  EXPECT_EQ(damping.relapses, 0u);
  absl::Time now = kStart;
  for (const int seconds : {60, 120, 240}) {
    NoteDrainedBack(damping, now);
    now += absl::Seconds(50);
    NoteBurst(damping, now);
    NoteBurst(damping, now + absl::Seconds(1));  // the same burst goes on
    EXPECT_EQ(RoomAfter(policy, damping), absl::Seconds(seconds));
  }
  NoteDrainedBack(damping, now);
  NoteBurst(damping, now + 2 * kBurstRelapse);
  EXPECT_EQ(damping.relapses, 1u);
  NoteDrainedBack(damping, now);
  NoteBurst(damping, now + 100 * kBurstRelapse);
  EXPECT_EQ(RoomAfter(policy, damping), absl::Seconds(30));
}

// A clock that was set back between two runs: pods came home no later than now, or a burst in an hour would
// be taken for one that follows at once.
TEST(DampingTest, ComesHomeNotInTheFuture) {
  DrainBackDamping damping{.relapses = 1, .drained_back = kStart + absl::Hours(1)};
  BoundDamping(damping, kStart);
  EXPECT_EQ(damping.drained_back, kStart);
  BoundDamping(damping, kStart + absl::Minutes(1));
  EXPECT_EQ(damping.drained_back, kStart);
  damping.drained_back = absl::InfinitePast();
  BoundDamping(damping, kStart);
  EXPECT_EQ(damping.drained_back, absl::InfinitePast());
}

// It never exceeds the policy's longest, nor falls below its shortest.
TEST(DampingTest, TheHoldIsBounded) {
  DrainBackPolicy policy;
  DrainBackDamping damping{.relapses = 16, .drained_back = kStart};
  EXPECT_EQ(RoomAfter(policy, damping), policy.max_room_after);
  policy.room_after = absl::Hours(2);  // more than the longest
  EXPECT_EQ(RoomAfter(policy, damping), absl::Hours(2));
  policy.room_after = absl::ZeroDuration();
  EXPECT_EQ(RoomAfter(policy, damping), absl::ZeroDuration());
}

}  // namespace
}  // namespace evenkeel::coordinator
