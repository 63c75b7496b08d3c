#include "coordinator/core/burst/look_burst.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/burst_guards.h"
#include "coordinator/core/burst/burst_view.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/carry_burst.h"
#include "coordinator/core/burst/drain_backs.h"
#include "coordinator/core/burst/headrooms.h"
#include "coordinator/core/burst/money.h"
#include "coordinator/core/burst/real_room.h"
#include "coordinator/core/burst/valve.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

// Of one decision; the rest follows in the next ones.
constexpr size_t kMostPodActions = 64;
constexpr size_t kMostPressingNamed = 3;
// While the API is away, how often pods that start are given their time anew.
constexpr absl::Duration kUnseenEvery = absl::Seconds(1);

// By the burst's policy, and not by the cluster's.
void SetPolicy(const Burst& burst, Decision& decision) {
  decision.policy = burst.policy_name;
  decision.policy_etag = burst.policy_etag;
}

bool MayAct(const Cluster& cluster) {
  return cluster.sight.api_reachable && !cluster.record.pause;
}

void AddAction(Decision& decision, uint32_t stage, ActionKind kind, const std::string& name_space,
               const std::string& name, const std::string& uid) {
  decision.actions.push_back(Action{.number = static_cast<uint32_t>(decision.actions.size() + 1),
                                    .stage = stage,
                                    .kind = kind,
                                    .name_space = name_space,
                                    .name = name,
                                    .uid = uid,
                                    .result = {},
                                    .replicas = {}});
}

// ---- what it costs ----

// A burst is over: what it was, for whoever pays.
void RecordEnd(Turn& turn, Cluster& cluster, const BurstLedger& ended) {
  const BurstPrices& prices = cluster.burst.prices;
  const int64_t cost = CostMicros(ended, prices);
  cluster.record.burst.last = EndedBurst{.ledger = ended, .cost_micros = cost, .currency = prices.currency};
  Decision decision;
  decision.summary = absl::StrCat("The burst is over: ", Count(static_cast<size_t>(ended.peak_pods), "pod"),
                                  " on virtual nodes at most, ", Say(ended.counted - *ended.began), ", ",
                                  SayMoney(cost, prices.currency));
  decision.outcome = cluster.burst.policy
                         ? "No pod is on a virtual node any more"
                         : "No policy rules virtual nodes any more: what pods there cost is not counted";
  decision.timings.detected = *ended.began;
  decision.timings.judged = turn.now;
  const DecisionId id =
      turn.Record(DecisionKind::kBurst, cluster, DecisionState::kSucceeded, std::move(decision));
  Decision& recorded = turn.state.open.at(id).decision;
  SetPolicy(cluster.burst, recorded);
  cluster.burst.last_decision = id;
  turn.AnnounceStep(recorded, "closed", false, "BurstEnded", recorded.summary);
}

// What it was for is wanted still: as a new burst it would have time and money again, and so without an end.
// A pod that an open valve has not helped waits for something else, and so may one that nobody can try it
// with, as the valve stays closed: each holds the burst for a while of its own only. (A scaler that wants
// more than there may be holds it by itself.)
bool LastsUsedUp(Cluster& cluster, const Resources& use, absl::Time now) {
  Burst& burst = cluster.burst;
  const bool presses = std::any_of(burst.pressing.begin(), burst.pressing.end(), [&](const auto& pod) {
    const bool was_helpless = pod.second.helpless_until != absl::InfinitePast();
    const bool counts = !was_helpless && now < pod.second.since + kUsedUpFor;
    return counts && cluster.scaled_pods.First(cluster.pods.Find(pod.first)->uid) != nullptr;
  });
  if (use.pods > 0 || presses || !burst.last_wanted) burst.last_wanted = now;
  BurstLedger ledger = cluster.record.burst.ledger;
  if (!ledger.began || !RulesVirtualNodes(burst) || now >= *burst.last_wanted + kUsedUpFor) return false;
  CountUp(ledger, now);
  return AskCaps(burst.policy->caps, burst.policy->prices, ledger, Resources{}, now).used_up;
}

void CountUse(Turn& turn, Cluster& cluster, absl::Time& again) {
  const Resources use = UseOfVirtualNodes(cluster);
  BurstLedger& ledger = cluster.record.burst.ledger;
  const bool lasts = LastsUsedUp(cluster, use, turn.now);
  if (lasts) again = std::min(again, *cluster.burst.last_wanted + kUsedUpFor);
  if (use == ledger.use && ledger.began.has_value() == (use.pods > 0 || lasts))
    return CountUp(ledger, turn.now);
  turn.RecordChanged(cluster);
  const std::optional<BurstLedger> ended = NoteUse(ledger, use, turn.now, lasts);
  if (ended) RecordEnd(turn, cluster, *ended);
}

// ---- pods that press ----

bool IsHelpless(const PressingPod& pod, absl::Time now) {
  return now < pod.helpless_until;
}

// What a drain-back has added is to come up on real nodes, or not at all.
bool IsToComeHome(const Cluster& cluster, const PodFacts& pod) {
  bool found = false;
  cluster.scaled_pods.ForEach(
      pod.uid, [&found](const Scaler& scaler, const ScaledPod&) { found = found || scaler.surge; });
  return found;
}

bool Counts(const Cluster& cluster, const PodName& name, const PressingPod& pod, absl::Time now) {
  return !IsHelpless(pod, now) && !IsToComeHome(cluster, *cluster.pods.Find(name));
}

void NoteHelpless(Turn& turn, Cluster& cluster, absl::Time& again) {
  Burst& burst = cluster.burst;
  for (auto& [name, pod] : burst.pressing) {
    if (IsHelpless(pod, turn.now)) {
      again = std::min(again, pod.helpless_until);
      continue;
    }
    if (!burst.opened || IsToComeHome(cluster, *cluster.pods.Find(name))) continue;
    const absl::Time helped_by = std::max(*burst.opened, pod.since) + kValveHelps;
    if (turn.now >= helped_by) {
      pod.helpless_until = turn.now + kHelplessFor;
      PressingChanged(cluster);
    }
    again = std::min(again, std::max(helped_by, pod.helpless_until));
  }
}

std::optional<absl::Time> PressingSince(const Cluster& cluster, absl::Time now) {
  std::optional<absl::Time> first;
  for (const auto& [name, pod] : cluster.burst.pressing) {
    if (!Counts(cluster, name, pod, now)) continue;
    first = std::min(first.value_or(absl::InfiniteFuture()), PressesSince(cluster, name, pod));
  }
  return first;
}

// ---- the first to go ----

void MarkPods(Turn& turn, Cluster& cluster, absl::Time& again) {
  Burst& burst = cluster.burst;
  if (burst.unmarked.empty() || !RulesVirtualNodes(burst) || !MayAct(cluster)) return;
  if (turn.now < burst.mark_from) {
    again = std::min(again, burst.mark_from);
    return;
  }
  std::map<std::string, std::vector<PodName>> by_node;
  for (const PodName& name : burst.unmarked) by_node[cluster.pods.Find(name)->node].push_back(name);
  for (const auto& [node_name, pods] : by_node) {
    Node* node = turn.FindNode({cluster.name, node_name});
    if (node == nullptr || turn.FindOpen(node->open_decision) != nullptr) continue;
    OpenDecision& open = turn.Open(DecisionKind::kFirstToGo, *node);
    Decision& decision = open.decision;
    SetPolicy(burst, decision);
    for (size_t i = 0; i < std::min(pods.size(), kMostPodActions); ++i) {
      AddAction(decision, 1, ActionKind::kSetDeletionCost, pods[i].name_space, pods[i].name,
                cluster.pods.Find(pods[i])->uid);
    }
    decision.summary =
        absl::StrCat(Count(decision.actions.size(), "pod"), " on virtual node ", node_name,
                     decision.actions.size() == 1 ? " goes" : " go", " first when there are to be fewer");
    decision.guards = {{"mode", true, absl::StrCat("policy ", burst.policy_name, ": enforce")}};
    decision.timings.judged = turn.now;
    ReleaseNext(turn, open);
  }
}

// ---- a provider that fails ----

void GiveUpOn(Turn& turn, Cluster& cluster, Node& node, const std::vector<PodName>& pods) {
  OpenDecision& open = turn.Open(DecisionKind::kBackOff, node);
  Decision& decision = open.decision;
  SetPolicy(cluster.burst, decision);
  for (size_t i = 0; i < std::min(pods.size(), kMostPodActions); ++i) {
    const PodFacts& facts = *cluster.pods.Find(pods[i]);
    if (!facts.waiting_reason.empty()) {
      AddEvidence(decision.evidence,
                  {turn.now, "Kubernetes",
                   absl::StrCat(PodText(pods[i].name_space, pods[i].name), " waits: ", facts.waiting_reason),
                   Direction::kNeither});
    }
    AddAction(decision, 1, ActionKind::kEvictPod, pods[i].name_space, pods[i].name, facts.uid);
  }
  decision.summary =
      absl::StrCat(Count(decision.actions.size(), "pod"), " did not come up on virtual node ", node.key.node,
                   " within ", Say(cluster.burst.policy->start_timeout), ": no more of them go there for ",
                   Say(PauseOf(cluster.record.burst.provider)), ", and these wait for other room");
  decision.guards = {{"mode", true, absl::StrCat("policy ", cluster.burst.policy_name, ": enforce")}};
  decision.timings.judged = turn.now;
  turn.AnnounceStep(decision, "judged", true, "VirtualNodeFailing", decision.summary);
  ReleaseNext(turn, open);
}

void BackOffFromStuck(Turn& turn, Cluster& cluster, absl::Time& again) {
  Burst& burst = cluster.burst;
  if (!cluster.sight.api_reachable) {
    // L8: whether they come up is not seen. Their time is what follows the outage.
    for (auto& [name, since] : burst.starting) since = turn.now;
    if (!burst.starting.empty()) again = std::min(again, turn.now + kUnseenEvery);
    return;
  }
  std::map<std::string, std::vector<PodName>> by_node;
  std::string cause;
  bool failed_anew = false;
  for (const auto& [name, since] : burst.starting) {
    const absl::Time due = since + burst.policy->start_timeout;
    if (turn.now < due) {
      again = std::min(again, due);
      continue;
    }
    const PodFacts& facts = *cluster.pods.Find(name);
    by_node[facts.node];  // a failure, whether it can be moved or not; but of each pod one
    failed_anew = burst.blamed.insert(name).second || failed_anew;
    if (cause.empty()) {
      cause = absl::StrCat(PodText(name.name_space, name.name), " did not come up on virtual node ",
                           facts.node, " within ", Say(burst.policy->start_timeout),
                           facts.waiting_reason.empty() ? "" : absl::StrCat(": ", facts.waiting_reason));
    }
    if (!facts.controller.uid.empty()) by_node[facts.node].push_back(name);
  }
  if (by_node.empty()) return;
  if (failed_anew && NoteProviderFailure(cluster.record.burst.provider, turn.now, cause)) {
    turn.RecordChanged(cluster);
  }
  if (!RulesVirtualNodes(burst) || !MayAct(cluster) || cluster.sight.blind) return;
  for (const auto& [node_name, pods] : by_node) {
    Node* node = turn.FindNode({cluster.name, node_name});
    if (pods.empty() || node == nullptr || turn.FindOpen(node->open_decision) != nullptr) continue;
    // Asked once: what is not gone by it has its time again.
    for (const PodName& name : pods) burst.starting[name] = turn.now;
    again = std::min(again, turn.now + burst.policy->start_timeout);
    GiveUpOn(turn, cluster, *node, pods);
  }
}

// ---- the valve ----

bool HasReadyVirtualNode(const Cluster& cluster) {
  return std::any_of(cluster.burst.virtual_nodes.begin(), cluster.burst.virtual_nodes.end(),
                     [&cluster](const std::string& name) {
                       const auto node = cluster.nodes.find(name);
                       return node != cluster.nodes.end() && node->second.facts && node->second.facts->ready;
                     });
}

// Of the kinds of pods that are on virtual nodes: one of the first of them stands for all.
bool HasRealRoom(const Cluster& cluster) {
  for (const std::string& node : cluster.burst.virtual_nodes) {
    for (const PodName& name : cluster.pods.OnNode(node)) {
      if (!HasBurst(*cluster.pods.Find(name))) continue;
      const PodNeed each{.requests = cluster.pods.Find(name)->requests};
      return cluster.burst.real_room.HowManyFit(each, 1) > 0;
    }
  }
  return false;
}

Decision PlanBurst(const Cluster& cluster, absl::Time now) {
  const Burst& burst = cluster.burst;
  Decision decision;
  size_t pods = 0;
  for (const auto& [name, pod] : burst.pressing) {
    if (!Counts(cluster, name, pod, now)) continue;
    if (++pods > kMostPressingNamed) continue;
    decision.evidence.push_back({pod.since, "Kubernetes",
                                 absl::StrCat(PodText(name.name_space, name.name),
                                              " finds no node: ", cluster.pods.Find(name)->waiting_reason),
                                 Direction::kNeither});
  }
  decision.summary =
      absl::StrCat(Count(pods, "pod"), pods == 1 ? " finds" : " find",
                   " no room on real nodes: virtual nodes are to take ", pods == 1 ? "it" : "them");
  for (const std::string& name : burst.virtual_nodes) {
    const auto node = cluster.nodes.find(name);
    if (node == cluster.nodes.end() || !node->second.facts) continue;
    if (!node->second.facts->ready || !node->second.facts->valve_taint) continue;
    AddAction(decision, 1, ActionKind::kOpenValve, "", name, node->second.facts->uid);
  }
  decision.timings.detected = PressingSince(cluster, now);
  decision.timings.judged = now;
  return decision;
}

void RecordRefusedBurst(Turn& turn, Cluster& cluster, Decision decision, const GuardAnswer& refusal) {
  if (!cluster.burst.refused_by.insert(refusal.guard).second) return;
  const bool observed = refusal.guard == "mode";
  for (Action& action : decision.actions) {
    action.state = ActionState::kSkipped;
    action.result = observed ? "the mode is observe" : absl::StrCat("the guard ", refusal.guard, " refused");
  }
  decision.outcome =
      observed ? "Nothing was done: the mode is observe"
               : absl::StrCat("Nothing was done: the guard ", refusal.guard, " refused: ", refusal.reason);
  const DecisionId id =
      turn.Record(DecisionKind::kBurst, cluster,
                  observed ? DecisionState::kObserved : DecisionState::kRefused, std::move(decision));
  Decision& recorded = turn.state.open.at(id).decision;
  SetPolicy(cluster.burst, recorded);
  cluster.burst.last_decision = id;
  turn.AnnounceStep(recorded, "judged", !observed, observed ? "BurstObserved" : "BurstRefused",
                    absl::StrCat(recorded.summary, ". ", recorded.outcome));
}

void OpenBurst(Turn& turn, Cluster& cluster, Decision plan) {
  Burst& burst = cluster.burst;
  OpenDecision& open = turn.Open(DecisionKind::kBurst, cluster);
  Decision& decision = open.decision;
  SetPolicy(burst, decision);
  decision.summary = std::move(plan.summary);
  decision.evidence = std::move(plan.evidence);
  decision.guards = std::move(plan.guards);
  decision.actions = std::move(plan.actions);
  decision.timings = plan.timings;
  decision.timings.intended = turn.now;
  burst.open_decision = burst.last_decision = decision.id;
  burst.opened.reset();
  burst.refused_by.clear();
  cluster.open.insert(decision.id);
  NoteBurst(cluster.record.burst.damping, turn.now);
  turn.RecordChanged(cluster);
  turn.AnnounceStep(decision, "judged", false, "BurstBegins", decision.summary);
  ReleaseNext(turn, open);
}

void TryBurst(Turn& turn, Cluster& cluster, absl::Time& again) {
  const absl::Time backed_off = BackOffEnds(cluster.record.burst.provider);
  if (turn.now < backed_off) again = std::min(again, backed_off);
  std::vector<GuardAnswer> guards = AskBurstGuards(FactsAt(StandingOf(cluster, turn.now), turn.now));
  const GuardAnswer* refused = FirstRefusal(guards);
  if (refused != nullptr && cluster.burst.refused_by.contains(refused->guard)) return;
  Decision plan = PlanBurst(cluster, turn.now);
  if (refused != nullptr) {
    const GuardAnswer refusal = *refused;
    plan.guards = std::move(guards);
    return RecordRefusedBurst(turn, cluster, std::move(plan), refusal);
  }
  if (plan.actions.empty()) return;  // they are open already
  plan.guards = std::move(guards);
  OpenBurst(turn, cluster, std::move(plan));
}

void ReviewOpenBurst(Turn& turn, Cluster& cluster, OpenDecision& open, absl::Time& again) {
  Burst& burst = cluster.burst;
  if (!AllEnded(open.decision) || !burst.opened) return;  // what is under way is waited for
  if (!RulesVirtualNodes(burst)) {
    burst.opened.reset();
    return turn.Close(open, DecisionState::kCancelled,
                      "Its policy does not hold any more: they stay as they are");
  }
  ValveSight sight{.now = turn.now,
                   .open = true,
                   .pressing_since = PressingSince(cluster, turn.now),
                   .last_pressed = std::max(burst.last_pressed, *burst.opened),
                   .virtual_nodes = HasReadyVirtualNode(cluster)};
  sight.real_room = !sight.pressing_since && HasRealRoom(cluster);
  const BurstGuardFacts facts = FactsAt(StandingOf(cluster, turn.now), turn.now);
  if (!facts.caps.allowed) sight.not_any_more = facts.caps.reason;
  if (turn.now < BackOffEnds(facts.provider)) sight.not_any_more = "pods do not come up on virtual nodes";
  const ValveAdvice advice = AskValve(sight);
  again = std::min(again, advice.again);
  if (advice.step != ValveStep::kClose) return;
  open.unneeded = advice.reason;
  CloseValves(turn, cluster, open);
}

// The valve stands other than it should while no burst is open. True: a decision on it is open now.
bool SetValves(Turn& turn, Cluster& cluster, absl::Time& again) {
  Burst& burst = cluster.burst;
  const bool rules = RulesVirtualNodes(burst);
  Decision plan;
  const auto act = [&](const std::string& name, ActionKind kind) {
    const auto node = cluster.nodes.find(name);
    if (node == cluster.nodes.end() || !node->second.facts) return;
    const auto pause = burst.not_as_due.find(name);
    if (pause != burst.not_as_due.end() && turn.now < pause->second.from) {
      again = std::min(again, pause->second.from);
      return;
    }
    AddAction(plan, 1, kind, "", name, node->second.facts->uid);
  };
  if (rules) {
    for (const std::string& name : burst.virtual_nodes) {
      if (!burst.tainted.contains(name)) act(name, ActionKind::kCloseValve);
    }
  }
  // A policy that is paused leaves them as they are.
  const bool leaves = burst.policy && burst.policy->paused;
  for (const std::string& name : burst.tainted) {
    // That nodes are closed harms nobody in blindness; that they are open may.
    if (leaves || cluster.sight.blind) break;
    if (!(rules && burst.virtual_nodes.contains(name))) act(name, ActionKind::kOpenValve);
  }
  if (plan.actions.empty() || !MayAct(cluster)) return false;
  OpenDecision& open = turn.Open(DecisionKind::kValve, cluster);
  open.decision.actions = std::move(plan.actions);
  SetPolicy(burst, open.decision);
  open.decision.summary =
      rules ? "Virtual nodes are closed to new pods until real ones have no room"
            : "Virtual nodes are open to whoever tolerates them: no policy of Evenkeel rules them any more";
  open.decision.timings.judged = turn.now;
  burst.open_decision = open.decision.id;
  cluster.open.insert(open.decision.id);
  ReleaseNext(turn, open);
  return true;
}

void ReviewValve(Turn& turn, Cluster& cluster, absl::Time& again) {
  Burst& burst = cluster.burst;
  if (OpenDecision* open = turn.FindOpen(burst.open_decision)) {
    if (open->decision.kind == DecisionKind::kBurst) ReviewOpenBurst(turn, cluster, *open, again);
    return;
  }
  if (SetValves(turn, cluster, again) || !burst.policy) return;
  if (turn.now < burst.no_burst.from) {
    again = std::min(again, burst.no_burst.from);
    return;
  }
  const ValveAdvice advice = AskValve({.now = turn.now,
                                       .open = false,
                                       .pressing_since = PressingSince(cluster, turn.now),
                                       .virtual_nodes = HasReadyVirtualNode(cluster)});
  again = std::min(again, advice.again);
  if (advice.step == ValveStep::kOpen) TryBurst(turn, cluster, again);
}

}  // namespace

void OnBurstDue(Turn& turn, Cluster& cluster) {
  Burst& burst = cluster.burst;
  burst.next_look = absl::InfiniteFuture();
  burst.looked = turn.now;
  // Before the first list its pods are not complete: whoever tells of the API asks for a look.
  if (!cluster.sight.listed) return PublishBurst(turn, cluster);
  absl::Time again = absl::InfiniteFuture();
  CountUse(turn, cluster, again);
  if (burst.policy) {
    NoteHelpless(turn, cluster, again);
    BackOffFromStuck(turn, cluster, again);
    MarkPods(turn, cluster, again);
    const absl::Time used_up =
        UsedUpAt(burst.policy->caps, burst.policy->prices, cluster.record.burst.ledger);
    if (used_up > turn.now) again = std::min(again, used_up);
  }
  ReviewValve(turn, cluster, again);
  ReviewDrainBacks(turn, cluster, again);
  ReviewHeadroom(turn, cluster, again);
  PublishBurst(turn, cluster);
  again = std::max(again, turn.now + kBurstLookEvery);
  if (again >= burst.next_look || again == absl::InfiniteFuture()) return;
  burst.next_look = again;
  turn.state.timers.Set({TimerKind::kBurst, {cluster.name, ""}, {}}, again);
}

std::string WhyNotOpen(const Cluster& cluster, absl::Time now) {
  if (!cluster.burst.policy) return "no policy rules them any more";
  if (!PressingSince(cluster, now)) return "no pod is without a node any more";
  BurstGuardFacts facts = FactsAt(StandingOf(cluster, now), now);
  facts.open_decision.clear();  // it is the one that is asked for
  const std::vector<GuardAnswer> guards = AskBurstGuards(facts);
  const GuardAnswer* refusal = FirstRefusal(guards);
  return refusal == nullptr ? "" : refusal->reason;
}

Resources PressingRequests(const Cluster& cluster, absl::Time now) {
  Resources all;
  for (const auto& [name, pod] : cluster.burst.pressing) {
    if (Counts(cluster, name, pod, now)) all += cluster.pods.Find(name)->requests;
  }
  return all;
}

const Resources& SumPressing(Cluster& cluster, absl::Time now) {
  PressingSum& sum = cluster.burst.pressing_sum;
  if (now < sum.until) return sum.requests;
  sum.requests = PressingRequests(cluster, now);
  sum.until = now + kBurstLookEvery;
  for (const auto& [name, pod] : cluster.burst.pressing) {
    if (IsHelpless(pod, now)) sum.until = std::min(sum.until, pod.helpless_until);
  }
  return sum.requests;
}

void PressingChanged(Cluster& cluster) {
  cluster.burst.pressing_sum.until = absl::InfinitePast();
}

Resources UseOfVirtualNodes(const Cluster& cluster) {
  Resources use;
  for (const std::string& node : cluster.burst.virtual_nodes) use += cluster.pods.BurstTo(node);
  return use;
}

absl::Time PressesSince(const Cluster& cluster, const PodName& name, const PressingPod& pod) {
  const bool stand = !cluster.record.burst.headroom.name_space.empty();
  if (!stand && pod.since >= cluster.burst.headroom.changed + kMakeWay) return pod.since;
  const PodNeed need{.requests = cluster.pods.Find(name)->requests};
  return cluster.burst.real_room.HowManyFit(need, 1) > 0 ? pod.since + kMakeWay : pod.since;
}

}  // namespace evenkeel::coordinator
