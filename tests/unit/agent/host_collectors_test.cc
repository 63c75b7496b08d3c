#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "agent/collect/board.h"
#include "agent/collect/disk_collector.h"
#include "agent/collect/host_files.h"
#include "agent/collect/kernel_collector.h"
#include "agent/collect/proc_collector.h"
#include "tests/unit/agent/fake_root.h"

namespace evenkeel::agent {
namespace {

v1::Report Everything(Board& board) {
  return board.TakeAll(absl::Now()).report;
}

// Paths of the host are found below its root, however the root is written.
TEST(HostFilesTest, PathsAreBelowTheRoot) {
  EXPECT_EQ(HostRoot("/host/").Path("/proc/stat"), "/host/proc/stat");
  EXPECT_EQ(HostRoot("/").Path("/proc/stat"), "/proc/stat");
}

// A file is read anew each time, whole however long it is, and a file that is gone is told as such until it
// is back.
TEST(HostFilesTest, ReadsWhatTheFileSaysNow) {
  FakeRoot root;
  root.Write("/a", "one");
  KernelFile file(root.host().Path("/a"));
  std::string buffer;
  EXPECT_EQ(file.Read(buffer).value(), "one");
  root.Write("/a", std::string(100'000, 'x'));
  EXPECT_EQ(file.Read(buffer)->size(), 100'000U);
  root.Write("/a", std::string(KernelFile::kMostBytes + 5, 'y'));
  EXPECT_EQ(file.Read(buffer)->size(), KernelFile::kMostBytes);

  KernelFile missing(root.host().Path("/b"));
  EXPECT_TRUE(absl::IsNotFound(missing.Read(buffer).status()));
  root.Write("/b", "there");
  EXPECT_EQ(missing.Read(buffer).value(), "there");
  EXPECT_FALSE(KernelFile(root.path()).Read(buffer).ok());  // a folder
}

// One round over a captured procfs fills every group of the node.
TEST(ProcCollectorTest, ReadsTheHost) {
  FakeRoot root;
  root.AddProc();
  Board board;
  ProcCollector collector(root.host(), board);
  ASSERT_TRUE(collector.Collect().ok());
  v1::Report report = Everything(board);
  EXPECT_EQ(report.node().cpu().cpus(), 2U);
  EXPECT_FALSE(report.node().cpu().has_used_millicores());  // a rate needs two samples
  EXPECT_DOUBLE_EQ(report.node().cpu().load_5m(), 1.54);
  EXPECT_EQ(report.node().memory().total_bytes(), 24684096ULL * 1024);
  EXPECT_DOUBLE_EQ(report.node().pressure().io_some_10s_percent(), 1.37);
  EXPECT_TRUE(report.node().has_boot_time());

  root.Write("/proc/stat", "cpu  1100 20 300 4100 50 7 8 9 0 0\ncpu0 1\ncpu1 1\n");
  ASSERT_TRUE(collector.Collect().ok());
  EXPECT_EQ(Everything(board).node().cpu().used_millicores(), 1000U);
}

// A kernel without pressure information has none to report, and that is no failure.
TEST(ProcCollectorTest, MissingPressureIsAbsent) {
  FakeRoot root;
  root.AddProc();
  root.Remove("/proc/pressure");
  Board board;
  ProcCollector collector(root.host(), board);
  EXPECT_TRUE(collector.Collect().ok());
  EXPECT_FALSE(Everything(board).node().has_pressure());
}

// A file that cannot be read, or is not what it should be, is a failure that names it; the others are still
// reported.
TEST(ProcCollectorTest, OneBadFileDoesNotHideTheOthers) {
  FakeRoot root;
  root.AddProc();
  root.Write("/proc/loadavg", "garbage");
  Board board;
  ProcCollector collector(root.host(), board);
  const absl::Status status = collector.Collect();
  EXPECT_NE(status.message().find("/proc/loadavg"), std::string::npos) << status;
  const v1::Report report = Everything(board);
  EXPECT_FALSE(report.node().cpu().has_load_1m());
  EXPECT_EQ(report.node().cpu().cpus(), 2U);
  EXPECT_TRUE(report.node().memory().has_total_bytes());
}

// The boot id names the boot; without procfs there is none.
TEST(ProcCollectorTest, ReadsTheBootId) {
  FakeRoot root;
  EXPECT_FALSE(ReadBootId(root.host()).ok());
  root.AddProc();
  EXPECT_EQ(ReadBootId(root.host()).value(), "900652e9-966c-4299-a45a-2d4a85054cc1");
}

// Only what the kernel says after the start is told, and each line once.
TEST(KernelCollectorTest, TellsEachNewLineOnce) {
  FakeRoot root;
  root.AddProc();
  Board board;
  std::string log = "<3>[   10.0] I/O error, dev sda, sector 1\n";
  KernelCollector collector(root.host(), board, [&] { return absl::StatusOr<std::string>(log); });
  ASSERT_TRUE(collector.Collect().ok());
  EXPECT_EQ(Everything(board).occurrences_size(), 0);
  log += "<3>[   11.0] I/O error, dev sda, sector 2\n<6>[   12.0] something ordinary\n";
  ASSERT_TRUE(collector.Collect().ok());
  ASSERT_TRUE(collector.Collect().ok());
  const v1::Report report = Everything(board);
  ASSERT_EQ(report.occurrences_size(), 1);
  EXPECT_EQ(report.occurrences(0).kind(), v1::NodeOccurrence::KIND_IO_ERROR);
  EXPECT_EQ(report.occurrences(0).detail(), "I/O error, dev sda, sector 2");
}

// What the kernel said once to an agent before this one is told again, if it is of the last day; what goes by
// itself is not.
TEST(KernelCollectorTest, TellsAgainWhatDoesNotGoByItself) {
  const std::string log =
      "<3>[   10.0] INFO: task a:1 blocked for more than 120 seconds.\n"
      "<3>[86500.0] INFO: task b:2 blocked for more than 120 seconds.\n"
      "<3>[86501.0] I/O error, dev sda, sector 1\n";
  FakeRoot root;
  root.AddProc();
  root.Write("/proc/uptime", "86600.00 859.02\n");
  Board board;
  KernelCollector collector(root.host(), board, [&] { return absl::StatusOr<std::string>(log); });
  ASSERT_TRUE(collector.Collect().ok());
  ASSERT_TRUE(collector.Collect().ok());
  const v1::Report report = Everything(board);
  ASSERT_EQ(report.occurrences_size(), 1);
  EXPECT_EQ(report.occurrences(0).kind(), v1::NodeOccurrence::KIND_HUNG_TASK);
  EXPECT_EQ(report.occurrences(0).detail(), "INFO: task b:2 blocked for more than 120 seconds.");
}

// An empty log at the start is not mistaken for history when the first line comes.
TEST(KernelCollectorTest, FirstLineOfAnEmptyLogIsNew) {
  FakeRoot root;
  root.AddProc();
  Board board;
  std::string log;
  KernelCollector collector(root.host(), board, [&] { return absl::StatusOr<std::string>(log); });
  ASSERT_TRUE(collector.Collect().ok());
  log = "<3>[   11.0] INFO: task a:1 blocked for more than 120 seconds.\n";
  ASSERT_TRUE(collector.Collect().ok());
  EXPECT_EQ(Everything(board).occurrences_size(), 1);
}

// Without the right to read the log there is nothing to tell and nothing to complain of; other errors are
// failures.
TEST(KernelCollectorTest, MissingRightIsNoFailure) {
  FakeRoot root;
  root.AddProc();
  Board board;
  absl::Status status = absl::PermissionDeniedError("no CAP_SYSLOG");
  KernelCollector collector(root.host(), board, [&]() -> absl::StatusOr<std::string> { return status; });
  EXPECT_TRUE(collector.Collect().ok());
  status = absl::InternalError("broken");
  EXPECT_FALSE(collector.Collect().ok());
}

// File systems are told by role; a folder that is not there is absent.
TEST(DiskCollectorTest, TellsTheFilesystemsThatAreThere) {
  FakeRoot root;
  root.Write("/var/lib/kubelet/x", "");
  Board board;
  DiskCollector collector(root.host(), "", board);
  ASSERT_TRUE(collector.Collect().ok());
  v1::Report report = Everything(board);
  ASSERT_EQ(report.node().filesystems_size(), 1);
  const v1::FilesystemUsage& kubelet = report.node().filesystems(0);
  EXPECT_EQ(kubelet.role(), "kubelet");
  EXPECT_GT(kubelet.size_bytes(), 0U);
  EXPECT_LE(kubelet.available_bytes(), kubelet.size_bytes());
  ASSERT_TRUE(kubelet.has_read_only());
  EXPECT_FALSE(kubelet.read_only());

  root.Write("/var/lib/containerd/x", "");
  root.Write("/var/lib/containers/x", "");
  ASSERT_TRUE(collector.Collect().ok());
  report = Everything(board);
  ASSERT_EQ(report.node().filesystems_size(), 2);
  EXPECT_EQ(report.node().filesystems(1).role(), "runtime");
}

// In a container whose runtime's folder is not mounted, the container's own root tells how full its file
// system is; whether that is read-only it cannot tell.
TEST(DiskCollectorTest, OwnRootStandsInForTheRuntimesFolder) {
  FakeRoot root;
  Board board;
  DiskCollector collector(root.host(), "/", board);
  ASSERT_TRUE(collector.Collect().ok());
  const v1::Report report = Everything(board);
  ASSERT_EQ(report.node().filesystems_size(), 1);
  EXPECT_EQ(report.node().filesystems(0).role(), "runtime");
  EXPECT_GT(report.node().filesystems(0).size_bytes(), 0U);
  EXPECT_FALSE(report.node().filesystems(0).has_read_only());
}

// While the storage hangs, its file systems are reported as there and not answering, with nothing known of
// them.
TEST(DiskCollectorTest, HangingStorageTellsNothing) {
  FakeRoot root;
  Board board;
  DiskCollector collector(root.host(), "", board);
  collector.ReportStalled();
  const v1::Report report = Everything(board);
  ASSERT_EQ(report.node().filesystems_size(), 2);
  EXPECT_EQ(report.node().filesystems(0).role(), "kubelet");
  EXPECT_FALSE(report.node().filesystems(0).has_available_bytes());
  EXPECT_TRUE(report.node().filesystems(0).not_answering());
}

// Storage that has only an error to give does not answer; a question that fails for another reason says
// nothing.
TEST(DiskCollectorTest, AnErrorOfTheStorageIsNoAnswer) {
  FakeRoot root;
  root.Write("/var/lib/kubelet/x", "");
  Board board;
  int error = EIO;
  DiskCollector collector(root.host(), "", board, [&error](const char*, struct statvfs*) {
    errno = error;
    return -1;
  });
  ASSERT_TRUE(collector.Collect().ok());
  const v1::Report report = Everything(board);
  ASSERT_EQ(report.node().filesystems_size(), 2);
  for (const v1::FilesystemUsage& filesystem : report.node().filesystems()) {
    EXPECT_TRUE(filesystem.not_answering()) << filesystem.role();
    EXPECT_FALSE(filesystem.has_size_bytes());
  }
  error = EACCES;
  EXPECT_FALSE(collector.Collect().ok());
  EXPECT_EQ(Everything(board).node().filesystems_size(), 0);
}

}  // namespace
}  // namespace evenkeel::agent
