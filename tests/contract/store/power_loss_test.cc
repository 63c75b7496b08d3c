// RocksDB under loss of power, failing syncs and a full disk, at every single write and sync of a run: what
// was acknowledged is there afterwards, batches are whole, and the store opens again (L3, L4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/store/rocks_database.h"
#include "coordinator/store/rocks_store.h"
#include "tests/contract/store/lossy_disk.h"
#include "tests/unit/store/samples.h"
#include "tests/unit/store/temporary_folder.h"

namespace evenkeel::coordinator {
namespace {

using evenkeel::testing::LossyDisk;
using ::testing::AnyOf;
using ::testing::HasSubstr;

struct Story {
  int starts = 1;
  int batches = 2;       // after each start
  size_t payload = 100;  // bytes in each decision: with many, tables are written and logs change
};

// A coordinator's life: it starts, commits batch after batch, and may be started again. After batch N
// there is decision N, policy "latest" with the etag N, and node "n<N>" but no other node.
class Life {
 public:
  Life(std::string path, rocksdb::Env* env, const Story& story)
      : path_(std::move(path)), env_(env), story_(story) {}

  // Until the end or the first error, which is kept.
  void Live() {
    error_ = absl::OkStatus();
    for (int start = 0; start < story_.starts; ++start) {
      auto database = RocksDatabase::Open({.path = path_, .identity = "blue", .env = env_});
      if (!database.ok()) return End(database.status());
      RocksStore store(*std::move(database), {});
      const auto restored = store.Open();
      if (!restored.ok()) return End(restored.status());
      acknowledged_epoch_ = restored->epoch;
      for (int i = 0; i < story_.batches; ++i) {
        ++begun_;
        const absl::Status committed = store.Commit(Batch(begun_));
        if (!committed.ok()) {
          // Nothing is known of the disk any more, so nothing more is written to it.
          EXPECT_EQ(store.Commit(Batch(begun_ + 1)), committed);
          return End(committed);
        }
        acknowledged_ = begun_;
      }
    }
  }

  // What a new coordinator finds.
  void Check() const {
    auto database = RocksDatabase::Open({.path = path_, .identity = "blue", .env = env_});
    ASSERT_TRUE(database.ok()) << database.status();
    RocksStore store(*std::move(database), {});
    const auto restored = store.Open();
    ASSERT_TRUE(restored.ok()) << restored.status();
    EXPECT_GT(restored->epoch, acknowledged_epoch_);
    const uint64_t found = restored->open_decisions.size();
    EXPECT_GE(found, acknowledged_) << "what was acknowledged is lost";
    EXPECT_LE(found, begun_) << "more than was written";
    for (uint64_t number = 1; number <= found; ++number) {
      EXPECT_EQ(restored->open_decisions[number - 1], Made(number));
    }
    ASSERT_EQ(restored->nodes.size(), found == 0 ? 0 : 1) << "half of a batch";
    ASSERT_EQ(restored->policies.size(), found == 0 ? 0 : 1) << "half of a batch";
    if (found == 0) return;
    EXPECT_EQ(restored->nodes[0].key.node, absl::StrCat("n", found)) << "half of a batch";
    EXPECT_EQ(restored->policies[0].etag, absl::StrCat(found)) << "half of a batch";
    EXPECT_TRUE(store.Commit(Batch(found + 1)).ok()) << "it cannot go on";
  }

  const absl::Status& error() const { return error_; }

 private:
  void End(const absl::Status& error) { error_ = error; }

  Decision Made(uint64_t number) const {
    Decision decision = SampleDecision({1, number});
    decision.outcome = std::string(story_.payload, static_cast<char>('a' + number % 26));
    return decision;
  }
  std::vector<Write> Batch(uint64_t number) const {
    Policy policy = SamplePolicy("latest");
    policy.etag = absl::StrCat(number);
    return {PutDecision{Made(number)}, DeleteNodeRecord{SampleNode(absl::StrCat("n", number - 1)).key},
            PutNodeRecord{SampleNode(absl::StrCat("n", number))}, PutPolicy{policy}};
  }

  const std::string path_;
  rocksdb::Env* const env_;
  const Story story_;
  uint64_t begun_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t acknowledged_epoch_ = 0;
  absl::Status error_;
};

class PowerLossTest : public ::testing::Test {
 protected:
  // One life with `fault` at its `point`th operation, then a loss of power, then a look. False: the life was
  // over before.
  bool FailsAt(LossyDisk::Fault fault, int64_t point, LossyDisk::Unsynced unsynced, const Story& story) {
    SCOPED_TRACE(absl::StrCat("point ", point, ", what is not synced: ", static_cast<int>(unsynced)));
    const evenkeel::testing::TemporaryFolder folder;
    const auto disk = std::make_shared<LossyDisk>();
    const std::unique_ptr<rocksdb::Env> env = LossyDisk::MakeEnv(disk);
    Life life(folder.path() + "/store", env.get(), story);
    disk->Arrange(fault, point);
    life.Live();
    const bool met = disk->met();
    if (!life.error().ok()) {
      EXPECT_TRUE(met) << life.error();
      EXPECT_THAT(std::string(life.error().message()), HasSubstr(folder.path()));
      EXPECT_THAT(std::string(life.error().message()), AnyOf(HasSubstr("start again"), HasSubstr("stop it")));
      if (fault == LossyDisk::Fault::kDiskIsFull) {
        EXPECT_EQ(life.error().code(), absl::StatusCode::kResourceExhausted) << life.error();
        EXPECT_THAT(std::string(life.error().message()), HasSubstr("free space"));
      }
    }
    disk->CutPower();
    disk->Start(unsynced);
    life.Check();
    return met;
  }

  // Every `stride`th operation that `fault` can hit, until one lies behind the end.
  void FailEverywhere(LossyDisk::Fault fault, LossyDisk::Unsynced unsynced, const Story& story,
                      int64_t stride) {
    int64_t points = 0;
    for (int64_t point = 1; FailsAt(fault, point, unsynced, story); point += stride) {
      ++points;
      if (HasFailure()) return;
    }
    std::printf("failed at %d points\n", static_cast<int>(points));
    EXPECT_GT(points, 2) << "too little happened for the test to say anything";
  }
};

constexpr auto kPower = LossyDisk::Fault::kPowerFails;
constexpr auto kSync = LossyDisk::Fault::kSyncFails;
constexpr auto kFull = LossyDisk::Fault::kDiskIsFull;
constexpr auto kLost = LossyDisk::Unsynced::kLost;
constexpr auto kKept = LossyDisk::Unsynced::kKept;
constexpr auto kTorn = LossyDisk::Unsynced::kTorn;

constexpr Story kShort = {};
constexpr Story kTwoStarts = {.starts = 2};
constexpr Story kManyTables = {.starts = 2, .batches = 12, .payload = 400'000};

// Without a fault all is there: the test's own yardstick.
TEST_F(PowerLossTest, WithoutAFaultAllIsThere) {
  EXPECT_FALSE(FailsAt(kPower, 1'000'000, kLost, kManyTables));
}

// Power fails; whatever of the unsynced writes reached the disk.
TEST_F(PowerLossTest, PowerFailsAtEveryPoint) {
  FailEverywhere(kPower, kLost, kShort, 1);
  FailEverywhere(kPower, kKept, kShort, 5);
  FailEverywhere(kPower, kTorn, kShort, 5);
  FailEverywhere(kPower, kLost, kTwoStarts, 11);
}

// The same while tables are written and logs change.
TEST_F(PowerLossTest, PowerFailsWhileTablesAreWritten) {
  FailEverywhere(kPower, kLost, kManyTables, 29);
  FailEverywhere(kPower, kTorn, kManyTables, 37);
}

// A sync fails, and the disk forgets what it should have synced: the store says so and stops.
TEST_F(PowerLossTest, SyncFailsAtEveryPoint) {
  FailEverywhere(kSync, kLost, kShort, 1);
  FailEverywhere(kSync, kKept, kShort, 5);
  FailEverywhere(kSync, kLost, kManyTables, 19);
}

// The disk is full: said as such, with what to do; with room it goes on.
TEST_F(PowerLossTest, DiskIsFullAtEveryPoint) {
  FailEverywhere(kFull, kLost, kShort, 4);
  FailEverywhere(kFull, kKept, kManyTables, 29);
}

}  // namespace
}  // namespace evenkeel::coordinator
