#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/collect/board.h"
#include "agent/collect/collector_thread.h"
#include "agent/collect/disk_collector.h"
#include "agent/collect/kernel_collector.h"
#include "agent/collect/kubelet_collector.h"
#include "agent/collect/proc_collector.h"
#include "agent/collect/runtime_collector.h"
#include "agent/collect/usage_collector.h"
#include "agent/fence/fencer.h"
#include "agent/program/config.h"
#include "agent/session/prober.h"
#include "agent/session/restarter.h"
#include "agent/session/session.h"
#include "common/time/clock.h"

namespace evenkeel::agent {

// The whole agent, put together: collectors -> board -> session.
class Agent {
 public:
  // Starts everything. `clock` outlives it.
  Agent(const Config& config, const time::Clock& clock);
  // Stops what Stop has not stopped.
  ~Agent() = default;

  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Looks after the collectors; called about once a second, by one thread. Returns whether one of them hangs:
  // then the destructor would too, and the process can only end without it.
  bool Supervise();

  // Says goodbye to the coordinator. The collectors run on until the destructor. The watchdog is let go of
  // only if the coordinator has heard the goodbye: else it relies on this node's fence, and a successor must
  // take over in time.
  void Stop(const std::string& reason) {
    session_.Stop(reason);
    if (session_counters().goodbye_heard.load(std::memory_order_relaxed)) fencer_.Leave();
  }

  // --- For health and metrics; any thread. ---
  bool connected() const { return session_.counters().connected.load(std::memory_order_relaxed); }
  const Fencer& fencer() const { return fencer_; }
  const SessionCounters& session_counters() const { return session_.counters(); }
  const std::vector<std::unique_ptr<CollectorThread>>& collectors() const { return threads_; }

 private:
  void Collect(const char* name, absl::Duration interval, absl::Duration deadline,
               CollectorThread::Round round);

  const time::Clock& clock_;
  const HostRoot host_;
  Board board_;
  Prober prober_;
  Restarter restarter_;
  Fencer fencer_;
  UsageCollector usage_;
  ProcCollector proc_;
  KernelCollector kernel_;
  DiskCollector disk_;
  RuntimeCollector runtime_;
  Session session_;
  KubeletCollector kubelet_;
  std::vector<std::unique_ptr<CollectorThread>> threads_;  // end before what they run
  std::set<std::string> stalled_;                          // of the supervising thread
};

}  // namespace evenkeel::agent
