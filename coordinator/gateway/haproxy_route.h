// One route of one HAProxy, of either spelling.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/gateway/gateway.h"

namespace evenkeel::coordinator::haproxy {

// One thread at a time. Read, Shape and Check as Gateway's.
class Route {
 public:
  virtual ~Route() = default;
  virtual GatewayAbilities abilities() const = 0;  // as far as was read
  virtual absl::StatusOr<RouteReading> Read(const RouteParts& parts, const Call& call) = 0;
  virtual ShapeAnswer Shape(const RouteParts& parts, const RouteWish& wish, const Call& call) = 0;
  // An error where HAProxy did not answer, or has no such backend.
  virtual absl::StatusOr<std::vector<ServerCheck>> Check(const RouteParts& parts, const std::string& backend,
                                                         const Call& call) = 0;
};

}  // namespace evenkeel::coordinator::haproxy
