// Weights of servers over a socket that loses answers: what a wish leaves midway, the next try mends; servers
// that somebody repairs stay out; what HAProxy refuses is told as that.
#include "coordinator/gateway/haproxy_server_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/unit/gateway/socket_peer.h"

namespace evenkeel::coordinator::haproxy {
namespace {

using ::testing::HasSubstr;

// A section "shop" as HAProxy has it: of each server its weight, and what an administrator has made of it.
class FakeHaproxy {
 public:
  struct Server {
    int weight = 100;
    int admin = 0;  // 1: maintenance, 8: drain
  };

  std::map<std::string, Server> servers = {{"blue-1", {}}, {"blue-2", {}}, {"blue-3", {}}, {"green-1", {0}}};
  // How many commands that set something are carried out; the answer to the last of them is lost already.
  int left = kAll;
  static constexpr int kAll = 1 << 30;
  int uptime = 86400;
  std::string refusal;  // of each command that sets something

  SocketAddress address() const { return peer_.address(); }

 private:
  void Serve(int connection) {
    std::string answers;
    const std::string line = testing::Heard(connection);
    for (const absl::string_view command : absl::StrSplit(absl::StripSuffix(line, "\n"), ';')) {
      const bool sets = absl::StartsWith(command, "set");
      if (sets && left == 0) return;
      absl::StrAppend(&answers, AnswerTo(command), "\n");
      if (sets && --left == 0) return;
    }
    testing::Say(connection, answers);
  }

  std::string AnswerTo(absl::string_view command) {
    if (command == "show info") {
      return absl::StrCat("Name: HAProxy\nPid: 7\nUptime_sec: ", uptime, "\nStart_time_sec: 1795309278\n");
    }
    if (absl::StartsWith(command, "show servers state")) {
      std::string table = "1\n# be_name srv_name srv_uweight srv_admin_state\n";
      for (const auto& [name, server] : servers) {
        absl::StrAppend(&table, "shop ", name, " ", server.weight, " ", server.admin, "\n");
      }
      return table;
    }
    if (absl::StartsWith(command, "show stat")) {
      std::string table = "# pxname,svname,qcur,scur,stot,status,check_status,\n";
      for (const auto& [name, server] : servers) {
        absl::StrAppend(&table, "shop,", name, ",0,0,0,", server.admin == 1 ? "MAINT" : "UP", ",L4OK,\n");
      }
      return absl::StrCat(table, "shop,BACKEND,0,0,0,UP,,\n");
    }
    const std::vector<std::string> words = absl::StrSplit(command, ' ');
    if (words.size() != 5 || words[0] != "set") return "Unknown command.\n";
    if (!refusal.empty()) return refusal;
    Server& server = servers.at(std::string(absl::StripPrefix(words[2], "shop/")));
    if (words[3] == "weight") server.weight = std::stoi(words[4]);
    if (words[3] == "state") server.admin = words[4] == "maint" ? 1 : words[4] == "drain" ? 8 : 0;
    return "";
  }

  testing::SocketPeer peer_{[this](int connection) { Serve(connection); }};
};

class HaproxyServerRoute : public ::testing::Test {
 protected:
  static RouteWish Wish(uint32_t green, uint64_t version, BackendMode blue = BackendMode::kServing) {
    RouteShape shape;
    shape.backends = {{"blue", {.percent = 100 - green, .mode = blue}}, {"green", {.percent = green}}};
    return {.key = {}, .shape = shape, .mark = {.epoch = 1, .owner = {1, 1}, .version = version}};
  }
  // By a coordinator that begins anew.
  ShapeAnswer Do(const RouteWish& wish, absl::Duration deadline = absl::Seconds(30)) {
    Link link({.socket = haproxy_.address()});
    ServerRoute route({.section = "shop"}, link);
    return route.Shape({{"blue", {"blue-*"}}, {"green", {"green-*"}}}, wish, Call(deadline, interrupt_));
  }
  std::vector<int> AdminOfBlue() {
    return {haproxy_.servers["blue-1"].admin, haproxy_.servers["blue-2"].admin,
            haproxy_.servers["blue-3"].admin};
  }

  Interrupt interrupt_;
  FakeHaproxy haproxy_;
};

// Wherever a coordinator ends while it opens or closes a backend, the next one opens all of its servers.
TEST_F(HaproxyServerRoute, WhatWasBegunIsFinishedWhereverItEnded) {
  uint64_t version = 0;
  for (const BackendMode first : {BackendMode::kClosed, BackendMode::kServing}) {
    for (int end = 1; end < 12; ++end) {
      ASSERT_EQ(Do(Wish(100, ++version, BackendMode::kDraining)).outcome, ActionOutcome::kDone);
      if (first == BackendMode::kServing) {
        ASSERT_EQ(Do(Wish(100, ++version, BackendMode::kClosed)).outcome, ActionOutcome::kDone);
      }
      haproxy_.left = end;
      Do(Wish(first == BackendMode::kClosed ? 100 : 0, ++version, first), absl::Milliseconds(50));
      haproxy_.left = FakeHaproxy::kAll;
      const ShapeAnswer answer = Do(Wish(0, ++version));
      EXPECT_TRUE(answer.outcome == ActionOutcome::kDone || answer.outcome == ActionOutcome::kAlreadyDone)
          << answer.detail;
      EXPECT_EQ(AdminOfBlue(), (std::vector<int>{0, 0, 0})) << end;
      haproxy_.servers["green-1"] = {0};
      for (const char* name : {"blue-1", "blue-2", "blue-3"}) haproxy_.servers[name] = {100};
    }
  }
}

// A server under repair is left there by a commit that closes its backend and by the way back, whether it was
// taken out while the backend served or while it had no share.
TEST_F(HaproxyServerRoute, WhatIsRepairedStaysOutOverAClosing) {
  for (const int weight : {100, 0}) {
    haproxy_.servers["blue-2"] = {weight, 1};
    const uint64_t version = weight == 100 ? 1 : 11;
    ASSERT_EQ(Do(Wish(50, version)).outcome, ActionOutcome::kDone);
    ASSERT_EQ(Do(Wish(100, version + 1, BackendMode::kDraining)).outcome, ActionOutcome::kDone);
    ASSERT_EQ(Do(Wish(100, version + 2, BackendMode::kClosed)).outcome, ActionOutcome::kDone);
    EXPECT_EQ(AdminOfBlue(), (std::vector<int>{1, 1, 1}));
    ASSERT_EQ(Do(Wish(0, version + 3)).outcome, ActionOutcome::kDone);
    EXPECT_EQ(AdminOfBlue(), (std::vector<int>{0, 1, 0})) << weight;
  }
}

// What HAProxy plainly says no to was not written, and asking again would not help.
TEST_F(HaproxyServerRoute, RefusedIsNotInDoubt) {
  haproxy_.refusal = "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n";
  const ShapeAnswer answer = Do(Wish(50, 1));
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(answer.detail, HasSubstr("static LB algorithm"));
}

// A process that is young when it is first seen may have come with a reload that nobody saw: while the old
// one may live, nothing is in flight only where that is known.
TEST_F(HaproxyServerRoute, AYoungProcessMayHaveReplacedAnother) {
  const auto in_flight = [&] { return Do(Wish(0, 1)).reading->backends.at("blue").in_flight; };
  EXPECT_EQ(in_flight(), std::optional<uint64_t>(0));
  haproxy_.uptime = 3;
  EXPECT_EQ(in_flight(), std::nullopt);
}

// A master, or an old worker, that hangs keeps nobody from reading and writing what serves.
TEST_F(HaproxyServerRoute, AMasterThatHangsHoldsNothingUp) {
  Interrupt over;
  testing::SocketPeer master([&](int) { Call(absl::Seconds(600), over).Pause(absl::Seconds(600)); });
  Link link(
      {.socket = haproxy_.address(), .master = master.address(), .try_timeout = absl::Milliseconds(200)});
  ServerRoute route({.section = "shop"}, link);
  const ShapeAnswer answer = route.Shape({{"blue", {"blue-*"}}, {"green", {"green-*"}}}, Wish(50, 1),
                                         Call(absl::Seconds(30), interrupt_));
  over.End();
  EXPECT_EQ(answer.outcome, ActionOutcome::kDone) << answer.detail;
  ASSERT_TRUE(answer.reading);
  EXPECT_EQ(answer.reading->backends.at("blue").in_flight, std::nullopt);
}

}  // namespace
}  // namespace evenkeel::coordinator::haproxy
