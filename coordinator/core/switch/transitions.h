// The steps from one phase of a switch to the next: what each changes in the record, what it wishes, and what
// it says. When they are taken is decided in advance.h and switch_orders.h.
#pragma once

#include <string>

#include "coordinator/core/switch/advance.h"

namespace evenkeel::coordinator {

struct Transitions {
  SwitchRecord& record;
  SwitchMemory& memory;
  const SwitchSight& sight;
  SwitchMoves& moves;

  // L10: only after a preflight without blockers (0), or with all gates passed (others).
  void BeginStep(uint32_t step);
  void BeginSoak();
  // What the gateways count is watched from the preflight on.
  void BeginLedger();
  // An operator lets it go on after its gates stopped it: what they look at begins anew, as another try of
  // the step, in the same phase.
  void RepeatStep();
  // After a restart: what gates look at begins anew, in the same phase.
  void ShowAnew();
  void BeginDrain();
  void BeginHold();
  void BeginCommit();
  // L10: the caller has seen that blue is healthy.
  void BeginRollback(const std::string& reason, bool by_order = false);
  // Green may not keep what it has: back to blue if that is healthy and the rule says so; else it stops.
  void FailStep(const std::string& reason);

  void WishCommitted(bool close_blue);
  void UnwishCommit();  // blue stays open after all
  void Stop(StopCause cause, const std::string& reason);
  void End(SwitchEnd end, const std::string& outcome);
  // Evidence; the record is written with it.
  void Happened(std::string sentence);

  // ---- what is seen ----
  SideReading Reading(Side side) const;
  GateSight SightOfGates() const;
  // `by_order`: an operator's, who need not wait until blue has been watched for long enough.
  HealthAnswer WayBack(bool by_order) const;
  std::string SummaryOfCommit() const;

 private:
  // In the spans of the ledger from before a start of the coordinator that reach into the last kRecent.
  SideCount BlueBeforeStart() const;
  void Enter(SwitchPhase phase);
  void BeginReport();  // of the present step, from now on
  void EndReport();
  std::map<RouteKey, RouteReading> Readings() const;
  template <typename ShapeOfRoute>
  void Wish(const ShapeOfRoute& shape);
};

}  // namespace evenkeel::coordinator
