// Who is asked, and when, whether a cluster is lost (cluster_loss.h): agents of other clusters, so that its
// own link to the coordinator proves nothing. Pure.
//
// While the cluster is well, one agent elsewhere tries it each kProveEvery, so that it is known whose ways
// lead there: only those can deny it later, its API and its nodes each by itself. When most of its nodes are
// silent, up to kWitnesses of them try its API and its nodes, each half second anew, and a neighbour of their
// own as a control; where only its API is away, its own nodes tell enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/switch/cluster_loss.h"

namespace evenkeel::coordinator {

inline constexpr absl::Duration kProveEvery = absl::Seconds(10);
// A way that was not used for so long before the doubt began may be another by now.
inline constexpr absl::Duration kProofHolds = absl::Minutes(1);
inline constexpr absl::Duration kLossRoundEvery = absl::Milliseconds(500);
// Where only its API is away, and has been for kLongAway, there is no hurry: its nodes speak.
inline constexpr absl::Duration kLongAway = absl::Minutes(1);
inline constexpr absl::Duration kSlowLook = absl::Seconds(5);
// What has not been answered by then counts as not tried.
inline constexpr absl::Duration kOutsideTimeout = absl::Milliseconds(400);
// The time that a witness itself is given, so that its answer is there in time.
inline constexpr absl::Duration kOutsideTry = absl::Milliseconds(300);
inline constexpr size_t kWitnesses = 3;
// Of a large cluster so many nodes are tried, spread over its names.
inline constexpr size_t kMostTried = 16;

// Somebody elsewhere who can be asked: an agent of another cluster that speaks.
struct OutsideWitness {
  NodeKey node;
  std::string failure_domain;
  bool operator==(const OutsideWitness&) const = default;
};

// What the core sees of the cluster and of those who could be asked.
struct LossView {
  absl::Time now;
  bool api_reachable = false;
  absl::Time api_away_since = absl::InfiniteFuture();
  bool api_known = true;                  // where others reach it: else nobody is asked to
  std::map<std::string, bool> nodes;      // with an agent: whether it is silent
  std::vector<OutsideWitness> witnesses;  // in order
  std::vector<GatewayVoice> gateways;
};

// A witness shall try a target.
struct OutsideAsk {
  uint64_t id = 0;
  NodeKey witness;
  std::string target;              // a node's name; empty: the API
  std::optional<NodeKey> control;  // set: this is tried instead, of the witness' own cluster
  bool operator==(const OutsideAsk&) const = default;
};

struct LossRound {
  absl::Time began;
  std::map<uint64_t, OutsideAsk> asks;
  std::map<uint64_t, Reach> answers;
  std::map<NodeKey, std::string> domains;  // of its witnesses
};

// Not durable: after a start of the coordinator ways are proven anew, and nothing is lost before.
struct LossWatch {
  std::map<NodeKey, absl::Time> proven;      // the last time that this witness reached a node of the cluster
  std::map<NodeKey, absl::Time> proven_api;  // the same of its API
  uint64_t proofs = 0;                       // begun: which node is tried next
  absl::Time next_proof = absl::InfinitePast();
  NodeKey last_prover;
  std::optional<absl::Time> doubt_since;
  bool most_silent = false;  // at the last look
  std::optional<LossRound> round;
  LossAnswer answer;  // of the last round that was judged
  std::optional<absl::Time> lost_since;
  uint32_t lost_rounds = 0;  // one after another
};

struct LossMoves {
  std::vector<OutsideAsk> asks;
  bool in_doubt = false;  // its API is away, or most of its nodes are silent
  bool ask_api = false;   // the coordinator itself is to ask, too: what it knows may be of some seconds ago
  bool lost = false;      // it has been, for long enough
  absl::Time look_at;     // again
};

// What is to be asked now, and what follows of the answers so far. `ids`: numbers given out; goes on with
// them.
LossMoves LookAtCluster(LossWatch& watch, const LossRules& rules, const LossView& view, uint64_t& ids);

// More of its nodes are silent than may be where it lives.
bool MostSilent(const LossRules& rules, size_t silent, size_t nodes);

// Those who can tell of its nodes (`api`: of its API) that they are gone.
uint32_t ProvenWitnesses(const LossWatch& watch, bool api, absl::Time now);

// An answer to one of its asks; those of earlier rounds come too late to be anything.
void NoteOutside(LossWatch& watch, uint64_t id, Reach reach, absl::Time now);

}  // namespace evenkeel::coordinator
