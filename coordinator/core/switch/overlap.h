// L3: at most one switch is under way for an application and for a route. Pure.
#pragma once

#include <string>

#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

// What both have, in words: "application shop/web in cluster east", "route edge/web"; empty: nothing. A
// switch back is another switch of the same application, so it waits for the first one's end.
std::string OverlapOf(const SwitchSpec& a, const SwitchSpec& b);

}  // namespace evenkeel::coordinator
