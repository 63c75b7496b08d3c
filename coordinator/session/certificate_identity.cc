#include "coordinator/session/certificate_identity.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/tls/certificate_subject.h"

namespace evenkeel::coordinator {

absl::StatusOr<NodeKey> NodeOfCertificate(const std::string& pem) {
  const std::optional<tls::CertificateSubject> subject = tls::SubjectOf(pem);
  if (!subject) {
    return base::WithReason(absl::UnauthenticatedError("the client certificate cannot be read"),
                            "CERTIFICATE_UNREADABLE");
  }
  NodeKey node;
  int agent_organisations = 0;
  for (absl::string_view cluster : subject->organisations) {
    if (!absl::ConsumePrefix(&cluster, kAgentOrganisationPrefix)) continue;
    node.cluster = std::string(cluster);
    ++agent_organisations;
  }
  if (subject->common_names.size() == 1) node.node = subject->common_names.front();
  if (agent_organisations != 1 || node.cluster.empty() || node.node.empty()) {
    return base::WithReason(
        absl::PermissionDeniedError(absl::StrCat(
            "the client certificate is not an agent's: its subject must have one organisation \"",
            kAgentOrganisationPrefix, "CLUSTER\" and the node's name as its one common name")),
        "CERTIFICATE_NOT_AN_AGENT");
  }
  return node;
}

}  // namespace evenkeel::coordinator
