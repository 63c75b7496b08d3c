// The coordinator's figures for Prometheus: base units, `_total` for counters, and no label whose values
// others can invent: a cluster, a verdict, a kind and a state at most, and the name of a policy; of switches
// see switch_metrics.h.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/core/effects.h"
#include "coordinator/runtime/runtime.h"
#include "coordinator/serve/decision_tracker.h"
#include "coordinator/serve/fleet_view.h"
#include "coordinator/serve/switch_metrics.h"
#include "coordinator/session/agent_sessions.h"
#include "coordinator/store/event_log.h"

namespace evenkeel::coordinator {

class Metrics final : public prometheus::Collectable {
 public:
  // All outlive this. `open`: the decisions that the store held at the start. `event_log`: null where none is
  // kept.
  Metrics(const std::vector<Decision>& open, const Runtime& runtime, const AgentSessions::Figures& sessions,
          const FleetView& view, const EventLog* event_log);

  // From the runtime's outlet.
  void OnNotice(const Notice& notice);

  // When the runtime's loop turned last; any thread.
  absl::Time LastTurn() const;

  // A scrape; any thread.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void OnDecision(const Decision& decision);
  // The runtime forgets its longest lateness whenever it is asked: it is kept here until the next scrape.
  Runtime::Figures Sample() const;
  void CollectRuntime(std::vector<prometheus::MetricFamily>& out) const;
  void CollectSessions(std::vector<prometheus::MetricFamily>& out) const;
  void CollectEventLog(std::vector<prometheus::MetricFamily>& out) const;
  void CollectFleet(std::vector<prometheus::MetricFamily>& out) const;
  void OnScaler(const ScalerStatus& status);
  void CollectScalers(std::vector<prometheus::MetricFamily>& out) const;
  void CollectBursts(std::vector<prometheus::MetricFamily>& out) const;

  struct ScalerFigures {
    std::string cluster;
    int64_t replicas = 0;
    int64_t advised = 0;
    int64_t wanted = 0;
    bool panic = false;
  };

  const Runtime& runtime_;
  const AgentSessions::Figures& sessions_;
  const FleetView& view_;
  const EventLog* const event_log_;

  prometheus::Registry registry_;  // what is counted by notices
  prometheus::Family<prometheus::Counter>& decisions_;
  prometheus::Family<prometheus::Counter>& actions_;
  prometheus::Histogram& detection_;
  prometheus::Histogram& judgement_;
  prometheus::Histogram& recovery_;

  mutable absl::Mutex mutex_;
  DecisionTracker tracker_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, ScalerFigures> scalers_
      ABSL_GUARDED_BY(mutex_);                                         // by policy; those that see their load
  std::map<std::string, BurstStatus> bursts_ ABSL_GUARDED_BY(mutex_);  // by cluster
  SwitchMetrics switches_ ABSL_GUARDED_BY(mutex_);
  mutable absl::Duration longest_lateness_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::coordinator
