#include "coordinator/program/config.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/base/status.h"
#include "common/config/flags.h"
#include "coordinator/program/name.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kMostClusters = 256;

constexpr char kAbout[] =
    "The coordinator of Evenkeel: listens to the agents of one or several clusters, judges which nodes are "
    "dead, fails\n"
    "their pods over as the policies allow, and serves the API that the evenkeel command uses.\n"
    "\n"
    "In a cluster (deploy/kubernetes does this):\n"
    "  evenkeel-coordinator --cluster local --data /var/lib/evenkeel --certificate-file tls.crt --key-file "
    "tls.key\n"
    "Outside, for two clusters, with client certificates for operators and agents:\n"
    "  evenkeel-coordinator --cluster blue=/etc/blue.kubeconfig --cluster green=/etc/green.kubeconfig \\\n"
    "    --data /var/lib/evenkeel --certificate-file tls.crt --key-file tls.key --client-ca-file ca.crt\n"
    "\n"
    "It does nothing to a cluster before a policy says so: evenkeel apply -f policy.yaml";

absl::Status CheckName(const std::string& flag, absl::string_view name) {
  if (IsName(name)) return absl::OkStatus();
  return config::InvalidOption(flag, absl::StrCat("\"", name.substr(0, 80), "\" is not a name: ", kNameForm));
}

absl::Status CheckReadable(const std::string& flag, const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) return absl::OkStatus();
  return config::InvalidOption(
      flag, absl::StrCat("cannot read ", path, ": ", std::system_category().message(errno)));
}

// Of the authorities that vouch for somebody, in place of the system's.
absl::StatusOr<std::string> ReadAuthorities(const std::string& flag, const std::string& path) {
  if (path.empty()) return std::string();
  EVENKEEL_RETURN_IF_ERROR(CheckReadable(flag, path));
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  if (!file || !(content << file.rdbuf())) {
    return config::InvalidOption(flag, absl::StrCat("cannot read ", path));
  }
  if (!absl::StrContains(content.str(), "-----BEGIN CERTIFICATE-----")) {
    return config::InvalidOption(flag, absl::StrCat(path, " holds no certificate in PEM"));
  }
  return content.str();
}

absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& flag, absl::string_view text) {
  absl::StatusOr<ListenAddress> address = ListenAddress::Parse(text);
  if (!address.ok()) return config::InvalidOption(flag, std::string(address.status().message()));
  return address;
}

absl::StatusOr<ClusterConfig> ParseCluster(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
  const auto& [name, access] = parts;
  EVENKEEL_RETURN_IF_ERROR(CheckName("--cluster", name));
  ClusterConfig cluster;
  cluster.name = std::string(name);
  if (access == "none") {
    cluster.access = ClusterConfig::Access::kNone;
  } else if (!access.empty() && access != "in-cluster") {
    cluster.access = ClusterConfig::Access::kKubeconfig;
    cluster.kubeconfig = std::string(access);
    EVENKEEL_RETURN_IF_ERROR(CheckReadable("--cluster", cluster.kubeconfig));
  }
  return cluster;
}

absl::StatusOr<std::vector<ClusterConfig>> ParseClusters(const std::vector<std::string>& texts) {
  if (texts.empty()) {
    return config::InvalidOption(
        "--cluster", "must be given: NAME inside of a cluster, NAME=KUBECONFIG for any other; repeatable");
  }
  if (texts.size() > kMostClusters)
    return config::InvalidOption("--cluster", "may be given 256 times at most");
  std::vector<ClusterConfig> clusters;
  std::set<std::string> names;
  for (const std::string& text : texts) {
    EVENKEEL_ASSIGN_OR_RETURN(ClusterConfig cluster, ParseCluster(text));
    if (!names.insert(cluster.name).second) {
      return config::InvalidOption("--cluster", absl::StrCat("\"", cluster.name, "\" is given twice"));
    }
    clusters.push_back(std::move(cluster));
  }
  return clusters;
}

absl::StatusOr<std::vector<GatewayConfig>> ReadGateways(const std::string& path,
                                                        const std::vector<ClusterConfig>& clusters) {
  if (path.empty()) return std::vector<GatewayConfig>();
  std::set<std::string> with_kubernetes;
  for (const ClusterConfig& cluster : clusters) {
    if (cluster.access != ClusterConfig::Access::kNone) with_kubernetes.insert(cluster.name);
  }
  absl::StatusOr<std::vector<GatewayConfig>> gateways = LoadGateways(path, with_kubernetes);
  if (!gateways.ok()) {
    return config::InvalidOption("--gateways-file", std::string(gateways.status().message()));
  }
  return gateways;
}

absl::Status Check(const Config& config) {
  EVENKEEL_RETURN_IF_ERROR(CheckName("--namespace", config.name_space));
  if (config.data.empty()) {
    return config::InvalidOption("--data",
                                 "must be given: the folder in which decisions and policies are kept");
  }
  if (config.certificate_file.empty() || config.key_file.empty()) {
    return config::InvalidOption(
        config.certificate_file.empty() ? "--certificate-file" : "--key-file",
        "must be given: the coordinator speaks TLS only (deploy/kubernetes/make-certificates)");
  }
  EVENKEEL_RETURN_IF_ERROR(CheckReadable("--certificate-file", config.certificate_file));
  EVENKEEL_RETURN_IF_ERROR(CheckReadable("--key-file", config.key_file));
  if (!config.client_ca_file.empty()) {
    EVENKEEL_RETURN_IF_ERROR(CheckReadable("--client-ca-file", config.client_ca_file));
  }
  if (!config.fence_hook_url.empty() && !config.fence_hook_command.empty()) {
    return config::InvalidOption("--fence-hook-url", "is not used together with --fence-hook-command");
  }
  if (!config.fence_hook_url.empty() && !absl::StartsWith(config.fence_hook_url, "https://") &&
      !absl::StartsWith(config.fence_hook_url, "http://")) {
    return config::InvalidOption("--fence-hook-url", "must begin with https:// or http://");
  }
  if (!config.fence_hook_command.empty()) {
    const std::string& program = config.fence_hook_command.front();
    if (program.front() != '/' || access(program.c_str(), X_OK) != 0) {
      return config::InvalidOption(
          "--fence-hook-command",
          absl::StrCat(program, " is not the full path of a program that can be run"));
    }
  }
  if (!config.fence_hook_ca_file.empty()) {
    if (!absl::StartsWith(config.fence_hook_url, "https://")) {
      return config::InvalidOption("--fence-hook-ca-file",
                                   "is of use only with a --fence-hook-url of https://");
    }
    EVENKEEL_RETURN_IF_ERROR(CheckReadable("--fence-hook-ca-file", config.fence_hook_ca_file));
  }
  const bool has_kubernetes =
      std::any_of(config.clusters.begin(), config.clusters.end(),
                  [](const auto& cluster) { return cluster.access != ClusterConfig::Access::kNone; });
  if (!has_kubernetes && config.client_ca_file.empty()) {
    return config::InvalidOption(
        "--client-ca-file",
        "must be given: without Kubernetes, client certificates are the only identity there is");
  }
  return absl::OkStatus();
}

// What is read further after CLI11 has read it.
struct Texts {
  std::vector<std::string> clusters;
  std::string gateways_file;
  std::string prober_ca_file;
  std::string gate_hook_ca_file;
  std::string listen = ":7443";
  std::string http_listen = ":7445";
};

void AddOptions(CLI::App& app, Texts& texts, Config& config) {
  config::AddTexts(
      app, "--cluster", texts.clusters,
      "A cluster to watch: NAME by this pod's service account, NAME=KUBECONFIG by a file, or NAME=none for "
      "one "
      "without Kubernetes, whose agents are seen but not judged; repeatable. Operators' tokens are reviewed "
      "at the first one that has Kubernetes");
  config::AddText(
      app, "--gateways-file", texts.gateways_file,
      "YAML file of the gateways whose traffic may be switched between clusters (its fields are in "
      "README.md); none: there are none");
  config::AddText(app, "--namespace", config.name_space,
                  "Evenkeel's namespace: of the agents' pods and of the coordinator's claim");
  config::AddText(app, "--data", config.data,
                  "Folder in which decisions and policies are kept; made when it is not there");
  config::AddText(app, "--listen", texts.listen, "[HOST]:PORT for agents and operators (gRPC over TLS)");
  config::AddText(app, "--http-listen", texts.http_listen, "[HOST]:PORT for /livez, /readyz and /metrics");
  config::AddText(app, "--certificate-file", config.certificate_file,
                  "PEM file of the server's certificate; read again when it changes");
  config::AddText(app, "--key-file", config.key_file, "PEM file of its key");
  config::AddText(
      app, "--client-ca-file", config.client_ca_file,
      "PEM file of the CA of client certificates (organisation evenkeel:operators, evenkeel:viewers or "
      "evenkeel:agents:CLUSTER); none: there are none");
  config::AddNumber(
      app, "--event-log-mib", config.event_log_mib, 0, 65536,
      "Size in MiB of the log of what the coordinator was told, from which evenkeel replay works; "
      "in the folder events of --data, the oldest goes first; it has to hold twice what the coordinator "
      "knows, 0.3 MiB for 100 nodes with 30 pods each; 0: none is kept");
  config::AddDuration(app, "--event-log-age", config.event_log_age, absl::Minutes(10), absl::Hours(24 * 90),
                      "How far back that log goes, where its size allows it");
  config::AddText(
      app, "--fence-hook-url", config.fence_hook_url,
      "Fencing hook: a URL to which {cluster, node, uid, decision} are posted as JSON; a 2xx answer is proof "
      "that the node is off. Asked where a policy says fencing.hook");
  config::AddTexts(
      app, "--fence-hook-command", config.fence_hook_command,
      "Fencing hook: a program by its full path, and its arguments, run with EVENKEEL_FENCE_CLUSTER, _NODE, "
      "_UID and _DECISION in its environment; exit code 0 is proof that the node is off");
  config::AddText(app, "--fence-hook-ca-file", config.fence_hook_ca_file,
                  "PEM file of the CA that vouches for the hook's URL, if not the system's");
  config::AddText(app, "--prober-ca-file", texts.prober_ca_file,
                  "PEM file of the CA that vouches for the gateways of https that a switch's prober goes "
                  "through, if not the system's");
  config::AddText(app, "--gate-hook-ca-file", texts.gate_hook_ca_file,
                  "PEM file of the CA that vouches for the https hooks of a switch's gates, if not the "
                  "system's");
  config::AddDuration(app, "--fence-hook-timeout", config.fence_hook_timeout, absl::Seconds(1),
                      absl::Minutes(10), "How long the hook may take each time that it is asked");
  config::AddLogOptions(app, config.log);
}

absl::Status Read(const Texts& texts, Config& config) {
  EVENKEEL_ASSIGN_OR_RETURN(config.clusters, ParseClusters(texts.clusters));
  EVENKEEL_ASSIGN_OR_RETURN(config.gateways, ReadGateways(texts.gateways_file, config.clusters));
  EVENKEEL_ASSIGN_OR_RETURN(config.prober_ca_pem, ReadAuthorities("--prober-ca-file", texts.prober_ca_file));
  EVENKEEL_ASSIGN_OR_RETURN(config.gate_hook_ca_pem,
                            ReadAuthorities("--gate-hook-ca-file", texts.gate_hook_ca_file));
  EVENKEEL_ASSIGN_OR_RETURN(config.listen, ParseListenAddress("--listen", texts.listen));
  EVENKEEL_ASSIGN_OR_RETURN(config.http_listen, ParseListenAddress("--http-listen", texts.http_listen));
  return Check(config);
}

}  // namespace

CommandLine ReadCommandLine(int argc, const char* const* argv) {
  CommandLine result;
  Texts texts;
  CLI::App app(kAbout, "evenkeel-coordinator");
  app.set_version_flag("--version", std::string("evenkeel-coordinator ") + EVENKEEL_VERSION);
  AddOptions(app, texts, result.config);
  result.exit_code = config::Parse(app, argc, argv);
  if (result.exit_code) return result;
  if (const absl::Status status = Read(texts, result.config); !status.ok()) {
    std::cerr << status.message() << "\nevenkeel-coordinator --help explains every flag\n";
    result.exit_code = 2;
  }
  return result;
}

}  // namespace evenkeel::coordinator
