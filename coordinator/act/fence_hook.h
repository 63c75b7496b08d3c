// The fencing hook (L5): something outside of the cluster that can switch a node's machine off and knows when
// it is: a power strip, a management controller, a cloud's API. Its success is proof that the node runs
// nothing, so it must only succeed once the machine *is* off, and must be safe to be called again.
//
//   HTTP:    POST of {"cluster", "node", "uid", "decision"} as JSON. 2xx: it is off.
//   Command: run without a shell, with the same four as EVENKEEL_FENCE_CLUSTER, _NODE, _UID and _DECISION in
//   its
//            environment and no more of ours than PATH. Exit code 0: it is off.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/act/answer.h"
#include "coordinator/act/http_hook.h"

namespace evenkeel::coordinator {

struct FenceTarget {
  std::string cluster;
  std::string node;
  std::string uid;
  std::string decision;
};

class FenceHook {
 public:
  struct Options {
    std::string url;                   // or
    std::vector<std::string> command;  // the program, by its full path, and its arguments
    std::string ca_file;               // vouches for an https hook; empty: the system's
    absl::Duration deadline = absl::Seconds(30);
    int at_once = 4;
    size_t most_waiting = 256;
    absl::Duration longest_wait = absl::Seconds(2);  // for its turn: older verdicts are not acted on (L1)
  };

  // INVALID_ARGUMENT, NOT_FOUND when the CA cannot be read.
  static absl::StatusOr<std::unique_ptr<FenceHook>> Create(Options options);
  // Ends what is under way: the process that runs is killed. What waits is not answered any more.
  ~FenceHook();

  FenceHook(const FenceHook&) = delete;
  FenceHook& operator=(const FenceHook&) = delete;

  // Any thread; never waits. It is asked once: whether again is for the core to say, by a fresh verdict.
  // `why_not` is asked when it is its turn: it may have waited; for longer than longest_wait, it is refused.
  // `wanted` is asked while it works: what is not wanted any more is ended. `done` comes once, on a thread of
  // the hook's or from within when too many wait: kDone with what the hook said, kRefused with what became of
  // it, or what `why_not` answered.
  using StillWanted = std::function<bool()>;
  void Fence(FenceTarget target, WhyNot why_not, StillWanted wanted, AnswerDone done);

 private:
  struct Job {
    FenceTarget target;
    WhyNot why_not;
    StillWanted wanted;
    AnswerDone done;
    std::chrono::steady_clock::time_point queued;
  };

  FenceHook(Options options, std::string ca_pem);
  void Run();
  Answer Try(const Job& job);
  Answer Ask(const Job& job);
  Answer Execute(const Job& job);
  bool Stopping();

  const Options options_;
  std::unique_ptr<HttpHook> http_;  // null: it is a command
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;   // guarded by the mutex
  bool stopping_ = false;  // the same
  std::vector<std::thread> threads_;
};

}  // namespace evenkeel::coordinator
