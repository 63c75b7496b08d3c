// Routes as xDS resources. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/xds/ads_stream.h"

namespace evenkeel::coordinator::xds {

// The type's URL in requests and answers; nothing for a URL of no type that is served.
const char* UrlOf(Type type);
std::optional<Type> TypeOf(absl::string_view url);

struct Server {
  std::string address;  // an IP address
  uint16_t port = 0;
};

// "IP:PORT" or "[IP]:PORT", of each backend. INVALID_ARGUMENT with what is wrong.
absl::StatusOr<std::map<std::string, std::vector<Server>>> ServersOf(const RouteParts& parts);

struct ServedRoute {
  RouteShape shape;  // has passed CheckShape
  std::map<std::string, std::vector<Server>> servers;
};

// For each route NAME: a listener NAME for clients that are no proxies (xds:///NAME), a route configuration
// NAME, and for each backend the cluster NAME/BACKEND with its endpoints. Clusters of backends that get
// nothing are there, so that a client that keeps all of them (Envoy) has them ready; closed ones are without
// endpoints.
Snapshot SnapshotOf(const std::map<std::string, ServedRoute>& routes);
// What of it says where a route's requests go, by names.
std::map<Type, std::set<std::string>> ResourcesOf(const std::string& route, const RouteShape& shape);

}  // namespace evenkeel::coordinator::xds
