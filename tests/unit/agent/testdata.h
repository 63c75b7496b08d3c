#pragma once

#include <string>

namespace evenkeel::agent {

// The bytes of a captured sample below tests/unit/agent/testdata; fails the test when there is no such file.
std::string ReadTestdata(const std::string& path);

}  // namespace evenkeel::agent
