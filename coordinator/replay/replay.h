// Runs the core again over what it was told (store/event_log.h), and says whether it decides the same.
//
// Without a policy it proves that the recorded decisions replay to themselves bit for bit: after each step
// the decisions that the step made or changed must be those of the log, by the fingerprints of their records,
// and where the log holds a checkpoint the core's whole state must be the same bytes.
//
// With a policy the same core runs a second time beside the first, from `since` on, under that policy
// (what_if.h), and what it decides is compared with what the first one decides.
//
// Honest limits, which the result names where they apply:
//  - how agents beat and when silence is noticed was decided outside of the core: another beat_interval or
//    suspect_after changes nothing in a replay;
//  - so was what pods use: another window or panic.window of a scale policy changes nothing, and of a
//  workload
//    that nobody scaled then nothing is recorded;
//  - the recorded world does not answer what it was not asked, and was not changed by what was not done: from
//    the first action that only one of the two hands out, the worlds part, and later differences are
//    estimates;
//  - a start or a gap within the time makes the worlds one again: both cores go on from what the recorded one
//    had stored, or from its state. So decisions are compared before that, and again after it; of one that
//    was open then, the first comparison in which it differs is told.
//
// A broken invariant of the core ends the process that replays: run it in one of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/core.h"
#include "coordinator/replay/difference.h"
#include "coordinator/replay/what_if.h"
#include "coordinator/store/event_log_walk.h"

namespace evenkeel::coordinator {

struct ReplayQuestion {
  absl::Time since;
  absl::Time until = absl::InfiniteFuture();  // a log that ends well before it is short, and that is said
  std::optional<Policy> policy;               // none: verify
  std::optional<DecisionId> decision;         // only this one; none = all
  // The replay ends where the recorded core, or the other one, has come to so many in the time: one with its
  // evidence takes some 20 KiB. It does not where one is verified.
  size_t most_decisions = 10000;
};

// One decision that was taken or changed in the time, or would have been.
struct ReplayedDecision {
  std::optional<Decision> recorded;  // none: it was not taken
  std::optional<Decision> replayed;  // none: it would not have been taken; always set without a policy
  std::vector<Difference> differences;
  // Without a policy: the replayed core made of it, at some step, something else than was recorded.
  bool unfaithful = false;
  // After the worlds had parted, and before they were one again.
  bool estimate = false;

  bool Same() const { return recorded && replayed && differences.empty() && !unfaithful; }
};

struct ReplayResult {
  absl::Time since;  // what was looked at: at or after the question's
  absl::Time until;
  uint64_t steps = 0;        // in that time
  uint64_t marks = 0;        // times that a decision was made or changed, compared with what was recorded
  uint64_t checkpoints = 0;  // of the whole state, compared
  std::vector<ReplayedDecision> decisions;  // by the time they were intended
  bool truncated = false;                   // it ended at `until` because of most_decisions
  // What a reader must know to believe the rest, in sentences; first what matters most.
  std::vector<std::string> notes;
  std::optional<WhatIf::Parting> parting;  // the first one
  // The recorded decisions and states came out bit for bit.
  bool faithful = true;
};

class Replay {
 public:
  explicit Replay(ReplayQuestion question);

  // One after the other, as EventLogWalk gives them. False: `until` has passed, or there are most_decisions,
  // and no more is needed. FAILED_PRECONDITION: the log begins with a checkpoint that this version cannot
  // read.
  absl::StatusOr<bool> Take(const LogItem& item);
  absl::Time now() const { return now_; }

  // NOT_FOUND, NOTHING_RECORDED: of what was taken nothing lies in the time or before it.
  absl::Status Began() const;
  // Once, and only if it has begun.
  ReplayResult Finish();
  // What is missing in the log, as far as it was taken.
  const std::vector<std::string>& notes() const { return result_.notes; }

 private:
  absl::StatusOr<bool> Take(const LogStart& start);
  absl::StatusOr<bool> Take(const LogCheckpoint& checkpoint);
  absl::StatusOr<bool> Take(const LogStep& step);
  absl::StatusOr<bool> Take(const LogDamage& damage);
  void Begin(absl::Time now);
  bool Keep(const Decision& decision);
  void Verify(const LogStep& step, const std::vector<Decision>& decided);
  void Note(std::string note);
  void SayWhatIsBefore();
  void SayWhichVersion(const std::string& coordinator_version);
  bool InTime() const { return now_ >= question_.since; }
  bool Enough() const;
  std::vector<ReplayedDecision> CompareWorlds() const;
  void Settle();
  void Compare(ReplayResult& result);
  void Limits(ReplayResult& result) const;
  void LimitsOf(const ScalePolicy& scale, ReplayResult& result) const;

  const ReplayQuestion question_;
  std::unique_ptr<Core> core_;
  std::optional<WhatIf> what_if_;
  bool begun_ = false;               // `since` has come
  std::optional<absl::Time> later_;  // of what was taken first after `until`
  absl::Time now_ = absl::InfinitePast();
  std::map<DecisionId, Decision> open_;  // of the recorded core
  // Since the worlds were last one; without another policy, in the whole time.
  std::map<DecisionId, Decision> recorded_;  // made or changed then, and those open at the beginning
  std::set<DecisionId> touched_;             // made or changed then
  // Before that, compared.
  std::map<DecisionId, ReplayedDecision> settled_;  // by the recorded one's id
  std::vector<ReplayedDecision> settled_added_;     // that were not taken
  std::set<DecisionId> kept_;                       // all that were ever in recorded_
  std::set<DecisionId> unfaithful_;
  ReplayResult result_;
};

// The whole: walks the log in `folder` from the question's `since`. `progress`, which may be empty, is called
// after every few thousand steps with the time that has been reached; false from it ends the replay with
// CANCELLED. NOT_FOUND, NOTHING_RECORDED: the log holds nothing of the time. NOT_FOUND,
// DECISION_NOT_RECORDED: the question is about one decision, and that was neither made nor changed in what
// was looked at. RESOURCE_EXHAUSTED, REPLAY_TRUNCATED: most_decisions came before it.
absl::StatusOr<ReplayResult> RunReplay(const std::string& folder, const ReplayQuestion& question,
                                       const std::function<bool(absl::Time)>& progress);

}  // namespace evenkeel::coordinator
