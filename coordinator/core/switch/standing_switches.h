// Switches that wait for a cluster to be lost: one for each policy of an operator. While the cluster is well
// it is watched cheaply (loss_watch.h), and how many pods its applications have is remembered; when it is
// lost, its traffic goes to the other cluster at once, or people are asked, as the policy says.
//
// Costs: a look O(nodes that are tried) each ten seconds while the cluster is well, each 400 ms while it is
// in doubt.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/switch/loss_watch.h"
#include "coordinator/core/switch/lost_cluster_policy.h"
#include "coordinator/core/switch/standing_record.h"
#include "coordinator/core/switch/switch_desk.h"
#include "coordinator/core/switch/switch_host.h"
#include "coordinator/core/switch/traffic.h"

namespace evenkeel::coordinator {

// A switch that its preflight refused, or that another was in the way of, is tried again after the first of
// these, and after the second once the cluster has been lost for kLongLost.
inline constexpr absl::Duration kRetryLost = absl::Seconds(10);
inline constexpr absl::Duration kRetryLongLost = absl::Minutes(1);
inline constexpr absl::Duration kLongLost = absl::Minutes(2);
// News of the cluster bring a look, no sooner than this after the last one: a look costs O(nodes).
inline constexpr absl::Duration kLookAtNews = absl::Milliseconds(200);
// How often a record is written while what it holds changes.
inline constexpr absl::Duration kRememberEvery = absl::Minutes(1);

struct StandingSwitch {
  LostClusterPolicy policy;
  StandingRecord record;
  std::optional<absl::Time> unwritten_since;
  LossWatch watch;
  // Of the gateways, while the cluster is in doubt: what its side has answered in the present round.
  std::map<RouteKey, RouteReading> routes;
  std::map<RouteKey, GatewayAbilities> abilities;
  std::map<RouteKey, RouteCount> since_doubt;
  bool in_doubt = false;
  bool lost = false;
  bool followed = false;                       // of this episode: switched, or asked
  bool told_busy = false;                      // of this episode: that another switch was in the way
  std::optional<DecisionId> decision;          // by which it was switched
  absl::Time retry_at = absl::InfinitePast();  // not before
  absl::Time looked = absl::InfinitePast();
  absl::Time due = absl::InfiniteFuture();  // the next look
};

// The mode of the policy's switch says whether it acts: one that observes is only recorded.
struct StandingDesk {
  std::map<std::string, StandingSwitch> standing;  // by policy
  std::map<uint64_t, std::string> asks;            // under way, by id: whose
  uint64_t ids = 0;
};

// The core around it, for what only these need.
class StandingHost : public SwitchHost {
 public:
  // The cluster's API and nodes, and the agents elsewhere that can be asked; the gateways are left out.
  virtual LossView ViewOf(const LostClusterPolicy& policy) const = 0;
  // A witness shall try; answered by OnOutsideAnswered, or not at all.
  virtual void AskOutside(const LostClusterPolicy& policy, const OutsideAsk& ask) = 0;
  // The coordinator itself shall try its API; what comes of it is in a later view.
  virtual void AskApi(const std::string& /*cluster*/) {}
  virtual void Remember(const StandingRecord& record) = 0;
  virtual void Forget(const std::string& policy) = 0;
  // Recorded as a decision that is not taken, with the reason.
  virtual void TellLost(const LostClusterPolicy& policy, const LossAnswer& answer,
                        const std::string& words) = 0;
};

// In force from now on, in place of the policy of that name. `record`: what the store remembers of it.
void PutStanding(StandingDesk& standing, StandingHost& host, const LostClusterPolicy& policy,
                 const std::optional<StandingRecord>& record);
void EraseStanding(StandingDesk& standing, StandingHost& host, const std::string& policy);

// The routes and applications of a standing switch are told like those of one under way.
void OnStandingRead(StandingDesk& standing, StandingHost& host, const RouteRead& event);
void OnStandingLost(StandingDesk& standing, const RouteLost& event);
void OnStandingApplication(StandingDesk& standing, StandingHost& host, const ApplicationObserved& event);
// The answer to AskOutside.
void OnOutsideAnswered(StandingDesk& standing, uint64_t id, Reach reach, absl::Time now);

// The cluster's API has come or gone, or a node of it has fallen silent or speaks again: it is looked at now.
void OnClusterChanged(StandingDesk& standing, StandingHost& host, const std::string& cluster);
// A look; the next is as StandingHost::WakeAt was told, under the name StandingTimer gives.
void OnStandingDue(StandingDesk& standing, SwitchDesk& desk, StandingHost& host, const std::string& policy);
std::string StandingTimer(const std::string& policy);
// The policy whose timer that is; none: it is a switch's.
std::optional<std::string> PolicyOfTimer(const std::string& timer);

// After a start: switches that the loss of a cluster had begun are their policies' again.
void AdoptSwitches(StandingDesk& standing, const SwitchDesk& desk);

// Routes and applications are watched for switches under way and for standing ones: a request of either as it
// is to be asked in view of the other; none: it is not to be.
std::optional<SwitchRequest> Shared(const SwitchDesk& desk, const StandingDesk& standing,
                                    SwitchRequest request);

// What people are shown.
StandingStatus StatusOf(const StandingSwitch& one, absl::Time now);

// A switch has ended. One that was refused by its preflight is tried again after kRetryLost while the cluster
// is lost: green may be about to be ready. One that an operator ended is not.
void OnStandingEnded(StandingDesk& standing, const DecisionId& decision, SwitchEnd end, absl::Time now);

// By any policy; what ClusterFacts.lost is made of.
bool IsLost(const StandingDesk& standing, const std::string& cluster);

}  // namespace evenkeel::coordinator
