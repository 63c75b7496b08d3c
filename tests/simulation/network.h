// Which ways are open: between nodes, to the coordinator, to the API server. Answers about this instant; what
// was sent and is lost, late or repeated is the business of those who send.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/simulation/machine.h"

namespace evenkeel::simulation {

class Network {
 public:
  explicit Network(const std::map<std::string, Machine>& machines) : machines_(machines) {}

  // ---- faults ----
  void Split(const std::string& zone, const std::string& other) { splits_.insert(std::minmax(zone, other)); }
  void HealSplits() { splits_.clear(); }
  void CutCoordinator(bool from_nodes, bool from_api) {
    coordinator_cut_from_nodes_ = from_nodes;
    coordinator_cut_from_api_ = from_api;
  }
  // Where coordinator and API server stand; empty: outside all zones.
  void PlaceCoordinator(const std::string& zone) { coordinator_zone_ = zone; }
  void PlaceApi(const std::string& zone) { api_zone_ = zone; }

  // ---- ways; the machines at their ends need not run ----
  bool NodeToCoordinator(const Machine& from) const {
    return !from.cut_from_coordinator && !from.mute && !coordinator_cut_from_nodes_ &&
           !Parted(from.zone, coordinator_zone_);
  }
  bool CoordinatorToNode(const Machine& to) const {
    return !to.cut_from_coordinator && !to.deaf && !coordinator_cut_from_nodes_ &&
           !Parted(to.zone, coordinator_zone_);
  }
  // A connection from one node to the other: it needs both directions.
  bool Reaches(const std::string& from, const std::string& to) const;
  bool NodeAndApi(const Machine& node) const { return !node.cut_from_api && !Parted(node.zone, api_zone_); }
  bool CoordinatorAndApi() const {
    return !coordinator_cut_from_api_ && !Parted(coordinator_zone_, api_zone_);
  }

 private:
  bool Parted(const std::string& a, const std::string& b) const {
    return !splits_.empty() && a != b && splits_.contains(std::minmax(a, b));
  }

  const std::map<std::string, Machine>& machines_;
  std::set<std::pair<std::string, std::string>> splits_;
  bool coordinator_cut_from_nodes_ = false;
  bool coordinator_cut_from_api_ = false;
  std::string coordinator_zone_;
  std::string api_zone_;
};

}  // namespace evenkeel::simulation
