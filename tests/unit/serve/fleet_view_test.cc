#include "coordinator/serve/fleet_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/time/fake_clock.h"
#include "tests/unit/serve/fleet.h"

namespace evenkeel::coordinator {
namespace {

class FleetViewTest : public testing::Test {
 protected:
  v1::Cluster Cluster() { return ToMessage(*view_.FindCluster("blue")); }
  v1::Node Node(const std::string& name) {
    const auto found = view_.FindNode({"blue", name});
    return found ? ToMessage(*found) : v1::Node();
  }
  v1::Pod Pod(const std::string& name) {
    const auto found = view_.FindPod({"blue", "shop", name});
    return found ? ToMessage(*found) : v1::Pod();
  }
  static v1::Report ReportOf(const std::string& pod, uint64_t cpu_millicores) {
    v1::Report report;
    v1::PodReport& added = *report.add_pods();
    added.set_uid("uid-" + pod);
    added.set_namespace_("shop");
    added.set_name(pod);
    v1::ContainerReport& container = *added.add_containers();
    container.set_name("app");
    container.set_cpu_used_millicores(cpu_millicores);
    return report;
  }

  time::FakeClock clock_;
  FleetView view_{{"blue"}, clock_};
};

// A cluster is shown from the start, and counts what is in it as it comes and goes.
TEST_F(FleetViewTest, CountsWhatComesAndGoes) {
  EXPECT_EQ(Cluster().api_state(), v1::Cluster::API_STATE_UNSPECIFIED);
  view_.OnApi({.cluster = "blue", .reachable = true, .detail = "", .version = "v1.30.0"});
  view_.OnNode(MakeNode("blue", "n1"));
  view_.OnNode(MakeNode("blue", "n2"));
  view_.OnPod(MakePod({"blue", "shop", "a"}, "n1"));
  view_.OnPod(MakePod({"blue", "shop", "b"}, ""));
  view_.OnSessionOpened({"blue", "n1"}, MakeSession(1));
  view_.OnNotice(MakeVerdict({"blue", "n1"}, Verdict::kHealthy));
  EXPECT_EQ(Cluster().nodes(), 2U);
  EXPECT_EQ(Cluster().healthy_nodes(), 1U);
  EXPECT_EQ(Cluster().agents(), 1U);
  EXPECT_EQ(Cluster().pods(), 2U);
  EXPECT_EQ(Node("n1").pods(), 1U);

  view_.OnPod(MakePod({"blue", "shop", "b"}, "n1"));  // bound
  EXPECT_EQ(Node("n1").pods(), 2U);
  view_.OnPodGone({"blue", "shop", "a"});
  view_.OnSessionClosed({"blue", "n1"}, 1, "connection lost");
  view_.OnNotice(MakeVerdict({"blue", "n1"}, Verdict::kDead));
  view_.OnNodeGone({"blue", "n2"});
  EXPECT_EQ(Cluster().nodes(), 1U);
  EXPECT_EQ(Cluster().healthy_nodes(), 0U);
  EXPECT_EQ(Cluster().agents(), 0U);
  EXPECT_EQ(Cluster().pods(), 1U);
  EXPECT_EQ(Node("n1").pods(), 1U);
  EXPECT_FALSE(Node("n1").agent_connected());
}

// Pods may be shown before their node, and a decision may be open before it: nothing of it is lost.
TEST_F(FleetViewTest, KeepsWhatIsKnownBeforeTheNode) {
  view_.OnApi({.cluster = "blue", .reachable = true, .detail = "", .version = ""});
  view_.OnPod(MakePod({"blue", "shop", "a"}, "n1"));
  view_.OnNotice(MakeVerdict({"blue", "n1"}, Verdict::kSuspect));
  Decision decision;
  decision.id = {3, 4};
  decision.cluster = "blue";
  decision.node = "n1";
  view_.OnNotice(DecisionChanged{decision});
  EXPECT_FALSE(view_.FindNode({"blue", "n1"}));

  view_.OnNode(MakeNode("blue", "n1"));
  EXPECT_EQ(Node("n1").pods(), 1U);
  EXPECT_EQ(Node("n1").verdict(), v1::VERDICT_SUSPECT);
  EXPECT_EQ(Node("n1").open_decision(), "decisions/3-4");
  decision.state = DecisionState::kSucceeded;
  view_.OnNotice(DecisionChanged{decision});
  EXPECT_EQ(Node("n1").open_decision(), "");
}

// What was known of nodes from before, and is not in Kubernetes' first complete list, is forgotten; a node
// whose agent speaks stays.
TEST_F(FleetViewTest, ForgetsNodesThatTheFirstListDoesNotShow) {
  view_.OnNotice(MakeVerdict({"blue", "old"}, Verdict::kUnknown));
  view_.OnSessionOpened({"blue", "speaking"}, MakeSession(1));
  view_.OnNode(MakeNode("blue", "n1"));
  EXPECT_EQ(Cluster().nodes(), 3U);
  view_.OnApi({.cluster = "blue", .reachable = true, .detail = "", .version = ""});
  EXPECT_FALSE(view_.FindNode({"blue", "old"}));
  EXPECT_TRUE(view_.FindNode({"blue", "speaking"}));
  EXPECT_EQ(Cluster().nodes(), 2U);
  view_.OnSessionClosed({"blue", "speaking"}, 1, "connection lost");
  EXPECT_FALSE(view_.FindNode({"blue", "speaking"}));
}

// A report that is not full changes what it names and leaves the rest; a full one is all there is.
TEST_F(FleetViewTest, MergesReports) {
  view_.OnNode(MakeNode("blue", "n1"));
  view_.OnPod(MakePod({"blue", "shop", "a"}, "n1"));
  view_.OnPod(MakePod({"blue", "shop", "b"}, "n1"));
  view_.OnSessionOpened({"blue", "n1"}, MakeSession(1));
  v1::Report first = ReportOf("a", 100);
  first.set_full(true);
  first.mutable_node()->mutable_cpu()->set_used_millicores(500);
  first.mutable_node()->mutable_memory()->set_total_bytes(1024);
  view_.OnReport({"blue", "n1"}, 1, first);
  v1::Report second = ReportOf("b", 200);
  second.mutable_node()->mutable_cpu()->set_used_millicores(600);
  view_.OnReport({"blue", "n1"}, 1, second);

  EXPECT_EQ(Node("n1").report().cpu().used_millicores(), 600U);
  EXPECT_EQ(Node("n1").report().memory().total_bytes(), 1024U);
  EXPECT_EQ(Pod("a").cpu_used_millicores(), 100U);
  EXPECT_EQ(Pod("b").cpu_used_millicores(), 200U);

  v1::Report gone;
  gone.add_gone_pod_uids("uid-a");
  view_.OnReport({"blue", "n1"}, 1, gone);
  EXPECT_FALSE(Pod("a").has_cpu_used_millicores());

  v1::Report full;
  full.set_full(true);
  view_.OnReport({"blue", "n1"}, 1, full);
  EXPECT_FALSE(Pod("b").has_cpu_used_millicores());
  EXPECT_FALSE(Node("n1").has_report());
}

// Zero is a measurement; without an agent in session there is none.
TEST_F(FleetViewTest, TellsZeroFromNothing) {
  view_.OnNode(MakeNode("blue", "n1"));
  view_.OnPod(MakePod({"blue", "shop", "a"}, "n1"));
  view_.OnSessionOpened({"blue", "n1"}, MakeSession(1));
  EXPECT_FALSE(Pod("a").has_cpu_used_millicores());
  view_.OnReport({"blue", "n1"}, 1, ReportOf("a", 0));
  EXPECT_TRUE(Pod("a").has_cpu_used_millicores());
  EXPECT_FALSE(Pod("a").has_memory_working_set_bytes());
  view_.OnSessionClosed({"blue", "n1"}, 1, "said goodbye");
  EXPECT_FALSE(Pod("a").has_cpu_used_millicores());
}

// What an older session says after a newer one began does not count.
TEST_F(FleetViewTest, IgnoresOlderSessions) {
  view_.OnNode(MakeNode("blue", "n1"));
  view_.OnSessionOpened({"blue", "n1"}, MakeSession(1));
  view_.OnSessionOpened({"blue", "n1"}, MakeSession(2));
  EXPECT_EQ(Cluster().agents(), 1U);
  v1::Report report;
  report.mutable_node()->set_runtime_version("old");
  view_.OnReport({"blue", "n1"}, 1, report);
  EXPECT_FALSE(Node("n1").has_report());
  view_.OnSessionClosed({"blue", "n1"}, 1, "taken over");
  EXPECT_TRUE(Node("n1").agent_connected());
}

// The twenty latest occurrences are kept, the newest first.
TEST_F(FleetViewTest, KeepsTheLatestOccurrences) {
  view_.OnNode(MakeNode("blue", "n1"));
  view_.OnSessionOpened({"blue", "n1"}, MakeSession(1));
  for (int i = 0; i < 5; ++i) {
    v1::Report report;
    for (int j = 0; j < 6; ++j) report.add_occurrences()->set_detail(std::to_string(6 * i + j));
    view_.OnReport({"blue", "n1"}, 1, report);
  }
  ASSERT_EQ(Node("n1").occurrences_size(), 20);
  EXPECT_EQ(Node("n1").occurrences(0).detail(), "29");
  EXPECT_EQ(Node("n1").occurrences(19).detail(), "10");
}

// What an agent tells again in a new session is shown once, and in its old place.
TEST_F(FleetViewTest, ShowsOnceWhatIsToldAgain) {
  view_.OnNode(MakeNode("blue", "n1"));
  view_.OnSessionOpened({"blue", "n1"}, MakeSession(1));
  v1::Report report;
  for (int i = 0; i < 30; ++i) {
    v1::NodeOccurrence& occurrence = *report.add_occurrences();
    occurrence.mutable_node_time()->set_seconds(1000 + i);
    occurrence.set_detail(std::to_string(i));
  }
  view_.OnReport({"blue", "n1"}, 1, report);
  view_.OnSessionOpened({"blue", "n1"}, MakeSession(2));
  report.set_full(true);
  v1::NodeOccurrence& fresh = *report.add_occurrences();
  fresh.mutable_node_time()->set_seconds(1029);
  fresh.set_detail("30");
  view_.OnReport({"blue", "n1"}, 2, report);
  ASSERT_EQ(Node("n1").occurrences_size(), 20);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Node("n1").occurrences(i).detail(), std::to_string(30 - i));
}

// How much more time nodes are given, and why, is shown with their cluster; how sure a verdict is, and when a
// node is readmitted, with the node.
TEST_F(FleetViewTest, ShowsPatienceAndConfidence) {
  EXPECT_EQ(Cluster().patience_percent(), 100u);
  view_.OnNotice(PatienceChanged{.cluster = "blue", .percent = 150, .reason = "the loop was late"});
  EXPECT_EQ(Cluster().patience_percent(), 150u);
  EXPECT_EQ(Cluster().patience_reason(), "the loop was late");

  view_.OnNode(MakeNode("blue", "n1"));
  VerdictChanged verdict{.node = {"blue", "n1"},
                         .verdict = Verdict::kHealthy,
                         .reason = "",
                         .confidence = Confidence::kHigh,
                         .since = clock_.Now()};
  verdict.readmit_after = absl::Seconds(60);
  view_.OnNotice(verdict);
  EXPECT_EQ(Node("n1").confidence(), v1::CONFIDENCE_HIGH);
  EXPECT_FALSE(Node("n1").has_readmit_after());
  verdict.failed_over = true;
  verdict.relapses = 1;
  verdict.readmission_due = clock_.Now() + absl::Seconds(60);
  view_.OnNotice(verdict);
  EXPECT_EQ(Node("n1").readmit_after().seconds(), 60);
  EXPECT_EQ(Node("n1").relapses(), 1u);
  EXPECT_TRUE(Node("n1").has_readmission_due_time());
}

// Blindness is shown with its reason until sight is regained.
TEST_F(FleetViewTest, ShowsBlindness) {
  view_.OnNotice(
      SightChanged{.cluster = "blue", .blind = true, .reason = "too many silent", .since = clock_.Now()});
  EXPECT_TRUE(Cluster().blind());
  EXPECT_EQ(Cluster().blind_reason(), "too many silent");
  view_.OnNotice(SightChanged{.cluster = "blue", .blind = false, .reason = "", .since = clock_.Now()});
  EXPECT_FALSE(Cluster().blind());
}

// Failure domains in doubt are shown by name, with the latest reason, until sight of each is regained.
TEST_F(FleetViewTest, ShowsBlindFailureDomains) {
  const auto tell = [this](const std::string& domain, bool blind, const std::string& reason) {
    view_.OnNotice(DomainSightChanged{
        .cluster = "blue", .domain = domain, .blind = blind, .reason = reason, .since = clock_.Now()});
  };
  EXPECT_EQ(Cluster().blind_domains_size(), 0);
  tell("zone-b", true, "2 of 3 nodes are silent");
  tell("zone-a", true, "2 of 3 nodes are silent");
  tell("zone-a", true, "3 of 3 nodes are silent");
  const v1::Cluster both = Cluster();
  ASSERT_EQ(both.blind_domains_size(), 2);
  EXPECT_EQ(both.blind_domains(0).domain(), "zone-a");
  EXPECT_EQ(both.blind_domains(0).reason(), "3 of 3 nodes are silent");
  EXPECT_TRUE(both.blind_domains(0).has_since());
  EXPECT_EQ(both.blind_domains(1).domain(), "zone-b");
  EXPECT_FALSE(both.blind());
  tell("zone-a", false, "");
  ASSERT_EQ(Cluster().blind_domains_size(), 1);
  EXPECT_EQ(Cluster().blind_domains(0).domain(), "zone-b");
  tell("zone-b", false, "");
  EXPECT_EQ(Cluster().blind_domains_size(), 0);
}

// Operators' orders are shown until they end; a window may be known before its node.
TEST_F(FleetViewTest, ShowsOrders) {
  const Maintenance window{.node = {"blue", "n1"},
                           .start = clock_.Now(),
                           .end = clock_.Now() + absl::Hours(1),
                           .reason = "new disk"};
  view_.OnNotice(MaintenanceChanged{window.node, window});
  view_.OnNode(MakeNode("blue", "n1"));
  EXPECT_EQ(Node("n1").maintenance().name(), "clusters/blue/maintenances/n1");
  EXPECT_EQ(Node("n1").maintenance().reason(), "new disk");
  view_.OnNotice(MaintenanceChanged{window.node, std::nullopt});
  EXPECT_FALSE(Node("n1").has_maintenance());

  view_.OnNotice(PauseChanged{"blue", Pause{.cluster = "blue", .start = clock_.Now(), .reason = "work"}});
  EXPECT_EQ(Cluster().pause().reason(), "work");
  EXPECT_FALSE(Cluster().pause().has_end_time());
  view_.OnNotice(PauseChanged{"blue", std::nullopt});
  EXPECT_FALSE(Cluster().has_pause());
}

}  // namespace
}  // namespace evenkeel::coordinator
