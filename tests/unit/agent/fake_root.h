#pragma once

#include <filesystem>
#include <string>

#include "agent/collect/host_files.h"

namespace evenkeel::agent {

// A folder that stands for a host's file tree. Removed with the object.
class FakeRoot {
 public:
  FakeRoot();
  ~FakeRoot();

  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  // Makes the file, its folders too, or replaces its content in place.
  void Write(const std::string& path, const std::string& content);
  void Remove(const std::string& path);
  // Copies the captured procfs of tests/unit/agent/testdata.
  void AddProc();
  // A control group of version 1 or 2, with the files that the agent reads.
  void AddCgroupV1(const std::string& directory, int64_t cpu_nanoseconds, int periods, int throttled);
  void AddCgroupV2(const std::string& directory, int64_t cpu_microseconds, int periods, int throttled);

  HostRoot host() const { return HostRoot(root_.string()); }
  std::string path() const { return root_.string(); }

 private:
  std::filesystem::path root_;
};

}  // namespace evenkeel::agent
