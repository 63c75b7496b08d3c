// Fencing as data (L5): what a policy allows, what agents were told and have confirmed, and what counts as
// proof that a node runs nothing any more of what must not run twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// Kubernetes' own taint for a node that is known to be off (1.24 and later): its volumes are detached at
// once.
inline constexpr char kOutOfServiceTaintKey[] = "node.kubernetes.io/out-of-service";

// See FencingPolicy in proto/evenkeel/v1/fencing.proto.
struct FencingPolicy {
  bool self_fencing = false;
  std::optional<absl::Duration> isolation_timeout;  // none = by the beat interval (IsolationTimeout)
  absl::Duration stop_timeout = absl::Seconds(10);
  bool without_watchdog = false;
  bool hook = false;
  bool operator==(const FencingPolicy&) const = default;
};

struct MarkedPod {
  std::string name_space;
  std::string name;
  std::string uid;
  bool operator==(const MarkedPod&) const = default;
};

struct Voucher {
  std::string node;
  std::string address;
  uint16_t agent_port = 0;
  bool operator==(const Voucher&) const = default;
};

// What one agent is told; see FencingSettings in proto/evenkeel/v1/fencing.proto.
struct FencingSettings {
  uint64_t version = 0;
  bool armed = false;
  absl::Duration isolation_timeout;
  absl::Duration stop_timeout;
  std::vector<MarkedPod> marked;       // by namespace and name; at most kMostMarkedPods
  std::vector<Voucher> vouchers;       // by node
  std::vector<std::string> condemned;  // by name
  bool release = false;
  uint64_t answered_fence = 0;
  bool operator==(const FencingSettings&) const = default;
};

inline constexpr size_t kMostMarkedPods = 1024;
inline constexpr size_t kVouchers = 3;  // that each node has, where there are so many

// What an agent has confirmed, and keeps over its own restart.
struct ArmedFence {
  absl::Duration isolation_timeout;
  absl::Duration stop_timeout;
  std::optional<absl::Duration> watchdog_timeout;  // none = it has no watchdog
  std::vector<std::string> pods;                   // uids
  std::string boot_id;  // of its machine: no other boot of it has promised anything
  bool operator==(const ArmedFence&) const = default;
};

// Whether a node can be relied on to fence itself, for those who look at it before it falls silent.
struct SelfFencing {
  bool armed = false;
  bool fenced = false;                             // its agent keeps the marked pods stopped
  std::optional<absl::Duration> watchdog_timeout;  // none = it has no watchdog, or is not armed
  std::string detail;                              // a clause: why it cannot be relied on
  bool operator==(const SelfFencing&) const = default;
};

enum class FenceMethod { kSelf, kHook, kOperator };

struct FenceProof {
  FenceMethod method = FenceMethod::kOperator;
  absl::Time time;
  std::string detail;             // in words
  std::vector<std::string> pods;  // kSelf: the uids that it holds for; else it holds for all
  std::string lease_version;      // resource version of the node's lease then; empty: it had none

  bool Covers(const std::string& uid) const;
  bool operator==(const FenceProof&) const = default;
};

// What is remembered about fencing a node across restarts; a part of its NodeRecord.
struct NodeFencing {
  uint64_t version = 0;  // of the settings sent last: rises, and above 2^32 times the epoch that sent them
  std::vector<std::string> vouchers;  // by name: all that its agent may ask, since its last confirmation
  std::optional<ArmedFence> armed;    // none = nothing that can be relied on
  bool condemned = false;             // no peer may vouch for it
  bool out_of_service = false;        // it has Kubernetes' out-of-service taint from us
  std::optional<FenceProof> proof;
  bool operator==(const NodeFencing&) const = default;
};

}  // namespace evenkeel::coordinator
