// An operator lets a scale policy take the place of a HorizontalPodAutoscaler (scalers.h).

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coordinator/core/policies.h"
#include "coordinator/core/scale/carry_scale.h"
#include "coordinator/core/scale/scale_guards.h"
#include "coordinator/core/scale/scalers.h"

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

}  // namespace

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
