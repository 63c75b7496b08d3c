#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

struct ApplyOptions {
  std::vector<std::string> files;  // "-" is standard input
  bool validate_only = false;
};

// `apply`: reads all policies of all files, lets the coordinator check them all, and only then applies them,
// in order: a mistake in one leaves everything as it was.
absl::Status RunApply(Context& context, const ApplyOptions& options);

struct DeleteOptions {
  std::vector<std::string> words;  // policy NAME... or policy/NAME...
  std::vector<std::string> files;  // the policies in these
};

// `delete`: only policies can be deleted.
absl::Status RunDelete(Context& context, const DeleteOptions& options);

}  // namespace evenkeel::cli
