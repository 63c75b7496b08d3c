#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/collect/board.h"
#include "agent/collect/host_files.h"
#include "agent/core/cpu_rate.h"

namespace evenkeel::agent {

// Reads what procfs says of the whole host: CPU, load, memory, pressure, uptime. One thread.
class ProcCollector {
 public:
  // `board` outlives it.
  ProcCollector(const HostRoot& host, Board& board);

  // One round. What cannot be read is left absent, and the first such failure is returned; pressure is not
  // there on every kernel, and its absence is none.
  absl::Status Collect();

 private:
  absl::Status CollectCpu();
  absl::Status CollectMemory();
  absl::Status CollectPressure();
  absl::Status CollectBootTime();

  Board& board_;
  KernelFile stat_;
  KernelFile load_;
  KernelFile memory_;
  KernelFile uptime_;
  KernelFile cpu_pressure_;
  KernelFile memory_pressure_;
  KernelFile io_pressure_;
  HostCpuRate cpu_rate_;
  std::string buffer_;
};

// The id of this boot of the kernel, from procfs.
absl::StatusOr<std::string> ReadBootId(const HostRoot& host);

}  // namespace evenkeel::agent
