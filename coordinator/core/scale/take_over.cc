// An operator lets a scale policy take the place of a HorizontalPodAutoscaler (scalers.h).

#include "coordinator/core/scale/take_over.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/policies.h"
#include "coordinator/core/scale/carry_scale.h"
#include "coordinator/core/scale/look.h"
#include "coordinator/core/scale/scale_guards.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/scale/words.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

std::string AutoscalerText(const AutoscalerName& name) {
  return absl::StrCat("HorizontalPodAutoscaler ", name.name_space, "/", name.name);
}

const Policy* PolicyOf(const State& state, const Policy& wanted) {
  for (const auto& [name, policy] : state.policies) {
    if (SameSubject(policy, wanted)) return &policy;
  }
  return nullptr;
}

// The policy that takes the autoscaler's place.
absl::StatusOr<Policy> PolicyFor(const State& state, const TakeOverAutoscaler& event,
                                 const AutoscalerFacts& autoscaler) {
  if (!autoscaler.rules) {
    return absl::FailedPreconditionError(absl::StrCat(AutoscalerText(event.name),
                                                      " scales by more than CPU (", autoscaler.beyond,
                                                      "): Evenkeel would scale otherwise, so it stays"));
  }
  Policy policy;
  policy.name = event.policy;
  policy.spec = ScalePolicy{.cluster = event.cluster,
                            .target = autoscaler.target,
                            .version = autoscaler.version,
                            .mode = event.mode,
                            .rules = *autoscaler.rules};
  const Policy* present = PolicyOf(state, policy);
  if (present != nullptr && present->name == event.policy) {
    policy = *present;
    policy.scale().mode = event.mode;
    if (policy.scale().paused && event.mode == PolicyMode::kEnforce) {
      return absl::FailedPreconditionError(
          absl::StrCat("policy ", event.policy,
                       " is paused: nobody would scale in the autoscaler's place. Apply it without "
                       "`paused` first"));
    }
    return policy;
  }
  if (present != nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(autoscaler.target.ToString(), " of cluster ",
                                                      event.cluster, " has policy ", present->name,
                                                      " already: name that one, or delete it first"));
  }
  if (state.policies.contains(event.policy)) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is a policy ", event.policy, " for something else already: name another one"));
  }
  return policy;
}

// Whether the autoscaler may be deleted now.
absl::Status MayDelete(Turn& turn, const Cluster& cluster, const Workload& target) {
  for (const DecisionId& id : cluster.open) {
    const OpenDecision* open = turn.FindOpen(id);
    if (open == nullptr || open->decision.workload != target) continue;
    return absl::FailedPreconditionError(absl::StrCat("decision ", id.ToString(), " is under way on ",
                                                      target.ToString(), ": try again when it has ended"));
  }
  if (cluster.record.pause) {
    return absl::FailedPreconditionError(
        absl::StrCat("cluster ", cluster.name, " is paused: nothing is done in it before it is resumed"));
  }
  if (!cluster.sight.api_reachable) {
    return absl::FailedPreconditionError(absl::StrCat("the Kubernetes API of cluster ", cluster.name,
                                                      " cannot be relied on now: ", cluster.sight.api_detail,
                                                      cluster.sight.api_detail.empty() ? "" : ": ",
                                                      "try again later"));
  }
  return absl::OkStatus();
}

// Of the guards those that are about whether anything may be done at all. That two scale is what ends here.
std::vector<GuardAnswer> Guards(const Turn& turn, const Cluster& cluster, const Scaler& scaler) {
  const int64_t replicas = scaler.workload ? scaler.workload->replicas : 0;
  std::vector<GuardAnswer> answers;
  for (GuardAnswer& answer :
       AskScaleGuards(FactsForScaleGuards(turn.state, cluster, scaler, replicas, turn.now))) {
    if (answer.guard == "mode" || answer.guard == "api" || answer.guard == "one-intent") {
      answers.push_back(std::move(answer));
    }
  }
  return answers;
}

// What is to be done, as a decision.
Decision Plan(const AutoscalerName& name, const AutoscalerFacts& autoscaler, const Policy& policy,
              absl::Time now) {
  Decision decision;
  decision.summary = absl::StrCat(AutoscalerText(name), " is to be deleted: policy ", policy.name, " scales ",
                                  autoscaler.target.ToString(), " in its place");
  decision.evidence.push_back({now, "operator",
                               absl::StrCat("ordered that policy ", policy.name, " takes over"),
                               Direction::kNeither});
  decision.actions.push_back(Action{.number = 1,
                                    .stage = 1,
                                    .kind = ActionKind::kDeleteAutoscaler,
                                    .name_space = name.name_space,
                                    .name = name.name,
                                    .uid = autoscaler.uid,
                                    .result = {}});
  decision.timings.detected = now;
  decision.timings.judged = now;
  return decision;
}

DecisionId Record(Turn& turn, const Scaler& scaler, Decision plan) {
  for (Action& action : plan.actions) {
    action.state = ActionState::kSkipped;
    action.result = "the mode is observe";
  }
  plan.outcome = "Nothing was done: the mode is observe, and somebody has to scale meanwhile";
  return turn.Record(DecisionKind::kTakeOver, scaler, DecisionState::kObserved, std::move(plan));
}

DecisionId Order(Turn& turn, Scaler& scaler, Decision plan) {
  OpenDecision& open = turn.Open(DecisionKind::kTakeOver, scaler);
  Decision& decision = open.decision;
  decision.summary = std::move(plan.summary);
  decision.evidence = std::move(plan.evidence);
  decision.guards = std::move(plan.guards);
  decision.actions = std::move(plan.actions);
  decision.timings.detected = plan.timings.detected;
  decision.timings.judged = plan.timings.judged;
  const DecisionId id = decision.id;
  open.must_verify = true;
  CarryOnScale(turn, open);
  return id;
}

// Why nobody would scale the workload, were the autoscaler gone; empty: its policy would.
std::string WhyNotInItsPlace(const Scaler& scaler, const Demand& demand) {
  if (scaler.policy.mode == PolicyMode::kObserve) return "its policy only observes by now";
  if (scaler.policy.paused) return "its policy is paused";
  if (!scaler.workload->no_selector.empty()) return scaler.workload->no_selector;
  if (demand.finding == DemandFinding::kNoRequest) return Words(demand, scaler.policy.rules.target);
  if (scaler.workload->overlaps.empty()) return "";
  return absl::StrCat(scaler.workload->overlaps.ToString(), " takes some of its pods for its own, too");
}

// Why the autoscaler is not to be deleted as it is by now; empty: it is as it was when it was ordered.
std::string WhyItStays(const AutoscalerFacts& autoscaler, const Workload& target) {
  if (autoscaler.target != target) return absl::StrCat("it scales ", autoscaler.target.ToString(), " by now");
  if (autoscaler.rules) return "";
  return absl::StrCat("it scales by more than CPU by now (", autoscaler.beyond, ")");
}

// What is still to be seen of the load; empty: it is known. Of a workload that is switched off there is none.
std::string Unseen(const Scaler& scaler, const Demand& demand) {
  if (scaler.workload->replicas == 0) return "";
  if (!demand.use) return Words(demand, scaler.policy.rules.target);
  const size_t unseen = demand.held + demand.missing;
  const size_t pods = demand.counted + demand.missing;
  const auto most = static_cast<size_t>(scaler.policy.rules.scale_in_held_percent);
  if (unseen * 100 <= pods * most) return "";
  return absl::StrCat(unseen, " of ", Count(pods, "pod"), unseen == 1 ? " does" : " do",
                      " not show the CPU that is used");
}

}  // namespace

void GoOnTakingOver(Turn& turn, Scaler& scaler, OpenDecision& open) {
  open.must_verify = true;
  if (!scaler.workload) return;
  const ScaleRules& rules = scaler.policy.rules;
  const ScaleSight sight = SightOf(scaler);
  const Demand demand = DemandOf(sight.steady, sight.current, rules.target, rules.tolerance, rules.start_up,
                                 rules.demand, turn.now);
  const auto give_up = [&](absl::string_view why) {
    CancelScale(turn, open,
                absl::StrCat("The autoscaler stays, since nobody would scale in its place: ", why));
  };
  if (const std::string why_not = WhyNotInItsPlace(scaler, demand); !why_not.empty()) return give_up(why_not);
  // One that is gone already, before a restart or by somebody else's hand, keeps nobody waiting.
  const Action& action = open.decision.actions.front();
  const Cluster& cluster = *turn.FindCluster(open.decision.cluster);
  const auto autoscaler = cluster.autoscalers.find({action.name_space, action.name});
  const bool there = autoscaler != cluster.autoscalers.end() && autoscaler->second.uid == action.uid;
  const std::string stays = there ? WhyItStays(autoscaler->second, scaler.policy.target) : "";
  if (!stays.empty()) return CancelScale(turn, open, absl::StrCat("The autoscaler stays: ", stays));
  const std::string unseen = there ? Unseen(scaler, demand) : "";
  if (scaler.take_over_waits != unseen) turn.Changed(scaler);
  scaler.take_over_waits = unseen;
  if (!unseen.empty()) {
    open.give_up = open.give_up.value_or(turn.now + kTakeOverPatience);
    if (turn.now < *open.give_up) return;
    return give_up(absl::StrCat("after ", Say(kTakeOverPatience), " its load is not known: ", unseen));
  }
  open.give_up.reset();
  open.must_verify = false;
  open.decision.workload_uid = scaler.workload->uid;
  if (demand.use && action.attempts == 0) {
    open.decision.evidence.push_back(
        {turn.now, "agents", absl::StrCat(Words(demand, rules.target), ", of ", Count(demand.counted, "pod")),
         Direction::kNeither});
  }
  turn.Changed(open);
  ReleaseNext(turn, open);
}

void EndTakeOver(Turn& turn, OpenDecision& open) {
  const Action& action = open.decision.actions.front();
  const std::string name = absl::StrCat("HorizontalPodAutoscaler ", action.name_space, "/", action.name);
  const bool done = action.state == ActionState::kDone;
  turn.Close(open, done ? DecisionState::kSucceeded : DecisionState::kFailed,
             done ? absl::StrCat(name, " is deleted: policy ", open.decision.policy, " scales ",
                                 open.decision.workload.ToString(), " now")
                  : absl::StrCat(name, " was not deleted: ", action.result, ". It goes on scaling ",
                                 open.decision.workload.ToString(), ", and policy ", open.decision.policy,
                                 " does nothing while it does"));
  turn.AnnounceStep(open.decision, "closed", !done, done ? "AutoscalerTakenOver" : "AutoscalerTakeOverFailed",
                    open.decision.outcome);
  if (Scaler* scaler = turn.ScalerOf(open.decision)) LookSoon(turn, *scaler);
}

void OnTakeOverAutoscaler(Turn& turn, const TakeOverAutoscaler& event) {
  Reply reply{.request_id = event.request_id};
  const auto refuse = [&](absl::Status status) {
    reply.status = std::move(status);
    turn.Answer(std::move(reply));
  };
  Cluster* cluster = turn.FindCluster(event.cluster);
  const bool known = cluster != nullptr && cluster->autoscalers.contains(event.name);
  if (!known) {
    return refuse(absl::NotFoundError(
        absl::StrCat("cluster ", event.cluster, " shows no ", AutoscalerText(event.name))));
  }
  const AutoscalerFacts autoscaler = cluster->autoscalers.at(event.name);
  absl::StatusOr<Policy> policy = PolicyFor(turn.state, event, autoscaler);
  if (!policy.ok()) return refuse(policy.status());
  if (absl::Status may = MayDelete(turn, *cluster, autoscaler.target); !may.ok())
    return refuse(std::move(may));

  reply.created = !turn.state.policies.contains(policy->name);
  reply.policy = StampPolicy(turn, *std::move(policy));
  if (event.validate_only) return turn.Answer(std::move(reply));
  EnactPolicy(turn, *reply.policy);
  Scaler& scaler = turn.state.scalers.at(reply.policy->name);
  Decision plan = Plan(event.name, autoscaler, *reply.policy, turn.now);
  plan.guards = Guards(turn, *cluster, scaler);
  reply.decision = event.mode == PolicyMode::kEnforce ? Order(turn, scaler, std::move(plan))
                                                      : Record(turn, scaler, std::move(plan));
  turn.Answer(std::move(reply));
}

}  // namespace evenkeel::coordinator
