// Differences of counters, over reloads of the gateway, and of the last seconds.

#include "coordinator/core/switch/traffic.h"

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

RouteReading Counting(uint64_t blue, uint64_t green, uint64_t green_bad = 0, std::string instance = "pid 7") {
  RouteReading reading = AReading(50);
  reading.backends["east"] = ABackend(50, blue);
  reading.backends["west"] = ABackend(50, green, green_bad);
  reading.instance = std::move(instance);
  return reading;
}

SwitchedRoute Route() {
  return ASwitch().routes.front();
}

// What was counted before a span began is not of the span.
TEST(TrafficTest, CountsFromTheBeginning) {
  RouteCount count = BeginCount(Route(), Counting(1000, 10));
  EXPECT_EQ(count.Total(), BothCounts{});
  NoteCount(count, Route(), Counting(1040, 30, 2));
  EXPECT_EQ(count.Total().blue.requests, 40u);
  EXPECT_EQ(count.Total().green.requests, 20u);
  EXPECT_EQ(count.Total().green.Bad(), 2u);
}

// A reloaded gateway counts from 0; nothing that was known is lost, and nothing is counted twice.
TEST(TrafficTest, GoesOnOverAReload) {
  RouteCount count = BeginCount(Route(), Counting(1000, 10));
  NoteCount(count, Route(), Counting(1040, 30));
  NoteCount(count, Route(), Counting(5, 5, 0, "pid 8"));
  NoteCount(count, Route(), Counting(6, 7, 0, "pid 8"));
  EXPECT_EQ(count.Total().blue.requests, 46u);
  EXPECT_EQ(count.Total().green.requests, 27u);
  // The same where the gateway does not say that it began anew.
  NoteCount(count, Route(), Counting(1, 1, 0, "pid 8"));
  EXPECT_EQ(count.Total().blue.requests, 47u);
}

// What was cut is the adapter's own sum: when it begins anew, the gateway's counters go on.
TEST(TrafficTest, CutsOnOverAnAdaptersEnd) {
  RouteReading reading = Counting(1000, 10);
  RouteCount count = BeginCount(Route(), reading);
  reading = Counting(1040, 30);
  reading.backends["east"].counters->cut = 3;
  NoteCount(count, Route(), reading);
  reading = Counting(1050, 30);
  NoteCount(count, Route(), reading);
  reading.backends["east"].counters->cut = 2;
  NoteCount(count, Route(), reading);
  EXPECT_EQ(count.Total().blue.requests, 50u);
  EXPECT_EQ(count.Total().blue.cut, 5u);
}

// How long answers took is of a span's answers alone, however slow a backend was before it.
TEST(TrafficTest, TimesWhatWasAnsweredSince) {
  RouteReading reading = AReading(50);
  Answer(reading.backends["west"], 500, 0, absl::Seconds(4));
  RouteCount count = BeginCount(Route(), reading);
  EXPECT_EQ(count.Total().green.answer_time.Mean(), std::nullopt);
  Answer(reading.backends["west"], 5, 0, absl::Milliseconds(12));
  NoteCount(count, Route(), reading);
  EXPECT_EQ(count.Total().green.answer_time.Mean(), absl::Milliseconds(12));
  EXPECT_EQ(count.Total().blue.answer_time.Mean(), std::nullopt);
}

// An adapter that remembers the sum itself begins again with 0 when it does: what it told is kept, and the
// gateway's own counters, which go on, are not counted again.
TEST(TrafficTest, TimesOnOverAnAdaptersEnd) {
  RouteReading reading = AReading(50);
  Answer(reading.backends["west"], 1000);
  RouteCount count = BeginCount(Route(), reading);
  Answer(reading.backends["west"], 10, 0, absl::Milliseconds(20));
  NoteCount(count, Route(), reading);
  for (auto& [name, backend] : reading.backends) backend.counters->answer_time = AnswerTime{};
  NoteCount(count, Route(), reading);
  Answer(reading.backends["west"], 30, 0, absl::Milliseconds(40));
  NoteCount(count, Route(), reading);
  EXPECT_EQ(count.Total().green.requests, 40u);
  EXPECT_EQ(count.Total().green.answer_time.answers, 40u);
  EXPECT_EQ(count.Total().green.answer_time.Mean(), absl::Milliseconds(35));
}

// What a gateway may have wrong adds up over routes, and not over spans that follow on one another.
TEST(TrafficTest, AddsUpWhatMayBeWrong) {
  const BothCounts one = {.blue = {.answer_time = {.answers = 10,
                                                   .total = absl::Milliseconds(100),
                                                   .within = absl::Milliseconds(5)}},
                          .green = {}};
  BothCounts routes = one;
  routes += one;
  EXPECT_EQ(routes.blue.answer_time.within, absl::Milliseconds(10));
  BothCounts spans = one;
  spans.Follow(one);
  EXPECT_EQ(spans.blue.answer_time.within, absl::Milliseconds(5));
  EXPECT_EQ(spans.blue.answer_time.total, absl::Milliseconds(200));
}

// What happened in the last seconds is told apart from a long calm before it.
TEST(TrafficTest, SeesTheLastSeconds) {
  RecentTraffic recent;
  BothCounts total;
  for (int second = 0; second < 100; ++second) {
    total.green.requests += 10;
    if (second >= 95) total.green.failed += 5;
    NoteRecent(recent, total, kStart + absl::Seconds(second));
  }
  const BothCounts last = Recent(recent, kStart + absl::Seconds(99));
  EXPECT_EQ(last.green.requests, 100u);
  EXPECT_EQ(last.green.failed, 25u);
  EXPECT_EQ(Recent(recent, kStart + absl::Seconds(200)), BothCounts{});
  // And of the last one alone.
  const BothCounts second = Recent(recent, kStart + absl::Seconds(99), absl::Seconds(1));
  EXPECT_EQ(second.green.requests, 10u);
  EXPECT_EQ(second.green.failed, 5u);
}

// However often it is told, few samples are kept.
TEST(TrafficTest, KeepsFewSamples) {
  RecentTraffic recent;
  BothCounts total;
  for (int i = 0; i < 10'000; ++i) {
    ++total.blue.requests;
    NoteRecent(recent, total, kStart + absl::Milliseconds(10) * i);
  }
  EXPECT_LE(recent.samples.size(), 24u);
  const BothCounts last = Recent(recent, kStart + absl::Milliseconds(99'990));
  EXPECT_NEAR(static_cast<double>(last.blue.requests), 1000.0, 60.0);
}

// A beginning of its own (another span) is no negative traffic.
TEST(TrafficTest, BeginsAnewWhereTotalsGoDown) {
  RecentTraffic recent;
  BothCounts total;
  total.blue.requests = 500;
  NoteRecent(recent, total, kStart);
  NoteRecent(recent, {}, kStart + absl::Seconds(1));
  EXPECT_EQ(Recent(recent, kStart + absl::Seconds(1)), BothCounts{});
}

// Several routes are one side; what one of them does not count is not known of the side.
TEST(TrafficTest, PutsRoutesTogether) {
  SwitchSpec spec = ASwitch();
  spec.routes.push_back(spec.routes.front());
  spec.routes[1].key.route = "api";
  std::map<RouteKey, RouteReading> readings;
  readings[spec.routes[0].key] = Counting(300, 0);
  const std::set<RouteKey> both = {spec.routes[0].key, spec.routes[1].key};
  EXPECT_FALSE(ReadSide(Side::kBlue, spec.routes, readings, both).seen);
  readings[spec.routes[1].key] = Counting(100, 0);
  readings[spec.routes[0].key].backends["east"].in_flight = 4;
  const SideReading blue = ReadSide(Side::kBlue, spec.routes, readings, both);
  EXPECT_TRUE(blue.seen);
  EXPECT_TRUE(blue.counted);
  EXPECT_EQ(blue.servers_up, 6u);
  EXPECT_TRUE(blue.checked);
  EXPECT_EQ(blue.in_flight, 4u);
  EXPECT_TRUE(blue.timed);
  readings[spec.routes[1].key].backends["east"].in_flight.reset();
  EXPECT_FALSE(ReadSide(Side::kBlue, spec.routes, readings, both).in_flight_known);
  // The servers are those that a gateway looks at itself.
  const SideReading half = ReadSide(Side::kBlue, spec.routes, readings, {spec.routes[0].key});
  EXPECT_FALSE(half.checked);
  EXPECT_EQ(half.servers_up, 3u);
}

}  // namespace
}  // namespace evenkeel::coordinator
