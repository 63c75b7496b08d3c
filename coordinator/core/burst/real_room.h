// What real nodes have free, and how many more pods of one shape they have room for: the rough count of
// room.h, of many equal pods at once. Kept as it changes, so that nobody who asks must look at every node.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/time/time.h"
#include "coordinator/core/room.h"

namespace evenkeel::coordinator {

class RealRoom {
 public:
  // A node that new pods may come to, Ready since `since`, in place of what was known of it. True: that was
  // something else. O(log nodes).
  bool Put(const std::string& node, absl::Time since, const FreeNode& free);
  // No new pods may come to it. True: they might before. O(log nodes).
  bool Erase(const std::string& node);

  // It is such a node.
  bool Has(const std::string& node) const { return nodes_.contains(node); }

  // At most `most`, on nodes that have been Ready since `since` or before. O(nodes that have the CPU for one,
  // until there is room for `most`).
  int64_t HowManyFit(const PodNeed& each, int64_t most, absl::Time since = absl::InfiniteFuture()) const;

  // When the first of the nodes that have not been Ready at `time` yet became so; InfiniteFuture: none is
  // left.
  absl::Time FirstReadyAfter(absl::Time time) const;

  // What a checkpoint holds (common/base/bytes_of.h); the rest follows from it.
  template <typename Self>
  static auto Parts(Self& self) {
    return std::tie(self.nodes_);
  }
  void PartsChanged();

 private:
  struct Known {
    absl::Time since;
    FreeNode free;
  };

  std::map<std::string, Known> nodes_;
  std::set<std::pair<int64_t, std::string>> by_cpu_;      // that is free, in millicores
  std::set<std::pair<absl::Time, std::string>> by_time_;  // Ready since then
};

}  // namespace evenkeel::coordinator
