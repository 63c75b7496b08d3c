#include "cli/command/status.h"

#include <gmock/gmock.h>

#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StatusTest : public CommandTest {
 protected:
  StatusTest() {
    coordinator_.fleet.clusters = {ReadyCluster("local")};
    coordinator_.fleet.nodes = {HealthyNode("local", "node-1")};
  }
};

// Proves that a well fleet is exit code 0 and one screen.
TEST_F(StatusTest, WellFleetIsSuccess) {
  EXPECT_EQ(Run({"status"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("answered in "));
  EXPECT_THAT(out_, HasSubstr("local   Ready   1       1         1"));
  EXPECT_THAT(out_, HasSubstr("All is well.\n"));
}

// Proves that each thing that can be wrong makes the fleet not well, and is told in a sentence.
TEST(Problems, EachProblemIsTold) {
  v1::Cluster cluster = ReadyCluster("local");
  v1::Node node = HealthyNode("local", "node-1");
  EXPECT_THAT(Problems({cluster}, {node}, {}), IsEmpty());
  EXPECT_THAT(Problems({}, {}, {}), ElementsAre("the coordinator watches no cluster"));

  v1::Cluster away = cluster;
  away.set_api_state(v1::Cluster::API_STATE_UNREACHABLE);
  away.set_api_detail("connection refused");
  EXPECT_THAT(Problems({away}, {}, {}),
              ElementsAre("the Kubernetes API of cluster local cannot be used: connection refused"));
  v1::Cluster blind = cluster;
  blind.set_blind(true);
  blind.set_blind_reason("3 of 4 nodes are silent");
  EXPECT_THAT(Problems({blind}, {}, {}), ElementsAre("cluster local is not judged: 3 of 4 nodes are silent"));
  v1::Cluster zone = cluster;
  zone.add_blind_domains()->set_domain("zone-a");
  zone.mutable_blind_domains(0)->set_reason("2 of 3 nodes are silent");
  EXPECT_THAT(Problems({zone}, {}, {}),
              ElementsAre("zone-a of cluster local is not judged: 2 of 3 nodes are silent"));
  v1::Cluster empty = cluster;
  empty.set_nodes(0);
  EXPECT_THAT(Problems({empty}, {}, {}), ElementsAre("cluster local has no nodes"));

  v1::Node dead = node;
  dead.set_verdict(v1::VERDICT_DEAD);
  dead.set_verdict_reason("nobody reaches it");
  EXPECT_THAT(Problems({cluster}, {dead}, {}),
              ElementsAre("node node-1 of cluster local is Dead: nobody reaches it"));
  v1::Node silent = node;
  silent.set_agent_connected(false);
  EXPECT_THAT(Problems({cluster}, {silent}, {}),
              ElementsAre("the agent of node node-1 of cluster local is not in session"));
  v1::Node failed_over = node;
  failed_over.set_failed_over(true);
  EXPECT_THAT(Problems({cluster}, {failed_over}, {}), ElementsAre(HasSubstr("not readmitted yet")));

  v1::Decision decision;
  decision.set_name("decisions/3-7");
  decision.set_summary("node-2 is dead");
  EXPECT_THAT(Problems({cluster}, {node}, {decision}), ElementsAre("decision 3-7 is open: node-2 is dead"));
}

// Proves that only a virtual node may be without an agent.
TEST(Problems, OnlyVirtualNodesNeedNoAgent) {
  v1::Node node;
  node.set_name("clusters/local/nodes/virtual");
  EXPECT_THAT(Problems({ReadyCluster("local")}, {node}, {}),
              ElementsAre("node virtual of cluster local has no agent"));
  (*node.mutable_labels())["type"] = "virtual-kubelet";
  EXPECT_THAT(Problems({ReadyCluster("local")}, {node}, {}), IsEmpty());
}

// Proves that open decisions are found and shown, and that not all well is exit code 1.
TEST_F(StatusTest, OpenDecisionsAreShown) {
  v1::Decision decision;
  decision.set_name("decisions/3-7");
  decision.set_state(v1::Decision::STATE_OPEN);
  decision.set_summary("node-2 is dead");
  coordinator_.fleet.decisions = {decision};
  EXPECT_EQ(Run({"status"}), 1);
  EXPECT_THAT(out_, HasSubstr("Open decisions:\n"));
  EXPECT_EQ(err_, "error: not all is well:\n  - decision 3-7 is open: node-2 is dead\n");
}

// Proves that --wait outlasts a coordinator that is still starting and says what it waits for, once.
TEST_F(StatusTest, WaitOutlastsTheStart) {
  // Three tries a look; the third look succeeds.
  coordinator_.FailNext(6, {grpc::StatusCode::UNAVAILABLE, "starting"});
  EXPECT_EQ(Run({"status", "--wait"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("All is well.\n"));
  EXPECT_THAT(err_, HasSubstr("waiting, "));
  EXPECT_EQ(err_.find("starting"), err_.rfind("starting")) << err_;
}

// Proves that --wait ends with its timeout, with the last cause, and shows the fleet as it is then.
TEST_F(StatusTest, WaitEndsWithItsTimeout) {
  coordinator_.fleet.nodes[0].set_verdict(v1::VERDICT_SUSPECT);
  EXPECT_EQ(Run({"status", "--wait", "--timeout", "5s"}), 1);
  EXPECT_GE(now_ - Start(), absl::Seconds(5));
  EXPECT_LT(now_ - Start(), absl::Seconds(6));
  EXPECT_THAT(err_, HasSubstr("error: not all is well:\n  - node node-1 of cluster local is Suspect\n"));
  EXPECT_THAT(out_, HasSubstr("local   Ready"));
}

// Proves that an error which waiting cannot cure is told at once.
TEST_F(StatusTest, WaitDoesNotOutlastARefusal) {
  coordinator_.FailNext(1, {grpc::StatusCode::PERMISSION_DENIED, "you may not list clusters"});
  EXPECT_EQ(Run({"status", "--wait"}), 1);
  EXPECT_EQ(now_, Start());
}

}  // namespace
}  // namespace evenkeel::cli
