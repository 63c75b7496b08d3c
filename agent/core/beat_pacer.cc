#include "agent/core/beat_pacer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace evenkeel::agent {
namespace {

absl::Duration Bounded(absl::Duration interval) {
  return std::clamp(interval, BeatPacer::kShortestInterval, BeatPacer::kLongestInterval);
}

}  // namespace

BeatPacer::BeatPacer(absl::Duration interval, absl::Time now)
    : interval_(Bounded(interval)), due_(now), heard_(now) {}

void BeatPacer::SetInterval(absl::Duration interval, absl::Time now) {
  interval_ = Bounded(interval);
  due_ = std::min(due_, now + interval_);
  heard_ = now;  // what was promised for the old interval no longer holds
}

uint64_t BeatPacer::Beat(absl::Time now) {
  due_ += interval_;
  if (due_ <= now) {
    due_ = now + interval_;
  }
  return ++sent_;
}

absl::Status BeatPacer::Acknowledge(uint64_t sequence, absl::Time now) {
  if (sequence > sent_) {
    return absl::OutOfRangeError(
        absl::StrCat("the coordinator confirmed beat ", sequence, " of ", sent_, " that were sent"));
  }
  acknowledged_ = std::max(acknowledged_, sequence);
  heard_ = now;
  return absl::OkStatus();
}

absl::Time BeatPacer::acknowledgement_due() const {
  return heard_ + kBeatsPerAcknowledgement * interval_ + kAcknowledgementSlack;
}

}  // namespace evenkeel::agent
