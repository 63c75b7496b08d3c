// Drain-back, make-before-break: when it begins, what it does next, how it is undone; and that at no time
// there are fewer Ready pods than wanted, whatever comes up and whatever dies.

#include "coordinator/core/burst/drain_back.h"

#include <random>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// Twenty pods, sixteen of them on virtual nodes, and room for ten more.
DrainBackSight Calm() {
  return {.wanted = 20, .ready = 20, .on_virtual = 16, .room = 10, .now = kStart};
}

TEST(DrainBackBeginsTest, WithAsManyAsThePolicyTheRoomAndThePodsAllow) {
  EXPECT_EQ(BeginDrainBack({}, Calm()).surge, 4);
  EXPECT_EQ(BeginDrainBack({.surge = 100}, Calm()).surge, 10);
  DrainBackSight few = Calm();
  few.on_virtual = 3;
  EXPECT_EQ(BeginDrainBack({}, few).surge, 3);
}

TEST(DrainBackBeginsTest, NotWhileAnythingSpeaksAgainstIt) {
  const struct {
    const char* why;
    void (*make)(DrainBackSight&);
  } table[] = {
      {"virtual nodes are open still: room is short", [](DrainBackSight& s) { s.valve_open = true; }},
      {"a pod of it finds no room on real nodes", [](DrainBackSight& s) { s.presses = true; }},
      {"there is a panic", [](DrainBackSight& s) { s.panic = true; }},
      {"the load asks for more pods", [](DrainBackSight& s) { s.wants_more = true; }},
      {"pods of a StatefulSet have no substitute: they come again themselves",
       [](DrainBackSight& s) { s.keeps_names = true; }},
      {"19 of its 20 pods are Ready", [](DrainBackSight& s) { s.ready = 19; }},
      {"pods of it are going still", [](DrainBackSight& s) { s.ready = 21; }},
      {"real nodes have no room for a pod of it", [](DrainBackSight& s) { s.room = 0; }},
      {"the next ones come home 2.0 s later",
       [](DrainBackSight& s) { s.not_before = s.now + kDrainBackEvery; }},
      {"", [](DrainBackSight& s) { s.on_virtual = 0; }},
  };
  for (const auto& row : table) {
    DrainBackSight sight = Calm();
    row.make(sight);
    EXPECT_EQ(BeginDrainBack({}, sight).surge, 0) << row.why;
    EXPECT_EQ(BeginDrainBack({}, sight).why_not, row.why);
  }
  EXPECT_EQ(BeginDrainBack({.enabled = false}, Calm()).surge, 0);
}

// Four pods more were asked for.
DrainBackProgress Surged() {
  return {.wanted = 20,
          .surge = 4,
          .ready = 20,
          .ready_on_real = 4,
          .ready_on_real_before = 4,
          .on_virtual = 16,
          .now = kStart,
          .deadline = kStart + absl::Seconds(60)};
}

TEST(DrainBackNextTest, WaitsUntilAllOfTheSurgeIsReady) {
  DrainBackProgress progress = Surged();
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kWait);
  progress.ready = 23;
  progress.ready_on_real = 7;
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kWait);
  EXPECT_EQ(NextOfDrainBack(progress).reason, "3 of 4 pods more are Ready on real nodes");
  progress.ready = 24;
  progress.ready_on_real = 8;
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kRemove);
  EXPECT_EQ(NextOfDrainBack(progress).victims, 4);
}

// When its time is up, those that came up count and the rest is given up.
TEST(DrainBackNextTest, WhatDidNotComeUpInTimeIsUndone) {
  DrainBackProgress progress = Surged();
  progress.now = progress.deadline;
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kUndo);
  progress.ready = 22;
  progress.ready_on_real = 6;
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kRemove);
  EXPECT_EQ(NextOfDrainBack(progress).victims, 2);
}

// More load: the surge is needed for itself, whatever has come up.
TEST(DrainBackNextTest, MoreLoadTakesTheSurge) {
  DrainBackProgress progress = Surged();
  progress.wants_more = true;
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kKeepSurge);
  progress.ready = 24;
  progress.ready_on_real = 8;
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kKeepSurge);
}

// Pods that came up on a virtual node after all are no reason to let others there go; a real node that died
// meanwhile takes its pods off what is spare.
TEST(DrainBackNextTest, OnlyPodsOnRealNodesAreAReasonToLetOthersGo) {
  DrainBackProgress progress = Surged();
  progress.ready = 24;
  progress.on_virtual = 20;
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kWait);
  progress.now = progress.deadline;
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kUndo);

  progress = Surged();
  progress.ready = 22;  // four came up, two died
  progress.ready_on_real = 6;
  progress.now = progress.deadline;
  EXPECT_EQ(NextOfDrainBack(progress).victims, 2);
}

// A scale-in or an operator has emptied the virtual nodes meanwhile: there is nothing to be let go.
TEST(DrainBackNextTest, NothingLeftToBringHomeIsUndoneAtOnce) {
  DrainBackProgress progress = Surged();
  progress.on_virtual = 0;
  EXPECT_EQ(NextOfDrainBack(progress).step, DrainBackStep::kUndo);
  EXPECT_EQ(NextOfDrainBack(progress).reason, "no pod of it is on a virtual node any more");
}

TEST(DrainBackNextTest, ThePauseDoublesWhileItIsUndone) {
  EXPECT_EQ(PauseAfterDrainBack(0), kDrainBackEvery);
  EXPECT_EQ(PauseAfterDrainBack(1), absl::Minutes(1));
  EXPECT_EQ(PauseAfterDrainBack(2), absl::Minutes(2));
  EXPECT_EQ(PauseAfterDrainBack(6), absl::Minutes(30));
  EXPECT_EQ(PauseAfterDrainBack(1000), absl::Minutes(30));
}

// L9 over many random courses: pods come up late or never, on real nodes or not, and die; what is taken away
// by us never leaves fewer Ready than wanted, and every drain-back ends.
TEST(DrainBackNextTest, NeverLeavesFewerReadyThanWanted) {
  std::mt19937 dice(7);
  const auto roll = [&dice](int64_t below) {
    return static_cast<int64_t>(dice() % static_cast<uint64_t>(below));
  };
  for (int course = 0; course < 20'000; ++course) {
    DrainBackProgress progress = Surged();
    progress.wanted = 1 + roll(20);
    progress.on_virtual = 1 + roll(progress.wanted);
    progress.surge = 1 + roll(progress.on_virtual);
    progress.ready = progress.wanted;
    progress.ready_on_real = progress.ready_on_real_before = progress.wanted - progress.on_virtual;
    int64_t to_come = progress.surge;
    bool ended = false;
    for (int second = 0; second <= 61 && !ended; ++second) {
      progress.now = kStart + absl::Seconds(second);
      const DrainBackNext next = NextOfDrainBack(progress);
      if (next.step == DrainBackStep::kRemove) {
        ASSERT_GT(next.victims, 0);
        ASSERT_LE(next.victims, progress.on_virtual);
        ASSERT_GE(progress.ready - next.victims, progress.wanted);
      }
      ended = next.step != DrainBackStep::kWait;
      if (to_come > 0 && roll(10) == 0) {
        --to_come;
        ++progress.ready;
        ++(roll(8) == 0 ? progress.on_virtual : progress.ready_on_real);
      }
      if (progress.ready_on_real > 0 && roll(40) == 0) {
        --progress.ready;
        --progress.ready_on_real;
      }
      if (progress.on_virtual > 0 && roll(60) == 0) {
        --progress.ready;
        --progress.on_virtual;
      }
    }
    ASSERT_TRUE(ended) << course;
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
