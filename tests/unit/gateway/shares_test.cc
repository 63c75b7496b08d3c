// Weights as percents: 100 together, whatever they are.
#include "coordinator/gateway/shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Shares, AreHundredTogether) {
  EXPECT_THAT(PercentsOf({{"blue", 90}, {"green", 10}}), ElementsAre(Pair("blue", 90), Pair("green", 10)));
  EXPECT_THAT(PercentsOf({{"blue", 1}, {"green", 0}}), ElementsAre(Pair("blue", 100), Pair("green", 0)));
  EXPECT_THAT(PercentsOf({{"a", 1}, {"b", 1}, {"c", 1}}),
              ElementsAre(Pair("a", 34), Pair("b", 33), Pair("c", 33)));
  EXPECT_THAT(PercentsOf({{"a", 1}, {"b", 1000000}}), ElementsAre(Pair("a", 0), Pair("b", 100)));
}

TEST(Shares, OfNothingAreNothing) {
  EXPECT_TRUE(PercentsOf({}).empty());
  EXPECT_THAT(PercentsOf({{"blue", 0}, {"green", 0}}), ElementsAre(Pair("blue", 0), Pair("green", 0)));
}

}  // namespace
}  // namespace evenkeel::coordinator
