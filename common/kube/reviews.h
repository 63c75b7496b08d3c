#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kube/kubernetes_api.h"

// The bodies of the calls that ask the API server for an opinion, both ways.
namespace evenkeel::kube {

inline constexpr char kTokenReviewPath[] = "/apis/authentication.k8s.io/v1/tokenreviews";
inline constexpr char kAccessReviewPath[] = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

Json TokenReviewBody(const std::string& token, const std::vector<std::string>& audiences);
// A server that ignores audiences answers without them; then the token counts as not authenticated, as the
// API asks of its clients.
TokenReview ReadTokenReview(const Json& answer, const std::vector<std::string>& audiences);

Json AccessReviewBody(const AccessQuestion& question);
AccessAnswer ReadAccessReview(const Json& answer);

// INTERNAL when the server's numbers cannot be read. "20+" counts as 20.
absl::StatusOr<ServerVersion> ReadServerVersion(const Json& answer);

}  // namespace evenkeel::kube
