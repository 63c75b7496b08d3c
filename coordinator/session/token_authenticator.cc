#include "coordinator/session/token_authenticator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/kube/json.h"
#include "common/kube/resource.h"

namespace evenkeel::coordinator {
namespace {

// The API server could not be asked: says so, and does not blame the agent.
absl::Status NotChecked(const absl::Status& cause, absl::string_view what) {
  const absl::StatusCode code =
      absl::IsDeadlineExceeded(cause) ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kUnavailable;
  return base::WithReason(
      absl::Status(
          code, absl::StrCat(what, " could not be checked with the cluster's API server: ", cause.message())),
      "IDENTITY_NOT_CHECKED");
}

absl::Status CheckReview(const kube::TokenReview& review, const std::string& wanted_user) {
  if (!review.authenticated) {
    return base::WithReason(
        absl::UnauthenticatedError(
            absl::StrCat("the API server does not accept the token for the audience \"", kAgentAudience,
                         "\": ", review.error.empty() ? "no reason given" : review.error)),
        "TOKEN_REFUSED");
  }
  // An API server that does not know of audiences leaves the list empty: such a token could be anybody's.
  if (std::find(review.audiences.begin(), review.audiences.end(), kAgentAudience) == review.audiences.end()) {
    return base::WithReason(absl::UnauthenticatedError(
                                absl::StrCat("the token is not for the audience \"", kAgentAudience, "\"")),
                            "TOKEN_AUDIENCE");
  }
  if (review.username != wanted_user) {
    return base::WithReason(absl::PermissionDeniedError(absl::StrCat("the token is of ", review.username,
                                                                     "; agents are ", wanted_user)),
                            "NOT_AN_AGENT");
  }
  if (review.PodName().empty() || review.PodUid().empty()) {
    return base::WithReason(
        absl::PermissionDeniedError(
            "the token is bound to no pod; agents use the projected token of their own pod"),
        "TOKEN_NOT_BOUND");
  }
  return absl::OkStatus();
}

absl::StatusOr<AgentIdentity> IdentityOfPod(const std::string& cluster, const kube::ObjectName& name,
                                            const std::string& uid, const absl::StatusOr<kube::Json>& pod) {
  if (absl::IsNotFound(pod.status())) {
    return base::WithReason(
        absl::UnauthenticatedError(absl::StrCat("the token's pod ", name.ToString(), " is gone")),
        "TOKEN_POD_GONE");
  }
  if (!pod.ok()) return NotChecked(pod.status(), absl::StrCat("the token's pod ", name.ToString()));
  if (kube::UidOf(*pod) != uid) {
    return base::WithReason(absl::UnauthenticatedError(absl::StrCat("the token's pod ", name.ToString(),
                                                                    " was replaced by another")),
                            "TOKEN_POD_GONE");
  }
  std::string node = kube::Text(*pod, {"spec", "nodeName"});
  if (node.empty()) {
    return base::WithReason(
        absl::PermissionDeniedError(absl::StrCat("the token's pod ", name.ToString(), " is on no node")),
        "TOKEN_POD_UNBOUND");
  }
  return AgentIdentity{NodeKey{cluster, std::move(node)}, absl::StrCat("token of pod ", name.ToString()),
                       name.name};
}

}  // namespace

TokenAuthenticator::TokenAuthenticator(Options options, Apis apis)
    : options_(std::move(options)), apis_(std::move(apis)) {}

void TokenAuthenticator::Authenticate(const AgentCredentials& credentials, absl::Duration deadline,
                                      Done done) {
  if (credentials.cluster.empty()) {
    done(base::WithReason(
        absl::UnauthenticatedError(
            "metadata evenkeel-cluster is missing: it names the cluster that can check the token"),
        "CLUSTER_MISSING"));
    return;
  }
  const auto found = apis_.find(credentials.cluster);
  if (found == apis_.end()) {
    done(base::WithReason(
        absl::UnauthenticatedError(absl::StrCat(
            "metadata evenkeel-cluster: this coordinator knows no cluster of that name; add it to ",
            "the coordinator's clusters, or correct the agent's --cluster")),
        "CLUSTER_UNKNOWN"));
    return;
  }
  kube::KubernetesApi* api = found->second;
  const absl::Time end = absl::Now() + deadline;
  const std::string user =
      absl::StrCat("system:serviceaccount:", options_.name_space, ":", options_.service_account);
  api->ReviewToken(
      credentials.bearer_token, {kAgentAudience}, deadline,
      [api, end, user, cluster = credentials.cluster, name_space = options_.name_space,
       done = std::move(done)](const absl::StatusOr<kube::TokenReview>& review) {
        if (!review.ok()) {
          done(NotChecked(review.status(), "the token"));
          return;
        }
        if (absl::Status status = CheckReview(*review, user); !status.ok()) {
          done(std::move(status));
          return;
        }
        const kube::ObjectName pod{name_space, review->PodName()};
        const absl::Duration left = std::max(end - absl::Now(), absl::Milliseconds(1));
        api->Get(kube::Pods(), pod, left,
                 [cluster, pod, uid = review->PodUid(), done](const absl::StatusOr<kube::Json>& object) {
                   done(IdentityOfPod(cluster, pod, uid, object));
                 });
      });
}

}  // namespace evenkeel::coordinator
