// Who is asked about a cluster that falls silent, and how long it takes until it counts as lost: a cluster
// that lost all nodes does within three seconds, one that lost only its link to the coordinator never.

#include "coordinator/core/switch/loss_watch.h"

#include <set>

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

class LossWatchTest : public testing::Test {
 protected:
  LossWatchTest() {
    view_.now = kStart;
    view_.api_reachable = true;
    view_.nodes = {{"n1", false}, {"n2", false}, {"n3", false}};
    view_.witnesses = {{{"west", "w1"}, "a"}, {{"west", "w2"}, "b"}, {{"west", "w3"}, "a"}};
    GatewayVoice gateway;
    gateway.gateway = "edge";
    gateway.read = gateway.checks = true;
    gateway.servers_up = 3;
    view_.gateways = {gateway};
  }

  // What the witnesses find, by target ("" is the API); controls always answer but in `alone_`.
  Reach Find(const OutsideAsk& ask) const {
    if (mute_.contains(ask.witness.node)) return Reach::kNotTried;
    if (alone_) return Reach::kNoAnswer;
    if (ask.control || living_.contains(ask.target)) return Reach::kReached;
    return dead_ ? Reach::kNoAnswer : Reach::kReached;
  }

  // Looks each 100 ms, with answers at once; true as soon as it counts as lost.
  bool PassUntilLost(absl::Duration by) {
    for (const absl::Time end = view_.now + by; view_.now < end; view_.now += absl::Milliseconds(100)) {
      const LossMoves moves = LookAtCluster(watch_, rules_, view_, ids_);
      for (const OutsideAsk& ask : moves.asks) {
        ++asked_;
        NoteOutside(watch_, ask.id, Find(ask), view_.now);
      }
      if (moves.lost) return true;
    }
    return false;
  }

  // The coordinator hears and reaches nothing of it any more.
  void Silence() {
    view_.api_reachable = false;
    view_.api_away_since = view_.now;
    for (auto& [name, silent] : view_.nodes) silent = true;
  }
  void Die() {
    Silence();
    dead_ = true;
    view_.gateways[0].servers_up = 0;
  }

  LossRules rules_;
  LossView view_;
  LossWatch watch_;
  uint64_t ids_ = 0;
  size_t asked_ = 0;
  bool dead_ = false;
  bool alone_ = false;
  std::set<std::string> mute_;
  std::set<std::string> living_;  // nodes with power, whatever happened to the others
};

// A cluster that is well costs two questions in ten seconds, and each witness has its turn.
TEST_F(LossWatchTest, ProvesWaysCheaply) {
  EXPECT_FALSE(PassUntilLost(absl::Seconds(40)));
  EXPECT_LE(asked_, 10u);
  EXPECT_EQ(watch_.proven.size(), 3u);
  EXPECT_EQ(watch_.answer.life, ClusterLife::kAlive);
}

// All nodes lose their power: lost within three seconds.
TEST_F(LossWatchTest, FindsALostCluster) {
  PassUntilLost(absl::Seconds(30));
  Die();
  const absl::Time died = view_.now;
  ASSERT_TRUE(PassUntilLost(absl::Seconds(10)));
  EXPECT_LE(view_.now - died, absl::Seconds(3));
  EXPECT_EQ(watch_.answer.confidence, Confidence::kHigh);
}

// Only the link to the coordinator is cut: never lost, whatever the time.
TEST_F(LossWatchTest, KnowsALinkFromALoss) {
  PassUntilLost(absl::Seconds(30));
  Silence();
  EXPECT_FALSE(PassUntilLost(absl::Minutes(10)));
  EXPECT_EQ(watch_.answer.life, ClusterLife::kCutOff);
}

// The gateway still gets answers although no witness does: it lives.
TEST_F(LossWatchTest, BelievesTheGateway) {
  PassUntilLost(absl::Seconds(30));
  Die();
  view_.gateways[0].servers_up = 1;
  EXPECT_FALSE(PassUntilLost(absl::Minutes(5)));
}

// Witnesses that never reached it, or that reach nobody, cannot deny it.
TEST_F(LossWatchTest, NeedsProvenWays) {
  Die();
  EXPECT_FALSE(PassUntilLost(absl::Minutes(5)));
  EXPECT_EQ(watch_.answer.life, ClusterLife::kUnsure);
}
TEST_F(LossWatchTest, NeedsWitnessesThatReachTheirNeighbours) {
  PassUntilLost(absl::Seconds(30));
  Die();
  alone_ = true;
  EXPECT_FALSE(PassUntilLost(absl::Minutes(5)));
}

// One witness that is mute does not hold up the others.
TEST_F(LossWatchTest, GoesOnWithoutTheMute) {
  PassUntilLost(absl::Seconds(30));
  Die();
  mute_ = {"w2"};
  ASSERT_TRUE(PassUntilLost(absl::Seconds(10)));
}

// It comes back just before it would have counted: everything begins anew.
TEST_F(LossWatchTest, BeginsAnewWhenItIsBack) {
  PassUntilLost(absl::Seconds(30));
  Die();
  EXPECT_FALSE(PassUntilLost(absl::Milliseconds(1500)));
  dead_ = false;
  EXPECT_FALSE(PassUntilLost(absl::Milliseconds(700)));
  dead_ = true;
  EXPECT_FALSE(PassUntilLost(absl::Milliseconds(900)));
  EXPECT_TRUE(PassUntilLost(absl::Seconds(3)));
}

// Of a large cluster some nodes are tried, from its whole breadth.
TEST_F(LossWatchTest, TriesSomeOfMany) {
  view_.nodes.clear();
  for (int i = 100; i < 900; ++i) view_.nodes["n" + std::to_string(i)] = true;
  view_.api_reachable = false;
  const LossMoves moves = LookAtCluster(watch_, rules_, view_, ids_);
  EXPECT_EQ(moves.asks.size(), 3 * (1 + kMostTried + 1));
}

// A large cluster is judged by those that were tried: it is lost as soon as a small one, and lives while most
// of them answer.
TEST_F(LossWatchTest, FindsTheLossOfALargeCluster) {
  view_.nodes.clear();
  for (int i = 100; i < 140; ++i) view_.nodes["n" + std::to_string(i)] = false;
  PassUntilLost(absl::Seconds(30));
  Die();
  for (size_t i = 0; i < 9; ++i) living_.insert("n" + std::to_string(100 + i * 40 / kMostTried));
  EXPECT_FALSE(PassUntilLost(absl::Minutes(1)));
  EXPECT_EQ(watch_.answer.life, ClusterLife::kCutOff) << watch_.answer.reason;
  living_.clear();
  ASSERT_TRUE(PassUntilLost(absl::Seconds(3))) << watch_.answer.reason;
  EXPECT_NE(
      watch_.answer.reason.find("its API and 16 of the 16 nodes that were tried (of 40) answer neither"),
      std::string::npos)
      << watch_.answer.reason;
}

}  // namespace
}  // namespace evenkeel::coordinator
