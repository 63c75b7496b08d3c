#include "coordinator/core/switch/overlap.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace evenkeel::coordinator {
namespace {

// The order of a selector's requirements means nothing.
std::vector<std::string> RequirementsOf(const std::string& selector) {
  std::vector<std::string> parts =
      absl::StrSplit(absl::StrReplaceAll(selector, {{" ", ""}, {"==", "="}}), ',');
  std::sort(parts.begin(), parts.end());
  return parts;
}

bool AreSame(const Application& a, const Application& b) {
  return a.name_space == b.name_space && a.service == b.service &&
         RequirementsOf(a.selector) == RequirementsOf(b.selector);
}

}  // namespace

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
      const bool both =
          std::any_of(b.applications.begin(), b.applications.end(),
                      [&application](const Application& other) { return AreSame(application, other); });
      if (!both) continue;
      return absl::StrCat("application ", application.ToString(), " in cluster ", cluster);
    }
  }
  return "";
}

}  // namespace evenkeel::coordinator
