// L6, the guards' part of it: budgets per failure domain and per time, nodes that stay healthy, calm after a
// storm, a pause, maintenance. Each is counted here again, by what is durable, what the coordinator was told
// and what it said, and never by its guards' own answers.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

class GuardLaws {
 public:
  using Violated = std::function<void(const std::string& law, const std::string& what)>;
  explicit GuardLaws(Violated violated) : violated_(std::move(violated)) {}

  void Follow(World* world) { world_ = world; }

  // One turn, as Observer::OnTurn has it. The world's disk holds its writes already.
  void OnTurn(const std::vector<coordinator::Event>& events, const coordinator::Effects& effects);
  void OnCrash();

  // Nodes that may be out of service at once in a part of the fleet that has `nodes`: the policy's number, or
  // its percentage where that is more.
  size_t Budget() const;
  size_t DomainBudget(size_t nodes) const;
  // Where the node is; empty: its cluster has no or one failure domain, and the cluster's budget says it all.
  std::string DomainOf(const std::string& node) const;
  size_t SizeOf(const std::string& domain) const;
  // It is out, and does not count any more: all that it carried has been Ready elsewhere for long.
  bool Absorbed(const std::string& node, absl::Time when) const;
  // Its silence does not count: that, or somebody works on it.
  bool Explained(const std::string& node) const;
  // Nodes of the domain that were silent, as the coordinator has said, during the whole of the turn that was
  // looked at last, with nothing that explains it. 0 for a turn that hands out nothing.
  size_t SilentThroughout(const std::string& domain) const;

 private:
  // Of the turn that is looked at.
  struct Before {
    bool paused = false;
    std::set<std::string> maintained;
    std::map<std::string, absl::Time> out;
    std::set<std::string> drained;
    absl::Time storm;
  };
  // A bucket of disruptions: each takes one, and one comes back each window / most.
  struct Bucket {
    double used = 0;
    absl::Time at = absl::InfinitePast();
  };

  void Take(const coordinator::Write& write);
  void Recovered(const coordinator::NodeRecord& record);
  void NoteCare(const coordinator::Decision& decision);
  void Opened(const coordinator::Decision& decision, const Before& before);
  void CalmSince(const std::string& node, const Before& before);
  void TakenOut(const std::string& node);
  void Booked(const std::string& node);
  void Booked(Bucket& bucket, uint32_t most, const std::string& where);
  void Released(const coordinator::ReleasedAction& released, const Before& before);
  void NoteStorm();
  void FindSilent(const std::set<std::string>& heard_of, const Before& before);
  void Hear(const coordinator::VerdictChanged& verdict);
  void SetHealth(const std::string& node);
  absl::Time Stepped() const;  // when the steps of this turn were made
  coordinator::FailoverPolicy Policy() const;

  const Violated violated_;
  World* world_ = nullptr;
  bool paused_ = false;
  std::set<std::string> maintained_;
  std::map<std::string, absl::Time> out_;  // failed over or drained, and when that stops to count
  std::set<std::string> drained_;
  std::set<std::string> died_in_care_;  // within the window of its booking; until they speak again
  std::set<coordinator::DecisionId> known_;
  std::map<std::string, bool> ready_;  // as the coordinator was told
  std::set<std::string> silent_;       // SUSPECT or DEAD, as it said
  std::set<std::string> silent_throughout_;
  std::set<std::string> gray_;
  std::set<std::string> healthy_;
  std::set<std::string> lately_healthy_;  // before this turn
  bool storming_ = false;
  absl::Time storm_ = absl::InfinitePast();
  absl::Time storm_began_ = absl::InfinitePast();
  Bucket cluster_bucket_;
  std::map<std::string, Bucket> domain_buckets_;
};

}  // namespace evenkeel::simulation
