#include "agent/program/agent.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <csignal>
#include <string>

#include "agent/program/metrics.h"
#include "agent/program/resident_code.h"
#include "common/time/steady_clock.h"
#include "tests/unit/agent/fake_coordinator.h"
#include "tests/unit/agent/fake_root.h"
#include "tests/unit/agent/fake_runtime.h"

namespace evenkeel::agent {
namespace {

using Kind = v1::ConnectRequest::MessageCase;
using Seen = FakeCoordinator::Seen;

// The whole agent on a made-up host: what its runtime and procfs say arrives at the coordinator, what is
// missing is told as missing, metrics count, and the stop is a goodbye.
TEST(AgentTest, ReportsItsHost) {
  std::signal(SIGPIPE, SIG_IGN);
  FakeRoot root;
  root.AddProc();
  root.AddCgroupV2("/kubepods/c1", 5, 0, 0);
  root.Write("/run/containerd/placeholder", "");
  root.Write("/token", "token");
  FakeRuntime runtime(root.host().Path("/run/containerd/containerd.sock"));
  runtime.AddPod("p1", "default", "web");
  runtime.AddContainer("p1", "main", "c1", R"({"runtimeSpec":{"linux":{"cgroupsPath":"/kubepods/c1"}}})");
  const TestCertificates certificates = MakeTestCertificates();
  FakeCoordinator coordinator(certificates, {});

  Config config;
  config.cluster = "test";
  config.node_name = "node-1";
  config.coordinators = {coordinator.address()};
  config.ca_file = WriteTestFile("ca.pem", certificates.ca_pem);
  config.token_file = root.host().Path("/token");
  config.host_root = root.path();
  config.kubelet_port = 1;  // nobody listens there

  const time::SteadyClock clock;
  Agent agent(config, clock);
  prometheus::Registry registry;
  AgentMetrics metrics(registry, agent);
  v1::NodeReport node;
  v1::PodReport pod;
  coordinator.WaitUntil("all that there is to tell", [&](const Seen& seen) {
    for (const v1::ConnectRequest& message : Only(seen, Kind::kReport)) {
      node.MergeFrom(message.report().node());
      for (const v1::PodReport& reported : message.report().pods()) {
        pod = reported;
      }
    }
    return node.kubelet().state() == v1::PART_STATE_UNREACHABLE && node.has_memory() &&
           node.runtime().state() == v1::PART_STATE_HEALTHY && pod.containers_size() == 1 &&
           pod.containers(0).has_memory_working_set_bytes();
  });
  EXPECT_EQ(node.cpu().cpus(), 2U);
  EXPECT_EQ(node.runtime_version(), "fake 1.2.3");
  EXPECT_EQ(pod.name(), "web");
  EXPECT_TRUE(agent.connected());

  EXPECT_FALSE(agent.Supervise());
  metrics.Update();
  const std::string text = prometheus::TextSerializer().Serialize(registry.Collect());
  EXPECT_NE(text.find("evenkeel_agent_connected 1"), std::string::npos) << text;
  EXPECT_NE(text.find("evenkeel_agent_collector_stalled{collector=\"cgroup\"} 0"), std::string::npos) << text;

  agent.Stop("SIGTERM");
  const Seen seen = coordinator.WaitUntil("the goodbye", [](const Seen& s) { return s.ended == 1; });
  EXPECT_EQ(seen.messages[0].hello().boot_id(), "900652e9-966c-4299-a45a-2d4a85054cc1");
  EXPECT_TRUE(seen.messages.back().has_goodbye());
  EXPECT_FALSE(agent.connected());
}

// Giving idle code back changes nothing but what is resident: the process goes on as before.
TEST(ResidentCodeTest, ProcessGoesOn) {
  ASSERT_TRUE(ReleaseIdleCode().ok());
  EXPECT_EQ(std::to_string(42), "42");
  ASSERT_TRUE(ReleaseIdleCode().ok());
}

}  // namespace
}  // namespace evenkeel::agent
