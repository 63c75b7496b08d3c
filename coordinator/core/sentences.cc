#include "coordinator/core/sentences.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace evenkeel::coordinator {

std::string Say(absl::Duration duration) {
  const int64_t ms = absl::ToInt64Milliseconds(duration);
  if (ms <= 0) return "0 ms";
  if (ms < 1000) return absl::StrCat(ms, " ms");
  const int64_t tenths = ms / 100;  // rounded down
  if (ms < 10'000) return absl::StrFormat("%d.%d s", tenths / 10, tenths % 10);
  const int64_t seconds = (ms + 500) / 1000;
  if (seconds < 120) return absl::StrCat(seconds, " s");
  if (seconds < 7200) return absl::StrCat(seconds / 60, " min");
  return absl::StrCat(seconds / 3600, " h");
}

std::string Times(uint32_t percent) {
  const uint32_t tenths = percent % 100 / 10;
  return tenths == 0 ? absl::StrCat(percent / 100, " times")
                     : absl::StrCat(percent / 100, ".", tenths, " times");
}

std::string Count(size_t number, absl::string_view noun) {
  return absl::StrCat(number, " ", noun, number == 1 ? "" : "s");
}

std::string CountWitnesses(size_t number) {
  return absl::StrCat(number, number == 1 ? " witness" : " witnesses");
}

std::string Join(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) absl::StrAppend(&text, i + 1 == items.size() ? " and " : ", ");
    absl::StrAppend(&text, items[i]);
  }
  return text;
}

std::string SomeNames(const std::set<std::string>& names) {
  constexpr size_t kShown = 3;
  std::vector<std::string> some;
  for (const std::string& name : names) {
    if (some.size() == kShown) break;
    some.push_back(name);
  }
  if (names.size() > kShown) some.push_back(absl::StrCat(names.size() - kShown, " more"));
  return Join(some);
}

std::string Because(const std::string& reason) {
  return reason.empty() ? "" : absl::StrCat(" (", reason, ")");
}

std::string SayTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

std::string SayCpu(int64_t millicores) {
  constexpr int64_t kCore = 1000;
  if (millicores % kCore == 0) return absl::StrCat(millicores / kCore);
  if (millicores > kCore && millicores % 100 == 0) {
    return absl::StrFormat("%d.%d", millicores / kCore, millicores % kCore / 100);
  }
  return absl::StrCat(millicores, "m");
}

std::string SayBytes(int64_t bytes) {
  constexpr int64_t kKi = 1024;
  if (bytes < kKi) return absl::StrCat(bytes, " B");
  for (const auto& [unit, name] : {std::pair{kKi * kKi * kKi, "GiB"}, {kKi * kKi, "MiB"}, {kKi, "KiB"}}) {
    if (bytes < unit) continue;
    const int64_t tenths = bytes / (unit / 10);
    if (tenths % 10 == 0 || tenths >= 100) return absl::StrCat(tenths / 10, " ", name);
    return absl::StrFormat("%d.%d %s", tenths / 10, tenths % 10, name);
  }
  return absl::StrCat(bytes, " B");
}

std::string Say(const Controller& controller) {
  return absl::StrCat(controller.kind, " ", controller.name);
}

std::string PodText(absl::string_view name_space, absl::string_view name) {
  return absl::StrCat(name_space, "/", name);
}

absl::string_view Say(ProbeOutcome outcome) {
  switch (outcome) {
    case ProbeOutcome::kNotTried:
      return "not tried";
    case ProbeOutcome::kReached:
      return "answered";
    case ProbeOutcome::kRefused:
      return "refused (its kernel lives)";
    case ProbeOutcome::kTimedOut:
      return "no answer";
    case ProbeOutcome::kUnreachable:
      return "no way to it";
    case ProbeOutcome::kProtocolError:
      return "answered, but not as it should";
    case ProbeOutcome::kProberFailed:
      return "could not try";
  }
  return "not tried";
}

void AddEvidence(std::vector<Evidence>& evidence, Evidence one) {
  constexpr size_t kMost = 64;
  const auto same = [&one](const Evidence& known) {
    return known.source == one.source && known.observation == one.observation &&
           known.direction == one.direction;
  };
  const auto last = std::find_if(evidence.rbegin(), evidence.rend(), same);
  if (last != evidence.rend() && std::find_if(std::next(last), evidence.rend(), same) != evidence.rend()) {
    evidence.erase(std::next(last).base());
  }
  if (evidence.size() >= kMost) evidence.erase(evidence.begin() + kMost / 2);
  evidence.push_back(std::move(one));
}

}  // namespace evenkeel::coordinator
