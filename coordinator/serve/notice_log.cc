#include "coordinator/serve/notice_log.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "coordinator/core/words.h"

namespace evenkeel::coordinator {
namespace {

log::Level LevelOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnknown:
      return log::Level::kDebug;  // each node at the start
    case Verdict::kHealthy:
      return log::Level::kInfo;
    default:
      return log::Level::kWarn;
  }
}

void Log(const VerdictChanged& verdict) {
  log::Write(LevelOf(verdict.verdict), "verdict changed",
             {{"cluster", verdict.node.cluster},
              {"node", verdict.node.node},
              {"verdict", Word(verdict.verdict)},
              {"reason", verdict.reason},
              {"confidence", Word(verdict.confidence)},
              {"failed_over", verdict.failed_over}});
}

void Log(const SightChanged& sight) {
  if (sight.blind) {
    log::Warn("blind: no node of this cluster is judged dead and nothing is done",
              {{"cluster", sight.cluster}, {"reason", sight.reason}});
  } else {
    log::Info("sight regained", {{"cluster", sight.cluster}});
  }
}

void Log(const PatienceChanged& patience) {
  log::Info("patience changed",
            {{"cluster", patience.cluster}, {"percent", patience.percent}, {"reason", patience.reason}});
}

// "shop/web-0" for a pod, "shop/web from 2 to 6" for a change of replicas, "edge/web as blue 90%, green 10%"
// for a route, else the node's name.
std::string TargetOf(const Action& action) {
  if (action.name_space.empty()) return action.name;
  std::string target = absl::StrCat(action.name_space, "/", action.name);
  if (action.replicas) {
    absl::StrAppend(&target, " from ", action.replicas->from, " to ", action.replicas->to);
  }
  if (action.route) absl::StrAppend(&target, " as ", ToWords(action.route->shape));
  return target;
}

// The node, or the workload.
std::string SubjectOf(const Decision& decision) {
  return decision.workload.empty() ? decision.node : decision.workload.ToString();
}

const char* WordsOf(ClusterLife life) {
  switch (life) {
    case ClusterLife::kAlive:
      return "cluster lives";
    case ClusterLife::kCutOff:
      return "cluster is cut off from the coordinator, and lives";
    case ClusterLife::kUnsure:
      return "whether the cluster lives cannot be told";
    case ClusterLife::kLost:
      return "cluster is lost";
  }
  return "";
}

// To follow the load, onto virtual nodes and back, is nothing to be woken for.
log::Level LevelOf(DecisionKind kind) {
  const bool routine = kind == DecisionKind::kScale || kind == DecisionKind::kBurst ||
                       kind == DecisionKind::kValve || kind == DecisionKind::kFirstToGo ||
                       kind == DecisionKind::kDrainBack || kind == DecisionKind::kHeadroom;
  return routine ? log::Level::kInfo : log::Level::kWarn;
}

}  // namespace

void NoticeLog::OnDomainSight(const DomainSightChanged& sight) {
  if (!sight.blind) {
    blind_domains_.erase({sight.cluster, sight.domain});
    log::Info("sight of a failure domain regained", {{"cluster", sight.cluster}, {"domain", sight.domain}});
  } else if (blind_domains_.insert({sight.cluster, sight.domain}).second) {
    log::Warn("blind: no node of this failure domain is judged dead and nothing is done to its nodes",
              {{"cluster", sight.cluster}, {"domain", sight.domain}, {"reason", sight.reason}});
  }
}

void NoticeLog::OnNotice(const Notice& notice) {
  if (const auto* verdict = std::get_if<VerdictChanged>(&notice)) {
    Log(*verdict);
  } else if (const auto* sight = std::get_if<SightChanged>(&notice)) {
    Log(*sight);
  } else if (const auto* domain = std::get_if<DomainSightChanged>(&notice)) {
    OnDomainSight(*domain);
  } else if (const auto* patience = std::get_if<PatienceChanged>(&notice)) {
    Log(*patience);
  } else if (const auto* changed = std::get_if<DecisionChanged>(&notice)) {
    OnDecision(changed->decision);
  } else if (const auto* standing = std::get_if<StandingChanged>(&notice)) {
    OnStanding(standing->status);
  } else if (const auto* gone = std::get_if<StandingGone>(&notice)) {
    lives_.erase(gone->policy);
  }
}

// Once an episode, and when it is over; its reasons change as each node is tried.
void NoticeLog::OnStanding(const StandingStatus& status) {
  const auto [known, fresh] = lives_.try_emplace(status.policy, ClusterLife::kUnsure);
  if (known->second == status.life) return;
  known->second = status.life;
  log::Write(status.life == ClusterLife::kAlive ? log::Level::kInfo : log::Level::kWarn, WordsOf(status.life),
             {{"cluster", status.cluster},
              {"policy", status.policy},
              {"reason", status.reason},
              {"witnesses", status.witnesses},
              {"api_witnesses", status.api_witnesses}});
}

void NoticeLog::OnDecision(const Decision& decision) {
  const DecisionStep step = tracker_.Track(decision);
  const std::string id = decision.id.ToString();
  if (step.opened) {
    log::Write(LevelOf(decision.kind), "decision opened",
               {{"decision", id},
                {"kind", Word(decision.kind)},
                {"cluster", decision.cluster},
                {decision.workload.empty() ? "node" : "workload", SubjectOf(decision)},
                {"summary", decision.summary},
                {"policy", decision.policy},
                {"actions", decision.actions.size()}});
  }
  for (const Action* action : step.finished) {
    log::Write(action->state == ActionState::kFailed ? log::Level::kWarn : log::Level::kInfo, "action ended",
               {{"decision", id},
                {"action", Word(action->kind)},
                {"target", TargetOf(*action)},
                {"state", Word(action->state)},
                {"result", action->result},
                {"attempts", action->attempts}});
  }
  if (step.closed) {
    log::Write(decision.state == DecisionState::kFailed ? log::Level::kError : log::Level::kInfo,
               "decision closed",
               {{"decision", id},
                {"kind", Word(decision.kind)},
                {"cluster", decision.cluster},
                {decision.workload.empty() ? "node" : "workload", SubjectOf(decision)},
                {"state", Word(decision.state)},
                {"summary", decision.summary},
                {"outcome", decision.outcome}});
  }
}

}  // namespace evenkeel::coordinator
