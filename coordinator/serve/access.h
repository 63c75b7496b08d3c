// Who an operator is and what it may do.
//
// Inside Kubernetes an operator presents its Kubernetes token: TokenReview at the home cluster says who it
// is, and SubjectAccessReview there what it may do, on the resources of the group "evenkeel.dev" (clusters,
// nodes, pods, containers, decisions, policies, maintenances, pauses, replays, scalers, bursts, switches),
// which exist for this question alone. Elsewhere a client certificate does: organisation "evenkeel:operators"
// may do everything, "evenkeel:viewers" may read. A token, where there is one, counts before a certificate.
//
// Answers are remembered for a few seconds, so that a listing in many pages asks once; a right that is taken
// away ends with that memory. While the API server cannot be asked, who could read before may still read, for
// a quarter of an hour after its last answer: an outage is when the fleet must be looked at. To change
// anything then, a client certificate is needed. Tokens are remembered by their SHA-256 only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "common/time/clock.h"
#include "coordinator/serve/access_memory.h"

namespace evenkeel::coordinator {

inline constexpr char kOperatorsOrganisation[] = "evenkeel:operators";
inline constexpr char kViewersOrganisation[] = "evenkeel:viewers";
inline constexpr char kAccessGroup[] = "evenkeel.dev";

// What a caller presents.
struct Credentials {
  std::string bearer_token;     // metadata `authorization` without "Bearer "; empty = not given
  std::string certificate_pem;  // of the TLS connection, verified against the client CA; empty = none
};

// What a call needs. The fields are those of a Kubernetes RBAC rule.
struct Permission {
  std::string verb;        // get, list, watch, create, update, delete
  std::string resource;    // nodes, pods, ...
  std::string name_space;  // empty = all
  std::string name;        // empty = all
};

class AccessControl {
 public:
  struct Options {
    absl::Duration remember_for = absl::Seconds(10);
    absl::Duration outage_reads_for = absl::Minutes(15);
    size_t remembered = 4096;                    // answers; when full, all are forgotten
    size_t under_way = 64;                       // questions to the API server; more are refused
    absl::Duration deadline = absl::Seconds(2);  // for each question; two may follow each other
  };

  // `home`, where tokens are reviewed, may be null: then only certificates count. Both outlive this, or, for
  // `home`, end before it.
  AccessControl(Options options, kube::KubernetesApi* home, const time::Clock& clock);

  // `done` exactly once, on any thread, perhaps within the call. OK: the caller may. UNAUTHENTICATED,
  // PERMISSION_DENIED with cause and cure; UNAVAILABLE, RESOURCE_EXHAUSTED: could not be found out now.
  using Done = std::function<void(absl::Status)>;
  void Check(const Credentials& credentials, const Permission& permission, Done done);

  // Ends the questions under way, and answers every later one UNAVAILABLE.
  void Stop();

 private:
  void CheckToken(const std::string& token, const Permission& permission, Done done);
  void CheckUser(const kube::TokenReview& user, const Permission& permission, Done done);
  template <typename Answer>
  std::optional<Answer> StandIn(AccessMemory<Answer>& memory, const std::string& key);
  // A question to the API server begins: its number, or nothing when there may be no more. The call it is,
  // once it is known. It has been answered.
  std::optional<uint64_t> Begin();
  void Underway(uint64_t question, const kube::Call& call);
  void End(uint64_t question);
  absl::Status Busy();

  const Options options_;
  kube::KubernetesApi* const home_;
  const time::Clock& clock_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t last_question_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<uint64_t, kube::Call> under_way_ ABSL_GUARDED_BY(mutex_);
  AccessMemory<kube::TokenReview> users_
      ABSL_GUARDED_BY(mutex_);                                  // by the token's SHA-256; authenticated ones
  AccessMemory<absl::Status> answers_ ABSL_GUARDED_BY(mutex_);  // by user and permission
};

}  // namespace evenkeel::coordinator
