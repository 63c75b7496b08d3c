#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

// What follows `switch`.
struct SwitchOptions {
  std::string command;  // plan, start, status, pause, resume, rollback, commit, history
  std::string file;     // of plan and start; "-" is standard input
  std::string name;     // of the others: its name, or its decision's id; of status it may be empty
  std::string confirm;  // the cluster that gets the traffic; empty = it is asked for
  std::string reason;
  std::optional<std::uint64_t> may_cut;
  bool onto_unknown = false;
  bool watch = false;
  std::uint32_t last = 20;  // of history
  std::string output;       // json, yaml; empty = for people
};

// `switch ...`: moves an application's traffic from one cluster to another. What moves traffic needs the name
// of the cluster that gets it, typed or by --confirm. `plan` ends in FAILED_PRECONDITION where the preflight
// finds a blocker; `status NAME -w` where the switch did not end as it was meant to.
absl::Status RunSwitch(Context& context, const SwitchOptions& options);

// One that is shown live: on a terminal in its place, elsewhere whenever more than figures have changed,
// until it has ended. As JSON or YAML every change, as `get -w` does. Nothing is answered by exit: the switch
// is returned as it was shown last.
absl::StatusOr<v1::Switch> WatchUntilEnded(Context& context, const std::string& name,
                                           const std::string& output);

}  // namespace evenkeel::cli
