// The laws of the architecture, each with a named check by what is true in the world. A check looks at what
// is durable, at what is handed out and at what happens to machines and pods; the coordinator's own words
// count only where a law is about its words (L2).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "tests/simulation/burst_laws.h"
#include "tests/simulation/guard_laws.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/scale_laws.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

class Laws final : public Observer {
 public:
  // The world that is watched; before its start.
  void Follow(World* world) {
    world_ = world;
    guards_.Follow(world);
    scale_.Follow(world);
    burst_.Follow(world);
  }

  void OnDurable(const std::vector<coordinator::Write>& writes) override;
  void OnTurn(const std::vector<coordinator::Event>& events, const coordinator::Effects& effects) override;
  void OnCrash() override;
  void OnStarted(const std::string& node, const std::string& identity) override;
  void OnScaled(const coordinator::ReleasedAction& action) override {
    scale_.OnScaled(action);
    burst_.OnScaled(action);
  }
  void OnOvertaken(const coordinator::ReleasedAction& action, uint64_t epoch, uint64_t claimed) override;

  // L11, and what of L4 shows at the end: asked when the faults have been over for long enough. Empty: all is
  // well.
  std::string NotConverged();

  // The load of what is scaled wavers about one height from now on, until the end is asked for.
  void BeginNoise() { scale_.BeginNoise(); }
  void EndNoise() { scale_.EndNoise(); }

  // "L1: ... at 12.3 s", in order of time; at most a few.
  const std::vector<std::string>& violations() const { return violations_; }
  void Violated(const std::string& law, const std::string& what);

  // L12: of all turns so far: what the core was told, when, and what it made of it.
  uint64_t trace() const { return trace_; }

  const std::map<std::string, coordinator::Verdict>& verdicts() const { return verdicts_; }
  bool blind() const { return blind_; }

 private:
  void Check(const coordinator::PutDecision& write);
  void Check(const coordinator::PutNodeRecord& write);
  void Check(const coordinator::VerdictChanged& verdict);
  void Check(const coordinator::ReleasedAction& released, bool was_blind);
  void Hear(const coordinator::Event& event);
  void HearOfHealth(const coordinator::Event& event);
  void HearOfAgents(const coordinator::Event& event);

  void L1NobodyIsDeadWhileItsLeaseIsRenewed(const std::string& node);
  void L1HealthyNodesKeepTheirPods(const coordinator::Decision& decision, const coordinator::Action& action);
  void L1OnlySickNodesAreCaredFor(const coordinator::Decision& decision, const coordinator::Action& action);
  void L9OnlyVirtualNodesLosePods(const coordinator::Decision& decision, const coordinator::Action& action);
  void L2NothingIsDoneInDoubt(const coordinator::ReleasedAction& released, bool was_blind);
  void L2NothingIsDoneInADoubtfulDomain(const coordinator::ReleasedAction& released, const std::string& what);
  void L3IntentsAreDurable(const coordinator::ReleasedAction& released);
  void L4NothingIsDoneAgain(const coordinator::ReleasedAction& released);
  void L8ActionsFreezeWithTheApi(const coordinator::ReleasedAction& released);
  void L2L8OnlyFreshVerdictsCount(const coordinator::Decision& decision, const coordinator::Action& action);

  bool IsSilent(const std::string& node) const;
  bool IsKnownToHaveAnAgent(const std::string& node) const;
  bool SaysItIsSick(const std::string& node) const;
  bool SpokeThroughout(const std::string& node) const;
  absl::Duration Window() const;
  void Mix(uint64_t value) { trace_ = (trace_ ^ value) * 0x100000001b3; }
  void Mix(const std::string& text);
  void Trace(const std::vector<coordinator::Write>& writes);
  void Trace(const std::vector<coordinator::Event>& events, const coordinator::Effects& effects);

  World* world_ = nullptr;
  GuardLaws guards_{[this](const std::string& law, const std::string& what) { Violated(law, what); }};
  ScaleLaws scale_{[this](const std::string& law, const std::string& what) { Violated(law, what); }};
  BurstLaws burst_{[this](const std::string& law, const std::string& what) { Violated(law, what); }};
  std::vector<std::string> violations_;
  uint64_t trace_ = 0xcbf29ce484222325;
  std::map<coordinator::DecisionId, coordinator::Decision> open_;  // durable
  std::set<coordinator::DecisionId> closed_;
  std::set<std::string> out_;     // failed over, or drained
  std::set<std::string> fenced_;  // with a proof
  std::map<std::string, coordinator::Verdict> verdicts_;
  uint64_t life_ = 0;                               // of the process that is watched
  std::map<std::string, absl::Time> silent_since_;  // as the coordinator was told
  // What its agent has told of it in its present session.
  struct Told {
    uint64_t session = 0;
    bool speaks = false;
    bool sick = false;
    bool Says() const { return speaks && sick; }
  };
  std::map<std::string, Told> told_;
  std::map<std::string, std::string> shown_;  // nodes that this process was shown, and their uids
  // Whose agent spoke to a process that was shown them, and their uids: what every later process must know.
  std::map<std::string, std::string> spoke_;
  std::set<std::string> lately_sick_;    // that said so at some time of this turn
  std::set<std::string> lately_silent_;  // that were so at some time of this turn
  bool blind_ = true;
  bool was_away_ = false;
  absl::Time api_away_since_ = absl::InfiniteFuture();
  // Of each node, asked and answered since the last doubt of the coordinator's own sight ended, or the API
  // was back; and by their ids those that were asked and have no answer yet.
  std::map<std::string, uint32_t> lease_reads_;
  std::set<uint64_t> lease_asked_;
  std::string doubt_ = "L2";  // the law that the last doubt was of
};

}  // namespace evenkeel::simulation
