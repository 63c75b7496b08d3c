// Proves an agent's node by the projected service-account token of its pod.
//
// The token goes to the API server of the cluster that it claims to be of (TokenReview, audience
// kAgentAudience). The pod that the token is bound to is then read, and its node is the agent's: the API
// server vouches for the whole chain, so an agent cannot speak for another node.
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/session/authenticator.h"

namespace evenkeel::coordinator {

inline constexpr char kAgentAudience[] = "evenkeel.dev";

class TokenAuthenticator final : public AgentAuthenticator {
 public:
  struct Options {
    std::string name_space = "evenkeel";  // of the agents' service account and pods
    std::string service_account = "evenkeel-agent";
  };

  // By cluster name; the APIs must outlive this.
  using Apis = absl::flat_hash_map<std::string, kube::KubernetesApi*>;

  TokenAuthenticator(Options options, Apis apis);

  // Thread-safe. Two calls to the API server, together within `deadline`.
  void Authenticate(const AgentCredentials& credentials, absl::Duration deadline, Done done) override;

 private:
  const Options options_;
  const Apis apis_;
};

}  // namespace evenkeel::coordinator
