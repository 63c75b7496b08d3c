#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace evenkeel::testing {

// A file system in memory that keeps of a loss of power what a real one must keep and nothing else: of a file
// the bytes that were synced, of a folder the entries that were there when the folder was synced. What was
// not synced may survive in part; which part is for the test to choose, so that it can be the worst.
//
// Threading: any. RocksDB's own threads use it too, so the count of operations up to a point of a test may
// differ by a few between two runs.
class LossyDisk final : public rocksdb::FileSystemWrapper {
 public:
  // What survives of that which was not synced.
  enum class Unsynced {
    kLost,
    kKept,  // the machine was idle long enough: all of it
    kTorn,  // the first half of each file's unsynced bytes, and no entry of a folder
  };
  // What happens at an operation that was chosen.
  enum class Fault {
    kPowerFails,  // any operation: it and all after it fail and do nothing
    kSyncFails,   // a sync: it fails, and what it should have synced never will be
    kDiskIsFull,  // a write: it fails, and so do all writes after it, until Start
  };

  LossyDisk();

  const char* Name() const override { return "LossyDisk"; }

  // An environment for rocksdb::Options that lies on this disk. `disk` lives as long as it.
  static std::unique_ptr<rocksdb::Env> MakeEnv(const std::shared_ptr<LossyDisk>& disk);

  // `fault` at the `number`th operation of its kind from now (1 = the next).
  void Arrange(Fault fault, int64_t number);
  // Whether it has come.
  bool met() const;

  void CutPower();
  // The machine starts again: only what survived is there. Nothing that was open before may be used.
  void Start(Unsynced unsynced);

  // ---- rocksdb::FileSystem ----
  using Options = rocksdb::IOOptions;
  using Context = rocksdb::IODebugContext;
  using Status = rocksdb::IOStatus;
  using FileOptions = rocksdb::FileOptions;
  Status NewSequentialFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSSequentialFile>* file, Context* context) override;
  Status NewRandomAccessFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSRandomAccessFile>* file, Context* context) override;
  Status NewWritableFile(const std::string& name, const FileOptions& options,
                         std::unique_ptr<rocksdb::FSWritableFile>* file, Context* context) override;
  Status ReopenWritableFile(const std::string& name, const FileOptions& options,
                            std::unique_ptr<rocksdb::FSWritableFile>* file, Context* context) override;
  Status ReuseWritableFile(const std::string& name, const std::string& old_name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, Context* context) override;
  Status NewDirectory(const std::string& name, const Options& options,
                      std::unique_ptr<rocksdb::FSDirectory>* folder, Context* context) override;
  Status FileExists(const std::string& name, const Options& options, Context* context) override;
  Status GetChildren(const std::string& folder, const Options& options, std::vector<std::string>* names,
                     Context* context) override;
  Status DeleteFile(const std::string& name, const Options& options, Context* context) override;
  Status CreateDir(const std::string& name, const Options& options, Context* context) override;
  Status CreateDirIfMissing(const std::string& name, const Options& options, Context* context) override;
  Status DeleteDir(const std::string& name, const Options& options, Context* context) override;
  Status GetFileSize(const std::string& name, const Options& options, uint64_t* size,
                     Context* context) override;
  Status GetFileModificationTime(const std::string& name, const Options& options, uint64_t* time,
                                 Context* context) override;
  Status RenameFile(const std::string& from, const std::string& to, const Options& options,
                    Context* context) override;
  Status LinkFile(const std::string& from, const std::string& to, const Options& options,
                  Context* context) override;
  Status LockFile(const std::string& name, const Options& options, rocksdb::FileLock** lock,
                  Context* context) override;
  Status UnlockFile(rocksdb::FileLock* lock, const Options& options, Context* context) override;
  Status IsDirectory(const std::string& name, const Options& options, bool* is_folder,
                     Context* context) override;
  Status GetAbsolutePath(const std::string& name, const Options& options, std::string* path,
                         Context* context) override;
  Status NewLogger(const std::string& name, const Options& options, std::shared_ptr<rocksdb::Logger>* logger,
                   Context* context) override;

 private:
  // A file, whatever it is called and whether it is open.
  struct Content {
    std::string bytes;
    size_t synced = 0;       // so many of them, from the front, are on the disk
    bool lost_sync = false;  // a sync failed: nothing more is ever synced
  };
  using Entries = std::map<std::string, std::shared_ptr<Content>>;  // by path

  class SequentialFile;
  class RandomAccessFile;
  class WritableFile;
  class Folder;

  enum class Operation { kWrite, kSync, kEntry };

  // Before each operation that changes something; an error when it must not happen.
  Status Begin(Operation operation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Append(Content& content, const rocksdb::Slice& data);
  Status Sync(Content& content);
  Status SyncFolder(const std::string& folder);
  std::shared_ptr<Content> Find(const std::string& name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static std::string Clean(const std::string& path);
  static std::string FolderOf(const std::string& path);

  mutable absl::Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  Entries durable_entries_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> folders_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> locks_ ABSL_GUARDED_BY(mutex_);
  Fault fault_ ABSL_GUARDED_BY(mutex_) = Fault::kPowerFails;
  int64_t until_fault_ ABSL_GUARDED_BY(mutex_) = 0;  // 0 = none
  bool met_ ABSL_GUARDED_BY(mutex_) = false;
  bool off_ ABSL_GUARDED_BY(mutex_) = false;
  bool full_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace evenkeel::testing
