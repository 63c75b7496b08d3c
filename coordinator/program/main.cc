// evenkeel-coordinator: see config.cc for its flags.
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

#include "common/base/process.h"
#include "common/log/log.h"
#include "common/rpc/grpc_log.h"
#include "coordinator/program/config.h"
#include "coordinator/program/coordinator.h"
#include "coordinator/serve/replay_process.h"

namespace {

namespace coordinator = evenkeel::coordinator;
namespace log = evenkeel::log;

constexpr unsigned kStopSeconds = 5;

// SIGTERM and SIGINT are waited for by the main thread; every thread that is started later inherits that they
// are blocked.
sigset_t BlockStopSignals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  return stop;
}

void OnStopTookTooLong(int /*signal*/) {
  constexpr char kMessage[] = "evenkeel-coordinator: stopping took longer than 5 s; ended without ceremony\n";
  const ssize_t written = write(STDERR_FILENO, kMessage, sizeof(kMessage) - 1);
  _exit(written > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

}  // namespace

int main(int argc, char** argv) {
  evenkeel::base::PrepareProcess();
  // Not for people: see coordinator/serve/replay_process.h.
  if (argc == 3 && std::string_view(argv[1]) == "replay") return coordinator::RunReplayProcess(argv[2]);
  coordinator::CommandLine command = coordinator::ReadCommandLine(argc, argv);
  if (command.exit_code) return *command.exit_code;
  command.config.log.program = "evenkeel-coordinator";
  log::Init(command.config.log);
  evenkeel::rpc::RouteGrpcLog();
  const sigset_t stop = BlockStopSignals();
  {
    const auto running = coordinator::Coordinator::Start(command.config);
    if (!running.ok()) {
      log::Error("cannot start", {{"cause", running.status()}});
      return EXIT_FAILURE;
    }
    log::Info("started", {{"version", EVENKEEL_VERSION},
                          {"port", (*running)->port()},
                          {"http_port", (*running)->http_port()}});
    int signal = 0;
    sigwait(&stop, &signal);
    log::Info("stopping", {{"signal", signal}});
    // The store is durable at any instant, so a stop that hangs may be cut short.
    std::signal(SIGALRM, OnStopTookTooLong);
    alarm(kStopSeconds);
  }
  log::Info("stopped");
  return EXIT_SUCCESS;
}
