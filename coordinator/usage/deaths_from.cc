#include "coordinator/usage/deaths_from.h"

#include <algorithm>
#include <utility>

namespace evenkeel::coordinator {
namespace {

// A wrong clock must not lead out of what can be said.
constexpr absl::Duration kLongestAgo = absl::Hours(24 * 365);

absl::Duration AsDuration(const google::protobuf::Timestamp& time) {
  return absl::Seconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

bool IsEnded(const v1::ContainerReport& container) {
  return container.state() == v1::CONTAINER_STATE_EXITED;
}

// The latest start of any container of the pod; zero: not known.
absl::Duration LatestStart(const v1::PodReport& pod) {
  absl::Duration latest;
  for (const v1::ContainerReport& container : pod.containers()) {
    latest = std::max(latest, AsDuration(container.started_time()));
  }
  return latest;
}

// It ended as it was to, and others follow it.
bool HasDoneItsWork(const v1::ContainerReport& container, absl::Duration latest_start) {
  return container.has_exit_code() && container.exit_code() == 0 && container.has_ended_time() &&
         AsDuration(container.ended_time()) <= latest_start;
}

bool IsCrashLoop(const v1::ContainerReport& container) {
  return container.restarts() > 0 && container.has_started_time() && container.has_ended_time() &&
         AsDuration(container.ended_time()) - AsDuration(container.started_time()) < kCrashLoop;
}

absl::Time AsTime(const google::protobuf::Timestamp& time) {
  return absl::UnixEpoch() + AsDuration(time);
}

void Note(ContainerDeath death, PodDeaths& deaths) {
  if (!deaths.last || deaths.last->at < death.at) deaths.last = std::move(death);
}

void TakeEnd(const v1::ContainerReport& container, PodDeaths& deaths) {
  ++deaths.down;
  deaths.crash_loop |= IsCrashLoop(container);
  ContainerDeath death{
      .container = container.name(), .reason = container.exit_reason(), .at = absl::InfinitePast()};
  if (container.has_exit_code()) death.exit_code = container.exit_code();
  if (container.has_ended_time()) death.at = AsTime(container.ended_time());
  Note(std::move(death), deaths);
}

void TakePreviousEnd(const v1::ContainerReport& container, PodDeaths& deaths) {
  const v1::ContainerEnd& end = container.previous_end();
  ContainerDeath death{.container = container.name(), .reason = end.reason(), .at = absl::InfinitePast()};
  if (end.has_exit_code()) death.exit_code = end.exit_code();
  // Where nobody knows when it ended, it was before this one was started.
  if (container.has_started_time()) death.at = AsTime(container.started_time());
  if (end.has_end_time()) death.at = AsTime(end.end_time());
  Note(std::move(death), deaths);
}

void TakeOomKills(const v1::ContainerReport& container, PodDeaths& deaths) {
  deaths.oom_kills += container.oom_kills();
  ContainerDeath death{.container = container.name(), .runs_on = true, .at = absl::InfinitePast()};
  if (container.has_oom_kill_time()) death.at = AsTime(container.oom_kill_time());
  Note(std::move(death), deaths);
}

}  // namespace

PodDeaths DeathsFrom(const v1::PodReport& pod) {
  PodDeaths deaths;
  const absl::Duration latest_start = LatestStart(pod);
  for (const v1::ContainerReport& container : pod.containers()) {
    deaths.restarts += container.restarts();
    if (IsEnded(container) && !HasDoneItsWork(container, latest_start)) TakeEnd(container, deaths);
    if (container.has_previous_end()) TakePreviousEnd(container, deaths);
    if (!IsEnded(container) && container.oom_kills() > 0) TakeOomKills(container, deaths);
  }
  return deaths;
}

absl::Time ByOurClock(absl::Time at, absl::Time node_time, absl::Time received) {
  if (at == absl::InfinitePast()) return received;
  return received - std::clamp(node_time - at, absl::ZeroDuration(), kLongestAgo);
}

}  // namespace evenkeel::coordinator
