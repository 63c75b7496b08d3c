// L7 towards Kubernetes: which coordinator may act on a cluster. The claim is a Lease in Evenkeel's namespace
// that holds the id of the coordinator's store and its epoch; it is written with the resource version that
// was read as precondition.
//
// It has no duration: it passes on only to a higher epoch of the same store, so a coordinator that was
// stopped for an hour finds out the same way as one that was stopped for a second. To give a cluster to a
// coordinator with another store (the old one is lost, or the cluster changes hands), somebody deletes the
// Lease.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"

namespace evenkeel::coordinator {

inline constexpr char kClaimName[] = "evenkeel-coordinator";
inline constexpr char kEpochAnnotation[] = "evenkeel.dev/epoch";

struct Claimant {
  std::string name_space = "evenkeel";
  std::string store_id;
  uint64_t epoch = 0;
};

// How long after it was asked for an answer is believed: longer than a slow API server takes to tell whose
// the claim is and how the object stands, and short enough that a coordinator that stood still between the
// answer and the write it allows asks again. What another coordinator does within this time of its start may
// still cross what this one sends; the objects' own preconditions (uid, resource version) settle that.
inline constexpr absl::Duration kClaimHolds = absl::Seconds(3);

// Reads the claim and, where it is not there or is of an older epoch of ours, writes it. `now` is for people
// who read the Lease. `done` comes once, on the API's thread: OK: ours, as of an instant after this call.
// FAILED_PRECONDITION: another coordinator's; the message says whose and what to do. Otherwise it could not
// be read or written, and whose it is is not known.
void CheckClaim(kube::KubernetesApi& api, const Claimant& claimant, absl::Time now, absl::Duration deadline,
                std::function<void(absl::Status)> done);

}  // namespace evenkeel::coordinator
