#include "coordinator/store/rocks_database.h"

#include <rocksdb/cache.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>
#include <random>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "coordinator/store/answers.h"

namespace evenkeel::coordinator {
namespace {

constexpr char kMetaKey[] = "meta";
constexpr const char* kFamilyNames[RocksDatabase::kFamilies] = {
    "meta", "decisions", "nodes", "policies", "clusters", "maintenances", "scalers", "switches", "standings"};

constexpr size_t kKibibyte = 1024;
constexpr size_t kMebibyte = 1024 * kKibibyte;

rocksdb::DBOptions SmallDatabase(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  if (env != nullptr) options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // A torn last record is what a loss of power leaves and was never promised to anybody; anything else that
  // is wrong with the log would silently lose committed decisions, so it is refused.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // After an error the process stops and a new one looks at what the disk holds.
  options.max_bgerror_resume_count = 0;
  options.db_write_buffer_size = 4 * kMebibyte;
  options.max_total_wal_size = 8 * kMebibyte;
  options.max_manifest_file_size = 1 * kMebibyte;
  options.max_open_files = 64;
  options.max_file_opening_threads = 1;
  options.max_background_jobs = 2;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_log_file_size = 256 * kKibibyte;
  options.keep_log_file_num = 2;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions SmallFamily(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = 1 * kMebibyte;
  options.max_write_buffer_number = 2;
  options.target_file_size_base = 4 * kMebibyte;
  options.max_bytes_for_level_base = 16 * kMebibyte;
  options.compression = rocksdb::kNoCompression;  // what is there to compress is bounded already
  return options;
}

std::string NewStoreId() {
  std::random_device random;
  return absl::StrFormat("%08x%08x%08x%08x", random(), random(), random(), random());
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status, absl::string_view doing, absl::string_view path) {
  if (status.ok()) return absl::OkStatus();
  const std::string cause = absl::StrCat("cannot ", doing, " in ", path, ": ", status.ToString());
  if (status.IsNoSpace()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(cause, ". The disk is full: free space or enlarge the volume, then start again"));
  }
  if (status.IsCorruption()) {
    return absl::DataLossError(absl::StrCat(
        cause,
        ". The store is damaged: put a checkpoint in its place, or move the folder away to start "
        "with an empty store (decisions and policies are lost then)"));
  }
  if (status.IsIOError() && absl::StrContains(status.ToString(), "LOCK")) {
    return absl::FailedPreconditionError(
        absl::StrCat("another coordinator has the store in ", path,
                     " open: stop it, or give this one a folder of its own (", status.ToString(), ")"));
  }
  if (status.IsInvalidArgument() && absl::StrContains(status.ToString(), "olumn famil")) {
    return absl::FailedPreconditionError(absl::StrCat(
        cause, ". A newer coordinator wrote this store: use that version again, or a newer one"));
  }
  return absl::UnavailableError(
      absl::StrCat(cause, ". Check the volume and the permissions of the folder, then start again"));
}

// Keeps the first error that RocksDB met outside of a write of ours, as in a flush or a compaction.
class RocksDatabase::ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(std::string path) : path_(std::move(path)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status* status) override {
    absl::MutexLock lock(&mutex_);
    if (!first_.ok()) return;
    first_ = FromRocks(*status, "tidy up the store", path_);
    log::Error("the store failed in the background", {{"error", first_}});
  }

  absl::Status first() const {
    absl::MutexLock lock(&mutex_);
    return first_;
  }

 private:
  const std::string path_;
  mutable absl::Mutex mutex_;
  absl::Status first_ ABSL_GUARDED_BY(mutex_);
};

RocksDatabase::RocksDatabase(Options options)
    : options_(std::move(options)), listener_(std::make_shared<ErrorListener>(options_.path)) {}

RocksDatabase::~RocksDatabase() {
  if (database_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : handles_) database_->DestroyColumnFamilyHandle(handle);
  database_->DestroyColumnFamilyHandle(default_handle_);
}

absl::StatusOr<std::unique_ptr<RocksDatabase>> RocksDatabase::Open(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.path, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot make the store's folder ", options.path, ": ",
                                               error.message(),
                                               ". Choose a folder that this user may write to"));
  }
  std::unique_ptr<RocksDatabase> database(new RocksDatabase(options));
  EVENKEEL_RETURN_IF_ERROR(database->OpenFiles());
  EVENKEEL_RETURN_IF_ERROR(database->CheckMeta());
  return database;
}

absl::Status RocksDatabase::OpenFiles() {
  rocksdb::DBOptions options = SmallDatabase(options_.env);
  options.listeners.push_back(listener_);
  const rocksdb::ColumnFamilyOptions family = SmallFamily(rocksdb::NewLRUCache(1 * kMebibyte));
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, family);  // RocksDB wants it; it stays empty
  for (const char* name : kFamilyNames) families.emplace_back(name, family);

  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, options_.path, families, &handles, &opened);
  EVENKEEL_RETURN_IF_ERROR(FromRocks(status, "open the store", options_.path));
  database_.reset(opened);
  default_handle_ = handles[0];
  for (size_t family_index = 0; family_index < kFamilies; ++family_index) {
    handles_[family_index] = handles[family_index + 1];
  }
  return absl::OkStatus();
}

bool RocksDatabase::HoldsRecords() const {
  for (const Family family :
       {kDecisions, kNodes, kPolicies, kClusters, kMaintenances, kScalers, kSwitches, kStandings}) {
    const std::unique_ptr<rocksdb::Iterator> scan = Scan(family);
    scan->SeekToFirst();
    if (scan->Valid()) return true;
  }
  return false;
}

absl::Status RocksDatabase::CheckMeta() {
  absl::MutexLock lock(&mutex_);
  const absl::StatusOr<std::string> bytes = Get(kMeta, kMetaKey);
  if (absl::IsNotFound(bytes.status())) {
    if (HoldsRecords()) {
      return absl::DataLossError(absl::StrCat("the store in ", options_.path,
                                              " holds records but has lost the one that says what it is: "
                                              "put a checkpoint in its place, or move the folder away"));
    }
    meta_.set_format_version(kStoreFormatVersion);
    meta_.set_identity(options_.identity);
    meta_.set_store_id(NewStoreId());
    rocksdb::WriteBatch batch;
    EVENKEEL_RETURN_IF_ERROR(
        FromRocks(batch.Put(handles_[kMeta], kMetaKey, meta_.SerializeAsString()), "make", options_.path));
    EVENKEEL_RETURN_IF_ERROR(WriteSynced(batch));
    log::Info("made a new store", {{"path", options_.path}, {"store_id", meta_.store_id()}});
  } else {
    EVENKEEL_RETURN_IF_ERROR(bytes.status());
    if (!meta_.ParseFromString(*bytes) || meta_.store_id().empty()) {
      return absl::DataLossError(
          absl::StrCat("the record that says what the store in ", options_.path,
                       " is cannot be read: put a checkpoint in its place, or move the "
                       "folder away to start with an empty store"));
    }
  }
  if (meta_.format_version() != kStoreFormatVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store in ", options_.path, " has format version ", meta_.format_version(),
                     " and this coordinator knows ", kStoreFormatVersion,
                     " only: use the coordinator that wrote it, or a newer one"));
  }
  if (meta_.identity() != options_.identity) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store in ", options_.path, " belongs to \"", meta_.identity(), "\" and this coordinator is \"",
        options_.identity, "\": give it the folder that is its own, or the name that the store has"));
  }
  store_id_ = meta_.store_id();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> RocksDatabase::RaiseEpoch() {
  absl::MutexLock lock(&mutex_);
  meta_.set_epoch(meta_.epoch() + 1);
  rocksdb::WriteBatch batch;
  EVENKEEL_RETURN_IF_ERROR(FromRocks(batch.Put(handles_[kMeta], kMetaKey, meta_.SerializeAsString()),
                                     "raise the epoch", options_.path));
  EVENKEEL_RETURN_IF_ERROR(WriteSynced(batch));
  return meta_.epoch();
}

absl::Status RocksDatabase::Write(rocksdb::WriteBatch& batch, uint64_t epoch) {
  absl::MutexLock lock(&mutex_);
  if (meta_.epoch() != epoch) return SupersededEpoch(epoch, meta_.epoch());
  return WriteSynced(batch);
}

absl::Status RocksDatabase::WriteSynced(rocksdb::WriteBatch& batch) {
  if (broken_.ok()) broken_ = listener_->first();
  if (!broken_.ok()) return broken_;
  rocksdb::WriteOptions options;
  options.sync = true;
  broken_ = FromRocks(database_->Write(options, &batch), "write to the store", options_.path);
  return broken_;
}

absl::StatusOr<std::string> RocksDatabase::Get(Family family, const std::string& key) const {
  std::string value;
  const rocksdb::Status status = database_->Get(rocksdb::ReadOptions(), handles_[family], key, &value);
  if (status.IsNotFound()) return absl::NotFoundError("");
  EVENKEEL_RETURN_IF_ERROR(FromRocks(status, "read from the store", options_.path));
  return value;
}

std::unique_ptr<rocksdb::Iterator> RocksDatabase::Scan(Family family) const {
  return std::unique_ptr<rocksdb::Iterator>(database_->NewIterator(rocksdb::ReadOptions(), handles_[family]));
}

absl::Status RocksDatabase::Checkpoint(const std::string& path) const {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(database_.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(path);
  if (status.IsInvalidArgument()) {
    return absl::AlreadyExistsError(absl::StrCat("cannot make a checkpoint in ", path, ": ",
                                                 status.ToString(),
                                                 ". Name a folder that does not exist yet"));
  }
  return FromRocks(status, "make a checkpoint", path);
}

}  // namespace evenkeel::coordinator
