#pragma once

#include <string>

#include "absl/time/time.h"
#include "evenkeel/v1/switch.pb.h"

namespace evenkeel::cli {

// A switch in figures, as `explain` tells it behind its decision's story: each step with when it was decided,
// how long it took until all routes were read back as wished, how long it lasted and what its gates said at
// its end; then each part of the ledger (one phase of one step) with what either side and the prober did in
// it; then each request of the prober that was lost. `now`: for what still lasts. Pure, no colour.
std::string SwitchStory(const v1::Switch& one, absl::Time now);

}  // namespace evenkeel::cli
