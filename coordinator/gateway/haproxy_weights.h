// Shares of backends as weights of HAProxy's servers, and back. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/haproxy_answers.h"

namespace evenkeel::coordinator::haproxy {

inline constexpr uint32_t kLargestWeight = 256;
// How far a share may be off, in percent of all requests.
inline constexpr double kShareTolerance = 0.5;

// The weight of each server of each backend, so that a backend's servers together have its share. `servers`:
// how many it is made of. 0 exactly where the share is 0. INVALID_ARGUMENT where whole weights up to 256 do
// not come within kShareTolerance (many servers of very different shares), or a backend with a share has no
// server.
absl::StatusOr<std::map<std::string, uint32_t>> WeightsOf(const RouteShape& shape,
                                                          const std::map<std::string, size_t>& servers);

// Which backend each server of a section belongs to: names as they are, or with one '*' at the end. A server
// of nobody's is a backend of its own name. INVALID_ARGUMENT: a server is of two backends; NOT_FOUND: a
// backend has none.
absl::StatusOr<std::map<std::string, std::vector<ServerState>>> Grouped(
    const std::vector<ServerState>& servers, const RouteParts& parts);

// Somebody has taken the server out by itself: it is in maintenance, and not all of its backend are. No wish
// for the backend touches it, and it has no part in its share: whoever repairs it puts it back.
bool IsLeftOut(const ServerState& server, const std::vector<ServerState>& backend);

// The shape that the servers' weights and states make. kClosed: all of a backend's servers are in
// maintenance; kDraining: all that are not have weight 0 and some are put to drain.
RouteShape ShapeOfServers(const std::map<std::string, std::vector<ServerState>>& servers);

}  // namespace evenkeel::coordinator::haproxy
