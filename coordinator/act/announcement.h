#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/core/effects.h"

namespace evenkeel::coordinator {

// Where Events about nodes and clusters live, which have no namespace.
inline constexpr char kEventNamespace[] = "default";

// Where the Event for it lives: beside the workload that it is about.
std::string NamespaceFor(const Announce& announcement);

// The Kubernetes Event (v1, about the workload or the node) for what the core announces. Its name follows
// from decision and step, so that making it twice makes it once.
kube::Json EventFor(const Announce& announcement, absl::Time now);

}  // namespace evenkeel::coordinator
