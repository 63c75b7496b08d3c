// Placeholders make up for what is on virtual nodes, in the shape that it has.

#include "coordinator/core/burst/headroom.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

Resources Shape(int64_t cpu, int64_t memory) {
  return {.cpu_millicores = cpu, .memory_bytes = memory, .pods = 1};
}

TEST(HeadroomTest, OneForEachPodOfOneShape) {
  EXPECT_EQ(PlaceholdersFor({}, {}), Placeholders{});
  EXPECT_EQ(PlaceholdersFor({}, std::vector<Resources>(16, Shape(200, 32))),
            (Placeholders{16, Shape(200, 32)}));
}

// Of several shapes the most frequent one is asked for, as often as makes up for all in CPU and memory.
TEST(HeadroomTest, ManyShapesAreMadeUpFor) {
  std::vector<Resources> pods(4, Shape(200, 100));
  pods.push_back(Shape(1000, 100));
  EXPECT_EQ(PlaceholdersFor({}, pods), (Placeholders{9, Shape(200, 100)}));
  pods.push_back(Shape(0, 2000));
  EXPECT_EQ(PlaceholdersFor({}, pods), (Placeholders{25, Shape(200, 100)}));
  EXPECT_EQ(PlaceholdersFor({}, {Shape(100, 0), Shape(300, 0)}), (Placeholders{2, Shape(300, 0)}));
}

TEST(HeadroomTest, IsBoundedAndCanBeSwitchedOff) {
  EXPECT_EQ(
      PlaceholdersFor({.placeholders = true, .most = 5}, std::vector<Resources>(16, Shape(200, 32))).number,
      5);
  EXPECT_EQ(PlaceholdersFor({.placeholders = false}, std::vector<Resources>(16, Shape(200, 32))).number, 0);
}

// Pods that ask for nothing need a place each.
TEST(HeadroomTest, PodsThatAskForNothing) {
  EXPECT_EQ(PlaceholdersFor({}, std::vector<Resources>(3, Shape(0, 0))), (Placeholders{3, Shape(0, 0)}));
}

}  // namespace
}  // namespace evenkeel::coordinator
