// The sessions' room of the coordinator alone, for measuring it: as the coordinator runs it, with nothing
// behind it.
#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>
#include <string>

#include "common/base/process.h"
#include "common/log/log.h"
#include "common/time/steady_clock.h"
#include "coordinator/session/agent_sessions.h"
#include "coordinator/session/credential_authenticator.h"
#include "coordinator/session/transport.h"

namespace evenkeel::coordinator {
namespace {

class NoCore final : public EventSink {
 public:
  bool Post(Event) override { return true; }
  absl::Status TryPost(Event) override { return absl::OkStatus(); }
};

class NoFleetView final : public ReportSink {
 public:
  void OnSessionOpened(const NodeKey&, const SessionDescription&) override {}
  void OnReport(const NodeKey&, uint64_t, const v1::Report&) override {}
  void OnSessionClosed(const NodeKey&, uint64_t, const std::string&) override {}
};

int Run(const TlsFiles& files, absl::Duration beat, absl::Duration suspect_after) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  log::Init({.format = log::Format::kJson, .program = "swarm_host"});
  auto credentials = MakeServerCredentials(files);
  if (!credentials.ok()) {
    log::Error("cannot listen", {{"cause", credentials.status()}});
    return 1;
  }
  NoCore core;
  NoFleetView view;
  time::SteadyClock clock;
  CredentialAuthenticator authenticator(nullptr, {"swarm"});
  AgentSessions sessions({.epoch = 1, .beat_interval = beat, .suspect_after = suspect_after}, authenticator,
                         core, view, clock);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", *credentials, &port);
  sessions.RegisterWith(builder);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    log::Error("cannot listen");
    return 1;
  }
  sessions.Start();
  log::Info("listening", {{"port", port}});
  int signal = 0;
  sigwait(&signals, &signal);
  sessions.Stop();
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  return 0;
}

}  // namespace
}  // namespace evenkeel::coordinator

int main(int argc, char** argv) {
  evenkeel::base::PrepareProcess();
  CLI::App app("The sessions' room of the coordinator, for tests/bench/swarm.");
  evenkeel::coordinator::TlsFiles files;
  int beat_ms = 1000;
  int suspect_after_ms = 3000;
  app.add_option("--certificate", files.certificate)->required();
  app.add_option("--key", files.key)->required();
  app.add_option("--client-ca", files.client_ca)->required();
  app.add_option("--beat-ms", beat_ms);
  app.add_option("--suspect-after-ms", suspect_after_ms);
  CLI11_PARSE(app, argc, argv);
  return evenkeel::coordinator::Run(files, absl::Milliseconds(beat_ms), absl::Milliseconds(suspect_after_ms));
}
