#include "coordinator/core/switch/overlap.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {

std::string OverlapOf(const SwitchSpec& a, const SwitchSpec& b) {
  if (a.name == b.name) return absl::StrCat("the name ", a.name);
  for (const SwitchedRoute& route : a.routes) {
    const bool both = std::any_of(b.routes.begin(), b.routes.end(),
                                  [&route](const SwitchedRoute& other) { return other.key == route.key; });
    if (both) return absl::StrCat("route ", route.key.gateway, "/", route.key.route);
  }
  for (const std::string& cluster : {a.from, a.to}) {
    if (cluster != b.from && cluster != b.to) continue;
    for (const Application& application : a.applications) {
      if (std::find(b.applications.begin(), b.applications.end(), application) == b.applications.end()) {
        continue;
      }
      return absl::StrCat("application ", application.ToString(), " in cluster ", cluster);
    }
  }
  return "";
}

}  // namespace evenkeel::coordinator
