// What an agent's report of a pod says of deaths.

#include "coordinator/usage/deaths_from.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace evenkeel::coordinator {
namespace {

v1::ContainerReport Running(const std::string& name, int64_t started) {
  v1::ContainerReport container;
  container.set_name(name);
  container.set_state(v1::CONTAINER_STATE_RUNNING);
  container.mutable_started_time()->set_seconds(started);
  return container;
}

v1::ContainerReport Ended(const std::string& name, int64_t started, int64_t ended, int32_t exit_code) {
  v1::ContainerReport container = Running(name, started);
  container.set_state(v1::CONTAINER_STATE_EXITED);
  container.mutable_ended_time()->set_seconds(ended);
  container.set_exit_code(exit_code);
  container.set_exit_reason(exit_code == 0 ? "Completed" : "Error");
  return container;
}

PodDeaths Of(const std::vector<v1::ContainerReport>& containers) {
  v1::PodReport pod;
  for (const v1::ContainerReport& container : containers) *pod.add_containers() = container;
  return DeathsFrom(pod);
}

// Who runs has not died, nor has an init container that has done its work.
TEST(DeathsFromTest, WhatRunsHasNotDied) {
  EXPECT_EQ(Of({}), PodDeaths{});
  EXPECT_EQ(Of({Ended("init", 1, 5, 0), Running("app", 5)}), PodDeaths{});
}

// One that has ended is down, also where it ended well: it was to run.
TEST(DeathsFromTest, WhoHasEndedIsDown) {
  PodDeaths deaths = Of({Ended("init", 1, 5, 0), Ended("app", 5, 90, 0)});
  EXPECT_EQ(deaths.down, 1);
  EXPECT_EQ(deaths.last->container, "app");
  EXPECT_EQ(deaths.last->exit_code, 0);
  EXPECT_EQ(deaths.last->at, absl::FromUnixSeconds(90));
  EXPECT_FALSE(deaths.crash_loop);
  deaths = Of({Ended("app", 5, 90, 1), Running("proxy", 95)});
  EXPECT_EQ(deaths.down, 1);
  EXPECT_EQ(Words(*deaths.last), "container app ended with exit code 1 (Error)");
}

// One that was started again and has ended soon after is in a crash loop, one that had run for long is not.
TEST(DeathsFromTest, ASecondEndSoonIsACrashLoop) {
  v1::ContainerReport again = Ended("app", 100, 110, 1);
  again.set_restarts(1);
  PodDeaths deaths = Of({again});
  EXPECT_TRUE(deaths.crash_loop);
  EXPECT_EQ(deaths.restarts, 1);
  EXPECT_EQ(
      Words("web-1", deaths),
      "pod web-1: container app ended with exit code 1 (Error), and is not back (a crash loop); started "
      "again 1 time");
  again.mutable_ended_time()->set_seconds(100 + 600);
  EXPECT_FALSE(Of({again}).crash_loop);
}

// The end of the one before is the last death of one that is back; of several the latest counts.
TEST(DeathsFromTest, ThePreviousEndIsADeath) {
  v1::ContainerReport back = Running("app", 100);
  back.set_restarts(3);
  back.mutable_previous_end()->set_exit_code(137);
  back.mutable_previous_end()->set_reason("OOMKilled");
  back.mutable_previous_end()->mutable_end_time()->set_seconds(99);
  PodDeaths deaths = Of({back});
  EXPECT_EQ(deaths.down, 0);
  EXPECT_EQ(deaths.restarts, 3);
  EXPECT_EQ(Words(*deaths.last), "container app was killed for want of memory (exit code 137)");
  EXPECT_EQ(deaths.last->at, absl::FromUnixSeconds(99));
  back.mutable_previous_end()->clear_end_time();
  EXPECT_EQ(Of({back}).last->at, absl::FromUnixSeconds(100));  // no later than that
  EXPECT_EQ(Of({back, Ended("proxy", 1, 101, 2)}).last->container, "proxy");
}

// A container may lose a process for want of memory and run on: that is told, and nothing is down.
TEST(DeathsFromTest, AProcessMayBeKilledAlone) {
  v1::ContainerReport container = Running("app", 5);
  container.set_oom_kills(2);
  container.mutable_oom_kill_time()->set_seconds(50);
  const PodDeaths deaths = Of({container});
  EXPECT_EQ(deaths.down, 0);
  EXPECT_EQ(deaths.oom_kills, 2);
  EXPECT_TRUE(deaths.last->runs_on);
  EXPECT_EQ(Words(*deaths.last), "a process of container app was killed for want of memory");
}

// A death is dated by how long before its report it was, by the node's own clock; never in the future.
TEST(DeathsFromTest, DatesByOurClock) {
  const absl::Time received = absl::FromUnixSeconds(1'000'000);
  const auto node = [](int64_t seconds) { return absl::FromUnixSeconds(seconds); };
  EXPECT_EQ(ByOurClock(node(90), node(95), received), received - absl::Seconds(5));
  EXPECT_EQ(ByOurClock(node(96), node(95), received), received);
  EXPECT_EQ(ByOurClock(absl::InfinitePast(), node(95), received), received);
}

}  // namespace
}  // namespace evenkeel::coordinator
