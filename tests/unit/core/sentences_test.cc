// The words that decisions are told in.

#include "coordinator/core/sentences.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

// Durations are said as exactly as it matters.
TEST(SentencesTest, Durations) {
  const struct {
    absl::Duration duration;
    const char* text;
  } table[] = {{absl::Seconds(-1), "0 ms"},
               {absl::ZeroDuration(), "0 ms"},
               {absl::Milliseconds(1), "1 ms"},
               {absl::Milliseconds(999), "999 ms"},
               {absl::Milliseconds(1000), "1.0 s"},
               {absl::Milliseconds(1250), "1.2 s"},
               {absl::Milliseconds(9999), "9.9 s"},
               {absl::Seconds(10), "10 s"},
               {absl::Milliseconds(29750), "30 s"},
               {absl::Seconds(119), "119 s"},
               {absl::Seconds(120), "2 min"},
               {absl::Minutes(119), "119 min"},
               {absl::Hours(2), "2 h"},
               {absl::Hours(72), "72 h"}};
  for (const auto& row : table) EXPECT_EQ(Say(row.duration), row.text);
}

// Numbers and lists read as a person would write them.
TEST(SentencesTest, NumbersAndLists) {
  EXPECT_EQ(Count(0, "pod"), "0 pods");
  EXPECT_EQ(Count(1, "pod"), "1 pod");
  EXPECT_EQ(Count(2, "pod"), "2 pods");
  EXPECT_EQ(CountWitnesses(1), "1 witness");
  EXPECT_EQ(CountWitnesses(3), "3 witnesses");
  EXPECT_EQ(Join({}), "");
  EXPECT_EQ(Join({"a"}), "a");
  EXPECT_EQ(Join({"a", "b"}), "a and b");
  EXPECT_EQ(Join({"a", "b", "c"}), "a, b and c");
}

Evidence Seen(int second, const std::string& what) {
  return {absl::FromUnixSeconds(second), "node a", what, Direction::kAgainstLife};
}

// What is seen again and again is kept as it was seen first and last.
TEST(EvidenceTest, RepetitionIsKeptFirstAndLast) {
  std::vector<Evidence> evidence;
  for (int i = 0; i < 10; ++i) AddEvidence(evidence, Seen(i, "nothing"));
  AddEvidence(evidence, Seen(10, "something"));
  AddEvidence(evidence, Seen(11, "nothing"));
  EXPECT_EQ(evidence,
            (std::vector<Evidence>{Seen(0, "nothing"), Seen(10, "something"), Seen(11, "nothing")}));
}

// However long an episode lasts, its evidence is bounded: the first 32 and the latest 32.
TEST(EvidenceTest, IsBounded) {
  std::vector<Evidence> evidence;
  for (int i = 0; i < 1000; ++i) AddEvidence(evidence, Seen(i, std::to_string(i)));
  ASSERT_EQ(evidence.size(), 64u);
  EXPECT_EQ(evidence[31], Seen(31, "31"));
  EXPECT_EQ(evidence[32], Seen(968, "968"));
  EXPECT_EQ(evidence[63], Seen(999, "999"));
}

}  // namespace
}  // namespace evenkeel::coordinator
