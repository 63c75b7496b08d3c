#include "coordinator/core/patience.h"

#include "coordinator/core/policies.h"

namespace evenkeel::coordinator {
namespace {

void Tell(Turn& turn) {
  const OwnHealth& health = turn.state.health;
  for (auto& [name, cluster] : turn.state.clusters) {  // few: one for each Kubernetes
    UpdateBeats(turn, cluster);
    turn.Tell(PatienceChanged{.cluster = name, .percent = PatiencePercent(health), .reason = health.reason});
  }
}

void SetTimer(Turn& turn) {
  const TimerKey timer{TimerKind::kOwnHealth, {}, {}};
  if (turn.state.health.points == 0) return turn.state.timers.Clear(timer);
  turn.state.timers.Set(timer, turn.state.health.eases);
}

}  // namespace

void NoteOwnDelay(Turn& turn, DelaySource source, absl::Duration delay) {
  const bool changed = NoteDelay(turn.state.health, source, delay, turn.now);
  SetTimer(turn);
  if (changed) Tell(turn);
}

void OnOwnDelay(Turn& turn, const OwnDelay& event) {
  NoteOwnDelay(turn, event.source, event.delay);
}

void OnEaseDue(Turn& turn) {
  const bool changed = Ease(turn.state.health, turn.now);
  SetTimer(turn);
  if (changed) Tell(turn);
}

}  // namespace evenkeel::coordinator
