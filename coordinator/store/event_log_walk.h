// Goes through the event log (event_log.h) from a moment on, in the order in which the core was told, and
// tells of every place where something is missing.
//
// Memory: one chunk of 64 KiB, or one checkpoint. The log may be written, and its oldest segments deleted,
// meanwhile. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/core.h"
#include "coordinator/core/events.h"
#include "coordinator/store/event_log_file.h"
#include "coordinator/store/event_log_pods.h"

namespace evenkeel::coordinator {

// A core was made. What the one before it was told after the last step is missing: a crash had not written it
// yet, or the log could not be written.
struct LogStart {
  Restored restored;
  absl::Time now;
  std::string coordinator_version;
};

// The core's whole state as it was here.
struct LogCheckpoint {
  std::string state;
  uint64_t shape = 0;  // CheckpointShape of the core that made it
  absl::Time now;
  bool gap = false;  // steps are missing between what came before and this, or nothing came before
  std::string coordinator_version;
};

// A decision as the step left it: Fingerprint(decision).
struct LogMark {
  DecisionId id;
  uint64_t fingerprint = 0;
  bool operator==(const LogMark&) const = default;
};

struct LogStep {
  Event event;
  absl::Time now;
  std::vector<LogMark> decided;
};

// A file of the log is damaged here: what it held from here on is lost.
struct LogDamage {
  std::string path;
};

using LogItem = std::variant<LogStart, LogCheckpoint, LogStep, LogDamage>;

class EventLogWalk {
 public:
  // Begins with the last segment that begins at or before `since`, or the first one there is. NOT_FOUND: the
  // log is empty.
  static absl::StatusOr<EventLogWalk> From(const std::string& folder, absl::Time since);

  // The next thing; none at the end of what is written now. Within a segment time does not go back.
  // DATA_LOSS: a record that this version does not know, or that makes no sense.
  absl::StatusOr<std::optional<LogItem>> Next();

 private:
  explicit EventLogWalk(std::deque<EventLogSegment> segments) : segments_(std::move(segments)) {}
  absl::StatusOr<std::optional<LogItem>> BeginSegment();
  absl::StatusOr<LogItem> StepFrom(storage::v1::Told& told);

  std::deque<EventLogSegment> segments_;  // that are still to be read
  std::optional<EventLogReader> reader_;
  std::string path_;  // of what it reads
  PodNames pods_;     // that it has named
  storage::v1::EventLogChunk chunk_;
  int taken_ = 0;  // of the chunk
  absl::Time now_;
  bool begun_ = false;
  uint64_t epoch_ = 0;
  uint64_t next_step_ = 0;
};

}  // namespace evenkeel::coordinator
