#include "tests/simulation/laws.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "coordinator/core/failover.h"
#include "coordinator/core/words.h"

namespace evenkeel::simulation {

using namespace coordinator;  // laws are about the core's words

namespace {

constexpr size_t kMostViolations = 20;
// A machine that came back within this time was off when it was checked: a round of witnesses and two reads
// of the lease lie between the last look at it and the action.
constexpr absl::Duration kJustNow = absl::Seconds(2);
// As the coordinator promises them (coordinator/DESIGN.md).
constexpr absl::Duration kStartGrace = absl::Seconds(5);
constexpr absl::Duration kHoldAfterPause = absl::Seconds(2);
// A node that is checked less often because it has been AGENT_LOST for long is found silent after this.
constexpr absl::Duration kFoundSilent = absl::Seconds(12);
// A verdict of death takes two reads of the node's lease, one after the other.
constexpr uint32_t kReadsOfAVerdict = 2;

// A lease that has not been renewed for so long is stale, whatever was before (its default duration).
constexpr absl::Duration kLeaseStale = absl::Seconds(39);
constexpr absl::Duration kLeaseRead = absl::Milliseconds(100);
// Until an agent has looked at its node and told what it found, connections that stall included.
constexpr absl::Duration kLook = absl::Seconds(5);

bool TakesOff(ActionKind kind) {
  return kind == ActionKind::kTaintNode || kind == ActionKind::kDeletePod ||
         kind == ActionKind::kMarkPodUnready || kind == ActionKind::kTaintOutOfService ||
         kind == ActionKind::kFenceNode;
}

std::string Text(ActionKind kind) {
  return Spaced(Word(kind));
}

std::string Text(DecisionKind kind) {
  return Spaced(Word(kind));
}

// Who has it, in words; empty: the whole cluster.
std::string SubjectOf(const Decision& decision) {
  return decision.workload.empty() ? decision.node : decision.workload.ToString();
}

bool LeavesVirtualNodes(const Decision& decision) {
  return decision.kind == DecisionKind::kDrainBack || decision.kind == DecisionKind::kBackOff ||
         decision.kind == DecisionKind::kScale;
}

// Right whatever is doubted of nodes: no node and no pod loses anything by it. A valve that is closed takes
// no pod off its node either.
bool IsNeverInDoubt(const Action& action) {
  const bool grows = action.replicas && action.replicas->to > action.replicas->from;
  const bool valve = action.kind == ActionKind::kOpenValve || action.kind == ActionKind::kCloseValve;
  return grows || valve || action.kind == ActionKind::kDeleteAutoscaler ||
         action.kind == ActionKind::kSetDeletionCost || action.kind == ActionKind::kSetPlaceholders ||
         action.kind == ActionKind::kAskForMachines;
}

}  // namespace

void Laws::Violated(const std::string& law, const std::string& what) {
  if (violations_.size() >= kMostViolations) return;
  violations_.push_back(
      absl::StrCat(law, ": ", what, " at ", absl::FormatDuration(world_->now() - world_->start())));
}

// How far back the truth may lie that an action of this turn is based on.
absl::Duration Laws::Window() const {
  return kJustNow + world_->host().turn_took();
}

void Laws::OnDurable(const std::vector<Write>& writes) {
  Trace(writes);
  scale_.OnDurable(writes);
  burst_.OnDurable(writes);
  for (const Write& write : writes) {
    if (const auto* put = std::get_if<PutDecision>(&write)) Check(*put);
    if (const auto* put = std::get_if<PutNodeRecord>(&write)) Check(*put);
    if (const auto* erase = std::get_if<DeleteNodeRecord>(&write)) out_.erase(erase->key.node);
  }
}

void Laws::OnTurn(const std::vector<Event>& events, const Effects& effects) {
  Trace(events, effects);
  if (std::exchange(life_, world_->host().life()) != world_->host().life()) OnCrash();
  const bool was_blind = blind_;
  const bool was_away = was_away_;
  bool api_back = false;
  bool sight_regained = false;
  lately_sick_.clear();
  lately_silent_.clear();
  for (const Event& event : events) {
    const bool away = was_away_;
    Hear(event);
    api_back = api_back || (away && !was_away_);
  }
  guards_.OnTurn(events, effects);
  for (const Notice& notice : effects.notices) {
    if (const auto* sight = std::get_if<SightChanged>(&notice)) {
      sight_regained = sight_regained || (blind_ && !sight->blind);
      blind_ = sight->blind;
    }
    if (const auto* verdict = std::get_if<VerdictChanged>(&notice)) Check(*verdict);
  }
  scale_.OnTurn(
      events, effects,
      {.blind = was_blind && blind_ && !sight_regained, .away = was_away && was_away_ && !api_back});
  burst_.OnTurn(events, effects, {.blind = was_blind || blind_, .away = was_away || was_away_});
  const bool doubt_ended = api_back || sight_regained;
  if (doubt_ended) doubt_ = api_back ? "L8" : "L2";
  // In a turn that saw all of it, what was handed out may have come before it.
  if (doubt_ended && (was_blind || was_away)) lease_reads_.clear();
  for (const ReleasedAction& released : effects.actions) Check(released, was_blind);
  if (doubt_ended) {
    lease_reads_.clear();
    lease_asked_.clear();
  }
  for (const Request& request : effects.requests) {
    if (const auto* read = std::get_if<ReadLease>(&request)) lease_asked_.insert(read->request_id);
  }
}

void Laws::Hear(const Event& event) {
  if (const auto* missed = std::get_if<BeatMissed>(&event)) silent_since_[missed->node.node] = world_->now();
  if (const auto* closed = std::get_if<SessionClosed>(&event))
    silent_since_.try_emplace(closed->node.node, world_->now());
  if (const auto* resumed = std::get_if<BeatResumed>(&event)) silent_since_.erase(resumed->node.node);
  if (const auto* opened = std::get_if<SessionOpened>(&event)) silent_since_.erase(opened->node.node);
  HearOfHealth(event);
  HearOfAgents(event);
  if (const auto* read = std::get_if<LeaseRead>(&event); read != nullptr) {
    const bool fresh = lease_asked_.erase(read->request_id) > 0;
    if (fresh && read->ok) ++lease_reads_[read->node.node];
  }
  if (const auto* api = std::get_if<ApiChanged>(&event); api != nullptr && api->reachable == was_away_) {
    was_away_ = !api->reachable;
    api_away_since_ = was_away_ ? world_->now() : absl::InfiniteFuture();
  }
}

// Only what a node says in its present session, and while it speaks, is of the present.
void Laws::HearOfHealth(const Event& event) {
  const auto change = [this](const std::string& node, uint64_t session, auto&& how) {
    Told& told = told_[node];
    if (told.Says()) lately_sick_.insert(node);
    if (!told.speaks) lately_silent_.insert(node);
    if (told.session == session) how(told);
  };
  if (const auto* opened = std::get_if<SessionOpened>(&event)) {
    const std::string& node = opened->node.node;
    if (SaysItIsSick(node)) lately_sick_.insert(node);
    if (!told_[node].speaks) lately_silent_.insert(node);
    told_[node] = {opened->session_id, true, false};
  } else if (const auto* closed = std::get_if<SessionClosed>(&event)) {
    change(closed->node.node, closed->session_id, [](Told& told) { told.speaks = false; });
  } else if (const auto* missed = std::get_if<BeatMissed>(&event)) {
    change(missed->node.node, missed->session_id, [](Told& told) { told.speaks = false; });
  } else if (const auto* resumed = std::get_if<BeatResumed>(&event)) {
    change(resumed->node.node, resumed->session_id, [](Told& told) { told.speaks = true; });
  } else if (const auto* health = std::get_if<NodeHealthChanged>(&event)) {
    change(health->node.node, health->session_id,
           [health](Told& told) { told.sick = !health->symptoms.empty(); });
  }
}

// That a node has an agent is durable once it has spoken and Kubernetes shows the node, both to one process.
void Laws::HearOfAgents(const Event& event) {
  if (const auto* observed = std::get_if<NodeObserved>(&event)) {
    const std::string& node = observed->node.node;
    shown_[node] = observed->facts.uid;
    const auto told = told_.find(node);
    if (told != told_.end() && told->second.speaks) spoke_[node] = observed->facts.uid;
  } else if (const auto* gone = std::get_if<NodeGone>(&event)) {
    shown_.erase(gone->node.node);
    spoke_.erase(gone->node.node);
  } else if (const auto* opened = std::get_if<SessionOpened>(&event)) {
    const auto shown = shown_.find(opened->node.node);
    if (shown != shown_.end()) spoke_[shown->first] = shown->second;
  }
}

bool Laws::SaysItIsSick(const std::string& node) const {
  const auto told = told_.find(node);
  return lately_sick_.contains(node) || (told != told_.end() && told->second.Says());
}

bool Laws::SpokeThroughout(const std::string& node) const {
  const auto told = told_.find(node);
  return told != told_.end() && told->second.speaks && !lately_silent_.contains(node);
}

void Laws::OnCrash() {
  blind_ = true;
  guards_.OnCrash();
  scale_.OnCrash();
  burst_.OnCrash();
  verdicts_.clear();
  silent_since_.clear();
  told_.clear();
  shown_.clear();
  lease_reads_.clear();
  lease_asked_.clear();
}

// ---- what is durable ----

void Laws::Check(const PutDecision& write) {
  const Decision& decision = write.decision;
  if (closed_.contains(decision.id))
    Violated("L4", absl::StrCat("closed decision ", decision.id.ToString(), " was written again"));
  if (decision.evidence.size() > 64) Violated("bounds", "evidence without end");
  const bool known = open_.contains(decision.id);
  if (!known || decision.state != DecisionState::kOpen) {
    world_->marks().Hit(absl::StrCat(Text(decision.kind), " ", Word(decision.state)));
    for (const GuardAnswer& answer : decision.guards) {
      if (!answer.allowed) world_->marks().Hit(absl::StrCat("guard ", answer.guard, " refuses"));
    }
  }
  if (decision.state != DecisionState::kOpen) {
    open_.erase(decision.id);
    closed_.insert(decision.id);
    if (decision.outcome.empty()) Violated("bounds", "a decision ended without a word");
    return;
  }
  open_[decision.id] = decision;
  const std::string subject = SubjectOf(decision);
  if (known || subject.empty()) return;
  for (const auto& [id, other] : open_) {
    if (id != decision.id && SubjectOf(other) == subject)
      Violated("L3", absl::StrCat("two decisions are open on ", subject));
  }
}

void Laws::Check(const PutNodeRecord& write) {
  const std::string& node = write.record.key.node;
  const std::optional<FenceProof>& proof = write.record.fencing.proof;
  if (proof && fenced_.insert(node).second) {
    world_->marks().Hit(proof->method == FenceMethod::kSelf   ? "proof: its agent"
                        : proof->method == FenceMethod::kHook ? "proof: the hook"
                                                              : "proof: an operator");
  }
  if (!proof) fenced_.erase(node);
  if (!write.record.failed_over && !write.record.gray.drained) {
    out_.erase(node);
    return;
  }
  if (!out_.insert(node).second) return;
  const auto counted = std::count_if(out_.begin(), out_.end(), [this](const std::string& out) {
    return !guards_.Absorbed(out, world_->now());
  });
  if (static_cast<size_t>(counted) > guards_.Budget()) {
    Violated("L6",
             absl::StrCat(counted, " nodes are out of service at once, and ", guards_.Budget(), " may be"));
  }
}

// ---- what is said ----

void Laws::Check(const VerdictChanged& verdict) {
  const auto known = verdicts_.find(verdict.node.node);
  if (known != verdicts_.end() && known->second == verdict.verdict) return;
  verdicts_[verdict.node.node] = verdict.verdict;
  if (verdict.verdict != Verdict::kDead) return;
  world_->marks().Hit("verdict DEAD");
  L1NobodyIsDeadWhileItsLeaseIsRenewed(verdict.node.node);
  if (world_->now() - world_->truth().LastLost(verdict.node.node) > Window()) {
    Violated("L1", absl::StrCat("false verdict of death on ", verdict.node.node, ": ", verdict.reason));
  }
}

// The API server took its kubelet's renewal after the silence began, and long enough before the verdict to be
// read.
void Laws::L1NobodyIsDeadWhileItsLeaseIsRenewed(const std::string& node) {
  const auto silent = silent_since_.find(node);
  if (silent == silent_since_.end()) return;
  const absl::Time renewed = world_->kubernetes().LeaseWritten(node);
  const absl::Time now = world_->now() - world_->host().turn_took();
  if (renewed <= silent->second + kLeaseRead || renewed > now - kLeaseRead || now - renewed > kLeaseStale)
    return;
  // What it renewed before it was lost says nothing about afterwards; it may have come back just now, which
  // is for the check of false verdicts.
  if (renewed <= world_->truth().LastLoss(node)) return;
  Violated("L1", absl::StrCat("verdict of death on ", node, ", whose lease was renewed ",
                              absl::FormatDuration(renewed - silent->second), " after its silence began"));
}

// ---- what is handed out ----

void Laws::Check(const ReleasedAction& released, bool was_blind) {
  world_->marks().Hit(Text(released.action.kind));
  L3IntentsAreDurable(released);
  L4NothingIsDoneAgain(released);
  L2NothingIsDoneInDoubt(released, was_blind);
  L8ActionsFreezeWithTheApi(released);
  const auto decision = open_.find(released.decision);
  if (decision == open_.end()) return;
  L1HealthyNodesKeepTheirPods(decision->second, released.action);
  L2L8OnlyFreshVerdictsCount(decision->second, released.action);
}

void Laws::L1HealthyNodesKeepTheirPods(const Decision& decision, const Action& action) {
  if (decision.kind == DecisionKind::kGray) return L1OnlySickNodesAreCaredFor(decision, action);
  if (action.kind == ActionKind::kEvictPod && LeavesVirtualNodes(decision)) {
    return L9OnlyVirtualNodesLosePods(decision, action);
  }
  if (action.kind == ActionKind::kEvictPod && decision.kind != DecisionKind::kRebalance) {
    return Violated("L1", absl::StrCat("a pod is evicted for a ", Text(decision.kind)));
  }
  if (!TakesOff(action.kind)) return;
  if (decision.kind != DecisionKind::kFailover) {
    return Violated("L1", absl::StrCat(Text(action.kind), " for a ", Text(decision.kind)));
  }
  if (SpokeThroughout(decision.node)) {
    Violated("L1", absl::StrCat(Text(action.kind), " ", action.name, " of ", decision.node,
                                ", whose agent speaks"));
  }
  // By a verdict that was right in its moment, and is not old.
  if (world_->now() - world_->truth().LastLost(decision.node) > Window() + kVerdictHolds) {
    Violated("L1", absl::StrCat(Text(action.kind), " ", action.name, " of ", decision.node, ", which lives"));
  }
}

// Pods go home from virtual nodes, go first from them, or are given up there: from a machine nobody goes.
void Laws::L9OnlyVirtualNodesLosePods(const Decision& decision, const Action& action) {
  const auto& pods = world_->kubernetes().pods();
  const auto pod = pods.find(action.name);
  if (pod == pods.end() || pod->second.uid != action.uid) return;
  if (world_->kubernetes().IsVirtual(pod->second.node)) return;
  Violated("L9",
           absl::StrCat(action.name, " is evicted from ", pod->second.node, " for a ", Text(decision.kind)));
}

// It is sick in truth, and it says so. Its agent has a second to look, and its way; what is told is then
// acted on within the window. What it said before it fell silent, or to an earlier process, may be over.
void Laws::L1OnlySickNodesAreCaredFor(const Decision& decision, const Action& action) {
  if (!SaysItIsSick(decision.node)) {
    Violated("L1", absl::StrCat(Text(action.kind), " ", action.name, " of ", decision.node,
                                ", which does not say that it is sick"));
  }
  const auto machine = world_->machines().find(decision.node);
  if (machine == world_->machines().end() || !machine->second.Health().empty()) return;
  if (world_->now() - machine->second.last_sick > kLook + Window()) {
    Violated("L1",
             absl::StrCat(Text(action.kind), " ", action.name, " of ", decision.node, ", which is well"));
  }
}

void Laws::L2NothingIsDoneInDoubt(const ReleasedAction& released, bool was_blind) {
  // Right whatever else is doubted.
  const ActionKind kind = released.action.kind;
  if (kind == ActionKind::kUntaintNode || kind == ActionKind::kUntaintGray ||
      kind == ActionKind::kUntaintOutOfService) {
    return;
  }
  const std::string what = absl::StrCat(Text(released.action.kind), " ", released.action.name);
  if (world_->host().turn_took() > Loop::kLongestTurn)
    Violated("L2", absl::StrCat(what, " after a turn that slept"));
  if (IsNeverInDoubt(released.action)) return;
  if (was_blind && blind_) Violated("L2", absl::StrCat(what, " in blindness"));
  const CoordinatorHost& host = world_->host();
  if (world_->now() - host.started() < kStartGrace)
    Violated("L2", absl::StrCat(what, " right after a start"));
  if (world_->now() - host.resumed() < kHoldAfterPause)
    Violated("L2", absl::StrCat(what, " right after a pause"));
  size_t lost = 0;
  for (const auto& [node, facts] : world_->kubernetes().nodes()) {
    if (IsSilent(node)) ++lost;
  }
  if (lost > guards_.Budget()) {
    Violated("L2", absl::StrCat(what, " while ", lost, " nodes are silent at once, and at most ",
                                guards_.Budget(), " may be"));
  }
  L2NothingIsDoneInADoubtfulDomain(released, what);
}

void Laws::L2NothingIsDoneInADoubtfulDomain(const ReleasedAction& released, const std::string& what) {
  const auto decision = open_.find(released.decision);
  if (decision == open_.end()) return;
  const DecisionKind kind = decision->second.kind;
  if (kind != DecisionKind::kFailover && kind != DecisionKind::kGray) return;
  const std::string domain = guards_.DomainOf(decision->second.node);
  if (domain.empty()) return;
  size_t lost = 0;
  for (const auto& [node, facts] : world_->kubernetes().nodes()) {
    if (facts.failure_domain == domain && IsSilent(node)) ++lost;
  }
  const size_t most = guards_.DomainBudget(guards_.SizeOf(domain));
  lost = std::max(lost, guards_.SilentThroughout(domain));
  if (lost > most) {
    Violated("L2", absl::StrCat(what, " while ", lost, " nodes of ", domain,
                                " are silent at once, and at most ", most, " may be"));
  }
}

// Of one whose agent has spoken to nobody, or only to an earlier process that was not shown the node, nobody
// can know that it has one: its silence means nothing.
bool Laws::IsKnownToHaveAnAgent(const std::string& node) const {
  if (told_.contains(node)) return true;
  const auto spoke = spoke_.find(node);
  const auto shown = shown_.find(node);
  return spoke != spoke_.end() && shown != shown_.end() && spoke->second == shown->second;
}

// In truth, for so long that it must have been found, and nothing explains it.
// One that somebody reaches is not silent without an explanation, even where most of its peers do not.
bool Laws::IsSilent(const std::string& node) const {
  if (!IsKnownToHaveAnAgent(node)) return false;
  const auto verdict = verdicts_.find(node);
  if (verdict != verdicts_.end() && verdict->second == Verdict::kAgentLost) return false;
  return world_->now() - world_->truth().LostSince(node) > kFoundSilent && !guards_.Explained(node);
}

void Laws::L3IntentsAreDurable(const ReleasedAction& released) {
  const auto stored = world_->disk().decisions.find(released.decision);
  const uint32_t number = released.action.number;
  if (stored == world_->disk().decisions.end() || number == 0 || number > stored->second.actions.size()) {
    return Violated(
        "L3", absl::StrCat(Text(released.action.kind), " ", released.action.name, " without an intent"));
  }
  const Action& intent = stored->second.actions[number - 1];
  if (intent != released.action || intent.state != ActionState::kReleased) {
    Violated("L3",
             absl::StrCat(Text(released.action.kind), " ", released.action.name, " is not as it is durable"));
  }
}

void Laws::L4NothingIsDoneAgain(const ReleasedAction& released) {
  if (closed_.contains(released.decision)) {
    Violated("L4", absl::StrCat("an action of the closed decision ", released.decision.ToString(),
                                " is handed out"));
  }
}

void Laws::L8ActionsFreezeWithTheApi(const ReleasedAction& released) {
  const absl::Time stepped = world_->now() - world_->host().turn_took();
  if (stepped > api_away_since_) {
    Violated("L8",
             absl::StrCat(Text(released.action.kind), " ", released.action.name, " while the API is away"));
  }
}

// What was judged before a doubt, or in it, counts for nothing after it.
void Laws::L2L8OnlyFreshVerdictsCount(const Decision& decision, const Action& action) {
  if (!TakesOff(action.kind)) return;
  const auto reads = lease_reads_.find(decision.node);
  if (reads != lease_reads_.end() && reads->second >= kReadsOfAVerdict) return;
  const std::string what = absl::StrCat(Text(action.kind), " ", action.name, " of ", decision.node);
  Violated(doubt_, absl::StrCat(what, " without a verdict since ",
                                doubt_ == "L8" ? "the API is back" : "sight was regained"));
}

// ---- what happens ----

void Laws::OnStarted(const std::string& node, const std::string& identity) {
  for (const std::string& other : world_->kubernetes().containers().WhereRuns(identity)) {
    if (other != node) Violated("L5", absl::StrCat(identity, " runs on ", node, " and on ", other));
  }
}

void Laws::OnOvertaken(const ReleasedAction& action, uint64_t epoch, uint64_t claimed) {
  Violated("L7", absl::StrCat(Text(action.action.kind), " ", action.action.name, " is sent by epoch ", epoch,
                              ", and the cluster is claimed by ", claimed));
}

std::string Laws::NotConverged() {
  if (!world_->coordinator_runs()) return "L11: the coordinator does not run";
  if (blind_) return "L11: sight is not clear";
  for (const auto& [id, decision] : open_) {
    const bool older = id.epoch < world_->disk().epoch;
    return absl::StrCat(older ? "L4" : "L11", ": decision ", id.ToString(), " (", Text(decision.kind), " of ",
                        SubjectOf(decision), ") is still open");
  }
  for (const auto& [node, facts] : world_->kubernetes().nodes()) {
    const auto verdict = verdicts_.find(node);
    if (verdict == verdicts_.end() || verdict->second != Verdict::kHealthy)
      return absl::StrCat("L11: ", node, " is not HEALTHY");
    if (facts.gray_taint) return absl::StrCat("L11: ", node, " is still tainted as sick");
    if (facts.failover_taint) return absl::StrCat("L11: ", node, " is still tainted");
    if (facts.out_of_service) return absl::StrCat("L11: ", node, " is still out of service");
    if (world_->fences().Fenced(node)) return absl::StrCat("L11: ", node, " still keeps its pods stopped");
    if (!facts.ready) return absl::StrCat("L11: ", node, " is not Ready");
  }
  if (!out_.empty()) return absl::StrCat("L11: ", *out_.begin(), " is still out of service");
  std::map<std::string, size_t> pods;
  for (const auto& [name, pod] : world_->kubernetes().pods()) {
    if (!pod.ready) return absl::StrCat("L11: ", name, " is not Ready");
    ++pods[pod.controller.name];
  }
  for (const auto& [name, workload] : world_->kubernetes().workloads()) {
    if (workload.kind != "DaemonSet" && pods[name] != workload.replicas)
      return absl::StrCat("L11: ", name, " has ", pods[name], " of ", workload.replicas, " pods");
  }
  const std::string left = burst_.NotConverged();
  return left.empty() ? scale_.NotConverged() : left;
}

// ---- L12 ----

void Laws::Mix(const std::string& text) {
  for (const char c : text) Mix(static_cast<uint64_t>(static_cast<unsigned char>(c)));
}

void Laws::Trace(const std::vector<Write>& writes) {
  for (const Write& write : writes) {
    Mix(write.index());
    const auto* put = std::get_if<PutDecision>(&write);
    if (put == nullptr) continue;
    Mix(put->decision.id.number);
    Mix(static_cast<uint64_t>(put->decision.state));
    for (const Action& action : put->decision.actions) Mix(static_cast<uint64_t>(action.state));
    Mix(put->decision.summary);
    Mix(put->decision.outcome);
  }
}

void Laws::Trace(const std::vector<Event>& events, const Effects& effects) {
  Mix(static_cast<uint64_t>(absl::ToInt64Microseconds(world_->now() - world_->start())));
  for (const Event& event : events) Mix(event.index());
  for (const Notice& notice : effects.notices) {
    const auto* verdict = std::get_if<VerdictChanged>(&notice);
    if (verdict == nullptr) continue;
    Mix(verdict->node.node);
    Mix(verdict->reason);
  }
}

}  // namespace evenkeel::simulation
