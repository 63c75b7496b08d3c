// What operators order by hand: maintenance of nodes, and pauses.

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/core/step_world.h"

namespace evenkeel::coordinator {
namespace {

// Orders about what is not there are answered so, and change nothing.
TEST_F(StepTest, OrdersAboutStrangersAreRefused) {
  Raise(2);
  Do(StartMaintenance{.request_id = 1, .node = Key(9), .length = absl::Hours(1)});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(StartMaintenance{.request_id = 2, .node = {"elsewhere", "node-1"}, .length = absl::Hours(1)});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(EndMaintenance{.request_id = 3, .node = Key(1)});
  EXPECT_EQ(reply_.request_id, 3u);
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(PauseClusters{.request_id = 4, .cluster = "elsewhere"});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(ResumeClusters{.request_id = 5, .cluster = "elsewhere"});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(ResumeClusters{.request_id = 6});  // nothing is paused: no mistake
  EXPECT_TRUE(reply_.status.ok());
  EXPECT_TRUE(reply_.pauses.empty());
  EXPECT_TRUE(decisions_.empty());
}

// An order that is only to be checked is answered as it would be, and changes nothing.
TEST_F(StepTest, OrdersCanBeChecked) {
  Raise(2);
  Do(StartMaintenance{.node = Key(1), .length = absl::Hours(1), .reason = "disk", .validate_only = true});
  ASSERT_TRUE(reply_.maintenance);
  EXPECT_EQ(reply_.maintenance->end, now_ + absl::Hours(1));
  Do(PauseClusters{.reason = "work", .validate_only = true});
  ASSERT_EQ(reply_.pauses.size(), 1u);
  EXPECT_EQ(reply_.pauses[0].end, absl::InfiniteFuture());
  EXPECT_TRUE(decisions_.empty());
  EXPECT_FALSE(cluster_.pause);
}

// A second order of the same kind gives the first a new end; each leaves its record.
TEST_F(StepTest, OrdersCanBeProlonged) {
  Raise(2);
  const absl::Time first = now_;
  Do(StartMaintenance{.node = Key(1), .length = absl::Hours(1)});
  Pass(absl::Minutes(30));
  Do(StartMaintenance{.node = Key(1), .length = absl::Hours(1)});
  EXPECT_EQ(reply_.maintenance->start, first);
  EXPECT_EQ(reply_.maintenance->end, now_ + absl::Hours(1));
  Do(PauseClusters{.length = absl::Minutes(5)});
  Do(PauseClusters{});
  EXPECT_EQ(cluster_.pause->end, absl::InfiniteFuture());
  Pass(absl::Minutes(10));
  EXPECT_TRUE(cluster_.pause);
  EXPECT_EQ(decisions_.size(), 4u);
  for (const auto& [id, decision] : decisions_) EXPECT_EQ(decision.state, DecisionState::kSucceeded);
}

// A coordinator that was started without a cluster whose node was under maintenance.
class ForgottenClusterTest : public StepTest {
 protected:
  ForgottenClusterTest()
      : StepTest(Restored{.epoch = 2,
                          .open_decisions = {},
                          .nodes = {},
                          .policies = {},
                          .clusters = {},
                          .maintenances = {Window("node-1"), Window("node-2")}}) {}

  static Maintenance Window(const std::string& node) {
    const absl::Time start = absl::FromUnixSeconds(999'000);
    return {
        .node = {"gone", node}, .start = start, .end = start + absl::Hours(1), .reason = "disk of " + node};
  }
};

// The window can be ended all the same: its record is deleted, the other's stays, and it is ended once.
TEST_F(ForgottenClusterTest, ItsMaintenanceCanBeEnded) {
  Raise(2);
  Do(EndMaintenance{.request_id = 1, .node = {"gone", "node-1"}});
  EXPECT_TRUE(reply_.status.ok()) << reply_.status;
  ASSERT_TRUE(reply_.maintenance);
  EXPECT_EQ(reply_.maintenance->reason, "disk of node-1");
  EXPECT_EQ(erased_, (std::vector<NodeKey>{{"gone", "node-1"}}));
  Do(EndMaintenance{.request_id = 2, .node = {"gone", "node-1"}});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(EndMaintenance{.request_id = 3, .node = {"gone", "node-3"}});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(erased_.size(), 1u);
  EXPECT_TRUE(decisions_.empty());
}

// What is left of the cluster's windows holds again once it is watched again.
TEST_F(ForgottenClusterTest, ItsOtherWindowsHoldOnceItIsBack) {
  Do(EndMaintenance{.request_id = 1, .node = {"gone", "node-1"}});
  Do(ClusterAdded{"gone"});
  Do(EndMaintenance{.request_id = 2, .node = {"gone", "node-1"}});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(EndMaintenance{.request_id = 3, .node = {"gone", "node-2"}});
  EXPECT_TRUE(reply_.status.ok()) << reply_.status;
  EXPECT_EQ(erased_, (std::vector<NodeKey>{{"gone", "node-1"}, {"gone", "node-2"}}));
}

}  // namespace
}  // namespace evenkeel::coordinator
