#include "agent/core/reconnect.h"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

// The first tries follow within 200 ms each, and no wait is over two seconds however long it goes on.
TEST(ReconnectTest, WaitsAreShortAndBounded) {
  Reconnect reconnect(1);
  EXPECT_EQ(reconnect.Ended(absl::ZeroDuration(), 0.0), absl::Milliseconds(200));
  EXPECT_LE(reconnect.Ended(absl::ZeroDuration(), 0.9), absl::Milliseconds(200));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(reconnect.Ended(absl::ZeroDuration(), 0.0), absl::Seconds(2));
  }
  EXPECT_EQ(reconnect.Ended(absl::ZeroDuration(), 0.0), absl::Seconds(2));
}

// Each failed try goes to the next coordinator, around the list.
TEST(ReconnectTest, TriesCoordinatorsInTurn) {
  Reconnect reconnect(3);
  EXPECT_EQ(reconnect.coordinator(), 0U);
  reconnect.Ended(absl::ZeroDuration(), 0.5);
  EXPECT_EQ(reconnect.coordinator(), 1U);
  reconnect.Ended(absl::Seconds(1), 0.5);
  EXPECT_EQ(reconnect.coordinator(), 2U);
  reconnect.Ended(absl::ZeroDuration(), 0.5);
  EXPECT_EQ(reconnect.coordinator(), 0U);
}

// After a good session the same coordinator is tried first, after a short wait.
TEST(ReconnectTest, AGoodSessionStartsOver) {
  Reconnect reconnect(2);
  for (int i = 0; i < 21; ++i) {
    reconnect.Ended(absl::ZeroDuration(), 0.0);
  }
  EXPECT_EQ(reconnect.coordinator(), 1U);
  EXPECT_EQ(reconnect.Ended(absl::Seconds(10), 0.0), absl::Milliseconds(200));
  EXPECT_EQ(reconnect.coordinator(), 1U);
}

}  // namespace
}  // namespace evenkeel::agent
