// Chooses how an agent is authenticated: by its token where it presents one, else by its certificate.
#pragma once

#include <string>

#include "absl/container/flat_hash_set.h"
#include "coordinator/session/authenticator.h"

namespace evenkeel::coordinator {

class CredentialAuthenticator final : public AgentAuthenticator {
 public:
  // `tokens` may be null: then only certificates count. Certificates count for `certificate_clusters` only.
  CredentialAuthenticator(AgentAuthenticator* tokens, absl::flat_hash_set<std::string> certificate_clusters);

  void Authenticate(const AgentCredentials& credentials, absl::Duration deadline, Done done) override;

 private:
  absl::StatusOr<AgentIdentity> ByCertificate(const AgentCredentials& credentials) const;

  AgentAuthenticator* const tokens_;
  const absl::flat_hash_set<std::string> certificate_clusters_;
};

}  // namespace evenkeel::coordinator
