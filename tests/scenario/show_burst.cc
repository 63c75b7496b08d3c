#include "tests/scenario/show_burst.h"

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/burst_words.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::scenario {
namespace {

using namespace coordinator;  // everything here is about the core's words

const char* Name(ValveState valve) {
  switch (valve) {
    case ValveState::kUnruled:
      return "unruled";
    case ValveState::kClosed:
      return "closed";
    case ValveState::kOpening:
      return "opening";
    case ValveState::kOpen:
      return "open";
    case ValveState::kClosing:
      return "closing";
  }
  return "";
}

std::string CountPods(int64_t pods) {
  return Count(static_cast<size_t>(pods), "pod");
}

}  // namespace

std::string ShowBurst(const BurstStatus& status, absl::Time now) {
  const BurstLedger ledger = LedgerAt(status, now);
  std::string text =
      absl::StrCat("  virtual nodes are ", Name(status.valve), ": ", ReasonOf(status, now), "\n  ",
                   CountPods(ledger.use.pods), " on ", Count(status.node_count, "virtual node"),
                   ledger.began ? absl::StrCat(" for ", Say(now - *ledger.began)) : "", "\n");
  if (const std::string would = WouldDo(status, now); !would.empty()) {
    absl::StrAppend(&text, "    it would ", would, "\n");
  }
  for (const PressingStatus& pod : status.pressing) {
    absl::StrAppend(&text, "    ", PodText(pod.pod.name_space, pod.pod.name), " waits for ",
                    Say(now - pod.since), pod.helpless_until ? ", and is not helped" : "", ": ",
                    pod.waits_for, "\n");
  }
  const ProviderBackOff& provider = status.standing.provider;
  if (provider.failures > 0) {
    absl::StrAppend(&text, "    the provider has failed ", Count(provider.failures, "time"), ": ",
                    provider.cause, "\n");
  }
  for (const HomewardStatus& workload : status.homeward) {
    absl::StrAppend(&text, "    ", CountPods(workload.pods), " of ", workload.workload.ToString(), ": ",
                    workload.decision ? absl::StrCat("on the way home by ", workload.decision->ToString(),
                                                     ", ", workload.surge, " at once")
                    : workload.waits_for.empty() ? "may come home"
                                                 : workload.waits_for,
                    "\n");
  }
  if (status.last) {
    absl::StrAppend(&text, "    the last burst: ", CountPods(status.last->ledger.peak_pods), " at most, for ",
                    Say(status.last->ledger.counted - *status.last->ledger.began), "\n");
  }
  return text;
}

}  // namespace evenkeel::scenario
