#pragma once

#include <sys/statvfs.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/collect/board.h"
#include "agent/collect/host_files.h"

namespace evenkeel::agent {

// Reads how full the file systems of the kubelet and the container runtime are. Its calls can hang for as
// long as the storage does: it needs a thread of its own.
class DiskCollector {
 public:
  // statvfs(3), or what stands in for it in a test.
  using Ask = std::function<int(const char* path, struct statvfs* answer)>;

  // `board` outlives it. `own_root` is "/" for an agent in a container: its root folder is an overlay on the
  // file system in which the runtime keeps its containers, and tells how full that is where the runtime's own
  // folder is not mounted. Empty for an agent on the host itself.
  DiskCollector(const HostRoot& host, const std::string& own_root, Board& board, Ask ask = ::statvfs);

  // One round. A file system whose folder is not there (not mounted into the pod, another runtime) is absent;
  // one whose storage has only an error to give (EIO) does not answer.
  absl::Status Collect();

  // From another thread, when a round does not come to its end: the file systems are there and tell nothing.
  void ReportStalled();

 private:
  struct Place {
    std::string role;
    std::string path;
    bool overlay = false;  // its own state says nothing of the file system below it
  };

  Board& board_;
  const std::vector<Place> places_;
  const Ask ask_;
  std::string buffer_;
};

}  // namespace evenkeel::agent
