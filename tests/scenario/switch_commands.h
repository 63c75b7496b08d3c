// The commands of scripts about switches of traffic: gateways with their users, what happens to them, and
// what an operator orders.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "tests/scenario/story.h"
#include "tests/scenario/words.h"
#include "tests/simulation/world.h"

namespace evenkeel::scenario {

class SwitchCommands {
 public:
  // Both outlive it.
  SwitchCommands(World& world, const Story& story);

  // By name. Each returns what it shows at once.
  const std::map<std::string, std::function<std::string(const Words&)>>& all() const { return commands_; }

 private:
  std::string Gateway(const Words& words);
  std::string Switch(const Words& words);
  std::string Begin(const Words& words, bool plan);
  std::string Order(const Words& words, coordinator::SwitchOrder order);
  std::string LostCluster(const Words& words);
  std::string Status(const Words& words) const;
  std::string Route(const Words& words);
  std::string Answers(const Words& words);
  std::string CutCluster(const Words& words, bool cut);
  std::string PowerOffCluster(const Words& words);

  World& world_;
  const Story& story_;
  const std::map<std::string, std::function<std::string(const Words&)>> commands_;
};

}  // namespace evenkeel::scenario
