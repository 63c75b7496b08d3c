// What a run has come by: each fault that struck, each guard that refused, each kind of decision. A suite
// that has not come by one of them has proven nothing about it, and fails.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/simulation/dice.h"

namespace evenkeel::simulation {

class Marks {
 public:
  void Hit(std::string_view mark) {
    const auto found = counts_.find(mark);
    if (found == counts_.end()) {
      counts_.emplace(mark, 1);
    } else {
      ++found->second;
    }
  }

  // A chance of a knob that is marked when it strikes.
  bool Strike(Dice& dice, uint32_t permille, std::string_view mark) {
    if (!dice.Chance(permille)) return false;
    Hit(mark);
    return true;
  }

  void Add(const Marks& other) {
    for (const auto& [mark, count] : other.counts_) counts_[mark] += count;
  }

  const std::map<std::string, uint64_t, std::less<>>& counts() const { return counts_; }

 private:
  std::map<std::string, uint64_t, std::less<>> counts_;
};

}  // namespace evenkeel::simulation
