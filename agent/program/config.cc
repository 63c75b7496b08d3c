#include "agent/program/config.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace evenkeel::agent {
namespace {

constexpr size_t kLongestCluster = 63;
constexpr size_t kLongestNode = 253;

constexpr char kAbout[] =
    "The agent of Evenkeel: reports to the coordinator how this node and its pods are doing, and answers "
    "whether other\n"
    "nodes can be reached. One runs on every node.\n"
    "\n"
    "It proves which node it is with a token of its own pod (--token-file) or, outside a cluster, with a "
    "client\n"
    "certificate (--certificate-file and --key-file).";

struct HostAndPort {
  std::string host;
  uint16_t port = 0;
};

// "host:port", "[v6]:port" or ":port".
absl::StatusOr<HostAndPort> ParseHostAndPort(absl::string_view flag, absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return base::InvalidField(flag,
                              absl::StrCat("\"", text, "\" is not HOST:PORT with a port from 1 to 65535"));
  }
  absl::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  if (!bracketed && host.find(':') != absl::string_view::npos) {
    return base::InvalidField(
        flag, absl::StrCat("\"", text, "\": an IPv6 address goes in brackets, as [::1]:7443"));
  }
  return HostAndPort{.host = std::string(host), .port = static_cast<uint16_t>(port)};
}

// Lower-case letters, digits, '-' and '.', as Kubernetes names things.
absl::Status CheckName(absl::string_view flag, const std::string& name, size_t longest) {
  const bool good = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '.';
  });
  if (name.empty()) {
    return base::InvalidField(flag, "must be given");
  }
  if (!good || name.size() > longest) {
    return base::InvalidField(flag, absl::StrCat("\"", name.substr(0, 80), "\" is not a name: at most ",
                                                 longest, " lower-case letters, digits, '-' and '.'"));
  }
  return absl::OkStatus();
}

// Empty is allowed: whether it must be given is another question.
absl::Status CheckReadable(absl::string_view flag, const std::string& path) {
  if (!path.empty() && access(path.c_str(), R_OK) != 0) {
    return base::InvalidField(flag, absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path)).message());
  }
  return absl::OkStatus();
}

absl::Status CheckIdentity(const Config& config) {
  const bool certificate = !config.certificate_file.empty() || !config.key_file.empty();
  if (config.token_file.empty() && !certificate) {
    return base::InvalidField("--token-file",
                              "must be given, or --certificate-file and --key-file outside a cluster");
  }
  if (!config.token_file.empty() && certificate) {
    return base::InvalidField("--token-file", "is not used together with --certificate-file and --key-file");
  }
  if (config.token_file.empty() && (config.certificate_file.empty() || config.key_file.empty())) {
    return base::InvalidField(config.key_file.empty() ? "--key-file" : "--certificate-file",
                              "must be given too: a certificate needs its key");
  }
  return absl::OkStatus();
}

absl::Status Check(const Config& config) {
  EVENKEEL_RETURN_IF_ERROR(CheckName("--cluster", config.cluster, kLongestCluster));
  EVENKEEL_RETURN_IF_ERROR(CheckName("--node-name", config.node_name, kLongestNode));
  if (config.coordinators.empty()) {
    return base::InvalidField("--coordinator", "must be given: HOST:PORT of a coordinator, or several");
  }
  for (const std::string& coordinator : config.coordinators) {
    EVENKEEL_ASSIGN_OR_RETURN(const HostAndPort address, ParseHostAndPort("--coordinator", coordinator));
    if (address.host.empty()) {
      return base::InvalidField("--coordinator", absl::StrCat("\"", coordinator, "\" has no host"));
    }
  }
  if (config.ca_file.empty()) {
    return base::InvalidField("--ca-file", "must be given: the certificate that vouches for the coordinator");
  }
  EVENKEEL_RETURN_IF_ERROR(CheckIdentity(config));
  for (const auto& [flag, path] : {std::pair<const char*, const std::string&>{"--ca-file", config.ca_file},
                                   {"--token-file", config.token_file},
                                   {"--certificate-file", config.certificate_file},
                                   {"--key-file", config.key_file},
                                   {"--kubelet-ca-file", config.kubelet_ca_file},
                                   {"--kubelet-token-file", config.kubelet_token_file},
                                   {"--host-root", config.host_root}}) {
    EVENKEEL_RETURN_IF_ERROR(CheckReadable(flag, path));
  }
  in6_addr address;
  if (inet_pton(AF_INET, config.kubelet_address.c_str(), &address) != 1 &&
      inet_pton(AF_INET6, config.kubelet_address.c_str(), &address) != 1) {
    return base::InvalidField("--kubelet-address",
                              absl::StrCat("\"", config.kubelet_address, "\" is not an IP address"));
  }
  if (config.kubelet_port == 0) {
    return base::InvalidField("--kubelet-port", "must be from 1 to 65535");
  }
  if (!config.fence_directory.empty() && access(config.fence_directory.c_str(), W_OK) != 0) {
    return base::InvalidField(
        "--fence-directory",
        absl::ErrnoToStatus(errno, absl::StrCat("cannot write to ", config.fence_directory)).message());
  }
  if (!config.watchdog_device.empty() && config.fence_directory.empty()) {
    return base::InvalidField("--watchdog-device", "is of use only with --fence-directory");
  }
  if (config.runtime_socket.empty() || config.runtime_socket.front() != '/') {
    return base::InvalidField("--runtime-socket", "must be a path that begins with '/'");
  }
  if (!config.restart_folder.empty() && config.restart_folder.front() != '/') {
    return base::InvalidField("--restart-folder", "must be a path that begins with '/'");
  }
  return absl::OkStatus();
}

}  // namespace

std::string Config::KubeletUrl() const {
  const bool v6 = kubelet_address.find(':') != std::string::npos;
  return absl::StrCat("https://", v6 ? "[" : "", kubelet_address, v6 ? "]" : "", ":", kubelet_port);
}

absl::StatusOr<CommandLine> ReadCommandLine(int argc, const char* const* argv) {
  CommandLine result;
  Config& config = result.config;
  std::string listen = ":7444";
  std::string watchdog_timeout = "30s";
  std::string log_level = "info";
  std::string log_format = "text";

  CLI::App app(kAbout, "evenkeel-agent");
  app.set_version_flag("--version", std::string("evenkeel-agent ") + EVENKEEL_VERSION);
  const auto add = [&app](const std::string& name, auto& target, const std::string& help) {
    std::string variable = "EVENKEEL_" + name;
    for (char& c : variable) {
      c = c == '-' ? '_' : absl::ascii_toupper(static_cast<unsigned char>(c));
    }
    return app.add_option("--" + name, target, help)->envname(variable)->capture_default_str();
  };
  add("cluster", config.cluster, "Name of the cluster, as the coordinator knows it");
  add("node-name", config.node_name, "Name of this Kubernetes node");
  add("coordinator", config.coordinators, "HOST:PORT of a coordinator; repeatable, tried in turn")
      ->delimiter(',');
  add("ca-file", config.ca_file, "PEM file of the CA that vouches for the coordinator");
  add("server-name", config.server_name,
      "Name in the coordinator's certificate, if not the host of --coordinator");
  add("token-file", config.token_file, "Projected service-account token with the audience evenkeel.dev");
  add("certificate-file", config.certificate_file, "PEM file of a client certificate, instead of a token");
  add("key-file", config.key_file, "PEM file of that certificate's key");
  add("host-root", config.host_root, "Where the host's /proc, /sys, /run and /var are found");
  add("kubelet-address", config.kubelet_address, "IP address at which this node's kubelet listens");
  add("kubelet-port", config.kubelet_port, "Its port");
  add("kubelet-ca-file", config.kubelet_ca_file, "PEM file of the CA that vouches for the kubelet");
  add("kubelet-token-file", config.kubelet_token_file, "Service-account token to ask the kubelet with");
  add("runtime-socket", config.runtime_socket, "Socket of the container runtime, below --host-root");
  add("restart-folder", config.restart_folder,
      "Folder of the host, below --host-root, in which the agent may ask for restarts of the kubelet and the "
      "container\nruntime; empty: it may not");
  add("fence-directory", config.fence_directory,
      "Folder of the host that is gone with its boot, as /run/evenkeel/fence, in which is kept that and "
      "when\nthis "
      "node fences itself; none: it never does");
  add("watchdog-device", config.watchdog_device,
      "The machine's watchdog, as /dev/watchdog, which resets it when it is to be fenced and the agent "
      "does\nnot run");
  add("watchdog-timeout", watchdog_timeout, "How long the watchdog waits: 5s to 5m");
  add("listen", listen,
      "[HOST]:PORT for /livez, /readyz and /metrics; peers probe this port on the node's address");
  add("log-level", log_level, "debug, info, warn or error");
  add("log-format", log_format, "text or json");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    result.text_to_print =
        dynamic_cast<const CLI::CallForVersion*>(&asked) != nullptr ? asked.what() : app.help();
    return result;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }

  EVENKEEL_ASSIGN_OR_RETURN(const HostAndPort address, ParseHostAndPort("--listen", listen));
  config.listen_address = address.host;
  config.listen_port = address.port;
  if (!absl::ParseDuration(watchdog_timeout, &config.watchdog_timeout) ||
      config.watchdog_timeout < absl::Seconds(5) || config.watchdog_timeout > absl::Minutes(5)) {
    return base::InvalidField("--watchdog-timeout", "must be a duration from 5s to 5m");
  }
  const auto level = log::ParseLevel(log_level);
  if (!level.ok()) {
    return base::InvalidField("--log-level", level.status().message());
  }
  config.log_level = *level;
  const auto format = log::ParseFormat(log_format);
  if (!format.ok()) {
    return base::InvalidField("--log-format", format.status().message());
  }
  config.log_format = *format;
  EVENKEEL_RETURN_IF_ERROR(Check(config));
  return result;
}

}  // namespace evenkeel::agent
