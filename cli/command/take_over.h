#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

struct TakeOverOptions {
  std::vector<std::string> words;  // hpa NAMESPACE/NAME, or hpa NAME
  std::string policy;              // empty: the autoscaler's name
  std::string mode = "enforce";    // or observe
  bool dry_run = false;
};

// `takeover hpa`: a scale policy takes the place of a HorizontalPodAutoscaler. A dry run prints the policy
// that would be made, as a manifest.
absl::Status RunTakeOver(Context& context, const TakeOverOptions& options);

}  // namespace evenkeel::cli
