#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/client.h"
#include "cli/config.h"
#include "cli/host.h"
#include "cli/reference.h"

namespace evenkeel::cli {

// What a command that talks to the coordinator works with.
struct Context {
  const Host& host;
  const Settings& settings;
  Client& client;
};

// The full names of the resources that were asked for by name. Where a name needs a cluster and none was
// picked, it is the only one there is; FAILED_PRECONDITION that names them when there are several.
absl::StatusOr<std::vector<std::string>> FullNames(Context& context, const Request& request);

// The pods that belong to the scope: of the picked cluster or all, of the namespace or all.
std::string PodParent(const Settings& settings, bool all_namespaces);

// Whether a watch that ended like this is worth starting again.
bool IsPassing(const absl::Status& status);

}  // namespace evenkeel::cli
