#include "coordinator/gateway/xds/resources.h"

#include <arpa/inet.h>

#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "xds/discovery_v3.pb.h"

namespace evenkeel::coordinator::xds {
namespace {

namespace wire = envoy::service::discovery::v3;

constexpr std::array<const char*, kTypes> kUrls = {
    "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    "type.googleapis.com/envoy.config.listener.v3.Listener",
    "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"};
constexpr char kManagerUrl[] =
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
constexpr char kRouterUrl[] = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

constexpr int32_t kVersion3 = 2;
constexpr int32_t kByDiscovery = 3;
constexpr uint32_t kTotalWeight = 100;
constexpr int64_t kConnectSeconds = 2;

void FromThisStream(wire::ConfigSource& source) {
  source.mutable_ads();
  source.set_resource_api_version(kVersion3);
}

std::string ClusterName(const std::string& route, const std::string& backend) {
  return absl::StrCat(route, "/", backend);
}

std::string ListenerOf(const std::string& name) {
  wire::HttpConnectionManager manager;
  FromThisStream(*manager.mutable_rds()->mutable_config_source());
  manager.mutable_rds()->set_route_config_name(name);
  wire::HttpFilter& router = *manager.add_http_filters();
  router.set_name("router");
  router.mutable_typed_config()->set_type_url(kRouterUrl);
  wire::Listener listener;
  listener.set_name(name);
  wire::Packed& packed = *listener.mutable_api_listener()->mutable_api_listener();
  packed.set_type_url(kManagerUrl);
  packed.set_value(manager.SerializeAsString());
  return listener.SerializeAsString();
}

std::string RouteOf(const std::string& name, const RouteShape& shape) {
  wire::RouteConfiguration configuration;
  configuration.set_name(name);
  wire::VirtualHost& host = *configuration.add_virtual_hosts();
  host.set_name(name);
  // A literal that is assigned here looks like an overlapping copy to GCC 12.
  host.add_domains(std::string("*"));
  if (shape.canary) {
    wire::Route& route = *host.add_routes();
    route.mutable_match()->set_prefix("");
    wire::HeaderMatcher& header = *route.mutable_match()->add_headers();
    header.set_name(shape.canary->header);
    header.set_exact_match(shape.canary->value);
    route.mutable_route()->set_cluster(ClusterName(name, shape.canary->backend));
  }
  wire::Route& route = *host.add_routes();
  route.mutable_match()->set_prefix("");
  wire::WeightedClusters& clusters = *route.mutable_route()->mutable_weighted_clusters();
  clusters.mutable_total_weight()->set_value(kTotalWeight);
  for (const auto& [backend, wish] : shape.backends) {
    if (wish.percent == 0) continue;
    wire::WeightedCluster& cluster = *clusters.add_clusters();
    cluster.set_name(ClusterName(name, backend));
    cluster.mutable_weight()->set_value(wish.percent);
  }
  return configuration.SerializeAsString();
}

std::string ClusterOf(const std::string& name) {
  wire::Cluster cluster;
  cluster.set_name(name);
  cluster.set_type(kByDiscovery);
  FromThisStream(*cluster.mutable_eds_cluster_config()->mutable_eds_config());
  cluster.mutable_connect_timeout()->set_seconds(kConnectSeconds);
  return cluster.SerializeAsString();
}

std::string EndpointsOf(const std::string& name, const std::string& region,
                        const std::vector<Server>& servers) {
  wire::ClusterLoadAssignment assignment;
  assignment.set_cluster_name(name);
  if (servers.empty()) return assignment.SerializeAsString();
  wire::LocalityEndpoints& locality = *assignment.add_endpoints();
  locality.mutable_locality()->set_region(region);
  locality.mutable_load_balancing_weight()->set_value(1);
  for (const Server& server : servers) {
    wire::SocketAddress& address =
        *locality.add_lb_endpoints()->mutable_endpoint()->mutable_address()->mutable_socket_address();
    address.set_address(server.address);
    address.set_port_value(server.port);
  }
  return assignment.SerializeAsString();
}

absl::StatusOr<Server> ParseServer(absl::string_view text) {
  const absl::Status wrong =
      absl::InvalidArgumentError(absl::StrCat("a server is IP:PORT or [IP]:PORT, not \"", text, "\""));
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port) || port == 0 ||
      port > 65535) {
    return wrong;
  }
  absl::string_view host = text.substr(0, colon);
  const bool v6 = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  Server server = {.address = std::string(host), .port = static_cast<uint16_t>(port)};
  in6_addr address;
  if (inet_pton(v6 ? AF_INET6 : AF_INET, server.address.c_str(), &address) != 1) return wrong;
  return server;
}

}  // namespace

const char* UrlOf(Type type) {
  return kUrls[static_cast<size_t>(type)];
}

std::optional<Type> TypeOf(absl::string_view url) {
  for (size_t i = 0; i < kTypes; ++i) {
    if (url == kUrls[i]) return static_cast<Type>(i);
  }
  return std::nullopt;
}

absl::StatusOr<std::map<std::string, std::vector<Server>>> ServersOf(const RouteParts& parts) {
  std::map<std::string, std::vector<Server>> servers;
  for (const auto& [backend, names] : parts) {
    if (names.empty()) return absl::InvalidArgumentError(absl::StrCat("backend ", backend, " has no server"));
    for (const std::string& name : names) {
      EVENKEEL_ASSIGN_OR_RETURN(Server server, ParseServer(name));
      servers[backend].push_back(std::move(server));
    }
  }
  return servers;
}

Snapshot SnapshotOf(const std::map<std::string, ServedRoute>& routes) {
  Snapshot snapshot;
  for (const auto& [name, route] : routes) {
    snapshot.of(Type::kListener)[name] = ListenerOf(name);
    snapshot.of(Type::kRoute)[name] = RouteOf(name, route.shape);
    for (const auto& [backend, wish] : route.shape.backends) {
      const std::string cluster = ClusterName(name, backend);
      snapshot.of(Type::kCluster)[cluster] = ClusterOf(cluster);
      const auto servers = route.servers.find(backend);
      EVENKEEL_CHECK(servers != route.servers.end())
          << "a backend without servers was not refused: " << backend;
      const bool closed = wish.mode == BackendMode::kClosed;
      snapshot.of(Type::kEndpoints)[cluster] =
          EndpointsOf(cluster, backend, closed ? std::vector<Server>() : servers->second);
    }
  }
  return snapshot;
}

std::map<Type, std::set<std::string>> ResourcesOf(const std::string& route, const RouteShape& shape) {
  std::map<Type, std::set<std::string>> names = {{Type::kRoute, {route}}};
  for (const auto& [backend, wish] : shape.backends) {
    names[Type::kCluster].insert(ClusterName(route, backend));
    names[Type::kEndpoints].insert(ClusterName(route, backend));
  }
  return names;
}

}  // namespace evenkeel::coordinator::xds
