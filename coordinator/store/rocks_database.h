// RocksDB as RocksStore needs it: opened with small buffers, identity and format checked, writes synced and
// fenced by epoch, errors in words that say what to do. Internal to store/.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "evenkeel/storage/v1/records.pb.h"

namespace evenkeel::coordinator {

inline constexpr uint32_t kStoreFormatVersion = 1;

// `doing`: what failed, as "write to the store". Disk full is RESOURCE_EXHAUSTED, damage DATA_LOSS, a lock
// that another process holds FAILED_PRECONDITION, all else UNAVAILABLE; each with a cure.
absl::Status FromRocks(const rocksdb::Status& status, absl::string_view doing, absl::string_view path);

class RocksDatabase {
 public:
  enum Family : size_t {
    kMeta,
    kDecisions,
    kNodes,
    kPolicies,
    kClusters,
    kMaintenances,
    kScalers,
    kSwitches,
    kStandings,
    kFamilies
  };

  struct Options {
    std::string path;
    std::string identity;
    rocksdb::Env* env = nullptr;  // none = the machine's; tests put a failing disk here
  };

  static absl::StatusOr<std::unique_ptr<RocksDatabase>> Open(const Options& options);
  ~RocksDatabase();
  RocksDatabase(const RocksDatabase&) = delete;
  RocksDatabase& operator=(const RocksDatabase&) = delete;

  // Makes the epoch one higher, durably, and returns it.
  absl::StatusOr<uint64_t> RaiseEpoch();

  // Writes the batch, synced, if `epoch` is still the highest (L7). After a failure all further writes are
  // refused: what is on the disk is not known any more.
  absl::Status Write(rocksdb::WriteBatch& batch, uint64_t epoch);

  // NOT_FOUND is the only error without a message: the caller knows what it asked for.
  absl::StatusOr<std::string> Get(Family family, const std::string& key) const;
  std::unique_ptr<rocksdb::Iterator> Scan(Family family) const;
  absl::Status Checkpoint(const std::string& path) const;

  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[family]; }
  const std::string& store_id() const { return store_id_; }
  const std::string& path() const { return options_.path; }

 private:
  class ErrorListener;

  explicit RocksDatabase(Options options);
  absl::Status OpenFiles();
  absl::Status CheckMeta();
  bool HoldsRecords() const;
  absl::Status WriteSynced(rocksdb::WriteBatch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  std::shared_ptr<ErrorListener> listener_;
  std::unique_ptr<rocksdb::DB> database_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> handles_{};
  rocksdb::ColumnFamilyHandle* default_handle_ = nullptr;
  std::string store_id_;

  absl::Mutex mutex_;
  storage::v1::Meta meta_ ABSL_GUARDED_BY(mutex_);
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::coordinator
