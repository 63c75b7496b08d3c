#include "tests/simulation/tormentor.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace evenkeel::simulation {

using coordinator::ConfirmFence;
using coordinator::Decision;
using coordinator::DecisionKind;
using coordinator::EndMaintenance;
using coordinator::NodeKey;
using coordinator::PauseClusters;
using coordinator::ResumeClusters;
using coordinator::StartMaintenance;

using absl::Milliseconds;
using absl::Seconds;

// The incidents themselves: each begins something, and arranges its end.
struct Incidents {
  static void Crash(Tormentor& t) {
    const std::string node = t.AnyNode();
    t.world_.PowerOff(node);
    t.Later(Seconds(1), Seconds(60), [&t, node] { t.Repair(node); });
  }
  static void Reboot(Tormentor& t) {
    const std::string node = t.AnyNode();
    t.world_.PowerOff(node);
    t.Later(Milliseconds(200), Seconds(8), [&t, node] { t.Repair(node); });
  }
  // And it comes back when its failover has just begun, with most of it still to be done.
  static void BackInTheMidst(Tormentor& t) {
    const std::string node = t.AnyNode();
    t.Change(node, [](Machine& machine) { machine.frozen = true; });
    t.Later(Seconds(20), Seconds(40), [&t, node] { t.Repair(node); });
    t.LieInWait(DecisionKind::kFailover, [&t](const Decision& failover) {
      const absl::Duration waits = t.dice_.Between(Milliseconds(10), Milliseconds(1500));
      t.Spell([waits](Knobs& knobs) { knobs.claim_delay = std::max(knobs.claim_delay, waits); });
      t.Later(absl::ZeroDuration(), waits, [&t, node = failover.node] { t.Repair(node); });
    });
  }
  static void Freeze(Tormentor& t) {
    const std::string node = t.AnyNode();
    t.Change(node, [](Machine& machine) { machine.frozen = true; });
    t.Later(Milliseconds(100), Seconds(40),
            [&t, node] { t.Change(node, [](Machine& machine) { machine.frozen = false; }); });
  }
  static void Slow(Tormentor& t) {
    const std::string node = t.AnyNode();
    const absl::Duration lag = t.dice_.Between(Milliseconds(20), Milliseconds(1500));
    t.Change(node, [lag](Machine& machine) { machine.lag = lag; });
    t.Later(Seconds(1), Seconds(30),
            [&t, node] { t.Change(node, [](Machine& machine) { machine.lag = absl::ZeroDuration(); }); });
  }
  static void KillAgent(Tormentor& t) {
    const std::string node = t.AnyNode();
    t.world_.KillAgent(node);
    t.Later(Milliseconds(100), Seconds(20), [&t, node] { t.world_.StartAgent(node); });
  }
  static void Goodbye(Tormentor& t) {
    const std::string node = t.AnyNode();
    t.world_.SayGoodbye(node);
    t.Later(Milliseconds(100), Seconds(90), [&t, node] { t.world_.StartAgent(node); });
  }
  // The DaemonSet's: one node after the other.
  static void RollOut(Tormentor& t) {
    absl::Duration at;
    for (const std::string& node : t.nodes_) {
      at += t.dice_.Between(Milliseconds(50), Seconds(2));
      t.Later(at, at, [&t, node] {
        t.world_.SayGoodbye(node);
        t.Later(Milliseconds(100), Seconds(3), [&t, node] { t.world_.StartAgent(node); });
      });
      if (at > Seconds(40)) break;
    }
  }
  static void KillAllAgents(Tormentor& t) {
    for (const std::string& node : t.nodes_) t.world_.KillAgent(node);
    t.Later(Milliseconds(100), Seconds(15), [&t] {
      for (const std::string& node : t.nodes_) t.world_.StartAgent(node);
    });
  }
  static void KubeletStops(Tormentor& t) {
    const std::string node = t.AnyNode();
    t.Change(node, [](Machine& machine) { machine.kubelet = false; });
    t.Later(Milliseconds(500), Seconds(60),
            [&t, node] { t.Change(node, [&t](Machine& machine) { machine.Mend(t.world_.now()); }); });
  }
  static void PartIsSick(Tormentor& t) {
    using coordinator::SymptomKind;
    constexpr SymptomKind kKinds[] = {SymptomKind::kKubelet, SymptomKind::kRuntime, SymptomKind::kPleg,
                                      SymptomKind::kMemoryStall};
    const std::string node = t.AnyNode();
    const SymptomKind kind = kKinds[t.dice_.Below(std::size(kKinds))];
    const uint64_t restart = t.dice_.Below(3);
    t.Change(node, [&](Machine& machine) {
      machine.symptoms.push_back({kind, "it is sick", 100, {}});
      machine.restarts_permitted = restart != 0;
      machine.restart_helps = restart == 1;
    });
    t.Later(Seconds(1), Seconds(90),
            [&t, node] { t.Change(node, [&t](Machine& machine) { machine.Mend(t.world_.now()); }); });
  }
  // And in the midst of the care for it nothing is heard of it any more, sick as it may still be.
  static void SickAndSilent(Tormentor& t) {
    PartIsSick(t);
    t.LieInWait(DecisionKind::kGray, [&t](const Decision& care) {
      const bool killed = t.dice_.Chance(500);
      t.Later(Milliseconds(0), Seconds(2), [&t, killed, node = care.node] {
        if (killed) t.world_.KillAgent(node);
        if (!killed) t.Change(node, [](Machine& machine) { machine.cut_from_coordinator = true; });
        t.Later(Seconds(2), Seconds(30), [&t, killed, node] {
          if (killed) t.world_.StartAgent(node);
          if (!killed) t.Change(node, [](Machine& machine) { machine.cut_from_coordinator = false; });
        });
      });
    });
  }
  static void Cut(Tormentor& t, const std::function<void(Machine&, bool)>& way) {
    const std::string node = t.AnyNode();
    t.Change(node, [&way](Machine& machine) { way(machine, true); });
    t.Later(Milliseconds(100), Seconds(40),
            [&t, node, way] { t.Change(node, [&way](Machine& machine) { way(machine, false); }); });
  }
  static void CutFromCoordinator(Tormentor& t) {
    Cut(t, [](Machine& machine, bool cut) { machine.cut_from_coordinator = cut; });
  }
  static void CutFromPeers(Tormentor& t) {
    Cut(t, [](Machine& machine, bool cut) { machine.cut_from_coordinator = machine.cut_from_peers = cut; });
  }
  static void CutFromApi(Tormentor& t) {
    Cut(t, [](Machine& machine, bool cut) { machine.cut_from_api = cut; });
  }
  static void Isolated(Tormentor& t) {
    Cut(t, [](Machine& machine, bool cut) {
      machine.cut_from_coordinator = machine.cut_from_peers = machine.cut_from_api = cut;
    });
  }
  static void Mute(Tormentor& t) {
    Cut(t, [](Machine& machine, bool cut) { machine.mute = cut; });
  }
  static void Deaf(Tormentor& t) {
    Cut(t, [](Machine& machine, bool cut) { machine.deaf = cut; });
  }
  // Some of its peers do not reach it, fewer than half.
  static void PartlyCut(Tormentor& t) {
    const std::string node = t.AnyNode();
    const size_t most = (t.nodes_.size() - 1) / 2;
    const uint32_t permille = 50 + static_cast<uint32_t>(t.dice_.Below(400));
    std::set<std::string> peers;
    for (const std::string& peer : t.nodes_) {
      if (peer != node && peers.size() < most && t.dice_.Chance(permille)) peers.insert(peer);
    }
    const bool hidden = t.dice_.Chance(500);
    t.Change(node, [&](Machine& machine) {
      machine.cut_from = peers;
      machine.cut_from_coordinator = machine.cut_from_coordinator || hidden;
    });
    t.Later(Milliseconds(100), Seconds(40), [&t, node, hidden] {
      t.Change(node, [hidden](Machine& machine) {
        machine.cut_from.clear();
        if (hidden) machine.cut_from_coordinator = false;
      });
    });
  }
  static void SplitZones(Tormentor& t) {
    const std::string a = t.world_.machine(t.AnyNode()).zone;
    const std::string b = t.world_.machine(t.AnyNode()).zone;
    if (a == b) return;
    t.world_.marks().Hit("zones apart");
    t.world_.network().Split(a, b);
    t.world_.NetworkChanged();
    t.Later(Milliseconds(100), Seconds(40), [&t] {
      t.world_.network().HealSplits();
      t.world_.NetworkChanged();
    });
  }
  static void ZoneOff(Tormentor& t) {
    const std::vector<std::string> off = t.Neighbours(t.AnyNode());
    for (const std::string& node : off) t.world_.PowerOff(node);
    t.Later(Seconds(1), Seconds(40), [&t, off] {
      for (const std::string& node : off) t.Repair(node);
    });
  }
  // Two or three of its nodes go off, at once or one after the other: it may be more than may be out of
  // service in a zone, and no more than may be in the cluster.
  static void SomeOfAZoneOff(Tormentor& t) {
    const std::vector<std::string> all = t.Neighbours(t.AnyNode());
    const uint64_t first = t.dice_.Below(all.size());
    const uint64_t some = std::min<uint64_t>(all.size(), 2 + t.dice_.Below(2));
    absl::Duration at;
    for (uint64_t i = 0; i < some; ++i) {
      t.Later(at, at, [&t, node = all[(first + i) % all.size()]] {
        t.world_.PowerOff(node);
        t.Later(Seconds(2), t.dice_.Chance(500) ? Seconds(8) : Seconds(40), [&t, node] { t.Repair(node); });
      });
      at += t.dice_.Between(absl::ZeroDuration(), t.dice_.Chance(500) ? Seconds(2) : Seconds(12));
    }
  }
  static void CoordinatorAlone(Tormentor& t) {
    const bool from_nodes = t.dice_.Chance(600);
    const bool from_api = !from_nodes || t.dice_.Chance(500);
    t.world_.network().CutCoordinator(from_nodes, from_api);
    t.world_.NetworkChanged();
    t.Later(Milliseconds(100), Seconds(30), [&t] {
      t.world_.network().CutCoordinator(false, false);
      t.world_.NetworkChanged();
    });
  }
  static void ClockSteps(Tormentor& t) {
    const std::string node = t.AnyNode();
    const absl::Duration step = t.dice_.Between(Milliseconds(10), absl::Minutes(90));
    const bool back = t.dice_.Chance(500);
    t.Change(node, [&](Machine& machine) { machine.clock_skew += back ? -step : step; });
  }
  static void ApiAway(Tormentor& t) {
    t.world_.SetApiAway(true);
    t.Later(Milliseconds(50), Seconds(60), [&t] { t.world_.SetApiAway(false); });
  }
  // While something is done with it, which may still wait for its claim to be read; for a moment, or for
  // longer.
  static void ApiAwayInTheMidst(Tormentor& t) {
    const DecisionKind kind = t.dice_.Chance(500) ? DecisionKind::kFailover : DecisionKind::kRebalance;
    t.LieInWait(kind, [&t](const Decision& /*decision*/) {
      absl::Duration waits;
      if (t.dice_.Chance(700)) waits = t.dice_.Between(Milliseconds(100), Milliseconds(1500));
      t.Spell([waits](Knobs& knobs) { knobs.claim_delay = std::max(knobs.claim_delay, waits); });
      t.Later(absl::ZeroDuration(), waits + Milliseconds(15), [&t] {
        t.world_.SetApiAway(true);
        t.Later(Milliseconds(20), t.dice_.Chance(500) ? Seconds(1) : Seconds(20),
                [&t] { t.world_.SetApiAway(false); });
      });
    });
  }
  static void BadApi(Tormentor& t) {
    const uint32_t permille = 50 + static_cast<uint32_t>(t.dice_.Below(500));
    const uint64_t which = t.dice_.Below(8);
    t.Spell([=](Knobs& knobs) {
      if (which == 0 || which == 4) knobs.request_lost = permille;
      if (which == 1 || which == 4) knobs.answer_lost = permille;
      if (which == 2 || which == 4) knobs.request_twice = permille;
      if (which == 3 || which == 4) knobs.refused = permille;
    });
    const absl::Duration slow = t.dice_.Between(Milliseconds(10), Seconds(3));
    if (which >= 5) {
      t.world_.marks().Hit("slow API");
      t.Spell([slow](Knobs& knobs) { knobs.api_delay = slow; });
    }
  }
  // Its claim on the cluster is slow to be read, and the queue of what waits for it is long.
  static void SlowClaim(Tormentor& t) {
    const absl::Duration delay = t.dice_.Between(Milliseconds(200), Milliseconds(1500));
    t.Spell([delay](Knobs& knobs) { knobs.claim_delay = delay; });
  }
  static void StaleWatch(Tormentor& t) {
    const absl::Duration delay = t.dice_.Between(Milliseconds(100), Seconds(20));
    t.Spell([delay](Knobs& knobs) { knobs.watch_delay = delay; });
  }
  static void SlowControllers(Tormentor& t) {
    const absl::Duration delay = t.dice_.Between(Milliseconds(50), Seconds(3));
    t.Spell([delay](Knobs& knobs) { knobs.controller_delay = delay; });
  }
  static void SchedulerLags(Tormentor& t) {
    const absl::Duration lag = t.dice_.Between(Milliseconds(50), Seconds(2));
    t.Spell([lag](Knobs& knobs) { knobs.taint_lag = lag; });
  }
  static void BadNetwork(Tormentor& t) {
    const uint32_t delayed = 5 + static_cast<uint32_t>(t.dice_.Below(60));
    const absl::Duration delay = t.dice_.Between(Milliseconds(50), Milliseconds(700));
    const absl::Duration latency = t.dice_.Between(absl::ZeroDuration(), Milliseconds(30));
    t.Spell([=](Knobs& knobs) {
      knobs.delayed = delayed;
      knobs.delay = delay;
      knobs.latency = latency;
      knobs.retransmission = Seconds(2);
      knobs.beat_jitter = latency;
    });
  }
  static void BadProbes(Tormentor& t) {
    const uint32_t port = static_cast<uint32_t>(t.dice_.Below(100));
    const uint32_t lost = static_cast<uint32_t>(t.dice_.Below(150));
    const uint32_t twice = static_cast<uint32_t>(t.dice_.Below(300));
    t.Spell([=](Knobs& knobs) {
      knobs.probe_port_lost = port;
      knobs.probe_answer_lost = lost;
      knobs.probe_answer_twice = twice;
    });
  }
  // It lives, and its peers reach it; but what they say of it never comes.
  static void NobodyTells(Tormentor& t) {
    t.Spell([](Knobs& knobs) { knobs.probe_answer_lost = 1000; });
    Cut(t, [](Machine& machine, bool cut) { machine.cut_from_coordinator = machine.cut_from_api = cut; });
  }
  static void PausedCoordinator(Tormentor& t) {
    if (!t.world_.coordinator_runs()) return;
    t.world_.PauseCoordinator(
        t.dice_.Between(Milliseconds(50), t.dice_.Chance(300) ? Seconds(20) : Seconds(2)));
    t.world_.marks().Hit("coordinator paused");
  }
  static void CoordinatorKilled(Tormentor& t) {
    if (!t.world_.coordinator_runs()) return;
    t.world_.StopCoordinator();
    t.world_.marks().Hit("coordinator killed");
  }
  static void Overtaken(Tormentor& t) { t.world_.Overtake(t.dice_.Between(Milliseconds(100), Seconds(15))); }
  static void BadDisk(Tormentor& t) {
    static constexpr CommitFault kFaults[] = {CommitFault::kCrashBefore, CommitFault::kCrashAfter,
                                              CommitFault::kCrashAfter,  CommitFault::kSyncError,
                                              CommitFault::kDiskFull,    CommitFault::kSlow,
                                              CommitFault::kOvertaken};
    t.world_.host().OrderFault(kFaults[t.dice_.Below(std::size(kFaults))]);
  }
  static void FailingDisk(Tormentor& t) {
    const uint64_t which = t.dice_.Below(5);
    const uint32_t permille = 50 + static_cast<uint32_t>(t.dice_.Below(300));
    const absl::Duration delay = t.dice_.Between(Milliseconds(60), Seconds(2));
    t.Spell([=](Knobs& knobs) {
      if (which == 0) knobs.crash_before_commit = permille;
      if (which == 1) knobs.crash_after_commit = permille;
      if (which == 2) knobs.sync_fails = permille;
      if (which == 3) knobs.disk_full = permille;
      if (which == 4) knobs.slow_sync = permille;
      knobs.sync_delay = delay;
    });
  }
  // Somebody works on a node, which has nothing to do with whether the node is well.
  static void Maintained(Tormentor& t) {
    const NodeKey node{kCluster, t.AnyNode()};
    t.world_.Order(StartMaintenance{.node = node, .length = t.dice_.Between(Seconds(1), Seconds(50))});
    if (t.dice_.Chance(500)) return;  // it ends by itself
    t.Later(Seconds(1), Seconds(40), [&t, node] { t.world_.Order(EndMaintenance{.node = node}); });
  }
  static void Paused(Tormentor& t) {
    const bool until_resumed = t.dice_.Chance(500);
    t.world_.Order(PauseClusters{
        .cluster = kCluster,
        .length = until_resumed ? absl::InfiniteDuration() : t.dice_.Between(Seconds(1), Seconds(40))});
    t.Later(Seconds(1), Seconds(40), [&t] { t.world_.Order(ResumeClusters{.cluster = kCluster}); });
  }
  // Somebody has gone and looked: the machine is off.
  static void OperatorConfirms(Tormentor& t) {
    for (const std::string& node : t.nodes_) {
      if (!t.world_.machine(node).powered) {
        t.world_.Order(ConfirmFence{.request_id = 1, .node = {kCluster, node}, .reason = ""});
      }
    }
  }
  static void EvictionsBlocked(Tormentor& t) {
    auto& workload = t.world_.kubernetes().workload("web");
    workload.blocked = true;
    t.Later(Seconds(1), Seconds(40), [&t] { t.world_.kubernetes().workload("web").blocked = false; });
  }
};

namespace {

struct Incident {
  const char* mark;
  uint32_t weight;
  void (*begin)(Tormentor&);
};

constexpr Incident kIncidents[] = {
    {"node crash", 18, Incidents::Crash},
    {"node reboot", 6, Incidents::Reboot},
    {"node freeze", 6, Incidents::Freeze},
    {"back in the midst", 3, Incidents::BackInTheMidst},
    {"slow node", 4, Incidents::Slow},
    {"agent killed", 4, Incidents::KillAgent},
    {"agent says goodbye", 4, Incidents::Goodbye},
    {"agent roll-out", 1, Incidents::RollOut},
    {"all agents killed", 1, Incidents::KillAllAgents},
    {"kubelet stops", 4, Incidents::KubeletStops},
    {"part of a node sick", 5, Incidents::PartIsSick},
    {"sick node falls silent", 3, Incidents::SickAndSilent},
    {"cut from the coordinator", 5, Incidents::CutFromCoordinator},
    {"cut from peers and coordinator", 4, Incidents::CutFromPeers},
    {"cut from the API", 3, Incidents::CutFromApi},
    {"cut from all", 4, Incidents::Isolated},
    {"mute node", 3, Incidents::Mute},
    {"deaf node", 3, Incidents::Deaf},
    {"cut from a peer", 3, Incidents::PartlyCut},
    {"split of zones", 2, Incidents::SplitZones},
    {"zone without power", 2, Incidents::ZoneOff},
    {"some of a zone without power", 4, Incidents::SomeOfAZoneOff},
    {"coordinator isolated", 3, Incidents::CoordinatorAlone},
    {"clock step", 3, Incidents::ClockSteps},
    {"API away", 5, Incidents::ApiAway},
    {"API away in the midst", 4, Incidents::ApiAwayInTheMidst},
    {"spell: bad API", 5, Incidents::BadApi},
    {"spell: slow claim", 4, Incidents::SlowClaim},
    {"spell: stale watch", 2, Incidents::StaleWatch},
    {"spell: slow controllers", 2, Incidents::SlowControllers},
    {"spell: scheduler lags", 2, Incidents::SchedulerLags},
    {"spell: bad network", 4, Incidents::BadNetwork},
    {"spell: bad probes", 3, Incidents::BadProbes},
    {"nobody tells of a node", 2, Incidents::NobodyTells},
    {"coordinator pause", 4, Incidents::PausedCoordinator},
    {"coordinator restart", 4, Incidents::CoordinatorKilled},
    {"coordinator overtaken", 2, Incidents::Overtaken},
    {"ordered disk fault", 5, Incidents::BadDisk},
    {"spell: failing disk", 2, Incidents::FailingDisk},
    {"evictions blocked", 2, Incidents::EvictionsBlocked},
    {"node under maintenance", 4, Incidents::Maintained},
    {"cluster paused", 3, Incidents::Paused},
    {"an operator confirms", 4, Incidents::OperatorConfirms},
};

}  // namespace

std::vector<std::string> Tormentor::Marks() {
  std::vector<std::string> marks = MarksOfScaling();
  for (std::string& mark : MarksOfBursts()) marks.push_back(std::move(mark));
  for (const Incident& incident : kIncidents) marks.emplace_back(incident.mark);
  return marks;
}

// Behind a virtual node stands a provider: how that fails is burst_incidents.cc's.
void Tormentor::FindNodes() {
  if (!nodes_.empty()) return;
  for (const auto& [node, machine] : world_.machines()) {
    if (!world_.kubernetes().IsVirtual(node)) nodes_.push_back(node);
  }
}

void Tormentor::Strike() {
  FindNodes();
  uint64_t total = 0;
  for (const Incident& incident : kIncidents) total += incident.weight;
  uint64_t pick = dice_.Below(total);
  for (const Incident& incident : kIncidents) {
    if (pick < incident.weight) {
      world_.marks().Hit(incident.mark);
      return incident.begin(*this);
    }
    pick -= incident.weight;
  }
}

const std::string& Tormentor::AnyNode() {
  return nodes_[dice_.Below(nodes_.size())];
}

std::vector<std::string> Tormentor::Neighbours(const std::string& node) {
  const std::string& zone = world_.machine(node).zone;
  std::vector<std::string> neighbours;
  for (const std::string& other : nodes_) {
    if (world_.machine(other).zone == zone) neighbours.push_back(other);
  }
  return neighbours;
}

void Tormentor::LieInWait(DecisionKind kind, InTheMidst what) {
  ambushes_.push_back({kind, std::move(what)});
}

void Tormentor::Acting(const coordinator::ReleasedAction& released) {
  const auto decision = world_.decisions().find(released.decision);
  if (decision == world_.decisions().end()) return;
  const auto waiting = std::find_if(ambushes_.begin(), ambushes_.end(), [&decision](const Ambush& ambush) {
    return ambush.kind == decision->second.kind;
  });
  if (waiting == ambushes_.end()) return;
  const InTheMidst what = std::move(waiting->what);
  ambushes_.erase(waiting);
  what(decision->second);
}

void Tormentor::Later(absl::Duration least, absl::Duration most, std::function<void()> what) {
  world_.schedule().After(dice_.Between(least, most), [this, era = era_, what = std::move(what)] {
    if (era == era_) what();
  });
}

void Tormentor::Change(const std::string& node, const std::function<void(Machine&)>& change) {
  change(world_.machine(node));
  world_.MachineChanged(node);
}

void Tormentor::Spell(const std::function<void(Knobs&)>& turn) {
  turn(world_.knobs());
  // All knobs go back at once: spells that overlap end together.
  Later(Seconds(2), Seconds(30), [this] { world_.knobs() = {}; });
}

void Tormentor::CoordinatorDied() {
  Later(Milliseconds(200), Seconds(12), [this] {
    if (!world_.coordinator_runs()) world_.StartCoordinator();
  });
}

void Tormentor::Repair(const std::string& node) {
  Machine& machine = world_.machine(node);
  if (!machine.powered) {
    machine.frozen = false;
    return world_.PowerOn(node);
  }
  const bool agent = machine.agent;
  machine.frozen = false;
  machine.Mend(world_.now());
  machine.cut_from_coordinator = machine.cut_from_peers = machine.cut_from_api = false;
  machine.mute = machine.deaf = false;
  machine.cut_from.clear();
  machine.lag = absl::ZeroDuration();
  world_.MachineChanged(node);
  if (!agent) world_.StartAgent(node);
}

void Tormentor::EndAll() {
  ++era_;
  ambushes_.clear();
  world_.knobs() = {};
  world_.host().OrderFault(CommitFault::kNone);
  world_.network().HealSplits();
  world_.network().CutCoordinator(false, false);
  world_.SetApiAway(false);
  world_.NetworkChanged();
  for (const auto& [node, machine] : world_.machines()) {
    Repair(node);
    Repair(node);  // what was off is on now, and its ways are not yet open
  }
  world_.kubernetes().workload("web").blocked = false;
  EndScaled();
  EndBurst();
  if (!world_.coordinator_runs()) world_.StartCoordinator();
  // What ends by itself is left to do so; a pause may be until somebody resumes.
  world_.Order(ResumeClusters{.cluster = kCluster});
}

}  // namespace evenkeel::simulation
