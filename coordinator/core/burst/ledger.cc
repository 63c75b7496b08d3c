#include "coordinator/core/burst/ledger.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace evenkeel::coordinator {
namespace {

constexpr double kMillicoresPerCore = 1000;
constexpr int64_t kBytesPerMib = int64_t{1} << 20;
constexpr double kMibPerGib = 1024;
constexpr double kMsPerHour = 3'600'000;

int64_t ToMib(int64_t bytes) {
  return (bytes + kBytesPerMib - 1) / kBytesPerMib;
}

}  // namespace

void CountUp(BurstLedger& ledger, absl::Time now) {
  if (!ledger.began || ledger.use.pods == 0) return;
  const int64_t ms = absl::ToInt64Milliseconds(now - ledger.counted);
  if (ms <= 0) {
    ledger.counted = std::min(ledger.counted, now);
    return;
  }
  // Whole milliseconds only: the rest is counted the next time.
  ledger.counted += absl::Milliseconds(ms);
  ledger.cpu_millicore_ms += ledger.use.cpu_millicores * ms;
  ledger.memory_mib_ms += ToMib(ledger.use.memory_bytes) * ms;
  ledger.pod_ms += ledger.use.pods * ms;
}

std::optional<BurstLedger> NoteUse(BurstLedger& ledger, const Resources& use, absl::Time now, bool lasts) {
  CountUp(ledger, now);
  if (!ledger.began) {
    if (use.pods == 0) return std::nullopt;
    ledger.began = now;
    ledger.counted = now;
  }
  if (ledger.use.pods == 0 && use.pods > 0) ledger.counted = now;
  ledger.use = use;
  ledger.peak_pods = std::max(ledger.peak_pods, use.pods);
  if (use.pods > 0 || lasts) return std::nullopt;
  return std::exchange(ledger, BurstLedger{});
}

void BoundLedger(BurstLedger& ledger, absl::Time now) {
  if (ledger.began) ledger.began = std::min(*ledger.began, now);
  ledger.counted = std::min(ledger.counted, now);
}

int64_t CostMicros(const BurstLedger& ledger, const BurstPrices& prices) {
  const double core_hours = static_cast<double>(ledger.cpu_millicore_ms) / kMillicoresPerCore / kMsPerHour;
  const double gib_hours = static_cast<double>(ledger.memory_mib_ms) / kMibPerGib / kMsPerHour;
  return std::llround(core_hours * static_cast<double>(prices.core_hour_micros) +
                      gib_hours * static_cast<double>(prices.gib_hour_micros));
}

int64_t MicrosPerHour(const Resources& use, const BurstPrices& prices) {
  const double cores = static_cast<double>(use.cpu_millicores) / kMillicoresPerCore;
  const double gib = static_cast<double>(ToMib(use.memory_bytes)) / kMibPerGib;
  return std::llround(cores * static_cast<double>(prices.core_hour_micros) +
                      gib * static_cast<double>(prices.gib_hour_micros));
}

}  // namespace evenkeel::coordinator
