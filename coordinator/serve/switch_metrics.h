// The figures of switches for Prometheus. Of those that are under way, by switch, gateway, route and side:
// names that operators have given, at most kMostSwitches switches of 16 routes, and gone when the switch is.
// What was requested and lost is counted over all switches, by side and kind alone, so that it stays: since
// this process began, as the gateways' counters and the prober had it when the switch was last shown.
//
// How switches end is evenkeel_decisions_total of kind switch: succeeded (committed), failed (rolled back by
// itself), cancelled (ordered back, or ended before anything was moved), refused, observed.
//
// Threading: one thread at a time.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/switch/switch_events.h"

namespace evenkeel::coordinator {

class SwitchMetrics {
 public:
  void OnSwitch(const SwitchStatus& status);
  void OnGone(const DecisionId& decision) { shown_.erase(decision); }

  // All families, also those that have nothing to tell. O(switches * routes).
  void Collect(std::vector<prometheus::MetricFamily>& out) const;

 private:
  struct SideFigures {
    std::string backend;
    std::optional<double> wished;  // share, 0 to 1; here and below
    std::optional<double> share;
    std::optional<uint64_t> in_flight;
  };
  struct RouteFigures {
    RouteKey key;
    bool readable = false;
    std::map<Side, SideFigures> sides;
  };
  struct Shown {
    std::string name;
    SwitchPhase phase = SwitchPhase::kPreflight;
    std::optional<StopCause> stop;
    std::vector<RouteFigures> routes;
    BothCounts counts;  // of its whole ledger, here and below
    ProbeCounts probes;
  };

  static RouteFigures FiguresOf(const SwitchedRoute& route, const SwitchStatus& status);
  void CollectStates(std::vector<prometheus::MetricFamily>& out) const;
  void CollectRoutes(std::vector<prometheus::MetricFamily>& out) const;
  void CollectCounts(std::vector<prometheus::MetricFamily>& out) const;

  std::map<DecisionId, Shown> shown_;
  BothCounts counted_;
  ProbeCounts probed_;
};

}  // namespace evenkeel::coordinator
