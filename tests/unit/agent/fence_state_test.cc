// When a node fences itself (L5): by which words its isolation is counted, that older words change nothing,
// and when the watchdog is fed.

#include "agent/fence/fence_state.h"

#include <utility>

#include "gtest/gtest.h"

namespace evenkeel::agent {
namespace {

absl::Time At(double seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

// Ten seconds of isolation, four to stop.
v1::FencingSettings Settings(bool release = true) {
  v1::FencingSettings settings;
  settings.set_version(1);
  settings.set_armed(true);
  settings.mutable_isolation_timeout()->set_seconds(10);
  settings.mutable_stop_timeout()->set_seconds(4);
  settings.add_marked_pods()->set_uid("uid-db-0");
  settings.set_release(release);
  return settings;
}

// Armed, and heard last at second 100.
FenceState Armed() {
  FenceState state;
  state.Follow(Settings(), At(99));
  state.RuntimeHeard();
  state.VoucherHeard(At(100));
  state.At(At(100));
  return state;
}

// It promises nothing before its runtime and one of its peers have answered; afterwards it keeps what it has
// promised.
TEST(FenceStateTest, IsArmedOnceItsRuntimeAndAPeerAnswer) {
  FenceState state;
  state.Follow(Settings(), At(99));
  EXPECT_FALSE(state.armed());
  EXPECT_EQ(state.WhyNotArmed(), "the container runtime does not answer");
  state.RuntimeHeard();
  state.At(At(99));
  EXPECT_FALSE(state.armed());
  EXPECT_TRUE(state.At(At(99)).ask_vouchers);
  EXPECT_EQ(state.WhyNotArmed(), "none of its peers has vouched for it yet");
  EXPECT_FALSE(state.At(At(500)).fence);
  state.VoucherHeard(At(500));
  state.At(At(500));
  EXPECT_TRUE(state.armed());
  EXPECT_EQ(state.WhyNotArmed(), "");
}

// The isolation counts from when the last word was asked for.
TEST(FenceStateTest, FencesWhenIsolatedForTheTime) {
  FenceState state = Armed();
  EXPECT_FALSE(state.At(At(109.9)).fence);
  state.Heard(At(105));
  state.Heard(At(103));  // came later, was asked for earlier
  EXPECT_FALSE(state.At(At(114.9)).fence);
  const FenceState::Orders orders = state.At(At(115));
  EXPECT_TRUE(orders.fence);
  EXPECT_EQ(state.kept().fenced_since, At(115));
  ASSERT_EQ(state.kept().held.size(), 1u);
}

// A machine that was suspended or an agent that was frozen finds its time long over: it fences first, and
// from when it should have.
TEST(FenceStateTest, WakesUpFenced) {
  FenceState state = Armed();
  const FenceState::Orders orders = state.At(At(5000));
  EXPECT_TRUE(orders.fence);
  EXPECT_EQ(state.kept().fenced_since, At(110));
  EXPECT_FALSE(orders.feed_watchdog);
}

// A word alone does not let pods run again, nor do settings that were sent to a node that was not isolated;
// only the coordinator's word in a session that began after the fence.
TEST(FenceStateTest, OnlyTheCoordinatorsWordReleases) {
  FenceState state = Armed();
  state.At(At(110));
  state.Heard(At(120));
  state.VoucherHeard(At(120));
  EXPECT_TRUE(state.At(At(121)).fence);
  state.Follow(Settings(true), At(105));
  EXPECT_TRUE(state.At(At(121)).fence);
  state.Follow(Settings(false), At(120));
  EXPECT_TRUE(state.At(At(121)).fence);
  state.Follow(Settings(true), At(120));
  EXPECT_FALSE(state.At(At(121)).fence);
  EXPECT_TRUE(state.kept().held.empty());
  EXPECT_TRUE(state.At(At(130)).fence);  // and isolated again
}

// A session may outlive the fence, where the machine was suspended for one: then its settings let pods run
// again only if they answer to this fence, and to no other.
TEST(FenceStateTest, AnAnswerToThisFenceReleases) {
  FenceState state = Armed();
  EXPECT_EQ(state.Fence(), 0u);
  state.At(At(200));
  state.Heard(At(200));
  const uint64_t fence = state.Fence();
  ASSERT_NE(fence, 0u);
  v1::FencingSettings settings = Settings(true);
  settings.set_answered_fence(fence + 1);
  state.Follow(settings, At(99));
  EXPECT_TRUE(state.fenced());
  settings.set_answered_fence(fence);
  state.Follow(settings, At(99));
  EXPECT_FALSE(state.fenced());
  EXPECT_FALSE(state.At(At(201)).fence);
}

// What was moved is marked no more, and stays stopped; what is marked anew is stopped, too.
TEST(FenceStateTest, HoldsWhatItHeldAndWhatIsNew) {
  FenceState state = Armed();
  state.At(At(110));
  v1::FencingSettings settings = Settings(false);
  settings.mutable_marked_pods(0)->set_uid("uid-db-1");
  state.Follow(settings, At(120));
  state.At(At(121));
  ASSERT_EQ(state.kept().held.size(), 2u);
  EXPECT_EQ(state.kept().held[0].uid(), "uid-db-0");
}

// The watchdog is fed until the time to stop is over, and from then on only while nothing is known to run.
TEST(FenceStateTest, FeedsTheWatchdogOnlyWhileThePromiseIsKept) {
  FenceState state = Armed();
  EXPECT_TRUE(state.At(At(109)).feed_watchdog);
  EXPECT_TRUE(state.At(At(113.9)).feed_watchdog);
  EXPECT_FALSE(state.At(At(114)).feed_watchdog);
  state.Held(At(113));
  EXPECT_TRUE(state.At(At(116)).feed_watchdog);
  EXPECT_FALSE(state.At(At(117)).feed_watchdog);
  state.Held(At(117));
  EXPECT_TRUE(state.At(At(118)).feed_watchdog);
}

// Peers are asked before it is too late, and not while the coordinator is heard.
TEST(FenceStateTest, AsksPeersInTime) {
  FenceState state = Armed();
  EXPECT_FALSE(state.At(At(102)).ask_vouchers);
  EXPECT_TRUE(state.At(At(103)).ask_vouchers);
  state.VoucherHeard(At(103));
  EXPECT_FALSE(state.At(At(104)).ask_vouchers);
}

// A new agent goes on with what the one before had promised, from the same last word.
TEST(FenceStateTest, GoesOnAfterARestart) {
  FenceState state = Armed();
  FenceState next(state.kept());
  EXPECT_TRUE(next.armed());
  EXPECT_FALSE(next.At(At(109)).fence);
  EXPECT_TRUE(next.At(At(110)).fence);
  FenceState fenced(next.kept());
  EXPECT_TRUE(fenced.At(At(111)).fence);
  EXPECT_EQ(fenced.kept().held.size(), 1u);
}

// When the policy no longer asks for it, the promise is over.
TEST(FenceStateTest, IsDisarmed) {
  FenceState state = Armed();
  v1::FencingSettings settings = Settings();
  settings.set_armed(false);
  state.Follow(settings, At(101));
  EXPECT_FALSE(state.armed());
  EXPECT_FALSE(state.At(At(500)).fence);
}

}  // namespace
}  // namespace evenkeel::agent
