// L9, and what of L3, L4, L8 and L11 is about replicas: counted here again by what is durable, what the
// coordinator was told and what is true of the load, and never by its guards' own answers.
//
// A turn may hold several steps. What must not have been so when a step was made is broken only where it was
// so throughout the turn.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

class ScaleLaws {
 public:
  using Violated = std::function<void(const std::string& law, const std::string& what)>;
  explicit ScaleLaws(Violated violated) : violated_(std::move(violated)) {}

  void Follow(World* world) { world_ = world; }

  // What the coordinator knew itself to lack, throughout the turn.
  struct Doubt {
    bool blind = false;
    bool away = false;  // the Kubernetes API
  };
  // As Observer has them. OnDurable comes before OnTurn; the world's disk holds the writes already.
  void OnDurable(const std::vector<coordinator::Write>& writes);
  void OnTurn(const std::vector<coordinator::Event>& events, const coordinator::Effects& effects,
              const Doubt& doubt);
  void OnCrash();
  void OnScaled(const coordinator::ReleasedAction& action);

  // L11, once the load is even and without noise: every scaled workload has the replicas that a fresh look at
  // its true load asks for. Empty: it is so.
  std::string NotConverged() const;

  // From now on the load wavers about the same height, until the end is asked for.
  void BeginNoise();
  void EndNoise();

 private:
  // A decision to change replicas that became durable, with what was remembered before it.
  struct Intent {
    coordinator::Decision decision;
    std::optional<coordinator::ScalerRecord> before;
    bool moving = false;  // a failover moves pods of it, before and afterwards
  };
  struct Pod {
    coordinator::WorkloadPodFacts facts;
    std::optional<coordinator::PodUsage> usage;
  };
  struct Effect {
    absl::Time first;
    uint32_t times = 0;
  };
  struct Turns {
    bool up = false;
    uint32_t reversals = 0;
  };

  void Hear(const coordinator::Event& event);
  void Take(const coordinator::Write& write);
  bool TooManyHeld(const Intent& intent) const;
  bool IsAutoscaled(const Intent& intent) const;
  bool IsTakenBackByCaps(const Intent& intent) const;
  void Check(const Intent& intent, bool conflict, bool held, bool capped, const Doubt& doubt);
  void L9Bounds(const coordinator::Decision& decision, const coordinator::Action& action);
  void L9WindowsAndPanicsAreKept(const Intent& intent, const coordinator::ReplicaChange& change,
                                 const coordinator::ScaleRules& rules);
  const coordinator::ScalePolicy* PolicyOf(const coordinator::Decision& decision) const;
  absl::Time Stepped() const;  // when the steps of this turn were made
  std::string NotConverged(const coordinator::ScalePolicy& policy) const;

  const Violated violated_;
  World* world_ = nullptr;
  std::vector<Intent> intents_;  // durable, of the turn that is not looked at yet
  std::set<coordinator::DecisionId> known_;
  std::map<std::string, coordinator::ScalerRecord> records_;  // durable
  std::map<coordinator::DecisionId, std::set<std::string>>
      moving_;  // open failovers: of which controllers, by uid, they move pods
  // As this process of the coordinator was told.
  std::map<coordinator::Workload, std::map<std::string, Pod>> pods_;
  std::map<coordinator::AutoscalerName, coordinator::Workload> autoscalers_;
  // What was advised, as was said, over restarts: when, and what the load asked for.
  std::map<std::string, std::deque<std::pair<absl::Time, int64_t>>> advised_;
  std::set<std::string> panicking_;
  std::map<std::pair<coordinator::DecisionId, uint32_t>, Effect> effects_;
  std::optional<std::map<std::string, Turns>> noise_;  // by workload
};

}  // namespace evenkeel::simulation
