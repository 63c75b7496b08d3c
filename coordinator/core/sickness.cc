#include "coordinator/core/sickness.h"

#include <algorithm>

#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

// An agent looks at it and says what it finds, well or sick.
bool IsPart(SymptomKind kind) {
  return kind == SymptomKind::kKubelet || kind == SymptomKind::kRuntime || kind == SymptomKind::kPleg;
}

// The kernel's own judgement, after which it may be silent.
bool IsSaidOnce(SymptomKind kind) {
  return kind == SymptomKind::kHungTask || kind == SymptomKind::kReadOnlyDisk;
}

bool OverFloor(const Symptom& symptom, const GrayPolicy& policy) {
  switch (symptom.kind) {
    case SymptomKind::kIoErrors:
      return symptom.figure >= policy.io_errors;
    case SymptomKind::kMemoryStall:
      return symptom.figure >= policy.memory_stall_percent;
    case SymptomKind::kOomKills:
      return symptom.figure >= policy.oom_kills;
    case SymptomKind::kKubelet:
    case SymptomKind::kRuntime:
    case SymptomKind::kPleg:
    case SymptomKind::kReadOnlyDisk:
    case SymptomKind::kHungDisk:
    case SymptomKind::kHungTask:
      return true;
  }
  return false;
}

// When it has lasted for long enough; what has to happen, or to be seen, again for that: never by time alone.
absl::Time SustainedAt(const Symptom& symptom, absl::Time since, absl::Duration after) {
  if (!symptom.last_seen) return since + after;
  if (IsSaidOnce(symptom.kind)) return since;
  return *symptom.last_seen - since >= after ? since : absl::InfiniteFuture();
}

// When the symptom ends by itself, if ever.
absl::Time HoldsUntil(const Sickness& sickness, const Symptom& symptom, const GrayPolicy& policy) {
  if (!symptom.last_seen) return absl::InfiniteFuture();
  const absl::Time until = *symptom.last_seen + Holds(symptom.kind, policy);
  if (!IsSaidOnce(symptom.kind)) return until;
  if (sickness.in_care) return absl::InfiniteFuture();
  return sickness.escalated ? std::max(until, *sickness.escalated + kOccurrenceHolds) : until;
}

bool Includes(const std::vector<Symptom>& symptoms, SymptomKind kind) {
  return std::any_of(symptoms.begin(), symptoms.end(), [kind](const Symptom& s) { return s.kind == kind; });
}

// All that is there and over its floor, by kind; the present session's word before an earlier one's.
std::vector<Symptom> There(const Sickness& sickness, const GrayPolicy& policy, absl::Time now) {
  std::vector<Symptom> there;
  for (const auto* symptoms : {&sickness.told, &sickness.happened}) {
    for (const Symptom& symptom : *symptoms) {
      const bool counts = OverFloor(symptom, policy) && now < HoldsUntil(sickness, symptom, policy);
      if (counts && !Includes(there, symptom.kind)) there.push_back(symptom);
    }
  }
  std::stable_sort(there.begin(), there.end(),
                   [](const Symptom& a, const Symptom& b) { return a.kind < b.kind; });
  return there;
}

}  // namespace

absl::Duration Holds(SymptomKind kind, const GrayPolicy& policy) {
  if (IsPart(kind)) return kUnknownPatience;
  if (IsSaidOnce(kind)) return policy.escalate_after + kOccurrenceHolds;
  return kind == SymptomKind::kOomKills ? kOomKillHolds : kOccurrenceHolds;
}

bool Counts(const Symptom& symptom, const GrayPolicy& policy, absl::Time now) {
  if (!OverFloor(symptom, policy)) return false;
  return !symptom.last_seen || now < *symptom.last_seen + Holds(symptom.kind, policy);
}

SicknessJudgement JudgeSickness(Sickness& sickness, const GrayPolicy& policy, absl::Time now) {
  SicknessJudgement judgement;
  std::map<SymptomKind, absl::Time> since;
  bool sustained = false;
  for (const Symptom& symptom : There(sickness, policy, now)) {
    const auto known = sickness.since.find(symptom.kind);
    const absl::Time start = known == sickness.since.end() ? now : known->second;
    const absl::Time at = SustainedAt(symptom, start, policy.after);
    // It was sick for a moment and nobody knows since: that is no beginning of anything.
    if (IsPart(symptom.kind) && at == absl::InfiniteFuture()) continue;
    since[symptom.kind] = start;
    sustained = sustained || at <= now;
    if (at > now) judgement.next = std::min(judgement.next, at);
    judgement.next = std::min(judgement.next, HoldsUntil(sickness, symptom, policy));
    judgement.symptoms.push_back(symptom);
  }
  sickness.since = std::move(since);
  if (judgement.symptoms.empty()) {
    sickness.gray_since.reset();
    const absl::Time known = sickness.all_known ? now : sickness.first_report + kUnknownPatience;
    if (known > now) judgement.next = known;
    if (known > now || sickness.well_since) return judgement;
    sickness.well_since = now;
    sickness.observed_recorded = false;
    sickness.refused_by.clear();
    sickness.escalated.reset();
    return judgement;
  }
  sickness.well_since.reset();
  if (sustained && !sickness.gray_since) sickness.gray_since = now;
  judgement.gray = sickness.gray_since.has_value();
  return judgement;
}

std::vector<Symptom> Counting(const Sickness& sickness, const GrayPolicy& policy, absl::Time now) {
  std::vector<Symptom> counting;
  for (const Symptom& symptom : There(sickness, policy, now)) {
    if (sickness.since.contains(symptom.kind)) counting.push_back(symptom);
  }
  return counting;
}

std::vector<Symptom> Lasting(const Sickness& sickness, const GrayPolicy& policy, absl::Time now) {
  std::vector<Symptom> lasting = Counting(sickness, policy, now);
  std::erase_if(lasting, [&](const Symptom& symptom) {
    return SustainedAt(symptom, sickness.since.at(symptom.kind), policy.after) > now;
  });
  return lasting;
}

void BeginSession(Sickness& sickness, const GrayPolicy& policy, uint64_t session_id, absl::Time now) {
  std::vector<Symptom> happened;
  for (const auto* symptoms : {&sickness.told, &sickness.happened}) {
    for (const Symptom& symptom : *symptoms) {
      const bool holds = now < HoldsUntil(sickness, symptom, policy);
      const bool once = symptom.last_seen && !IsPart(symptom.kind) && holds;
      if (once && !Includes(happened, symptom.kind)) happened.push_back(symptom);
    }
  }
  sickness.happened = std::move(happened);
  sickness.session_id = session_id;
  sickness.first_report = now;
}

void ForgetTimes(Sickness& sickness) {
  sickness.since.clear();
  sickness.gray_since.reset();
  sickness.well_since.reset();
}

std::string Reason(const std::vector<Symptom>& symptoms) {
  std::vector<std::string> details;
  details.reserve(symptoms.size());
  for (const Symptom& symptom : symptoms) details.push_back(symptom.detail);
  return Join(details);
}

}  // namespace evenkeel::coordinator
