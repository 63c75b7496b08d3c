#include "agent/decode/kubelet_metrics.h"

#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "agent/decode/text.h"

namespace evenkeel::agent {
namespace {

constexpr size_t kLargestDocumentBytes = 4 << 20;
constexpr size_t kMostContainers = 8192;

struct Labels {
  std::string pod_namespace;
  std::string pod;
  std::string container;
};

// Takes NAME="VALUE"[,...]} off the front of `text`, which stands behind the '{'. In values \\, \" and \n are
// escapes.
bool TakeLabels(std::string_view& text, Labels& labels) {
  while (!text.empty() && text.front() != '}') {
    const size_t equals = text.find("=\"");
    if (equals == std::string_view::npos) {
      return false;
    }
    const std::string_view name = Trim(text.substr(0, equals));
    text.remove_prefix(equals + 2);
    std::string value;
    bool closed = false;
    while (!text.empty() && !closed) {
      char c = text.front();
      text.remove_prefix(1);
      if (c == '"') {
        closed = true;
        break;
      }
      if (c == '\\' && !text.empty()) {
        c = text.front() == 'n' ? '\n' : text.front();
        text.remove_prefix(1);
      }
      value += c;
    }
    if (!closed) {
      return false;
    }
    if (name == "namespace") {
      labels.pod_namespace = std::move(value);
    } else if (name == "pod") {
      labels.pod = std::move(value);
    } else if (name == "container") {
      labels.container = std::move(value);
    }
    if (!text.empty() && text.front() == ',') {
      text.remove_prefix(1);
    }
  }
  if (text.empty()) {
    return false;
  }
  text.remove_prefix(1);  // '}'
  return true;
}

}  // namespace

std::optional<absl::Time> DecodePlegLastSeen(std::string_view text) {
  constexpr std::string_view kFamily = "kubelet_pleg_last_seen_seconds";
  constexpr double kMostSeconds = 1e11;  // far beyond any clock
  std::string_view line;
  while (TakeLine(text, line)) {
    std::string_view word;
    if (!line.starts_with(kFamily) || !TakeWord(line, word) || word != kFamily || !TakeWord(line, word)) {
      continue;
    }
    const auto seconds = ParseNonNegative(word);
    if (!seconds || *seconds <= 0 || *seconds > kMostSeconds) {
      return std::nullopt;
    }
    return absl::FromUnixSeconds(static_cast<int64_t>(*seconds));
  }
  return std::nullopt;
}

std::string DecodeFailedChecks(std::string_view text) {
  constexpr size_t kMostChecks = 8;
  constexpr size_t kLongestCheck = 64;
  std::string failed;
  size_t count = 0;
  std::string_view line;
  while (count < kMostChecks && TakeLine(text, line)) {
    std::string_view name;
    if (!line.starts_with("[-]")) {
      continue;
    }
    line.remove_prefix(3);
    if (!TakeWord(line, name)) {
      continue;
    }
    failed.append(failed.empty() ? "" : ", ");
    for (const char c : name.substr(0, kLongestCheck)) {
      failed += absl::ascii_isprint(static_cast<unsigned char>(c)) ? c : '?';
    }
    ++count;
  }
  return failed;
}

absl::StatusOr<std::vector<ContainerResourceSample>> DecodeResourceMetrics(std::string_view text) {
  if (text.size() > kLargestDocumentBytes) {
    return absl::ResourceExhaustedError("the kubelet's resource metrics are over 4 MiB");
  }
  std::map<std::tuple<std::string, std::string, std::string>, ContainerResourceSample> samples;
  bool sample_seen = false;
  std::string_view line;
  while (TakeLine(text, line)) {
    line = Trim(line);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const size_t name_end = line.find_first_of("{ \t");
    if (name_end == std::string_view::npos) {
      continue;
    }
    const std::string_view family = line.substr(0, name_end);
    line.remove_prefix(name_end);
    Labels labels;
    if (line.front() == '{') {
      line.remove_prefix(1);
      if (!TakeLabels(line, labels)) {
        continue;
      }
    }
    std::string_view word;
    const auto value = TakeWord(line, word) ? ParseNonNegative(word) : std::nullopt;
    if (!value) {
      continue;
    }
    sample_seen = true;
    const bool cpu = family == "container_cpu_usage_seconds_total";
    if ((!cpu && family != "container_memory_working_set_bytes") || labels.container.empty()) {
      continue;
    }
    auto key = std::make_tuple(labels.pod_namespace, labels.pod, labels.container);
    if (samples.size() == kMostContainers && !samples.contains(key)) {
      return absl::ResourceExhaustedError(
          "the kubelet's resource metrics tell of more than 8,192 containers");
    }
    ContainerResourceSample& sample = samples[std::move(key)];
    sample.pod_namespace = std::move(labels.pod_namespace);
    sample.pod = std::move(labels.pod);
    sample.container = std::move(labels.container);
    if (cpu) {
      sample.cpu_total = absl::Seconds(*value);
      constexpr uint64_t kMostMilliseconds = std::numeric_limits<int64_t>::max() / 2;
      if (const auto stamp = TakeWord(line, word) ? ParseUnsigned(word) : std::nullopt;
          stamp && *stamp <= kMostMilliseconds) {
        sample.cpu_time = absl::FromUnixMillis(static_cast<int64_t>(*stamp));
      }
    } else if (*value < static_cast<double>(std::numeric_limits<int64_t>::max())) {
      sample.working_set_bytes = static_cast<uint64_t>(*value);
    }
  }
  if (!sample_seen) {
    return absl::InvalidArgumentError("the kubelet's resource metrics hold no sample");
  }
  std::vector<ContainerResourceSample> result;
  result.reserve(samples.size());
  for (auto& [key, sample] : samples) {
    result.push_back(std::move(sample));
  }
  return result;
}

}  // namespace evenkeel::agent
