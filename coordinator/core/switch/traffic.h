// What gateways' counters say of a span of time: differences of what is only ever counted up, over reloads
// after which a gateway counts from 0 again. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/side.h"
#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

// What a side did in some span.
struct SideCount {
  uint64_t requests = 0;  // answered or failed
  uint64_t server_errors = 0;
  uint64_t failed = 0;
  uint64_t cut = 0;
  AnswerTime answer_time = {};  // of no answers where it is not measured
  bool operator==(const SideCount&) const = default;

  uint64_t Bad() const { return server_errors + failed; }
  SideCount& operator+=(const SideCount& other);
  SideCount operator-(const SideCount& other) const;  // no figure below 0
};

struct BothCounts {
  SideCount blue;
  SideCount green;
  bool operator==(const BothCounts&) const = default;

  const SideCount& Of(Side side) const { return side == Side::kBlue ? blue : green; }
  // Of other routes, or of another time: what may be wrong in them adds up.
  BothCounts& operator+=(const BothCounts& other);
  BothCounts operator-(const BothCounts& other) const;
  // Adds what follows on this without a gap, of the same routes: what readings between them have wrong in the
  // time of answers cancels out.
  BothCounts& Follow(const BothCounts& later);
};

// The counting of one route since a moment. Durable with the span that it is of: so after a crash of the
// coordinator nothing is missing but what a gateway that was reloaded meanwhile had counted.
struct RouteCount {
  std::string instance;  // of the gateway; empty: nothing has been read yet
  BothCounts from;       // its counters at the beginning, or 0 where the instance began later
  BothCounts last;       // as they were read last
  BothCounts before;     // what earlier instances counted in this span
  bool operator==(const RouteCount&) const = default;

  BothCounts Total() const;
};

// The counters of a reading; a side that is not counted gives 0.
BothCounts CountersOf(const SwitchedRoute& route, const RouteReading& reading);

// A span begins with this reading.
RouteCount BeginCount(const SwitchedRoute& route, const RouteReading& reading);
// Of another instance, or of counters that went back: counts from 0 on top of what is known. So does the time
// of answers alone where it went back alone.
void NoteCount(RouteCount& count, const SwitchedRoute& route, const RouteReading& reading);

// Totals of the last seconds, so that what begins late in a long span is seen at once.
struct RecentTraffic {
  struct Sample {
    absl::Time time;
    BothCounts total;  // since whatever beginning, the same for all samples
    bool operator==(const Sample&) const = default;
  };
  std::deque<Sample> samples;  // at most kMostSamples
  bool operator==(const RecentTraffic&) const = default;
};
inline constexpr absl::Duration kRecent = absl::Seconds(10);
inline constexpr absl::Duration kSampleEvery = absl::Milliseconds(500);

// `total` may never go down; where it does (another beginning), the samples begin anew.
void NoteRecent(RecentTraffic& recent, const BothCounts& total, absl::Time now);
// Of the last `span`, at most kRecent, or of as much of it as there are samples.
BothCounts Recent(const RecentTraffic& recent, absl::Time now, absl::Duration span = kRecent);
// How long a time there are samples of.
absl::Duration RecentSpan(const RecentTraffic& recent);

// What the routes' last readings say of one side, all together.
struct SideReading {
  bool seen = false;       // every route was read
  bool has_share = false;  // of what is new, on any route
  // Of the routes whose gateways look at their servers themselves. Without a look "up" is only what was
  // configured, and a side that is given nothing may have none there by our own wish.
  uint32_t servers = 0;
  uint32_t servers_up = 0;
  bool checked = false;          // by every route: its servers are those that were looked at
  bool in_flight_known = false;  // by every route
  uint64_t in_flight = 0;
  bool counted = false;  // by every route
  bool timed = false;    // how long answers take is measured, by a route at least
  bool operator==(const SideReading&) const = default;
};
// `checking`: the routes whose gateways check servers.
SideReading ReadSide(Side side, const std::vector<SwitchedRoute>& routes,
                     const std::map<RouteKey, RouteReading>& readings, const std::set<RouteKey>& checking);

}  // namespace evenkeel::coordinator
