#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "common/base/check.h"

namespace evenkeel::fuzz {

// A file without a disk, for decoders that open what they read.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("fuzz", 0)) {
    EVENKEEL_CHECK(descriptor_ >= 0) << "no memory file";
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }

  void Set(std::string_view content) {
    EVENKEEL_CHECK(::ftruncate(descriptor_, 0) == 0);
    const ssize_t written = ::pwrite(descriptor_, content.data(), content.size(), 0);
    EVENKEEL_CHECK(written == static_cast<ssize_t>(content.size()));
  }

  const std::string& path() const { return path_; }

 private:
  const int descriptor_;
  std::string path_;
};

}  // namespace evenkeel::fuzz
