// A cluster that is lost has its traffic switched by policy within five seconds; one that has only lost its
// link to the coordinator is left alone.

#include "coordinator/core/switch/standing_switches.h"

#include <set>
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
    policy.spec = ASwitch();
    policy.spec.name = "east-is-lost";
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
  std::vector<BadNode> BadNodes(const std::string&, const std::map<std::string, uint32_t>&) const override {
    return {};
  }
  LossView ViewOf(const LostClusterPolicy&) const override {
    LossView seen = view;
    seen.now = now;
    return seen;
  }

  DecisionId Open(const SwitchRecord& record) override {
    begun = record;
    return {1, ++decisions};
  }
  void Happened(const DecisionId&, const std::string& sentence) override { happened.push_back(sentence); }
  void Write(const DecisionId&, const SwitchRecord& record) override { written = record; }
  void Release(const DecisionId& decision, uint32_t number, const RouteWish& wish) override {
    for (const auto& [name, backend] : wish.shape.backends) {
      reading.backends[name].percent = backend.percent;
      reading.backends[name].mode = backend.mode;
    }
    answers.push_back({.decision = decision, .number = number, .outcome = ActionOutcome::kDone});
  }
  void Close(const DecisionId& decision, const SwitchRecord& record) override {
    ended = record.end;
    OnStandingEnded(standing, decision, *record.end, now);
  }
  void Ask(SwitchRequest request) override {
    const std::optional<SwitchRequest> shared = Shared(desk, standing, request);
    if (!shared) return;
    if (const auto* watch = std::get_if<WatchRoute>(&*shared)) period = watch->period;
    if (const auto* begin = std::get_if<WatchApplication>(&*shared)) watched.insert(begin->cluster);
    if (const auto* end = std::get_if<UnwatchApplication>(&*shared)) watched.erase(end->cluster);
    if (const auto* check = std::get_if<CheckBackend>(&request)) checks.push_back(check->request_id);
  }
  void Answer(SwitchReply) override {}
  void Changed(const std::string&) override {}
  void WakeAt(const std::string& name, absl::Time time) override { timers[name] = time; }
  void AskOutside(const LostClusterPolicy&, const OutsideAsk& ask) override { asks.push_back(ask); }
  void AskApi(const std::string& cluster) override { api_asked.push_back(cluster); }
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
      if (name == StandingTimer(policy.name())) {
        OnStandingDue(standing, desk, *this, policy.name());
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
  void Revive() {
    view.api_reachable = true;
    view.api_away_since = absl::InfiniteFuture();
    for (auto& [name, silent] : view.nodes) silent = false;
    dead = false;
    OnClusterChanged(standing, *this, "east");
    reading.backends["east"].servers_up = 3;
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
  std::vector<std::string> happened;
  std::vector<std::string> api_asked;
  std::optional<SwitchRecord> written;
  std::optional<SwitchEnd> ended;
  absl::Duration period;          // of the route's reading, as it was asked last
  std::set<std::string> watched;  // clusters in which the application is
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
  world.Revive();
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

// By policy people are asked instead, once: a switch waits for their approval, and then it goes.
TEST(StandingSwitchesTest, AsksFirst) {
  StandingWorld world(OnLostCluster::kAsk);
  world.Pass(absl::Minutes(2));
  world.Die();
  world.Pass(absl::Minutes(5));
  EXPECT_EQ(world.Green(), 0u);
  EXPECT_EQ(world.decisions, 1u);
  EXPECT_TRUE(world.told.empty());
  ASSERT_TRUE(world.written && world.written->stop);
  EXPECT_EQ(world.written->stop->cause, StopCause::kApproval);
  ASSERT_FALSE(world.happened.empty());
  EXPECT_NE(world.happened[0].find("Cluster east is lost: its API and 3 of 3 nodes"), std::string::npos)
      << world.happened[0];
  OrderSwitch approve;
  approve.name = world.policy.name();
  approve.order = SwitchOrder::kResume;
  OnOrderSwitch(world.desk, world, approve);
  world.Pass(absl::Seconds(5));
  EXPECT_EQ(world.Green(), 100u);
}

// What nobody has approved by the time the cluster lives again ends by itself; the next loss is asked anew.
TEST(StandingSwitchesTest, AsksNoMoreWhenTheClusterLives) {
  StandingWorld world(OnLostCluster::kAsk);
  world.Pass(absl::Minutes(2));
  world.Die();
  world.Pass(absl::Minutes(1));
  EXPECT_EQ(world.desk.switches.size(), 1u);
  world.Revive();
  world.Pass(absl::Seconds(15));
  EXPECT_TRUE(world.desk.switches.empty());
  EXPECT_EQ(world.ended, SwitchEnd::kCancelled);
  world.Pass(absl::Minutes(2));
  world.Die();
  world.Pass(absl::Seconds(10));
  EXPECT_EQ(world.decisions, 2u);
  EXPECT_EQ(world.desk.switches.size(), 1u);
}

// A policy that observes, or that is off, says so once an episode, and no switch begins.
TEST(StandingSwitchesTest, OnlySays) {
  for (const OnLostCluster on_lost : {OnLostCluster::kOff, OnLostCluster::kSwitch}) {
    StandingWorld world(on_lost);
    world.policy.spec.mode = SwitchMode::kObserve;
    PutStanding(world.standing, world, world.policy, {});
    world.Pass(absl::Minutes(2));
    world.Die();
    world.Pass(absl::Minutes(5));
    EXPECT_EQ(world.decisions, 0u);
    ASSERT_EQ(world.told.size(), 1u);
    EXPECT_EQ(world.told[0], on_lost == OnLostCluster::kOff
                                 ? "the policy says to do nothing"
                                 : "the policy observes: its traffic would go to cluster west");
  }
}

// Where no gateway sends it anything, nothing has to be moved.
TEST(StandingSwitchesTest, MovesNothingWhereNothingGoes) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.reading = AReading(100);
  world.Pass(absl::Minutes(2));
  world.Die();
  world.Pass(absl::Minutes(1));
  EXPECT_EQ(world.decisions, 0u);
  ASSERT_EQ(world.told.size(), 1u);
  EXPECT_EQ(world.told[0], "no gateway sends it anything, so nothing has to go elsewhere");
}

// Whatever the policy asks of a route, the servers of its backends are those of the switch under way; without
// one they are the policy's, whatever a plan says.
TEST(StandingSwitchesTest, LeavesTheRoutesPartsToTheSwitchUnderWay) {
  StandingWorld world(OnLostCluster::kAsk);
  world.policy.spec.routes[0].parts = {{"east", {"e1"}}};
  PutStanding(world.standing, world, world.policy, {});
  WatchRoute asked{
      .key = world.policy.spec.routes[0].key, .parts = {{"east", {"plan"}}}, .period = kReadOften};
  EXPECT_EQ(std::get<WatchRoute>(*Shared(world.desk, world.standing, asked)).parts.at("east")[0], "e1");
  StartSwitch start;
  start.spec = ASwitch();
  start.spec.name = "by-hand";
  start.spec.routes[0].parts = {{"east", {"e2"}}};
  OnStartSwitch(world.desk, world, start);
  EXPECT_EQ(std::get<WatchRoute>(*Shared(world.desk, world.standing, asked)).parts.at("east")[0], "e2");
}

// In doubt the coordinator tries the API itself, and reads the routes often; the end of a switch takes
// nothing away from the policy that waits.
TEST(StandingSwitchesTest, KeepsWatchingWhatOthersLeave) {
  StandingWorld world(OnLostCluster::kAsk);
  world.Pass(absl::Minutes(2));
  EXPECT_EQ(world.period, kReadSeldom);
  EXPECT_TRUE(world.api_asked.empty());
  StartSwitch start;
  start.spec = ASwitch();
  start.spec.name = "by-hand";
  OnStartSwitch(world.desk, world, start);
  EXPECT_EQ(world.period, kReadOften);
  OrderSwitch end;
  end.name = "by-hand";
  end.order = SwitchOrder::kRollBack;
  OnOrderSwitch(world.desk, world, end);
  EXPECT_TRUE(world.desk.switches.empty());
  EXPECT_EQ(world.period, kReadSeldom);
  EXPECT_EQ(world.watched, (std::set<std::string>{"east", "west"}));
  world.Silence();
  world.Pass(absl::Seconds(1));
  EXPECT_EQ(world.period, kReadOften);
  EXPECT_FALSE(world.api_asked.empty());
  EraseStanding(world.standing, world, world.policy.name());
  EXPECT_EQ(world.period, absl::ZeroDuration());
  EXPECT_TRUE(world.watched.empty());
}

// A switch that another process has begun is its policy's again: it is not begun a second time.
TEST(StandingSwitchesTest, AdoptsWhatWasBegun) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.Pass(absl::Minutes(2));
  world.Die();
  world.Pass(absl::Seconds(10));
  ASSERT_EQ(world.decisions, 1u);
  StandingDesk another;
  std::swap(world.standing, another);
  PutStanding(world.standing, world, world.policy, {});
  AdoptSwitches(world.standing, world.desk);
  EXPECT_EQ(world.standing.standing.at(world.policy.name()).decision, (DecisionId{1, 1}));
  world.Revive();
  world.Pass(absl::Minutes(2));
  EXPECT_EQ(world.Green(), 100u);
  EXPECT_EQ(world.decisions, 1u);
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

// An operator's switch that is in the way is said once; when it has ended with nothing moved, the policy
// acts.
TEST(StandingSwitchesTest, ActsWhenAnotherSwitchIsNotInTheWayAnyMore) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.Pass(absl::Minutes(2));
  StartSwitch start;
  start.spec = ASwitch();
  start.spec.name = "by-hand";
  start.spec.steps[0].approve = true;
  OnStartSwitch(world.desk, world, start);
  world.Pass(absl::Seconds(12));
  world.Die();
  world.Pass(absl::Seconds(6));
  EXPECT_EQ(world.Green(), 0u);
  ASSERT_EQ(world.told.size(), 1u);
  EXPECT_NE(world.told[0].find("switch by-hand is under way"), std::string::npos) << world.told[0];
  OrderSwitch end;
  end.name = "by-hand";
  end.order = SwitchOrder::kRollBack;
  OnOrderSwitch(world.desk, world, end);
  world.Pass(absl::Seconds(15));
  EXPECT_EQ(world.Green(), 100u);
  EXPECT_EQ(world.told.size(), 1u);
}

// What is gone with its policy is asked for no more.
TEST(StandingSwitchesTest, EndsWithItsPolicy) {
  StandingWorld world(OnLostCluster::kSwitch);
  world.Pass(absl::Minutes(2));
  EraseStanding(world.standing, world, world.policy.name());
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
