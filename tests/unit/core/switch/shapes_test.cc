// What a route is wished to be at each point, and when a reading is that.

#include "coordinator/core/switch/shapes.h"

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

SwitchedRoute WebRoute() {
  return ASwitch().routes.front();
}

// In every shape somebody gets everything: a gateway whose weights are all 0 answers 503.
TEST(ShapesTest, AlwaysGiveAllToSomebody) {
  for (const uint32_t percent : {0u, 1u, 50u, 99u, 100u}) {
    uint32_t sum = 0;
    for (const auto& [name, backend] : ShapeAt(WebRoute(), StepTo(percent)).backends) sum += backend.percent;
    EXPECT_EQ(sum, 100u);
  }
  EXPECT_EQ(ShapeOnBlue(WebRoute()).backends.at("east").percent, 100u);
  EXPECT_EQ(ShapeCommitted(WebRoute(), true).backends.at("west").percent, 100u);
}

// A map of HAProxy begins without green, and is read only as far as it is asked: so both sides are always
// asked for, and what nobody has said anything of is what has its name.
TEST(ShapesTest, NameBothSidesToTheGateway) {
  SwitchedRoute route = WebRoute();
  route.parts = {{"west", {"west-1", "west-2"}}};
  using Parts = std::map<std::string, std::vector<std::string>>;
  EXPECT_EQ(PartsOf(route), (Parts{{"east", {"east"}}, {"west", {"west-1", "west-2"}}}));
  route.parts.clear();
  EXPECT_EQ(PartsOf(route), (Parts{{"east", {"east"}}, {"west", {"west"}}}));
}

// Nothing is cut by a step: whoever loses its last share drains, and blue is closed by a commit only.
TEST(ShapesTest, DrainBeforeAnythingIsClosed) {
  EXPECT_EQ(ShapeAt(WebRoute(), StepTo(100)).backends.at("east").mode, BackendMode::kDraining);
  EXPECT_EQ(ShapeAt(WebRoute(), StepTo(50)).backends.at("east").mode, BackendMode::kServing);
  EXPECT_EQ(ShapeOnBlue(WebRoute()).backends.at("west").mode, BackendMode::kDraining);
  EXPECT_EQ(ShapeCommitted(WebRoute(), false).backends.at("east").mode, BackendMode::kDraining);
  EXPECT_EQ(ShapeCommitted(WebRoute(), true).backends.at("east").mode, BackendMode::kClosed);
}

// A gateway's weights may miss a share by one percent, but never 0 or 100.
TEST(ShapesTest, ForgiveRoundingOnly) {
  const RouteShape ten = ShapeAt(WebRoute(), StepTo(10));
  EXPECT_TRUE(IsShaped(WebRoute(), AReading(10), ten));
  EXPECT_TRUE(IsShaped(WebRoute(), AReading(9), ten));
  EXPECT_FALSE(IsShaped(WebRoute(), AReading(12), ten));
  EXPECT_FALSE(IsShaped(WebRoute(), AReading(0), ShapeAt(WebRoute(), StepTo(1))));
  EXPECT_FALSE(IsShaped(WebRoute(), AReading(99), ShapeAt(WebRoute(), StepTo(100))));
}

// With no share, serving and draining are the same to traffic; closed is not.
TEST(ShapesTest, TellClosedFromDraining) {
  const RouteShape all = ShapeAt(WebRoute(), StepTo(100));
  RouteReading reading = AReading(100);
  EXPECT_TRUE(IsShaped(WebRoute(), reading, all));
  reading.backends["east"].mode = BackendMode::kDraining;
  EXPECT_TRUE(IsShaped(WebRoute(), reading, all));
  reading.backends["east"].mode = BackendMode::kClosed;
  EXPECT_FALSE(IsShaped(WebRoute(), reading, all));
  EXPECT_TRUE(IsShaped(WebRoute(), reading, ShapeCommitted(WebRoute(), true)));
}

// Somebody else's backend with traffic, a missing one or a foreign canary rule is not what was wished.
TEST(ShapesTest, SeeWhatDoesNotBelong) {
  const RouteShape ten = ShapeAt(WebRoute(), StepTo(10));
  RouteReading reading = AReading(10);
  reading.backends["north"] = ABackend(0);
  EXPECT_TRUE(IsShaped(WebRoute(), reading, ten));
  reading.backends["north"].percent = 5;
  EXPECT_FALSE(IsShaped(WebRoute(), reading, ten));
  reading = AReading(10);
  reading.canary = CanaryRule{"x-canary", "yes", "west"};
  EXPECT_FALSE(IsShaped(WebRoute(), reading, ten));
  reading = AReading(10);
  reading.backends.erase("east");
  EXPECT_FALSE(IsShaped(WebRoute(), reading, ten));
}

TEST(ShapesTest, AreTold) {
  SwitchStep canary = StepTo(0);
  canary.canary = HeaderMatch{"x-canary", "yes"};
  EXPECT_EQ(Say(canary), "x-canary: yes to green");
  EXPECT_EQ(Say(StepTo(10)), "10 % to green");
  EXPECT_EQ(Say(WebRoute(), ShapeAt(WebRoute(), StepTo(10))), "10 % green and 90 % blue");
  EXPECT_EQ(Say(WebRoute(), ShapeAt(WebRoute(), canary)),
            "0 % green, 100 % blue and requests with x-canary: yes to green");
  EXPECT_EQ(Say(WebRoute(), ShapeCommitted(WebRoute(), true)), "100 % green and blue closed");
}

}  // namespace
}  // namespace evenkeel::coordinator
