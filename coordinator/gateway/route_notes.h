// What Evenkeel writes on a Kubernetes object that is a route, besides the weights: annotations. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/kube/kubernetes_api.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/mark.h"

namespace evenkeel::coordinator {

inline constexpr char kMarkAnnotation[] = "evenkeel.dev/switch-mark";
// The modes of backends that do not serve: "blue=closed,grey=draining".
inline constexpr char kModesAnnotation[] = "evenkeel.dev/switch-modes";

std::optional<StoredMark> MarkOn(const kube::Json& object);
std::map<std::string, BackendMode> ModesOn(const kube::Json& object);

// The annotations of a merge patch that makes the object say so.
kube::Json NotesOf(const StoredMark& mark, const RouteShape& shape);

}  // namespace evenkeel::coordinator
