// Which pods go first when there are to be fewer, and by which way Kubernetes is made to take them (L9:
// virtual nodes' pods first). Pure.
//
// Source of the controller's own order: ActivePodsWithRanks in kubernetes,
// pkg/controller/controller_utils.go: not bound, Pending, not Ready first; then the lower
// controller.kubernetes.io/pod-deletion-cost (heeded by default from 1.22 on); only then siblings on the
// node, time and restarts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/core/burst/burst_policy.h"
#include "coordinator/core/resources.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

inline constexpr char kDeletionCostAnnotation[] = "controller.kubernetes.io/pod-deletion-cost";
// What a pod on a virtual node is given; every other pod counts as 0.
inline constexpr int32_t kVirtualDeletionCost = -100;
// The first server that heeds it without being asked to: 1.22.
inline constexpr uint32_t kDeletionCostMinor = 22;

// Whether costs make the controller take the right pods. `server_minor`: of version 1; 0: not known, and then
// the chosen pods are taken by hand, which is right everywhere.
bool HeedsDeletionCost(uint32_t server_minor);

// Whether the pod is to be given kVirtualDeletionCost. A cost that somebody else has set stays: it says more
// than ours. Where the server's version is not known it is set, since it does no harm.
bool NeedsDeletionCost(bool on_virtual_node, bool going, bool has_controller,
                       std::optional<int32_t> deletion_cost, uint32_t server_minor);

// The workload's controller chooses by ordinal who goes, whatever we would rather have, and makes again who
// was evicted: no pod of it can be made to go first, or to be replaced by another.
bool KeepsNames(const Workload& workload);

// The ordinal of such a pod: what stands after the last "-" of its name. None: it has none.
// Source: a StatefulSet names its pods NAME-ORDINAL and takes the highest ordinal first
// (kubernetes, pkg/controller/statefulset/stateful_set_utils.go).
std::optional<int64_t> OrdinalOf(absl::string_view pod_name);

struct VictimCandidate {
  std::string uid;
  std::string name;
  bool on_virtual_node = false;
  bool bound = false;
  bool ready = false;
  bool going = false;  // it is being deleted, or has ended: it is nobody's victim
  Resources requests;
  absl::Time created = absl::InfinitePast();  // or started; later goes first
};

// At most `number` victims among the Ready pods on virtual nodes: the most expensive first, then the
// youngest, then by name.
std::vector<VictimCandidate> PickVirtualVictims(std::vector<VictimCandidate> pods, size_t number,
                                                const BurstPrices& prices);

// How many of them must be taken by hand so that lowering replicas by `fewer` takes virtual ones first: those
// that are not Ready anywhere, or not bound, go by themselves before any other.
size_t VictimsNeeded(const std::vector<VictimCandidate>& pods, size_t fewer);

}  // namespace evenkeel::coordinator
