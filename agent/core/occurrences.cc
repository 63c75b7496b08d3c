#include "agent/core/occurrences.h"

#include <utility>

namespace evenkeel::agent {

void Occurrences::Add(v1::NodeOccurrence occurrence) {
  if (kept_.size() == kMost) {
    if (carried_ > 0) {
      --carried_;  // it was sent; only the proof that it arrived is missing
    } else {
      ++dropped_;
    }
    kept_.pop_front();
  }
  kept_.push_back({.occurrence = std::move(occurrence)});
}

void Occurrences::MoveInto(v1::Report& report, uint64_t number) {
  for (; carried_ < kept_.size(); ++carried_) {
    kept_[carried_].report = number;
    *report.add_occurrences() = kept_[carried_].occurrence;
  }
  report.set_dropped_occurrences(dropped_);
  dropped_ = 0;
}

void Occurrences::Confirm(uint64_t number) {
  while (carried_ > 0 && kept_.front().report <= number) {
    kept_.pop_front();
    --carried_;
  }
}

}  // namespace evenkeel::agent
