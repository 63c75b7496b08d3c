#include "coordinator/core/switch/traffic.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

uint64_t Above(uint64_t value, uint64_t base) {
  return value > base ? value - base : 0;
}

void Add(AnswerTime& sum, const AnswerTime& more) {
  sum.answers += more.answers;
  sum.total += more.total;
  sum.within += more.within;
}

AnswerTime Difference(const AnswerTime& now, const AnswerTime& before) {
  return {.answers = Above(now.answers, before.answers),
          .total = std::max(now.total - before.total, absl::ZeroDuration()),
          .within = std::max(now.within, before.within)};
}

// An adapter that began anew has only lost its own sums; the gateway's counters go on.
void GoOn(const SideCount& now, SideCount& from, const SideCount& last, SideCount& before) {
  if (now.cut < last.cut) {
    before.cut += Above(last.cut, from.cut);
    from.cut = 0;
  }
  const bool went_back =
      now.answer_time.answers < last.answer_time.answers || now.answer_time.total < last.answer_time.total;
  if (!went_back) return;
  Add(before.answer_time, Difference(last.answer_time, from.answer_time));
  from.answer_time = {};
}

bool WentBack(const SideCount& now, const SideCount& before) {
  return now.requests < before.requests || now.server_errors < before.server_errors ||
         now.failed < before.failed;
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
          .cut = counters.cut,
          .answer_time = counters.answer_time.value_or(AnswerTime{})};
}

}  // namespace

SideCount& SideCount::operator+=(const SideCount& other) {
  requests += other.requests;
  server_errors += other.server_errors;
  failed += other.failed;
  cut += other.cut;
  Add(answer_time, other.answer_time);
  return *this;
}

SideCount SideCount::operator-(const SideCount& other) const {
  return {.requests = Above(requests, other.requests),
          .server_errors = Above(server_errors, other.server_errors),
          .failed = Above(failed, other.failed),
          .cut = Above(cut, other.cut),
          .answer_time = Difference(answer_time, other.answer_time)};
}

BothCounts& BothCounts::operator+=(const BothCounts& other) {
  blue += other.blue;
  green += other.green;
  return *this;
}

BothCounts BothCounts::operator-(const BothCounts& other) const {
  return {.blue = blue - other.blue, .green = green - other.green};
}

BothCounts& BothCounts::Follow(const BothCounts& later) {
  const absl::Duration blue_within = std::max(blue.answer_time.within, later.blue.answer_time.within);
  const absl::Duration green_within = std::max(green.answer_time.within, later.green.answer_time.within);
  *this += later;
  blue.answer_time.within = blue_within;
  green.answer_time.within = green_within;
  return *this;
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
  } else {
    GoOn(counters.blue, count.from.blue, count.last.blue, count.before.blue);
    GoOn(counters.green, count.from.green, count.last.green, count.before.green);
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
                     const std::map<RouteKey, RouteReading>& readings, const std::set<RouteKey>& checking) {
  SideReading all{.seen = true, .checked = true, .in_flight_known = true, .counted = true};
  for (const SwitchedRoute& route : routes) {
    const auto reading = readings.find(route.key);
    if (reading == readings.end()) return {};
    const auto backend = reading->second.backends.find(route.Of(side));
    if (backend == reading->second.backends.end()) return {};
    const BackendReading& one = backend->second;
    all.has_share = all.has_share || one.percent > 0;
    if (checking.contains(route.key)) {
      all.servers += one.servers;
      all.servers_up += one.servers_up;
    } else {
      all.checked = false;
    }
    all.in_flight_known = all.in_flight_known && one.in_flight.has_value();
    all.in_flight += one.in_flight.value_or(0);
    all.counted = all.counted && one.counters.has_value();
    all.timed = all.timed || (one.counters && one.counters->answer_time);
  }
  return all;
}

}  // namespace evenkeel::coordinator
