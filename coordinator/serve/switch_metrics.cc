#include "coordinator/serve/switch_metrics.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "coordinator/serve/metric_families.h"

namespace evenkeel::coordinator {
namespace {

using prometheus::MetricFamily;

constexpr double kWhole = 100;

// Of those under way; each is told, also where no switch is in it.
constexpr std::array kPhases = {SwitchPhase::kPreflight,  SwitchPhase::kMoving,  SwitchPhase::kSoaking,
                                SwitchPhase::kDraining,   SwitchPhase::kHolding, SwitchPhase::kCommitting,
                                SwitchPhase::kRollingBack};
constexpr std::array kCauses = {StopCause::kOperator, StopCause::kApproval,      StopCause::kGates,
                                StopCause::kWayBack,  StopCause::kForeignChange, StopCause::kGateway,
                                StopCause::kRefused,  StopCause::kOutranked,     StopCause::kLostBlue,
                                StopCause::kDrain};
constexpr std::array kKinds = {ProbeKind::kFresh, ProbeKind::kKeepAlive, ProbeKind::kSlow,
                               ProbeKind::kStream};

uint64_t Risen(uint64_t now, uint64_t before) {
  return now - std::min(now, before);
}

ProbeCount Risen(const ProbeCount& now, const ProbeCount& before) {
  return {.requests = Risen(now.requests, before.requests),
          .failed = Risen(now.failed, before.failed),
          .failed_on_blue = Risen(now.failed_on_blue, before.failed_on_blue),
          .failed_on_green = Risen(now.failed_on_green, before.failed_on_green)};
}

ProbeCount CountOf(const ProbeCounts& counts, ProbeKind kind) {
  const auto found = counts.find(kind);
  return found == counts.end() ? ProbeCount() : found->second;
}

}  // namespace

SwitchMetrics::RouteFigures SwitchMetrics::FiguresOf(const SwitchedRoute& route, const SwitchStatus& status) {
  const auto reading = status.routes.find(route.key);
  const auto known = status.record.routes.find(route.key);
  RouteFigures figures{.key = route.key, .readable = reading != status.routes.end(), .sides = {}};
  for (const Side side : kSides) {
    SideFigures& of_side = figures.sides[side];
    of_side.backend = route.Of(side);
    if (known != status.record.routes.end()) {
      const auto& backends = known->second.wished.backends;
      const auto backend = backends.find(of_side.backend);
      if (backend != backends.end()) of_side.wished = backend->second.percent / kWhole;
    }
    if (!figures.readable) continue;
    const auto backend = reading->second.backends.find(of_side.backend);
    if (backend == reading->second.backends.end()) continue;
    of_side.share = backend->second.percent / kWhole;
    of_side.in_flight = backend->second.in_flight;
  }
  return figures;
}

void SwitchMetrics::OnSwitch(const SwitchStatus& status) {
  const SwitchRecord& record = status.record;
  Shown shown{.name = record.spec.name,
              .phase = record.phase,
              .stop = {},
              .routes = {},
              .counts = TotalOf(record.ledger),
              .probes = ProbesOf(record.ledger)};
  if (record.stop) shown.stop = record.stop->cause;
  for (const SwitchedRoute& route : record.spec.routes) shown.routes.push_back(FiguresOf(route, status));
  const auto before = shown_.find(status.decision);
  // What one that was under way before this process had counted by then, the process before has told.
  if (before != shown_.end()) {
    counted_ += shown.counts - before->second.counts;
    for (const ProbeKind kind : kKinds) {
      probed_[kind] += Risen(CountOf(shown.probes, kind), CountOf(before->second.probes, kind));
    }
  }
  shown_.insert_or_assign(status.decision, std::move(shown));
}

void SwitchMetrics::Collect(std::vector<MetricFamily>& out) const {
  CollectStates(out);
  CollectRoutes(out);
  CollectCounts(out);
}

void SwitchMetrics::CollectStates(std::vector<MetricFamily>& out) const {
  MetricFamily states = Gauges("evenkeel_switches", "Switches of traffic that are under way, by phase.");
  for (const SwitchPhase phase : kPhases) {
    const auto count = std::count_if(shown_.begin(), shown_.end(),
                                     [phase](const auto& entry) { return entry.second.phase == phase; });
    Add(states, static_cast<double>(count), {{"phase", Word(phase)}});
  }
  MetricFamily stopped =
      Gauges("evenkeel_switches_stopped", "Switches of traffic that wait for people, by why they stopped.");
  for (const StopCause cause : kCauses) {
    const auto count = std::count_if(shown_.begin(), shown_.end(),
                                     [cause](const auto& entry) { return entry.second.stop == cause; });
    Add(stopped, static_cast<double>(count), {{"cause", Word(cause)}});
  }
  out.push_back(std::move(states));
  out.push_back(std::move(stopped));
}

void SwitchMetrics::CollectRoutes(std::vector<MetricFamily>& out) const {
  MetricFamily readable =
      Gauges("evenkeel_switch_route_readable", "1 while the route's gateway tells how it is, else 0.");
  MetricFamily share = Gauges("evenkeel_switch_share_ratio",
                              "Of what is new on the route, the share that goes to the backend, 0 to 1, as "
                              "the gateway was read last.");
  MetricFamily wished = Gauges("evenkeel_switch_wished_share_ratio",
                               "The share that the backend should have, 0 to 1, from the first step on.");
  MetricFamily in_flight =
      Gauges("evenkeel_switch_in_flight_requests",
             "Requests (of TCP: connections) that the backend has not finished, where the gateway counts "
             "them.");
  for (const auto& [decision, one] : shown_) {
    for (const RouteFigures& route : one.routes) {
      const MetricLabels labels = {
          {"switch", one.name}, {"gateway", route.key.gateway}, {"route", route.key.route}};
      Add(readable, route.readable ? 1 : 0, labels);
      for (const auto& [side, figures] : route.sides) {
        MetricLabels of_side = labels;
        of_side.push_back({"backend", figures.backend});
        of_side.push_back({"side", Word(side)});
        if (figures.wished) Add(wished, *figures.wished, of_side);
        if (figures.share) Add(share, *figures.share, of_side);
        if (figures.in_flight) Add(in_flight, static_cast<double>(*figures.in_flight), of_side);
      }
    }
  }
  for (MetricFamily* family : {&readable, &share, &wished, &in_flight}) out.push_back(std::move(*family));
}

void SwitchMetrics::CollectCounts(std::vector<MetricFamily>& out) const {
  MetricFamily requests =
      Counts("evenkeel_switch_requests_total",
             "Requests that the gateways counted while traffic was being switched, by the side that had "
             "them.");
  MetricFamily bad =
      Counts("evenkeel_switch_failed_requests_total", "Of these, answered with 5xx or not as a whole.");
  MetricFamily cut = Counts("evenkeel_switch_cut_requests_total",
                            "Of these, ended by the gateway because a side was closed.");
  for (const Side side : kSides) {
    const SideCount& count = counted_.Of(side);
    const MetricLabels labels = {{"side", Word(side)}};
    Add(requests, static_cast<double>(count.requests), labels);
    Add(bad, static_cast<double>(count.Bad()), labels);
    Add(cut, static_cast<double>(count.cut), labels);
  }
  MetricFamily probes =
      Counts("evenkeel_switch_probes_total", "Requests of the prober during switches, by kind of client.");
  MetricFamily lost =
      Counts("evenkeel_switch_lost_probes_total",
             "Of these, lost, by the side that had them; unknown: the answer, if any, did not name it.");
  for (const ProbeKind kind : kKinds) {
    const ProbeCount count = CountOf(probed_, kind);
    const uint64_t known = count.failed_on_blue + count.failed_on_green;
    Add(probes, static_cast<double>(count.requests), {{"kind", Word(kind)}});
    Add(lost, static_cast<double>(count.failed_on_blue), {{"kind", Word(kind)}, {"side", Word(Side::kBlue)}});
    Add(lost, static_cast<double>(count.failed_on_green),
        {{"kind", Word(kind)}, {"side", Word(Side::kGreen)}});
    Add(lost, static_cast<double>(Risen(count.failed, known)), {{"kind", Word(kind)}, {"side", "unknown"}});
  }
  for (MetricFamily* family : {&requests, &bad, &cut, &probes, &lost}) out.push_back(std::move(*family));
}

}  // namespace evenkeel::coordinator
