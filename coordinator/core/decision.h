// A decision as data: evidence, verdict, guards, plan, actions with their results, timings. It is at once the
// durable intent (L3: while open, what is to be done is in its actions) and the record that explains it
// afterwards. Meanings of the fields are those of evenkeel.v1.Decision.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/facts.h"
#include "coordinator/core/fencing_facts.h"
#include "coordinator/core/gray_record.h"
#include "coordinator/core/hold_down.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/resources.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

enum class Verdict { kUnknown, kHealthy, kSuspect, kAgentLost, kPartitioned, kGray, kDead };
// How sure a verdict is; see confidence.h.
enum class Confidence { kNone, kLow, kMedium, kHigh };
enum class DecisionKind {
  kFailover,
  kReadmission,
  kRebalance,
  kAgentLost,
  kBlind,
  kMaintenance,
  kPause,
  kGray,
  kGrayReadmission,
  kScale,
  kTakeOver,
  kBurst,      // virtual nodes are open to new pods, for as long as it is open
  kValve,      // they are opened or closed because no burst is, or Evenkeel's say in it has begun or ended
  kFirstToGo,  // pods on a virtual node are marked as the first to go when there are to be fewer
  kBackOff,    // a provider of virtual nodes fails
  kDrainBack,  // pods come home from virtual nodes
  kHeadroom,   // real machines are asked for while pods are on virtual ones, or are not any more
  kSwitch  // an application's traffic goes from one cluster (`cluster`) to another (switch/switch_record.h)
};
enum class DecisionState { kOpen, kSucceeded, kFailed, kCancelled, kObserved, kRefused };
enum class Direction { kNeither, kAgainstLife, kForLife };
enum class ActionKind {
  kTaintNode,
  kUntaintNode,
  kDeletePod,
  kMarkPodUnready,
  kEvictPod,
  kTaintGray,
  kUntaintGray,
  kRestartKubelet,
  kRestartRuntime,
  kTaintOutOfService,
  kUntaintOutOfService,
  kFenceNode,
  kSetReplicas,
  kDeleteAutoscaler,
  kOpenValve,        // of a virtual node: takes our taint off (burst/valve.h)
  kCloseValve,       // puts it on
  kSetDeletionCost,  // of a pod: kVirtualDeletionCost (burst/victims.h)
  kSetPlaceholders,  // `replicas.to` of the Deployment's pods, each of which asks for `requests`
  kAskForMachines,   // the webhook, whose URL is the name: so much (`requests`) is missing on real nodes
  kShapeRoute        // of a gateway (`name_space`), the route `name`: it shall be as `route` says
};
enum class ActionState { kPending, kReleased, kDone, kFailed, kSkipped };

struct Evidence {
  absl::Time time;
  std::string source;
  std::string observation;
  Direction direction = Direction::kNeither;
  bool operator==(const Evidence&) const = default;
};

struct GuardAnswer {
  std::string guard;
  bool allowed = false;
  std::string reason;
  bool operator==(const GuardAnswer&) const = default;
};

struct Alternative {
  std::string description;
  std::string reason;
  bool operator==(const Alternative&) const = default;
};

// Of kSetReplicas: the workload is the decision's; it must still have `from`. Of kSetPlaceholders: the
// Deployment is the action's, and `from` is what it was seen to have.
struct ReplicaChange {
  std::string group;  // of the workload's API
  std::string version;
  std::string kind;
  int64_t from = 0;
  int64_t to = 0;
  bool operator==(const ReplicaChange&) const = default;
};

struct Action {
  uint32_t number = 0;  // from 1, rising; without gaps, but where the first ones of a kSwitch were left out
  uint32_t stage = 0;   // a stage is released when every action of the stages before it has ended
  ActionKind kind = ActionKind::kTaintNode;
  std::string name_space;  // of the pod, workload or autoscaler; empty for a node
  std::string name;        // of the object
  std::string uid;         // precondition: only the object with this uid is touched
  ActionState state = ActionState::kPending;
  std::string result;
  std::optional<absl::Time> release_time;
  std::optional<absl::Time> finish_time;
  uint32_t attempts = 0;
  std::optional<ReplicaChange> replicas;             // of kSetReplicas and kSetPlaceholders only
  std::optional<Resources> requests = std::nullopt;  // of kSetPlaceholders and kAskForMachines only
  std::optional<RouteWish> route = std::nullopt;     // of kShapeRoute only
  bool operator==(const Action&) const = default;
};

// A pod that was taken off a node although no room was found for it elsewhere: left to whoever brings nodes.
struct UnplacedPod {
  std::string name_space;
  std::string name;
  Controller controller;
  int32_t priority = 0;
  Resources requests;
  std::string reason;  // why there is no room
  bool operator==(const UnplacedPod&) const = default;
};

struct Timings {
  std::optional<absl::Time> last_sign;
  std::optional<absl::Time> detected;
  std::optional<absl::Time> judged;
  std::optional<absl::Time> intended;
  std::optional<absl::Time> acted;
  std::optional<absl::Time> recovered;
  std::optional<absl::Time> closed;
  std::optional<absl::Time> fenced;  // proven to run nothing that must not run twice
  bool operator==(const Timings&) const = default;
};

// One workload whose pods were taken off a node.
struct WorkloadRecovery {
  std::string name_space;
  Controller controller;
  uint32_t removed = 0;
  uint32_t restored = 0;
  uint32_t ready_elsewhere_before = 0;  // Ready pods of it on other nodes when the plan was made
  std::string waiting_for;
  bool operator==(const WorkloadRecovery&) const = default;
};

struct Decision {
  DecisionId id;
  DecisionKind kind = DecisionKind::kFailover;
  std::string cluster;
  std::string node;  // empty = the whole cluster, or a workload
  std::string node_uid;
  DecisionState state = DecisionState::kOpen;
  std::string summary;
  Verdict verdict = Verdict::kUnknown;
  Confidence confidence = Confidence::kNone;  // of the verdict
  std::vector<Evidence> evidence;             // at most 64: the first ones and the latest
  std::vector<GuardAnswer> guards;
  std::vector<Alternative> alternatives;
  std::vector<Action> actions;
  Timings timings;
  std::string policy;  // name; empty = none
  std::string policy_etag;
  std::vector<WorkloadRecovery> workloads;
  std::vector<UnplacedPod> unplaced;  // the most important first
  std::string outcome;
  Workload workload;  // empty = it is about a node or the cluster
  std::string workload_uid;
  bool operator==(const Decision&) const = default;
};

// What is remembered of a node across restarts.
struct NodeRecord {
  NodeKey key;
  std::string uid;
  bool agent_seen = false;              // an agent has spoken for it: its silence means something
  bool failed_over = false;             // its pods were taken off; the taint is ours to take off again
  std::optional<DecisionId> failover;   // the decision that did it
  std::vector<WorkloadRecovery> moved;  // what a rebalance may bring back
  HoldDown hold_down;
  // The pod of its agent, in the coordinator's own namespace: what the API server is asked to read a log of,
  // to see whether it reaches the kubelet. Empty: not known.
  std::string agent_pod;
  // When all that it carried was found to be Ready elsewhere (standing.h).
  std::optional<absl::Time> recovered;
  GrayRecord gray;
  NodeFencing fencing;
  bool operator==(const NodeRecord&) const = default;
};

}  // namespace evenkeel::coordinator
