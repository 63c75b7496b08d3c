// How many more pods of one shape real nodes have room for: the rough count of room.h, of many equal pods at
// once. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "coordinator/core/room.h"

namespace evenkeel::coordinator {

// At most `most`. O(nodes).
int64_t HowManyFit(const std::vector<FreeNode>& nodes, const PodNeed& each, int64_t most);

}  // namespace evenkeel::coordinator
