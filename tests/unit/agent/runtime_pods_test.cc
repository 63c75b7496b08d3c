// Proves that the container runtime's answers are understood, also those that no runtime should give.
#include "agent/collect/runtime_pods.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace evenkeel::agent {
namespace {

namespace cri = ::runtime::v1;

void AddContainer(cri::ListContainersResponse& containers, const std::string& id, int64_t created_at) {
  cri::Container& container = *containers.add_containers();
  container.set_id(id);
  container.set_pod_sandbox_id("sandbox");
  container.mutable_metadata()->set_name("main");
  container.set_created_at(created_at);
}

cri::ListPodSandboxResponse OneSandbox() {
  cri::ListPodSandboxResponse sandboxes;
  cri::PodSandbox& sandbox = *sandboxes.add_items();
  sandbox.set_id("sandbox");
  sandbox.mutable_metadata()->set_uid("uid");
  return sandboxes;
}

// The newest container of a name counts, also when the times of others lie at the ends of their type.
TEST(RuntimePodsTest, NewestCountsWhateverTheTimes) {
  cri::ListContainersResponse containers;
  AddContainer(containers, "first", std::numeric_limits<int64_t>::min());
  AddContainer(containers, "last", std::numeric_limits<int64_t>::max());
  AddContainer(containers, "between", 0);
  const auto pods = GatherPods(OneSandbox(), containers, {});
  ASSERT_EQ(pods.size(), 1U);
  ASSERT_EQ(pods[0].containers.size(), 1U);
  EXPECT_EQ(pods[0].containers[0].id, "last");
  ASSERT_EQ(pods[0].replaced.size(), 2U);
  EXPECT_EQ(pods[0].replaced[0].id, "between");
}

// A container of a sandbox that is not listed belongs to nobody; one without details is told without them.
TEST(RuntimePodsTest, StraysAndUnknownsAreTaken) {
  cri::ListContainersResponse containers;
  AddContainer(containers, "known", 1);
  AddContainer(containers, "stray", 2);
  containers.mutable_containers(1)->set_pod_sandbox_id("gone");
  const auto pods = GatherPods(OneSandbox(), containers, {});
  ASSERT_EQ(pods.size(), 1U);
  ASSERT_EQ(pods[0].containers.size(), 1U);
  EXPECT_EQ(pods[0].containers[0].id, "known");
  EXPECT_FALSE(pods[0].containers[0].exit_code.has_value());
}

// How a container ended is taken only where it has; times of zero are none.
TEST(RuntimePodsTest, TakesTheEndOfWhatHasEnded) {
  cri::ContainerStatus status;
  status.set_exit_code(137);
  status.set_finished_at(5);
  ContainerDetails running{.state = cri::CONTAINER_RUNNING};
  TakeStatus(status, running);
  EXPECT_FALSE(running.exit_code || running.finished || running.started);
  ContainerDetails ended{.state = cri::CONTAINER_EXITED};
  TakeStatus(status, ended);
  EXPECT_EQ(ended.exit_code, 137);
  EXPECT_EQ(ended.finished, absl::FromUnixNanos(5));
}

}  // namespace
}  // namespace evenkeel::agent
