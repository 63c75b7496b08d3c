#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

struct DescribeOptions {
  std::vector<std::string> words;  // TYPE [NAME...] or TYPE/NAME...
  bool all_namespaces = false;
};

// `describe`: everything about the resources that are named, or about all of a type.
absl::Status RunDescribe(Context& context, const DescribeOptions& options);

// `explain`: the story of a decision: of the one that `what` names, of the latest on a node ("node/NODE")
// or on what a scaler scales ("scaler/POLICY"), or, when it is empty, of the latest of all.
absl::Status RunExplain(Context& context, const std::string& what);

}  // namespace evenkeel::cli
