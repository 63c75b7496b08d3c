// How the containers of one pod have died, as its agent tells it: state, not history, so that an agent or a
// coordinator that starts anew says the same. Plain data, with its words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// For so long a death is part of a decision's evidence.
inline constexpr absl::Duration kRecentDeath = absl::Minutes(5);
// It is announced unless it is older than this: what a coordinator that starts anew is told of is no news.
inline constexpr absl::Duration kNewDeath = absl::Minutes(1);
// Kubernetes shows within so long that a pod whose container has died is not Ready.
inline constexpr absl::Duration kUnreadyFollows = absl::Seconds(10);
// One that ends again less than this after it was started again is in a crash loop: the kubelet lets the next
// start wait, longer each time (10 s to 5 min; it forgets after as long as this).
inline constexpr absl::Duration kCrashLoop = absl::Minutes(10);

struct ContainerDeath {
  std::string container;
  std::optional<int32_t> exit_code;  // none: not known
  std::string reason;                // as the runtime has it: "OOMKilled", "Error"; empty: not known
  // The kernel has killed a process in it for want of memory, and it runs on without.
  bool runs_on = false;
  absl::Time at;
  bool operator==(const ContainerDeath&) const = default;
};

struct PodDeaths {
  int64_t restarts = 0;                // of its containers together
  int64_t oom_kills = 0;               // of processes in its containers that are there now
  int64_t down = 0;                    // containers that have ended and are not back
  bool crash_loop = false;             // one of those is in a crash loop
  std::optional<ContainerDeath> last;  // the latest
  bool operator==(const PodDeaths&) const = default;
};

bool IsOutOfMemory(const ContainerDeath& death);

// "container app was killed for want of memory (exit code 137)", "container app ended with exit code 1
// (Error)".
std::string Words(const ContainerDeath& death);
// Of a pod with a death: "pod web-1: container app ..., and is not back; started again 3 times".
std::string Words(const std::string& pod, const PodDeaths& deaths);

}  // namespace evenkeel::coordinator
