#include "coordinator/core/scale/advice.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

bool IsKnown(DemandFinding finding) {
  return finding != DemandFinding::kNoPods && finding != DemandFinding::kNoRequest &&
         finding != DemandFinding::kNoSamples;
}

bool TooManyHeld(const ScaleRules& rules, const Demand& demand) {
  const auto seen = static_cast<int64_t>(demand.counted);
  return static_cast<int64_t>(demand.held) * 100 > seen * rules.scale_in_held_percent;
}

// Notes a step where it changes something.
void Take(Advice& advice, AdviceStep step, int64_t replicas) {
  if (replicas == advice.replicas) return;
  advice.reasons.push_back({step, advice.replicas, replicas});
  advice.replicas = replicas;
}

// Outside of what is ever allowed: nothing else is asked. True: it is so.
bool TakeBounds(const ScaleRules& rules, Advice& advice) {
  if (advice.current == 0 && advice.minimum.replicas > 0) {
    advice.reasons.push_back({AdviceStep::kSwitchedOff, 0, 0});
    return true;
  }
  if (advice.current > rules.maximum) {
    Take(advice, AdviceStep::kAboveMaximum, rules.maximum);
    return true;
  }
  if (advice.current < advice.minimum.replicas) {
    Take(advice, advice.floored ? AdviceStep::kBelowFloor : AdviceStep::kBelowMinimum,
         std::min(advice.minimum.replicas, rules.maximum));
    return true;
  }
  return false;
}

void TakeRates(const ScaleRules& rules, const ScaleMemory& memory, absl::Time now, Advice& advice) {
  if (advice.replicas > advice.current) {
    const int64_t limit = UpLimit(rules.behaviour.up, memory.changes, advice.current, now);
    Take(advice, AdviceStep::kRate, std::min(advice.replicas, limit));
    Take(advice, AdviceStep::kMaximum, std::min(advice.replicas, rules.maximum));
  } else if (advice.replicas < advice.current) {
    const int64_t limit = DownLimit(rules.behaviour.down, memory.changes, advice.current, now);
    Take(advice, AdviceStep::kRate, std::max(advice.replicas, limit));
    Take(advice, advice.floored ? AdviceStep::kFloor : AdviceStep::kMinimum,
         std::max(advice.replicas, advice.minimum.replicas));
  }
}

}  // namespace

Advice Advise(const ScaleRules& rules, ScaleMemory& memory, const ScaleSight& sight, absl::Time now) {
  Advice advice;
  advice.current = advice.replicas = advice.wanted = sight.current;
  advice.minimum = MinimumAt(rules.minimums, now);
  if (sight.floor > advice.minimum.replicas) {
    advice.minimum = {.replicas = sight.floor, .schedule = std::nullopt};
    advice.floored = true;
  }
  if (!memory.begun) NoteHeld(memory.recommendations, sight.current, now);
  memory.begun = true;
  Forget(memory.recommendations, rules.behaviour, now);
  if (TakeBounds(rules, advice)) return advice;

  advice.steady =
      DemandOf(sight.steady, sight.current, rules.target, rules.tolerance, rules.start_up, rules.demand, now);
  if (rules.panic.enabled) {
    advice.sudden = DemandOf(sight.sudden, sight.current, rules.target, rules.tolerance, rules.start_up,
                             rules.demand, now);
    advice.panic_cause = PanicCauseOf(rules.panic, advice.sudden, sight.throttled_percent);
  }
  const bool known = IsKnown(advice.steady.finding);
  UpdatePanic(memory.panic, rules.panic, advice.panic_cause, known, sight.current, now);
  advice.panic = memory.panic.has_value();

  if (known) {
    Take(advice, AdviceStep::kDemand, advice.steady.replicas);
  } else {
    advice.reasons.push_back({AdviceStep::kNoDemand, sight.current, sight.current});
  }
  int64_t noted = advice.replicas;
  if (memory.panic) {
    noted = std::max(noted, advice.sudden.replicas);
    Take(advice, AdviceStep::kPanic, WantedInPanic(*memory.panic, advice.replicas, advice.sudden.replicas));
  }
  advice.wanted = advice.replicas;
  if (TooManyHeld(rules, advice.steady)) {
    noted = std::max(noted, sight.current);
    Take(advice, AdviceStep::kSamplesLost, std::max(advice.replicas, sight.current));
  }
  // A panic is not kept waiting by a window; and what it holds it holds by its floor.
  if (!memory.panic) {
    Take(advice, AdviceStep::kStabilisation,
         Stabilised(memory.recommendations, rules.behaviour, sight.current, advice.replicas, now));
  }
  if (known) {
    NoteWanted(memory.recommendations, noted, now);
  } else {
    NoteHeld(memory.recommendations, noted, now);
  }
  if (memory.scaled_in > now - rules.scale_in_interval) {
    Take(advice, AdviceStep::kScaledInBefore, std::max(advice.replicas, sight.current));
  }
  TakeRates(rules, memory, now, advice);
  return advice;
}

bool IsSwitchedOff(const Advice& advice) {
  return !advice.reasons.empty() && advice.reasons.front().step == AdviceStep::kSwitchedOff;
}

void NoteScaled(const ScaleRules& rules, ScaleMemory& memory, int64_t from, int64_t to, absl::Time now) {
  NoteChange(memory.changes, from, to, rules.behaviour, now);
  if (to < from) memory.scaled_in = now;
}

}  // namespace evenkeel::coordinator
