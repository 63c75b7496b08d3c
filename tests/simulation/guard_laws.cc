#include "tests/simulation/guard_laws.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::simulation {

using namespace coordinator;  // laws are about the core's words

namespace {

// Doubles add up the same on every machine, but not exactly.
constexpr double kRounding = 0.001;

bool NeedsGuards(DecisionKind kind) {
  return kind == DecisionKind::kFailover || kind == DecisionKind::kReadmission ||
         kind == DecisionKind::kRebalance || kind == DecisionKind::kGray ||
         kind == DecisionKind::kGrayReadmission;
}

}  // namespace

FailoverPolicy GuardLaws::Policy() const {
  FailoverPolicy policy;
  for (const auto& [name, stored] : world_->disk().policies) {
    if (stored.IfFailover() != nullptr) policy = stored.failover();
  }
  return policy;
}

size_t GuardLaws::Budget() const {
  const FailoverPolicy policy = Policy();
  const size_t nodes = world_->kubernetes().nodes().size();
  return std::max<size_t>(policy.max_unavailable_nodes, nodes * policy.max_unavailable_percent / 100);
}

size_t GuardLaws::DomainBudget(size_t nodes) const {
  const FailoverPolicy policy = Policy();
  return std::max<size_t>(
      policy.limits.max_unavailable_nodes_per_domain.value_or(policy.max_unavailable_nodes),
      nodes * policy.limits.max_unavailable_percent_per_domain / 100);
}

std::string GuardLaws::DomainOf(const std::string& node) const {
  const auto& nodes = world_->kubernetes().nodes();
  const auto found = nodes.find(node);
  if (found == nodes.end()) return "";
  const std::string& domain = found->second.failure_domain;
  const bool only = std::all_of(nodes.begin(), nodes.end(), [&domain](const auto& entry) {
    return entry.second.failure_domain == domain;
  });
  return only ? "" : domain;
}

size_t GuardLaws::SizeOf(const std::string& domain) const {
  const auto& nodes = world_->kubernetes().nodes();
  return static_cast<size_t>(std::count_if(nodes.begin(), nodes.end(), [&domain](const auto& entry) {
    return entry.second.failure_domain == domain;
  }));
}

absl::Time GuardLaws::Stepped() const {
  return world_->now() - world_->host().turn_took();
}

bool GuardLaws::Absorbed(const std::string& node, absl::Time when) const {
  const auto out = out_.find(node);
  return out != out_.end() && out->second <= when;
}

bool GuardLaws::Explained(const std::string& node) const {
  return maintained_.contains(node) || Absorbed(node, Stepped());
}

void GuardLaws::OnTurn(const std::vector<Event>& events, const Effects& effects) {
  const Before before{paused_, maintained_, out_, drained_, storm_};
  lately_healthy_.clear();
  for (const Event& event : events) {
    const auto* observed = std::get_if<NodeObserved>(&event);
    if (observed == nullptr) continue;
    ready_[observed->node.node] = observed->facts.ready;
    SetHealth(observed->node.node);
  }
  for (const Write& write : effects.writes) Take(write);
  std::set<std::string> heard_of;
  for (const Notice& notice : effects.notices) {
    const auto* verdict = std::get_if<VerdictChanged>(&notice);
    if (verdict == nullptr) continue;
    Hear(*verdict);
    heard_of.insert(verdict->node.node);
  }
  silent_throughout_.clear();
  if (!effects.actions.empty()) FindSilent(heard_of, before);
  for (const Write& write : effects.writes) {
    const auto* put = std::get_if<PutDecision>(&write);
    if (put == nullptr) continue;
    NoteCare(put->decision);
    if (!known_.insert(put->decision.id).second) continue;
    if (put->decision.state == DecisionState::kOpen) Opened(put->decision, before);
  }
  for (const std::string& node : drained_) {
    if (before.drained.contains(node)) continue;
    CalmSince(node, before);
    TakenOut(node);
  }
  for (const ReleasedAction& released : effects.actions) Released(released, before);
  NoteStorm();
}

void GuardLaws::OnCrash() {
  silent_.clear();
  gray_.clear();
  for (const auto& [node, ready] : ready_) SetHealth(node);
  if (storming_) storm_ = storm_began_;  // nobody was there at its end: it counts from its beginning
  storming_ = false;
}

// ---- what is durable ----

void GuardLaws::Take(const Write& write) {
  if (const auto* put = std::get_if<PutClusterRecord>(&write)) {
    paused_ = put->record.pause.has_value();
  } else if (const auto* put = std::get_if<PutMaintenance>(&write)) {
    maintained_.insert(put->maintenance.node.node);
  } else if (const auto* erase = std::get_if<EraseMaintenance>(&write)) {
    maintained_.erase(erase->node.node);
  } else if (const auto* put = std::get_if<PutNodeRecord>(&write)) {
    const std::string& node = put->record.key.node;
    drained_.erase(node);
    if (put->record.gray.drained) drained_.insert(node);
    if (put->record.failed_over || put->record.gray.drained) {
      if (put->record.recovered) Recovered(put->record);
      out_[node] = put->record.recovered ? *put->record.recovered + Policy().limits.release_budget_after
                                         : absl::InfiniteFuture();
    } else {
      out_.erase(node);
    }
    SetHealth(node);
  } else if (const auto* erase = std::get_if<DeleteNodeRecord>(&write)) {
    out_.erase(erase->key.node);
    drained_.erase(erase->key.node);
  }
}

// A node stops using up the budgets only for a failover that has succeeded, or for a drain that was given
// over to people.
void GuardLaws::Recovered(const NodeRecord& record) {
  const auto& decisions = world_->disk().decisions;
  const auto failover = record.failover ? decisions.find(*record.failover) : decisions.end();
  if (failover != decisions.end() && failover->second.state == DecisionState::kSucceeded) return;
  const auto care = record.gray.decision ? decisions.find(*record.gray.decision) : decisions.end();
  const bool escalated = care != decisions.end() && care->second.state == DecisionState::kFailed;
  if (record.gray.drained && escalated && !record.failed_over) return;
  violated_("L6",
            absl::StrCat(record.key.node, " counts as recovered, and nothing that moved its pods has ended"));
}

// Remembers the nodes that died in their care, while that was booked in the window, until they speak again.
void GuardLaws::NoteCare(const Decision& decision) {
  if (decision.kind != DecisionKind::kGray || decision.state == DecisionState::kOpen) return;
  const Timings& timings = decision.timings;
  const bool died = absl::StrContains(decision.outcome, "its failover takes over");
  if (!died || !timings.intended || !timings.closed) return;
  if (*timings.closed - *timings.intended < Policy().limits.disruption_window) {
    died_in_care_.insert(decision.node);
  }
}

void GuardLaws::Opened(const Decision& decision, const Before& before) {
  if (decision.kind == DecisionKind::kBlind && absl::StrContains(decision.summary, "Nobody in "))
    world_->marks().Hit("failure domain in doubt");
  if (!NeedsGuards(decision.kind)) return;
  if (before.paused && paused_)
    violated_("L6", absl::StrCat("decision ", decision.id.ToString(), " is opened in a paused cluster"));
  if (before.maintained.contains(decision.node) && maintained_.contains(decision.node)) {
    violated_("L6", absl::StrCat("decision ", decision.id.ToString(), " is opened on ", decision.node,
                                 ", which is under maintenance"));
  }
  if (!decision.unplaced.empty()) world_->marks().Hit("pod without room");
  if (decision.kind == DecisionKind::kFailover) TakenOut(decision.node);
  const bool booked = decision.kind == DecisionKind::kFailover || decision.kind == DecisionKind::kGray;
  if (!booked) return;
  CalmSince(decision.node, before);
  // What is out was counted when it was taken out, and what died while it was cared for when that began.
  const bool died = decision.kind == DecisionKind::kFailover && died_in_care_.erase(decision.node) > 0;
  if (!before.out.contains(decision.node) && !died) Booked(decision.node);
}

void GuardLaws::CalmSince(const std::string& node, const Before& before) {
  if (Stepped() - before.storm >= Policy().limits.storm_cool_down) return;
  violated_("L6", absl::StrCat(node, " is disrupted ", absl::FormatDuration(Stepped() - before.storm),
                               " after a storm"));
}

void GuardLaws::TakenOut(const std::string& node) {
  const FailoverPolicy policy = Policy();
  const bool some_absorbed =
      std::any_of(out_.begin(), out_.end(), [this](const auto& entry) { return entry.second <= Stepped(); });
  if (some_absorbed) world_->marks().Hit("node does not count any more");
  const size_t nodes = world_->kubernetes().nodes().size();
  const size_t least =
      std::max<size_t>(policy.limits.min_healthy_nodes, nodes * policy.limits.min_healthy_percent / 100);
  std::set<std::string> others = healthy_;
  others.insert(lately_healthy_.begin(), lately_healthy_.end());
  others.erase(node);
  if (others.size() < least) {
    violated_("L6", absl::StrCat(node, " is taken out of service while ", others.size(),
                                 " others are healthy, and ", least, " must be"));
  }
  const std::string domain = DomainOf(node);
  if (!domain.empty()) {
    const auto out = std::count_if(out_.begin(), out_.end(), [&](const auto& entry) {
      return DomainOf(entry.first) == domain && entry.second > Stepped();
    });
    if (static_cast<size_t>(out) > DomainBudget(SizeOf(domain))) {
      violated_("L6", absl::StrCat(out, " nodes of ", domain, " are out of service at once, and ",
                                   DomainBudget(SizeOf(domain)), " may be"));
    }
  }
}

void GuardLaws::Booked(const std::string& node) {
  const FailoverPolicy policy = Policy();
  const uint32_t most =
      policy.limits.max_disruptions.value_or(static_cast<uint32_t>(std::max<size_t>(5, Budget())));
  Booked(cluster_bucket_, most, "the cluster");
  const std::string domain = DomainOf(node);
  if (domain.empty()) return;
  Booked(domain_buckets_[domain], policy.limits.max_disruptions_per_domain.value_or(most), domain);
}

void GuardLaws::Booked(Bucket& bucket, uint32_t most, const std::string& where) {
  if (bucket.at != absl::InfinitePast()) {
    const double windows = absl::FDivDuration(Stepped() - bucket.at, Policy().limits.disruption_window);
    bucket.used = std::max(bucket.used - windows * most, 0.0);
  }
  bucket.used += 1;
  bucket.at = Stepped();
  if (bucket.used > most + kRounding) {
    violated_("L6", absl::StrCat("more nodes of ", where, " are disrupted than ", most, " in ",
                                 absl::FormatDuration(Policy().limits.disruption_window)));
  }
}

// ---- what is handed out ----

void GuardLaws::Released(const ReleasedAction& released, const Before& before) {
  if (before.paused && paused_) {
    violated_("L6",
              absl::StrCat("an action on ", released.action.name, " is handed out in a paused cluster"));
  }
}

// ---- what is said ----

void GuardLaws::Hear(const VerdictChanged& verdict) {
  const std::string& node = verdict.node.node;
  silent_.erase(node);
  gray_.erase(node);
  if (verdict.verdict == Verdict::kSuspect || verdict.verdict == Verdict::kDead) silent_.insert(node);
  if (verdict.verdict == Verdict::kGray) gray_.insert(node);
  if (verdict.verdict == Verdict::kGray || verdict.verdict == Verdict::kHealthy) died_in_care_.erase(node);
  SetHealth(node);
}

void GuardLaws::SetHealth(const std::string& node) {
  if (ready_[node] && !silent_.contains(node) && !gray_.contains(node) && !out_.contains(node)) {
    healthy_.insert(node);
  } else if (healthy_.erase(node) > 0) {
    lately_healthy_.insert(node);
  }
}

// Of whom nothing was said in this turn, what was said before holds in all of it.
void GuardLaws::FindSilent(const std::set<std::string>& heard_of, const Before& before) {
  for (const std::string& node : silent_) {
    const auto out = before.out.find(node);
    const bool was_absorbed = out != before.out.end() && out->second <= Stepped();
    const bool was_explained = was_absorbed || before.maintained.contains(node);
    if (!heard_of.contains(node) && !was_explained && !Explained(node)) silent_throughout_.insert(node);
  }
}

size_t GuardLaws::SilentThroughout(const std::string& domain) const {
  const auto& nodes = world_->kubernetes().nodes();
  return static_cast<size_t>(
      std::count_if(silent_throughout_.begin(), silent_throughout_.end(), [&](const std::string& node) {
        const auto found = nodes.find(node);
        return found != nodes.end() && found->second.failure_domain == domain;
      }));
}

void GuardLaws::NoteStorm() {
  const auto silent = std::count_if(silent_.begin(), silent_.end(),
                                    [this](const std::string& node) { return !Explained(node); });
  const bool storms = static_cast<size_t>(silent) > Budget();
  if (storms && !storming_) storm_began_ = Stepped();
  if (storms || storming_) storm_ = Stepped();
  storming_ = storms;
}

}  // namespace evenkeel::simulation
