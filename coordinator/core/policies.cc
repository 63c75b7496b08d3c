#include "coordinator/core/policies.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/beats.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/domain_sight.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/node_health.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/standing.h"
#include "coordinator/core/standing_turn.h"

namespace evenkeel::coordinator {
namespace {

bool HaveOneApplication(const SwitchSpec& one, const SwitchSpec& other) {
  return std::any_of(one.applications.begin(), one.applications.end(), [&other](const Application& each) {
    return std::find(other.applications.begin(), other.applications.end(), each) != other.applications.end();
  });
}

// The policy that has the same subject as `policy`, whatever its name: a cluster's failover, a workload's
// scaling. Asked when an operator changes a policy, so a walk is no cost per event.
const Policy* PolicyInTheWay(const State& state, const Policy& policy) {
  for (const auto& [name, other] : state.policies) {
    if (SameSubject(other, policy) && name != policy.name) return &other;
  }
  return nullptr;
}

const Policy* FailoverPolicyOf(const State& state, const std::string& cluster) {
  for (const auto& [name, policy] : state.policies) {
    if (policy.IfFailover() != nullptr && policy.cluster() == cluster) return &policy;
  }
  return nullptr;
}

std::string SubjectOf(const Policy& policy) {
  if (const ScalePolicy* scale = policy.IfScale()) {
    return absl::StrCat(scale->target.ToString(), " of cluster ", scale->cluster);
  }
  if (const LostClusterPolicy* waits = policy.IfSwitch()) {
    return absl::StrCat("the loss of cluster ", waits->spec.from, " for one of its applications");
  }
  return absl::StrCat(policy.IfBurst() == nullptr ? "cluster " : "the virtual nodes of cluster ",
                      policy.cluster());
}

// `policy` is new, has changed or is gone: what it is about goes by what is in force now.
void PutInForce(Turn& turn, const Policy& policy) {
  if (policy.IfScale() != nullptr) return UpdateScaler(turn, policy.name);
  if (policy.IfSwitch() != nullptr) return UpdateStanding(turn, policy.name);
  Cluster* cluster = turn.FindCluster(policy.cluster());
  if (cluster == nullptr) return;
  if (policy.IfBurst() != nullptr) return UpdateBurst(turn, *cluster);
  EnforcePolicy(turn, *cluster);
}

absl::Status EtagDiffers(const std::string& name, const std::string& now, const std::string& expected) {
  return absl::AbortedError(absl::StrCat("policy ", name, " was changed meanwhile (etag ", now, ", not ",
                                         expected, "): get it again and repeat the change"));
}

absl::Status MayApply(const State& state, const ApplyPolicy& event) {
  const auto old = state.policies.find(event.policy.name);
  if (!event.expected_etag.empty()) {
    const std::string now = old == state.policies.end() ? "none: it does not exist" : old->second.etag;
    if (now != event.expected_etag) return EtagDiffers(event.policy.name, now, event.expected_etag);
  }
  if (old != state.policies.end() && old->second.spec.index() != event.policy.spec.index()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "policy ", event.policy.name, " is of another kind: take another name, or delete it first"));
  }
  if (const Policy* other = PolicyInTheWay(state, event.policy)) {
    return absl::FailedPreconditionError(absl::StrCat(SubjectOf(event.policy), " has policy ", other->name,
                                                      " already: change that one, or delete it first"));
  }
  return MayScale(state, event.policy);
}

// The window may have become shorter, and the clock may have been set back between two runs: what is booked
// or remembered beyond what can be would otherwise refuse until that time has come.
void BoundRecord(Turn& turn, Cluster& cluster) {
  const ClusterRecord before = cluster.record;
  ClusterRecord& record = cluster.record;
  const absl::Time latest = turn.now + cluster.policy.limits.disruption_window;
  record.booked_until = std::min(record.booked_until, latest);
  for (auto& [domain, booked_until] : record.domain_booked_until) {
    booked_until = std::min(booked_until, latest);
  }
  record.storm = std::min(record.storm, turn.now);
  if (record != before) turn.RecordChanged(cluster);
}

}  // namespace

bool SameSubject(const Policy& one, const Policy& other) {
  if (one.spec.index() != other.spec.index() || one.cluster() != other.cluster()) return false;
  if (one.IfSwitch() != nullptr) return HaveOneApplication(one.switching().spec, other.switching().spec);
  return one.IfScale() == nullptr || one.scale().target == other.scale().target;
}

void OnApplyPolicy(Turn& turn, const ApplyPolicy& event) {
  Reply reply{
      .request_id = event.request_id, .status = MayApply(turn.state, event), .policy = {}, .created = false};
  if (!reply.status.ok()) return turn.Answer(std::move(reply));

  const auto old = turn.state.policies.find(event.policy.name);
  reply.created = old == turn.state.policies.end();
  if (!reply.created && old->second.spec == event.policy.spec) {
    reply.policy = old->second;
    return turn.Answer(std::move(reply));
  }
  reply.policy = StampPolicy(turn, event.policy);
  if (!event.validate_only) EnactPolicy(turn, *reply.policy);
  turn.Answer(std::move(reply));
}

Policy StampPolicy(const Turn& turn, Policy policy) {
  const auto old = turn.state.policies.find(policy.name);
  policy.create_time = old == turn.state.policies.end() ? turn.now : old->second.create_time;
  policy.update_time = turn.now;
  policy.etag = absl::StrCat(turn.state.epoch, "-", turn.state.policy_changes + 1);
  return policy;
}

void EnactPolicy(Turn& turn, const Policy& policy) {
  const auto old = turn.state.policies.find(policy.name);
  const std::optional<Policy> before =
      old == turn.state.policies.end() ? std::nullopt : std::optional<Policy>(old->second);
  ++turn.state.policy_changes;
  turn.Write(PutPolicy{policy});
  turn.state.policies[policy.name] = policy;
  if (before && before->cluster() != policy.cluster()) PutInForce(turn, *before);
  PutInForce(turn, policy);
}

void OnDeletePolicy(Turn& turn, const DeletePolicy& event) {
  Reply reply{.request_id = event.request_id, .status = absl::OkStatus(), .policy = {}, .created = false};
  const auto old = turn.state.policies.find(event.name);
  if (old == turn.state.policies.end()) {
    reply.status = absl::NotFoundError(absl::StrCat("there is no policy ", event.name));
  } else if (!event.expected_etag.empty() && event.expected_etag != old->second.etag) {
    reply.status = EtagDiffers(event.name, old->second.etag, event.expected_etag);
  } else {
    const Policy gone = old->second;
    turn.Write(ErasePolicy{event.name});
    turn.state.policies.erase(old);
    PutInForce(turn, gone);
  }
  turn.Answer(std::move(reply));
}

void EnforcePolicy(Turn& turn, Cluster& cluster) {
  const FencingPolicy fencing = cluster.policy.fencing;
  const PolicyMode mode = cluster.policy.mode;
  if (const Policy* policy = FailoverPolicyOf(turn.state, cluster.name)) {
    cluster.policy = policy->failover();
    cluster.policy_name = policy->name;
    cluster.policy_etag = policy->etag;
  } else {
    cluster.policy = FailoverPolicy{};
    cluster.policy.cluster = cluster.name;
    cluster.policy_name.clear();
    cluster.policy_etag.clear();
  }
  UpdateBeats(turn, cluster);
  BoundRecord(turn, cluster);
  // Budgets, floors, rungs and times may have changed. An operator's act, so walks are no cost per event.
  for (auto& [name, node] : cluster.nodes) {
    UpdateStanding(turn, node);
    if (node.record.failed_over) turn.Changed(node);
  }
  UpdateSight(turn, cluster);
  UpdateDomainSights(turn, cluster);
  for (auto& [name, node] : cluster.nodes) {
    if (!node.sickness.told.empty() || !node.sickness.happened.empty()) ReviewHealth(turn, node);
  }
  const bool other_mode = cluster.policy.fencing.self_fencing && cluster.policy.mode != mode;
  if (cluster.policy.fencing != fencing || other_mode) FencingPolicyChanged(turn, cluster);
}

void UpdateBeats(Turn& turn, Cluster& cluster) {
  // All nodes that are known, so that a coordinator that starts does not speed a large fleet up before it is
  // listed.
  const absl::Duration interval = BeatInterval(cluster.policy, cluster.nodes.size());
  const absl::Duration suspect_after = SuspectAfter(cluster.policy, interval);
  const SetBeats beats{.cluster = cluster.name,
                       .interval = interval,
                       .suspect_after = suspect_after,
                       .max_suspect_after = MaxSuspectAfter(cluster.policy, suspect_after),
                       .patience_percent = PatiencePercent(turn.state.health)};
  if (beats == cluster.beats) return;
  const bool other_interval = interval != cluster.beats.interval;
  cluster.beats = beats;
  turn.Ask(beats);
  if (other_interval) UpdateFencing(turn, cluster);  // isolation is no less than some beats
}

}  // namespace evenkeel::coordinator
