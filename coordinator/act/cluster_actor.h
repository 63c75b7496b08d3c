// Carries out what the core released for one cluster: actions, reads of node leases, tries to reach the API
// server and, through it, a kubelet, and announcements.
//
// Actions: before they are sent the cluster's claim is read (L7); one reading serves all actions that wait
// for it, and serves until it is older than kClaimHolds. Then each runs on its own, at most `most_in_flight`
// at once. Every action is answered by one ActionFinished, whatever happens but the actor's end. A sign of
// life of the node takes back what has not been sent yet, up to the last instant: a queue, a slow API server
// or a slow claim is no excuse for what is no longer right.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "common/time/clock.h"
#include "coordinator/act/claim.h"
#include "coordinator/act/fence_hook.h"
#include "coordinator/act/http_hook.h"
#include "coordinator/core/effects.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

class ClusterActor {
 public:
  struct Options {
    std::string cluster;
    Claimant claimant;
    absl::Duration claim_deadline = absl::Seconds(2);
    absl::Duration action_deadline = absl::Seconds(5);  // for each request of an action
    absl::Duration lease_deadline = absl::Seconds(1);   // a verdict waits for it
    absl::Duration announce_deadline = absl::Seconds(10);
    size_t most_in_flight = 32;
    size_t most_waiting = 8192;        // more actions are answered kUnreachable at once
    size_t most_announcements = 256;   // more are dropped, and that is logged
    FenceHook* fence_hook = nullptr;   // outlives the actor; null: there is none
    HttpHook* machine_hook = nullptr;  // the same; asks the webhooks of burst policies
    // The claim was found to be another coordinator's: every action is answered kRefused for as long as it
    // is. Comes once, on the API's thread.
    std::function<void(const absl::Status&)> superseded;
  };

  // Claims the cluster at once; where that fails it is tried again before the first action. All must outlive
  // the actor.
  ClusterActor(Options options, kube::KubernetesApi& api, EventSink& sink, const time::Clock& clock);
  // Nothing is answered any more after it. Not from the API's thread; and the sink must not be stuck: let the
  // runtime run, or stop it first.
  ~ClusterActor();

  // From the thread that takes the sink's events (the runtime's loop), or one that may wait for it. They
  // never wait for the API server.
  void Do(const ReleasedAction& action);
  void Do(const ReadLease& request);
  void Do(const AskKubelet& request);
  void Do(const AskApi& request);
  void Do(const Announce& announcement);
  // Whose the cluster is, asked beside something that is done elsewhere and cannot wait for it (a wish for a
  // gateway): another coordinator's is told to `superseded`.
  void ReadClaim();
  // What is still waiting to be sent of that decision, or has only read what it is about, is not sent any
  // more, and is answered kWithdrawn; that its answer is on its way to the API's thread already makes no
  // difference.
  void Do(const WithdrawActions& withdrawal);

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace evenkeel::coordinator
