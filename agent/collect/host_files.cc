#include "agent/collect/host_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace evenkeel::agent {
namespace {

constexpr size_t kFirstBytes = 4096;

}  // namespace

HostRoot::HostRoot(std::string root) : root_(std::move(root)) {
  while (!root_.empty() && root_.back() == '/') {
    root_.pop_back();
  }
}

std::string HostRoot::Path(std::string_view path) const {
  return root_ + std::string(path);
}

KernelFile::KernelFile(KernelFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

KernelFile& KernelFile::operator=(KernelFile&& other) noexcept {
  if (this != &other) {
    Close();
    path_ = std::move(other.path_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void KernelFile::Close() {
  if (descriptor_ >= 0) {
    close(descriptor_);
    descriptor_ = -1;
  }
}

absl::StatusOr<std::string_view> KernelFile::Read(std::string& buffer) {
  const auto fail = [this](int error) {
    Close();
    const absl::Status status = absl::ErrnoToStatus(error, absl::StrCat("cannot read ", path_));
    return error == ENODEV || error == ENOENT ? absl::NotFoundError(status.message()) : status;
  };
  if (descriptor_ < 0) {
    descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) {
      return fail(errno);
    }
  }
  buffer.resize(std::max(buffer.capacity(), kFirstBytes));
  size_t length = 0;
  while (true) {
    const ssize_t got =
        pread(descriptor_, buffer.data() + length, buffer.size() - length, static_cast<off_t>(length));
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail(errno);
    }
    length += static_cast<size_t>(got);
    // A short read is the end of what the kernel had to say; only a full buffer may hide more.
    if (length < buffer.size() || buffer.size() >= kMostBytes) {
      return std::string_view(buffer).substr(0, length);
    }
    buffer.resize(std::min(2 * buffer.size(), kMostBytes));
  }
}

}  // namespace evenkeel::agent
