// Operators' orders: maintenance, pause, resume, and where they are shown.

#include "cli/command/order.h"

#include <gmock/gmock.h>

#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

class OrderTest : public CommandTest {
 protected:
  OrderTest() {
    coordinator_.fleet.clusters = {ReadyCluster("local")};
    coordinator_.fleet.nodes = {HealthyNode("local", "node-1")};
    v1::Maintenance maintenance;
    maintenance.set_name("clusters/local/maintenances/node-1");
    *maintenance.mutable_start_time() = At(-60'000);
    *maintenance.mutable_end_time() = At(3'600'000);
    maintenance.set_reason("new disk");
    coordinator_.fleet.maintenances = {maintenance};
    v1::Pause pause;
    pause.set_cluster("clusters/local");
    *pause.mutable_start_time() = At(0);
    pause.set_reason("network work");
    coordinator_.fleet.pauses = {pause};
  }
};

// Proves that a maintenance is ordered of the node, with its length and reason, and is told with its end.
TEST_F(OrderTest, StartsAMaintenance) {
  EXPECT_EQ(Run({"maintenance", "start", "node-1", "--for", "90m", "--reason", "new disk"}), 0) << err_;
  const v1::StartMaintenanceRequest request = coordinator_.seen().start_maintenance;
  EXPECT_EQ(request.name(), "clusters/local/maintenances/node-1");
  EXPECT_EQ(request.duration().seconds(), 5400);
  EXPECT_EQ(request.reason(), "new disk");
  EXPECT_FALSE(request.validate_only());
  EXPECT_THAT(out_, AllOf(HasSubstr("Node node-1 is under maintenance until "), HasSubstr("(new disk)")));
  EXPECT_EQ(Run({"maintenance", "start", "node-1", "--for", "1h", "--validate-only"}), 0);
  EXPECT_TRUE(coordinator_.seen().start_maintenance.validate_only());
  EXPECT_THAT(out_, HasSubstr("would be under maintenance"));
}

// Proves that it can be ended, and that one that is not there is an error.
TEST_F(OrderTest, EndsAMaintenance) {
  EXPECT_EQ(Run({"maintenance", "end", "node-1"}), 0) << err_;
  EXPECT_THAT(coordinator_.calls(), Contains("EndMaintenance clusters/local/maintenances/node-1"));
  EXPECT_EQ(out_, "The maintenance of node node-1 has ended.\n");
  EXPECT_EQ(Run({"maintenance", "end", "node-2"}), 1);
  EXPECT_THAT(err_, HasSubstr("is not there"));
}

// Proves that what is not understood is refused with what to say instead, and nothing is sent.
TEST_F(OrderTest, MistakesAreToldWithTheirCure) {
  const std::pair<std::vector<std::string>, const char*> mistakes[] = {
      {{"maintenance", "start", "node-1"}, "--for"},
      {{"maintenance", "start"}, "maintenance start NODE --for 1h"},
      {{"maintenance", "begin", "node-1", "--for", "1h"}, "maintenance end NODE"},
      {{"maintenance", "end", "node-1", "--for", "1h"}, "and nothing else"},
      {{"maintenance", "start", "node-1", "--for", "soon"}, "must be a duration"},
      {{"pause", "--for", "-1h"}, "must be a duration"},
  };
  for (const auto& [words, cure] : mistakes) {
    EXPECT_EQ(Run(words), 1) << cure;
    EXPECT_THAT(err_, HasSubstr(cure));
  }
  EXPECT_THAT(coordinator_.calls(), ::testing::Not(Contains("StartMaintenance")));
}

// Proves the list of windows, and one of them described.
TEST_F(OrderTest, ShowsMaintenances) {
  EXPECT_EQ(Run({"get", "maintenance"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().list_maintenances.parent(), "clusters/-");
  EXPECT_THAT(out_, HasSubstr("CLUSTER   NODE     FOR   LEFT   UNTIL"));
  EXPECT_THAT(out_, HasSubstr("local     node-1   60s   60m    "));
  EXPECT_THAT(out_, HasSubstr("new disk"));
  EXPECT_EQ(Run({"describe", "maintenance", "node-1"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("Reason:              new disk\n"));
  EXPECT_EQ(Run({"get", "maintenances", "node-9"}), 1);
}

// Proves that a pause is of all clusters unless one is picked, and has no end unless one is given.
TEST_F(OrderTest, PausesAndResumes) {
  EXPECT_EQ(Run({"pause", "--reason", "network work"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().pause_cluster.name(), "clusters/-");
  EXPECT_FALSE(coordinator_.seen().pause_cluster.has_duration());
  EXPECT_EQ(out_, "Cluster local is paused until `evenkeel resume` (network work): nothing is done in it.\n");
  *coordinator_.fleet.pauses[0].mutable_end_time() = At(60'000);
  EXPECT_EQ(Run({"pause", "--cluster", "local", "--for", "1m", "--validate-only"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().pause_cluster.name(), "clusters/local");
  EXPECT_EQ(coordinator_.seen().pause_cluster.duration().seconds(), 60);
  EXPECT_THAT(out_, HasSubstr("would be paused until 20"));
  EXPECT_EQ(Run({"resume"}), 0) << err_;
  EXPECT_THAT(coordinator_.calls(), Contains("ResumeCluster clusters/-"));
  EXPECT_EQ(out_, "Cluster local is not paused any more.\n");
  coordinator_.fleet.pauses.clear();
  EXPECT_EQ(Run({"resume", "--cluster", "local"}), 0) << err_;
  EXPECT_EQ(out_, "Nothing was paused.\n");
}

// Proves that a pause is shouted by status, stands in the table of clusters, and is not "all is well".
TEST_F(OrderTest, APauseIsShownLoudly) {
  *coordinator_.fleet.clusters[0].mutable_pause() = coordinator_.fleet.pauses[0];
  EXPECT_EQ(Run({"status"}), 1);
  EXPECT_THAT(
      out_,
      HasSubstr("*** Cluster local is paused by an operator until it is resumed (network work). NOTHING"));
  EXPECT_THAT(out_, HasSubstr("Ready,PAUSED"));
  EXPECT_THAT(err_, HasSubstr("NOTHING IS DONE in cluster local"));
  EXPECT_EQ(Run({"get", "clusters", "-o", "wide"}), 0);
  EXPECT_THAT(out_, HasSubstr("paused by an operator until it is resumed (network work)"));
  EXPECT_EQ(Run({"describe", "cluster", "local"}), 0);
  EXPECT_THAT(out_, HasSubstr("Paused:              paused by an operator"));
}

// Proves that a node under maintenance is shown as that, and is no reason for concern.
TEST_F(OrderTest, AMaintenanceIsShownWithItsNode) {
  v1::Node& node = coordinator_.fleet.nodes[0];
  node.set_verdict(v1::VERDICT_DEAD);
  *node.mutable_maintenance() = coordinator_.fleet.maintenances[0];
  EXPECT_EQ(Run({"status"}), 0) << err_;
  EXPECT_EQ(Run({"get", "nodes"}), 0);
  EXPECT_THAT(out_, HasSubstr("Dead,Maintenance"));
  EXPECT_EQ(Run({"describe", "node", "node-1"}), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr("Maintenance:         until 20"), HasSubstr("(new disk)")));
}

}  // namespace
}  // namespace evenkeel::cli
