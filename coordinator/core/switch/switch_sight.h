// What is known of one switch, put together for those who judge: its preflight and its next look.
#pragma once

#include <map>
#include <set>
#include <string>

#include "coordinator/core/switch/advance.h"
#include "coordinator/core/switch/preflight.h"
#include "coordinator/core/switch/switch_desk.h"

namespace evenkeel::coordinator {

// Every question of the preflight has its answer.
bool IsComplete(const Switch& one);
PreflightFacts FactsOf(const Switch& one, const SwitchHost& host, const std::set<std::string>& conflicts);
SwitchSight SightOf(const Switch& one, const SwitchHost& host);

// Ready pods of each application in the cluster; those that are not seen have none.
std::map<Application, uint32_t> ReadyIn(const Switch& one, const std::string& cluster);

bool Concerns(const Switch& one, const std::string& cluster, const Application& application);

// An answer to the route's pending wish. What is said to be done counts only as it was read back.
void TakeAnswer(SwitchRecord& record, const SwitchedRoute& switched, RouteDesk& route,
                const ActionFinished& answer, absl::Time now);

}  // namespace evenkeel::coordinator
