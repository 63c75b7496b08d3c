#include "coordinator/serve/fleet_snapshot.h"

#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/maintenance_validation.h"
#include "coordinator/serve/names.h"

namespace evenkeel::coordinator {
namespace {

const v1::ContainerReport* FindReport(const PodSnapshot& pod, absl::string_view container) {
  if (pod.report == nullptr) return nullptr;
  for (const v1::ContainerReport& report : pod.report->containers()) {
    if (report.name() == container) return &report;
  }
  return nullptr;
}

void AddContainers(const PodSnapshot& pod, v1::Pod& message) {
  for (const ObservedContainer& observed : pod.observed->containers) {
    v1::Container& container = *message.add_containers();
    container.set_name(ContainerResource(pod.key(), observed.name));
    container.set_image(observed.image);
    container.set_ready(observed.ready);
    container.set_restarts(observed.restarts);
    const v1::ContainerReport* report = FindReport(pod, observed.name);
    if (report == nullptr) continue;
    *container.mutable_report() = *report;
    if (report->has_cpu_used_millicores()) {
      message.set_cpu_used_millicores(message.cpu_used_millicores() + report->cpu_used_millicores());
    }
    if (report->has_memory_working_set_bytes()) {
      message.set_memory_working_set_bytes(message.memory_working_set_bytes() +
                                           report->memory_working_set_bytes());
    }
  }
}

}  // namespace

uint32_t ClusterSnapshot::nodes() const {
  return std::accumulate(nodes_by_verdict.begin(), nodes_by_verdict.end(), uint32_t{0});
}

v1::Cluster ToMessage(const ClusterSnapshot& cluster) {
  v1::Cluster message;
  message.set_name(ClusterResource(cluster.ref->cluster));
  if (cluster.api) {
    message.set_kubernetes_version(cluster.api->version);
    message.set_api_state(cluster.api->reachable ? v1::Cluster::API_STATE_READY
                                                 : v1::Cluster::API_STATE_UNREACHABLE);
    message.set_api_detail(cluster.api->detail);
  }
  if (cluster.blind) {
    message.set_blind(true);
    message.set_blind_reason(cluster.blind->reason);
    *message.mutable_blind_since() = ToMessage(cluster.blind->since);
  }
  if (cluster.blind_domains) {
    for (const auto& [name, sight] : *cluster.blind_domains) {
      v1::Cluster::BlindDomain& domain = *message.add_blind_domains();
      domain.set_domain(name);
      domain.set_reason(sight.reason);
      *domain.mutable_since() = ToMessage(sight.since);
    }
  }
  message.set_patience_percent(cluster.patience.percent);
  message.set_patience_reason(cluster.patience.reason);
  if (cluster.pause) *message.mutable_pause() = ToMessage(*cluster.pause);
  message.set_nodes(cluster.nodes());
  message.set_healthy_nodes(cluster.nodes_by_verdict[static_cast<size_t>(Verdict::kHealthy)]);
  message.set_agents(cluster.agents);
  message.set_pods(cluster.pods);
  return message;
}

v1::Node ToMessage(const NodeSnapshot& node) {
  v1::Node message;
  message.set_name(NodeResource({node.ref->cluster, node.ref->name}));
  if (node.observed) {
    message.set_uid(node.observed->facts.uid);
    message.mutable_labels()->insert(node.observed->labels.begin(), node.observed->labels.end());
    message.set_address(node.observed->facts.address);
    message.set_failure_domain(node.observed->facts.failure_domain);
    message.set_kubernetes_ready(node.observed->facts.ready);
    for (const std::string& taint : node.observed->taints) message.add_taints(taint);
  }
  message.set_verdict(ToMessage(node.verdict()));
  if (node.judged) {
    message.set_verdict_reason(node.judged->reason);
    *message.mutable_verdict_time() = ToMessage(node.judged->since);
    message.set_failed_over(node.judged->failed_over);
    message.set_confidence(ToMessage(node.judged->confidence));
    message.set_relapses(node.judged->relapses);
    if (node.judged->failed_over || node.judged->relapses > 0) {
      *message.mutable_readmit_after() = ToMessage(node.judged->readmit_after);
    }
    if (node.judged->readmission_due) {
      *message.mutable_readmission_due_time() = ToMessage(*node.judged->readmission_due);
    }
    if (node.judged->self_fencing) {
      const SelfFencing& known = *node.judged->self_fencing;
      v1::SelfFencing& shown = *message.mutable_self_fencing();
      shown.set_armed(known.armed);
      shown.set_fenced(known.fenced);
      if (known.watchdog_timeout) *shown.mutable_watchdog_timeout() = ToMessage(*known.watchdog_timeout);
      shown.set_detail(known.detail);
    }
  }
  if (node.session) {
    message.set_agent_version(node.session->agent_version);
    message.set_boot_id(node.session->boot_id);
    if (node.session->last_beat) {
      *message.mutable_last_beat_time() = ToMessage(node.session->last_beat->received());
    }
  }
  message.set_agent_connected(node.connected);
  if (node.report) {
    *message.mutable_report() = *node.report;
    *message.mutable_report_time() = ToMessage(node.report_time);
  }
  if (node.occurrences) {
    for (const v1::NodeOccurrence& occurrence : *node.occurrences) *message.add_occurrences() = occurrence;
  }
  if (node.open_decision) message.set_open_decision(DecisionResource(*node.open_decision));
  if (node.maintenance) *message.mutable_maintenance() = ToMessage(*node.maintenance);
  message.set_pods(node.pods);
  return message;
}

v1::Pod ToMessage(const PodSnapshot& pod) {
  const ObservedPod& observed = *pod.observed;
  v1::Pod message;
  message.set_name(PodResource(pod.key()));
  message.set_uid(observed.facts.uid);
  message.mutable_labels()->insert(observed.labels.begin(), observed.labels.end());
  message.set_node(observed.facts.node);
  message.set_phase(observed.facts.phase);
  message.set_ready(observed.facts.ready);
  message.set_deleting(observed.facts.deleting);
  if (!observed.facts.controller.kind.empty()) {
    message.set_controller(absl::StrCat(observed.facts.controller.kind, "/", observed.facts.controller.name));
  }
  message.set_address(observed.address);
  *message.mutable_create_time() = ToMessage(observed.create_time);
  AddContainers(pod, message);
  message.set_reason(observed.reason);
  message.set_restarts(observed.restarts);
  return message;
}

}  // namespace evenkeel::coordinator
