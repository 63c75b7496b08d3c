// What operators have ordered by hand: nodes under maintenance, and clusters in which nothing may be done.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

// Somebody works on the node: nothing is done to it, and its silence counts for nothing in what is judged of
// the cluster. Durable; ends by itself.
struct Maintenance {
  NodeKey node;
  absl::Time start;
  absl::Time end;
  std::string reason;  // may be empty
  bool operator==(const Maintenance&) const = default;
};

// Nothing is done in the cluster: decisions are recorded as refused. Durable.
struct Pause {
  std::string cluster;
  absl::Time start;
  absl::Time end = absl::InfiniteFuture();  // infinite: until somebody resumes
  std::string reason;                       // may be empty
  bool operator==(const Pause&) const = default;
};

}  // namespace evenkeel::coordinator
