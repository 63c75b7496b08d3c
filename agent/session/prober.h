#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "agent/session/probe_try.h"
#include "common/time/clock.h"
#include "evenkeel/v1/agent_session.pb.h"

namespace evenkeel::agent {

// Answers the coordinator's question whether another node can be reached. One thread, which sleeps while
// nobody asks. The process must ignore SIGPIPE.
class Prober {
 public:
  using Done = std::function<void(v1::ProbeAnswer)>;

  // Probes at the same time; more are answered at once with OUTCOME_PROBER_FAILED.
  static constexpr size_t kMostAtOnce = 32;
  // What a request's timeout is bounded to.
  static constexpr absl::Duration kShortestTimeout = absl::Milliseconds(10);
  static constexpr absl::Duration kLongestTimeout = absl::Seconds(10);

  // `clock` outlives the prober.
  explicit Prober(const time::Clock& clock);
  // Probes that are under way are given up without an answer.
  ~Prober();

  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Any thread. `done` is called exactly once, unless the prober is destroyed before: on the prober's thread,
  // or from within this call when there are too many. It must not block.
  void Probe(const v1::ProbeRequest& request, Done done);

 private:
  struct Pending {
    v1::ProbeRequest request;
    absl::Time deadline;
    Done done;
    std::unique_ptr<ProbeTry> kubelet;
    std::unique_ptr<ProbeTry> agent;  // null when not asked for
  };

  bool Accept(const v1::ProbeRequest& request, Done& done);
  void Run();
  void Begin(Pending& pending);
  void WaitForEvents();
  void AdvanceAll(absl::Time now);
  void Wake();

  const time::Clock& clock_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls_;
  int wake_ = -1;  // eventfd

  absl::Mutex mutex_;
  std::vector<Pending> asked_ ABSL_GUARDED_BY(mutex_);
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;  // asked and not yet answered
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::list<Pending> running_;  // the thread's own
  std::thread thread_;
};

}  // namespace evenkeel::agent
