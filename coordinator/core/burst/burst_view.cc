#include "coordinator/core/burst/burst_view.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/damping.h"
#include "coordinator/core/burst/drain_backs.h"
#include "coordinator/core/burst/look_burst.h"

namespace evenkeel::coordinator {
namespace {

const Decision* FindOpen(const State& state, const std::optional<DecisionId>& id) {
  if (!id) return nullptr;
  const auto found = state.open.find(*id);
  const bool open = found != state.open.end() && found->second.decision.state == DecisionState::kOpen;
  return open ? &found->second.decision : nullptr;
}

ValveState ValveOf(const State& state, const Burst& burst) {
  if (!RulesVirtualNodes(burst)) return ValveState::kUnruled;
  const Decision* decision = FindOpen(state, burst.open_decision);
  if (decision != nullptr && decision->kind == DecisionKind::kBurst) {
    const bool closes =
        std::any_of(decision->actions.begin(), decision->actions.end(),
                    [](const Action& action) { return action.kind == ActionKind::kCloseValve; });
    if (closes) return ValveState::kClosing;
    return burst.opened ? ValveState::kOpen : ValveState::kOpening;
  }
  const bool all_closed = std::includes(burst.tainted.begin(), burst.tainted.end(),
                                        burst.virtual_nodes.begin(), burst.virtual_nodes.end());
  return all_closed ? ValveState::kClosed : ValveState::kClosing;
}

void AddNodes(const Cluster& cluster, BurstStatus& status) {
  const Burst& burst = cluster.burst;
  status.node_count = burst.virtual_nodes.size();
  for (const std::string& name : burst.virtual_nodes) {
    const auto node = cluster.nodes.find(name);
    const bool ready = node != cluster.nodes.end() && node->second.facts && node->second.facts->ready;
    status.any_ready = status.any_ready || ready;
    if (status.nodes.size() == kMostShownOfBurst) continue;
    status.nodes.push_back({.name = name,
                            .ready = ready,
                            .open = !burst.tainted.contains(name),
                            .use = cluster.pods.BurstTo(name)});
  }
}

void AddPressing(const Cluster& cluster, absl::Time now, BurstStatus& status) {
  using Entry = std::pair<const PodName, PressingPod>;
  std::vector<const Entry*> oldest;
  for (const Entry& entry : cluster.burst.pressing) {
    oldest.push_back(&entry);
    if (now < entry.second.helpless_until) {
      ++status.helpless_count;
    } else {
      status.pressing_since =
          std::min(status.pressing_since.value_or(absl::InfiniteFuture()), entry.second.since);
    }
  }
  status.pressing_count = oldest.size();
  const size_t shown = std::min(oldest.size(), kMostShownOfBurst);
  std::partial_sort(oldest.begin(), oldest.begin() + static_cast<std::ptrdiff_t>(shown), oldest.end(),
                    [](const Entry* a, const Entry* b) {
                      return std::tie(a->second.since, a->first) < std::tie(b->second.since, b->first);
                    });
  for (size_t i = 0; i < shown; ++i) {
    const auto& [name, pod] = *oldest[i];
    PressingStatus& added = status.pressing.emplace_back();
    added.pod = name;
    added.since = pod.since;
    if (now < pod.helpless_until) added.helpless_until = pod.helpless_until;
    added.waits_for = cluster.pods.Find(name)->waiting_reason;
  }
}

// By scaler: its pods on virtual nodes. Those with a drain-back under way are there, too, with none.
std::map<std::string, int64_t> CountByScaler(const State& state, const Cluster& cluster, int64_t& strangers) {
  std::map<std::string, int64_t> pods;
  for (const std::string& node : cluster.burst.virtual_nodes) {
    for (const PodName& name : cluster.pods.OnNode(node)) {
      const PodFacts& facts = *cluster.pods.Find(name);
      if (!HasBurst(facts) || facts.deleting || HasEnded(facts)) continue;
      if (cluster.scaled_pods.First(facts.uid) == nullptr) ++strangers;
      cluster.scaled_pods.ForEach(
          facts.uid, [&pods](const Scaler& scaler, const ScaledPod&) { ++pods[scaler.record.policy]; });
    }
  }
  for (const DecisionId& id : cluster.open) {
    const Decision* decision = FindOpen(state, id);
    if (decision == nullptr || decision->kind != DecisionKind::kDrainBack) continue;
    const auto scaler = cluster.scaled.find(decision->workload);
    if (scaler != cluster.scaled.end()) pods[scaler->second];
  }
  return pods;
}

void AddHomeward(const State& state, const Cluster& cluster, absl::Time now, BurstStatus& status) {
  const DrainBackPolicy& policy = cluster.burst.policy->drain_back;
  status.brings_home = policy.enabled;
  status.damping = cluster.record.burst.damping;
  status.room_after = RoomAfter(policy, status.damping);
  for (const auto& [name, pods] : CountByScaler(state, cluster, status.strangers)) {
    const auto found = state.scalers.find(name);
    if (found == state.scalers.end() || status.homeward.size() == kMostShownOfBurst) continue;
    const Scaler& scaler = found->second;
    HomewardStatus& added = status.homeward.emplace_back();
    added.scaler = name;
    added.workload = scaler.policy.target;
    added.pods = pods;
    const Decision* decision = FindOpen(state, scaler.open_decision);
    if (decision != nullptr && decision->kind == DecisionKind::kDrainBack) {
      added.decision = decision->id;
      if (const std::optional<Surge> surge = SurgeOf(*decision)) added.surge = surge->to - surge->from;
      continue;
    }
    added.waits_for = scaler.drain_back.waits_for;
    added.not_before = scaler.drain_back.not_before;
  }
  if (status.homeward.empty()) return;
  const absl::Time ready = cluster.burst.real_room.FirstReadyAfter(now - status.room_after);
  if (ready != absl::InfiniteFuture()) status.room_from = ready + status.room_after;
}

void AddHeadroom(const State& state, const Cluster& cluster, BurstStatus& status) {
  const HeadroomPolicy& policy = cluster.burst.policy->headroom;
  const Headroom& headroom = cluster.burst.headroom;
  HeadroomStatus& shown = status.headroom;
  shown.placeholders = policy.placeholders;
  shown.webhook = !policy.webhook.empty();
  shown.deployment = headroom.watched;
  if (headroom.workload) {
    shown.number = headroom.workload->replicas;
    if (headroom.placed && headroom.placed->number > 0) shown.each = headroom.placed->each;
  } else {
    shown.unseen = headroom.unseen;
    shown.unknown = !headroom.absent && !cluster.record.burst.headroom.name_space.empty();
  }
  shown.asked = cluster.record.burst.headroom.asked;
  shown.asked_in_vain = headroom.asked_in_vain;
  if (FindOpen(state, headroom.open_change) != nullptr) shown.change = headroom.open_change;
  if (FindOpen(state, headroom.open_ask) != nullptr) shown.ask = headroom.open_ask;
}

}  // namespace

BurstLedger LedgerOf(const Cluster& cluster, absl::Time now) {
  BurstLedger ledger = cluster.record.burst.ledger;
  CountUp(ledger, now);  // by what was there until now
  if (!cluster.sight.listed) return ledger;
  const bool had_none = ledger.use.pods == 0;
  ledger.use = UseOfVirtualNodes(cluster);
  if (had_none && ledger.use.pods > 0) ledger.counted = now;
  return ledger;
}

BurstStanding StandingOf(const Cluster& cluster, absl::Time now) {
  const Burst& burst = cluster.burst;
  const BurstRecord& record = cluster.record.burst;
  return {.mode = burst.policy->mode,
          .policy = burst.policy_name,
          .policy_paused = burst.policy->paused,
          .pause = cluster.record.pause,
          .api_reachable = cluster.sight.api_reachable,
          .api_detail = cluster.sight.api_detail,
          .provider = record.provider,
          .caps = burst.policy->caps,
          .prices = burst.policy->prices,
          .ledger = LedgerOf(cluster, now),
          .pressing = PressingRequests(cluster, now),
          .open_decision = burst.open_decision};
}

BurstStatus StatusOf(const State& state, const Cluster& cluster, absl::Time now) {
  const Burst& burst = cluster.burst;
  BurstStatus status;
  status.cluster = cluster.name;
  status.standing = StandingOf(cluster, now);
  status.last = cluster.record.burst.last;  // durable
  status.listed = cluster.sight.listed;
  if (!status.listed) return status;
  status.valve = ValveOf(state, burst);
  if (status.valve == ValveState::kOpen) status.opened = burst.opened;
  AddNodes(cluster, status);
  AddPressing(cluster, now, status);
  AddHomeward(state, cluster, now, status);
  AddHeadroom(state, cluster, status);
  status.last_decision = burst.last_decision;
  return status;
}

bool IsSame(const BurstStatus& before, const BurstStatus& after) {
  BurstStatus aged = before;
  CountUp(aged.standing.ledger, after.standing.ledger.counted);
  return aged == after;
}

void PublishBurst(Turn& turn, Cluster& cluster) {
  std::optional<BurstStatus>& published = cluster.burst.published;
  if (!cluster.burst.policy) {
    if (published) turn.Tell(BurstGone{cluster.name});
    published.reset();
    return;
  }
  BurstStatus status = StatusOf(turn.state, cluster, turn.now);
  if (published && IsSame(*published, status)) return;
  published = status;
  turn.Tell(BurstChanged{std::move(status)});
}

}  // namespace evenkeel::coordinator
