#include "coordinator/replay/replay.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/bytes_of.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "coordinator/core/policies.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kMostNotes = 50;
constexpr uint64_t kStepsBetweenProgress = 4096;
// The core wants to be called every quarter of a second: that it was told nothing for so long means that it
// did not run, or that what it was told is not recorded.
constexpr absl::Duration kLongestSilence = absl::Seconds(5);
// Two decisions on the same thing are one story if they were taken within this time of each other.
constexpr absl::Duration kSameStory = absl::Minutes(1);

std::string At(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S UTC", time, absl::UTCTimeZone());
}

std::string NothingRecorded(absl::Time from, absl::Time to) {
  return to == absl::InfiniteFuture() ? absl::StrCat("nothing is recorded from ", At(from), " on")
                                      : absl::StrCat("nothing is recorded from ", At(from), " to ", At(to));
}

std::string WhyNothing(absl::Time from, absl::Time to) {
  return absl::StrCat(NothingRecorded(from, to),
                      ": the coordinator did not run, or what it was told then is lost");
}

// An error travels in the headers of an answer, where few of them have room.
std::string FirstOf(const std::vector<std::string>& notes) {
  constexpr size_t kMost = 5;
  std::string all;
  for (size_t i = 0; i < std::min(notes.size(), kMost); ++i) absl::StrAppend(&all, "; ", notes[i]);
  if (notes.size() > kMost) absl::StrAppend(&all, "; and ", notes.size() - kMost, " more of that kind");
  return all;
}

std::vector<Decision> DecidedIn(const Effects& effects) {
  std::vector<Decision> decided;
  for (const Notice& notice : effects.notices) {
    if (const auto* changed = std::get_if<DecisionChanged>(&notice)) decided.push_back(changed->decision);
  }
  return decided;
}

std::map<DecisionId, Decision> OpenOf(const std::string& checkpoint) {
  State state;
  EVENKEEL_CHECK(base::FromBytes(checkpoint, state)) << "a checkpoint that a core has read cannot be read";
  std::map<DecisionId, Decision> open;
  for (const auto& [id, decision] : state.open) open.emplace(id, decision.decision);
  return open;
}

absl::Time Begun(const Decision& decision) {
  return decision.timings.intended.value_or(decision.timings.detected.value_or(absl::InfinitePast()));
}

absl::Time Begun(const ReplayedDecision& decision) {
  return Begun(decision.recorded ? *decision.recorded : *decision.replayed);
}

}  // namespace

Replay::Replay(ReplayQuestion question) : question_(std::move(question)) {
  if (question_.policy) what_if_.emplace(*question_.policy);
  result_.since = absl::InfiniteFuture();
}

absl::StatusOr<bool> Replay::Take(const LogItem& item) {
  return std::visit([this](const auto& held) { return Take(held); }, item);
}

void Replay::Note(std::string note) {
  const bool said = std::find(result_.notes.begin(), result_.notes.end(), note) != result_.notes.end();
  if (!said && result_.notes.size() < kMostNotes) result_.notes.push_back(std::move(note));
}

// What the log begins with is younger than what is asked about: the oldest goes.
void Replay::SayWhatIsBefore() {
  if (question_.since != absl::InfinitePast() && now_ - question_.since > kLongestSilence) {
    Note(WhyNothing(question_.since, now_));
  }
}

absl::Status Replay::Began() const {
  if (core_ != nullptr) return absl::OkStatus();
  return base::WithReason(
      absl::NotFoundError(absl::StrCat(NothingRecorded(question_.since, question_.until),
                                       later_ ? absl::StrCat(", only from ", At(*later_), " on") : "",
                                       FirstOf(result_.notes))),
      "NOTHING_RECORDED");
}

void Replay::SayWhichVersion(const std::string& coordinator_version) {
  if (coordinator_version == EVENKEEL_VERSION) return;
  Note(absl::StrCat("this was recorded by version ", coordinator_version,
                    " and replayed by " EVENKEEL_VERSION ": what differs may differ for that"));
}

// Alone, the recorded core keeps only what is asked for; beside another one all are compared.
bool Replay::Keep(const Decision& decision) {
  if (!what_if_ && question_.decision && decision.id != *question_.decision) return false;
  recorded_.insert_or_assign(decision.id, decision);
  kept_.insert(decision.id);
  return true;
}

// The time that was asked about begins.
void Replay::Begin(absl::Time now) {
  begun_ = true;
  result_.since = std::min(result_.since, std::max(now, question_.since));
  for (const auto& [id, decision] : open_) Keep(decision);
  if (what_if_) what_if_->Fork(*core_, open_, now);
}

absl::StatusOr<bool> Replay::Take(const LogStart& start) {
  if (start.now > question_.until) {
    later_ = start.now;
    return false;
  }
  const bool first = core_ == nullptr;
  const absl::Time last = now_;
  now_ = start.now;
  core_ = std::make_unique<Core>(start.restored, start.now);
  open_.clear();
  for (const Decision& decision : start.restored.open_decisions) open_.emplace(decision.id, decision);
  SayWhichVersion(start.coordinator_version);
  if (first) SayWhatIsBefore();
  if (!begun_ && !InTime()) return true;
  if (!first) {
    Note(absl::StrCat("at ", At(now_), " the coordinator started anew",
                      what_if_ ? ": both begin there from what the recorded one had stored" : "",
                      // A wall clock may have been set back between two processes.
                      last < now_ ? absl::StrCat("; nothing is recorded from ", At(last),
                                                 " until then: it did not run, or what it was told is lost")
                                  : "; what it was told last before that may be lost"));
  }
  Settle();
  for (const auto& [id, decision] : open_) Keep(decision);
  begun_ = true;
  result_.since = std::min(result_.since, now_);
  if (what_if_) what_if_->Restart(start.restored, now_);
  return true;
}

absl::StatusOr<bool> Replay::Take(const LogCheckpoint& checkpoint) {
  if (checkpoint.now > question_.until) {
    later_ = checkpoint.now;
    return false;
  }
  const bool readable = checkpoint.shape == Core::CheckpointShape();
  if (core_ != nullptr && !checkpoint.gap) {
    now_ = checkpoint.now;
    if (!readable) return true;
    ++result_.checkpoints;
    if (core_->Checkpoint() != checkpoint.state) {
      result_.faithful = false;
      Note(absl::StrCat("at ", At(now_), " the core's whole state is not the one that was recorded"));
    }
    return true;
  }
  if (core_ != nullptr && InTime()) {
    Note(absl::StrCat("between ", At(now_), " and ", At(checkpoint.now),
                      " the log has a gap: nothing is known of that time"));
  }
  const bool again = core_ != nullptr;
  now_ = checkpoint.now;
  SayWhichVersion(checkpoint.coordinator_version);
  absl::StatusOr<std::unique_ptr<Core>> core =
      readable ? Core::FromCheckpoint(checkpoint.state)
               : absl::FailedPreconditionError(
                     absl::StrCat("what the log begins with at ", At(now_),
                                  " was written by another version (", checkpoint.coordinator_version,
                                  ") and cannot be read by this one: ask for a later time, after the "
                                  "coordinator's last start"));
  EVENKEEL_RETURN_IF_ERROR(core.status());
  core_ = *std::move(core);
  open_ = OpenOf(checkpoint.state);
  if (!again) SayWhatIsBefore();
  if (again && begun_) {
    Settle();
    Begin(now_);
  }
  return true;
}

absl::StatusOr<bool> Replay::Take(const LogDamage& damage) {
  Note(core_ == nullptr ? absl::StrCat("the log's file ", damage.path, " is damaged: what it held is lost")
                        : absl::StrCat("the log's file ", damage.path, " is damaged after ", At(now_),
                                       ": what it held from there on is lost"));
  return true;
}

absl::StatusOr<bool> Replay::Take(const LogStep& step) {
  if (core_ == nullptr) return absl::DataLossError("the event log begins in the middle of a row of steps");
  if (step.now > question_.until) return false;
  if (!begun_ && step.now >= question_.since) Begin(now_);
  now_ = step.now;
  const absl::Time deadline = core_->NextDeadline();
  const Effects effects = core_->Step(step.event, step.now);
  const std::vector<Decision> decided = DecidedIn(effects);
  Verify(step, decided);
  for (const Decision& decision : decided) {
    if (decision.state == DecisionState::kOpen) {
      open_.insert_or_assign(decision.id, decision);
    } else {
      open_.erase(decision.id);
    }
    if (begun_ && Keep(decision)) touched_.insert(decision.id);
  }
  if (!begun_) return true;
  ++result_.steps;
  if (what_if_) what_if_->Step(step.event, step.now, deadline, effects);
  if (!Enough()) return true;
  result_.truncated = true;
  Note(absl::StrCat(
      "at ", At(now_), " there were ", question_.most_decisions,
      " decisions, which is as many as one replay tells: what came later is not looked at; ask for it "
      "by itself"));
  return false;
}

bool Replay::Enough() const {
  if (!what_if_ && question_.decision) return false;
  return kept_.size() >= question_.most_decisions ||
         (what_if_ && settled_added_.size() + what_if_->decisions().size() >= question_.most_decisions);
}

void Replay::Verify(const LogStep& step, const std::vector<Decision>& decided) {
  std::map<DecisionId, uint64_t> was;
  for (const LogMark& mark : step.decided) was.emplace(mark.id, mark.fingerprint);
  for (const Decision& decision : decided) {
    const auto mark = was.find(decision.id);
    if (begun_) ++result_.marks;
    if (mark == was.end() || mark->second != Fingerprint(decision)) {
      unfaithful_.insert(decision.id);
      result_.faithful = false;
    }
    if (mark != was.end()) was.erase(mark);
  }
  for (const auto& [id, fingerprint] : was) {
    result_.faithful = false;
    unfaithful_.insert(id);
    Note(absl::StrCat("decision ", id.ToString(), " was changed at ", At(step.now),
                      " and is not in the replay"));
  }
}

// What the two made of the time since they were last one.
std::vector<ReplayedDecision> Replay::CompareWorlds() const {
  using Subject = std::tuple<DecisionKind, std::string, std::string, Workload>;
  std::map<Subject, std::vector<const Decision*>> replayed;  // by id
  std::set<DecisionId> taken;
  for (const auto& [id, decision] : what_if_->decisions()) {
    replayed[{decision.kind, decision.cluster, decision.node, decision.workload}].push_back(&decision);
  }
  const auto partner = [&](const Decision& decision) -> const Decision* {
    for (const Decision* other :
         replayed[{decision.kind, decision.cluster, decision.node, decision.workload}]) {
      if (taken.contains(other->id)) continue;
      if (absl::AbsDuration(Begun(*other) - Begun(decision)) > kSameStory) continue;
      taken.insert(other->id);
      return other;
    }
    return nullptr;
  };
  std::vector<ReplayedDecision> all;
  for (const auto& [id, decision] : recorded_) {
    const Decision* other = partner(decision);
    if (question_.decision && id != *question_.decision) continue;
    // Open before the time and left alone in it by both.
    if (!touched_.contains(id) && other != nullptr && Differences(decision, *other).empty()) continue;
    ReplayedDecision one{.recorded = decision};
    if (other != nullptr) {
      one.replayed = *other;
      one.differences = Differences(decision, *other);
    }
    all.push_back(std::move(one));
  }
  for (const auto& [id, decision] : what_if_->decisions()) {
    if (taken.contains(id) || question_.decision) continue;
    all.push_back({.replayed = decision});
  }
  const std::vector<WhatIf::Parting> partings = what_if_->PartingsSinceOne();
  for (ReplayedDecision& one : all) one.estimate = !partings.empty() && Begun(one) > partings.front().time;
  return all;
}

// Here the two worlds become one again, or end: what is compared later would compare what one of them did not
// do.
void Replay::Settle() {
  if (!what_if_ || !begun_) return;
  for (ReplayedDecision& one : CompareWorlds()) {
    if (!one.recorded) {
      settled_added_.push_back(std::move(one));
      continue;
    }
    const auto [told, first] = settled_.try_emplace(one.recorded->id, one);
    if (!first && told->second.Same()) told->second = std::move(one);
  }
  recorded_.clear();
  touched_.clear();
}

void Replay::Compare(ReplayResult& result) {
  std::vector<ReplayedDecision>& all = result.decisions;
  if (what_if_) {
    Settle();
    for (auto& [id, one] : settled_) all.push_back(std::move(one));
    std::move(settled_added_.begin(), settled_added_.end(), std::back_inserter(all));
    if (const auto partings = what_if_->Partings(); !partings.empty()) result.parting = partings.front();
  } else {
    for (const DecisionId& id : touched_) {
      const Decision& decision = recorded_.at(id);
      all.push_back({.recorded = decision, .replayed = decision, .unfaithful = unfaithful_.contains(id)});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& left, const auto& right) { return Begun(left) < Begun(right); });
}

void Replay::Limits(ReplayResult& result) const {
  if (!what_if_) return;
  if (result.parting) {
    result.notes.insert(
        result.notes.begin(),
        absl::StrCat(
            "from ", At(result.parting->time), " the two worlds part: ", result.parting->sentence,
            ". The recorded world cannot tell what would have come of it: what follows is an estimate"));
  }
  if (const size_t unanswered = what_if_->unanswered(); unanswered > 0) {
    result.notes.push_back(absl::StrCat(Count(unanswered, "question"),
                                        " would have been asked that nobody had asked then; a missing answer "
                                        "counts as nothing"));
  }
  if (what_if_->withheld() > 0) {
    result.notes.push_back(absl::StrCat(Count(what_if_->withheld(), "change"),
                                        " of the policy by operators in that time is left out: yours stands "
                                        "in for all of them"));
  }
  const FailoverPolicy* failover = question_.policy->IfFailover();
  if (failover != nullptr && (failover->beat_interval || failover->suspect_after)) {
    result.notes.emplace_back(
        "how agents beat and when silence was noticed is as it was recorded: beat_interval and suspect_after "
        "of "
        "your policy change nothing here");
  }
  if (const ScalePolicy* scale = question_.policy->IfScale()) LimitsOf(*scale, result);
}

// What usage/ and the agents measured, and of which pods, was decided by the policy that was in force.
void Replay::LimitsOf(const ScalePolicy& scale, ReplayResult& result) const {
  const ScalePolicy* recorded = nullptr;
  if (core_ != nullptr) {
    for (const auto& [name, policy] : core_->policies()) {
      if (SameSubject(policy, *question_.policy)) recorded = policy.IfScale();
    }
  }
  if (recorded == nullptr) {
    result.notes.push_back(absl::StrCat(
        "no policy scaled ", scale.target.ToString(),
        " at the end of that time: while there was none, nothing was recorded of its pods and their CPU, and "
        "your policy does nothing here"));
  } else if (scale.rules.window != recorded->rules.window ||
             scale.rules.panic.window != recorded->rules.panic.window) {
    result.notes.emplace_back(
        "over which time CPU was measured is as it was recorded: window and panic.window of your policy "
        "change nothing here");
  }
}

ReplayResult Replay::Finish() {
  if (core_ != nullptr && !result_.truncated && question_.until != absl::InfiniteFuture() &&
      question_.until - now_ > kLongestSilence) {
    result_.notes.push_back(WhyNothing(now_, question_.until));
  }
  ReplayResult result = result_;
  result.until = std::min(now_, question_.until);
  result.since = std::min(result.since, result.until);
  if (!begun_) result.since = result.until;
  Compare(result);
  Limits(result);
  if (!result.faithful) {
    result.notes.insert(result.notes.begin(),
                        "the recorded decisions did not come out bit for bit: this is not the core that took "
                        "them, or its record is damaged");
  }
  return result;
}

absl::StatusOr<ReplayResult> RunReplay(const std::string& folder, const ReplayQuestion& question,
                                       const std::function<bool(absl::Time)>& progress) {
  EVENKEEL_ASSIGN_OR_RETURN(EventLogWalk walk, EventLogWalk::From(folder, question.since));
  Replay replay(question);
  for (uint64_t steps = 1;; ++steps) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::optional<LogItem> item, walk.Next());
    if (!item) break;
    EVENKEEL_ASSIGN_OR_RETURN(const bool more, replay.Take(*item));
    if (!more) break;
    if (steps % kStepsBetweenProgress == 0 && progress && !progress(replay.now())) {
      return absl::CancelledError("the replay was cancelled");
    }
  }
  // "Nothing was decided" would be no answer to either.
  EVENKEEL_RETURN_IF_ERROR(replay.Began());
  ReplayResult result = replay.Finish();
  if (!question.decision || !result.decisions.empty()) return result;
  if (result.truncated) {
    return base::WithReason(absl::ResourceExhaustedError(absl::StrCat(
                                "decision ", question.decision->ToString(), " is not among the first ",
                                question.most_decisions, " from ", At(result.since),
                                " on, which are as many as one replay compares: ask for the time from ",
                                At(result.until), " on")),
                            "REPLAY_TRUNCATED");
  }
  return base::WithReason(absl::NotFoundError(absl::StrCat(
                              "decision ", question.decision->ToString(),
                              " was neither made nor changed in what is recorded of that time (from ",
                              At(result.since), " to ", At(result.until), ")", FirstOf(replay.notes()))),
                          "DECISION_NOT_RECORDED");
}

}  // namespace evenkeel::coordinator
