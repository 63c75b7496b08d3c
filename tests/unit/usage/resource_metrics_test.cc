// What kubelets and virtual kubelets answer to /metrics/resource is read line by line, and what one of them
// gets wrong spoils no other pod.
#include "coordinator/usage/resource_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

constexpr char kGood[] =
    "container_cpu_usage_seconds_total{container=\"main\",namespace=\"shop\",pod=\"web-1\"} 5.5 "
    "1772359200123\n";

std::vector<PodCounters> Read(const std::string& text) {
  const auto pods = ParseResourceMetrics(text);
  EXPECT_TRUE(pods.ok()) << pods.status();
  return pods.value_or(std::vector<PodCounters>());
}

// A kubelet's, with all that it tells besides: each pod once, whatever the order of the lines.
TEST(ResourceMetricsTest, ReadsAKubelets) {
  const auto pods = Read(R"(# HELP container_cpu_usage_seconds_total [ALPHA] Cumulative cpu time
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="proxy",namespace="shop",pod="web-1"} 0.07 1772359201000
container_cpu_usage_seconds_total{container="main",namespace="shop",pod="web-2"} 1e-09 1772359202000
container_cpu_usage_seconds_total{container="main",namespace="shop",pod="web-1"} 5.123456789 1772359200123
# HELP container_memory_working_set_bytes [ALPHA] Current working set
container_memory_working_set_bytes{container="main",namespace="shop",pod="web-1"} 1.4e+06 1772359200123
pod_cpu_usage_seconds_total{namespace="shop",pod="web-1"} 5.3 1772359200123
node_cpu_usage_seconds_total 892.345 1772359200000
scrape_error 0
)");
  ASSERT_EQ(pods.size(), 2U);
  EXPECT_EQ(pods[0].uid, "");
  EXPECT_EQ(pods[0].name_space, "shop");
  EXPECT_EQ(pods[0].name, "web-1");
  EXPECT_TRUE(pods[0].whole);
  ASSERT_EQ(pods[0].containers.size(), 2U);
  EXPECT_EQ(pods[0].containers[0].container, "main");
  EXPECT_NEAR(static_cast<double>(pods[0].containers[0].used_ns), 5123456789.0, 10.0);
  EXPECT_EQ(pods[0].containers[0].taken, absl::FromUnixMillis(1772359200123));
  EXPECT_EQ(pods[0].containers[0].grain, absl::Milliseconds(1));
  EXPECT_EQ(pods[0].containers[1].container, "proxy");
  EXPECT_EQ(pods[1].name, "web-2");
}

// Labels may be quoted and spaced in any way that the format allows.
TEST(ResourceMetricsTest, ReadsLabelsAsTheFormatHasThem) {
  const auto pods = Read(
      "container_cpu_usage_seconds_total { id=\"}\\\"{,\" , namespace=\"a\\\\b\",pod = "
      "\"p\\n\",container=\"c\",}"
      "\t2\t1772359200123 \r\n");
  ASSERT_EQ(pods.size(), 1U);
  EXPECT_EQ(pods[0].name_space, "a\\b");
  EXPECT_EQ(pods[0].name, "p\n");
  EXPECT_TRUE(pods[0].whole);
}

// A line whose figures cannot be read makes its own pod not whole, and no other.
TEST(ResourceMetricsTest, ABadLineSpoilsItsOwnPodOnly) {
  for (const char* bad : {"", "5", "NaN 1772359200123", "+Inf 1772359200123", "-1 1772359200123",
                          "0 1772359200123", "1e300 1772359200123", "five 1772359200123", "5 now", "5 -5",
                          "5 99999999999999999999", "5 9223372036854775807", "5 1772359200123 7"}) {
    SCOPED_TRACE(bad);
    const auto pods = Read(absl::StrCat(
        kGood, "container_cpu_usage_seconds_total{container=\"main\",namespace=\"shop\",pod=\"web-0\"} ", bad,
        "\ncontainer_cpu_usage_seconds_total{container=\"main\",namespace=\"shop\",pod=\"web-2\"} 7 "
        "1772359200123"));
    ASSERT_EQ(pods.size(), 3U);
    EXPECT_FALSE(pods[0].whole);
    EXPECT_TRUE(pods[0].containers.empty());
    EXPECT_TRUE(pods[1].whole);
    EXPECT_TRUE(pods[2].whole);
  }
}

// A container that is told twice, or has no name, makes its pod not whole.
TEST(ResourceMetricsTest, AContainerThatCannotBeToldMakesItsPodNotWhole) {
  EXPECT_FALSE(Read(absl::StrCat(kGood, kGood)).at(0).whole);
  EXPECT_FALSE(Read("container_cpu_usage_seconds_total{namespace=\"shop\",pod=\"web-1\"} 5 1772359200123")
                   .at(0)
                   .whole);
}

// Whose a line is must be told: what does not say so is passed over.
TEST(ResourceMetricsTest, ALineOfNobodyIsPassedOver) {
  const auto pods = Read(absl::StrCat(
      "container_cpu_usage_seconds_total 5 1772359200123\n"
      "container_cpu_usage_seconds_total{container=\"main\",namespace=\"shop\"} 5 1772359200123\n"
      "container_cpu_usage_seconds_total{container=\"main\",namespace=\"shop\",pod=\"we\n"
      "container_cpu_usage_seconds_total{container=\"main\",namespace=shop,pod=\"web-1\"} 5 1772359200123\n"
      "container_cpu_usage_seconds_total{container\n"
      "container_cpu_usage_seconds_total{\n"
      "container_cpu_usage_seconds_total_more{container=\"main\",namespace=\"shop\",pod=\"web-9\"} 5 "
      "1772359200123\n",
      kGood));
  ASSERT_EQ(pods.size(), 1U);
  EXPECT_EQ(pods[0].name, "web-1");
  EXPECT_TRUE(pods[0].whole);
}

// An empty answer is one of a node without pods; what is not of the format is refused, and so is too much.
TEST(ResourceMetricsTest, RefusesWhatIsNotOfTheFormat) {
  EXPECT_TRUE(Read("").empty());
  EXPECT_TRUE(Read("# HELP scrape_error 1 if there was an error\n# TYPE scrape_error gauge\nscrape_error 0\n")
                  .empty());
  for (const char* text : {"404 page not found", "{}", "<html></html>", "not implemented\n"}) {
    EXPECT_EQ(ParseResourceMetrics(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  std::string many;
  for (size_t i = 0; i <= kMostPulledPods; ++i) {
    absl::StrAppend(&many, "container_cpu_usage_seconds_total{container=\"c\",namespace=\"n\",pod=\"", i,
                    "\"} 1 1772359200123\n");
  }
  EXPECT_EQ(ParseResourceMetrics(many).status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace evenkeel::coordinator
