#include "coordinator/store/event_log_walk.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/store/event_records.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

absl::Status Damaged(const char* what) {
  return absl::DataLossError(
      absl::StrCat("the event log holds a ", what,
                   " that cannot be read: it is damaged, or a newer coordinator wrote it"));
}

bool IsFinite(absl::Time time) {
  return time != absl::InfinitePast() && time != absl::InfiniteFuture();
}

}  // namespace

absl::StatusOr<EventLogWalk> EventLogWalk::From(const std::string& folder, absl::Time since) {
  const std::vector<EventLogSegment> all = ListSegments(folder);
  if (all.empty()) {
    return absl::NotFoundError(
        "the event log is empty: the coordinator has just begun to keep it, or was told to keep none");
  }
  size_t first = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (TimeFrom(all[i].head.time_ns()) <= since) first = i;
  }
  return EventLogWalk({all.begin() + static_cast<std::ptrdiff_t>(first), all.end()});
}

absl::StatusOr<std::optional<LogItem>> EventLogWalk::BeginSegment() {
  while (!segments_.empty()) {
    const EventLogSegment segment = std::move(segments_.front());
    segments_.pop_front();
    absl::StatusOr<EventLogReader> reader = EventLogReader::Open(segment.path);
    if (absl::IsNotFound(reader.status())) continue;  // dropped meanwhile; the next one tells of the gap
    EVENKEEL_RETURN_IF_ERROR(reader.status());
    EVENKEEL_RETURN_IF_ERROR(reader->Next().status());  // the head, which is known
    EVENKEEL_ASSIGN_OR_RETURN(std::optional<std::string> origin, reader->Next());
    if (!origin && reader->damaged()) return LogDamage{segment.path};
    if (!origin) continue;  // torn before it had begun
    const storage::v1::EventLogHead& head = segment.head;
    if (!IsFinite(TimeFrom(head.time_ns()))) return Damaged("time");
    const bool follows = begun_ && epoch_ == head.epoch() && next_step_ == head.first_step();
    reader_ = *std::move(reader);
    path_ = segment.path;
    pods_.Clear();
    now_ = TimeFrom(head.time_ns());
    epoch_ = head.epoch();
    next_step_ = head.first_step();
    begun_ = true;
    if (!head.start()) {
      return LogCheckpoint{.state = *std::move(origin),
                           .shape = head.checkpoint_shape(),
                           .now = now_,
                           .gap = !follows,
                           .coordinator_version = head.coordinator_version()};
    }
    storage::v1::Restored record;
    if (!record.ParseFromString(*origin)) return Damaged("start");
    EVENKEEL_ASSIGN_OR_RETURN(Restored restored, FromRecord(record));
    return LogStart{
        .restored = std::move(restored), .now = now_, .coordinator_version = head.coordinator_version()};
  }
  return std::nullopt;
}

absl::StatusOr<LogItem> EventLogWalk::StepFrom(storage::v1::Told& told) {
  // A core that is told of a time which makes no sense ends its process.
  constexpr uint64_t kInfinite = std::numeric_limits<int64_t>::max();
  if (told.after_ns() >= kInfinite) return Damaged("time");
  now_ += DurationFrom(static_cast<int64_t>(told.after_ns()));
  LogStep step{.now = now_};
  if (told.has_event() && !pods_.Lengthen(*told.mutable_event())) return Damaged("pod");
  EVENKEEL_ASSIGN_OR_RETURN(step.event, FromRecord(told.event()));
  for (const storage::v1::DecisionMark& mark : told.decided()) {
    step.decided.push_back({.id = {.epoch = mark.id().epoch(), .number = mark.id().number()},
                            .fingerprint = mark.fingerprint()});
  }
  ++next_step_;
  return step;
}

absl::StatusOr<std::optional<LogItem>> EventLogWalk::Next() {
  while (true) {
    if (taken_ < chunk_.told_size()) {
      EVENKEEL_ASSIGN_OR_RETURN(LogItem item, StepFrom(*chunk_.mutable_told(taken_++)));
      return item;
    }
    chunk_.Clear();
    taken_ = 0;
    if (!reader_) return BeginSegment();
    EVENKEEL_ASSIGN_OR_RETURN(const std::optional<std::string> frame, reader_->Next());
    if (!frame) {
      const bool damaged = reader_->damaged();
      reader_.reset();
      if (damaged) return LogDamage{path_};
      continue;
    }
    if (!chunk_.ParseFromString(*frame)) return Damaged("row of steps");
    if (chunk_.first_step() != next_step_) return Damaged("row of steps in the wrong place");
    const absl::Time time = TimeFrom(chunk_.time_ns());
    if (time < now_ || !IsFinite(time)) return Damaged("time");
    now_ = time;
  }
}

}  // namespace evenkeel::coordinator
