// The core's state of one cluster's bursts: what they go by, what is seen, what was said. Durable is the
// BurstRecord in the cluster's record; the rest is told again after a start.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_policy.h"
#include "coordinator/core/burst/burst_status.h"
#include "coordinator/core/burst/headroom.h"
#include "coordinator/core/burst/real_room.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/pod_index.h"
#include "coordinator/core/scale/workload_facts.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

// The least time between two looks.
inline constexpr absl::Duration kBurstLookEvery = absl::Milliseconds(250);

// A pod that the scheduler finds no node for, and that has tolerations of its own: it may go to virtual
// nodes.
struct PressingPod {
  absl::Time since;
  // The valve was open for long enough, and it is not bound: until then it counts for nothing.
  absl::Time helpless_until = absl::InfinitePast();
};

// What those that press and count ask for, as it was when somebody asked: a thousand scalers ask each second.
struct PressingSum {
  Resources requests;
  absl::Time until = absl::InfinitePast();  // it is worth nothing from then on
};

// Between two tries of what Kubernetes did not let be done.
struct ValvePause {
  absl::Time from = absl::InfinitePast();  // none is made before
  absl::Duration pause;
};

// Real machines that are asked for while a burst lasts (headrooms.h).
struct Headroom {
  Workload watched;                       // the placeholders' Deployment; empty: none is
  std::optional<WorkloadFacts> workload;  // as it is seen
  std::string unseen;                     // why it is not; a clause; empty: not known yet
  bool absent = false;                    // it is not because there is none
  std::optional<Placeholders> placed;     // by us, and not seen to be otherwise
  std::optional<DecisionId> open_change;  // of the placeholders: at most one (L3)
  std::optional<DecisionId> open_ask;     // of the webhook: the same
  std::set<std::string> refused_by;       // guards, once a burst each; with "webhook " before those of asking
  absl::Time changed = absl::InfinitePast();  // the last time that they were
  absl::Time change_from = absl::InfinitePast();
  absl::Duration change_pause;
  absl::Time ask_from = absl::InfinitePast();
  absl::Duration ask_pause;
  std::string asked_in_vain;  // why the webhook's last answer in this burst was none; empty: it was one
};

struct Burst {
  std::optional<BurstPolicy> policy;  // in force; none: Evenkeel has no say in virtual nodes there
  BurstPrices prices;                 // of the policy in force, or of the last one
  std::string policy_name;
  std::string policy_etag;
  std::set<std::string> virtual_nodes;           // by the policy's selector
  std::set<std::string> pulled;                  // PullUsage was asked of them; also where there is no policy
  std::set<std::string> tainted;                 // nodes that carry the valve's taint, virtual or not
  std::map<std::string, absl::Time> real_nodes;  // Ready without a break, since
  RealRoom real_room;                            // on those of them that new pods may come to
  absl::Time room_came = absl::InfinitePast();   // the last time that one came to be such a node
  std::map<PodName, PressingPod> pressing;
  PressingSum pressing_sum;
  absl::Time last_pressed = absl::InfinitePast();
  // The last time that pods were on virtual nodes, or a scaler wanted more than its ceiling; none: not looked
  // at since the start.
  std::optional<absl::Time> last_wanted;
  std::map<PodName, absl::Time> starting;   // on virtual nodes and not Ready yet: since when they are there
  std::set<PodName> blamed;                 // on virtual nodes: those whose provider's failure is counted
  std::set<PodName> came_up;                // on virtual nodes: those that have been Ready there
  std::set<PodName> unmarked;               // on virtual nodes, to be given a deletion cost
  std::map<PodName, std::string> marked;    // by us, and not seen to be so yet: their uids
  std::optional<DecisionId> open_decision;  // kBurst or kValve: at most one (L3)
  std::optional<absl::Time> opened;         // the valve, by the open kBurst
  std::optional<DecisionId> last_decision;  // kBurst, open or not, since the start
  std::set<std::string> refused_by;         // guards that refused this episode of pressing, once each
  // After actions that failed: none of the same is planned before, so that what Kubernetes forbids is not
  // asked for all the time.
  ValvePause no_burst;                           // of opening virtual nodes for what presses
  std::map<std::string, ValvePause> not_as_due;  // nodes whose taint could not be set as it should be
  absl::Time mark_from = absl::InfinitePast();
  absl::Duration mark_pause;
  Headroom headroom;
  absl::Time looked = absl::InfinitePast();
  absl::Time next_look = absl::InfiniteFuture();
  std::optional<BurstStatus> published;
};

}  // namespace evenkeel::coordinator
