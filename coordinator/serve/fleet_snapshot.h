// What the fleet view knows of one resource at one moment, in shared pieces that nobody changes any more:
// taken under the view's lock in a few reference counts, turned into a message without it.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/ids.h"
#include "coordinator/observe/fleet_observer.h"
#include "coordinator/session/report_sink.h"
#include "evenkeel/v1/fleet.pb.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::coordinator {

enum class FleetKind { kCluster, kNode, kPod };

// Names one resource. The order is the one in which listings and watches show them.
struct FleetKey {
  FleetKind kind = FleetKind::kCluster;
  std::string cluster;
  std::string name_space;  // of a pod
  std::string name;        // of a node or pod
  auto operator<=>(const FleetKey&) const = default;
};

// One life of a resource: what is deleted and made again under its old name has another reference.
using FleetRef = std::shared_ptr<const FleetKey>;

inline constexpr size_t kVerdicts = static_cast<size_t>(Verdict::kDead) + 1;

struct ClusterSnapshot {
  FleetRef ref;
  std::optional<ObservedApi> api;  // none until something is known of it
  std::optional<Pause> pause;
  std::optional<SightChanged> blind;  // set while the coordinator is blind to it
  // The failure domains to which it is blind, by name; null: none.
  std::shared_ptr<const std::map<std::string, DomainSightChanged>> blind_domains;
  PatienceChanged patience;  // how much more time than usual its nodes are given
  bool listed = false;       // Kubernetes' nodes and pods were complete once
  uint32_t agents = 0;
  uint32_t pods = 0;
  std::array<uint32_t, kVerdicts> nodes_by_verdict{};

  uint32_t nodes() const;
};

struct NodeSnapshot {
  FleetRef ref;
  std::shared_ptr<const ObservedNode> observed;       // null: Kubernetes does not show it
  std::shared_ptr<const SessionDescription> session;  // the latest; null: no agent since the start
  bool connected = false;                             // that session is open
  std::shared_ptr<const v1::NodeReport> report;       // the latest; null: none yet
  absl::Time report_time;
  std::shared_ptr<const std::deque<v1::NodeOccurrence>> occurrences;  // newest first; null: none
  std::shared_ptr<const VerdictChanged> judged;                       // null: not judged
  std::optional<DecisionId> open_decision;
  std::optional<Maintenance> maintenance;
  uint32_t pods = 0;

  Verdict verdict() const { return judged ? judged->verdict : Verdict::kUnknown; }
};

struct PodSnapshot {
  FleetRef ref;
  std::shared_ptr<const ObservedPod> observed;
  std::shared_ptr<const v1::PodReport> report;  // null: no agent in session reports it

  PodKey key() const { return {ref->cluster, ref->name_space, ref->name}; }
};

using FleetSnapshot = std::variant<ClusterSnapshot, NodeSnapshot, PodSnapshot>;

v1::Cluster ToMessage(const ClusterSnapshot& cluster);
v1::Node ToMessage(const NodeSnapshot& node);
v1::Pod ToMessage(const PodSnapshot& pod);

}  // namespace evenkeel::coordinator
