// The pods of a scaler: what a tick needs of each lies in its row, which stays where it is.
#include "coordinator/core/scale/scaled_pods.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes_of.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

constexpr int kMany = 50;

std::vector<std::string> UidsOf(const ScaledPods& pods) {
  std::vector<std::string> uids;
  pods.ForEachRow([&uids](const PodRow& row) { uids.emplace_back(row.uid()); });
  return uids;
}

PodUsage Uses(int64_t millicores) {
  return {.pod_uid = "u",
          .steady = CpuSample{millicores, absl::UnixEpoch(), absl::Seconds(15)},
          .sudden = CpuSample{millicores + 1, absl::UnixEpoch(), absl::Seconds(2)},
          .held = true,
          .throttled_percent = 7};
}

// Pods that come and go move no other's row, and a row that is free is taken again, as empty as a new one.
TEST(ScaledPodsTest, RowsStayWhereTheyAre) {
  ScaledPods pods;
  ScaledPod& first = pods.try_emplace("first").first->second;
  PodRow* row = first.row;
  ScaledPods::SetUsage(*row, Uses(40));
  for (int i = 0; i < kMany; ++i) pods.try_emplace("pod-" + std::to_string(i));
  ScaledPods::SetUsage(*pods.at("pod-3").row, Uses(80));
  const size_t place = pods.at("pod-3").place;
  pods.erase(pods.find("pod-3"));
  EXPECT_EQ(UidsOf(pods).size(), static_cast<size_t>(kMany));
  const auto [again, fresh] = pods.try_emplace("a uid that is longer than forty bytes, as none of them is");
  EXPECT_TRUE(fresh);
  EXPECT_EQ(again->second.place, place);
  EXPECT_FALSE(again->second.row->told);
  EXPECT_EQ(again->second.row->uid(), again->first);
  EXPECT_EQ(first.row, row);
  EXPECT_EQ(row->steady.millicores, 40);
  EXPECT_EQ(row->uid(), "first");
  EXPECT_FALSE(pods.try_emplace("first").second);
  pods.clear();
  EXPECT_TRUE(pods.empty());
  EXPECT_TRUE(UidsOf(pods).empty());
}

// The row shows what Kubernetes and the agent say of the pod; without a watch nothing is known of its use.
TEST(ScaledPodsTest, RowsFollowTheirPods) {
  ScaledPods pods;
  ScaledPod& pod = pods.try_emplace("u").first->second;
  const absl::Time started = absl::FromUnixSeconds(7);
  ScaledPods::SetFacts(pod, {.phase = PodPhase::kRunning,
                             .ready = true,
                             .started = started,
                             .request_millicores = 100,
                             .failing = true});
  ScaledPods::SetWatch(pod, PodWatch{.node = "n1", .sudden_millicores = 75});
  PodUsage usage = Uses(40);
  usage.deaths.restarts = 2;
  ScaledPods::SetUsage(*pod.row, usage);
  const PodRow& row = *pod.row;
  EXPECT_EQ(row.phase, PodPhase::kRunning);
  EXPECT_TRUE(row.ready && row.failing && !row.deleting && row.has_started && !row.has_ready_changed);
  EXPECT_EQ(row.started, started);
  EXPECT_EQ(row.request_millicores, 100);
  EXPECT_TRUE(row.watched);
  EXPECT_EQ(row.sudden_millicores, 75);
  EXPECT_TRUE(row.told && row.has_steady && row.has_sudden && row.held && row.has_throttled && row.has_died);
  EXPECT_EQ(row.sudden.millicores, 41);
  EXPECT_EQ(pod.deaths, usage.deaths);
  ScaledPods::SetWatch(pod, {});
  EXPECT_FALSE(row.watched || row.told || row.has_steady || row.has_sudden || row.held || row.has_died);
  EXPECT_EQ(row.sudden_millicores, 0);
  EXPECT_EQ(pod.deaths, PodDeaths());
}

// A checkpoint brings back the same rows in the same places; what is taken next is the same, too.
TEST(ScaledPodsTest, AreTheSameAfterACheckpoint) {
  ScaledPods pods;
  for (int i = 0; i < kMany; ++i) {
    ScaledPod& pod = pods.try_emplace("pod-" + std::to_string(i)).first->second;
    ScaledPods::SetFacts(pod, {.name = "web", .request_millicores = i});
    ScaledPods::SetWatch(pod, PodWatch{.node = "n1", .sudden_millicores = i});
    ScaledPods::SetUsage(*pod.row, Uses(i));
  }
  pods.erase(pods.find("pod-20"));
  pods.erase(pods.find("pod-4"));
  ScaledPods restored;
  ASSERT_TRUE(base::FromBytes(base::BytesOf(pods), restored));
  EXPECT_EQ(UidsOf(restored), UidsOf(pods));
  EXPECT_EQ(restored.at("pod-7").row->steady, pods.at("pod-7").row->steady);
  EXPECT_EQ(restored.at("pod-7").row->request_millicores, 7);
  EXPECT_EQ(restored.at("pod-7").row->sudden_millicores, 7);
  EXPECT_EQ(restored.try_emplace("new").first->second.place, pods.try_emplace("new").first->second.place);
  EXPECT_EQ(base::BytesOf(restored), base::BytesOf(pods));
}

// Bytes that put two pods in one row, or one in none, were never made of this: nothing is made of them.
TEST(ScaledPodsTest, DamagedPlacesHarmNothing) {
  for (const size_t place : {size_t{1}, size_t{8}, ~size_t{0}}) {
    ScaledPods pods;
    pods.try_emplace("a").first->second.place = place;
    pods.try_emplace("b");
    ScaledPods restored;
    if (base::FromBytes(base::BytesOf(pods), restored)) {
      EXPECT_TRUE(restored.empty());
    }
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
