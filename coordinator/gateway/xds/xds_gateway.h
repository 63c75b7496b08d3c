// xDS: the coordinator itself is the gateway's control plane. Route: a name, by which clients ask
// (xds:///NAME); a backend is servers, IP:PORT. gRPC clients and Envoy follow the shares.
//
// What is served is kept in a file (xds/routes_file.h), in which an operator says what each route begins
// with: so it is all served again after a start, before any client can hear an answer that lacks a route and
// would take it away. Without a file a route is not served before its first wish after a start.
//
// Fencing (L7): marks order what this coordinator says, and no place is shared with another one: clients
// follow the server that they are connected to. A coordinator that is overtaken ends its streams
// (AdsServer::End), and its clients go to the next server of their list.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/xds/ads_server.h"
#include "coordinator/gateway/xds/resources.h"

namespace evenkeel::coordinator {

class XdsGateway final : public Gateway {
 public:
  struct Options {
    std::string instance;     // another one for each start of the coordinator
    std::string store_id;     // of the coordinator; fits a mark. Needed with a file only
    std::string routes_file;  // empty: none
    // For how long a write waits for its clients' word. It is done without it, too, and its reading then says
    // no more than kConfigured.
    absl::Duration acceptance_patience = absl::Milliseconds(500);
  };

  // The server outlives it, and serves what this gateway says alone. Nothing is read yet.
  XdsGateway(Options options, xds::AdsServer& server) : options_(std::move(options)), server_(&server) {}

  // The same, serving what the file says; one that is not there is made with the first wish. An error says by
  // its field what is wrong with the file, or why it cannot be read.
  static absl::StatusOr<std::unique_ptr<XdsGateway>> Open(Options options, xds::AdsServer& server);

  GatewayAbilities abilities() const override;
  absl::StatusOr<RouteReading> Read(const RoutePlace& place, const Call& call) override;
  ShapeAnswer Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) override;
  // None is tried: it is the clients that connect to the servers, and each from its own place.
  std::vector<ServerCheck> Check(const RoutePlace& place, const BackendCheck& check,
                                 const Call& call) override;

 private:
  struct Served {
    xds::ServedRoute route;
    std::optional<RouteMark> mark;  // none: as the file's author has it
  };
  RouteReading ReadingOf(const Served& served) const;
  void Serve();
  absl::Status Keep() const;

  const Options options_;
  xds::AdsServer* const server_;
  std::map<std::string, Served> served_;
};

}  // namespace evenkeel::coordinator
