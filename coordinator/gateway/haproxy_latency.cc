#include "coordinator/gateway/haproxy_latency.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace evenkeel::coordinator::haproxy {
namespace {

constexpr double kWindow = static_cast<double>(kLatencyWindow);

// Of a server's answers, those that are in its mean as long as it only fills.
uint64_t Filled(uint64_t answers) {
  return std::min(answers, kLatencyWindow);
}

double SumMs(const ShownMean& shown) {
  return static_cast<double>(shown.ms) * static_cast<double>(Filled(shown.answers));
}

}  // namespace

double TookMs(const ShownMean& before, const ShownMean& now) {
  if (now.answers <= before.answers) return 0;
  const uint64_t added = now.answers - before.answers;
  const uint64_t filling = Filled(now.answers) - Filled(before.answers);
  const double stays = std::pow(1 - 1 / kWindow, static_cast<double>(added - filling));
  const double each =
      (SumMs(now) - SumMs(before) * stays) / (static_cast<double>(filling) * stays + kWindow * (1 - stays));
  return static_cast<double>(added) * each;
}

std::optional<AnswerTime> AnswerTimes::Note(const std::string& backend, absl::string_view instance,
                                            const std::vector<StatRow>& rows) {
  Sum& sum = sums_[backend];
  const bool first = sum.instance.empty();
  const bool reloaded = !first && sum.instance != instance;
  if (first || reloaded) sum = {.instance = std::string(instance), .servers = {}};

  std::map<std::string, ShownMean> servers;
  uint64_t within_ms = 0;
  for (const StatRow& row : rows) {
    if (row.IsBackend() || !row.requests || !row.response_ms) continue;
    const std::string name = absl::StrCat(row.section, "/", row.server);
    const ShownMean now = {.answers = *row.requests, .ms = *row.response_ms};
    // A server that is new here may have answered before; a process that is new has not.
    ShownMean before = reloaded ? ShownMean{} : now;
    if (const auto known = sum.servers.find(name); known != sum.servers.end()) before = known->second;
    if (now.answers < before.answers) before = {};  // `clear counters`
    sum.answers += now.answers - before.answers;
    sum.ms += TookMs(before, now);
    // A mean that moves without an answer that was counted belongs to those that are counted next.
    servers[name] = now.answers > before.answers ? now : before;
    within_ms += Filled(now.answers);
  }
  sum.servers = std::move(servers);
  if (sum.servers.empty()) return std::nullopt;
  sum.greatest_ms = std::max(sum.greatest_ms, sum.ms);
  return AnswerTime{.answers = sum.answers,
                    .total = absl::Microseconds(static_cast<int64_t>(sum.greatest_ms * 1000)),
                    .within = absl::Milliseconds(within_ms)};
}

}  // namespace evenkeel::coordinator::haproxy
