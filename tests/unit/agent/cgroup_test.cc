#include "agent/decode/cgroup.h"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

// Version 1 counts CPU in nanoseconds in a file of its own; version 2 in microseconds inside cpu.stat.
TEST(CgroupTest, ReadsCpuOfBothVersions) {
  EXPECT_EQ(DecodeCpuacctUsage("608922165457\n").value(), absl::Nanoseconds(608922165457));
  constexpr char kV2[] =
      "usage_usec 604358160\nuser_usec 478865476\nsystem_usec 125492684\n"
      "nr_periods 40\nnr_throttled 10\nthrottled_usec 12345\n";
  EXPECT_EQ(DecodeCpuStatUsage(kV2).value(), absl::Microseconds(604358160));
  EXPECT_EQ(DecodeCpuThrottling(kV2)->periods, 40U);
  EXPECT_EQ(DecodeCpuThrottling(kV2)->throttled_periods, 10U);
  EXPECT_EQ(DecodeCpuThrottling("nr_periods 7\nnr_throttled 0\nthrottled_time 0\n")->periods, 7U);
}

// Version 2 without the cpu controller has no throttling counters: absent is told as NotFound, not as zero.
TEST(CgroupTest, ThrottlingWithoutTheControllerIsAbsent) {
  EXPECT_TRUE(absl::IsNotFound(DecodeCpuThrottling("usage_usec 1\nuser_usec 1\nsystem_usec 0\n").status()));
}

// The working set is usage less inactive file cache, by each version's own name for it, and never negative.
TEST(CgroupTest, WorkingSetLeavesOutInactiveFileCache) {
  constexpr char kV1[] = "cache 900\ninactive_file 1\ntotal_inactive_file 400\n";
  constexpr char kV2[] = "anon 100\ninactive_file 300\nactive_file 5\n";
  EXPECT_EQ(DecodeWorkingSet(1000, kV1, CgroupVersion::kV1).value(), 600U);
  EXPECT_EQ(DecodeWorkingSet(1000, kV2, CgroupVersion::kV2).value(), 700U);
  EXPECT_EQ(DecodeWorkingSet(100, kV2, CgroupVersion::kV2).value(), 0U);
  EXPECT_EQ(DecodeMemoryUsage("12288\n").value(), 12288U);
}

// What is not a counter is refused, and never read as a number that is not there.
TEST(CgroupTest, RefusesWhatIsNotACounter) {
  for (const char* bytes :
       {"", "\n", "-1", "1 2", "1.5", "18446744073709551616", "abc", "usage_usec", "usage_usec x"}) {
    EXPECT_FALSE(DecodeCpuacctUsage(bytes).ok()) << bytes;
    EXPECT_FALSE(DecodeCpuStatUsage(bytes).ok()) << bytes;
    EXPECT_FALSE(DecodeMemoryUsage(bytes).ok()) << bytes;
    EXPECT_FALSE(DecodeWorkingSet(1, bytes, CgroupVersion::kV2).ok()) << bytes;
  }
  EXPECT_FALSE(DecodeCpuacctUsage("18446744073709551615").ok());  // does not fit a duration
}

}  // namespace
}  // namespace evenkeel::agent
