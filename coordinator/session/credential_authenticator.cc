#include "coordinator/session/credential_authenticator.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/session/certificate_identity.h"

namespace evenkeel::coordinator {

CredentialAuthenticator::CredentialAuthenticator(AgentAuthenticator* tokens,
                                                 absl::flat_hash_set<std::string> certificate_clusters)
    : tokens_(tokens), certificate_clusters_(std::move(certificate_clusters)) {}

void CredentialAuthenticator::Authenticate(const AgentCredentials& credentials, absl::Duration deadline,
                                           Done done) {
  if (tokens_ != nullptr && !credentials.bearer_token.empty()) {
    tokens_->Authenticate(credentials, deadline, std::move(done));
    return;
  }
  done(ByCertificate(credentials));
}

absl::StatusOr<AgentIdentity> CredentialAuthenticator::ByCertificate(
    const AgentCredentials& credentials) const {
  if (credentials.certificate_pem.empty()) {
    return base::WithReason(
        absl::UnauthenticatedError(
            "no credentials: agents present the token of their pod (metadata authorization: "
            "Bearer TOKEN) or a client certificate"),
        "CREDENTIALS_MISSING");
  }
  EVENKEEL_ASSIGN_OR_RETURN(NodeKey node, NodeOfCertificate(credentials.certificate_pem));
  if (!certificate_clusters_.contains(node.cluster)) {
    return base::WithReason(
        absl::PermissionDeniedError(absl::StrCat("the client certificate is of cluster \"", node.cluster,
                                                 "\", which this coordinator does not know")),
        "CLUSTER_UNKNOWN");
  }
  if (!credentials.cluster.empty() && credentials.cluster != node.cluster) {
    return base::WithReason(
        absl::PermissionDeniedError(absl::StrCat("metadata evenkeel-cluster says \"", credentials.cluster,
                                                 "\", the client certificate \"", node.cluster, "\"")),
        "CLUSTER_MISMATCH");
  }
  return AgentIdentity{std::move(node), "client certificate"};
}

}  // namespace evenkeel::coordinator
