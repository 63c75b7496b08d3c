#include "common/config/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::config {
namespace {

absl::Status OpenError(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR)
    return absl::NotFoundError(absl::StrCat(path, ": there is no such file"));
  const absl::Status cause = absl::ErrnoToStatus(error, absl::StrCat(path, ": cannot be read"));
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(
        absl::StrCat(cause.message(), "; give the user that runs this program the right to read it"));
  }
  return absl::UnavailableError(cause.message());
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  // Not blocking: a FIFO by mistake must not hang the program. It is refused below.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return OpenError(path, errno);
  const auto closer = absl::MakeCleanup([file] { close(file); });
  struct stat info {};
  if (fstat(file, &info) != 0) return OpenError(path, errno);
  if (!S_ISREG(info.st_mode))
    return absl::FailedPreconditionError(absl::StrCat(path, ": is not a plain file"));
  std::string content;
  char buffer[16384];
  while (true) {
    const ssize_t count = read(file, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return OpenError(path, errno);
    if (count == 0) return content;
    content.append(buffer, static_cast<std::size_t>(count));
    if (content.size() > kMaxFileBytes) {
      return absl::FailedPreconditionError(absl::StrCat(path, ": is larger than ", kMaxFileBytes, " bytes"));
    }
  }
}

ReloadingFile::ReloadingFile(std::string path, const time::Clock& clock, absl::Duration max_age)
    : path_(std::move(path)), clock_(clock), max_age_(max_age) {}

absl::StatusOr<std::string> ReloadingFile::Get() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  if (content_.has_value() && now - read_at_ <= max_age_) return *content_;
  absl::StatusOr<std::string> read = ReadFile(path_);
  if (read.ok()) {
    const absl::string_view text = absl::StripAsciiWhitespace(*read);
    if (text.empty()) {
      read = absl::FailedPreconditionError(absl::StrCat(path_, ": is empty"));
    } else {
      read = std::string(text);
    }
  }
  if (!read.ok()) return content_.has_value() ? absl::StatusOr<std::string>(*content_) : read;
  content_ = *read;
  read_at_ = now;
  return read;
}

void ReloadingFile::Forget() {
  absl::MutexLock lock(&mutex_);
  read_at_ = absl::InfinitePast();
}

}  // namespace evenkeel::config
