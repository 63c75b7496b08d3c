#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "evenkeel/v1/agent_session.grpc.pb.h"
#include "tests/unit/agent/test_certificates.h"

namespace evenkeel::agent {

// A coordinator over real TLS on a port of the loopback, which remembers all that agents say and answers as
// it is told.
class FakeCoordinator final : public v1::AgentSessionService::Service {
 public:
  struct Behaviour {
    absl::Duration beat_interval = absl::Milliseconds(50);
    bool welcome = true;
    bool acknowledge = true;
    grpc::Status refuse = grpc::Status::OK;  // otherwise every stream ends at once with it
  };
  struct Seen {
    std::vector<std::map<std::string, std::string>> sessions;  // the metadata of each
    std::vector<v1::ConnectRequest> messages;                  // of all sessions
    int ended = 0;                                             // sessions that are over
  };

  FakeCoordinator(const TestCertificates& certificates, Behaviour behaviour, int port = 0);
  ~FakeCoordinator() override;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

  // Waits until `condition` holds for what was seen, and returns that; fails the test after a long time.
  Seen WaitUntil(const std::string& what, const std::function<bool(const Seen&)>& condition);

  // To the agent whose session is open.
  void Send(const v1::ConnectResponse& response);
  // Ends the open session with `status`.
  void End(const grpc::Status& status);
  void SetBehaviour(Behaviour behaviour);

  grpc::Status Connect(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::ConnectResponse, v1::ConnectRequest>* stream) override;

 private:
  using Stream = grpc::ServerReaderWriter<v1::ConnectResponse, v1::ConnectRequest>;

  void Respond(const v1::ConnectRequest& request, Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  Behaviour behaviour_ ABSL_GUARDED_BY(mutex_);
  Seen seen_ ABSL_GUARDED_BY(mutex_);
  Stream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;
  grpc::ServerContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  grpc::Status end_status_ ABSL_GUARDED_BY(mutex_);
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// The messages of one kind, in order.
std::vector<v1::ConnectRequest> Only(const FakeCoordinator::Seen& seen, v1::ConnectRequest::MessageCase kind);

}  // namespace evenkeel::agent
