// A real server with the sessions on it, over TLS on the loopback, and agents to speak to it.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/server.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/time/steady_clock.h"
#include "coordinator/session/agent_sessions.h"
#include "coordinator/session/credential_authenticator.h"
#include "coordinator/session/token_authenticator.h"
#include "coordinator/session/transport.h"
#include "evenkeel/v1/agent_session.grpc.pb.h"
#include "tests/support/certificates.h"
#include "tests/support/event_log.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {

// Keeps what the fleet view would be told.
class ReportLog final : public ReportSink {
 public:
  void OnSessionOpened(const NodeKey& node, const SessionDescription& session) override;
  void OnReport(const NodeKey& node, uint64_t session_id, const v1::Report& report) override;
  void OnSessionClosed(const NodeKey& node, uint64_t session_id, const std::string& reason) override;

  // One line for each call, as "opened node-1", "report node-1 full", "closed node-1: connection lost".
  std::vector<std::string> WaitForLines(size_t count) const;
  SessionDescription WaitForSession(const std::string& node) const;

 private:
  void Add(std::string line);

  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, SessionDescription> sessions_ ABSL_GUARDED_BY(mutex_);
};

// An agent of a test: one stream, one step after the other. Everything gives up after 20 s.
class TestAgent {
 public:
  struct Identity {
    std::string cluster = "blue";  // metadata
    std::string token;
    std::shared_ptr<grpc::Channel> channel;
  };

  explicit TestAgent(const Identity& identity);
  ~TestAgent();

  bool SayHello(const std::string& cluster, const std::string& node);
  bool Send(const v1::ConnectRequest& request) { return stream_->Write(request); }
  bool Beat(uint64_t sequence, uint64_t node_time_ms = 0);
  // The next message; nothing when the stream has ended.
  std::optional<v1::ConnectResponse> Receive();
  // How the coordinator ended the stream.
  absl::Status End();
  // The connection is gone without a word.
  void Cut() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::AgentSessionService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ConnectRequest, v1::ConnectResponse>> stream_;
  bool ended_ = false;
};

v1::ConnectRequest FullReport();

class SessionRig {
 public:
  static constexpr uint64_t kEpoch = 7;

  // `authenticator` null: by tokens of `kubernetes` and certificates of `client_ca`.
  explicit SessionRig(AgentSessions::Options options = {}, AgentAuthenticator* authenticator = nullptr);
  ~SessionRig();

  // A token that proves `node` of cluster blue.
  std::string TokenOf(const std::string& node);
  // A channel of its own, with a client certificate where one is given.
  std::shared_ptr<grpc::Channel> Connect(const std::optional<testing::Identity>& certificate = std::nullopt);
  // An agent of blue's `node` whose session is open, and its welcome taken.
  std::unique_ptr<TestAgent> OpenSession(const std::string& node);
  int port() const { return port_; }

  testing::FakeKubernetes kubernetes;
  testing::EventLog events;
  ReportLog reports;
  testing::CertificateAuthority server_ca{"server CA"};
  testing::CertificateAuthority client_ca{"client CA"};

  void WriteServerCertificate(const testing::CertificateAuthority& ca);
  AgentSessions& sessions() { return *sessions_; }

 private:
  std::filesystem::path folder_;
  time::SteadyClock clock_;
  std::optional<TokenAuthenticator> tokens_;
  std::optional<CredentialAuthenticator> authenticator_;
  std::optional<AgentSessions> sessions_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace evenkeel::coordinator
