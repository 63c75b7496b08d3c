// What HAProxy's own checks of its servers have found. Pure.
#pragma once

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

}  // namespace evenkeel::coordinator::haproxy
