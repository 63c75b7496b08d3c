// The core once more, under another policy, told the same as the recorded one: what it would have decided.
//
// What it asks of the world can be answered only where the recorded core asked the same: an answer is handed
// on to whoever asked for the same thing (the same witness about the same node, the same node's lease, the
// same action on the same object), whatever its number. What nobody asked then has no answer now, and an
// action that was not done then had no effect on what Kubernetes showed: from there the two worlds part, and
// what follows is an estimate.
//
// Time: it is called at its own deadlines as the recorded one was at its. Where the recorded one was called
// late, so is this one.
#pragma once

#include <compare>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/core.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"

namespace evenkeel::coordinator {

// Pairs what one core asked with what the other asked, by what it is about. Each asking has one partner.
template <typename Id>
class Pairing {
 public:
  struct Lone {
    std::string about;
    absl::Time asked;
  };

  // `apart`: askings further apart in time are none of each other's. `late`: one that has been answered
  // already may find its partner yet.
  Pairing(absl::Duration apart, bool late) : apart_(apart), late_(late) {}

  void Recorded(const std::string& about, const Id& id, absl::Time now) {
    Waiting& waiting = waiting_[about];
    const std::optional<Id> partner = Take(waiting.other, now);
    partners_.insert_or_assign(id, partner);
    if (!partner) waiting.recorded.push_back({id, now});
  }

  // Its partner, if there is one already.
  std::optional<Id> Other(const std::string& about, const Id& id, absl::Time now) {
    Waiting& waiting = waiting_[about];
    std::optional<Id> partner = Take(waiting.recorded, now);
    if (partner) {
      partners_.insert_or_assign(*partner, id);
    } else {
      waiting.other.push_back({id, now});
    }
    return partner;
  }

  // The recorded core's asking is answered. The other core's that the answer belongs to; none: it has not
  // asked. What was asked before anybody looked was asked by both, who were one then.
  std::optional<Id> Answered(const Id& recorded) {
    const auto found = partners_.find(recorded);
    if (found == partners_.end()) return recorded;
    if (!found->second) answered_.insert(recorded);
    return found->second;
  }

  // Askings that never found a partner. Where they are tries: but those before one that has found one, which
  // was the same thing in both worlds.
  std::vector<Lone> LoneRecorded() const { return Alone(true); }
  std::vector<Lone> LoneOther() const { return Alone(false); }

  void Forget() {
    partners_.clear();
    answered_.clear();
    waiting_.clear();
  }

 private:
  struct Asking {
    Id id;
    absl::Time asked;
  };
  struct Waiting {
    std::vector<Asking> recorded;
    std::vector<Asking> other;
  };

  // The latest that may be a partner: what was asked before it has had none in its time.
  std::optional<Id> Take(std::vector<Asking>& askings, absl::Time now) {
    for (auto asking = askings.rbegin(); asking != askings.rend(); ++asking) {
      if (now - asking->asked > apart_) return std::nullopt;
      if (!late_ && answered_.contains(asking->id)) continue;
      const Id id = asking->id;
      askings.erase(std::next(asking).base());
      return id;
    }
    return std::nullopt;
  }

  std::vector<Lone> Alone(bool recorded) const {
    std::set<Id> paired;
    for (const auto& [id, partner] : partners_) {
      if (partner) paired.insert(recorded ? id : *partner);
    }
    std::vector<Lone> lone;
    for (const auto& [about, waiting] : waiting_) {
      for (const Asking& asking : recorded ? waiting.recorded : waiting.other) {
        if (!TriedAgain(asking.id, paired)) lone.push_back({about, asking.asked});
      }
    }
    return lone;
  }

  // Tries of one thing follow each other in their order.
  static bool TriedAgain(const Id& id, const std::set<Id>& among) {
    if constexpr (requires { id.IsBefore(id); }) {
      const auto next = among.upper_bound(id);
      return next != among.end() && id.IsBefore(*next);
    }
    return false;
  }

  const absl::Duration apart_;
  const bool late_;
  std::map<Id, std::optional<Id>> partners_;  // of all that the recorded core asked
  std::set<Id> answered_;                     // before they had a partner
  std::map<std::string, Waiting> waiting_;
};

class WhatIf {
 public:
  // `policy` takes the place of the one about the same thing, or of its name.
  explicit WhatIf(Policy policy) : policy_(std::move(policy)) {}

  // Begins as `core`, which is at `now` with these decisions open, with the other policy.
  void Fork(const Core& core, const std::map<DecisionId, Decision>& open, absl::Time now);
  // A coordinator started from what the recorded one had stored: here, too, with the other policy.
  void Restart(Restored restored, absl::Time now);

  // The recorded core wanted its next Tick at `deadline`, was told `event` at `now`, and had these effects.
  void Step(const Event& event, absl::Time now, absl::Time deadline, const Effects& recorded);

  // Its decisions since it was last forked or restarted, and those that were open then, as they were left.
  // Before that it had others, which may have had the same ids.
  const std::map<DecisionId, Decision>& decisions() const { return decisions_; }

  // Where the worlds part, in words, earliest first: actions of the one that the other did not do.
  struct Parting {
    absl::Time time;
    std::string sentence;
  };
  std::vector<Parting> Partings() const;
  // Those since it was last forked or restarted, by themselves: a clock may have been set back before.
  std::vector<Parting> PartingsSinceOne() const;
  // Questions of this core that the recorded one had not asked.
  size_t unanswered() const {
    return asked_.LoneOther().size() + fences_.LoneOther().size() + earlier_unanswered_;
  }
  // Operators' changes, once put into force, of the policy that this one stands in for.
  size_t withheld() const { return withheld_; }

 private:
  using FenceName = std::pair<NodeKey, uint64_t>;  // and version of the settings
  // One try of an action: the answer to an earlier one is not the answer to this one.
  struct ActionName {
    DecisionId decision;
    uint32_t number = 0;
    uint32_t attempt = 0;
    auto operator<=>(const ActionName&) const = default;  // NOLINT(modernize-use-nullptr): no null in it
    // Whether both are tries of the same action.
    bool IsBefore(const ActionName& later) const {
      return decision == later.decision && number == later.number && attempt < later.attempt;
    }
  };

  static ActionName NameOf(const ReleasedAction& released);
  // The answer, as one to `name`.
  static ActionFinished AnswerTo(const ActionName& name, ActionFinished answer);
  void Give(const Event& event, absl::Time now);
  std::optional<Event> Translated(const Event& event, const Effects& recorded);
  // An operator's change of a policy, as this core is told of it.
  Event Changed(ApplyPolicy apply, const Effects& recorded);
  Event Changed(DeletePolicy erase, const Effects& recorded);
  Event Changed(const TakeOverAutoscaler& order, const Effects& recorded);
  // It takes the place of `other`, which is about the same thing.
  void StandInFor(const Policy& other);
  void PutPolicy(absl::Time now);
  void ForgetAsked();

  Policy policy_;
  std::unique_ptr<Core> core_;
  std::map<DecisionId, Decision> decisions_;
  // An answer that is older than this says nothing of the present.
  Pairing<uint64_t> asked_{absl::Seconds(2), false};
  // Agents follow settings for as long as there are no others.
  Pairing<FenceName> fences_{absl::Minutes(1), true};
  // What was done stays done: who does it later is answered what was answered then.
  Pairing<ActionName> acted_{absl::Minutes(1), true};
  std::map<ActionName, ActionFinished> early_answers_;  // by the recorded core's name
  std::vector<Event> due_;                              // answers of that kind, to be given now
  std::vector<Parting> partings_;                       // of earlier starts
  size_t earlier_unanswered_ = 0;
  size_t withheld_ = 0;
};

}  // namespace evenkeel::coordinator
