// What must stay of a workload while its application is switched: as much as blue had when the switch began,
// whoever's pods it has, and for as long as the switch is under way.

#include "coordinator/core/switch/switch_floors.h"

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

class SwitchFloorsTest : public testing::Test {
 protected:
  SwitchFloorsTest() {
    Switch& one = desk_.switches["web"];
    one.record.spec = ASwitch();
    one.record.phase = SwitchPhase::kHolding;
    one.decision = DecisionId{1, 7};
    one.record.needed[Web()] = 6;
    See("east", {{"rs-1", 6}});
    See("west", {{"rs-2", 8}});
  }

  static Application Web() { return ASwitch().applications[0]; }

  Switch& One() { return desk_.switches.at("web"); }
  void See(const std::string& cluster, const std::map<std::string, uint32_t>& controllers) {
    ApplicationFacts& facts = One().applications[{cluster, Web()}];
    facts.controllers = controllers;
    facts.pods = 0;
    for (const auto& [uid, pods] : controllers) facts.pods += pods;
  }
  SwitchFloor Of(const std::string& cluster, const std::string& controller) const {
    return FloorOf(desk_, cluster, "shop", {{controller, 1}});
  }

  SwitchDesk desk_;
};

// Both sides keep what blue had; other workloads, namespaces and clusters keep nothing.
TEST_F(SwitchFloorsTest, BothSidesKeepWhatBlueHad) {
  const SwitchFloor six{.replicas = 6, .name = "web", .unknown = false};
  EXPECT_EQ(Of("east", "rs-1"), six);
  EXPECT_EQ(Of("west", "rs-2"), six);
  EXPECT_EQ(Of("west", "rs-1"), SwitchFloor());
  EXPECT_EQ(Of("north", "rs-1"), SwitchFloor());
  EXPECT_EQ(FloorOf(desk_, "east", "other", {{"rs-1", 6}}), SwitchFloor());
  EXPECT_EQ(FloorOf(desk_, "east", "shop", {}), SwitchFloor());
  EXPECT_TRUE(HasSwitched(desk_, "east", "shop"));
  EXPECT_TRUE(HasSwitched(desk_, "west", "shop"));
  EXPECT_FALSE(HasSwitched(desk_, "north", "shop"));
  EXPECT_FALSE(HasSwitched(desk_, "east", "other"));
}

// Several workloads of one application keep together what is needed, each by its share, rounded up.
TEST_F(SwitchFloorsTest, WorkloadsShareWhatIsNeeded) {
  See("east", {{"rs-1", 4}, {"rs-3", 4}, {"set-4", 1}});
  EXPECT_EQ(Of("east", "rs-1").replicas, 3);
  EXPECT_EQ(Of("east", "rs-3").replicas, 3);
  EXPECT_EQ(Of("east", "set-4").replicas, 1);
  // In the midst of a rollout a workload has two.
  EXPECT_EQ(FloorOf(desk_, "east", "shop", {{"rs-1", 4}, {"rs-3", 4}}).replicas, 6);
}

// What is not seen may be any workload's of the namespace.
TEST_F(SwitchFloorsTest, WhatIsNotSeenMayBeAnybodys) {
  One().applications.erase({"west", Web()});
  EXPECT_EQ(Of("west", "rs-9"), (SwitchFloor{.replicas = 0, .name = "web", .unknown = true}));
  EXPECT_EQ(FloorOf(desk_, "west", "other", {{"rs-9", 1}}), SwitchFloor());
  EXPECT_FALSE(Of("east", "rs-1").unknown);
}

// Of two switches the one that needs more counts; one that is only planned, or has not found yet what blue
// has, needs nothing.
TEST_F(SwitchFloorsTest, WhoNeedsMostCounts) {
  Switch& other = desk_.switches["web-again"];
  other.record = One().record;
  other.applications = One().applications;
  other.record.needed[Web()] = 9;
  EXPECT_EQ(Of("east", "rs-1").replicas, 6);
  other.decision = DecisionId{1, 8};
  EXPECT_EQ(Of("east", "rs-1"), (SwitchFloor{.replicas = 9, .name = "web-again", .unknown = false}));
  other.record.needed.clear();
  EXPECT_EQ(Of("east", "rs-1").replicas, 6);
}

}  // namespace
}  // namespace evenkeel::coordinator
