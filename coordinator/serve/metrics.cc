#include "coordinator/serve/metrics.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_words.h"
#include "coordinator/core/words.h"
#include "coordinator/serve/metric_families.h"

namespace evenkeel::coordinator {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

constexpr size_t kMostClustersShown = 1024;

// From well below the fastest detection to a slow one, in seconds.
const prometheus::Histogram::BucketBoundaries& DetectionBuckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1,
                                                                   1.5,  2,   3,   5,   10,  30,   60};
  return kBuckets;
}

const prometheus::Histogram::BucketBoundaries& RecoveryBuckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {0.5, 1,  2,  3,  4,   6,
                                                                   10,  20, 40, 80, 160, 320};
  return kBuckets;
}

prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const char* name, const char* help,
                                    const prometheus::Histogram::BucketBoundaries& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

void Observe(prometheus::Histogram& histogram, const std::optional<absl::Time>& from,
             const std::optional<absl::Time>& to) {
  if (from && to && *to >= *from) histogram.Observe(absl::ToDoubleSeconds(*to - *from));
}

}  // namespace

Metrics::Metrics(const std::vector<Decision>& open, const Runtime& runtime,
                 const AgentSessions::Figures& sessions, const FleetView& view, const EventLog* event_log)
    : runtime_(runtime),
      sessions_(sessions),
      view_(view),
      event_log_(event_log),
      decisions_(prometheus::BuildCounter()
                     .Name("evenkeel_decisions_total")
                     .Help("Decisions, by kind, counted when opened (state open) and when they ended.")
                     .Register(registry_)),
      actions_(prometheus::BuildCounter()
                   .Name("evenkeel_actions_total")
                   .Help("Actions that ended, by kind and how.")
                   .Register(registry_)),
      detection_(AddHistogram(registry_, "evenkeel_detection_seconds",
                              "From a node's last sign of life to the notice of its silence, in failovers.",
                              DetectionBuckets())),
      judgement_(AddHistogram(registry_, "evenkeel_judgement_seconds",
                              "From a node's last sign of life to the verdict, in failovers.",
                              DetectionBuckets())),
      recovery_(
          AddHistogram(registry_, "evenkeel_recovery_seconds",
                       "From a node's last sign of life until all replacements were Ready, in failovers.",
                       RecoveryBuckets())),
      tracker_(open) {}

void Metrics::OnNotice(const Notice& notice) {
  if (const auto* changed = std::get_if<DecisionChanged>(&notice)) {
    OnDecision(changed->decision);
  } else if (const auto* scaler = std::get_if<ScalerChanged>(&notice)) {
    OnScaler(*scaler->status);
  } else if (const auto* gone = std::get_if<ScalerGone>(&notice)) {
    absl::MutexLock lock(&mutex_);
    scalers_.erase(gone->policy);
  } else if (const auto* burst = std::get_if<BurstChanged>(&notice)) {
    absl::MutexLock lock(&mutex_);
    bursts_.insert_or_assign(burst->status.cluster, burst->status);
  } else if (const auto* ended = std::get_if<BurstGone>(&notice)) {
    absl::MutexLock lock(&mutex_);
    bursts_.erase(ended->cluster);
  } else if (const auto* moved = std::get_if<SwitchChanged>(&notice)) {
    absl::MutexLock lock(&mutex_);
    switches_.OnSwitch(moved->status);
  } else if (const auto* over = std::get_if<SwitchGone>(&notice)) {
    absl::MutexLock lock(&mutex_);
    switches_.OnGone(over->decision);
  }
}

void Metrics::OnScaler(const ScalerStatus& status) {
  absl::MutexLock lock(&mutex_);
  // A figure of a workload that is not seen would be a lie.
  if (!status.unseen.empty() || !status.looked) {
    scalers_.erase(status.policy);
    return;
  }
  scalers_.insert_or_assign(status.policy, ScalerFigures{.cluster = status.cluster,
                                                         .replicas = status.replicas,
                                                         .advised = status.advice.replicas,
                                                         .wanted = status.advice.wanted,
                                                         .panic = status.panic_since.has_value()});
}

void Metrics::OnDecision(const Decision& decision) {
  DecisionStep step;
  {
    absl::MutexLock lock(&mutex_);
    step = tracker_.Track(decision);
  }
  if (step.opened) {
    decisions_.Add({{"kind", Word(decision.kind)}, {"state", Word(DecisionState::kOpen)}}).Increment();
  }
  for (const Action* action : step.finished) {
    actions_.Add({{"kind", Word(action->kind)}, {"state", Word(action->state)}}).Increment();
  }
  if (!step.closed) return;
  decisions_.Add({{"kind", Word(decision.kind)}, {"state", Word(decision.state)}}).Increment();
  if (decision.kind != DecisionKind::kFailover) return;
  Observe(detection_, decision.timings.last_sign, decision.timings.detected);
  Observe(judgement_, decision.timings.last_sign, decision.timings.judged);
  Observe(recovery_, decision.timings.last_sign, decision.timings.recovered);
}

Runtime::Figures Metrics::Sample() const {
  absl::MutexLock lock(&mutex_);
  Runtime::Figures figures = runtime_.figures();
  longest_lateness_ = std::max(longest_lateness_, figures.longest_lateness);
  figures.longest_lateness = longest_lateness_;
  return figures;
}

absl::Time Metrics::LastTurn() const {
  return Sample().last_turn;
}

std::vector<MetricFamily> Metrics::Collect() const {
  std::vector<MetricFamily> out = registry_.Collect();
  {
    absl::MutexLock lock(&mutex_);
    out.push_back(
        Gauge("evenkeel_open_decisions", "Decisions that are open.", static_cast<double>(tracker_.open())));
  }
  CollectRuntime(out);
  CollectSessions(out);
  CollectEventLog(out);
  CollectFleet(out);
  CollectScalers(out);
  CollectBursts(out);
  absl::MutexLock lock(&mutex_);
  switches_.Collect(out);
  return out;
}

void Metrics::CollectRuntime(std::vector<MetricFamily>& out) const {
  const Runtime::Figures figures = Sample();
  {
    absl::MutexLock lock(&mutex_);
    longest_lateness_ = absl::ZeroDuration();
  }
  out.push_back(Count("evenkeel_events_total", "Events that the core was told of.", figures.events));
  out.push_back(Count("evenkeel_commits_total", "Batches made durable.", figures.commits));
  out.push_back(Gauge("evenkeel_last_commit_seconds", "How long the last batch took to be durable.",
                      absl::ToDoubleSeconds(figures.last_commit)));
  out.push_back(
      Gauge("evenkeel_queued_events", "Events that wait for the core.", static_cast<double>(figures.queued)));
  out.push_back(Gauge("evenkeel_deadline_lateness_seconds",
                      "The most that a deadline of the core was missed by since the last scrape.",
                      absl::ToDoubleSeconds(figures.longest_lateness)));
}

void Metrics::CollectSessions(std::vector<MetricFamily>& out) const {
  out.push_back(
      Gauge("evenkeel_agent_sessions", "Agents in session.", static_cast<double>(sessions_.sessions.load())));
  out.push_back(
      Count("evenkeel_agent_sessions_opened_total", "Agents' sessions opened.", sessions_.opened.load()));
  out.push_back(
      Count("evenkeel_agent_sessions_refused_total", "Agents' sessions refused.", sessions_.refused.load()));
  out.push_back(Count("evenkeel_beats_total", "Beats received.", sessions_.beats.load()));
  out.push_back(Count("evenkeel_beats_missed_total", "Times that an agent's beat was overdue.",
                      sessions_.overdue.load()));
  out.push_back(Count("evenkeel_reports_total", "Agents' reports received.", sessions_.reports.load()));
  out.push_back(Count("evenkeel_late_session_turns_total",
                      "Times that beats were read so late that all deadlines were set anew.",
                      sessions_.late_turns.load()));
}

void Metrics::CollectEventLog(std::vector<MetricFamily>& out) const {
  if (event_log_ == nullptr) return;
  const EventLog::Figures figures = event_log_->figures();
  out.push_back(Gauge("evenkeel_event_log_bytes", "Size of the log of what the core was told.",
                      static_cast<double>(figures.bytes)));
  out.push_back(
      Count("evenkeel_event_log_steps_total", "Steps of the core that were logged.", figures.steps));
  out.push_back(Count("evenkeel_event_log_dropped_steps_total",
                      "Steps of the core that are missing in the log.", figures.dropped));
  out.push_back(Count("evenkeel_event_log_failures_total", "Times that the log could not be written.",
                      figures.failures));
}

void Metrics::CollectFleet(std::vector<MetricFamily>& out) const {
  MetricFamily nodes = Gauges("evenkeel_nodes", "Nodes, by cluster and verdict.");
  MetricFamily pods = Gauges("evenkeel_pods", "Pods, by cluster.");
  MetricFamily api =
      Gauges("evenkeel_kubernetes_api_ready", "1 while the cluster's Kubernetes API can be used, else 0.");
  MetricFamily blind =
      Gauges("evenkeel_blind", "1 while verdicts on the cluster's nodes are suspended, else 0.");
  MetricFamily blind_domains =
      Gauges("evenkeel_blind_failure_domains",
             "Failure domains of the cluster in which verdicts are suspended while the rest is judged.");
  MetricFamily patience = Gauges(
      "evenkeel_patience_ratio",
      "What the silence that the cluster's nodes are allowed is multiplied by, for the coordinator's own "
      "slowness: 1 to 4.");
  for (const FleetSnapshot& snapshot :
       view_.After(FleetKey{.kind = FleetKind::kCluster}, kMostClustersShown)) {
    const auto* cluster = std::get_if<ClusterSnapshot>(&snapshot);
    if (cluster == nullptr) break;
    const ClientMetric::Label label{"cluster", cluster->ref->cluster};
    for (size_t verdict = 0; verdict < kVerdicts; ++verdict) {
      Add(nodes, cluster->nodes_by_verdict[verdict],
          {label, {"verdict", Word(static_cast<Verdict>(verdict))}});
    }
    Add(pods, cluster->pods, {label});
    Add(api, cluster->api && cluster->api->reachable ? 1 : 0, {label});
    Add(blind, cluster->blind ? 1 : 0, {label});
    Add(blind_domains, cluster->blind_domains ? static_cast<double>(cluster->blind_domains->size()) : 0,
        {label});
    Add(patience, cluster->patience.percent / 100.0, {label});
  }
  for (MetricFamily* family : {&nodes, &pods, &api, &blind, &blind_domains, &patience})
    out.push_back(std::move(*family));
}

void Metrics::CollectScalers(std::vector<MetricFamily>& out) const {
  MetricFamily replicas = Gauges("evenkeel_scaler_replicas", "Replicas that the workload is told to have.");
  MetricFamily advised = Gauges("evenkeel_scaler_advised_replicas",
                                "Replicas that the workload should have by its scale policy.");
  MetricFamily wanted = Gauges("evenkeel_scaler_wanted_replicas",
                               "Replicas that the load alone asks for, before windows, rates and bounds.");
  MetricFamily panic = Gauges("evenkeel_scaler_panic", "1 while a sudden rise is under way, else 0.");
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [policy, figures] : scalers_) {
      const std::vector<ClientMetric::Label> labels = {{"cluster", figures.cluster}, {"scaler", policy}};
      Add(replicas, static_cast<double>(figures.replicas), labels);
      Add(advised, static_cast<double>(figures.advised), labels);
      Add(wanted, static_cast<double>(figures.wanted), labels);
      Add(panic, figures.panic ? 1 : 0, labels);
    }
  }
  for (MetricFamily* family : {&replicas, &advised, &wanted, &panic}) out.push_back(std::move(*family));
}

void Metrics::CollectBursts(std::vector<MetricFamily>& out) const {
  constexpr double kMillicoresPerCore = 1000;
  constexpr double kMicros = 1'000'000;
  MetricFamily open = Gauges("evenkeel_burst_open", "1 while virtual nodes take new pods, else 0.");
  MetricFamily pods = Gauges("evenkeel_burst_pods", "Pods that have burst to virtual nodes.");
  MetricFamily cpu = Gauges("evenkeel_burst_requested_cpu_cores", "CPU that they ask for.");
  MetricFamily pressing =
      Gauges("evenkeel_burst_pressing_pods", "Pods that find no room and may go to virtual nodes.");
  MetricFamily refused = Gauges(
      "evenkeel_burst_refused",
      "1 while pods find no room and a guard keeps virtual nodes closed to them: the mode, a cap, ...");
  MetricFamily failures =
      Gauges("evenkeel_burst_provider_failures",
             "Failures of the provider of virtual nodes since a pod came up on one of them last.");
  MetricFamily cost =
      Gauges("evenkeel_burst_cost", "What the present burst has cost, in the currency of its policy.");
  const absl::Time now = Sample().last_turn;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [cluster, status] : bursts_) {
      const std::vector<ClientMetric::Label> labels = {{"cluster", cluster}};
      const BurstLedger ledger = LedgerAt(status, now);
      Add(open, status.valve == ValveState::kOpen ? 1 : 0, labels);
      Add(pods, static_cast<double>(ledger.use.pods), labels);
      Add(cpu, static_cast<double>(ledger.use.cpu_millicores) / kMillicoresPerCore, labels);
      Add(pressing, static_cast<double>(status.pressing_count), labels);
      Add(refused, RefusalOf(status, now) ? 1 : 0, labels);
      Add(failures, status.standing.provider.failures, labels);
      Add(cost, static_cast<double>(CostMicros(ledger, status.standing.prices)) / kMicros, labels);
    }
  }
  for (MetricFamily* family : {&open, &pods, &cpu, &pressing, &refused, &failures, &cost})
    out.push_back(std::move(*family));
}

}  // namespace evenkeel::coordinator
