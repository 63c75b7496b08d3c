// Stands between the agents' sessions and the fleet view, and listens: what pods use is told to the core once
// a second and cluster (UsageTold), so is what machines use while something of the cluster is being switched
// (ClusterUsage), and agents are told whose pods to sample closely.
//
// Threading: ReportSink's calls come from the sessions' thread and are short (a lock, and what the report
// names). A thread of its own tells the core, four times a second: sudden rises and deaths each time, the
// rest once a second; it may wait while the core's queue is full, and the book then tells what is newest when
// it goes on. Bounded by UsageBook::kMostPods a cluster.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/time/clock.h"
#include "coordinator/core/effects.h"
#include "coordinator/runtime/runtime.h"
#include "coordinator/session/close_sampling.h"
#include "coordinator/session/report_sink.h"
#include "coordinator/usage/pulled_usage.h"

namespace evenkeel::coordinator {

// Passes it on to the sessions; must not block. Any thread.
using AskCloseSampling = std::function<void(const CloseSampling&)>;

// Passes it on to the cluster's reader: whose use is to be pulled of that node from now on; empty: nobody's.
// Must not call back. Any thread.
using AskPull = std::function<void(const NodeKey& node, const std::vector<PulledPod>& pods)>;

class UsageReports final : public ReportSink {
 public:
  // How often the thread looks, by the machine's time; and, by the clock, how often it tells all that has
  // changed.
  static constexpr absl::Duration kLook = absl::Milliseconds(250);
  static constexpr absl::Duration kTellAll = absl::Seconds(1);

  // All outlive it. `next` hears of everything, in the same order.
  UsageReports(ReportSink& next, EventSink& events, const time::Clock& clock);
  // As Stop.
  ~UsageReports() override;

  // The sessions need this, and this needs the sessions: so it comes after construction, before Start.
  void Connect(AskCloseSampling ask);
  // Optional, before Start: without it nothing is pulled.
  void ConnectPull(AskPull pull);
  void Start();
  // Ends the thread: nothing is told or asked any more, and `next` still hears of everything. The sink must
  // not be stuck: let the runtime run, or stop it first. Idempotent.
  void Stop();

  // From the runtime's loop; never wait.
  void Release(const WatchUsage& request);
  void Release(const UnwatchUsage& request);
  void Release(const PullUsage& request);
  // What the cluster's machines use is told from now on (ClusterUsage), at once what is known already.
  void Release(const WatchApplication& request);
  void Release(const UnwatchApplication& request);

  // See UsageBook. Any thread. Short.
  std::optional<int64_t> MillicoresOf(const NodeKey& node, const std::string& pod_uid) const;

  // What pods of a virtual node have used, as it was pulled; `received` by the clock. Any thread. Short.
  void OnPulled(const NodeKey& node, const std::vector<PulledUsage>& pods, absl::Time received);

  void OnSessionOpened(const NodeKey& node, const SessionDescription& session) override;
  void OnReport(const NodeKey& node, uint64_t session_id, const evenkeel::v1::Report& report) override;
  void OnSessionClosed(const NodeKey& node, uint64_t session_id, const std::string& reason) override;

 private:
  class Room;
  const std::unique_ptr<Room> room_;
};

}  // namespace evenkeel::coordinator
