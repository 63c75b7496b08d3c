#include "agent/session/prober.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/base/check.h"
#include "common/time/steady_clock.h"
#include "tests/unit/agent/fake_coordinator.h"

namespace evenkeel::agent {
namespace {

using v1::ProbeResult;

// A listening TCP port of the loopback.
class Port {
 public:
  explicit Port(int backlog = 16) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EVENKEEL_CHECK(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) << "bind";
    EVENKEEL_CHECK(listen(socket_, backlog) == 0) << "listen";
    socklen_t length = sizeof address_;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &length);
  }
  ~Port() {
    for (int filler : fillers_) {
      close(filler);
    }
    Close();
  }
  void Close() {
    if (socket_ >= 0) {
      close(socket_);
      socket_ = -1;
    }
  }
  // Fills the queue of connections that nobody accepts, so that the kernel drops further ones.
  void FillQueue() {
    for (int i = 0; i < 8; ++i) {
      const int filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      connect(filler, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
      fillers_.push_back(filler);
    }
  }
  uint32_t number() const { return ntohs(address_.sin_port); }
  int descriptor() const { return socket_; }

 private:
  int socket_;
  sockaddr_in address_{};
  std::vector<int> fillers_;
};

// Accepts one connection, reads what comes first and answers with `answer`.
class OneAnswer {
 public:
  OneAnswer(const Port& port, std::string answer)
      : thread_([&port, answer = std::move(answer)] {
          const int peer = accept(port.descriptor(), nullptr, nullptr);
          char buffer[4096];
          [[maybe_unused]] ssize_t count = read(peer, buffer, sizeof buffer);
          count = write(peer, answer.data(), answer.size());
          close(peer);
        }) {}
  ~OneAnswer() { thread_.join(); }

 private:
  std::thread thread_;
};

class ProberTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }

  v1::ProbeAnswer Probe(uint32_t kubelet_port, uint32_t agent_port,
                        absl::Duration timeout = absl::Seconds(20),
                        const std::string& address = "127.0.0.1") {
    v1::ProbeRequest request;
    request.set_probe_id(7);
    request.set_address(address);
    request.set_kubelet_port(kubelet_port);
    request.set_agent_port(agent_port);
    request.mutable_timeout()->set_seconds(absl::ToInt64Seconds(timeout));
    request.mutable_timeout()->set_nanos(
        static_cast<int32_t>(absl::ToInt64Nanoseconds(timeout - absl::Floor(timeout, absl::Seconds(1)))));
    absl::Notification done;
    v1::ProbeAnswer answer;
    prober_.Probe(request, [&](v1::ProbeAnswer a) {
      answer = std::move(a);
      done.Notify();
    });
    done.WaitForNotification();
    EXPECT_EQ(answer.probe_id(), 7U);
    return answer;
  }

  time::SteadyClock clock_;
  Prober prober_{clock_};
};

// A living node: its kubelet shakes hands, its agent says that it lives.
TEST_F(ProberTest, ReachesALivingNode) {
  const FakeCoordinator kubelet(MakeTestCertificates(), {});
  const Port agent;
  const OneAnswer answering(agent, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const v1::ProbeAnswer answer = Probe(static_cast<uint32_t>(kubelet.port()), agent.number());
  EXPECT_EQ(answer.kubelet_tcp().outcome(), ProbeResult::OUTCOME_REACHED);
  EXPECT_EQ(answer.kubelet_tls().outcome(), ProbeResult::OUTCOME_REACHED);
  EXPECT_GT(answer.kubelet_tls().latency_us(), 0U);
  EXPECT_EQ(answer.agent().outcome(), ProbeResult::OUTCOME_REACHED);
}

// Nobody listens, but the machine's kernel says so itself: refused is not silence.
TEST_F(ProberTest, RefusalIsToldApart) {
  Port closed;
  closed.Close();
  const v1::ProbeAnswer answer = Probe(closed.number(), closed.number());
  EXPECT_EQ(answer.kubelet_tcp().outcome(), ProbeResult::OUTCOME_REFUSED);
  EXPECT_EQ(answer.kubelet_tls().outcome(), ProbeResult::OUTCOME_UNSPECIFIED);  // not tried
  EXPECT_EQ(answer.agent().outcome(), ProbeResult::OUTCOME_REFUSED);
}

// A port that answers nothing to SYN, as a dead machine's, times out within the request's time.
TEST_F(ProberTest, SilenceTimesOut) {
  Port silent(0);
  silent.FillQueue();
  const v1::ProbeAnswer answer = Probe(silent.number(), silent.number(), absl::Milliseconds(50));
  EXPECT_EQ(answer.kubelet_tcp().outcome(), ProbeResult::OUTCOME_TIMED_OUT);
  EXPECT_EQ(answer.agent().outcome(), ProbeResult::OUTCOME_TIMED_OUT);
}

// A kernel that takes connections for a process that hangs: TCP is reached, TLS and /livez are not.
TEST_F(ProberTest, HangingProcessIsNotALivingOne) {
  const Port hanging;
  const v1::ProbeAnswer answer = Probe(hanging.number(), hanging.number(), absl::Milliseconds(50));
  EXPECT_EQ(answer.kubelet_tcp().outcome(), ProbeResult::OUTCOME_REACHED);
  EXPECT_EQ(answer.kubelet_tls().outcome(), ProbeResult::OUTCOME_TIMED_OUT);
  EXPECT_EQ(answer.agent().outcome(), ProbeResult::OUTCOME_TIMED_OUT);
}

// Somebody else on the ports: an answer that is not the one that was asked for.
TEST_F(ProberTest, StrangeAnswersAreProtocolErrors) {
  const Port kubelet;
  const Port agent;
  const OneAnswer no_tls(kubelet, "220 mail.example ESMTP\r\n");
  const OneAnswer not_well(agent, "HTTP/1.1 503 Service Unavailable\r\n\r\n");
  const v1::ProbeAnswer answer = Probe(kubelet.number(), agent.number());
  EXPECT_EQ(answer.kubelet_tls().outcome(), ProbeResult::OUTCOME_PROTOCOL_ERROR);
  EXPECT_FALSE(answer.kubelet_tls().detail().empty());
  EXPECT_EQ(answer.agent().outcome(), ProbeResult::OUTCOME_PROTOCOL_ERROR);
}

// A peer that closes at once, or answers without an end of line, is no living agent either.
TEST_F(ProberTest, ClosedAndEndlessAnswersAreProtocolErrors) {
  const Port kubelet;
  const Port agent;
  const OneAnswer closing(kubelet, "");
  const OneAnswer endless(agent, std::string(4096, 'x'));
  const v1::ProbeAnswer answer = Probe(kubelet.number(), agent.number());
  EXPECT_EQ(answer.kubelet_tls().outcome(), ProbeResult::OUTCOME_PROTOCOL_ERROR);
  EXPECT_EQ(answer.agent().outcome(), ProbeResult::OUTCOME_PROTOCOL_ERROR);
}

// A request that makes no sense is the prober's failure, never evidence against the target (L1).
TEST_F(ProberTest, NonsenseIsTheProbersFailure) {
  EXPECT_EQ(Probe(10250, 0, absl::Seconds(1), "node-2.example").kubelet_tcp().outcome(),
            ProbeResult::OUTCOME_PROBER_FAILED);
  EXPECT_EQ(Probe(0, 0).kubelet_tcp().outcome(), ProbeResult::OUTCOME_PROBER_FAILED);
  EXPECT_EQ(Probe(70000, 0).kubelet_tcp().outcome(), ProbeResult::OUTCOME_PROBER_FAILED);
}

// More requests than may run at once are answered at once, as the prober's failure.
TEST_F(ProberTest, ProbesAreBounded) {
  const Port hanging(256);
  std::atomic<int> refused = 0;
  absl::Mutex mutex;
  size_t answered = 0;
  const size_t asked = Prober::kMostAtOnce + 5;
  for (size_t i = 0; i < asked; ++i) {
    v1::ProbeRequest request;
    request.set_address("127.0.0.1");
    request.set_kubelet_port(hanging.number());
    request.mutable_timeout()->set_seconds(1);
    prober_.Probe(request, [&](const v1::ProbeAnswer& answer) {
      refused += answer.kubelet_tcp().outcome() == ProbeResult::OUTCOME_PROBER_FAILED ? 1 : 0;
      absl::MutexLock lock(&mutex);
      ++answered;
    });
  }
  absl::MutexLock lock(&mutex);
  const auto all = [&] { return answered == asked; };
  mutex.Await(absl::Condition(&all));
  EXPECT_EQ(refused.load(), 5);
}

// A prober that is destroyed gives up what is under way at once.
TEST_F(ProberTest, DestructionDoesNotWait) {
  const Port hanging;
  Prober other(clock_);
  v1::ProbeRequest request;
  request.set_address("127.0.0.1");
  request.set_kubelet_port(hanging.number());
  request.mutable_timeout()->set_seconds(10);
  other.Probe(request, [](const v1::ProbeAnswer&) { FAIL() << "no answer is due"; });
}

}  // namespace
}  // namespace evenkeel::agent
