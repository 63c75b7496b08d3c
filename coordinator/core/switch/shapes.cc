#include "coordinator/core/switch/shapes.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

constexpr uint32_t kAll = 100;

bool IsAbout(uint32_t read, uint32_t wished) {
  if (wished == 0 || wished == kAll || read == 0 || read == kAll) return read == wished;
  return read + 1 >= wished && read <= wished + 1;
}

bool IsAsWished(const BackendReading& read, const BackendWish& wished) {
  const bool closed = read.mode == BackendMode::kClosed;
  return IsAbout(read.percent, wished.percent) && closed == (wished.mode == BackendMode::kClosed);
}

std::string SayBackend(const std::string& name, const BackendWish& backend) {
  switch (backend.mode) {
    case BackendMode::kServing:
      return absl::StrCat(backend.percent, " % ", name);
    case BackendMode::kDraining:
      return absl::StrCat(name, " draining");
    case BackendMode::kClosed:
      return absl::StrCat(name, " closed");
  }
  return name;
}

}  // namespace

std::map<std::string, std::vector<std::string>> PartsOf(const SwitchedRoute& route) {
  std::map<std::string, std::vector<std::string>> parts = route.parts;
  for (const Side side : kSides) parts.try_emplace(route.Of(side), 1, route.Of(side));
  return parts;
}

RouteShape ShapeOnBlue(const SwitchedRoute& route) {
  RouteShape shape;
  shape.backends[route.blue] = {.percent = kAll, .mode = BackendMode::kServing};
  shape.backends[route.green] = {.percent = 0, .mode = BackendMode::kDraining};
  return shape;
}

RouteShape ShapeAt(const SwitchedRoute& route, const SwitchStep& step) {
  RouteShape shape;
  const BackendMode blue = step.percent == kAll ? BackendMode::kDraining : BackendMode::kServing;
  shape.backends[route.blue] = {.percent = kAll - step.percent, .mode = blue};
  shape.backends[route.green] = {.percent = step.percent, .mode = BackendMode::kServing};
  if (step.canary) shape.canary = CanaryRule{step.canary->header, step.canary->value, route.green};
  return shape;
}

RouteShape ShapeCommitted(const SwitchedRoute& route, bool close_blue) {
  RouteShape shape;
  shape.backends[route.blue] = {.percent = 0,
                                .mode = close_blue ? BackendMode::kClosed : BackendMode::kDraining};
  shape.backends[route.green] = {.percent = kAll, .mode = BackendMode::kServing};
  return shape;
}

bool IsShaped(const SwitchedRoute& route, const RouteReading& reading, const RouteShape& wished) {
  if (reading.canary != wished.canary) return false;
  for (const auto& [name, backend] : reading.backends) {
    const auto wish = wished.backends.find(name);
    if (wish == wished.backends.end() ? backend.percent != 0 : !IsAsWished(backend, wish->second)) {
      return false;
    }
  }
  return reading.backends.contains(route.blue) && reading.backends.contains(route.green);
}

std::string Say(const SwitchedRoute& route, const RouteShape& shape) {
  std::vector<std::string> parts;
  for (const Side side : {Side::kGreen, Side::kBlue}) {
    const auto found = shape.backends.find(route.Of(side));
    parts.push_back(found == shape.backends.end() ? absl::StrCat("no ", Word(side))
                                                  : SayBackend(Word(side), found->second));
  }
  for (const auto& [name, backend] : shape.backends) {
    if (name == route.blue || name == route.green || backend.percent == 0) continue;
    parts.push_back(SayBackend(name, backend));
  }
  if (shape.canary) {
    parts.push_back(absl::StrCat("requests with ", shape.canary->header, ": ", shape.canary->value, " to ",
                                 shape.canary->backend == route.green ? "green" : shape.canary->backend));
  }
  return Join(parts);
}

std::string Say(const SwitchStep& step) {
  if (step.percent == 0 && step.canary) {
    return absl::StrCat(step.canary->header, ": ", step.canary->value, " to green");
  }
  return absl::StrCat(step.percent, " % to green");
}

}  // namespace evenkeel::coordinator
