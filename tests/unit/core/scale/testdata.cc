#include "tests/unit/core/scale/testdata.h"

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kColumns = 7;

PodLoad Marked(char mark) {
  PodLoad pod{.phase = PodPhase::kRunning,
              .ready = true,
              .started = kLook - absl::Hours(1),
              .ready_changed = kLook - absl::Hours(1) + absl::Seconds(5)};
  switch (mark) {
    case '!':
      pod.ready = false;
      pod.started = pod.ready_changed = kLook - absl::Seconds(20);
      break;
    case 'x':
      pod.ready = false;
      pod.ready_changed = pod.started;
      break;
    case 'P':
      pod = PodLoad{.phase = PodPhase::kPending};
      break;
    case 'F':
      pod.phase = PodPhase::kFailed;
      break;
    case 'D':
      pod.deleting = true;
      break;
    default:
      break;
  }
  return pod;
}

PodLoad PodOf(absl::string_view text) {
  const bool marked = !absl::ascii_isdigit(text.front()) && text.front() != '?';
  PodLoad pod = Marked(marked ? text.front() : ' ');
  if (marked) text.remove_prefix(1);
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, '/');
  EXPECT_TRUE(absl::SimpleAtoi(parts.second, &pod.request_millicores)) << text;
  if (parts.first != "?") {
    CpuSample sample{.taken = kLook - absl::Seconds(1), .window = absl::Seconds(15)};
    EXPECT_TRUE(absl::SimpleAtoi(parts.first, &sample.millicores)) << text;
    pod.sample = sample;
  }
  return pod;
}

}  // namespace

std::vector<HpaCase> ReadHpaCases() {
  std::ifstream file(EVENKEEL_SCALE_TESTDATA "/hpa_cases.txt");
  EXPECT_TRUE(file.is_open());
  std::vector<HpaCase> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> columns = absl::StrSplit(line, '|');
    EXPECT_EQ(columns.size(), kColumns) << line;
    if (columns.size() != kColumns) continue;
    for (std::string& column : columns) absl::StripAsciiWhitespace(&column);
    HpaCase row{.name = columns[0]};
    EXPECT_TRUE(absl::SimpleAtoi(columns[1], &row.current)) << line;
    EXPECT_TRUE(absl::SimpleAtoi(columns[2], &row.target_percent)) << line;
    for (absl::string_view pod : absl::StrSplit(columns[3], ' ', absl::SkipEmpty())) {
      // The samples that nobody asks for are those that the scaler's join of pods and samples leaves out.
      if (!absl::StartsWith(pod, "+")) row.pods.push_back(PodOf(pod));
    }
    EXPECT_TRUE(absl::SimpleAtoi(columns[4], &row.hpa)) << line;
    EXPECT_TRUE(absl::SimpleAtoi(columns[5], &row.use_percent)) << line;
    row.ours = row.hpa;
    if (columns[6] != "=") {
      EXPECT_TRUE(absl::SimpleAtoi(columns[6], &row.ours)) << line;
    }
    cases.push_back(std::move(row));
  }
  return cases;
}

}  // namespace evenkeel::coordinator
