// The workloads that the core asked for and their pods: which pod is whose, and who is told of a change. Fed
// by ClusterPicture's watch with every pod of the cluster, and by WorkloadWatch with what scale subresources
// say. The core does not hear of anything again before something changed that it is told about.
//
// A pod that several selectors pick is told to each of those workloads, and they are told of each other
// (WorkloadFacts.overlaps).
//
// Costs: a pod's change O(log n) and the selectors that its labels may match (found by their anchors); a new
// selector O(pods of its namespace).
//
// One thread at a time: the API's. `sink` must outlive it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "common/kube/kubernetes_api.h"
#include "coordinator/core/scale/workload_facts.h"
#include "coordinator/observe/selector.h"
#include "coordinator/observe/workload_facts_from.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

class WorkloadPicture {
 public:
  WorkloadPicture(std::string cluster, EventSink& sink);

  // A pod without a uid is none.
  void OnPod(const kube::Json& pod);
  void OnPodGone(const kube::ObjectName& name);

  // The workload is watched: what is known of it is told from now on, and all of it once more where it was
  // watched already.
  void Watch(const Workload& workload);
  void Unwatch(const Workload& workload);
  // Of workloads that are watched; others are passed over. `again`: it is told even if nothing has changed,
  // without its pods. A workload with another uid is told with all of its pods.
  void OnScale(const Workload& workload, const ScaleSubresource& scale, bool again = false);
  // `absent`: there is none, and not only none to be seen.
  void OnWorkloadGone(const Workload& workload, const std::string& reason, bool absent = false);

 private:
  // Namespace, label and value of a selector's anchor; the last two are empty where it has none.
  using Anchor = std::tuple<std::string, std::string, std::string>;

  struct Entry {
    std::optional<WorkloadFacts> facts;  // none: not seen, or gone
    std::optional<WorkloadFacts> told;
    std::string gone;     // why, as told; empty: it is not
    bool absent = false;  // as told with it
    Selector selector;
    std::string selector_text;
    std::set<kube::ObjectName> pods;    // that the selector picks
    std::map<Workload, size_t> shared;  // how many of them another one picks, too
  };
  struct PodEntry {
    SelectablePod pod;
    std::set<Workload> owners;
  };

  static Anchor AnchorOf(const Workload& workload, const Entry& entry);
  std::set<Workload> OwnersOf(const SelectablePod& pod) const;
  void Own(const Workload& workload, const kube::ObjectName& name, PodEntry& pod);
  void Disown(const Workload& workload, const kube::ObjectName& name, PodEntry& pod);
  void DisownAll(const Workload& workload, Entry& entry);
  void NotePod(const Workload& workload, const PodEntry& pod);
  void NotePodGone(const Workload& workload, const PodEntry& pod);
  void SetSelector(const Workload& workload, Entry& entry, const std::string& text);
  void TellFacts(const Workload& workload, Entry& entry, bool again);
  void Tell();

  const std::string cluster_;
  EventSink& sink_;
  std::map<Workload, Entry> workloads_;
  std::map<kube::ObjectName, PodEntry> pods_;
  std::map<Anchor, std::set<Workload>> anchored_;  // that have seen their selector
  // Of the call under way, told at its end: workloads whose facts may be others, and what happened to pods.
  std::set<Workload> touched_;
  std::vector<Event> news_;
};

}  // namespace evenkeel::coordinator
