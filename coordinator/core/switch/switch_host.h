// What the room of switches needs of the core around it. One step of the core at a time; in the core it is
// the Turn, in tests of this room alone a small world.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/switch/preflight.h"
#include "coordinator/core/switch/switch_events.h"

namespace evenkeel::coordinator {

// A node that is not well.
struct BadNode {
  std::string node;
  bool dead = false;  // else sick or silent
};

class SwitchHost {
 public:
  virtual ~SwitchHost() = default;

  virtual absl::Time Now() const = 0;
  virtual uint64_t Epoch() const = 0;

  // ---- what is seen ----
  virtual ClusterFacts FactsOf(const std::string& cluster) const = 0;
  // What each look goes by: whether it is known, its API, blind, lost, paused. What is counted of its nodes
  // need not be filled in.
  virtual ClusterFacts GlanceAt(const std::string& cluster) const { return FactsOf(cluster); }
  // Those of `nodes` that are dead, sick or silent.
  virtual std::vector<BadNode> BadNodes(const std::string& cluster,
                                        const std::map<std::string, uint32_t>& nodes) const = 0;

  // ---- what is done ----
  // A decision of kind kSwitch; durable with the step.
  virtual DecisionId Open(const SwitchRecord& record) = 0;
  // What the preflight has found, in place of what it had found before.
  virtual void Found(const DecisionId& /*decision*/, const std::vector<Finding>& /*findings*/) {}
  // A sentence of evidence.
  virtual void Happened(const DecisionId& decision, const std::string& sentence) = 0;
  // The record is durable before anything that is released in this step (L3).
  virtual void Write(const DecisionId& decision, const SwitchRecord& record) = 0;
  // An action kShapeRoute; `number` is the action's in its decision. The same number again is another
  // attempt.
  virtual void Release(const DecisionId& decision, uint32_t number, const RouteWish& wish) = 0;
  virtual void Close(const DecisionId& decision, const SwitchRecord& record) = 0;
  virtual void Ask(SwitchRequest request) = 0;
  virtual void Answer(SwitchReply reply) = 0;
  // What must stay of a namespace's workloads may have changed (switch_floors.h).
  virtual void FloorsChange(const std::string& /*cluster*/, const std::string& /*name_space*/) {}
  // What is shown of a switch may have changed.
  virtual void Changed(const std::string& name) = 0;
  // OnSwitchDue is called then; in place of the one before.
  virtual void WakeAt(const std::string& name, absl::Time time) = 0;
};

}  // namespace evenkeel::coordinator
