// Who an agent is: proven before anything it says counts.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

// What an agent presents.
struct AgentCredentials {
  std::string cluster;          // metadata `evenkeel-cluster`; empty = not given
  std::string bearer_token;     // metadata `authorization` without "Bearer "; empty = not given
  std::string certificate_pem;  // of the TLS connection, verified against the client CA; empty = none
  std::string peer;             // address, for logs
};

struct AgentIdentity {
  NodeKey node;
  std::string proof;  // for logs: "token of pod evenkeel/agent-x7", "client certificate"
  std::string pod;    // the agent's, in the coordinator's own namespace; empty = not known
};

// Errors: UNAUTHENTICATED: the credentials prove nothing, and why (expired, another audience, ...);
// PERMISSION_DENIED: proven, but not an agent of this cluster; UNAVAILABLE, DEADLINE_EXCEEDED: could not be
// checked now.
class AgentAuthenticator {
 public:
  virtual ~AgentAuthenticator() = default;

  using Done = std::function<void(absl::StatusOr<AgentIdentity>)>;

  // `done` comes exactly once, on any thread, perhaps within this call. The caller bounds how many are under
  // way.
  virtual void Authenticate(const AgentCredentials& credentials, absl::Duration deadline, Done done) = 0;
};

}  // namespace evenkeel::coordinator
