// What HAProxy's own checks of its servers have found. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "coordinator/core/switch/preflight.h"
#include "coordinator/gateway/haproxy_answers.h"

namespace evenkeel::coordinator::haproxy {

// Of each server among the rows, as its last check ended: answered where HAProxy has it up and that check
// succeeded. A server that HAProxy does not check (by its configuration, or in maintenance), or has not
// checked yet, was not tried.
std::vector<ServerCheck> ChecksOf(const std::vector<StatRow>& rows);

// HAProxy checks each server among the rows that is not in maintenance, and there is one.
bool AreChecked(const std::vector<StatRow>& rows);

struct ServersUp {
  uint32_t servers = 0;
  uint32_t up = 0;
};

// How many of the servers among the rows take part, and are up. One that somebody repairs, in maintenance
// while others are not, takes no part; where all are in maintenance, none is up.
ServersUp CountUp(const std::vector<StatRow>& rows);

}  // namespace evenkeel::coordinator::haproxy
