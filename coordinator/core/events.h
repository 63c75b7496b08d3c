// All that can happen to the core. Events come one at a time, from one queue; the time is an argument of
// Step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/facts.h"
#include "coordinator/core/health.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/own_health.h"
#include "coordinator/core/policy.h"
#include "coordinator/core/scale/workload_facts.h"
#include "coordinator/core/switch/switch_events.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

// ---- sessions (from session/) ----

// An agent has proven who it is. Ends any older session of the node.
struct SessionOpened {
  NodeKey node;
  uint64_t session_id = 0;
  std::string boot_id;
  std::string agent_version;
  uint16_t agent_port = 0;
  std::string agent_pod;  // in the coordinator's namespace; empty = not known
};
// A session ended; `goodbye`: on purpose.
struct SessionClosed {
  NodeKey node;
  uint64_t session_id = 0;
  bool goodbye = false;
  std::string reason;
  absl::Time last_beat;                 // by our clock
  uint64_t last_beat_node_time_ms = 0;  // by the node's; 0 = never beat
};
// No beat for so long that the node is suspect. Sent once; BeatResumed or SessionClosed follows.
struct BeatMissed {
  NodeKey node;
  uint64_t session_id = 0;
  absl::Time last_beat;
  uint64_t last_beat_node_time_ms = 0;
  absl::Duration bound;  // the silence that this node was allowed, by its own rhythm and our own health
};
// A beat came after BeatMissed.
struct BeatResumed {
  NodeKey node;
  uint64_t session_id = 0;
};
enum class ProbeOutcome {
  kNotTried,
  kReached,
  kRefused,
  kTimedOut,
  kUnreachable,
  kProtocolError,
  kProberFailed
};
// A witness answered a ProbeNode request. A request that could not be sent is answered with kProberFailed.
struct ProbeAnswered {
  uint64_t probe_id = 0;
  ProbeOutcome kubelet_tcp = ProbeOutcome::kNotTried;
  ProbeOutcome kubelet_tls = ProbeOutcome::kNotTried;
  ProbeOutcome agent = ProbeOutcome::kNotTried;
  absl::Duration latency;  // of the kubelet's TCP connection
};

// What an agent does about fencing its own node; see FencingStatus in proto/evenkeel/v1/fencing.proto.
struct FencingReported {
  NodeKey node;
  uint64_t session_id = 0;
  uint64_t version = 0;
  bool armed = false;
  std::optional<absl::Duration> watchdog_timeout;
  bool fenced = false;
  std::string detail;
  uint64_t fence = 0;  // which; 0 = not fenced
};

// ---- Kubernetes (from observe/ and act/) ----

// A cluster is watched from now on. Once per cluster and start, before any other event of it.
struct ClusterAdded {
  std::string cluster;
  // Where nodes of other clusters can be expected to reach its API, an IPv4 or IPv6 literal; empty: not
  // known.
  std::string api_address = {};
  uint16_t api_port = 0;
};
// Lists are complete and watches fresh (`reachable`), or not, and why. Nodes and pods of a cluster are not
// complete before its first ApiChanged with reachable = true.
struct ApiChanged {
  std::string cluster;
  bool reachable = false;
  std::string detail;
  uint32_t server_minor = 0;  // of the server's version 1; 0 = not known
};
// Answer to an AskApi request.
struct ApiAnswered {
  uint64_t request_id = 0;
  std::string cluster;
  bool answered = false;  // whatever it said
  std::string detail;     // why not, in words
};
struct NodeObserved {
  NodeKey node;
  NodeFacts facts;
};
struct NodeGone {
  NodeKey node;
};
struct PodObserved {
  PodKey pod;
  PodFacts facts;
};
struct PodGone {
  PodKey pod;
};
// Answer to a ReadLease request; not `ok`: could not be read, and `error` says why.
struct LeaseRead {
  uint64_t request_id = 0;
  NodeKey node;
  bool ok = false;
  std::string error;
  LeaseFacts lease;
};
// Whether the API server reaches a node's kubelet: a way of its own through the network.
enum class KubeletWay {
  kNotTried,  // or nothing can be learnt from what came back
  kNoAnswer,  // the API server tried, and nothing came back
  kAnswered,  // the kubelet answered, or its kernel refused
};
// Answer to an AskKubelet request.
struct KubeletAnswered {
  uint64_t request_id = 0;
  NodeKey node;
  KubeletWay way = KubeletWay::kNotTried;
  std::string detail;  // in words
};
enum class ActionOutcome {
  kDone,           // seen to be so
  kAlreadyDone,    // was so before: an earlier try, or somebody else
  kNotMine,        // the object has another uid now: the precondition does not hold and never will
  kBlocked,        // Kubernetes says "not now" (a PodDisruptionBudget): may be asked again
  kNotKnownThere,  // the server is too old to know of it: there is nothing to be done
  kRefused,        // Kubernetes says no (forbidden, invalid)
  kUnreachable,    // no answer within the deadline and its retries; may or may not have been done
  kWithdrawn,      // taken back (WithdrawActions) before anything was sent: not done
};
// Answer to a released action.
struct ActionFinished {
  DecisionId decision;
  uint32_t number = 0;
  ActionOutcome outcome = ActionOutcome::kDone;
  std::string detail;
  uint32_t attempt = 0;  // which of the action's attempts was answered; 0: the last one
};

// ---- workloads (from observe/ and usage/), as far as the core asked for them ----

// A workload that is watched is as its scale subresource shows it. Told after each change of the object, and
// again after a break of the watch; never before the cluster's autoscalers were listed once, so that none is
// overlooked.
struct WorkloadObserved {
  std::string cluster;
  Workload workload;
  WorkloadFacts facts;
};
// It is not there, cannot be read, or the autoscalers of the cluster cannot; its pods are gone with it.
// Another WorkloadObserved may follow.
struct WorkloadGone {
  std::string cluster;
  Workload workload;
  std::string reason;   // a clause: "there is none", "the API server knows no kind Rollout in argoproj.io/v1"
  bool absent = false;  // Kubernetes says that there is none; else it may be there, unseen
};
// A pod is the workload's and is new or has changed. After the workload's first WorkloadObserved, and before
// the cluster's next ApiChanged with reachable = true.
struct WorkloadPodObserved {
  std::string cluster;
  Workload workload;
  std::string pod_uid;
  WorkloadPodFacts facts;
};
// It is not there any more, or is another workload's now.
struct WorkloadPodGone {
  std::string cluster;
  Workload workload;
  std::string pod_uid;
};
// Every HorizontalPodAutoscaler of the cluster, whatever it scales: told with the lists of nodes and pods.
struct AutoscalerObserved {
  std::string cluster;
  AutoscalerName name;
  AutoscalerFacts facts;
};
struct AutoscalerGone {
  std::string cluster;
  AutoscalerName name;
};
// The pods of one cluster whose figures have changed, of those that WatchUsage asked for: once a second at
// most, and besides at once for one that has passed its WatchUsage.sudden_millicores.
struct UsageTold {
  std::string cluster;
  std::vector<PodUsage> pods;
};
// What machines of the cluster use, as their agents measure it: those whose figure has changed; told while an
// application of it is watched (WatchApplication).
struct ClusterUsage {
  std::string cluster;
  std::map<std::string, std::optional<int64_t>> cpu_millicores;  // by node; none: not known any more
};

// ---- operators (from serve/) ----

// Puts a policy, already valid, in place of the one of that name. Answered by a Reply.
struct ApplyPolicy {
  uint64_t request_id = 0;
  Policy policy;              // its etag and times are the core's to set
  std::string expected_etag;  // empty = whatever it is
  bool validate_only = false;
};
struct DeletePolicy {
  uint64_t request_id = 0;
  std::string name;
  std::string expected_etag;
};

// The four below are answered by a Reply; see orders.h.
struct StartMaintenance {
  uint64_t request_id = 0;
  NodeKey node;
  absl::Duration length;  // from now
  std::string reason;
  bool validate_only = false;
};
struct EndMaintenance {
  uint64_t request_id = 0;
  NodeKey node;
};
struct PauseClusters {
  uint64_t request_id = 0;
  std::string cluster;                               // empty = all
  absl::Duration length = absl::InfiniteDuration();  // from now
  std::string reason;
  bool validate_only = false;
};
struct ResumeClusters {
  uint64_t request_id = 0;
  std::string cluster;  // empty = all
};

// An operator says that a dead node is off (L5). Answered by a Reply.
struct ConfirmFence {
  uint64_t request_id = 0;
  NodeKey node;
  std::string reason;  // in the operator's words; may be empty
};

// An operator lets a scale policy take the place of a HorizontalPodAutoscaler. Answered by a Reply; see
// scale/scalers.h.
struct TakeOverAutoscaler {
  uint64_t request_id = 0;
  std::string cluster;
  AutoscalerName name;
  std::string policy;  // name of the policy to be made
  PolicyMode mode = PolicyMode::kEnforce;
  bool validate_only = false;
};

// ---- switches: RouteRead to OrderSwitch, in switch/switch_events.h ----

// ---- the runtime ----

// Effects.next_deadline has come.
struct Tick {};
// Something of our own was late: told by whoever noticed, where DelayPoints gives it any points. The core
// sees delays of its loop by itself.
struct OwnDelay {
  DelaySource source = DelaySource::kLoop;
  absl::Duration delay;
};

using Event =
    std::variant<SessionOpened, SessionClosed, BeatMissed, BeatResumed, ProbeAnswered, ClusterAdded,
                 ApiChanged, NodeObserved, NodeGone, PodObserved, PodGone, LeaseRead, KubeletAnswered,
                 ActionFinished, ApplyPolicy, DeletePolicy, StartMaintenance, EndMaintenance, PauseClusters,
                 ResumeClusters, NodeHealthChanged, FencingReported, ConfirmFence, WorkloadObserved,
                 WorkloadGone, WorkloadPodObserved, WorkloadPodGone, AutoscalerObserved, AutoscalerGone,
                 UsageTold, TakeOverAutoscaler, RouteRead, RouteLost, BackendChecked, ApplicationObserved,
                 ApplicationGone, ProbesTold, HookAnswered, PlanSwitch, StartSwitch, OrderSwitch,
                 ClusterUsage, ApiAnswered, Tick, OwnDelay>;

}  // namespace evenkeel::coordinator
