// All that the core can ask for. The runtime makes `writes` durable as one atomic batch, and only then (L3)
// hands out the rest; when the write fails, the process stops.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/core/burst/burst_status.h"
#include "coordinator/core/cluster_record.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/fencing_facts.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/policy.h"
#include "coordinator/core/scale/scaler_record.h"
#include "coordinator/core/scale/scaler_status.h"
#include "coordinator/core/switch/preflight.h"
#include "coordinator/core/switch/standing_record.h"
#include "coordinator/core/switch/switch_events.h"
#include "coordinator/core/switch/switch_record.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

// ---- writes (to store/) ----
struct PutDecision {
  Decision decision;
};
struct PutNodeRecord {
  NodeRecord record;
};
struct DeleteNodeRecord {
  NodeKey key;
};
struct PutPolicy {
  Policy policy;
};
struct ErasePolicy {
  std::string name;
};
struct PutClusterRecord {
  ClusterRecord record;
};
struct PutMaintenance {
  Maintenance maintenance;
};
struct EraseMaintenance {
  NodeKey node;
};
struct PutScalerRecord {
  ScalerRecord record;
};
struct EraseScalerRecord {
  std::string policy;
};
// Kept for as long as its decision is.
struct PutSwitchRecord {
  StoredSwitch stored;
};
struct PutStandingRecord {
  StandingRecord record;
};
struct EraseStandingRecord {
  std::string policy;
};
using Write = std::variant<PutDecision, PutNodeRecord, DeleteNodeRecord, PutPolicy, ErasePolicy,
                           PutClusterRecord, PutMaintenance, EraseMaintenance, PutScalerRecord,
                           EraseScalerRecord, PutSwitchRecord, PutStandingRecord, EraseStandingRecord>;

// ---- actions (to act/): change the world, so each stands in a durable decision ----
struct ReleasedAction {
  DecisionId decision;
  std::string cluster;
  Action action;
};

// ---- requests: ask the world, change nothing; lost in a crash without harm ----

// To session/: `witness` shall try to reach `target`, a node or, where target.node is empty, the API server
// of that cluster (its port is tried as a kubelet's is). Answered by ProbeAnswered, or not at all.
struct ProbeNode {
  uint64_t probe_id = 0;
  NodeKey witness;
  uint64_t session_id = 0;
  NodeKey target;
  std::string address;
  uint16_t kubelet_port = 0;
  uint16_t agent_port = 0;  // 0 = unknown, not tried
  absl::Duration timeout;
};
// To act/: answered by LeaseRead.
struct ReadLease {
  uint64_t request_id = 0;
  NodeKey node;
};
// To act/: the API server shall read a byte of the log of the agent's pod from the node's kubelet. Answered
// by KubeletAnswered.
struct AskKubelet {
  uint64_t request_id = 0;
  NodeKey node;
  std::string agent_pod;
  absl::Duration timeout;
};
// To act/: is the API server there? Answered by ApiAnswered.
struct AskApi {
  uint64_t request_id = 0;
  std::string cluster;
  absl::Duration timeout;
};
// To session/: how the agents of a cluster beat, from now on.
struct SetBeats {
  std::string cluster;
  absl::Duration interval;
  absl::Duration suspect_after;      // the least silence that is suspect
  absl::Duration max_suspect_after;  // the most, for a node that beats unevenly
  uint32_t patience_percent = 100;   // what both are multiplied by, for our own health
  bool operator==(const SetBeats&) const = default;
};
// To session/: how the node's agent fences it, from now on. To that session only.
struct SetFencing {
  NodeKey node;
  uint64_t session_id = 0;
  FencingSettings settings;
};
// To session/: what the agent's goodbye changes is durable, so its session may end in good order. The agent
// relies on that: from then on it fences its node no more (L5).
struct ConfirmGoodbye {
  NodeKey node;
  uint64_t session_id = 0;
};
// To act/: a Kubernetes Event that tells users of the cluster what was decided. Named after the decision and
// its step, so that writing it twice changes nothing.
struct Announce {
  std::string cluster;
  DecisionId decision;
  std::string step;  // "judged", "closed"; of no decision: a name of its own, fit for an object's
  std::string node;
  std::string node_uid;
  Workload workload;  // the Event is about it, where it is not empty, and not about a node
  std::string workload_version;
  std::string workload_uid;
  bool warning = false;
  std::string reason;  // CamelCase, as NodeFailedOver
  std::string message;
};
// To act/: what has been released of the decision and not been sent is not to be sent any more. Each such
// action is answered with kWithdrawn; what is on its way already is answered as it ends.
struct WithdrawActions {
  std::string cluster;
  DecisionId decision;
  std::string reason;
};
// To observe/: tell of the workload and its pods from now on, what is there now included. Asked again for one
// that is watched already, it tells all of it once more.
struct WatchWorkload {
  std::string cluster;
  Workload workload;
  std::string version;  // of its API
};
struct UnwatchWorkload {
  std::string cluster;
  Workload workload;
};
// To usage/: tell what the pod uses, from now on; in place of what was asked of it before.
struct WatchUsage {
  std::string cluster;
  std::string node;
  std::string name_space;  // of the pod
  std::string pod;         // its name
  std::string pod_uid;
  absl::Duration window;
  absl::Duration panic_window;
  int64_t sudden_millicores = 0;  // a mean over the panic window above this is told at once; 0: none is
};
struct UnwatchUsage {
  std::string cluster;
  std::string pod_uid;
};
// To usage/: the node is virtual (or is not any more): while no agent speaks for it, what is watched there is
// pulled from its kubelet.
struct PullUsage {
  std::string cluster;
  std::string node;
  bool pull = false;
};
// Of switches: WatchRoute to StopProber, in switch/switch_events.h.
using Request = std::variant<ProbeNode, ReadLease, AskKubelet, SetBeats, SetFencing, ConfirmGoodbye, Announce,
                             WithdrawActions, WatchWorkload, UnwatchWorkload, WatchUsage, UnwatchUsage,
                             PullUsage, WatchRoute, CheckBackend, WatchApplication, UnwatchApplication,
                             AskHook, StartProber, StopProber, AskApi>;

// ---- replies and notices (to serve/) ----
struct Reply {
  uint64_t request_id = 0;
  absl::Status status;
  std::optional<Policy> policy;  // as it is now
  bool created = false;
  std::optional<Maintenance> maintenance;
  std::vector<Pause> pauses;
  std::optional<DecisionId> decision;  // that goes on by what was asked
  std::vector<Finding> findings;       // of a switch that was only planned
  std::vector<Forecast> forecasts;     // the same
};
// A decision is new or changed; it is durable.
struct DecisionChanged {
  Decision decision;
};
// A node's verdict changed.
struct VerdictChanged {
  NodeKey node;
  Verdict verdict = Verdict::kUnknown;
  std::string reason;
  Confidence confidence = Confidence::kNone;
  absl::Time since;
  bool failed_over = false;
  std::optional<DecisionId> open_decision;
  // Of its readmission.
  uint32_t relapses = 0;                      // counted against it
  absl::Duration readmit_after;               // it must be well for so long
  std::optional<absl::Time> readmission_due;  // while it is failed over and well
  std::optional<SelfFencing> self_fencing;    // none = the policy does not ask for it
  bool operator==(const VerdictChanged&) const = default;
};
// The coordinator lost or regained its sight of a cluster.
struct SightChanged {
  std::string cluster;
  bool blind = false;
  std::string reason;
  absl::Time since;
};
// The same of one failure domain (domain_sight.h): it begins, its reason changes with the number of nodes
// that are silent, or it ends.
struct DomainSightChanged {
  std::string cluster;
  std::string domain;
  bool blind = false;
  std::string reason;  // empty when it ends
  absl::Time since;    // when it began, or ended
};
// The coordinator is slow itself and gives the nodes of a cluster more time before it calls them late, or no
// longer does.
struct PatienceChanged {
  std::string cluster;
  uint32_t percent = 100;  // of the usual bounds
  std::string reason;      // empty at 100
};
// An operator's order begins, changes or (nullopt) ends.
struct MaintenanceChanged {
  NodeKey node;
  std::optional<Maintenance> maintenance;
};
struct PauseChanged {
  std::string cluster;
  std::optional<Pause> pause;
};
// What is shown of a scaler has changed; it was there before or is new.
struct ScalerChanged {
  std::shared_ptr<const ScalerStatus> status;  // never null; who keeps it copies nothing
};
struct ScalerGone {
  std::string policy;
};
// The same of a cluster's bursts; they are gone with their policy.
struct BurstChanged {
  BurstStatus status;
};
struct BurstGone {
  std::string cluster;
};
// The same of a switch that is under way; it has ended.
struct SwitchChanged {
  SwitchStatus status;
};
struct SwitchGone {
  DecisionId decision;
  std::string name;
};
// The same of a switch that waits for the loss of a cluster; it is gone with its policy.
struct StandingChanged {
  StandingStatus status;
};
struct StandingGone {
  std::string policy;
};
using Notice =
    std::variant<DecisionChanged, VerdictChanged, SightChanged, DomainSightChanged, PatienceChanged,
                 MaintenanceChanged, PauseChanged, ScalerChanged, ScalerGone, BurstChanged, BurstGone,
                 SwitchChanged, SwitchGone, StandingChanged, StandingGone>;

struct Effects {
  std::vector<Write> writes;
  std::vector<ReleasedAction> actions;
  std::vector<Request> requests;
  std::vector<Reply> replies;
  std::vector<Notice> notices;
};

}  // namespace evenkeel::coordinator
