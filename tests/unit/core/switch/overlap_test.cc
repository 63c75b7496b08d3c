// L3: which two switches may not be under way at once.

#include "coordinator/core/switch/overlap.h"

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

SwitchSpec Another() {
  SwitchSpec other = ASwitch();
  other.name = "api";
  other.applications[0].service = "api";
  other.routes[0].key.route = "api";
  return other;
}

TEST(OverlapTest, NamesWhatBothHave) {
  EXPECT_EQ(OverlapOf(ASwitch(), Another()), "");
  SwitchSpec other = Another();
  other.name = "web";
  EXPECT_EQ(OverlapOf(ASwitch(), other), "the name web");
  other = Another();
  other.routes[0].key.route = "web";
  EXPECT_EQ(OverlapOf(ASwitch(), other), "route edge/web");
  other = Another();
  other.applications = ASwitch().applications;
  EXPECT_EQ(OverlapOf(ASwitch(), other), "application shop/web in cluster east");
  // So is one that is named by the same labels in another order.
  SwitchSpec by_labels = ASwitch();
  by_labels.applications[0].service.clear();
  by_labels.applications[0].selector = "app=web,tier=front";
  other.applications = by_labels.applications;
  other.applications[0].selector = "tier=front, app==web";
  EXPECT_EQ(OverlapOf(by_labels, other), "application shop/app=web,tier=front in cluster east");
  other.applications[0].selector = "app=web";
  EXPECT_EQ(OverlapOf(by_labels, other), "");
  other.applications = ASwitch().applications;
  // The way back is a switch of its own.
  other.from = "west";
  other.to = "east";
  EXPECT_EQ(OverlapOf(ASwitch(), other), "application shop/web in cluster east");
  // The same application between other clusters is another one.
  other.from = "north";
  other.to = "south";
  EXPECT_EQ(OverlapOf(ASwitch(), other), "");
}

}  // namespace
}  // namespace evenkeel::coordinator
