#include "coordinator/store/event_log.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "coordinator/store/event_log_file.h"
#include "coordinator/store/event_log_pods.h"
#include "coordinator/store/event_records.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;
using Steady = std::chrono::steady_clock;

constexpr size_t kChunkBytes = size_t{64} << 10;

struct StartTold {
  Restored restored;
  absl::Time now;
};
struct StepsTold {
  uint64_t first = 0;  // its number
  std::vector<RecordedStep> steps;
};
struct CheckpointTold {
  uint64_t next_step = 0;
  std::string checkpoint;
  absl::Time now;
};
struct Item {
  std::variant<StartTold, StepsTold, CheckpointTold> told;
};

// A segment that is not written any more.
struct Closed {
  std::string path;
  size_t bytes = 0;
  absl::Time ended;
};

// When the core was told the last of it.
absl::Time TimeOf(const Item& item) {
  if (const auto* steps = std::get_if<StepsTold>(&item.told)) return steps->steps.back().now;
  if (const auto* checkpoint = std::get_if<CheckpointTold>(&item.told)) return checkpoint->now;
  return std::get<StartTold>(item.told).now;
}

size_t StepsOf(const Item& item) {
  const auto* steps = std::get_if<StepsTold>(&item.told);
  return steps == nullptr ? 0 : steps->steps.size();
}

}  // namespace

struct EventLog::Impl {
  explicit Impl(Options options_in);

  // ---- the loop's thread ----
  void Push(Item item);

  // ---- the log's thread ----
  void Run();
  void Take(StartTold& start);
  void Take(StepsTold& told);
  void Take(CheckpointTold& told);
  void Open(stored::EventLogHead head, const std::string& origin);
  void WriteChunk();
  void Close();
  absl::Status MakeRoom(size_t bytes_to_come);
  size_t MostSteps() const;
  size_t Available() const;
  bool Fits(size_t bytes) const;
  void Failed(const absl::Status& why) { Failed(why, options.retry_after); }
  void Failed(const absl::Status& why, absl::Duration retry_after);
  void Missing(size_t steps);
  void CountBytes();
  void DropOld();
  absl::Status DropFirst(const char* why);
  bool Full() const;

  const Options options;

  // The loop's thread's own.
  uint64_t next_step = 0;  // number of the next one to come

  std::atomic<bool> wants_checkpoint = false;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Item> items;
  size_t waiting = 0;  // steps in `items`
  absl::Time told = absl::InfinitePast();
  uint64_t pushed = 0;            // items, ever
  uint64_t flushed = 0;           // those that are in the files, or lost
  uint64_t wanted = 0;            // up to here somebody waits for
  bool checkpoint_waits = false;  // in `items`
  bool stopping = false;
  Figures figures;

  // The log's thread's own.
  std::optional<EventLogWriter> file;
  PodNumbers pods;          // of the segment
  uint64_t number = 0;      // of the segment that is written, or was last
  uint64_t epoch = 0;       // of this start
  size_t origin_bytes = 0;  // of the last segment that began or was to begin
  Steady::time_point opened;
  Steady::time_point retry_at;
  uint64_t expected = 0;  // number of the step that follows what was written
  stored::EventLogChunk chunk;
  size_t chunk_bytes = 0;
  absl::Time last_now;
  std::vector<Closed> closed;  // oldest first

  std::thread thread;
};

EventLog::Impl::Impl(Options options_in) : options(std::move(options_in)) {
  // Those that cannot be read, too: a crash tears the newest one, whose number is taken, and all use the
  // disk.
  for (const EventLogFile& old : ListFiles(options.folder)) {
    number = old.number;
    const auto head = HeadOf(old.path);
    const absl::Time begun = head ? TimeFrom(head->time_ns()) : old.changed;
    // All that a segment holds is older than what the next one begins with.
    if (!closed.empty()) closed.back().ended = begun;
    closed.push_back({.path = old.path, .bytes = old.bytes, .ended = begun});
  }
  CountBytes();
  thread = std::thread([this] { Run(); });
}

void EventLog::Impl::Push(Item item) {
  const std::lock_guard<std::mutex> lock(mutex);
  const size_t steps = StepsOf(item);
  told = TimeOf(item);
  if (waiting + steps > kMostWaiting) {
    // The thread will find that they are missing by their numbers.
    figures.dropped += steps;
    return;
  }
  waiting += steps;
  ++pushed;
  checkpoint_waits |= std::holds_alternative<CheckpointTold>(item.told);
  items.push_back(std::move(item));
  // It looks by itself after a while; what must not wait wakes it.
  if (waiting > kMostWaiting / 8 || steps == 0) changed.notify_all();
}

void EventLog::Impl::Run() {
  const auto rest = absl::ToChronoNanoseconds(options.write_after);
  std::unique_lock<std::mutex> lock(mutex);
  for (bool last = false; !last;) {
    changed.wait_for(lock, rest, [this] {
      return stopping || wanted > flushed || waiting > kMostWaiting / 8 ||
             (!items.empty() && StepsOf(items.front()) == 0);
    });
    last = stopping;
    std::deque<Item> taken;
    taken.swap(items);
    waiting = 0;
    checkpoint_waits = false;
    const uint64_t upto = pushed;
    lock.unlock();
    for (Item& item : taken) std::visit([this](auto& told) { Take(told); }, item.told);
    WriteChunk();
    DropOld();
    const bool full = Full();  // asks the disk, for which the loop's thread must not wait
    lock.lock();
    wants_checkpoint = full && !checkpoint_waits;
    flushed = upto;
    changed.notify_all();
  }
}

void EventLog::Impl::Take(StartTold& start) {
  epoch = start.restored.epoch;
  expected = 0;
  stored::EventLogHead head;
  head.set_first_step(0);
  head.set_start(true);
  head.set_time_ns(ToStored(start.now));
  Open(std::move(head), ToRecord(start.restored).SerializeAsString());
}

void EventLog::Impl::Take(CheckpointTold& told) {
  stored::EventLogHead head;
  head.set_first_step(told.next_step);
  head.set_time_ns(ToStored(told.now));
  expected = told.next_step;
  Open(std::move(head), told.checkpoint);
}

void EventLog::Impl::Take(StepsTold& told) {
  if (file && told.first != expected) {
    // Steps were dropped before these: what follows cannot be told to the core that was.
    WriteChunk();
    Close();
  }
  if (!file) return Missing(told.steps.size());
  expected = told.first + told.steps.size();
  for (uint64_t step = told.first; const RecordedStep& recorded : told.steps) {
    if (chunk.told_size() == 0) {
      chunk.set_time_ns(ToStored(recorded.now));
      chunk.set_first_step(step);
      last_now = recorded.now;
    }
    ++step;
    stored::Told& out = *chunk.add_told();
    out.set_after_ns(static_cast<uint64_t>(ToStored(recorded.now - last_now)));
    last_now = recorded.now;
    if (!std::holds_alternative<Tick>(recorded.event)) {
      *out.mutable_event() = ToRecord(recorded.event);
      pods.Shorten(*out.mutable_event());
    }
    for (const Decision& decision : recorded.decided) {
      stored::DecisionMark& mark = *out.add_decided();
      mark.mutable_id()->set_epoch(decision.id.epoch);
      mark.mutable_id()->set_number(decision.id.number);
      mark.set_fingerprint(Fingerprint(decision));
    }
    chunk_bytes += out.ByteSizeLong();
    if (chunk_bytes >= kChunkBytes) WriteChunk();
    if (!file) return Missing(static_cast<size_t>(expected - step));
  }
}

void EventLog::Impl::Open(stored::EventLogHead head, const std::string& origin) {
  WriteChunk();  // of the segment before
  Close();
  chunk.Clear();
  chunk_bytes = 0;
  pods.Clear();
  last_now = TimeFrom(head.time_ns());
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  head.set_format_version(kEventLogFormatVersion);
  head.set_epoch(epoch);
  head.set_coordinator_version(options.coordinator_version);
  head.set_checkpoint_shape(Core::CheckpointShape());
  origin_bytes = std::max<size_t>(origin.size(), 1);  // of nothing there is always enough
  if (origin_bytes > options.bytes / 2) {
    return Failed(absl::ResourceExhaustedError(absl::StrCat(
                      "what the coordinator knows takes ", origin_bytes, " bytes, and the log has ",
                      options.bytes, ", of which it may take half: raise --event-log-mib")),
                  options.segment_age);
  }
  if (const absl::Status room = MakeRoom(origin_bytes); !room.ok()) return Failed(room);
  absl::StatusOr<EventLogWriter> made = EventLogWriter::Create(SegmentPath(options.folder, ++number));
  if (!made.ok()) return Failed(made.status());
  file = *std::move(made);
  opened = Steady::now();
  absl::Status status = file->Append(head.SerializeAsString());
  if (status.ok()) status = file->Append(origin);
  if (!status.ok()) {
    std::filesystem::remove(SegmentPath(options.folder, number), error);
    file.reset();
    Failed(status);
  }
  CountBytes();
}

// The oldest segments go for it. The disk must have room for the steps to come, too: else the segment is the
// next to go, and the core is copied again for another one.
absl::Status EventLog::Impl::MakeRoom(size_t bytes_to_come) {
  const size_t needed = bytes_to_come + MostSteps();
  absl::Status full = absl::ResourceExhaustedError(absl::StrCat(
      "the disk of ", options.folder, " has ", Available(), " bytes to spare, and ", needed, " are needed"));
  if (!Fits(needed)) return full;
  size_t bytes = bytes_to_come;
  for (const Closed& segment : closed) bytes += segment.bytes;
  while (!closed.empty()) {
    const bool surplus = bytes > options.bytes;
    if (!surplus && Available() >= needed) break;
    bytes -= closed.front().bytes;
    EVENKEEL_RETURN_IF_ERROR(DropFirst(surplus ? "the log is full" : "the disk is full"));
  }
  // A file that a replay reads takes its room until that has ended.
  return Available() >= needed ? absl::OkStatus() : full;
}

// Of one segment: no more than a quarter of the log, so that its end can go without all of it.
size_t EventLog::Impl::MostSteps() const {
  return std::min(std::max(options.segment_bytes, 2 * origin_bytes), options.bytes / 4);
}

// On the disk, once all that may go has gone.
bool EventLog::Impl::Fits(size_t bytes) const {
  size_t room = Available();
  for (const Closed& segment : closed) room += std::min(segment.bytes, SIZE_MAX - room);
  return room >= bytes;
}

// Of the disk, for the log; without limit where that cannot be found out.
size_t EventLog::Impl::Available() const {
  std::error_code error;
  const auto space = std::filesystem::space(options.folder, error);
  if (error) return SIZE_MAX;
  return space.available > options.reserve ? static_cast<size_t>(space.available - options.reserve) : 0;
}

void EventLog::Impl::Close() {
  if (!file) return;
  closed.push_back({.path = SegmentPath(options.folder, number), .bytes = file->bytes(), .ended = last_now});
  file.reset();
}

void EventLog::Impl::WriteChunk() {
  if (!file || chunk.told_size() == 0) return;
  const absl::Status status = file->Append(chunk.SerializeAsString());
  const auto steps = static_cast<size_t>(chunk.told_size());
  chunk.Clear();
  chunk_bytes = 0;
  if (!status.ok()) {
    Missing(steps);
    return Failed(status);
  }
  CountBytes();
  const std::lock_guard<std::mutex> lock(mutex);
  figures.steps += steps;
}

void EventLog::Impl::Failed(const absl::Status& why, absl::Duration retry_after) {
  Close();
  retry_at = Steady::now() + absl::ToChronoNanoseconds(retry_after);
  log::Warn(
      "the event log cannot be written: evenkeel replay will not know of this time; nothing else suffers",
      {{"cause", why}, {"tried_again_after", retry_after}});
  const std::lock_guard<std::mutex> lock(mutex);
  ++figures.failures;
}

void EventLog::Impl::Missing(size_t steps) {
  const std::lock_guard<std::mutex> lock(mutex);
  figures.dropped += steps;
}

void EventLog::Impl::CountBytes() {
  size_t bytes = file ? file->bytes() : 0;
  for (const Closed& segment : closed) bytes += segment.bytes;
  const std::lock_guard<std::mutex> lock(mutex);
  figures.bytes = bytes;
}

absl::Status EventLog::Impl::DropFirst(const char* why) {
  std::error_code error;
  std::filesystem::remove(closed.front().path, error);
  log::Debug("dropped a segment of the event log", {{"path", closed.front().path}, {"why", why}});
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot delete ", closed.front().path, ": ", error.message()));
  }
  closed.erase(closed.begin());
  CountBytes();
  return absl::OkStatus();
}

void EventLog::Impl::DropOld() {
  const auto surplus = [this]() -> const char* {
    if (closed.empty()) return nullptr;
    size_t bytes = file ? file->bytes() : 0;
    for (const Closed& segment : closed) bytes += segment.bytes;
    if (bytes > options.bytes) return "the log is full";
    if (file && last_now - closed.front().ended > options.age) return "it is too old";
    return Available() == 0 ? "the disk is full" : nullptr;
  };
  while (const char* why = surplus()) {
    if (const absl::Status status = DropFirst(why); !status.ok()) return Failed(status);
  }
  // Alone with a full disk: the store comes first.
  if (file && Available() == 0) {
    std::error_code error;
    std::filesystem::remove(SegmentPath(options.folder, number), error);
    file.reset();
    Failed(absl::ResourceExhaustedError(
        absl::StrCat("the disk of ", options.folder, " has less than ", options.reserve, " bytes left")));
    CountBytes();
  }
}

bool EventLog::Impl::Full() const {
  const auto now = Steady::now();
  // A checkpoint for which there is no room is not worth the loop's time.
  if (!file) return epoch != 0 && now >= retry_at && Fits(origin_bytes + MostSteps());
  const size_t steps = file->bytes() - std::min(file->bytes(), origin_bytes);
  if (steps == 0) return false;
  return steps >= MostSteps() || now - opened >= absl::ToChronoNanoseconds(options.segment_age);
}

EventLog::EventLog(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

EventLog::~EventLog() {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    impl_->stopping = true;
    impl_->changed.notify_all();
  }
  impl_->thread.join();
}

void EventLog::OnStart(const Restored& restored, absl::Time now) {
  impl_->next_step = 0;
  impl_->Push({StartTold{restored, now}});
}

void EventLog::OnSteps(std::vector<RecordedStep> steps) {
  if (steps.empty()) return;
  const uint64_t first = impl_->next_step;
  impl_->next_step += steps.size();
  impl_->Push({StepsTold{first, std::move(steps)}});
}

bool EventLog::WantsCheckpoint() const {
  return impl_->wants_checkpoint;
}

void EventLog::OnCheckpoint(std::string checkpoint, absl::Time now) {
  impl_->wants_checkpoint = false;
  impl_->Push({CheckpointTold{impl_->next_step, std::move(checkpoint), now}});
}

absl::Status EventLog::Flush(absl::Duration patience) {
  std::unique_lock<std::mutex> lock(impl_->mutex);
  const uint64_t upto = impl_->pushed;
  impl_->wanted = std::max(impl_->wanted, upto);
  impl_->changed.notify_all();
  const bool done = impl_->changed.wait_for(lock, absl::ToChronoNanoseconds(patience),
                                            [&] { return impl_->flushed >= upto; });
  if (done) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the event log was not written within ",
                                             absl::FormatDuration(patience),
                                             ": the disk of the coordinator is slow"));
}

const std::string& EventLog::folder() const {
  return impl_->options.folder;
}

absl::Time EventLog::told() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->told;
}

EventLog::Figures EventLog::figures() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->figures;
}

}  // namespace evenkeel::coordinator
