// The routes that are served, as a file: so a restart goes on with all of them, and an operator says there
// what a route begins with. Pure. JSON:
//
//     {"routes": {"shop": {"backends": {
//         "blue": {"percent": 100, "servers": ["10.1.0.10:80", "10.1.0.11:80"]},
//         "green": {"percent": 0, "servers": ["[fd00::7]:80"]}}}}}
//
// Beside percent and servers a backend may have a mode ("serving", "draining", "closed"), and beside its
// backends a route a canary rule and the mark of who wished it last: these are Evenkeel's to write.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/gateway/mark.h"
#include "coordinator/gateway/xds/resources.h"

namespace evenkeel::coordinator::xds {

struct KeptRoute {
  ServedRoute route;
  std::optional<StoredMark> mark;  // none: as an operator wrote it
};

bool IsRouteName(absl::string_view name);

// INVALID_ARGUMENT by the field's name: "routes.shop.backends.blue.servers: ...". Every route has passed
// CheckShape.
absl::StatusOr<std::map<std::string, KeptRoute>> ParseRoutes(absl::string_view text);

// What ParseRoutes reads.
std::string RoutesText(const std::map<std::string, KeptRoute>& routes);

}  // namespace evenkeel::coordinator::xds
