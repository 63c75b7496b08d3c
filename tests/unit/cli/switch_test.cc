// `evenkeel switch`: what moves traffic is confirmed, and what happens is shown.

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/cli/a_switch.h"
#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kManifest = R"(apiVersion: evenkeel.dev/v1
kind: Switch
metadata: {name: web}
spec:
  from: east
  to: west
  applications: [{namespace: shop, service: web}]
  routes: [{gateway: edge, route: web, blue: east, green: west}]
  steps: [{percent: 50}, {percent: 100}]
  mode: enforce
)";

v1::WatchSwitchResponse Shown(v1::Switch one) {
  v1::WatchSwitchResponse response;
  *response.mutable_traffic_switch() = std::move(one);
  return response;
}

class SwitchCommandTest : public CommandTest {
 protected:
  SwitchCommandTest() : file_(Write("switch.yaml", kManifest)) {
    coordinator_.fleet.switches = {SoakingSwitch()};
    *coordinator_.fleet.switch_plan.mutable_spec() = SoakingSwitch().spec();
  }

  const std::string file_;
};

// Proves that a plan shows what was found and is only well where nothing blocks the switch.
TEST_F(SwitchCommandTest, PlanShowsWhatWouldBeDone) {
  ASSERT_EQ(Run({"switch", "plan", "-f", file_}), 0) << err_;
  EXPECT_EQ(out_,
            "web  east -> west  shop/web  steps 10 %, 50 %, 100 %\n"
            "Nothing blocks this switch.\n");
  EXPECT_EQ(coordinator_.seen().plan_switch.switch_id(), "web");
  EXPECT_EQ(coordinator_.seen().plan_switch.spec().steps_size(), 2);

  v1::PreflightFinding& finding = *coordinator_.fleet.switch_plan.add_findings();
  finding.set_severity(v1::PreflightFinding::SEVERITY_BLOCKER);
  finding.set_subject("edge/web");
  finding.set_message("west-1 does not answer");
  coordinator_.fleet.switch_plan.mutable_spec()->set_mode(v1::SWITCH_MODE_OBSERVE);
  EXPECT_EQ(Run({"switch", "plan", "-f", "-"}, kManifest), 1);
  EXPECT_THAT(out_, HasSubstr("BLOCKER  edge/web: west-1 does not answer\n"));
  EXPECT_THAT(out_, HasSubstr("Its mode is observe: started, it would record this and move nothing.\n"));
  EXPECT_EQ(err_, "error: the preflight of web finds 1 blocker\n");
  EXPECT_EQ(Run({"switch", "plan", "-f", file_, "-o", "json"}), 1);
  EXPECT_THAT(out_, StartsWith("{"));
  EXPECT_THAT(out_, HasSubstr("\"severity\": \"SEVERITY_BLOCKER\""));
}

// Proves that a switch that moves traffic begins when the cluster that gets it was typed, or given.
TEST_F(SwitchCommandTest, StartIsConfirmed) {
  ASSERT_EQ(Run({"switch", "start", "-f", file_}, "west\n"), 0) << err_;
  EXPECT_EQ(err_,
            "The traffic of shop/web goes from cluster east to cluster west in the steps 50 %, 100 %.\n"
            "Type the name of the cluster that gets the traffic to confirm (west): ");
  EXPECT_EQ(out_,
            "switch.evenkeel.dev/web started; its decision is 3-14. See it: evenkeel switch status web -w\n");
  EXPECT_EQ(coordinator_.seen().start_switch.confirm_cluster(), "west");
  ASSERT_EQ(Run({"switch", "start", "-f", file_, "--confirm=west", "-o", "yaml"}), 0) << err_;
  EXPECT_THAT(err_, IsEmpty());
  EXPECT_THAT(out_, StartsWith("name: switches/web\n"));
  EXPECT_THAT(coordinator_.calls(), ElementsAre("StartSwitch", "StartSwitch"));
}

// Proves that a wrong word, or none, starts nothing, and that nobody is asked where nothing is moved.
TEST_F(SwitchCommandTest, AWrongWordStartsNothing) {
  EXPECT_EQ(Run({"switch", "start", "-f", file_}, "east\n"), 1);
  EXPECT_THAT(err_, HasSubstr("the cluster that gets the traffic is west, not east: nothing was done"));
  EXPECT_EQ(Run({"switch", "start", "-f", file_}), 1);
  EXPECT_EQ(Run({"switch", "start", "-f", file_, "--confirm=yes"}), 1);
  EXPECT_EQ(Run({"switch", "start", "-f", "/nowhere", "--confirm=west"}), 1);
  EXPECT_THAT(err_, HasSubstr("the file /nowhere cannot be read"));
  EXPECT_THAT(coordinator_.calls(), IsEmpty());
  std::string observe = kManifest;
  observe.replace(observe.find("enforce"), 7, "observe");
  ASSERT_EQ(Run({"switch", "start", "-f", "-"}, observe), 0) << err_;
  EXPECT_THAT(out_, StartsWith("switch.evenkeel.dev/web only observes; its decision is 3-14."));
}

// Proves that a pause asks nobody, and what of it is told.
TEST_F(SwitchCommandTest, PauseAsksNobody) {
  ASSERT_EQ(Run({"switch", "pause", "web", "--reason", "lunch"}), 0) << err_;
  EXPECT_EQ(out_, "switch.evenkeel.dev/web paused: green gets nothing more until `evenkeel switch resume`\n");
  EXPECT_EQ(coordinator_.seen().pause_switch.reason(), "lunch");
  EXPECT_EQ(Run({"switch", "pause", "other"}), 1);
  EXPECT_THAT(coordinator_.calls(), ElementsAre("Pause switches/web", "Pause switches/other"));
}

// Proves that orders that move traffic show the switch, mean that one by its decision, and need the cluster
// that gets it: the old one for a rollback.
TEST_F(SwitchCommandTest, OrdersAreConfirmedAfterALook) {
  ASSERT_EQ(Run({"switch", "rollback", "web", "--reason", "slow"}, "east\n"), 0) << err_;
  EXPECT_THAT(err_, StartsWith("web  east -> west  soaking at 50 % for 2.00 s\n"));
  EXPECT_THAT(err_, HasSubstr("All traffic goes back, at once, to cluster east.\n"));
  EXPECT_EQ(out_,
            "switch.evenkeel.dev/web is being rolled back: all traffic goes to cluster east; how it goes: "
            "evenkeel switch "
            "status web -w\n");
  EXPECT_EQ(coordinator_.seen().roll_back_switch.confirm_cluster(), "east");
  EXPECT_EQ(coordinator_.seen().roll_back_switch.reason(), "slow");
  EXPECT_FALSE(coordinator_.seen().roll_back_switch.onto_unknown());
  EXPECT_EQ(Run({"switch", "commit", "web"}, "east\n"), 1);
  EXPECT_THAT(err_, HasSubstr("is west, not east: nothing was done"));
  EXPECT_THAT(coordinator_.calls(),
              ElementsAre("Get switches/web", "RollBack switches/3-14", "Get switches/web"));
}

// Proves that with the cluster given an order is one call, and that its options reach the coordinator.
TEST_F(SwitchCommandTest, OrdersWithTheClusterGivenAreOneCall) {
  ASSERT_EQ(Run({"switch", "rollback", "web", "--confirm=east", "--onto-unknown"}), 0) << err_;
  EXPECT_TRUE(coordinator_.seen().roll_back_switch.onto_unknown());
  ASSERT_EQ(Run({"switch", "resume", "3-14", "--confirm=west", "--may-cut", "3"}), 0) << err_;
  EXPECT_EQ(out_, "switch.evenkeel.dev/web goes on\n");
  EXPECT_EQ(coordinator_.seen().resume_switch.may_cut(), 3U);
  ASSERT_EQ(Run({"switch", "resume", "web", "--confirm=west"}), 0) << err_;
  EXPECT_FALSE(coordinator_.seen().resume_switch.has_may_cut());
  ASSERT_EQ(Run({"switch", "commit", "web", "--confirm=west", "-o", "json"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"switchId\": \"web\""));
  EXPECT_THAT(coordinator_.calls(), ElementsAre("RollBack switches/web", "Resume switches/3-14",
                                                "Resume switches/web", "Commit switches/web"));
  coordinator_.FailNext(1, {grpc::StatusCode::FAILED_PRECONDITION, "blue is no place to go back to: lost"});
  EXPECT_EQ(Run({"switch", "rollback", "web", "--confirm=east"}), 1);
  EXPECT_EQ(err_, "error: blue is no place to go back to: lost\n");
}

// Proves that a commit is told as done only where it is: until then it may wait, stop, or end otherwise.
TEST_F(SwitchCommandTest, ACommitThatHasBegunIsNoneYet) {
  ASSERT_EQ(Run({"switch", "commit", "web", "--confirm=west"}), 0) << err_;
  EXPECT_EQ(
      out_,
      "switch.evenkeel.dev/web is being committed: all traffic stays in cluster west; how it goes: evenkeel "
      "switch status web -w\n");
  v1::Switch committed = EndedSwitch(v1::Switch::END_COMMITTED);
  committed.set_name("switches/web");
  coordinator_.fleet.switches = {committed};
  ASSERT_EQ(Run({"switch", "commit", "web", "--confirm=west"}), 0) << err_;
  EXPECT_THAT(out_, StartsWith("switch.evenkeel.dev/web is committed: all traffic stays in cluster west"));
}

// Proves that a rollback that ends a switch at once tells its outcome.
TEST_F(SwitchCommandTest, RollbackBeforeAnythingWasMovedEndsIt) {
  v1::Switch cancelled = EndedSwitch(v1::Switch::END_CANCELLED);
  cancelled.set_name("switches/web");
  cancelled.set_outcome("An operator ended it before anything was moved");
  coordinator_.fleet.switches = {cancelled};
  ASSERT_EQ(Run({"switch", "rollback", "web", "--confirm=east"}), 0) << err_;
  EXPECT_EQ(out_, "switch.evenkeel.dev/web ended: An operator ended it before anything was moved\n");
}

// Proves that status shows one, or all that are under way, for people and for programs.
TEST_F(SwitchCommandTest, StatusShowsOneOrAll) {
  ASSERT_EQ(Run({"switch", "status", "web"}), 0) << err_;
  EXPECT_EQ(out_,
            "web  east -> west  soaking at 50 % for 2.00 s\n"
            "|- steps    10 % done, 50 % soaking, 100 %\n"
            "`- served   green 1200 (0 failed), blue 1340 (0 failed), prober 0 (0 lost)\n");
  v1::Switch other = SoakingSwitch();
  other.set_name("switches/api");
  other.set_switch_id("api");
  coordinator_.fleet.switches.push_back(other);
  coordinator_.fleet.switches.push_back(EndedSwitch(v1::Switch::END_COMMITTED));
  ASSERT_EQ(Run({"switch", "status"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\n\napi  east -> west"));
  EXPECT_THAT(out_, Not(HasSubstr("committed")));
  EXPECT_TRUE(coordinator_.seen().list_switches.open_only());
  ASSERT_EQ(Run({"switch", "status", "web", "-o", "json"}), 0) << err_;
  EXPECT_THAT(out_, StartsWith("{\n    \"name\": \"switches/web\""));
  ASSERT_EQ(Run({"switch", "status", "-o", "yaml"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("kind: List"));
  EXPECT_EQ(Run({"switch", "status", "-w"}), 1);
  EXPECT_THAT(err_, HasSubstr("several switches are under way; say which: web, api"));
  coordinator_.fleet.switches.clear();
  ASSERT_EQ(Run({"switch", "status"}), 0) << err_;
  EXPECT_EQ(err_, "No switch is under way\n");
  EXPECT_EQ(Run({"switch", "status", "web"}), 1);
  EXPECT_EQ(Run({"switch", "status", "-w"}), 1);
}

// Proves that a watch that nobody sees prints what is news, goes on by the decision when it was cut, and ends
// with the switch.
TEST_F(SwitchCommandTest, WatchPrintsWhatIsNews) {
  v1::Switch more = SoakingSwitch();
  more.mutable_ledger()->mutable_green()->set_requests(1300);
  v1::Switch stopped = more;
  stopped.set_stop_cause(v1::Switch::STOP_CAUSE_OPERATOR);
  stopped.set_stop_reason("an operator has paused it");
  *stopped.mutable_stop_time() = At(-1'000);
  coordinator_.switch_watches = {
      {{Shown(SoakingSwitch()), Shown(more), Shown(stopped)}, {grpc::StatusCode::UNAVAILABLE, "restarting"}},
      {{Shown(stopped), Shown(EndedSwitch(v1::Switch::END_COMMITTED))}, grpc::Status::OK}};
  ASSERT_EQ(Run({"switch", "status", "-w"}), 0) << err_;
  EXPECT_THAT(out_, StartsWith("web  east -> west  soaking at 50 % for 2.00 s\n"));
  EXPECT_THAT(out_, HasSubstr("\n\nweb  east -> west  soaking at 50 %"));
  EXPECT_THAT(out_, HasSubstr("|- STOPPED  an operator has paused it (1.00 s ago)\n"));
  EXPECT_THAT(out_, HasSubstr("\n\nweb (3-14)  east -> west  committed\n|- outcome  West has everything\n"));
  EXPECT_EQ(std::string::npos, out_.find("STOPPED", out_.find("STOPPED") + 1)) << out_;
  EXPECT_THAT(err_, HasSubstr("the watch was cut, trying again: restarting"));
  EXPECT_THAT(coordinator_.calls(), ElementsAre("ListSwitches", "Watch switches/web", "Watch switches/3-14"));
}

// Proves that on a terminal each picture takes the place of the last, and that an end that was not meant is
// an error.
TEST_F(SwitchCommandTest, WatchDrawsInPlaceOnATerminal) {
  terminal_ = true;
  environment_["TERM"] = "xterm";
  coordinator_.switch_watches = {
      {{Shown(SoakingSwitch()), Shown(EndedSwitch(v1::Switch::END_ROLLED_BACK))}, grpc::Status::OK}};
  EXPECT_EQ(Run({"switch", "status", "web", "-w"}), 1);
  EXPECT_THAT(out_, StartsWith("\033[?7lweb  east -> west  soaking"));
  EXPECT_THAT(out_, HasSubstr("\033[?7h\033[3A\033[J\033[?7lweb (3-14)  east -> west  rolled back\n"));
  EXPECT_EQ(err_, "error: switch web has ended rolled back: East has everything again\n");
}

// Proves that programs get each change as a document of its own.
TEST_F(SwitchCommandTest, WatchForProgramsHasEveryChange) {
  coordinator_.switch_watches = {
      {{Shown(SoakingSwitch()), Shown(EndedSwitch(v1::Switch::END_COMMITTED))}, grpc::Status::OK}};
  ASSERT_EQ(Run({"switch", "status", "web", "-w", "-o", "yaml"}), 0) << err_;
  EXPECT_THAT(out_, StartsWith("name: switches/web\n"));
  EXPECT_THAT(out_, HasSubstr("\n---\nname: switches/3-14\n"));
}

// Proves the table of those that there were, as many as were asked for.
TEST_F(SwitchCommandTest, HistoryIsATable) {
  coordinator_.fleet.switches.push_back(EndedSwitch(v1::Switch::END_ROLLED_BACK));
  coordinator_.fleet.switches.push_back(EndedSwitch(v1::Switch::END_COMMITTED));
  ASSERT_EQ(Run({"switch", "history"}), 0) << err_;
  EXPECT_EQ(
      out_,
      "DECISION   NAME   DIRECTION      BEGAN                         TOOK    END           REQUESTS   LOST\n"
      "3-14       web    east -> west   2026-03-01 02:59:00.000 UTC   1m 0s   soaking       2540       0 "
      "failed, 0 cut, prober 0\n"
      "3-14       web    east -> west   2026-03-01 02:59:00.000 UTC   1m 0s   rolled back   2540       0 "
      "failed, 0 cut, prober 0\n"
      "3-14       web    east -> west   2026-03-01 02:59:00.000 UTC   1m 0s   committed     2540       0 "
      "failed, 0 cut, prober 0\n");
  EXPECT_FALSE(coordinator_.seen().list_switches.open_only());
  ASSERT_EQ(Run({"switch", "history", "--last", "1", "-o", "json"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().list_switches.page_size(), 1);
  EXPECT_THAT(out_, HasSubstr("PHASE_SOAKING"));
  EXPECT_THAT(out_, Not(HasSubstr("END_ROLLED_BACK")));
  coordinator_.fleet.switches.clear();
  ASSERT_EQ(Run({"switch", "history"}), 0) << err_;
  EXPECT_EQ(err_, "There has been no switch\n");
}

// Proves that explain takes a switch, and tells its figures behind its decision.
TEST_F(SwitchCommandTest, ExplainTellsTheFigures) {
  v1::Decision decision;
  decision.set_name("decisions/3-14");
  decision.set_kind(v1::Decision::KIND_SWITCH);
  decision.set_cluster("east");
  decision.set_state(v1::Decision::STATE_OPEN);
  coordinator_.fleet.decisions = {decision};
  ASSERT_EQ(Run({"explain", "switch/web"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("3-14"));
  EXPECT_THAT(out_, HasSubstr("In all: blue 1340 (0 failed), green 1200 (0 failed), prober 0 (0 lost).\n"));
  coordinator_.fleet.switches.clear();
  ASSERT_EQ(Run({"explain", "3-14"}), 0) << err_;
  EXPECT_THAT(out_, Not(HasSubstr("In all")));
  EXPECT_EQ(Run({"explain", "switch/web"}), 1);
}

// Proves that help teaches: examples and the shortest switch.
TEST_F(SwitchCommandTest, HelpTeaches) {
  EXPECT_EQ(Run({"switch", "--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("evenkeel switch rollback web --confirm=east"));
  EXPECT_THAT(out_, HasSubstr("kind: Switch"));
  EXPECT_EQ(Run({"switch", "rollback", "--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("--onto-unknown"));
}

}  // namespace
}  // namespace evenkeel::cli
