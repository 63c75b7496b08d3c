// What goes wrong in one trial about switches: incidents at random times, each with its end, several at once.
// Every incident has a coverage mark of its own name.
//
// To add one: a line in kSwitchIncidents of switch_incidents.cc, with a function that begins it and arranges
// its end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/switch/switch_events.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/switch_story.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

class SwitchIncidents {
 public:
  // What an operator orders is told to `ordered` before it is given. All outlive it.
  SwitchIncidents(World& world, SwitchStory& story,
                  std::function<void(const coordinator::OrderSwitch&)> ordered, uint64_t seed)
      : world_(world), story_(story), ordered_(std::move(ordered)), dice_(seed) {}

  // Begins one, any.
  void Strike();
  // The coordinator's process has ended by itself: it is started again, as its supervisor does.
  void CoordinatorDied();
  // The coordinator is killed soon after a switch has next come into a phase, any.
  void LieInWait();
  // What has become durable, before anything follows from it.
  void OnDurable(const std::vector<coordinator::Write>& writes);
  // All that is still going on ends now.
  void EndAll();

  void Order(coordinator::OrderSwitch order);
  void Start(const std::string& application);

  // Names of all: marks that a suite must hit.
  static std::vector<std::string> Marks();

 private:
  friend struct SwitchIncidentKinds;

  std::string AnyCluster();
  const std::string& AnyApplication();
  GatewayModel& AnyGateway();
  std::vector<std::string> NodesOf(const std::string& cluster) const;
  void Repair(const std::string& node);
  void SetFails(const std::string& cluster, const std::string& application, uint32_t permille);
  void Later(absl::Duration least, absl::Duration most, std::function<void()> what);
  void Spell(const std::function<void(Knobs&)>& turn);

  World& world_;
  SwitchStory& story_;
  const std::function<void(const coordinator::OrderSwitch&)> ordered_;
  Dice dice_;
  std::optional<coordinator::SwitchPhase> ambush_;
  uint64_t era_ = 0;  // what was arranged before EndAll does not happen any more
};

}  // namespace evenkeel::simulation
