#include "agent/collect/runtime_collector.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <string>

#include "common/time/fake_clock.h"
#include "tests/unit/agent/fake_root.h"
#include "tests/unit/agent/fake_runtime.h"

namespace evenkeel::agent {
namespace {

namespace cri = ::runtime::v1;

constexpr char kSocket[] = "/run/containerd/containerd.sock";

class RuntimeCollectorTest : public ::testing::Test {
 protected:
  RuntimeCollectorTest() {
    root_.Write("/run/containerd/placeholder", "");
    root_.AddCgroupV1("/kubepods/pod1/c1", 1'000'000'000, 0, 0);
  }

  void StartRuntime() { runtime_.emplace(root_.host().Path(kSocket)); }

  v1::Report Everything() { return board_.TakeAll(absl::Now()).report; }
  v1::PartState State() { return Everything().node().runtime().state(); }

  FakeRoot root_;
  Board board_;
  time::FakeClock clock_;
  UsageCollector usage_{root_.host(), board_, clock_};
  std::optional<FakeRuntime> runtime_;
  RuntimeCollector collector_{root_.host(), kSocket, board_, usage_, clock_};
};

// Pods and containers are told with the runtime's name, and each container's control group is found and read.
TEST_F(RuntimeCollectorTest, TellsPodsAndFindsTheirGroups) {
  StartRuntime();
  runtime_->AddPod("p1", "default", "web");
  runtime_->AddContainer("p1", "main", "c1",
                         R"({"runtimeSpec":{"linux":{"cgroupsPath":"/kubepods/pod1/c1"}}})");
  ASSERT_TRUE(collector_.Collect().ok());
  ASSERT_TRUE(usage_.Collect().ok());
  const v1::Report report = Everything();
  EXPECT_EQ(report.node().runtime().state(), v1::PART_STATE_HEALTHY);
  EXPECT_EQ(report.node().runtime_version(), "fake 1.2.3");
  ASSERT_EQ(report.pods_size(), 1);
  EXPECT_EQ(report.pods(0).uid(), "p1");
  EXPECT_EQ(report.pods(0).namespace_(), "default");
  EXPECT_EQ(report.pods(0).name(), "web");
  EXPECT_TRUE(report.pods(0).sandbox_ready());
  ASSERT_EQ(report.pods(0).containers_size(), 1);
  const v1::ContainerReport& container = report.pods(0).containers(0);
  EXPECT_EQ(container.name(), "main");
  EXPECT_EQ(container.state(), v1::CONTAINER_STATE_RUNNING);
  EXPECT_EQ(container.started_time().seconds(), 1'700'000'002);
  EXPECT_EQ(container.memory_working_set_bytes(), 600'000U);
  EXPECT_FALSE(usage_.NeedsCounters());
}

// Where the runtime's specification leads nowhere, the process's own membership does.
TEST_F(RuntimeCollectorTest, FindsTheGroupByTheProcess) {
  StartRuntime();
  root_.Write("/proc/4711/cgroup", "3:cpuset:/\n2:cpu,cpuacct:/kubepods/pod1/c1\n0::/\n");
  runtime_->AddPod("p1", "default", "web");
  runtime_->AddContainer("p1", "main", "c1",
                         R"({"pid":4711,"runtimeSpec":{"linux":{"cgroupsPath":"/elsewhere"}}})");
  ASSERT_TRUE(collector_.Collect().ok());
  EXPECT_FALSE(usage_.NeedsCounters());
}

// What costs the runtime is asked for once for each container, not each second.
TEST_F(RuntimeCollectorTest, DetailsAreAskedForOnce) {
  StartRuntime();
  runtime_->AddPod("p1", "default", "web");
  for (int i = 0; i < RuntimeCollector::kMostDetailsPerRound + 3; ++i) {
    runtime_->AddContainer("p1", "main" + std::to_string(i), "c" + std::to_string(i), "{}");
  }
  const auto verbose_calls = [&] {
    return runtime_->Change([](FakeRuntime::State& s) { return s.verbose_calls; });
  };
  ASSERT_TRUE(collector_.Collect().ok());
  EXPECT_EQ(verbose_calls(), RuntimeCollector::kMostDetailsPerRound);
  ASSERT_TRUE(collector_.Collect().ok());
  ASSERT_TRUE(collector_.Collect().ok());
  EXPECT_EQ(verbose_calls(), RuntimeCollector::kMostDetailsPerRound + 3);
}

// A container that ends is told with its exit code and reason, in the report and as an occurrence.
TEST_F(RuntimeCollectorTest, TellsHowAContainerEnded) {
  StartRuntime();
  runtime_->AddPod("p1", "default", "web");
  runtime_->AddContainer("p1", "main", "c1", "{}");
  ASSERT_TRUE(collector_.Collect().ok());
  Everything();
  runtime_->Change([](FakeRuntime::State& state) {
    state.containers[0].set_state(cri::CONTAINER_EXITED);
    state.details["c1"].mutable_status()->set_finished_at(1'700'000'009'000'000'000);
    state.details["c1"].mutable_status()->set_exit_code(137);
    state.details["c1"].mutable_status()->set_reason("OOMKilled");
  });
  ASSERT_TRUE(collector_.Collect().ok());
  const v1::Report report = board_.TakeChanges(absl::Now()).report;
  ASSERT_EQ(report.pods_size(), 1);
  EXPECT_EQ(report.pods(0).containers(0).exit_code(), 137);
  EXPECT_EQ(report.pods(0).containers(0).exit_reason(), "OOMKilled");
  ASSERT_EQ(report.occurrences_size(), 1);
  EXPECT_EQ(report.occurrences(0).kind(), v1::NodeOccurrence::KIND_CONTAINER_EXITED);
  EXPECT_EQ(report.occurrences(0).pod_uid(), "p1");
  EXPECT_EQ(report.occurrences(0).node_time().seconds(), 1'700'000'009);
}

// Half-way between two rounds a death is seen where pods are sampled closely; there the runtime is asked for
// its containers alone, and nobody else is disturbed.
TEST_F(RuntimeCollectorTest, DeathsAreSeenBetweenRounds) {
  StartRuntime();
  runtime_->AddPod("p1", "default", "web");
  runtime_->AddContainer("p1", "main", "c1", "{}");
  ASSERT_TRUE(collector_.Look().ok());  // a round
  Everything();
  const auto status_calls = [&] {
    return runtime_->Change([](FakeRuntime::State& state) { return state.status_calls; });
  };
  const int calls = status_calls();
  runtime_->Change([](FakeRuntime::State& state) {
    state.containers[0].set_state(cri::CONTAINER_EXITED);
    state.details["c1"].mutable_status()->set_exit_code(1);
  });
  ASSERT_TRUE(collector_.CollectDeaths().ok());
  EXPECT_FALSE(board_.HasNews());  // nobody has asked
  board_.SampleClosely({"p1"});
  ASSERT_TRUE(collector_.Look().ok());  // between
  EXPECT_TRUE(board_.HasUrgentNews());
  EXPECT_EQ(board_.TakeChanges(absl::Now()).report.pods(0).containers(0).exit_code(), 1);
  EXPECT_EQ(status_calls(), calls);
  ASSERT_TRUE(collector_.CollectDeaths().ok());
  EXPECT_FALSE(board_.HasNews());
  ASSERT_TRUE(collector_.Look().ok());  // a round again
  EXPECT_EQ(status_calls(), calls + 1);
}

// Of several sandboxes of a pod and several containers of a name, the newest count.
TEST_F(RuntimeCollectorTest, NewestAttemptsCount) {
  StartRuntime();
  runtime_->AddPod("p1", "default", "web");
  runtime_->AddContainer("p1", "main", "old", "{}");
  runtime_->Change([](FakeRuntime::State& state) {
    state.containers[0].set_state(cri::CONTAINER_EXITED);
    cri::PodSandbox again = state.sandboxes[0];
    state.sandboxes[0].set_state(cri::SANDBOX_NOTREADY);
    again.set_id("sandbox-again");
    again.set_created_at(again.created_at() + 1);
    state.sandboxes.push_back(again);
    cri::Container newer = state.containers[0];
    newer.set_id("new");
    newer.set_pod_sandbox_id("sandbox-again");
    newer.mutable_metadata()->set_attempt(1);
    newer.set_state(cri::CONTAINER_RUNNING);
    newer.set_created_at(newer.created_at() + 1);
    state.containers.push_back(newer);
  });
  ASSERT_TRUE(collector_.Collect().ok());
  const v1::Report report = Everything();
  ASSERT_EQ(report.pods_size(), 1);
  EXPECT_TRUE(report.pods(0).sandbox_ready());
  ASSERT_EQ(report.pods(0).containers_size(), 1);
  EXPECT_EQ(report.pods(0).containers(0).container_id(), "new");
  EXPECT_EQ(report.pods(0).containers(0).restarts(), 1U);
}

// Without a control group the runtime's own figures are asked for, seldom.
TEST_F(RuntimeCollectorTest, StatsStandInForAMissingGroup) {
  StartRuntime();
  runtime_->AddPod("p1", "default", "web");
  runtime_->AddContainer("p1", "main", "c1", "not json");
  const auto use = [&](uint64_t cpu_nanoseconds, int64_t at_seconds) {
    runtime_->Change([&](FakeRuntime::State& state) {
      state.stats.resize(1);
      state.stats[0].mutable_attributes()->set_id("c1");
      state.stats[0].mutable_cpu()->set_timestamp(at_seconds * 1'000'000'000);
      state.stats[0].mutable_cpu()->mutable_usage_core_nano_seconds()->set_value(cpu_nanoseconds);
      state.stats[0].mutable_memory()->mutable_working_set_bytes()->set_value(4096);
    });
  };
  use(0, 1'700'000'000);
  ASSERT_TRUE(collector_.Collect().ok());
  EXPECT_TRUE(usage_.NeedsCounters());
  use(2'500'000'000, 1'700'000'010);
  ASSERT_TRUE(collector_.Collect().ok());  // too soon to ask again
  EXPECT_FALSE(Everything().pods(0).containers(0).has_cpu_used_millicores());
  clock_.Advance(RuntimeCollector::kStatsInterval);
  ASSERT_TRUE(collector_.Collect().ok());
  const v1::ContainerReport container = Everything().pods(0).containers(0);
  EXPECT_EQ(container.cpu_used_millicores(), 250U);
  EXPECT_EQ(container.memory_working_set_bytes(), 4096U);
}

// The states of a runtime are told apart: well, not well, silent, not there, too old.
TEST_F(RuntimeCollectorTest, StatesAreToldApart) {
  ASSERT_TRUE(collector_.Collect().ok());
  EXPECT_EQ(State(), v1::PART_STATE_ABSENT);

  StartRuntime();
  ASSERT_TRUE(collector_.Collect().ok());
  EXPECT_EQ(State(), v1::PART_STATE_HEALTHY);

  runtime_->Change([](FakeRuntime::State& state) { state.ready = false; });
  ASSERT_TRUE(collector_.Collect().ok());
  EXPECT_EQ(State(), v1::PART_STATE_UNHEALTHY);
  EXPECT_EQ(Everything().node().runtime().detail(), "Broken: it cannot run pods");

  runtime_->Change([](FakeRuntime::State& state) {
    state.ready = true;
    state.delay = absl::Seconds(30);
  });
  ASSERT_TRUE(collector_.Collect().ok());
  EXPECT_EQ(State(), v1::PART_STATE_UNREACHABLE);

  runtime_->Change([](FakeRuntime::State& state) {
    state.delay = absl::ZeroDuration();
    state.fail = grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "unknown service runtime.v1.RuntimeService");
  });
  ASSERT_TRUE(collector_.Collect().ok());
  EXPECT_EQ(State(), v1::PART_STATE_UNSPECIFIED);
}

// While the runtime is away its pods are not taken for gone.
TEST_F(RuntimeCollectorTest, PodsOutliveTheRuntimesAbsence) {
  StartRuntime();
  runtime_->AddPod("p1", "default", "web");
  ASSERT_TRUE(collector_.Collect().ok());
  runtime_.reset();
  ASSERT_TRUE(collector_.Collect().ok());
  const v1::Report report = Everything();
  EXPECT_NE(report.node().runtime().state(), v1::PART_STATE_HEALTHY);
  EXPECT_EQ(report.pods_size(), 1);
}

// A runtime that has stopped takes its socket away. Only where none has ever answered is there none.
TEST_F(RuntimeCollectorTest, ASocketThatIsGoneIsNoAbsence) {
  StartRuntime();
  ASSERT_TRUE(collector_.Collect().ok());
  ASSERT_EQ(State(), v1::PART_STATE_HEALTHY);
  runtime_.reset();
  (void)std::remove(root_.host().Path(kSocket).c_str());  // where the server has not done so
  ASSERT_TRUE(collector_.Collect().ok());
  const v1::PartHealth health = Everything().node().runtime();
  EXPECT_EQ(health.state(), v1::PART_STATE_UNREACHABLE);
  EXPECT_NE(health.detail().find("is gone"), std::string::npos);
}

}  // namespace
}  // namespace evenkeel::agent
