// Proves that log lines can be parsed whatever is in their values, and that noisy ones are held back.
#include "common/log/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/log/limiter.h"

namespace evenkeel::log {
namespace {

// Sends the process's log to a string while it lives.
class Captured {
 public:
  Captured(Level level, Format format) {
    Init({.level = level, .format = format, .program = "te%st", .output = &stream_});
  }
  ~Captured() { Init({}); }
  std::string text() const { return stream_.str(); }

 private:
  std::ostringstream stream_;
};

// Every JSON line parses, each kind of value keeps its type, and bad UTF-8 or line feeds do no harm.
TEST(LogTest, JsonLinesSurviveAnyValue) {
  const Captured captured(Level::kInfo, Format::kJson);
  Info("a \"quoted\" message", {{"text", "line\nfeed"},
                                {"bad", std::string("\xff\xfe")},
                                {"count", 3},
                                {"big", std::numeric_limits<std::uint64_t>::max()},
                                {"ratio", 0.5},
                                {"flag", true},
                                {"took", absl::Milliseconds(1500)},
                                {"status", absl::NotFoundError("no such node")}});
  const std::string text = captured.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["program"], "te%st");
  EXPECT_EQ(line["message"], "a \"quoted\" message");
  EXPECT_EQ(line["text"], "line\nfeed");
  EXPECT_EQ(line["bad"], "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(line["count"], 3);
  EXPECT_EQ(line["big"], std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(line["ratio"], 0.5);
  EXPECT_EQ(line["flag"], true);
  EXPECT_EQ(line["took"], "1.5s");
  EXPECT_EQ(line["status"], "NOT_FOUND: no such node");
}

// Text lines quote what would not split back, and a value cannot start a line of its own.
TEST(LogTest, TextLinesQuoteWhatNeedsIt) {
  const Captured captured(Level::kInfo, Format::kText);
  Warn("slow disk", {{"node", "n1"}, {"why", "two words"}, {"forged", "x\n2026 info fine"}, {"empty", ""}});
  EXPECT_NE(captured.text().find(R"(slow disk node=n1 why="two words" forged="x\n2026 info fine" empty="")"),
            std::string::npos)
      << captured.text();
}

// Lines below the level are not written.
TEST(LogTest, LevelHoldsBackLesserLines) {
  const Captured captured(Level::kWarn, Format::kText);
  Info("unseen");
  Error("seen");
  EXPECT_EQ(captured.text().find("unseen"), std::string::npos);
  EXPECT_NE(captured.text().find("seen"), std::string::npos);
  EXPECT_FALSE(Enabled(Level::kInfo));
  EXPECT_FALSE(ParseLevel("loud").ok());
  EXPECT_FALSE(ParseFormat("xml").ok());
}

// One line an interval and key passes; the next one tells how many were held back.
TEST(LimiterTest, AdmitsOneLineAnIntervalAndCountsTheRest) {
  Limiter limiter(absl::Seconds(10));
  const absl::Time start = absl::FromUnixSeconds(1000);
  EXPECT_EQ(limiter.Admit("a", start), 0);
  EXPECT_EQ(limiter.Admit("a", start + absl::Seconds(1)), std::nullopt);
  EXPECT_EQ(limiter.Admit("a", start + absl::Seconds(2)), std::nullopt);
  EXPECT_EQ(limiter.Admit("b", start + absl::Seconds(2)), 0);
  EXPECT_EQ(limiter.Admit("a", start + absl::Seconds(10)), 2);
}

// A flood of different keys shares one allowance once the table is full, and idle keys make room again.
TEST(LimiterTest, ManyKeysShareOneAllowance) {
  Limiter limiter(absl::Seconds(10), /*max_keys=*/2);
  const absl::Time start = absl::FromUnixSeconds(1000);
  EXPECT_EQ(limiter.Admit("a", start), 0);
  EXPECT_EQ(limiter.Admit("b", start), 0);
  EXPECT_EQ(limiter.Admit("c", start), 0);
  EXPECT_EQ(limiter.Admit("d", start), std::nullopt);
  EXPECT_EQ(limiter.Admit("e", start + absl::Seconds(10)), 0);
  EXPECT_EQ(limiter.Admit("f", start + absl::Seconds(10)), 0);
}

}  // namespace
}  // namespace evenkeel::log
