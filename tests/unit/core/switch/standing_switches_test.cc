// A cluster that is lost has its traffic switched by policy within five seconds; one that has only lost its
// link to the coordinator is left alone.

#include "coordinator/core/switch/standing_switches.h"

#include <utility>

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

// Cluster east with three nodes, cluster west with three agents that can be asked. Everything that is asked
// is answered at once.
class StandingWorld : public StandingHost {
 public:
  explicit StandingWorld(OnLostCluster on_lost) {
    policy.name = "east-is-lost";
    policy.spec = ASwitch();
    policy.on_lost = on_lost;
    view.api_reachable = true;
    view.nodes = {{"n1", false}, {"n2", false}, {"n3", false}};
    view.witnesses = {{{"west", "w1"}, "a"}, {{"west", "w2"}, "b"}, {{"west", "w3"}, "c"}};
    reading = AReading(0);
    abilities.checks_servers = abilities.weights = abilities.counts_in_flight = abilities.counts_requests =
        abilities.fences = true;
    PutStanding(standing, *this, policy, {});
  }

  absl::Time Now() const override { return now; }
  uint64_t Epoch() const override { return 1; }
  ClusterFacts FactsOf(const std::string& cluster) const override {
    ClusterFacts facts;
    facts.known = true;
    facts.api_reachable = cluster != "east" || view.api_reachable;
    facts.lost = IsLost(standing, cluster);
    facts.nodes = facts.nodes_healthy = 3;
    facts.cpu_millicores = 6000;
    return facts;
  }
  std::vector<std::string> BadNodes(const std::string&,
                                    const std::map<std::string, uint32_t>&) const override {
    return {};
  }
  LossView ViewOf(const std::string&) const override {
    LossView seen = view;
    seen.now = now;
    return seen;
  }

  DecisionId Open(const SwitchRecord& record) override {
    begun = record;
    return {1, ++decisions};
  }
  void Happened(const DecisionId&, const std::string&) override {}
  void Write(const DecisionId&, const SwitchRecord&) override {}
  void Release(const DecisionId& decision, uint32_t number, const RouteWish& wish) override {
    for (const auto& [name, backend] : wish.shape.backends) {
      reading.backends[name].percent = backend.percent;
      reading.backends[name].mode = backend.mode;
    }
    answers.push_back({.decision = decision, .number = number, .outcome = ActionOutcome::kDone});
  }
  void Close(const DecisionId& decision, const SwitchRecord& record) override {
    OnStandingEnded(standing, decision, *record.end, now);
  }
  void Ask(SwitchRequest request) override {
    if (const auto* check = std::get_if<CheckBackend>(&request)) checks.push_back(check->request_id);
  }
  void Answer(SwitchReply) override {}
  void Changed(const std::string&) override {}
  void WakeAt(const std::string& name, absl::Time time) override { timers[name] = time; }
  void AskOutside(const std::string&, const OutsideAsk& ask) override { asks.push_back(ask); }
  void Remember(const StandingRecord& record) override { remembered = record; }
  void Forget(const std::string& name) override { forgotten = name; }
  void TellLost(const LostClusterPolicy&, const LossAnswer&, const std::string& words) override {
    told.push_back(words);
  }

  void Tick() {
    now += absl::Milliseconds(100);
    for (const OutsideAsk& ask : std::exchange(asks, {})) {
      const bool reached = ask.control || !dead;
      OnOutsideAnswered(standing, ask.id, reached ? Reach::kReached : Reach::kNoAnswer, now);
    }
    for (const auto& [name, time] : std::map<std::string, absl::Time>(timers)) {
      if (time > now) continue;
      timers.erase(name);
      if (name == StandingTimer(policy.name)) {
        OnStandingDue(standing, desk, *this, policy.name);
      } else {
        OnSwitchDue(desk, *this, name);
      }
    }
    for (const uint64_t id : std::exchange(checks, {})) {
      ServerCheck check;
      check.server = "w";
      check.tried = check.answered = true;
      OnBackendChecked(desk, *this, {id, {check}});
    }
    if (serves) reading.backends["east"].counters->requests += 5;
    const RouteRead read{policy.spec.routes[0].key, reading, abilities};
    OnStandingRead(standing, *this, read);
    OnRouteRead(desk, *this, read);
    for (const std::string& cluster : {policy.spec.from, policy.spec.to}) {
      if (cluster == "east" && !view.api_reachable) continue;
      ApplicationFacts facts;
      facts.pods = 3;
      facts.ready = cluster == "west" ? green_ready : 3;
      const ApplicationObserved seen{cluster, policy.spec.applications[0], facts};
      OnStandingApplication(standing, *this, seen);
      OnApplicationObserved(desk, *this, seen);
    }
    for (const ActionFinished& answer : std::exchange(answers, {})) {
      OnRouteRead(desk, *this, {policy.spec.routes[0].key, reading, abilities});
      OnWishAnswered(desk, *this, answer);
    }
  }
  void Pass(absl::Duration by) {
    for (const absl::Time end = now + by; now < end;) Tick();
  }
  void Silence() {
    view.api_reachable = false;
    view.api_away_since = now;
    for (auto& [name, silent] : view.nodes) silent = true;
    OnClusterChanged(standing, *this, "east");
  }
  void Die() {
    Silence();
    dead = true;
    serves = false;
    reading.backends["east"].servers_up = 0;
  }
  uint32_t Green() const { return reading.backends.at("west").percent; }

  absl::Time now = kStart;
  LostClusterPolicy policy;
  LossView view;
  StandingDesk standing;
  SwitchDesk desk;
  RouteReading reading;
  GatewayAbilities abilities;
  bool dead = false;
  bool serves = true;
  uint32_t green_ready = 3;
  std::vector<OutsideAsk> asks;
  std::vector<uint64_t> checks;
  std::vector<ActionFinished> answers;
  std::map<std::string, absl::Time> timers;
  std::optional<SwitchRecord> begun;
  std::optional<StandingRecord> remembered;
  std::string forgotten;
  std::vector<std::string> told;
  uint64_t decisions = 0;
};

// All of a cluster's nodes lose their power: its traffic is in the other cluster within five seconds, and
// stays there until somebody has looked.
TEST(StandingSwitchesTest, SwitchesALostCluster) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.Pass(absl::Minutes(2));
  ASSERT_TRUE(world.remembered);
  EXPECT_EQ(world.remembered->needed.begin()->second, 3u);
  world.Die();
  world.Pass(absl::Seconds(5));
  EXPECT_EQ(world.Green(), 100u);
  ASSERT_TRUE(world.begun);
  EXPECT_EQ(world.begun->origin, SwitchOrigin::kLostCluster);
  EXPECT_EQ(world.begun->needed.begin()->second, 3u);
  EXPECT_TRUE(IsLost(world.standing, "east"));
  // It comes back: nothing goes there by itself.
  world.dead = false;
  world.view.api_reachable = true;
  for (auto& [name, silent] : world.view.nodes) silent = false;
  OnClusterChanged(world.standing, world, "east");
  world.reading.backends["east"].servers_up = 3;
  world.Pass(absl::Hours(1));
  EXPECT_EQ(world.Green(), 100u);
  EXPECT_FALSE(IsLost(world.standing, "east"));
  EXPECT_EQ(world.decisions, 1u);
}

// Only the coordinator's link is cut.
TEST(StandingSwitchesTest, LeavesACutLinkAlone) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.Pass(absl::Minutes(2));
  world.Silence();
  world.Pass(absl::Minutes(20));
  EXPECT_EQ(world.Green(), 0u);
  EXPECT_FALSE(world.begun);
  EXPECT_TRUE(world.told.empty());
}

// Nobody reaches it any more but the gateway, which checks nothing itself and still gets answers from it.
TEST(StandingSwitchesTest, LeavesAServingClusterAlone) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.abilities.checks_servers = false;
  world.Pass(absl::Minutes(2));
  world.Die();
  world.serves = true;
  world.Pass(absl::Minutes(5));
  EXPECT_EQ(world.Green(), 0u);
  world.serves = false;
  world.Pass(absl::Seconds(5));
  EXPECT_EQ(world.Green(), 100u);
}

// By policy people are asked instead: once.
TEST(StandingSwitchesTest, OnlyAsks) {
  StandingWorld world(OnLostCluster::kAsk);
  world.Pass(absl::Minutes(2));
  world.Die();
  world.Pass(absl::Minutes(5));
  EXPECT_EQ(world.Green(), 0u);
  ASSERT_EQ(world.told.size(), 1u);
  EXPECT_NE(world.told[0].find("could go to cluster west"), std::string::npos) << world.told[0];
}

// A green that is not ready is tried again until it is.
TEST(StandingSwitchesTest, TriesAgainUntilGreenIsReady) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.Pass(absl::Minutes(2));
  world.green_ready = 1;
  world.Die();
  world.Pass(absl::Minutes(1));
  EXPECT_EQ(world.Green(), 0u);
  EXPECT_GE(world.decisions, 3u);
  EXPECT_LE(world.decisions, 7u);
  world.green_ready = 3;
  world.Pass(absl::Seconds(15));
  EXPECT_EQ(world.Green(), 100u);
}

// What is gone with its policy is asked for no more.
TEST(StandingSwitchesTest, EndsWithItsPolicy) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.Pass(absl::Minutes(2));
  EraseStanding(world.standing, world, world.policy.name);
  EXPECT_EQ(world.forgotten, "east-is-lost");
  world.Die();
  world.Pass(absl::Minutes(1));
  EXPECT_EQ(world.Green(), 0u);
  EXPECT_TRUE(world.standing.asks.empty());
}

// A coordinator that starts in the midst of it goes by what is remembered, and only after ways were proven.
TEST(StandingSwitchesTest, ProvesAnewAfterAStart) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.Die();
  world.Pass(absl::Minutes(5));
  EXPECT_EQ(world.Green(), 0u);
}

}  // namespace
}  // namespace evenkeel::coordinator
