#include "agent/collect/usage_collector.h"

#include <gtest/gtest.h>

#include <string>

#include "common/time/fake_clock.h"
#include "tests/unit/agent/fake_root.h"

namespace evenkeel::agent {
namespace {

class UsageCollectorTest : public ::testing::Test {
 protected:
  // A board that knows one running container, "c1".
  void SetUp() override {
    RuntimeContainer container;
    container.id = "c1";
    container.name = "main";
    container.state = v1::CONTAINER_STATE_RUNNING;
    board_.Update([&](NodeState& state) {
      state.SetPods({{.uid = "p1",
                      .pod_namespace = "default",
                      .name = "p",
                      .sandbox_ready = true,
                      .containers = {container}}},
                    absl::Now());
    });
  }

  v1::ContainerReport Container() { return board_.TakeAll(absl::Now()).report.pods(0).containers(0); }

  FakeRoot root_;
  Board board_;
  time::FakeClock clock_;
};

// Version 1: CPU, throttling and memory come from three hierarchies.
TEST_F(UsageCollectorTest, ReadsCgroupVersion1) {
  root_.AddCgroupV1("/kubepods/p1/c1", 1'000'000'000, 10, 0);
  UsageCollector collector(root_.host(), board_, clock_);
  EXPECT_EQ(collector.hierarchies().version(), CgroupVersion::kV1);
  collector.SetContainers({{.container_id = "c1", .cgroup_directory = "/kubepods/p1/c1"}});
  ASSERT_TRUE(collector.Collect().ok());
  EXPECT_FALSE(Container().has_cpu_used_millicores());
  EXPECT_EQ(Container().memory_working_set_bytes(), 600'000U);

  clock_.Advance(absl::Seconds(1));
  root_.AddCgroupV1("/kubepods/p1/c1", 1'250'000'000, 20, 5);
  ASSERT_TRUE(collector.Collect().ok());
  EXPECT_EQ(Container().cpu_used_millicores(), 250U);
  EXPECT_DOUBLE_EQ(Container().cpu_throttled_percent(), 50);
}

// Version 2: all of it in one hierarchy, in microseconds.
TEST_F(UsageCollectorTest, ReadsCgroupVersion2) {
  root_.AddCgroupV2("/kubepods.slice/c1.scope", 1'000'000, 10, 0);
  UsageCollector collector(root_.host(), board_, clock_);
  EXPECT_EQ(collector.hierarchies().version(), CgroupVersion::kV2);
  EXPECT_TRUE(collector.hierarchies().Exists("/kubepods.slice/c1.scope"));
  EXPECT_FALSE(collector.hierarchies().Exists("/kubepods.slice/c2.scope"));
  collector.SetContainers({{.container_id = "c1", .cgroup_directory = "/kubepods.slice/c1.scope"}});
  ASSERT_TRUE(collector.Collect().ok());
  clock_.Advance(absl::Seconds(2));
  root_.AddCgroupV2("/kubepods.slice/c1.scope", 2'000'000, 10, 0);
  ASSERT_TRUE(collector.Collect().ok());
  EXPECT_EQ(Container().cpu_used_millicores(), 500U);
  EXPECT_DOUBLE_EQ(Container().cpu_throttled_percent(), 0);
  EXPECT_EQ(Container().memory_working_set_bytes(), 1'500'000U);
}

// Where the host does not count throttling or memory, these are absent and the rest is there.
TEST_F(UsageCollectorTest, MissingControllersAreAbsent) {
  root_.Write("/sys/fs/cgroup/cgroup.controllers", "");
  root_.Write("/sys/fs/cgroup/c1/cpu.stat", "usage_usec 1\nuser_usec 1\nsystem_usec 0\n");
  UsageCollector collector(root_.host(), board_, clock_);
  collector.SetContainers({{.container_id = "c1", .cgroup_directory = "/c1"}});
  ASSERT_TRUE(collector.Collect().ok());
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(collector.Collect().ok());
  EXPECT_EQ(Container().cpu_used_millicores(), 0U);
  EXPECT_FALSE(Container().has_cpu_throttled_percent());
  EXPECT_FALSE(Container().has_memory_working_set_bytes());
}

// A group that was removed with its container is no failure; one that cannot be read is, and names its file.
TEST_F(UsageCollectorTest, RemovedGroupIsNoFailureBrokenOneIs) {
  root_.AddCgroupV1("/c1", 1, 0, 0);
  UsageCollector collector(root_.host(), board_, clock_);
  collector.SetContainers({{.container_id = "c1", .cgroup_directory = "/c1"},
                           {.container_id = "gone", .cgroup_directory = "/gone"}});
  EXPECT_TRUE(collector.Collect().ok());
  root_.Write("/sys/fs/cgroup/cpuacct/c1/cpuacct.usage", "not a number");
  EXPECT_FALSE(collector.Collect().ok());
}

// A container without a group that can be read is counted by other sources, each compared with itself only.
TEST_F(UsageCollectorTest, OtherCountersStandInForAMissingGroup) {
  UsageCollector collector(root_.host(), board_, clock_);
  EXPECT_FALSE(collector.NeedsCounters());
  collector.SetContainers({{.container_id = "c1", .cgroup_directory = ""}});
  EXPECT_TRUE(collector.NeedsCounters());
  const absl::Time at = absl::FromUnixSeconds(1'700'000'000);
  const auto add = [&](UsageCollector::Source source, int cpu_seconds, absl::Time time) {
    collector.AddCounters(
        source,
        {{.container_id = "c1",
          .cpu_total = absl::Seconds(cpu_seconds),
          .cpu_time = time,
          .memory_working_set_bytes = 7},
         {.container_id = "unknown", .cpu_total = {}, .cpu_time = {}, .memory_working_set_bytes = 1}});
  };
  add(UsageCollector::Source::kRuntime, 10, at);
  add(UsageCollector::Source::kKubelet, 90, at - absl::Seconds(5));
  add(UsageCollector::Source::kRuntime, 15, at + absl::Seconds(10));
  EXPECT_EQ(Container().cpu_used_millicores(), 500U);
  EXPECT_EQ(Container().memory_working_set_bytes(), 7U);
  add(UsageCollector::Source::kKubelet, 92, at + absl::Seconds(5));
  EXPECT_EQ(Container().cpu_used_millicores(), 200U);
}

// Counters of a container whose group is read are not mixed in.
TEST_F(UsageCollectorTest, GroupWinsOverOtherCounters) {
  root_.AddCgroupV1("/c1", 0, 0, 0);
  UsageCollector collector(root_.host(), board_, clock_);
  collector.SetContainers({{.container_id = "c1", .cgroup_directory = "/c1"}});
  ASSERT_TRUE(collector.Collect().ok());
  collector.AddCounters(
      UsageCollector::Source::kRuntime,
      {{.container_id = "c1", .cpu_total = {}, .cpu_time = {}, .memory_working_set_bytes = 1}});
  EXPECT_EQ(Container().memory_working_set_bytes(), 600'000U);
}

}  // namespace
}  // namespace evenkeel::agent
