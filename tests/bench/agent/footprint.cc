// What one agent costs the node that it runs on: runs the real program against a kubelet, a container runtime
// and a coordinator over real sockets, with 30 pods of two containers whose control groups are real, and
// prints CPU and memory as JSON. README.md beside it says how.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/check.h"
#include "tests/bench/agent/fake_kubelet.h"
#include "tests/bench/agent/private_copy.h"
#include "tests/bench/agent/workload.h"
#include "tests/unit/agent/fake_coordinator.h"
#include "tests/unit/agent/fake_runtime.h"

namespace evenkeel::agent {
namespace {

namespace fs = std::filesystem;

// CPU time that a process has used in all its threads.
absl::Duration CpuTime(pid_t pid) {
  absl::Duration total;
  for (const auto& task : fs::directory_iterator(absl::StrCat("/proc/", pid, "/task"))) {
    uint64_t nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    total += absl::Nanoseconds(static_cast<int64_t>(nanoseconds));
  }
  return total;
}

// A value of /proc/PID/smaps_rollup or /proc/PID/status, in KiB or as it is.
uint64_t ProcValue(pid_t pid, const std::string& file, const std::string& key) {
  std::ifstream lines(absl::StrCat("/proc/", pid, "/", file));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.rfind(key + ":", 0) == 0) {
      return std::stoull(line.substr(key.size() + 1));
    }
  }
  return 0;
}

double Mebibytes(uint64_t kibibytes) {
  return std::round(100.0 * static_cast<double>(kibibytes) / 1024) / 100;
}

struct Arguments {
  std::string agent;
  int pods = 30;
  int seconds = 60;
  int settle_seconds = 30;
  int beat_ms = 200;
};

pid_t StartAgent(const std::vector<std::string>& words) {
  const pid_t pid = fork();
  EVENKEEL_CHECK(pid >= 0) << "fork";
  if (pid == 0) {
    std::vector<char*> argv;
    for (const std::string& word : words) {
      argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  return pid;
}

// Each thread's share, for those who look for what to save.
nlohmann::json Threads(pid_t pid, absl::Duration seconds, const std::map<std::string, uint64_t>& before) {
  std::map<std::string, double> by_name;
  for (const auto& task : fs::directory_iterator(absl::StrCat("/proc/", pid, "/task"))) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    uint64_t now = 0;
    std::ifstream(task.path() / "schedstat") >> now;
    const auto was = before.find(task.path().filename());
    const uint64_t used = now - (was == before.end() ? 0 : was->second);
    by_name[name] += static_cast<double>(used) / 1e4 / absl::ToDoubleSeconds(seconds) / 1e3;
  }
  nlohmann::json result;
  for (const auto& [name, percent] : by_name) {
    result[name] = std::round(percent * 1000) / 1000;
  }
  return result;
}

std::map<std::string, uint64_t> ThreadTimes(pid_t pid) {
  std::map<std::string, uint64_t> times;
  for (const auto& task : fs::directory_iterator(absl::StrCat("/proc/", pid, "/task"))) {
    std::ifstream(task.path() / "schedstat") >> times[task.path().filename()];
  }
  return times;
}

int Run(const Arguments& arguments) {
  char folder_template[] = "/tmp/evenkeel-footprint-XXXXXX";
  EVENKEEL_CHECK(mkdtemp(folder_template) != nullptr) << "no temporary folder";
  const fs::path folder = folder_template;
  const TestCertificates certificates = MakeTestCertificates();
  std::ofstream(folder / "ca.pem") << certificates.ca_pem;
  std::ofstream(folder / "token") << "token";

  int status = 0;
  nlohmann::json result;
  {
    Workload workload(arguments.pods);
    FakeRuntime runtime(folder / "runtime.sock");
    workload.Describe(runtime);
    FakeKubelet kubelet(certificates, workload.PodsJson(), workload.ResourceMetrics());
    FakeCoordinator coordinator(certificates, {.beat_interval = absl::Milliseconds(arguments.beat_ms)});
    // Libraries of its own, as in its image: pages that it shared with this process would count half.
    std::vector<std::string> command = PrivateCopy(arguments.agent, folder / "image");
    for (const std::string& word :
         {std::string("--cluster=bench"), std::string("--node-name=node-1"),
          "--coordinator=" + coordinator.address(), "--ca-file=" + (folder / "ca.pem").string(),
          std::string("--server-name=localhost"), "--token-file=" + (folder / "token").string(),
          std::string("--kubelet-address=127.0.0.1"), absl::StrCat("--kubelet-port=", kubelet.port()),
          "--kubelet-ca-file=" + (folder / "ca.pem").string(),
          "--kubelet-token-file=" + (folder / "token").string(),
          "--runtime-socket=" + (folder / "runtime.sock").string(),
          std::string("--listen=127.0.0.1:17444")}) {
      command.push_back(word);
    }
    const pid_t agent = StartAgent(command);
    coordinator.WaitUntil("usage of every container",
                          [&](const FakeCoordinator::Seen& seen) { return workload.IsComplete(seen); });
    absl::SleepFor(absl::Seconds(arguments.settle_seconds));

    const absl::Duration cpu_before = CpuTime(agent);
    const auto threads_before = ThreadTimes(agent);
    const absl::Time began = absl::Now();
    const auto messages_before = coordinator.WaitUntil("", [](const auto&) { return true; }).messages.size();
    uint64_t most_pss = 0;
    while (absl::Now() - began < absl::Seconds(arguments.seconds)) {
      absl::SleepFor(absl::Seconds(5));
      most_pss = std::max(most_pss, ProcValue(agent, "smaps_rollup", "Pss"));
    }
    const absl::Duration took = absl::Now() - began;
    const double percent = 100 * absl::FDivDuration(CpuTime(agent) - cpu_before, took);
    const auto seen = coordinator.WaitUntil("", [](const auto&) { return true; });
    result = {
        {"pods", arguments.pods},
        {"containers", 2 * arguments.pods},
        {"seconds", std::round(absl::ToDoubleSeconds(took))},
        {"cpu_percent_of_one_core", std::round(percent * 1000) / 1000},
        {"pss_mib", Mebibytes(most_pss)},
        {"rss_mib", Mebibytes(ProcValue(agent, "status", "VmRSS"))},
        {"anonymous_mib", Mebibytes(ProcValue(agent, "status", "RssAnon"))},
        {"threads", ProcValue(agent, "status", "Threads")},
        {"messages_per_second", std::round(10 * static_cast<double>(seen.messages.size() - messages_before) /
                                           absl::ToDoubleSeconds(took)) /
                                    10},
        {"sessions", seen.sessions.size()},
        {"cpu_percent_by_thread", Threads(agent, took, threads_before)},
        {"limits", {{"cpu_percent_of_one_core", 0.5}, {"pss_mib", 20}}},
    };
    kill(agent, SIGTERM);
    waitpid(agent, &status, 0);
  }
  fs::remove_all(folder);
  std::cout << result.dump() << "\n";
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::cerr << "the agent did not end as it should\n";
    return 1;
  }
  return result["cpu_percent_of_one_core"] <= 0.5 && result["pss_mib"] <= 20 ? 0 : 3;
}

}  // namespace
}  // namespace evenkeel::agent

int main(int argc, char** argv) {
  evenkeel::agent::Arguments arguments;
  CLI::App app("Measures what one agent costs its node; ends with 3 when it is over its limits");
  app.add_option("--agent", arguments.agent, "The program to measure")->required()->check(CLI::ExistingFile);
  app.add_option("--pods", arguments.pods, "Pods of two containers each")->capture_default_str();
  app.add_option("--seconds", arguments.seconds, "How long to measure")->capture_default_str();
  app.add_option("--settle-seconds", arguments.settle_seconds, "How long to wait before")
      ->capture_default_str();
  app.add_option("--beat-ms", arguments.beat_ms, "Beat interval")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return evenkeel::agent::Run(arguments);
}
