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

// Somebody has taken the server out by itself: it is in maintenance, and its backend was not closed as a
// whole. No wish for the backend puts it back, and it has no part in its share: whoever repairs it does.
// HAProxy keeps no word of who put a server into maintenance, and a wish may end midway (a lost answer, the
// coordinator's end). So a backend is closed, and opened again, by way of draining servers of weight 0:
//   - what is in maintenance with weight 0 beside servers that drain, or with all others, was closed by us;
//   - what has a weight was taken out by somebody; a weight of 0 is made 1 before its backend is drained.
// (So what somebody takes out of a backend that drains already counts as closed with it.)
bool IsLeftOut(const ServerState& server, const std::vector<ServerState>& backend);

// No server that has a part in a backend that shall serve is still kept out: a shape may read as wished while
// only some of its servers were opened.
bool AllTakePart(const std::map<std::string, std::vector<ServerState>>& servers, const RouteShape& shape);

// The shape that the servers' weights and states make. kClosed: all of a backend's servers are in
// maintenance; kDraining: all that are not have weight 0 and some are put to drain.
RouteShape ShapeOfServers(const std::map<std::string, std::vector<ServerState>>& servers);

}  // namespace evenkeel::coordinator::haproxy
