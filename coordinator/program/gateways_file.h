// The file of --gateways-file: which gateways the coordinator may switch, of which kind, and how it reaches
// them. README.md has the reference.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/gateway/haproxy_socket.h"
#include "coordinator/program/listen_address.h"

namespace evenkeel::coordinator {

inline constexpr size_t kMostGateways = 64;

// kind: haproxy
struct HaproxySettings {
  haproxy::SocketAddress socket;
  std::optional<haproxy::SocketAddress> master_socket;
  absl::Duration old_process_lasts = absl::Minutes(15);  // without the master's socket
  std::string canary_header = "x-evenkeel-canary";
  bool keep_files = false;
  bool server_state_is_kept = false;
};

// Credentials for a gateway that lives in Kubernetes.
struct ClusterAccess {
  std::string cluster;
  std::string kubeconfig;  // in place of what the coordinator has for that cluster; empty: the same
  bool operator==(const ClusterAccess&) const = default;
};
// kind: http-route
struct HttpRouteSettings {
  ClusterAccess access;
};
// kind: endpoint-slices
struct EndpointSlicesSettings {
  ClusterAccess access;
};

// kind: xds
struct XdsSettings {
  ListenAddress listen;
  bool plaintext = false;   // else with the coordinator's own certificate
  std::string routes_file;  // what is served is kept there, and served from it after a start
};

struct GatewayConfig {
  std::string name;
  std::variant<HaproxySettings, HttpRouteSettings, EndpointSlicesSettings, XdsSettings> settings;
};

// `clusters`: those of --cluster that have Kubernetes. INVALID_ARGUMENT begins with the field, as
// "gateways[edge].socket: ...": what is missing, unknown, malformed, or another gateway's already.
absl::StatusOr<std::vector<GatewayConfig>> ParseGateways(const std::string& yaml,
                                                         const std::set<std::string>& clusters);

// The same of a file; errors begin with its path.
absl::StatusOr<std::vector<GatewayConfig>> LoadGateways(const std::string& path,
                                                        const std::set<std::string>& clusters);

}  // namespace evenkeel::coordinator
