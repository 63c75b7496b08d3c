// The simulation's chance: the same numbers from the same seed on every machine (splitmix64), so nothing of
// <random>, whose distributions are each library's own.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace evenkeel::simulation {

class Dice {
 public:
  // Scattered, or neighbouring seeds would throw the same numbers one throw apart.
  explicit Dice(uint64_t seed) : state_(Scatter(Scatter(seed) + 0x632be59bd9b4e019)) {}

  // For scripts: the rhythm that their files were written in.
  static Dice OfScripts(uint64_t place) {
    Dice dice(0);
    dice.state_ = place * 0x9e3779b97f4a7c15 + 0x632be59bd9b4e019;
    return dice;
  }

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    return Scatter(state_);
  }

  // In [0, bound); 0 for a bound of 0.
  uint64_t Below(uint64_t bound) { return bound == 0 ? 0 : Next() % bound; }

  // True in `permille` of a thousand cases. Certainty costs no number, so a knob at zero changes no story.
  bool Chance(uint32_t permille) {
    if (permille == 0) return false;
    return permille >= 1000 || Below(1000) < permille;
  }

  // In [low, high), in whole microseconds; `low` where they are the same.
  absl::Duration Between(absl::Duration low, absl::Duration high) {
    if (high <= low) return low;
    return low + absl::Microseconds(static_cast<int64_t>(
                     Below(static_cast<uint64_t>((high - low) / absl::Microseconds(1)))));
  }

  // In [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  static uint64_t Scatter(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

}  // namespace evenkeel::simulation
