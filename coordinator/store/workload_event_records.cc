#include "coordinator/store/event_codec.h"

#include <utility>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/scale_records.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator::event_codec {
namespace {

namespace stored = ::evenkeel::storage::v1;

constexpr EnumPair<PodPhase, stored::PodPhase> kPhases[] = {
    {PodPhase::kPending, stored::POD_PHASE_UNSPECIFIED},
    {PodPhase::kRunning, stored::POD_PHASE_RUNNING},
    {PodPhase::kSucceeded, stored::POD_PHASE_SUCCEEDED},
    {PodPhase::kFailed, stored::POD_PHASE_FAILED},
};
constexpr EnumPair<PolicyMode, stored::PolicyMode> kModes[] = {
    {PolicyMode::kObserve, stored::POLICY_MODE_OBSERVE},
    {PolicyMode::kEnforce, stored::POLICY_MODE_ENFORCE},
};

// Usage is told each second of each pod that has changed, more often than all else together: its samples
// stand in few bytes. Times are told from each other, in milliseconds where they are such. Infinite ones and
// those of a damaged log may be anywhere, so nothing of this overflows: it goes around, and back again.
constexpr int64_t kMillisecond = 1'000'000;

int64_t Plus(int64_t one, int64_t other) {
  return static_cast<int64_t>(static_cast<uint64_t>(one) + static_cast<uint64_t>(other));
}
int64_t Minus(int64_t one, int64_t other) {
  return static_cast<int64_t>(static_cast<uint64_t>(one) - static_cast<uint64_t>(other));
}
int64_t Times(int64_t one, int64_t other) {
  return static_cast<int64_t>(static_cast<uint64_t>(one) * static_cast<uint64_t>(other));
}

void PutSample(const CpuSample& sample, int64_t from_ns, stored::CpuSample& record) {
  record.set_millicores(sample.millicores);
  const int64_t before = Minus(from_ns, coordinator::ToStored(sample.taken));
  if (before % kMillisecond == 0) {
    record.set_before_ms(before / kMillisecond);
  } else {
    record.set_taken_ns(Minus(0, before));
  }
  const int64_t window = coordinator::ToStored(sample.window);
  if (window >= 0 && window % kMillisecond == 0) {
    record.set_window_ms(static_cast<uint64_t>(window / kMillisecond));
  } else {
    record.set_window_ns(window);
  }
}

CpuSample SampleFrom(const stored::CpuSample& record, int64_t from_ns) {
  const int64_t before = Times(record.before_ms(), kMillisecond);
  const int64_t window = Times(static_cast<int64_t>(record.window_ms()), kMillisecond);
  return {.millicores = record.millicores(),
          .taken = TimeFrom(Plus(Minus(from_ns, before), record.taken_ns())),
          .window = DurationFrom(Plus(window, record.window_ns()))};
}

// From what the samples' times are told: the end of the first.
int64_t FromOf(const UsageTold& event) {
  for (const PodUsage& pod : event.pods) {
    if (pod.steady) return coordinator::ToStored(pod.steady->taken);
  }
  return 0;
}

void PutDeaths(const PodDeaths& deaths, stored::PodDeaths& record) {
  record.set_restarts(deaths.restarts);
  record.set_oom_kills(deaths.oom_kills);
  record.set_down(deaths.down);
  record.set_crash_loop(deaths.crash_loop);
  if (!deaths.last) return;
  stored::ContainerDeath& last = *record.mutable_last();
  last.set_container(deaths.last->container);
  if (deaths.last->exit_code) last.set_exit_code(*deaths.last->exit_code);
  last.set_reason(deaths.last->reason);
  last.set_runs_on(deaths.last->runs_on);
  last.set_at_ns(coordinator::ToStored(deaths.last->at));
}

PodDeaths DeathsFrom(const stored::PodDeaths& record) {
  PodDeaths deaths{.restarts = record.restarts(),
                   .oom_kills = record.oom_kills(),
                   .down = record.down(),
                   .crash_loop = record.crash_loop()};
  if (!record.has_last()) return deaths;
  ContainerDeath& last = deaths.last.emplace();
  last.container = record.last().container();
  if (record.last().has_exit_code()) last.exit_code = record.last().exit_code();
  last.reason = record.last().reason();
  last.runs_on = record.last().runs_on();
  last.at = TimeFrom(record.last().at_ns());
  return deaths;
}

}  // namespace

void Put(const WorkloadObserved& event, stored::Event& record) {
  stored::WorkloadObserved& out = *record.mutable_workload_observed();
  out.set_cluster(event.cluster);
  *out.mutable_workload() = ToRecord(event.workload);
  out.set_uid(event.facts.uid);
  out.set_replicas(event.facts.replicas);
  out.set_status_replicas(event.facts.status_replicas);
  out.set_no_selector(event.facts.no_selector);
  if (event.facts.overlaps != Workload{}) *out.mutable_overlaps() = ToRecord(event.facts.overlaps);
}

absl::StatusOr<Event> Get(const stored::WorkloadObserved& record) {
  return WorkloadObserved{.cluster = record.cluster(),
                          .workload = FromRecord(record.workload()),
                          .facts = {.uid = record.uid(),
                                    .replicas = record.replicas(),
                                    .status_replicas = record.status_replicas(),
                                    .no_selector = record.no_selector(),
                                    .overlaps = FromRecord(record.overlaps())}};
}

void Put(const WorkloadGone& event, stored::Event& record) {
  stored::WorkloadGone& out = *record.mutable_workload_gone();
  out.set_cluster(event.cluster);
  *out.mutable_workload() = ToRecord(event.workload);
  out.set_reason(event.reason);
  out.set_absent(event.absent);
}

absl::StatusOr<Event> Get(const stored::WorkloadGone& record) {
  return WorkloadGone{.cluster = record.cluster(),
                      .workload = FromRecord(record.workload()),
                      .reason = record.reason(),
                      .absent = record.absent()};
}

void Put(const WorkloadPodObserved& event, stored::Event& record) {
  stored::WorkloadPodObserved& out = *record.mutable_workload_pod_observed();
  out.set_cluster(event.cluster);
  *out.mutable_workload() = ToRecord(event.workload);
  out.set_pod_uid(event.pod_uid);
  const WorkloadPodFacts& facts = event.facts;
  out.set_name(facts.name);
  out.set_node(facts.node);
  out.set_phase(coordinator::ToStored(kPhases, facts.phase));
  out.set_deleting(facts.deleting);
  out.set_ready(facts.ready);
  if (facts.started) out.set_started_ns(coordinator::ToStored(*facts.started));
  if (facts.ready_changed) out.set_ready_changed_ns(coordinator::ToStored(*facts.ready_changed));
  out.set_request_millicores(facts.request_millicores);
  out.set_failing(facts.failing);
}

absl::StatusOr<Event> Get(const stored::WorkloadPodObserved& record) {
  WorkloadPodObserved event{.cluster = record.cluster(),
                            .workload = FromRecord(record.workload()),
                            .pod_uid = record.pod_uid(),
                            .facts = {.name = record.name(),
                                      .node = record.node(),
                                      .deleting = record.deleting(),
                                      .ready = record.ready(),
                                      .request_millicores = record.request_millicores(),
                                      .failing = record.failing()}};
  EVENKEEL_RETURN_IF_ERROR(
      coordinator::FromStored(kPhases, record.phase(), "WorkloadPodObserved.phase", event.facts.phase));
  if (record.has_started_ns()) event.facts.started = TimeFrom(record.started_ns());
  if (record.has_ready_changed_ns()) event.facts.ready_changed = TimeFrom(record.ready_changed_ns());
  return event;
}

void Put(const WorkloadPodGone& event, stored::Event& record) {
  stored::WorkloadPodGone& out = *record.mutable_workload_pod_gone();
  out.set_cluster(event.cluster);
  *out.mutable_workload() = ToRecord(event.workload);
  out.set_pod_uid(event.pod_uid);
}

absl::StatusOr<Event> Get(const stored::WorkloadPodGone& record) {
  return WorkloadPodGone{
      .cluster = record.cluster(), .workload = FromRecord(record.workload()), .pod_uid = record.pod_uid()};
}

void Put(const AutoscalerObserved& event, stored::Event& record) {
  stored::AutoscalerObserved& out = *record.mutable_autoscaler_observed();
  out.set_cluster(event.cluster);
  out.set_namespace_(event.name.name_space);
  out.set_name(event.name.name);
  out.set_uid(event.facts.uid);
  *out.mutable_target() = ToRecord(event.facts.target);
  out.set_version(event.facts.version);
  if (event.facts.rules) *out.mutable_rules() = ToRecord(*event.facts.rules);
  out.set_beyond(event.facts.beyond);
}

absl::StatusOr<Event> Get(const stored::AutoscalerObserved& record) {
  AutoscalerObserved event{.cluster = record.cluster(),
                           .name = {.name_space = record.namespace_(), .name = record.name()},
                           .facts = {.uid = record.uid(),
                                     .target = FromRecord(record.target()),
                                     .version = record.version(),
                                     .rules = {},
                                     .beyond = record.beyond()}};
  if (record.has_rules()) {
    EVENKEEL_ASSIGN_OR_RETURN(event.facts.rules, FromRecord(record.rules()));
  }
  return event;
}

void Put(const AutoscalerGone& event, stored::Event& record) {
  stored::AutoscalerGone& out = *record.mutable_autoscaler_gone();
  out.set_cluster(event.cluster);
  out.set_namespace_(event.name.name_space);
  out.set_name(event.name.name);
}

absl::StatusOr<Event> Get(const stored::AutoscalerGone& record) {
  return AutoscalerGone{.cluster = record.cluster(),
                        .name = {.name_space = record.namespace_(), .name = record.name()}};
}

void Put(const UsageTold& event, stored::Event& record) {
  stored::UsageTold& out = *record.mutable_usage_told();
  out.set_cluster(event.cluster);
  const int64_t from_ns = FromOf(event);
  out.set_time_ns(from_ns);
  for (const PodUsage& pod : event.pods) {
    stored::PodUsage& added = *out.add_pods();
    added.set_pod_uid(pod.pod_uid);
    if (pod.steady) PutSample(*pod.steady, from_ns, *added.mutable_steady());
    const bool from_steady = pod.steady && from_ns != 0;
    const int64_t end_ns = from_steady ? coordinator::ToStored(pod.steady->taken) : from_ns;
    if (pod.sudden) PutSample(*pod.sudden, end_ns, *added.mutable_sudden());
    added.set_held(pod.held);
    if (pod.throttled_percent) added.set_throttled_percent(*pod.throttled_percent);
    if (pod.deaths != PodDeaths{}) PutDeaths(pod.deaths, *added.mutable_deaths());
  }
}

absl::StatusOr<Event> Get(const stored::UsageTold& record) {
  UsageTold event{.cluster = record.cluster(), .pods = {}};
  event.pods.reserve(static_cast<size_t>(record.pods_size()));
  for (const stored::PodUsage& each : record.pods()) {
    PodUsage pod{.pod_uid = each.pod_uid(), .held = each.held()};
    if (each.has_steady()) pod.steady = SampleFrom(each.steady(), record.time_ns());
    // An older log tells no time from another.
    const bool from_steady = pod.steady && record.time_ns() != 0;
    const int64_t end_ns = from_steady ? coordinator::ToStored(pod.steady->taken) : record.time_ns();
    if (each.has_sudden()) pod.sudden = SampleFrom(each.sudden(), end_ns);
    if (each.has_throttled_percent()) pod.throttled_percent = each.throttled_percent();
    if (each.has_deaths()) pod.deaths = DeathsFrom(each.deaths());
    event.pods.push_back(std::move(pod));
  }
  return event;
}

void Put(const ClusterUsage& event, stored::Event& record) {
  stored::ClusterUsage& out = *record.mutable_cluster_usage();
  out.set_cluster(event.cluster);
  for (const auto& [node, millicores] : event.cpu_millicores) {
    stored::NodeCpuUsage& added = *out.add_nodes();
    added.set_node(node);
    if (millicores) added.set_cpu_millicores(*millicores);
  }
}

absl::StatusOr<Event> Get(const stored::ClusterUsage& record) {
  ClusterUsage event{.cluster = record.cluster(), .cpu_millicores = {}};
  for (const stored::NodeCpuUsage& node : record.nodes()) {
    std::optional<int64_t>& millicores = event.cpu_millicores[node.node()];
    if (node.has_cpu_millicores()) millicores = node.cpu_millicores();
  }
  return event;
}

void Put(const TakeOverAutoscaler& event, stored::Event& record) {
  stored::TakeOverAutoscaler& out = *record.mutable_take_over_autoscaler();
  out.set_request_id(event.request_id);
  out.set_cluster(event.cluster);
  out.set_namespace_(event.name.name_space);
  out.set_name(event.name.name);
  out.set_policy(event.policy);
  out.set_mode(coordinator::ToStored(kModes, event.mode));
  out.set_validate_only(event.validate_only);
}

absl::StatusOr<Event> Get(const stored::TakeOverAutoscaler& record) {
  TakeOverAutoscaler event{.request_id = record.request_id(),
                           .cluster = record.cluster(),
                           .name = {.name_space = record.namespace_(), .name = record.name()},
                           .policy = record.policy(),
                           .validate_only = record.validate_only()};
  EVENKEEL_RETURN_IF_ERROR(
      coordinator::FromStored(kModes, record.mode(), "TakeOverAutoscaler.mode", event.mode));
  return event;
}

}  // namespace evenkeel::coordinator::event_codec
