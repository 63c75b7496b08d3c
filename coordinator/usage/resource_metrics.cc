#include "coordinator/usage/resource_metrics.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace evenkeel::coordinator {
namespace {

constexpr absl::string_view kFamily = "container_cpu_usage_seconds_total";
constexpr double kMostSeconds = 9e9;              // of CPU time: far beyond what any machine has used
constexpr int64_t kMostMilliseconds = 1LL << 53;  // far beyond any clock

struct Labels {
  std::string name_space;
  std::string pod;
  std::string container;
};

// Takes the front of `text` up to `end` off it, and the character there too; all of it where there is none.
absl::string_view TakeUpTo(absl::string_view& text, char end) {
  const size_t at = text.find(end);
  const absl::string_view part = text.substr(0, at);
  text.remove_prefix(at == absl::string_view::npos ? text.size() : at + 1);
  return part;
}

absl::string_view TakeWord(absl::string_view& text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  const size_t end = text.find_first_of(" \t");
  const absl::string_view word = text.substr(0, end);
  text.remove_prefix(word.size());
  return word;
}

// A value between quotes, of which the first is taken off already. None: it does not end.
std::optional<std::string> TakeQuoted(absl::string_view& text) {
  std::string value;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      value += text[i] == 'n' ? '\n' : text[i];
    } else {
      value += text[i];
    }
  }
  return std::nullopt;
}

// What stands between the braces, of which the first is taken off already. None: they are not labels.
std::optional<Labels> TakeLabels(absl::string_view& text) {
  Labels labels;
  while (true) {
    text = absl::StripLeadingAsciiWhitespace(text);
    if (text.empty()) return std::nullopt;
    if (absl::ConsumePrefix(&text, "}")) return labels;
    const size_t equals = text.find('=');
    if (equals == absl::string_view::npos) return std::nullopt;
    const absl::string_view name = absl::StripAsciiWhitespace(text.substr(0, equals));
    text = absl::StripLeadingAsciiWhitespace(text.substr(equals + 1));
    if (!absl::ConsumePrefix(&text, "\"")) return std::nullopt;
    std::optional<std::string> value = TakeQuoted(text);
    if (!value) return std::nullopt;
    if (name == "namespace") {
      labels.name_space = *std::move(value);
    } else if (name == "pod") {
      labels.pod = *std::move(value);
    } else if (name == "container") {
      labels.container = *std::move(value);
    }
    text = absl::StripLeadingAsciiWhitespace(text);
    absl::ConsumePrefix(&text, ",");
  }
}

// What follows the labels: a number of seconds and a time. None: one of them is not there, or is no such
// thing.
std::optional<CpuCounter> ReadCounter(absl::string_view text) {
  double seconds = 0;
  int64_t milliseconds = 0;
  if (!absl::SimpleAtod(TakeWord(text), &seconds) || !absl::SimpleAtoi(TakeWord(text), &milliseconds)) {
    return std::nullopt;
  }
  const bool sane = seconds > 0 && seconds <= kMostSeconds && milliseconds > 0 &&
                    milliseconds <= kMostMilliseconds && absl::StripAsciiWhitespace(text).empty();
  const auto used_ns = sane ? static_cast<uint64_t>(seconds * 1e9) : uint64_t{0};
  if (used_ns == 0) return std::nullopt;
  return CpuCounter{.container = {},
                    .used_ns = used_ns,
                    .taken = absl::FromUnixMillis(milliseconds),
                    .grain = absl::Milliseconds(1)};
}

bool IsComment(absl::string_view line) {
  return absl::StartsWith(line, "# HELP ") || absl::StartsWith(line, "# TYPE ");
}

}  // namespace

absl::StatusOr<std::vector<PodCounters>> ParseResourceMetrics(absl::string_view text) {
  std::map<std::pair<std::string, std::string>, PodCounters> pods;
  bool of_the_format = absl::StripAsciiWhitespace(text).empty();  // as one writes that has nothing to tell
  while (!text.empty()) {
    absl::string_view line = absl::StripAsciiWhitespace(TakeUpTo(text, '\n'));
    if (line.empty()) continue;
    of_the_format = of_the_format || IsComment(line);
    if (!absl::ConsumePrefix(&line, kFamily)) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "{")) continue;
    of_the_format = true;
    std::optional<Labels> labels = TakeLabels(line);
    if (!labels || labels->pod.empty()) continue;  // whose it is cannot be told
    if (pods.size() == kMostPulledPods && !pods.contains({labels->name_space, labels->pod})) {
      return absl::ResourceExhaustedError(
          absl::StrCat("/metrics/resource tells of more than ", kMostPulledPods, " pods"));
    }
    PodCounters& pod = pods[{labels->name_space, labels->pod}];
    pod.name_space = labels->name_space;
    pod.name = labels->pod;
    std::optional<CpuCounter> counter = ReadCounter(line);
    if (!counter || labels->container.empty()) {
      pod.whole = false;
      continue;
    }
    counter->container = std::move(labels->container);
    AddCounter(pod, *std::move(counter));
  }
  if (!of_the_format) {
    return absl::InvalidArgumentError("/metrics/resource did not answer in the Prometheus text format");
  }
  std::vector<PodCounters> result;
  result.reserve(pods.size());
  for (auto& [name, pod] : pods) result.push_back(std::move(pod));
  return result;
}

}  // namespace evenkeel::coordinator
