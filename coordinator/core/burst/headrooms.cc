#include "coordinator/core/burst/headrooms.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/burst_guards.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/drain_backs.h"
#include "coordinator/core/burst/headroom.h"
#include "coordinator/core/burst/look_burst.h"
#include "coordinator/core/burst/victims.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

constexpr char kDeploymentGroup[] = "apps";
constexpr char kDeploymentVersion[] = "v1";
constexpr char kDeploymentKind[] = "Deployment";

// Between two tries after one that failed: of the placeholders, of the webhook, and the longest of both.
constexpr absl::Duration kChangePause = absl::Seconds(5);
constexpr absl::Duration kAskPause = absl::Minutes(1);
constexpr absl::Duration kLongestHeadroomPause = absl::Minutes(30);
// Between two questions to the webhook, however fast the burst grows.
constexpr absl::Duration kAskEvery = absl::Seconds(10);

void LengthenHeadroomPause(absl::Duration& pause, absl::Time& from, absl::Duration first, absl::Time now) {
  pause = std::clamp(pause * 2, first, kLongestHeadroomPause);
  from = now + pause;
}

bool MayChangeHeadroom(const Cluster& cluster) {
  return cluster.sight.api_reachable && !cluster.record.pause;
}

std::vector<GuardAnswer> AskHeadroomGuards(const Cluster& cluster, absl::Time now) {
  const Burst& burst = cluster.burst;
  return AskPolicyGuards({.now = now,
                          .mode = burst.policy->mode,
                          .policy = burst.policy_name,
                          .policy_paused = burst.policy->paused,
                          .pause = cluster.record.pause,
                          .api_reachable = cluster.sight.api_reachable,
                          .api_detail = cluster.sight.api_detail,
                          .provider = {},
                          .caps = {},
                          .open_decision = {}});
}

std::string SayEach(const Resources& each) {
  return absl::StrCat(SayCpu(each.cpu_millicores), " CPU and ", SayBytes(each.memory_bytes), " of memory");
}

void GoByBurstPolicy(const Burst& burst, Decision& decision) {
  decision.policy = burst.policy_name;
  decision.policy_etag = burst.policy_etag;
}

OpenDecision& OpenHeadroom(Turn& turn, Cluster& cluster, Decision plan) {
  OpenDecision& open = turn.Open(DecisionKind::kHeadroom, cluster);
  Decision& decision = open.decision;
  GoByBurstPolicy(cluster.burst, decision);
  decision.summary = std::move(plan.summary);
  decision.guards = std::move(plan.guards);
  decision.actions = std::move(plan.actions);
  decision.timings.detected = turn.now;
  decision.timings.judged = turn.now;
  cluster.open.insert(decision.id);
  return open;
}

// A guard refused; once for each until the policy changes or nothing is wanted any more. `about` goes before
// the guard's name.
void RecordHeadroomRefusal(Turn& turn, Cluster& cluster, Decision plan, const GuardAnswer& refusal,
                           const std::string& about) {
  if (!cluster.burst.headroom.refused_by.insert(absl::StrCat(about, refusal.guard)).second) return;
  const bool observed = refusal.guard == "mode";
  for (Action& action : plan.actions) {
    action.state = ActionState::kSkipped;
    action.result = observed ? "the mode is observe" : absl::StrCat("the guard ", refusal.guard, " refused");
  }
  plan.outcome =
      observed ? "Nothing was done: the mode is observe"
               : absl::StrCat("Nothing was done: the guard ", refusal.guard, " refused: ", refusal.reason);
  plan.timings.judged = turn.now;
  const DecisionId id =
      turn.Record(DecisionKind::kHeadroom, cluster,
                  observed ? DecisionState::kObserved : DecisionState::kRefused, std::move(plan));
  Decision& recorded = turn.state.open.at(id).decision;
  GoByBurstPolicy(cluster.burst, recorded);
}

// Not handed out yet, or taken back: it has not been done.
void CancelHeadroom(Turn& turn, OpenDecision& open, const std::string& why) {
  Action& action = open.decision.actions.front();
  if (action.state != ActionState::kPending) return;
  action.state = ActionState::kSkipped;
  action.result = action.attempts > 0 ? "whether it was done is not known" : "it was not done";
  turn.Close(open, DecisionState::kCancelled, absl::StrCat("It is not needed any more: ", why));
}

// ---- the Deployment ----

// What holds placeholders, or is to hold them; empty: nothing.
std::string HeadroomNamespace(const Cluster& cluster) {
  // Where some may be they are taken away before they are placed anywhere else.
  if (!cluster.record.burst.headroom.name_space.empty()) return cluster.record.burst.headroom.name_space;
  const std::optional<BurstPolicy>& policy = cluster.burst.policy;
  return policy && policy->headroom.placeholders ? policy->headroom.name_space : "";
}

void WatchDeployment(Turn& turn, Cluster& cluster) {
  Headroom& headroom = cluster.burst.headroom;
  Workload wanted;
  if (const std::string name_space = HeadroomNamespace(cluster); !name_space.empty()) {
    wanted = {
        .group = kDeploymentGroup, .kind = kDeploymentKind, .name_space = name_space, .name = kHeadroomName};
  }
  if (wanted == headroom.watched) return;
  // A scaler that has it, too, goes on watching it.
  if (!headroom.watched.empty() && !cluster.scaled.contains(headroom.watched)) {
    turn.Ask(UnwatchWorkload{cluster.name, headroom.watched});
  }
  headroom.watched = wanted;
  headroom.workload.reset();
  headroom.placed.reset();
  headroom.unseen.clear();
  headroom.absent = false;
  if (!wanted.empty()) turn.Ask(WatchWorkload{cluster.name, wanted, kDeploymentVersion});
}

// ---- what is wanted ----

// Pods that a drain-back is bringing home: those that take their places are there already, or ask for room
// by themselves.
std::map<std::string, int64_t> ComingHome(Turn& turn, const Cluster& cluster) {
  std::map<std::string, int64_t> coming;  // by scaler
  for (const DecisionId& id : cluster.open) {
    const OpenDecision* open = turn.FindOpen(id);
    const Scaler* scaler = open == nullptr ? nullptr : turn.ScalerOf(open->decision);
    if (scaler == nullptr) continue;
    if (const std::optional<Surge> surge = SurgeOf(open->decision)) {
      coming[scaler->record.policy] += surge->to - surge->from;
    }
  }
  return coming;
}

// What the pods on virtual nodes ask for that can come home (drain_backs.h), each: a machine for others would
// stand idle for as long as they run.
std::vector<Resources> PodsAway(Turn& turn, const Cluster& cluster) {
  std::map<std::string, int64_t> coming = ComingHome(turn, cluster);
  std::vector<Resources> pods;
  for (const std::string& node : cluster.burst.virtual_nodes) {
    for (const PodName& name : cluster.pods.OnNode(node)) {
      const PodFacts& facts = *cluster.pods.Find(name);
      const bool ended = facts.phase == "Succeeded" || facts.phase == "Failed";
      if (!HasBurst(facts) || facts.deleting || ended) continue;
      const PodOwners::Owner* owner = cluster.scaled_pods.First(facts.uid);
      if (owner == nullptr || KeepsNames(owner->scaler->policy.target)) continue;
      const auto home = coming.find(owner->scaler->record.policy);
      if (home != coming.end() && home->second > 0) {
        --home->second;
        continue;
      }
      pods.push_back(facts.requests);
    }
  }
  return pods;
}

Placeholders WantedPlaceholders(Turn& turn, const Cluster& cluster) {
  const Burst& burst = cluster.burst;
  if (!burst.policy || burst.policy->headroom.name_space != HeadroomNamespace(cluster)) return {};
  return AdaptPlaceholders(burst.policy->headroom, PodsAway(turn, cluster),
                           burst.headroom.placed.value_or(Placeholders{}));
}

// ---- placeholders ----

Decision PlanPlaceholders(const Cluster& cluster, const Placeholders& wanted) {
  const Headroom& headroom = cluster.burst.headroom;
  Decision plan;
  if (wanted.number > 0) {
    plan.summary = absl::StrCat(Count(static_cast<size_t>(wanted.number), "placeholder"), " of ",
                                SayEach(wanted.each), wanted.number == 1 ? " asks" : " ask",
                                " for real machines, for what runs on virtual nodes");
  } else {
    plan.summary = "The placeholders go: nothing runs on virtual nodes that is to come home";
  }
  plan.actions.push_back(
      Action{.number = 1,
             .stage = 1,
             .kind = ActionKind::kSetPlaceholders,
             .name_space = headroom.watched.name_space,
             .name = headroom.watched.name,
             .uid = headroom.workload ? headroom.workload->uid : "",
             .result = {},
             .replicas = ReplicaChange{.group = kDeploymentGroup,
                                       .version = kDeploymentVersion,
                                       .kind = kDeploymentKind,
                                       .from = headroom.workload ? headroom.workload->replicas : 0,
                                       .to = wanted.number},
             .requests = wanted.each});
  return plan;
}

// What is seen and what was placed are what is wanted. With their Deployment placeholders are gone for good.
bool IsPlaced(const Headroom& headroom, const Placeholders& wanted) {
  if (wanted.number == 0) return headroom.absent || (headroom.workload && headroom.workload->replicas == 0);
  return headroom.placed == wanted;
}

void ForgetPlaced(Turn& turn, Cluster& cluster) {
  std::string& name_space = cluster.record.burst.headroom.name_space;
  if (name_space.empty()) return;
  name_space.clear();
  turn.RecordChanged(cluster);
}

void ReviewOpenChange(Turn& turn, const Placeholders& wanted, OpenDecision& open) {
  const Action& action = open.decision.actions.front();
  const bool same = action.replicas->to == wanted.number &&
                    (wanted.number == 0 || action.requests == std::optional<Resources>(wanted.each));
  if (!same) CancelHeadroom(turn, open, "what is on virtual nodes has changed");
}

void ReviewPlaceholders(Turn& turn, Cluster& cluster, absl::Time& again) {
  Headroom& headroom = cluster.burst.headroom;
  if (headroom.watched.empty()) return;
  const bool rules = RulesVirtualNodes(cluster.burst);
  Placeholders wanted = WantedPlaceholders(turn, cluster);
  if (!rules && wanted.number > 0) {
    Decision plan = PlanPlaceholders(cluster, wanted);
    plan.guards = AskHeadroomGuards(cluster, turn.now);
    const GuardAnswer refusal = *FirstRefusal(plan.guards);
    RecordHeadroomRefusal(turn, cluster, std::move(plan), refusal, "");
  }
  // A policy that is paused leaves them as they are; any other that does not rule has none.
  if (!rules && cluster.burst.policy && cluster.burst.policy->paused) return;
  if (!rules) wanted = {};
  // Nor is it for one that only looks on to take away what others have placed.
  if (!rules && cluster.record.burst.headroom.name_space.empty()) return;
  if (OpenDecision* open = turn.FindOpen(headroom.open_change)) return ReviewOpenChange(turn, wanted, *open);
  if (IsPlaced(headroom, wanted)) {
    if (wanted.number == 0) ForgetPlaced(turn, cluster);
    return;
  }
  if (!headroom.workload && (wanted.number == 0 || headroom.unseen.empty())) return;
  const absl::Time from = wanted.number == 0
                              ? headroom.change_from
                              : std::max(headroom.change_from, headroom.changed + kHeadroomEvery);
  if (turn.now < from) {
    again = std::min(again, from);
    return;
  }
  if (wanted.number == 0 && !MayChangeHeadroom(cluster)) return;
  Decision plan = PlanPlaceholders(cluster, wanted);
  if (wanted.number > 0) {
    plan.guards = AskHeadroomGuards(cluster, turn.now);
    plan.guards.push_back({"deployment", headroom.workload.has_value(),
                           headroom.workload ? absl::StrCat(headroom.watched.ToString(), " is there")
                                             : absl::StrCat(headroom.watched.ToString(),
                                                            " cannot be used: ", headroom.unseen)});
    if (const GuardAnswer* refused = FirstRefusal(plan.guards)) {
      const GuardAnswer refusal = *refused;
      return RecordHeadroomRefusal(turn, cluster, std::move(plan), refusal, "");
    }
    cluster.record.burst.headroom.name_space = headroom.watched.name_space;
    turn.RecordChanged(cluster);
  }
  OpenDecision& open = OpenHeadroom(turn, cluster, std::move(plan));
  headroom.open_change = open.decision.id;
  headroom.changed = turn.now;
  ReleaseNext(turn, open);
}

void OnPlaced(Turn& turn, Cluster& cluster, OpenDecision& open) {
  Headroom& headroom = cluster.burst.headroom;
  const Action& action = open.decision.actions.front();
  if (action.state != ActionState::kDone) {
    LengthenHeadroomPause(headroom.change_pause, headroom.change_from, kChangePause, turn.now);
    turn.Close(open, DecisionState::kFailed,
               absl::StrCat("The placeholders could not be set: ", action.result));
    turn.AnnounceStep(open.decision, "closed", true, "HeadroomFailed", open.decision.outcome);
    return BurstLookSoon(turn, cluster);
  }
  headroom.change_pause = absl::ZeroDuration();
  const int64_t number = action.replicas->to;
  // The answer is newer than the last observation.
  const bool same = headroom.workload && headroom.workload->uid == action.uid &&
                    headroom.watched.name_space == action.name_space;
  if (same) {
    headroom.workload->replicas = number;
    headroom.placed = Placeholders{.number = number, .each = *action.requests};
  }
  turn.Close(open, DecisionState::kSucceeded,
             number == 0 ? "There are no placeholders any more"
                         : absl::StrCat(number == 1 ? "There is" : "There are", " to be ",
                                        Count(static_cast<size_t>(number), "placeholder"),
                                        " now: whoever brings machines is asked by those that find no room"));
  BurstLookSoon(turn, cluster);
}

// ---- the webhook ----

Decision PlanAsk(const Cluster& cluster, const Resources& missing) {
  Decision plan;
  plan.summary =
      absl::StrCat("The webhook is asked for real machines: ", SayEach(missing), " for ",
                   Count(static_cast<size_t>(missing.pods), "pod"),
                   missing.pods == 1 ? " that has" : " that have", " no room on those that are there");
  plan.actions.push_back(Action{.number = 1,
                                .stage = 1,
                                .kind = ActionKind::kAskForMachines,
                                .name_space = {},
                                .name = cluster.burst.policy->headroom.webhook,
                                .uid = {},
                                .result = {},
                                .replicas = {},
                                .requests = missing});
  return plan;
}

// It is over for the webhook, too: the next one asks anew.
void ForgetAsked(Turn& turn, Cluster& cluster) {
  Headroom& headroom = cluster.burst.headroom;
  headroom.ask_from = absl::InfinitePast();
  headroom.ask_pause = absl::ZeroDuration();
  headroom.asked_in_vain.clear();
  if (cluster.record.burst.headroom.asked == Resources{}) return;
  cluster.record.burst.headroom.asked = {};
  turn.RecordChanged(cluster);
}

void ReviewWebhook(Turn& turn, Cluster& cluster, bool lasts, absl::Time& again) {
  Burst& burst = cluster.burst;
  Headroom& headroom = burst.headroom;
  const bool wanted = lasts && burst.policy && !burst.policy->headroom.webhook.empty();
  if (OpenDecision* open = turn.FindOpen(headroom.open_ask)) {
    if (wanted && RulesVirtualNodes(burst)) return;
    if (open->unneeded.empty()) {
      open->unneeded = "the burst is over, or its policy is another";
      turn.Withdraw(*open, open->unneeded);
    }
    return CancelHeadroom(turn, *open, open->unneeded);
  }
  if (!lasts) return ForgetAsked(turn, cluster);
  if (!wanted) return;
  Resources missing = UseOfVirtualNodes(cluster);
  missing += PressingRequests(cluster, turn.now);
  if (!IsWorthAsking(cluster.record.burst.headroom.asked, missing)) return;
  if (turn.now < headroom.ask_from) {
    again = std::min(again, headroom.ask_from);
    return;
  }
  Decision plan = PlanAsk(cluster, missing);
  plan.guards = AskHeadroomGuards(cluster, turn.now);
  if (const GuardAnswer* refused = FirstRefusal(plan.guards)) {
    const GuardAnswer refusal = *refused;
    return RecordHeadroomRefusal(turn, cluster, std::move(plan), refusal, "webhook ");
  }
  OpenDecision& open = OpenHeadroom(turn, cluster, std::move(plan));
  headroom.open_ask = open.decision.id;
  headroom.ask_from = turn.now + kAskEvery;
  ReleaseNext(turn, open);
}

void OnAsked(Turn& turn, Cluster& cluster, OpenDecision& open) {
  Headroom& headroom = cluster.burst.headroom;
  const Action& action = open.decision.actions.front();
  if (action.state == ActionState::kDone) {
    headroom.ask_pause = absl::ZeroDuration();
    headroom.asked_in_vain.clear();
    cluster.record.burst.headroom.asked = *action.requests;
    turn.RecordChanged(cluster);
    turn.Close(open, DecisionState::kSucceeded, absl::StrCat("The webhook was asked: ", action.result));
  } else if (!open.unneeded.empty()) {
    turn.Close(open, DecisionState::kCancelled,
               absl::StrCat("Its answer is not waited for: ", open.unneeded));
  } else {
    LengthenHeadroomPause(headroom.ask_pause, headroom.ask_from, kAskPause, turn.now);
    headroom.asked_in_vain = action.result;
    turn.Close(open, DecisionState::kFailed,
               absl::StrCat("The webhook was asked in vain: ", action.result, ". It is asked again in ",
                            Say(headroom.ask_pause), " if the burst lasts"));
    turn.AnnounceStep(open.decision, "closed", true, "HeadroomWebhookFailed", open.decision.outcome);
  }
  BurstLookSoon(turn, cluster);
}

bool IsWatched(const Cluster& cluster, const Workload& workload) {
  return !workload.empty() && cluster.burst.headroom.watched == workload;
}

}  // namespace

void ReviewHeadroom(Turn& turn, Cluster& cluster, absl::Time& again) {
  Burst& burst = cluster.burst;
  const OpenDecision* open = turn.FindOpen(burst.open_decision);
  const bool lasts = cluster.record.burst.ledger.began.has_value() ||
                     (open != nullptr && open->decision.kind == DecisionKind::kBurst);
  if (!lasts) ForgetRefusals(burst.headroom);
  WatchDeployment(turn, cluster);
  ReviewPlaceholders(turn, cluster, again);
  WatchDeployment(turn, cluster);  // they may be gone for good
  ReviewWebhook(turn, cluster, lasts, again);
}

void OnHeadroomActed(Turn& turn, Cluster& cluster, OpenDecision& open) {
  if (open.decision.actions.front().kind == ActionKind::kAskForMachines) return OnAsked(turn, cluster, open);
  OnPlaced(turn, cluster, open);
}

void HeadroomSeen(Turn& turn, const WorkloadObserved& event) {
  Cluster* cluster = turn.FindCluster(event.cluster);
  if (cluster == nullptr || !IsWatched(*cluster, event.workload)) return;
  Headroom& headroom = cluster->burst.headroom;
  if (headroom.workload == event.facts) return;
  const bool other = !headroom.workload || headroom.workload->uid != event.facts.uid;
  if (other || (headroom.placed && headroom.placed->number != event.facts.replicas)) headroom.placed.reset();
  if (other) headroom.change_from = absl::InfinitePast();
  headroom.workload = event.facts;
  headroom.unseen.clear();
  headroom.absent = false;
  BurstLookSoon(turn, *cluster);
}

void HeadroomGone(Turn& turn, const WorkloadGone& event) {
  Cluster* cluster = turn.FindCluster(event.cluster);
  if (cluster == nullptr || !IsWatched(*cluster, event.workload)) return;
  Headroom& headroom = cluster->burst.headroom;
  headroom.workload.reset();
  headroom.placed.reset();
  headroom.unseen = event.reason;
  headroom.absent = event.absent;
  BurstLookSoon(turn, *cluster);
}

bool HasHeadroom(const Cluster& cluster) {
  const Headroom& headroom = cluster.burst.headroom;
  return !headroom.watched.empty() || headroom.open_change || headroom.open_ask ||
         !cluster.record.burst.headroom.name_space.empty();
}

void ForgetRefusals(Headroom& headroom) {
  headroom.refused_by.clear();
}

}  // namespace evenkeel::coordinator
