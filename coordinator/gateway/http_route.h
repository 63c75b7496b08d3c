// An HTTPRoute of the Kubernetes Gateway API (gateway.networking.k8s.io, v1 and v1beta1), as a route: one of
// its rules, and the weights of the Services that it names. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/mark.h"

namespace evenkeel::coordinator {

// "NAMESPACE/NAME#RULE", the rule by its place from 0; the first is named without "#RULE". One way to write
// each, so that two switches that hold one rule are seen to.
struct HttpRoutePlace {
  kube::ObjectName name;
  size_t rule = 0;
  // Of the names of its annotations: other rules of the object have their own marks and modes.
  std::string NotesPart() const;
  static absl::StatusOr<HttpRoutePlace> Parse(absl::string_view route);
};

// "NAMESPACE/SERVICE:PORT" of each backend. INVALID_ARGUMENT unless each has exactly one, of its own.
struct ServicePort {
  std::string name_space;
  std::string service;
  int port = 0;
  std::string ToString() const;
  static absl::StatusOr<ServicePort> Parse(absl::string_view text);
};
absl::StatusOr<std::map<std::string, ServicePort>> ServicesOf(const RouteParts& parts);

// What the route's controllers say of its present generation.
struct Acceptance {
  bool accepted = false;  // every parent says Accepted and ResolvedRefs, of this generation
  bool refused = false;   // one says no, of this generation
  std::string words;
};
Acceptance AcceptanceOf(const kube::Json& object);

// INTERNAL where the object is no HTTPRoute, NOT_FOUND where it lacks the rule. A Service that belongs to no
// backend is one of its own name, NAMESPACE/SERVICE:PORT.
absl::StatusOr<RouteReading> ReadHttpRoute(const kube::Json& object, const HttpRoutePlace& place,
                                           const std::map<std::string, ServicePort>& services,
                                           absl::string_view store_id);

// The merge patch that makes the rule so, with the resource version that was read as precondition: weights,
// modes and mark in one write. All else of the route stays; Services that are no backend's are taken out of
// this rule. `object` and the services have passed ReadHttpRoute.
kube::Json PatchOf(const kube::Json& object, const HttpRoutePlace& place,
                   const std::map<std::string, ServicePort>& services, const RouteShape& shape,
                   const StoredMark& mark);

}  // namespace evenkeel::coordinator
