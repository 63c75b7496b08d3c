// A route "backend:SECTION" of HAProxy: backends are groups of the servers of one section, and their weights
// say which share of the requests each gets. Shares are exact, but one command sets one server's weight:
//   - not atomic: what gains is raised first, then what loses is lowered, so that at no time all are 0;
//   - not fenced: HAProxy has no place for a mark beside a server's weight. Marks are remembered by the
//   adapter
//     alone, so a coordinator is kept from going back behind itself, and not from another one. Where that
//     matters, use a map (haproxy_map_route.h).
// A reload keeps weights and states where HAProxy loads its servers' state from a file (deploy/haproxy).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "coordinator/gateway/haproxy_latency.h"
#include "coordinator/gateway/haproxy_link.h"
#include "coordinator/gateway/haproxy_route.h"
#include "coordinator/gateway/haproxy_weights.h"

namespace evenkeel::coordinator::haproxy {

struct ServerRouteOptions {
  std::string section;
  bool state_is_kept = false;  // over a reload, by HAProxy's own means
};

// The link outlives it.
class ServerRoute final : public Route {
 public:
  // INVALID_ARGUMENT: no name of a section.
  static absl::Status Check(const ServerRouteOptions& options);

  ServerRoute(ServerRouteOptions options, Link& link) : options_(std::move(options)), link_(&link) {}

  GatewayAbilities abilities() const override;
  absl::StatusOr<RouteReading> Read(const RouteParts& parts, const Call& call) override;
  ShapeAnswer Shape(const RouteParts& parts, const RouteWish& wish, const Call& call) override;
  absl::StatusOr<std::vector<ServerCheck>> Check(const RouteParts& parts, const std::string& backend,
                                                 const Call& call) override;

 private:
  struct Look {
    std::map<std::string, std::vector<ServerState>> servers;  // by backend
    RouteReading reading;
  };
  struct Attempt;

  absl::StatusOr<Look> LookOnce(const RouteParts& parts, const Call& call);
  absl::Status Tell(Attempt& attempt, const std::string& command, const Call& call);
  absl::Status Set(Attempt& attempt, const ServerState& server, absl::string_view what, const Call& call);
  absl::Status Try(Attempt& attempt, const Call& call);
  absl::Status Raise(Attempt& attempt, const Look& look, const std::map<std::string, uint32_t>& weights,
                     const Call& call);
  absl::Status Lower(Attempt& attempt, const Look& look, const std::map<std::string, uint32_t>& weights,
                     const Call& call);

  const ServerRouteOptions options_;
  Link* const link_;
  std::optional<RouteMark> mark_;   // the greatest that was wished of this adapter, and written
  std::optional<RouteMark> begun_;  // of a wish that was begun to be written, and is not known to be done
  std::map<std::string, uint64_t> cut_;  // by backend
  AnswerTimes times_;
  bool checked_ = false;  // HAProxy checks its servers, as was read last
};

}  // namespace evenkeel::coordinator::haproxy
