// Whose a pod is: the way from its uid, under which its use is told, to the scalers that have it; more than
// one where workloads overlap. It follows from Scaler.pods alone, so a checkpoint holds nothing of it.
//
// The use of ten thousand pods is told each second, in an order that has nothing to do with their scalers: to
// look for each in several trees costs more than all that is then made of it. Hence the addresses, and the
// first bytes of the uid, which end nearly all comparisons. No order depends on an address (L12).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/container/btree_set.h"
#include "coordinator/core/scale/scaler.h"

namespace evenkeel::coordinator {

class PodOwners {
 public:
  using Pod = std::map<std::string, ScaledPod>::value_type;  // of Scaler.pods
  struct Owner {
    uint64_t begin = 0;  // of the uid: its first bytes as a number, in the same order
    Pod* pod = nullptr;
    Scaler* scaler = nullptr;
  };

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
    for (auto at = Find(uid); at != owners_.end() && at->pod->first == uid; ++at) {
      visit(*at->scaler, at->pod->second);
    }
  }

  template <typename Self>
  static auto Parts(Self& /*self*/) {
    return std::tie();
  }

 private:
  struct Sought {
    uint64_t begin = 0;
    std::string_view uid;
  };
  struct Before {
    using is_transparent = void;
    bool operator()(const Owner& one, const Owner& other) const;
    bool operator()(const Owner& one, const Sought& other) const;
    bool operator()(const Sought& one, const Owner& other) const;
  };
  using Owners = absl::btree_set<Owner, Before>;

  Owners::const_iterator Find(std::string_view uid) const;  // the first that is not before it

  Owners owners_;
};

}  // namespace evenkeel::coordinator
