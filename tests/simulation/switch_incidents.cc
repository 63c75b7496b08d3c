#include "tests/simulation/switch_incidents.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace evenkeel::simulation {

using namespace coordinator;  // orders are the core's

struct SwitchIncidentKinds {
  using T = SwitchIncidents;

  // ---- the coordinator ----
  static void Killed(T& t) {
    if (t.world_.coordinator_runs()) t.world_.StopCoordinator();
  }
  static void Paused(T& t) {
    if (!t.world_.coordinator_runs()) return;
    t.world_.PauseCoordinator(
        t.dice_.Between(absl::Milliseconds(50), t.dice_.Chance(300) ? absl::Seconds(12) : absl::Seconds(2)));
  }
  static void KilledInAPhase(T& t) { t.LieInWait(); }
  // In some, what the older one has handed out is still on its way.
  static void Overtaken(T& t) {
    if (t.dice_.Chance(400)) SlowGateways(t);
    t.world_.Overtake(t.dice_.Between(absl::ZeroDuration(), absl::Seconds(9)));
  }
  // At the next commit that hands something out.
  static void DiesInMidStep(T& t) {
    static constexpr CommitFault kFaults[] = {CommitFault::kCrashBefore, CommitFault::kCrashAfter,
                                              CommitFault::kCrashAfter,  CommitFault::kSyncError,
                                              CommitFault::kDiskFull,    CommitFault::kSlow,
                                              CommitFault::kOvertaken};
    const CommitFault fault = kFaults[t.dice_.Below(std::size(kFaults))];
    if (fault == CommitFault::kOvertaken) SlowGateways(t);
    t.world_.host().OrderFault(fault);
  }
  static void SlowDisk(T& t) {
    const uint32_t permille = 50 + static_cast<uint32_t>(t.dice_.Below(300));
    t.Spell([permille](Knobs& knobs) {
      knobs.slow_sync = permille;
      knobs.sync_delay = absl::Seconds(1);
    });
  }

  // ---- gateways ----
  static void GatewayAway(T& t) {
    GatewayModel& gateway = t.AnyGateway();
    gateway.SetAway(true);
    t.Later(absl::Milliseconds(300), absl::Seconds(18), [&gateway] { gateway.SetAway(false); });
  }
  static void GatewayLies(T& t) {
    GatewayModel& gateway = t.AnyGateway();
    gateway.SetLies(true);
    t.Later(absl::Seconds(1), absl::Seconds(20), [&gateway] { gateway.SetLies(false); });
  }
  static void Reloaded(T& t) { t.AnyGateway().Reload(); }
  static void ByHand(T& t) {
    GatewayModel& gateway = t.AnyGateway();
    const std::vector<std::string> routes = gateway.routes();
    gateway.SetByHand(routes[t.dice_.Below(routes.size())], t.AnyCluster(),
                      static_cast<uint32_t>(t.dice_.Below(101)));
  }
  static void WishesLost(T& t) {
    const uint32_t permille = 100 + static_cast<uint32_t>(t.dice_.Below(500));
    const bool answers = t.dice_.Chance(600);
    t.Spell([=](Knobs& knobs) { (answers ? knobs.wish_answer_lost : knobs.wish_lost) = permille; });
  }
  static void SlowGateways(T& t) {
    const absl::Duration delay = t.dice_.Between(absl::Milliseconds(50), absl::Seconds(3));
    t.Spell([delay](Knobs& knobs) { knobs.gateway_delay = delay; });
  }

  // ---- the sides ----
  static void Errors(T& t, const std::string& cluster, const std::string& application) {
    t.SetFails(cluster, application, 100 + static_cast<uint32_t>(t.dice_.Below(900)));
    t.Later(absl::Seconds(2), absl::Seconds(25),
            [&t, cluster, application] { t.SetFails(cluster, application, 0); });
  }
  static void OneSideErrs(T& t) { Errors(t, t.AnyCluster(), t.AnyApplication()); }
  static void BothSidesErr(T& t) {
    const std::string application = t.AnyApplication();
    Errors(t, SwitchStory::kEast, application);
    Errors(t, SwitchStory::kWest, application);
  }
  static void SlowSide(T& t) {
    const BackendPlace place{t.AnyCluster(), t.AnyApplication()};
    Answering slow;
    slow.latency = t.dice_.Between(absl::Milliseconds(20), absl::Milliseconds(400));
    t.world_.switching().SetAnswering(place, slow);
    t.Later(absl::Seconds(2), absl::Seconds(20),
            [&t, place] { t.world_.switching().SetAnswering(place, {}); });
  }
  static void NodeOff(T& t) {
    const std::vector<std::string> nodes = t.NodesOf(t.AnyCluster());
    const std::string node = nodes[t.dice_.Below(nodes.size())];
    t.world_.PowerOff(node);
    t.Later(absl::Seconds(1), absl::Seconds(30), [&t, node] { t.Repair(node); });
  }
  static void ClusterOff(T& t) {
    for (const std::string& node : t.NodesOf(t.AnyCluster())) {
      t.world_.PowerOff(node);
      t.Later(absl::Seconds(2), absl::Seconds(25), [&t, node] { t.Repair(node); });
    }
  }
  static void ScaledDown(T& t) {
    const std::string cluster = t.AnyCluster();
    const std::string application = t.AnyApplication();
    KubernetesModel& kubernetes = t.world_.KubernetesOf(cluster);
    const uint32_t replicas = kubernetes.workload(application).replicas;
    if (replicas < 2) return;
    kubernetes.ScaleByHand(application, static_cast<uint32_t>(t.dice_.Below(replicas)));
    t.Later(absl::Seconds(2), absl::Seconds(25), [&t, cluster, application] {
      t.world_.KubernetesOf(cluster).ScaleByHand(application, kReplicas);
    });
  }
  static void ApiAway(T& t) {
    const std::string cluster = t.AnyCluster();
    t.world_.SetApiAway(true, cluster);
    t.Later(absl::Milliseconds(100), absl::Seconds(25),
            [&t, cluster] { t.world_.SetApiAway(false, cluster); });
  }
  // Nothing is wrong with the cluster; the coordinator alone does not see it.
  static void ClusterCutOff(T& t) {
    const std::string cluster = t.AnyCluster();
    Cut(t, cluster, true);
    t.Later(absl::Seconds(1), absl::Seconds(25), [&t, cluster] { Cut(t, cluster, false); });
  }
  static void Cut(T& t, const std::string& cluster, bool cut) {
    for (const std::string& node : t.NodesOf(cluster)) t.world_.machine(node).cut_from_coordinator = cut;
    t.world_.KubernetesOf(cluster).SetCutFromCoordinator(cut);
    t.world_.NetworkChanged();
  }
  static void HookFails(T& t) {
    t.world_.switching().SetHook("orders",
                                 t.dice_.Chance(500) ? GateVerdict::kFail : GateVerdict::kInconclusive);
    t.Later(absl::Seconds(1), absl::Seconds(15),
            [&t] { t.world_.switching().SetHook("orders", GateVerdict::kPass); });
  }

  // ---- operators ----
  static void Orders(T& t) {
    OrderSwitch order;
    order.name = t.AnyApplication();
    order.order = static_cast<SwitchOrder>(t.dice_.Below(4));
    if (t.dice_.Chance(200)) order.may_cut = t.dice_.Below(5);
    order.onto_unknown = t.dice_.Chance(200);
    t.Order(order);
  }
  static void StartsAnother(T& t) { t.Start(t.AnyApplication()); }
  static void PausesCluster(T& t) {
    const std::string cluster = t.AnyCluster();
    PauseClusters pause;
    pause.cluster = cluster;
    t.world_.Order(pause);
    t.Later(absl::Seconds(1), absl::Seconds(15), [&t, cluster] {
      ResumeClusters resume;
      resume.cluster = cluster;
      t.world_.Order(resume);
    });
  }

  static constexpr uint32_t kReplicas = 3;
};

namespace {

struct Kind {
  const char* name;
  void (*strike)(SwitchIncidents&);
};

constexpr Kind kSwitchIncidents[] = {
    {"coordinator killed", SwitchIncidentKinds::Killed},
    {"coordinator killed in a phase", SwitchIncidentKinds::KilledInAPhase},
    {"coordinator killed in a phase", SwitchIncidentKinds::KilledInAPhase},
    {"coordinator paused", SwitchIncidentKinds::Paused},
    {"another coordinator comes", SwitchIncidentKinds::Overtaken},
    {"a commit that hands out fails", SwitchIncidentKinds::DiesInMidStep},
    {"a commit that hands out fails", SwitchIncidentKinds::DiesInMidStep},
    {"spell: slow disk", SwitchIncidentKinds::SlowDisk},
    {"gateway away", SwitchIncidentKinds::GatewayAway},
    {"gateway lies", SwitchIncidentKinds::GatewayLies},
    {"gateway reloaded", SwitchIncidentKinds::Reloaded},
    {"somebody sets weights", SwitchIncidentKinds::ByHand},
    {"spell: wishes lost", SwitchIncidentKinds::WishesLost},
    {"spell: slow gateways", SwitchIncidentKinds::SlowGateways},
    {"one side errs", SwitchIncidentKinds::OneSideErrs},
    {"one side errs", SwitchIncidentKinds::OneSideErrs},
    {"both sides err", SwitchIncidentKinds::BothSidesErr},
    {"one side is slow", SwitchIncidentKinds::SlowSide},
    {"a node without power", SwitchIncidentKinds::NodeOff},
    {"a cluster without power", SwitchIncidentKinds::ClusterOff},
    {"one side scaled down", SwitchIncidentKinds::ScaledDown},
    {"an API away", SwitchIncidentKinds::ApiAway},
    {"a cluster cut off", SwitchIncidentKinds::ClusterCutOff},
    {"a hook does not pass", SwitchIncidentKinds::HookFails},
    {"an operator orders", SwitchIncidentKinds::Orders},
    {"an operator orders", SwitchIncidentKinds::Orders},
    {"another switch is started", SwitchIncidentKinds::StartsAnother},
    {"another switch is started", SwitchIncidentKinds::StartsAnother},
    {"a cluster is paused", SwitchIncidentKinds::PausesCluster},
};

}  // namespace

std::vector<std::string> SwitchIncidents::Marks() {
  std::vector<std::string> marks;
  for (const Kind& kind : kSwitchIncidents) marks.emplace_back(kind.name);
  return marks;
}

void SwitchIncidents::Strike() {
  const Kind& kind = kSwitchIncidents[dice_.Below(std::size(kSwitchIncidents))];
  world_.marks().Hit(kind.name);
  kind.strike(*this);
}

void SwitchIncidents::CoordinatorDied() {
  const absl::Duration after = dice_.Between(absl::Milliseconds(200), absl::Seconds(4));
  world_.schedule().After(after, [this] {
    if (!world_.coordinator_runs()) world_.StartCoordinator();
  });
}

void SwitchIncidents::LieInWait() {
  static constexpr SwitchPhase kPhases[] = {
      SwitchPhase::kMoving,  SwitchPhase::kSoaking,    SwitchPhase::kDraining,   SwitchPhase::kDraining,
      SwitchPhase::kHolding, SwitchPhase::kCommitting, SwitchPhase::kRollingBack};
  ambush_ = kPhases[dice_.Below(std::size(kPhases))];
}

void SwitchIncidents::OnDurable(const std::vector<Write>& writes) {
  for (const Write& write : writes) {
    const auto* put = std::get_if<PutSwitchRecord>(&write);
    if (put == nullptr || ambush_ != put->stored.record.phase) continue;
    ambush_.reset();
    Later(absl::ZeroDuration(), absl::Milliseconds(600), [this] { SwitchIncidentKinds::Killed(*this); });
  }
}

void SwitchIncidents::EndAll() {
  ++era_;
  ambush_.reset();
  world_.knobs() = {};
  world_.ForgetCrash();
  if (!world_.coordinator_runs()) world_.StartCoordinator();
  for (const auto& [name, gateway] : world_.switching().gateways()) {
    gateway->SetAway(false);
    gateway->SetLies(false);
  }
  world_.switching().SetHook("orders", GateVerdict::kPass);
  for (const std::string& cluster : world_.clusters()) {
    SwitchIncidentKinds::Cut(*this, cluster, false);
    world_.SetApiAway(false, cluster);
    for (const std::string& node : NodesOf(cluster)) Repair(node);
    for (const std::string& application : story_.applications()) {
      world_.switching().SetAnswering({cluster, application}, {});
      world_.KubernetesOf(cluster).ScaleByHand(application, SwitchIncidentKinds::kReplicas);
    }
    ResumeClusters resume;
    resume.cluster = cluster;
    world_.Order(resume);
  }
}

void SwitchIncidents::Order(OrderSwitch order) {
  ordered_(order);
  world_.Order(order);
}

void SwitchIncidents::Start(const std::string& application) {
  StartSwitch start;
  start.spec = story_.Draw(world_, application);
  world_.Order(start);
}

std::string SwitchIncidents::AnyCluster() {
  return dice_.Chance(500) ? SwitchStory::kEast : SwitchStory::kWest;
}

const std::string& SwitchIncidents::AnyApplication() {
  return story_.applications()[dice_.Below(story_.applications().size())];
}

GatewayModel& SwitchIncidents::AnyGateway() {
  auto gateway = world_.switching().gateways().begin();
  std::advance(gateway, static_cast<std::ptrdiff_t>(dice_.Below(world_.switching().gateways().size())));
  return *gateway->second;
}

std::vector<std::string> SwitchIncidents::NodesOf(const std::string& cluster) const {
  std::vector<std::string> nodes;
  for (const auto& [node, machine] : world_.machines()) {
    if (world_.ClusterOf(node) == cluster) nodes.push_back(node);
  }
  return nodes;
}

void SwitchIncidents::Repair(const std::string& node) {
  if (!world_.machine(node).powered) world_.PowerOn(node);
}

void SwitchIncidents::SetFails(const std::string& cluster, const std::string& application,
                               uint32_t permille) {
  Answering answering;
  answering.fails = permille;
  world_.switching().SetAnswering({cluster, application}, answering);
}

void SwitchIncidents::Later(absl::Duration least, absl::Duration most, std::function<void()> what) {
  world_.schedule().After(dice_.Between(least, most), [this, era = era_, what = std::move(what)] {
    if (era == era_) what();
  });
}

void SwitchIncidents::Spell(const std::function<void(Knobs&)>& turn) {
  turn(world_.knobs());
  Later(absl::Seconds(1), absl::Seconds(20), [this] { world_.knobs() = {}; });
}

}  // namespace evenkeel::simulation
