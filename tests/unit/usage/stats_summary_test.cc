// What kubelets and virtual kubelets answer to /stats/summary is read pod by pod, and what one of them gets
// wrong spoils no other.
#include "coordinator/usage/stats_summary.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

absl::Time At(const char* text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

std::string Summary(const std::string& pods) {
  return absl::StrCat(R"({"node":{"nodeName":"virtual-1"},"pods":[)", pods, "]}");
}
std::string Pod(const std::string& uid, const std::string& containers) {
  return absl::StrCat(R"({"podRef":{"name":"web-)", uid, R"(","namespace":"shop","uid":")", uid,
                      R"("},"containers":[)", containers, "]}");
}
std::string Container(const std::string& cpu) {
  return absl::StrCat(R"({"name":"main","cpu":)", cpu, "}");
}
constexpr char kGood[] = R"({"time":"2026-03-01T10:00:00Z","usageCoreNanoSeconds":5000000000})";

std::vector<PodCounters> Read(const std::string& text) {
  const auto pods = ParseStatsSummary(text);
  EXPECT_TRUE(pods.ok()) << pods.status();
  return pods.value_or(std::vector<PodCounters>());
}

// A kubelet's, with all that it tells besides: the counters of the containers, by name, and when they began.
TEST(StatsSummaryTest, ReadsAKubelets) {
  const std::vector<PodCounters> pods = Read(R"({
    "node": {"nodeName": "virtual-1", "startTime": "2026-03-01T08:00:00Z",
      "cpu": {"time": "2026-03-01T10:00:02Z", "usageNanoCores": 219385513, "usageCoreNanoSeconds": 892345345}},
    "pods": [{
      "podRef": {"name": "web-5d9c-x2x4z", "namespace": "shop", "uid": "8f0e"},
      "startTime": "2026-03-01T09:00:00Z",
      "containers": [
        {"name": "proxy", "startTime": "2026-03-01T09:00:02Z",
         "cpu": {"time": "2026-03-01T10:00:03Z", "usageNanoCores": 1000, "usageCoreNanoSeconds": 70000000},
         "memory": {"time": "2026-03-01T10:00:03Z", "workingSetBytes": 1234}, "rootfs": {}, "logs": {}},
        {"name": "main", "startTime": "2026-03-01T09:00:01Z",
         "cpu": {"time": "2026-03-01T10:00:01Z", "usageNanoCores": 0, "usageCoreNanoSeconds": 5123456789}}],
      "cpu": {"time": "2026-03-01T10:00:01Z", "usageNanoCores": 1, "usageCoreNanoSeconds": 5200000000},
      "network": {"name": "eth0", "rxBytes": 1}, "volume": [{"name": "token", "usedBytes": 1}]}]})");
  ASSERT_EQ(pods.size(), 1U);
  EXPECT_EQ(pods[0].uid, "8f0e");
  EXPECT_EQ(pods[0].name_space, "shop");
  EXPECT_EQ(pods[0].name, "web-5d9c-x2x4z");
  EXPECT_TRUE(pods[0].whole);
  ASSERT_EQ(pods[0].containers.size(), 2U);
  EXPECT_EQ(pods[0].containers[0], (CpuCounter{.container = "main",
                                               .used_ns = 5123456789,
                                               .taken = At("2026-03-01T10:00:01Z"),
                                               .grain = absl::Seconds(1),
                                               .started = At("2026-03-01T09:00:01Z")}));
  EXPECT_EQ(pods[0].containers[1].container, "proxy");
  EXPECT_EQ(pods[0].containers[1].used_ns, 70000000U);
}

// A node without pods says so in three ways.
TEST(StatsSummaryTest, ReadsANodeWithoutPods) {
  EXPECT_TRUE(Read(Summary("")).empty());
  EXPECT_TRUE(Read(R"({"node":{"nodeName":"virtual-1"},"pods":null})").empty());
  EXPECT_TRUE(Read(R"({"node":{"nodeName":"virtual-1"}})").empty());
}

// A pod that was listed before it has run has no containers to be told of.
TEST(StatsSummaryTest, ReadsAPodThatHasNotBegun) {
  const auto pods = Read(Summary(R"({"podRef":{"name":"a","namespace":"b","uid":"c"},"containers":null})"));
  ASSERT_EQ(pods.size(), 1U);
  EXPECT_TRUE(pods[0].containers.empty());
}

// Times with fractions are more exact, and whole numbers may be written as real ones.
TEST(StatsSummaryTest, ReadsOtherWaysToWriteNumbersAndTimes) {
  const auto pods = Read(Summary(
      Pod("a", Container(R"({"time":"2026-03-01T12:00:00.5+02:00","usageCoreNanoSeconds":1.5e+09})"))));
  ASSERT_EQ(pods.at(0).containers.size(), 1U);
  EXPECT_EQ(pods[0].containers[0].used_ns, 1'500'000'000U);
  EXPECT_EQ(pods[0].containers[0].taken, At("2026-03-01T10:00:00.5Z"));
  EXPECT_EQ(pods[0].containers[0].grain, absl::Milliseconds(1));
  EXPECT_EQ(pods[0].containers[0].started, absl::InfinitePast());
}

// A container whose counter cannot be read makes its own pod not whole, and no other.
TEST(StatsSummaryTest, ABadCounterSpoilsItsOwnPodOnly) {
  for (const char* bad : {
           "null",
           "{}",
           "[]",
           R"("much")",
           R"({"time":"2026-03-01T10:00:00Z"})",
           R"({"time":"2026-03-01T10:00:00Z","usageNanoCores":100000000})",
           R"({"time":"2026-03-01T10:00:00Z","usageCoreNanoSeconds":null})",
           R"({"time":"2026-03-01T10:00:00Z","usageCoreNanoSeconds":0})",
           R"({"time":"2026-03-01T10:00:00Z","usageCoreNanoSeconds":-5})",
           R"({"time":"2026-03-01T10:00:00Z","usageCoreNanoSeconds":"5"})",
           R"({"time":"2026-03-01T10:00:00Z","usageCoreNanoSeconds":1e300})",
           R"({"time":"2026-03-01T10:00:00Z","usageCoreNanoSeconds":18446744073709551615})",
           R"({"time":"2026-03-01T10:00:00Z","usageCoreNanoSeconds":184467440737095516150})",
           R"({"time":"yesterday","usageCoreNanoSeconds":5000000000})",
           R"({"time":"0001-01-01T00:00:00Z","usageCoreNanoSeconds":5000000000})",
           R"({"time":"infinite-future","usageCoreNanoSeconds":5000000000})",
           R"({"time":null,"usageCoreNanoSeconds":5000000000})",
           R"({"usageCoreNanoSeconds":5000000000})",
       }) {
    SCOPED_TRACE(bad);
    const auto pods = Read(Summary(absl::StrCat(Pod("a", Container(kGood)), ",", Pod("b", Container(bad)),
                                                ",", Pod("c", Container(kGood)))));
    ASSERT_EQ(pods.size(), 3U);
    EXPECT_TRUE(pods[0].whole);
    EXPECT_FALSE(pods[1].whole);
    EXPECT_TRUE(pods[1].containers.empty());
    EXPECT_TRUE(pods[2].whole);
    EXPECT_EQ(pods[2].containers.size(), 1U);
  }
}

// A container without a name, or told twice, is not counted into the sum unseen.
TEST(StatsSummaryTest, AContainerThatCannotBeToldMakesItsPodNotWhole) {
  const auto pods = Read(Summary(absl::StrCat(Pod("a", absl::StrCat(Container(kGood), ",", Container(kGood))),
                                              ",", Pod("b", absl::StrCat(R"({"cpu":)", kGood, "}")), ",",
                                              Pod("c", absl::StrCat(Container(kGood), ",7")))));
  ASSERT_EQ(pods.size(), 3U);
  for (const PodCounters& pod : pods) EXPECT_FALSE(pod.whole) << pod.uid;
  EXPECT_EQ(pods[0].containers.size(), 1U);
}

// A pod that nobody can tell, and one that is told twice, are passed over; one without uid goes by its name.
TEST(StatsSummaryTest, APodThatCannotBeToldIsPassedOver) {
  const auto pods = Read(Summary(absl::StrCat(
      R"(null,7,[],{},{"podRef":null},{"podRef":{"uid":7}},)",
      R"({"podRef":{"name":"a","namespace":"shop"}},{"podRef":{"name":"a","namespace":"shop"}},)",
      R"({"podRef":{"name":"a","namespace":"other"}},)", Pod("x", Container(kGood)), ",", Pod("x", ""))));
  ASSERT_EQ(pods.size(), 3U);
  EXPECT_EQ(pods[0].name, "a");
  EXPECT_EQ(pods[1].name_space, "other");
  EXPECT_EQ(pods[2].uid, "x");
  EXPECT_EQ(pods[2].containers.size(), 1U);
}

// What is no summary is refused, and so is one that no single node can have.
TEST(StatsSummaryTest, RefusesWhatIsNoSummary) {
  for (const char* text :
       {"", "404 page not found", "[]", "{}", "null", R"({"pods":{}})", R"({"pods":"none"})",
        R"({"kind":"Status","status":"Failure"})", R"({"pods":[{)"}) {
    EXPECT_EQ(ParseStatsSummary(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  std::string many = "0";
  for (size_t i = 0; i < kMostPulledPods; ++i) many += ",0";
  EXPECT_EQ(ParseStatsSummary(Summary(many)).status().code(), absl::StatusCode::kResourceExhausted);
}

// A pod with more containers than any has is not whole, and bounded.
TEST(StatsSummaryTest, BoundsTheContainersOfAPod) {
  std::string containers;
  for (size_t i = 0; i <= kMostPulledContainers; ++i) {
    absl::StrAppend(&containers, i == 0 ? "" : ",", R"({"name":"c)", i, R"(","cpu":)", kGood, "}");
  }
  const auto pods = Read(Summary(Pod("a", containers)));
  ASSERT_EQ(pods.size(), 1U);
  EXPECT_FALSE(pods[0].whole);
  EXPECT_EQ(pods[0].containers.size(), kMostPulledContainers);
}

}  // namespace
}  // namespace evenkeel::coordinator
