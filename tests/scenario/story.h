// The core's effects as lines that an operator can read: what golden files hold.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "tests/simulation/world.h"

namespace evenkeel::scenario {

using simulation::World;

// Orders with this request_id are answered in the story where they are refused.
inline constexpr uint64_t kToldOrder = 1000;

class Story final : public simulation::Observer {
 public:
  void OnTurn(const std::vector<coordinator::Event>& events, const coordinator::Effects& effects) override;

  void OnCrash() override {
    Line("the coordinator crashes: its last step is durable, but nothing of it was handed out");
  }

  void OnTruth(const std::string& line) override { Line(line); }

  // Lines of what happened since the last call.
  std::string Take();

  // Times are shown since this one; nothing is told before it is set.
  void Begin(absl::Time zero) { zero_ = zero; }
  void ShowRounds(bool show) { show_rounds_ = show; }
  // What is shown of the scaler now; null: there is none.
  const coordinator::ScalerStatus* FindScaler(const std::string& policy) const;
  // What is shown of a switch that is under way; null: there is none of that name.
  const coordinator::SwitchStatus* FindSwitch(const std::string& name) const;
  // The same of the cluster's bursts; null: it has no burst policy.
  const coordinator::BurstStatus* FindBurst() const { return burst_ ? &*burst_ : nullptr; }
  // The clock of the world, read at each step.
  void Follow(const World* world) { world_ = world; }

 private:
  void Line(const std::string& text);
  // Where there are several: "cluster east: ".
  std::string Of(const std::string& cluster) const;
  void Tell(const coordinator::Notice& notice);
  void Tell(const coordinator::StandingStatus& status);
  void TellSentences(const coordinator::Decision& decision);
  void Tell(const coordinator::Request& request);

  const World* world_ = nullptr;
  absl::Time zero_ = absl::InfiniteFuture();
  std::string beats_;  // as told last
  uint32_t patience_percent_ = 100;
  bool show_rounds_ = false;
  std::string text_;
  std::map<coordinator::NodeKey, std::string> verdicts_;  // as last told
  std::map<coordinator::DecisionId, coordinator::DecisionState> told_;
  std::map<std::string, coordinator::ScalerStatus> scalers_;   // by policy
  std::optional<coordinator::BurstStatus> burst_;              // of the one cluster
  std::map<std::string, coordinator::SwitchStatus> switches_;  // by name
  std::map<std::string, coordinator::ClusterLife> lives_;      // of clusters, by policy: as last told
  std::map<coordinator::DecisionId, size_t> sentences_;        // of switches: how many were told
};

// A whole decision, as `explain` shows it here.
std::string Explain(const coordinator::Decision& decision);

// What is shown of a scaler, with its conditions.
std::string ShowScaler(const coordinator::ScalerStatus& status);

// The node or workload that it is about; the cluster, where it is neither.
std::string SubjectOf(const coordinator::Decision& decision);

// "delete pod web-1", "set the replicas of shop/web from 2 to 4", "shape route edge/web: east 90%, west 10%".
std::string ActionText(const coordinator::Action& action);

}  // namespace evenkeel::scenario
