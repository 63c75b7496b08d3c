// The subject of a decision that is about an application and not about a machine: an object with a scale
// subresource (a Deployment, a StatefulSet, a custom resource).
#pragma once

#include <compare>
#include <string>

namespace evenkeel::coordinator {

// A workload of one cluster, as people and policies name it. The version of its API is no part of its name:
// the same object is served by several.
struct Workload {
  std::string group;  // of its API: "apps"; empty = the core group
  std::string kind;   // "Deployment"
  std::string name_space;
  std::string name;                                   // empty = there is no workload
  auto operator<=>(const Workload&) const = default;  // NOLINT(modernize-use-nullptr): no null in it

  bool empty() const { return name.empty(); }
  // For people: "Deployment shop/web"; a group that is not Kubernetes' own is told: "Rollout.argoproj.io
  // shop/web".
  std::string ToString() const;
};

}  // namespace evenkeel::coordinator
