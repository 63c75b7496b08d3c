#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/agent/fake_coordinator.h"
#include "tests/unit/agent/fake_runtime.h"

namespace evenkeel::agent {

// Pods of two containers with real control groups, one in ten of which does a little work each second. Needs
// the right to make control groups. The destructor removes all of it.
class Workload {
 public:
  explicit Workload(int pods);
  ~Workload();

  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  // Tells the runtime of the pods, with as much around them as real runtimes say.
  void Describe(FakeRuntime& runtime) const;
  // The kubelet's documents on them.
  std::string PodsJson() const;
  std::string ResourceMetrics() const;

  // The coordinator has been told of the CPU and memory of every container.
  bool IsComplete(const FakeCoordinator::Seen& seen) const;

 private:
  struct Container {
    std::string pod_uid;
    std::string pod_name;
    std::string name;
    std::string id;
    std::string cgroup;  // below each hierarchy's root
  };

  void MakeCgroups();
  void StartWorkers();

  std::string root_;  // of our control groups below each hierarchy's root
  std::vector<std::filesystem::path> hierarchies_;
  std::vector<Container> containers_;
  std::vector<pid_t> workers_;
};

}  // namespace evenkeel::agent
