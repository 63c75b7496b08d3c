#include "coordinator/usage/node_usages.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace evenkeel::coordinator {
namespace {

// More than any machine has. An agent is not trusted with more: sums of it must not overflow.
constexpr uint64_t kMostOfAMachine = 10'000'000;
constexpr int64_t kTellPart = 20;  // of what was told

bool Differs(int64_t told, int64_t now) {
  return std::abs(now - told) >= std::max(NodeUsages::kLeastMillicores, told / kTellPart);
}

}  // namespace

bool NodeUsages::Watch(const Application& application) {
  const bool first = watched_.empty();
  watched_.insert(application);
  if (!first) return false;
  for (const auto& [node, millicores] : known_) changed_.insert(node);
  return true;
}

void NodeUsages::Unwatch(const Application& application) {
  watched_.erase(application);
}

void NodeUsages::OnSession(const std::string& node) {
  Forget(node);
}

void NodeUsages::Forget(const std::string& node) {
  known_.erase(node);
  changed_.insert(node);
}

void NodeUsages::OnReport(const std::string& node, const v1::Report& report) {
  if (report.full()) Forget(node);
  if (!report.node().cpu().has_used_millicores()) return;
  known_[node] = static_cast<int64_t>(std::min(kMostOfAMachine, report.node().cpu().used_millicores()));
  changed_.insert(node);
}

NodeUsages::Figures NodeUsages::TakeChanged() {
  Figures figures;
  if (watched_.empty()) {
    changed_.clear();
    for (const auto& [node, millicores] : std::exchange(told_, {})) figures[node] = std::nullopt;
    return figures;
  }
  for (const std::string& node : std::exchange(changed_, {})) {
    const auto known = known_.find(node);
    const auto told = told_.find(node);
    if (known == known_.end()) {
      if (told == told_.end()) continue;
      told_.erase(told);
      figures[node] = std::nullopt;
    } else if (told == told_.end() || Differs(told->second, known->second)) {
      told_[node] = known->second;
      figures[node] = known->second;
    }
  }
  return figures;
}

}  // namespace evenkeel::coordinator
