// Who is asked whether a silent node can be reached.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace evenkeel::coordinator {

// Names by failure domain; "" is the domain of those whose domain is not known.
using WitnessLists = std::map<std::string, std::set<std::string>>;

struct Witness {
  std::string node;
  std::string failure_domain;
  bool operator==(const Witness&) const = default;
};

// At most `number` of `lists`, never the target. One of each other failure domain first, then again around
// all domains, the target's own last. In each domain the names after `start` come first, around the end, so
// that different targets (and the rounds of one target, which start at the last witness) ask different nodes.
// Costs O(domains + number * log nodes).
std::vector<Witness> SelectWitnesses(const WitnessLists& lists, const std::string& target,
                                     const std::string& target_domain, const std::string& start,
                                     size_t number);

// How many could be asked about the target.
size_t EligibleWitnesses(const WitnessLists& lists, const std::string& target,
                         const std::string& target_domain);

// The failure domains that these are in.
size_t EligibleDomains(const WitnessLists& lists, const std::string& target,
                       const std::string& target_domain);

}  // namespace evenkeel::coordinator
