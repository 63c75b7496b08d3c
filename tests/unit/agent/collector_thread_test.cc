#include "agent/collect/collector_thread.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"
#include "common/time/steady_clock.h"

namespace evenkeel::agent {
namespace {

constexpr CollectorThread::Options kQuick = {
    .name = "test", .interval = absl::Milliseconds(1), .deadline = absl::Seconds(60)};

template <typename Condition>
void WaitUntil(Condition condition) {
  while (!condition()) {
    absl::SleepFor(absl::Milliseconds(1));
  }
}

// Rounds follow each other, and their failures are counted and kept.
TEST(CollectorThreadTest, RunsRoundsAndCountsFailures) {
  time::SteadyClock clock;
  std::atomic<int> rounds = 0;
  const CollectorThread thread(
      kQuick, clock, [&] { return ++rounds % 2 == 0 ? absl::OkStatus() : absl::UnavailableError("odd"); });
  WaitUntil([&] { return thread.health().rounds >= 10; });
  EXPECT_GE(thread.health().failures, 5U);
  EXPECT_FALSE(thread.health().stalled);
}

// A round that does not come to its end is seen from outside, and no longer once it does.
TEST(CollectorThreadTest, StalledRoundIsSeen) {
  time::SteadyClock clock;
  absl::Notification go_on;
  CollectorThread::Options options = kQuick;
  options.deadline = absl::Milliseconds(5);
  const CollectorThread thread(options, clock, [&] {
    go_on.WaitForNotification();
    return absl::OkStatus();
  });
  WaitUntil([&] { return thread.health().stalled; });
  EXPECT_EQ(thread.health().rounds, 0U);
  go_on.Notify();
  WaitUntil([&] { return !thread.health().stalled && thread.health().rounds > 0; });
}

// A thread that waits for its next round ends at once.
TEST(CollectorThreadTest, EndsBetweenRounds) {
  time::SteadyClock clock;
  CollectorThread::Options options = kQuick;
  options.interval = absl::Hours(1);
  absl::Notification ran;
  CollectorThread thread(options, clock, [&] {
    ran.Notify();
    return absl::OkStatus();
  });
  ran.WaitForNotification();
}

}  // namespace
}  // namespace evenkeel::agent
