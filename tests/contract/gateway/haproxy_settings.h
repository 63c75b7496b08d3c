#pragma once

namespace evenkeel::testing {

// Which of the ways to HAProxy a test program takes: a map, over the Unix socket, leaving files alone; a map,
// over TCP, keeping its file; or the weights of servers.
enum class HaproxyWay { kMap, kKeptMapOverTcp, kServers };
#ifdef EVENKEEL_HAPROXY_WAY
inline constexpr HaproxyWay kHaproxyWay = HaproxyWay::EVENKEEL_HAPROXY_WAY;
#else
inline constexpr HaproxyWay kHaproxyWay = HaproxyWay::kMap;
#endif

}  // namespace evenkeel::testing
