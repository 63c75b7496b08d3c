#include "coordinator/serve/switch_spec_message.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "coordinator/core/switch/check_spec.h"
#include "coordinator/serve/convert.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLongestSwitchName = 63;
constexpr uint32_t kSunday = 7;

bool IsName(absl::string_view name) {
  const auto inner = [](char letter) {
    return absl::ascii_islower(letter) || absl::ascii_isdigit(letter) || letter == '-';
  };
  return !name.empty() && name.size() <= kLongestSwitchName && std::all_of(name.begin(), name.end(), inner) &&
         name.front() != '-' && name.back() != '-' && !DecisionId::Parse(std::string(name)).ok();
}

// What is not well-formed at all; ranges are CheckSpec's.
class SpecReader {
 public:
  void Read(const google::protobuf::Duration& message, bool is_set, const std::string& field,
            absl::Duration& out) {
    if (!is_set) return;
    const std::optional<absl::Duration> duration = FromMessage(message);
    if (!duration) return Wrong(field, "it is no duration");
    out = *duration;
  }
  void Read(const google::protobuf::Timestamp& message, bool is_set, absl::Time& out) {
    if (is_set) out = absl::FromUnixSeconds(message.seconds()) + absl::Nanoseconds(message.nanos());
  }
  // A value of a later version must not pass for the default.
  void Known(bool is_known, std::string field) {
    if (!is_known) Wrong(std::move(field), "this coordinator does not know the value");
  }
  void Wrong(std::string field, std::string words) {
    problems_.push_back({std::move(field), std::move(words)});
  }
  std::vector<SpecProblem> Take() { return std::move(problems_); }

 private:
  std::vector<SpecProblem> problems_;
};

SwitchedRoute RouteFrom(const v1::SwitchedRoute& message, const std::string& field, SpecReader& reader) {
  SwitchedRoute route;
  route.key = {message.gateway(), message.route()};
  route.blue = message.blue();
  route.green = message.green();
  for (const auto& [backend, servers] : message.servers()) {
    route.parts[backend] = {servers.names().begin(), servers.names().end()};
  }
  if (message.check_port() > std::numeric_limits<uint16_t>::max()) {
    reader.Wrong(absl::StrCat(field, ".checkPort"), "it is no port");
  }
  route.check_port = static_cast<uint16_t>(message.check_port());
  route.check_path = message.check_path();
  return route;
}

SwitchStep StepFrom(const v1::SwitchStep& message, const std::string& field, SpecReader& reader) {
  SwitchStep step;
  step.percent = message.percent();
  if (message.has_canary()) {
    step.canary = HeaderMatch{absl::AsciiStrToLower(message.canary().header()), message.canary().value()};
  }
  reader.Read(message.soak(), message.has_soak(), absl::StrCat(field, ".soak"), step.soak);
  if (message.has_min_requests()) step.min_requests = message.min_requests();
  step.approve = message.approve();
  return step;
}

GateRules RulesFrom(const v1::GateRules& message, SpecReader& reader) {
  GateRules rules;
  if (message.has_max_error_permille()) rules.max_error_permille = message.max_error_permille();
  if (message.has_max_excess_permille()) rules.max_excess_permille = message.max_excess_permille();
  if (message.has_min_failures()) rules.min_failures = message.min_failures();
  if (message.has_max_latency_percent()) rules.max_latency_percent = message.max_latency_percent();
  reader.Read(message.latency_slack(), message.has_latency_slack(), "gates.latencySlack",
              rules.latency_slack);
  reader.Read(message.bad_for(), message.has_bad_for(), "gates.badFor", rules.bad_for);
  if (message.has_max_probe_failures()) rules.max_probe_failures = message.max_probe_failures();
  if (message.has_min_probes()) rules.min_probes = message.min_probes();
  for (int i = 0; i < message.hooks_size(); ++i) {
    const v1::GateHook& from = message.hooks(i);
    const std::string field = absl::StrCat("gates.hooks[", i, "]");
    GateHook& hook = rules.hooks.emplace_back();
    hook.name = from.name();
    hook.url = from.url();
    reader.Read(from.timeout(), from.has_timeout(), absl::StrCat(field, ".timeout"), hook.timeout);
    reader.Read(from.period(), from.has_period(), absl::StrCat(field, ".period"), hook.period);
  }
  reader.Read(message.patience(), message.has_patience(), "gates.patience", rules.patience);
  return rules;
}

FreezeWindow WindowFrom(const v1::FreezeWindow& message, const std::string& field, SpecReader& reader) {
  FreezeWindow window;
  window.name = message.name();
  for (const uint32_t day : message.weekdays()) {
    if (day < 1 || day > kSunday) {
      reader.Wrong(absl::StrCat(field, ".weekdays"), absl::StrCat(day, " is not between 1 (Monday) and 7"));
    } else {
      window.weekdays = static_cast<uint8_t>(window.weekdays | 1U << (day - 1));
    }
  }
  reader.Read(message.begin(), message.has_begin(), absl::StrCat(field, ".begin"), window.begin);
  reader.Read(message.length(), message.has_length(), absl::StrCat(field, ".length"), window.length);
  reader.Read(message.utc_offset(), message.has_utc_offset(), absl::StrCat(field, ".utcOffset"),
              window.utc_offset);
  reader.Read(message.start_time(), message.has_start_time(), window.from);
  reader.Read(message.end_time(), message.has_end_time(), window.until);
  return window;
}

AtDrainDeadline AtDeadlineFrom(v1::DrainRules::AtDeadline value, SpecReader& reader) {
  reader.Known(v1::DrainRules::AtDeadline_IsValid(value), "drain.atDeadline");
  switch (value) {
    case v1::DrainRules::AT_DEADLINE_LEAVE:
      return AtDrainDeadline::kLeave;
    case v1::DrainRules::AT_DEADLINE_CUT:
      return AtDrainDeadline::kCut;
    default:
      return AtDrainDeadline::kAsk;
  }
}

v1::DrainRules::AtDeadline ToMessage(AtDrainDeadline value) {
  switch (value) {
    case AtDrainDeadline::kAsk:
      return v1::DrainRules::AT_DEADLINE_ASK;
    case AtDrainDeadline::kLeave:
      return v1::DrainRules::AT_DEADLINE_LEAVE;
    case AtDrainDeadline::kCut:
      return v1::DrainRules::AT_DEADLINE_CUT;
  }
  return v1::DrainRules::AT_DEADLINE_ASK;
}

OnForeignChange ChangeFrom(v1::SwitchSpec::OnForeignChange value, OnForeignChange by_default,
                           const std::string& field, SpecReader& reader) {
  reader.Known(v1::SwitchSpec::OnForeignChange_IsValid(value), field);
  switch (value) {
    case v1::SwitchSpec::ON_FOREIGN_CHANGE_STOP:
      return OnForeignChange::kStop;
    case v1::SwitchSpec::ON_FOREIGN_CHANGE_HEAL:
      return OnForeignChange::kHeal;
    default:
      return by_default;
  }
}

v1::SwitchSpec::OnForeignChange ToMessage(OnForeignChange value) {
  return value == OnForeignChange::kStop ? v1::SwitchSpec::ON_FOREIGN_CHANGE_STOP
                                         : v1::SwitchSpec::ON_FOREIGN_CHANGE_HEAL;
}

absl::Status AsStatus(const std::vector<SpecProblem>& problems, absl::string_view root) {
  if (problems.empty()) return absl::OkStatus();
  std::vector<std::string> others;
  for (size_t i = 1; i < problems.size(); ++i) {
    others.push_back(absl::StrCat(root, ".", problems[i].field, ": ", problems[i].words));
  }
  return base::InvalidField(
      absl::StrCat(root, ".", problems.front().field),
      absl::StrCat(problems.front().words, others.empty() ? "" : "; and ", absl::StrJoin(others, "; ")));
}

void Put(const GateRules& rules, v1::GateRules& message) {
  message.set_max_error_permille(rules.max_error_permille);
  message.set_max_excess_permille(rules.max_excess_permille);
  message.set_min_failures(rules.min_failures);
  message.set_max_latency_percent(rules.max_latency_percent);
  *message.mutable_latency_slack() = coordinator::ToMessage(rules.latency_slack);
  *message.mutable_bad_for() = coordinator::ToMessage(rules.bad_for);
  message.set_max_probe_failures(rules.max_probe_failures);
  message.set_min_probes(rules.min_probes);
  for (const GateHook& hook : rules.hooks) {
    v1::GateHook& added = *message.add_hooks();
    added.set_name(hook.name);
    added.set_url(hook.url);
    *added.mutable_timeout() = coordinator::ToMessage(hook.timeout);
    *added.mutable_period() = coordinator::ToMessage(hook.period);
  }
  *message.mutable_patience() = coordinator::ToMessage(rules.patience);
}

void Put(const SwitchedRoute& route, v1::SwitchedRoute& message) {
  message.set_gateway(route.key.gateway);
  message.set_route(route.key.route);
  message.set_blue(route.blue);
  message.set_green(route.green);
  for (const auto& [backend, servers] : route.parts) {
    v1::SwitchedServers& names = (*message.mutable_servers())[backend];
    for (const std::string& server : servers) names.add_names(server);
  }
  message.set_check_port(route.check_port);
  message.set_check_path(route.check_path);
}

void Put(const FreezeWindow& window, v1::FreezeWindow& message) {
  message.set_name(window.name);
  if (window.weekdays == 0) {
    *message.mutable_start_time() = coordinator::ToMessage(window.from);
    *message.mutable_end_time() = coordinator::ToMessage(window.until);
    return;
  }
  for (uint32_t day = 1; day <= kSunday; ++day) {
    if ((window.weekdays >> (day - 1) & 1U) != 0) message.add_weekdays(day);
  }
  *message.mutable_begin() = coordinator::ToMessage(window.begin);
  *message.mutable_length() = coordinator::ToMessage(window.length);
  *message.mutable_utc_offset() = coordinator::ToMessage(window.utc_offset);
}

}  // namespace

absl::StatusOr<SwitchSpec> SwitchSpecFromMessage(absl::string_view name, const v1::SwitchSpec& message,
                                                 const SpecFields& fields) {
  if (!IsName(name)) {
    return base::InvalidField(
        fields.name,
        "a switch's name is 1 to 63 lower-case letters, digits and \"-\", and begins and "
        "ends with a letter or digit; it does not read as a decision's id, as 7-12");
  }
  SpecReader reader;
  SwitchSpec spec;
  spec.name = std::string(name);
  spec.from = message.from();
  spec.to = message.to();
  for (const v1::SwitchedApplication& from : message.applications()) {
    Application& application = spec.applications.emplace_back();
    application.name_space = from.namespace_();
    application.service = from.service();
    application.selector = from.selector();
  }
  for (int i = 0; i < message.routes_size(); ++i) {
    spec.routes.push_back(RouteFrom(message.routes(i), absl::StrCat("routes[", i, "]"), reader));
  }
  for (int i = 0; i < message.steps_size(); ++i) {
    spec.steps.push_back(StepFrom(message.steps(i), absl::StrCat("steps[", i, "]"), reader));
  }
  spec.gates = RulesFrom(message.gates(), reader);
  spec.prober.url = message.prober().url();
  spec.prober.slow_path = message.prober().slow_path();
  spec.prober.stream_path = message.prober().stream_path();
  if (message.prober().has_per_second()) spec.prober.per_second = message.prober().per_second();
  spec.prober.side_header = absl::AsciiStrToLower(message.prober().side_header());
  reader.Read(message.drain().deadline(), message.drain().has_deadline(), "drain.deadline",
              spec.drain.deadline);
  spec.drain.at_deadline = AtDeadlineFrom(message.drain().at_deadline(), reader);
  reader.Read(message.hold().length(), message.hold().has_length(), "hold.length", spec.hold.length);
  spec.hold.commit_by_itself = !message.hold().wait_for_commit();
  spec.hold.close_blue = message.hold().close_blue();
  reader.Known(v1::SwitchSpec::OnFailedGate_IsValid(message.on_failed_gate()), "onFailedGate");
  spec.on_failed_gate = message.on_failed_gate() == v1::SwitchSpec::ON_FAILED_GATE_STOP
                            ? OnFailedGate::kStop
                            : OnFailedGate::kRollBack;
  spec.on_foreign_change =
      ChangeFrom(message.on_foreign_change(), OnForeignChange::kStop, "onForeignChange", reader);
  spec.on_reload = ChangeFrom(message.on_reload(), OnForeignChange::kHeal, "onReload", reader);
  reader.Known(v1::SwitchSpec::OnLostBlue_IsValid(message.on_lost_blue()), "onLostBlue");
  spec.on_lost_blue =
      message.on_lost_blue() == v1::SwitchSpec::ON_LOST_BLUE_FINISH ? OnLostBlue::kFinish : OnLostBlue::kAsk;
  for (int i = 0; i < message.freezes_size(); ++i) {
    spec.freezes.push_back(WindowFrom(message.freezes(i), absl::StrCat("freezes[", i, "]"), reader));
  }
  if (message.has_max_cpu_percent()) spec.max_cpu_percent = message.max_cpu_percent();
  spec.allow_differences = message.allow_differences();
  reader.Known(v1::SwitchMode_IsValid(message.mode()), "mode");
  spec.mode = message.mode() == v1::SWITCH_MODE_ENFORCE ? SwitchMode::kEnforce : SwitchMode::kObserve;
  std::vector<SpecProblem> problems = reader.Take();
  for (SpecProblem& problem : CheckSpec(spec)) problems.push_back(std::move(problem));
  EVENKEEL_RETURN_IF_ERROR(AsStatus(problems, fields.spec));
  return spec;
}

v1::SwitchSpec ToMessage(const SwitchSpec& spec) {
  v1::SwitchSpec message;
  message.set_from(spec.from);
  message.set_to(spec.to);
  for (const Application& application : spec.applications) {
    v1::SwitchedApplication& added = *message.add_applications();
    added.set_namespace_(application.name_space);
    if (application.service.empty()) {
      added.set_selector(application.selector);
    } else {
      added.set_service(application.service);
    }
  }
  for (const SwitchedRoute& route : spec.routes) Put(route, *message.add_routes());
  for (const SwitchStep& step : spec.steps) {
    v1::SwitchStep& added = *message.add_steps();
    added.set_percent(step.percent);
    if (step.canary) {
      added.mutable_canary()->set_header(step.canary->header);
      added.mutable_canary()->set_value(step.canary->value);
    }
    *added.mutable_soak() = ToMessage(step.soak);
    added.set_min_requests(step.min_requests);
    added.set_approve(step.approve);
  }
  Put(spec.gates, *message.mutable_gates());
  v1::ProberSpec& prober = *message.mutable_prober();
  prober.set_url(spec.prober.url);
  prober.set_slow_path(spec.prober.slow_path);
  prober.set_stream_path(spec.prober.stream_path);
  prober.set_per_second(spec.prober.per_second);
  prober.set_side_header(spec.prober.side_header);
  *message.mutable_drain()->mutable_deadline() = ToMessage(spec.drain.deadline);
  message.mutable_drain()->set_at_deadline(ToMessage(spec.drain.at_deadline));
  *message.mutable_hold()->mutable_length() = ToMessage(spec.hold.length);
  message.mutable_hold()->set_wait_for_commit(!spec.hold.commit_by_itself);
  message.mutable_hold()->set_close_blue(spec.hold.close_blue);
  message.set_on_failed_gate(spec.on_failed_gate == OnFailedGate::kStop
                                 ? v1::SwitchSpec::ON_FAILED_GATE_STOP
                                 : v1::SwitchSpec::ON_FAILED_GATE_ROLL_BACK);
  message.set_on_foreign_change(ToMessage(spec.on_foreign_change));
  message.set_on_reload(ToMessage(spec.on_reload));
  message.set_on_lost_blue(spec.on_lost_blue == OnLostBlue::kFinish ? v1::SwitchSpec::ON_LOST_BLUE_FINISH
                                                                    : v1::SwitchSpec::ON_LOST_BLUE_ASK);
  for (const FreezeWindow& window : spec.freezes) Put(window, *message.add_freezes());
  message.set_max_cpu_percent(spec.max_cpu_percent);
  message.set_allow_differences(spec.allow_differences);
  message.set_mode(spec.mode == SwitchMode::kEnforce ? v1::SWITCH_MODE_ENFORCE : v1::SWITCH_MODE_OBSERVE);
  return message;
}

}  // namespace evenkeel::coordinator
