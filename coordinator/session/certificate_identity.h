// The identity in a client certificate: the way in for agents outside Kubernetes.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

// Organisation of an agent's certificate is this and the cluster's name; its common name is the node's.
inline constexpr char kAgentOrganisationPrefix[] = "evenkeel:agents:";

// The node that `pem` speaks for. The TLS layer has verified it already: this reads only the names.
// PERMISSION_DENIED: a good certificate, but not one of an agent (no such organisation, or more than one; no
// or more than one common name). UNAUTHENTICATED: not a certificate.
absl::StatusOr<NodeKey> NodeOfCertificate(const std::string& pem);

}  // namespace evenkeel::coordinator
