#include "tests/contract/store/lossy_disk.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace evenkeel::testing {

namespace {

using Status = rocksdb::IOStatus;

Status NoSuchFile(const std::string& name) {
  return Status::NotFound(name, "no such file");
}

// RocksDB's own log is of no interest.
class NoLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
  size_t GetLogFileSize() const override { return 0; }
};

class Lock final : public rocksdb::FileLock {
 public:
  explicit Lock(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
};

}  // namespace

// ---- open files; each keeps its content, as a descriptor does, whatever becomes of its name ----

class LossyDisk::SequentialFile final : public rocksdb::FSSequentialFile {
 public:
  SequentialFile(const LossyDisk& disk, std::shared_ptr<Content> content)
      : disk_(disk), content_(std::move(content)) {}

  Status Read(size_t size, const Options& /*options*/, rocksdb::Slice* result, char* scratch,
              Context* /*context*/) override {
    absl::MutexLock lock(&disk_.mutex_);
    const size_t taken = std::min(size, content_->bytes.size() - std::min(at_, content_->bytes.size()));
    std::copy_n(content_->bytes.data() + at_, taken, scratch);
    at_ += taken;
    *result = rocksdb::Slice(scratch, taken);
    return Status::OK();
  }
  Status Skip(uint64_t size) override {
    at_ += size;
    return Status::OK();
  }

 private:
  const LossyDisk& disk_;
  const std::shared_ptr<Content> content_;
  size_t at_ = 0;
};

class LossyDisk::RandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  RandomAccessFile(const LossyDisk& disk, std::shared_ptr<Content> content)
      : disk_(disk), content_(std::move(content)) {}

  Status Read(uint64_t offset, size_t size, const Options& /*options*/, rocksdb::Slice* result, char* scratch,
              Context* /*context*/) const override {
    absl::MutexLock lock(&disk_.mutex_);
    const size_t at = std::min<size_t>(offset, content_->bytes.size());
    const size_t taken = std::min(size, content_->bytes.size() - at);
    std::copy_n(content_->bytes.data() + at, taken, scratch);
    *result = rocksdb::Slice(scratch, taken);
    return Status::OK();
  }

 private:
  const LossyDisk& disk_;
  const std::shared_ptr<Content> content_;
};

class LossyDisk::WritableFile final : public rocksdb::FSWritableFile {
 public:
  WritableFile(LossyDisk& disk, std::shared_ptr<Content> content)
      : disk_(disk), content_(std::move(content)) {}

  using rocksdb::FSWritableFile::Append;
  Status Append(const rocksdb::Slice& data, const Options& /*options*/, Context* /*context*/) override {
    return disk_.Append(*content_, data);
  }
  Status Truncate(uint64_t size, const Options& /*options*/, Context* /*context*/) override {
    absl::MutexLock lock(&disk_.mutex_);
    content_->bytes.resize(std::min<size_t>(size, content_->bytes.size()));
    content_->synced = std::min(content_->synced, content_->bytes.size());
    return Status::OK();
  }
  Status Close(const Options& /*options*/, Context* /*context*/) override { return Status::OK(); }
  Status Flush(const Options& /*options*/, Context* /*context*/) override { return Status::OK(); }
  Status Sync(const Options& /*options*/, Context* /*context*/) override { return disk_.Sync(*content_); }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const Options& /*options*/, Context* /*context*/) override {
    absl::MutexLock lock(&disk_.mutex_);
    return content_->bytes.size();
  }

 private:
  LossyDisk& disk_;
  const std::shared_ptr<Content> content_;
};

class LossyDisk::Folder final : public rocksdb::FSDirectory {
 public:
  Folder(LossyDisk& disk, std::string name) : disk_(disk), name_(std::move(name)) {}
  Status Fsync(const Options& /*options*/, Context* /*context*/) override { return disk_.SyncFolder(name_); }
  Status Close(const Options& /*options*/, Context* /*context*/) override { return Status::OK(); }

 private:
  LossyDisk& disk_;
  const std::string name_;
};

// ---- faults ----

LossyDisk::LossyDisk() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}

std::unique_ptr<rocksdb::Env> LossyDisk::MakeEnv(const std::shared_ptr<LossyDisk>& disk) {
  return rocksdb::NewCompositeEnv(disk);
}

void LossyDisk::Arrange(Fault fault, int64_t number) {
  absl::MutexLock lock(&mutex_);
  fault_ = fault;
  until_fault_ = number;
  met_ = false;
}

bool LossyDisk::met() const {
  absl::MutexLock lock(&mutex_);
  return met_;
}

void LossyDisk::CutPower() {
  absl::MutexLock lock(&mutex_);
  off_ = true;
}

void LossyDisk::Start(Unsynced unsynced) {
  absl::MutexLock lock(&mutex_);
  if (unsynced != Unsynced::kKept) entries_ = durable_entries_;
  durable_entries_ = entries_;
  for (const auto& [name, content] : entries_) {
    const size_t loose = content->bytes.size() - content->synced;
    if (unsynced == Unsynced::kLost || content->lost_sync) content->bytes.resize(content->synced);
    if (unsynced == Unsynced::kTorn) content->bytes.resize(content->synced + loose / 2);
    content->synced = content->bytes.size();
    content->lost_sync = false;
  }
  locks_.clear();
  off_ = full_ = false;
  until_fault_ = 0;
}

Status LossyDisk::Begin(Operation operation) {
  if (off_) return Status::IOError("the power is off");
  const bool concerned = fault_ == Fault::kPowerFails ||
                         (fault_ == Fault::kSyncFails && operation == Operation::kSync) ||
                         (fault_ == Fault::kDiskIsFull && operation == Operation::kWrite);
  if (concerned && until_fault_ > 0 && --until_fault_ == 0) {
    met_ = true;
    off_ = fault_ == Fault::kPowerFails;
    full_ = fault_ == Fault::kDiskIsFull;
    if (off_) return Status::IOError("the power is off");
    if (!full_) return Status::IOError("the disk did not take what it was given");
  }
  if (full_ && operation == Operation::kWrite) return Status::NoSpace("no room on the test's disk");
  return Status::OK();
}

Status LossyDisk::Append(Content& content, const rocksdb::Slice& data) {
  absl::MutexLock lock(&mutex_);
  const Status begun = Begin(Operation::kWrite);
  if (begun.ok()) content.bytes.append(data.data(), data.size());
  return begun;
}

// After a failed sync the kernel takes the pages for clean: a later one succeeds and syncs nothing.
Status LossyDisk::Sync(Content& content) {
  absl::MutexLock lock(&mutex_);
  const Status begun = Begin(Operation::kSync);
  if (!begun.ok()) {
    content.lost_sync = content.lost_sync || !off_;
    return begun;
  }
  if (!content.lost_sync) content.synced = content.bytes.size();
  return begun;
}

Status LossyDisk::SyncFolder(const std::string& folder) {
  absl::MutexLock lock(&mutex_);
  const Status begun = Begin(Operation::kSync);
  if (!begun.ok()) return begun;
  std::erase_if(durable_entries_, [&](const auto& entry) { return FolderOf(entry.first) == folder; });
  for (const auto& [name, content] : entries_) {
    if (FolderOf(name) == folder) durable_entries_[name] = content;
  }
  return begun;
}

// ---- names ----

std::string LossyDisk::Clean(const std::string& path) {
  std::string clean;
  for (const char c : path) {
    if (c != '/' || clean.empty() || clean.back() != '/') clean.push_back(c);
  }
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean;
}

std::string LossyDisk::FolderOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

std::shared_ptr<LossyDisk::Content> LossyDisk::Find(const std::string& name) const {
  const auto found = entries_.find(Clean(name));
  return found == entries_.end() ? nullptr : found->second;
}

Status LossyDisk::NewSequentialFile(const std::string& name, const FileOptions& /*options*/,
                                    std::unique_ptr<rocksdb::FSSequentialFile>* file, Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  auto content = Find(name);
  if (content == nullptr) return NoSuchFile(name);
  *file = std::make_unique<SequentialFile>(*this, std::move(content));
  return Status::OK();
}

Status LossyDisk::NewRandomAccessFile(const std::string& name, const FileOptions& /*options*/,
                                      std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                      Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  auto content = Find(name);
  if (content == nullptr) return NoSuchFile(name);
  *file = std::make_unique<RandomAccessFile>(*this, std::move(content));
  return Status::OK();
}

Status LossyDisk::NewWritableFile(const std::string& name, const FileOptions& /*options*/,
                                  std::unique_ptr<rocksdb::FSWritableFile>* file, Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  if (Status begun = Begin(Operation::kWrite); !begun.ok()) return begun;
  auto content = std::make_shared<Content>();
  entries_[Clean(name)] = content;
  *file = std::make_unique<WritableFile>(*this, std::move(content));
  return Status::OK();
}

Status LossyDisk::ReopenWritableFile(const std::string& name, const FileOptions& /*options*/,
                                     std::unique_ptr<rocksdb::FSWritableFile>* file, Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  if (Status begun = Begin(Operation::kEntry); !begun.ok()) return begun;
  std::shared_ptr<Content>& content = entries_[Clean(name)];
  if (content == nullptr) content = std::make_shared<Content>();
  *file = std::make_unique<WritableFile>(*this, content);
  return Status::OK();
}

Status LossyDisk::ReuseWritableFile(const std::string& name, const std::string& old_name,
                                    const FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file, Context* context) {
  const Status renamed = RenameFile(old_name, name, {}, context);
  return renamed.ok() ? NewWritableFile(name, options, file, context) : renamed;
}

Status LossyDisk::NewDirectory(const std::string& name, const Options& /*options*/,
                               std::unique_ptr<rocksdb::FSDirectory>* folder, Context* /*context*/) {
  *folder = std::make_unique<Folder>(*this, Clean(name));
  return Status::OK();
}

Status LossyDisk::FileExists(const std::string& name, const Options& /*options*/, Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  return Find(name) != nullptr || folders_.contains(Clean(name)) ? Status::OK() : NoSuchFile(name);
}

Status LossyDisk::GetChildren(const std::string& folder, const Options& /*options*/,
                              std::vector<std::string>* names, Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  names->clear();
  const std::string clean = Clean(folder);
  for (const auto& [name, content] : entries_) {
    if (FolderOf(name) == clean) names->push_back(name.substr(clean.size() + 1));
  }
  if (names->empty() && !folders_.contains(clean)) return NoSuchFile(folder);
  return Status::OK();
}

Status LossyDisk::DeleteFile(const std::string& name, const Options& /*options*/, Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  if (Status begun = Begin(Operation::kEntry); !begun.ok()) return begun;
  return entries_.erase(Clean(name)) == 1 ? Status::OK() : NoSuchFile(name);
}

// Folders are durable at once: the store makes its own before it opens.
Status LossyDisk::CreateDir(const std::string& name, const Options& /*options*/, Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  return folders_.insert(Clean(name)).second ? Status::OK() : Status::IOError(name, "is there already");
}

Status LossyDisk::CreateDirIfMissing(const std::string& name, const Options& /*options*/,
                                     Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  folders_.insert(Clean(name));
  return Status::OK();
}

Status LossyDisk::DeleteDir(const std::string& name, const Options& /*options*/, Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  return folders_.erase(Clean(name)) == 1 ? Status::OK() : NoSuchFile(name);
}

Status LossyDisk::GetFileSize(const std::string& name, const Options& /*options*/, uint64_t* size,
                              Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  const auto content = Find(name);
  if (content == nullptr) return NoSuchFile(name);
  *size = content->bytes.size();
  return Status::OK();
}

Status LossyDisk::GetFileModificationTime(const std::string& name, const Options& /*options*/, uint64_t* time,
                                          Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  *time = 0;
  return Find(name) != nullptr ? Status::OK() : NoSuchFile(name);
}

Status LossyDisk::RenameFile(const std::string& from, const std::string& to, const Options& /*options*/,
                             Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  if (Status begun = Begin(Operation::kEntry); !begun.ok()) return begun;
  auto content = Find(from);
  if (content == nullptr) return NoSuchFile(from);
  entries_.erase(Clean(from));
  entries_[Clean(to)] = std::move(content);
  return Status::OK();
}

Status LossyDisk::LinkFile(const std::string& from, const std::string& to, const Options& /*options*/,
                           Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  if (Status begun = Begin(Operation::kEntry); !begun.ok()) return begun;
  auto content = Find(from);
  if (content == nullptr) return NoSuchFile(from);
  entries_[Clean(to)] = std::move(content);
  return Status::OK();
}

Status LossyDisk::LockFile(const std::string& name, const Options& /*options*/, rocksdb::FileLock** lock,
                           Context* /*context*/) {
  absl::MutexLock guard(&mutex_);
  if (!locks_.insert(Clean(name)).second) return Status::IOError("lock " + name, "is held");
  *lock = new Lock(Clean(name));
  return Status::OK();
}

Status LossyDisk::UnlockFile(rocksdb::FileLock* lock, const Options& /*options*/, Context* /*context*/) {
  const std::unique_ptr<Lock> held(static_cast<Lock*>(lock));
  absl::MutexLock guard(&mutex_);
  locks_.erase(held->name());
  return Status::OK();
}

Status LossyDisk::IsDirectory(const std::string& name, const Options& /*options*/, bool* is_folder,
                              Context* /*context*/) {
  absl::MutexLock lock(&mutex_);
  *is_folder = folders_.contains(Clean(name));
  return *is_folder || Find(name) != nullptr ? Status::OK() : NoSuchFile(name);
}

Status LossyDisk::GetAbsolutePath(const std::string& name, const Options& /*options*/, std::string* path,
                                  Context* /*context*/) {
  *path = Clean(name);
  return Status::OK();
}

Status LossyDisk::NewLogger(const std::string& /*name*/, const Options& /*options*/,
                            std::shared_ptr<rocksdb::Logger>* logger, Context* /*context*/) {
  *logger = std::make_shared<NoLogger>();
  return Status::OK();
}

}  // namespace evenkeel::testing
