// Whether a side can carry what it is given: asked of green by the health gate, and of blue before anything
// is given back to it (L10). Three-valued: what is not known is neither well nor sick. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "coordinator/core/switch/switch_spec.h"
#include "coordinator/core/switch/traffic.h"

namespace evenkeel::coordinator {

// What Kubernetes and the agents say of the switched applications in one cluster.
struct SideSight {
  bool api_reachable = false;  // L8: else what follows is as it was
  std::string api_detail;
  bool blind = false;  // L2
  std::string blind_reason;
  bool lost = false;         // the whole cluster (cluster_loss.h)
  uint32_t pods_needed = 0;  // by all applications together: blue's Ready ones when the switch began
  uint32_t pods_ready = 0;   // each application counts no more than what it needs
  // Why the pods of an application are not seen although its cluster's API answers: it has not been read yet,
  // is not there, or may not be read. Empty: all are.
  std::string unseen;
  uint32_t bad_nodes = 0;  // dead, sick or silent, with a pod of an application on them
  std::string bad_node;    // one of them
  // Of pods_ready: Kubernetes takes up to a minute to see that a node is gone, and shows its pods as Ready.
  uint32_t ready_on_dead = 0;  // on nodes that are dead
  uint32_t ready_on_bad = 0;   // on those of bad_nodes, the dead included
  bool operator==(const SideSight&) const = default;
};

enum class Health { kHealthy, kUnhealthy, kUnknown };
struct HealthAnswer {
  Health health = Health::kUnknown;
  std::string reason;  // a clause
  bool operator==(const HealthAnswer&) const = default;
};

// A share of Ready pods below this is no place to go back to.
inline constexpr uint32_t kLeastReadyPercent = 60;

// What a side did in the last seconds.
struct Lately {
  SideCount recent;       // kRecent
  SideCount last_second;  // kLeastSpan: what began just now
  absl::Duration span;    // for which it has been watched
  SideCount before = {};  // what it did until a start of the coordinator
};
// Less than this says nothing of a side that has traffic.
inline constexpr absl::Duration kLeastSpan = absl::Seconds(1);

// Of blue, before traffic goes back to it.
//   unhealthy: the cluster is lost; none of its servers is up by the gateway's own checks; fewer than
//              kLeastReadyPercent of its pods are Ready on nodes that are not dead; it surely fails more than
//              the gates allow
//   unknown:   the gateway was not read; Kubernetes is not seen and no check of the gateway vouches for it;
//              too many of its Ready pods are on nodes that are not well;
//              it has traffic, and what becomes of that has not been watched for kLeastSpan
HealthAnswer JudgeWayBack(const SideSight& sight, const SideReading& reading, const Lately& lately,
                          const GateRules& rules);

// Of green, which has traffic or is to get some: every pod that is needed, every server, no bad node under
// it.
HealthAnswer JudgeCarrier(const SideSight& sight, const SideReading& reading);

}  // namespace evenkeel::coordinator
