#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace evenkeel::agent {

// When to beat, and whether the beats arrive. Pure; one for each session, used by one thread.
class BeatPacer {
 public:
  // The coordinator confirms every tenth beat (BeatAcknowledgement of the API).
  static constexpr int kBeatsPerAcknowledgement = 10;
  // What a confirmation may take beyond the ten beats: a coordinator that is busy or just paused is not gone.
  static constexpr absl::Duration kAcknowledgementSlack = absl::Seconds(3);
  // Intervals that a coordinator can ask for; others are taken as the nearest of these.
  static constexpr absl::Duration kShortestInterval = absl::Milliseconds(50);
  static constexpr absl::Duration kLongestInterval = absl::Minutes(1);

  // The first beat is due at once.
  BeatPacer(absl::Duration interval, absl::Time now);

  // The next beat is due at most one new interval from now.
  void SetInterval(absl::Duration interval, absl::Time now);
  absl::Duration interval() const { return interval_; }

  absl::Time due() const { return due_; }

  // Counts one beat as sent and returns its sequence. The next is due one interval after this one was; beats
  // that were missed meanwhile are left out, not made up for: each only says "alive now".
  uint64_t Beat(absl::Time now);

  // OutOfRange when a beat is confirmed that was never sent.
  absl::Status Acknowledge(uint64_t sequence, absl::Time now);
  uint64_t acknowledged() const { return acknowledged_; }

  // When the connection must be given up as one that only seems open, unless a confirmation comes before.
  absl::Time acknowledgement_due() const;

 private:
  absl::Duration interval_;
  absl::Time due_;
  uint64_t sent_ = 0;
  uint64_t acknowledged_ = 0;
  absl::Time heard_;  // of the last confirmation, or the start
};

}  // namespace evenkeel::agent
