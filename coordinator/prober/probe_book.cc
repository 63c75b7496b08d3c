#include "coordinator/prober/probe_book.h"

#include <utility>

namespace evenkeel::coordinator {

void ProbeBook::Ended(ProbeKind kind, absl::Time when, const std::string& problem, std::optional<Side> side) {
  changed_ = true;
  ProbeCount& count = totals_[kind];
  ++count.requests;
  if (problem.empty()) return;
  ++count.failed;
  if (side == Side::kBlue) ++count.failed_on_blue;
  if (side == Side::kGreen) ++count.failed_on_green;
  if (failures_.size() < kMostFailures) {
    failures_.push_back({.time = when, .kind = kind, .side = side, .detail = problem});
  }
}

std::optional<ProbesTold> ProbeBook::Take() {
  if (!std::exchange(changed_, false)) return std::nullopt;
  return ProbesTold{
      .decision = decision_, .run = run_, .totals = totals_, .failures = std::exchange(failures_, {})};
}

std::optional<Side> SideNamed(const std::vector<SwitchedRoute>& routes, const std::string& backend) {
  bool blue = false;
  bool green = false;
  for (const SwitchedRoute& route : routes) {
    blue = blue || route.blue == backend;
    green = green || route.green == backend;
  }
  if (backend.empty() || blue == green) return std::nullopt;
  return blue ? Side::kBlue : Side::kGreen;
}

}  // namespace evenkeel::coordinator
