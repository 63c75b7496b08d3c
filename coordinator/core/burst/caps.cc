#include "coordinator/core/burst/caps.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/money.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

std::string CountPods(int64_t pods) {
  return Count(static_cast<size_t>(std::max<int64_t>(pods, 0)), "pod");
}

CapAnswer Refuse(BurstCap cap, std::string reason, bool used_up = false) {
  return {.allowed = false, .cap = cap, .used_up = used_up, .reason = std::move(reason)};
}

Resources Multiple(const Resources& each, int64_t number) {
  return {.cpu_millicores = each.cpu_millicores * number,
          .memory_bytes = each.memory_bytes * number,
          .pods = each.pods * number};
}

int64_t CostOf(int64_t micros_per_hour, absl::Duration duration) {
  return static_cast<int64_t>(static_cast<double>(micros_per_hour) * absl::ToDoubleHours(duration));
}

}  // namespace

CapAnswer AskCaps(const BurstCaps& caps, const BurstPrices& prices, const BurstLedger& ledger,
                  const Resources& more, absl::Time now) {
  const int64_t spent = CostMicros(ledger, prices);
  Resources all = ledger.use;
  all += more;
  const int64_t rate = MicrosPerHour(all, prices);
  if (caps.duration && ledger.began && now - *ledger.began >= *caps.duration) {
    return Refuse(BurstCap::kDuration,
                  absl::StrCat("this burst has lasted for ", Say(now - *ledger.began), ", and no more than ",
                               Say(*caps.duration), " are allowed"),
                  true);
  }
  if (caps.cost_micros && spent >= *caps.cost_micros) {
    return Refuse(
        BurstCap::kCost,
        absl::StrCat("this burst has cost ", SayMoney(spent, prices.currency), ", and no more than ",
                     SayMoney(*caps.cost_micros, prices.currency), " are allowed"),
        true);
  }
  if (caps.pods && all.pods > *caps.pods) {
    return Refuse(BurstCap::kPods,
                  absl::StrCat(CountPods(more.pods), " more would make ", all.pods,
                               " on virtual nodes, and no more than ", *caps.pods, " are allowed"));
  }
  if (caps.cpu_millicores && all.cpu_millicores > *caps.cpu_millicores) {
    return Refuse(BurstCap::kCpu, absl::StrCat("they would ask for ", SayCpu(all.cpu_millicores),
                                               " cores of virtual nodes together, and no more than ",
                                               SayCpu(*caps.cpu_millicores), " are allowed"));
  }
  if (caps.cost_micros && more.pods > 0 && spent + CostOf(rate, kLeastPaid) > *caps.cost_micros) {
    return Refuse(BurstCap::kCost, absl::StrCat("at ", SayMoney(rate, prices.currency), " an hour the ",
                                                SayMoney(*caps.cost_micros - spent, prices.currency),
                                                " that are left would not last for ", Say(kLeastPaid)));
  }
  return {.allowed = true,
          .reason = absl::StrCat(CountPods(all.pods), " on virtual nodes then, for ",
                                 SayMoney(rate, prices.currency), " an hour; ",
                                 SayMoney(spent, prices.currency), " spent so far")};
}

int64_t PodsAllowed(const BurstCaps& caps, const BurstPrices& prices, const BurstLedger& ledger,
                    const Resources& each, int64_t most, absl::Time now) {
  // Every cap is the harder to pass the more is asked for, so the border can be halved for.
  int64_t allowed = 0;
  int64_t refused = most + 1;
  while (refused - allowed > 1) {
    const int64_t middle = allowed + (refused - allowed) / 2;
    (AskCaps(caps, prices, ledger, Multiple(each, middle), now).allowed ? allowed : refused) = middle;
  }
  return allowed;
}

absl::Time UsedUpAt(const BurstCaps& caps, const BurstPrices& prices, const BurstLedger& ledger) {
  absl::Time when = absl::InfiniteFuture();
  if (!ledger.began) return when;
  if (caps.duration) when = *ledger.began + *caps.duration;
  const int64_t rate = MicrosPerHour(ledger.use, prices);
  if (caps.cost_micros && rate > 0) {
    const int64_t left = std::max<int64_t>(*caps.cost_micros - CostMicros(ledger, prices), 0);
    const double hours = static_cast<double>(left) / static_cast<double>(rate);
    when = std::min(when, ledger.counted + absl::Hours(1) * hours + absl::Milliseconds(1));
  }
  return when;
}

}  // namespace evenkeel::coordinator
