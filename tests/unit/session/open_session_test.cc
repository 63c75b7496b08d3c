// What open sessions do: beats, reports, probes, ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/session/session.h"

#include "tests/unit/session/session_rig.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const NodeKey kNode{"blue", "node-1"};

// A hello that its token proves is welcomed with epoch, session and interval, and told to the core and the
// fleet view.
TEST(OpenSession, AProvenHelloIsWelcomed) {
  SessionRig rig({.beat_interval = absl::Milliseconds(1500), .suspect_after = absl::Seconds(60)});
  TestAgent agent({.token = rig.TokenOf("node-1"), .channel = rig.Connect()});
  ASSERT_TRUE(agent.SayHello("blue", "node-1"));

  const auto response = agent.Receive();
  ASSERT_TRUE(response && response->has_welcome()) << agent.End();
  EXPECT_EQ(response->welcome().epoch(), SessionRig::kEpoch);
  EXPECT_EQ(response->welcome().beat_interval().seconds(), 1);
  EXPECT_EQ(response->welcome().beat_interval().nanos(), 500'000'000);

  const SessionOpened opened = rig.events.WaitFor<SessionOpened>(1).front();
  EXPECT_EQ(opened.node, kNode);
  EXPECT_EQ(opened.session_id, response->welcome().session_id());
  EXPECT_EQ(opened.boot_id, "boot-1");
  EXPECT_EQ(opened.agent_version, "1.2.3");
  EXPECT_EQ(opened.agent_port, 9120);
  EXPECT_EQ(rig.reports.WaitForSession("node-1").session_id, opened.session_id);
}

// Outside Kubernetes a client certificate is as good, without any metadata.
TEST(OpenSession, AClientCertificateIsAsGoodAsAToken) {
  SessionRig rig;
  const auto certificate =
      rig.client_ca.Issue({.common_name = "node-9", .organizations = {"evenkeel:agents:outside"}});
  TestAgent agent({.cluster = "", .channel = rig.Connect(certificate)});
  ASSERT_TRUE(agent.SayHello("outside", "node-9"));
  const auto response = agent.Receive();
  ASSERT_TRUE(response && response->has_welcome()) << agent.End();
  EXPECT_EQ(rig.events.WaitFor<SessionOpened>(1).front().node, (NodeKey{"outside", "node-9"}));
}

// Every tenth beat is acknowledged with its sequence, and the fleet view can read when the last one came.
TEST(OpenSession, EveryTenthBeatIsAcknowledged) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  for (uint64_t sequence = 1; sequence <= 29; ++sequence) ASSERT_TRUE(agent->Beat(sequence, 5000 + sequence));
  uint64_t acknowledged = 0;
  while (acknowledged < 20) {
    const auto response = agent->Receive();
    ASSERT_TRUE(response && response->has_beat_acknowledgement());
    // One that waits is overtaken by the latest, so what comes may be any number from the tenth on.
    acknowledged = response->beat_acknowledgement().sequence();
    EXPECT_GE(acknowledged, 10);
  }
  EXPECT_GE(rig.reports.WaitForSession("node-1").last_beat->node_time_ms(), 5020);
}

// Silence for suspect_after is told with the last beat's times; a beat after it takes it back.
TEST(OpenSession, SilenceIsMissedAndABeatTakesItBack) {
  SessionRig rig({.beat_interval = absl::Milliseconds(50), .suspect_after = absl::Milliseconds(400)});
  const auto agent = rig.OpenSession("node-1");
  ASSERT_TRUE(agent->Beat(1, 123456));
  const BeatMissed missed = rig.events.WaitFor<BeatMissed>(1).front();
  EXPECT_EQ(missed.node, kNode);
  EXPECT_EQ(missed.last_beat_node_time_ms, 123456);
  EXPECT_THAT(rig.events.Of<BeatResumed>(), IsEmpty());

  ASSERT_TRUE(agent->Beat(2, 123999));
  EXPECT_EQ(rig.events.WaitFor<BeatResumed>(1).front().session_id, missed.session_id);
}

// A session that stays silent is ended in the end, so that dead connections do not pile up.
TEST(OpenSession, ASessionThatStaysSilentIsEnded) {
  SessionRig rig({.beat_interval = absl::Milliseconds(50),
                  .suspect_after = absl::Milliseconds(200),
                  .end_overdue_after = absl::Milliseconds(400)});
  const auto agent = rig.OpenSession("node-1");
  EXPECT_EQ(agent->End().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(rig.events.WaitFor<SessionClosed>(1).front().goodbye);
}

// Reports reach the fleet view in order; beats and reports of one session do not disturb another.
TEST(OpenSession, ReportsReachTheFleetView) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  ASSERT_TRUE(agent->Send(FullReport()));
  v1::ConnectRequest delta;
  delta.mutable_report()->add_gone_pod_uids("pod-1");
  ASSERT_TRUE(agent->Send(delta));
  EXPECT_THAT(rig.reports.WaitForLines(3),
              ElementsAre("opened node-1", "report node-1 full", "report node-1 delta"));
}

// A goodbye ends the session in good order, once the core, which is told that it was on purpose, has made it
// durable.
TEST(OpenSession, AGoodbyeIsAGoodEnd) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  ASSERT_TRUE(agent->Beat(1, 77));
  v1::ConnectRequest goodbye;
  goodbye.mutable_goodbye()->set_reason("SIGTERM");
  ASSERT_TRUE(agent->Send(goodbye));
  const SessionClosed closed = rig.events.WaitFor<SessionClosed>(1).front();
  rig.sessions().Release(ConfirmGoodbye{closed.node, closed.session_id});
  EXPECT_TRUE(agent->End().ok());
  EXPECT_TRUE(closed.goodbye);
  EXPECT_EQ(closed.reason, "said goodbye: SIGTERM");
  EXPECT_EQ(closed.last_beat_node_time_ms, 77);
}

// An agent lets go of its watchdog by a good end alone: where the goodbye could not be made durable, there is
// none (L5).
TEST(OpenSession, AGoodbyeThatIsNotKeptIsNoGoodEnd) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  v1::ConnectRequest goodbye;
  goodbye.mutable_goodbye()->set_reason("SIGTERM");
  ASSERT_TRUE(agent->Send(goodbye));
  EXPECT_TRUE(rig.events.WaitFor<SessionClosed>(1).front().goodbye);
  EXPECT_EQ(agent->End().code(), absl::StatusCode::kUnavailable);
}

// A connection that breaks is told at once: it is evidence, not silence.
TEST(OpenSession, ALostConnectionIsTold) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  agent->Cut();
  const SessionClosed closed = rig.events.WaitFor<SessionClosed>(1).front();
  EXPECT_EQ(closed.node, kNode);
  EXPECT_FALSE(closed.goodbye);
  EXPECT_EQ(rig.reports.WaitForLines(2).back(), "closed node-1: connection lost");
}

// The second session of a node ends the first with ABORTED. To the core this is one opening more, and no
// loss.
TEST(OpenSession, ASecondSessionTakesThePlaceOfTheFirst) {
  SessionRig rig;
  const auto first = rig.OpenSession("node-1");
  const auto second = rig.OpenSession("node-1");
  EXPECT_EQ(first->End().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(rig.reports.WaitForLines(3),
              ElementsAre("opened node-1", "closed node-1: another session of the same node took its place",
                          "opened node-1"));
  EXPECT_EQ(rig.events.WaitFor<SessionOpened>(2).size(), 2);
  for (uint64_t sequence = 1; sequence <= 10; ++sequence) ASSERT_TRUE(second->Beat(sequence));
  EXPECT_TRUE(second->Receive().has_value());
  EXPECT_THAT(rig.events.Of<SessionClosed>(), IsEmpty());
}

// New settings for a cluster reach its open sessions as a new welcome.
TEST(OpenSession, NewSettingsAreANewWelcome) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  rig.sessions().Release(SetBeats{"blue", absl::Milliseconds(250), absl::Seconds(1), absl::Seconds(1)});
  const auto response = agent->Receive();
  ASSERT_TRUE(response && response->has_welcome());
  EXPECT_EQ(response->welcome().beat_interval().nanos(), 250'000'000);
}

// How a node fences itself goes to its agent, and what the agent does about it comes back.
TEST(OpenSession, FencingIsToldAndReported) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  const uint64_t session_id = rig.events.WaitFor<SessionOpened>(1).front().session_id;
  FencingSettings settings;
  settings.version = 9;
  settings.armed = true;
  settings.isolation_timeout = absl::Milliseconds(20'500);
  settings.stop_timeout = absl::Seconds(10);
  settings.marked = {{"shop", "db-0", "uid-db-0"}};
  settings.vouchers = {{"node-2", "10.0.0.2", 9120}};
  settings.condemned = {"node-3"};
  settings.release = true;
  settings.answered_fence = 77;
  // To a session that is over: nobody hears it.
  rig.sessions().Release(SetFencing{.node = kNode, .session_id = session_id + 1, .settings = {.version = 8}});
  rig.sessions().Release(SetFencing{.node = kNode, .session_id = session_id, .settings = settings});
  const auto response = agent->Receive();
  ASSERT_TRUE(response && response->has_fencing_settings());
  const v1::FencingSettings& told = response->fencing_settings();
  EXPECT_EQ(told.version(), 9u);
  EXPECT_TRUE(told.armed());
  EXPECT_EQ(told.isolation_timeout().seconds(), 20);
  EXPECT_EQ(told.isolation_timeout().nanos(), 500'000'000);
  EXPECT_EQ(told.stop_timeout().seconds(), 10);
  ASSERT_EQ(told.marked_pods_size(), 1);
  EXPECT_EQ(told.marked_pods(0).namespace_(), "shop");
  EXPECT_EQ(told.marked_pods(0).name(), "db-0");
  EXPECT_EQ(told.marked_pods(0).uid(), "uid-db-0");
  ASSERT_EQ(told.vouchers_size(), 1);
  EXPECT_EQ(told.vouchers(0).node(), "node-2");
  EXPECT_EQ(told.vouchers(0).address(), "10.0.0.2");
  EXPECT_EQ(told.vouchers(0).agent_port(), 9120u);
  EXPECT_THAT(told.condemned_nodes(), ElementsAre("node-3"));
  EXPECT_TRUE(told.release());
  EXPECT_EQ(told.answered_fence(), 77u);

  v1::ConnectRequest status;
  status.mutable_fencing_status()->set_version(9);
  status.mutable_fencing_status()->set_armed(true);
  status.mutable_fencing_status()->mutable_watchdog_timeout()->set_seconds(30);
  status.mutable_fencing_status()->set_fenced(true);
  status.mutable_fencing_status()->set_detail("why");
  status.mutable_fencing_status()->set_fence(78);
  ASSERT_TRUE(agent->Send(status));
  const FencingReported report = rig.events.WaitFor<FencingReported>(1).front();
  EXPECT_EQ(report.node, kNode);
  EXPECT_EQ(report.session_id, session_id);
  EXPECT_EQ(report.version, 9u);
  EXPECT_TRUE(report.armed);
  EXPECT_EQ(report.watchdog_timeout, absl::Seconds(30));
  EXPECT_TRUE(report.fenced);
  EXPECT_EQ(report.detail, "why");
  EXPECT_EQ(report.fence, 78u);
}

ProbeNode ProbeRequestFor(uint64_t session_id) {
  return ProbeNode{.probe_id = 42,
                   .witness = kNode,
                   .session_id = session_id,
                   .target = {"blue", "node-2"},
                   .address = "10.0.0.2",
                   .kubelet_port = 10250,
                   .agent_port = 9120,
                   .timeout = absl::Milliseconds(300)};
}

// A probe goes to its witness and the answer comes back to the core.
TEST(OpenSession, AProbeIsAskedAndAnswered) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  rig.sessions().Release(ProbeRequestFor(rig.events.WaitFor<SessionOpened>(1).front().session_id));
  const auto response = agent->Receive();
  ASSERT_TRUE(response && response->has_probe_request());
  const v1::ProbeRequest& request = response->probe_request();
  EXPECT_EQ(request.target_node(), "node-2");
  EXPECT_EQ(request.address(), "10.0.0.2");
  EXPECT_EQ(request.kubelet_port(), 10250);
  EXPECT_EQ(request.agent_port(), 9120);
  EXPECT_EQ(request.timeout().nanos(), 300'000'000);

  v1::ConnectRequest answer;
  answer.mutable_probe_answer()->set_probe_id(request.probe_id());
  answer.mutable_probe_answer()->mutable_kubelet_tcp()->set_outcome(v1::ProbeResult::OUTCOME_REACHED);
  answer.mutable_probe_answer()->mutable_kubelet_tcp()->set_latency_us(250);
  answer.mutable_probe_answer()->mutable_kubelet_tls()->set_outcome(v1::ProbeResult::OUTCOME_PROTOCOL_ERROR);
  answer.mutable_probe_answer()->mutable_agent()->set_outcome(v1::ProbeResult::OUTCOME_TIMED_OUT);
  ASSERT_TRUE(agent->Send(answer));
  const ProbeAnswered answered = rig.events.WaitFor<ProbeAnswered>(1).front();
  EXPECT_EQ(answered.probe_id, 42);
  EXPECT_EQ(answered.kubelet_tcp, ProbeOutcome::kReached);
  EXPECT_EQ(answered.kubelet_tls, ProbeOutcome::kProtocolError);
  EXPECT_EQ(answered.agent, ProbeOutcome::kTimedOut);
  EXPECT_EQ(answered.latency, absl::Microseconds(250));
}

// A witness that is lost before it answers has failed as a prober: evidence of nothing.
TEST(OpenSession, AProbeOfALostWitnessIsNoEvidence) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  rig.sessions().Release(ProbeRequestFor(rig.events.WaitFor<SessionOpened>(1).front().session_id));
  ASSERT_TRUE(agent->Receive().has_value());
  agent->Cut();
  EXPECT_EQ(rig.events.WaitFor<ProbeAnswered>(1).front().kubelet_tcp, ProbeOutcome::kProberFailed);
}

// A probe for a session that is not there (any more) is answered at once in the same way.
TEST(OpenSession, AProbeOfNobodyIsNoEvidence) {
  SessionRig rig;
  rig.sessions().Release(ProbeRequestFor(999));
  EXPECT_EQ(rig.events.WaitFor<ProbeAnswered>(1).front().agent, ProbeOutcome::kProberFailed);
}

// An agent that answers nothing is not asked without end: beyond a bound probes fail at once.
TEST(OpenSession, ProbesUnderWayAtOneAgentAreBounded) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  const uint64_t session_id = rig.events.WaitFor<SessionOpened>(1).front().session_id;
  for (size_t i = 0; i < Session::kMaxProbes + 3; ++i) {
    ProbeNode request = ProbeRequestFor(session_id);
    request.probe_id = i;
    request.timeout = absl::Seconds(30);
    rig.sessions().Release(request);
  }
  EXPECT_EQ(rig.events.WaitFor<ProbeAnswered>(3).size(), 3);
}

// When the coordinator stops, agents are told to come back, and nobody is accused.
TEST(OpenSession, OurOwnStopAccusesNobody) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  rig.sessions().Stop();
  EXPECT_EQ(agent->End().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(rig.events.Of<SessionClosed>(), IsEmpty());
  EXPECT_EQ(rig.sessions().figures().sessions, 0);
}

// What a report says of the node's health goes to the core, once, and again when it changes.
TEST(OpenSession, HealthIsToldToTheCoreWhenItChanges) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  ASSERT_TRUE(agent->Send(FullReport()));
  EXPECT_THAT(rig.events.WaitFor<NodeHealthChanged>(1).front().symptoms, IsEmpty());

  v1::ConnectRequest sick;
  sick.mutable_report()->mutable_node()->mutable_runtime()->set_state(v1::PART_STATE_UNREACHABLE);
  ASSERT_TRUE(agent->Send(sick));
  ASSERT_TRUE(agent->Send(sick));
  const NodeHealthChanged told = rig.events.WaitFor<NodeHealthChanged>(2).back();
  EXPECT_EQ(told.node, kNode);
  ASSERT_EQ(told.symptoms.size(), 1U);
  EXPECT_EQ(told.symptoms.front().kind, SymptomKind::kRuntime);
  EXPECT_EQ(rig.events.WaitFor<SessionOpened>(1).front().session_id, told.session_id);
}

ReleasedAction RestartOfKubelet() {
  ReleasedAction action;
  action.decision = {7, 12};
  action.cluster = "blue";
  action.action.number = 2;
  action.action.kind = ActionKind::kRestartKubelet;
  action.action.name = "node-1";
  return action;
}

// A restart goes to the node's own agent, with a name by which it is known again, and its answer comes back.
TEST(OpenSession, ARestartIsAskedForAndAnswered) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  const struct {
    v1::RestartAnswer::Outcome outcome;
    ActionOutcome told;
  } table[] = {{v1::RestartAnswer::OUTCOME_TAKEN, ActionOutcome::kDone},
               {v1::RestartAnswer::OUTCOME_REFUSED, ActionOutcome::kRefused},
               {v1::RestartAnswer::OUTCOME_NOT_TAKEN, ActionOutcome::kRefused}};
  size_t count = 0;
  for (const auto& row : table) {
    rig.sessions().Release(RestartOfKubelet());
    const auto response = agent->Receive();
    ASSERT_TRUE(response && response->has_restart_request());
    EXPECT_EQ(response->restart_request().request_id(), "decisions/7-12/actions/2");
    EXPECT_EQ(response->restart_request().part(), v1::RestartRequest::PART_KUBELET);
    EXPECT_EQ(response->restart_request().epoch(), SessionRig::kEpoch);
    v1::ConnectRequest answer;
    answer.mutable_restart_answer()->set_request_id("decisions/7-12/actions/2");
    answer.mutable_restart_answer()->set_outcome(row.outcome);
    answer.mutable_restart_answer()->set_detail("why");
    ASSERT_TRUE(agent->Send(answer));
    const ActionFinished finished = rig.events.WaitFor<ActionFinished>(++count).back();
    EXPECT_EQ(finished.decision, (DecisionId{7, 12}));
    EXPECT_EQ(finished.number, 2U);
    EXPECT_EQ(finished.outcome, row.told);
    EXPECT_EQ(finished.detail, "why");
  }
}

// A restart that cannot be asked for, or whose agent goes away before it answers, is known to be unanswered.
TEST(OpenSession, ARestartWithoutAnAgentIsUnreachable) {
  SessionRig rig;
  rig.sessions().Release(RestartOfKubelet());
  EXPECT_EQ(rig.events.WaitFor<ActionFinished>(1).back().outcome, ActionOutcome::kUnreachable);
  const auto agent = rig.OpenSession("node-1");
  rig.sessions().Release(RestartOfKubelet());
  ASSERT_TRUE(agent->Receive()->has_restart_request());
  agent->Cut();
  EXPECT_EQ(rig.events.WaitFor<ActionFinished>(2).back().outcome, ActionOutcome::kUnreachable);
}

// Whom to sample closely goes to the session that it was meant for, the latest wish in place of those before.
TEST(OpenSession, CloseSamplingIsAskedOfThatSession) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  const uint64_t session_id = rig.events.WaitFor<SessionOpened>(1).front().session_id;
  rig.sessions().Release(
      CloseSampling{.node = kNode, .session_id = session_id + 1000, .pod_uids = {"another session's"}});
  rig.sessions().Release(
      CloseSampling{.node = {"blue", "node-2"}, .session_id = session_id, .pod_uids = {"another node's"}});
  rig.sessions().Release(CloseSampling{.node = kNode, .session_id = session_id, .pod_uids = {"a", "b"}});
  auto response = agent->Receive();
  ASSERT_TRUE(response && response->has_sample_closely());
  EXPECT_THAT(response->sample_closely().pod_uids(), ElementsAre("a", "b"));

  rig.sessions().Release(CloseSampling{.node = kNode, .session_id = session_id, .pod_uids = {}});
  response = agent->Receive();
  ASSERT_TRUE(response && response->has_sample_closely());
  EXPECT_THAT(response->sample_closely().pod_uids(), IsEmpty());
}

// An agent is asked for no more pods than it takes.
TEST(OpenSession, CloseSamplingIsBounded) {
  SessionRig rig;
  const auto agent = rig.OpenSession("node-1");
  CloseSampling request{.node = kNode,
                        .session_id = rig.events.WaitFor<SessionOpened>(1).front().session_id,
                        .pod_uids = std::vector<std::string>(kMostCloselySampled + 1, "a")};
  request.pod_uids.back() = "z";
  rig.sessions().Release(request);
  const auto response = agent->Receive();
  ASSERT_TRUE(response && response->has_sample_closely());
  ASSERT_EQ(response->sample_closely().pod_uids_size(), static_cast<int>(kMostCloselySampled));
  EXPECT_EQ(*response->sample_closely().pod_uids().rbegin(), "a");
}

}  // namespace
}  // namespace evenkeel::coordinator
