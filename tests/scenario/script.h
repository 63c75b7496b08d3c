// Scenarios as scripts: lines that begin with "> " are commands, lines that begin with "#" are for the
// reader, and what follows a command is what it led to. A script is run and written again with what it led to
// now; if that is the file as it was, the test passes. The commands are listed in tests/scenario/README.md.
#pragma once

#include <string>

namespace evenkeel::scenario {

// The script with every output made anew. A command that cannot be understood says so in its output.
std::string RunScript(const std::string& script);

}  // namespace evenkeel::scenario
