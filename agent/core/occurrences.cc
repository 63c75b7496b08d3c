#include "agent/core/occurrences.h"

#include <utility>

namespace evenkeel::agent {
namespace {

bool IsOfKernel(const v1::NodeOccurrence& occurrence) {
  switch (occurrence.kind()) {
    case v1::NodeOccurrence::KIND_OOM_KILL:
    case v1::NodeOccurrence::KIND_HUNG_TASK:
    case v1::NodeOccurrence::KIND_IO_ERROR:
    case v1::NodeOccurrence::KIND_READ_ONLY_FILESYSTEM:
      return true;
    default:
      return false;
  }
}

}  // namespace

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
    if (IsOfKernel(kept_.front().occurrence)) {
      kept_.front().arrived = true;
      arrived_.push_back(std::move(kept_.front()));
      if (arrived_.size() > kMost) {
        arrived_.pop_front();
      }
    }
    kept_.pop_front();
    --carried_;
  }
}

void Occurrences::Restart(absl::Time now) {
  carried_ = 0;
  const int64_t oldest = absl::ToUnixSeconds(now - kYoung);
  const auto is_old = [oldest](const Kept& kept) {
    return kept.arrived && kept.occurrence.node_time().seconds() < oldest;
  };
  std::erase_if(kept_, is_old);  // told again in a session that ended soon
  std::erase_if(arrived_, is_old);
  // What has not arrived yet goes before what has.
  for (; !arrived_.empty() && kept_.size() < kMost; arrived_.pop_back()) {
    kept_.push_front(std::move(arrived_.back()));
  }
  arrived_.clear();
}

}  // namespace evenkeel::agent
