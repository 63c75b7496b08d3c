#include "cli/show/explain.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cli/print/text.h"
#include "cli/show/fields.h"

namespace evenkeel::cli {
namespace {

// More actions of one kind than this, all done, are told as one.
constexpr std::size_t kAlikeActions = 5;
constexpr std::size_t kNamedOfAlike = 3;

// One line of the story.
struct Moment {
  absl::Time time;
  std::string who;
  std::string what;
};

std::string Subject(const v1::Decision& decision) {
  if (!decision.workload().empty()) {
    return absl::StrCat(TargetText(decision.workload()), " in cluster ", decision.cluster());
  }
  return decision.node().empty() ? absl::StrCat("cluster ", decision.cluster())
                                 : absl::StrCat("node ", decision.node(), " in cluster ", decision.cluster());
}

bool HasDone(const v1::Decision& decision) {
  return std::any_of(decision.actions().begin(), decision.actions().end(),
                     [](const v1::Action& action) { return action.state() == v1::Action::STATE_DONE; });
}

std::string StateText(const v1::Decision& decision) {
  switch (decision.state()) {
    case v1::Decision::STATE_OPEN:
      return "still open";
    case v1::Decision::STATE_SUCCEEDED:
      return "succeeded";
    case v1::Decision::STATE_FAILED:
      return "FAILED";
    case v1::Decision::STATE_CANCELLED:
      return HasDone(decision) ? "cancelled" : "cancelled before anything was done";
    case v1::Decision::STATE_OBSERVED:
      return "observed only, nothing was done";
    case v1::Decision::STATE_REFUSED:
      return "REFUSED by a guard, nothing was done";
    default:
      return "in an unknown state";
  }
}

// What it was and where it stands, in one line.
std::string Headline(const v1::Decision& decision) {
  const bool succeeded = decision.state() == v1::Decision::STATE_SUCCEEDED;
  const std::string subject = Subject(decision);
  switch (decision.kind()) {
    case v1::Decision::KIND_FAILOVER:
      return absl::StrCat("Failover of ", subject, ": ", StateText(decision));
    case v1::Decision::KIND_READMISSION:
      return absl::StrCat("Readmission of ", subject, ": ", StateText(decision));
    case v1::Decision::KIND_REBALANCE:
      return absl::StrCat("Rebalance onto ", subject, ": ", StateText(decision));
    case v1::Decision::KIND_AGENT_LOST:
      return absl::StrCat("The agent of ", subject,
                          " was not heard: ", succeeded ? "recorded, nothing was done" : StateText(decision));
    case v1::Decision::KIND_BLIND:
      return absl::StrCat("Verdicts were suspended for ", subject, ": ",
                          succeeded ? "over, they count again" : StateText(decision));
    case v1::Decision::KIND_GRAY:
      return absl::StrCat("Care for sick ", subject, ": ", StateText(decision));
    case v1::Decision::KIND_GRAY_READMISSION:
      return absl::StrCat("Readmission of ", subject, ", which was sick: ", StateText(decision));
    case v1::Decision::KIND_SCALE:
      return absl::StrCat("Change of the replicas of ", subject, ": ", StateText(decision));
    case v1::Decision::KIND_TAKE_OVER:
      return absl::StrCat("Take-over of the autoscaler of ", subject, ": ", StateText(decision));
    case v1::Decision::KIND_BURST:
      return absl::StrCat("Burst onto the virtual nodes of ", subject, ": ", StateText(decision));
    case v1::Decision::KIND_VALVE:
      return absl::StrCat("Virtual nodes of ", subject, " opened or closed: ", StateText(decision));
    case v1::Decision::KIND_FIRST_TO_GO:
      return absl::StrCat("Pods on virtual ", subject, " marked as the first to go: ", StateText(decision));
    case v1::Decision::KIND_BACK_OFF:
      return absl::StrCat("Virtual ", subject, " left alone for a while: ", StateText(decision));
    case v1::Decision::KIND_HEADROOM:
      return absl::StrCat("Question for real machines for ", subject, ": ", StateText(decision));
    case v1::Decision::KIND_SWITCH:
      return absl::StrCat("Switch of traffic from ", subject, ": ", StateText(decision));
    case v1::Decision::KIND_DRAIN_BACK:
      return absl::StrCat("Drain-back of ", subject, " from virtual nodes: ", StateText(decision));
    default:
      return absl::StrCat("Decision on ", subject, ": ", StateText(decision));
  }
}

// What was noticed at the decision's detect_time.
std::string DetectionText(v1::Decision::Kind kind) {
  switch (kind) {
    case v1::Decision::KIND_FAILOVER:
    case v1::Decision::KIND_AGENT_LOST:
      return "noticed the silence";
    case v1::Decision::KIND_READMISSION:
      return "noticed that the node is back";
    case v1::Decision::KIND_REBALANCE:
      return "noticed that the node may have pods again";
    case v1::Decision::KIND_GRAY:
      return "noticed the first symptom";
    case v1::Decision::KIND_GRAY_READMISSION:
      return "noticed that the node is well again";
    case v1::Decision::KIND_SCALE:
      return "the newest sample of CPU that counts";
    case v1::Decision::KIND_BURST:
      return "noticed that a pod finds no room on real nodes";
    case v1::Decision::KIND_HEADROOM:
      return "noticed that another headroom is wanted";
    case v1::Decision::KIND_DRAIN_BACK:
      return "noticed that real nodes have room again";
    default:
      return "noticed it";
  }
}

// Whether a piece of evidence tells of this very moment already.
bool IsTold(const v1::Decision& decision, absl::Time moment) {
  return std::any_of(decision.evidence().begin(), decision.evidence().end(),
                     [moment](const v1::Evidence& evidence) {
                       return absl::AbsDuration(ToTime(evidence.time()) - moment) < absl::Milliseconds(1);
                     });
}

std::string DirectionText(v1::Evidence::Direction direction) {
  switch (direction) {
    case v1::Evidence::DIRECTION_AGAINST_LIFE:
      return "  [against life]";
    case v1::Evidence::DIRECTION_FOR_LIFE:
      return "  [for life]";
    default:
      return "";
  }
}

// Where the story's clock starts: the last sign of life, else the first thing with a time.
absl::Time Beginning(const v1::Decision& decision, const std::vector<Moment>& moments) {
  if (decision.timings().has_last_sign_time()) return ToTime(decision.timings().last_sign_time());
  absl::Time first = absl::InfiniteFuture();
  for (const Moment& moment : moments) first = std::min(first, moment.time);
  return first == absl::InfiniteFuture() ? absl::UnixEpoch() : first;
}

std::string ActionMoment(const v1::Action& action) {
  const std::string took =
      action.has_finish_time()
          ? absl::StrCat(" (", Span(ToTime(action.finish_time()) - ToTime(action.release_time())), ")")
          : "";
  const std::string tries = action.attempts() > 1 ? absl::StrCat(", at try ", action.attempts()) : "";
  const std::string result = action.result().empty() ? "" : absl::StrCat(": ", action.result());
  switch (action.state()) {
    case v1::Action::STATE_DONE:
      return absl::StrCat(ActionText(action, true), took, tries, result);
    case v1::Action::STATE_FAILED:
      return absl::StrCat("COULD NOT ", ActionText(action, false), took, tries, result);
    case v1::Action::STATE_SKIPPED:
      return absl::StrCat("did not ", ActionText(action, false), result);
    default:
      return absl::StrCat("set out to ", ActionText(action, false), ", no answer yet", tries);
  }
}

// Many alike actions that all succeeded, as one moment.
std::string AlikeMoment(const std::vector<const v1::Action*>& actions, absl::Time start) {
  absl::Time last = absl::InfinitePast();
  std::vector<std::string> names;
  for (const v1::Action* action : actions) {
    if (action->has_finish_time()) last = std::max(last, ToTime(action->finish_time()));
    if (names.size() < kNamedOfAlike) names.push_back(TargetText(action->target()));
  }
  v1::Action all = *actions.front();
  all.set_target(absl::StrCat(actions.size(), " pods"));
  return absl::StrCat(
      ActionText(all, true), " (", absl::StrJoin(names, ", "), " and ", actions.size() - names.size(),
      " more)",
      last == absl::InfinitePast() ? "" : absl::StrCat(", the last answered after ", Span(last - start)));
}

void AddActions(const v1::Decision& decision, std::vector<Moment>& moments) {
  for (int kind = v1::Action::Kind_MIN; kind <= v1::Action::Kind_MAX; ++kind) {
    std::vector<const v1::Action*> done;
    for (const v1::Action& action : decision.actions()) {
      if (action.kind() == kind && action.state() == v1::Action::STATE_DONE && action.has_release_time()) {
        done.push_back(&action);
      }
    }
    // What is wished of a route is another shape each time.
    const bool tell_as_one = done.size() > kAlikeActions && kind != v1::Action::KIND_SHAPE_ROUTE;
    if (tell_as_one) {
      const auto* first =
          *std::min_element(done.begin(), done.end(), [](const auto* left, const auto* right) {
            return ToTime(left->release_time()) < ToTime(right->release_time());
          });
      const absl::Time start = ToTime(first->release_time());
      moments.push_back({start, "action", AlikeMoment(done, start)});
    }
    for (const v1::Action& action : decision.actions()) {
      if (action.kind() != kind || !action.has_release_time()) continue;
      if (tell_as_one && action.state() == v1::Action::STATE_DONE) continue;
      moments.push_back({ToTime(action.release_time()), "action", ActionMoment(action)});
    }
  }
}

std::string GuardsMoment(const v1::Decision& decision) {
  std::vector<std::string> refusals;
  for (const v1::GuardAnswer& guard : decision.guards()) {
    if (!guard.allowed()) {
      refusals.push_back(absl::StrCat(guard.guard(), guard.reason().empty() ? "" : ": ", guard.reason()));
    }
  }
  return refusals.empty() ? "every guard said yes" : absl::StrCat("said no: ", absl::StrJoin(refusals, "; "));
}

std::string VerdictText(const v1::Decision& decision) {
  const std::string enumerator = v1::Verdict_Name(decision.verdict());
  return absl::StrCat(absl::StrReplaceAll(absl::StripPrefix(enumerator, "VERDICT_"), {{"_", " "}}),
                      ConfidenceText(decision.confidence()));
}

std::vector<Moment> Moments(const v1::Decision& decision) {
  const v1::Timings& timings = decision.timings();
  std::vector<Moment> moments;
  if (timings.has_last_sign_time()) {
    moments.push_back({ToTime(timings.last_sign_time()), "coordinator", "the last sign of life"});
  }
  if (timings.has_detect_time() && !IsTold(decision, ToTime(timings.detect_time()))) {
    moments.push_back({ToTime(timings.detect_time()), "coordinator", DetectionText(decision.kind())});
  }
  for (const v1::Evidence& evidence : decision.evidence()) {
    moments.push_back({ToTime(evidence.time()), evidence.source(),
                       absl::StrCat(evidence.observation(), DirectionText(evidence.direction()))});
  }
  if (timings.has_judge_time()) {
    const absl::Time judged = ToTime(timings.judge_time());
    if (decision.verdict() != v1::VERDICT_UNSPECIFIED)
      moments.push_back({judged, "verdict", VerdictText(decision)});
    if (decision.guards_size() > 0) moments.push_back({judged, "guards", GuardsMoment(decision)});
  }
  if (timings.has_intend_time() && decision.actions_size() > 0) {
    moments.push_back(
        {ToTime(timings.intend_time()), "intent", "the plan was on disk; nothing is done before that"});
  }
  AddActions(decision, moments);
  if (timings.has_recover_time()) {
    moments.push_back({ToTime(timings.recover_time()), "kubernetes", "all replacements are Ready"});
  }
  if (timings.has_fence_time()) {
    moments.push_back({ToTime(timings.fence_time()), "fencing",
                       "proven: nothing that must not run twice runs on the node any more"});
  }
  if (timings.has_close_time()) {
    moments.push_back({ToTime(timings.close_time()), "coordinator", "closed"});
  }
  std::stable_sort(moments.begin(), moments.end(),
                   [](const Moment& left, const Moment& right) { return left.time < right.time; });
  return moments;
}

// A text as a sentence of the story. It may begin with a node's name, so its first letter stays as it is.
std::string AsSentence(absl::string_view text) {
  const std::string sentence = Printable(text);
  return absl::EndsWith(sentence, ".") ? sentence : sentence + ".";
}

// One sentence with the times that matter, as far as they are known.
std::string TimesSentence(const v1::Timings& timings, absl::Time beginning) {
  std::vector<std::string> parts;
  const auto add = [&](bool is_set, const google::protobuf::Timestamp& time, absl::string_view what) {
    const absl::Duration after = is_set ? ToTime(time) - beginning : absl::ZeroDuration();
    if (after > absl::ZeroDuration()) parts.push_back(absl::StrCat(what, " after ", Span(after)));
  };
  add(timings.has_detect_time(), timings.detect_time(), "noticed");
  add(timings.has_judge_time(), timings.judge_time(), "judged");
  add(timings.has_intend_time(), timings.intend_time(), "written down");
  add(timings.has_act_time(), timings.act_time(), "acted");
  add(timings.has_recover_time(), timings.recover_time(), "recovered");
  if (parts.empty()) return "";
  std::string sentence = absl::StrCat(absl::StrJoin(parts, ", "), ".\n");
  sentence[0] = absl::ascii_toupper(static_cast<unsigned char>(sentence[0]));
  return sentence;
}

void AppendTimeline(std::string& story, const std::vector<Moment>& moments, absl::Time beginning,
                    bool from_last_sign) {
  std::size_t width = 0;
  for (const Moment& moment : moments) width = std::max(width, moment.who.size());
  absl::StrAppend(&story, "\nWhat happened, from ", Instant(beginning),
                  from_last_sign ? ", the last sign of life," : "", " on:\n");
  for (const Moment& moment : moments) {
    const absl::Duration after = moment.time - beginning;
    story += absl::StrFormat("%11s  %-*s  %s\n",
                             absl::StrCat(after < absl::ZeroDuration() ? "" : "+", Span(after)),
                             static_cast<int>(width), Printable(moment.who), Printable(moment.what));
  }
}

// A list under a heading; nothing when there are no lines.
void AppendList(std::string& story, absl::string_view heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  absl::StrAppend(&story, "\n", heading, "\n");
  for (const std::string& line : lines) absl::StrAppend(&story, "  ", Printable(line), "\n");
}

std::vector<std::string> GuardLines(const v1::Decision& decision) {
  std::size_t width = 0;
  for (const v1::GuardAnswer& guard : decision.guards()) width = std::max(width, guard.guard().size());
  std::vector<std::string> lines;
  for (const v1::GuardAnswer& guard : decision.guards()) {
    lines.push_back(absl::StrFormat("%-3s  %-*s  %s", guard.allowed() ? "yes" : "NO", static_cast<int>(width),
                                    guard.guard(), guard.reason()));
  }
  return lines;
}

std::vector<std::string> UnreleasedLines(const v1::Decision& decision) {
  std::vector<std::string> lines;
  for (const v1::Action& action : decision.actions()) {
    if (action.has_release_time()) continue;
    lines.push_back(absl::StrCat(ActionText(action, false),
                                 action.result().empty() ? "" : absl::StrCat(": ", action.result())));
  }
  return lines;
}

std::vector<std::string> WorkloadLines(const v1::Decision& decision) {
  std::vector<std::string> lines;
  for (const v1::WorkloadRecovery& workload : decision.workloads()) {
    lines.push_back(absl::StrCat(
        TargetText(workload.workload()), ": ", Count(workload.removed(), "pod"), " taken off, ",
        workload.restored(), " Ready again",
        workload.waiting_for().empty() ? "" : absl::StrCat("; waits for ", workload.waiting_for())));
  }
  return lines;
}

std::vector<std::string> UnplacedLines(const v1::Decision& decision) {
  std::vector<std::string> lines;
  for (const v1::UnplacedPod& pod : decision.unplaced()) {
    lines.push_back(absl::StrCat(TargetText(pod.pod()), ", priority ", pod.priority(), ": ", pod.reason()));
  }
  return lines;
}

}  // namespace

std::string TargetText(const std::string& target) {
  // A gateway's name has no slash, its route may have any: "gateways/GATEWAY/routes/ROUTE".
  if (const std::size_t route = target.find("/routes/");
      target.rfind("gateways/", 0) == 0 && route != target.npos) {
    return absl::StrCat("route ", LastSegment(target.substr(0, route)), "/", target.substr(route + 8));
  }
  const std::string name_space = Segment(target, "namespaces");
  if (const std::string pod = Segment(target, "pods"); !pod.empty())
    return absl::StrCat("pod ", name_space, "/", pod);
  if (const std::string node = Segment(target, "nodes"); !node.empty()) return absl::StrCat("node ", node);
  if (const std::string autoscaler = Segment(target, "horizontalpodautoscalers"); !autoscaler.empty())
    return absl::StrCat("autoscaler ", name_space, "/", autoscaler);
  // A workload: "namespaces/NAMESPACE/replicasets/NAME".
  return name_space.empty() ? target : absl::StrCat(name_space, "/", LastSegment(target));
}

std::string ActionText(const v1::Action& action, bool done) {
  const std::string target = TargetText(action.target());
  switch (action.kind()) {
    case v1::Action::KIND_TAINT_NODE:
      return absl::StrCat("put Evenkeel's taint on ", target);
    case v1::Action::KIND_UNTAINT_NODE:
      return absl::StrCat(done ? "took" : "take", " Evenkeel's taint off ", target);
    case v1::Action::KIND_DELETE_POD:
      return absl::StrCat(done ? "deleted " : "delete ", target);
    case v1::Action::KIND_MARK_POD_UNREADY:
      return absl::StrCat(done ? "marked " : "mark ", target, " not ready");
    case v1::Action::KIND_EVICT_POD:
      return absl::StrCat(done ? "evicted " : "evict ", target);
    case v1::Action::KIND_TAINT_GRAY_NODE:
      return absl::StrCat("put Evenkeel's taint for sick nodes on ", target);
    case v1::Action::KIND_UNTAINT_GRAY_NODE:
      return absl::StrCat(done ? "took" : "take", " Evenkeel's taint for sick nodes off ", target);
    case v1::Action::KIND_RESTART_KUBELET:
      return absl::StrCat(done ? "had" : "have", " the kubelet of ", target, " restarted");
    case v1::Action::KIND_RESTART_RUNTIME:
      return absl::StrCat(done ? "had" : "have", " the container runtime of ", target, " restarted");
    case v1::Action::KIND_TAINT_OUT_OF_SERVICE:
      return absl::StrCat(done ? "called " : "call ", target, " out of service");
    case v1::Action::KIND_UNTAINT_OUT_OF_SERVICE:
      return absl::StrCat(done ? "called " : "call ", target, " back into service");
    case v1::Action::KIND_FENCE_NODE:
      return absl::StrCat(done ? "had the fencing hook power off " : "have the fencing hook power off ",
                          target);
    case v1::Action::KIND_SET_REPLICAS:
      return absl::StrCat("set the replicas of ", target, " from ", action.from_replicas(), " to ",
                          action.to_replicas());
    case v1::Action::KIND_DELETE_AUTOSCALER:
      return absl::StrCat(done ? "deleted " : "delete ", target);
    case v1::Action::KIND_OPEN_VALVE:
      return absl::StrCat(done ? "opened virtual " : "open virtual ", target, " to new pods");
    case v1::Action::KIND_CLOSE_VALVE:
      return absl::StrCat(done ? "closed virtual " : "close virtual ", target, " to new pods");
    case v1::Action::KIND_SET_DELETION_COST:
      return absl::StrCat(done ? "marked " : "mark ", target, " as the first to go");
    case v1::Action::KIND_SET_PLACEHOLDERS:
      return absl::StrCat("set the placeholders of ", target, " from ", action.from_replicas(), " to ",
                          action.to_replicas());
    case v1::Action::KIND_ASK_FOR_MACHINES:
      return absl::StrCat(done ? "asked " : "ask ", action.target(), " for machines");
    case v1::Action::KIND_SHAPE_ROUTE:
      return absl::StrCat(done ? "shaped " : "shape ", target, " as ", action.route_shape());
    default:
      return absl::StrCat(done ? "acted on " : "act on ", target);
  }
}

std::string Explain(const v1::Decision& decision, absl::Time now) {
  const std::vector<Moment> moments = Moments(decision);
  const absl::Time beginning = Beginning(decision, moments);
  std::string story = absl::StrCat(Headline(decision), ".\n");
  for (const std::string& sentence : {decision.summary(), decision.outcome()}) {
    if (!sentence.empty()) absl::StrAppend(&story, AsSentence(sentence), "\n");
  }
  story += TimesSentence(decision.timings(), beginning);
  if (decision.state() == v1::Decision::STATE_OPEN && !moments.empty()) {
    absl::StrAppend(&story, "Open for ", Span(now - beginning), " now.\n");
  }
  if (!moments.empty()) AppendTimeline(story, moments, beginning, decision.timings().has_last_sign_time());
  AppendList(story, "What the guards said:", GuardLines(decision));
  AppendList(
      story,
      decision.state() == v1::Decision::STATE_OPEN ? "Still to be done, or not done:"
      : decision.state() == v1::Decision::STATE_OBSERVED || decision.state() == v1::Decision::STATE_REFUSED
          ? "What would have been done:"
          : "What was planned and not done:",
      UnreleasedLines(decision));
  std::vector<std::string> alternatives;
  for (const v1::Alternative& alternative : decision.alternatives()) {
    alternatives.push_back(absl::StrCat(alternative.description(), ": ", alternative.reason()));
  }
  AppendList(story, "What was left alone, and why:", alternatives);
  AppendList(story, "How the workloads fare:", WorkloadLines(decision));
  AppendList(story, "For whom no room was found:", UnplacedLines(decision));
  absl::StrAppend(&story, "\n", decision.name(), ", ",
                  decision.policy().empty() ? "no policy"
                                            : absl::StrCat("policy ", LastSegment(decision.policy()),
                                                           " (etag ", OrNone(decision.policy_etag()), ")"),
                  ", epoch ", decision.epoch(), "\n");
  return story;
}

}  // namespace evenkeel::cli
