#include "coordinator/core/sessions.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/node_health.h"
#include "coordinator/core/policies.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/verdicts.h"

namespace evenkeel::coordinator {
namespace {

// The node that the session is of; null: it is not, or no longer, the node's.
Node* NodeOfSession(Turn& turn, const NodeKey& key, uint64_t session_id) {
  Node* node = turn.FindNode(key);
  return node != nullptr && node->session && node->session->id == session_id ? node : nullptr;
}

Silence SilenceSince(absl::Time now, absl::Time last_beat, uint64_t last_beat_node_time_ms) {
  Silence silence;
  silence.detected = now;
  if (last_beat_node_time_ms != 0) {
    silence.last_beat = last_beat;
    silence.last_beat_on_node = absl::FromUnixMillis(static_cast<int64_t>(last_beat_node_time_ms));
  }
  return silence;
}

std::string LastBeatText(const Silence& silence) {
  if (!silence.last_beat) return "it had not beaten yet";
  return absl::StrCat("its last beat had come ", Say(silence.detected - *silence.last_beat), " before");
}

// Why a silence of `bound` is suspect.
std::string BoundText(const SetBeats& beats, absl::Duration bound, const OwnHealth& health) {
  std::string text =
      absl::StrCat("one is due every ", Say(beats.interval), ", and silence of ", Say(bound), " is suspect");
  if (beats.patience_percent > 100) {
    absl::StrAppend(&text, "; everybody is given ", Times(beats.patience_percent),
                    " the usual time, because ", health.reason);
  }
  if (bound > beats.suspect_after * beats.patience_percent / 100) {
    absl::StrAppend(&text, "; it is given more time than others, because its beats come unevenly");
  }
  return text;
}

}  // namespace

void OnSessionOpened(Turn& turn, const SessionOpened& event) {
  Cluster* cluster = turn.FindCluster(event.node.cluster);
  if (cluster == nullptr) return;
  const auto [place, fresh] = cluster->nodes.try_emplace(event.node.node);
  Node& node = place->second;
  node.key = event.node;
  if (fresh) UpdateBeats(turn, *cluster);
  const bool rebooted = !node.last_boot_id.empty() && node.last_boot_id != event.boot_id;
  node.session = NodeSession{event.session_id, event.boot_id, event.agent_port};
  const bool moved = node.agent_port != event.agent_port;
  node.agent_port = event.agent_port;
  node.last_boot_id = event.boot_id;
  node.well_since.reset();           // a new session is a break, even when the old one was not seen to end
  if (rebooted) node.sickness = {};  // whatever its kernel said: it is another one now
  HealthUnknown(turn, node);
  const bool other_pod = !event.agent_pod.empty() && event.agent_pod != node.record.agent_pod;
  if (!node.record.agent_seen || other_pod) {
    node.record.agent_seen = true;
    if (other_pod) node.record.agent_pod = event.agent_pod;
    node.record.key = node.key;
    if (node.facts) turn.RecordChanged(node);
  }
  SpeakAgain(turn, node,
             rebooted ? "its agent opened a session, and the machine has booted again"
                      : "its agent opened a session");
  FencingSessionOpened(turn, node);
  if (moved) FencingVoucherChanged(turn, *cluster, node.key.node);
}

void OnSessionClosed(Turn& turn, const SessionClosed& event) {
  if (event.goodbye) turn.Ask(ConfirmGoodbye{.node = event.node, .session_id = event.session_id});
  Node* node = NodeOfSession(turn, event.node, event.session_id);
  if (node == nullptr) return;
  node->session.reset();
  if (event.goodbye) FencingGoodbye(turn, *node);
  if (node->silence) {
    AddEvidence(node->silence->evidence,
                {turn.now, "coordinator", absl::StrCat("its session has ended now: ", event.reason),
                 Direction::kNeither});
    UpdateWitness(turn, *node);
    return;
  }
  Silence silence = SilenceSince(turn.now, event.last_beat, event.last_beat_node_time_ms);
  silence.goodbye = event.goodbye;
  if (event.goodbye) {
    silence.beginning = absl::StrCat("its agent said goodbye (", event.reason, ")");
    silence.observation = silence.beginning;
  } else {
    silence.beginning = "its agent's session broke";
    silence.observation =
        absl::StrCat("its agent's session broke (", event.reason, "); ", LastBeatText(silence));
  }
  FallSilent(turn, *node, std::move(silence));
}

void OnBeatMissed(Turn& turn, const BeatMissed& event) {
  Node* node = NodeOfSession(turn, event.node, event.session_id);
  if (node == nullptr || node->silence) return;
  const Cluster& cluster = turn.ClusterOf(*node);
  Silence silence = SilenceSince(turn.now, event.last_beat, event.last_beat_node_time_ms);
  silence.last_beat = event.last_beat;  // of a session that never beat: its beginning
  silence.beginning = absl::StrCat("no beat for ", Say(turn.now - event.last_beat));
  silence.observation =
      absl::StrCat(silence.beginning, "; ", BoundText(cluster.beats, event.bound, turn.state.health));
  FallSilent(turn, *node, std::move(silence));
}

void OnBeatResumed(Turn& turn, const BeatResumed& event) {
  Node* node = NodeOfSession(turn, event.node, event.session_id);
  if (node == nullptr || !node->silence) return;
  SpeakAgain(turn, *node,
             absl::StrCat("its agent beats again after ", Say(turn.now - node->silence->detected)));
  UpdateFencing(turn, *node);
}

void OnGraceEnded(Turn& turn, Cluster& cluster) {
  // Once per start, so a walk over all nodes is no cost per event.
  for (auto& [name, node] : cluster.nodes) {
    if (!TakesPart(node) || node.session || node.silence) continue;
    Silence silence = SilenceSince(turn.now, turn.now, 0);
    silence.beginning = "its agent did not come back after the coordinator's start";
    silence.observation = absl::StrCat(
        "its agent spoke before the coordinator's start and did not come back within ", Say(kStartGrace));
    FallSilent(turn, node, std::move(silence));
  }
}

}  // namespace evenkeel::coordinator
