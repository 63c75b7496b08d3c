#include "coordinator/core/burst/victims.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "coordinator/core/burst/ledger.h"

namespace evenkeel::coordinator {

bool HeedsDeletionCost(uint32_t server_minor) {
  return server_minor >= kDeletionCostMinor;
}

bool NeedsDeletionCost(bool on_virtual_node, bool going, bool has_controller,
                       std::optional<int32_t> deletion_cost, uint32_t server_minor) {
  if (!on_virtual_node || going || !has_controller || deletion_cost) return false;
  return server_minor == 0 || HeedsDeletionCost(server_minor);
}

bool KeepsNames(const Workload& workload) {
  return workload.kind == "StatefulSet";
}

std::optional<int64_t> OrdinalOf(absl::string_view pod_name) {
  const size_t dash = pod_name.rfind('-');
  int64_t ordinal = 0;
  if (dash == absl::string_view::npos || !absl::SimpleAtoi(pod_name.substr(dash + 1), &ordinal) ||
      ordinal < 0) {
    return std::nullopt;
  }
  return ordinal;
}

std::vector<VictimCandidate> PickVirtualVictims(std::vector<VictimCandidate> pods, size_t number,
                                                const BurstPrices& prices) {
  std::erase_if(pods, [](const VictimCandidate& pod) {
    return pod.going || !pod.bound || !pod.ready || !pod.on_virtual_node;
  });
  const auto before = [&prices](const VictimCandidate& one, const VictimCandidate& other) {
    const auto key = [&prices](const VictimCandidate& pod) {
      // Where there is no price, what asks for more is taken to cost more.
      return std::tuple(-MicrosPerHour(pod.requests, prices), -pod.requests.cpu_millicores);
    };
    const auto one_key = key(one);
    const auto other_key = key(other);
    if (one_key != other_key) return one_key < other_key;
    if (one.created != other.created) return one.created > other.created;
    return std::tie(one.name, one.uid) < std::tie(other.name, other.uid);
  };
  std::sort(pods.begin(), pods.end(), before);
  if (pods.size() > number) pods.resize(number);
  return pods;
}

size_t VictimsNeeded(const std::vector<VictimCandidate>& pods, size_t fewer) {
  size_t by_itself = 0;
  size_t on_virtual = 0;
  for (const VictimCandidate& pod : pods) {
    if (pod.going) continue;
    if (!pod.bound || !pod.ready) {
      ++by_itself;
    } else if (pod.on_virtual_node) {
      ++on_virtual;
    }
  }
  return std::min(fewer - std::min(by_itself, fewer), on_virtual);
}

}  // namespace evenkeel::coordinator
