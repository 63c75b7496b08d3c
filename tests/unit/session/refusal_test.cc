// What is refused: by name, with nothing else disturbed. Each test has a good session beside the bad one.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/status.h"
#include "common/rpc/status.h"
#include "coordinator/session/session.h"
#include "coordinator/session/validate.h"
#include "tests/unit/session/session_rig.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RefusalTest : public ::testing::Test {
 protected:
  ~RefusalTest() override { EXPECT_TRUE(BystanderIsWell()) << "the bystander was disturbed"; }

  // The other agent's session goes on as before.
  bool BystanderIsWell() {
    for (int i = 0; i < 10; ++i) {
      if (!bystander_->Beat(++sequence_)) return false;
    }
    const auto response = bystander_->Receive();
    return response && response->beat_acknowledgement().sequence() == sequence_;
  }

  absl::Status HelloAs(const std::string& token, const std::string& cluster, const std::string& node) {
    TestAgent agent({.token = token, .channel = rig_.Connect()});
    agent.SayHello(cluster, node);
    return agent.End();
  }

  static std::string Reason(const absl::Status& status) {
    return base::Detail(status, base::kReasonKey).value_or("none");
  }
  static std::string Field(const absl::Status& status) {
    return base::Detail(status, base::kFieldKey).value_or("none");
  }

  SessionRig rig_{{.hello_timeout = absl::Milliseconds(300)}};
  std::unique_ptr<TestAgent> bystander_ = rig_.OpenSession("bystander");
  uint64_t sequence_ = 0;
};

// An agent cannot speak for another node, whatever its hello claims.
TEST_F(RefusalTest, AnotherNodesNameIsRefused) {
  const absl::Status status = HelloAs(rig_.TokenOf("node-1"), "blue", "bystander");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Field(status), "hello.node");
  EXPECT_EQ(Reason(status), "IDENTITY_MISMATCH");
  EXPECT_EQ(rig_.events.Of<SessionOpened>().size(), 1);
}

// Nor for another cluster.
TEST_F(RefusalTest, AnotherClustersNameIsRefused) {
  const absl::Status status = HelloAs(rig_.TokenOf("node-1"), "green", "node-1");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Field(status), "hello.cluster");
}

// A certificate is held to what it names just as well.
TEST_F(RefusalTest, ACertificateSpeaksForItsNodeOnly) {
  const auto certificate =
      rig_.client_ca.Issue({.common_name = "node-9", .organizations = {"evenkeel:agents:outside"}});
  TestAgent agent({.cluster = "", .channel = rig_.Connect(certificate)});
  agent.SayHello("outside", "node-8");
  const absl::Status status = agent.End();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Field(status), "hello.node");
}

// Expired token: UNAUTHENTICATED with the API server's cause.
TEST_F(RefusalTest, AnExpiredTokenIsRefused) {
  kube::TokenReview expired;
  expired.audiences = {"evenkeel.dev"};
  expired.error = "token has expired";
  rig_.kubernetes.AddToken("expired", expired);
  const absl::Status status = HelloAs("expired", "blue", "node-1");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(status.message(), HasSubstr("token has expired"));
  EXPECT_EQ(Reason(status), "TOKEN_REFUSED");
}

// A token for another audience is not for us.
TEST_F(RefusalTest, ATokenForAnotherAudienceIsRefused) {
  kube::TokenReview review;
  review.authenticated = true;
  review.username = "system:serviceaccount:evenkeel:evenkeel-agent";
  review.audiences = {"https://kubernetes.default.svc"};
  rig_.kubernetes.AddToken("elsewhere", review);
  EXPECT_EQ(HelloAs("elsewhere", "blue", "node-1").code(), absl::StatusCode::kUnauthenticated);
}

// Without credentials nobody is let in.
TEST_F(RefusalTest, NoCredentialsAreRefused) {
  EXPECT_EQ(Reason(HelloAs("", "blue", "node-1")), "CREDENTIALS_MISSING");
}

// A certificate that our CA does not vouch for does not get through the handshake.
TEST_F(RefusalTest, AForeignCertificateEndsTheHandshake) {
  const testing::CertificateAuthority foreign("foreign CA");
  TestAgent agent({.cluster = "",
                   .channel = rig_.Connect(foreign.Issue(
                       {.common_name = "node-9", .organizations = {"evenkeel:agents:outside"}}))});
  agent.SayHello("outside", "node-9");
  EXPECT_EQ(agent.End().code(), absl::StatusCode::kUnavailable);
}

// A field out of bounds in the hello is named.
TEST_F(RefusalTest, AHelloOutOfBoundsIsRefused) {
  const absl::Status status = HelloAs(rig_.TokenOf("node-1"), "blue", "node-1\n2026 forged line");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Field(status), "hello.node");
}

// A stream must begin with a hello.
TEST_F(RefusalTest, ABeatBeforeTheHelloIsRefused) {
  TestAgent agent({.token = rig_.TokenOf("node-1"), .channel = rig_.Connect()});
  agent.Beat(1);
  EXPECT_EQ(Field(agent.End()), "hello");
}

// A stream without hello is ended after its time.
TEST_F(RefusalTest, AStreamWithoutHelloIsEnded) {
  TestAgent agent({.token = rig_.TokenOf("node-1"), .channel = rig_.Connect()});
  const absl::Status status = agent.End();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Reason(status), "HELLO_MISSING");
}

// A message over the limit ends the session by name; the core learns that the session is lost.
TEST_F(RefusalTest, AMessageOverTheLimitIsRefused) {
  const auto agent = rig_.OpenSession("node-1");
  v1::ConnectRequest large = FullReport();
  large.mutable_report()->mutable_pods(0)->set_name(std::string(Session::kMaxMessageBytes, 'x'));
  agent->Send(large);
  const absl::Status status = agent->End();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Reason(status), "MESSAGE_TOO_LARGE");
  EXPECT_EQ(rig_.events.WaitFor<SessionClosed>(1).front().node.node, "node-1");
}

// A message that must not even be buffered is cut off by gRPC, with the same code.
TEST_F(RefusalTest, AHugeMessageIsNotEvenTaken) {
  const auto agent = rig_.OpenSession("node-1");
  v1::ConnectRequest huge = FullReport();
  huge.mutable_report()->mutable_pods(0)->set_name(std::string(8 * Session::kMaxMessageBytes, 'x'));
  agent->Send(huge);
  EXPECT_EQ(agent->End().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(rig_.events.WaitFor<SessionClosed>(1).front().node.node, "node-1");
}

// A hello has a smaller limit: strangers get less room.
TEST_F(RefusalTest, AHelloOverItsLimitIsRefused) {
  const absl::Status status = HelloAs("", "blue", std::string(Session::kMaxHelloBytes, 'n'));
  EXPECT_EQ(Reason(status), "MESSAGE_TOO_LARGE");
}

// A report with a field out of bounds is refused by the field's name.
TEST_F(RefusalTest, AReportOutOfBoundsIsRefused) {
  const auto agent = rig_.OpenSession("node-1");
  v1::ConnectRequest report = FullReport();
  report.mutable_report()->mutable_pods(0)->set_name(std::string(kMaxNameBytes + 1, 'x'));
  agent->Send(report);
  EXPECT_EQ(Field(agent->End()), "report.pods.name");
}

// The first report must be full, or the fleet view would show what was before.
TEST_F(RefusalTest, AFirstReportThatIsNotFullIsRefused) {
  const auto agent = rig_.OpenSession("node-1");
  v1::ConnectRequest delta;
  delta.mutable_report()->add_gone_pod_uids("pod-1");
  agent->Send(delta);
  EXPECT_EQ(Field(agent->End()), "report.full");
}

// A flood of reports ends the session that sends it.
TEST_F(RefusalTest, AFloodOfReportsIsRefused) {
  const auto agent = rig_.OpenSession("node-1");
  while (agent->Send(FullReport())) {
  }
  const absl::Status status = agent->End();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Reason(status), "RATE_EXCEEDED");
}

// A flood of beats too.
TEST_F(RefusalTest, AFloodOfBeatsIsRefused) {
  const auto agent = rig_.OpenSession("node-1");
  for (uint64_t sequence = 1; agent->Beat(sequence); ++sequence) {
  }
  EXPECT_EQ(Reason(agent->End()), "RATE_EXCEEDED");
}

// A beat's sequence must rise.
TEST_F(RefusalTest, ABeatFromThePastIsRefused) {
  const auto agent = rig_.OpenSession("node-1");
  agent->Beat(5);
  agent->Beat(5);
  EXPECT_EQ(Field(agent->End()), "beat.sequence");
}

// A second hello in a session is refused: a session's identity does not change.
TEST_F(RefusalTest, ASecondHelloIsRefused) {
  const auto agent = rig_.OpenSession("node-1");
  agent->SayHello("blue", "node-1");
  EXPECT_EQ(Field(agent->End()), "hello");
}

// One connection cannot hold any number of sessions.
TEST_F(RefusalTest, TooManyStreamsOnAConnectionAreRefused) {
  const auto channel = rig_.Connect();
  std::vector<std::unique_ptr<TestAgent>> agents;
  std::vector<absl::Status> ends;
  for (size_t i = 0; i < AgentSessions::Options{}.max_streams_per_connection; ++i) {
    const std::string node = "node-" + std::to_string(i);
    agents.push_back(
        std::make_unique<TestAgent>(TestAgent::Identity{.token = rig_.TokenOf(node), .channel = channel}));
    ASSERT_TRUE(agents.back()->SayHello("blue", node));
    ASSERT_TRUE(agents.back()->Receive().has_value());
  }
  TestAgent one_more({.token = rig_.TokenOf("node-x"), .channel = channel});
  EXPECT_EQ(Reason(one_more.End()), "TOO_MANY_STREAMS");
}

// Bytes that are no message of ours, within a proper stream, are refused by name.
TEST_F(RefusalTest, AMalformedMessageIsRefused) {
  grpc::GenericStub stub(rig_.Connect());
  grpc::ClientContext context;
  context.AddMetadata("evenkeel-cluster", "blue");
  grpc::CompletionQueue queue;
  const auto step = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto stream = stub.PrepareCall(&context, "/evenkeel.v1.AgentSessionService/Connect", &queue);
  stream->StartCall(nullptr);
  ASSERT_TRUE(step());
  const grpc::Slice garbage(std::string("\xff\xff\xff\xff this is not protobuf"));
  stream->Write(grpc::ByteBuffer(&garbage, 1), nullptr);
  ASSERT_TRUE(step());
  grpc::Status status;
  stream->Finish(&status, nullptr);
  ASSERT_TRUE(step());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Reason(rpc::FromGrpc(status)), "MESSAGE_MALFORMED");
}

// Garbage on the port itself: the connection is closed, and that is all.
TEST_F(RefusalTest, GarbageOnThePortIsCutOff) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(connection, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(rig_.port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string garbage(4096, '\xa5');
  ASSERT_EQ(send(connection, garbage.data(), garbage.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(garbage.size()));
  // Read to the end: perhaps a TLS alert, then the end of the connection.
  char byte = 0;
  while (recv(connection, &byte, 1, 0) > 0) {
  }
  close(connection);
  EXPECT_THAT(rig_.events.Of<SessionClosed>(), IsEmpty());
}

// While the API server is away agents are not turned down for good: UNAVAILABLE, so that they come back.
TEST_F(RefusalTest, AnApiServerThatIsAwayIsNoFaultOfTheAgent) {
  const std::string token = rig_.TokenOf("node-1");
  rig_.kubernetes.SetConnected(false);
  EXPECT_EQ(HelloAs(token, "blue", "node-1").code(), absl::StatusCode::kUnavailable);
}

// An identity service that answers nobody.
class SilentAuthenticator final : public AgentAuthenticator {
 public:
  void Authenticate(const AgentCredentials&, absl::Duration, Done done) override {
    absl::MutexLock lock(&mutex_);
    asked_.push_back(std::move(done));
  }

  std::vector<Done> TakeAsked() {
    absl::MutexLock lock(&mutex_);
    return std::move(asked_);
  }

 private:
  absl::Mutex mutex_;
  std::vector<Done> asked_ ABSL_GUARDED_BY(mutex_);
};

// Identities that cannot be checked in time are nobody's fault; no more than so many are under way; and an
// answer that comes when the agent has gone is dropped.
TEST(SlowIdentity, IsBoundedInNumberAndTime) {
  SilentAuthenticator silent;
  SessionRig rig({.max_authentications = 2, .identity_timeout = absl::Milliseconds(300)}, &silent);
  std::vector<std::unique_ptr<TestAgent>> agents;
  for (int i = 0; i < 3; ++i) {
    agents.push_back(
        std::make_unique<TestAgent>(TestAgent::Identity{.token = "token", .channel = rig.Connect()}));
    ASSERT_TRUE(agents.back()->SayHello("blue", "node-1"));
  }
  for (const auto& agent : agents) {
    const absl::Status status = agent->End();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(base::Detail(status, base::kReasonKey), "IDENTITY_NOT_CHECKED");
  }
  const auto asked = silent.TakeAsked();
  EXPECT_EQ(asked.size(), 2);
  for (const auto& done : asked) done(AgentIdentity{{"blue", "node-1"}, "too late"});
  EXPECT_THAT(rig.events.Of<SessionOpened>(), IsEmpty());
}

}  // namespace
}  // namespace evenkeel::coordinator
