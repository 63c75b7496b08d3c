#pragma once

#include <string>

#include "absl/time/time.h"
#include "evenkeel/v1/decision.pb.h"

namespace evenkeel::cli {

// A decision as a story: what it was and how it ended, then all that was seen, judged and done in the order
// in which it happened, in milliseconds since the last sign of life (since the first thing that is known,
// where there was none), then what each guard said, what was left undone and why, and how the workloads fare.
// Complete but for long rows of alike actions that succeeded, which are told as one; `describe decision` has
// them all. `now` tells how long an open decision has been open.
std::string Explain(const v1::Decision& decision, absl::Time now);

// "delete pod default/web-1" for an action's kind and target, in the past tense if `done`.
std::string ActionText(const v1::Action& action, bool done);

// "pod default/web-1" for "namespaces/default/pods/web-1", "node n1" for "nodes/n1".
std::string TargetText(const std::string& target);

}  // namespace evenkeel::cli
