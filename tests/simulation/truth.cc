#include "tests/simulation/truth.h"

namespace evenkeel::simulation {
namespace {

constexpr absl::Duration kProbeTimeout = absl::Milliseconds(300);  // the policy's default

}  // namespace

bool Truth::HeardByCoordinator(const Machine& machine) const {
  return machine.AgentRuns() && network_.NodeToCoordinator(machine) && network_.CoordinatorToNode(machine);
}

bool Truth::Lost(const std::string& node, const Machine& machine) const {
  if (!machine.Runs()) return true;
  const bool in_time = machine.lag < kProbeTimeout;
  if (HeardByCoordinator(machine) && in_time) return false;
  // Before the peers are counted: after a fault that hits every agent they would be, for each node.
  if (network_.NodeAndApi(machine) && in_time) return false;
  size_t heard = 0;
  size_t reach = 0;
  for (const auto& [name, peer] : machines_) {
    if (name == node || !HeardByCoordinator(peer)) continue;
    ++heard;
    if (network_.Reaches(name, node)) ++reach;
  }
  return reach * 3 < heard * 2;
}

void Truth::Evaluate() {
  for (const auto& [node, machine] : machines_) {
    State& state = states_[node];
    const bool lost = Lost(node, machine);
    if (state.lost) state.last = schedule_.now();
    if (lost != state.lost) state.since = schedule_.now();
    const bool stopped = state.runs && !machine.Runs();
    if (lost && (!state.lost || stopped)) state.loss = schedule_.now();
    state.lost = lost;
    state.runs = machine.Runs();
  }
}

absl::Time Truth::LastLost(const std::string& node) const {
  const auto state = states_.find(node);
  if (state == states_.end()) return absl::InfinitePast();
  return state->second.lost ? schedule_.now() : state->second.last;
}

absl::Time Truth::LastLoss(const std::string& node) const {
  const auto state = states_.find(node);
  return state == states_.end() ? absl::InfinitePast() : state->second.loss;
}

absl::Time Truth::LostSince(const std::string& node) const {
  const auto state = states_.find(node);
  return state == states_.end() || !state->second.lost ? absl::InfiniteFuture() : state->second.since;
}

}  // namespace evenkeel::simulation
