// What is shown of a cluster's bursts: where the valve stands and why, what is used and what it costs, who
// waits and for what; told when it changes, and not because time passes.

#include "coordinator/core/burst/burst_status.h"

#include "coordinator/core/burst/burst_view.h"
#include "coordinator/core/burst/burst_words.h"
#include "coordinator/core/burst/money.h"
#include "tests/unit/core/burst/burst_fixture.h"

namespace evenkeel::coordinator {
namespace {

class BurstStatusTest : public BurstFixture {
 protected:
  std::string Reason() const { return ReasonOf(*burst_, now_); }
  std::string Would() const { return WouldDo(*burst_, now_); }
  std::string Guard() const {
    const std::optional<GuardAnswer> refusal = RefusalOf(*burst_, now_);
    return refusal ? refusal->guard : "";
  }
};

// Without a policy there is nothing to be shown; with one it is shown from the beginning, also before
// anything is known; and it is gone with the policy.
TEST_F(BurstStatusTest, ComesAndGoesWithItsPolicy) {
  Do(ClusterAdded{"local"});
  SeeVirtual(false);
  Pass(absl::Seconds(1));
  EXPECT_FALSE(burst_);
  Apply(BurstPolicyOf());
  Pass(absl::Seconds(1));
  ASSERT_TRUE(burst_);
  EXPECT_FALSE(burst_->listed);
  EXPECT_EQ(Reason(), "the cluster's pods are not known yet");
  List();
  EXPECT_TRUE(burst_->listed);
  EXPECT_EQ(burst_->cluster, "local");
  EXPECT_EQ(burst_->standing.policy, "burst");
  EXPECT_EQ(burst_->valve, ValveState::kClosing);
  Settle();
  EXPECT_EQ(burst_->valve, ValveState::kClosed);
  ASSERT_EQ(burst_->nodes.size(), 1u);
  EXPECT_EQ(burst_->nodes[0], (VirtualNodeStatus{.name = kVirtual, .ready = true}));
  Do(DeletePolicy{.request_id = 2, .name = "burst"});
  Settle();
  EXPECT_FALSE(burst_);
}

// A whole burst: the valve, its reason, its pods, what they use, and what it has cost when it is over, also
// after a restart.
TEST_F(BurstStatusTest, TellsABurst) {
  Begin(5);
  EXPECT_EQ(burst_->valve, ValveState::kClosed);
  EXPECT_EQ(Reason(), "no pod that may go to virtual nodes waits for room");
  EXPECT_FALSE(burst_->standing.ledger.began);
  Press(6, 8);
  Pass(absl::Seconds(1));
  EXPECT_EQ(burst_->valve, ValveState::kOpening);
  EXPECT_EQ(burst_->last_decision, Of(DecisionKind::kBurst).at(0).id);
  Settle(absl::ZeroDuration());
  EXPECT_EQ(burst_->valve, ValveState::kOpen);
  EXPECT_TRUE(burst_->opened);
  EXPECT_TRUE(burst_->nodes[0].open);
  EXPECT_EQ(Reason(), "3 pods find no room on real nodes");
  ASSERT_EQ(burst_->pressing.size(), 3u);
  EXPECT_EQ(burst_->pressing[0].pod, (PodName{"shop", "web-6"}));
  EXPECT_EQ(burst_->pressing[0].waits_for, "0/2 nodes are available: 1 Insufficient cpu.");
  EXPECT_EQ(burst_->pressing_since, burst_->pressing[0].since);
  RunOn(kVirtual, 6, 8);
  Settle(absl::Seconds(10));
  EXPECT_EQ(burst_->valve, ValveState::kClosed);
  EXPECT_TRUE(burst_->pressing.empty());
  EXPECT_EQ(burst_->nodes[0].use.pods, 3);
  EXPECT_EQ(burst_->nodes[0].use.cpu_millicores, 600);
  EXPECT_EQ(LedgerAt(*burst_, now_).use.pods, 3);
  EXPECT_FALSE(burst_->last);
  Pass(absl::Hours(1));
  for (int number = 6; number <= 8; ++number) Gone(number);
  Settle();
  EXPECT_FALSE(burst_->standing.ledger.began);
  ASSERT_TRUE(burst_->last);
  EXPECT_EQ(burst_->last->ledger.peak_pods, 3);
  EXPECT_EQ(SayMoney(burst_->last->cost_micros, burst_->last->currency).substr(0, 5), "0.024");
  const EndedBurst last = *burst_->last;
  Restart(absl::Seconds(2));
  Pass(absl::Seconds(1));
  ASSERT_TRUE(burst_->last);
  EXPECT_EQ(*burst_->last, last);
}

// What has come since the ledger was counted up is not paid for the time before; where nothing was there,
// nothing is paid for that time at all. Before the cluster is listed it goes on with what was there when it
// was written.
TEST(LedgerOfTest, ChargesNothingForTheTimeBeforeItCame) {
  const absl::Time start = absl::FromUnixSeconds(1'700'000'000);
  const absl::Time now = start + absl::Hours(1);
  const Resources each{.cpu_millicores = 1000, .memory_bytes = int64_t{1} << 20, .pods = 1};
  Cluster cluster;
  cluster.sight.listed = true;
  cluster.burst.virtual_nodes = {"virtual-1"};
  PodFacts pod;
  pod.node = "virtual-1";
  pod.phase = "Running";
  pod.controller = {"ReplicaSet", "web", "uid-rs"};
  pod.requests = each;
  for (const char* name : {"web-1", "web-2", "web-3"}) {
    pod.uid = name;
    cluster.pods.Put({"shop", name}, pod);
  }
  cluster.record.burst.ledger = {.began = start, .use = each, .counted = start, .peak_pods = 1};
  BurstLedger ledger = LedgerOf(cluster, now);
  EXPECT_EQ(ledger.use.pods, 3);
  EXPECT_EQ(ledger.counted, now);
  EXPECT_EQ(ledger.pod_ms, 3'600'000);
  cluster.record.burst.ledger.use = {};
  ledger = LedgerOf(cluster, now);
  CountUp(ledger, now + absl::Seconds(1));
  EXPECT_EQ(ledger.pod_ms, 3'000);
  cluster.record.burst.ledger.use = each;
  cluster.sight.listed = false;
  EXPECT_EQ(LedgerOf(cluster, now).use.pods, 1);
}

// Time and money run on, and are told of nobody: they are computed when somebody reads. Nor is what is seen
// once more as it was.
TEST_F(BurstStatusTest, TimeAloneIsNoChange) {
  Begin(8);
  Pass(absl::Minutes(1));  // every real node has been Ready for long enough
  SeeVirtual(true);
  Pass(absl::Seconds(1));
  const int told = bursts_told_;
  const absl::Time before = now_;
  for (int i = 0; i < 10; ++i) {
    Pass(absl::Minutes(6));
    SeeVirtual(true);
    Pass(absl::Seconds(1));
  }
  EXPECT_EQ(bursts_told_, told);
  const BurstLedger ledger = LedgerAt(*burst_, now_);
  EXPECT_GE(ledger.counted - before, absl::Hours(1));
  EXPECT_GT(CostMicros(ledger, burst_->standing.prices), 24'000);
}

// However many events there are, it is told no oftener than it is looked at.
TEST_F(BurstStatusTest, IsToldNoOftenerThanItIsLookedAt) {
  Begin(5);
  const int told = bursts_told_;
  for (int i = 0; i < 100; ++i) {
    Press(6 + i % 7, 6 + i % 7);
    Pass(absl::Milliseconds(10));
    if (i % 3 == 0) Gone(6 + i % 7);
  }
  EXPECT_GE(bursts_told_ - told, 1);
  EXPECT_LE(bursts_told_ - told, 5);
}

// At a cap it is shown which one, and what would have been done, with figures.
TEST_F(BurstStatusTest, TellsWhatItWouldHaveDone) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.pods = 2;
  Begin(5, policy);
  EXPECT_EQ(Would(), "");
  Press(6, 8);
  Pass(absl::Milliseconds(900));
  EXPECT_EQ(burst_->valve, ValveState::kClosed);
  EXPECT_EQ(Guard(), "burst-cap");
  EXPECT_EQ(
      Would(),
      "open virtual nodes to 3 pods, which ask for 600m of CPU and 96 MiB, for 0.0240 USD an hour more");
  EXPECT_EQ(
      Reason(),
      "3 pods find no room on real nodes, but the guard burst-cap refuses to open virtual nodes: 3 pods "
      "more would make 3 on virtual nodes, and no more than 2 are allowed");
  EXPECT_EQ(burst_->last_decision, Of(DecisionKind::kBurst).at(0).id);
}

// Under observe virtual nodes are as somebody else has left them, and what would be done is shown all the
// same.
TEST_F(BurstStatusTest, TellsWhatIsObserved) {
  Begin(5, BurstPolicyOf(PolicyMode::kObserve));
  EXPECT_EQ(burst_->valve, ValveState::kUnruled);
  Press(6, 8);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Guard(), "mode");
  EXPECT_EQ(Reason(), "policy burst observes: virtual nodes are open to whoever tolerates them");
  EXPECT_NE(Would(), "");
}

// A pod that open virtual nodes did not help is shown as such, and counts for nothing.
TEST_F(BurstStatusTest, TellsWhomItDoesNotHelp) {
  Begin(5);
  Press(6, 6);
  Settle();
  Settle(absl::Seconds(25));
  EXPECT_EQ(burst_->pressing_count, 1u);
  EXPECT_EQ(burst_->helpless_count, 1u);
  ASSERT_EQ(burst_->pressing.size(), 1u);
  EXPECT_TRUE(burst_->pressing[0].helpless_until);
  EXPECT_FALSE(burst_->pressing_since);
  EXPECT_EQ(Reason(), "1 pod finds no room on real nodes, and open virtual nodes did not help");
  EXPECT_EQ(Guard(), "");
}

// A provider that fails: how often, until when it is left alone, and why.
TEST_F(BurstStatusTest, TellsWhyTheProviderIsLeftAlone) {
  Begin(5);
  Put(6, {.node = kVirtual});
  Settle(absl::Seconds(62));
  const ProviderBackOff& provider = burst_->standing.provider;
  EXPECT_EQ(provider.failures, 1u);
  EXPECT_GT(BackOffEnds(provider), now_);
  EXPECT_EQ(provider.cause.find("shop/web-6 did not come up on virtual node virtual-1 within "), 0u);
  Press(7, 7);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Guard(), "provider");
}

// Who has pods on virtual nodes, what they wait for, and what is under way.
TEST_F(BurstStatusTest, TellsHowPodsComeHome) {
  Begin(8);
  Even(1, 8);
  SeeReal(kSecond);
  Even(1, 8);
  ASSERT_EQ(burst_->homeward.size(), 1u);
  EXPECT_EQ(burst_->homeward[0].scaler, "web");
  EXPECT_EQ(burst_->homeward[0].workload, Web());
  EXPECT_EQ(burst_->homeward[0].pods, 3);
  EXPECT_EQ(burst_->homeward[0].waits_for, "real nodes have no room for a pod of it");
  EXPECT_EQ(burst_->room_after, absl::Seconds(30));
  ASSERT_TRUE(burst_->room_from);
  EXPECT_LE(*burst_->room_from, now_ + absl::Seconds(30));
  EXPECT_EQ(burst_->strangers, 0);
  done_.clear();
  actions_.clear();
  for (int i = 0; i < 40 && actions_.empty(); ++i) Even(1, 8);
  ASSERT_EQ(actions_.size(), 1u);
  Pass(absl::Seconds(1));
  EXPECT_EQ(burst_->homeward[0].decision, Of(DecisionKind::kDrainBack).at(0).id);
  EXPECT_EQ(burst_->homeward[0].surge, 3);
  EXPECT_EQ(burst_->homeward[0].waits_for, "");
  EXPECT_FALSE(burst_->room_from);
}

}  // namespace
}  // namespace evenkeel::coordinator
