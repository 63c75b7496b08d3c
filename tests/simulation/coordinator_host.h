// The coordinator's process: the real loop with the real core, the real monitor of the agents' beats, a store
// on a simulated disk. It can be stopped, killed, and die at every point where it persists something.
//
// What its other threads do (the sessions' and the API client's) happens here at the instant at which it
// comes; a process that is stopped (SIGSTOP) does it when it goes on, first what came first.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "coordinator/runtime/loop.h"
#include "coordinator/session/beat_monitor.h"
#include "tests/simulation/agents.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/simulated_store.h"

namespace evenkeel::simulation {

class CoordinatorHost final : public AgentListener, private coordinator::Outlet {
 public:
  struct Surroundings {
    std::function<std::vector<std::string>()> clusters;  // the first one is that of usage
    std::function<std::string(const std::string& node)> cluster_of;
    Schedule& schedule;
    const Knobs& knobs;
    Agents& agents;
    SimulatedDisk& disk;
    Marks& marks;
    Observer* observer;  // may be null
    // Actions, what is taken back of them, and reads.
    std::function<void(const coordinator::ReleasedAction&)> act;
    std::function<void(const coordinator::WithdrawActions&)> withdraw;
    std::function<void(const coordinator::ReadLease&)> read;
    std::function<void(const coordinator::AskKubelet&)> reach;
    std::function<void(const coordinator::SetFencing&, uint64_t connection)> set_fencing;
    // What is to be watched of workloads; whose CPU an agent is to read closely.
    std::function<void(const coordinator::WatchWorkload&)> watch;
    std::function<void(const coordinator::UnwatchWorkload&)> unwatch;
    std::function<void(const std::string& node, uint64_t connection, const std::vector<std::string>& uids)>
        sample_closely;
    // Of switches: routes, applications, probers, hooks.
    std::function<void(const coordinator::Request&)> switching;
    // The agent's goodbye is durable.
    std::function<void(const std::string& node)> goodbye_heard;
    // The process is there and begins to watch Kubernetes; the process is no more.
    std::function<void()> started;
    std::function<void()> died;
    // A commit met kOvertaken: another process is to take over now, with this one still alive.
    std::function<void()> overtaken;
  };

  CoordinatorHost(Surroundings surroundings, uint64_t seed);
  ~CoordinatorHost() override;

  // Told all that the core is told, from the next start on.
  void Record(coordinator::Recorder* recorder) { recorder_ = recorder; }

  // ---- its life ----
  void Start();  // not while it runs
  void Kill();   // what is not durable is lost
  bool runs() const { return process_ != nullptr; }
  void Pause(absl::Duration pause);  // SIGSTOP and SIGCONT; the world goes on meanwhile
  bool paused() const;
  // When it was last started, and when it last went on after having been stopped for more than a second.
  absl::Time started() const { return started_; }
  absl::Time resumed() const { return resumed_; }
  // How long the turn took that is being told: from its steps to its release, with the time for which the
  // process was stopped between them.
  absl::Duration turn_took() const;
  // The next commit of an action that is handed out meets it, also in the next process.
  void OrderFault(CommitFault fault);
  // Of the process; rises with each start, so that answers to an earlier one are known.
  uint64_t life() const { return life_; }
  uint64_t epoch() const;  // of the process; 0: there is none
  // Another process has taken its place: what it still does is nobody's business, and must come to nothing
  // (L7).
  void MakeZombie() { zombie_ = true; }
  bool zombie() const { return zombie_; }
  // Does `what` in the process: now, when it goes on, or never if it has ended since `life`.
  void InProcess(uint64_t life, std::function<void()> what);

  // From the watches of Kubernetes, act/ and serve/. `life`: of the process that asked, or 0.
  void Post(coordinator::Event event, uint64_t life = 0);

  const SimulatedDisk& disk() const { return around_.disk; }

  // ---- AgentListener ----
  bool Listens() const override { return runs(); }
  void OnHello(uint64_t connection, const std::string& node, uint32_t boots) override;
  void OnBeat(uint64_t connection, uint64_t sequence, absl::Time node_time) override;
  void OnProbed(uint64_t connection, const coordinator::ProbeAnswered& answer) override;
  void OnReport(uint64_t connection, const v1::Report& report) override;
  void OnEnd(uint64_t connection, bool goodbye, const std::string& reason) override;

 private:
  struct Session;
  struct Process;

  void Hear(std::function<void()> what);  // now, or when the process goes on
  void Open(uint64_t connection, const std::string& node, uint32_t boots);
  void Beat(uint64_t connection, uint64_t sequence, absl::Time node_time);
  void Close(uint64_t connection, bool goodbye, const std::string& reason);
  void Ask(const coordinator::ProbeNode& request);
  void SetBeats(const coordinator::SetBeats& request);
  void SetFencing(const coordinator::SetFencing& request);
  void WatchBeats();
  void WatchUsage(const coordinator::WatchUsage& request);
  void TellUsageAgain();
  void TellUsage();

  void Wake();  // arranges the next look at deadlines
  void Look();
  void Turn();
  void Finish(const std::vector<coordinator::Event>& events);
  void Die();
  void TellWhatIsDurable();

  void Release(const coordinator::ReleasedAction& action) override;
  void Release(const coordinator::Request& request) override;
  void Release(const coordinator::Reply& reply) override;
  void Release(const coordinator::Notice& notice) override;

  const Surroundings around_;
  Dice dice_;
  coordinator::Recorder* recorder_ = nullptr;
  uint64_t life_ = 0;
  bool zombie_ = false;
  CommitFault ordered_ = CommitFault::kNone;
  uint64_t sessions_ = 0;
  absl::Time started_ = absl::InfinitePast();
  absl::Time resumed_ = absl::InfinitePast();
  std::unique_ptr<Process> process_;
};

}  // namespace evenkeel::simulation
