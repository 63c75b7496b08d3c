#include "coordinator/core/switch/check_spec.h"

#include <cstddef>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/probe_target.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kMostApplications = 32;
constexpr size_t kMostRoutes = 16;
constexpr size_t kMostSteps = 32;
constexpr size_t kMostHooks = 8;
constexpr size_t kMostFreezes = 32;
// More than all of it: who measures his nodes on a machine that others burn, too, sees them always busy.
constexpr uint64_t kMostCpuPercent = 1000;
constexpr absl::Duration kLongest = absl::Hours(24);

class Problems {
 public:
  void Add(std::string field, std::string words) { found_.push_back({std::move(field), std::move(words)}); }

  void Within(const std::string& field, absl::Duration value, absl::Duration least, absl::Duration most) {
    if (value < least || value > most) {
      Add(field, absl::StrCat(Say(value), " is not between ", Say(least), " and ", Say(most)));
    }
  }
  void Within(const std::string& field, uint64_t value, uint64_t least, uint64_t most) {
    if (value < least || value > most) {
      Add(field, absl::StrCat(value, " is not between ", least, " and ", most));
    }
  }
  void AtMost(const std::string& field, size_t number, size_t most) {
    if (number > most) Add(field, absl::StrCat(number, " are too many: at most ", most));
  }

  // That nobody can be asked by it is told before anything moves.
  void Url(const std::string& field, const std::string& url) {
    const absl::Status usable = ProbeTarget::Parse(url).status();
    if (!usable.ok()) Add(field, std::string(usable.message()));
  }

  std::vector<SpecProblem> Take() { return std::move(found_); }

 private:
  std::vector<SpecProblem> found_;
};

std::string At(absl::string_view list, size_t index, absl::string_view field = "") {
  return field.empty() ? absl::StrCat(list, "[", index, "]") : absl::StrCat(list, "[", index, "].", field);
}

void CheckClusters(const SwitchSpec& spec, Problems& problems) {
  if (spec.name.empty()) problems.Add("name", "a switch has a name");
  if (spec.from.empty()) problems.Add("from", "the cluster that has the traffic is not named");
  if (spec.to.empty()) problems.Add("to", "the cluster that gets the traffic is not named");
  if (!spec.from.empty() && spec.from == spec.to) {
    problems.Add("to", "it is the cluster that has the traffic already");
  }
}

void CheckApplications(const SwitchSpec& spec, Problems& problems) {
  if (spec.applications.empty()) problems.Add("applications", "nothing is to be switched");
  problems.AtMost("applications", spec.applications.size(), kMostApplications);
  std::set<Application> seen;
  for (size_t i = 0; i < spec.applications.size(); ++i) {
    const Application& application = spec.applications[i];
    if (application.name_space.empty()) problems.Add(At("applications", i, "namespace"), "it is not named");
    if (application.service.empty() == application.selector.empty()) {
      problems.Add(At("applications", i), "it needs either a service or a selector");
    }
    if (!seen.insert(application).second) problems.Add(At("applications", i), "it stands here twice");
  }
}

void CheckRoutes(const SwitchSpec& spec, Problems& problems) {
  if (spec.routes.empty()) problems.Add("routes", "no gateway is named");
  problems.AtMost("routes", spec.routes.size(), kMostRoutes);
  std::set<RouteKey> seen;
  for (size_t i = 0; i < spec.routes.size(); ++i) {
    const SwitchedRoute& route = spec.routes[i];
    if (route.key.gateway.empty()) problems.Add(At("routes", i, "gateway"), "it is not named");
    if (route.key.route.empty()) problems.Add(At("routes", i, "route"), "it is not named");
    if (route.blue.empty()) problems.Add(At("routes", i, "blue"), "the backend is not named");
    if (route.green.empty()) problems.Add(At("routes", i, "green"), "the backend is not named");
    if (!route.blue.empty() && route.blue == route.green) {
      problems.Add(At("routes", i, "green"), "it is the same backend as blue's");
    }
    for (const auto& [backend, servers] : route.parts) {
      if (backend != route.blue && backend != route.green) {
        problems.Add(At("routes", i, "servers"), absl::StrCat(backend, " is neither blue's nor green's"));
      }
      if (servers.empty()) problems.Add(At("routes", i, "servers"), absl::StrCat(backend, " has none"));
    }
    if (!seen.insert(route.key).second) problems.Add(At("routes", i), "it stands here twice");
  }
}

void CheckSteps(const SwitchSpec& spec, Problems& problems) {
  if (spec.steps.empty()) return problems.Add("steps", "there is none");
  problems.AtMost("steps", spec.steps.size(), kMostSteps);
  uint32_t last = 0;
  for (size_t i = 0; i < spec.steps.size(); ++i) {
    const SwitchStep& step = spec.steps[i];
    problems.Within(At("steps", i, "percent"), step.percent, 0, 100);
    if (step.percent == 0 && !step.canary) {
      problems.Add(At("steps", i, "percent"), "0 moves nothing without a canary's header");
    }
    if (step.percent != 0 && step.percent <= last) {
      problems.Add(At("steps", i, "percent"), absl::StrCat("it must be more than the ", last, " before"));
    }
    if (step.percent == 0 && last != 0) {
      problems.Add(At("steps", i, "percent"), "a canary by header only stands before all percentages");
    }
    if (step.canary && (step.canary->header.empty() || step.canary->value.empty())) {
      problems.Add(At("steps", i, "canary"), "it needs a header and its value");
    }
    problems.Within(At("steps", i, "soak"), step.soak, absl::ZeroDuration(), kLongest);
    last = step.percent;
  }
  if (last != 100) problems.Add("steps", "the last one must give green 100 percent");
}

void CheckGates(const GateRules& gates, Problems& problems) {
  problems.Within("gates.maxErrorPermille", gates.max_error_permille, 0, 1000);
  problems.Within("gates.maxExcessPermille", gates.max_excess_permille, 0, 1000);
  problems.Within("gates.minFailures", gates.min_failures, 1, 1'000'000);
  problems.Within("gates.maxLatencyPercent", gates.max_latency_percent, 100, 10'000);
  problems.Within("gates.latencySlack", gates.latency_slack, absl::ZeroDuration(), absl::Minutes(1));
  problems.Within("gates.badFor", gates.bad_for, absl::ZeroDuration(), absl::Minutes(10));
  problems.Within("gates.patience", gates.patience, absl::ZeroDuration(), kLongest);
  problems.AtMost("gates.hooks", gates.hooks.size(), kMostHooks);
  std::set<std::string> names;
  for (size_t i = 0; i < gates.hooks.size(); ++i) {
    const GateHook& hook = gates.hooks[i];
    if (hook.name.empty()) problems.Add(At("gates.hooks", i, "name"), "it has none");
    if (hook.url.empty()) {
      problems.Add(At("gates.hooks", i, "url"), "it has none");
    } else {
      problems.Url(At("gates.hooks", i, "url"), hook.url);
    }
    problems.Within(At("gates.hooks", i, "timeout"), hook.timeout, absl::Milliseconds(10), absl::Minutes(1));
    problems.Within(At("gates.hooks", i, "period"), hook.period, absl::Seconds(1), absl::Hours(1));
    if (!names.insert(hook.name).second) {
      problems.Add(At("gates.hooks", i, "name"), "another hook has the same");
    }
  }
}

void CheckProber(const ProberSpec& prober, Problems& problems) {
  if (!prober.url.empty()) problems.Url("prober.url", prober.url);
  for (const auto& [field, path] :
       {std::pair<const char*, const std::string&>("prober.slowPath", prober.slow_path),
        {"prober.streamPath", prober.stream_path}}) {
    if (!path.empty() && !IsRequestPath(path)) {
      problems.Add(field, "it must begin with /, and have no spaces and no letters but ASCII's");
    }
    if (!path.empty() && prober.url.empty()) problems.Add(field, "there is no prober.url");
  }
  problems.Within("prober.perSecond", prober.per_second, 1, 1000);
}

void CheckFreezes(const SwitchSpec& spec, Problems& problems) {
  problems.AtMost("freezes", spec.freezes.size(), kMostFreezes);
  for (size_t i = 0; i < spec.freezes.size(); ++i) {
    const FreezeWindow& window = spec.freezes[i];
    if (window.weekdays == 0) {
      if (window.from >= window.until) problems.Add(At("freezes", i), "it ends before it begins");
      continue;
    }
    if (window.from != absl::InfiniteFuture() || window.until != absl::InfiniteFuture()) {
      problems.Add(At("freezes", i), "it is either weekly or once");
    }
    if (window.begin < absl::ZeroDuration() || window.begin >= absl::Hours(24)) {
      problems.Add(At("freezes", i, "begin"), "it is no time of the day");
    }
    if (window.length <= absl::ZeroDuration() || window.length > absl::Hours(7 * 24)) {
      problems.Add(At("freezes", i, "length"), "it is not between 0 and 7 days");
    }
    if (window.utc_offset < absl::Hours(-12) || window.utc_offset > absl::Hours(14)) {
      problems.Add(At("freezes", i, "utcOffset"), "it is not between -12 h and 14 h");
    }
  }
}

}  // namespace

std::vector<SpecProblem> CheckSpec(const SwitchSpec& spec) {
  Problems problems;
  CheckClusters(spec, problems);
  CheckApplications(spec, problems);
  CheckRoutes(spec, problems);
  CheckSteps(spec, problems);
  CheckGates(spec.gates, problems);
  CheckProber(spec.prober, problems);
  problems.Within("drain.deadline", spec.drain.deadline, absl::ZeroDuration(), kLongest);
  if (spec.drain.at_deadline == AtDrainDeadline::kCut && !spec.hold.close_blue) {
    problems.Add("drain.atDeadline", "`cut` cuts only where hold.closeBlue is set; `leave` is what is meant");
  }
  problems.Within("hold.length", spec.hold.length, absl::ZeroDuration(), absl::Hours(7 * 24));
  CheckFreezes(spec, problems);
  problems.Within("maxCpuPercent", spec.max_cpu_percent, 1, kMostCpuPercent);
  return problems.Take();
}

}  // namespace evenkeel::coordinator
