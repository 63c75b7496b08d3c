#include "coordinator/core/sight.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/core/budgets.h"
#include "coordinator/core/burst/carry_burst.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/domain_sight.h"
#include "coordinator/core/scale/carry_scale.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/storm.h"
#include "coordinator/core/switch/switch_desk.h"

namespace evenkeel::coordinator {
namespace {

SightCauses Causes(const Cluster& cluster, absl::Time now) {
  return {.starting = now < cluster.sight.grace_until || !cluster.sight.grace_ended,
          .api = cluster.sight.listed && !cluster.sight.api_reachable,
          .stall = now < cluster.sight.stalled_until,
          .mass_silence = MassSilence(cluster)};
}

std::vector<std::string> Reasons(const Cluster& cluster, const SightCauses& causes) {
  std::vector<std::string> reasons;
  if (causes.starting) {
    reasons.push_back(cluster.sight.listed
                          ? absl::StrCat("the coordinator has just started: agents have ", Say(kStartGrace),
                                         " to come back")
                          : "the coordinator has just started and has not seen the whole cluster yet");
  }
  if (causes.api) {
    reasons.push_back(absl::StrCat("the Kubernetes API cannot be relied on: ", cluster.sight.api_detail));
  }
  if (causes.stall) {
    reasons.push_back(absl::StrCat("the coordinator itself stood still for ", Say(cluster.sight.stalled_by),
                                   ": silence that it slept through proves nothing"));
  }
  if (causes.mass_silence) {
    reasons.push_back(absl::StrCat(cluster.standings.silent.size(), " of ", Count(cluster.size, "node"),
                                   " are silent at once (", SomeNames(cluster.standings.silent),
                                   ") and at most ", NodeBudget(cluster.policy, cluster.size),
                                   " may be: our own sight is in doubt before their lives"));
  }
  return reasons;
}

void OpenRecord(Turn& turn, Cluster& cluster, const std::vector<std::string>& reasons) {
  OpenDecision& open = turn.Open(DecisionKind::kBlind, cluster);
  cluster.sight.decision = open.decision.id;
  open.decision.timings.detected = turn.now;
  open.decision.timings.judged = turn.now;
  open.decision.summary = absl::StrCat("Nobody is judged dead and nothing is done in ", cluster.name,
                                       " for now: ", absl::StrJoin(reasons, "; "));
}

void CloseRecord(Turn& turn, Cluster& cluster) {
  OpenDecision* open = turn.FindOpen(cluster.sight.decision);
  cluster.sight.decision.reset();
  if (open == nullptr) return;
  const absl::Duration took = turn.now - open->decision.timings.detected.value_or(turn.now);
  std::string outcome =
      absl::StrCat("Sight was regained after ", Say(took), "; nothing was decided meanwhile");
  if (cluster.silent.empty()) {
    absl::StrAppend(&outcome, ", and no node is silent");
  } else {
    absl::StrAppend(&outcome, ". ", Count(cluster.silent.size(), "node"),
                    " still silent: checked from the start");
  }
  turn.Close(*open, DecisionState::kSucceeded, std::move(outcome));
}

}  // namespace

bool MassSilence(const Cluster& cluster) {
  return cluster.standings.silent.size() > NodeBudget(cluster.policy, cluster.size);
}

absl::Duration StallHold(absl::Duration suspect_after) {
  return std::max(suspect_after * 2, absl::Seconds(2));
}

void OnStall(Turn& turn, absl::Duration late) {
  for (auto& [name, cluster] : turn.state.clusters) {
    cluster.sight.stalled_by = late;
    cluster.sight.stalled_until = turn.now + StallHold(cluster.beats.suspect_after);
    UpdateSight(turn, cluster);
  }
  ForgetReadings(turn.state.desk, turn.now);
}

void UpdateSight(Turn& turn, Cluster& cluster) {
  Sight& sight = cluster.sight;
  if (sight.counts) return;
  const SightCauses causes = Causes(cluster, turn.now);
  if (causes.starting || causes.stall) {
    turn.state.timers.Set({TimerKind::kSight, {cluster.name, ""}, {}},
                          std::max(sight.grace_until, sight.stalled_until));
  }
  if (sight.judged && causes == sight.causes) return;
  const std::vector<std::string> reasons = Reasons(cluster, causes);
  const bool blind = !reasons.empty();
  const bool mass_changed = causes.mass_silence != sight.causes.mass_silence;
  if (!sight.judged || blind != sight.blind) sight.since = turn.now;
  sight.judged = true;
  sight.blind = blind;
  sight.reason = absl::StrJoin(reasons, "; ");
  // L1: whoever was not heard in a mass silence has lost its session, and is still on its way back.
  if (mass_changed && !causes.mass_silence) sight.back_by = turn.now + kReturnGrace;
  sight.clear_since = blind ? absl::InfiniteFuture() : std::max(turn.now, sight.back_by);
  sight.causes = causes;
  turn.Tell(
      SightChanged{.cluster = cluster.name, .blind = blind, .reason = sight.reason, .since = sight.since});

  if (mass_changed) {
    NoteStorm(turn, cluster,
              causes.mass_silence ? sight.reason : "more nodes were silent at once than may be");
    // One mass event is said once: while the whole cluster is in doubt, its domains are not judged apart.
    UpdateDomainSights(turn, cluster);
  }

  ReviewScalers(turn, cluster, sight.reason);
  ReviewBursts(turn, cluster, sight.reason);
  if (blind) {
    Freeze(turn, cluster, sight.reason, [](const Node&) { return true; });
    // The grace of a start is normal; it is said, but leaves no record.
    const bool worth_a_record = causes.api || causes.stall || causes.mass_silence;
    if (worth_a_record && turn.FindOpen(sight.decision) == nullptr) OpenRecord(turn, cluster, reasons);
    if (OpenDecision* open = turn.FindOpen(sight.decision)) {
      AddEvidence(open->decision.evidence, {turn.now, "coordinator", sight.reason, Direction::kNeither});
      turn.Changed(*open);
    }
    return;
  }
  CloseRecord(turn, cluster);
  for (const std::string& name : cluster.silent) {
    turn.state.timers.Set({TimerKind::kCheck, {cluster.name, name}, {}}, turn.now);
  }
}

}  // namespace evenkeel::coordinator
