#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

struct TopOptions {
  std::vector<std::string> words;  // nodes or pods
  std::string sort_by = "cpu";     // one of TopOrders()
  std::string selector;
  bool all_namespaces = false;
};

// What --sort-by takes.
const std::vector<std::string>& TopOrders();

// `top`: what nodes or pods use now, the most first; what nobody measures comes last.
absl::Status RunTop(Context& context, const TopOptions& options);

}  // namespace evenkeel::cli
