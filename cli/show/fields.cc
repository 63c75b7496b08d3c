#include "cli/show/fields.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/print/text.h"
#include "cli/show/explain.h"
#include "cli/show/scaler.h"

namespace evenkeel::cli {
namespace {

std::string AgeSince(bool is_set, const google::protobuf::Timestamp& since, absl::Time now) {
  return is_set ? Age(now - ToTime(since)) : std::string(kNone);
}

std::string Share(double used, double all) {
  return all <= 0 ? std::string(kNone) : absl::StrCat(std::lround(100 * used / all), "%");
}

std::string DurationText(bool is_set, const google::protobuf::Duration& duration) {
  using google::protobuf::util::TimeUtil;
  return is_set ? absl::FormatDuration(absl::Nanoseconds(TimeUtil::DurationToNanoseconds(duration)))
                : std::string(kNone);
}

// How long after the last sign of life (else after the silence was noticed).
std::string After(const v1::Timings& timings, bool is_set, const google::protobuf::Timestamp& time) {
  if (!is_set || (!timings.has_last_sign_time() && !timings.has_detect_time())) return std::string(kNone);
  const auto& base = timings.has_last_sign_time() ? timings.last_sign_time() : timings.detect_time();
  const absl::Duration after = ToTime(time) - ToTime(base);
  // The instant from which all is counted says nothing.
  return after == absl::ZeroDuration() ? std::string(kNone) : Span(after);
}

// The columns that say where a resource belongs.
void AddPlace(std::vector<Field>& fields, const std::string& name, const TableOptions& options,
              bool namespaced) {
  if (options.show_cluster) fields.push_back({{"CLUSTER"}, {Segment(name, "clusters")}});
  if (namespaced && options.show_namespace) fields.push_back({{"NAMESPACE"}, {Segment(name, "namespaces")}});
}

Cell PodStatus(const v1::Pod& pod) {
  std::string status = pod.deleting() ? "Terminating" : pod.reason().empty() ? pod.phase() : pod.reason();
  const bool bad = pod.phase() == "Failed" || pod.phase() == "Unknown";
  const bool fine = !pod.deleting() && pod.reason().empty() && (pod.ready() || pod.phase() == "Succeeded");
  return {std::move(status), bad ? Style::kBad : fine ? Style::kPlain : Style::kWarning};
}

std::string MostNodes(const v1::FailoverPolicy& failover) {
  return absl::StrCat(
      failover.has_max_unavailable_nodes() ? absl::StrCat(failover.max_unavailable_nodes()) : "1", " or ",
      failover.has_max_unavailable_percent() ? failover.max_unavailable_percent() : 10, "%");
}

std::string ContainerStateWord(const v1::Container& container) {
  if (!container.has_report()) return std::string(kNone);
  const v1::ContainerReport& report = container.report();
  if (report.state() == v1::CONTAINER_STATE_EXITED && !report.exit_reason().empty())
    return report.exit_reason();
  return EnumWord(v1::ContainerState_Name(report.state()), "CONTAINER_STATE_");
}

}  // namespace

Cell VerdictCell(v1::Verdict verdict) {
  if (verdict == v1::VERDICT_UNSPECIFIED) return {"Unwatched", Style::kPlain};
  const Style style = verdict == v1::VERDICT_HEALTHY ? Style::kGood
                      : verdict == v1::VERDICT_DEAD  ? Style::kBad
                                                     : Style::kWarning;
  return {EnumWord(v1::Verdict_Name(verdict), "VERDICT_"), style};
}

Cell StateCell(const v1::Cluster& cluster) {
  Cell cell{"Unknown", Style::kWarning};
  if (cluster.blind()) {
    cell = {"Blind", Style::kBad};
  } else if (cluster.api_state() == v1::Cluster::API_STATE_READY) {
    cell = {"Ready", Style::kGood};
  } else if (cluster.api_state() == v1::Cluster::API_STATE_UNREACHABLE) {
    cell = {"Unreachable", Style::kBad};
  }
  if (cluster.has_pause()) cell = {absl::StrCat(cell.text, ",PAUSED"), Style::kBad};
  return cell;
}

Cell StateCell(v1::Decision::State state) {
  const Style style = state == v1::Decision::STATE_SUCCEEDED ? Style::kGood
                      : state == v1::Decision::STATE_FAILED || state == v1::Decision::STATE_REFUSED
                          ? Style::kBad
                      : state == v1::Decision::STATE_OPEN ? Style::kWarning
                                                          : Style::kPlain;
  return {EnumWord(v1::Decision::State_Name(state), "STATE_"), style};
}

std::string ConfidenceText(v1::Confidence confidence) {
  switch (confidence) {
    case v1::CONFIDENCE_LOW:
      return ", low confidence";
    case v1::CONFIDENCE_MEDIUM:
      return ", medium confidence";
    case v1::CONFIDENCE_HIGH:
      return ", high confidence";
    default:
      return "";
  }
}

std::string KindWord(v1::Decision::Kind kind) {
  return EnumWord(v1::Decision::Kind_Name(kind), "KIND_");
}

std::string CpuShare(const v1::NodeCpu& cpu) {
  if (!cpu.has_used_millicores() || !cpu.has_cpus()) return std::string(kNone);
  return Share(static_cast<double>(cpu.used_millicores()), 1000.0 * cpu.cpus());
}

std::string MemoryShare(const v1::NodeMemory& memory) {
  if (!memory.has_total_bytes() || !memory.has_available_bytes()) return std::string(kNone);
  const auto total = static_cast<double>(memory.total_bytes());
  return Share(total - static_cast<double>(memory.available_bytes()), total);
}

std::string PauseText(const v1::Pause& pause) {
  return absl::StrCat("paused by an operator ",
                      pause.has_end_time() ? "until " + Instant(ToTime(pause.end_time()))
                                           : std::string("until it is resumed"),
                      pause.reason().empty() ? "" : absl::StrCat(" (", pause.reason(), ")"));
}

std::string MaintenanceText(const v1::Maintenance& maintenance) {
  return absl::StrCat("until ", Instant(ToTime(maintenance.end_time())),
                      maintenance.reason().empty() ? "" : absl::StrCat(" (", maintenance.reason(), ")"));
}

std::vector<Field> Fields(const v1::Cluster& cluster, const TableOptions& options, absl::Time now) {
  std::vector<Field> fields{
      {{"NAME"}, {LastSegment(cluster.name())}},
      {{"STATE"}, StateCell(cluster)},
      {{"NODES"}, {absl::StrCat(cluster.nodes())}},
      {{"HEALTHY"},
       {absl::StrCat(cluster.healthy_nodes()),
        cluster.healthy_nodes() == cluster.nodes() ? Style::kPlain : Style::kWarning}},
      {{"AGENTS"},
       {absl::StrCat(cluster.agents()),
        cluster.agents() == cluster.nodes() ? Style::kPlain : Style::kWarning}},
      {{"PODS"}, {absl::StrCat(cluster.pods())}},
      {{"KUBERNETES"}, {OrNone(cluster.kubernetes_version())}},
  };
  if (options.wide) {
    fields.push_back(
        {{"BLIND FOR", true}, {AgeSince(cluster.has_blind_since(), cluster.blind_since(), now)}});
    const std::string& detail = cluster.blind() ? cluster.blind_reason() : cluster.api_detail();
    fields.push_back({{"DETAIL"}, {OrNone(cluster.has_pause() ? PauseText(cluster.pause()) : detail)}});
  }
  return fields;
}

std::vector<Field> Fields(const v1::Node& node, const TableOptions& options, absl::Time now) {
  std::vector<Field> fields;
  AddPlace(fields, node.name(), options, false);
  Cell verdict = VerdictCell(node.verdict());
  if (node.failed_over()) absl::StrAppend(&verdict.text, ",FailedOver");
  if (node.has_maintenance()) absl::StrAppend(&verdict.text, ",Maintenance");
  fields.insert(
      fields.end(),
      {{{"NAME"}, {LastSegment(node.name())}},
       {{"VERDICT"}, verdict},
       {{"SINCE", true}, {AgeSince(node.has_verdict_time(), node.verdict_time(), now)}},
       {{"READY"},
        {node.kubernetes_ready() ? "True" : "False",
         node.kubernetes_ready() ? Style::kPlain : Style::kWarning}},
       {{"AGENT"}, {OrNone(node.agent_version()), node.agent_connected() ? Style::kPlain : Style::kWarning}},
       {{"PODS"}, {absl::StrCat(node.pods())}},
       {{"CPU", true}, {CpuShare(node.report().cpu())}},
       {{"MEMORY", true}, {MemoryShare(node.report().memory())}}});
  if (options.wide) {
    fields.insert(fields.end(),
                  {{{"LAST BEAT", true}, {AgeSince(node.has_last_beat_time(), node.last_beat_time(), now)}},
                   {{"ADDRESS"}, {OrNone(node.address())}},
                   {{"DOMAIN"}, {OrNone(node.failure_domain())}},
                   {{"DECISION"}, {OrNone(LastSegment(node.open_decision()))}},
                   {{"REASON"}, {OrNone(node.verdict_reason())}}});
  }
  return fields;
}

std::vector<Field> Fields(const v1::Pod& pod, const TableOptions& options, absl::Time now) {
  const auto ready = std::count_if(pod.containers().begin(), pod.containers().end(),
                                   [](const v1::Container& container) { return container.ready(); });
  std::vector<Field> fields;
  AddPlace(fields, pod.name(), options, true);
  fields.insert(
      fields.end(),
      {{{"NAME"}, {LastSegment(pod.name())}},
       {{"READY"}, {absl::StrCat(ready, "/", pod.containers_size())}},
       {{"STATUS"}, PodStatus(pod)},
       {{"RESTARTS"}, {absl::StrCat(pod.restarts())}},
       {{"AGE", true}, {AgeSince(pod.has_create_time(), pod.create_time(), now)}},
       {{"NODE"}, {OrNone(pod.node())}},
       {{"CPU", true},
        {pod.has_cpu_used_millicores() ? Millicores(pod.cpu_used_millicores()) : std::string(kNone)}},
       {{"MEMORY", true},
        {pod.has_memory_working_set_bytes() ? Bytes(pod.memory_working_set_bytes()) : std::string(kNone)}}});
  if (options.wide) {
    fields.push_back({{"IP"}, {OrNone(pod.address())}});
    fields.push_back({{"CONTROLLER"}, {OrNone(pod.controller())}});
  }
  return fields;
}

std::vector<Field> Fields(const v1::Container& container, const TableOptions& options, absl::Time now) {
  const v1::ContainerReport& report = container.report();
  std::vector<Field> fields;
  AddPlace(fields, container.name(), options, true);
  fields.insert(
      fields.end(),
      {{{"POD"}, {Segment(container.name(), "pods")}},
       {{"NAME"}, {LastSegment(container.name())}},
       {{"STATE"}, {ContainerStateWord(container), container.ready() ? Style::kPlain : Style::kWarning}},
       {{"READY"}, {container.ready() ? "True" : "False"}},
       {{"RESTARTS"}, {absl::StrCat(container.restarts())}},
       {{"AGE", true}, {AgeSince(report.has_started_time(), report.started_time(), now)}},
       {{"CPU", true},
        {report.has_cpu_used_millicores() ? Millicores(report.cpu_used_millicores()) : std::string(kNone)}},
       {{"THROTTLED", true},
        {report.has_cpu_throttled_percent() ? Share(report.cpu_throttled_percent(), 100)
                                            : std::string(kNone)}},
       {{"MEMORY", true},
        {report.has_memory_working_set_bytes() ? Bytes(report.memory_working_set_bytes())
                                               : std::string(kNone)}}});
  if (options.wide) {
    fields.push_back({{"IMAGE"}, {OrNone(container.image())}});
    fields.push_back({{"ID"}, {OrNone(report.container_id())}});
  }
  return fields;
}

std::vector<Field> Fields(const v1::Decision& decision, const TableOptions& options, absl::Time now) {
  const v1::Timings& timings = decision.timings();
  const auto& begin = timings.has_detect_time() ? timings.detect_time() : timings.judge_time();
  std::vector<Field> fields{
      {{"NAME"}, {LastSegment(decision.name())}},
      {{"KIND"}, {KindWord(decision.kind())}},
      {{"CLUSTER"}, {OrNone(decision.cluster())}},
      {{"SUBJECT"},
       {OrNone(decision.workload().empty() ? decision.node() : TargetText(decision.workload()))}},
      {{"STATE"}, StateCell(decision.state())},
      {{"JUDGED"}, {After(timings, timings.has_judge_time(), timings.judge_time())}},
      {{"RECOVERED"}, {After(timings, timings.has_recover_time(), timings.recover_time())}},
      {{"AGE", true}, {AgeSince(timings.has_detect_time() || timings.has_judge_time(), begin, now)}},
  };
  if (options.wide) {
    fields.push_back({{"POLICY"}, {OrNone(LastSegment(decision.policy()))}});
    fields.push_back({{"SUMMARY"}, {OrNone(decision.summary())}});
  }
  return fields;
}

namespace {

// What policies of every kind have.
struct PolicyHead {
  const char* kind;
  std::string cluster;
  bool enforces;
  bool paused;
  std::string more = {};  // of its mode
};

bool Enforces(v1::PolicyMode mode) {
  return mode == v1::POLICY_MODE_ENFORCE;
}

std::string ApplicationsOf(const v1::SwitchSpec& traffic) {
  std::vector<std::string> names;
  for (const v1::SwitchedApplication& one : traffic.applications()) {
    names.push_back(absl::StrCat(one.namespace_(), "/", one.has_service() ? one.service() : one.selector()));
  }
  return absl::StrJoin(names, " ");
}

// What follows the loss of the cluster.
const char* OnLost(const v1::SwitchPolicy& policy) {
  switch (policy.on_lost()) {
    case v1::SwitchPolicy::ON_LOST_OFF:
      return ",off";
    case v1::SwitchPolicy::ON_LOST_SWITCH:
      return ",switch";
    default:
      return ",ask";
  }
}

PolicyHead HeadOf(const v1::Policy& policy) {
  if (policy.has_scale()) {
    const v1::ScalePolicy& scale = policy.scale();
    return {"ScalePolicy", scale.cluster(), Enforces(scale.mode()), scale.paused()};
  }
  if (policy.has_burst()) {
    const v1::BurstPolicy& burst = policy.burst();
    return {"BurstPolicy", burst.cluster(), Enforces(burst.mode()), burst.paused()};
  }
  if (policy.has_switching()) {
    const v1::SwitchSpec& traffic = policy.switching().traffic();
    const bool enforces = traffic.mode() == v1::SWITCH_MODE_ENFORCE;
    return {"SwitchPolicy", traffic.from(), enforces, false, enforces ? OnLost(policy.switching()) : ""};
  }
  return {"FailoverPolicy", policy.failover().cluster(), Enforces(policy.failover().mode()), false};
}

}  // namespace

std::vector<Field> Fields(const v1::Policy& policy, const TableOptions& options, absl::Time now) {
  const bool scales = policy.has_scale();
  const bool fails_over = !scales && !policy.has_burst() && !policy.has_switching();
  const v1::FailoverPolicy& failover = policy.failover();
  const v1::ScalePolicy& scale = policy.scale();
  const PolicyHead head = HeadOf(policy);
  std::vector<Field> fields{
      {{"NAME"}, {LastSegment(policy.name())}},
      {{"KIND"}, {head.kind}},
      {{"CLUSTER"}, {OrNone(head.cluster)}},
      {{"MODE"},
       {absl::StrCat(head.enforces ? "enforce" : "observe", head.paused ? ",paused" : "", head.more),
        head.paused ? Style::kWarning : Style::kPlain}},
      {{"AGE", true}, {AgeSince(policy.has_create_time(), policy.create_time(), now)}},
  };
  if (!options.wide) return fields;
  std::vector<Field> more{
      {{"BEAT"}, {DurationText(failover.has_beat_interval(), failover.beat_interval())}},
      {{"SUSPECT AFTER"}, {DurationText(failover.has_suspect_after(), failover.suspect_after())}},
      {{"READMIT AFTER"}, {DurationText(failover.has_readmit_after(), failover.readmit_after())}},
      {{"MAX NODES"}, {fails_over ? MostNodes(failover) : std::string(kNone)}},
      {{"REBALANCE"},
       {!fails_over            ? std::string(kNone)
        : failover.rebalance() ? "true"
                               : "false"}},
      {{"TARGET"},
       {scales                   ? TargetOf(scale.target())
        : policy.has_switching() ? ApplicationsOf(policy.switching().traffic())
                                 : std::string(kNone)}},
      {{"REPLICAS"},
       {scales ? absl::StrCat(scale.min_replicas(), "-", scale.max_replicas()) : std::string(kNone)}},
      {{"ETAG"}, {OrNone(policy.etag())}}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::vector<Field> Fields(const v1::Maintenance& maintenance, const TableOptions& options, absl::Time now) {
  std::vector<Field> fields;
  AddPlace(fields, maintenance.name(), options, false);
  const bool ends = maintenance.has_end_time();
  fields.insert(fields.end(),
                {{{"NODE"}, {LastSegment(maintenance.name())}},
                 {{"FOR", true}, {AgeSince(maintenance.has_start_time(), maintenance.start_time(), now)}},
                 {{"LEFT", true}, {ends ? Age(ToTime(maintenance.end_time()) - now) : std::string(kNone)}},
                 {{"UNTIL"}, {ends ? Instant(ToTime(maintenance.end_time())) : std::string(kNone)}},
                 {{"REASON"}, {OrNone(maintenance.reason())}}});
  return fields;
}

}  // namespace evenkeel::cli
