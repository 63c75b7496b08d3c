#include "tests/unit/agent/fake_root.h"

#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace evenkeel::agent {

namespace fs = std::filesystem;

FakeRoot::FakeRoot() {
  std::string path = ::testing::TempDir() + "/evenkeel-root-XXXXXX";
  EVENKEEL_CHECK(mkdtemp(path.data()) != nullptr) << "no temporary folder";
  root_ = path;
}

FakeRoot::~FakeRoot() {
  fs::remove_all(root_);
}

void FakeRoot::Write(const std::string& path, const std::string& content) {
  const fs::path file = root_.string() + path;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

void FakeRoot::Remove(const std::string& path) {
  fs::remove_all(root_.string() + path);
}

void FakeRoot::AddProc() {
  fs::copy(fs::path(EVENKEEL_AGENT_TESTDATA) / "proc", root_ / "proc", fs::copy_options::recursive);
}

void FakeRoot::AddCgroupV1(const std::string& directory, int64_t cpu_nanoseconds, int periods,
                           int throttled) {
  const std::string root = "/sys/fs/cgroup/";
  Write(root + "cpuacct" + directory + "/cpuacct.usage", absl::StrCat(cpu_nanoseconds, "\n"));
  Write(root + "cpu" + directory + "/cpu.stat",
        absl::StrCat("nr_periods ", periods, "\nnr_throttled ", throttled, "\nthrottled_time 0\n"));
  Write(root + "memory" + directory + "/memory.usage_in_bytes", "1000000\n");
  Write(root + "memory" + directory + "/memory.stat", "cache 5\ntotal_inactive_file 400000\n");
}

void FakeRoot::AddCgroupV2(const std::string& directory, int64_t cpu_microseconds, int periods,
                           int throttled) {
  const std::string root = "/sys/fs/cgroup";
  Write(root + "/cgroup.controllers", "cpu memory\n");
  Write(root + directory + "/cpu.stat",
        absl::StrCat("usage_usec ", cpu_microseconds, "\nnr_periods ", periods, "\nnr_throttled ", throttled,
                     "\nthrottled_usec 0\n"));
  Write(root + directory + "/memory.current", "2000000\n");
  Write(root + directory + "/memory.stat", "anon 5\ninactive_file 500000\n");
}

}  // namespace evenkeel::agent
