#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/command/context.h"
#include "evenkeel/v1/policy.pb.h"

namespace evenkeel::cli {

// What the file holds; "-" is standard input. NOT_FOUND: it is not there.
absl::StatusOr<std::string> ReadManifest(const Host& host, const std::string& file);

// All policies of all files, in order; "-" is standard input. INVALID_ARGUMENT: there is none, or a mistake
// in one; NOT_FOUND: a file is not there.
absl::StatusOr<std::vector<v1::Policy>> ReadPolicies(const Host& host, const std::vector<std::string>& files);

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
