#include "cli/show/describe.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/print/structured.h"
#include "cli/print/table.h"
#include "cli/print/text.h"
#include "cli/show/explain.h"
#include "cli/show/fields.h"
#include "cli/show/sheet.h"

namespace evenkeel::cli {
namespace {

std::vector<std::string> LabelLines(const google::protobuf::Map<std::string, std::string>& labels) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : labels) lines.push_back(absl::StrCat(key, "=", value));
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string PartText(bool is_set, const v1::PartHealth& part) {
  if (!is_set || part.state() == v1::PART_STATE_UNSPECIFIED) return "not known";
  std::string text = EnumWord(v1::PartState_Name(part.state()), "PART_STATE_");
  if (!part.detail().empty()) absl::StrAppend(&text, ": ", part.detail());
  if (part.state() == v1::PART_STATE_HEALTHY) {
    absl::StrAppend(&text, ", answered in ",
                    Span(absl::Microseconds(static_cast<std::int64_t>(part.latency_us()))));
  }
  return text;
}

std::string CpuText(const v1::NodeCpu& cpu) {
  if (!cpu.has_used_millicores()) return "";
  std::string text =
      absl::StrCat(Millicores(cpu.used_millicores()), " of ", cpu.cpus(), " CPUs (", CpuShare(cpu), ")");
  if (cpu.has_load_1m()) {
    absl::StrAppend(&text,
                    absl::StrFormat(", load %.2f %.2f %.2f", cpu.load_1m(), cpu.load_5m(), cpu.load_15m()));
  }
  return text;
}

std::string MemoryText(const v1::NodeMemory& memory) {
  if (!memory.has_total_bytes() || !memory.has_available_bytes()) return "";
  return absl::StrCat(Bytes(memory.available_bytes()), " of ", Bytes(memory.total_bytes()), " available (",
                      MemoryShare(memory), " used)");
}

std::string PressureText(const v1::Pressure& pressure) {
  std::vector<std::string> parts;
  const auto add = [&parts](bool is_set, double value, absl::string_view what) {
    if (is_set) parts.push_back(absl::StrFormat("%s %.1f%%", what, value));
  };
  add(pressure.has_cpu_some_10s_percent(), pressure.cpu_some_10s_percent(), "CPU");
  add(pressure.has_memory_some_10s_percent(), pressure.memory_some_10s_percent(), "memory");
  add(pressure.has_memory_full_10s_percent(), pressure.memory_full_10s_percent(), "memory (all tasks)");
  add(pressure.has_io_some_10s_percent(), pressure.io_some_10s_percent(), "I/O");
  add(pressure.has_io_full_10s_percent(), pressure.io_full_10s_percent(), "I/O (all tasks)");
  return absl::StrJoin(parts, ", ");
}

std::vector<std::string> FilesystemLines(const v1::NodeReport& report) {
  std::vector<std::string> lines;
  for (const v1::FilesystemUsage& usage : report.filesystems()) {
    std::string line = absl::StrCat(usage.role(), ": ", Bytes(usage.available_bytes()), " of ",
                                    Bytes(usage.size_bytes()), " available");
    if (usage.has_free_inodes())
      absl::StrAppend(&line, ", ", usage.free_inodes(), " of ", usage.inodes(), " inodes free");
    if (usage.read_only()) absl::StrAppend(&line, ", READ-ONLY");
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string ReadmissionText(const v1::Node& node, absl::Time now) {
  const google::protobuf::Duration& hold = node.readmit_after();
  std::string text = absl::StrCat("once it has been well for ",
                                  Age(absl::Seconds(hold.seconds()) + absl::Nanoseconds(hold.nanos())));
  if (node.has_readmission_due_time()) {
    absl::StrAppend(&text, ", in ",
                    Age(std::max(ToTime(node.readmission_due_time()) - now, absl::ZeroDuration())));
  }
  if (node.relapses() > 0) {
    absl::StrAppend(&text, "; it failed again soon after ", node.relapses(),
                    node.relapses() == 1 ? " readmission" : " readmissions");
  }
  return text;
}

std::string SelfFencingText(const v1::SelfFencing& fencing) {
  if (fencing.fenced()) return "its pods that must not run twice are stopped";
  if (!fencing.armed()) return absl::StrCat("cannot be relied on: ", fencing.detail());
  return fencing.has_watchdog_timeout()
             ? absl::StrCat("armed, watchdog of ", Age(absl::Seconds(fencing.watchdog_timeout().seconds())))
             : "armed, without a watchdog";
}

std::string EtagOf(const v1::Decision& decision) {
  return decision.policy().empty()
             ? ""
             : absl::StrCat(LastSegment(decision.policy()), " (etag ", decision.policy_etag(), ")");
}

}  // namespace

std::string Describe(const v1::Cluster& cluster, absl::Time now) {
  Sheet sheet;
  sheet.Add("Name", LastSegment(cluster.name()));
  sheet.Add("State", StateCell(cluster).text);
  sheet.Add("Paused", cluster.has_pause() ? PauseText(cluster.pause()) : "no");
  sheet.Add("Kubernetes", cluster.kubernetes_version());
  sheet.Add("Kubernetes API", cluster.api_detail().empty()
                                  ? EnumWord(v1::Cluster::ApiState_Name(cluster.api_state()), "API_STATE_")
                                  : cluster.api_detail());
  sheet.Add("Blind", cluster.blind() ? cluster.blind_reason() : "no");
  if (cluster.blind()) sheet.Add("Blind since", When(cluster.has_blind_since(), cluster.blind_since(), now));
  for (const v1::Cluster::BlindDomain& domain : cluster.blind_domains()) {
    sheet.Add("Blind to", absl::StrCat(domain.domain(), ", since ",
                                       When(domain.has_since(), domain.since(), now), ": ", domain.reason()));
  }
  if (cluster.patience_percent() > 100) {
    sheet.Add("Patience", absl::StrFormat("nodes are given %g times the usual time: %s",
                                          cluster.patience_percent() / 100.0, cluster.patience_reason()));
  }
  sheet.Add("Nodes", absl::StrCat(cluster.nodes(), ", ", cluster.healthy_nodes(), " healthy"));
  sheet.Add("Agents", absl::StrCat(cluster.agents(), " in session"));
  sheet.Add("Pods", absl::StrCat(cluster.pods()));
  return sheet.Take();
}

std::string Describe(const v1::Node& node, const std::vector<v1::Pod>& pods, absl::Time now) {
  const v1::NodeReport& report = node.report();
  Sheet sheet;
  sheet.Add("Name", LastSegment(node.name()));
  sheet.Add("Cluster", Segment(node.name(), "clusters"));
  sheet.Add("Uid", node.uid());
  sheet.AddAll("Labels", LabelLines(node.labels()));
  sheet.AddAll("Taints", {node.taints().begin(), node.taints().end()});
  sheet.Add("Address", node.address());
  sheet.Add("Failure domain", node.failure_domain());
  sheet.Add("Kubernetes Ready", node.kubernetes_ready() ? "True" : "False");
  sheet.Add("Verdict", absl::StrCat(VerdictCell(node.verdict()).text, ConfidenceText(node.confidence())));
  sheet.Add("  Because", node.verdict_reason());
  sheet.Add("  Since", When(node.has_verdict_time(), node.verdict_time(), now));
  sheet.Add("Failed over", node.failed_over() ? "yes, and not readmitted yet" : "no");
  if (node.has_readmit_after()) sheet.Add("  Readmission", ReadmissionText(node, now));
  sheet.Add("Maintenance", node.has_maintenance() ? MaintenanceText(node.maintenance()) : "no");
  if (node.has_self_fencing()) sheet.Add("Self-fencing", SelfFencingText(node.self_fencing()));
  sheet.Add("Open decision", node.open_decision());
  sheet.Add("Agent",
            node.agent_version().empty()
                ? ""
                : absl::StrCat(node.agent_version(), node.agent_connected() ? ", in session" : ", gone"));
  sheet.Add("  Last beat", When(node.has_last_beat_time(), node.last_beat_time(), now));
  sheet.Add("  Last report", When(node.has_report_time(), node.report_time(), now));
  sheet.Add("Boot id", node.boot_id());
  sheet.Add("Booted", When(report.has_boot_time(), report.boot_time(), now));
  sheet.Add("Kubelet", PartText(report.has_kubelet(), report.kubelet()));
  sheet.Add("Runtime",
            absl::StrCat(
                PartText(report.has_runtime(), report.runtime()),
                report.runtime_version().empty() ? "" : absl::StrCat(" (", report.runtime_version(), ")")));
  sheet.Add("CPU", CpuText(report.cpu()));
  sheet.Add("Memory", MemoryText(report.memory()));
  sheet.Add("Pressure, 10 s", PressureText(report.pressure()));
  sheet.AddAll("File systems", FilesystemLines(report));
  std::vector<Row> occurrences;
  for (const v1::NodeOccurrence& occurrence : node.occurrences()) {
    occurrences.push_back({{Age(now - ToTime(occurrence.node_time()))},
                           {EnumWord(v1::NodeOccurrence::Kind_Name(occurrence.kind()), "KIND_")},
                           {OrNone(occurrence.container())},
                           {occurrence.detail()}});
  }
  sheet.AddTable("Occurrences", {{"AGE"}, {"KIND"}, {"CONTAINER"}, {"DETAIL"}}, occurrences);
  std::vector<Row> rows;
  rows.reserve(pods.size());
  for (const v1::Pod& pod : pods) {
    rows.push_back({{Segment(pod.name(), "namespaces")},
                    {LastSegment(pod.name())},
                    {pod.ready() ? "True" : "False"},
                    {OrNone(pod.controller())}});
  }
  sheet.AddTable("Pods", {{"NAMESPACE"}, {"NAME"}, {"READY"}, {"CONTROLLER"}}, rows);
  return sheet.Take();
}

std::string Describe(const v1::Pod& pod, absl::Time now) {
  Sheet sheet;
  sheet.Add("Name", LastSegment(pod.name()));
  sheet.Add("Namespace", Segment(pod.name(), "namespaces"));
  sheet.Add("Cluster", Segment(pod.name(), "clusters"));
  sheet.Add("Uid", pod.uid());
  sheet.AddAll("Labels", LabelLines(pod.labels()));
  sheet.Add("Node", pod.node());
  sheet.Add("Address", pod.address());
  sheet.Add("Controller", pod.controller());
  sheet.Add("Created", When(pod.has_create_time(), pod.create_time(), now));
  sheet.Add("Phase", pod.deleting() ? absl::StrCat(pod.phase(), ", being deleted") : pod.phase());
  sheet.Add("Ready", pod.ready() ? "True" : "False");
  sheet.Add("Reason", pod.reason());
  std::vector<Row> rows;
  for (const v1::Container& container : pod.containers())
    rows.push_back(MakeRow(container, {.wide = true}, now));
  std::vector<Column> columns;
  for (Field& field : Fields(v1::Container(), {.wide = true}, now))
    columns.push_back(std::move(field.column));
  sheet.AddTable("Containers", std::move(columns), rows);
  return sheet.Take();
}

std::string Describe(const v1::Container& container, absl::Time now) {
  const v1::ContainerReport& report = container.report();
  Sheet sheet;
  sheet.Add("Name", LastSegment(container.name()));
  sheet.Add("Pod", Segment(container.name(), "pods"));
  sheet.Add("Namespace", Segment(container.name(), "namespaces"));
  sheet.Add("Cluster", Segment(container.name(), "clusters"));
  sheet.Add("Image", container.image());
  sheet.Add("Id", report.container_id());
  sheet.Add("Ready", container.ready() ? "True" : "False");
  sheet.Add("Restarts", absl::StrCat(container.restarts()));
  sheet.Add("State", container.has_report()
                         ? EnumWord(v1::ContainerState_Name(report.state()), "CONTAINER_STATE_")
                         : "");
  sheet.Add("Started", When(report.has_started_time(), report.started_time(), now));
  if (report.has_exit_code()) {
    sheet.Add("Ended with",
              absl::StrCat("exit code ", report.exit_code(), ", ", OrNone(report.exit_reason())));
  }
  sheet.Add("CPU", report.has_cpu_used_millicores() ? Millicores(report.cpu_used_millicores()) : "");
  sheet.Add("  Throttled", report.has_cpu_throttled_percent()
                               ? absl::StrFormat("%.1f%%", report.cpu_throttled_percent())
                               : "");
  sheet.Add("Memory", report.has_memory_working_set_bytes() ? Bytes(report.memory_working_set_bytes()) : "");
  return sheet.Take();
}

std::string Describe(const v1::Decision& decision, absl::Time now) {
  const v1::Timings& timings = decision.timings();
  Sheet sheet;
  sheet.Add("Name", decision.name());
  sheet.Add("Kind", KindWord(decision.kind()));
  sheet.Add("Cluster", decision.cluster());
  if (decision.workload().empty()) {
    sheet.Add("Node", decision.node().empty()
                          ? ""
                          : absl::StrCat(decision.node(), " (uid ", decision.node_uid(), ")"));
  } else {
    sheet.Add("Workload", absl::StrCat(decision.workload(), " (uid ", decision.workload_uid(), ")"));
  }
  sheet.Add("State", StateCell(decision.state()).text);
  sheet.Add("Summary", decision.summary());
  sheet.Add("Outcome", decision.outcome());
  if (decision.workload().empty()) {
    sheet.Add("Verdict",
              absl::StrCat(VerdictCell(decision.verdict()).text, ConfidenceText(decision.confidence())));
  }
  sheet.Add("Policy", EtagOf(decision));
  sheet.Add("Epoch", absl::StrCat(decision.epoch()));
  sheet.Add("Last sign of life", When(timings.has_last_sign_time(), timings.last_sign_time(), now));
  sheet.Add("Noticed", When(timings.has_detect_time(), timings.detect_time(), now));
  sheet.Add("Judged", When(timings.has_judge_time(), timings.judge_time(), now));
  sheet.Add("Written down", When(timings.has_intend_time(), timings.intend_time(), now));
  sheet.Add("Proven fenced", When(timings.has_fence_time(), timings.fence_time(), now));
  sheet.Add("Acted", When(timings.has_act_time(), timings.act_time(), now));
  sheet.Add("Recovered", When(timings.has_recover_time(), timings.recover_time(), now));
  sheet.Add("Closed", When(timings.has_close_time(), timings.close_time(), now));
  std::vector<Row> evidence;
  for (const v1::Evidence& each : decision.evidence()) {
    const bool against = each.direction() == v1::Evidence::DIRECTION_AGAINST_LIFE;
    const bool in_favour = each.direction() == v1::Evidence::DIRECTION_FOR_LIFE;
    evidence.push_back({{Instant(ToTime(each.time()))},
                        {each.source()},
                        {against     ? "against life"
                         : in_favour ? "for life"
                                     : "neither"},
                        {each.observation()}});
  }
  sheet.AddTable("Evidence", {{"TIME"}, {"SOURCE"}, {"POINTS"}, {"OBSERVATION"}}, evidence);
  std::vector<Row> guards;
  for (const v1::GuardAnswer& guard : decision.guards()) {
    guards.push_back({{guard.guard()}, {guard.allowed() ? "yes" : "no"}, {guard.reason()}});
  }
  sheet.AddTable("Guards", {{"GUARD"}, {"ALLOWED"}, {"REASON"}}, guards);
  std::vector<Row> actions;
  for (const v1::Action& action : decision.actions()) {
    const bool finished = action.has_release_time() && action.has_finish_time();
    actions.push_back(
        {{absl::StrCat(action.number())},
         {ActionText(action, false)},
         {EnumWord(v1::Action::State_Name(action.state()), "STATE_")},
         {absl::StrCat(action.attempts())},
         {finished ? Span(ToTime(action.finish_time()) - ToTime(action.release_time())) : std::string(kNone)},
         {OrNone(action.precondition())},
         {OrNone(action.result())}});
  }
  sheet.AddTable("Actions", {{"NUMBER"}, {"ACTION"}, {"STATE"}, {"TRIES"}, {"TOOK"}, {"ONLY IF"}, {"RESULT"}},
                 actions);
  std::vector<Row> alternatives;
  for (const v1::Alternative& each : decision.alternatives())
    alternatives.push_back({{each.description()}, {each.reason()}});
  sheet.AddTable("Left alone", {{"WHAT"}, {"WHY"}}, alternatives);
  std::vector<Row> workloads;
  for (const v1::WorkloadRecovery& workload : decision.workloads()) {
    workloads.push_back({{workload.workload()},
                         {absl::StrCat(workload.removed())},
                         {absl::StrCat(workload.restored())},
                         {OrNone(workload.waiting_for())}});
  }
  sheet.AddTable("Workloads", {{"WORKLOAD"}, {"TAKEN OFF"}, {"READY AGAIN"}, {"WAITS FOR"}}, workloads);
  std::vector<Row> unplaced;
  for (const v1::UnplacedPod& pod : decision.unplaced()) {
    unplaced.push_back({{TargetText(pod.pod())},
                        {absl::StrCat(pod.priority())},
                        {Millicores(static_cast<std::uint64_t>(pod.cpu_millicores()))},
                        {Bytes(static_cast<std::uint64_t>(pod.memory_bytes()))},
                        {pod.reason()}});
  }
  if (!unplaced.empty()) {
    sheet.AddTable("Without room", {{"POD"}, {"PRIORITY"}, {"CPU"}, {"MEMORY"}, {"WHY"}}, unplaced);
  }
  return sheet.Take();
}

namespace {

const char* LifeText(v1::SwitchWatch::Life life) {
  switch (life) {
    case v1::SwitchWatch::LIFE_ALIVE:
      return "alive";
    case v1::SwitchWatch::LIFE_CUT_OFF:
      return "alive, and cut off from the coordinator";
    case v1::SwitchWatch::LIFE_LOST:
      return "lost";
    default:
      return "cannot be told";
  }
}

std::string TextOf(const nlohmann::ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// How the cluster is seen whose loss is waited for, and by whom.
void AddWatch(const v1::SwitchWatch& watch, Sheet& sheet) {
  sheet.Add("Cluster is",
            absl::StrCat(LifeText(watch.life()), watch.reason().empty() ? "" : ": ", watch.reason()));
  sheet.Add("Witnesses",
            absl::StrCat(watch.witnesses(), " of its nodes, ", watch.api_witnesses(), " of its API"));
  sheet.Add("Switch", LastSegment(watch.decision()));
}

}  // namespace

std::string Describe(const v1::Policy& policy, absl::Time now) {
  Sheet sheet;
  sheet.Add("Name", LastSegment(policy.name()));
  sheet.Add("Etag", policy.etag());
  sheet.Add("Created", When(policy.has_create_time(), policy.create_time(), now));
  sheet.Add("Changed", When(policy.has_update_time(), policy.update_time(), now));
  const nlohmann::ordered_json manifest = ToObject(policy);
  sheet.Add("Kind", manifest["kind"].get<std::string>());
  for (const auto& [key, value] : manifest["spec"].items()) {
    if (policy.has_switching() && value.is_object()) {
      for (const auto& [inner, held] : value.items()) {
        sheet.Add(absl::StrCat("  ", key, ".", inner), TextOf(held));
      }
      continue;
    }
    sheet.Add(absl::StrCat("  ", key), TextOf(value));
  }
  if (policy.switching().has_watch()) AddWatch(policy.switching().watch(), sheet);
  return sheet.Take();
}

std::string Describe(const v1::Maintenance& maintenance, absl::Time now) {
  Sheet sheet;
  sheet.Add("Node", LastSegment(maintenance.name()));
  sheet.Add("Cluster", Segment(maintenance.name(), "clusters"));
  sheet.Add("Started", When(maintenance.has_start_time(), maintenance.start_time(), now));
  sheet.Add("Ends", maintenance.has_end_time()
                        ? absl::StrCat(Instant(ToTime(maintenance.end_time())), " (in ",
                                       Age(ToTime(maintenance.end_time()) - now), ")")
                        : "");
  sheet.Add("Reason", maintenance.reason());
  return sheet.Take();
}

}  // namespace evenkeel::cli
