// What is remembered of a sick node across restarts.
#pragma once

#include <optional>

#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

struct GrayRecord {
  bool tainted = false;                // for its sickness: that taint is ours to take off again
  bool drained = false;                // its pods are, or were, moved off it: it is out of service
  std::optional<DecisionId> decision;  // that did it
  bool operator==(const GrayRecord&) const = default;
};

}  // namespace evenkeel::coordinator
