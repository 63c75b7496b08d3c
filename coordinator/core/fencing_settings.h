// What one agent is told about fencing: pure, from what the core knows of its node and of its peers.
#pragma once

#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

// All but the version. Vouchers that the node has stay, as long as they are not failed over; missing ones are
// taken from the nodes that can be asked now, of other failure domains first.
FencingSettings SettingsFor(const Cluster& cluster, const Node& node);

// Kubernetes shows a later boot of the machine than the one whose agent has promised.
bool IsOfAnotherBoot(const ArmedFence& armed, const Node& node);

// Agents are to fence their nodes. Where nothing would be moved off those (mode observe), they would stop
// pods for nothing.
bool AgentsFence(const FailoverPolicy& policy);

// The policy counts on the node's agent, and the agent has confirmed what the policy asks of it. Empty: yes.
// Else why not, as a clause.
std::string WhyNotSelfFenced(const Cluster& cluster, const Node& node);

// None: the policy does not ask for it.
std::optional<SelfFencing> SelfFencingOf(const Cluster& cluster, const Node& node);

// Uids of the pods on the node that wait for proof.
std::vector<std::string> WaitingPods(const Cluster& cluster, const Node& node);

}  // namespace evenkeel::coordinator
