// The core's deadlines, in order, but for those of its scalers (scale/look_queue.h): setting, clearing and
// finding the next one cost O(log n), whatever the fleet's size.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

enum class TimerKind {
  kSight,            // of a cluster: the start's grace or a stall's hold-down ends
  kRound,            // of a node: the round's answers are due
  kCheck,            // of a silent node: the next round
  kReadmission,      // of a failed-over node: it has been well for long enough
  kDecisionTimeout,  // of a decision: it may not be open any longer
  kRetry,            // of a decision: what was blocked may be asked again
  kOwnHealth,        // of nothing: quiet time eases the coordinator's own patience
  kLatePods,         // of a failover: pods that keep coming to the dead node are looked at again
  kMaintenance,      // of a node: its maintenance is over
  kPause,            // of a cluster: its pause is over
  kAbsorb,           // of a node that is out of service: it stops using up the budget
  kHealth,           // of a node: its symptoms are judged again
  kGrayReadmission,  // of a node tainted for its sickness: it has been well for long enough
  kFence,            // of a dead node: it must have fenced itself by now
  kHook,             // of a dead node: the fencing hook may be asked again
  kBurst,            // of a cluster: the next look at its virtual nodes
  kSwitch,           // of a switch: its next look
};

// One deadline's name; a subject has at most one of each kind. Fields that the kind does not need stay empty.
struct TimerKey {
  TimerKind kind = TimerKind::kSight;
  NodeKey node;  // for a cluster's, node.node is empty
  DecisionId decision;
  std::string subject = {};  // a switch's name
  bool operator==(const TimerKey&) const = default;
  // The node, of two strings, last: most that are compared have none.
  auto operator<=>(const TimerKey& other) const {
    return std::tie(kind, decision, subject, node) <=>
           std::tie(other.kind, other.decision, other.subject, other.node);
  }
};

class Timers {
 public:
  Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // Sets the deadline, in place of the one it had.
  void Set(const TimerKey& key, absl::Time when);
  void Clear(const TimerKey& key);
  // InfiniteFuture when there is none.
  absl::Time Next() const;
  // Takes out the first deadline that is at or before `now`.
  std::optional<TimerKey> PopDue(absl::Time now);
  // The first deadline is before any of that kind at `when`.
  bool IsDueBefore(absl::Time when, TimerKind kind) const;

  // What a checkpoint holds (common/base/bytes_of.h).
  template <typename Self>
  static auto Parts(Self& self) {
    return std::tie(self.when_);
  }
  void PartsChanged();

 private:
  using When = std::map<TimerKey, absl::Time>;
  using Due = std::pair<absl::Time, When::iterator>;
  struct Earlier {  // by what the keys hold, and never by where they are (L12)
    bool operator()(const Due& one, const Due& other) const {
      return one.first != other.first ? one.first < other.first : one.second->first < other.second->first;
    }
  };

  When when_;
  std::set<Due, Earlier> order_;
};

}  // namespace evenkeel::coordinator
