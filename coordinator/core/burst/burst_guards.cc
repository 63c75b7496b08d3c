#include "coordinator/core/burst/burst_guards.h"

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

GuardAnswer Mode(const BurstGuardFacts& facts) {
  const bool enforce = facts.mode == PolicyMode::kEnforce;
  return {"mode", enforce,
          absl::StrCat("policy ", facts.policy, ": ",
                       enforce ? "enforce" : "observe, which decides and does nothing")};
}

GuardAnswer Paused(const BurstGuardFacts& facts) {
  if (facts.policy_paused) return {"pause", false, absl::StrCat("policy ", facts.policy, " is paused")};
  if (!facts.pause) return {"pause", true, "nobody has paused the policy or the cluster"};
  const Pause& pause = *facts.pause;
  return {"pause", false,
          absl::StrCat(
              "an operator has paused the cluster ",
              pause.end == absl::InfiniteFuture() ? "until it is resumed" : "until " + SayTime(pause.end),
              Because(pause.reason))};
}

GuardAnswer Api(const BurstGuardFacts& facts) {
  return {"api", facts.api_reachable,
          facts.api_reachable ? "the Kubernetes API answers and its watches are fresh"
                              : absl::StrCat("the Kubernetes API cannot be relied on: ", facts.api_detail)};
}

GuardAnswer Provider(const BurstGuardFacts& facts) {
  const ProviderBackOff& provider = facts.provider;
  if (provider.failures == 0) return {"provider", true, "pods come up on virtual nodes, as far as is known"};
  const absl::Time ends = BackOffEnds(provider);
  return {"provider", facts.now >= ends,
          absl::StrCat("pods did not come up on virtual nodes ", Say(facts.now - provider.failed), " ago, ",
                       Count(provider.failures, "time"), " in a row; they are left alone for ",
                       Say(PauseOf(provider)))};
}

GuardAnswer OneIntent(const BurstGuardFacts& facts) {
  return {"one-intent", facts.open_decision.empty(),
          facts.open_decision.empty()
              ? "nothing else is under way on the virtual nodes"
              : absl::StrCat("decision ", facts.open_decision, " is under way on the virtual nodes")};
}

}  // namespace

BurstGuardFacts FactsAt(const BurstStanding& standing, absl::Time now) {
  BurstLedger ledger = standing.ledger;
  CountUp(ledger, now);
  return {.now = now,
          .mode = standing.mode,
          .policy = standing.policy,
          .policy_paused = standing.policy_paused,
          .pause = standing.pause,
          .api_reachable = standing.api_reachable,
          .api_detail = standing.api_detail,
          .provider = standing.provider,
          .caps = AskCaps(standing.caps, standing.prices, ledger, standing.pressing, now),
          .open_decision = standing.open_decision ? standing.open_decision->ToString() : ""};
}

std::vector<GuardAnswer> AskPolicyGuards(const BurstGuardFacts& facts) {
  return {Mode(facts), Paused(facts), Api(facts)};
}

std::vector<GuardAnswer> AskBurstGuards(const BurstGuardFacts& facts) {
  std::vector<GuardAnswer> answers = AskPolicyGuards(facts);
  answers.push_back(Provider(facts));
  answers.push_back({"burst-cap", facts.caps.allowed, facts.caps.reason});
  answers.push_back(OneIntent(facts));
  return answers;
}

}  // namespace evenkeel::coordinator
