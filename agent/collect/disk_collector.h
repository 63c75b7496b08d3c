#pragma once

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
  // `board` outlives it.
  DiskCollector(const HostRoot& host, Board& board);

  // One round. A file system whose folder is not there (not mounted into the pod, another runtime) is absent.
  absl::Status Collect();

  // From another thread, when a round does not come to its end: the file systems are there and tell nothing.
  void ReportStalled();

 private:
  struct Place {
    std::string role;
    std::string path;
  };

  Board& board_;
  const std::vector<Place> places_;
  std::string buffer_;
};

}  // namespace evenkeel::agent
