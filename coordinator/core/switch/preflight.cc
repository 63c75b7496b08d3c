#include "coordinator/core/switch/preflight.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/freeze.h"
#include "coordinator/core/switch/shapes.h"

namespace evenkeel::coordinator {
namespace {

constexpr int64_t kPercent = 100;

class Findings {
 public:
  void Add(FindingCode code, Severity severity, std::string subject, std::string words) {
    found_.push_back({code, severity, std::move(subject), std::move(words)});
  }

  std::vector<Finding> Take() {
    std::stable_sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) {
      if ((a.severity == Severity::kBlocker) != (b.severity == Severity::kBlocker)) {
        return a.severity == Severity::kBlocker;
      }
      return a.code < b.code;
    });
    return std::move(found_);
  }

 private:
  std::vector<Finding> found_;
};

std::string ClusterName(const std::string& name) {
  return absl::StrCat("cluster ", name);
}

std::string RouteName(const RouteKey& key) {
  return absl::StrCat(key.gateway, "/", key.route);
}

// ---- clusters ----

void FindInCluster(const std::string& name, const ClusterFacts& facts, bool must_be_well, Findings& found) {
  const std::string subject = ClusterName(name);
  const Severity bad = must_be_well ? Severity::kBlocker : Severity::kNote;
  if (!facts.known) {
    return found.Add(FindingCode::kCluster, Severity::kBlocker, subject, "the coordinator does not watch it");
  }
  if (facts.lost) found.Add(FindingCode::kCluster, bad, subject, "it is lost");
  if (!facts.api_reachable) {
    found.Add(FindingCode::kCluster, bad, subject,
              absl::StrCat("its Kubernetes API cannot be relied on", Because(facts.api_detail)));
  } else if (facts.blind) {
    found.Add(FindingCode::kCluster, bad, subject,
              absl::StrCat("the coordinator does not trust what it sees of it", Because(facts.blind_reason)));
  }
  if (facts.paused)
    found.Add(FindingCode::kCluster, Severity::kBlocker, subject, "an operator has paused it");
  if (facts.nodes_healthy < facts.nodes) {
    const uint32_t bad_nodes = facts.nodes - facts.nodes_healthy;
    found.Add(FindingCode::kAgents, Severity::kWarning, subject,
              absl::StrCat(bad_nodes, " of its ", Count(facts.nodes, "node"), bad_nodes == 1 ? " is" : " are",
                           " not healthy"));
  }
  if (facts.nodes_without_agent > 0) {
    found.Add(
        FindingCode::kAgents, Severity::kWarning, subject,
        absl::StrCat(Count(facts.nodes_without_agent, "node"), " without an agent: nobody will tell of ",
                     facts.nodes_without_agent == 1 ? "its" : "their", " death"));
  }
}

// ---- applications ----

std::string Joined(const std::set<std::string>& names) {
  return names.empty() ? "none" : Join(std::vector<std::string>(names.begin(), names.end()));
}

void FindDifferences(const SwitchSpec& spec, const std::string& subject, const ApplicationFacts& blue,
                     const ApplicationFacts& green, Findings& found) {
  const Severity severity = spec.allow_differences ? Severity::kNote : Severity::kBlocker;
  const auto add = [&](std::string words) {
    found.Add(FindingCode::kDifference, severity, subject, std::move(words));
  };
  std::set<std::string> containers;
  for (const auto& [name, images] : blue.images) containers.insert(name);
  for (const auto& [name, images] : green.images) containers.insert(name);
  for (const std::string& name : containers) {
    const auto in_blue = blue.images.find(name);
    const auto in_green = green.images.find(name);
    const std::set<std::string> blues =
        in_blue == blue.images.end() ? std::set<std::string>{} : in_blue->second;
    const std::set<std::string> greens =
        in_green == green.images.end() ? std::set<std::string>{} : in_green->second;
    if (blues == greens) continue;
    add(absl::StrCat("container ", name, " runs ", Joined(greens), " in green and ", Joined(blues),
                     " in blue"));
  }
  std::set<std::string> settings;
  for (const auto& [name, hash] : blue.settings) settings.insert(name);
  for (const auto& [name, hash] : green.settings) settings.insert(name);
  for (const std::string& name : settings) {
    const auto in_blue = blue.settings.find(name);
    const auto in_green = green.settings.find(name);
    // A pod that names what is not there does not start, or runs without it: no difference to be allowed.
    if (in_green != green.settings.end() && in_green->second.empty()) {
      found.Add(FindingCode::kDifference, Severity::kBlocker, subject,
                absl::StrCat(name, " is missing in green"));
    } else if (in_green == green.settings.end()) {
      add(absl::StrCat(name, " is used in blue only"));
    } else if (in_blue == blue.settings.end()) {
      add(absl::StrCat(name, " is used in green only"));
    } else if (in_blue->second != in_green->second) {
      add(absl::StrCat(name, " does not hold the same in both clusters"));
    }
  }
}

std::string NotSeen(const std::string& cluster, const std::map<Application, std::string>& missing,
                    const Application& application) {
  const auto why = missing.find(application);
  const bool told = why != missing.end() && !why->second.empty();
  return absl::StrCat("it is not seen in ", ClusterName(cluster), told ? ": " : "", told ? why->second : "");
}

void FindInApplication(const SwitchSpec& spec, const Application& application, const PreflightFacts& facts,
                       Findings& found) {
  const std::string subject = application.ToString();
  const auto add = [&](Severity severity, std::string words) {
    found.Add(FindingCode::kApplication, severity, subject, std::move(words));
  };
  const auto blue = facts.blue_applications.find(application);
  const auto green = facts.green_applications.find(application);
  const bool in_blue = blue != facts.blue_applications.end();
  if (!in_blue && !facts.of_lost_blue) {
    add(Severity::kBlocker, NotSeen(spec.from, facts.blue_missing, application));
  }
  if (green == facts.green_applications.end()) {
    return add(Severity::kBlocker, NotSeen(spec.to, facts.green_missing, application));
  }
  const auto needed = facts.needed.find(application);
  const uint32_t pods = needed == facts.needed.end() ? 0 : needed->second;
  if (pods == 0) {
    add(facts.of_lost_blue ? Severity::kWarning : Severity::kBlocker,
        facts.of_lost_blue ? "how many pods blue had is not remembered: any Ready one counts"
                           : "it has no Ready pod in blue: there is nothing to be switched");
  }
  if (green->second.ready < std::max(pods, 1u)) {
    add(Severity::kBlocker, absl::StrCat("green has ", Count(green->second.ready, "Ready pod"), " and needs ",
                                         std::max(pods, 1u), ", as blue has now"));
  }
  if (in_blue) FindDifferences(spec, subject, blue->second, green->second, found);
}

// ---- headroom ----

int64_t LoadOf(const std::map<Application, ApplicationFacts>& applications) {
  int64_t sum = 0;
  for (const auto& [name, facts] : applications) sum += facts.cpu_millicores;
  return sum;
}

bool LoadKnown(const SwitchSpec& spec, const PreflightFacts& facts) {
  return std::all_of(spec.applications.begin(), spec.applications.end(), [&facts](const Application& one) {
    const auto found = facts.blue_applications.find(one);
    return found != facts.blue_applications.end() && found->second.cpu_known;
  });
}

uint32_t PercentOf(int64_t part, int64_t whole) {
  if (whole <= 0) return part > 0 ? UINT32_MAX : 0;
  return static_cast<uint32_t>(std::min<int64_t>((part * kPercent + whole - 1) / whole, UINT32_MAX));
}

void FindHeadroom(const SwitchSpec& spec, const PreflightFacts& facts, Findings& found) {
  const std::string subject = ClusterName(spec.to);
  if (!LoadKnown(spec, facts)) {
    // A lost blue cannot be measured, and traffic that nobody answers is worse than traffic that is slow.
    return found.Add(FindingCode::kHeadroom, facts.of_lost_blue ? Severity::kNote : Severity::kWarning,
                     subject, "what the applications use in blue is not known, so no forecast can be made");
  }
  std::vector<std::string> parts;
  bool fits = true;
  bool fits_with_virtual = true;
  for (const Forecast& forecast : ForecastOf(spec, facts)) {
    parts.push_back(absl::StrCat(forecast.cpu_percent, " % at ", forecast.percent, " %"));
    fits = fits && forecast.cpu_percent <= spec.max_cpu_percent;
    fits_with_virtual = fits_with_virtual && forecast.with_virtual_percent <= spec.max_cpu_percent;
  }
  const std::string text =
      absl::StrCat("CPU of its nodes with blue's load of ", SayCpu(LoadOf(facts.blue_applications)), ": ",
                   Join(parts), "; at most ", spec.max_cpu_percent, " % may be");
  if (fits) return found.Add(FindingCode::kHeadroom, Severity::kNote, subject, text);
  if (fits_with_virtual) {
    return found.Add(
        FindingCode::kHeadroom, Severity::kWarning, subject,
        absl::StrCat(text, "; it fits only with its ", Count(facts.green.virtual_nodes, "virtual node")));
  }
  found.Add(FindingCode::kHeadroom, Severity::kBlocker, subject, text);
}

// ---- gateways ----

void FindAbilities(const SwitchSpec& spec, const std::string& subject, const GatewayAbilities& can,
                   Findings& found) {
  for (const SwitchStep& step : spec.steps) {
    const bool share = step.percent != 0 && step.percent != kPercent;
    if (share && !can.weights) {
      found.Add(FindingCode::kGateway, Severity::kBlocker, subject,
                absl::StrCat("it knows no weights, and a step wants ", step.percent, " %"));
    } else if (share && std::min<uint32_t>(step.percent, kPercent - step.percent) < can.least_percent) {
      found.Add(FindingCode::kGateway, Severity::kBlocker, subject,
                absl::StrCat("its smallest share is ", can.least_percent, " %, and a step wants ",
                             step.percent, " %"));
    }
    if (step.canary && !can.canary) {
      found.Add(FindingCode::kGateway, Severity::kBlocker, subject,
                "it cannot choose by a header, and a step wants that");
    }
  }
  if (!can.counts_in_flight && spec.hold.close_blue) {
    found.Add(FindingCode::kProof, Severity::kBlocker, subject,
              "it does not count what is in flight, so blue could not be closed without cutting");
  } else if (!can.counts_in_flight) {
    found.Add(
        FindingCode::kProof, Severity::kNote, subject,
        "it does not count what is in flight: that blue has drained cannot be proven, and it stays open");
  }
  if (!can.counts_requests) {
    const bool vouched = (!spec.prober.url.empty() && spec.gates.min_probes > 0) || !spec.gates.hooks.empty();
    found.Add(FindingCode::kProof, vouched ? Severity::kNote : Severity::kBlocker, subject,
              vouched ? "it counts no requests: the prober and the hooks speak for it"
                      : "it counts no requests, and neither a prober nor a hook would speak for it");
  }
  if (!can.fences) {
    found.Add(FindingCode::kProof, Severity::kNote, subject,
              "an older coordinator's write is refused after it was seen, not made impossible");
  }
}

void FindAnswers(const std::string& subject, const std::vector<ServerCheck>& checks, Findings& found) {
  if (checks.empty()) {
    found.Add(FindingCode::kAnswer, Severity::kBlocker, subject, "the gateway has no server for green");
  }
  for (const ServerCheck& check : checks) {
    if (!check.tried) {
      found.Add(
          FindingCode::kAnswer, Severity::kWarning, subject,
          absl::StrCat(check.server, " could not be tried from the gateway's side", Because(check.detail)));
    } else if (!check.answered) {
      found.Add(
          FindingCode::kAnswer, Severity::kBlocker, subject,
          absl::StrCat(check.server, " does not answer from the gateway's side", Because(check.detail)));
    }
  }
}

// What the gateway's own checks see now: a try of the preflight may be some seconds old by the time at which
// all is known. What is out of use is not checked.
void FindDown(const std::string& subject, const BackendReading& green, Findings& found) {
  if (green.mode == BackendMode::kClosed || green.servers_up >= green.servers) return;
  found.Add(FindingCode::kAnswer, Severity::kBlocker, subject,
            absl::StrCat("by the gateway's own checks ", green.servers_up, " of green's ",
                         Count(green.servers, "server"), green.servers_up == 1 ? " answers" : " answer"));
}

void FindInRoute(const SwitchSpec& spec, const SwitchedRoute& route, const PreflightFacts& facts,
                 Findings& found) {
  const std::string subject = RouteName(route.key);
  const auto add = [&](std::string words) {
    found.Add(FindingCode::kGateway, Severity::kBlocker, subject, std::move(words));
  };
  const auto at = facts.routes.find(route.key);
  if (at == facts.routes.end() || !at->second.known) {
    return add(absl::StrCat("the coordinator's configuration has no gateway ", route.key.gateway));
  }
  const RouteFacts& seen = at->second;
  if (!seen.reading) return add(absl::StrCat("it could not be read", Because(seen.detail)));
  for (const Side side : kSides) {
    if (!seen.reading->backends.contains(route.Of(side))) {
      add(absl::StrCat("it has no backend ", route.Of(side), ", which is to be ", Word(side)));
      return;
    }
  }
  RouteReading open = *seen.reading;
  // Green may be out of use before the switch; blue may not.
  open.backends.at(route.green).mode = BackendMode::kDraining;
  if (!IsShaped(route, open, ShapeOnBlue(route))) {
    add(absl::StrCat("it has ", Say(route, ShapeOf(*seen.reading)), ", and a switch begins with ",
                     Say(route, ShapeOnBlue(route))));
  }
  FindAbilities(spec, subject, seen.abilities, found);
  if (seen.abilities.checks_servers) FindDown(subject, seen.reading->backends.at(route.green), found);
  if (seen.checks) {
    FindAnswers(subject, *seen.checks, found);
  } else {
    found.Add(FindingCode::kAnswer, Severity::kBlocker, subject,
              "it is not known whether green's pods answer from the gateway's side");
  }
}

// ---- prober ----

void FindProber(const SwitchSpec& spec, const PreflightFacts& facts, Findings& found) {
  if (facts.unknown_side.empty()) return;
  found.Add(FindingCode::kProof, Severity::kWarning, "prober",
            absl::StrCat("answers name their side \"", facts.unknown_side, "\" in the header ",
                         spec.prober.side_header,
                         ", which is neither a backend of the switch's routes nor one of its clusters: ",
                         "requests that are lost will count against green"));
}

}  // namespace

std::vector<Finding> Preflight(const SwitchSpec& spec, const PreflightFacts& facts) {
  Findings found;
  FindInCluster(spec.from, facts.blue, !facts.of_lost_blue, found);
  FindInCluster(spec.to, facts.green, true, found);
  for (const Application& application : spec.applications) {
    FindInApplication(spec, application, facts, found);
  }
  FindHeadroom(spec, facts, found);
  for (const SwitchedRoute& route : spec.routes) FindInRoute(spec, route, facts, found);
  FindProber(spec, facts, found);
  // A lost cluster's traffic waits for no fair weather.
  if (const auto freeze = FreezeAt(spec.freezes, facts.now); freeze && !facts.of_lost_blue) {
    const bool from_the_start = FreezeAt(spec.freezes, facts.began.value_or(facts.now)).has_value();
    found.Add(FindingCode::kFreeze, from_the_start ? Severity::kBlocker : Severity::kNote, spec.name,
              absl::StrCat("traffic is frozen", Because(freeze->name), " until ", SayTime(freeze->until),
                           from_the_start ? ": start it after that" : ": its first step waits for that"));
  }
  for (const std::string& name : facts.conflicts) {
    found.Add(FindingCode::kConflict, Severity::kBlocker, spec.name,
              absl::StrCat("switch ", name, " has the same application or route under way"));
  }
  return found.Take();
}

bool HasBlocker(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::kBlocker; });
}

std::vector<Forecast> ForecastOf(const SwitchSpec& spec, const PreflightFacts& facts) {
  std::vector<Forecast> forecasts;
  const int64_t load = LoadOf(facts.blue_applications);
  for (const SwitchStep& step : spec.steps) {
    const int64_t part = load * step.percent / kPercent;
    const int64_t used = facts.green.cpu_used_millicores + part;
    forecasts.push_back({.percent = step.percent,
                         .load_millicores = part,
                         .cpu_percent = PercentOf(used, facts.green.cpu_millicores),
                         .with_virtual_percent = PercentOf(
                             used, facts.green.cpu_millicores + facts.green.virtual_cpu_millicores)});
  }
  return forecasts;
}

const char* Word(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kBlocker:
      return "blocker";
  }
  return "note";
}

const char* Word(FindingCode code) {
  switch (code) {
    case FindingCode::kCluster:
      return "cluster";
    case FindingCode::kAgents:
      return "agents";
    case FindingCode::kApplication:
      return "application";
    case FindingCode::kDifference:
      return "difference";
    case FindingCode::kHeadroom:
      return "headroom";
    case FindingCode::kAnswer:
      return "answer";
    case FindingCode::kGateway:
      return "gateway";
    case FindingCode::kFreeze:
      return "freeze";
    case FindingCode::kConflict:
      return "conflict";
    case FindingCode::kProof:
      return "proof";
  }
  return "proof";
}

}  // namespace evenkeel::coordinator
