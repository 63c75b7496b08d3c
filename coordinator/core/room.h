// Whether there is room elsewhere for the pods of a node. Pure.
//
// It is a rough count, no bound in either direction: it knows CPU, memory and places for pods, and of taints
// no more than that a pod without tolerations of its own stays off a node that has any. Selectors,
// affinities, volumes and quotas are the scheduler's business and make the room smaller; a tighter packing
// and pods that make way for more important ones make it larger.
#pragma once

#include <string>
#include <vector>

#include "coordinator/core/decision.h"
#include "coordinator/core/resources.h"

namespace evenkeel::coordinator {

struct Cluster;

// A node that pods may come to.
struct FreeNode {
  Resources free;
  bool reserved = false;  // has a taint that keeps pods without a toleration off
  bool operator==(const FreeNode&) const = default;
};

struct PodNeed {
  Resources requests;
  bool tolerates = false;  // has tolerations of its own
};

// Gives each pod, in the order in which they come (the most important first), the node on which it leaves the
// least CPU free; a place that is given is gone for those after it. For each pod why it has none, as "of 3
// nodes 2 have too little CPU free (it asks for 500m) and 1 has a taint"; empty: it has one.
std::vector<std::string> FindRoom(std::vector<FreeNode> nodes, const std::vector<PodNeed>& pods);

// The nodes of a cluster that pods of `node` may come to: Ready, in service, not cordoned, not silent.
std::vector<FreeNode> FreeNodes(const Cluster& cluster, const std::string& node);

// Looks for room for every pod that `actions` delete. The pods that have none are put into a stage of their
// own after the others, so that the most important get their places first, and are returned with what they
// need.
struct RoomFound {
  GuardAnswer answer;  // "capacity": never refuses, since pods on a dead node are of no use to anybody
  std::vector<UnplacedPod> unplaced;
};
RoomFound LookForRoom(const Cluster& cluster, const std::string& node, std::vector<Action>& actions);

}  // namespace evenkeel::coordinator
