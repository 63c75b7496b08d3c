// The event log's files, as a replay walks through them: whatever is in them, the core hears of nothing that
// would end its process, and what cannot be read is said.
//
// The input: a byte; odd: what follows is a file as it is. Even: what follows are frames, each with its size
// before it (TakeSized), which are written with the checksums that are right for them; an empty one begins
// the next file.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "coordinator/store/event_log_file.h"
#include "coordinator/store/event_log_walk.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

// In memory where there is such a place.
const std::string& Folder() {
  // Never destroyed: what cleans up at the end comes after the destructors.
  static const std::string& folder = *new std::string([] {
    std::error_code unknown;
    const bool memory = std::filesystem::is_directory("/dev/shm", unknown);
    std::string pattern = memory ? "/dev/shm/evenkeel-fuzz-XXXXXX" : "/tmp/evenkeel-fuzz-XXXXXX";
    EVENKEEL_CHECK(::mkdtemp(pattern.data()) != nullptr) << "cannot make " << pattern;
    std::atexit([] { std::filesystem::remove_all(Folder()); });
    return pattern;
  }());
  return folder;
}

void WriteFrames(std::string_view input) {
  uint64_t number = 0;
  constexpr uint64_t kMostFiles = 16;  // more only slow the search down
  while (!input.empty() && number < kMostFiles) {
    auto file = EventLogWriter::Create(SegmentPath(Folder(), ++number));
    EVENKEEL_CHECK(file.ok()) << file.status();
    for (std::string_view frame; !(frame = fuzz::TakeSized(input)).empty();) {
      const absl::Status status = file->Append(frame);
      EVENKEEL_CHECK(status.ok()) << status;
    }
  }
}

void CheckError(const absl::Status& status) {
  EVENKEEL_CHECK(absl::IsDataLoss(status) || absl::IsNotFound(status)) << status;
}

void Walk() {
  auto walk = EventLogWalk::From(Folder(), absl::InfinitePast());
  if (!walk.ok()) return CheckError(walk.status());
  absl::Time now = absl::InfinitePast();
  bool begun = false;
  while (true) {
    const auto item = walk->Next();
    if (!item.ok()) return CheckError(item.status());
    if (!item->has_value()) return;
    if (const auto* step = std::get_if<LogStep>(&**item)) {
      EVENKEEL_CHECK(begun) << "a step before anything had begun";
      EVENKEEL_CHECK(step->now >= now && step->now < absl::InfiniteFuture())
          << absl::FormatTime(step->now) << " after " << absl::FormatTime(now);
      now = step->now;
    } else if (const auto* start = std::get_if<LogStart>(&**item)) {
      now = start->now;
      begun = true;
    } else if (const auto* checkpoint = std::get_if<LogCheckpoint>(&**item)) {
      now = checkpoint->now;
      begun = true;
    }
    EVENKEEL_CHECK(!begun || now > absl::InfinitePast()) << "something begins before all time";
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const EventLogFile& file : ListFiles(Folder())) std::filesystem::remove(file.path);
  std::string_view input = fuzz::Text(data, size);
  if (fuzz::TakeByte(input) % 2 == 1) {
    std::ofstream(SegmentPath(Folder(), 1), std::ios::binary) << input;
  } else {
    WriteFrames(input);
  }
  Walk();
  return 0;
}
