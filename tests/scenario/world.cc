#include "tests/scenario/world.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace evenkeel::scenario {
namespace {

using namespace coordinator;  // the world speaks the core's language

constexpr absl::Duration kReset =
    absl::Milliseconds(2);  // until a dead process' connection is seen to be closed
constexpr absl::Duration kReconnect = absl::Milliseconds(300);  // an agent's way back
constexpr absl::Duration kProbe = absl::Milliseconds(3);
constexpr absl::Duration kListing = absl::Milliseconds(200);  // of a starting coordinator

}  // namespace

World::World(Observer* observer)
    : observer_(observer), schedule_(absl::FromUnixSeconds(1'767'225'600)), start_(schedule_.now()) {
  kubernetes_ = std::make_unique<KubernetesModel>(kCluster, schedule_, machines_,
                                                  [this](const Event& event) { Give(event); });
}

World::~World() = default;

void World::AddNode(const std::string& name, const std::string& zone) {
  machines_[name];
  kubernetes_->AddNode(name, zone);
}

void World::Start() {
  StartCoordinator();
}

void World::Apply(const Policy& policy) {
  if (core_ == nullptr) {
    policies_[policy.name] = policy;  // as if an earlier coordinator had stored it
    policies_[policy.name].etag = absl::StrCat(epoch_, "-0");
    return;
  }
  ApplyPolicy apply;
  apply.policy = policy;
  Give(apply);
}

// ---- agents ----

bool World::Heard(const std::string& node) const {
  const Machine& machine = machines_.at(node);
  return core_ != nullptr && machine.AgentRuns() && !machine.cut_from_coordinator;
}

// Beats come in each node's own rhythm, spread over the interval.
absl::Time World::LastBeat(const std::string& node) const {
  const auto place = std::distance(machines_.begin(), machines_.find(node));
  const absl::Duration phase = beat_interval_ * (place % 7) / 7;
  return schedule_.now() - (schedule_.now() - start_ + beat_interval_ - phase) % beat_interval_;
}

void World::Connect(const std::string& node) {
  schedule_.After(kReconnect, [this, node, life = life_, boots = machines_.at(node).boots] {
    const Machine& machine = machines_.at(node);
    AgentSession& session = sessions_[node];
    const bool lives = session.id != 0 && !session.missed && session.boots == machine.boots;
    if (life != life_ || boots != machine.boots || !Heard(node) || lives) return;
    session = {++session_count_, false, machine.boots, schedule_.now()};
    Give(SessionOpened{Key(node), session.id, absl::StrCat("boot-", machine.boots), "0.1.0", 9440});
  });
}

// The machine's truth or the coordinator's life has changed: does its session begin, fall silent or speak
// again?
void World::Reconsider(const std::string& node) {
  AgentSession& session = sessions_[node];
  if (Heard(node)) {
    if (session.id == 0) return Connect(node);
    if (!session.missed) return;
    schedule_.After(beat_interval_, [this, node, id = session.id] {
      AgentSession& again = sessions_[node];
      if (again.id != id || !again.missed || !Heard(node)) return;
      again.missed = false;
      Give(BeatResumed{Key(node), id});
    });
    return;
  }
  if (session.id == 0 || session.missed) return;
  session.last_beat = LastBeat(node);
  schedule_.After(session.last_beat + suspect_after_ - schedule_.now(), [this, node, id = session.id] {
    AgentSession& silent = sessions_[node];
    if (silent.id != id || silent.missed || Heard(node)) return;
    silent.missed = true;
    Give(BeatMissed{Key(node), id, silent.last_beat,
                    static_cast<uint64_t>(absl::ToUnixMillis(silent.last_beat))});
  });
}

void World::MachineChanged(const std::string& node) {
  kubernetes_->MachineChanged(node);
  Reconsider(node);
}

void World::PowerOff(const std::string& node) {
  machines_.at(node).powered = false;
  MachineChanged(node);
}

void World::PowerOn(const std::string& node) {
  Machine& machine = machines_.at(node);
  machine.powered = true;
  machine.kubelet = true;
  machine.agent = true;
  ++machine.boots;
  kubernetes_->MachineChanged(node);
  Connect(node);
}

void World::KillAgent(const std::string& node) {
  machines_.at(node).agent = false;
  AgentSession& session = sessions_[node];
  if (session.id == 0) return;
  const SessionClosed closed{Key(node),      session.id,
                             false,          "connection reset by peer",
                             LastBeat(node), static_cast<uint64_t>(absl::ToUnixMillis(LastBeat(node)))};
  session = {};
  schedule_.After(kReset, [this, closed] { Give(closed); });
}

void World::SayGoodbye(const std::string& node) {
  machines_.at(node).agent = false;
  AgentSession& session = sessions_[node];
  if (session.id == 0) return;
  const SessionClosed closed{
      Key(node),  session.id,      true,
      "stopping", schedule_.now(), static_cast<uint64_t>(absl::ToUnixMillis(schedule_.now()))};
  session = {};
  schedule_.After(kReset, [this, closed] { Give(closed); });
}

void World::StartAgent(const std::string& node) {
  machines_.at(node).agent = true;
  Reconsider(node);
}

void World::SetApiAway(bool away) {
  kubernetes_->SetAway(away);
}

// ---- the coordinator ----

void World::StartCoordinator() {
  Restored restored;
  restored.epoch = ++epoch_;
  for (const auto& [id, decision] : decisions_) {
    if (decision.state == DecisionState::kOpen) restored.open_decisions.push_back(decision);
  }
  for (const auto& [key, record] : records_) restored.nodes.push_back(record);
  for (const auto& [name, policy] : policies_) restored.policies.push_back(policy);
  ++life_;
  core_ = std::make_unique<Core>(restored, schedule_.now());
  Give(ClusterAdded{kCluster});
  schedule_.After(kListing, [this, life = life_] {
    if (life == life_ && core_ != nullptr && !kubernetes_->away()) kubernetes_->TellAll();
  });
  for (const auto& [node, machine] : machines_) Reconsider(node);
}

void World::StopCoordinator() {
  core_.reset();
  ++life_;
  held_.clear();
  paused_until_ = absl::InfinitePast();
  sessions_.clear();
}

void World::PauseCoordinator(absl::Duration pause) {
  paused_until_ = schedule_.now() + pause;
  schedule_.After(pause, [this, life = life_] {
    if (life != life_) return;
    paused_until_ = absl::InfinitePast();
    // The timers of the sessions fire before their beats are read: the worst order there is.
    for (auto& [node, session] : sessions_) {
      if (session.id == 0 || session.missed || !Heard(node)) continue;
      session.missed = true;
      session.last_beat = schedule_.now() - absl::Seconds(1);
      Give(BeatMissed{Key(node), session.id, session.last_beat,
                      static_cast<uint64_t>(absl::ToUnixMillis(session.last_beat))});
      Reconsider(node);
    }
    std::vector<Event> held;
    held.swap(held_);
    for (const Event& event : held) Give(event);
  });
}

void World::Give(const Event& event) {
  if (core_ == nullptr) return;
  if (schedule_.now() < paused_until_) {
    held_.push_back(event);
    return;
  }
  const Effects effects = core_->Step(event, schedule_.now());
  Persist(effects);
  if (crash_before_release_ && !effects.actions.empty()) {
    crash_before_release_ = false;
    Effects durable;
    durable.writes = effects.writes;
    durable.notices = effects.notices;
    if (observer_ != nullptr) observer_->OnStep(event, durable);
    if (observer_ != nullptr) observer_->OnCrash();
    return StopCoordinator();
  }
  if (observer_ != nullptr) observer_->OnStep(event, effects);
  const auto answer = [this, life = life_](const Event& given) {
    if (life == life_) Give(given);
  };
  for (const ReleasedAction& action : effects.actions) kubernetes_->Act(action, answer);
  for (const Request& request : effects.requests) Carry(request);
}

void World::Persist(const Effects& effects) {
  for (const Write& write : effects.writes) {
    if (const auto* put = std::get_if<PutDecision>(&write)) decisions_[put->decision.id] = put->decision;
    if (const auto* put = std::get_if<PutNodeRecord>(&write)) records_[put->record.key] = put->record;
    if (const auto* erase = std::get_if<DeleteNodeRecord>(&write)) records_.erase(erase->key);
    if (const auto* put = std::get_if<PutPolicy>(&write)) policies_[put->policy.name] = put->policy;
    if (const auto* erase = std::get_if<ErasePolicy>(&write)) policies_.erase(erase->name);
  }
}

void World::Carry(const Request& request) {
  if (const auto* probe = std::get_if<ProbeNode>(&request)) return Probe(*probe);
  if (const auto* beats = std::get_if<SetBeats>(&request)) {
    beat_interval_ = beats->interval;
    suspect_after_ = beats->suspect_after;
    return;
  }
  if (const auto* read = std::get_if<ReadLease>(&request)) {
    kubernetes_->Read(*read, [this, life = life_](const Event& given) {
      if (life == life_) Give(given);
    });
  }
}

void World::Probe(const ProbeNode& request) {
  const auto ask = [this, request, life = life_] {
    const auto target = machines_.find(request.target.node);
    const Machine& witness = machines_.at(request.witness.node);
    ProbeAnswered answer;
    answer.probe_id = request.probe_id;
    const bool way = !witness.cut_from_peers && target != machines_.end() && !target->second.cut_from_peers &&
                     target->second.powered && !target->second.cut_from.contains(request.witness.node);
    const auto port = [&](bool listens) {
      return !way ? ProbeOutcome::kTimedOut : listens ? ProbeOutcome::kReached : ProbeOutcome::kRefused;
    };
    answer.kubelet_tcp = port(way && target->second.kubelet);
    if (answer.kubelet_tcp == ProbeOutcome::kReached) answer.kubelet_tls = ProbeOutcome::kReached;
    if (request.agent_port != 0) answer.agent = port(way && target->second.agent);
    answer.latency = absl::Milliseconds(1);
    schedule_.After(way ? kProbe : request.timeout,
                    [this, answer, life, node = request.witness.node, id = request.session_id] {
                      if (life == life_ && sessions_[node].id == id && Heard(node)) Give(answer);
                    });
  };
  schedule_.After(kProbe, [this, ask, node = request.witness.node, id = request.session_id] {
    if (sessions_[node].id == id && Heard(node)) ask();
  });
}

// ---- time ----

void World::Advance(absl::Duration by) {
  const absl::Time end = schedule_.now() + by;
  for (;;) {
    const bool paused = schedule_.now() < paused_until_;
    const absl::Time tick = core_ == nullptr || paused ? absl::InfiniteFuture() : core_->NextDeadline();
    const absl::Time next = std::min(schedule_.Next(), tick);
    if (next > end) break;
    if (schedule_.Next() <= tick) {
      schedule_.RunNext();
    } else {
      schedule_.MoveTo(tick);
      Give(Tick{});
    }
  }
  schedule_.MoveTo(end);
}

}  // namespace evenkeel::scenario
