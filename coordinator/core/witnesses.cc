#include "coordinator/core/witnesses.h"

#include <utility>

namespace evenkeel::coordinator {
namespace {

// Walks one domain's names from after `start`, around the end, without the target.
class DomainWalk {
 public:
  DomainWalk(const std::string& domain, const std::set<std::string>& names, const std::string& start,
             const std::string& target)
      : domain_(domain),
        names_(names),
        next_(names.upper_bound(start)),
        left_(names.size()),
        target_(target) {}

  // Appends the next name; false when there is none left.
  bool Take(std::vector<Witness>& into) {
    while (left_ > 0) {
      --left_;
      if (next_ == names_.end()) next_ = names_.begin();
      const std::string& name = *next_++;
      if (name == target_) continue;
      into.push_back({name, domain_});
      return true;
    }
    return false;
  }

 private:
  const std::string& domain_;
  const std::set<std::string>& names_;
  std::set<std::string>::const_iterator next_;
  size_t left_;
  const std::string& target_;
};

}  // namespace

std::vector<Witness> SelectWitnesses(const WitnessLists& lists, const std::string& target,
                                     const std::string& target_domain, const std::string& start,
                                     size_t number) {
  // Domains after the target's come first, around the end; its own last.
  std::vector<DomainWalk> walks;
  const auto after = lists.upper_bound(target_domain);
  for (auto list = after; list != lists.end(); ++list)
    walks.emplace_back(list->first, list->second, start, target);
  for (auto list = lists.begin(); list != after; ++list)
    walks.emplace_back(list->first, list->second, start, target);

  std::vector<Witness> chosen;
  for (bool any = true; any && chosen.size() < number;) {
    any = false;
    for (DomainWalk& walk : walks) {
      if (chosen.size() == number) break;
      any = walk.Take(chosen) || any;
    }
  }
  return chosen;
}

size_t EligibleWitnesses(const WitnessLists& lists, const std::string& target,
                         const std::string& target_domain) {
  size_t eligible = 0;
  for (const auto& [domain, names] : lists) eligible += names.size();
  const auto own = lists.find(target_domain);
  return own == lists.end() ? eligible : eligible - own->second.count(target);
}

size_t EligibleDomains(const WitnessLists& lists, const std::string& target,
                       const std::string& target_domain) {
  const auto own = lists.find(target_domain);
  const bool only_target = own != lists.end() && own->second.size() == own->second.count(target);
  return lists.size() - (only_target ? 1 : 0);
}

}  // namespace evenkeel::coordinator
