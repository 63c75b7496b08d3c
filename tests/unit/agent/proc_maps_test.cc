#include <gtest/gtest.h>

#include <string>

#include "agent/decode/memory_map.h"
#include "agent/decode/mount_info.h"

namespace evenkeel::agent {
namespace {

constexpr char kMounts[] =
    "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "30 22 0:28 / /host/var/lib/kubelet ro,nosuid - ext4 /dev/vdb rw,errors=remount-ro\n"
    "31 22 0:29 / /host/var/lib/containerd rw master:1 shared:2 - xfs /dev/vdc ro,attr2\n"
    "32 22 0:30 / /data rw - ext4 /dev/vdd rw\n"
    "33 22 0:31 / /data rw - ext4 /dev/vde ro\n"
    "broken line\n";

// What counts is the file system's own state, not that a pod's view of it is mounted read-only.
TEST(MountInfoTest, FilesystemAndMountAreToldApart) {
  EXPECT_EQ(FilesystemIsReadOnly(kMounts, "/host/var/lib/kubelet"), false);
  EXPECT_EQ(FilesystemIsReadOnly(kMounts, "/host/var/lib/containerd/x"), true);
}

// The mount nearest to the path counts, and of two at one place the later.
TEST(MountInfoTest, NearestAndLatestMountCounts) {
  EXPECT_EQ(FilesystemIsReadOnly(kMounts, "/host/var/lib/kubelets"), false);  // of "/"
  EXPECT_EQ(FilesystemIsReadOnly(kMounts, "/data/x"), true);
  EXPECT_EQ(FilesystemIsReadOnly("", "/data"), std::nullopt);
  EXPECT_EQ(FilesystemIsReadOnly("22 1 254:0 / / rw -", "/"), std::nullopt);
}

// Only read-only private mappings of files without a page of their own are taken: never relocated data, never
// memory.
TEST(MemoryMapTest, TakesUnchangedFileMappingsOnly) {
  const auto ranges = DecodeUnchangedFileMappings(
      "00400000-00500000 r-xp 00000000 fe:00 1   /usr/bin/program\nSize: 1024 kB\nAnonymous: 0 kB\n"
      "00500000-00501000 r--p 00000000 fe:00 1   /usr/bin/program\nAnonymous: 4 kB\n"
      "00501000-00502000 rw-p 00000000 fe:00 1   /usr/bin/program\nAnonymous: 0 kB\n"
      "00600000-00700000 rw-p 00000000 00:00 0   [heap]\nAnonymous: 40 kB\n"
      "00700000-00800000 r--s 00000000 fe:00 2   /shared\nAnonymous: 0 kB\n"
      "00800000-00900000 r-xp 00000000 00:00 0   [vdso]\nAnonymous: 0 kB\n"
      "00900000-00a00000 r--p 00000000 fe:00 3   /usr/lib/with space.so\nAnonymous:             0 kB\n");
  ASSERT_TRUE(ranges.ok());
  ASSERT_EQ(ranges->size(), 2U);
  EXPECT_EQ((*ranges)[0].begin, 0x400000U);
  EXPECT_EQ((*ranges)[0].end, 0x500000U);
  EXPECT_EQ((*ranges)[1].begin, 0x900000U);
}

// Text that is no such file gives an error or nothing, never a range.
TEST(MemoryMapTest, RefusesOtherText) {
  EXPECT_FALSE(DecodeUnchangedFileMappings("").ok());
  EXPECT_FALSE(DecodeUnchangedFileMappings("Anonymous: 0 kB\n").ok());
  EXPECT_FALSE(DecodeUnchangedFileMappings("zz-10 r-xp 0 0 0 /x\nAnonymous: 0 kB\n").ok());
  EXPECT_FALSE(DecodeUnchangedFileMappings("20-10 r-xp 0 0 0 /x\nAnonymous: 0 kB\n").ok());
}

}  // namespace
}  // namespace evenkeel::agent
