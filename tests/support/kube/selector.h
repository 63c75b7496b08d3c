#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "common/kube/kubernetes_api.h"

namespace evenkeel::testing {

// Whether an object matches kubectl-style selectors: "a=b,c!=d,e,!f" over labels,
// "metadata.name=x,spec.nodeName!=y" over fields. Set-based selectors ("in (...)") end the test: the fake
// does not know them.
bool Matches(const kube::Json& object, absl::string_view label_selector, absl::string_view field_selector);

}  // namespace evenkeel::testing
