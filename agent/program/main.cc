#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "agent/fence/vouching.h"
#include "agent/program/agent.h"
#include "agent/program/config.h"
#include "agent/program/metrics.h"
#include "agent/program/resident_code.h"
#include "common/base/process.h"
#include "common/log/log.h"
#include "common/observability/server.h"
#include "common/time/steady_clock.h"

namespace evenkeel::agent {
namespace {

constexpr int kExitUsage = 2;

// When the start is over, by and large, and how often what else was seldom needed is given back.
constexpr absl::Duration kAfterStart = absl::Seconds(20);
constexpr absl::Duration kReleaseInterval = absl::Minutes(10);

// Signals are taken by the main thread alone: every thread inherits that they are blocked.
sigset_t BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// What keeps the agent small on a node that it must not burden.
void LimitFootprint() {
  // A heap for each thread would keep what all of them ever needed at once.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, 256 << 10);
  // gRPC's own lines would stand between ours; what matters of them comes back as a status.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
}

// Two open files for each container can be more than the usual soft limit of a thousand.
void RaiseFileLimit() {
  rlimit limit{};
  constexpr rlim_t kEnough = 16384;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < kEnough) {
    limit.rlim_cur = std::min(limit.rlim_max, kEnough);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// On all addresses of both families, where the host has both, unless one was named.
absl::StatusOr<std::unique_ptr<observability::Endpoint>> Listen(const Config& config,
                                                                const observability::Sources& sources) {
  observability::Endpoint::Options options;
  options.port = config.listen_port;
  options.address = config.listen_address.empty() ? "::" : config.listen_address;
  auto server = observability::Serve(options, sources);
  if (!server.ok() && config.listen_address.empty()) {
    options.address = "0.0.0.0";
    server = observability::Serve(options, sources);
  }
  return server;
}

int Run(const Config& config) {
  const sigset_t signals = BlockSignals();
  RaiseFileLimit();
  log::Init({.level = config.log_level,
             .format = config.log_format,
             .program = "evenkeel-agent",
             .output = nullptr});
  log::Info("starting", {{"version", EVENKEEL_VERSION},
                         {"cluster", config.cluster},
                         {"node", config.node_name},
                         {"listen_port", config.listen_port}});
  const time::SteadyClock clock;
  observability::Sources sources;
  Agent agent(config, clock);
  AgentMetrics metrics(sources.metrics, agent);
  sources.ready.Add("coordinator", [&agent] {
    return agent.connected() ? absl::OkStatus() : absl::UnavailableError("no session with a coordinator");
  });
  sources.more = [&agent](absl::string_view path) -> std::optional<observability::Endpoint::Reply> {
    if (!absl::StartsWith(path, Vouching::kPath)) return std::nullopt;
    if (agent.fencer().vouching().Answers(path))
      return observability::Endpoint::Reply{.body = "not isolated\n"};
    return observability::Endpoint::Reply{.code = 403, .body = "I do not vouch for it\n"};
  };
  const auto server = Listen(config, sources);
  if (!server.ok()) {
    log::Error("cannot serve health and metrics", {{"field", "--listen"}, {"cause", server.status()}});
    return EXIT_FAILURE;
  }
  int signal = -1;
  bool hangs = false;
  absl::Time release_at = clock.Now() + kAfterStart;
  while (signal < 0) {
    hangs = agent.Supervise();
    metrics.Update();
    if (clock.Now() >= release_at) {
      release_at = clock.Now() + kReleaseInterval;
      if (const absl::Status status = ReleaseIdleCode(); !status.ok()) {
        log::Debug("idle code stays mapped", {{"cause", status}});
      }
    }
    const timespec second{.tv_sec = 1, .tv_nsec = 0};
    signal = sigtimedwait(&signals, nullptr, &second);
  }
  const char* name = signal == SIGTERM ? "SIGTERM" : "SIGINT";
  log::Info("stopping", {{"signal", name}});
  agent.Stop(name);
  if (hangs) {
    std::_Exit(EXIT_SUCCESS);
  }
  return EXIT_SUCCESS;
}

int Main(int argc, const char* const* argv) {
  LimitFootprint();
  const absl::StatusOr<CommandLine> command_line = ReadCommandLine(argc, argv);
  if (!command_line.ok()) {
    std::fprintf(stderr, "evenkeel-agent: %s\nSee evenkeel-agent --help.\n",
                 std::string(command_line.status().message()).c_str());
    return kExitUsage;
  }
  if (!command_line->text_to_print.empty()) {
    std::printf("%s\n", command_line->text_to_print.c_str());
    return EXIT_SUCCESS;
  }
  return Run(command_line->config);
}

}  // namespace
}  // namespace evenkeel::agent

int main(int argc, char** argv) {
  evenkeel::base::PrepareProcess();
  return evenkeel::agent::Main(argc, argv);
}
