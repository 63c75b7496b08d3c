#include "agent/decode/procfs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/agent/testdata.h"

namespace evenkeel::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The samples that a real host gave are read to the numbers that stand in them.
TEST(ProcfsTest, ReadsTheFilesOfARealHost) {
  const auto stat = DecodeProcStat(ReadTestdata("proc/stat"));
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_EQ(stat->cpus, 2U);
  EXPECT_EQ(stat->busy_ticks, 1000U + 20 + 300 + 7 + 8 + 9);
  EXPECT_EQ(stat->idle_ticks, 4000U + 50);
  EXPECT_EQ(stat->blocked_processes, 0U);

  const auto load = DecodeLoadAverage(ReadTestdata("proc/loadavg"));
  ASSERT_TRUE(load.ok()) << load.status();
  EXPECT_DOUBLE_EQ(load->one_minute, 0.72);
  EXPECT_DOUBLE_EQ(load->five_minutes, 1.54);
  EXPECT_DOUBLE_EQ(load->fifteen_minutes, 0.83);

  const auto memory = DecodeMemoryInfo(ReadTestdata("proc/meminfo"));
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->total_bytes, 24684096ULL * 1024);
  EXPECT_EQ(memory->available_bytes, 24277240ULL * 1024);

  const auto uptime = DecodeUptime(ReadTestdata("proc/uptime"));
  ASSERT_TRUE(uptime.ok()) << uptime.status();
  EXPECT_EQ(*uptime, absl::Milliseconds(740560));

  const auto pressure = DecodePressure(ReadTestdata("proc/pressure/io"));
  ASSERT_TRUE(pressure.ok()) << pressure.status();
  EXPECT_DOUBLE_EQ(pressure->some_avg10_percent, 1.37);
  EXPECT_EQ(pressure->full_avg10_percent, 1.01);

  const auto boot_id = DecodeBootId(ReadTestdata("proc/sys/kernel/random/boot_id"));
  ASSERT_TRUE(boot_id.ok()) << boot_id.status();
  EXPECT_EQ(*boot_id, "900652e9-966c-4299-a45a-2d4a85054cc1");
}

// Hosts before Linux 5.13 have no "full" line for CPU: it is absent, not zero.
TEST(ProcfsTest, PressureWithoutFullLineHasNoFullValue) {
  const auto pressure = DecodePressure("some avg10=3.50 avg60=0.00 avg300=0.00 total=1\n");
  ASSERT_TRUE(pressure.ok());
  EXPECT_EQ(pressure->full_avg10_percent, std::nullopt);
}

// Bytes without a file's form give an error that names the file, whatever they are.
TEST(ProcfsTest, RefusesWhatIsNotTheFile) {
  for (const std::string& bytes :
       {std::string(), std::string("\n\n\n"), std::string("cpu\n"),
        std::string("cpu 1 2 x 4\ncpu0 1 2 3 4\n"), std::string("cpu 1 2 3 99999999999999999999\ncpu0\n"),
        std::string("cpux 1 2 3 4\n"), std::string(100000, 'a'), std::string(3, '\0'),
        std::string("some avg10=101\n"), std::string("some avg10=-1\n"), std::string("some avg10=nan\n"),
        std::string("1.0 2.0 inf\n"),
        std::string("MemTotal: 99999999999999999999 kB\nMemAvailable: 1 kB\n")}) {
    EXPECT_THAT(DecodeProcStat(bytes).status().ToString(), HasSubstr("/proc/stat")) << bytes;
    EXPECT_FALSE(DecodeLoadAverage(bytes).ok()) << bytes;
    EXPECT_FALSE(DecodeMemoryInfo(bytes).ok()) << bytes;
    EXPECT_FALSE(DecodePressure(bytes).ok()) << bytes;
    EXPECT_FALSE(DecodeBootId(bytes).ok()) << bytes;
    EXPECT_FALSE(DecodeProcessCgroups(bytes).ok()) << bytes;
  }
  EXPECT_FALSE(DecodeUptime("").ok());
  EXPECT_FALSE(DecodeUptime("soon").ok());
}

// Memberships of v1 (several controllers in one hierarchy, named ones, ':' in a path) and v2 are told apart.
TEST(ProcfsTest, ReadsMembershipsOfBothCgroupVersions) {
  const auto memberships = DecodeProcessCgroups(
      "9:name=systemd:/\n4:cpu,cpuacct:/kubepods/pod1/c:1\n0::/kubepods.slice/x.scope\n");
  ASSERT_TRUE(memberships.ok()) << memberships.status();
  ASSERT_EQ(memberships->size(), 3U);
  EXPECT_THAT((*memberships)[1].controllers, ElementsAre("cpu", "cpuacct"));
  EXPECT_EQ((*memberships)[1].path, "/kubepods/pod1/c:1");
  EXPECT_THAT((*memberships)[2].controllers, IsEmpty());
  EXPECT_EQ((*memberships)[2].path, "/kubepods.slice/x.scope");
}

}  // namespace
}  // namespace evenkeel::agent
