#include "coordinator/prober/probe_book.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

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

// Whatever a server sends is shown to people.
void ProbeBook::Unknown(const std::string& name) {
  unknown_ = absl::CHexEscape(absl::string_view(name).substr(0, kLongestName));
}

std::optional<ProbesTold> ProbeBook::Take() {
  if (!std::exchange(changed_, false)) return std::nullopt;
  return ProbesTold{.decision = decision_,
                    .run = run_,
                    .totals = totals_,
                    .failures = std::exchange(failures_, {}),
                    .unknown_side = unknown_};
}

std::optional<Side> SideNamed(const SwitchSpec& spec, const std::string& name) {
  bool blue = spec.from == name;
  bool green = spec.to == name;
  for (const SwitchedRoute& route : spec.routes) {
    blue = blue || route.blue == name;
    green = green || route.green == name;
  }
  if (name.empty() || blue == green) return std::nullopt;
  return blue ? Side::kBlue : Side::kGreen;
}

}  // namespace evenkeel::coordinator
