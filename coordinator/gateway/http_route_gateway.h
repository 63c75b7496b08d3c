// The Kubernetes Gateway API: weights of an HTTPRoute, in one cluster.
//
// Fencing (L7): weights and mark are in one object, written by one patch with the resource version that was
// read as precondition. So nobody's write comes between the look and the write, and the look shows the mark.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/http_route.h"
#include "coordinator/gateway/kube_retry.h"

namespace evenkeel::coordinator {

class HttpRouteGateway final : public Gateway {
 public:
  struct Options {
    std::string store_id;  // of the coordinator; fits a mark
    // For how long a write waits for the controllers' word. It is done without it, too, and its reading then
    // says no more than kConfigured.
    absl::Duration acceptance_patience = absl::Milliseconds(500);
    absl::Duration look_again = absl::Milliseconds(25);  // meanwhile
  };

  // The API outlives it.
  HttpRouteGateway(Options options, kube::KubernetesApi& api) : options_(std::move(options)), api_(&api) {}

  GatewayAbilities abilities() const override;
  absl::StatusOr<RouteReading> Read(const RoutePlace& place, const Call& call) override;
  ShapeAnswer Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) override;
  // None is tried: nobody can be asked what the route's data plane reaches.
  std::vector<ServerCheck> Check(const RoutePlace& place, const BackendCheck& check,
                                 const Call& call) override;

 private:
  struct Look;
  absl::StatusOr<Look> LookOnce(const RoutePlace& place, const Call& call);
  absl::StatusOr<kube::Json> Get(const kube::ObjectName& name, const Call& call);
  absl::Status Try(const RoutePlace& place, const RouteWish& wish, KubeAttempt& attempt, const Call& call);
  void AwaitAcceptance(const RoutePlace& place, const RouteWish& wish, ShapeAnswer& answer, const Call& call);
  kube::Resource HttpRoutes() const;

  const Options options_;
  kube::KubernetesApi* const api_;
  std::string version_ = "v1";  // of the group, that the server was last seen to have
};

}  // namespace evenkeel::coordinator
