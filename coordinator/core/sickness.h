// Whether what an agent says of its node makes the node GRAY: pure, from the symptoms, the policy's floors
// and the time.
//
// A symptom that lasts must have lasted for the policy's `after`, without a break, while the node spoke.
// What is told each time that it happens must have gone on happening for as long; but a hung task and a
// remount are the kernel's own judgement, made after long patience, and count at once. Nothing counts that is
// not there: an absent figure is not a zero, and a part that is not known is not sick. One that was sick and
// cannot be looked at any more counts on for a while if it had been seen to be sick for long enough, and not
// at all if it had not: a restart that nobody sees the end of is no sickness (L1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/gray_policy.h"
#include "coordinator/core/health.h"

namespace evenkeel::coordinator {

// How long what is told each time that it happens holds after the last time. What the kernel says once, and
// what does not go by itself (a hung task, a remount), holds while the node is cared for and for as long
// after people were called; where no care began, until as long after the time in which they would have been.
inline constexpr absl::Duration kOccurrenceHolds = absl::Minutes(5);
inline constexpr absl::Duration kOomKillHolds = absl::Minutes(1);
// What an agent has not been able to look at for so long is not its to tell: it is no bar to being well, and
// what it was before does not count any more.
inline constexpr absl::Duration kUnknownPatience = absl::Minutes(5);

// One node's symptoms, and what was made of them. Not durable: after a start the agents tell again.
struct Sickness {
  uint64_t session_id = 0;                  // whose symptoms these are; 0 = no report has come yet
  absl::Time first_report;                  // of that session
  std::vector<Symptom> told;                // as they came last
  std::vector<Symptom> happened;            // what an earlier session told: what happens is told once
  bool all_known = false;                   // the same
  std::map<SymptomKind, absl::Time> since;  // each that counts: since when, without a break
  std::optional<absl::Time> gray_since;     // the episode that is under way
  std::optional<absl::Time> well_since;     // the agent knows its node, and nothing counts
  // What was said once since the node was well; silence and another session do not end that.
  bool observed_recorded = false;
  std::set<std::string> refused_by;     // guards
  std::optional<absl::Time> escalated;  // when people were called
  bool in_care = false;                 // a decision on its care is open: people are still to be called
};

// How long a symptom that was seen last at some time counts after it, where the node is not cared for.
absl::Duration Holds(SymptomKind kind, const GrayPolicy& policy);

// The symptom is there and over the policy's floor. It says nothing yet of how long it has lasted.
bool Counts(const Symptom& symptom, const GrayPolicy& policy, absl::Time now);

struct SicknessJudgement {
  bool gray = false;
  std::vector<Symptom> symptoms;             // that count
  absl::Time next = absl::InfiniteFuture();  // when to judge again if nothing is told before
};

// `in_care` is as it is now. Brings `since`, `gray_since` and `well_since` up to date. A node that is GRAY
// stays so while anything counts.
SicknessJudgement JudgeSickness(Sickness& sickness, const GrayPolicy& policy, absl::Time now);

// The symptoms of another session are to come. What happened before it is true still, and a new agent would
// not tell it again; what lasts it finds by itself.
void BeginSession(Sickness& sickness, const GrayPolicy& policy, uint64_t session_id, absl::Time now);

// Those that counted when JudgeSickness was called last, and count still.
std::vector<Symptom> Counting(const Sickness& sickness, const GrayPolicy& policy, absl::Time now);

// Those of them that have lasted for the policy's `after`, each by itself.
std::vector<Symptom> Lasting(const Sickness& sickness, const GrayPolicy& policy, absl::Time now);

// Whatever is known is of the past: the node is silent. The times start again when it speaks.
void ForgetTimes(Sickness& sickness);

// "its kubelet does not answer (...) and ...".
std::string Reason(const std::vector<Symptom>& symptoms);

}  // namespace evenkeel::coordinator
