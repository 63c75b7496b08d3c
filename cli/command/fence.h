#pragma once

#include <string>

#include "absl/status/status.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

struct FenceOptions {
  std::string node;
  std::string reason;
  bool yes = false;  // nobody is asked
};

// `fence confirm`: says that a dead node is off. Unless `yes`, the node's name must be typed once more: a
// wrong word here lets two pods write to one volume.
absl::Status RunFenceConfirm(Context& context, const FenceOptions& options);

}  // namespace evenkeel::cli
