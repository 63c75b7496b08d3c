#pragma once

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/core/effects.h"

namespace evenkeel::coordinator {

// The Kubernetes Event (v1, about the node) for what the core announces. Its name follows from decision and
// step, so that making it twice makes it once.
kube::Json EventFor(const Announce& announcement, absl::Time now);

// Where such Events live: they are about nodes, which have no namespace.
inline constexpr char kEventNamespace[] = "default";

}  // namespace evenkeel::coordinator
