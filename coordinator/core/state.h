// All that the core remembers. Only ordered containers (L12). What is durable is said; the rest is told again
// after a start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_state.h"
#include "coordinator/core/cluster_record.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/domain_sight.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "coordinator/core/facts.h"
#include "coordinator/core/gray_state.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/own_health.h"
#include "coordinator/core/pod_index.h"
#include "coordinator/core/policy.h"
#include "coordinator/core/scale/pod_owners.h"
#include "coordinator/core/scale/scaler.h"
#include "coordinator/core/sickness.h"
#include "coordinator/core/standing.h"
#include "coordinator/core/switch/standing_switches.h"
#include "coordinator/core/switch/switch_desk.h"
#include "coordinator/core/switch/switch_events.h"
#include "coordinator/core/switch/switch_record.h"
#include "coordinator/core/timers.h"

namespace evenkeel::coordinator {

// Of an agent. Not named Session, which is a class of session/: two classes of one name in one program are
// undefined.
struct NodeSession {
  uint64_t id = 0;
  std::string boot_id;
  uint16_t agent_port = 0;
};

// A lease as our reads have shown it, and since when they have shown the same.
struct LeaseWatch {
  LeaseFacts lease;
  absl::Time unchanged_since;         // and our sight was clear all the time
  std::optional<absl::Time> renewed;  // when a read last showed another version than the one before it
};

// One episode of silence of a node: from the first sign of it until the node speaks again.
struct Silence {
  absl::Time detected;
  std::optional<absl::Time> last_beat;          // by our clock; none: not heard since the coordinator's start
  std::optional<absl::Time> last_beat_on_node;  // by the node's clock
  absl::Time last_life;  // `detected`, or the last time a witness found life: what the lease's renewal is
                         // compared with
  bool goodbye = false;
  std::string beginning;    // a clause: "no beat for 612 ms"
  std::string observation;  // the same with all figures
  std::vector<Evidence> evidence;
  std::optional<LeaseWatch> lease;
  // What was said once in this episode.
  bool lost_recorded = false;
  std::set<std::string> refused_by;  // guards
  bool observed_recorded = false;
  bool settled = false;  // DEAD and acted on: needs no more checks
  bool booked = false;   // it died while it was cared for: it is counted in the rates already
};

// One witness that was asked to reach a node; and, as a control of its own network, to reach another that is
// well.
struct WitnessAsk {
  std::string witness;
  std::string failure_domain;
  uint64_t session_id = 0;
  std::optional<ProbeAnswered> answer;
  std::string control;  // empty: there is none to be had
  std::optional<ProbeAnswered> control_answer;
};

// One check of a silent node: witnesses, API server and lease, asked at the same time.
struct Round {
  absl::Time started;
  size_t eligible = 0;                     // nodes that could have been asked
  size_t domains = 0;                      // failure domains that they are in
  std::map<uint64_t, WitnessAsk> asks;     // by probe id
  std::map<uint64_t, uint64_t> controls;   // by probe id: whose control, as the probe id of its ask
  uint64_t kubelet_request = 0;            // 0 = none under way
  std::optional<KubeletAnswered> kubelet;  // none: not asked, or no answer yet
  uint64_t lease_request = 0;              // 0 = none under way
  std::optional<LeaseRead> first_lease;
  absl::Time first_lease_time;
  bool confirming = false;  // nobody reaches the node; the lease is read a second time
};

// How far a node's fencing has come; what is durable of it is in its record.
struct FenceWatch {
  std::optional<FencingSettings> sent;  // to its present session
  uint64_t followed = 0;                // version of the settings that its present agent follows; 0 = none
  std::string detail;                   // in its agent's words: why that is not armed
  uint64_t fence = 0;  // its agent says that it keeps the pods stopped, by which fence; 0 = it does not
  // Once it is condemned.
  absl::Time last_beat;  // the latest that a beat of it can have been confirmed
  std::map<std::string, std::optional<absl::Time>>
      promises;  // by voucher: when it promised not to vouch any more
  std::optional<absl::Time> believed_from;
  absl::Time last_life =
      absl::InfinitePast();                   // that anybody saw: no older answer of the hook proves anything
  absl::Duration hook_pause;                  // before it is asked again
  absl::Time hook_at = absl::InfinitePast();  // not before
  bool hook_asked = false;                    // in this episode
  bool hook_fresh = false;                    // the verdict is of this step: it may be asked again
  bool due = false;                           // that time has come; a fresh verdict is awaited
};

struct Node {
  NodeKey key;
  std::optional<NodeFacts> facts;  // none: Kubernetes does not show it
  NodeRecord record;               // durable once the node has facts and agent_seen
  std::optional<NodeSession> session;
  uint16_t agent_port = 0;   // the last known
  std::string last_boot_id;  // the same
  Verdict verdict = Verdict::kUnknown;
  std::string reason;
  Confidence confidence = Confidence::kNone;
  absl::Time since;
  std::optional<Silence> silence;
  std::optional<Round> round;
  std::string last_witness;               // the next round asks the ones after it
  std::optional<std::string> witness_in;  // failure domain in whose list of possible witnesses it stands
  std::optional<absl::Time> well_since;   // speaks and is Ready, without a break
  Sickness sickness;
  std::optional<absl::Time> gray_well_since;  // tainted for its sickness, and well without a break
  std::optional<DecisionId> open_decision;
  FenceWatch fence;
  std::optional<VerdictChanged> published;
  Standing standing;  // as it is counted
  // That the machine uses, as its agent measures it; none: nobody asks, or it is not known.
  std::optional<int64_t> cpu_used_millicores;
};

// Why sight is in doubt; none set: it is not.
struct SightCauses {
  bool starting = false;
  bool api = false;
  bool stall = false;
  bool mass_silence = false;
  bool operator==(const SightCauses&) const = default;
};

// What the coordinator thinks of its own sight of a cluster (L2).
struct Sight {
  bool listed = false;                              // Kubernetes' objects were complete once
  absl::Time grace_until = absl::InfiniteFuture();  // of the start
  bool grace_ended = false;                         // and what follows from it is done
  bool counts = false;  // who has not come back by then is being counted: it is judged after that
  bool api_reachable = false;
  std::string api_detail;
  absl::Time stalled_until = absl::InfinitePast();
  absl::Duration stalled_by;
  // The present judgement of all that.
  bool judged = false;  // there is one
  SightCauses causes;
  bool blind = true;
  std::string reason;
  absl::Time since;
  absl::Time clear_since = absl::InfiniteFuture();  // only what was asked since then counts towards death
  absl::Time back_by = absl::InfinitePast();  // when agents had their time to come back from a mass silence
  std::optional<DecisionId> decision;
};

struct Cluster {
  std::string name;
  std::map<std::string, Node> nodes;
  size_t size = 0;  // nodes that Kubernetes shows
  PodIndex pods;
  FailoverPolicy policy;  // in force: the operator's or the defaults
  std::string policy_name;
  std::string policy_etag;
  SetBeats beats;  // announced
  Sight sight;
  std::map<std::string, std::set<std::string>> witnesses;  // nodes that can be asked, by failure domain
  std::set<std::string> silent;                            // SUSPECT, or DEAD and not returned
  std::set<std::string> failed_over;                       // durable in their records
  ClusterRecord record;                                    // durable
  std::map<std::string, Maintenance> maintenance;          // durable; by node
  Standings standings;
  std::map<std::string, DomainSight> domain_sights;     // where it is, or was, in doubt
  std::set<DecisionId> open;                            // decisions on nodes and on workloads
  std::set<std::string> condemned;                      // durable in their records
  std::set<std::string> short_of_vouchers;              // nodes that get one as soon as there is one
  std::map<std::string, std::set<std::string>> askers;  // by voucher: nodes that were told of it
  std::map<std::string, std::set<DecisionId>>
      recovering;                          // decisions that watch a controller's pods, by its uid
  std::map<Workload, std::string> scaled;  // name of the scaler, by its target
  std::map<AutoscalerName, AutoscalerFacts> autoscalers;
  std::map<Workload, std::set<AutoscalerName>> autoscaled;  // by their target
  PodOwners scaled_pods;
  uint32_t server_minor = 0;  // of its server's version 1; 0: not known
  Burst burst;
  // Where others reach its API, as far as our own way there tells; empty: not known.
  std::string api_address;
  uint16_t api_port = 0;
  // Since it does not answer us, by what ApiChanged tells or, sooner, by our own asking (AskApi).
  absl::Time api_away_since = absl::InfiniteFuture();
  absl::Time api_asked;      // when it was last asked so
  uint64_t api_request = 0;  // 0: it has been answered
};

// An open decision, and what is known of its progress beyond the durable record.
struct OpenDecision {
  Decision decision;
  bool must_verify = false;  // nothing is released before the node was judged again (L1, L4, L8)
  absl::Time judged;         // the last verdict of death that a failover goes by
  bool winding_up = false;   // the node lives: what is done stays, nothing more is done to its pods
  std::string unneeded;      // why, in words
  std::map<std::string, uint32_t> late_pods;  // by controller uid: pods that came to the node after the plan
  absl::Duration late_pause;                  // the last one before such pods were looked at again
  bool late_pause_under_way = false;
  std::optional<absl::Time> give_up;  // replacements are awaited until then
  std::set<std::string> waits_for;    // controllers under whose uid it stands in Cluster.recovering
  absl::Duration pause;               // the last one before a blocked or unanswered action was asked again
  // Rebalancing.
  std::vector<WorkloadRecovery> scattered;  // workloads that may come back
  std::string moving;           // controller whose evicted pod's replacement is awaited; empty = none is
  size_t ready_before = 0;      // Ready pods of it, the evicted one included
  size_t here_before = 0;       // those of them on the readmitted node
  uint32_t moved_here = 0;      // evictions whose replacement came to the node
  uint32_t gone_elsewhere = 0;  // evictions whose replacement went to another one
  // Of a drain-back: pods that were Ready on real nodes before it; none: not known any more.
  std::optional<int64_t> ready_on_real_before;
  GrayLadder ladder;
};

struct State {
  uint64_t epoch = 0;
  uint64_t decisions = 0;  // numbers given out in this epoch
  uint64_t requests = 0;   // the same for probes and lease reads
  uint64_t policy_changes = 0;
  absl::Time last_step;
  OwnHealth health;
  std::map<std::string, Cluster> clusters;
  std::map<std::string, Policy> policies;
  std::map<std::string, Scaler> scalers;  // by the name of their policy; only of clusters that are added
  std::map<DecisionId, OpenDecision> open;
  std::map<uint64_t, NodeKey> probes;  // under way, by probe id: whose round
  Timers timers;
  LookQueue looks;
  std::map<std::string, std::vector<NodeRecord>> restored;               // by cluster, until it is added
  std::map<std::string, std::vector<Maintenance>> restored_maintenance;  // the same; can be ended meanwhile
  std::map<std::string, ClusterRecord> restored_clusters;                // the same
  std::map<std::string, ScalerRecord> restored_scalers;  // by policy, until their cluster is added
  SwitchDesk desk;                                       // switches under way; durable are their records
  std::map<std::string, SwitchStatus> shown_switches;    // by name: as they were told last
  std::map<DecisionId, SwitchRecord> restored_switches;  // until the first step
  bool switches_restored = false;
  StandingDesk standing;                                    // switches that wait for the loss of a cluster
  std::map<std::string, StandingStatus> shown_standing;     // by policy: as they were told last
  std::map<std::string, StandingRecord> restored_standing;  // by policy, until it is put in force

  // A checkpoint was read (common/base/bytes_of.h).
  void PartsChanged() {
    for (auto& [policy, scaler] : scalers) {
      looks.Restore(scaler);
      const auto cluster = clusters.find(scaler.policy.cluster);
      if (cluster == clusters.end()) continue;
      for (ScaledPods::Pod& pod : scaler.pods) cluster->second.scaled_pods.Add(scaler, pod);
    }
  }
};

}  // namespace evenkeel::coordinator
