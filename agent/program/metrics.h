#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "agent/program/agent.h"

namespace evenkeel::agent {

// The agent's own health as Prometheus metrics. The agent counts in atomics of its own, which cost the beat
// nothing; they are carried over once a second.
class AgentMetrics {
 public:
  // Both outlive it.
  AgentMetrics(prometheus::Registry& registry, const Agent& agent);

  // One thread.
  void Update();

 private:
  struct Carried {
    const std::atomic<uint64_t>* from;
    prometheus::Counter* to;
  };
  struct Collector {
    prometheus::Counter* rounds;
    prometheus::Counter* failures;
    prometheus::Gauge* stalled;
  };

  const Agent& agent_;
  prometheus::Gauge& connected_;
  prometheus::Gauge& armed_;
  prometheus::Gauge& fenced_;
  std::vector<Carried> carried_;
  std::vector<Collector> collectors_;  // in the agent's order
};

}  // namespace evenkeel::agent
