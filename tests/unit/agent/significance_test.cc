#include "agent/core/significance.h"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

// A gauge has moved when it left both the floor's and the share's band around what was sent.
TEST(SignificanceTest, BothBandsMustBeLeft) {
  EXPECT_FALSE(Moved(110, 100, 10, 0.05));
  EXPECT_TRUE(Moved(111, 100, 10, 0.05));
  EXPECT_FALSE(Moved(1049, 1000, 10, 0.05));
  EXPECT_TRUE(Moved(949, 1000, 10, 0.05));
  EXPECT_FALSE(Moved(0, 0, 0, 0));
}

// A container's identity and state always count; its gauges only when they moved, appeared or vanished.
TEST(SignificanceTest, ContainerStatesAlwaysCountGaugesByDistance) {
  v1::ContainerReport sent;
  sent.set_container_id("a");
  sent.set_state(v1::CONTAINER_STATE_RUNNING);
  sent.set_cpu_used_millicores(100);
  sent.set_memory_working_set_bytes(100 << 20);
  v1::ContainerReport now = sent;
  EXPECT_FALSE(WorthSending(now, sent));
  now.set_cpu_used_millicores(108);
  now.set_memory_working_set_bytes(104 << 20);
  EXPECT_FALSE(WorthSending(now, sent));
  now.set_cpu_used_millicores(150);
  EXPECT_TRUE(WorthSending(now, sent));
  now = sent;
  now.clear_cpu_used_millicores();
  EXPECT_TRUE(WorthSending(now, sent));
  now = sent;
  now.set_state(v1::CONTAINER_STATE_EXITED);
  EXPECT_TRUE(WorthSending(now, sent));
  now = sent;
  now.set_exit_code(0);
  EXPECT_TRUE(WorthSending(now, sent));
}

// Of a closely sampled container a percent is worth a report, if it is more than a millicore; the rest counts
// as for any other.
TEST(SignificanceTest, ClosenessIsAboutCpuAlone) {
  v1::ContainerReport sent;
  sent.set_container_id("a");
  sent.set_state(v1::CONTAINER_STATE_RUNNING);
  sent.set_cpu_used_millicores(100);
  sent.set_cpu_throttled_percent(10);
  sent.set_memory_working_set_bytes(100 << 20);
  v1::ContainerReport now = sent;
  EXPECT_FALSE(WorthSendingClosely(now, sent));
  now.set_cpu_used_millicores(101);  // one millicore is what rounding makes
  EXPECT_FALSE(WorthSendingClosely(now, sent));
  now.set_cpu_used_millicores(102);
  EXPECT_TRUE(WorthSendingClosely(now, sent));
  EXPECT_FALSE(WorthSending(now, sent));
  now = sent;
  now.set_cpu_throttled_percent(11.5);
  EXPECT_TRUE(WorthSendingClosely(now, sent));
  EXPECT_FALSE(WorthSending(now, sent));
  now = sent;
  now.set_memory_working_set_bytes(104 << 20);
  EXPECT_FALSE(WorthSendingClosely(now, sent));
  now.set_state(v1::CONTAINER_STATE_EXITED);
  EXPECT_TRUE(WorthSendingClosely(now, sent));

  sent.set_cpu_used_millicores(4000);
  now = sent;
  now.set_cpu_used_millicores(4040);
  EXPECT_FALSE(WorthSendingClosely(now, sent));
  now.set_cpu_used_millicores(4041);
  EXPECT_TRUE(WorthSendingClosely(now, sent));
}

// A pod is worth as much as its containers are.
TEST(SignificanceTest, APodIsAsCloseAsItsContainers) {
  v1::PodReport sent;
  sent.set_uid("a");
  sent.add_containers()->set_cpu_used_millicores(100);
  sent.add_containers()->set_cpu_used_millicores(10);
  v1::PodReport now = sent;
  EXPECT_FALSE(WorthSendingClosely(now, sent));
  now.mutable_containers(1)->set_cpu_used_millicores(13);
  EXPECT_TRUE(WorthSendingClosely(now, sent));
  EXPECT_FALSE(WorthSending(now, sent));
}

// How long a health check took is not news; its state and reason are.
TEST(SignificanceTest, LatencyOfACheckIsNotNews) {
  v1::PartHealth sent;
  sent.set_state(v1::PART_STATE_HEALTHY);
  sent.set_latency_us(500);
  v1::PartHealth now = sent;
  now.set_latency_us(90000);
  EXPECT_FALSE(WorthSending(now, sent));
  now.set_state(v1::PART_STATE_UNREACHABLE);
  EXPECT_TRUE(WorthSending(now, sent));
}

// A file system that turns read-only is told at once; a few blocks less are not.
TEST(SignificanceTest, FilesystemsByShareReadOnlyAtOnce) {
  v1::FilesystemUsage sent;
  sent.set_role("kubelet");
  sent.set_size_bytes(1000000);
  sent.set_available_bytes(500000);
  sent.set_read_only(false);
  v1::FilesystemUsage now = sent;
  now.set_available_bytes(495000);
  EXPECT_FALSE(WorthSending(now, sent));
  now.set_available_bytes(480000);
  EXPECT_TRUE(WorthSending(now, sent));
  now = sent;
  now.set_read_only(true);
  EXPECT_TRUE(WorthSending(now, sent));
}

// Thresholds of a node's CPU grow with the machine.
TEST(SignificanceTest, NodeCpuByShareOfTheMachine) {
  v1::NodeCpu sent;
  sent.set_cpus(64);
  sent.set_used_millicores(1000);
  v1::NodeCpu now = sent;
  now.set_used_millicores(2200);
  EXPECT_FALSE(WorthSending(now, sent));
  now.set_used_millicores(2300);
  EXPECT_TRUE(WorthSending(now, sent));
}

}  // namespace
}  // namespace evenkeel::agent
