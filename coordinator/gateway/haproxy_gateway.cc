#include "coordinator/gateway/haproxy_gateway.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "coordinator/gateway/haproxy_server_route.h"

namespace evenkeel::coordinator {
namespace {

// Far more than a switch has; a route that is not used again costs a few hundred bytes.
constexpr size_t kMostRoutes = 256;

}  // namespace

HaproxyGateway::HaproxyGateway(Options options) : options_(std::move(options)), link_(options_.link) {}

haproxy::MapRouteOptions HaproxyGateway::MapOptions(const std::string& file) const {
  return {.file = file,
          .store_id = options_.store_id,
          .canary_header = options_.canary_header,
          .keep_file = options_.keep_files};
}

GatewayAbilities HaproxyGateway::abilities() const {
  haproxy::Link link(options_.link);
  return haproxy::MapRoute(MapOptions(""), link).abilities();
}

absl::StatusOr<GatewayAbilities> HaproxyGateway::AbilitiesOf(const RoutePlace& place) {
  EVENKEEL_ASSIGN_OR_RETURN(haproxy::Route* const route, RouteOf(place));
  return route->abilities();
}

absl::StatusOr<haproxy::Route*> HaproxyGateway::RouteOf(const RoutePlace& place) {
  const auto found = routes_.find(place.route);
  if (found != routes_.end()) return found->second.get();
  if (routes_.size() >= kMostRoutes) return absl::ResourceExhaustedError("too many routes of one HAProxy");
  absl::string_view name = place.route;
  std::unique_ptr<haproxy::Route> route;
  if (absl::ConsumePrefix(&name, "map:")) {
    haproxy::MapRouteOptions options = MapOptions(std::string(name));
    EVENKEEL_RETURN_IF_ERROR(haproxy::MapRoute::Check(options));
    route = std::make_unique<haproxy::MapRoute>(std::move(options), link_);
  } else if (absl::ConsumePrefix(&name, "backend:")) {
    haproxy::ServerRouteOptions options = {.section = std::string(name),
                                           .state_is_kept = options_.server_state_is_kept};
    EVENKEEL_RETURN_IF_ERROR(haproxy::ServerRoute::Check(options));
    route = std::make_unique<haproxy::ServerRoute>(std::move(options), link_);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("a route of HAProxy is map:FILE or backend:SECTION, not \"", place.route, "\""));
  }
  return routes_.emplace(place.route, std::move(route)).first->second.get();
}

absl::StatusOr<RouteReading> HaproxyGateway::Read(const RoutePlace& place, const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(haproxy::Route* const route, RouteOf(place));
  return route->Read(place.parts, call);
}

ShapeAnswer HaproxyGateway::Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) {
  const absl::StatusOr<haproxy::Route*> route = RouteOf(place);
  if (!route.ok()) return {ActionOutcome::kRefused, std::string(route.status().message()), std::nullopt};
  return (*route)->Shape(place.parts, wish, call);
}

std::vector<ServerCheck> HaproxyGateway::Check(const RoutePlace& place, const BackendCheck& check,
                                               const Call& call) {
  const absl::StatusOr<haproxy::Route*> route = RouteOf(place);
  if (!route.ok()) return NotTried(check.backend, std::string(route.status().message()));
  absl::StatusOr<std::vector<ServerCheck>> found = (*route)->Check(place.parts, check.backend, call);
  if (absl::IsNotFound(found.status())) return {};
  if (!found.ok()) return NotTried(check.backend, std::string(found.status().message()));
  return *std::move(found);
}

}  // namespace evenkeel::coordinator
