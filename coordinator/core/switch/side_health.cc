#include "coordinator/core/switch/side_health.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/error_rate.h"

namespace evenkeel::coordinator {
namespace {

constexpr uint32_t kWhole = 100;

std::string PodsText(const SideSight& sight) {
  return absl::StrCat(sight.pods_ready, " of ", sight.pods_needed, " needed pods are Ready");
}

bool AreEnough(const SideSight& sight, uint32_t pods) {
  return pods * kWhole >= sight.pods_needed * kLeastReadyPercent;
}

std::string ServersText(const SideReading& reading) {
  return absl::StrCat(reading.servers_up, " of its ", Count(reading.servers, "server"),
                      reading.servers_up == 1 ? " answers" : " answer", " the gateway");
}

// Why its pods are not seen.
const std::string& WhyUnseen(const SideSight& sight) {
  if (!sight.api_reachable) return sight.api_detail;
  return sight.unseen.empty() ? sight.blind_reason : sight.unseen;
}

// What makes a side sick whatever else is said of it; empty: nothing does.
std::string Sickness(const SideSight& sight, const SideReading& reading) {
  if (sight.lost) return "the cluster is lost";
  const bool looked_at = reading.checked || reading.servers > 0;
  if (reading.seen && looked_at && reading.servers_up == 0) {
    return reading.servers == 0 ? "the gateway has no server for it" : ServersText(reading);
  }
  return "";
}

}  // namespace

HealthAnswer JudgeWayBack(const SideSight& sight, const SideReading& reading, const Lately& lately,
                          const GateRules& rules) {
  if (std::string sick = Sickness(sight, reading); !sick.empty()) return {Health::kUnhealthy, sick};
  for (const SideCount& count : {lately.recent, lately.last_second, lately.before}) {
    if (count.Bad() < rules.min_failures ||
        SurelyBadPermille(count.Bad(), count.requests) <= rules.max_error_permille) {
      continue;
    }
    return {Health::kUnhealthy,
            absl::StrCat("it has failed ", count.Bad(), " of its last ", Count(count.requests, "request"))};
  }
  const bool sees_pods = sight.api_reachable && !sight.blind && sight.unseen.empty();
  if (sees_pods && !AreEnough(sight, sight.pods_ready)) return {Health::kUnhealthy, PodsText(sight)};
  if (sees_pods && !AreEnough(sight, sight.pods_ready - sight.ready_on_dead)) {
    return {Health::kUnhealthy,
            absl::StrCat(PodsText(sight), ", ", sight.ready_on_dead, " of them on nodes that are dead")};
  }
  if (!reading.seen) return {Health::kUnknown, "the gateway does not answer"};
  if (reading.has_share && reading.counted && lately.span < kLeastSpan) {
    return {Health::kUnknown, "what becomes of its requests has been watched for a moment only"};
  }
  const bool doubts_pods = !sight.blind && sight.ready_on_bad > 0;
  if (doubts_pods && !AreEnough(sight, sight.pods_ready - sight.ready_on_bad)) {
    return {Health::kUnknown,
            absl::StrCat(sight.ready_on_bad, " of its ", Count(sight.pods_ready, "Ready pod"),
                         " are on nodes that are not well: ", sight.bad_node)};
  }
  if (!sees_pods && (!reading.checked || reading.servers_up < reading.servers)) {
    return {Health::kUnknown,
            absl::StrCat(reading.servers_up < reading.servers ? ServersText(reading)
                                                              : "the gateway does not check its servers",
                         ", and Kubernetes cannot be asked", Because(WhyUnseen(sight)))};
  }
  return {Health::kHealthy,
          sees_pods ? PodsText(sight) : absl::StrCat(ServersText(reading), ", which is what can be seen")};
}

HealthAnswer JudgeCarrier(const SideSight& sight, const SideReading& reading) {
  if (std::string sick = Sickness(sight, reading); !sick.empty()) return {Health::kUnhealthy, sick};
  if (reading.seen && reading.servers_up < reading.servers) {
    return {Health::kUnhealthy, ServersText(reading)};
  }
  if (!sight.api_reachable) {
    return {Health::kUnknown,
            absl::StrCat("the Kubernetes API cannot be relied on", Because(sight.api_detail))};
  }
  if (!sight.unseen.empty()) return {Health::kUnknown, sight.unseen};
  if (sight.pods_ready < sight.pods_needed) return {Health::kUnhealthy, PodsText(sight)};
  if (sight.blind) return {Health::kUnknown, sight.blind_reason};
  if (sight.bad_nodes > 0) {
    return {Health::kUnknown,
            absl::StrCat(Count(sight.bad_nodes, "node"), " with pods of it ",
                         sight.bad_nodes == 1 ? "is" : "are", " not well", ": ", sight.bad_node)};
  }
  if (!reading.seen) return {Health::kUnknown, "the gateway does not answer"};
  return {Health::kHealthy,
          absl::StrCat(PodsText(sight), reading.servers > 0 ? absl::StrCat("; ", ServersText(reading)) : "")};
}

}  // namespace evenkeel::coordinator
