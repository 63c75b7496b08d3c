#include "agent/session/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/collect/board.h"
#include "common/time/steady_clock.h"
#include "tests/unit/agent/fake_coordinator.h"

namespace evenkeel::agent {
namespace {

using Kind = v1::ConnectRequest::MessageCase;
using Seen = FakeCoordinator::Seen;

class SessionTest : public ::testing::Test {
 protected:
  SessionOptions Options() {
    SessionOptions options;
    options.cluster = "test";
    options.node = "node-1";
    options.boot_id = "900652e9-966c-4299-a45a-2d4a85054cc1";
    options.agent_port = 7444;
    options.coordinators = {coordinator_->address()};
    options.ca_file = WriteTestFile("ca.pem", certificates_.ca_pem);
    options.server_name = "localhost";
    options.token_file = token_file_;
    return options;
  }

  void StartCoordinator(FakeCoordinator::Behaviour behaviour = {}) {
    coordinator_ = std::make_unique<FakeCoordinator>(certificates_, std::move(behaviour));
  }

  void StartSession(SessionOptions options) {
    session_.emplace(std::move(options), board_, prober_, restarter_, clock_);
  }

  void AddPod(const std::string& uid) {
    board_.Update([&](NodeState& state) {
      pods_.push_back(
          {.uid = uid, .pod_namespace = "default", .name = uid, .sandbox_ready = true, .containers = {}});
      state.SetPods(pods_, absl::Now());
    });
  }

  const TestCertificates certificates_ = MakeTestCertificates();
  const std::string token_file_ = WriteTestFile("token", "first-token\n");
  time::SteadyClock clock_;
  Board board_;
  std::vector<RuntimePod> pods_;
  std::unique_ptr<FakeCoordinator> coordinator_;
  Prober prober_{clock_};
  Restarter restarter_{"", clock_};
  std::optional<Session> session_;  // ends before what it uses
};

// A session opens with a hello that says who this is; then comes one whole report, and beats numbered from 1.
TEST_F(SessionTest, OpensWithHelloThenReportsAndBeats) {
  StartCoordinator();
  AddPod("a");
  StartSession(Options());
  const Seen seen = coordinator_->WaitUntil("twelve beats and a report", [](const Seen& s) {
    return Only(s, Kind::kBeat).size() >= 12 && !Only(s, Kind::kReport).empty();
  });
  ASSERT_EQ(seen.sessions.size(), 1U);
  EXPECT_EQ(seen.sessions[0].at("authorization"), "Bearer first-token");
  EXPECT_EQ(seen.sessions[0].at("evenkeel-cluster"), "test");

  ASSERT_TRUE(seen.messages[0].has_hello());
  const v1::Hello& hello = seen.messages[0].hello();
  EXPECT_EQ(hello.cluster(), "test");
  EXPECT_EQ(hello.node(), "node-1");
  EXPECT_EQ(hello.boot_id(), "900652e9-966c-4299-a45a-2d4a85054cc1");
  EXPECT_EQ(hello.agent_port(), 7444U);
  EXPECT_EQ(hello.agent_version(), EVENKEEL_VERSION);
  EXPECT_GT(hello.node_time().seconds(), 0);
  EXPECT_EQ(Only(seen, Kind::kHello).size(), 1U);

  uint64_t sequence = 0;
  for (const v1::ConnectRequest& message : Only(seen, Kind::kBeat)) {
    EXPECT_EQ(message.beat().sequence(), ++sequence);
    EXPECT_GT(message.beat().node_time_ms(), 0U);
  }
  const auto reports = Only(seen, Kind::kReport);
  EXPECT_TRUE(reports[0].report().full());
  EXPECT_EQ(reports[0].report().pods(0).uid(), "a");
  EXPECT_EQ(session_->counters().sessions.load(), 1U);
  EXPECT_TRUE(session_->counters().connected.load());
}

// After the whole report only what changes is sent, and nothing while nothing does.
TEST_F(SessionTest, SendsOnlyChangesAfterTheFirstReport) {
  StartCoordinator();
  AddPod("a");
  StartSession(Options());
  coordinator_->WaitUntil("the whole report",
                          [](const Seen& s) { return Only(s, Kind::kReport).size() == 1; });
  coordinator_->WaitUntil("quiet beats", [](const Seen& s) { return Only(s, Kind::kBeat).size() >= 10; });
  AddPod("b");
  const Seen seen =
      coordinator_->WaitUntil("the change", [](const Seen& s) { return Only(s, Kind::kReport).size() >= 2; });
  const auto reports = Only(seen, Kind::kReport);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_FALSE(reports[1].report().full());
  ASSERT_EQ(reports[1].report().pods_size(), 1);
  EXPECT_EQ(reports[1].report().pods(0).uid(), "b");
}

// On stop the agent says goodbye with its reason, as the last thing, and the stream ends in order.
TEST_F(SessionTest, SaysGoodbye) {
  StartCoordinator();
  StartSession(Options());
  coordinator_->WaitUntil("a beat", [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
  session_->Stop("SIGTERM");
  const Seen seen = coordinator_->WaitUntil("the end", [](const Seen& s) { return s.ended == 1; });
  ASSERT_TRUE(seen.messages.back().has_goodbye());
  EXPECT_EQ(seen.messages.back().goodbye().reason(), "SIGTERM");
  EXPECT_EQ(seen.sessions.size(), 1U);
}

// A stream that the coordinator ends is opened again, with a hello and a whole report, and the token is read
// anew.
TEST_F(SessionTest, ReconnectsWithANewTokenAndAWholeReport) {
  StartCoordinator();
  AddPod("a");
  StartSession(Options());
  coordinator_->WaitUntil("the first report",
                          [](const Seen& s) { return Only(s, Kind::kReport).size() == 1; });
  std::ofstream(token_file_) << "second-token";
  coordinator_->End(grpc::Status(grpc::StatusCode::ABORTED, "another session of this node was opened"));
  const Seen seen = coordinator_->WaitUntil("the second report", [](const Seen& s) {
    return s.sessions.size() >= 2 && Only(s, Kind::kReport).size() >= 2;
  });
  EXPECT_EQ(seen.sessions[1].at("authorization"), "Bearer second-token");
  EXPECT_EQ(Only(seen, Kind::kHello).size(), 2U);
  EXPECT_TRUE(Only(seen, Kind::kReport)[1].report().full());
}

// A coordinator that is killed and comes back at the same address is found again.
TEST_F(SessionTest, SurvivesARestartOfTheCoordinator) {
  StartCoordinator();
  StartSession(Options());
  coordinator_->WaitUntil("a beat", [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
  const int port = coordinator_->port();
  coordinator_.reset();
  coordinator_ = std::make_unique<FakeCoordinator>(certificates_, FakeCoordinator::Behaviour{}, port);
  coordinator_->WaitUntil("a beat after the restart",
                          [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
}

// Coordinators are tried in turn until one answers.
TEST_F(SessionTest, TriesTheNextCoordinator) {
  StartCoordinator({.refuse = grpc::Status(grpc::StatusCode::UNAVAILABLE, "standing by")});
  FakeCoordinator second(certificates_, {});
  SessionOptions options = Options();
  options.coordinators = {coordinator_->address(), second.address()};
  StartSession(std::move(options));
  second.WaitUntil("a beat at the second", [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
  EXPECT_EQ(coordinator_->WaitUntil("a try at the first", [](const Seen& s) { return !s.sessions.empty(); })
                .messages.size(),
            0U);
  session_.reset();  // before `second`
}

// A refused agent goes on trying: what it is refused for may be put right.
TEST_F(SessionTest, KeepsTryingWhenRefused) {
  StartCoordinator(
      {.refuse = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "this token is of another node")});
  StartSession(Options());
  coordinator_->WaitUntil("two tries", [](const Seen& s) { return s.sessions.size() >= 2; });
  coordinator_->SetBehaviour({});
  coordinator_->WaitUntil("a beat", [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
}

// Nobody but a coordinator that the CA vouches for, under the expected name, is told anything: not even the
// token.
TEST_F(SessionTest, TellsNothingToAStranger) {
  StartCoordinator();
  FakeCoordinator stranger(MakeTestCertificates(), {});
  SessionOptions options = Options();
  options.coordinators = {stranger.address(), coordinator_->address()};
  StartSession(std::move(options));
  coordinator_->WaitUntil("a beat at the right one",
                          [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
  EXPECT_TRUE(stranger.WaitUntil("anything", [](const Seen&) { return true; }).sessions.empty());
  EXPECT_GE(session_->counters().failures.load(), 1U);
  session_.reset();
}

// Takes note of what the session tells it, on the session's thread.
class FakeFence final : public FencePort {
 public:
  absl::Time BootTime() const override {
    absl::MutexLock lock(&mutex_);
    return absl::UnixEpoch() + absl::Seconds(++asked_);  // rises with each question
  }
  void Heard(absl::Time sent) override {
    absl::MutexLock lock(&mutex_);
    heard.push_back(sent);
  }
  void Follow(const v1::FencingSettings& settings, absl::Time hello) override {
    absl::MutexLock lock(&mutex_);
    followed.emplace_back(settings.version(), hello);
    status_.emplace();
    status_->set_version(settings.version());
  }
  void SessionBegins() override {
    absl::MutexLock lock(&mutex_);
    ++begun;
  }
  std::optional<v1::FencingStatus> TakeStatus() override {
    absl::MutexLock lock(&mutex_);
    return std::exchange(status_, std::nullopt);
  }
  template <typename Function>
  auto Look(Function&& function) const {
    absl::MutexLock lock(&mutex_);
    return function(*this);
  }

  std::vector<absl::Time> heard;
  std::vector<std::pair<uint64_t, absl::Time>> followed;
  int begun = 0;

 private:
  mutable absl::Mutex mutex_;
  mutable int asked_ = 0;
  std::optional<v1::FencingStatus> status_;
};

// A word of the coordinator is dated by when it was asked for: settings by the hello, a confirmation by the
// beat that it confirms. And the fence's own word goes back.
TEST_F(SessionTest, TellsTheFenceWhatItHears) {
  StartCoordinator();
  FakeFence fence;
  session_.emplace(Options(), board_, prober_, restarter_, clock_, &fence);
  coordinator_->WaitUntil("a beat", [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
  v1::ConnectResponse settings;
  settings.mutable_fencing_settings()->set_version(7);
  coordinator_->Send(settings);
  const Seen seen = coordinator_->WaitUntil("the status and confirmed beats", [](const Seen& s) {
    return !Only(s, Kind::kFencingStatus).empty() && Only(s, Kind::kBeat).size() > 25;
  });
  EXPECT_EQ(Only(seen, Kind::kFencingStatus)[0].fencing_status().version(), 7u);
  fence.Look([](const FakeFence& told) {
    EXPECT_EQ(told.begun, 1);
    ASSERT_EQ(told.followed.size(), 1u);
    EXPECT_EQ(told.followed[0].first, 7u);
    const absl::Time hello = told.followed[0].second;
    EXPECT_EQ(hello, absl::UnixEpoch() + absl::Seconds(1));  // asked for before anything else
    ASSERT_FALSE(told.heard.empty());
    EXPECT_EQ(told.heard[0], hello + absl::Seconds(1));  // the first beat
    EXPECT_TRUE(std::is_sorted(told.heard.begin(), told.heard.end()));
  });
  // A good end of the goodbye is what lets an agent go.
  EXPECT_FALSE(session_->counters().goodbye_heard.load());
  session_->Stop("SIGTERM");
  EXPECT_TRUE(session_->counters().goodbye_heard.load());
  session_.reset();
}

// A coordinator that takes the hello and never welcomes is given up.
TEST_F(SessionTest, GivesUpWithoutAWelcome) {
  StartCoordinator({.welcome = false});
  StartSession(Options());
  coordinator_->WaitUntil("a second try", [](const Seen& s) { return s.sessions.size() >= 2; });
}

// A coordinator that stops confirming beats holds a connection that only seems open: it is replaced.
TEST_F(SessionTest, GivesUpWhenBeatsAreNotConfirmed) {
  StartCoordinator({.acknowledge = false});
  StartSession(Options());
  const Seen seen = coordinator_->WaitUntil("a second session",
                                            [](const Seen& s) { return Only(s, Kind::kHello).size() >= 2; });
  EXPECT_GE(Only(seen, Kind::kBeat).size(), 10U);
}

// What a broken connection may have swallowed is told again: occurrences whose report was not followed by a
// confirmed beat. What the kernel said is told to the next coordinator even so: it has not heard it.
TEST_F(SessionTest, UnconfirmedOccurrencesAreToldAgain) {
  StartCoordinator({.acknowledge = false});
  board_.Update([](NodeState& state) {
    state.AddKernelOccurrence(v1::NodeOccurrence::KIND_IO_ERROR, absl::Now(), "I/O error, dev sdb",
                              std::nullopt);
  });
  StartSession(Options());
  coordinator_->WaitUntil("the report", [](const Seen& s) { return Only(s, Kind::kReport).size() == 1; });
  coordinator_->SetBehaviour({});
  coordinator_->End(grpc::Status::OK);
  const Seen seen =
      coordinator_->WaitUntil("the second whole report and its confirmation", [](const Seen& s) {
        return Only(s, Kind::kReport).size() == 2 && Only(s, Kind::kBeat).back().beat().sequence() >= 11;
      });
  EXPECT_EQ(Only(seen, Kind::kReport)[1].report().occurrences_size(), 1);
  coordinator_->End(grpc::Status::OK);
  const Seen after = coordinator_->WaitUntil(
      "the third whole report", [](const Seen& s) { return Only(s, Kind::kReport).size() == 3; });
  EXPECT_EQ(Only(after, Kind::kReport)[2].report().occurrences_size(), 1);
}

// The coordinator can ask for another rhythm in mid-session.
TEST_F(SessionTest, FollowsANewBeatInterval) {
  StartCoordinator({.beat_interval = absl::Milliseconds(999)});
  StartSession(Options());
  coordinator_->WaitUntil("a beat", [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
  v1::ConnectResponse response;
  response.mutable_welcome()->mutable_beat_interval()->set_nanos(50'000'000);
  coordinator_->Send(response);
  coordinator_->WaitUntil("faster beats", [](const Seen& s) { return Only(s, Kind::kBeat).size() >= 20; });
  EXPECT_EQ(coordinator_->WaitUntil("one session", [](const Seen&) { return true; }).sessions.size(), 1U);
}

// A probe request is answered with its id on the same stream.
TEST_F(SessionTest, AnswersProbeRequests) {
  StartCoordinator();
  StartSession(Options());
  coordinator_->WaitUntil("a beat", [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
  v1::ConnectResponse response;
  v1::ProbeRequest& request = *response.mutable_probe_request();
  request.set_probe_id(42);
  request.set_target_node("node-2");
  request.set_address("127.0.0.1");
  request.set_kubelet_port(static_cast<uint32_t>(coordinator_->port()));
  request.mutable_timeout()->set_seconds(10);
  coordinator_->Send(response);
  const Seen seen = coordinator_->WaitUntil(
      "the answer", [](const Seen& s) { return !Only(s, Kind::kProbeAnswer).empty(); });
  const v1::ProbeAnswer answer = Only(seen, Kind::kProbeAnswer)[0].probe_answer();
  EXPECT_EQ(answer.probe_id(), 42U);
  EXPECT_EQ(answer.kubelet_tcp().outcome(), v1::ProbeResult::OUTCOME_REACHED);
  EXPECT_EQ(answer.kubelet_tls().outcome(), v1::ProbeResult::OUTCOME_REACHED) << answer.ShortDebugString();
  EXPECT_FALSE(answer.has_agent());
}

// Without its files the agent cannot prove who it is; it goes on trying until they are there.
TEST_F(SessionTest, WaitsForItsToken) {
  StartCoordinator();
  SessionOptions options = Options();
  options.token_file = token_file_ + ".later";
  StartSession(options);
  while (session_->counters().failures.load() < 2) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  std::ofstream(options.token_file) << "late-token";
  const Seen seen =
      coordinator_->WaitUntil("a session", [](const Seen& s) { return !Only(s, Kind::kBeat).empty(); });
  EXPECT_EQ(seen.sessions[0].at("authorization"), "Bearer late-token");
}

// A restart that the agent may not ask for is answered with that, and the session goes on.
TEST_F(SessionTest, AnswersARestartRequest) {
  StartCoordinator();
  StartSession(Options());
  coordinator_->WaitUntil("a report", [](const Seen& s) { return !Only(s, Kind::kReport).empty(); });
  v1::ConnectResponse response;
  response.mutable_restart_request()->set_request_id("decisions/7-12/actions/2");
  response.mutable_restart_request()->set_part(v1::RestartRequest::PART_RUNTIME);
  coordinator_->Send(response);
  const Seen seen = coordinator_->WaitUntil(
      "an answer", [](const Seen& s) { return !Only(s, Kind::kRestartAnswer).empty(); });
  const v1::RestartAnswer answer = Only(seen, Kind::kRestartAnswer).front().restart_answer();
  EXPECT_EQ(answer.request_id(), "decisions/7-12/actions/2");
  EXPECT_EQ(answer.outcome(), v1::RestartAnswer::OUTCOME_REFUSED);
  EXPECT_EQ(seen.ended, 0);
}

v1::ConnectResponse Closely(const std::vector<std::string>& uids) {
  v1::ConnectResponse response;
  v1::SampleClosely& closely = *response.mutable_sample_closely();
  for (const std::string& uid : uids) {
    closely.add_pod_uids(uid);
  }
  return response;
}

class CloseSamplingTest : public SessionTest {
 protected:
  void AddRunningPod(const std::string& uid) {
    board_.Update([&](NodeState& state) {
      RuntimeContainer container;
      container.id = "container-of-" + uid;
      container.name = "main";
      container.state = v1::CONTAINER_STATE_RUNNING;
      pods_.push_back({.uid = uid,
                       .pod_namespace = "default",
                       .name = uid,
                       .sandbox_ready = true,
                       .containers = {container}});
      state.SetPods(pods_, absl::Now());
    });
  }
  void Use(const std::string& uid, uint64_t millicores) {
    board_.Update([&](NodeState& state) {
      state.SetUsage({{.container_id = "container-of-" + uid,
                       .cpu_millicores = millicores,
                       .cpu_throttled_percent = {},
                       .memory_working_set_bytes = 4096}});
    });
  }
  static bool Told(const Seen& seen, const std::string& uid, uint64_t millicores) {
    for (const v1::ConnectRequest& message : seen.messages) {
      for (const v1::PodReport& pod : message.report().pods()) {
        if (pod.uid() == uid && pod.containers(0).cpu_used_millicores() == millicores) {
          return true;
        }
      }
    }
    return false;
  }
};

// What a closely sampled pod uses is told with the reading, and does not wait for the next beat: of reports
// behind a beat there can be no more than beats, and one whole one.
TEST_F(CloseSamplingTest, ReadingsDoNotWaitForABeat) {
  StartCoordinator({.beat_interval = absl::Seconds(2)});
  AddRunningPod("a");
  StartSession(Options());
  coordinator_->WaitUntil("the whole report", [](const Seen& s) { return !Only(s, Kind::kReport).empty(); });
  coordinator_->Send(Closely({"a"}));
  uint64_t millicores = 100;
  size_t ahead = 0;
  for (int reading = 0; reading < 100 && ahead < 3; ++reading) {
    millicores += 3 + millicores / 100;
    Use("a", millicores);
    const Seen seen =
        coordinator_->WaitUntil("the reading", [&](const Seen& s) { return Told(s, "a", millicores); });
    const size_t behind_beats = Only(seen, Kind::kBeat).size() + 1;
    const size_t reports = Only(seen, Kind::kReport).size();
    ahead = reports > behind_beats ? reports - behind_beats : 0;
  }
  EXPECT_EQ(ahead, 3U);
}

// A new session begins with nobody: what an earlier coordinator wanted is nobody's wish any more.
TEST_F(CloseSamplingTest, ANewSessionBeginsWithNobody) {
  StartCoordinator();
  AddRunningPod("a");
  AddRunningPod("b");
  Use("a", 100);
  StartSession(Options());
  coordinator_->WaitUntil("the whole report", [](const Seen& s) { return !Only(s, Kind::kReport).empty(); });
  coordinator_->Send(Closely({"a"}));
  Use("a", 200);  // is told in any case
  Use("a", 203);
  coordinator_->WaitUntil("the close reading", [](const Seen& s) { return Told(s, "a", 203); });
  coordinator_->End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "stopping"));
  coordinator_->WaitUntil("the second session's report", [](const Seen& s) {
    const auto reports = Only(s, Kind::kReport);
    return std::count_if(reports.begin(), reports.end(),
                         [](const v1::ConnectRequest& r) { return r.report().full(); }) == 2;
  });
  Use("a", 206);
  Use("b", 500);  // what is told behind it shows that the one before was held back
  const Seen seen = coordinator_->WaitUntil("the other pod", [](const Seen& s) { return Told(s, "b", 500); });
  EXPECT_FALSE(Told(seen, "a", 206));
}

}  // namespace
}  // namespace evenkeel::agent
