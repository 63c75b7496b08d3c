// The `evenkeel` command; also `kubectl evenkeel`, when it is called as kubectl-evenkeel.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  // gRPC's own lines on stderr say the same as our errors, less clearly. Not if somebody asked for them.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  const evenkeel::cli::Host host{
      .in = &std::cin,
      .out = &std::cout,
      .err = &std::cerr,
      .out_is_terminal = isatty(STDOUT_FILENO) != 0,
      .environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr || *value == '\0') return std::nullopt;
        return value;
      },
      .now = [] { return absl::Now(); },
      .sleep = [](absl::Duration duration) { absl::SleepFor(duration); },
  };
  return evenkeel::cli::Run({argv, argv + argc}, host);
}
