// The time of answers out of HAProxy's means: right for what was answered since any moment, however slow the
// server was before; rounding does not add up; never less than before.
#include "coordinator/gateway/haproxy_latency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace evenkeel::coordinator::haproxy {
namespace {

// A server as HAProxy 2.6 keeps its time (see the header), in its integers.
class Server {
 public:
  void Answer(uint32_t ms) {
    ++answers_;
    truth_ms_ += ms;
    sum_ = sum_ - (answers_ > kLatencyWindow ? (sum_ + kLatencyWindow - 1) / kLatencyWindow : 0) + ms;
  }
  StatRow Row(const std::string& name = "a") const {
    StatRow row;
    row.section = "web";
    row.server = name;
    row.requests = answers_;
    const uint64_t window = std::clamp<uint64_t>(answers_, 1, kLatencyWindow);
    row.response_ms = (sum_ + window - 1) / window;
    return row;
  }
  uint64_t truth_ms() const { return truth_ms_; }

 private:
  uint64_t answers_ = 0;
  uint64_t sum_ = 0;
  uint64_t truth_ms_ = 0;
};

// Chance that is the same each time.
class Dice {
 public:
  uint32_t Below(uint32_t limit) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<uint32_t>((state_ >> 33) % limit);
  }

 private:
  uint64_t state_ = 7;
};

double Ms(absl::Duration duration) {
  return absl::ToDoubleMilliseconds(duration);
}

AnswerTime Noted(AnswerTimes& times, const std::vector<StatRow>& rows, const std::string& process = "pid 7") {
  return times.Note("green", process, rows).value_or(AnswerTime{});
}

// What the sum has wrong at worst over many readings, in ms and as a share of what it should be. `answer`
// gives the time of the next answer of a reading.
struct Wrong {
  double most_ms = 0;
  double most_within = 0;  // in parts of what the reading itself says
  double share = 0;        // at the end
};
template <typename Next>
Wrong Watch(uint64_t answers_a_reading, const Next& next) {
  Server server;
  AnswerTimes times;
  Noted(times, {server.Row()});
  Wrong wrong;
  absl::Duration last;
  for (int reading = 0; reading < 2000; ++reading) {
    for (uint64_t i = 0; i < answers_a_reading; ++i) server.Answer(next(reading));
    const AnswerTime told = Noted(times, {server.Row()});
    EXPECT_GE(told.total, last) << "it fell at reading " << reading;
    last = told.total;
    const auto truth = static_cast<double>(server.truth_ms());
    const double wrong_ms = std::abs(Ms(told.total) - truth);
    wrong.most_ms = std::max(wrong.most_ms, wrong_ms);
    wrong.most_within = std::max(wrong.most_within, wrong_ms / Ms(told.within));
    wrong.share = wrong_ms / truth;
  }
  return wrong;
}

// 2000 readings of 1 to 400 answers, while what an answer takes changes a hundredfold and back: what rounding
// makes wrong stays what one reading may have wrong, and is never told as time that runs backwards.
TEST(HaproxyLatency, RoundingDoesNotAddUp) {
  for (const uint64_t answers : {1, 2, 3, 7, 20, 50, 100, 200, 400}) {
    SCOPED_TRACE(answers);
    const Wrong wrong = Watch(answers, [](int reading) { return reading / 200 % 2 == 0 ? 7 : 700; });
    EXPECT_LE(wrong.most_ms, 1.5 * kLatencyWindow);
    EXPECT_LE(wrong.most_within, 1.5);
  }
}

// The same where answers of one reading differ a hundredfold: which of them came last matters a little then.
TEST(HaproxyLatency, OrderMattersLittle) {
  for (const uint64_t answers : {1, 20, 100, 400}) {
    SCOPED_TRACE(answers);
    Dice dice;
    const Wrong wrong = Watch(answers, [&dice](int) { return dice.Below(2) == 0 ? 3 : 300; });
    EXPECT_LE(wrong.share, 0.01);
  }
}

// The fault that this is for: a server that was slow and has been mended shows a mean of seconds while it
// gets few requests; what it takes now is seen after few answers.
TEST(HaproxyLatency, ForgetsASlowPast) {
  Server server;
  for (int i = 0; i < 600; ++i) server.Answer(4200);
  AnswerTimes times;
  EXPECT_EQ(Noted(times, {server.Row()}).answers, 0u);
  for (int i = 0; i < 100; ++i) {
    server.Answer(10);
    Noted(times, {server.Row()});
  }
  EXPECT_GT(server.Row().response_ms, 3000u);
  const AnswerTime told = Noted(times, {server.Row()});
  EXPECT_EQ(told.answers, 100u);
  EXPECT_NEAR(Ms(told.total), 1000.0, Ms(told.within));
  EXPECT_EQ(told.within, absl::Milliseconds(512));
}

// As long as the window only fills, the mean is that of all answers.
TEST(HaproxyLatency, KnowsTheFirstAnswers) {
  EXPECT_DOUBLE_EQ(TookMs({}, {.answers = 4, .ms = 25}), 100.0);
  EXPECT_DOUBLE_EQ(TookMs({.answers = 4, .ms = 25}, {.answers = 10, .ms = 40}), 300.0);
  EXPECT_NEAR(TookMs({.answers = 500, .ms = 10}, {.answers = 600, .ms = 10}), 1000.0, 0.001);
  EXPECT_DOUBLE_EQ(TookMs({.answers = 500, .ms = 10}, {.answers = 500, .ms = 90}), 0.0);
}

// A mean that moves before its answer is counted is not lost.
TEST(HaproxyLatency, KeepsWhatIsNotCountedYet) {
  AnswerTimes times;
  StatRow row = Server().Row();
  row.requests = 10;
  row.response_ms = 10;
  Noted(times, {row});
  row.response_ms = 20;
  EXPECT_EQ(Noted(times, {row}).total, absl::ZeroDuration());
  row.requests = 11;
  EXPECT_EQ(Noted(times, {row}).total, absl::Milliseconds(120));
}

// Another process counts from 0, and what it has answered before it was first read is its own; a server that
// joins a backend brings nothing of its past.
TEST(HaproxyLatency, BeginsAnewWithAProcess) {
  AnswerTimes times;
  Server old;
  for (int i = 0; i < 100; ++i) old.Answer(50);
  Noted(times, {old.Row()});
  old.Answer(50);
  EXPECT_EQ(Noted(times, {old.Row()}).total, absl::Milliseconds(50));
  Server joins;
  for (int i = 0; i < 1000; ++i) joins.Answer(900);
  EXPECT_EQ(Noted(times, {old.Row(), joins.Row("b")}).total, absl::Milliseconds(50));
  EXPECT_EQ(Noted(times, {old.Row()}).total, absl::Milliseconds(50));
  Server fresh;
  for (int i = 0; i < 3; ++i) fresh.Answer(20);
  const AnswerTime told = Noted(times, {fresh.Row()}, "pid 8");
  EXPECT_EQ(told.answers, 3u);
  EXPECT_EQ(told.total, absl::Milliseconds(60));
}

// Of TCP nothing is known; the section's own row, which also holds what HAProxy answered itself, is no
// server's.
TEST(HaproxyLatency, SaysNothingWhereNothingIsMeasured) {
  AnswerTimes times;
  StatRow row = Server().Row();
  row.requests.reset();
  EXPECT_EQ(times.Note("green", "pid 7", {row}), std::nullopt);
  EXPECT_EQ(times.Note("green", "pid 7", {Server().Row("BACKEND")}), std::nullopt);
}

}  // namespace
}  // namespace evenkeel::coordinator::haproxy
