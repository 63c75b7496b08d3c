#include "coordinator/core/switch/traffic.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

uint64_t Above(uint64_t value, uint64_t base) {
  return value > base ? value - base : 0;
}

bool WentBack(const SideCount& now, const SideCount& before) {
  return now.requests < before.requests || now.server_errors < before.server_errors ||
         now.failed < before.failed || now.cut < before.cut;
}

bool WentBack(const BothCounts& now, const BothCounts& before) {
  return WentBack(now.blue, before.blue) || WentBack(now.green, before.green);
}

SideCount CountersOf(const RouteReading& reading, const std::string& backend) {
  const auto found = reading.backends.find(backend);
  if (found == reading.backends.end() || !found->second.counters) return {};
  const BackendCounters& counters = *found->second.counters;
  return {.requests = counters.requests,
          .server_errors = counters.server_errors,
          .failed = counters.failed,
          .cut = counters.cut};
}

}  // namespace

SideCount& SideCount::operator+=(const SideCount& other) {
  requests += other.requests;
  server_errors += other.server_errors;
  failed += other.failed;
  cut += other.cut;
  return *this;
}

SideCount SideCount::operator-(const SideCount& other) const {
  return {.requests = Above(requests, other.requests),
          .server_errors = Above(server_errors, other.server_errors),
          .failed = Above(failed, other.failed),
          .cut = Above(cut, other.cut)};
}

BothCounts& BothCounts::operator+=(const BothCounts& other) {
  blue += other.blue;
  green += other.green;
  return *this;
}

BothCounts BothCounts::operator-(const BothCounts& other) const {
  return {.blue = blue - other.blue, .green = green - other.green};
}

BothCounts RouteCount::Total() const {
  BothCounts total = before;
  total += last - from;
  return total;
}

BothCounts CountersOf(const SwitchedRoute& route, const RouteReading& reading) {
  return {.blue = CountersOf(reading, route.blue), .green = CountersOf(reading, route.green)};
}

RouteCount BeginCount(const SwitchedRoute& route, const RouteReading& reading) {
  const BothCounts counters = CountersOf(route, reading);
  return {.instance = reading.instance, .from = counters, .last = counters, .before = {}};
}

void NoteCount(RouteCount& count, const SwitchedRoute& route, const RouteReading& reading) {
  const BothCounts counters = CountersOf(route, reading);
  if (reading.instance != count.instance || WentBack(counters, count.last)) {
    count.before = count.Total();
    count.from = {};
    count.instance = reading.instance;
  }
  count.last = counters;
}

void NoteRecent(RecentTraffic& recent, const BothCounts& total, absl::Time now) {
  auto& samples = recent.samples;
  if (!samples.empty() && WentBack(total, samples.back().total)) samples.clear();
  if (samples.size() > 1 && now - samples[samples.size() - 2].time < kSampleEvery) {
    samples.back() = {now, total};
  } else {
    samples.push_back({now, total});
  }
  // The newest of those that are older than the span stays: differences begin with it.
  while (samples.size() > 1 && samples[1].time <= now - kRecent) samples.pop_front();
}

BothCounts Recent(const RecentTraffic& recent, absl::Time now, absl::Duration span) {
  const auto& samples = recent.samples;
  if (samples.empty() || samples.back().time <= now - span) return {};
  // Back to the newest sample that is no younger than the span.
  size_t first = samples.size() - 1;
  while (first > 0 && samples[first].time > now - span) --first;
  return samples.back().total - samples[first].total;
}

absl::Duration RecentSpan(const RecentTraffic& recent) {
  const auto& samples = recent.samples;
  return samples.empty() ? absl::ZeroDuration() : samples.back().time - samples.front().time;
}

SideReading ReadSide(Side side, const std::vector<SwitchedRoute>& routes,
                     const std::map<RouteKey, RouteReading>& readings) {
  SideReading all{.seen = true, .in_flight_known = true, .counted = true, .latency_mean = {}};
  uint64_t weight = 0;
  absl::Duration sum;
  for (const SwitchedRoute& route : routes) {
    const auto reading = readings.find(route.key);
    if (reading == readings.end()) return {};
    const auto backend = reading->second.backends.find(route.Of(side));
    if (backend == reading->second.backends.end()) return {};
    const BackendReading& one = backend->second;
    all.has_share = all.has_share || one.percent > 0;
    all.servers += one.servers;
    all.servers_up += one.servers_up;
    all.in_flight_known = all.in_flight_known && one.in_flight.has_value();
    all.in_flight += one.in_flight.value_or(0);
    all.counted = all.counted && one.counters.has_value();
    if (one.counters && one.counters->latency_mean) {
      const uint64_t share = std::max<uint64_t>(one.counters->requests, 1);
      sum += *one.counters->latency_mean * static_cast<double>(share);
      weight += share;
    }
  }
  if (weight > 0) all.latency_mean = sum / static_cast<double>(weight);
  return all;
}

}  // namespace evenkeel::coordinator
