// Hands out what the core released: to the cluster's actor, the gateways, the agents' sessions, the calls
// that wait, and those who show it.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/act/cluster_actor.h"
#include "coordinator/act/gate_hook.h"
#include "coordinator/act/gateways.h"
#include "coordinator/observe/cluster_observer.h"
#include "coordinator/prober/prober.h"
#include "coordinator/runtime/runtime.h"
#include "coordinator/serve/burst_feed.h"
#include "coordinator/serve/decision_feed.h"
#include "coordinator/serve/fleet_view.h"
#include "coordinator/serve/metrics.h"
#include "coordinator/serve/notice_log.h"
#include "coordinator/serve/reply_box.h"
#include "coordinator/serve/scaler_feed.h"
#include "coordinator/serve/standing_feed.h"
#include "coordinator/serve/switch_feed.h"
#include "coordinator/session/agent_sessions.h"
#include "coordinator/usage/usage_reports.h"

namespace evenkeel::coordinator {

class Dispatcher final : public Outlet {
 public:
  struct Receivers {
    EventSink* events = nullptr;
    std::map<std::string, ClusterActor*> actors;  // by cluster; none for one without Kubernetes
    Gateways* gateways = nullptr;
    AgentSessions* sessions = nullptr;
    UsageReports* usage = nullptr;
    Prober* prober = nullptr;
    GateHooks* gate_hooks = nullptr;
    ReplyBox* replies = nullptr;
    FleetView* view = nullptr;
    DecisionFeed* decisions = nullptr;
    ScalerFeed* scalers = nullptr;
    BurstFeed* bursts = nullptr;
    SwitchFeed* switches = nullptr;
    StandingFeed* standings = nullptr;
    Metrics* metrics = nullptr;
    NoticeLog* log = nullptr;
  };

  // They need the runtime, and the runtime needs this: so they come after construction, and before the
  // runtime starts. All outlive it. Observers begin to tell as soon as they are there, and are asked through
  // this: they come by ConnectObserver when they are made, which may be while the runtime runs; what was
  // asked of a cluster before is kept until then.
  void Connect(Receivers receivers) { to_ = std::move(receivers); }

  void ConnectObserver(const std::string& cluster, ClusterObserver& observer);
  // Before the observers end: none is asked any more, and nothing is kept for them.
  void DisconnectObservers();

  void Release(const ReleasedAction& action) override;
  void Release(const Request& request) override;
  void Release(const Reply& reply) override;
  void Release(const Notice& notice) override;

 private:
  ClusterActor* ActorOf(const std::string& cluster) const;
  void Ask(const WatchWorkload& request);
  void Ask(const UnwatchWorkload& request);
  void Ask(const WatchApplication& request);
  void Ask(const UnwatchApplication& request);

  Receivers to_;
  absl::Mutex mutex_;
  bool disconnected_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, ClusterObserver*> observers_ ABSL_GUARDED_BY(mutex_);
  // By cluster without an observer yet: what is to be watched.
  std::map<std::string, std::map<Workload, WatchWorkload>> kept_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::map<Application, WatchApplication>> kept_applications_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::coordinator
