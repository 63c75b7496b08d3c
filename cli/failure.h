#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cli/config.h"

namespace evenkeel::cli {

// The status with a sentence on what helps, which ErrorText then tells.
absl::Status WithCure(absl::Status status, absl::string_view cure);

// An error as a person should read it: the cause, and where one is known, a second line with what helps.
//   error: the coordinator at localhost:7443 cannot be reached: connection refused
//     what helps: check that it runs (kubectl -n evenkeel get pods) and that --server is right
std::string ErrorText(const absl::Status& status, const Settings& settings);

}  // namespace evenkeel::cli
