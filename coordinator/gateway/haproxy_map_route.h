// A route "map:FILE" of HAProxy (haproxy_route_map.h): backends are sections of its configuration, and one
// map says which share of the requests each gets.
//
// Fencing (L7). Maps have versions: `prepare map` gives a number, `add map @N` fills that version unseen, and
// `commit map @N` puts it in the place of the one that is served, all at once, unless a later one was put
// there before. Every writer prepares first, then reads the mark, and commits only over a lesser one. So
//   - a version that was prepared before another coordinator's commit of a later one can never be committed;
//   - one that was prepared after a commit is prepared by somebody who then reads that commit's mark.
// What is left is a version that was prepared *between* another coordinator's preparing and its commit. So
// the first commit of an epoch is repeated until no version was prepared since: from then on, for as long as
// HAProxy's process lives, nobody with a lesser mark can commit. A reload without a kept file forgets the
// mark; then a coordinator goes by the greatest mark that it has seen itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/haproxy_latency.h"
#include "coordinator/gateway/haproxy_link.h"
#include "coordinator/gateway/haproxy_route.h"
#include "coordinator/gateway/haproxy_route_map.h"

namespace evenkeel::coordinator::haproxy {

struct MapRouteOptions {
  std::string file;  // as HAProxy's configuration names it
  std::string store_id;
  std::string canary_header = "x-evenkeel-canary";  // which HAProxy's configuration looks up
  // The coordinator sees HAProxy's files: it keeps `file` as what is served, so that a reload changes
  // nothing.
  bool keep_file = false;
};

// The link outlives it.
class MapRoute final : public Route {
 public:
  // INVALID_ARGUMENT: a file's name that cannot be told to HAProxy, or a store's id that fits no mark.
  static absl::Status Check(const MapRouteOptions& options);

  MapRoute(MapRouteOptions options, Link& link) : options_(std::move(options)), link_(&link) {}

  GatewayAbilities abilities() const override;
  absl::StatusOr<RouteReading> Read(const RouteParts& parts, const Call& call) override;
  ShapeAnswer Shape(const RouteParts& parts, const RouteWish& wish, const Call& call) override;
  absl::StatusOr<std::vector<ServerCheck>> Check(const RouteParts& parts, const std::string& backend,
                                                 const Call& call) override;

 private:
  struct Look {
    RouteReading reading;
    std::optional<StoredMark> mark;
    MapVersions versions;
  };
  struct Attempt;

  absl::StatusOr<Look> LookOnce(const RouteParts& parts, const Call& call);
  absl::Status Try(Attempt& attempt, const Call& call);
  absl::Status Commit(uint32_t version, const std::vector<MapEntry>& entries, Attempt& attempt,
                      const Call& call);
  void Cut(Attempt& attempt, const Look& before, const Call& call);
  void Remember(const std::optional<StoredMark>& mark);

  const MapRouteOptions options_;
  Link* const link_;
  std::optional<StoredMark> greatest_;  // of our store, that was ever seen
  std::string fenced_;  // instance and epoch for which no lesser mark can be committed any more
  std::map<std::string, uint64_t> cut_;  // by backend
  AnswerTimes times_;
  bool checked_ = false;  // HAProxy checks its servers, as was read last
};

}  // namespace evenkeel::coordinator::haproxy
