// All gateways of the coordinator's configuration, each with a thread of its own: what the core asks of a
// route goes to its gateway, and what is seen and done there is told as events.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/switch/switch_events.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/gateway_worker.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

class Gateways final : public GatewayListener {
 public:
  // Outlives it.
  explicit Gateways(EventSink& sink) : sink_(&sink) {}
  // Ends what is under way. Nothing is told any more after it. The sink must not be stuck: let the runtime
  // run, or stop it first.
  ~Gateways() override;
  Gateways(const Gateways&) = delete;
  Gateways& operator=(const Gateways&) = delete;

  // Each before the first request, and by a name of its own.
  void Add(const std::string& name, std::unique_ptr<Gateway> gateway,
           const GatewayWorker::Options& options = {});

  // From the thread that takes the sink's events (the runtime's loop), or one that may wait for it. They
  // never wait for a gateway.
  // A route of a gateway that is not configured is lost at once, as one that is not known.
  void Do(const WatchRoute& request);
  void Do(const CheckBackend& request);
  // Of the kind kShapeRoute. Answered by one ActionFinished, after the reading that was made for it.
  void Do(const ReleasedAction& action);
  // What of the decision has not been begun is answered kWithdrawn.
  void Do(const WithdrawActions& withdrawal);

  // L7: another coordinator has this cluster, so switches from it are that one's. From now on what is wished
  // for them is answered kNotMine, also where the gateway itself could not tell the two apart; so is what
  // waits or is under way, which is ended before its next write. Any thread that may wait for the sink.
  void StopFor(const std::string& cluster, const absl::Status& whose);

 private:
  struct One {
    std::unique_ptr<Gateway> gateway;
    std::unique_ptr<GatewayWorker> worker;  // ends before its gateway
  };

  GatewayWorker* WorkerOf(const std::string& gateway) const;

  void RouteWasRead(const RouteKey& key, const RouteReading& reading,
                    const GatewayAbilities& abilities) override;
  void RouteWasLost(const RouteKey& key, const std::string& detail) override;
  void BackendWasChecked(const BackendChecked& answer) override;
  void OrderEnded(const ActionFinished& answer) override;

  EventSink* const sink_;
  std::map<std::string, One> gateways_;  // by name
};

}  // namespace evenkeel::coordinator
