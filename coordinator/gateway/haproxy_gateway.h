// HAProxy, through its runtime socket. Routes:
//
//     map:FILE          a map chooses among backend sections (haproxy_map_route.h): atomic and fenced
//     backend:SECTION   the weights of one section's servers (haproxy_server_route.h): neither, but exact
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/haproxy_link.h"
#include "coordinator/gateway/haproxy_map_route.h"
#include "coordinator/gateway/haproxy_route.h"

namespace evenkeel::coordinator {

class HaproxyGateway final : public Gateway {
 public:
  struct Options {
    haproxy::LinkOptions link;
    std::string store_id;  // of the coordinator
    std::string canary_header = "x-evenkeel-canary";
    bool keep_files = false;            // the coordinator sees HAProxy's files
    bool server_state_is_kept = false;  // over a reload, by HAProxy's own means
  };

  explicit HaproxyGateway(Options options);

  // Of a map. A route of servers can do less: it says so itself, in AbilitiesOf.
  GatewayAbilities abilities() const override;
  absl::StatusOr<GatewayAbilities> AbilitiesOf(const RoutePlace& place) override;
  absl::StatusOr<RouteReading> Read(const RoutePlace& place, const Call& call) override;
  ShapeAnswer Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) override;
  // What HAProxy's own checks found last.
  std::vector<ServerCheck> Check(const RoutePlace& place, const BackendCheck& check,
                                 const Call& call) override;

 private:
  absl::StatusOr<haproxy::Route*> RouteOf(const RoutePlace& place);
  haproxy::MapRouteOptions MapOptions(const std::string& file) const;

  const Options options_;
  haproxy::Link link_;
  std::map<std::string, std::unique_ptr<haproxy::Route>> routes_;  // by name; remembers what it saw
};

}  // namespace evenkeel::coordinator
