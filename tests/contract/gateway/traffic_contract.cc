// What every gateway that carries requests itself promises of them: real HTTP through the real thing.
#include <gmock/gmock.h>

#include <future>
#include <optional>
#include <string>

#include "tests/contract/gateway/fixture.h"
#include "tests/support/gateway/traffic.h"

namespace evenkeel::testing {
namespace {

class GatewayTraffic : public GatewayContract {
 protected:
  void SetUp() override {
    GatewayContract::SetUp();
    ASSERT_TRUE(subject_->port());
  }

  static void ExpectNothingLost(Traffic& traffic) {
    for (const auto& [kind, counts] : traffic.counts()) {
      EXPECT_GT(counts.requests, 0u) << kind;
      EXPECT_EQ(counts.failed, 0u) << kind << " of " << counts.requests << ": "
                                   << ::testing::PrintToString(traffic.failures());
    }
  }

  // Reads until blue has `count` requests in flight.
  RouteReading AwaitInFlight(uint64_t count) {
    RouteReading reading = Read();
    while (reading.backends["blue"].in_flight != count) {
      EXPECT_TRUE(call().Pause(absl::Milliseconds(10)));
      reading = Read();
    }
    return reading;
  }
};

// No request of any kind is lost while the shares move there and back, and they move at once: when a step is
// answered, the next request already goes by it.
TEST_F(GatewayTraffic, NothingIsLostThereAndBack) {
  Traffic traffic(*subject_->port());
  uint64_t version = 0;
  for (int round = 0; round < 2; ++round) {
    for (const uint32_t green : {1, 10, 50, 100, 50, 10, 0}) {
      ASSERT_EQ(Do(Wish(Shape(green), 1, ++version)).outcome, ActionOutcome::kDone);
      if (green == 0 || green == 100) {
        for (int i = 0; i < 20; ++i) {
          EXPECT_EQ(Fetch(*subject_->port(), "/"), green == 0 ? "blue" : "green");
        }
      }
      traffic.Await(3);
    }
  }
  traffic.Stop();
  ExpectNothingLost(traffic);
  EXPECT_GT(traffic.answered_by()["blue"], 0u);
  EXPECT_GT(traffic.answered_by()["green"], 0u);
}

// The canary's requests go to its backend and no others do.
TEST_F(GatewayTraffic, CanaryGoesWhereItIsSent) {
  if (!abilities().canary) GTEST_SKIP() << "this kind has no canary rule";
  RouteWish wish = Wish(Shape(0), 1, 1);
  wish.shape.canary = {"x-evenkeel-canary", "green-first", "green"};
  ASSERT_EQ(Do(wish).outcome, ActionOutcome::kDone);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Fetch(*subject_->port(), "/", "green-first"), "green");
    EXPECT_EQ(Fetch(*subject_->port(), "/", "other"), "blue");
    EXPECT_EQ(Fetch(*subject_->port(), "/", "0"), "blue");
    EXPECT_EQ(Fetch(*subject_->port(), "/"), "blue");
  }
}

// The drain is proven by the gateway's own count: a request in flight is counted until it is answered, a
// backend is not closed before, and the request is answered whole.
TEST_F(GatewayTraffic, DrainIsProven) {
  auto held = std::async(std::launch::async, [&] { return Fetch(*subject_->port(), "/held"); });
  while (subject_->held("blue") == 0) ASSERT_TRUE(call().Pause(absl::Milliseconds(5)));
  AwaitInFlight(1);
  EXPECT_EQ(Do(Wish(Shape(100, BackendMode::kDraining), 1, 1)).outcome, ActionOutcome::kDone);
  EXPECT_EQ(AwaitInFlight(1).backends["blue"].percent, 0u);

  const ShapeAnswer blocked = Do(Wish(Shape(100, BackendMode::kClosed), 1, 2));
  EXPECT_EQ(blocked.outcome, ActionOutcome::kBlocked);
  EXPECT_THAT(blocked.detail, ::testing::HasSubstr("1 requests in flight"));

  subject_->Release("blue");
  EXPECT_EQ(held.get(), "blue");
  AwaitInFlight(0);
  EXPECT_EQ(Do(Wish(Shape(100, BackendMode::kClosed), 1, 2)).outcome, ActionOutcome::kDone);
}

// What an operator orders to be cut is cut and counted, and only then.
TEST_F(GatewayTraffic, CutIsCounted) {
  auto held = std::async(std::launch::async, [&] { return Fetch(*subject_->port(), "/held"); });
  while (subject_->held("blue") == 0) ASSERT_TRUE(call().Pause(absl::Milliseconds(5)));
  AwaitInFlight(1);
  EXPECT_EQ(Do(Wish(Shape(100, BackendMode::kDraining), 1, 1)).outcome, ActionOutcome::kDone);
  RouteWish cut = Wish(Shape(100, BackendMode::kClosed), 1, 2);
  cut.may_cut = 1;
  EXPECT_EQ(Do(cut).outcome, ActionOutcome::kDone);
  EXPECT_EQ(held.get(), std::nullopt);
  EXPECT_EQ(Read().backends["blue"].counters->cut, 1u);
  subject_->Release("blue");
}

// Errors of a side are counted as that side's, and as errors.
TEST_F(GatewayTraffic, CountsErrors) {
  const RouteReading before = Read();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Fetch(*subject_->port(), "/broken"), std::nullopt);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Fetch(*subject_->port(), "/"), "blue");
  const auto& blue_before = *before.backends.at("blue").counters;
  RouteReading after = Read();
  // A gateway counts a request when it is done with it, which is after the client is.
  while (after.backends.at("blue").counters->requests < blue_before.requests + 8) {
    ASSERT_TRUE(call().Pause(absl::Milliseconds(5)));
    after = Read();
  }
  const auto& blue_after = *after.backends.at("blue").counters;
  EXPECT_EQ(blue_after.requests - blue_before.requests, 8u);
  EXPECT_EQ(blue_after.server_errors - blue_before.server_errors, 5u);
  EXPECT_EQ(blue_after.failed, blue_before.failed);
  EXPECT_EQ(after.backends.at("green").counters->requests, before.backends.at("green").counters->requests);
}

// A reload is seen as another instance; under load it loses nothing. Where the shape survives, it is there
// with its mark; where it does not, that is seen, and the same wish makes it so again.
TEST_F(GatewayTraffic, ReloadIsSurvived) {
  Traffic traffic(*subject_->port());
  const RouteWish wish = Wish(Shape(100), 1, 1);
  ASSERT_EQ(Do(wish).outcome, ActionOutcome::kDone);
  traffic.Await(2);
  const RouteReading before = Read();
  if (!subject_->Reload()) GTEST_SKIP() << "this kind has no process to reload";
  const RouteReading after = Read();
  EXPECT_NE(after.instance, before.instance);
  if (abilities().survives_reload) {
    EXPECT_EQ(coordinator::ShapeOf(after), wish.shape);
    EXPECT_EQ(after.mark, MarkOf(wish));
  } else {
    EXPECT_EQ(coordinator::ShapeOf(after), Shape(0));
    EXPECT_EQ(after.mark, std::nullopt);
    EXPECT_EQ(Do(wish).outcome, ActionOutcome::kDone);
    // An earlier word of the same coordinator is still refused, though the gateway has forgotten.
    EXPECT_EQ(Do(Wish(Shape(0), 0, 9)).outcome, ActionOutcome::kNotMine);
  }
  traffic.Await(2);
  traffic.Stop();
  ExpectNothingLost(traffic);
}

// What a process that a reload has replaced still has in flight counts on: closing waits for it, too.
TEST_F(GatewayTraffic, OldProcessCounts) {
  auto held = std::async(std::launch::async, [&] { return Fetch(*subject_->port(), "/held"); });
  while (subject_->held("blue") == 0) ASSERT_TRUE(call().Pause(absl::Milliseconds(5)));
  ASSERT_EQ(Do(Wish(Shape(100, BackendMode::kDraining), 1, 1)).outcome, ActionOutcome::kDone);
  if (!subject_->Reload()) {
    subject_->Release("blue");
    GTEST_SKIP() << "this kind has no process to reload";
  }
  // It is counted, or it is said that it cannot be seen; never 0.
  EXPECT_NE(Read().backends["blue"].in_flight, std::optional<uint64_t>(0));
  EXPECT_EQ(Do(Wish(Shape(100, BackendMode::kClosed), 1, 2)).outcome, ActionOutcome::kBlocked);
  subject_->Release("blue");
  EXPECT_EQ(held.get(), "blue");
  AwaitInFlight(0);
  EXPECT_EQ(Do(Wish(Shape(100, BackendMode::kClosed), 1, 3)).outcome, ActionOutcome::kDone);
}

}  // namespace
}  // namespace evenkeel::testing
