// What Evenkeel writes on a Kubernetes object that is a route, besides the weights: annotations. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/mark.h"

namespace evenkeel::coordinator {

inline constexpr char kMarkAnnotation[] = "evenkeel.dev/switch-mark";
// The modes of backends that do not serve: "blue=closed,grey=draining".
inline constexpr char kModesAnnotation[] = "evenkeel.dev/switch-modes";

// An object may hold several routes: the notes of each are told apart by `part`, which ends their names.
std::optional<StoredMark> MarkOn(const kube::Json& object, absl::string_view part = "");
std::map<std::string, BackendMode> ModesOn(const kube::Json& object, absl::string_view part = "");
// The marks of all parts, by the name of their annotation.
std::map<std::string, StoredMark> AllMarksOn(const kube::Json& object);

// The annotations of a merge patch that makes the object say so; those of other parts stay.
kube::Json NotesOf(const StoredMark& mark, const RouteShape& shape, absl::string_view part = "");

}  // namespace evenkeel::coordinator
