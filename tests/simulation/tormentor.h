// What goes wrong in one trial: incidents at random times, each with its end, several at once; and spells of
// bad chance (knobs). Every incident has a coverage mark of its own name.
//
// To add one: a line in kIncidents of tormentor.cc, with a function that begins it and arranges its end; in
// scale_incidents.cc, where it is about scaling; in burst_incidents.cc, where it is about virtual nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/effects.h"
#include "tests/simulation/burst_story.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/scale_story.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

class Tormentor {
 public:
  Tormentor(World& world, uint64_t seed) : world_(world), dice_(seed) {}

  // Begins one incident, any that is possible now.
  void Strike();
  // Something is scaled in this trial; it outlives this.
  void Follow(ScaleStory* story) { story_ = story; }
  // The same of incidents that are about scaling; only where something is scaled.
  void StrikeScaled();
  // There are virtual nodes in it; it outlives this.
  void Follow(BurstStory* story) { burst_ = story; }
  void StrikeBurst();  // only where there are
  // The coordinator's process has ended by itself: it is started again, as its supervisor does.
  void CoordinatorDied();
  // The coordinator is handing out an action: incidents that lie in wait for one happen in its midst.
  void Acting(const coordinator::ReleasedAction& released);
  // All that is still going on ends now: machines and ways are well again, the knobs are off.
  void EndAll();

  // Names of all incidents: marks that a suite must hit.
  static std::vector<std::string> Marks();

 private:
  friend struct Incidents;
  friend struct ScaleIncidents;
  friend struct BurstIncidents;

  using InTheMidst = std::function<void(const coordinator::Decision& decision)>;
  struct Ambush {
    coordinator::DecisionKind kind;
    InTheMidst what;
  };

  static std::vector<std::string> MarksOfScaling();
  static std::vector<std::string> MarksOfBursts();
  void FindNodes();
  void EndScaled();
  void EndBurst();
  const std::string& AnyNode();
  // In its zone, with itself.
  std::vector<std::string> Neighbours(const std::string& node);
  void Later(absl::Duration least, absl::Duration most, std::function<void()> what);
  // Happens once, when an action of such a decision is next handed out.
  void LieInWait(coordinator::DecisionKind kind, InTheMidst what);
  void Repair(const std::string& node);
  void Change(const std::string& node, const std::function<void(Machine&)>& change);
  void Spell(const std::function<void(Knobs&)>& turn);

  World& world_;
  Dice dice_;
  ScaleStory* story_ = nullptr;
  BurstStory* burst_ = nullptr;
  uint64_t era_ = 0;  // what was arranged before EndAll does not happen any more
  std::vector<std::string> nodes_;
  std::vector<Ambush> ambushes_;
};

}  // namespace evenkeel::simulation
