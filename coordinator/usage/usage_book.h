// The CPU of the pods that somebody asked for, of one cluster: from reports to what the core is told. Pure:
// no clock, thread or stream; the caller brings the time and synchronises.
//
// A report names only the containers of which something has changed. So while a node's agent speaks, a pod
// that it does not name is as it was: an even load is not a loss of samples. Where the agent is silent, the
// pod's samples have stopped (usage_window.h: seen, held, missing).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/scale/usage_window.h"
#include "coordinator/core/scale/workload_facts.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::coordinator {

class UsageBook {
 public:
  static constexpr size_t kMostPods = 131072;  // more are not watched, and Watch says so

  // In place of what was asked of that pod before. What its node has told already is there at once. False:
  // kMostPods are watched.
  bool Watch(const WatchUsage& request);
  void Unwatch(const std::string& pod_uid);

  // A session of the node begins: what an earlier one told of its pods is no longer the state, and what they
  // used stays in their windows.
  void OnSession(const std::string& node);
  // A report of the node, received at `received` (the coordinator's clock, which all times here are by).
  // Samples are of the time since the pod's one before it, at most 2 s.
  void OnReport(const std::string& node, const v1::Report& report, absl::Time received);
  // The node's agent has spoken at `beat` (its last beat): its pods' figures hold up to then.
  void OnBeat(const std::string& node, absl::Time beat);

  // The pods whose figures differ from what was last taken, as they are at `now`. O(pods watched on nodes
  // that have spoken since, or whose sight has changed).
  std::vector<PodUsage> TakeChanged(absl::Time now);
  // Of those, the ones that have passed their sudden_millicores and are to be told at once.
  std::vector<PodUsage> TakeSudden(absl::Time now);

  // Uids of the pods that are watched on the node: whom its agent is to sample closely.
  std::vector<std::string> WatchedOn(const std::string& node) const;
  // Nodes for which that has changed since the last call.
  std::set<std::string> TakeRewatched();

 private:
  struct Container {
    int64_t millicores = 0;
    std::optional<double> throttled_percent;
  };
  struct Throttling {
    absl::Time time;
    double percent = 0;
  };
  struct Pod {
    std::optional<WatchUsage> watch;  // none: only its state is known
    std::string node;
    std::map<std::string, Container> containers;  // by name
    absl::Time sampled = absl::InfinitePast();    // up to when its window is filled
    UsageWindow window;
    std::deque<Throttling> throttled;
    std::optional<PodUsage> told;
  };
  struct NodeBook {
    std::set<std::string> watched;  // pods' uids
    absl::Time spoken = absl::InfinitePast();
  };

  PodUsage Figures(const Pod& pod, absl::Time now) const;

  std::map<std::string, Pod> pods_;  // by uid; unwatched ones as well while their node's session lasts
  std::map<std::string, NodeBook> nodes_;
  std::set<std::string> rewatched_;
};

}  // namespace evenkeel::coordinator
