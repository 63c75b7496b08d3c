// All switches that are under way: what happens to them comes in here; how each goes on is advance.h's.
//
// Costs: an event of a route or an application O(switches under way); a look O(routes and applications of the
// switch). At most kMostSwitches are under way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/events.h"
#include "coordinator/core/switch/advance.h"
#include "coordinator/core/switch/switch_host.h"

namespace evenkeel::coordinator {

inline constexpr size_t kMostSwitches = 64;
// What has not been answered by then counts as not known.
inline constexpr absl::Duration kPreflightTime = absl::Seconds(10);
inline constexpr absl::Duration kLostPreflightTime = absl::Seconds(1);
// What a preflight has found is not gone by later than this: it is run again (L10).
inline constexpr absl::Duration kPreflightHolds = absl::Seconds(30);
// How often routes are read: while something moves, and else.
inline constexpr absl::Duration kReadOften = absl::Milliseconds(250);
inline constexpr absl::Duration kReadSeldom = absl::Seconds(2);
// The pause before an unanswered wish is asked again doubles, up to this.
inline constexpr absl::Duration kFirstAskAgain = absl::Milliseconds(250);
inline constexpr absl::Duration kLastAskAgain = absl::Seconds(2);

// A wish that has been handed out and not been answered for good.
struct PendingWish {
  RouteWish wish;
  uint32_t number = 0;  // of its action
  bool handed_out = false;
  absl::Time ask_at;  // again, where it is not
  absl::Duration pause;
};

struct RouteDesk {
  std::optional<RouteReading> reading;  // none: not yet, or its gateway is lost
  GatewayAbilities abilities;
  bool known = true;
  std::string detail;
  absl::Time away_since = absl::InfiniteFuture();
  std::optional<PendingWish> pending;
  WriteState answer = WriteState::kNone;  // that the next look is shown
  uint64_t check_request = 0;
  std::optional<std::vector<ServerCheck>> checks;
  std::optional<WatchRoute> watched;
};

struct Switch {
  SwitchRecord record;
  SwitchMemory memory;
  std::optional<DecisionId> decision;  // none: only planned
  uint64_t plan_request = 0;
  uint32_t actions = 0;  // numbers given out
  absl::Time preflight_until;
  std::optional<std::vector<Finding>> findings;
  absl::Time found;  // when they were
  std::map<RouteKey, RouteDesk> routes;
  std::map<std::pair<std::string, Application>, ApplicationFacts> applications;  // by cluster
  std::map<std::pair<std::string, Application>, std::string> missing;            // and why
  bool probed = false;                                                           // the prober has told of it
  std::string unknown_side;                                                      // see ProbesTold
  std::map<std::string, HookAnswer> hooks;
  std::map<std::string, absl::Time> hooks_asked;
};

struct SwitchDesk {
  std::map<std::string, Switch> switches;  // by name; a plan's name has a prefix of its own
  uint64_t versions = 0;                   // of wishes, in this epoch
  uint64_t requests = 0;
  absl::Time readings_from = absl::InfinitePast();  // those that are told before are of an earlier time
};

// One try of a reading takes no longer than this.
inline constexpr absl::Duration kReadingTakes = absl::Seconds(1);

// The coordinator stood still until now. What it knows of routes is of before, and so may be what it is told
// for another kReadingTakes: it counts as not read.
void ForgetReadings(SwitchDesk& desk, absl::Time now);

// ---- events ----
void OnPlanSwitch(SwitchDesk& desk, SwitchHost& host, const PlanSwitch& event);
void OnStartSwitch(SwitchDesk& desk, SwitchHost& host, const StartSwitch& event);
void OnOrderSwitch(SwitchDesk& desk, SwitchHost& host, const OrderSwitch& event);
void OnRouteRead(SwitchDesk& desk, SwitchHost& host, const RouteRead& event);
void OnRouteLost(SwitchDesk& desk, SwitchHost& host, const RouteLost& event);
void OnBackendChecked(SwitchDesk& desk, SwitchHost& host, const BackendChecked& event);
void OnApplicationObserved(SwitchDesk& desk, SwitchHost& host, const ApplicationObserved& event);
void OnApplicationGone(SwitchDesk& desk, SwitchHost& host, const ApplicationGone& event);
void OnProbesTold(SwitchDesk& desk, SwitchHost& host, const ProbesTold& event);
void OnHookAnswered(SwitchDesk& desk, SwitchHost& host, const HookAnswered& event);
// The answer to an action that was released.
void OnWishAnswered(SwitchDesk& desk, SwitchHost& host, const ActionFinished& event);
void OnSwitchDue(SwitchDesk& desk, SwitchHost& host, const std::string& name);

// A cluster is lost, and by an operator's policy its traffic goes to another: as OnStartSwitch, with `spec`
// as SpecForLostCluster gave it. FAILED_PRECONDITION: another switch has its name, the application or a
// route; RESOURCE_EXHAUSTED: too many are under way.
absl::StatusOr<DecisionId> StartForLostCluster(SwitchDesk& desk, SwitchHost& host, const SwitchSpec& spec,
                                               const std::map<Application, uint32_t>& needed);

// Ends the switch with these words, if it is under way and nothing of it has been, or may have been, moved
// yet; false: it goes on.
bool EndUnmoved(SwitchDesk& desk, SwitchHost& host, const DecisionId& decision, const std::string& outcome);

// After a start of the coordinator: a switch whose decision was open goes on (L4).
void RestoreOnDesk(SwitchDesk& desk, SwitchHost& host, const DecisionId& decision, uint32_t actions,
                   SwitchRecord record);

// What people are shown. Pure.
SwitchStatus StatusOf(const Switch& one);

}  // namespace evenkeel::coordinator
