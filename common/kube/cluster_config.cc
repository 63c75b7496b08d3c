#include "common/kube/cluster_config.h"

#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/config/file.h"

namespace evenkeel::kube {
namespace {

// The value at `key`, or null; where yaml-cpp would give a node that throws when it is looked at.
YAML::Node At(const YAML::Node& node, const char* key) {
  if (!node.IsMap()) return YAML::Node();
  const YAML::Node value = node[key];
  return value.IsDefined() ? value : YAML::Node();
}

// One kubeconfig file while it is read. Every error begins with the file and the field.
class Reader {
 public:
  Reader(std::string path, const YAML::Node& root) : path_(std::move(path)), root_(root) {}

  absl::StatusOr<ClusterConfig> Read(std::string context_name);

 private:
  absl::Status Error(absl::string_view field, absl::string_view problem) const {
    return base::Annotate(base::InvalidField(field, problem), path_);
  }

  // The text at `key`, empty when there is none.
  absl::StatusOr<std::string> Text(const YAML::Node& node, const std::string& field, const char* key) const {
    const YAML::Node value = At(node, key);
    if (value.IsNull()) return std::string();
    if (!value.IsScalar()) return Error(absl::StrCat(field, ".", key), "must be text");
    return value.Scalar();
  }

  absl::StatusOr<bool> Flag(const YAML::Node& node, const std::string& field, const char* key) const {
    EVENKEEL_ASSIGN_OR_RETURN(const std::string text, Text(node, field, key));
    if (text.empty() || text == "false") return false;
    if (text == "true") return true;
    return Error(absl::StrCat(field, ".", key), "must be true or false");
  }

  // The body (`kind`: cluster, context, user) of the entry called `name` in the list `list`.
  absl::StatusOr<YAML::Node> Entry(const char* list, const char* kind, const std::string& name) const;

  // Base64 at KEY-data, or the content of the file named at KEY; empty when there is neither.
  absl::StatusOr<std::string> Material(const YAML::Node& node, const std::string& field,
                                       const char* key) const;

  std::string BesideThis(const std::string& file) const {
    if (absl::StartsWith(file, "/")) return file;
    const std::size_t slash = path_.rfind('/');
    return slash == std::string::npos ? file : absl::StrCat(path_.substr(0, slash + 1), file);
  }

  absl::Status ReadCluster(const std::string& name, ClusterConfig& config, http::Tls& tls) const;
  absl::Status ReadUser(const std::string& name, ClusterConfig& config, http::Tls& tls) const;

  const std::string path_;
  const YAML::Node root_;
};

absl::StatusOr<YAML::Node> Reader::Entry(const char* list, const char* kind, const std::string& name) const {
  const YAML::Node entries = At(root_, list);
  if (!entries.IsSequence()) return Error(list, "is missing");
  for (const YAML::Node& entry : entries) {
    if (!At(entry, "name").IsScalar() || At(entry, "name").Scalar() != name) continue;
    const YAML::Node body = At(entry, kind);
    if (!body.IsMap()) return Error(absl::StrCat(list, "[", name, "].", kind), "is missing");
    return body;
  }
  return Error(list, absl::StrCat("has no entry named \"", name, "\""));
}

absl::StatusOr<std::string> Reader::Material(const YAML::Node& node, const std::string& field,
                                             const char* key) const {
  const std::string data_key = absl::StrCat(key, "-data");
  EVENKEEL_ASSIGN_OR_RETURN(const std::string data, Text(node, field, data_key.c_str()));
  if (!data.empty()) {
    std::string decoded;
    if (!absl::Base64Unescape(data, &decoded)) {
      return Error(absl::StrCat(field, ".", data_key), "is not base64");
    }
    return decoded;
  }
  EVENKEEL_ASSIGN_OR_RETURN(const std::string file, Text(node, field, key));
  if (file.empty()) return std::string();
  auto content = config::ReadFile(BesideThis(file));
  if (!content.ok()) return base::Annotate(content.status(), absl::StrCat(path_, ": ", field, ".", key));
  return content;
}

absl::StatusOr<ClusterConfig> Reader::Read(std::string context_name) {
  if (!root_.IsMap()) return Error("kubeconfig", "is not a YAML mapping");
  if (context_name.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(context_name, Text(root_, "kubeconfig", "current-context"));
    if (context_name.empty()) return Error("current-context", "is not set; name a context");
  }
  EVENKEEL_ASSIGN_OR_RETURN(const YAML::Node context, Entry("contexts", "context", context_name));
  const std::string field = absl::StrCat("contexts[", context_name, "].context");
  ClusterConfig config;
  http::Tls tls;
  EVENKEEL_ASSIGN_OR_RETURN(config.name_space, Text(context, field, "namespace"));
  EVENKEEL_ASSIGN_OR_RETURN(const std::string cluster, Text(context, field, "cluster"));
  EVENKEEL_ASSIGN_OR_RETURN(const std::string user, Text(context, field, "user"));
  if (cluster.empty()) return Error(absl::StrCat(field, ".cluster"), "is missing");
  EVENKEEL_RETURN_IF_ERROR(ReadCluster(cluster, config, tls));
  if (!user.empty()) EVENKEEL_RETURN_IF_ERROR(ReadUser(user, config, tls));
  config.tls = std::make_shared<const http::Tls>(std::move(tls));
  return config;
}

absl::Status Reader::ReadCluster(const std::string& name, ClusterConfig& config, http::Tls& tls) const {
  EVENKEEL_ASSIGN_OR_RETURN(const YAML::Node cluster, Entry("clusters", "cluster", name));
  const std::string field = absl::StrCat("clusters[", name, "].cluster");
  EVENKEEL_ASSIGN_OR_RETURN(const std::string server, Text(cluster, field, "server"));
  if (!absl::StartsWith(server, "https://")) {
    return Error(absl::StrCat(field, ".server"), "must be an https:// address");
  }
  config.server = std::string(absl::StripSuffix(server, "/"));
  if (!At(cluster, "proxy-url").IsNull()) {
    return Error(absl::StrCat(field, ".proxy-url"), "proxies are not supported; give a direct address");
  }
  EVENKEEL_ASSIGN_OR_RETURN(tls.server_name, Text(cluster, field, "tls-server-name"));
  EVENKEEL_ASSIGN_OR_RETURN(tls.insecure_skip_verify, Flag(cluster, field, "insecure-skip-tls-verify"));
  EVENKEEL_ASSIGN_OR_RETURN(tls.ca_pem, Material(cluster, field, "certificate-authority"));
  if (tls.insecure_skip_verify && !tls.ca_pem.empty()) {
    return Error(absl::StrCat(field, ".insecure-skip-tls-verify"),
                 "contradicts the certificate-authority beside it");
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadUser(const std::string& name, ClusterConfig& config, http::Tls& tls) const {
  EVENKEEL_ASSIGN_OR_RETURN(const YAML::Node user, Entry("users", "user", name));
  const std::string field = absl::StrCat("users[", name, "].user");
  for (const char* unsupported : {"exec", "auth-provider", "username", "password", "as"}) {
    if (!At(user, unsupported).IsNull()) {
      return Error(
          absl::StrCat(field, ".", unsupported),
          "is not supported; use a service account's token (token or tokenFile) or a client certificate");
    }
  }
  EVENKEEL_ASSIGN_OR_RETURN(config.token_file, Text(user, field, "tokenFile"));
  if (!config.token_file.empty()) {
    config.token_file = BesideThis(config.token_file);
  } else {
    EVENKEEL_ASSIGN_OR_RETURN(config.token, Text(user, field, "token"));
  }
  EVENKEEL_ASSIGN_OR_RETURN(tls.client_certificate_pem, Material(user, field, "client-certificate"));
  EVENKEEL_ASSIGN_OR_RETURN(tls.client_key_pem, Material(user, field, "client-key"));
  if (tls.client_certificate_pem.empty() != tls.client_key_pem.empty()) {
    return Error(absl::StrCat(field, tls.client_key_pem.empty() ? ".client-key" : ".client-certificate"),
                 "is missing: a client certificate and its key go together");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ClusterConfig> LoadKubeconfig(const std::string& path, const std::string& context) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::string content, config::ReadFile(path));
  try {
    return Reader(path, YAML::Load(content)).Read(context);
  } catch (const YAML::Exception& exception) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is not valid YAML: ", exception.what()));
  }
}

absl::StatusOr<ClusterConfig> LoadInCluster(const std::string& directory) {
  const char* const host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* const port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr) {
    return absl::FailedPreconditionError(
        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod; give a "
        "kubeconfig");
  }
  ClusterConfig config;
  const bool ipv6 = absl::StrContains(host, ":");
  config.server =
      ipv6 ? absl::StrCat("https://[", host, "]:", port) : absl::StrCat("https://", host, ":", port);
  config.token_file = absl::StrCat(directory, "/token");
  http::Tls tls;
  EVENKEEL_ASSIGN_OR_RETURN(tls.ca_pem, config::ReadFile(absl::StrCat(directory, "/ca.crt")));
  config.tls = std::make_shared<const http::Tls>(std::move(tls));
  if (const auto name_space = config::ReadFile(absl::StrCat(directory, "/namespace")); name_space.ok()) {
    config.name_space = std::string(absl::StripAsciiWhitespace(*name_space));
  }
  return config;
}

}  // namespace evenkeel::kube
