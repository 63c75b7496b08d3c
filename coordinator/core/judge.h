// L1: silence alone proves nothing. Two pure judgements make it DEAD: that of the witnesses and that of the
// node's lease.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/events.h"
#include "coordinator/core/facts.h"

namespace evenkeel::coordinator {

// What one witness said of the node.
enum class Testimony {
  kNothing,     // no answer, not tried, or the witness itself could not try
  kAgainst,     // it tried and nothing came back
  kAlive,       // something of the node answered, or its kernel refused
  kAgentAlive,  // its agent answered
};
Testimony Weigh(const ProbeAnswered& answer);

// A witness and its answer; none: it has not come, or the witness has itself fallen silent since.
struct WitnessAnswer {
  std::string witness;
  std::optional<ProbeAnswered> answer;
  std::string failure_domain;
  // The control: another node, that is well, which the witness was asked to reach too. Who does not reach
  // that one either has a network of his own that is sick (or a port that is closed everywhere), and his "I
  // cannot reach it" says nothing.
  // The node itself: there was no third node, and the witness was asked to reach it twice at once. With
  // nobody to vouch for it, one lost packet must not be its word.
  std::string control;  // empty: there was none to be had
  std::optional<ProbeAnswered> control_answer;
};

struct WitnessQuestion {
  std::string node;
  uint16_t kubelet_port = 0;
  uint16_t agent_port = 0;
  absl::Duration timeout;
  size_t eligible = 0;  // nodes that could have been asked
  size_t domains = 0;   // failure domains that they are in
  std::vector<WitnessAnswer> answers;
};

struct WitnessJudgement {
  // AGENT_LOST or PARTITIONED: a witness met life, and one such answer is enough. DEAD: enough met none; the
  // lease still has to agree. SUSPECT: too few could tell.
  Verdict verdict = Verdict::kSuspect;
  std::string reason;
  std::vector<Evidence> evidence;  // one a witness, in the order of the answers
  size_t domains_against = 0;      // failure domains whose witnesses cannot reach it
};

// The negative answers that death needs: two, or one where only one witness could be (or, by policy, was)
// asked.
size_t NeededAgainst(size_t asked, size_t eligible);
// And the failure domains that they must come from: the same, of the domains.
size_t NeededDomains(size_t asked, size_t domains);

WitnessJudgement JudgeWitnesses(const WitnessQuestion& question, absl::Time now);

// A lease that has not changed for this long under our own eyes is not being renewed, whatever was before:
// Kubernetes' own leaseDurationSeconds default, four times the kubelet's renewal interval.
inline constexpr absl::Duration kLeaseSurelyStale = absl::Seconds(40);
// When the last beat is not known (it came before the coordinator's start), there is nothing on the node's
// clock to compare with. The lease must then have stayed the same for this long under our own eyes.
inline constexpr absl::Duration kLeaseWatchWithoutBeat = absl::Seconds(1);

// Where the API server's own way to the kubelet says nothing, only a lease proves that the node does not
// reach the API server, and a kubelet renews its lease only every 10 s: it must then have stayed the same for
// one renewal and a little more.
inline constexpr absl::Duration kLeaseWatchWithoutApiServer = absl::Seconds(12);

// Life that was found during this very silence shows that ways to the node are broken while it lives, so one
// more lost answer proves nothing. Nothing may have shown life for this long before death is believed: a
// living kubelet renews its lease every 10 s, and that vetoes.
inline constexpr absl::Duration kQuietAfterLife = absl::Seconds(12);

struct LeaseQuestion {
  LeaseFacts first;                             // read when the witnesses were asked
  LeaseFacts second;                            // read after their answers
  absl::Duration between;                       // the two reads
  std::optional<absl::Time> last_life_on_node;  // by the node's clock, as the lease is; none: not known
  absl::Duration unchanged;                     // reads of this episode have shown the same for so long
  bool api_server_tried = false;                // and nothing came back from the kubelet
  std::optional<absl::Duration> since_life;     // since life was found during this silence; none: it was not
  std::optional<absl::Duration> since_renewal;  // since reads of this silence showed that it had been written
};

struct LeaseJudgement {
  bool stale = false;       // death may be pronounced
  std::string reason;       // a clause
  std::string observation;  // the same with all figures
  Direction direction = Direction::kNeither;
};

LeaseJudgement JudgeLease(const LeaseQuestion& question);

}  // namespace evenkeel::coordinator
