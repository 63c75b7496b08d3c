// The CPU of the pods that somebody asked for, of one cluster: from reports to what the core is told. Pure:
// no clock, thread or stream; the caller brings the time and synchronises.
//
// A pod with a dead container carries no load: it has no samples then, and what it used before stands.
//
// A report names only the containers of which something has changed. So while a node's agent speaks, a pod
// that it does not name is as it was: an even load is not a loss of samples. Where the agent is silent, the
// pod's samples have stopped (usage_window.h: seen, held, missing).
//
// The pods of virtual nodes have no agent: what they use is pulled (virtual_reader.h), comes as samples that
// are made already, and fills the same windows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/scale/usage_window.h"
#include "coordinator/core/scale/workload_facts.h"
#include "coordinator/usage/pulled_usage.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::coordinator {

class UsageBook {
 public:
  static constexpr size_t kMostPods = 131072;  // more are not watched, and Watch says so
  // Pods of one node whose state is kept although nobody asked; twice what an agent tells of.
  static constexpr size_t kMostUnwatched = 2048;
  // The longest time that one sample stands for.
  static constexpr absl::Duration kLongestSample = absl::Seconds(2);
  // An agent reads each second and tells what has moved within a tenth more. So by a beat that names nothing
  // a figure is known to hold up to so long before it: were it taken to hold longer, the first reading of a
  // rise would find its second filled with the figure from before.
  static constexpr absl::Duration kUnsettled = absl::Milliseconds(1200);
  // A figure that holds is noted no oftener, so that kMostSamples last for long windows.
  static constexpr absl::Duration kHoldsFor = absl::Milliseconds(750);
  // Beats may come as rarely as this in a large fleet. A pod is seen for as long as two of them may be lost.
  static constexpr absl::Duration kLongestRhythm = absl::Seconds(5);
  // A pod whose figures stay the same is told again when its samples are so much newer: before what was told
  // looks old (kFreshSample). One that has been seen for less than kYoung may be becoming Ready, and from
  // then on only samples taken later count: it is told again with each.
  static constexpr absl::Duration kTellAgain = absl::Seconds(4);
  static constexpr absl::Duration kYoung = absl::Minutes(1);

  // In place of what was asked of that pod before. What its node has told already is there at once. False:
  // kMostPods are watched.
  bool Watch(const WatchUsage& request);
  void Unwatch(const std::string& pod_uid);

  // A session of the node begins: what an earlier one told of its pods is no longer the state, and what they
  // used stays in their windows.
  void OnSession(const std::string& node);
  // It has ended, and none has taken its place.
  void OnSessionEnded(const std::string& node);
  // A report of the node, received at `received` (the coordinator's clock, which all times here are by).
  // Samples are of the time since the pod's one before it, at most kLongestSample. A figure that is told
  // again when a second may have gone by is a new reading, as agents tell them after a rise.
  void OnReport(const std::string& node, const v1::Report& report, absl::Time received);
  // The node's agent has spoken at `beat` (its last beat): its pods' figures hold up to kUnsettled before.
  void OnBeat(const std::string& node, absl::Time beat);

  // What pods of a node without an agent have used, as its kubelet told at `received`. Of a node with an
  // agent nothing is taken, and neither of pods that nobody watches there.
  void OnPulled(const std::string& node, const std::vector<PulledUsage>& pods, absl::Time received);

  // The pods whose figures differ from what was last taken, as they are at `now`; and those of kTellAgain.
  // O(pods watched on nodes that have spoken since, or whose sight has changed).
  std::vector<PodUsage> TakeChanged(absl::Time now);
  // Of those, the ones that are to be told at once: that have passed their sudden_millicores (each rise once:
  // what it was taken for before must have been lower), or of which a container has died or is back.
  std::vector<PodUsage> TakeSudden(absl::Time now);

  // What the pod's containers use now, whether or not it is watched: as its node's agent has told in this
  // session; of a watched pod without an agent the newest mean that was told. None: it is not known.
  std::optional<int64_t> MillicoresOf(const std::string& node, const std::string& pod_uid) const;

  // Uids of the pods that are watched on the node, in order: whom its agent is to sample closely.
  std::vector<std::string> WatchedOn(const std::string& node) const;
  // The same, as its kubelet knows them.
  std::vector<PulledPod> PulledOn(const std::string& node) const;
  // Nodes for which that has changed since the last call, or whose new session has not heard of it.
  std::set<std::string> TakeRewatched();

 private:
  // A pod as its node has told it last in this session.
  struct State {
    std::optional<int64_t> millicores;        // of its running containers; none: one has no figure
    std::optional<double> throttled_percent;  // of the worst of them; none: nobody knows
    absl::Time told;
    PodDeaths deaths;  // by the node's clock, as is
    absl::Time node_time;
  };
  struct Throttling {
    absl::Time until;
    absl::Duration length;
    double percent = 0;
  };
  struct Pod {
    WatchUsage asked;
    std::optional<State> state;  // none: its node does not know it (any more), or is not there
    // As told last, in whichever session: by the node's clock, and by ours.
    PodDeaths node_deaths;
    PodDeaths deaths;
    absl::Time begun = absl::InfinitePast();    // its first sample
    absl::Time sampled = absl::InfinitePast();  // up to when its window is filled
    UsageWindow window;
    std::deque<Throttling> throttled;  // of the panic window
    std::optional<PodUsage> told;
    bool changed = false;                       // since it was looked at
    bool pulled = false;                        // its newest sample was
    absl::Time check = absl::InfiniteFuture();  // its entry in checks_; infinite: there is none
  };
  struct NodeBook {
    bool in_session = false;
    std::map<std::string, State> unwatched;  // by uid
    std::map<std::string, Pod> watched;      // by uid
    absl::Time spoken = absl::InfinitePast();
    absl::Duration rhythm;  // between the last two beats that were told of
  };

  static State StateOf(const v1::PodReport& pod, const v1::Report& report, absl::Time received);
  static absl::Duration Fresh(const NodeBook& node, const Pod& pod);
  static bool ToldSudden(const Pod& pod);
  static bool ToldDeaths(const Pod& pod);
  static bool WorthTelling(const Pod& pod, const PodUsage& now);
  static PodUsage Figures(const NodeBook& node, const Pod& pod, absl::Time now);

  // What is known of the pod's use, which is its state's, reaches to `taken`.
  void Sample(const NodeBook& node, Pod& pod, absl::Time taken);
  // It has used that from `taken` - `length` to `taken`, which is later than its samples before.
  void AddSample(const NodeBook& node, Pod& pod, int64_t millicores, absl::Time taken, absl::Duration length);
  void NoteChange(Pod& pod);
  void NoteDeaths(Pod& pod);
  void CheckAt(Pod& pod, absl::Time when);
  void RunChecks(absl::Time now);
  void ForgetStates(NodeBook& node);
  void DropIfUnused(const std::string& node);
  Pod* Find(const std::string& pod_uid);

  std::map<std::string, NodeBook> nodes_;
  std::map<std::string, std::string> node_of_;  // of each watched pod, by uid
  std::set<std::string> changed_;               // nodes that have pods which are
  std::set<std::string> sudden_;                // uids; whether they are is looked at when they are taken
  std::set<std::string> rewatched_;
  // When a pod's sight may change by time alone, and whose: one entry a pod. Never too late; one that is too
  // early is put off when it comes up, so that a sample need not move it.
  std::set<std::pair<absl::Time, std::string>> checks_;
};

}  // namespace evenkeel::coordinator
