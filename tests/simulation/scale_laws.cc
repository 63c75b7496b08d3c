#include "tests/simulation/scale_laws.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "coordinator/core/scale/advice.h"
#include "coordinator/core/scale/dead_pods.h"
#include "coordinator/core/scale/minimums.h"
#include "coordinator/core/scale/pod_groups.h"
#include "tests/simulation/burst_truth.h"

namespace evenkeel::simulation {

using namespace coordinator;  // laws are about the core's words

namespace {

constexpr absl::Duration kLongestWindow = absl::Hours(1);
// Steady noise turns the replicas round at most so often in ten minutes.
constexpr uint32_t kMostReversals = 1;
// An even share of the load may be told so much off: agents do not tell less than 1 %.
constexpr int64_t kPercentsOff[] = {100, 98, 102};

const ReplicaChange* ChangeOf(const Decision& decision) {
  for (const Action& action : decision.actions) {
    if (action.kind == ActionKind::kSetReplicas && action.replicas) return &*action.replicas;
  }
  return nullptr;
}

}  // namespace

absl::Time ScaleLaws::Stepped() const {
  return world_->now() - world_->host().turn_took();
}

const ScalePolicy* ScaleLaws::PolicyOf(const Decision& decision) const {
  const auto policy = world_->disk().policies.find(decision.policy);
  return policy == world_->disk().policies.end() ? nullptr : policy->second.IfScale();
}

// ---- what is durable ----

void ScaleLaws::OnDurable(const std::vector<Write>& writes) {
  const auto moved_before = moving_;
  std::vector<Intent> fresh;
  for (const Write& write : writes) {
    const auto* put = std::get_if<PutDecision>(&write);
    if (put == nullptr || put->decision.state != DecisionState::kOpen) continue;
    if (put->decision.kind != DecisionKind::kScale || !known_.insert(put->decision.id).second) continue;
    const auto record = records_.find(put->decision.policy);
    fresh.push_back({put->decision,
                     record == records_.end() ? std::nullopt : std::optional<ScalerRecord>(record->second)});
  }
  for (const Write& write : writes) Take(write);
  for (Intent& intent : fresh) {
    // What a failover took of a workload that was made again since then is nobody's any more.
    const auto spec = world_->kubernetes().workloads().find(intent.decision.workload.name);
    const std::string controller =
        spec == world_->kubernetes().workloads().end() ? "" : ScaleModel::ControllerUidOf(spec->second);
    intent.moving = std::any_of(moved_before.begin(), moved_before.end(), [&](const auto& before) {
      const auto after = moving_.find(before.first);
      return before.second.contains(controller) && after != moving_.end() &&
             after->second.contains(controller);
    });
    intents_.push_back(std::move(intent));
  }
}

void ScaleLaws::Take(const Write& write) {
  if (const auto* put = std::get_if<PutScalerRecord>(&write)) {
    if (put->record.memory.panic && !records_[put->record.policy].memory.panic)
      world_->marks().Hit("panic is durable");
    records_[put->record.policy] = put->record;
  } else if (const auto* erase = std::get_if<EraseScalerRecord>(&write)) {
    records_.erase(erase->policy);
  } else if (const auto* put = std::get_if<PutDecision>(&write)) {
    const Decision& decision = put->decision;
    if (decision.kind != DecisionKind::kFailover) return;
    moving_.erase(decision.id);
    if (decision.state != DecisionState::kOpen) return;
    for (const WorkloadRecovery& workload : decision.workloads) {
      if (workload.removed > workload.restored) moving_[decision.id].insert(workload.controller.uid);
    }
  }
}

// ---- a turn ----

void ScaleLaws::Hear(const Event& event) {
  if (const auto* observed = std::get_if<WorkloadPodObserved>(&event)) {
    pods_[observed->workload][observed->pod_uid].facts = observed->facts;
  } else if (const auto* gone = std::get_if<WorkloadPodGone>(&event)) {
    pods_[gone->workload].erase(gone->pod_uid);
  } else if (const auto* gone = std::get_if<WorkloadGone>(&event)) {
    pods_.erase(gone->workload);
  } else if (const auto* told = std::get_if<UsageTold>(&event)) {
    for (const PodUsage& usage : told->pods) {
      if (usage.held) world_->marks().Hit("sample held");
      for (auto& [workload, pods] : pods_) {
        if (const auto pod = pods.find(usage.pod_uid); pod != pods.end()) pod->second.usage = usage;
      }
    }
  } else if (const auto* observed = std::get_if<AutoscalerObserved>(&event)) {
    autoscalers_[observed->name] = observed->facts.target;
  } else if (const auto* gone = std::get_if<AutoscalerGone>(&event)) {
    autoscalers_.erase(gone->name);
  }
}

void ScaleLaws::OnTurn(const std::vector<Event>& events, const Effects& effects, const Doubt& doubt) {
  const std::vector<Intent> intents = std::exchange(intents_, {});
  std::vector<bool> conflict;
  std::vector<bool> held;
  std::vector<bool> capped;
  for (const Intent& intent : intents) {
    conflict.push_back(IsAutoscaled(intent));
    held.push_back(TooManyHeld(intent));
    capped.push_back(IsTakenBackByCaps(intent));
  }
  for (const Event& event : events) {
    Hear(event);
    for (size_t i = 0; i < intents.size(); ++i) {
      conflict[i] = conflict[i] && IsAutoscaled(intents[i]);
      held[i] = held[i] && TooManyHeld(intents[i]);
      capped[i] = capped[i] || IsTakenBackByCaps(intents[i]);
    }
  }
  for (const Notice& notice : effects.notices) {
    const auto* changed = std::get_if<ScalerChanged>(&notice);
    if (changed == nullptr || !changed->status->looked) continue;
    const ScalerStatus& status = *changed->status;
    panicking_.erase(status.policy);
    if (status.advice.panic) panicking_.insert(status.policy);
    const DemandFinding finding = status.advice.steady.finding;
    const bool known = finding != DemandFinding::kNoPods && finding != DemandFinding::kNoRequest &&
                       finding != DemandFinding::kNoSamples;
    if (!known) continue;
    auto& advised = advised_[status.policy];
    advised.emplace_back(*status.looked, status.advice.steady.replicas);
    while (advised.front().first + kLongestWindow < *status.looked) advised.pop_front();
  }
  for (size_t i = 0; i < intents.size(); ++i) Check(intents[i], conflict[i], held[i], capped[i], doubt);
  for (const ReleasedAction& released : effects.actions) {
    const auto decision = world_->disk().decisions.find(released.decision);
    if (released.action.replicas && decision != world_->disk().decisions.end())
      L9Bounds(decision->second, released.action);
  }
}

void ScaleLaws::OnCrash() {
  intents_.clear();
  pods_.clear();
  autoscalers_.clear();
  panicking_.clear();
}

bool ScaleLaws::IsAutoscaled(const Intent& intent) const {
  return std::any_of(autoscalers_.begin(), autoscalers_.end(),
                     [&](const auto& entry) { return entry.second == intent.decision.workload; });
}

// More of the pods whose CPU counts stand for others' loss than a scale-in allows. By the HPA's rules held
// ones are none at all.
bool ScaleLaws::TooManyHeld(const Intent& intent) const {
  const ScalePolicy* policy = PolicyOf(intent.decision);
  const auto pods = pods_.find(intent.decision.workload);
  if (policy == nullptr || pods == pods_.end() || policy->rules.demand == DemandRules::kHpa) return false;
  int64_t counted = 0;
  int64_t held = 0;
  for (const auto& [uid, pod] : pods->second) {
    if (!pod.usage) continue;
    const PodLoad load{.phase = pod.facts.phase,
                       .deleting = pod.facts.deleting,
                       .ready = pod.facts.ready,
                       .started = pod.facts.started,
                       .ready_changed = pod.facts.ready_changed,
                       .failing = pod.facts.failing,
                       .request_millicores = pod.facts.request_millicores,
                       .sample = pod.usage->steady,
                       .held = pod.usage->held};
    if (IsDown(load) || IsDown(pod.facts, pod.usage->deaths)) continue;
    if (GroupOf(load, policy->rules.start_up, Stepped()) != PodGroup::kCounted) continue;
    ++counted;
    if (pod.usage->held) ++held;
  }
  return held * 100 > counted * policy->rules.scale_in_held_percent;
}

// Past what virtual nodes' caps leave: no more goes than waits for a node and, when the burst's time or money
// is used up, than is on virtual nodes.
bool ScaleLaws::IsTakenBackByCaps(const Intent& intent) const {
  const ReplicaChange* change = ChangeOf(intent.decision);
  const Policy* policy = BurstPolicyOf(*world_);
  const auto spec = world_->kubernetes().workloads().find(intent.decision.workload.name);
  const auto pods = pods_.find(intent.decision.workload);
  if (change == nullptr || !Rules(policy) || policy->burst().caps == BurstCaps{}) return false;
  if (spec == world_->kubernetes().workloads().end() || !spec->second.tolerates_virtual) return false;
  if (pods == pods_.end()) return false;
  int64_t waiting = 0;
  int64_t on_virtual = 0;
  for (const auto& [uid, pod] : pods->second) {
    if (pod.facts.deleting) continue;
    if (pod.facts.node.empty()) ++waiting;
    if (!pod.facts.node.empty() && world_->kubernetes().IsVirtual(pod.facts.node)) ++on_virtual;
  }
  const int64_t fewer = change->from - change->to;
  return fewer <= waiting || (fewer <= waiting + on_virtual && IsUsedUp(*world_));
}

void ScaleLaws::Check(const Intent& intent, bool conflict, bool held, bool capped, const Doubt& doubt) {
  const Decision& decision = intent.decision;
  const ReplicaChange* change = ChangeOf(decision);
  const ScalePolicy* policy = PolicyOf(decision);
  if (change == nullptr || policy == nullptr) return;
  const std::string what = absl::StrCat("decision ", decision.id.ToString(), " on ", decision.workload.name,
                                        " from ", change->from, " to ", change->to);
  world_->marks().Hit(change->to > change->from ? "scaling out is decided" : "scaling in is decided");
  if (policy->mode != PolicyMode::kEnforce || policy->paused)
    violated_("L9", absl::StrCat(what, " is opened, and its policy only looks on"));
  if (conflict) violated_("L9", absl::StrCat(what, " is opened while an autoscaler scales it"));
  if (doubt.away) violated_("L8", absl::StrCat(what, " is opened while the API is away"));
  for (const Action& action : decision.actions) L9Bounds(decision, action);
  if (change->to >= change->from) return;
  if (doubt.blind) violated_("L9", absl::StrCat(what, " is opened in blindness"));
  if (intent.moving) violated_("L9", absl::StrCat(what, " is opened while a failover moves its pods"));
  // More than may ever be is put right whatever is seen.
  if (change->from > policy->rules.maximum) return;
  if (capped) return world_->marks().Hit("scaled in to what caps leave");
  if (held) violated_("L9", absl::StrCat(what, " is opened while too many of its pods are not seen"));
  L9WindowsAndPanicsAreKept(intent, *change, policy->rules);
}

// Within them, or nearer to them than before; by the minimum of when it was decided, or of now.
void ScaleLaws::L9Bounds(const Decision& decision, const Action& action) {
  const ScalePolicy* policy = PolicyOf(decision);
  if (policy == nullptr || !action.replicas) return;
  const ScaleRules& rules = policy->rules;
  const auto [from, to] = std::make_pair(action.replicas->from, action.replicas->to);
  const absl::Time decided = decision.timings.intended.value_or(Stepped());
  const int64_t least =
      std::min(MinimumAt(rules.minimums, decided).replicas, MinimumAt(rules.minimums, Stepped()).replicas);
  const bool right = to > from ? to <= rules.maximum : to >= least && to < from;
  if (right) return;
  violated_("L9", absl::StrCat("decision ", decision.id.ToString(), " sets ", decision.workload.name,
                               " from ", from, " to ", to, " replicas, and at least ", least, " and at most ",
                               rules.maximum, " may be"));
}

// No sooner than by a coordinator that never ended: by what was durable before, and by what was said, in
// whichever process.
void ScaleLaws::L9WindowsAndPanicsAreKept(const Intent& intent, const ReplicaChange& change,
                                          const ScaleRules& rules) {
  const Decision& decision = intent.decision;
  const absl::Time decided = decision.timings.intended.value_or(Stepped());
  const std::string what = absl::StrCat("decision ", decision.id.ToString(), " on ", decision.workload.name,
                                        " from ", change.from, " to ", change.to);
  const bool remembers = intent.before && intent.before->uid == decision.workload_uid;
  if (remembers && rules.panic.enabled && intent.before->memory.panic) {
    const Panic& panic = *intent.before->memory.panic;
    const bool lasts = panic.last + rules.panic.stable_window >= decided;
    if (lasts && change.to < panic.floor)
      violated_("L9", absl::StrCat(what, " is opened in a panic that has wanted ", panic.floor));
    if (lasts) return;  // no window is asked
  }
  if (panicking_.contains(decision.policy)) return;
  const absl::Time since = decided - rules.behaviour.down.stabilisation;
  const auto held_up = [&](absl::Time time, int64_t replicas) {
    return time > since && time <= decided && change.to < std::min(change.from, replicas);
  };
  if (remembers) {
    for (const Recommendations::Wanted& wanted : intent.before->memory.recommendations.highest) {
      if (!held_up(wanted.time, wanted.replicas)) continue;
      return violated_("L9", absl::StrCat(what, " is opened ", absl::FormatDuration(decided - wanted.time),
                                          " after ", wanted.replicas, " were wanted"));
    }
  }
  // What was said and is not durable yet is made up for by what a new process finds; not so where somebody
  // else has set another number meanwhile.
  if (world_->kubernetes().scaling().LastHand(decision.workload.name) > since) return;
  for (const auto& [time, replicas] : advised_[decision.policy]) {
    if (!held_up(time, replicas)) continue;
    return violated_("L9", absl::StrCat(what, " is opened ", absl::FormatDuration(decided - time),
                                        " after the load asked for ", replicas));
  }
}

// ---- what happens ----

void ScaleLaws::OnScaled(const ReleasedAction& released) {
  const ReplicaChange& change = *released.action.replicas;
  const std::string& workload = released.action.name;
  const std::string what = absl::StrCat(workload, " is set from ", change.from, " to ", change.to,
                                        " replicas by ", released.decision.ToString());
  world_->marks().Hit(change.to > change.from ? "scaled out" : "scaled in");
  const absl::Time hand = world_->kubernetes().scaling().LastHand(workload);
  const auto& decisions = world_->disk().decisions;
  const auto decision = decisions.find(released.decision);
  const uint32_t number = released.action.number;
  if (decision == decisions.end() || number == 0 || number > decision->second.actions.size()) {
    violated_("L3", absl::StrCat(what, " without an intent"));
  } else if (released.decision.epoch == world_->disk().epoch) {
    // What an earlier process has sent is on its way, whatever a later one makes of it.
    if (decision->second.actions[number - 1].state == ActionState::kPending)
      violated_("L3", absl::StrCat(what, ", which was not handed out"));
    // Where somebody sets replicas by hand, an action that came to nothing may find again what it was for.
    if (decision->second.state != DecisionState::kOpen && hand == absl::InfinitePast())
      violated_("L4", absl::StrCat(what, " after its end"));
  }
  Effect& effect = effects_[{released.decision, number}];
  if (effect.times++ == 0) effect.first = world_->now();
  if (effect.times > 1 && hand < effect.first) violated_("L4", absl::StrCat(what, " again"));
  const bool wavers = decision == decisions.end() || decision->second.kind == DecisionKind::kScale;
  if (!noise_ || !wavers) return;
  const bool up = change.to > change.from;
  const auto [turns, first] = noise_->try_emplace(workload, Turns{.up = up});
  if (turns->second.up != up) ++turns->second.reversals;
  turns->second.up = up;
}

void ScaleLaws::BeginNoise() {
  noise_.emplace();
}

void ScaleLaws::EndNoise() {
  if (!noise_) return;
  world_->marks().Hit("ten minutes of steady noise");
  for (const auto& [workload, turns] : *noise_) {
    if (turns.reversals > 0) world_->marks().Hit("reversal in steady noise");
    if (turns.reversals > kMostReversals) {
      violated_("L9", absl::StrCat("steady noise turns the replicas of ", workload, " round ",
                                   turns.reversals, " times in ten minutes"));
    }
  }
  noise_.reset();
}

// ---- the end ----

std::string ScaleLaws::NotConverged() const {
  for (const auto& [name, policy] : world_->disk().policies) {
    if (policy.IfScale() == nullptr) continue;
    if (std::string left = NotConverged(policy.scale()); !left.empty()) return left;
  }
  return "";
}

std::string ScaleLaws::NotConverged(const ScalePolicy& policy) const {
  if (policy.mode != PolicyMode::kEnforce || policy.paused) return "";
  const auto& workloads = world_->kubernetes().workloads();
  const auto spec = workloads.find(policy.target.name);
  if (spec == workloads.end() || spec->second.replicas == 0) return "";
  const Load load = world_->samples().LoadOf(policy.target.name);
  const absl::Time now = world_->now();
  const PodUse use = UseOf(LoadAt(load, now), spec->second.replicas, load.limit_millicores);
  std::string left;
  for (const int64_t percent : kPercentsOff) {
    PodLoad pod{
        .phase = PodPhase::kRunning,
        .ready = true,
        .started = now - absl::Hours(1),
        .ready_changed = now - absl::Hours(1),
        .request_millicores = spec->second.requests.cpu_millicores,
        .sample = CpuSample{
            .millicores = use.millicores * percent / 100, .taken = now, .window = policy.rules.window}};
    ScaleSight sight;
    sight.current = spec->second.replicas;
    sight.steady.assign(spec->second.replicas, pod);
    sight.sudden = sight.steady;
    sight.throttled_percent = use.throttled_percent;
    ScaleMemory memory;
    memory.begun = true;  // nothing was wanted before
    const Advice advice = Advise(policy.rules, memory, sight, now);
    if (advice.replicas == sight.current) return "";
    if (advice.replicas > sight.current && IsFull(*world_, spec->second)) return "";
    left = absl::StrCat("L11: ", policy.target.name, " has ", sight.current,
                        " replicas, and its load asks for ", advice.replicas);
  }
  return left;
}

}  // namespace evenkeel::simulation
