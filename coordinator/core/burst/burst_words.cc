#include "coordinator/core/burst/burst_words.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/caps.h"
#include "coordinator/core/burst/money.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

bool LetsIn(const BurstStatus& status) {
  return status.valve == ValveState::kOpen || status.valve == ValveState::kOpening;
}

// Those that count.
std::string Pressing(const BurstStatus& status) {
  const size_t pods = status.pressing_count - status.helpless_count;
  return absl::StrCat(Count(pods, "pod"), pods == 1 ? " finds" : " find", " no room on real nodes");
}

std::string WhyUnruled(const BurstStatus& status) {
  return status.standing.policy_paused
             ? absl::StrCat("policy ", status.standing.policy, " is paused: virtual nodes stay as they are")
             : absl::StrCat("policy ", status.standing.policy,
                            " observes: virtual nodes are open to whoever tolerates them");
}

std::string WhyClosed(const BurstStatus& status, absl::Time now) {
  if (status.pressing_since) {
    if (!status.any_ready) return absl::StrCat(Pressing(status), ", and no virtual node is Ready");
    const std::optional<GuardAnswer> refusal = RefusalOf(status, now);
    return refusal ? absl::StrCat(Pressing(status), ", but the guard ", refusal->guard,
                                  " refuses to open virtual nodes: ", refusal->reason)
                   : Pressing(status);
  }
  const BurstStanding& standing = status.standing;
  const CapAnswer caps = AskCaps(standing.caps, standing.prices, LedgerAt(status, now), Resources{}, now);
  if (caps.used_up) {
    return absl::StrCat(caps.reason,
                        "; another one may begin when nobody has wanted more than real nodes have for ",
                        Say(kUsedUpFor));
  }
  if (status.helpless_count > 0) {
    return absl::StrCat(Count(status.helpless_count, "pod"), status.helpless_count == 1 ? " finds" : " find",
                        " no room on real nodes, and open virtual nodes did not help");
  }
  return "no pod that may go to virtual nodes waits for room";
}

}  // namespace

BurstLedger LedgerAt(const BurstStatus& status, absl::Time now) {
  BurstLedger ledger = status.standing.ledger;
  CountUp(ledger, now);
  return ledger;
}

std::optional<GuardAnswer> RefusalOf(const BurstStatus& status, absl::Time now) {
  if (!status.listed || !status.pressing_since || !status.any_ready || LetsIn(status)) return std::nullopt;
  BurstGuardFacts facts = FactsAt(status.standing, now);
  facts.open_decision.clear();  // what is under way on virtual nodes ends by itself, in a moment
  const std::vector<GuardAnswer> answers = AskBurstGuards(facts);
  const GuardAnswer* refusal = FirstRefusal(answers);
  return refusal == nullptr ? std::nullopt : std::optional(*refusal);
}

std::string ReasonOf(const BurstStatus& status, absl::Time now) {
  if (!status.listed) return "the cluster's pods are not known yet";
  switch (status.valve) {
    case ValveState::kUnruled:
      return WhyUnruled(status);
    case ValveState::kOpening:
    case ValveState::kOpen:
      return status.pressing_since ? Pressing(status) : "until a moment ago pods found no room on real nodes";
    case ValveState::kClosing:
    case ValveState::kClosed:
      break;
  }
  return WhyClosed(status, now);
}

std::string WouldDo(const BurstStatus& status, absl::Time now) {
  if (!RefusalOf(status, now)) return "";
  const Resources& asked = status.standing.pressing;
  const BurstPrices& prices = status.standing.prices;
  const size_t pods = status.pressing_count - status.helpless_count;
  const int64_t rate = MicrosPerHour(asked, prices);
  return absl::StrCat(
      "open virtual nodes to ", Count(pods, "pod"), pods == 1 ? ", which asks" : ", which ask", " for ",
      SayCpu(asked.cpu_millicores), " of CPU and ", SayBytes(asked.memory_bytes),
      rate > 0 ? absl::StrCat(", for ", SayMoney(rate, prices.currency), " an hour more") : "");
}

}  // namespace evenkeel::coordinator
