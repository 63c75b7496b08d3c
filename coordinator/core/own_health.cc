#include "coordinator/core/own_health.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

std::string Reason(DelaySource source, absl::Duration delay) {
  switch (source) {
    case DelaySource::kLoop:
      return absl::StrCat("the coordinator's loop was ", Say(delay), " late");
    case DelaySource::kSessions:
      return absl::StrCat("the coordinator read the agents' beats ", Say(delay), " late");
    case DelaySource::kStore:
      return absl::StrCat("the coordinator's store took ", Say(delay), " to write");
    case DelaySource::kWatch:
      return "the coordinator's watch of Kubernetes began to fail";
  }
  return "";
}

}  // namespace

uint32_t DelayPoints(DelaySource source, absl::Duration delay) {
  switch (source) {
    case DelaySource::kLoop:
    case DelaySource::kSessions:
      return delay < absl::Milliseconds(100)   ? 0
             : delay < absl::Milliseconds(250) ? 1
             : delay < absl::Milliseconds(500) ? 2
                                               : 3;
    case DelaySource::kStore:
      return delay < absl::Milliseconds(250) ? 0 : delay < absl::Seconds(1) ? 1 : 2;
    case DelaySource::kWatch:
      return 2;
  }
  return 0;
}

uint32_t PatiencePercent(const OwnHealth& health) {
  return 100 + 50 * health.points;
}

bool NoteDelay(OwnHealth& health, DelaySource source, absl::Duration delay, absl::Time now) {
  const uint32_t points = DelayPoints(source, delay);
  if (points == 0) return false;
  if (points >= health.worst) {
    health.worst = points;
    health.reason = Reason(source, delay);
  }
  if (now - health.stall >= kSameStall) {
    health.stall = now;
    health.stall_points = 0;
  }
  const uint32_t more = points > health.stall_points ? points - health.stall_points : 0;
  health.stall_points += more;
  const uint32_t before = health.points;
  health.points = std::min(before + more, kMostDelayPoints);
  health.eases = now + kEaseAfter;
  return health.points != before;
}

bool Ease(OwnHealth& health, absl::Time now) {
  const uint32_t before = health.points;
  while (health.points > 0 && now >= health.eases) {
    --health.points;
    health.eases += kEaseAfter;
  }
  if (health.points == 0) health = {};
  return health.points != before;
}

}  // namespace evenkeel::coordinator
