#include "agent/collect/disk_collector.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/decode/mount_info.h"

namespace evenkeel::agent {

// Of several folders with the same role the first that is there counts.
DiskCollector::DiskCollector(const HostRoot& host, const std::string& own_root, Board& board, Ask ask)
    : board_(board),
      places_{{"kubelet", host.Path("/var/lib/kubelet")},
              {"runtime", host.Path("/var/lib/containerd")},
              {"runtime", host.Path("/var/lib/containers")},
              {"runtime", own_root, /*overlay=*/true}},
      ask_(std::move(ask)) {}

absl::Status DiskCollector::Collect() {
  absl::Status failure;
  KernelFile mounts("/proc/self/mountinfo");
  const auto mount_info = mounts.Read(buffer_);
  std::vector<v1::FilesystemUsage> filesystems;
  for (const Place& place : places_) {
    struct statvfs info {};
    const int error = ask_(place.path.c_str(), &info) == 0 ? 0 : errno;
    if (error != 0 && error != EIO) {
      if (error != ENOENT && error != ENOTDIR) {
        failure.Update(absl::ErrnoToStatus(error, absl::StrCat("cannot ask how full ", place.path, " is")));
      }
      continue;
    }
    const bool known = std::any_of(filesystems.begin(), filesystems.end(),
                                   [&](const v1::FilesystemUsage& f) { return f.role() == place.role; });
    if (known) {
      continue;
    }
    v1::FilesystemUsage& filesystem = filesystems.emplace_back();
    filesystem.set_role(place.role);
    if (error == EIO) {
      filesystem.set_not_answering(true);
      continue;
    }
    filesystem.set_size_bytes(info.f_blocks * info.f_frsize);
    filesystem.set_available_bytes(info.f_bavail * info.f_frsize);
    if (info.f_files > 0) {  // some file systems have no fixed number of inodes, and say 0
      filesystem.set_inodes(info.f_files);
      filesystem.set_free_inodes(info.f_favail);
    }
    if (mount_info.ok() && !place.overlay) {
      if (const auto read_only = FilesystemIsReadOnly(*mount_info, place.path)) {
        filesystem.set_read_only(*read_only);
      }
    }
  }
  board_.Update([&](NodeState& state) { state.SetFilesystems(std::move(filesystems)); });
  return failure;
}

void DiskCollector::ReportStalled() {
  std::vector<v1::FilesystemUsage> filesystems;
  for (const Place& place : places_) {
    if (filesystems.empty() || filesystems.back().role() != place.role) {
      v1::FilesystemUsage& filesystem = filesystems.emplace_back();
      filesystem.set_role(place.role);
      filesystem.set_not_answering(true);
    }
  }
  board_.Update([&](NodeState& state) { state.SetFilesystems(std::move(filesystems)); });
}

}  // namespace evenkeel::agent
