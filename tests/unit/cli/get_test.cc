#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class GetTest : public CommandTest {
 protected:
  GetTest() {
    coordinator_.fleet.clusters = {ReadyCluster("local")};
    coordinator_.fleet.nodes = {HealthyNode("local", "node-1"), HealthyNode("local", "node-2"),
                                HealthyNode("local", "node-3")};
    v1::Pod pod;
    pod.set_name("clusters/local/namespaces/default/pods/web-a");
    pod.set_phase("Running");
    pod.add_containers()->set_name(pod.name() + "/containers/web");
    coordinator_.fleet.pods = {pod};
  }

  static v1::WatchFleetResponse NodeChange(v1::WatchFleetResponse::Type type, v1::Node node) {
    v1::WatchFleetResponse response;
    response.set_type(type);
    *response.mutable_node() = std::move(node);
    return response;
  }
};

// Proves that a list follows its pages to the end, and that the token is presented.
TEST_F(GetTest, ListFollowsItsPages) {
  ASSERT_EQ(Run({"get", "nodes"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("CLUSTER   NAME     VERDICT"));
  EXPECT_THAT(out_, HasSubstr("local     node-3   Healthy"));
  EXPECT_THAT(coordinator_.calls(), ElementsAre("ListNodes", "ListNodes"));
  EXPECT_EQ(coordinator_.authorization(), "Bearer secret");
  EXPECT_EQ(coordinator_.seen().list_nodes.parent(), "clusters/-");
}

// Proves that a picked cluster, a selector and a namespace reach the coordinator as they were given.
TEST_F(GetTest, ScopeAndSelectorReachTheCoordinator) {
  ASSERT_EQ(Run({"get", "nodes", "--cluster", "local", "-l", "zone in (a,b),!spot"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().list_nodes.parent(), "clusters/local");
  EXPECT_EQ(coordinator_.seen().list_nodes.label_selector(), "zone in (a,b),!spot");
  EXPECT_THAT(out_, Not(HasSubstr("CLUSTER")));
  ASSERT_EQ(Run({"get", "pods", "-n", "web", "--node", "node-1"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().list_pods.parent(), "clusters/-/namespaces/web");
  EXPECT_EQ(coordinator_.seen().list_pods.node(), "node-1");
  ASSERT_EQ(Run({"get", "pods", "-A"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().list_pods.parent(), "clusters/-/namespaces/-");
  EXPECT_THAT(out_, HasSubstr("NAMESPACE"));
}

// Proves the formats for programs: one object for one name, a list otherwise, names that can be given back.
TEST_F(GetTest, FormatsForProgramsAreExact) {
  ASSERT_EQ(Run({"get", "node", "node-1", "-o", "json"}), 0) << err_;
  EXPECT_EQ(nlohmann::json::parse(out_)["name"], "clusters/local/nodes/node-1");
  ASSERT_EQ(Run({"get", "nodes", "-o", "json"}), 0);
  EXPECT_EQ(nlohmann::json::parse(out_)["items"].size(), 3U);
  ASSERT_EQ(Run({"get", "policies", "-o", "json"}), 0);
  EXPECT_EQ(nlohmann::json::parse(out_)["items"].size(), 0U);
  ASSERT_EQ(Run({"get", "nodes", "-o", "name"}), 0);
  EXPECT_THAT(out_, ::testing::StartsWith("clusters/local/nodes/node-1\n"));
  ASSERT_EQ(Run({"get", "clusters/local/nodes/node-2", "-o", "yaml"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("verdict: VERDICT_HEALTHY\n"));
}

// Proves that containers come with their pods and can be named by pod and container.
TEST_F(GetTest, ContainersBelongToPods) {
  ASSERT_EQ(Run({"get", "containers"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("web-a   web"));
  ASSERT_EQ(Run({"get", "container", "web-a/web", "-o", "name"}), 0) << err_;
  EXPECT_EQ(out_, "clusters/local/namespaces/default/pods/web-a/containers/web\n");
}

// Proves that nothing found is said on stderr and is no failure, as with kubectl.
TEST_F(GetTest, NothingFoundIsSaidOnStderr) {
  EXPECT_EQ(Run({"get", "decisions"}), 0);
  EXPECT_THAT(out_, IsEmpty());
  EXPECT_EQ(err_, "No resources found\n");
}

// Proves that of several names those that exist are shown, and the exit code tells of the others.
TEST_F(GetTest, MissingNamesDoNotHideTheOthers) {
  EXPECT_EQ(Run({"get", "node", "node-1", "nope"}), 1);
  EXPECT_THAT(out_, HasSubstr("node-1"));
  EXPECT_THAT(err_, HasSubstr("clusters/local/nodes/nope is not there"));
}

// Proves that a name without a cluster is not guessed when there are several.
TEST_F(GetTest, ClusterIsNotGuessed) {
  coordinator_.fleet.clusters.push_back(ReadyCluster("other"));
  EXPECT_EQ(Run({"get", "node", "node-1"}), 1);
  EXPECT_THAT(err_, HasSubstr("say which with --cluster: local, other"));
  EXPECT_EQ(Run({"get", "node", "node-1", "--cluster", "local"}), 0) << err_;
}

// Proves that options which would not count are refused.
TEST_F(GetTest, OptionsThatDoNotCountAreRefused) {
  EXPECT_EQ(Run({"get", "decisions", "-l", "a=b"}), 1);
  EXPECT_THAT(err_, HasSubstr("decisions have no labels"));
  EXPECT_EQ(Run({"get", "nodes", "--node", "x"}), 1);
  EXPECT_EQ(Run({"get", "node", "node-1", "-l", "a=b"}), 1);
  EXPECT_EQ(Run({"get", "policies", "-w"}), 1);
  EXPECT_THAT(err_, HasSubstr("policies cannot be watched"));
}

// Proves that colour is for terminals, and not even there when NO_COLOR is set.
TEST_F(GetTest, ColourIsForTerminals) {
  environment_["TERM"] = "xterm";
  ASSERT_EQ(Run({"get", "nodes"}), 0);
  EXPECT_THAT(out_, Not(HasSubstr("\033[")));
  terminal_ = true;
  ASSERT_EQ(Run({"get", "nodes"}), 0);
  EXPECT_THAT(out_, HasSubstr("\033[32mHealthy\033[0m"));
  environment_["NO_COLOR"] = "1";
  ASSERT_EQ(Run({"get", "nodes"}), 0);
  EXPECT_THAT(out_, Not(HasSubstr("\033[")));
}

// Proves that a watch prints each real change once, survives cuts (and says so), and ends with an error that
// will not pass.
TEST_F(GetTest, WatchSurvivesCutsAndPrintsChangesOnce) {
  v1::Node dead = HealthyNode("local", "node-2");
  dead.set_verdict(v1::VERDICT_DEAD);
  const auto added = v1::WatchFleetResponse::TYPE_ADDED;
  coordinator_.fleet_watches = {
      {{NodeChange(added, HealthyNode("local", "node-1")),
        NodeChange(v1::WatchFleetResponse::TYPE_MODIFIED, dead)},
       {grpc::StatusCode::UNAVAILABLE, "the coordinator is stopping"}},
      {{NodeChange(added, HealthyNode("local", "node-1")), NodeChange(added, dead)},
       {grpc::StatusCode::RESOURCE_EXHAUSTED, "too slow"}},
  };
  EXPECT_EQ(Run({"get", "nodes", "-w", "-o", "wide"}), 1);
  EXPECT_THAT(coordinator_.calls(),
              ElementsAre("ListNodes", "ListNodes", "WatchFleet", "WatchFleet", "WatchFleet"));
  EXPECT_EQ(out_.find("Dead"), out_.rfind("Dead")) << out_;
  EXPECT_THAT(out_, HasSubstr("Dead"));
  EXPECT_THAT(err_, HasSubstr("the watch was cut, trying again: the coordinator is stopping\n"));
  EXPECT_THAT(err_, HasSubstr("the watch was cut, trying again: too slow\n"));
  EXPECT_THAT(err_, HasSubstr("error: the test is over\n"));
  EXPECT_THAT(coordinator_.seen().watch_fleet.kinds(), ElementsAre(v1::WatchFleetRequest::KIND_NODE));
}

// Proves that a watch of named nodes passes over the others, and gives programs one object after another.
TEST_F(GetTest, WatchOfNamesPassesOverOthers) {
  v1::Node dead = HealthyNode("local", "node-2");
  dead.set_verdict(v1::VERDICT_DEAD);
  v1::Node other = HealthyNode("local", "node-3");
  other.set_verdict(v1::VERDICT_SUSPECT);
  const auto modified = v1::WatchFleetResponse::TYPE_MODIFIED;
  coordinator_.fleet_watches = {{{NodeChange(modified, other), NodeChange(modified, dead)},
                                 {grpc::StatusCode::PERMISSION_DENIED, "end"}}};
  EXPECT_EQ(Run({"get", "node", "node-2", "-w", "-o", "yaml"}), 1);
  EXPECT_THAT(out_, HasSubstr("---\nname: clusters/local/nodes/node-2\n"));
  EXPECT_THAT(out_, HasSubstr("VERDICT_DEAD"));
  EXPECT_THAT(out_, Not(HasSubstr("node-3")));
}

// Proves that decisions are watched through their own stream.
TEST_F(GetTest, DecisionsAreWatched) {
  v1::WatchDecisionsResponse response;
  response.set_type(v1::WatchDecisionsResponse::TYPE_ADDED);
  response.mutable_decision()->set_name("decisions/3-7");
  response.mutable_decision()->set_node("node-2");
  coordinator_.decision_watches = {{{response}, {grpc::StatusCode::PERMISSION_DENIED, "end"}}};
  EXPECT_EQ(Run({"get", "decisions", "-w"}), 1);
  EXPECT_THAT(out_, HasSubstr("3-7"));
}

}  // namespace
}  // namespace evenkeel::cli
