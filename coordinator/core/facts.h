// What the core knows of Kubernetes' objects: no more than its planners ask about.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/resources.h"

namespace evenkeel::coordinator {

// The taint that keeps new pods off a node that Evenkeel failed over. A key of our own: Kubernetes' node
// lifecycle controller takes node.kubernetes.io/unreachable off again for as long as it believes the node.
inline constexpr char kFailoverTaintKey[] = "evenkeel.dev/failed-over";
inline constexpr char kFailoverTaintEffect[] = "NoSchedule";

// The taint that keeps new pods off a node that is sick.
inline constexpr char kGrayTaintKey[] = "evenkeel.dev/gray";
inline constexpr char kGrayTaintEffect[] = "NoSchedule";

// On a pod; "never": it is not among those that an isolated node stops, and so moves by another proof only.
inline constexpr char kSelfFencingAnnotation[] = "evenkeel.dev/self-fencing";

struct NodeFacts {
  std::string uid;
  std::string address;            // InternalIP, else ExternalIP; empty = unknown: cannot be probed
  uint16_t kubelet_port = 10250;  // status.daemonEndpoints.kubeletEndpoint.Port
  std::string failure_domain;     // label topology.kubernetes.io/zone, else region; empty = unknown
  bool ready = false;             // condition Ready is True
  bool unschedulable = false;     // spec.unschedulable
  bool failover_taint = false;    // carries kFailoverTaintKey
  Resources allocatable;          // for pods: status.allocatable
  bool reserved = false;  // has a taint NoSchedule or NoExecute that somebody chose: not ours, and not one of
                          // node.kubernetes.io/ that Kubernetes puts and takes by the node's condition
  bool gray_taint = false;      // carries kGrayTaintKey
  bool out_of_service = false;  // carries Kubernetes' out-of-service taint, whoever put it there
  std::string boot_id;          // of the machine's boot, as its kubelet told it last; empty: not known
  bool valve_taint = false;     // carries kValveTaintKey (burst/valve.h)
  // What a burst policy may pick virtual nodes by: labels as "KEY=VALUE", keys of taints as "KEY:".
  std::set<std::string> traits;
  bool operator==(const NodeFacts&) const = default;
};

// A pod's controller: metadata.ownerReferences with controller = true.
struct Controller {
  std::string kind;  // "ReplicaSet"; empty = the pod has none
  std::string name;
  std::string uid;
  bool operator==(const Controller&) const = default;
};

struct PodFacts {
  std::string uid;
  std::string node;   // empty = not bound
  std::string phase;  // Pending, Running, Succeeded, Failed, Unknown
  bool ready = false;
  bool deleting = false;  // has a deletionTimestamp
  bool mirror = false;    // a static pod of the kubelet (annotation kubernetes.io/config.mirror)
  // Its node's agent must never stop it (annotation kSelfFencingAnnotation is "never"). The coordinator's own
  // pod is such a one: only the coordinator lets stopped pods run again (L11).
  bool never_self_fenced = false;
  Controller controller;
  // Claims of the pod that only one node may mount (ReadWriteOnce, ReadWriteOncePod), and claims whose access
  // mode is not known: the unknown counts as exclusive (L5).
  std::vector<std::string> exclusive_claims;
  int32_t priority = 0;
  Resources requests{.pods = 1};  // as the scheduler counts them
  bool tolerates = false;         // has tolerations beyond those that every pod is given
  // Why it is not running, in Kubernetes' words: the PodScheduled condition's message, a container's waiting
  // reason.
  std::string waiting_reason;
  bool unschedulable = false;  // the scheduler has looked for a node and found none
  // See burst/victims.h; none: it has no such annotation, or no number in it.
  std::optional<int32_t> deletion_cost;
  bool operator==(const PodFacts&) const = default;
};

// A node's Lease in kube-node-lease.
struct LeaseFacts {
  bool exists = false;
  std::string resource_version;
  absl::Time renew_time = absl::InfinitePast();  // by the node's own wall clock
};

}  // namespace evenkeel::coordinator
