#include "coordinator/serve/decision_tracker.h"

namespace evenkeel::coordinator {
namespace {

bool HasEnded(const Action& action) {
  return action.state == ActionState::kDone || action.state == ActionState::kFailed ||
         action.state == ActionState::kSkipped;
}

}  // namespace

DecisionTracker::DecisionTracker(const std::vector<Decision>& open) {
  for (const Decision& decision : open) Track(decision);
}

DecisionStep DecisionTracker::Track(const Decision& decision) {
  DecisionStep step;
  const auto [known, added] = finished_.try_emplace(decision.id);
  step.opened = added;
  for (const Action& action : decision.actions) {
    if (HasEnded(action) && known->second.insert(action.number).second) step.finished.push_back(&action);
  }
  if (decision.state != DecisionState::kOpen) {
    step.closed = true;
    finished_.erase(known);
  }
  return step;
}

}  // namespace evenkeel::coordinator
