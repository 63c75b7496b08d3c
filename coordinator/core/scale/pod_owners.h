// Whose a pod is: the way from its uid, under which its use is told, to the scalers that have it; more than
// one where workloads overlap. It follows from Scaler.pods alone, so a checkpoint holds nothing of it.
//
// The use of ten thousand pods is told each second, in an order that has nothing to do with their scalers: to
// look for each in a tree costs more than all that is then made of it. But the order is the same each second,
// or nearly so: so the way that a report went is kept, and followed by the next one for as long as it leads
// to the pods that are told of. What is found does not depend on it, and no order depends on an address
// (L12).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/btree_set.h"
#include "common/base/fetch.h"
#include "coordinator/core/scale/scaled_pods.h"
#include "coordinator/core/scale/workload_facts.h"

namespace evenkeel::coordinator {

class PodOwners {
 public:
  using Pod = ScaledPods::Pod;
  using Owner = PodRow;  // its `pod` and its `scaler`

  PodOwners() = default;
  PodOwners(PodOwners&&) = default;
  PodOwners& operator=(PodOwners&&) = default;
  PodOwners(const PodOwners&) = delete;  // a copy would lead to the pods of the original
  PodOwners& operator=(const PodOwners&) = delete;

  // `pod` stays where it is, and its scaler too, until it is removed.
  void Add(Scaler& scaler, Pod& pod);
  void Remove(Scaler& scaler, Pod& pod);

  // The first scaler that has the pod, by the name of its policy, and its pod; null: none has it.
  const Owner* First(std::string_view uid) const;

  // Calls `visit(Scaler&, ScaledPod&)` for each that has it, by the names of their policies. O(log pods).
  template <typename Visit>
  void ForEach(std::string_view uid, Visit visit) const {
    for (auto at = Find(uid); at != owners_.end() && IsOf(*at, uid); ++at) {
      visit(*at->row->scaler, at->row->pod->second);
    }
  }

  // Calls `visit(PodRow&, const PodUsage&)` for each that has a pod of those that are told of, in their
  // order, and by the names of their policies. `visit` adds and removes none. O(pods told of) where their
  // order is the one of the last time, and a factor of log(pods) more where it is not.
  template <typename Visit>
  void ForEachTold(const std::vector<PodUsage>& told, Visit visit) {
    Way way;
    for (size_t i = 0; i < told.size(); ++i) {
      const PodUsage& usage = told[i];
      if (i + 2 * kUidsAhead < told.size()) base::Fetch(&told[i + 2 * kUidsAhead]);
      if (i + kUidsAhead < told.size()) base::Fetch(told[i + kUidsAhead].pod_uid.data());
      PodRow* row = Follow(usage.pod_uid, way);
      if (row == nullptr) continue;
      if (!row->shared) {
        visit(*row, usage);
        continue;
      }
      for (auto at = Find(usage.pod_uid); at != owners_.end() && IsOf(*at, usage.pod_uid); ++at) {
        visit(*at->row, usage);
      }
    }
    if (IsAstray(way, told.size())) Learn(told);
  }

  template <typename Self>
  static auto Parts(Self& /*self*/) {
    return std::tie();
  }

 private:
  static constexpr size_t kUidsAhead = 8;  // see kRowsAhead

  struct Entry {
    uint64_t begin = 0;  // of the uid: its first bytes as a number, in the same order
    PodRow* row = nullptr;
  };
  struct Sought {
    uint64_t begin = 0;
    std::string_view uid;
  };
  struct Before {
    using is_transparent = void;
    bool operator()(const Entry& one, const Entry& other) const;
    bool operator()(const Entry& one, const Sought& other) const;
    bool operator()(const Sought& one, const Entry& other) const;
  };
  using Owners = absl::btree_set<Entry, Before>;
  // Through told_, with one report.
  struct Way {
    size_t next = 0;    // in told_: where the next pod is looked for first
    size_t missed = 0;  // pods that were not found there
  };

  static bool IsOf(const Entry& entry, std::string_view uid);
  Owners::const_iterator Find(std::string_view uid) const;  // the first that is not before it
  void CountOwners(std::string_view uid);
  PodRow* Follow(std::string_view uid, Way& way) const;  // null: nobody has it
  bool IsAstray(const Way& way, size_t told) const;
  void Learn(const std::vector<PodUsage>& told);

  Owners owners_;
  std::vector<PodRow*> told_;  // the first owners of the pods, as they were told of; null: it is gone
};

}  // namespace evenkeel::coordinator
