// Room for a dead node's pods: by CPU, memory, places and taints.

#include "coordinator/core/room.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

constexpr int64_t kGiB = int64_t{1} << 30;

FreeNode Free(int64_t cpu, int64_t memory, int64_t pods, bool reserved = false) {
  return {.free = {.cpu_millicores = cpu, .memory_bytes = memory, .pods = pods}, .reserved = reserved};
}

PodNeed Need(int64_t cpu, int64_t memory, bool tolerates = false) {
  return {.requests = {.cpu_millicores = cpu, .memory_bytes = memory, .pods = 1}, .tolerates = tolerates};
}

using Strings = std::vector<std::string>;

// What each pod is told, in the order in which they come.
TEST(FindRoomTest, SaysWhatIsMissing) {
  const struct {
    const char* what;
    std::vector<FreeNode> nodes;
    std::vector<PodNeed> pods;
    Strings why;
  } table[] = {
      {"nothing to place", {Free(1000, kGiB, 10)}, {}, {}},
      {"no node", {}, {Need(1, 1)}, {"no other node is Ready and in service"}},
      {"fits exactly", {Free(1000, kGiB, 1)}, {Need(1000, kGiB)}, {""}},
      {"pods that ask for nothing need a place",
       {Free(0, 0, 1)},
       {Need(0, 0), Need(0, 0)},
       {"", "of 1 node 1 has no place for another pod"}},
      {"CPU",
       {Free(400, kGiB, 9), Free(300, kGiB, 9)},
       {Need(500, 1)},
       {"of 2 nodes 2 have too little CPU free (it asks for 500m)"}},
      {"memory",
       {Free(1000, kGiB, 9)},
       {Need(500, 2 * kGiB)},
       {"of 1 node 1 has too little memory free (it asks for 2 GiB)"}},
      {"each for its own reason",
       {Free(100, kGiB, 9), Free(1000, 0, 9), Free(1000, kGiB, 0), Free(1000, kGiB, 9, true)},
       {Need(500, kGiB)},
       {"of 4 nodes 1 has too little CPU free (it asks for 500m), 1 has too little memory free (it asks for "
        "1 GiB), 1 "
        "has no place for another pod and 1 has a taint"}},
      {"a pod with tolerations may go where there are taints",
       {Free(1000, kGiB, 9, true)},
       {Need(1, 1, true)},
       {""}},
      {"an overcommitted node has no room",
       {Free(-200, kGiB, 9)},
       {Need(100, 1)},
       {"of 1 node 1 has too little CPU free (it asks for 100m)"}},
      {"the first come first",
       {Free(1000, kGiB, 9)},
       {Need(600, 1), Need(600, 1), Need(400, 1)},
       {"", "of 1 node 1 has too little CPU free (it asks for 600m)", ""}},
      {"small ones do not take the room of great ones",
       {Free(2000, kGiB, 9), Free(500, kGiB, 9)},
       {Need(500, 1), Need(2000, 1)},
       {"", ""}},
  };
  for (const auto& row : table) EXPECT_EQ(FindRoom(row.nodes, row.pods), row.why) << row.what;
}

}  // namespace
}  // namespace evenkeel::coordinator
