#include "agent/decode/kubelet_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/agent/testdata.h"

namespace evenkeel::agent {
namespace {

// CPU and memory of a container come together, with the time the kubelet took the CPU sample.
TEST(KubeletMetricsTest, ReadsTheKubeletsDocument) {
  const auto samples = DecodeResourceMetrics(ReadTestdata("kubelet/metrics-resource.txt"));
  ASSERT_TRUE(samples.ok()) << samples.status();
  ASSERT_EQ(samples->size(), 2U);
  const ContainerResourceSample& web = (*samples)[0];
  EXPECT_EQ(web.pod_namespace, "default");
  EXPECT_EQ(web.pod, "web-7d4b9");
  EXPECT_EQ(web.container, "web");
  EXPECT_EQ(web.cpu_total, absl::Milliseconds(20));
  EXPECT_EQ(web.cpu_time, absl::FromUnixMillis(1700000002345));
  EXPECT_EQ(web.working_set_bytes, 1044480U);
  EXPECT_EQ((*samples)[1].working_set_bytes, 42508288U);
}

// A family that is missing leaves its value absent.
TEST(KubeletMetricsTest, MissingFamilyIsAbsent) {
  const auto samples =
      DecodeResourceMetrics("container_memory_working_set_bytes{container=\"a\",pod=\"p\"} 1\n");
  ASSERT_TRUE(samples.ok());
  ASSERT_EQ(samples->size(), 1U);
  EXPECT_EQ(samples->front().cpu_total, std::nullopt);
  EXPECT_EQ(samples->front().cpu_time, std::nullopt);
}

// Escapes in label values, unknown labels and broken lines in between do no harm.
TEST(KubeletMetricsTest, ToleratesWhatTheFormatAllows) {
  const auto samples = DecodeResourceMetrics(
      "container_cpu_usage_seconds_total{container=\"a\\\"b\\\\\",x=\"y,}\",pod=\"p\",namespace=\"n\"} 1.5\n"
      "container_cpu_usage_seconds_total{container=\"open\n"
      "container_cpu_usage_seconds_total{container} 1\n"
      "container_cpu_usage_seconds_total{container=\"neg\"} -1\n"
      "container_cpu_usage_seconds_total{container=\"nan\"} NaN\n"
      "container_cpu_usage_seconds_total\n");
  ASSERT_TRUE(samples.ok());
  ASSERT_EQ(samples->size(), 1U);
  EXPECT_EQ(samples->front().container, "a\"b\\");
  EXPECT_EQ(samples->front().cpu_total, absl::Milliseconds(1500));
}

// A document without one sample, or over the limit, is an error.
TEST(KubeletMetricsTest, RefusesWhatIsNoDocument) {
  EXPECT_FALSE(DecodeResourceMetrics("").ok());
  EXPECT_FALSE(DecodeResourceMetrics("<html>Unauthorized</html>").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(DecodeResourceMetrics(std::string(5 << 20, '#')).status()));
}

// PLEG's last activity is one line among hundreds; what is no time is no answer.
TEST(KubeletMetricsTest, FindsWhenPlegWasLastSeen) {
  EXPECT_EQ(DecodePlegLastSeen("# TYPE kubelet_pleg_last_seen_seconds gauge\n"
                               "kubelet_pleg_last_seen_seconds 1.767225601e+09\n"),
            absl::FromUnixSeconds(1'767'225'601));
  for (const char* text :
       {"", "kubelet_pleg_last_seen_seconds\n", "kubelet_pleg_last_seen_seconds NaN\n",
        "kubelet_pleg_last_seen_seconds -5\n", "kubelet_pleg_last_seen_seconds 0\n",
        "kubelet_pleg_last_seen_seconds 1e300\n", "kubelet_pleg_last_seen_seconds_x 5\n"}) {
    EXPECT_EQ(DecodePlegLastSeen(text), std::nullopt) << text;
  }
}

// The kubelet names the checks that fail, and nothing of theirs comes through unprintable or without bound.
TEST(KubeletMetricsTest, NamesTheChecksThatFail) {
  EXPECT_EQ(DecodeFailedChecks("[+]ping ok\n[-]syncloop failed: reason withheld\nhealthz check failed\n"),
            "syncloop");
  EXPECT_EQ(DecodeFailedChecks("[-]a failed\n[-]b\x01 failed\n[-]\n"), "a, b?");
  EXPECT_EQ(DecodeFailedChecks("ok"), "");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "[-]" + std::string(500, 'x') + "\n";
  EXPECT_LE(DecodeFailedChecks(many).size(), 8U * 66);
}

}  // namespace
}  // namespace evenkeel::agent
