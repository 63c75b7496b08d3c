#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

struct MaintenanceOptions {
  std::vector<std::string> words;  // start NODE or end NODE
  absl::Duration length = absl::ZeroDuration();
  std::string reason;
  bool validate_only = false;
};

// `maintenance start|end NODE`.
absl::Status RunMaintenance(Context& context, const MaintenanceOptions& options);

struct PauseOptions {
  absl::Duration length = absl::ZeroDuration();  // zero = until somebody resumes
  std::string reason;
  bool validate_only = false;
};

// `pause` and `resume`: of the cluster that was picked, else of all.
absl::Status RunPause(Context& context, const PauseOptions& options);
absl::Status RunResume(Context& context);

}  // namespace evenkeel::cli
