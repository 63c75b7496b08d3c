#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

struct GetOptions {
  std::vector<std::string> words;  // TYPE [NAME...] or TYPE/NAME...
  std::string output;              // one of OutputFormats(), or empty for a table
  std::string selector;
  std::string node;
  bool all_namespaces = false;
  bool watch = false;
};

// What -o takes.
const std::vector<std::string>& OutputFormats();

// `get`: prints what there is, and with `watch` each change after that, until an error that will not pass. A
// watch that is cut is started again with back-off, and says so on stderr.
absl::Status RunGet(Context& context, const GetOptions& options);

}  // namespace evenkeel::cli
