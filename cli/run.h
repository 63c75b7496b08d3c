#pragma once

#include <string>
#include <vector>

#include "cli/host.h"

namespace evenkeel::cli {

// Runs the command and returns its exit code: 0 when it did what was asked, 1 otherwise, with the cause on
// stderr. `arguments` are those of main, the program's own name included.
int Run(const std::vector<std::string>& arguments, const Host& host);

}  // namespace evenkeel::cli
