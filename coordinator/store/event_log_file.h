// The files of the event log, one a segment, named by their number: 0000000000000017.events.
//
// A file is a row of frames: length (4 bytes), checksum (8 bytes, FNV-1a of what follows), both
// little-endian, and so many bytes:
//   1. EventLogHead (proto/evenkeel/storage/v1/event_log.proto)
//   2. what the core then was: Restored where the coordinator starts, else Core::Checkpoint
//   3. and on: EventLogChunk
// A file that is not whole ends with its last whole frame: that is what a crash leaves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "evenkeel/storage/v1/event_log.pb.h"

namespace evenkeel::coordinator {

inline constexpr uint32_t kEventLogFormatVersion = 1;
// No frame is larger: a checkpoint of 5,000 nodes with 150,000 pods takes 40 MB.
inline constexpr size_t kLargestFrame = size_t{1} << 30;

// Of bytes: FNV-1a, 64 bits. Tells damage and difference, not malice.
uint64_t Fingerprint(std::string_view bytes);
// Of a decision as it is stored.
uint64_t Fingerprint(const Decision& decision);

// Writes one file. One thread.
class EventLogWriter {
 public:
  // Makes the file; it must not be there.
  static absl::StatusOr<EventLogWriter> Create(const std::string& path);
  EventLogWriter(EventLogWriter&& other) noexcept;
  EventLogWriter& operator=(EventLogWriter&& other) noexcept;
  ~EventLogWriter();

  // Not synced: what the last seconds before a loss of power held may be lost.
  absl::Status Append(std::string_view frame);
  size_t bytes() const { return bytes_; }

 private:
  EventLogWriter(std::string path, int file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  int file_ = -1;
  size_t bytes_ = 0;
};

// Reads one file from its beginning, also one that is being written and one that is deleted meanwhile. One
// thread.
class EventLogReader {
 public:
  static absl::StatusOr<EventLogReader> Open(const std::string& path);
  EventLogReader(EventLogReader&& other) noexcept;
  EventLogReader& operator=(EventLogReader&& other) noexcept;
  ~EventLogReader();

  // The next whole frame; none at the end, where the file was torn, and where it is damaged.
  absl::StatusOr<std::optional<std::string>> Next();
  // There was none because what stands there is not what was written. A file that a crash tore is none of
  // these: it is only shorter.
  bool damaged() const { return damaged_; }

 private:
  EventLogReader(std::string path, int file) : path_(std::move(path)), file_(file) {}
  absl::StatusOr<bool> ReadAll(char* to, size_t bytes);

  std::string path_;
  int file_ = -1;
  bool damaged_ = false;
};

// A file with the name of a segment, whatever it holds.
struct EventLogFile {
  std::string path;
  uint64_t number = 0;
  size_t bytes = 0;
  absl::Time changed;  // by the machine's clock
};

// One segment of the log.
struct EventLogSegment {
  std::string path;
  uint64_t number = 0;
  storage::v1::EventLogHead head;
};

// "…/0000000000000017.events".
std::string SegmentPath(const std::string& folder, uint64_t number);
// The files in `folder` by their names, oldest first. None where there is no such folder.
std::vector<EventLogFile> ListFiles(const std::string& folder);
// How the file begins; none where that cannot be read: torn, damaged, or of another format.
std::optional<storage::v1::EventLogHead> HeadOf(const std::string& path);
// The files in `folder` that begin as a segment does, oldest first.
std::vector<EventLogSegment> ListSegments(const std::string& folder);

}  // namespace evenkeel::coordinator
