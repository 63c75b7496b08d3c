// What the core is told lies in files from which it can be told again; the files are bounded, and whatever
// happens to them or to the disk costs a part of the log, which is known, and nothing else.

#include "coordinator/store/event_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/bytes_of.h"
#include "common/base/status.h"
#include "coordinator/replay/replay.h"
#include "coordinator/store/event_log_file.h"
#include "coordinator/store/event_log_walk.h"
#include "coordinator/store/event_records.h"
#include "tests/replay/tape.h"
#include "tests/unit/store/temporary_folder.h"

namespace evenkeel::replay {
namespace {

using namespace coordinator;
using testing::TemporaryFolder;

// Longer than any machine needs; nothing waits for it unless something is broken.
constexpr absl::Duration kPatience = absl::Seconds(60);

// Both hear the same.
class Both final : public Recorder {
 public:
  Both(Recorder& one, Recorder& other) : one_(one), other_(other) {}
  void OnStart(const Restored& restored, absl::Time now) override {
    one_.OnStart(restored, now);
    other_.OnStart(restored, now);
  }
  void OnSteps(std::vector<RecordedStep> steps) override {
    one_.OnSteps(steps);
    other_.OnSteps(std::move(steps));
  }
  bool WantsCheckpoint() const override { return one_.WantsCheckpoint() || other_.WantsCheckpoint(); }
  void OnCheckpoint(std::string checkpoint, absl::Time now) override {
    one_.OnCheckpoint(checkpoint, now);
    other_.OnCheckpoint(std::move(checkpoint), now);
  }

 private:
  Recorder& one_;
  Recorder& other_;
};

class EventLogTest : public ::testing::Test {
 protected:
  EventLog::Options Options() const {
    return {.folder = folder_.path() + "/events",
            .coordinator_version = EVENKEEL_VERSION,
            .reserve = 0,
            .write_after = absl::Milliseconds(1),
            .retry_after = absl::ZeroDuration()};
  }

  std::vector<LogItem> WalkAll(absl::Time since = absl::InfinitePast()) const {
    std::vector<LogItem> items;
    auto walk = EventLogWalk::From(Options().folder, since);
    if (!walk.ok()) {
      ADD_FAILURE() << walk.status();
      return items;
    }
    while (true) {
      auto item = walk->Next();
      if (!item.ok()) ADD_FAILURE() << item.status();
      if (!item.ok() || !item->has_value()) return items;
      items.push_back(**std::move(item));
    }
  }

  static std::vector<LogStep> Steps(const std::vector<LogItem>& items) {
    std::vector<LogStep> steps;
    for (const LogItem& item : items) {
      if (const auto* step = std::get_if<LogStep>(&item)) steps.push_back(*step);
    }
    return steps;
  }

  static void ExpectSame(const std::vector<LogStep>& left, const std::vector<LogStep>& right) {
    ASSERT_EQ(left.size(), right.size());
    for (size_t i = 0; i < left.size(); ++i) {
      ASSERT_EQ(base::BytesOf(left[i].event), base::BytesOf(right[i].event)) << "step " << i;
      ASSERT_EQ(left[i].now, right[i].now) << "step " << i;
      ASSERT_EQ(left[i].decided, right[i].decided) << "step " << i;
    }
  }

  // A tick each millisecond.
  static std::vector<RecordedStep> Ticks(size_t count, absl::Time& now) {
    std::vector<RecordedStep> steps;
    for (size_t i = 0; i < count; ++i)
      steps.push_back({.event = Tick{}, .now = now += absl::Milliseconds(1)});
    return steps;
  }

  static void AwaitCheckpointWish(const EventLog& log) {
    for (int i = 0; i < 60'000 && !log.WantsCheckpoint(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(log.WantsCheckpoint());
  }

  TemporaryFolder folder_;
  absl::Time now_ = absl::FromUnixSeconds(1'767'225'600);
};

TEST_F(EventLogTest, GivesBackWhatTheCoreWasToldAndReplays) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    std::filesystem::remove_all(Options().folder);
    Tape tape;
    EventLog::Options options = Options();
    options.segment_bytes = 3000;  // many segments, each with a checkpoint of the core
    absl::Time start;
    {
      EventLog log(options);
      Both both(tape, log);
      Tale tale(seed, &both);
      tale.Play();
      start = tale.world().start();
      ASSERT_TRUE(log.Flush(kPatience).ok());
      ASSERT_NO_FATAL_FAILURE(ExpectSame(Steps(WalkAll()), Steps(tape.items()))) << "seed " << seed;
    }
    const auto result = RunReplay(options.folder, {.since = start}, {});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->faithful) << "seed " << seed;
    // From the middle, too.
    const auto middle = RunReplay(options.folder, {.since = start + absl::Seconds(60)}, {});
    ASSERT_TRUE(middle.ok()) << middle.status();
    EXPECT_TRUE(middle->faithful) << "seed " << seed;
    EXPECT_LT(middle->steps, result->steps);
  }
}

TEST_F(EventLogTest, GoesOnAfterAStart) {
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) {
    EventLog log(Options());
    log.OnStart({.epoch = epoch}, now_);
    log.OnSteps(Ticks(5, now_));
  }
  const std::vector<LogItem> items = WalkAll();
  EXPECT_EQ(Steps(items).size(), 15);
  std::vector<uint64_t> epochs;
  for (const LogItem& item : items) {
    if (const auto* start = std::get_if<LogStart>(&item)) epochs.push_back(start->restored.epoch);
  }
  EXPECT_EQ(epochs, (std::vector<uint64_t>{1, 2, 3}));
}

TEST_F(EventLogTest, IsBoundedBySize) {
  EventLog::Options options = Options();
  options.bytes = 64 << 10;
  options.segment_bytes = 8 << 10;
  EventLog log(options);
  log.OnStart({.epoch = 1}, now_);
  const Core core({.epoch = 1}, now_);
  const absl::Time start = now_;
  for (int i = 0; i < 400; ++i) {
    log.OnSteps(Ticks(100, now_));
    ASSERT_TRUE(log.Flush(kPatience).ok());
    if (log.WantsCheckpoint()) log.OnCheckpoint(core.Checkpoint(), now_);
  }
  ASSERT_TRUE(log.Flush(kPatience).ok());
  EXPECT_LE(log.figures().bytes, options.bytes + 2 * options.segment_bytes);
  EXPECT_EQ(log.figures().steps, 40'000);
  const std::vector<LogStep> left = Steps(WalkAll());
  ASSERT_FALSE(left.empty());
  EXPECT_GT(left.front().now, start + absl::Seconds(10));  // the oldest went
  EXPECT_EQ(left.back().now, now_);                        // the newest is there
}

TEST_F(EventLogTest, IsBoundedByAge) {
  EventLog::Options options = Options();
  options.age = absl::Minutes(10);
  options.segment_bytes = 1;
  EventLog log(options);
  log.OnStart({.epoch = 1}, now_);
  const Core core({.epoch = 1}, now_);
  for (int i = 0; i < 60; ++i) {
    log.OnSteps(Ticks(1, now_));
    log.OnCheckpoint(core.Checkpoint(), now_);
    now_ += absl::Minutes(1);
    ASSERT_TRUE(log.Flush(kPatience).ok());
  }
  const std::vector<LogStep> left = Steps(WalkAll());
  ASSERT_FALSE(left.empty());
  EXPECT_LE(now_ - left.front().now, absl::Minutes(13));
}

TEST_F(EventLogTest, ATornEndCostsNoMoreThanItself) {
  {
    EventLog log(Options());
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(10, now_));
    ASSERT_TRUE(log.Flush(kPatience).ok());
    log.OnSteps(Ticks(10, now_));
  }
  const std::string file = SegmentPath(Options().folder, 1);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  EXPECT_EQ(Steps(WalkAll()).size(), 10);
}

// Damage in the middle: what follows it in that segment is lost, the next one begins with a gap.
TEST_F(EventLogTest, DamageIsAGap) {
  {
    EventLog log(Options());
    const Core core({.epoch = 1}, now_);
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(10, now_));
    log.OnCheckpoint(core.Checkpoint(), now_);
    log.OnSteps(Ticks(7, now_));
  }
  std::fstream file(SegmentPath(Options().folder, 1), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-3, std::ios::end);
  file.put('\xff');
  file.close();
  const std::vector<LogItem> items = WalkAll();
  EXPECT_EQ(Steps(items).size(), 7);
  ASSERT_TRUE(std::holds_alternative<LogDamage>(items[1]));
  EXPECT_EQ(std::get<LogDamage>(items[1]).path, SegmentPath(Options().folder, 1));
  ASSERT_TRUE(std::holds_alternative<LogCheckpoint>(items[2]));
  EXPECT_TRUE(std::get<LogCheckpoint>(items[2]).gap);
}

// Whole frames whose times make no sense: the core never hears of them, since it would end the process.
TEST_F(EventLogTest, TimesThatMakeNoSenseAreDamage) {
  const auto walk = [this](int64_t start, int64_t chunk, uint64_t after) {
    std::filesystem::create_directories(Options().folder);
    const std::string path = SegmentPath(Options().folder, 1);
    std::filesystem::remove(path);
    storage::v1::EventLogHead head;
    head.set_format_version(kEventLogFormatVersion);
    head.set_epoch(1);
    head.set_start(true);
    head.set_time_ns(start);
    storage::v1::EventLogChunk steps;
    steps.set_time_ns(chunk);
    steps.add_told();
    steps.add_told()->set_after_ns(after);
    auto file = EventLogWriter::Create(path);
    EXPECT_TRUE(file.ok()) << file.status();
    if (!file.ok()) return absl::StatusCode::kUnknown;
    EXPECT_TRUE(file->Append(head.SerializeAsString()).ok());
    EXPECT_TRUE(file->Append(ToRecord(Restored{.epoch = 1}).SerializeAsString()).ok());
    EXPECT_TRUE(file->Append(steps.SerializeAsString()).ok());
    return RunReplay(Options().folder, {.since = absl::UnixEpoch()}, {}).status().code();
  };
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(walk(1000, 2000, 5), absl::StatusCode::kOk);
  EXPECT_EQ(walk(1000, 2000, static_cast<uint64_t>(kLast)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(walk(1000, 2000, static_cast<uint64_t>(kLast) + 1), absl::StatusCode::kDataLoss);
  EXPECT_EQ(walk(1000, 2000, std::numeric_limits<uint64_t>::max()), absl::StatusCode::kDataLoss);
  EXPECT_EQ(walk(1000, 999, 5), absl::StatusCode::kDataLoss);
  EXPECT_EQ(walk(1000, kLast, 5), absl::StatusCode::kDataLoss);
  EXPECT_EQ(walk(kLast, kLast, 5), absl::StatusCode::kDataLoss);
  EXPECT_EQ(walk(kFirst, 1000, 5), absl::StatusCode::kDataLoss);
}

// Nobody takes it for the end of what there is, and a replay says it.
TEST_F(EventLogTest, DamageIsToldFromTheEnd) {
  const absl::Time start = now_;
  {
    EventLog log(Options());
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(10, now_));
    ASSERT_TRUE(log.Flush(kPatience).ok());
    log.OnSteps(Ticks(10, now_));
  }
  const std::string path = SegmentPath(Options().folder, 1);
  const auto size = std::filesystem::file_size(path);
  const auto notes = [&] {
    const auto result = RunReplay(Options().folder, {.since = start}, {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? absl::StrJoin(result->notes, "\n") : "";
  };
  EXPECT_EQ(notes(), "");
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-3, std::ios::end);
  file.put('\xff');
  file.close();
  EXPECT_TRUE(absl::StrContains(notes(), absl::StrCat(path, " is damaged after "))) << notes();
  // Torn: it is shorter, and says nothing that is wrong.
  std::filesystem::resize_file(path, size - 5);
  EXPECT_EQ(notes(), "");
  // A length that nobody has written.
  std::ofstream(path, std::ios::app | std::ios::binary) << std::string(100, '\xff');
  EXPECT_TRUE(absl::StrContains(notes(), "is damaged after ")) << notes();
}

// What the log does not know is told with its bounds: before a start, and at its end.
TEST_F(EventLogTest, TimesOfWhichNothingIsRecordedAreTold) {
  const absl::Time start = now_;
  {
    EventLog log(Options());
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(1000, now_));
  }
  now_ += absl::Minutes(10);  // it did not run, or its disk was full
  {
    EventLog log(Options());
    log.OnStart({.epoch = 2}, now_);
    log.OnSteps(Ticks(1000, now_));
    EXPECT_EQ(log.told(), now_);
  }
  const auto notes = [&](absl::Time until) {
    const auto result = RunReplay(Options().folder, {.since = start, .until = until}, {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? absl::StrJoin(result->notes, "\n") : "";
  };
  EXPECT_TRUE(absl::StrContains(
      notes(now_),
      "at 2026-01-01 00:10:01.000 UTC the coordinator started anew; nothing is recorded from "
      "2026-01-01 00:00:01.000 UTC until then"))
      << notes(now_);
  EXPECT_FALSE(absl::StrContains(notes(now_), "nothing is recorded from 2026-01-01 00:10:02")) << notes(now_);
  EXPECT_TRUE(absl::StrContains(
      notes(now_ + absl::Minutes(1)),
      "nothing is recorded from 2026-01-01 00:10:02.000 UTC to 2026-01-01 00:11:02.000 UTC"))
      << notes(now_ + absl::Minutes(1));
  // The end that was asked for lies where nothing is recorded.
  EXPECT_TRUE(
      absl::StrContains(notes(start + absl::Minutes(5)), "nothing is recorded from 2026-01-01 00:00:01.000"))
      << notes(start + absl::Minutes(5));
}

// "Nothing was decided" would be no answer: nobody knows. Where only the front is missing, that is said.
TEST_F(EventLogTest, ATimeBeforeAllThatIsRecordedIsSaid) {
  const absl::Time start = now_;
  {
    EventLog log(Options());
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(10, now_));
  }
  const auto before =
      RunReplay(Options().folder, {.since = start - absl::Hours(2), .until = start - absl::Hours(1)}, {});
  EXPECT_TRUE(absl::IsNotFound(before.status())) << before.status();
  EXPECT_EQ(base::Detail(before.status(), base::kReasonKey), "NOTHING_RECORDED");
  EXPECT_EQ(before.status().message(),
            "nothing is recorded from 2025-12-31 22:00:00.000 UTC to 2025-12-31 23:00:00.000 UTC, only from "
            "2026-01-01 00:00:00.000 UTC on");
  const auto across =
      RunReplay(Options().folder, {.since = start - absl::Hours(1), .until = start + absl::Seconds(1)}, {});
  ASSERT_TRUE(across.ok()) << across.status();
  EXPECT_EQ(across->since, start);
  EXPECT_TRUE(absl::StrContains(
      absl::StrJoin(across->notes, "\n"),
      "nothing is recorded from 2025-12-31 23:00:00.000 UTC to 2026-01-01 00:00:00.000 UTC"))
      << absl::StrJoin(across->notes, "\n");
  // The only file there is cannot be read from its beginning on.
  const std::string path = SegmentPath(Options().folder, 1);
  storage::v1::EventLogHead head;
  head.set_format_version(kEventLogFormatVersion);
  head.set_epoch(1);
  head.set_start(true);
  head.set_time_ns(absl::ToUnixNanos(start));
  std::filesystem::remove(path);
  auto file = EventLogWriter::Create(path);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Append(head.SerializeAsString()).ok());
  std::ofstream(path, std::ios::app | std::ios::binary) << std::string(100, '\xff');
  const auto damaged = RunReplay(Options().folder, {.since = start}, {});
  EXPECT_TRUE(absl::IsNotFound(damaged.status())) << damaged.status();
  EXPECT_EQ(damaged.status().message(),
            absl::StrCat("nothing is recorded from 2026-01-01 00:00:00.000 UTC on; the log's file ", path,
                         " is damaged: what it held is lost"));
}

// A crash in the moment in which a segment begins leaves a file without a head. Its number is taken.
TEST_F(EventLogTest, AStartIsLoggedAfterATornNewestFile) {
  {
    EventLog log(Options());
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(5, now_));
  }
  std::ofstream(SegmentPath(Options().folder, 2)) << "torn";
  EventLog log(Options());
  log.OnStart({.epoch = 2}, now_);
  log.OnSteps(Ticks(3, now_));
  ASSERT_TRUE(log.Flush(kPatience).ok());
  EXPECT_EQ(log.figures().failures, 0);
  EXPECT_EQ(log.figures().dropped, 0);
  const std::vector<LogItem> items = WalkAll();
  EXPECT_EQ(Steps(items).size(), 8);
  EXPECT_EQ(std::count_if(items.begin(), items.end(),
                          [](const LogItem& item) { return std::holds_alternative<LogStart>(item); }),
            2);
}

// They use the disk like all others.
TEST_F(EventLogTest, FilesThatCannotBeReadCountAndGo) {
  std::filesystem::create_directories(Options().folder);
  const std::string unreadable = SegmentPath(Options().folder, 7);
  std::ofstream(unreadable) << std::string(40 << 10, 'x');
  EventLog::Options options = Options();
  options.bytes = 64 << 10;
  options.segment_bytes = 8 << 10;
  EventLog log(options);
  EXPECT_EQ(log.figures().bytes, 40 << 10);
  log.OnStart({.epoch = 1}, now_);
  const Core core({.epoch = 1}, now_);
  for (int i = 0; i < 400 && std::filesystem::exists(unreadable); ++i) {
    log.OnSteps(Ticks(100, now_));
    ASSERT_TRUE(log.Flush(kPatience).ok());
    if (log.WantsCheckpoint()) log.OnCheckpoint(core.Checkpoint(), now_);
  }
  EXPECT_FALSE(std::filesystem::exists(unreadable));
  EXPECT_LE(log.figures().bytes, options.bytes + 2 * options.segment_bytes);
}

// To who asks for a replay, DEADLINE_EXCEEDED would be a time-out of their own.
TEST_F(EventLogTest, ASlowDiskIsNoDeadlineOfTheCaller) {
  EventLog::Options options = Options();
  options.write_after = absl::Hours(1);
  EventLog log(options);
  log.OnStart({.epoch = 1}, now_);
  for (int i = 0; i < 100; ++i) {
    log.OnSteps(Ticks(1, now_));
    const absl::Status status = log.Flush(absl::ZeroDuration());  // it may have been quick
    ASSERT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
  }
}

TEST_F(EventLogTest, StepsThatComeTooFastAreDroppedAndThatIsKnown) {
  EventLog log(Options());
  const Core core({.epoch = 1}, now_);
  log.OnStart({.epoch = 1}, now_);
  log.OnSteps(Ticks(3, now_));
  log.OnSteps(Ticks(EventLog::kMostWaiting + 1, now_));
  log.OnSteps(Ticks(4, now_));  // of no use: what came before them is missing
  ASSERT_TRUE(log.Flush(kPatience).ok());
  EXPECT_EQ(log.figures().dropped, EventLog::kMostWaiting + 5);
  AwaitCheckpointWish(log);
  log.OnCheckpoint(core.Checkpoint(), now_);
  log.OnSteps(Ticks(2, now_));
  ASSERT_TRUE(log.Flush(kPatience).ok());
  const std::vector<LogItem> items = WalkAll();
  EXPECT_EQ(Steps(items).size(), 5);
  ASSERT_TRUE(std::holds_alternative<LogCheckpoint>(items[4]));
  EXPECT_TRUE(std::get<LogCheckpoint>(items[4]).gap);
}

TEST_F(EventLogTest, AFolderThatCannotBeWrittenCostsTheLogOnly) {
  std::ofstream(Options().folder) << "a file where the folder should be";
  EventLog log(Options());
  const Core core({.epoch = 1}, now_);
  log.OnStart({.epoch = 1}, now_);
  log.OnSteps(Ticks(5, now_));
  EXPECT_TRUE(log.Flush(kPatience).ok());
  EXPECT_GT(log.figures().failures, 0);
  EXPECT_EQ(log.figures().dropped, 5);
  EXPECT_TRUE(absl::IsNotFound(EventLogWalk::From(Options().folder, now_).status()));
  // As soon as the folder can be written, the log goes on from a checkpoint.
  std::filesystem::remove(Options().folder);
  AwaitCheckpointWish(log);
  log.OnCheckpoint(core.Checkpoint(), now_);
  log.OnSteps(Ticks(2, now_));
  ASSERT_TRUE(log.Flush(kPatience).ok());
  EXPECT_EQ(Steps(WalkAll()).size(), 2);
}

// The store needs the disk more.
TEST_F(EventLogTest, GivesWayToAFullDisk) {
  {
    EventLog log(Options());
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(5, now_));
  }
  EventLog::Options options = Options();
  options.reserve = size_t{1} << 62;
  EventLog log(options);
  log.OnStart({.epoch = 2}, now_);
  log.OnSteps(Ticks(5, now_));
  ASSERT_TRUE(log.Flush(kPatience).ok());
  EXPECT_TRUE(ListSegments(options.folder).empty());
  EXPECT_GT(log.figures().failures, 0);
}

// Nothing is written onto a disk that has no room for it, and the core is not copied for nothing.
TEST_F(EventLogTest, RestsWhileTheDiskIsFull) {
  EventLog::Options options = Options();
  options.reserve = size_t{1} << 62;
  EventLog log(options);
  log.OnStart({.epoch = 1}, now_);
  log.OnSteps(Ticks(5, now_));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(log.Flush(kPatience).ok());
    EXPECT_FALSE(log.WantsCheckpoint());
  }
  EXPECT_EQ(log.figures().failures, 1);
  EXPECT_EQ(log.figures().dropped, 5);
  // One that was asked for before is not written either.
  log.OnCheckpoint("a checkpoint", now_);
  ASSERT_TRUE(log.Flush(kPatience).ok());
  EXPECT_TRUE(ListFiles(options.folder).empty());
  EXPECT_EQ(log.figures().bytes, 0);
}

// A segment that would have to go again before long is not begun, and nothing goes for it: else the core
// would be copied every few seconds, for nothing.
TEST_F(EventLogTest, RestsWhileTheDiskHasNoRoomForAWholeSegment) {
  {
    EventLog log(Options());
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(5, now_));
  }
  EventLog::Options options = Options();
  const size_t free = std::filesystem::space(options.folder).available;
  options.reserve = free / 2;
  options.segment_bytes = 2 * free;  // others use this disk, too
  options.bytes = 8 * free;
  EventLog log(options);
  log.OnStart({.epoch = 2}, now_);
  log.OnSteps(Ticks(5, now_));
  ASSERT_TRUE(log.Flush(kPatience).ok());
  EXPECT_FALSE(log.WantsCheckpoint());
  EXPECT_EQ(log.figures().failures, 1);
  EXPECT_EQ(log.figures().dropped, 5);
  EXPECT_EQ(Steps(WalkAll()).size(), 5);  // what was there stays
}

// A log that is too small for the fleet does not grow beyond its bound.
TEST_F(EventLogTest, ACheckpointThatIsTooLargeIsNotWritten) {
  EventLog::Options options = Options();
  options.bytes = 64 << 10;
  EventLog log(options);
  log.OnStart({.epoch = 1}, now_);
  log.OnSteps(Ticks(5, now_));
  log.OnCheckpoint(std::string(40 << 10, 'x'), now_);
  log.OnSteps(Ticks(7, now_));
  ASSERT_TRUE(log.Flush(kPatience).ok());
  EXPECT_LT(log.figures().bytes, 1 << 10);
  EXPECT_EQ(log.figures().failures, 1);
  EXPECT_EQ(log.figures().dropped, 7);
  EXPECT_EQ(Steps(WalkAll()).size(), 5);  // what was there stays
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(log.Flush(kPatience).ok());
    EXPECT_FALSE(log.WantsCheckpoint());  // before long
  }
}

// What a segment begins with counts before it is written.
TEST_F(EventLogTest, TheOldestGoesBeforeANewSegmentIsWritten) {
  EventLog::Options options = Options();
  options.bytes = 64 << 10;
  EventLog log(options);
  log.OnStart({.epoch = 1}, now_);
  log.OnSteps(Ticks(5, now_));
  for (int i = 0; i < 20; ++i) {
    log.OnCheckpoint(std::string(30 << 10, 'x'), now_);
    log.OnSteps(Ticks(5, now_));
    ASSERT_TRUE(log.Flush(kPatience).ok());
    ASSERT_LE(log.figures().bytes, options.bytes);
  }
  EXPECT_EQ(log.figures().dropped, 0);
  EXPECT_EQ(log.figures().failures, 0);
  const std::vector<EventLogFile> files = ListFiles(options.folder);
  ASSERT_EQ(files.size(), 2);
  // Also where the new one then cannot be made.
  std::filesystem::create_directory(SegmentPath(options.folder, files[1].number + 1));
  log.OnCheckpoint(std::string(30 << 10, 'x'), now_);
  ASSERT_TRUE(log.Flush(kPatience).ok());
  EXPECT_EQ(log.figures().failures, 1);
  EXPECT_FALSE(std::filesystem::exists(files[0].path));
  EXPECT_TRUE(std::filesystem::exists(files[1].path));
}

TEST_F(EventLogTest, AnEmptyLogIsSaid) {
  const auto result = RunReplay(Options().folder, {.since = now_}, {});
  EXPECT_TRUE(absl::IsNotFound(result.status()));
  EXPECT_TRUE(absl::StrContains(result.status().message(), "the event log is empty"));
}

// Else "nothing was decided" would be read as the answer.
TEST_F(EventLogTest, ADecisionThatIsNotInTheLogIsSaid) {
  absl::Time start;
  Policy policy;
  DecisionId known;
  {
    EventLog log(Options());
    Tale tale(3, &log);
    tale.Play();
    start = tale.world().start();
    policy = tale.policy();
    ASSERT_FALSE(tale.world().decisions().empty());
    known = tale.world().decisions().rbegin()->first;
  }
  ReplayQuestion question{.since = start, .decision = known};
  const auto found = RunReplay(Options().folder, question, {});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->decisions.size(), 1);
  question.decision = DecisionId{.epoch = 4711, .number = 1};
  for (const bool another_policy : {false, true}) {
    if (another_policy) question.policy = policy;
    const auto result = RunReplay(Options().folder, question, {});
    EXPECT_TRUE(absl::IsNotFound(result.status()));
    EXPECT_TRUE(absl::StrContains(result.status().message(), "decision 4711-1 was neither made nor changed"))
        << result.status();
    EXPECT_TRUE(absl::StrContains(result.status().message(),
                                  absl::FormatTime("from %Y-%m-%d", start, absl::UTCTimeZone())))
        << result.status();
  }
}

// It may lie where the log is damaged.
TEST_F(EventLogTest, WithADecisionThatIsNotInTheLogItIsSaidWhatIsMissing) {
  {
    EventLog log(Options());
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(10, now_));
  }
  const std::string path = SegmentPath(Options().folder, 1);
  std::ofstream(path, std::ios::app | std::ios::binary) << std::string(100, '\xff');
  const auto result =
      RunReplay(Options().folder,
                {.since = now_ - absl::Seconds(1), .decision = DecisionId{.epoch = 1, .number = 1}}, {});
  EXPECT_EQ(base::Detail(result.status(), base::kReasonKey), "DECISION_NOT_RECORDED") << result.status();
  EXPECT_TRUE(absl::StrContains(result.status().message(),
                                absl::StrCat("; the log's file ", path, " is damaged after ")))
      << result.status();
}

// However many came before it. Compared under another policy there is an end, which is not "it is not there".
TEST_F(EventLogTest, ADecisionIsFoundAmongMoreThanOneReplayTells) {
  Policy policy;
  absl::Time start;
  DecisionId last;
  {
    EventLog log(Options());
    Tale tale(3, &log);
    tale.Play();
    start = tale.world().start();
    policy = tale.policy();
    ASSERT_GT(tale.world().decisions().size(), 1);
    last = tale.world().decisions().rbegin()->first;
  }
  ReplayQuestion question{.since = start, .decision = last, .most_decisions = 1};
  const auto verified = RunReplay(Options().folder, question, {});
  ASSERT_TRUE(verified.ok()) << verified.status();
  ASSERT_EQ(verified->decisions.size(), 1);
  EXPECT_EQ(verified->decisions[0].recorded->id, last);
  EXPECT_FALSE(verified->truncated);
  question.policy = policy;
  const auto compared = RunReplay(Options().folder, question, {});
  EXPECT_EQ(compared.status().code(), absl::StatusCode::kResourceExhausted) << compared.status();
  EXPECT_EQ(base::Detail(compared.status(), base::kReasonKey), "REPLAY_TRUNCATED");
  EXPECT_TRUE(absl::StrContains(compared.status().message(), "is not among the first 1 from "))
      << compared.status();
}

TEST_F(EventLogTest, AReplayCanBeCancelled) {
  {
    EventLog log(Options());
    log.OnStart({.epoch = 1}, now_);
    log.OnSteps(Ticks(10'000, now_));
  }
  const auto result =
      RunReplay(Options().folder, {.since = now_ - absl::Hours(1)}, [](absl::Time) { return false; });
  EXPECT_TRUE(absl::IsCancelled(result.status()));
}

// As Kubernetes writes them.
PodObserved UsualPod() {
  return {.pod = {.cluster = "production", .name_space = "payments", .name = "checkout-api-6d8f7c9b54-x2x7p"},
          .facts = {.uid = "0d4a8a5e-8f0e-4c3b-9a44-7f0a8d2a1b6c",
                    .node = "ip-10-0-131-17.eu-central-1.compute.internal",
                    .phase = "Running",
                    .ready = true,
                    .controller = {.kind = "ReplicaSet",
                                   .name = "checkout-api-6d8f7c9b54",
                                   .uid = "7c1e5d0a-2b7f-4f8e-8f0b-0a9d8c7b6a5f"}}};
}

// Figures for coordinator/DESIGN.md, printed: a hundred nodes with thirty pods each, listed, then quiet for a
// minute, then a death.
TEST_F(EventLogTest, TellsItsVolume) {
  EventLog log(Options());
  Tape tape(1000);
  Both both(tape, log);
  simulation::World world(nullptr);
  world.host().Record(&both);
  const auto written = [&log] {
    EXPECT_TRUE(log.Flush(kPatience).ok());
    return log.figures();
  };
  for (int i = 0; i < 100; ++i) world.AddNode(absl::StrCat("node-", i), absl::StrCat("zone-", i % 3));
  for (int i = 0; i < 100; ++i) world.Deploy({.name = absl::StrCat("web-", i), .replicas = 30});
  world.Start();
  world.Advance(absl::Seconds(10));
  const uint64_t listed = tape.steps();
  const EventLog::Figures before = written();
  world.Advance(absl::Minutes(1));
  const EventLog::Figures quiet = written();
  world.PowerOff("node-7");
  world.Advance(absl::Seconds(10));
  const EventLog::Figures dead = written();
  size_t checkpoint = 0;
  for (const LogItem& item : tape.items()) {
    if (const auto* state = std::get_if<LogCheckpoint>(&item)) checkpoint = state->state.size();
  }
  std::cout << "{\"list_steps\": " << listed << ", \"quiet_steps_a_minute\": " << quiet.steps - before.steps
            << ", \"quiet_bytes_a_minute\": " << quiet.bytes - before.bytes
            << ", \"death_steps\": " << dead.steps - quiet.steps
            << ", \"death_bytes\": " << dead.bytes - quiet.bytes
            << ", \"usual_pod_event_bytes\": " << ToRecord(Event(UsualPod())).ByteSizeLong()
            << ", \"checkpoint_bytes\": " << checkpoint << "}\n";
  EXPECT_GT(quiet.steps, before.steps);
  EXPECT_LT(quiet.bytes - before.bytes, 10'000);  // ticks and nothing else
}

}  // namespace
}  // namespace evenkeel::replay
