#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/http/request.h"

namespace evenkeel::kube {

// How to reach one cluster's API server, and as whom.
struct ClusterConfig {
  std::string server;  // "https://10.0.0.1:6443", without a slash at its end
  std::shared_ptr<const http::Tls> tls;
  // At most one of the two; neither where a client certificate does.
  std::string token;
  std::string token_file;  // read again every minute, and when the server refuses what it held
  std::string name_space;  // the default one of the context or of the pod; may be empty
};

// From a kubeconfig file. `context` empty: its current-context. Files it names are looked for beside it;
// certificates are read now, a token file later and again. Refused, by the field's name: what is missing or
// malformed, plain http, and the ways to sign in that need another program (exec, auth-provider) or a
// password.
absl::StatusOr<ClusterConfig> LoadKubeconfig(const std::string& path, const std::string& context = "");

// What Kubernetes gives every pod: the environment's KUBERNETES_SERVICE_HOST and _PORT, and the service
// account's token, CA and namespace below `directory`. FAILED_PRECONDITION outside a pod.
inline constexpr char kServiceAccountDirectory[] = "/var/run/secrets/kubernetes.io/serviceaccount";
absl::StatusOr<ClusterConfig> LoadInCluster(const std::string& directory = kServiceAccountDirectory);

}  // namespace evenkeel::kube
