#include "agent/program/agent.h"

#include <utility>

#include "common/log/log.h"

namespace evenkeel::agent {
namespace {

SessionOptions MakeSessionOptions(const Config& config, const HostRoot& host) {
  SessionOptions options;
  options.cluster = config.cluster;
  options.node = config.node_name;
  options.agent_port = config.listen_port;
  options.coordinators = config.coordinators;
  options.ca_file = config.ca_file;
  options.server_name = config.server_name;
  options.token_file = config.token_file;
  options.certificate_file = config.certificate_file;
  options.key_file = config.key_file;
  if (auto boot_id = ReadBootId(host); boot_id.ok()) {
    options.boot_id = *std::move(boot_id);
  } else {
    log::Warn("the kernel's boot id cannot be read; reboots will be told by silence only",
              {{"cause", boot_id.status()}});
  }
  return options;
}

Fencer::Options MakeFenceOptions(const Config& config, const HostRoot& host) {
  Fencer::Options options;
  options.cluster = config.cluster;
  options.node = config.node_name;
  options.runtime_socket = host.Path(config.runtime_socket);
  options.watchdog_device = config.watchdog_device;
  options.watchdog_timeout = config.watchdog_timeout;
  if (auto boot_id = ReadBootId(host); boot_id.ok()) {
    options.boot_id = *std::move(boot_id);
    options.folder = config.fence_directory;  // without it, what an earlier boot left could not be told apart
  }
  return options;
}

KubeletCollector::Options MakeKubeletOptions(const Config& config) {
  KubeletCollector::Options options;
  options.url = config.KubeletUrl();
  options.ca_file = config.kubelet_ca_file;
  options.token_file = config.kubelet_token_file;
  return options;
}

}  // namespace

Agent::Agent(const Config& config, const time::Clock& clock)
    : clock_(clock),
      host_(config.host_root),
      prober_(clock),
      restarter_(config.restart_folder.empty() ? "" : host_.Path(config.restart_folder), clock),
      fencer_(MakeFenceOptions(config, host_)),
      usage_(host_, board_, clock),
      proc_(host_, board_),
      kernel_(host_, board_, &ReadKernelLog),
      disk_(host_, config.host_root == "/" ? "" : "/", board_),
      runtime_(host_, config.runtime_socket, board_, usage_, clock),
      session_(MakeSessionOptions(config, host_), board_, prober_, restarter_, clock, &fencer_),
      kubelet_(MakeKubeletOptions(config), board_, usage_, clock) {
  Collect("proc", absl::Seconds(1), absl::Seconds(5), [this] { return proc_.Collect(); });
  Collect("cgroup", absl::Seconds(1), absl::Seconds(5), [this] { return usage_.Collect(); });
  Collect("runtime", RuntimeCollector::kLookEvery, absl::Seconds(20), [this] { return runtime_.Look(); });
  Collect("kernel", absl::Seconds(1), absl::Seconds(5), [this] { return kernel_.Collect(); });
  Collect("disk", absl::Seconds(10), absl::Seconds(5), [this] { return disk_.Collect(); });
}

void Agent::Collect(const char* name, absl::Duration interval, absl::Duration deadline,
                    CollectorThread::Round round) {
  threads_.push_back(std::make_unique<CollectorThread>(
      CollectorThread::Options{.name = name, .interval = interval, .deadline = deadline}, clock_,
      std::move(round)));
}

bool Agent::Supervise() {
  for (const auto& thread : threads_) {
    const bool stalled = thread->health().stalled;
    if (stalled && stalled_.insert(thread->name()).second) {
      log::Warn("a collector hangs; what it reads is reported as it was, or not at all",
                {{"collector", thread->name()}});
      if (thread->name() == "disk") {
        disk_.ReportStalled();
      }
    } else if (!stalled && stalled_.erase(thread->name()) > 0) {
      log::Info("a collector no longer hangs", {{"collector", thread->name()}});
    }
  }
  return !stalled_.empty();
}

}  // namespace evenkeel::agent
