#include "tests/simulation/burst_laws.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/back_off.h"
#include "coordinator/core/burst/valve.h"
#include "coordinator/core/burst/victims.h"
#include "coordinator/core/words.h"
#include "tests/simulation/burst_truth.h"

namespace evenkeel::simulation {

using namespace coordinator;  // laws are about the core's words

namespace {

// Steps of a turn, and looks, do not come at once.
constexpr absl::Duration kSlack = absl::Milliseconds(150);
// What happened so long before the valve was opened may not have been seen by then.
constexpr absl::Duration kUnseen = absl::Seconds(1);
// Without trouble for so long, everything has been seen and what waited has been done.
constexpr absl::Duration kCalm = absl::Seconds(10);
// The same of what is asked again after failures, in growing pauses.
constexpr absl::Duration kLongCalm = absl::Seconds(90);
// A valve that nobody presses is closed within its hold and so much.
constexpr absl::Duration kClosedWithin = absl::Seconds(3);
// A pod must have been on a virtual node for so long to be marked for sure.
constexpr absl::Duration kMarkedWithin = absl::Seconds(5);

bool IsOfBursts(DecisionKind kind) {
  return kind == DecisionKind::kBurst || kind == DecisionKind::kValve || kind == DecisionKind::kFirstToGo ||
         kind == DecisionKind::kBackOff || kind == DecisionKind::kDrainBack;
}

bool PressesFor(const PodFacts& facts) {
  return facts.unschedulable && facts.node.empty() && facts.tolerates && IsThere(facts);
}

bool HasAction(const Decision& decision, ActionKind kind, bool done) {
  return std::any_of(decision.actions.begin(), decision.actions.end(), [&](const Action& action) {
    return action.kind == kind && (!done || action.state == ActionState::kDone);
  });
}

}  // namespace

absl::Time BurstLaws::Stepped() const {
  return world_->now() - world_->host().turn_took();
}

std::string BurstLaws::Text(const Decision& decision) const {
  return absl::StrCat("decision ", decision.id.ToString(), " (", Spaced(Word(decision.kind)), ")");
}

// ---- what is durable ----

void BurstLaws::OnDurable(const std::vector<Write>& writes) {
  if (!world_->kubernetes().has_virtual_nodes()) return;
  for (const Write& write : writes) {
    const auto* put = std::get_if<PutDecision>(&write);
    if (put == nullptr || !IsOfBursts(put->decision.kind)) continue;
    const Decision& decision = put->decision;
    const bool ends = decision.state != DecisionState::kOpen;
    if (known_.insert(decision.id).second && !ends) fresh_.push_back(decision);
    CheckChanges(decision);
    if (decision.kind == DecisionKind::kBurst) {
      if (!ends && open_ != decision.id) {
        open_ = decision.id;
        intended_ = decision.timings.intended.value_or(world_->now());
        scaled_.clear();
        late_ = false;
      }
      if (ends && open_ == decision.id) open_.reset();
      opened_.reset();
      if (open_ == decision.id && HasAction(decision, ActionKind::kOpenValve, true) &&
          !HasAction(decision, ActionKind::kCloseValve, false)) {
        opened_ = world_->now();
      }
    }
    if (decision.kind != DecisionKind::kDrainBack || decision.actions.empty()) continue;
    Surged& surged =
        surged_.try_emplace(decision.id, Surged{.decision = {}, .since = world_->now()}).first->second;
    surged.decision = decision;
    if (ends) surged.ended = std::min(surged.ended, world_->now());
  }
}

// A drain-back is a surge within its bounds, evictions, and the way back to what was wanted.
void BurstLaws::CheckChanges(const Decision& decision) {
  if (decision.kind != DecisionKind::kDrainBack || decision.actions.empty()) return;
  const auto& first = decision.actions.front().replicas;
  if (!first || first->to <= first->from)
    return violated_("L9", absl::StrCat(Text(decision), " adds no pods"));
  const Policy* policy = BurstPolicyOf(*world_);
  const auto most = [&](const Policy* by) { return by == nullptr ? 0 : by->burst().drain_back.surge; };
  const int64_t surge = std::max(most(policy), most(policy_before_ ? &*policy_before_ : nullptr));
  if (decision.actions.size() == 1 && decision.state == DecisionState::kOpen &&
      !HasAction(decision, ActionKind::kSetReplicas, true) && decision.actions.front().attempts <= 1 &&
      surge > 0 && first->to - first->from > surge) {
    violated_("L9", absl::StrCat(Text(decision), " adds ", first->to - first->from, " pods, and ", surge,
                                 " may be"));
  }
  for (const Action& action : decision.actions) {
    if (!action.replicas || action.number == 1) continue;
    if (action.replicas->to != first->from || action.replicas->from != first->to)
      violated_("L9",
                absl::StrCat(Text(decision), " does not go back to the ", first->from, " that are wanted"));
  }
}

// ---- what it was told ----

void BurstLaws::HearOfPod(const std::string& name, const PodFacts* facts) {
  if (facts == nullptr) {
    told_.erase(name);
    return;
  }
  Told& told = told_[name];
  const bool same = told.facts.uid == facts->uid;
  told.facts = *facts;
  if (!PressesFor(*facts)) {
    told.presses_since.reset();
  } else if (!told.presses_since || !same) {
    told.presses_since = Stepped();
  }
}

void BurstLaws::Hear(const Event& event) {
  if (const auto* observed = std::get_if<PodObserved>(&event)) {
    HearOfPod(observed->pod.name, &observed->facts);
  } else if (const auto* gone = std::get_if<PodGone>(&event)) {
    HearOfPod(gone->pod.name, nullptr);
  } else if (const auto* observed = std::get_if<WorkloadPodObserved>(&event)) {
    workloads_[observed->workload].pods[observed->pod_uid] = observed->facts;
  } else if (const auto* gone = std::get_if<WorkloadPodGone>(&event)) {
    workloads_[gone->workload].pods.erase(gone->pod_uid);
  } else if (const auto* gone = std::get_if<WorkloadGone>(&event)) {
    workloads_.erase(gone->workload);
  }
}

BurstLaws::Sight BurstLaws::Look() const {
  Sight sight{.least = {.pods = 0}};
  for (const auto& [name, told] : told_) {
    const PodFacts& pod = told.facts;
    if (told.presses_since) {
      const absl::Duration since = Stepped() - *told.presses_since;
      sight.presses = true;
      sight.ripe = sight.ripe || since >= kPressFor - kSlack;
      // One that presses for longer may have been found to be beyond help.
      if (since < kValveHelps - kSlack) sight.least += pod.requests;
    } else if (!pod.node.empty() && world_->kubernetes().IsVirtual(pod.node) && IsThere(pod) &&
               pod.controller.kind != "DaemonSet") {
      sight.least += pod.requests;
    }
  }
  return sight;
}

void BurstLaws::Widen(Sight& sight, const Sight& other) {
  sight.presses = sight.presses || other.presses;
  sight.ripe = sight.ripe || other.ripe;
  sight.least.pods = std::min(sight.least.pods, other.least.pods);
  sight.least.cpu_millicores = std::min(sight.least.cpu_millicores, other.least.cpu_millicores);
}

// ---- a turn ----

void BurstLaws::OnTurn(const std::vector<Event>& events, const Effects& effects, const Doubt& doubt) {
  if (!world_->kubernetes().has_virtual_nodes()) return;
  const std::vector<Decision> fresh = std::exchange(fresh_, {});
  const absl::Time now = world_->now();
  const Policy* policy = BurstPolicyOf(*world_);
  const auto record = world_->disk().clusters.find(kCluster);
  const bool paused = record != world_->disk().clusters.end() && record->second.pause;
  const CoordinatorHost& host = world_->host();
  if (doubt.away || paused || host.paused() || world_->knobs() != Knobs{} || world_->kubernetes().away() ||
      host.turn_took() > absl::Milliseconds(100)) {
    unseen_ = trouble_ = now;
  }
  if (doubt.blind) trouble_ = now;
  if (!AllIsWell()) unwell_ = now;
  if (!Rules(policy) || ruled_by_ != policy->burst()) {
    ruled_since_ = Rules(policy) ? now : absl::InfiniteFuture();
    ruled_by_ = policy == nullptr ? std::nullopt : std::optional<BurstPolicy>(policy->burst());
  }

  // Of each drain-back that hands out evictions: the most Ready pods besides those that go by them.
  std::map<DecisionId, int64_t> ready;
  for (const ReleasedAction& released : effects.actions) {
    const auto decision = world_->disk().decisions.find(released.decision);
    if (decision == world_->disk().decisions.end()) continue;
    const bool evicts = released.action.kind == ActionKind::kEvictPod;
    if (evicts && decision->second.kind == DecisionKind::kDrainBack) ready[released.decision] = 0;
  }
  const auto count_ready = [&] {
    for (auto& [id, most] : ready) {
      const Decision& decision = world_->disk().decisions.at(id);
      most = std::max(most, ReadyToldBut(decision.workload, OnTheirWay(decision)));
    }
  };
  count_ready();
  Sight sight = Look();
  std::set<std::string> unready = UnreadyTold(effects.actions);
  for (const Event& event : events) {
    Hear(event);
    count_ready();
    if (!fresh.empty() || !effects.actions.empty()) {
      Widen(sight, Look());
      unready.merge(UnreadyTold(effects.actions));
    }
  }
  for (const ReleasedAction& released : effects.actions) {
    const auto decision = world_->disk().decisions.find(released.decision);
    if (decision == world_->disk().decisions.end()) continue;
    const DecisionKind kind = decision->second.kind;
    if (kind == DecisionKind::kBurst && released.action.kind == ActionKind::kOpenValve) {
      L9OnlyWhatHasNoRoomIsLetIn(decision->second, sight);
    }
    if (kind == DecisionKind::kBackOff && !unready.contains(released.action.uid)) {
      violated_("L9",
                absl::StrCat(Text(decision->second), " evicts ", released.action.name, ", which is Ready"));
    }
  }
  for (const auto& [id, most] : ready) {
    const Decision& decision = world_->disk().decisions.at(id);
    const int64_t wanted = decision.actions.front().replicas->from;
    if (most < wanted) {
      violated_("L9", absl::StrCat(Text(decision), " evicts pods of ", decision.workload.name, " and leaves ",
                                   most, " Ready, and ", wanted, " are wanted"));
    }
  }
  for (const Decision& decision : fresh) Opened(decision, sight);
  for (const auto& [name, told] : told_) {
    if (told.presses_since) last_pressed_ = now;
  }
  L9CapsAreHeldByWhatIsBound();
  L9TheValveIsClosedInTime();
  L9AsManyAreReadyAsAreWanted();
  policy_before_ = policy == nullptr ? std::nullopt : std::optional<Policy>(*policy);
  record_before_ = record == world_->disk().clusters.end() ? std::nullopt
                                                           : std::optional<BurstRecord>(record->second.burst);
}

void BurstLaws::OnCrash() {
  fresh_.clear();
  told_.clear();
  workloads_.clear();
  unseen_ = trouble_ = world_->now();
}

std::set<std::string> BurstLaws::OnTheirWay(const Decision& decision) {
  std::set<std::string> uids;
  for (const Action& action : decision.actions) {
    if (action.kind == ActionKind::kEvictPod && action.state == ActionState::kReleased)
      uids.insert(action.uid);
  }
  return uids;
}

int64_t BurstLaws::ReadyToldBut(const Workload& workload, const std::set<std::string>& uids) const {
  const auto told = workloads_.find(workload);
  if (told == workloads_.end()) return 0;
  return std::count_if(told->second.pods.begin(), told->second.pods.end(), [&uids](const auto& pod) {
    return pod.second.ready && !pod.second.deleting && !uids.contains(pod.first);
  });
}

void BurstLaws::Opened(const Decision& decision, const Sight& sight) {
  const Policy* policy = BurstPolicyOf(*world_);
  const bool rules = Rules(policy) || Rules(policy_before_ ? &*policy_before_ : nullptr);
  const bool only_opens =
      decision.kind == DecisionKind::kValve && !HasAction(decision, ActionKind::kCloseValve, false);
  if (!rules && !only_opens) violated_("L9", absl::StrCat(Text(decision), " is opened, and no policy rules"));
  if (decision.kind != DecisionKind::kBurst) return;
  if (!sight.ripe)
    violated_("L9", absl::StrCat(Text(decision), " is opened, and no pod has found no room for long enough"));
  const auto record = world_->disk().clusters.find(kCluster);
  if (record_before_ && record != world_->disk().clusters.end() &&
      record_before_->provider == record->second.burst.provider &&
      BackOffEnds(record_before_->provider) > Stepped() + kSlack) {
    violated_("L9",
              absl::StrCat(Text(decision), " is opened while a provider that fails is to be left alone"));
  }
}

// Of those that are to be evicted: which are told not to be Ready, or not to be there.
std::set<std::string> BurstLaws::UnreadyTold(const std::vector<ReleasedAction>& actions) const {
  std::set<std::string> unready;
  for (const ReleasedAction& released : actions) {
    if (released.action.kind != ActionKind::kEvictPod) continue;
    const auto told = told_.find(released.action.name);
    const bool ready =
        told != told_.end() && told->second.facts.uid == released.action.uid && told->second.facts.ready;
    if (!ready) unready.insert(released.action.uid);
  }
  return unready;
}

// By the scheduler's own word, whenever it is asked for, and not by what was true before.
void BurstLaws::L9OnlyWhatHasNoRoomIsLetIn(const Decision& decision, const Sight& sight) {
  if (!sight.presses)
    violated_("L9", absl::StrCat(Text(decision), " opens a valve, and every pod has a node"));
  L9CapsAreHeldByWhatIsLetIn(decision, sight);
}

// What is there and what presses fit under the caps together: a valve cannot choose.
void BurstLaws::L9CapsAreHeldByWhatIsLetIn(const Decision& decision, const Sight& sight) {
  const auto breaks = [&sight](const Policy& policy) {
    const BurstCaps& caps = policy.burst().caps;
    return (caps.pods && sight.least.pods > *caps.pods) ||
           (caps.cpu_millicores && sight.least.cpu_millicores > *caps.cpu_millicores);
  };
  const Policy* policy = BurstPolicyOf(*world_);
  if (policy == nullptr || !breaks(*policy) || (policy_before_ && !breaks(*policy_before_))) return;
  violated_("L9", absl::StrCat(Text(decision), " is opened for ", sight.least.pods, " pods that ask for ",
                               sight.least.cpu_millicores, "m together, which is past a cap"));
}

// ---- what is true ----

bool BurstLaws::AllIsWell() const {
  for (const auto& [name, machine] : world_->machines()) {
    const bool well = machine.AgentRuns() && machine.kubelet && machine.symptoms.empty() &&
                      !machine.cut_from_api && !machine.cut_from_coordinator;
    if (!well) return false;
  }
  for (const auto& [name, node] : world_->kubernetes().nodes()) {
    if (!node.ready || node.failover_taint || node.gray_taint || node.out_of_service) return false;
  }
  return true;
}

// What others make while the valve is open goes through, and nothing else.
void BurstLaws::L9CapsAreHeldByWhatIsBound() {
  const Resources use = UseOfVirtualNodes(*world_);
  const int64_t pods_before = std::exchange(virtual_pods_, use.pods);
  const int64_t cpu_before = std::exchange(virtual_cpu_, use.cpu_millicores);
  const Policy* policy = BurstPolicyOf(*world_);
  if (!Rules(policy)) return;
  const BurstCaps& caps = policy->burst().caps;
  const bool more_pods = caps.pods && use.pods > *caps.pods && use.pods > pods_before;
  const bool more_cpu =
      caps.cpu_millicores && use.cpu_millicores > *caps.cpu_millicores && use.cpu_millicores > cpu_before;
  if (!more_pods && !more_cpu) return;
  const absl::Time from = intended_ - kUnseen;
  if (from < std::max(trouble_ + kCalm, ruled_since_ + kCalm)) return;
  int64_t others = 0;
  int64_t others_cpu = 0;
  for (const auto& [name, spec] : world_->kubernetes().workloads()) {
    if (!spec.tolerates_virtual) continue;
    int64_t made = 0;
    for (const auto& [pod_name, pod] : world_->kubernetes().pods()) {
      if (pod.controller.name != name || !IsThere(pod)) continue;
      if (world_->kubernetes().scaling().Created(pod.uid) >= from) ++made;
    }
    const auto scaled = scaled_.find(name);
    const int64_t by_us = scaled == scaled_.end() ? 0 : std::max<int64_t>(scaled->second, 0);
    others += std::max<int64_t>(made - by_us, 0);
    others_cpu += std::max<int64_t>(made - by_us, 0) * spec.requests.cpu_millicores;
  }
  const bool broken = (more_pods && use.pods > *caps.pods + others) ||
                      (more_cpu && use.cpu_millicores > *caps.cpu_millicores + others_cpu);
  if (!broken) return world_->marks().Hit("past a cap by other hands");
  violated_("L9", absl::StrCat(use.pods, " pods that ask for ", use.cpu_millicores,
                               "m are on virtual nodes, which is past a cap, and others have made ", others,
                               " since they were opened"));
}

// Whatever is doubted of nodes: to close it needs the API and its pods, and nothing else.
void BurstLaws::L9TheValveIsClosedInTime() {
  if (!open_ || !opened_ || late_) return;
  const absl::Time since = std::max(
      {*opened_, last_pressed_, unseen_ + kCalm, ruled_since_ + kCalm, world_->host().started() + kCalm});
  if (world_->now() - since <= kValveHold + kClosedWithin) return;
  late_ = true;
  violated_("L9",
            absl::StrCat("virtual nodes are open by ", open_->ToString(), ", and nothing has pressed for ",
                         absl::FormatDuration(world_->now() - last_pressed_)));
}

// From the surge of a drain-back until a little after its end.
void BurstLaws::L9AsManyAreReadyAsAreWanted() {
  for (auto it = surged_.begin(); it != surged_.end();) {
    Surged& surged = it->second;
    if (world_->now() > surged.ended + kCalm) {
      it = surged_.erase(it);
      continue;
    }
    ++it;
    const Decision& decision = surged.decision;
    const absl::Time calm = std::max(
        {trouble_, unwell_, ruled_since_ == absl::InfiniteFuture() ? world_->now() : absl::InfinitePast(),
         world_->kubernetes().scaling().LastHand(decision.workload.name)});
    if (surged.broken || calm + kCalm > surged.since) continue;
    const auto spec = world_->kubernetes().workloads().find(decision.workload.name);
    if (spec == world_->kubernetes().workloads().end() || !spec->second.starts) continue;
    const int64_t wanted = std::min<int64_t>(decision.actions.front().replicas->from, spec->second.replicas);
    int64_t ready = 0;
    for (const auto& [name, pod] : world_->kubernetes().pods()) {
      if (pod.controller.name == decision.workload.name && pod.ready && !pod.deleting) ++ready;
    }
    world_->marks().Hit("a drain-back is watched");
    if (ready >= wanted) continue;
    surged.broken = true;
    violated_("L9", absl::StrCat(Text(decision), " has left ", ready, " pods of ", decision.workload.name,
                                 " Ready, and ", wanted, " are wanted"));
  }
}

// ---- what happens ----

// The controller is about to choose: pods on virtual nodes are to go first.
void BurstLaws::OnScaled(const ReleasedAction& released) {
  const ReplicaChange& change = *released.action.replicas;
  scaled_[released.action.name] += change.to - change.from;
  const auto& decisions = world_->disk().decisions;
  const auto decision = decisions.find(released.decision);
  if (decision == decisions.end() || change.to >= change.from) return;
  const auto spec = world_->kubernetes().workloads().find(released.action.name);
  const absl::Time now = world_->now();
  if (spec == world_->kubernetes().workloads().end() || spec->second.kind != "ReplicaSet") return;
  if (decision->second.kind != DecisionKind::kScale) return;
  if (now < std::max({trouble_, unwell_, ruled_since_}) + kLongCalm) return;
  std::vector<std::string> active;
  const auto& pods = world_->kubernetes().pods();
  for (const auto& [name, pod] : pods) {
    if (pod.controller.name == spec->first && IsThere(pod)) active.push_back(name);
  }
  active = world_->kubernetes().scaling().InOrderOfRemoval(std::move(active));
  // What was evicted before is on its way, and its successors are none that anybody misses.
  const auto stay = static_cast<size_t>(change.to);
  if (stay == 0 || stay >= active.size()) return;
  const size_t go = active.size() - stay;
  const auto on_virtual = [&](const PodFacts& pod) { return world_->kubernetes().IsVirtual(pod.node); };
  const bool real_goes =
      std::any_of(active.begin(), active.begin() + static_cast<int64_t>(go),
                  [&](const auto& name) { return pods.at(name).ready && !on_virtual(pods.at(name)); });
  if (!real_goes) return;
  std::set<std::string> asked;  // evictions that came to nothing, too
  for (const Action& action : decision->second.actions) asked.insert(action.uid);
  for (auto name = active.begin() + static_cast<int64_t>(go); name != active.end(); ++name) {
    const PodFacts& pod = pods.at(*name);
    const bool long_there = world_->kubernetes().scaling().Bound(pod.uid) + kMarkedWithin < now;
    if (!pod.ready || !on_virtual(pod) || asked.contains(pod.uid) || !long_there) continue;
    return violated_("L9", absl::StrCat(Text(decision->second), " lets ", *name, " stay on ", pod.node,
                                        " while a pod on a real node goes"));
  }
  world_->marks().Hit("all on virtual nodes go first");
}

// ---- the end ----

std::string BurstLaws::NotConverged() const {
  const KubernetesModel& kubernetes = world_->kubernetes();
  const Policy* policy = BurstPolicyOf(*world_);
  const bool rules = Rules(policy);
  const bool paused = policy != nullptr && policy->burst().paused;
  for (const auto& [name, node] : kubernetes.nodes()) {
    const bool closed = rules && kubernetes.IsVirtual(name);
    if (node.valve_taint != closed && !paused)
      return absl::StrCat("L11: ", name, " is ", node.valve_taint ? "closed" : "open", " to new pods");
  }
  if (!rules) return "";
  for (const auto& [name, pod] : kubernetes.pods()) {
    if (pod.node.empty() || !kubernetes.IsVirtual(pod.node) || pod.controller.kind == "DaemonSet") continue;
    if (HeedsDeletionCost(kubernetes.server_minor()) && !pod.deletion_cost)
      return absl::StrCat("L11: ", name, " is on ", pod.node, " and not marked as the first to go");
    const auto spec = kubernetes.workloads().find(pod.controller.name);
    if (spec == kubernetes.workloads().end() || spec->second.kind != "ReplicaSet") continue;
    const bool scaled =
        std::any_of(world_->disk().policies.begin(), world_->disk().policies.end(), [&](const auto& entry) {
          const ScalePolicy* scale = entry.second.IfScale();
          return scale != nullptr && scale->target.name == spec->first &&
                 scale->mode == PolicyMode::kEnforce && !scale->paused;
        });
    if (!scaled || !policy->burst().drain_back.enabled || spec->second.blocked) continue;
    if (RealRoom(*world_, spec->second) > 0)
      return absl::StrCat("L11: ", name, " is on ", pod.node, " still, and real nodes have room for it");
  }
  return "";
}

}  // namespace evenkeel::simulation
