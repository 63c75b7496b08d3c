#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace evenkeel::agent {

// Copies a program and the libraries it loads into `folder`, and returns the words that run it from there: so
// it shares no page with other programs on this machine, as in a container whose image nobody else runs.
std::vector<std::string> PrivateCopy(const std::string& program, const std::filesystem::path& folder);

}  // namespace evenkeel::agent
