#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

struct ReplayOptions {
  std::string since;  // so long ago, or a time; empty = an hour ago, or when the decision began
  std::string until;  // the same; empty = now
  std::string policy_file;
  std::string decision;
  std::string output;  // wide, json, yaml; empty = text
  absl::Duration timeout = absl::Minutes(10);
};

// "2h", "90s": so long before `now`; "2026-01-02T03:04:05Z", "2026-01-02T03:04:05+01:00": that time.
// INVALID_ARGUMENT, by the option's name, for all else.
absl::StatusOr<absl::Time> ParseWhen(absl::string_view option, const std::string& text, absl::Time now);

// `replay`: FAILED_PRECONDITION when recorded decisions did not replay to themselves.
absl::Status RunReplay(Context& context, const ReplayOptions& options);

}  // namespace evenkeel::cli
