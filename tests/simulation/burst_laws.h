// L9, and what of L2, L4 and L11 is about virtual nodes: counted here again by what the coordinator was told
// and by what is true in the world, and never by its guards' own answers.
//
// What it was told may have changed within a turn: it is broken only where it was broken throughout. What is
// true of the world is asked for only after a time without trouble (a fault of the API, of the watches or of
// the process), since nobody can know better in the midst of one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/cluster_record.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

class BurstLaws {
 public:
  using Violated = std::function<void(const std::string& law, const std::string& what)>;
  explicit BurstLaws(Violated violated) : violated_(std::move(violated)) {}

  void Follow(World* world) { world_ = world; }

  // At some time of the turn.
  struct Doubt {
    bool blind = false;
    bool away = false;  // the API
  };

  // As ScaleLaws has them.
  void OnDurable(const std::vector<coordinator::Write>& writes);
  void OnTurn(const std::vector<coordinator::Event>& events, const coordinator::Effects& effects,
              const Doubt& doubt);
  void OnCrash();
  void OnScaled(const coordinator::ReleasedAction& action);

  // L11, when nothing is under way any more. Empty: it is so.
  std::string NotConverged() const;

 private:
  struct Told {
    coordinator::PodFacts facts;
    std::optional<absl::Time> presses_since;
  };
  // What must hold at some time of a turn for an opening in it to be right.
  struct Sight {
    coordinator::Resources least;  // on virtual nodes, with what presses
    bool presses = false;          // anything
    bool ripe = false;             // and for long enough
  };
  struct ToldOfWorkload {
    std::map<std::string, coordinator::WorkloadPodFacts> pods;  // by uid
  };
  struct Surged {
    coordinator::Decision decision;
    absl::Time since;
    absl::Time ended = absl::InfiniteFuture();
    bool broken = false;  // said once
  };

  void Hear(const coordinator::Event& event);
  void HearOfPod(const std::string& name, const coordinator::PodFacts* facts);
  Sight Look() const;
  static void Widen(Sight& sight, const Sight& other);
  int64_t ReadyToldBut(const coordinator::Workload& workload, const std::set<std::string>& uids) const;
  static std::set<std::string> OnTheirWay(const coordinator::Decision& decision);

  void Opened(const coordinator::Decision& decision, const Sight& sight);
  void CheckChanges(const coordinator::Decision& decision);
  std::set<std::string> UnreadyTold(const std::vector<coordinator::ReleasedAction>& actions) const;
  void L9OnlyWhatHasNoRoomIsLetIn(const coordinator::Decision& decision, const Sight& sight);
  void L9CapsAreHeldByWhatIsLetIn(const coordinator::Decision& decision, const Sight& sight);
  void L9CapsAreHeldByWhatIsBound();
  void L9TheValveIsClosedInTime();
  void L9AsManyAreReadyAsAreWanted();
  bool AllIsWell() const;
  absl::Time Stepped() const;
  std::string Text(const coordinator::Decision& decision) const;

  const Violated violated_;
  World* world_ = nullptr;
  std::optional<coordinator::Policy> policy_before_;  // of the turn
  std::optional<coordinator::BurstRecord> record_before_;
  std::vector<coordinator::Decision> fresh_;  // durable, of the turn that is not looked at yet
  std::set<coordinator::DecisionId> known_;
  // As this process of the coordinator was told.
  std::map<std::string, Told> told_;  // pods, by name
  std::map<coordinator::Workload, ToldOfWorkload> workloads_;
  absl::Time last_pressed_ = absl::InfinitePast();
  // Of the world.
  absl::Time trouble_ = absl::InfinitePast();  // the last moment of any
  absl::Time unseen_ = absl::InfinitePast();   // the same of any but blindness with an API that answers
  absl::Time unwell_ = absl::InfinitePast();   // the last moment at which anything else was wrong
  absl::Time ruled_since_ = absl::InfiniteFuture();
  std::optional<coordinator::BurstPolicy> ruled_by_;
  int64_t virtual_pods_ = 0;  // after the last turn
  int64_t virtual_cpu_ = 0;
  std::optional<coordinator::DecisionId> open_;  // the burst
  absl::Time intended_;                          // of the last one
  std::optional<absl::Time> opened_;             // its valve
  std::map<std::string, int64_t> scaled_;        // since then, by the coordinator: net, by workload
  std::map<coordinator::DecisionId, Surged> surged_;
  bool late_ = false;  // the open burst's valve was found to be late to close: said once
};

}  // namespace evenkeel::simulation
