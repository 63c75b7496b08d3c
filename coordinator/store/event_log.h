// A bounded log of what the core was told, every event with its `now` and what each start began from, so that
// the same core can be run again (coordinator/replay).
//
// Where: files of its own, beside the store and not in it. The store's commits are synced and nothing may be
// in their way; the log is not synced, and an error of its disk, a full one too, costs the log and nothing
// else.
//
// What may be missing: a crash of the process loses what the last second brought, a loss of power what the
// system had not written yet (some 30 s); steps that come faster than they can be written are dropped. After
// each gap there is a new segment that begins with the core's whole state, and the steps are numbered, so a
// replay knows of every gap.
//
// How: the loop's thread hands each turn's steps to a queue of at most kMostWaiting steps and waits for
// nothing; one thread of the log encodes and writes them, at the latest after a second. A segment begins with
// what a start began from, or with a checkpoint of the core, which the loop's thread makes when it is asked
// to, between two turns: some 0.3 us a pod, so a millisecond for 100 nodes and some 50 ms for 5,000. That is
// once an hour, or when a segment has 4 MiB or twice its checkpoint, whichever is more.
//
// Bounds: `bytes` on the disk (what comes within a second may lie above it for a moment) and `age`; whole
// segments go, oldest first. Also when the disk has less than `reserve` left, because the store needs it
// more. What a segment begins with is written only where both leave room for it, the disk also for the steps
// of a whole segment, and where it takes no more than half of `bytes`; else the log rests, and asks for no
// checkpoint, until there is room. Nothing goes for a segment for which that would not be enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/store/recorder.h"

namespace evenkeel::coordinator {

class EventLog final : public Recorder {
 public:
  static constexpr size_t kMostWaiting = 65536;

  struct Options {
    std::string folder;  // made when it is not there
    std::string coordinator_version;
    absl::Duration age = absl::Hours(24);
    size_t bytes = size_t{256} << 20;
    size_t reserve = size_t{64} << 20;       // of the disk, that the log leaves to others
    size_t segment_bytes = size_t{4} << 20;  // of steps, at least
    absl::Duration segment_age = absl::Hours(1);
    absl::Duration write_after = absl::Seconds(1);   // steps wait no longer in memory
    absl::Duration retry_after = absl::Seconds(10);  // after an error of the disk
  };

  // Never fails: what is wrong with the folder is logged, and tried again.
  explicit EventLog(Options options);
  // Writes what is waiting.
  ~EventLog() override;

  void OnStart(const Restored& restored, absl::Time now) override;
  void OnSteps(std::vector<RecordedStep> steps) override;
  bool WantsCheckpoint() const override;
  void OnCheckpoint(std::string checkpoint, absl::Time now) override;

  // Waits until all that was told so far is in the files. UNAVAILABLE after `patience`: it is not the
  // caller's own deadline that has passed. Any thread.
  absl::Status Flush(absl::Duration patience);

  const std::string& folder() const;
  // By the coordinator's clock: of the last thing that it was told, whether that could be written or not;
  // infinite past: nothing yet. Any thread.
  absl::Time told() const;

  // For /metrics. Any thread.
  struct Figures {
    size_t bytes = 0;      // on the disk
    uint64_t steps = 0;    // written
    uint64_t dropped = 0;  // steps that are missing
    uint64_t failures = 0;
  };
  Figures figures() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::coordinator
