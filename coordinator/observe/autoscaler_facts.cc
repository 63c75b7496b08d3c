#include "coordinator/observe/autoscaler_facts.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/kube/json.h"
#include "coordinator/observe/json_reading.h"
#include "coordinator/observe/quantity.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using kube::Text;

constexpr char kMetrics[] = "autoscaling.alpha.kubernetes.io/metrics";
constexpr char kBehavior[] = "autoscaling.alpha.kubernetes.io/behavior";
constexpr int64_t kDefaultPercent = 80;  // of a HorizontalPodAutoscaler that names no metric at all

// One of its metrics: a target for CPU, or words for something else.
struct Metric {
  std::optional<CpuTarget> cpu;
  std::string words;
};

// The member of an object whatever the case of its first letter: the annotation with the behaviour is
// written from a type that has no names of its own for JSON.
const Json* Member(const Json& object, absl::string_view name) {
  if (const Json* found = kube::Find(object, {name})) return found;
  std::string capital(name);
  capital[0] = absl::ascii_toupper(static_cast<unsigned char>(capital[0]));
  return kube::Find(object, {capital});
}

std::string MemberText(const Json& object, absl::string_view name) {
  const Json* const found = Member(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<int64_t> MemberNumber(const Json& object, absl::string_view name) {
  const Json* const found = Member(object, name);
  return found == nullptr ? std::nullopt : NumberAt(*found, {});
}

// The parts have different places in v2 (metrics.resource.target) and in the annotation of v1.
Metric ResourceMetric(const Json& resource, const std::string& words) {
  const std::string name = Text(resource, {"name"});
  if (name != "cpu") return {.words = name.empty() ? "a resource" : name};
  const auto percent = NumberAt(resource, {"target", "averageUtilization"});
  const auto old_percent = NumberAt(resource, {"targetAverageUtilization"});
  std::string value = Text(resource, {"target", "averageValue"});
  if (value.empty()) value = Text(resource, {"targetAverageValue"});
  const auto millicores = ParseMilli(value);
  Metric metric = {.words = words};
  if (percent || old_percent) {
    metric.cpu = {.kind = CpuTarget::Kind::kPercentOfRequest, .value = percent ? *percent : *old_percent};
  } else if (millicores) {
    metric.cpu = {.kind = CpuTarget::Kind::kMillicores, .value = *millicores};
  }
  if (metric.cpu && metric.cpu->value <= 0) metric.cpu.reset();
  return metric;
}

Metric MetricOf(const Json& metric) {
  const std::string type = Text(metric, {"type"});
  const auto part = [&metric](const char* name) {
    const Json* const found = kube::Find(metric, {name});
    return found == nullptr ? Json() : *found;
  };
  if (type == "Resource") return ResourceMetric(part("resource"), "CPU");
  if (type == "ContainerResource") {
    const Json resource = part("containerResource");
    return {.words =
                absl::StrCat(Text(resource, {"name"}), " of the container ", Text(resource, {"container"}))};
  }
  for (const auto& [name, key, words] : {std::tuple("Pods", "pods", "the pods' metric "),
                                         std::tuple("Object", "object", "an object's metric "),
                                         std::tuple("External", "external", "the external metric ")}) {
    if (type != name) continue;
    const Json source = part(key);
    const std::string named = Text(source, {"metric", "name"});
    return {.words = absl::StrCat(words, named.empty() ? Text(source, {"metricName"}) : named)};
  }
  return {.words = absl::StrCat("a metric of the kind ", type)};
}

Json Parsed(const Json& autoscaler, absl::string_view annotation) {
  return Json::parse(Text(autoscaler, {"metadata", "annotations", annotation}), nullptr, false);
}

std::vector<Metric> MetricsOf(const Json& autoscaler) {
  std::vector<Metric> metrics;
  const auto percent = NumberAt(autoscaler, {"spec", "targetCPUUtilizationPercentage"});
  if (percent && *percent > 0) {
    metrics.push_back(
        {.cpu = CpuTarget{.kind = CpuTarget::Kind::kPercentOfRequest, .value = *percent}, .words = "CPU"});
  }
  for (const Json& metric : Array(autoscaler, {"spec", "metrics"})) metrics.push_back(MetricOf(metric));
  const Json hidden = Parsed(autoscaler, kMetrics);
  if (hidden.is_array()) {
    for (const Json& metric : hidden) metrics.push_back(MetricOf(metric));
  } else if (!Text(autoscaler, {"metadata", "annotations", kMetrics}).empty()) {
    metrics.push_back({.words = absl::StrCat("what its annotation ", kMetrics, " says")});
  }
  if (metrics.empty()) {
    metrics.push_back({.cpu = CpuTarget{.kind = CpuTarget::Kind::kPercentOfRequest, .value = kDefaultPercent},
                       .words = "CPU"});
  }
  return metrics;
}

// One direction of a behaviour, over the HPA's default for it.
void ReadDirection(const Json* direction, ScalingRules& rules, double& tolerance) {
  if (direction == nullptr) return;
  if (const auto window = MemberNumber(*direction, "stabilizationWindowSeconds")) {
    rules.stabilisation = absl::Seconds(std::clamp<int64_t>(*window, 0, 3600));
  }
  const std::string select = MemberText(*direction, "selectPolicy");
  if (select == "Min") rules.select = SelectPolicy::kMin;
  if (select == "Disabled") rules.select = SelectPolicy::kDisabled;
  if (const auto allowed = ParseMilli(MemberText(*direction, "tolerance")); allowed && *allowed >= 0) {
    tolerance = static_cast<double>(*allowed) / 1000;
  }
  const Json* const policies = Member(*direction, "policies");
  if (policies == nullptr || !policies->is_array()) return;
  std::vector<RatePolicy> rates;
  for (const Json& policy : *policies) {
    const std::string type = MemberText(policy, "type");
    const int64_t value = MemberNumber(policy, "value").value_or(0);
    const int64_t period = MemberNumber(policy, "periodSeconds").value_or(0);
    if ((type != "Pods" && type != "Percent") || value <= 0 || period <= 0) continue;
    rates.push_back({.kind = type == "Pods" ? RatePolicy::Kind::kPods : RatePolicy::Kind::kPercent,
                     .value = std::min<int64_t>(value, std::numeric_limits<int32_t>::max()),
                     .period = absl::Seconds(std::min<int64_t>(period, 1800))});
  }
  if (!rates.empty()) rules.policies = std::move(rates);
}

void ReadBehaviour(const Json& autoscaler, ScaleRules& rules) {
  const Json* const given = kube::Find(autoscaler, {"spec", "behavior"});
  const Json behaviour = given != nullptr ? *given : Parsed(autoscaler, kBehavior);
  ReadDirection(Member(behaviour, "scaleUp"), rules.behaviour.up, rules.tolerance.up);
  ReadDirection(Member(behaviour, "scaleDown"), rules.behaviour.down, rules.tolerance.down);
  // All of the target, or more of it: fewer pods never.
  if (rules.tolerance.down >= 1) rules.behaviour.down.select = SelectPolicy::kDisabled;
  rules.tolerance.down = std::min(rules.tolerance.down, 0.99);
}

// "apps/v1" is the API "apps" in its version "v1". Deployments had other names once, and a
// HorizontalPodAutoscaler may still use them.
std::pair<std::string, std::string> ApiOf(const std::string& api_version, const std::string& kind) {
  const size_t slash = api_version.find('/');
  std::string group = slash == std::string::npos ? "" : api_version.substr(0, slash);
  std::string version = slash == std::string::npos ? api_version : api_version.substr(slash + 1);
  const bool moved = group == "extensions" && (kind == "Deployment" || kind == "ReplicaSet");
  if (moved || group == "apps") return {"apps", "v1"};
  if (version.empty()) version = "v1";
  return {std::move(group), std::move(version)};
}

}  // namespace

AutoscalerFacts AutoscalerFactsFrom(const Json& autoscaler) {
  AutoscalerFacts facts;
  facts.uid = kube::UidOf(autoscaler);
  facts.target.kind = Text(autoscaler, {"spec", "scaleTargetRef", "kind"});
  facts.target.name = Text(autoscaler, {"spec", "scaleTargetRef", "name"});
  facts.target.name_space = Text(autoscaler, {"metadata", "namespace"});
  std::tie(facts.target.group, facts.version) =
      ApiOf(Text(autoscaler, {"spec", "scaleTargetRef", "apiVersion"}), facts.target.kind);

  const std::vector<Metric> metrics = MetricsOf(autoscaler);
  const int64_t minimum = NumberAt(autoscaler, {"spec", "minReplicas"}).value_or(1);
  if (metrics.size() > 1 || !metrics.front().cpu) {
    std::vector<std::string> words;
    for (const Metric& metric : metrics) words.push_back(metric.words);
    facts.beyond = absl::StrJoin(words, " and ");
    return facts;
  }
  if (minimum < 1) {
    facts.beyond = "CPU, down to no pods at all";
    return facts;
  }
  ScaleRules rules;
  rules.minimums.replicas = minimum;
  rules.maximum = std::max(minimum, Number(autoscaler, {"spec", "maxReplicas"}));
  rules.target = *metrics.front().cpu;
  ReadBehaviour(autoscaler, rules);
  facts.rules = std::move(rules);
  return facts;
}

}  // namespace evenkeel::coordinator
