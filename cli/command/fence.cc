#include "cli/command/fence.h"

#include <istream>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/print/text.h"
#include "common/base/status.h"

namespace evenkeel::cli {

absl::Status RunFenceConfirm(Context& context, const FenceOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                            FullNames(context, {.kind = Kind::kNode, .names = {options.node}}));
  const std::string node = LastSegment(names.front());
  if (!options.yes) {
    *context.host.out
        << "Pods that must not run twice will be started elsewhere, as if nothing ran on " << node
        << " any more.\nIf its machine is on, two of them will write to one volume.\nType the node's "
           "name to confirm that it is off: "
        << std::flush;
    std::string typed;
    std::getline(*context.host.in, typed);
    if (absl::StripAsciiWhitespace(typed) != node) {
      return absl::CancelledError(absl::StrCat("that is not ", node, ": nothing was confirmed"));
    }
  }
  EVENKEEL_ASSIGN_OR_RETURN(const std::string decision,
                            context.client.ConfirmFence(names.front(), options.reason));
  *context.host.out << "node/" << node << " confirmed to be off";
  if (!decision.empty()) *context.host.out << "; decision " << LastSegment(decision) << " goes on";
  *context.host.out << std::endl;
  return absl::OkStatus();
}

}  // namespace evenkeel::cli
