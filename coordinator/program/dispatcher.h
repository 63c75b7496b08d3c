// Hands out what the core released: to the cluster's actor, the agents' sessions, the calls that wait, and
// those who show it.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "coordinator/act/cluster_actor.h"
#include "coordinator/runtime/runtime.h"
#include "coordinator/serve/decision_feed.h"
#include "coordinator/serve/fleet_view.h"
#include "coordinator/serve/metrics.h"
#include "coordinator/serve/notice_log.h"
#include "coordinator/serve/reply_box.h"
#include "coordinator/session/agent_sessions.h"

namespace evenkeel::coordinator {

class Dispatcher final : public Outlet {
 public:
  struct Receivers {
    EventSink* events = nullptr;
    std::map<std::string, ClusterActor*> actors;  // by cluster; none for one without Kubernetes
    AgentSessions* sessions = nullptr;
    ReplyBox* replies = nullptr;
    FleetView* view = nullptr;
    DecisionFeed* decisions = nullptr;
    Metrics* metrics = nullptr;
    NoticeLog* log = nullptr;
  };

  // They need the runtime, and the runtime needs this: so they come after construction, and before the
  // runtime starts. All outlive it.
  void Connect(Receivers receivers) { to_ = std::move(receivers); }

  void Release(const ReleasedAction& action) override;
  void Release(const Request& request) override;
  void Release(const Reply& reply) override;
  void Release(const Notice& notice) override;

 private:
  ClusterActor* ActorOf(const std::string& cluster) const;

  Receivers to_;
};

}  // namespace evenkeel::coordinator
