#include "tests/simulation/fence_model.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace evenkeel::simulation {

using namespace coordinator;  // the model speaks the core's language

namespace {

constexpr absl::Duration kWay = absl::Milliseconds(2);
constexpr absl::Duration kAgain = absl::Milliseconds(100);  // TCP tries again where the way is closed
constexpr absl::Duration kTurn = absl::Milliseconds(500);
constexpr absl::Duration kWatchdog = absl::Seconds(5);

std::string NamesOf(const std::vector<MarkedPod>& pods) {
  return absl::StrJoin(pods, ", ",
                       [](std::string* out, const MarkedPod& pod) { absl::StrAppend(out, pod.name); });
}

}  // namespace

uint64_t FenceModel::FenceOf(const Agent& agent) {
  return agent.fenced ? static_cast<uint64_t>(absl::ToUnixNanos(agent.fenced_since)) : 0;
}

bool FenceModel::Holds(const std::string& node, const std::string& uid) const {
  const auto agent = agents_.find(node);
  return agent != agents_.end() && agent->second.stopped.contains(uid);
}

bool FenceModel::Fenced(const std::string& node) const {
  const auto agent = agents_.find(node);
  return agent != agents_.end() && agent->second.fenced;
}

void FenceModel::Settings(const SetFencing& request, uint64_t connection) {
  around_.schedule.After(kWay, [this, request, connection] {
    const Machine& machine = around_.machines.at(request.node.node);
    if (!around_.agents.Holds(connection)) return;
    if (machine.AgentRuns() && around_.network.CoordinatorToNode(machine)) return Follow(request, connection);
    around_.schedule.After(kAgain, [this, request, connection] { Settings(request, connection); });
  });
}

void FenceModel::Follow(const SetFencing& request, uint64_t connection) {
  const std::string& node = request.node.node;
  Agent& agent = agents_[node];
  // Nothing overtakes on a connection.
  if (agent.connection == connection && request.settings.version < agent.settings.version) return;
  agent.connection = connection;
  agent.settings = request.settings;
  agent.told = true;
  const absl::Time hello = around_.agents.HelloAt(connection);
  agent.heard = std::max(agent.heard, hello);
  if (request.settings.armed && !agent.armed) agent.fed = around_.schedule.now();
  agent.armed = request.settings.armed;
  const bool heard_of_it = hello > agent.fenced_since || request.settings.answered_fence == FenceOf(agent);
  if (!agent.fenced || (request.settings.release && heard_of_it)) {
    const bool was_fenced = std::exchange(agent.fenced, false);
    agent.held.clear();
    agent.stopped.clear();
    if (was_fenced) {
      around_.tell(absl::StrCat("(", node, " lets its pods run again)"));
      around_.changed(node);
    }
  }
  agent.session_id = request.session_id;
  Report(node, agent);
  if (agent.turns || !(agent.armed || agent.fenced)) return;
  agent.turns = true;
  TurnLater(node);
}

void FenceModel::Report(const std::string& node, const Agent& agent) {
  FencingReported report{.node = {},
                         .session_id = agent.session_id,
                         .version = agent.settings.version,
                         .armed = agent.armed,
                         .watchdog_timeout = {},
                         .fenced = agent.fenced,
                         .detail = "",
                         .fence = FenceOf(agent)};
  if (watchdogs_) report.watchdog_timeout = kWatchdog;
  around_.schedule.After(kWay, [this, node, report, connection = agent.connection] {
    const auto found = agents_.find(node);
    if (found == agents_.end() || !around_.agents.Holds(connection)) return;
    if (!around_.network.NodeToCoordinator(around_.machines.at(node))) return;
    found->second.told_fence = report.fence;
    around_.report(node, report);
  });
}

void FenceModel::Heard(const std::string& node, absl::Time sent) {
  const auto agent = agents_.find(node);
  if (agent != agents_.end()) agent->second.heard = std::max(agent->second.heard, sent);
}

void FenceModel::Left(const std::string& node) {
  const auto agent = agents_.find(node);
  // A successor may have come before its predecessor's goodbye was read.
  if (agent == agents_.end() || agent->second.fenced || around_.machines.at(node).agent) return;
  agents_.erase(agent);
}

// A peer's word is as old as the question here: both take no time.
bool FenceModel::Vouched(const std::string& node, const Agent& agent) const {
  return std::any_of(
      agent.settings.vouchers.begin(), agent.settings.vouchers.end(), [&](const Voucher& voucher) {
        const auto peer = agents_.find(voucher.node);
        if (peer == agents_.end() || !peer->second.told || peer->second.fenced) return false;
        const std::vector<std::string>& condemned = peer->second.settings.condemned;
        return around_.machines.at(voucher.node).AgentRuns() && around_.network.Reaches(node, voucher.node) &&
               std::find(condemned.begin(), condemned.end(), node) == condemned.end();
      });
}

void FenceModel::TurnLater(const std::string& node) {
  around_.schedule.After(kTurn, [this, node, boots = around_.machines.at(node).boots] {
    const Machine& machine = around_.machines.at(node);
    if (machine.powered && machine.boots == boots && agents_.contains(node)) Turn(node);
  });
}

void FenceModel::Turn(const std::string& node) {
  Agent& agent = agents_.at(node);
  agent.turns = agent.armed || agent.fenced;
  if (!agent.turns) return;
  const absl::Time now = around_.schedule.now();
  const Machine& machine = around_.machines.at(node);
  if (machine.AgentRuns()) {
    if (!agent.fenced && now >= agent.heard + agent.settings.isolation_timeout) {
      agent.fenced = true;
      agent.fenced_since = agent.heard + agent.settings.isolation_timeout;
      around_.marks.Hit("node fences itself");
      around_.tell(absl::StrCat("(", node, " is isolated: it stops ", NamesOf(agent.settings.marked), ")"));
    }
    if (agent.fenced) Hold(node, agent);
    if (agent.fenced && agent.told_fence != FenceOf(agent)) Report(node, agent);
    if (Vouched(node, agent)) agent.heard = now;
    const bool overdue = agent.fenced && agent.stopped != agent.held &&
                         now >= agent.fenced_since + agent.settings.stop_timeout;
    if (!overdue) agent.fed = now;
  }
  if (watchdogs_ && now >= agent.fed + kWatchdog) {
    around_.marks.Hit("watchdog resets a machine");
    around_.tell(absl::StrCat("(the watchdog resets ", node, ")"));
    return around_.reset(node);
  }
  TurnLater(node);
}

// Stops what is marked, now or within the time that it has.
void FenceModel::Hold(const std::string& node, Agent& agent) {
  bool more = false;
  for (const MarkedPod& pod : agent.settings.marked) more = agent.held.insert(pod.uid).second || more;
  if (!more) return;
  const absl::Time end = agent.fenced_since + agent.settings.stop_timeout;
  const absl::Duration left = std::max(end - around_.schedule.now(), absl::ZeroDuration());
  const absl::Duration takes = scattered_ ? dice_.Between(absl::ZeroDuration(), left) : absl::ZeroDuration();
  around_.schedule.After(takes, [this, node, boots = around_.machines.at(node).boots] {
    const auto found = agents_.find(node);
    const Machine& machine = around_.machines.at(node);
    if (found == agents_.end() || !found->second.fenced || machine.boots != boots) return;
    if (!machine.AgentRuns()) return found->second.held.clear();  // its next turn begins again
    found->second.stopped = found->second.held;
    around_.stop(node, found->second.stopped);
  });
}

}  // namespace evenkeel::simulation
