// What a switch of traffic needs of one workload. Data; switch_floors.h finds it.
#pragma once

#include <cstdint>
#include <string>

namespace evenkeel::coordinator {

struct SwitchFloor {
  int64_t replicas = 0;  // fewer there must not be; 0: as few as anybody likes
  std::string name;      // of the switch that needs them, or may; empty: none does
  // Whether its pods are the switch's is not known (yet): none is to be taken away.
  bool unknown = false;
  bool operator==(const SwitchFloor&) const = default;
};

}  // namespace evenkeel::coordinator
