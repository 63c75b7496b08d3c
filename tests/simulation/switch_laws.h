// The laws of switches of traffic, counted here again by what is true of gateways, users and pods, by what is
// durable and by what people ordered, and never by the answers of the coordinator's own gates and guards:
//
//   L3   before a route is written, the intent is durable, with a record that wishes just that; two switches
//        never have one route; while an operator has paused a cluster, or the switch, green gets no more
//   L4   an open switch has a record; an end is the last word
//   L7   an older coordinator changes nothing once a newer one has written (where the gateway fences)
//   L8   while green's API is away, green gets no more
//   L10  never nobody behind a route; no step without its soak, its requests and its gates; no step onto a
//        green, and no rollback onto a blue, that has been dead for kSeen or has failed for kSurelySeen;
//        nothing is cut but what an operator, or the rule of the switch, allowed; drained means drained
//   L11  every switch ends, and the gateway agrees with what its record says then
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/switch/switch_events.h"
#include "coordinator/core/switch/switch_record.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

class SwitchLaws final : public Observer {
 public:
  // What lasts for so long must have been seen.
  static constexpr absl::Duration kSeen = absl::Seconds(4);
  static constexpr absl::Duration kSurelySeen = absl::Seconds(12);
  static constexpr absl::Duration kLooks = absl::Milliseconds(250);

  // Before the world starts; it outlives this.
  void Follow(World* world);

  // An operator has given this order.
  void Ordered(const coordinator::OrderSwitch& order);

  void OnDurable(const std::vector<coordinator::Write>& writes) override;
  void OnTurn(const std::vector<coordinator::Event>& events, const coordinator::Effects& effects) override;
  void OnCrash() override;
  void OnRouteWritten(const RouteWritten& written) override;

  // Of switches that are under way, as they are durable; by name.
  std::map<std::string, coordinator::SwitchRecord> Open() const;
  // At the end of the trial, when nothing is open any more: that gateways agree, and what users have lost.
  void JudgeEnd();

  void Violated(const std::string& law, const std::string& what);
  const std::vector<std::string>& violations() const { return violations_; }
  uint64_t trace() const { return trace_; }

 private:
  // Of an application in a cluster.
  struct SideTruth {
    absl::Time dead_since = absl::InfiniteFuture();     // no pod of it lives
    absl::Time failing_since = absl::InfiniteFuture();  // it answers most of what it is asked with 500
    std::map<std::string, uint64_t> sent;               // by gateway, when it began to fail
  };
  struct Known {
    coordinator::SwitchRecord record;
    bool open = true;
    absl::Time ended = absl::InfiniteFuture();
    std::map<coordinator::RouteKey, uint64_t> sent;  // to green, when the last step was decided
    uint64_t may_cut = 0;                            // the most that anybody allowed
    bool late_write = false;                         // an older coordinator has written one of its routes
  };

  void Look();
  void Mix(const std::string& text);
  std::string Name(const coordinator::DecisionId& id, const coordinator::SwitchRecord& record) const;
  bool Lives(const BackendPlace& place) const;
  bool IsDead(const std::string& cluster, const std::string& application, absl::Duration for_long) const;
  bool SurelyFails(const coordinator::SwitchRecord& record, const std::string& cluster) const;
  bool OrderedSince(const std::string& name, coordinator::SwitchOrder order, absl::Time since) const;
  bool WasUndisturbed(const coordinator::RouteKey& key, absl::Duration for_long) const;

  void Judge(const coordinator::DecisionId& id, const coordinator::SwitchRecord& now);
  void JudgeStep(const std::string& name, const Known& last, const coordinator::SwitchRecord& now);
  uint64_t CountedFrom(const coordinator::SwitchedRoute& route, bool again) const;
  void JudgeShown(const std::string& name, const Known& last, const coordinator::SwitchRecord& now);
  void JudgeRollback(const std::string& name, const coordinator::SwitchRecord& now);
  void JudgeStop(const coordinator::SwitchRecord& last, const coordinator::SwitchRecord& now);
  void JudgeOutcome(const std::string& name, const coordinator::SwitchRecord& now);
  void JudgeOverlaps();
  bool Agrees(const coordinator::SwitchRecord& record, const coordinator::SwitchedRoute& route) const;

  World* world_ = nullptr;
  std::map<coordinator::DecisionId, Known> known_;
  std::map<std::pair<std::string, std::string>, SideTruth> sides_;  // by cluster and application
  // The last ones, by route and backend.
  std::map<std::pair<coordinator::RouteKey, std::string>, std::deque<uint64_t>> sent_;
  std::map<std::string, absl::Time> away_since_;      // the API, as the coordinator was told
  std::map<std::string, absl::Time> paused_since_;    // clusters, as it is durable
  std::map<coordinator::RouteKey, uint64_t> epochs_;  // the greatest that has written
  std::vector<std::pair<absl::Time, coordinator::OrderSwitch>> orders_;
  std::vector<std::string> violations_;
  uint64_t trace_ = 0xcbf29ce484222325;
};

}  // namespace evenkeel::simulation
