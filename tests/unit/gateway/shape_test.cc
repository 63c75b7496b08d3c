// Which shapes can be wished, and how they are said.
#include "coordinator/gateway/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;

RouteShape Blue(uint32_t percent) {
  return {.backends = {{"blue", {.percent = percent}}, {"green", {.percent = 100 - percent}}}, .canary = {}};
}

TEST(Shape, SharesAreHundredTogether) {
  EXPECT_TRUE(CheckShape(Blue(90)).ok());
  RouteShape shape = Blue(90);
  shape.backends["green"].percent = 11;
  EXPECT_THAT(CheckShape(shape).ToString(), HasSubstr("101%"));
  shape.backends["green"].percent = 4294967295U;
  EXPECT_THAT(CheckShape(shape).ToString(), HasSubstr("4294967385%"));
  EXPECT_FALSE(CheckShape({}).ok());
}

TEST(Shape, OnlyTheServingGetRequests) {
  RouteShape shape = Blue(100);
  shape.backends["green"].mode = BackendMode::kDraining;
  EXPECT_TRUE(CheckShape(shape).ok());
  shape.canary = {"x-canary", "yes", "green"};
  EXPECT_THAT(CheckShape(shape).ToString(), HasSubstr("no backend that serves"));
  shape.canary->backend = "blue";
  EXPECT_TRUE(CheckShape(shape).ok());
  shape.canary->header = "X-Canary";
  EXPECT_FALSE(CheckShape(shape).ok());
  shape.canary = std::nullopt;
  shape.backends["blue"].mode = BackendMode::kClosed;
  EXPECT_THAT(CheckShape(shape).ToString(), HasSubstr("drained or closed"));
}

TEST(Shape, NamesAreTellable) {
  for (const char* name : {"", "a b", "a;b", "a\nb", "\xff"}) {
    EXPECT_FALSE(CheckShape({.backends = {{name, {.percent = 100}}}, .canary = {}}).ok()) << name;
  }
}

TEST(Shape, ByWhatTheKindCanDo) {
  GatewayAbilities abilities;
  EXPECT_TRUE(CheckShape(Blue(100), abilities).ok());
  EXPECT_FALSE(CheckShape(Blue(90), abilities).ok());
  abilities.weights = true;
  abilities.least_percent = 5;
  EXPECT_TRUE(CheckShape(Blue(90), abilities).ok());
  EXPECT_FALSE(CheckShape(Blue(97), abilities).ok());
  RouteShape canary = Blue(100);
  canary.canary = {"x-canary", "yes", "green"};
  EXPECT_FALSE(CheckShape(canary, abilities).ok());
}

TEST(Shape, InWords) {
  RouteShape shape = Blue(0);
  shape.backends["blue"].mode = BackendMode::kClosed;
  shape.canary = {"x-canary", "yes", "green"};
  EXPECT_EQ(ToWords(shape), "blue 0% (closed), green 100%, canary x-canary: yes -> green");
  EXPECT_EQ(ToWords({}), "nothing");
}

}  // namespace
}  // namespace evenkeel::coordinator
