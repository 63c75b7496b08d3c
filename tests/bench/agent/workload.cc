#include "tests/bench/agent/workload.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/check.h"

namespace evenkeel::agent {
namespace {

namespace fs = std::filesystem;
namespace cri = ::runtime::v1;

constexpr int kContainersPerWorker = 10;

std::string Uid(int pod) {
  return absl::StrFormat("5c1a2a8e-5d8a-4a39-8a5f-%012d", pod);
}

// Works for some tens of milliseconds of each second, more and less in turn, so that there is something to
// report.
[[noreturn]] void Work(int seed) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int second = seed;; ++second) {
    const absl::Time until = absl::Now() + absl::Milliseconds(10 + 20 * (second % 3));
    while (absl::Now() < until) {
    }
    absl::SleepFor(absl::Milliseconds(950));
  }
}

// The labels and annotations that a kubelet puts on what it asks the runtime for, as fields 5, 6, 8 or 9 of
// the runtime's messages: the agent passes them over, which costs something too.
template <typename Message>
void AddLabels(Message& message, int labels_field, const std::string& pod_name, const std::string& uid) {
  std::string bytes = message.SerializeAsString();
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"io.kubernetes.pod.name", pod_name},
                                   {"io.kubernetes.pod.namespace", "default"},
                                   {"io.kubernetes.pod.uid", uid},
                                   {"io.kubernetes.container.name", "main"},
                                   {"io.kubernetes.container.hash", "7f9c1b2a"},
                                   {"io.kubernetes.container.restartCount", "0"},
                                   {"io.kubernetes.container.terminationMessagePath", "/dev/termination-log"},
                                   {"io.kubernetes.container.terminationMessagePolicy", "File"},
                                   {"io.kubernetes.pod.terminationGracePeriod", "30"}}) {
    const std::string entry = absl::StrCat("\x0a", std::string(1, static_cast<char>(key.size())), key, "\x12",
                                           std::string(1, static_cast<char>(value.size())), value);
    bytes += absl::StrCat(std::string(1, static_cast<char>(labels_field << 3 | 2)),
                          std::string(1, static_cast<char>(entry.size())), entry);
  }
  EVENKEEL_CHECK(message.ParseFromString(bytes)) << "labels";
}

}  // namespace

Workload::Workload(int pods) : root_(absl::StrCat("/evenkeel-footprint-", getpid())) {
  for (int pod = 0; pod < pods; ++pod) {
    for (const char* name : {"main", "sidecar"}) {
      Container container;
      container.pod_uid = Uid(pod);
      container.pod_name = absl::StrCat("web-7d4b9c6f5-", pod);
      container.name = name;
      container.id = absl::StrFormat("%064x", 16 * containers_.size() + 7);
      container.cgroup = absl::StrCat(root_, "/kubepods/pod", container.pod_uid, "/", container.id);
      containers_.push_back(std::move(container));
    }
  }
  MakeCgroups();
  StartWorkers();
}

void Workload::MakeCgroups() {
  const fs::path base = "/sys/fs/cgroup";
  if (fs::exists(base / "cgroup.controllers")) {
    hierarchies_ = {base};
  } else {
    hierarchies_ = {base / "cpu", base / "cpuacct", base / "memory"};
  }
  for (const fs::path& hierarchy : hierarchies_) {
    for (const Container& container : containers_) {
      fs::create_directories(hierarchy.string() + container.cgroup);
    }
  }
}

void Workload::StartWorkers() {
  for (size_t i = 0; i < containers_.size(); i += kContainersPerWorker) {
    const pid_t pid = fork();
    EVENKEEL_CHECK(pid >= 0) << "fork";
    if (pid == 0) {
      Work(static_cast<int>(i));
    }
    workers_.push_back(pid);
    for (const fs::path& hierarchy : hierarchies_) {
      std::ofstream(hierarchy.string() + containers_[i].cgroup + "/cgroup.procs") << pid;
    }
  }
}

Workload::~Workload() {
  for (pid_t worker : workers_) {
    kill(worker, SIGKILL);
    waitpid(worker, nullptr, 0);
  }
  for (const fs::path& hierarchy : hierarchies_) {
    std::set<fs::path, std::greater<>> folders;  // deepest first
    const fs::path root = hierarchy.string() + root_;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.is_directory()) {
        folders.insert(entry.path());
      }
    }
    for (const fs::path& folder : folders) {
      rmdir(folder.c_str());
    }
    rmdir(root.c_str());
  }
}

void Workload::Describe(FakeRuntime& runtime) const {
  std::set<std::string> pods;
  for (const Container& container : containers_) {
    if (pods.insert(container.pod_uid).second) {
      runtime.AddPod(container.pod_uid, "default", container.pod_name);
    }
    // As long as a real one: the agent asks for it once for each container.
    nlohmann::json info;
    info["pid"] = workers_.front();
    info["runtimeSpec"]["linux"]["cgroupsPath"] = container.cgroup;
    for (int i = 0; i < 100; ++i) {
      info["runtimeSpec"]["process"]["env"].push_back(
          absl::StrCat("SERVICE_", i, "_PORT=tcp://10.96.0.", i, ":80"));
    }
    runtime.AddContainer(container.pod_uid, container.name, container.id, info.dump());
  }
  runtime.Change([](FakeRuntime::State& state) {
    for (cri::PodSandbox& sandbox : state.sandboxes) {
      AddLabels(sandbox, 5, sandbox.metadata().name(), sandbox.metadata().uid());
    }
    for (cri::Container& container : state.containers) {
      AddLabels(container, 8, "pod", "5c1a2a8e-5d8a-4a39-8a5f-000000000000");
    }
  });
}

std::string Workload::PodsJson() const {
  nlohmann::json items = nlohmann::json::array();
  for (size_t i = 0; i < containers_.size(); i += 2) {
    const Container& first = containers_[i];
    nlohmann::json pod;
    pod["metadata"] = {{"name", first.pod_name},
                       {"generateName", "web-7d4b9c6f5-"},
                       {"namespace", "default"},
                       {"uid", first.pod_uid},
                       {"resourceVersion", "512"},
                       {"creationTimestamp", "2026-01-02T03:04:05Z"},
                       {"labels", {{"app", "web"}, {"pod-template-hash", "7d4b9c6f5"}}},
                       {"annotations", {{"kubernetes.io/config.seen", "2026-01-02T03:04:05.1Z"}}}};
    pod["spec"]["nodeName"] = "node-1";
    pod["status"] = {{"phase", "Running"}, {"podIP", "10.244.1.7"}, {"startTime", "2026-01-02T03:04:05Z"}};
    for (int key = 0; key < 8; ++key) {
      pod["spec"]["tolerations"].push_back(
          {{"key", absl::StrCat("example.com/", key)}, {"operator", "Exists"}, {"effect", "NoExecute"}});
    }
    for (const Container* container : {&first, &containers_[i + 1]}) {
      nlohmann::json spec = {{"name", container->name}, {"image", "registry.example/web:1"}};
      for (int variable = 0; variable < 30; ++variable) {
        spec["env"].push_back(
            {{"name", absl::StrCat("SETTING_", variable)}, {"value", "some value of some length"}});
      }
      spec["resources"] = {{"requests", {{"cpu", "100m"}, {"memory", "64Mi"}}},
                           {"limits", {{"memory", "128Mi"}}}};
      pod["spec"]["containers"].push_back(spec);
      pod["status"]["containerStatuses"].push_back(
          {{"name", container->name},
           {"containerID", "containerd://" + container->id},
           {"image", "registry.example/web:1"},
           {"imageID", "sha256:4f9b1a7c0d2e3f405162738495a6b7c8"},
           {"restartCount", 0},
           {"ready", true},
           {"state", {{"running", {{"startedAt", "2026-01-02T03:04:08Z"}}}}}});
    }
    items.push_back(std::move(pod));
  }
  return nlohmann::json{{"kind", "PodList"}, {"apiVersion", "v1"}, {"items", items}}.dump();
}

std::string Workload::ResourceMetrics() const {
  std::string text;
  for (const char* family : {"container_cpu_usage_seconds_total", "container_memory_working_set_bytes"}) {
    absl::StrAppend(&text, "# TYPE ", family, " gauge\n");
    for (const Container& container : containers_) {
      absl::StrAppend(&text, family, "{container=\"", container.name, "\",namespace=\"default\",pod=\"",
                      container.pod_name, "\"} 12.5 1700000001234\n");
    }
  }
  return text;
}

bool Workload::IsComplete(const FakeCoordinator::Seen& seen) const {
  std::set<std::string> complete;
  for (const v1::ConnectRequest& message : seen.messages) {
    for (const v1::PodReport& pod : message.report().pods()) {
      for (const v1::ContainerReport& container : pod.containers()) {
        if (container.has_cpu_used_millicores() && container.has_memory_working_set_bytes()) {
          complete.insert(container.container_id());
        }
      }
    }
  }
  return complete.size() == containers_.size();
}

}  // namespace evenkeel::agent
