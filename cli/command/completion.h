#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace CLI {
class App;
}

namespace evenkeel::cli {

// The shells that a completion script can be made for.
const std::vector<std::string>& CompletionShells();

// A script that completes the commands, options and fixed values of `app`, read from the app itself, for a
// program of that name (no spaces). INVALID_ARGUMENT for a shell that is not known.
absl::StatusOr<std::string> CompletionScript(const CLI::App& app, const std::string& shell,
                                             const std::string& program);

}  // namespace evenkeel::cli
