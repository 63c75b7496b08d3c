// The rough count of what real nodes still take, as it is kept while nodes and pods change.

#include "coordinator/core/burst/real_room.h"

#include <string>
#include <vector>

#include "common/base/bytes_of.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
const PodNeed kEach{.requests = {.cpu_millicores = 200, .memory_bytes = 32, .pods = 1}};
const PodNeed kTolerant{.requests = kEach.requests, .tolerates = true};

FreeNode Free(int64_t cpu, int64_t memory = 1000, int64_t pods = 100, bool reserved = false) {
  return {.free = {.cpu_millicores = cpu, .memory_bytes = memory, .pods = pods}, .reserved = reserved};
}

int64_t Fit(const std::vector<FreeNode>& nodes, const PodNeed& each, int64_t most = 10) {
  RealRoom room;
  for (size_t i = 0; i < nodes.size(); ++i) room.Put(std::to_string(i), kStart, nodes[i]);
  return room.HowManyFit(each, most);
}

TEST(RealRoomTest, CountsWhatFitsOnEachNode) {
  EXPECT_EQ(Fit({}, kEach), 0);
  EXPECT_EQ(Fit({Free(999)}, kEach), 4);
  EXPECT_EQ(Fit({Free(999, 70)}, kEach), 2);
  EXPECT_EQ(Fit({Free(999, 1000, 1)}, kEach), 1);
  EXPECT_EQ(Fit({Free(-50)}, kEach), 0);
  EXPECT_EQ(Fit({Free(399, 1000, 9), Free(399, 1000, 9)}, kEach), 2);  // halves do not add up
  EXPECT_EQ(Fit({Free(100), Free(999, 0), Free(500)}, kEach), 2);
  EXPECT_EQ(Fit({Free(9999), Free(9999)}, kEach), 10);
  EXPECT_EQ(Fit({Free(999, 1000, 100, true)}, kEach), 0);
  EXPECT_EQ(Fit({Free(999, 1000, 100, true)}, kTolerant), 4);
  EXPECT_EQ(Fit({Free(0, 0, 3), Free(-50, 0, 4)}, {.requests = {.pods = 1}}), 7);  // it asks for nothing
}

// Whoever asks later asks by what was put last, and only what has changed is said to have.
TEST(RealRoomTest, FollowsChanges) {
  RealRoom room;
  EXPECT_TRUE(room.Put("a", kStart, Free(400)));
  EXPECT_FALSE(room.Put("a", kStart, Free(400)));
  EXPECT_TRUE(room.Put("b", kStart, Free(400)));
  EXPECT_EQ(room.HowManyFit(kEach, 10), 4);
  EXPECT_TRUE(room.Put("a", kStart, Free(200)));
  EXPECT_EQ(room.HowManyFit(kEach, 10), 3);
  EXPECT_TRUE(room.Erase("b"));
  EXPECT_FALSE(room.Erase("b"));
  EXPECT_EQ(room.HowManyFit(kEach, 10), 1);
}

// Of a node that has just become Ready nobody knows whether it stays.
TEST(RealRoomTest, KnowsSinceWhenNodesAreReady) {
  RealRoom room;
  const absl::Time later = kStart + absl::Seconds(10);
  room.Put("a", later, Free(400));
  room.Put("b", kStart, Free(200));
  EXPECT_EQ(room.HowManyFit(kEach, 10, kStart), 1);
  EXPECT_EQ(room.HowManyFit(kEach, 10, later), 3);
  EXPECT_EQ(room.FirstReadyAfter(kStart - absl::Seconds(1)), kStart);
  EXPECT_EQ(room.FirstReadyAfter(kStart), later);
  EXPECT_EQ(room.FirstReadyAfter(later), absl::InfiniteFuture());
}

TEST(RealRoomTest, IsInACheckpoint) {
  RealRoom room;
  room.Put("a", kStart, Free(400));
  room.Put("b", kStart, Free(200));
  std::string bytes = base::BytesOf(room);
  RealRoom read;
  ASSERT_TRUE(base::FromBytes(bytes, read));
  EXPECT_EQ(read.HowManyFit(kEach, 10), 3);
  EXPECT_EQ(read.FirstReadyAfter(absl::InfinitePast()), kStart);
}

}  // namespace
}  // namespace evenkeel::coordinator
