#include "tests/scenario/story.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coordinator/core/scale/words.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/words.h"
#include "tests/scenario/show_switch.h"

namespace evenkeel::scenario {
namespace {

using namespace coordinator;  // everything here is about the core's words

const char* Towards(Direction direction) {
  return direction == Direction::kAgainstLife ? "-" : direction == Direction::kForLife ? "+" : " ";
}

std::string ConfidenceText(Confidence confidence) {
  return confidence == Confidence::kNone ? "" : absl::StrCat(", ", Word(confidence), " confidence");
}

const char* Name(ClusterLife life) {
  switch (life) {
    case ClusterLife::kAlive:
      return "ALIVE";
    case ClusterLife::kCutOff:
      return "CUT OFF";
    case ClusterLife::kUnsure:
      return "IN DOUBT";
    case ClusterLife::kLost:
      return "LOST";
  }
  return "";
}

std::string Seconds(absl::Duration duration) {
  return absl::StrFormat("%.3f", absl::ToDoubleSeconds(duration));
}

}  // namespace

std::string ActionText(const Action& action) {
  if (action.route) {
    return absl::StrCat(WordsOf(action.kind).order, " ", action.route->key.gateway, "/",
                        action.route->key.route, ": ", ToWords(action.route->shape));
  }
  const std::string about = action.replicas || action.kind == ActionKind::kDeleteAutoscaler
                                ? PodText(action.name_space, action.name)
                                : action.name;
  const std::string numbers =
      action.replicas ? absl::StrCat(" from ", action.replicas->from, " to ", action.replicas->to) : "";
  return absl::StrCat(WordsOf(action.kind).order, " ", about, numbers);
}

void Story::Line(const std::string& text) {
  if (world_->now() < zero_) return;
  absl::StrAppendFormat(&text_, "%8ss  %s\n", Seconds(world_->now() - zero_), text);
}

std::string Story::Take() {
  std::string text;
  text.swap(text_);
  return text;
}

std::string Story::Of(const std::string& cluster) const {
  return world_->clusters().size() > 1 ? absl::StrCat("cluster ", cluster, ": ") : "";
}

void Story::Tell(const Notice& notice) {
  if (const auto* sight = std::get_if<SightChanged>(&notice)) {
    return Line(absl::StrCat(Of(sight->cluster),
                             sight->blind ? absl::StrCat("BLIND: ", sight->reason) : "sight is clear"));
  }
  if (const auto* node = std::get_if<VerdictChanged>(&notice)) {
    const std::string verdict = absl::StrCat(node->node.node, " ", Name(node->verdict), ": ", node->reason);
    if (verdicts_[node->node] == verdict) return;
    verdicts_[node->node] = verdict;
    return Line(verdict);
  }
  if (const auto* patience = std::get_if<PatienceChanged>(&notice)) {
    return Line(patience->percent == 100 ? "nodes are given the usual time again"
                                         : absl::StrCat("nodes are given ", Times(patience->percent),
                                                        " the usual time: ", patience->reason));
  }
  // A scaler is shown when it is asked for: its figures change each second.
  if (const auto* scaler = std::get_if<ScalerChanged>(&notice)) {
    scalers_[scaler->status->policy] = *scaler->status;
    return;
  }
  if (const auto* gone = std::get_if<ScalerGone>(&notice)) {
    scalers_.erase(gone->policy);
    return;
  }
  if (const auto* burst = std::get_if<BurstChanged>(&notice)) {
    burst_ = burst->status;
    return;
  }
  if (std::holds_alternative<BurstGone>(notice)) return burst_.reset();
  if (const auto* standing = std::get_if<StandingChanged>(&notice)) return Tell(standing->status);
  // What a switch comes to is told as its decision's evidence.
  if (const auto* one = std::get_if<SwitchChanged>(&notice)) {
    switches_[one->status.record.spec.name] = one->status;
    return;
  }
  if (const auto* gone = std::get_if<SwitchGone>(&notice)) {
    switches_.erase(gone->name);
    return;
  }
  if (!std::holds_alternative<DecisionChanged>(notice)) return;  // the rest is told as decisions
  const Decision& decision = std::get<DecisionChanged>(notice).decision;
  const bool known = told_.contains(decision.id);
  if (known && decision.kind == DecisionKind::kSwitch) TellSentences(decision);
  if (known && told_[decision.id] == decision.state) return;
  told_[decision.id] = decision.state;
  const std::string head = absl::StrCat("decision ", decision.id.ToString(), " (",
                                        Spaced(Word(decision.kind)), ") ", Word(decision.state), ": ");
  if (!known) Line(head + decision.summary);
  if (!known && decision.kind == DecisionKind::kSwitch) TellSentences(decision);
  if (decision.state != DecisionState::kOpen) {
    Line(absl::StrCat(known ? head : "    and its outcome: ", decision.outcome));
  }
}

void Story::Tell(const StandingStatus& status) {
  if (status.reason.empty()) return;  // nobody has looked yet
  const auto known = lives_.find(status.policy);
  if (known != lives_.end() && known->second == status.life) return;
  const bool was_said = known != lives_.end() || status.life != ClusterLife::kAlive;
  lives_[status.policy] = status.life;
  if (was_said) Line(absl::StrCat("cluster ", status.cluster, " ", Name(status.life), ": ", status.reason));
}

void Story::TellSentences(const Decision& decision) {
  size_t& told = sentences_[decision.id];
  for (; told < decision.evidence.size(); ++told) {
    Line(absl::StrCat("switch ", decision.id.ToString(), ": ", decision.evidence[told].observation));
  }
}

void Story::Tell(const Request& request) {
  if (const auto* beats = std::get_if<SetBeats>(&request)) {
    const std::string text = absl::StrCat(Of(beats->cluster), "agents beat every ", Say(beats->interval),
                                          "; ", Say(beats->suspect_after), " of silence is suspect");
    // That the patience changed is told by its notice.
    if (text != beats_ || beats->patience_percent == patience_percent_) Line(text);
    beats_ = text;
    patience_percent_ = beats->patience_percent;
  }
  if (!show_rounds_) return;
  if (const auto* probe = std::get_if<ProbeNode>(&request)) {
    Line(absl::StrCat("ask ", probe->witness.node, " to reach ", probe->target.node));
  }
  if (const auto* ask = std::get_if<AskKubelet>(&request))
    Line(absl::StrCat("ask the API server to reach ", ask->node.node));
  if (const auto* read = std::get_if<ReadLease>(&request))
    Line(absl::StrCat("read the lease of ", read->node.node));
}

void Story::OnTurn(const std::vector<Event>&, const Effects& effects) {
  for (const Notice& notice : effects.notices) Tell(notice);
  for (const ReleasedAction& released : effects.actions) {
    Line(absl::StrCat("do ", released.decision.ToString(), "/", released.action.number, ": ",
                      ActionText(released.action)));
  }
  for (const Request& request : effects.requests) Tell(request);
  for (const Reply& reply : effects.replies) {
    if (reply.request_id != kToldOrder) continue;
    if (!reply.status.ok()) Line(absl::StrCat("refused: ", reply.status.message()));
    if (!reply.findings.empty()) {
      Line(HasBlocker(reply.findings) ? "the plan finds what blocks it:"
                                      : "the plan finds nothing that blocks it:");
      text_ += ShowFindings(reply.findings, reply.forecasts);
    }
  }
}

const SwitchStatus* Story::FindSwitch(const std::string& name) const {
  const auto found = switches_.find(name);
  return found == switches_.end() ? nullptr : &found->second;
}

const ScalerStatus* Story::FindScaler(const std::string& policy) const {
  const auto found = scalers_.find(policy);
  return found == scalers_.end() ? nullptr : &found->second;
}

std::string SubjectOf(const Decision& decision) {
  if (!decision.workload.empty()) return decision.workload.ToString();
  return decision.node.empty() ? decision.cluster : decision.node;
}

std::string ShowScaler(const ScalerStatus& status) {
  std::string text =
      absl::StrCat("  ", status.policy, ": ", status.target.ToString(), ", ",
                   Count(static_cast<size_t>(status.replicas), "replica"), " (", status.minimum, " to ",
                   status.maximum, "), ", status.ready, " of ", Count(status.pods, "pod"), " Ready; advised ",
                   status.advice.replicas, "\n");
  for (const ScalerCondition& condition : ConditionsOf(status)) {
    absl::StrAppend(&text, "    ", condition.holds ? "yes " : "no  ", condition.type, " (", condition.reason,
                    "): ", condition.message, "\n");
  }
  return text;
}

std::string Explain(const Decision& decision) {
  std::string text;
  absl::StrAppend(&text, "decision ", decision.id.ToString(), ": ", Spaced(Word(decision.kind)), " of ",
                  SubjectOf(decision), ", ", Word(decision.state), ConfidenceText(decision.confidence),
                  "\n  ", decision.summary, "\n");
  const bool of_switch = decision.kind == DecisionKind::kSwitch;
  const bool of_node = decision.workload.empty() && !of_switch;
  const absl::Time zero =
      of_switch ? decision.timings.intended.value_or(absl::UnixEpoch())
                : decision.timings.last_sign.value_or(decision.timings.detected.value_or(absl::UnixEpoch()));
  if (!decision.evidence.empty()) {
    absl::StrAppend(&text, "  evidence", of_node ? " (- against life, + for life)" : "", "\n");
  }
  for (const Evidence& evidence : decision.evidence) {
    absl::StrAppendFormat(&text, "   %s %8s  %s: %s\n", Towards(evidence.direction),
                          Seconds(evidence.time - zero), evidence.source, evidence.observation);
  }
  if (!decision.guards.empty()) absl::StrAppend(&text, "  guards\n");
  for (const GuardAnswer& guard : decision.guards) {
    absl::StrAppend(&text, "    ", guard.allowed ? "yes " : "NO  ", guard.guard, ": ", guard.reason, "\n");
  }
  if (!decision.actions.empty()) absl::StrAppend(&text, "  actions\n");
  for (const Action& action : decision.actions) {
    absl::StrAppend(&text, "    ", action.number, " ", ActionText(action), ": ", Say(action.state),
                    action.finish_time ? " at " + Seconds(*action.finish_time - zero) : "",
                    action.attempts > 1 ? absl::StrCat(" after ", action.attempts, " tries") : "",
                    action.result.empty() || action.result == "done" ? "" : " (" + action.result + ")", "\n");
  }
  if (!decision.alternatives.empty()) absl::StrAppend(&text, "  not done\n");
  for (const Alternative& alternative : decision.alternatives) {
    absl::StrAppend(&text, "    ", alternative.description, ": ", alternative.reason, "\n");
  }
  if (!decision.workloads.empty()) absl::StrAppend(&text, "  workloads\n");
  for (const WorkloadRecovery& workload : decision.workloads) {
    absl::StrAppend(&text, "    ", Say(workload.controller), ": ", workload.removed, " removed, ",
                    workload.restored, " Ready again",
                    workload.waiting_for.empty() ? "" : "; " + workload.waiting_for, "\n");
  }
  if (!decision.unplaced.empty()) absl::StrAppend(&text, "  without room\n");
  for (const UnplacedPod& pod : decision.unplaced) {
    absl::StrAppend(&text, "    ", PodText(pod.name_space, pod.name), ", priority ", pod.priority, ": ",
                    pod.reason, "\n");
  }
  absl::StrAppend(&text, "  seconds since the ",
                  of_switch ? "beginning:"
                  : of_node ? "last sign of life:"
                            : "newest sample:");
  const auto time = [&](const char* name, const std::optional<absl::Time>& when) {
    if (when) absl::StrAppend(&text, " ", name, " ", Seconds(*when - zero));
  };
  time("detected", decision.timings.detected);
  time("judged", decision.timings.judged);
  time("intended", decision.timings.intended);
  time("fenced", decision.timings.fenced);
  time("acted", decision.timings.acted);
  time("recovered", decision.timings.recovered);
  time("closed", decision.timings.closed);
  absl::StrAppend(&text, "\n");
  if (!decision.outcome.empty()) absl::StrAppend(&text, "  ", decision.outcome, "\n");
  return text;
}

}  // namespace evenkeel::scenario
