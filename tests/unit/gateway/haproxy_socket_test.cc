// A runtime socket that is hostile, half dead or gone: bounds and deadlines hold, and nothing of it is taken
// for an answer.
#include "coordinator/gateway/haproxy_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "coordinator/gateway/haproxy_gateway.h"
#include "tests/unit/gateway/socket_peer.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;
using testing::Heard;
using testing::Say;
using testing::SocketPeer;

// Waits until the other side goes: not only says no more, but closes.
void Hang(int connection) {
  pollfd closed = {.fd = connection, .events = 0, .revents = 0};
  while (poll(&closed, 1, -1) <= 0) {
  }
}

class HaproxySocket : public ::testing::Test {
 protected:
  Call call(absl::Duration deadline = absl::Seconds(30)) const { return {deadline, interrupt_}; }
  Interrupt interrupt_;
};

TEST_F(HaproxySocket, AddressesAreNumbersAndPaths) {
  for (const char* text : {"unix:/run/haproxy/admin.sock", "tcp:127.0.0.1:9999", "tcp:[::1]:9999"}) {
    const auto address = haproxy::SocketAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
  for (const char* text : {"", "unix:run/x", "tcp:localhost:9999", "tcp:127.0.0.1", "tcp:127.0.0.1:0",
                           "tcp:127.0.0.1:65536", "tcp:[::1:9", "/run/haproxy/admin.sock"}) {
    EXPECT_EQ(haproxy::SocketAddress::Parse(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_FALSE(haproxy::SocketAddress::Parse("unix:/" + std::string(200, 'x')).ok());
}

TEST_F(HaproxySocket, SaysALineAndTakesTheAnswer) {
  SocketPeer peer([](int connection) {
    if (Heard(connection) == "show info\n") Say(connection, "Name: HAProxy\n\n");
  });
  const auto answer = haproxy::Ask(peer.address(), "show info", call());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, "Name: HAProxy\n\n");
}

TEST_F(HaproxySocket, NobodyThereCannotHaveDoneIt) {
  const auto nowhere = haproxy::SocketAddress::Parse("unix:/nowhere/at/all");
  const auto answer = haproxy::Ask(*nowhere, "show info", call());
  EXPECT_TRUE(absl::IsUnavailable(answer.status())) << answer.status();
}

TEST_F(HaproxySocket, HugeAnswersAreCutOff) {
  SocketPeer peer([](int connection) {
    Heard(connection);
    Say(connection, std::string(1 << 20, 'x'));
  });
  const auto answer = haproxy::Ask(peer.address(), "show stat", call(), haproxy::Whose::kWorkers, 1 << 16);
  EXPECT_TRUE(absl::IsResourceExhausted(answer.status())) << answer.status();
}

TEST_F(HaproxySocket, SilenceEndsWithTheCall) {
  SocketPeer peer(Hang);
  const auto answer = haproxy::Ask(peer.address(), "show stat", call(absl::Milliseconds(50)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status())) << answer.status();
}

TEST_F(HaproxySocket, InterruptEndsAWait) {
  SocketPeer peer([this](int connection) {
    Heard(connection);
    interrupt_.End();
    Hang(connection);
  });
  const auto answer = haproxy::Ask(peer.address(), "show stat", call());
  EXPECT_TRUE(absl::IsCancelled(answer.status())) << answer.status();
}

// The adapter before such a peer: each call ends in time, with words, and no wish is taken for done.
class HaproxyBeforeAStranger : public HaproxySocket {
 protected:
  static HaproxyGateway::Options Options(const SocketPeer& peer) {
    HaproxyGateway::Options options;
    options.link.socket = peer.address();
    options.link.try_timeout = absl::Milliseconds(100);
    options.store_id = "store-a";
    return options;
  }
  static RouteWish Wish() {
    return {.key = {"lb", "map:/shop.map"},
            .shape = {.backends = {{"blue", {.percent = 100}}, {"green", {.percent = 0}}}, .canary = {}},
            .mark = {.epoch = 1, .owner = {1, 1}, .version = 1}};
  }
  const RoutePlace place_ = {.route = "map:/shop.map", .parts = {}};
};

TEST_F(HaproxyBeforeAStranger, NothingIsTakenForDone) {
  const std::string list = "# id (file) description\n1 (/shop.map) x. curr_ver=0 next_ver=1 entry_cnt=0\n\n";
  const std::string truncated = "Name: HAProxy\nPid: 1\n\n" + list + "0x1 0 blue\n";
  for (const std::string& said :
       {std::string(), std::string("\n"), std::string("HTTP/1.1 400 Bad Request\r\n\r\n"),
        std::string("New version created: 1\n\n"), truncated, std::string("\xff\xfe\n\n")}) {
    SocketPeer peer([&said](int connection) {
      const bool prepares = Heard(connection).rfind("prepare", 0) == 0;
      Say(connection, prepares ? "New version created: 1\n\n" : said);
    });
    HaproxyGateway gateway(Options(peer));
    const ShapeAnswer answer = gateway.Shape(place_, Wish(), call(absl::Milliseconds(300)));
    EXPECT_EQ(answer.outcome, ActionOutcome::kUnreachable) << said << ": " << answer.detail;
    EXPECT_FALSE(answer.detail.empty());
    EXPECT_FALSE(gateway.Read(place_, call(absl::Milliseconds(300))).ok()) << said;
  }
}

// Everything "succeeds" and nothing changes: read-back tells.
TEST_F(HaproxyBeforeAStranger, ALyingSuccessIsNotBelieved) {
  const std::string list = "# id (file) description\n1 (/shop.map) x. curr_ver=0 next_ver=1 entry_cnt=0\n\n";
  const std::string stat = "# pxname,svname,scur\nblue,BACKEND,0\ngreen,BACKEND,0\n\n";
  SocketPeer peer([&](int connection) {
    const std::string heard = Heard(connection);
    if (heard.rfind("prepare", 0) == 0) return Say(connection, "New version created: 1\n\n");
    if (heard.rfind("show info", 0) == 0) {
      return Say(connection, "Name: HAProxy\nPid: 7\n\n" + list + "0x1 0 green\n\n" + list + stat);
    }
    Say(connection, "\n");
  });
  HaproxyGateway gateway(Options(peer));
  const ShapeAnswer answer = gateway.Shape(place_, Wish(), call(absl::Milliseconds(500)));
  EXPECT_EQ(answer.outcome, ActionOutcome::kUnreachable) << answer.detail;
  EXPECT_THAT(answer.detail, HasSubstr("reads back as"));
}

TEST_F(HaproxyBeforeAStranger, RoutesAreNamesThatCanBeTold) {
  SocketPeer peer([](int connection) { Say(connection, "\n"); });
  HaproxyGateway gateway(Options(peer));
  for (const char* route :
       {"", "shop", "map:", "map:relative", "map:/a b", "map:/a;show info", "map:/a\nb"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(gateway.Read({.route = route, .parts = {}}, call()).status()))
        << route;
    EXPECT_EQ(gateway.Shape({.route = route, .parts = {}}, Wish(), call()).outcome, ActionOutcome::kRefused);
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
