// What Kubernetes says of a cluster, for those who show it (serve/): more than the core is told, since people
// ask for labels and containers and planners do not.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/facts.h"
#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

struct ObservedNode {
  NodeKey key;
  NodeFacts facts;
  std::map<std::string, std::string> labels;
  std::vector<std::string> taints;  // as kubectl shows them: "key=value:NoSchedule", "key:NoSchedule"
  bool operator==(const ObservedNode&) const = default;
};

struct ObservedContainer {
  std::string name;
  std::string image;
  bool ready = false;
  uint32_t restarts = 0;
  bool operator==(const ObservedContainer&) const = default;
};

struct ObservedPod {
  PodKey key;
  PodFacts facts;
  std::map<std::string, std::string> labels;
  std::string address;  // status.podIP; empty = none yet
  absl::Time create_time;
  std::string reason;     // why it waits, failed or was evicted, as kubectl shows it; empty when it is well
  uint32_t restarts = 0;  // of all containers
  std::vector<ObservedContainer> containers;  // in the pod's order, without init containers
  bool operator==(const ObservedPod&) const = default;
};

// How a cluster's API fares: what ApiChanged tells the core, and what kubectl version tells people.
struct ObservedApi {
  std::string cluster;
  bool reachable = false;
  std::string detail;   // the cause, when it is not reachable
  std::string version;  // as "v1.20.2"; empty until the server told it
  bool operator==(const ObservedApi&) const = default;
};

// Threading: for one cluster, calls come one at a time and in order, from the thread of its Kubernetes
// client; several clusters call at once. A call must not block. Each object comes when it is new or when
// something of it that is shown here changed, and is whole. After a break, what went meanwhile is told as
// gone.
class FleetObserver {
 public:
  virtual ~FleetObserver() = default;
  virtual void OnApi(const ObservedApi& api) = 0;
  virtual void OnNode(const ObservedNode& node) = 0;
  virtual void OnNodeGone(const NodeKey& key) = 0;
  virtual void OnPod(const ObservedPod& pod) = 0;
  virtual void OnPodGone(const PodKey& key) = 0;
};

}  // namespace evenkeel::coordinator
