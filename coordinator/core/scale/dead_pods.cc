#include "coordinator/core/scale/dead_pods.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

bool IsThere(const WorkloadPodFacts& pod) {
  return !pod.deleting && pod.phase != PodPhase::kSucceeded && pod.phase != PodPhase::kFailed;
}

absl::string_view ReasonOf(const PodDeaths& deaths) {
  if (deaths.crash_loop) return "CrashLoop";
  return IsOutOfMemory(*deaths.last) ? "OutOfMemory" : "ContainerDied";
}

}  // namespace

bool IsDown(const WorkloadPodFacts& pod, const PodDeaths& deaths) {
  if (pod.phase != PodPhase::kRunning || !deaths.last) return false;
  const bool changed_since = pod.ready_changed && *pod.ready_changed > deaths.last->at + kUnreadyFollows;
  if (deaths.down > 0) return !(pod.ready && changed_since);
  return !pod.ready && !changed_since && !deaths.last->runs_on;
}

bool IsNewDeath(const PodDeaths& before, const PodDeaths& told, absl::Time now) {
  if (!told.last || now - told.last->at > kNewDeath) return false;
  return !before.last || before.last->at < told.last->at;
}

std::vector<DeadPod> DeadPodsOf(const Scaler& scaler) {
  std::vector<DeadPod> dead;
  scaler.pods.ForEachRow([&dead](const PodRow& row) {
    if (!row.has_died) return;
    const ScaledPod& pod = row.pod->second;
    if (!pod.deaths.last || !IsThere(pod.facts)) return;
    dead.push_back({pod.facts.name, IsDown(pod.facts, pod.deaths), pod.deaths});
  });
  const size_t shown = std::min(dead.size(), kMostDeadPods);
  std::partial_sort(dead.begin(), dead.begin() + static_cast<std::ptrdiff_t>(shown), dead.end(),
                    [](const DeadPod& a, const DeadPod& b) {
                      return std::tie(b.down, b.deaths.last->at, a.name) <
                             std::tie(a.down, a.deaths.last->at, b.name);
                    });
  dead.resize(shown);
  return dead;
}

void AnnounceDeaths(Turn& turn, Scaler& scaler) {
  const std::set<std::string> died = std::exchange(scaler.died, {});
  const ScaledPod* latest = nullptr;
  std::string latest_uid;
  size_t others = 0;
  for (const std::string& uid : died) {
    const auto found = scaler.pods.find(uid);
    if (found == scaler.pods.end() || !found->second.deaths.last || !IsThere(found->second.facts)) continue;
    const ScaledPod& pod = found->second;
    if (latest == nullptr || latest->deaths.last->at < pod.deaths.last->at) {
      latest = &pod;
      latest_uid = uid;
    }
    ++others;
  }
  if (latest == nullptr) return;
  --others;
  const PodDeaths& deaths = latest->deaths;
  std::string message = Words(latest->facts.name, deaths);
  if (others > 0) absl::StrAppend(&message, "; and of ", Count(others, "other pod"), " as well");
  turn.Ask(Announce{.cluster = scaler.policy.cluster,
                    .decision = {},
                    .step = absl::StrCat("died-", latest_uid, "-", deaths.restarts, "-", deaths.oom_kills),
                    .workload = scaler.policy.target,
                    .workload_version = scaler.policy.version,
                    .workload_uid = scaler.record.uid,
                    .warning = true,
                    .reason = std::string(ReasonOf(deaths)),
                    .message = std::move(message)});
}

}  // namespace evenkeel::coordinator
