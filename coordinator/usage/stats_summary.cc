#include "coordinator/usage/stats_summary.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace evenkeel::coordinator {
namespace {

using Json = nlohmann::json;

const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string Text(const Json& object, const char* key) {
  const Json* const value = Find(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

// A count above 0; none: it is none that can be read. Some write whole numbers as 1.5e+09.
std::optional<uint64_t> Count(const Json* value) {
  constexpr double kMost = 9e18;  // far beyond what any machine has used
  if (value == nullptr || !value->is_number()) return std::nullopt;
  if (value->is_number_unsigned()) {
    const auto count = value->get<uint64_t>();
    return count > 0 && count <= static_cast<uint64_t>(kMost) ? std::optional(count) : std::nullopt;
  }
  const auto real = value->get<double>();
  return real >= 1 && real <= kMost ? std::optional(static_cast<uint64_t>(real)) : std::nullopt;
}

std::optional<absl::Time> TimeAt(const std::string& text) {
  absl::Time time;
  std::string error;
  if (text.size() > 64 || !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return std::nullopt;
  if (time <= absl::UnixEpoch() || time == absl::InfiniteFuture()) return std::nullopt;
  return time;
}

std::optional<CpuCounter> CounterOf(const Json& container) {
  const Json* const cpu = Find(container, "cpu");
  if (cpu == nullptr) return std::nullopt;
  const std::string taken_text = Text(*cpu, "time");
  const auto taken = TimeAt(taken_text);
  const auto used_ns = Count(Find(*cpu, "usageCoreNanoSeconds"));
  std::string name = Text(container, "name");
  if (!taken || !used_ns || name.empty()) return std::nullopt;
  const bool fraction = taken_text.find('.') != std::string::npos;
  return CpuCounter{.container = std::move(name),
                    .used_ns = *used_ns,
                    .taken = *taken,
                    .grain = fraction ? absl::Milliseconds(1) : absl::Seconds(1),
                    .started = TimeAt(Text(container, "startTime")).value_or(absl::InfinitePast())};
}

PodCounters CountersOf(const Json& pod, const Json& reference) {
  PodCounters counters{.uid = Text(reference, "uid"),
                       .name_space = Text(reference, "namespace"),
                       .name = Text(reference, "name"),
                       .containers = {},
                       .whole = true};
  const Json* const containers = Find(pod, "containers");
  if (containers == nullptr || !containers->is_array()) return counters;  // none has begun
  for (const Json& container : *containers) {
    if (auto counter = CounterOf(container)) {
      AddCounter(counters, *std::move(counter));
    } else {
      counters.whole = false;
    }
  }
  return counters;
}

}  // namespace

absl::StatusOr<std::vector<PodCounters>> ParseStatsSummary(absl::string_view text) {
  const Json summary = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (summary.is_discarded() || !summary.is_object()) {
    return absl::InvalidArgumentError("/stats/summary did not answer with a JSON object");
  }
  const Json* const pods = Find(summary, "pods");
  const bool none = pods == nullptr || pods->is_null();  // as Go writes a list without entries
  if (none ? Find(summary, "node") == nullptr : !pods->is_array()) {
    return absl::InvalidArgumentError("/stats/summary did not answer with a list of pods");
  }
  std::vector<PodCounters> result;
  if (none) return result;
  if (pods->size() > kMostPulledPods) {
    return absl::ResourceExhaustedError(absl::StrCat("/stats/summary tells of ", pods->size(),
                                                     " pods; at most ", kMostPulledPods, " are read"));
  }
  std::set<std::tuple<std::string, std::string, std::string>> known;
  for (const Json& pod : *pods) {
    const Json* const reference = Find(pod, "podRef");
    if (reference == nullptr) continue;
    PodCounters counters = CountersOf(pod, *reference);
    if (counters.uid.empty() && counters.name.empty()) continue;
    // By uid; some tell none.
    const bool by_name = counters.uid.empty();
    if (!known
             .emplace(counters.uid, by_name ? counters.name_space : std::string(),
                      by_name ? counters.name : std::string())
             .second) {
      continue;
    }
    result.push_back(std::move(counters));
  }
  return result;
}

}  // namespace evenkeel::coordinator
