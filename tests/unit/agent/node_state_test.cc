#include "agent/core/node_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "agent/core/significance.h"

namespace evenkeel::agent {
namespace {

using ::testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

RuntimePod Pod(const std::string& uid, std::vector<RuntimeContainer> containers) {
  return {.uid = uid,
          .pod_namespace = "default",
          .name = "pod-" + uid,
          .sandbox_ready = true,
          .containers = std::move(containers)};
}

RuntimeContainer Running(const std::string& id, const std::string& name = "main") {
  return {.id = id,
          .name = name,
          .image = "sha256:1",
          .state = v1::CONTAINER_STATE_RUNNING,
          .restarts = 0,
          .exit_code = {},
          .exit_reason = {},
          .started = kNow};
}

RuntimeContainer Exited(const std::string& id, int32_t code) {
  RuntimeContainer container = Running(id);
  container.state = v1::CONTAINER_STATE_EXITED;
  container.exit_code = code;
  container.exit_reason = "Error";
  return container;
}

// The same container started again: another id, one restart more; the runtime may still list the one before.
RuntimePod StartedAgain(std::vector<RuntimeContainer> replaced) {
  RuntimePod pod = Pod("a", {Running("2")});
  pod.containers[0].restarts = 1;
  pod.replaced = std::move(replaced);
  return pod;
}

v1::NodeCpu Cpu(uint64_t used_millicores) {
  v1::NodeCpu cpu;
  cpu.set_cpus(2);
  cpu.set_used_millicores(used_millicores);
  return cpu;
}

std::vector<std::string> Kinds(const v1::Report& report) {
  std::vector<std::string> kinds;
  for (const v1::NodeOccurrence& occurrence : report.occurrences()) {
    kinds.push_back(v1::NodeOccurrence::Kind_Name(occurrence.kind()) + " " + occurrence.pod_uid());
  }
  return kinds;
}

// The first report of a session is whole, whatever was told in sessions before.
TEST(NodeStateTest, FirstReportIsWhole) {
  NodeState state;
  state.SetCpu(Cpu(100));
  state.SetPods({Pod("a", {Running("1")})}, kNow);
  state.TakeAll(kNow);
  const v1::Report again = state.TakeAll(kNow);
  EXPECT_TRUE(again.full());
  EXPECT_EQ(again.node().cpu().used_millicores(), 100U);
  ASSERT_EQ(again.pods_size(), 1);
  EXPECT_EQ(again.pods(0).containers(0).container_id(), "1");
  EXPECT_FALSE(again.node().has_pressure());  // never seen: absent
}

// While only noise changes there is no news, and nothing is sent; what moved is sent alone.
TEST(NodeStateTest, OnlyWhatChangedIsSent) {
  NodeState state;
  state.SetCpu(Cpu(100));
  state.SetPods({Pod("a", {Running("1")}), Pod("b", {Running("2")})}, kNow);
  state.TakeAll(kNow);
  state.SetCpu(Cpu(120));
  state.SetPods({Pod("a", {Running("1")}), Pod("b", {Running("2")})}, kNow);
  EXPECT_FALSE(state.HasNews());

  state.SetUsage({{.container_id = "2",
                   .cpu_millicores = 300,
                   .cpu_throttled_percent = {},
                   .memory_working_set_bytes = 4096}});
  ASSERT_TRUE(state.HasNews());
  const v1::Report report = state.TakeChanges(kNow);
  EXPECT_FALSE(report.full());
  EXPECT_FALSE(report.has_node());
  ASSERT_EQ(report.pods_size(), 1);
  EXPECT_EQ(report.pods(0).uid(), "b");
  EXPECT_EQ(report.pods(0).containers(0).cpu_used_millicores(), 300U);
  EXPECT_FALSE(report.pods(0).containers(0).has_cpu_throttled_percent());
  EXPECT_FALSE(state.HasNews());
}

// A gauge that creeps is compared with what was sent, so it is told once it has come far enough.
TEST(NodeStateTest, CreepingGaugeIsToldInTheEnd) {
  NodeState state;
  state.SetCpu(Cpu(100));
  state.TakeAll(kNow);
  for (uint64_t used = 110; used <= 140; used += 10) {
    state.SetCpu(Cpu(used));
    EXPECT_FALSE(state.HasNews()) << used;
  }
  state.SetCpu(Cpu(150));
  EXPECT_TRUE(state.HasNews());
}

// A container that ends, one that is started again, and one that vanishes become occurrences with the reason.
TEST(NodeStateTest, ContainerEndsAndStartsAreOccurrences) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1")}), Pod("b", {Running("2")})}, kNow);
  state.TakeAll(kNow);
  state.SetPods({Pod("a", {Exited("1", 137)}), Pod("b", {Running("2")})}, kNow);
  v1::Report report = state.TakeChanges(kNow);
  EXPECT_THAT(Kinds(report), ElementsAre("KIND_CONTAINER_EXITED a"));
  EXPECT_EQ(report.occurrences(0).detail(), "ended with exit code 137 (Error)");
  EXPECT_EQ(report.occurrences(0).container(), "main");

  state.SetPods({Pod("a", {Running("3")}), Pod("b", {})}, kNow);
  report = state.TakeChanges(kNow);
  EXPECT_THAT(Kinds(report), ElementsAre("KIND_CONTAINER_STARTED a", "KIND_CONTAINER_EXITED b"));
}

// A container that ended and was started again between two looks is still told with how and when it ended.
TEST(NodeStateTest, QuickRestartTellsHowItEnded) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1")})}, kNow);
  state.TakeAll(kNow);
  RuntimePod restarted = Pod("a", {Running("2")});
  restarted.replaced = {Exited("1", 1)};
  restarted.replaced[0].finished = kNow - absl::Seconds(7);
  state.SetPods({restarted}, kNow);
  const v1::Report report = state.TakeChanges(kNow);
  EXPECT_THAT(Kinds(report), ElementsAre("KIND_CONTAINER_EXITED a", "KIND_CONTAINER_STARTED a"));
  EXPECT_EQ(report.occurrences(0).detail(), "ended with exit code 1 (Error)");
  EXPECT_EQ(report.occurrences(0).node_time().seconds(), absl::ToUnixSeconds(kNow) - 7);
}

// What the agent finds when it starts did not just happen.
TEST(NodeStateTest, FirstLookMakesNoOccurrences) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1")}), Pod("b", {Exited("2", 1)})}, kNow);
  EXPECT_EQ(state.TakeAll(kNow).occurrences_size(), 0);
}

// A pod that is gone is told by its uid, once; one that the coordinator never heard of is not told.
TEST(NodeStateTest, GonePodsAreToldOnce) {
  NodeState state;
  state.SetPods({Pod("a", {})}, kNow);
  state.TakeAll(kNow);
  state.SetPods({Pod("short", {})}, kNow);
  state.SetPods({}, kNow);
  const v1::Report report = state.TakeChanges(kNow);
  EXPECT_THAT(report.gone_pod_uids(), ElementsAre("a"));
  EXPECT_EQ(report.pods_size(), 0);
  EXPECT_EQ(state.TakeChanges(kNow).gone_pod_uids_size(), 0);
}

// Usage and kubelet statuses reach the container by its id and survive the next listing.
TEST(NodeStateTest, SourcesAreMergedByContainer) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1")})}, kNow);
  state.SetUsage({{.container_id = "1",
                   .cpu_millicores = 50,
                   .cpu_throttled_percent = 10.0,
                   .memory_working_set_bytes = 1 << 20},
                  {.container_id = "unknown",
                   .cpu_millicores = 1,
                   .cpu_throttled_percent = {},
                   .memory_working_set_bytes = {}}});
  state.SetKubeletStatuses(
      {{.container_id = "1", .image = "web:1", .restarts = 4, .exit_code = {}, .exit_reason = {}},
       {.container_id = "unknown", .image = "x", .restarts = 1, .exit_code = {}, .exit_reason = {}}});
  state.SetPods({Pod("a", {Running("1")})}, kNow);
  const v1::Report report = state.TakeAll(kNow);
  ASSERT_EQ(report.pods_size(), 1);
  const v1::ContainerReport& container = report.pods(0).containers(0);
  EXPECT_EQ(container.cpu_used_millicores(), 50U);
  EXPECT_EQ(container.cpu_throttled_percent(), 10.0);
  EXPECT_EQ(container.image(), "web:1");
  EXPECT_EQ(container.restarts(), 4U);
}

// The gauges of a container that has ended are absent, not its last ones.
TEST(NodeStateTest, EndedContainerUsesNothing) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1")})}, kNow);
  state.SetUsage({{.container_id = "1",
                   .cpu_millicores = 50,
                   .cpu_throttled_percent = {},
                   .memory_working_set_bytes = 7}});
  state.SetPods({Pod("a", {Exited("1", 0)})}, kNow);
  const v1::Report report = state.TakeAll(kNow);
  EXPECT_FALSE(report.pods(0).containers(0).has_cpu_used_millicores());
  EXPECT_FALSE(report.pods(0).containers(0).has_memory_working_set_bytes());
}

// A part's state changes with its time; a repeated look at the same state is no news.
TEST(NodeStateTest, PartHealthKeepsSinceWhenItChanged) {
  NodeState state;
  state.SetKubelet({.state = v1::PART_STATE_HEALTHY, .detail = "", .latency = absl::Milliseconds(2)}, kNow);
  state.TakeAll(kNow);
  state.SetKubelet({.state = v1::PART_STATE_HEALTHY, .detail = "", .latency = absl::Milliseconds(9)},
                   kNow + absl::Seconds(1));
  EXPECT_FALSE(state.HasNews());
  state.SetKubelet({.state = v1::PART_STATE_UNREACHABLE, .detail = "no answer", .latency = absl::Seconds(1)},
                   kNow + absl::Seconds(2));
  const v1::Report report = state.TakeChanges(kNow + absl::Seconds(2));
  EXPECT_EQ(report.node().kubelet().state(), v1::PART_STATE_UNREACHABLE);
  EXPECT_EQ(report.node().kubelet().since().seconds(), absl::ToUnixSeconds(kNow + absl::Seconds(2)));
  EXPECT_EQ(report.node().kubelet().latency_us(), 1000000U);
  EXPECT_FALSE(report.node().has_runtime());
}

// Occurrences of a report that is not known to have arrived are told again in the next session, the others
// not.
TEST(NodeStateTest, UnconfirmedOccurrencesAreSentAgain) {
  const absl::Time long_ago = kNow - Occurrences::kYoung - absl::Seconds(1);
  NodeState state;
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_IO_ERROR, long_ago, "first", std::nullopt);
  state.TakeAll(kNow);
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_IO_ERROR, long_ago, "second", std::nullopt);
  state.TakeChanges(kNow);
  EXPECT_EQ(state.report_number(), 2U);
  state.Confirm(1);
  const v1::Report next = state.TakeAll(kNow);
  ASSERT_EQ(next.occurrences_size(), 1);
  EXPECT_EQ(next.occurrences(0).detail(), "second");
  state.Confirm(1);
  EXPECT_EQ(state.TakeAll(kNow).occurrences_size(), 0);
}

// What the kernel said is told in each new session while it is young, in its order: who listens may be
// another coordinator. What befell a container is not.
TEST(NodeStateTest, WhatTheKernelSaidIsToldInEachSession) {
  NodeState state;
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_HUNG_TASK, kNow, "first", std::nullopt);
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_CONTAINER_EXITED, kNow, "ended", std::nullopt);
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_IO_ERROR, kNow + absl::Seconds(60), "second",
                            std::nullopt);
  state.TakeAll(kNow + absl::Seconds(60));
  state.Confirm(1);
  EXPECT_FALSE(state.HasNews());
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_IO_ERROR, kNow + absl::Seconds(61), "third",
                            std::nullopt);
  for (int session = 0; session < 2; ++session) {
    const v1::Report again = state.TakeAll(kNow + Occurrences::kYoung);
    ASSERT_EQ(again.occurrences_size(), 3);
    EXPECT_EQ(again.occurrences(0).detail(), "first");
    EXPECT_EQ(again.occurrences(1).detail(), "second");
    EXPECT_EQ(again.occurrences(2).detail(), "third");
    EXPECT_EQ(again.dropped_occurrences(), 0U);
    state.Confirm(1);
  }
  const v1::Report later = state.TakeAll(kNow + Occurrences::kYoung + absl::Seconds(1));
  ASSERT_EQ(later.occurrences_size(), 2);
  EXPECT_EQ(later.occurrences(0).detail(), "second");
}

// However much the kernel says, what is told again is bounded, and does not push out what was not told yet.
TEST(NodeStateTest, WhatIsToldAgainIsBounded) {
  NodeState state;
  for (int i = 0; i < 200; ++i) {
    state.AddKernelOccurrence(v1::NodeOccurrence::KIND_IO_ERROR, kNow, std::to_string(i), std::nullopt);
    if (i % 10 == 9) {
      state.TakeChanges(kNow);
      state.Confirm(state.report_number());
    }
  }
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_IO_ERROR, kNow, "new", std::nullopt);
  const v1::Report report = state.TakeAll(kNow);
  ASSERT_EQ(report.occurrences_size(), static_cast<int>(Occurrences::kMost));
  EXPECT_EQ(report.occurrences(0).detail(), "137");
  EXPECT_EQ(report.occurrences(63).detail(), "new");
  EXPECT_EQ(report.dropped_occurrences(), 0U);
}

// While the coordinator is away only the newest occurrences are kept, and the loss is told.
TEST(NodeStateTest, OccurrencesAreBoundedAndLossIsTold) {
  NodeState state;
  for (int i = 0; i < 100; ++i) {
    state.AddKernelOccurrence(v1::NodeOccurrence::KIND_IO_ERROR, kNow, std::to_string(i), std::nullopt);
  }
  const v1::Report report = state.TakeAll(kNow);
  EXPECT_EQ(report.occurrences_size(), static_cast<int>(Occurrences::kMost));
  EXPECT_EQ(report.occurrences(0).detail(), "36");
  EXPECT_EQ(report.dropped_occurrences(), 36U);
}

// A kernel's message about a known container names its pod.
TEST(NodeStateTest, KernelOccurrenceFindsItsPod) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1", "web")})}, kNow);
  state.TakeAll(kNow);
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_OOM_KILL, kNow, "Killed process 1", "1");
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_OOM_KILL, kNow, "Killed process 2", "unknown");
  const v1::Report report = state.TakeChanges(kNow);
  ASSERT_EQ(report.occurrences_size(), 2);
  EXPECT_EQ(report.occurrences(0).pod_uid(), "a");
  EXPECT_EQ(report.occurrences(0).container(), "web");
  EXPECT_EQ(report.occurrences(1).pod_uid(), "");
}

// However many pods a runtime lists, what is kept is bounded.
TEST(NodeStateTest, PodsAreBounded) {
  NodeState state;
  std::vector<RuntimePod> pods;
  for (size_t i = 0; i < NodeState::kMostPods + 10; ++i) {
    pods.push_back(Pod(std::to_string(i), {}));
  }
  state.SetPods(pods, kNow);
  EXPECT_EQ(state.TakeAll(kNow).pods_size(), static_cast<int>(NodeState::kMostPods));
}

// Errors of the runtime and answers of the kubelet can hold any bytes; a report with them would not be
// readable, and the coordinator would end the session for it, again and again.
TEST(NodeStateTest, WordsOfStrangersBecomeUtf8) {
  NodeState state;
  state.SetRuntime({.state = v1::PART_STATE_UNHEALTHY,
                    .detail = "rpc error: caf\xe9 \xe2\x82",
                    .latency = absl::ZeroDuration()},
                   kNow);
  state.SetRuntimeVersion("\xff 1.6");
  v1::Report received;
  ASSERT_TRUE(received.ParseFromString(state.TakeAll(kNow).SerializeAsString()));
  EXPECT_EQ(received.node().runtime().detail(), "rpc error: caf? ??");
  EXPECT_EQ(received.node().runtime_version(), "? 1.6");
}

std::vector<ContainerUsage> Uses(const std::string& id, uint64_t millicores) {
  return {{.container_id = id,
           .cpu_millicores = millicores,
           .cpu_throttled_percent = {},
           .memory_working_set_bytes = 4096}};
}

// A little more CPU is news of the pods that the coordinator wants closely, and of them it is urgent; of the
// others it is neither.
TEST(NodeStateTest, CloselySampledPodsAreToldOfLess) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1")}), Pod("b", {Running("2")})}, kNow);
  state.SetUsage(Uses("1", 100));
  state.SetUsage(Uses("2", 100));
  state.TakeAll(kNow);
  state.SampleClosely({"a"});
  EXPECT_FALSE(state.HasNews());
  state.SetUsage(Uses("2", 105));
  EXPECT_FALSE(state.HasNews());
  state.SetUsage(Uses("1", 105));
  EXPECT_TRUE(state.HasUrgentNews());
  const v1::Report report = state.TakeChanges(kNow);
  ASSERT_EQ(report.pods_size(), 1);
  EXPECT_EQ(report.pods(0).uid(), "a");
  EXPECT_EQ(report.pods(0).containers(0).cpu_used_millicores(), 105U);
  EXPECT_FALSE(state.HasUrgentNews());

  state.SetUsage(Uses("2", 300));  // news, but not urgent
  EXPECT_TRUE(state.HasNews());
  EXPECT_FALSE(state.HasUrgentNews());
}

// A rise of a closely sampled pod that then holds is told with the next two readings, too; the third is no
// news, and neither are readings of others or what is not a reading.
TEST(NodeStateTest, ARiseThatHoldsIsToldAgain) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1"), Running("2")}), Pod("b", {Running("3")})}, kNow);
  const auto read = [&state](uint64_t millicores) {
    std::vector<ContainerUsage> usage = Uses("1", millicores);
    usage.push_back(Uses("3", 100)[0]);
    usage.push_back(Uses("2", 10)[0]);
    state.SetUsage(usage);
  };
  read(100);
  state.TakeAll(kNow);
  state.SampleClosely({"a"});
  read(100);
  EXPECT_FALSE(state.HasNews());
  read(200);
  EXPECT_EQ(state.TakeChanges(kNow).pods_size(), 1);
  for (int reading = 0; reading < kToldAgain; ++reading) {
    EXPECT_FALSE(state.HasUrgentNews());
    read(200);
    EXPECT_TRUE(state.HasUrgentNews());
    const v1::Report report = state.TakeChanges(kNow);
    ASSERT_EQ(report.pods_size(), 1);
    EXPECT_EQ(report.pods(0).uid(), "a");
  }
  read(200);
  EXPECT_FALSE(state.HasNews());
}

// What was too little to be told is told as soon as somebody wants to know it; and no more when nobody does.
TEST(NodeStateTest, AskingCloselyTellsWhatWasHeldBack) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1")})}, kNow);
  state.SetUsage(Uses("1", 100));
  state.TakeAll(kNow);
  state.SetUsage(Uses("1", 107));
  EXPECT_FALSE(state.HasNews());
  state.SampleClosely({"a"});
  EXPECT_TRUE(state.HasUrgentNews());
  EXPECT_EQ(state.TakeChanges(kNow).pods(0).containers(0).cpu_used_millicores(), 107U);

  state.SampleClosely({});
  state.SetUsage(Uses("1", 112));
  EXPECT_FALSE(state.HasNews());
}

// A pod may be asked for before it is there, and stays closely sampled while its containers come and go.
TEST(NodeStateTest, ClosenessWaitsForThePodAndOutlivesItsContainers) {
  NodeState state;
  state.SampleClosely({"a"});
  state.SetPods({Pod("a", {Running("1")})}, kNow);
  state.SetUsage(Uses("1", 100));
  EXPECT_TRUE(state.HasUrgentNews());
  state.TakeAll(kNow);
  EXPECT_FALSE(state.HasUrgentNews());

  state.SetPods({Pod("a", {Running("2")})}, kNow);  // started again
  state.TakeChanges(kNow);
  state.SetUsage(Uses("2", 50));
  state.TakeChanges(kNow);
  state.SetUsage(Uses("2", 53));
  EXPECT_TRUE(state.HasUrgentNews());
}

// How a container ended goes with the one that has taken its place: as the runtime has it, also where both
// happened between two looks; and where the runtime has forgotten it, as the agent saw it.
TEST(NodeStateTest, APreviousEndIsToldWithTheNewContainer) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1")})}, kNow);
  RuntimeContainer ended = Exited("1", 143);
  ended.finished = kNow + absl::Seconds(3);
  state.SetPods({StartedAgain({ended})}, kNow + absl::Seconds(4));
  v1::ContainerReport told = state.TakeAll(kNow).pods(0).containers(0);
  EXPECT_EQ(told.restarts(), 1U);
  EXPECT_FALSE(told.has_ended_time());
  EXPECT_EQ(told.previous_end().exit_code(), 143);
  EXPECT_EQ(told.previous_end().reason(), "Error");
  EXPECT_EQ(told.previous_end().end_time().seconds(), 1'700'000'003);

  NodeState other;
  other.SetPods({Pod("a", {ended})}, kNow);
  EXPECT_EQ(other.TakeAll(kNow).pods(0).containers(0).ended_time().seconds(), 1'700'000'003);
  other.SetPods({StartedAgain({})}, kNow + absl::Seconds(4));
  told = other.TakeChanges(kNow).pods(0).containers(0);
  EXPECT_EQ(told.previous_end().exit_code(), 143);
  EXPECT_EQ(told.previous_end().end_time().seconds(), 1'700'000'003);
}

// A kill for want of memory that the kernel has told of is told of the container; and it is why the container
// ended, whatever the runtime calls it.
TEST(NodeStateTest, AKillForWantOfMemoryIsToldOfItsContainer) {
  NodeState state;
  state.SetPods({Pod("a", {Running("1")})}, kNow);
  state.TakeAll(kNow);
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_OOM_KILL, kNow, "Killed process 7", "1");
  ASSERT_TRUE(state.HasNews());
  v1::ContainerReport told = state.TakeChanges(kNow).pods(0).containers(0);
  EXPECT_EQ(told.state(), v1::CONTAINER_STATE_RUNNING);
  EXPECT_EQ(told.oom_kills(), 1U);
  EXPECT_EQ(told.oom_kill_time().seconds(), 1'700'000'000);
  state.SetPods({Pod("a", {Exited("1", 137)})}, kNow);
  told = state.TakeChanges(kNow).pods(0).containers(0);
  EXPECT_EQ(told.exit_reason(), "OOMKilled");
  state.SetPods({StartedAgain({Exited("1", 137)})}, kNow);
  EXPECT_EQ(state.TakeChanges(kNow).pods(0).containers(0).previous_end().reason(), "OOMKilled");
}

// An end or a start in a closely sampled pod does not wait for the next beat; in others it does.
TEST(NodeStateTest, DeathsOfCloselySampledPodsAreUrgent) {
  NodeState state;
  EXPECT_FALSE(state.SamplesClosely());
  state.SampleClosely({"a"});
  EXPECT_TRUE(state.SamplesClosely());
  const RuntimePod other = Pod("b", {Running("9")});
  state.SetPods({Pod("a", {Running("1")}), other}, kNow);
  state.TakeAll(kNow);
  state.SetPods({Pod("a", {Running("1")}), Pod("b", {Exited("9", 1)})}, kNow);
  EXPECT_TRUE(state.HasNews());
  EXPECT_FALSE(state.HasUrgentNews());
  state.SetPods({Pod("a", {Exited("1", 1)}), other}, kNow);
  EXPECT_TRUE(state.HasUrgentNews());
  state.TakeChanges(kNow);
  state.SetPods({StartedAgain({Exited("1", 1)}), other}, kNow);
  EXPECT_TRUE(state.HasUrgentNews());
  state.TakeChanges(kNow);
  state.AddKernelOccurrence(v1::NodeOccurrence::KIND_OOM_KILL, kNow, "Killed process 7", "2");
  EXPECT_TRUE(state.HasUrgentNews());
}

}  // namespace
}  // namespace evenkeel::agent
