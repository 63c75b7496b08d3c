// The core's state of one scaler: what it goes by, what it sees, what it has said. Durable is its record; the
// rest is told again after a start.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/scale/look_queue.h"
#include "coordinator/core/scale/scale_policy.h"
#include "coordinator/core/scale/scaled_pods.h"
#include "coordinator/core/scale/scaler_record.h"
#include "coordinator/core/scale/scaler_status.h"
#include "coordinator/core/scale/workload_facts.h"
#include "coordinator/core/switch/switch_floor.h"

namespace evenkeel::coordinator {

// The least time between two looks, but for one that a sudden rise calls for (kSuddenLook).
inline constexpr absl::Duration kLookEvery = absl::Seconds(1);
inline constexpr absl::Duration kSuddenLook = absl::Milliseconds(200);

// For so long nothing is to be changed before a refusal is worth another record.
inline constexpr absl::Duration kEpisodeCalm = absl::Minutes(1);

// After the workload is seen, its pods are told within this.
inline constexpr absl::Duration kPodsToldWithin = absl::Seconds(10);

// spec.replicas while a drain-back has more pods than are wanted (burst/drain_back.h).
struct Surge {
  int64_t from = 0;  // what is wanted
  int64_t to = 0;    // what it is for now
  bool operator==(const Surge&) const = default;
};

// Between two drain-backs of a workload.
struct DrainBackPause {
  absl::Time not_before = absl::InfinitePast();
  uint32_t undone = 0;               // in a row
  std::set<std::string> refused_by;  // guards, once each until one begins
  std::string waits_for;             // why none has begun at the last look: a clause, to be shown
};

struct Scaler {
  // Beside each other, and first: asked for each pod whose use is told.
  std::optional<absl::Time> looked;
  absl::Time next_look = absl::InfiniteFuture();
  bool rests = false;  // the last look left nothing that may change by time alone
  LookDue due;         // LookQueue's

  ScalePolicy policy;  // in force
  std::string policy_etag;
  ScalerRecord record;                        // durable
  std::optional<absl::Time> unwritten_since;  // the record has changed, and that is not written yet
  std::optional<int64_t> written_wanted;      // what was wanted, or held, when this process last wrote it
  // The workload; none: not seen, and `unseen` says why.
  std::optional<WorkloadFacts> workload;
  std::string unseen;
  bool absent = false;  // not seen because there is none
  // spec.replicas before the changes that were answered since the workload was last observed.
  std::set<int64_t> overtaken;
  ScaledPods pods;  // by uid
  // The workload was seen anew, and its pods are told after it: until then one that is not known may be there
  // all the same. None: all that were there have been told.
  std::optional<absl::Time> pods_told_by;
  std::set<std::string> died;  // uids of pods whose last death is to be announced
  // The record is of an earlier start, and the workload has not been seen since.
  bool restored = false;
  Advice advice;
  std::optional<absl::Time> unseen_pods_since;
  std::optional<DecisionId> open_decision;
  std::string take_over_waits;  // for what an open take-over waits, a clause; empty: for nothing, or none is
  // The episode of "wanted to, but": recorded once for each guard and direction, until the advice has been to
  // stay for kEpisodeCalm or is followed. A load that wavers about the edge of its tolerance is one episode.
  std::set<std::string> refused_by;  // guard and direction
  std::optional<absl::Time> calm_since;
  std::optional<GuardAnswer> refusal;
  // After a change that failed: no other is planned before, so that what Kubernetes forbids is not asked for
  // each second.
  absl::Time plan_from = absl::InfinitePast();
  absl::Duration failure_pause;                   // the last one; zero: the last change did not fail
  std::shared_ptr<const ScalerStatus> published;  // null: none was yet
  std::optional<Surge> surge;                     // while a drain-back is open
  DrainBackPause drain_back;
  // What the caps of virtual nodes leave of the policy's maximum; none: they leave it as it is.
  std::optional<int64_t> ceiling;
  SwitchFloor floor;  // as the last look found it
};

}  // namespace evenkeel::coordinator
