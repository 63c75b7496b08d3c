#include "tests/simulation/network.h"

namespace evenkeel::simulation {

bool Network::Reaches(const std::string& from, const std::string& to) const {
  const auto source = machines_.find(from);
  const auto target = machines_.find(to);
  if (source == machines_.end() || target == machines_.end()) return false;
  const Machine& a = source->second;
  const Machine& b = target->second;
  if (a.cut_from_peers || b.cut_from_peers || a.mute || a.deaf || b.mute || b.deaf) return false;
  return !Parted(a.zone, b.zone) && !b.cut_from.contains(from);
}

}  // namespace evenkeel::simulation
