#include "coordinator/store/rocks_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "coordinator/store/rocks_database.h"
#include "tests/unit/store/samples.h"
#include "tests/unit/store/temporary_folder.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A disk that keeps nothing before it is synced, as a machine does that loses power, and that can be full.
class HonestDisk final : public rocksdb::EnvWrapper {
 public:
  HonestDisk() : rocksdb::EnvWrapper(rocksdb::Env::Default()) {}

  rocksdb::Status NewWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    const rocksdb::Status status = target()->NewWritableFile(name, file, options);
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), *this);
    return status;
  }

  std::atomic<bool> full = false;
  std::atomic<int> syncs = 0;

 private:
  class File final : public rocksdb::WritableFileWrapper {
   public:
    File(std::unique_ptr<rocksdb::WritableFile> file, HonestDisk& disk)
        : rocksdb::WritableFileWrapper(file.get()), file_(std::move(file)), disk_(disk) {}

    rocksdb::Status Append(const rocksdb::Slice& data) override {
      if (disk_.full) return rocksdb::Status::NoSpace("no room on the test's disk");
      unsynced_.append(data.data(), data.size());
      return rocksdb::Status::OK();
    }
    rocksdb::Status Append(const rocksdb::Slice& data, const rocksdb::DataVerificationInfo&) override {
      return Append(data);
    }
    rocksdb::Status Flush() override { return rocksdb::Status::OK(); }
    rocksdb::Status Sync() override {
      ++disk_.syncs;
      const rocksdb::Status status = WriteThrough();
      return status.ok() ? file_->Sync() : status;
    }
    rocksdb::Status Fsync() override { return Sync(); }
    rocksdb::Status Close() override {
      const rocksdb::Status status = WriteThrough();
      return status.ok() ? file_->Close() : status;
    }
    uint64_t GetFileSize() override { return file_->GetFileSize() + unsynced_.size(); }

   private:
    rocksdb::Status WriteThrough() {
      const rocksdb::Status status = file_->Append(unsynced_);
      unsynced_.clear();
      return status.ok() ? file_->Flush() : status;
    }

    const std::unique_ptr<rocksdb::WritableFile> file_;
    HonestDisk& disk_;
    std::string unsynced_;
  };
};

// The power fails in a child process; so the path must be the same in both.
class RocksStoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  RocksStoreTest() {
    const char* inherited = ::testing::internal::InDeathTestChild() ? std::getenv(kFolderVariable) : nullptr;
    if (inherited != nullptr) {
      path_ = inherited;
    } else {
      folder_ = std::make_unique<evenkeel::testing::TemporaryFolder>();
      path_ = folder_->path() + "/state/store";
      ::setenv(kFolderVariable, path_.c_str(), 1);
    }
  }

  std::shared_ptr<RocksDatabase> OpenDatabase(rocksdb::Env* env = nullptr) {
    auto database = RocksDatabase::Open({.path = path_, .identity = "blue", .env = env});
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }

  absl::Status Reopened(const std::string& identity = "blue") {
    return RocksStore::At({.path = path_, .identity = identity}).status();
  }

  static constexpr char kFolderVariable[] = "EVENKEEL_ROCKS_STORE_TEST_FOLDER";
  std::unique_ptr<evenkeel::testing::TemporaryFolder> folder_;
  std::string path_;
};

// Each Commit is synced before it returns: when power is lost right after it, all of it is there, and nothing
// of what was written without a Commit.
TEST_F(RocksStoreTest, CommittedSurvivesLossOfPower) {
  EXPECT_EXIT(
      {
        HonestDisk disk;
        RocksStore store(OpenDatabase(&disk), {});
        const bool open = store.Open().ok();
        const bool first = store.Commit({PutDecision{SampleDecision({1, 1})}}).ok();
        const bool second =
            store.Commit({PutDecision{SampleDecision({1, 2})}, PutNodeRecord{SampleNode("node-7")}}).ok();
        ::_exit(open && first && second ? 42 : 1);
      },
      ::testing::ExitedWithCode(42), "");

  RocksStore store(OpenDatabase(), {});
  const auto restored = store.Open();
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->epoch, 2u);
  EXPECT_THAT(restored->open_decisions, ElementsAre(SampleDecision({1, 1}), SampleDecision({1, 2})));
  EXPECT_THAT(restored->nodes, ElementsAre(SampleNode("node-7")));
}

// However many writes it holds, a Commit costs one sync; that is what makes group commit cheap.
TEST_F(RocksStoreTest, CommitSyncsOnce) {
  HonestDisk disk;
  {
    RocksStore store(OpenDatabase(&disk), {});
    ASSERT_TRUE(store.Open().ok());
    const int before = disk.syncs;
    std::vector<Write> writes;
    for (uint64_t number = 1; number <= 100; ++number) {
      writes.push_back(PutDecision{SampleDecision({1, number})});
    }
    ASSERT_TRUE(store.Commit(writes).ok());
    EXPECT_EQ(disk.syncs - before, 1);
  }
}

// A full disk is said as such, with what to do; and after one failed write nothing more is written, because
// nobody knows what the disk holds.
TEST_F(RocksStoreTest, FullDiskIsAnErrorWithACure) {
  HonestDisk disk;
  {
    RocksStore store(OpenDatabase(&disk), {});
    ASSERT_TRUE(store.Open().ok());
    ASSERT_TRUE(store.Commit({PutDecision{SampleDecision({1, 1})}}).ok());
    disk.full = true;
    const absl::Status failed = store.Commit({PutDecision{SampleDecision({1, 2})}});
    EXPECT_EQ(failed.code(), absl::StatusCode::kResourceExhausted) << failed;
    EXPECT_THAT(std::string(failed.message()), HasSubstr("free space"));
    disk.full = false;
    EXPECT_EQ(store.Commit({PutDecision{SampleDecision({1, 3})}}), failed);
  }
  RocksStore store(OpenDatabase(), {});
  EXPECT_THAT(store.Open()->open_decisions, ElementsAre(SampleDecision({1, 1})));
}

// One folder, one coordinator: the second is told so.
TEST_F(RocksStoreTest, SecondCoordinatorIsRefused) {
  const auto first = OpenDatabase();
  const absl::Status status = Reopened();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another coordinator has the store"));
}

// The store of another installation is refused, by both names.
TEST_F(RocksStoreTest, ForeignStoreIsRefused) {
  OpenDatabase();
  const absl::Status status = Reopened("green");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("belongs to \"blue\""));
  EXPECT_TRUE(Reopened("blue").ok());
}

// The store keeps its id from its making on, and two stores never share one.
TEST_F(RocksStoreTest, StoreIdIsItsOwnAndStays) {
  const std::string id = OpenDatabase()->store_id();
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(OpenDatabase()->store_id(), id);
  path_ += "-other";
  EXPECT_NE(OpenDatabase()->store_id(), id);
}

void PutMeta(RocksDatabase& database, const std::string& bytes) {
  rocksdb::WriteBatch batch;
  ASSERT_TRUE(batch.Put(database.handle(RocksDatabase::kMeta), "meta", bytes).ok());
  ASSERT_TRUE(database.Write(batch, 0).ok());
}

// A meta record that cannot be read means damage: refused with the cure, not overwritten.
TEST_F(RocksStoreTest, DamagedMetaIsRefused) {
  PutMeta(*OpenDatabase(), "\xff\xff not a record");
  const absl::Status status = Reopened();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("checkpoint"));
  EXPECT_EQ(Reopened(), status);
}

// A store without its meta record but with records is damaged and not new.
TEST_F(RocksStoreTest, LostMetaIsRefused) {
  {
    const auto database = OpenDatabase();
    rocksdb::WriteBatch batch;
    ASSERT_TRUE(batch.Delete(database->handle(RocksDatabase::kMeta), "meta").ok());
    ASSERT_TRUE(batch.Put(database->handle(RocksDatabase::kPolicies), "failover", "x").ok());
    ASSERT_TRUE(database->Write(batch, 0).ok());
  }
  EXPECT_EQ(Reopened().code(), absl::StatusCode::kDataLoss);
}

// A store of a coordinator that knew no scalers is read whole, and keeps scalers from then on.
TEST_F(RocksStoreTest, StoreWithoutScalersIsTakenOver) {
  {
    RocksStore store(OpenDatabase(), {});
    ASSERT_TRUE(store.Open().ok());
    ASSERT_TRUE(store.Commit({PutPolicy{SamplePolicy("failover")}, PutNodeRecord{SampleNode("n")}}).ok());
  }
  {
    std::vector<std::string> names;
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path_, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, path_, families, &handles, &opened).ok());
    const std::unique_ptr<rocksdb::DB> database(opened);
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      if (handle->GetName() != "scalers") continue;
      ASSERT_TRUE(database->DropColumnFamily(handle).ok());
    }
    for (rocksdb::ColumnFamilyHandle* handle : handles) database->DestroyColumnFamilyHandle(handle);
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path_, &names).ok());
    ASSERT_THAT(names, ::testing::Not(::testing::Contains("scalers")));
  }
  {
    RocksStore store(OpenDatabase(), {});
    const auto restored = store.Open();
    ASSERT_TRUE(restored.ok()) << restored.status();
    EXPECT_THAT(restored->policies, ElementsAre(SamplePolicy("failover")));
    EXPECT_THAT(restored->nodes, ElementsAre(SampleNode("n")));
    EXPECT_THAT(restored->scalers, ::testing::IsEmpty());
    ASSERT_TRUE(store.Commit({PutScalerRecord{SampleScaler("web")}}).ok());
  }
  RocksStore store(OpenDatabase(), {});
  EXPECT_THAT(store.Open()->scalers, ElementsAre(SampleScaler("web")));
}

// A format that only a newer coordinator knows is left alone.
TEST_F(RocksStoreTest, NewerFormatIsRefused) {
  storage::v1::Meta meta;
  meta.set_format_version(kStoreFormatVersion + 1);
  meta.set_identity("blue");
  meta.set_store_id("id");
  PutMeta(*OpenDatabase(), meta.SerializeAsString());
  const absl::Status status = Reopened();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("format version 2"));
}

// A record that cannot be read stops the start: an intent that is skipped over would be a decision lost.
TEST_F(RocksStoreTest, DamagedRecordStopsTheStart) {
  {
    const auto database = OpenDatabase();
    rocksdb::WriteBatch batch;
    ASSERT_TRUE(batch.Put(database->handle(RocksDatabase::kNodes), "x", "\xff\xff").ok());
    ASSERT_TRUE(database->Write(batch, 0).ok());
  }
  RocksStore store(OpenDatabase(), {});
  EXPECT_EQ(store.Open().status().code(), absl::StatusCode::kDataLoss);
}

// Bits that fell over on the disk are noticed and said.
TEST_F(RocksStoreTest, FlippedBitsAreNoticed) {
  {
    RocksStore store(OpenDatabase(), {});
    ASSERT_TRUE(store.Open().ok());
    for (uint64_t number = 1; number <= 20; ++number) {
      ASSERT_TRUE(store.Commit({PutDecision{SampleDecision({1, number})}}).ok());
    }
  }
  // In the middle of the log: what follows is good, so that this is no torn end.
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    if (entry.path().extension() != ".log" || entry.file_size() < 4096) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file.write("\x5a\xa5\x5a\xa5", 4);
  }
  const absl::Status status = Reopened();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
}

// A checkpoint holds all that was committed before it, opens like any store, and never grows afterwards.
TEST_F(RocksStoreTest, CheckpointIsAWholeStore) {
  RocksStore store(OpenDatabase(), {});
  ASSERT_TRUE(store.Open().ok());
  ASSERT_TRUE(store.Commit({PutDecision{SampleDecision({1, 1})}, PutPolicy{SamplePolicy("failover")}}).ok());
  const std::string copy = path_ + "-copy";
  ASSERT_TRUE(store.Checkpoint(copy).ok());
  ASSERT_TRUE(store.Commit({PutDecision{SampleDecision({1, 2})}}).ok());
  EXPECT_EQ(store.Checkpoint(copy).code(), absl::StatusCode::kAlreadyExists);

  auto opened = RocksStore::At({.path = copy, .identity = "blue"});
  ASSERT_TRUE(opened.ok()) << opened.status();
  const auto restored = (*opened)->Open();
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_THAT(restored->open_decisions, ElementsAre(SampleDecision({1, 1})));
  EXPECT_THAT(restored->policies, ElementsAre(SamplePolicy("failover")));
}

// A folder that cannot be made is said by name.
TEST_F(RocksStoreTest, ImpossibleFolderIsNamed) {
  path_ = "/proc/evenkeel/store";
  const absl::Status status = Reopened();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
}

// A long history stays within a small multiple of its bound on the disk, and its logs stay small too.
TEST_F(RocksStoreTest, DiskUseIsBounded) {
  constexpr size_t kBound = 1 << 20;
  {
    RocksStore store(OpenDatabase(), {.age = absl::InfiniteDuration(), .bytes = kBound});
    ASSERT_TRUE(store.Open().ok());
    Decision decision = SampleDecision({1, 1}, DecisionState::kSucceeded);
    decision.outcome = std::string(20'000, 'x');
    for (uint64_t batch = 0; batch < 100; ++batch) {
      std::vector<Write> writes;
      for (uint64_t i = 0; i < 20; ++i) {
        ++decision.id.number;
        writes.push_back(PutDecision{decision});
      }
      ASSERT_TRUE(store.Commit(writes).ok());
    }
    const auto page = store.ListDecisions({}, std::nullopt, 1000);
    ASSERT_TRUE(page.ok());
    EXPECT_GT(page->decisions.size(), 45u);
    EXPECT_LT(page->decisions.size(), 53u);
  }
  size_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) bytes += entry.file_size();
  EXPECT_LT(bytes, 24 * kBound);  // of 40 MB that were written
}

}  // namespace
}  // namespace evenkeel::coordinator
