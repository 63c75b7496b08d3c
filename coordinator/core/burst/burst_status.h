// What people are shown of a cluster's bursts. Data only: what time alone changes (money, how long a provider
// is still left alone) and all sentences are made where it is read (burst_words.h), so that it changes no
// oftener than something happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_guards.h"
#include "coordinator/core/burst/burst_record.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/pod_index.h"
#include "coordinator/core/resources.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

enum class ValveState {
  kUnruled,  // the policy observes or is paused: virtual nodes are as somebody else has left them
  kClosed,
  kOpening,
  kOpen,
  kClosing,
};

struct VirtualNodeStatus {
  std::string name;
  bool ready = false;
  bool open = false;  // it does not carry the valve's taint
  Resources use;      // what the pods that have burst there ask for
  bool operator==(const VirtualNodeStatus&) const = default;
};

// A pod that finds no room.
struct PressingStatus {
  PodName pod;
  absl::Time since;
  std::optional<absl::Time> helpless_until;  // the valve does not help it: until then it counts for nothing
  std::string waits_for;                     // in Kubernetes' words
  bool operator==(const PressingStatus&) const = default;
};

// A workload that has pods on virtual nodes, and how they come home.
struct HomewardStatus {
  std::string scaler;  // its policy
  Workload workload;
  int64_t pods = 0;                    // of it on virtual nodes
  std::optional<DecisionId> decision;  // the drain-back that is under way
  int64_t surge = 0;                   // pods that it has added
  std::string waits_for;               // why none begins: a clause; empty: one may, from `not_before` on
  absl::Time not_before = absl::InfinitePast();
  bool operator==(const HomewardStatus&) const = default;
};

// Real machines that are asked for.
struct HeadroomStatus {
  bool placeholders = false;  // the policy has them asked for by placeholders
  bool webhook = false;       // the same by a webhook
  Workload deployment;        // that holds placeholders, or is to hold them; empty: none is
  std::string unseen;         // why it cannot be used: a clause; empty: it can, or it is not known yet
  bool unknown = false;       // how many placeholders there are is not seen, and some may be
  int64_t number = 0;         // placeholders that there are to be
  Resources each;   // what each asks for; nothing: not known, since before the start of the coordinator
  Resources asked;  // of the webhook, in the present burst; no pods: it has taken no request yet
  std::string asked_in_vain;         // why it has not taken the last one; empty: it has, or was not asked
  std::optional<DecisionId> change;  // of the placeholders, that is under way
  std::optional<DecisionId> ask;     // of the webhook, likewise
  bool operator==(const HeadroomStatus&) const = default;
};

struct BurstStatus {
  std::string cluster;
  BurstStanding standing;
  bool listed = false;  // its pods are known; until then nothing below but `last` is filled in
  ValveState valve = ValveState::kUnruled;
  std::optional<absl::Time> opened;  // while the valve is open
  // By name, and how many there are in all.
  std::vector<VirtualNodeStatus> nodes;
  size_t node_count = 0;
  bool any_ready = false;
  // The oldest, and how many there are in all; `helpless` of them count for nothing.
  std::vector<PressingStatus> pressing;
  size_t pressing_count = 0;
  size_t helpless_count = 0;
  std::optional<absl::Time> pressing_since;  // of the oldest that counts
  std::optional<EndedBurst> last;
  // Drain-back.
  bool brings_home = true;
  DrainBackDamping damping;
  absl::Duration room_after;            // a real node must have been Ready for so long
  std::optional<absl::Time> room_from;  // when the next one has been
  std::vector<HomewardStatus> homeward;
  int64_t strangers = 0;  // pods on virtual nodes that no scaler brings home
  HeadroomStatus headroom;
  std::optional<DecisionId> last_decision;  // on bursts, since the start of the coordinator
  bool operator==(const BurstStatus&) const = default;
};

}  // namespace evenkeel::coordinator
