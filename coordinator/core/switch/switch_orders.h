// What an operator may order of a switch that is under way. Each order changes the record, or says why not:
// FAILED_PRECONDITION with what would have to be otherwise. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "coordinator/core/switch/advance.h"

namespace evenkeel::coordinator {

// Nothing more is given to green; what has been wished is still brought about, and a green that fails is
// still rolled back.
absl::Status PauseSwitch(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight,
                         const std::string& reason, SwitchMoves& moves);

// Ends a pause, approves the step that waits for it, or goes on after whatever it has stopped for: a route
// that somebody else has changed is written again from what it now shows. `may_cut`: the most requests that
// closing blue may cut; needed where it stopped for that, and no less than what is in flight.
absl::Status ResumeSwitch(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight,
                          std::optional<uint64_t> may_cut, SwitchMoves& moves);

// Where another coordinator has written (StopCause::kOutranked) both try again, and stop again where its mark
// is still there; a rollback of what is all on blue already ends the switch without a write.

// Blue is given everything back, at once. Never onto a blue that is not healthy (L10); onto one of which that
// is not known only with `onto_unknown`. Before anything was moved it ends the switch.
absl::Status RollBackSwitch(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight,
                            const std::string& reason, bool onto_unknown, SwitchMoves& moves);

// Closes the way back before the hold is over, or where nobody else does. Only while green has everything, is
// drained to, and no gate fails.
absl::Status CommitSwitch(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight,
                          SwitchMoves& moves);

}  // namespace evenkeel::coordinator
