// One route of one HAProxy, of either spelling.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/gateway/gateway.h"

namespace evenkeel::coordinator::haproxy {

// One thread at a time. Read and Shape as Gateway's.
class Route {
 public:
  virtual ~Route() = default;
  virtual GatewayAbilities abilities() const = 0;
  virtual absl::StatusOr<RouteReading> Read(const RouteParts& parts, const Call& call) = 0;
  virtual ShapeAnswer Shape(const RouteParts& parts, const RouteWish& wish, const Call& call) = 0;
};

}  // namespace evenkeel::coordinator::haproxy
