// The process under measurement: started, read (its log, its figures in /proc) and stopped.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace evenkeel::swarm {

class ServerProcess {
 public:
  // One line of its JSON log and when it came.
  using OnLine = std::function<void(absl::Time read, const nlohmann::json& line)>;

  // Starts `command`; its standard error goes to `on_line` on a thread of its own; lines that are not JSON go
  // to ours.
  ServerProcess(const std::vector<std::string>& command, OnLine on_line);
  ~ServerProcess();  // SIGTERM, then waits

  // CPU time of all its threads so far, in user and system mode.
  absl::Duration CpuTime() const;
  // Proportional set size in bytes.
  size_t Memory() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::swarm
