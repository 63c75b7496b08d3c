#include "tests/simulation/agents.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "agent/core/occurrences.h"
#include "agent/core/timestamps.h"
#include "tests/simulation/node_report.h"

namespace evenkeel::simulation {
namespace {

using coordinator::ProbeAnswered;
using coordinator::ProbeNode;
using coordinator::ProbeOutcome;

// How long things take here, where the knobs add nothing.
constexpr absl::Duration kReset = absl::Milliseconds(2);  // until a closed connection is seen to be closed
constexpr absl::Duration kHandshake = absl::Milliseconds(20);  // connection, TLS, hello, identity
constexpr absl::Duration kConnectTimeout = absl::Seconds(1);
constexpr absl::Duration kWelcomeTimeout = absl::Seconds(5);
constexpr absl::Duration kLook = absl::Seconds(1);  // of an agent at its node
constexpr absl::Duration kRestart = absl::Seconds(2);
constexpr absl::Duration kRestartTime = absl::Seconds(15);  // until an answer is not awaited any more
constexpr absl::Duration kProbe = absl::Milliseconds(3);    // one way of a request, or a try that is answered
// What a sender may have under way unconfirmed: so many beats still arrive where only the way back is closed.
constexpr uint64_t kUnconfirmedBeats = 10;
constexpr uint64_t kPlaces = 1 << 16;  // a connection's number tells its agent's place

}  // namespace

struct Agents::Agent {
  Agent(std::string name_given, size_t place_given, Machine& machine_given, Dice dice_given)
      : name(std::move(name_given)), place(place_given), machine(machine_given), dice(dice_given) {}

  const std::string name;
  const size_t place;
  Machine& machine;
  Dice dice;
  std::optional<agent::Reconnect> reconnect{1};
  uint64_t connection = 0;  // 0 = none
  bool connecting = false;
  uint32_t tries = 0;  // connection attempts arranged; only the last counts
  absl::Time hello;    // when it was sent
  absl::Time welcomed;
  std::optional<agent::BeatPacer> pacer;                   // set while welcomed
  std::deque<std::pair<uint64_t, absl::Time>> beats_sent;  // that are not confirmed: sequence and time
  uint32_t arm = 0;                                        // only the last arranged beat counts
  absl::Time last_arrival;                                 // nothing overtakes
  std::optional<std::string> told;                         // over this connection, of what lasts
  uint64_t reports = 0;                                    // over this connection
  agent::Occurrences occurrences;                          // of this process
  bool stalled = false;
  absl::Time stalled_since;
  uint64_t confirmed = 0;  // by the other end's TCP
};

Agents::Agents(Schedule& schedule, const Knobs& knobs, std::map<std::string, Machine>& machines,
               const Network& network, Marks& marks, uint64_t seed)
    : schedule_(schedule),
      knobs_(knobs),
      machines_(machines),
      network_(network),
      marks_(marks),
      seed_(seed) {}

Agents::~Agents() = default;

void Agents::Add(const std::string& node) {
  const size_t place = agents_.size();
  places_[node] = place;
  // Each has dice of its own, so that one agent's luck does not change another's.
  agents_.push_back(std::make_unique<Agent>(
      node, place, machines_.at(node), seed_ == 0 ? Dice::OfScripts(place) : Dice(seed_ * kPlaces + place)));
  Connect(*agents_.back(), absl::ZeroDuration());
}

bool Agents::Holds(uint64_t connection) {
  return Find(connection) != nullptr;
}

bool Agents::Speaks(uint64_t connection) {
  const Agent* agent = connection == 0 ? nullptr : Find(connection);
  return agent != nullptr && agent->pacer && agent->machine.AgentRuns() &&
         network_.NodeToCoordinator(agent->machine);
}

bool Agents::HearsCoordinator(uint64_t connection) {
  const Agent* agent = Find(connection);
  return agent != nullptr && agent->machine.AgentRuns() && network_.CoordinatorToNode(agent->machine);
}

bool Agents::Send(uint64_t connection, const v1::Report& report) {
  if (!Speaks(connection)) return false;
  Agent& agent = *Find(connection);
  agent.last_arrival = std::max(schedule_.now() + Delay(agent), agent.last_arrival);
  schedule_.At(agent.last_arrival, [this, connection, report] {
    if (listener_ != nullptr) listener_->OnReport(connection, report);
  });
  return true;
}

absl::Time Agents::HelloAt(uint64_t connection) {
  return Find(connection)->hello;
}

Agents::Agent* Agents::Find(uint64_t connection) {
  Agent& agent = *agents_[connection % kPlaces];
  return agent.connection == connection ? &agent : nullptr;
}

bool Agents::Linked(const Agent& agent) const {
  return network_.NodeToCoordinator(agent.machine) && network_.CoordinatorToNode(agent.machine);
}

absl::Duration Agents::Delay(Agent& agent) {
  absl::Duration delay = agent.dice.Between(absl::ZeroDuration(), knobs_.latency);
  if (marks_.Strike(agent.dice, knobs_.delayed, "message delayed"))
    delay += agent.dice.Between(absl::ZeroDuration(), knobs_.delay);
  return delay + agent.dice.Between(absl::ZeroDuration(), agent.machine.lag);
}

// ---- connections ----

void Agents::Connect(Agent& agent, absl::Duration after) {
  agent.connecting = true;
  const uint32_t attempt = ++agent.tries;
  const absl::Duration wait = agent.reconnect->Ended(absl::ZeroDuration(), agent.dice.Unit());
  schedule_.After(after + wait, [this, &agent, attempt] {
    if (attempt == agent.tries) TryConnect(agent);
  });
}

void Agents::TryConnect(Agent& agent) {
  agent.connecting = false;
  if (!agent.machine.AgentRuns() || agent.connection != 0) return;
  if (!Linked(agent)) return Connect(agent, kConnectTimeout);
  if (listener_ == nullptr || !listener_->Listens()) return Connect(agent, kReset);
  agent.connecting = true;
  const uint32_t attempt = agent.tries;
  schedule_.After(kHandshake + Delay(agent), [this, &agent, attempt] {
    if (attempt != agent.tries) return;
    agent.connecting = false;
    if (!agent.machine.AgentRuns()) return;
    if (listener_ == nullptr || !listener_->Listens() || !Linked(agent)) return Connect(agent, kReset);
    agent.connection = ++connections_ * kPlaces + agent.place;
    agent.stalled = false;
    agent.hello = schedule_.now();
    agent.beats_sent.clear();
    schedule_.After(kWelcomeTimeout, [this, &agent, connection = agent.connection] {
      if (agent.connection != connection || agent.pacer) return;
      CloseKnown(agent, false, "no welcome in time");
      Lost(agent);
    });
    listener_->OnHello(agent.connection, agent.name, agent.machine.boots);
  });
}

void Agents::Lost(Agent& agent) {
  const absl::Duration lasted = agent.pacer ? schedule_.now() - agent.welcomed : absl::ZeroDuration();
  agent.connection = 0;
  agent.pacer.reset();
  if (!agent.machine.AgentRuns()) return;
  agent.connecting = true;
  const uint32_t attempt = ++agent.tries;
  schedule_.After(agent.reconnect->Ended(lasted, agent.dice.Unit()), [this, &agent, attempt] {
    if (attempt == agent.tries) TryConnect(agent);
  });
}

// The other end is told, if there is a way to it.
void Agents::CloseKnown(Agent& agent, bool goodbye, const std::string& reason) {
  const uint64_t connection = agent.connection;
  agent.connection = 0;
  agent.pacer.reset();
  if (connection == 0 || !network_.NodeToCoordinator(agent.machine)) return;
  const absl::Time at = std::max(schedule_.now() + kReset + Delay(agent), agent.last_arrival);
  agent.last_arrival = at;
  schedule_.At(at, [this, connection, goodbye, reason] {
    if (listener_ != nullptr) listener_->OnEnd(connection, goodbye, reason);
  });
}

void Agents::MachineChanged(const std::string& node) {
  Agent& agent = Of(node);
  if (!agent.machine.powered || !agent.machine.agent) {
    agent.connection = 0;  // it ends without a word; whoever ends with one has said it
    agent.pacer.reset();
    agent.connecting = false;
    ++agent.tries;
    return;
  }
  if (!agent.machine.AgentRuns()) return;
  if (agent.connection == 0) {
    if (!agent.connecting) Connect(agent, absl::ZeroDuration());
  } else if (agent.pacer) {
    ArmBeat(agent);  // it may have hung meanwhile
    Report(agent);
  }
}

void Agents::PoweredOn(const std::string& node) {
  Agent& agent = Of(node);
  agent.connection = 0;
  agent.pacer.reset();
  agent.reconnect.emplace(1);
  agent.occurrences = {};
  Connect(agent, absl::ZeroDuration());
}

void Agents::Kill(const std::string& node) {
  machines_.at(node).agent = false;
  CloseKnown(Of(node), false, "connection reset by peer");
  MachineChanged(node);
}

void Agents::Goodbye(const std::string& node) {
  machines_.at(node).agent = false;
  CloseKnown(Of(node), true, "stopping");
  MachineChanged(node);
}

void Agents::Start(const std::string& node) {
  machines_.at(node).agent = true;
  Of(node).reconnect.emplace(1);
  Of(node).occurrences = {};
  MachineChanged(node);
}

void Agents::ListenerDied() {
  for (const auto& agent : agents_) {
    if (agent->connection == 0 || !network_.CoordinatorToNode(agent->machine)) continue;
    Lost(*agent);
  }
}

// ---- what the coordinator sends ----

void Agents::Welcome(uint64_t connection, absl::Duration beat_interval) {
  Agent* agent = Find(connection);
  if (agent == nullptr || !network_.CoordinatorToNode(agent->machine)) return;
  if (agent->pacer) {
    agent->pacer->SetInterval(beat_interval, schedule_.now());
  } else {
    agent->welcomed = schedule_.now();
    agent->told.reset();
    agent->pacer.emplace(beat_interval, schedule_.now());
  }
  ArmBeat(*agent);
  Report(*agent);
}

void Agents::Acknowledge(uint64_t connection, uint64_t sequence) {
  Agent* agent = Find(connection);
  if (agent == nullptr || !agent->pacer || !network_.CoordinatorToNode(agent->machine)) return;
  (void)agent->pacer->Acknowledge(sequence, schedule_.now());
  while (!agent->beats_sent.empty() && agent->beats_sent.front().first <= sequence) {
    confirmed_(agent->name, agent->beats_sent.front().second);
    agent->beats_sent.pop_front();
  }
}

void Agents::End(uint64_t connection) {
  Agent* agent = Find(connection);
  if (agent != nullptr && network_.CoordinatorToNode(agent->machine)) Lost(*agent);
}

// ---- beats ----

void Agents::ArmBeat(Agent& agent) {
  const uint32_t arm = ++agent.arm;
  const absl::Duration late =
      agent.dice.Between(absl::ZeroDuration(), knobs_.beat_jitter + agent.machine.lag);
  // Small enough to be kept without an allocation: beats are most of what happens.
  struct Due {
    Agents* agents;
    uint32_t place;
    uint32_t arm;
    void operator()() const {
      Agent& due = *agents->agents_[place];
      if (arm == due.arm) agents->OnBeatDue(due);
    }
  };
  schedule_.At(std::max(agent.pacer->due(), schedule_.now()) + late,
               Due{this, static_cast<uint32_t>(agent.place), arm});
}

void Agents::OnBeatDue(Agent& agent) {
  if (agent.connection == 0 || !agent.pacer || !agent.machine.AgentRuns()) return;
  const absl::Time now = schedule_.now();
  if (now >= agent.pacer->acknowledgement_due()) {
    // A connection that only seems open.
    CloseKnown(agent, false, "no beat was confirmed in time");
    return Lost(agent);
  }
  const uint64_t sequence = agent.pacer->Beat(now);
  if (confirmed_) agent.beats_sent.emplace_back(sequence, now);
  SendBeat(agent, sequence);
  ArmBeat(agent);
}

void Agents::SendBeat(Agent& agent, uint64_t sequence) {
  const absl::Time now = schedule_.now();
  const bool confirmed = network_.CoordinatorToNode(agent.machine);
  if (confirmed) agent.confirmed = sequence;
  const bool window = sequence - std::min(agent.confirmed, sequence) < kUnconfirmedBeats;
  if (!network_.NodeToCoordinator(agent.machine) || !window) {
    if (!agent.stalled) agent.stalled_since = now;
    agent.stalled = true;
    return;
  }
  absl::Duration delay = Delay(agent);
  if (agent.stalled) {
    // TCP tries again at growing intervals: the longer it was cut, the later it notices that it is not.
    agent.stalled = false;
    delay +=
        agent.dice.Between(absl::ZeroDuration(), std::min(now - agent.stalled_since, knobs_.retransmission));
  }
  const absl::Time arrival = std::max(now + delay, agent.last_arrival);
  const absl::Time node_time = now + agent.machine.clock_skew;
  agent.last_arrival = arrival;
  if (arrival == now) {
    if (listener_ != nullptr) listener_->OnBeat(agent.connection, sequence, node_time);
    return;
  }
  schedule_.At(arrival, [this, &agent, connection = agent.connection, sequence, node_time] {
    if (listener_ != nullptr && network_.NodeToCoordinator(agent.machine))
      listener_->OnBeat(connection, sequence, node_time);
  });
}

// ---- health ----

// A look at the node takes a second; what has changed since the last is told, and what has happened.
void Agents::Report(Agent& agent) {
  schedule_.After(kLook, [this, &agent, connection = agent.connection] {
    const bool can = agent.connection == connection && agent.pacer && agent.machine.AgentRuns() &&
                     network_.NodeToCoordinator(agent.machine);
    if (!can) return;
    v1::Report report = ReportOf(agent.machine);
    const std::string look = report.SerializeAsString();
    if (agent.told == look && !agent.occurrences.HasUnsent()) return;
    const absl::Time node_time = schedule_.now() + agent.machine.clock_skew;
    *report.mutable_node_time() = agent::AsTimestamp(node_time);
    if (!agent.told) {
      report.set_full(true);
      agent.reports = 0;
      agent.occurrences.Restart(node_time);
      if (add_to_first_) add_to_first_(agent.name, connection, report);
    }
    agent.told = look;
    agent.occurrences.MoveInto(report, ++agent.reports);
    agent.last_arrival = std::max(schedule_.now() + Delay(agent), agent.last_arrival);
    // What has arrived is taken for confirmed; the real agent learns it from a beat's confirmation.
    schedule_.At(agent.last_arrival, [this, &agent, connection, report, number = agent.reports] {
      if (listener_ == nullptr) return;
      listener_->OnReport(connection, report);
      if (agent.connection == connection) agent.occurrences.Confirm(number);
    });
  });
}

void Agents::KernelSays(const std::string& node, v1::NodeOccurrence::Kind kind, const std::string& line) {
  Agent& agent = Of(node);
  if (!agent.machine.AgentRuns()) return;
  v1::NodeOccurrence occurrence;
  occurrence.set_kind(kind);
  *occurrence.mutable_node_time() = agent::AsTimestamp(schedule_.now() + agent.machine.clock_skew);
  occurrence.set_detail(line);
  agent.occurrences.Add(std::move(occurrence));
  if (agent.pacer) Report(agent);
}

void Agents::Mend(Agent& agent, coordinator::ActionKind restart) {
  using coordinator::SymptomKind;
  if (!agent.machine.Runs() || !agent.machine.restart_helps) return;
  const bool kubelet = restart == coordinator::ActionKind::kRestartKubelet;
  agent.machine.last_sick = schedule_.now();
  if (kubelet) agent.machine.kubelet = true;
  std::erase_if(agent.machine.symptoms, [kubelet](const coordinator::Symptom& symptom) {
    return symptom.kind == SymptomKind::kPleg ||
           symptom.kind == (kubelet ? SymptomKind::kKubelet : SymptomKind::kRuntime);
  });
  if (agent.pacer) Report(agent);
}

void Agents::Restart(const coordinator::ReleasedAction& action,
                     std::function<void(coordinator::Event)> answer) {
  using coordinator::ActionOutcome;
  coordinator::ActionFinished finished{action.decision, action.action.number, ActionOutcome::kUnreachable,
                                       "the node's agent has no session that could take the request",
                                       action.action.attempts};
  const auto place = places_.find(action.action.name);
  Agent* agent = place == places_.end() ? nullptr : agents_[place->second].get();
  const bool reached = agent != nullptr && agent->pacer && agent->machine.AgentRuns() && Linked(*agent);
  if (!reached) return schedule_.After(kRestartTime, [answer, finished] { answer(finished); });
  schedule_.After(kProbe + Delay(*agent),
                  [this, agent, answer, finished, kind = action.action.kind]() mutable {
                    if (!agent->machine.restarts_permitted) {
                      finished.outcome = ActionOutcome::kRefused;
                      finished.detail = "the agent is not permitted to ask for restarts";
                      return answer(finished);
                    }
                    finished.outcome = ActionOutcome::kDone;
                    finished.detail = "the host has taken the request";
                    schedule_.After(kRestart, [this, agent, kind] { Mend(*agent, kind); });
                    answer(finished);
                  });
}

// ---- probes ----

void Agents::Probe(uint64_t connection, const ProbeNode& request) {
  Agent* witness = Find(connection);
  if (witness == nullptr || !network_.CoordinatorToNode(witness->machine)) return;
  schedule_.After(kProbe + Delay(*witness), [this, connection, request] {
    const Agent* asked = Find(connection);
    if (asked != nullptr && asked->machine.AgentRuns()) Try(request, connection);
  });
}

// A target without a node is its cluster's API.
bool Agents::IsThere(const Agent& witness, const ProbeNode& request) const {
  if (request.target.node.empty()) {
    return api_answers_ && !witness.machine.cut_from_peers && api_answers_(request.target.cluster);
  }
  const auto target = machines_.find(request.target.node);
  return target != machines_.end() && target->second.Runs() &&
         network_.Reaches(witness.name, request.target.node);
}

void Agents::Try(const ProbeNode& request, uint64_t connection) {
  Agent& witness = *Find(connection);
  const auto target = machines_.find(request.target.node);
  const bool of_api = request.target.node.empty();
  const bool way = IsThere(witness, request);
  const auto port = [&](bool listens) {
    const bool lost = marks_.Strike(witness.dice, knobs_.probe_port_lost, "probe lost");
    return !way || lost ? ProbeOutcome::kTimedOut : listens ? ProbeOutcome::kReached : ProbeOutcome::kRefused;
  };
  ProbeAnswered answer;
  answer.probe_id = request.probe_id;
  answer.kubelet_tcp = port(way && (of_api || target->second.kubelet));
  // A slow machine's kernel accepts at once; what its processes have to do themselves comes late.
  if (answer.kubelet_tcp == ProbeOutcome::kReached) {
    const bool in_time = of_api || target->second.lag < request.timeout;
    answer.kubelet_tls = in_time ? ProbeOutcome::kReached : ProbeOutcome::kTimedOut;
  }
  if (request.agent_port != 0 && !of_api) answer.agent = port(way && target->second.agent);
  answer.latency = absl::Milliseconds(1);
  if (marks_.Strike(witness.dice, knobs_.probe_answer_lost, "probe answer lost")) return;
  const int copies = marks_.Strike(witness.dice, knobs_.probe_answer_twice, "probe answer twice") ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    schedule_.After((way ? kProbe : request.timeout) + Delay(witness), [this, connection, answer] {
      const Agent* answering = Find(connection);
      if (answering == nullptr || !answering->machine.AgentRuns() || listener_ == nullptr) return;
      if (network_.NodeToCoordinator(answering->machine)) listener_->OnProbed(connection, answer);
    });
  }
}

}  // namespace evenkeel::simulation
