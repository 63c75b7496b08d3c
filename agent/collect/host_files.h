#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace evenkeel::agent {

// Where the host's file tree is seen: "/" for an agent that runs on the host itself, "/host" in a pod that
// mounts parts of it there.
class HostRoot {
 public:
  explicit HostRoot(std::string root);

  // HostRoot("/host").Path("/proc/stat") is "/host/proc/stat".
  std::string Path(std::string_view path) const;

 private:
  std::string root_;  // without '/' at its end
};

// One file of procfs, sysfs or cgroupfs that is read again and again: it is opened once, and each read then
// costs one system call. One thread.
class KernelFile {
 public:
  // Beyond it the rest is not read; all that is decoded stands in front.
  static constexpr size_t kMostBytes = 256 << 10;

  KernelFile() = default;
  explicit KernelFile(std::string path) : path_(std::move(path)) {}
  ~KernelFile() { Close(); }

  KernelFile(KernelFile&& other) noexcept;
  KernelFile& operator=(KernelFile&& other) noexcept;

  // What the file says now, in `buffer`, which only ever grows. NotFound when there is no such file, or no
  // longer: a control group that was removed. Other errors name the path. After an error the next read opens
  // the file anew.
  absl::StatusOr<std::string_view> Read(std::string& buffer);

  const std::string& path() const { return path_; }

 private:
  void Close();

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace evenkeel::agent
