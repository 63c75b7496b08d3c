#include "coordinator/core/agent_lost.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/domain_sight.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {

void RecordAgentLost(Turn& turn, Node& node) {
  Silence& silence = *node.silence;
  // In blindness too many seem lost: the next round after it tells.
  if (silence.lost_recorded || IsBlindTo(turn.ClusterOf(node), node)) return;
  if (silence.goodbye && turn.now - silence.detected < kGoodbyeGrace) return;
  silence.lost_recorded = true;
  Decision decision;
  decision.evidence = silence.evidence;
  decision.timings.last_sign = silence.last_beat;
  decision.timings.detected = silence.detected;
  decision.timings.judged = turn.now;
  decision.summary = absl::StrCat(node.key.node, " is left alone: ", node.reason);
  decision.outcome = "Nothing was done to the node and its pods. Look at the agent's pod on it";
  if (node.verdict == Verdict::kPartitioned) {
    decision.outcome =
        "Nothing was done to the node and its pods. Look at the network between it and the coordinator";
  }
  const DecisionId id =
      turn.Record(DecisionKind::kAgentLost, node, DecisionState::kSucceeded, std::move(decision));
  const Decision& recorded = turn.state.open.at(id).decision;
  turn.AnnounceStep(recorded, "judged", true, "AgentLost", recorded.summary);
}

}  // namespace evenkeel::coordinator
