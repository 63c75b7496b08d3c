// Switches of traffic in the simulated world: the gateways, how applications answer, and what each process of
// a coordinator has of adapters to them: workers of gateways, watches of applications, the prober, the asker
// of hooks. They die with their process; gateways do not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "tests/simulation/coordinator_host.h"
#include "tests/simulation/gateway_model.h"

namespace evenkeel::simulation {

class World;

// What every wish of a script or trial may do with a gateway: as HAProxy's adapter, but that it also fences.
coordinator::GatewayAbilities UsualAbilities();

class Switching {
 public:
  Switching(World& world, Observer* observer, uint64_t seed);
  ~Switching();

  // ---- set-up ----
  GatewayModel& AddGateway(const std::string& name,
                           const coordinator::GatewayAbilities& abilities = UsualAbilities());

  // ---- what can happen ----
  void SetAnswering(const BackendPlace& place, const Answering& answering) { answering_[place] = answering; }
  void SetHook(const std::string& name, coordinator::GateVerdict verdict) { hooks_[name] = verdict; }

  // ---- what is true ----
  // Null: there is none of that name.
  GatewayModel* Find(const std::string& gateway);
  const std::map<std::string, std::unique_ptr<GatewayModel>>& gateways() const { return gateways_; }
  Answering AnsweringOf(const BackendPlace& place) const;
  std::vector<ServerTruth> ServersOf(const BackendPlace& place) const;
  // As Kubernetes has it now.
  coordinator::ApplicationFacts FactsOf(const BackendPlace& place) const;

  // ---- from a coordinator's process ----
  void Take(CoordinatorHost& host, size_t place, const coordinator::Request& request);
  void Shape(CoordinatorHost& host, size_t place, const coordinator::ReleasedAction& action);
  void Withdraw(CoordinatorHost& host, size_t place, const coordinator::WithdrawActions& withdrawal);

 private:
  struct Order;
  struct Watch;
  struct Prober;
  struct Adapters;

  Adapters& Of(CoordinatorHost& host, size_t place);
  // Told in the order of calls, later by what the gateway takes.
  void Tell(Adapters& adapters, absl::Duration after, coordinator::Event event);
  absl::Duration Takes();

  void WatchRoute(Adapters& adapters, const coordinator::WatchRoute& request);
  void Poll(const std::shared_ptr<Adapters>& adapters, const coordinator::RouteKey& key, uint64_t watch);
  void CheckBackend(Adapters& adapters, const coordinator::CheckBackend& request);
  void Answer(Adapters& adapters, const Order& order, coordinator::ActionOutcome outcome, std::string detail,
              absl::Duration after);
  void Next(const std::shared_ptr<Adapters>& adapters, const std::string& gateway);
  void Try(const std::shared_ptr<Adapters>& adapters, const Order& order, absl::Time began);
  void Carry(Adapters& adapters, const Order& order);
  void Finished(const std::shared_ptr<Adapters>& adapters, const std::string& gateway, absl::Duration after);
  void Observe(const std::shared_ptr<Adapters>& adapters, const std::string& cluster,
               const coordinator::Application& application, uint64_t watch);
  void StartProber(Adapters& adapters, const coordinator::StartProber& request);
  void TellProbes(const std::shared_ptr<Adapters>& adapters, const coordinator::DecisionId& decision);
  void AskApi(const Adapters& adapters, const coordinator::AskApi& request);
  void AskHook(Adapters& adapters, const coordinator::AskHook& request);
  void StopProbers(Adapters& adapters);

  World& world_;
  Observer* const observer_;
  const uint64_t seed_;
  Dice dice_;
  uint64_t runs_ = 0;  // of probers
  std::map<std::string, std::unique_ptr<GatewayModel>> gateways_;
  std::map<BackendPlace, Answering> answering_;
  std::map<std::string, coordinator::GateVerdict> hooks_;
  std::map<size_t, std::shared_ptr<Adapters>> adapters_;  // by the process' place
};

}  // namespace evenkeel::simulation
