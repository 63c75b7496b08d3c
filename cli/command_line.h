#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/command/change.h"
#include "cli/command/fence.h"
#include "cli/command/get.h"
#include "cli/command/order.h"
#include "cli/command/replay.h"
#include "cli/command/show.h"
#include "cli/command/status.h"
#include "cli/command/switch.h"
#include "cli/command/take_over.h"
#include "cli/command/top.h"
#include "cli/config.h"

namespace evenkeel::cli {

// All commands with their options: the one table that parsing, help and completion are made from.
struct CommandLine {
  // `program` is how people call it: "evenkeel" or "kubectl evenkeel".
  explicit CommandLine(const std::string& program);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  std::string context;
  Settings flags;
  GetOptions get;
  DescribeOptions describe;
  std::string explain;
  ReplayOptions replay;
  ApplyOptions apply;
  DeleteOptions remove;
  FenceOptions fence;
  TopOptions top;
  TakeOverOptions take_over;
  SwitchOptions traffic;
  StatusOptions status;
  MaintenanceOptions maintenance;
  PauseOptions pause;
  std::string shell;

  CLI::App app;  // refers to what is above

 private:
  void AddSwitch();
};

}  // namespace evenkeel::cli
