#include "agent/decode/kernel_log.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::agent {
namespace {

using Kind = KernelEvent::Kind;

// Each kind of harm is known by the kernel's own words, in old and new wordings.
TEST(KernelLogTest, KnowsTheKernelsWords) {
  struct Case {
    const char* text;
    Kind kind;
  };
  for (const Case& c : {
           Case{"Memory cgroup out of memory: Killed process 812 (stress) total-vm:1kB", Kind::kOomKill},
           Case{"Out of memory: Killed process 1 (a) total-vm:1kB, anon-rss:1kB", Kind::kOomKill},
           Case{"Out of memory: Kill process 1 (a) score 999 or sacrifice child", Kind::kOomKill},
           Case{"INFO: task jbd2/sda1-8:251 blocked for more than 120 seconds.", Kind::kHungTask},
           Case{"blk_update_request: I/O error, dev sdb, sector 2048", Kind::kIoError},
           Case{"I/O error, dev nvme0n1, sector 1 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2",
                Kind::kIoError},
           Case{"Buffer I/O error on dev sda1, logical block 5, lost async page write", Kind::kIoError},
           Case{"EXT4-fs (sda1): Remounting filesystem read-only", Kind::kReadOnlyFilesystem},
           Case{"BTRFS info (device sdb): forced readonly", Kind::kReadOnlyFilesystem},
           Case{"XFS (sdc): Log I/O Error Detected. Shutting down filesystem", Kind::kReadOnlyFilesystem},
       }) {
    const auto events = DecodeKernelEvents("<3>[   12.500000] " + std::string(c.text) + "\n");
    ASSERT_EQ(events.size(), 1U) << c.text;
    EXPECT_EQ(events[0].kind, c.kind) << c.text;
    EXPECT_EQ(events[0].text, c.text);
    EXPECT_EQ(events[0].since_boot, absl::Milliseconds(12500));
  }
}

// Ordinary lines, deliberate remounts and lines without a stamp are no events.
TEST(KernelLogTest, LeavesOrdinaryLinesAlone) {
  EXPECT_TRUE(DecodeKernelEvents("<6>[    1.326738] tokio-rt-worker (69): drop_caches: 3\n"
                                 "<6>[    1.3] EXT4-fs (vda): re-mounted. Opts: (null). Quota mode: none.\n"
                                 "<3>I/O error, dev sdb, sector 2048\n"
                                 "[    2.0] I/O error, dev sdb, sector 2048\n"
                                 "ut tail of a line: I/O error, dev sdb\n"
                                 "<3>[ not a stamp ] I/O error, dev sdb\n")
                  .empty());
}

// The line before a kill names the control group; it is taken only for the process that is then killed.
TEST(KernelLogTest, OomKillKnowsItsCgroup) {
  const auto events = DecodeKernelEvents(
      "<6>[   20.000001] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,"
      "oom_memcg=/kubepods/pod1,task_memcg=/kubepods/pod1/abc,task=stress,pid=812,uid=0\n"
      "<3>[   20.000002] Memory cgroup out of memory: Killed process 812 (stress) total-vm:1kB\n"
      "<3>[   21.000000] Memory cgroup out of memory: Killed process 900 (other) total-vm:1kB\n");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].cgroup_path, "/kubepods/pod1/abc");
  EXPECT_EQ(events[1].cgroup_path, std::nullopt);
}

// Kernels that print the caller put it between stamp and text.
TEST(KernelLogTest, SkipsTheCallersId) {
  const auto events = DecodeKernelEvents("<3>[   12.500000][  T123] I/O error, dev sdb, sector 1\n");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].text, "I/O error, dev sdb, sector 1");
}

// What a kernel prints of a process is any bytes; they must not break the UTF-8 of a report, nor its size.
TEST(KernelLogTest, MakesTextSafeAndShort) {
  const auto events = DecodeKernelEvents("<3>[1.0] Out of memory: Killed process 1 (\xff\x01)" +
                                         std::string(2000, 'x') + "\n");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].text.size(), 512U);
  EXPECT_EQ(events[0].text.substr(0, 38), "Out of memory: Killed process 1 (\?\?)xx");
}

// A flood is cut to its newest part.
TEST(KernelLogTest, KeepsTheNewestOfAFlood) {
  std::string log;
  for (int i = 0; i < 1000; ++i) {
    log += "<3>[" + std::to_string(i) + ".0] I/O error, dev sdb, sector " + std::to_string(i) + "\n";
  }
  const auto events = DecodeKernelEvents(log);
  ASSERT_EQ(events.size(), 256U);
  EXPECT_EQ(events.back().since_boot, absl::Seconds(999));
}

// The last stamp is found behind lines that have none.
TEST(KernelLogTest, FindsTheLastStamp) {
  EXPECT_EQ(LastKernelStamp("<6>[1.0] a\n<6>[2.5] b\nno stamp\n\n"), absl::Milliseconds(2500));
  EXPECT_EQ(LastKernelStamp("<6>[1.0] a"), absl::Seconds(1));
  EXPECT_EQ(LastKernelStamp("nothing\n"), std::nullopt);
  EXPECT_EQ(LastKernelStamp(""), std::nullopt);
}

}  // namespace
}  // namespace evenkeel::agent
