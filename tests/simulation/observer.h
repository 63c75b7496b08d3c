// Whoever watches the world: a printer, or the checks of the laws.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "coordinator/core/switch/gateway_facts.h"

namespace evenkeel::simulation {

// A coordinator has written a route of a gateway, at this instant.
struct RouteWritten {
  coordinator::RouteKey key;
  coordinator::RouteWish wish;
  uint64_t epoch = 0;  // of the process that wrote
  coordinator::RouteShape before;
  uint64_t cut = 0;  // requests that it ended
};

struct Observer {
  virtual ~Observer() = default;
  // A batch became durable, at this instant: also that of a turn whose release is late, or never comes.
  virtual void OnDurable(const std::vector<coordinator::Write>& writes) { (void)writes; }
  // The coordinator made one turn of its loop: it was told `events` (and the time), and `effects` are those
  // of all its steps; writes are durable (OnDurable has told them), and nothing else of it has had an effect
  // yet.
  virtual void OnTurn(const std::vector<coordinator::Event>& events, const coordinator::Effects& effects) = 0;
  // The coordinator died within a turn: its writes may be durable, nothing was released.
  virtual void OnCrash() = 0;
  // A coordinator of epoch `epoch` sent an action although the cluster had been claimed by `claimed`.
  virtual void OnOvertaken(const coordinator::ReleasedAction& action, uint64_t epoch, uint64_t claimed) {
    (void)action;
    (void)epoch;
    (void)claimed;
  }
  // The action set the replicas of its workload to another number: in the cluster, at this instant.
  virtual void OnScaled(const coordinator::ReleasedAction& action) { (void)action; }
  virtual void OnRouteWritten(const RouteWritten& written) { (void)written; }
  // Something that is true of the machines and that the coordinator does not see.
  virtual void OnTruth(const std::string& line) { (void)line; }
  // A kubelet started a container whose like must not run twice.
  virtual void OnStarted(const std::string& node, const std::string& identity) {
    (void)node;
    (void)identity;
  }
};

}  // namespace evenkeel::simulation
