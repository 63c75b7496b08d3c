#include "coordinator/serve/scale_validation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/policy_fields.h"
#include "coordinator/serve/scaler_messages.h"

namespace evenkeel::coordinator {
namespace {

constexpr uint32_t kMostReplicas = 100'000;
constexpr uint32_t kMostCpuPercent = 10'000;
constexpr uint32_t kMostCpuMillicores = 1'000'000;
constexpr int kMostRates = 8;
constexpr uint32_t kMostRatePercent = 1'000;
constexpr int kMostSchedule = 64;
constexpr uint32_t kLeastThresholdPercent = 101;
constexpr uint32_t kMostThresholdPercent = 1'000;
constexpr uint32_t kNeverThrottled = 101;
constexpr double kPercent = 100;
constexpr int32_t kLeastOffsetMinutes = -720;
constexpr int32_t kMostOffsetMinutes = 840;
constexpr size_t kLongestLabel = 63;
constexpr size_t kLongestSubdomain = 253;

std::string Field(absl::string_view name) {
  return absl::StrCat("policy.scale.", name);
}

// Where `is_set` is false, `out` stays as it is.
absl::Status ReadNumber(absl::string_view field, bool is_set, uint32_t value, uint32_t least, uint32_t most,
                        int64_t& out) {
  if (!is_set) return absl::OkStatus();
  if (value < least || value > most) {
    return base::InvalidField(field, absl::StrCat("must be from ", least, " to ", most, ", not ", value));
  }
  out = value;
  return absl::OkStatus();
}

// The same with times.
template <typename Message>
absl::Status ReadTime(absl::string_view field, bool is_set, const Message& value, absl::Duration least,
                      absl::Duration most, absl::Duration& out) {
  if (!is_set) return absl::OkStatus();
  EVENKEEL_ASSIGN_OR_RETURN(out, Within(field, value, least, most));
  return absl::OkStatus();
}

// ---- the target ----

// As Kubernetes has names of most objects: lower-case letters, digits, "-" and, with `dots`, ".".
bool IsName(absl::string_view name, size_t longest, bool dots) {
  if (name.empty() || name.size() > longest) return false;
  const auto is_alphanumeric = [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c));
  };
  if (!is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_alphanumeric(c) || c == '-' || (dots && c == '.'); });
}

bool IsKind(absl::string_view kind) {
  if (kind.empty() || kind.size() > kLongestLabel) return false;
  if (!absl::ascii_isupper(static_cast<unsigned char>(kind.front()))) return false;
  return std::all_of(kind.begin(), kind.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
}

absl::Status ReadTarget(const v1::ScaleTarget& message, ScalePolicy& policy) {
  const std::string api = message.api_version().empty() ? "apps/v1" : message.api_version();
  const std::vector<std::string> parts = absl::StrSplit(api, '/');
  const bool has_group = parts.size() == 2;
  if (parts.size() > 2 || !IsName(parts.back(), kLongestLabel, false) ||
      (has_group && !IsName(parts.front(), kLongestSubdomain, true))) {
    return base::InvalidField(Field("target.api_version"), "must be as in a manifest, as apps/v1");
  }
  Workload& target = policy.target;
  target.group = has_group ? parts.front() : "";
  policy.version = parts.back();
  target.kind = message.kind().empty() ? "Deployment" : message.kind();
  if (!IsKind(target.kind)) {
    return base::InvalidField(Field("target.kind"), "must be as in a manifest, as Deployment");
  }
  target.name_space = message.namespace_().empty() ? "default" : message.namespace_();
  if (!IsName(target.name_space, kLongestLabel, false)) {
    return base::InvalidField(Field("target.namespace"), "is no name that a namespace can have");
  }
  target.name = message.name();
  if (target.name.empty()) {
    return base::InvalidField(Field("target.name"), "is missing: name the workload that is scaled");
  }
  if (!IsName(target.name, kLongestSubdomain, true)) {
    return base::InvalidField(Field("target.name"), "is no name that a workload can have");
  }
  return absl::OkStatus();
}

// ---- bounds, CPU ----

absl::Status ReadBounds(const v1::ScalePolicy& message, ScaleRules& rules) {
  EVENKEEL_RETURN_IF_ERROR(ReadNumber(Field("min_replicas"), message.min_replicas() != 0,
                                      message.min_replicas(), 1, kMostReplicas, rules.minimums.replicas));
  if (message.max_replicas() == 0) {
    return base::InvalidField(Field("max_replicas"),
                              "is missing: say how many replicas there may be at most");
  }
  EVENKEEL_RETURN_IF_ERROR(
      ReadNumber(Field("max_replicas"), true, message.max_replicas(), 1, kMostReplicas, rules.maximum));
  if (rules.maximum >= rules.minimums.replicas) return absl::OkStatus();
  return base::InvalidField(Field("max_replicas"),
                            absl::StrCat("must be no less than min_replicas, which is ",
                                         rules.minimums.replicas, ", not ", rules.maximum));
}

absl::Status ReadCpu(const v1::ScalePolicy& message, ScaleRules& rules) {
  if (message.cpu_percent() != 0 && message.cpu_millicores() != 0) {
    return base::InvalidField(Field("cpu_millicores"), "cannot be set together with cpu_percent");
  }
  EVENKEEL_RETURN_IF_ERROR(ReadNumber(Field("cpu_percent"), message.cpu_percent() != 0, message.cpu_percent(),
                                      1, kMostCpuPercent, rules.target.value));
  if (message.cpu_millicores() != 0) rules.target.kind = CpuTarget::Kind::kMillicores;
  EVENKEEL_RETURN_IF_ERROR(ReadNumber(Field("cpu_millicores"), message.cpu_millicores() != 0,
                                      message.cpu_millicores(), 1, kMostCpuMillicores, rules.target.value));
  int64_t percent = 0;
  if (message.has_tolerance_up_percent()) {
    EVENKEEL_RETURN_IF_ERROR(
        ReadNumber(Field("tolerance_up_percent"), true, message.tolerance_up_percent(), 0, 100, percent));
    rules.tolerance.up = static_cast<double>(percent) / kPercent;
  }
  if (message.has_tolerance_down_percent()) {
    EVENKEEL_RETURN_IF_ERROR(
        ReadNumber(Field("tolerance_down_percent"), true, message.tolerance_down_percent(), 0, 99, percent));
    rules.tolerance.down = static_cast<double>(percent) / kPercent;
  }
  return absl::OkStatus();
}

// ---- rates and windows ----

absl::StatusOr<RatePolicy> RateFrom(const std::string& field, const v1::ScaleRate& message) {
  if ((message.pods() == 0) == (message.percent() == 0)) {
    return base::InvalidField(field, "must have exactly one of pods and percent");
  }
  RatePolicy rate{.kind = message.pods() != 0 ? RatePolicy::Kind::kPods : RatePolicy::Kind::kPercent,
                  .period = absl::Seconds(15)};
  EVENKEEL_RETURN_IF_ERROR(ReadNumber(absl::StrCat(field, ".pods"), message.pods() != 0, message.pods(), 1,
                                      kMostReplicas, rate.value));
  EVENKEEL_RETURN_IF_ERROR(ReadNumber(absl::StrCat(field, ".percent"), message.percent() != 0,
                                      message.percent(), 1, kMostRatePercent, rate.value));
  EVENKEEL_RETURN_IF_ERROR(ReadTime(absl::StrCat(field, ".period"), message.has_period(), message.period(),
                                    absl::Seconds(1), absl::Minutes(30), rate.period));
  return rate;
}

absl::Status ReadDirection(const std::string& field, const v1::ScaleDirection& message, ScalingRules& rules) {
  EVENKEEL_RETURN_IF_ERROR(ReadTime(absl::StrCat(field, ".stabilization_window"),
                                    message.has_stabilization_window(), message.stabilization_window(),
                                    absl::ZeroDuration(), absl::Hours(1), rules.stabilisation));
  switch (message.select()) {
    case v1::SCALE_SELECT_UNSPECIFIED:
    case v1::SCALE_SELECT_MAX:
      rules.select = SelectPolicy::kMax;
      break;
    case v1::SCALE_SELECT_MIN:
      rules.select = SelectPolicy::kMin;
      break;
    case v1::SCALE_SELECT_DISABLED:
      rules.select = SelectPolicy::kDisabled;
      break;
    default:
      return base::InvalidField(absl::StrCat(field, ".select"),
                                "must be SCALE_SELECT_MAX, SCALE_SELECT_MIN or SCALE_SELECT_DISABLED");
  }
  if (message.rates_size() > kMostRates) {
    return base::InvalidField(absl::StrCat(field, ".rates"),
                              absl::StrCat("must be at most ", kMostRates, ", not ", message.rates_size()));
  }
  if (message.rates().empty()) return absl::OkStatus();
  rules.policies.clear();
  for (int i = 0; i < message.rates_size(); ++i) {
    EVENKEEL_ASSIGN_OR_RETURN(const RatePolicy rate,
                              RateFrom(absl::StrCat(field, ".rates[", i, "]"), message.rates(i)));
    rules.policies.push_back(rate);
  }
  return absl::OkStatus();
}

// ---- panic, start-up, lost samples ----

absl::Status ReadPanic(const v1::ScalePanic& message, PanicRules& panic) {
  panic.enabled = !message.disabled();
  EVENKEEL_RETURN_IF_ERROR(ReadTime(Field("panic.window"), message.has_window(), message.window(),
                                    absl::Seconds(1), absl::Seconds(30), panic.window));
  EVENKEEL_RETURN_IF_ERROR(ReadNumber(Field("panic.threshold_percent"), message.threshold_percent() != 0,
                                      message.threshold_percent(), kLeastThresholdPercent,
                                      kMostThresholdPercent, panic.threshold_percent));
  EVENKEEL_RETURN_IF_ERROR(ReadTime(Field("panic.stable_window"), message.has_stable_window(),
                                    message.stable_window(), absl::Seconds(5), absl::Hours(1),
                                    panic.stable_window));
  return ReadNumber(Field("panic.throttled_percent"), message.throttled_percent() != 0,
                    message.throttled_percent(), 1, kNeverThrottled, panic.throttled_percent);
}

absl::Status ReadStartUp(const v1::ScaleStartUp& message, StartUp& start_up) {
  EVENKEEL_RETURN_IF_ERROR(ReadTime(Field("start_up.initialization"), message.has_initialization(),
                                    message.initialization(), absl::ZeroDuration(), absl::Hours(1),
                                    start_up.initialization));
  EVENKEEL_RETURN_IF_ERROR(ReadTime(Field("start_up.readiness_delay"), message.has_readiness_delay(),
                                    message.readiness_delay(), absl::ZeroDuration(), absl::Hours(1),
                                    start_up.readiness_delay));
  return ReadTime(Field("start_up.first_sample"), message.has_first_sample(), message.first_sample(),
                  absl::ZeroDuration(), absl::Minutes(10), start_up.first_sample);
}

absl::Status ReadSamples(const v1::ScalePolicy& message, ScaleRules& rules) {
  EVENKEEL_RETURN_IF_ERROR(ReadTime(Field("window"), message.has_window(), message.window(), absl::Seconds(5),
                                    absl::Minutes(2), rules.window));
  EVENKEEL_RETURN_IF_ERROR(ReadTime(Field("scale_in_interval"), message.has_scale_in_interval(),
                                    message.scale_in_interval(), absl::ZeroDuration(), absl::Hours(1),
                                    rules.scale_in_interval));
  EVENKEEL_RETURN_IF_ERROR(ReadNumber(Field("scale_in_held_percent"), message.has_scale_in_held_percent(),
                                      message.scale_in_held_percent(), 0, 100, rules.scale_in_held_percent));
  switch (message.missing()) {
    case v1::SCALE_MISSING_UNSPECIFIED:
    case v1::SCALE_MISSING_PEERS:
      rules.demand = DemandRules::kEvenkeel;
      return absl::OkStatus();
    case v1::SCALE_MISSING_AS_HPA:
      rules.demand = DemandRules::kHpa;
      return absl::OkStatus();
    default:
      return base::InvalidField(Field("missing"), "must be SCALE_MISSING_PEERS or SCALE_MISSING_AS_HPA");
  }
}

// ---- minimums by the clock ----

constexpr uint8_t kEveryDay = 0x7f;

absl::StatusOr<ScheduledMinimum> MinimumFrom(const std::string& field, const v1::ScheduledMinimum& message,
                                             int64_t most) {
  ScheduledMinimum minimum{.weekdays = message.days().empty() ? kEveryDay : uint8_t{0}};
  for (int i = 0; i < message.days_size(); ++i) {
    const int day = message.days(i);
    if (day < v1::WEEKDAY_MONDAY || day > v1::WEEKDAY_SUNDAY) {
      return base::InvalidField(absl::StrCat(field, ".days[", i, "]"),
                                "must be WEEKDAY_MONDAY to WEEKDAY_SUNDAY");
    }
    minimum.weekdays = static_cast<uint8_t>(minimum.weekdays | 1U << (day - v1::WEEKDAY_MONDAY));
  }
  EVENKEEL_RETURN_IF_ERROR(ReadTime(absl::StrCat(field, ".begin"), message.has_begin(), message.begin(),
                                    absl::ZeroDuration(), absl::Hours(24) - absl::Microseconds(1),
                                    minimum.begin));
  if (!message.has_length()) {
    return base::InvalidField(absl::StrCat(field, ".length"), "is missing: say how long it lasts");
  }
  EVENKEEL_RETURN_IF_ERROR(ReadTime(absl::StrCat(field, ".length"), true, message.length(), absl::Minutes(1),
                                    absl::Hours(24), minimum.length));
  if (message.min_replicas() == 0) {
    return base::InvalidField(absl::StrCat(field, ".min_replicas"),
                              "is missing: say how many there are then");
  }
  EVENKEEL_RETURN_IF_ERROR(ReadNumber(absl::StrCat(field, ".min_replicas"), true, message.min_replicas(), 1,
                                      static_cast<uint32_t>(most), minimum.replicas));
  return minimum;
}

absl::Status ReadSchedule(const v1::ScalePolicy& message, ScaleRules& rules) {
  if (message.schedule_size() > kMostSchedule) {
    return base::InvalidField(Field("schedule"), absl::StrCat("must be at most ", kMostSchedule, ", not ",
                                                              message.schedule_size()));
  }
  for (int i = 0; i < message.schedule_size(); ++i) {
    EVENKEEL_ASSIGN_OR_RETURN(
        const ScheduledMinimum minimum,
        MinimumFrom(Field(absl::StrCat("schedule[", i, "]")), message.schedule(i), rules.maximum));
    rules.minimums.schedule.push_back(minimum);
  }
  const int32_t offset = message.utc_offset_minutes();
  if (offset < kLeastOffsetMinutes || offset > kMostOffsetMinutes) {
    return base::InvalidField(
        Field("utc_offset_minutes"),
        absl::StrCat("must be from ", kLeastOffsetMinutes, " to ", kMostOffsetMinutes, ", not ", offset));
  }
  rules.minimums.utc_offset = absl::Minutes(offset);
  return absl::OkStatus();
}

// ---- the way back ----

uint32_t Number(int64_t value) {
  return static_cast<uint32_t>(std::clamp<int64_t>(value, 0, std::numeric_limits<uint32_t>::max()));
}

uint32_t PercentOf(double ratio) {
  return Number(static_cast<int64_t>(std::lround(std::clamp(ratio, 0.0, 1000.0) * kPercent)));
}

void Show(const ScalingRules& rules, v1::ScaleDirection& message) {
  *message.mutable_stabilization_window() = ToMessage(rules.stabilisation);
  switch (rules.select) {
    case SelectPolicy::kMax:
      message.set_select(v1::SCALE_SELECT_MAX);
      break;
    case SelectPolicy::kMin:
      message.set_select(v1::SCALE_SELECT_MIN);
      break;
    case SelectPolicy::kDisabled:
      message.set_select(v1::SCALE_SELECT_DISABLED);
      break;
  }
  for (const RatePolicy& policy : rules.policies) {
    v1::ScaleRate& rate = *message.add_rates();
    if (policy.kind == RatePolicy::Kind::kPods) {
      rate.set_pods(Number(policy.value));
    } else {
      rate.set_percent(Number(policy.value));
    }
    *rate.mutable_period() = ToMessage(policy.period);
  }
}

void Show(const PanicRules& panic, v1::ScalePanic& message) {
  message.set_disabled(!panic.enabled);
  *message.mutable_window() = ToMessage(panic.window);
  message.set_threshold_percent(Number(panic.threshold_percent));
  *message.mutable_stable_window() = ToMessage(panic.stable_window);
  message.set_throttled_percent(std::min(Number(panic.throttled_percent), kNeverThrottled));
}

void Show(const Minimums& minimums, v1::ScalePolicy& message) {
  message.set_min_replicas(Number(minimums.replicas));
  for (const ScheduledMinimum& minimum : minimums.schedule) {
    v1::ScheduledMinimum& shown = *message.add_schedule();
    for (int day = v1::WEEKDAY_MONDAY; day <= v1::WEEKDAY_SUNDAY; ++day) {
      if ((minimum.weekdays >> (day - v1::WEEKDAY_MONDAY) & 1) != 0) {
        shown.add_days(static_cast<v1::Weekday>(day));
      }
    }
    *shown.mutable_begin() = ToMessage(minimum.begin);
    *shown.mutable_length() = ToMessage(minimum.length);
    shown.set_min_replicas(Number(minimum.replicas));
  }
  message.set_utc_offset_minutes(static_cast<int32_t>(absl::ToInt64Minutes(minimums.utc_offset)));
}

}  // namespace

absl::StatusOr<ScalePolicy> ScaleFromMessage(const v1::ScalePolicy& message,
                                             const std::map<std::string, uint32_t>& clusters) {
  ScalePolicy policy{.cluster = message.cluster(), .paused = message.paused()};
  EVENKEEL_RETURN_IF_ERROR(CheckCluster(Field("cluster"), message.cluster(), clusters));
  EVENKEEL_RETURN_IF_ERROR(ReadTarget(message.target(), policy));
  EVENKEEL_ASSIGN_OR_RETURN(policy.mode, ModeFrom(Field("mode"), message.mode()));
  ScaleRules& rules = policy.rules;
  EVENKEEL_RETURN_IF_ERROR(ReadBounds(message, rules));
  EVENKEEL_RETURN_IF_ERROR(ReadCpu(message, rules));
  EVENKEEL_RETURN_IF_ERROR(ReadDirection(Field("scale_up"), message.scale_up(), rules.behaviour.up));
  EVENKEEL_RETURN_IF_ERROR(ReadDirection(Field("scale_down"), message.scale_down(), rules.behaviour.down));
  EVENKEEL_RETURN_IF_ERROR(ReadPanic(message.panic(), rules.panic));
  EVENKEEL_RETURN_IF_ERROR(ReadStartUp(message.start_up(), rules.start_up));
  EVENKEEL_RETURN_IF_ERROR(ReadSamples(message, rules));
  EVENKEEL_RETURN_IF_ERROR(ReadSchedule(message, rules));
  return policy;
}

v1::ScalePolicy ToMessage(const ScalePolicy& scale) {
  const ScaleRules& rules = scale.rules;
  v1::ScalePolicy message;
  message.set_cluster(scale.cluster);
  *message.mutable_target() = TargetMessage(scale.target, scale.version);
  message.set_mode(ModeOf(scale.mode == PolicyMode::kEnforce));
  message.set_paused(scale.paused);
  Show(rules.minimums, message);
  message.set_max_replicas(Number(rules.maximum));
  if (rules.target.kind == CpuTarget::Kind::kMillicores) {
    message.set_cpu_millicores(Number(rules.target.value));
  } else {
    message.set_cpu_percent(Number(rules.target.value));
  }
  message.set_tolerance_up_percent(PercentOf(rules.tolerance.up));
  message.set_tolerance_down_percent(PercentOf(rules.tolerance.down));
  Show(rules.behaviour.up, *message.mutable_scale_up());
  Show(rules.behaviour.down, *message.mutable_scale_down());
  Show(rules.panic, *message.mutable_panic());
  v1::ScaleStartUp& start_up = *message.mutable_start_up();
  *start_up.mutable_initialization() = ToMessage(rules.start_up.initialization);
  *start_up.mutable_readiness_delay() = ToMessage(rules.start_up.readiness_delay);
  *start_up.mutable_first_sample() = ToMessage(rules.start_up.first_sample);
  *message.mutable_window() = ToMessage(rules.window);
  *message.mutable_scale_in_interval() = ToMessage(rules.scale_in_interval);
  message.set_scale_in_held_percent(Number(rules.scale_in_held_percent));
  message.set_missing(rules.demand == DemandRules::kHpa ? v1::SCALE_MISSING_AS_HPA : v1::SCALE_MISSING_PEERS);
  return message;
}

}  // namespace evenkeel::coordinator
