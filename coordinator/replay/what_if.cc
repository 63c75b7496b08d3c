#include "coordinator/replay/what_if.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/bytes_of.h"
#include "common/base/check.h"
#include "coordinator/core/policies.h"
#include "coordinator/core/words.h"
#include "coordinator/replay/difference.h"

namespace evenkeel::coordinator {
namespace {

// What a request or an action is about, the same for both cores; empty: it is not answered, or (a workload or
// usage to be watched) told of as things happen. The first line is for people.
std::string About(const Request& request) {
  if (const auto* probe = std::get_if<ProbeNode>(&request)) {
    return absl::StrCat("probe ", probe->target.cluster, " ", probe->target.node, " by ",
                        probe->witness.node);
  }
  if (const auto* read = std::get_if<ReadLease>(&request)) {
    return absl::StrCat("lease ", read->node.cluster, " ", read->node.node);
  }
  if (const auto* ask = std::get_if<AskKubelet>(&request)) {
    return absl::StrCat("kubelet ", ask->node.cluster, " ", ask->node.node);
  }
  if (const auto* ask = std::get_if<AskApi>(&request)) return absl::StrCat("API ", ask->cluster);
  return "";
}

uint64_t IdOf(const Request& request) {
  if (const auto* probe = std::get_if<ProbeNode>(&request)) return probe->probe_id;
  if (const auto* read = std::get_if<ReadLease>(&request)) return read->request_id;
  if (const auto* ask = std::get_if<AskKubelet>(&request)) return ask->request_id;
  if (const auto* ask = std::get_if<AskApi>(&request)) return ask->request_id;
  return 0;
}

// What an agent is told about fencing its node: it does the same about the same settings, whatever their
// number.
std::string About(const SetFencing& set) {
  FencingSettings settings = set.settings;
  settings.version = 0;
  return absl::StrCat(set.node.cluster, " ", set.node.node, "\n", base::BytesOf(settings));
}

std::string About(const ReleasedAction& released) {
  const Action& action = released.action;
  return absl::StrCat(WordsOf(action.kind).thing, " ",
                      action.name_space.empty() ? "" : absl::StrCat(action.name_space, "/"), action.name,
                      " in cluster ", released.cluster, NumbersOf(action), "\n", action.uid);
}

std::string FirstLine(const std::string& about) {
  return about.substr(0, about.find('\n'));
}

}  // namespace

void WhatIf::Fork(const Core& core, const std::map<DecisionId, Decision>& open, absl::Time now) {
  absl::StatusOr<std::unique_ptr<Core>> copy = Core::FromCheckpoint(core.Checkpoint());
  EVENKEEL_CHECK(copy.ok()) << "a core cannot read its own checkpoint: " << copy.status().ToString();
  core_ = *std::move(copy);
  ForgetAsked();
  decisions_.clear();
  for (const auto& [id, decision] : open) decisions_.insert_or_assign(id, decision);
  PutPolicy(now);
}

void WhatIf::Restart(Restored restored, absl::Time now) {
  for (const Policy& policy : restored.policies) StandInFor(policy);
  std::erase_if(restored.policies, [this](const Policy& policy) {
    return policy.name == policy_.name || SameSubject(policy, policy_);
  });
  restored.policies.push_back(policy_);
  core_ = std::make_unique<Core>(restored, now);
  ForgetAsked();
  decisions_.clear();
  for (const Decision& decision : restored.open_decisions) decisions_.insert_or_assign(decision.id, decision);
}

// Answers never come across a start.
void WhatIf::ForgetAsked() {
  partings_ = Partings();
  earlier_unanswered_ = unanswered();
  asked_.Forget();
  fences_.Forget();
  acted_.Forget();
  early_answers_.clear();
  due_.clear();
}

// What a scaler knows goes by its policy's name: under another one it would begin with nothing, and what it
// asked to be told again nobody would tell.
void WhatIf::StandInFor(const Policy& other) {
  if (other.IfScale() != nullptr && SameSubject(other, policy_)) policy_.name = other.name;
}

void WhatIf::PutPolicy(absl::Time now) {
  std::vector<std::string> in_the_way;
  for (const auto& [name, policy] : core_->policies()) StandInFor(policy);
  for (const auto& [name, policy] : core_->policies()) {
    const bool same = SameSubject(policy, policy_);
    // A policy cannot become one of another kind.
    const bool other_kind = policy.spec.index() != policy_.spec.index();
    if (name == policy_.name ? other_kind : same) in_the_way.push_back(name);
  }
  for (const std::string& name : in_the_way) Give(DeletePolicy{.request_id = 0, .name = name}, now);
  Give(ApplyPolicy{.request_id = 0, .policy = policy_}, now);
}

void WhatIf::Step(const Event& event, absl::Time now, absl::Time deadline, const Effects& recorded) {
  if (core_ == nullptr) return;
  for (const Request& request : recorded.requests) {
    if (const std::string about = About(request); !about.empty()) {
      asked_.Recorded(about, IdOf(request), now);
    } else if (const auto* fence = std::get_if<SetFencing>(&request)) {
      fences_.Recorded(About(*fence), {fence->node, fence->settings.version}, now);
    }
  }
  for (const ReleasedAction& action : recorded.actions) {
    acted_.Recorded(About(action), NameOf(action), now);
  }
  // It was awake until the recorded core's deadline: deadlines of this one before that are met in time.
  for (absl::Time own = core_->NextDeadline(); own < deadline && own < now; own = core_->NextDeadline()) {
    Give(Tick{}, own);
  }
  if (const std::optional<Event> told = Translated(event, recorded)) Give(*told, now);
  // Each answer may lead to the next action, of which there is an end.
  while (!due_.empty()) {
    const Event answer = std::move(due_.front());
    due_.erase(due_.begin());
    Give(answer, now);
  }
}

std::optional<Event> WhatIf::Translated(const Event& event, const Effects& recorded) {
  if (const auto* answer = std::get_if<ProbeAnswered>(&event)) {
    const auto partner = asked_.Answered(answer->probe_id);
    if (!partner) return std::nullopt;
    ProbeAnswered own = *answer;
    own.probe_id = *partner;
    return own;
  }
  if (const auto* answer = std::get_if<LeaseRead>(&event)) {
    const auto partner = asked_.Answered(answer->request_id);
    if (!partner) return std::nullopt;
    LeaseRead own = *answer;
    own.request_id = *partner;
    return own;
  }
  if (const auto* answer = std::get_if<KubeletAnswered>(&event)) {
    const auto partner = asked_.Answered(answer->request_id);
    if (!partner) return std::nullopt;
    KubeletAnswered own = *answer;
    own.request_id = *partner;
    return own;
  }
  if (const auto* answer = std::get_if<ApiAnswered>(&event)) {
    const auto partner = asked_.Answered(answer->request_id);
    if (!partner) return std::nullopt;
    ApiAnswered own = *answer;
    own.request_id = *partner;
    return own;
  }
  if (const auto* answer = std::get_if<FencingReported>(&event)) {
    // What an agent would have done about settings that nobody sent is not known: it is not relied on.
    const auto partner = fences_.Answered({answer->node, answer->version});
    FencingReported own = *answer;
    own.version = partner ? partner->second : 0;
    return own;
  }
  if (const auto* answer = std::get_if<ActionFinished>(&event)) {
    const ActionName name{answer->decision, answer->number, answer->attempt};
    const auto partner = acted_.Answered(name);
    if (partner) return AnswerTo(*partner, *answer);
    early_answers_.insert_or_assign(name, *answer);
    return std::nullopt;
  }
  if (const auto* apply = std::get_if<ApplyPolicy>(&event)) return Changed(*apply, recorded);
  if (const auto* erase = std::get_if<DeletePolicy>(&event)) return Changed(*erase, recorded);
  if (const auto* order = std::get_if<TakeOverAutoscaler>(&event)) return Changed(*order, recorded);
  return event;
}

// Whether a change was put into force is known, and not judged again: the policies' etags count all changes,
// and this core has had one more. A change that came to nothing is a step all the same.
Event WhatIf::Changed(ApplyPolicy apply, const Effects& recorded) {
  const bool put = std::any_of(recorded.writes.begin(), recorded.writes.end(), [&](const Write& write) {
    const auto* policy = std::get_if<coordinator::PutPolicy>(&write);
    return policy != nullptr && policy->policy.name == apply.policy.name;
  });
  if (!put) return Tick{};
  if (apply.policy.name == policy_.name || SameSubject(apply.policy, policy_)) {
    ++withheld_;
    return Tick{};
  }
  apply.expected_etag.clear();
  return apply;
}

Event WhatIf::Changed(DeletePolicy erase, const Effects& recorded) {
  const bool erased = std::any_of(recorded.writes.begin(), recorded.writes.end(), [&](const Write& write) {
    const auto* policy = std::get_if<ErasePolicy>(&write);
    return policy != nullptr && policy->name == erase.name;
  });
  if (!erased) return Tick{};
  // One of another name was in the way of this one, and has gone already.
  if (erase.name == policy_.name || !core_->policies().contains(erase.name)) {
    ++withheld_;
    return Tick{};
  }
  erase.expected_etag.clear();
  return erase;
}

// It makes a policy, too, or changes one: for what this one is about, this one stands in for that.
Event WhatIf::Changed(const TakeOverAutoscaler& order, const Effects& recorded) {
  for (const Write& write : recorded.writes) {
    const auto* put = std::get_if<PutDecision>(&write);
    if (put == nullptr || put->decision.kind != DecisionKind::kTakeOver) continue;
    const ScalePolicy* scale = policy_.IfScale();
    const bool own =
        scale != nullptr && scale->cluster == order.cluster && scale->target == put->decision.workload;
    if (!own && order.policy != policy_.name) return order;
    ++withheld_;
    return Tick{};
  }
  return Tick{};
}

WhatIf::ActionName WhatIf::NameOf(const ReleasedAction& released) {
  return {released.decision, released.action.number, released.action.attempts};
}

ActionFinished WhatIf::AnswerTo(const ActionName& name, ActionFinished answer) {
  answer.decision = name.decision;
  answer.number = name.number;
  answer.attempt = name.attempt;
  return answer;
}

void WhatIf::Give(const Event& event, absl::Time now) {
  const Effects effects = core_->Step(event, now);
  for (const Request& request : effects.requests) {
    if (const std::string about = About(request); !about.empty()) {
      asked_.Other(about, IdOf(request), now);
    } else if (const auto* fence = std::get_if<SetFencing>(&request)) {
      fences_.Other(About(*fence), {fence->node, fence->settings.version}, now);
    }
  }
  for (const ReleasedAction& action : effects.actions) {
    const ActionName own = NameOf(action);
    const auto partner = acted_.Other(About(action), own, now);
    const auto answer = partner ? early_answers_.find(*partner) : early_answers_.end();
    if (answer == early_answers_.end()) continue;
    due_.emplace_back(AnswerTo(own, answer->second));
  }
  for (const Notice& notice : effects.notices) {
    if (const auto* changed = std::get_if<DecisionChanged>(&notice)) {
      decisions_.insert_or_assign(changed->decision.id, changed->decision);
    }
  }
}

std::vector<WhatIf::Parting> WhatIf::Partings() const {
  std::vector<Parting> partings = partings_;
  for (Parting& parting : PartingsSinceOne()) partings.push_back(std::move(parting));
  std::stable_sort(partings.begin(), partings.end(),
                   [](const Parting& left, const Parting& right) { return left.time < right.time; });
  return partings;
}

std::vector<WhatIf::Parting> WhatIf::PartingsSinceOne() const {
  std::vector<Parting> partings;
  for (const auto& lone : acted_.LoneOther()) {
    partings.push_back({lone.asked, absl::StrCat("it would have handed out ", FirstLine(lone.about),
                                                 ", which was not done in the recorded world")});
  }
  for (const auto& lone : acted_.LoneRecorded()) {
    partings.push_back({lone.asked, absl::StrCat("it would not have handed out ", FirstLine(lone.about),
                                                 ", which was done in the recorded world")});
  }
  std::stable_sort(partings.begin(), partings.end(),
                   [](const Parting& left, const Parting& right) { return left.time < right.time; });
  return partings;
}

}  // namespace evenkeel::coordinator
