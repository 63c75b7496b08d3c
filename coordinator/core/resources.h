// CPU, memory and places for pods: what a node has and what a pod asks for.
#pragma once

#include <cstdint>

namespace evenkeel::coordinator {

struct Resources {
  int64_t cpu_millicores = 0;
  int64_t memory_bytes = 0;
  int64_t pods = 0;

  Resources& operator+=(const Resources& other) {
    cpu_millicores += other.cpu_millicores;
    memory_bytes += other.memory_bytes;
    pods += other.pods;
    return *this;
  }
  Resources& operator-=(const Resources& other) {
    cpu_millicores -= other.cpu_millicores;
    memory_bytes -= other.memory_bytes;
    pods -= other.pods;
    return *this;
  }
  bool operator==(const Resources&) const = default;
};

}  // namespace evenkeel::coordinator
