#include "tests/simulation/load_model.h"

#include <algorithm>

#include "tests/simulation/dice.h"

namespace evenkeel::simulation {
namespace {

constexpr int64_t kWhole = 1000;  // permille: whole numbers are the same on every machine

// How far the period has come that `since` is in, in permille.
int64_t Phase(absl::Duration since, absl::Duration period) {
  if (period <= absl::ZeroDuration()) return 0;
  return absl::ToInt64Milliseconds(since % period) * kWhole / absl::ToInt64Milliseconds(period);
}

// How much of the way from base to peak, in permille.
int64_t Height(const Load& load, absl::Duration since) {
  if (since < absl::ZeroDuration()) return 0;
  switch (load.curve) {
    case LoadCurve::kStep:
      return since < load.length ? kWhole : 0;
    case LoadCurve::kSpike:
      return load.length >= load.period || since % load.period < load.length ? kWhole : 0;
    case LoadCurve::kSaw:
      return Phase(since, load.period);
    case LoadCurve::kDaily: {
      const int64_t phase = Phase(since, load.period) * 2;
      const int64_t up = phase <= kWhole ? phase : 2 * kWhole - phase;
      return up * up * (3 * kWhole - 2 * up) / (kWhole * kWhole);
    }
  }
  return 0;
}

// In permille of the load, the same for all of one second.
int64_t Noise(const Load& load, absl::Time now) {
  if (load.noise_percent == 0) return 0;
  const int64_t most = int64_t{load.noise_percent} * 10;
  Dice dice(load.seed * 0x100000001b3 + static_cast<uint64_t>(absl::ToUnixSeconds(now)));
  return static_cast<int64_t>(dice.Below(static_cast<uint64_t>(2 * most + 1))) - most;
}

}  // namespace

int64_t LoadAt(const Load& load, absl::Time now) {
  const int64_t span = load.peak_millicores - load.base_millicores;
  const int64_t even = load.base_millicores + span * Height(load, now - load.from) / kWhole;
  return std::max<int64_t>(0, even + even * Noise(load, now) / kWhole);
}

PodUse UseOf(int64_t load_millicores, uint32_t ready, int64_t limit) {
  if (ready == 0) return {};
  const int64_t share = load_millicores / ready;
  if (limit <= 0 || share <= limit) return {share, 0};
  return {limit, static_cast<uint32_t>((share - limit) * 100 / share)};
}

}  // namespace evenkeel::simulation
