// How the coordinator's gRPC server listens: encrypted, and tuned for thousands of quiet streams.
#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace evenkeel::coordinator {

// Files in PEM. They are read again when they change (rotation), for new connections.
struct TlsFiles {
  std::string certificate;  // with its chain
  std::string key;
  std::string client_ca;  // clients' certificates are verified against it; empty = no client certificates
  absl::Duration reload_interval = absl::Seconds(10);  // whole seconds, at least one
};

// TLS is the only way in (agents and operators). A client certificate is asked for when there is a client CA,
// and never needed: Kubernetes tokens do as well. A client certificate that the CA does not vouch for ends
// the handshake. INVALID_ARGUMENT names the flag whose file is missing, unreadable or not what it should be.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const TlsFiles& files);

// Limits and flow control of the server that carries the sessions (AgentSessions::RegisterWith calls it).
void ConfigureTransport(grpc::ServerBuilder& builder);

}  // namespace evenkeel::coordinator
