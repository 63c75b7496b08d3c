// What a route is wished to be at each point of a switch, and whether it is so. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

// What each backend is made of: as the operator said, else of what has the backend's own name in the gateway.
// A gateway reads, counts and checks only those that it is told of.
std::map<std::string, std::vector<std::string>> PartsOf(const SwitchedRoute& route);

// Everything on blue, green open for none that is new: what a switch begins with and a rollback restores.
RouteShape ShapeOnBlue(const SwitchedRoute& route);
// So much on green. With 100 % blue drains: what is in flight there goes on.
RouteShape ShapeAt(const SwitchedRoute& route, const SwitchStep& step);
// Everything on green for good; `close_blue`: blue is out of use.
RouteShape ShapeCommitted(const SwitchedRoute& route, bool close_blue);

// Whether the reading is as was wished, as far as traffic goes: a share that the gateway's granularity
// misses by one percent is the same but for 0 and 100, and so are both ways to get nothing that is new. Other
// backends must get nothing.
bool IsShaped(const SwitchedRoute& route, const RouteReading& reading, const RouteShape& wished);

// "10 % green, 90 % blue", "100 % green, blue draining"; other backends with traffic are named.
std::string Say(const SwitchedRoute& route, const RouteShape& shape);

// What the step is called: "10 % to green", "x-canary: yes to green".
std::string Say(const SwitchStep& step);

}  // namespace evenkeel::coordinator
