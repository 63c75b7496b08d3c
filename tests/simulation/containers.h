// What really runs on the machines, whatever the API server believes: the truth that L5 is about. A container
// lives from its kubelet's start of it until its kubelet stops it or its machine goes off. One that hangs
// with its machine counts as running: it goes on when the machine does.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace evenkeel::simulation {

class Containers {
 public:
  struct Container {
    std::string uid;  // of its pod
    std::string
        identity;  // what must not run twice: a StatefulSet's pod name, an exclusive claim; empty: it may
  };

  // Does nothing if it runs already.
  void Start(const std::string& node, const Container& container) {
    running_[node].emplace(container.uid, container);
  }
  void Stop(const std::string& node, const std::string& uid) {
    if (const auto found = running_.find(node); found != running_.end()) found->second.erase(uid);
  }
  void MachineOff(const std::string& node) { running_.erase(node); }

  bool Runs(const std::string& node, const std::string& uid) const {
    const auto found = running_.find(node);
    return found != running_.end() && found->second.contains(uid);
  }
  // By pod uid; what its kubelet goes through.
  const std::map<std::string, Container>& On(const std::string& node) const {
    static const std::map<std::string, Container> none;
    const auto found = running_.find(node);
    return found == running_.end() ? none : found->second;
  }

  // Machines on which the identity runs now.
  std::vector<std::string> WhereRuns(const std::string& identity) const {
    std::vector<std::string> nodes;
    for (const auto& [node, containers] : running_) {
      for (const auto& [uid, container] : containers) {
        if (container.identity == identity) nodes.push_back(node);
      }
    }
    return nodes;
  }

 private:
  std::map<std::string, std::map<std::string, Container>> running_;
};

}  // namespace evenkeel::simulation
