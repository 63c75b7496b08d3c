#include "coordinator/core/switch/gateway_facts.h"

namespace evenkeel::coordinator {

RouteShape ShapeOf(const RouteReading& reading) {
  RouteShape shape{.backends = {}, .canary = reading.canary};
  for (const auto& [name, backend] : reading.backends) {
    shape.backends[name] = {.percent = backend.percent, .mode = backend.mode};
  }
  return shape;
}

}  // namespace evenkeel::coordinator
