// Switches in the core's steps: the room of switches (switch/switch_desk.h) with the Turn as its host. Each
// switch is one open decision of kind kSwitch, of which `cluster` is blue; its record is durable with it
// (L3), and each wish to a gateway is one of its actions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "coordinator/core/switch/standing_switches.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Of a switch's actions so many are kept; of more, the first that have ended are left out.
inline constexpr size_t kMostShapeActions = 256;

inline constexpr size_t kMostFindings = 64;

class TurnSwitchHost final : public StandingHost {
 public:
  explicit TurnSwitchHost(Turn& turn) : turn_(turn) {}

  absl::Time Now() const override;
  uint64_t Epoch() const override;

  // O(nodes of the cluster). Where nobody tells what a node's agent measures, what its pods ask for counts as
  // the CPU that is used.
  ClusterFacts FactsOf(const std::string& cluster) const override;
  ClusterFacts GlanceAt(const std::string& cluster) const override;
  // SUSPECT, GRAY or DEAD. One whose agent alone is lost, or that is cut off from us, serves (L1); of one
  // without an agent nothing is known.
  std::vector<BadNode> BadNodes(const std::string& cluster,
                                const std::map<std::string, uint32_t>& nodes) const override;

  DecisionId Open(const SwitchRecord& record) override;
  // The findings are what the decision's guards say; at most kMostFindings, the blockers first.
  void Found(const DecisionId& decision, const std::vector<Finding>& findings) override;
  void Happened(const DecisionId& decision, const std::string& sentence) override;
  void Write(const DecisionId& decision, const SwitchRecord& record) override;
  void Release(const DecisionId& decision, uint32_t number, const RouteWish& wish) override;
  void Close(const DecisionId& decision, const SwitchRecord& record) override;
  void Ask(SwitchRequest request) override;
  void Answer(SwitchReply reply) override;
  void FloorsChange(const std::string& cluster, const std::string& name_space) override;
  void Changed(const std::string& name) override;
  void WakeAt(const std::string& name, absl::Time time) override;

  // ---- for standing switches: standing_turn.cc ----
  LossView ViewOf(const LostClusterPolicy& policy) const override;
  void AskOutside(const LostClusterPolicy& policy, const OutsideAsk& ask) override;
  void AskApi(const std::string& cluster) override;
  void Remember(const StandingRecord& record) override;
  void Forget(const std::string& policy) override;
  void TellLost(const LostClusterPolicy& policy, const LossAnswer& answer, const std::string& words) override;

 private:
  OpenDecision& OpenOf(const DecisionId& decision);

  Turn& turn_;
};

// Events of switches, each to the desk.
void OnRouteRead(Turn& turn, const RouteRead& event);
void OnRouteLost(Turn& turn, const RouteLost& event);
void OnBackendChecked(Turn& turn, const BackendChecked& event);
void OnApplicationObserved(Turn& turn, const ApplicationObserved& event);
void OnApplicationGone(Turn& turn, const ApplicationGone& event);
void OnProbesTold(Turn& turn, const ProbesTold& event);
void OnHookAnswered(Turn& turn, const HookAnswered& event);
void OnPlanSwitch(Turn& turn, const PlanSwitch& event);
void OnStartSwitch(Turn& turn, const StartSwitch& event);
void OnOrderSwitch(Turn& turn, const OrderSwitch& event);
// Kept with the nodes, for preflights.
void OnClusterUsage(Turn& turn, const ClusterUsage& event);

// A switch is to be looked at.
void OnSwitchDue(Turn& turn, const std::string& name);

// The answer to an action of a switch.
void OnShapeAnswered(Turn& turn, OpenDecision& open, const ActionFinished& event);

// In the first step after a start (L4), before any cluster is watched: what is not seen yet is inconclusive.
void RestoreSwitches(Turn& turn);

}  // namespace evenkeel::coordinator
