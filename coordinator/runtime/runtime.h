// The one loop around the core: take events, step, make the writes durable, then release (L3).
//
// Every producer posts to one bounded queue. The loop takes what is there, at most 1024 events, and makes one
// turn of them (loop.h). A commit that fails stops the process through `fatal`.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/time/clock.h"
#include "coordinator/core/core.h"
#include "coordinator/runtime/outlet.h"
#include "coordinator/store/recorder.h"
#include "coordinator/store/state_store.h"

namespace evenkeel::coordinator {

// Where events go. Threading: any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // Waits while the queue is full; the watches that feed it are slowed down with it. False: the runtime is
  // stopping and the event is dropped. From within a release (the loop's own thread) it never waits: the
  // queue may then hold more than its capacity by what that release posts.
  virtual bool Post(Event event) = 0;
  // Never waits. RESOURCE_EXHAUSTED when the queue is full: for operators' commands, which can be sent again.
  virtual absl::Status TryPost(Event event) = 0;
};

class Runtime : public EventSink {
 public:
  struct Options {
    size_t queue_capacity = 16384;
    Recorder* recorder = nullptr;  // of what the core is told; outlives the runtime. Null: none
    // Called with the cause when the store cannot keep its promise; must not return.
    std::function<void(const absl::Status&)> fatal;
  };

  // `store` is open already and gave `restored`. All outlive the runtime.
  Runtime(Options options, const Restored& restored, StateStore& store, Outlet& outlet,
          const time::Clock& clock);
  ~Runtime() override;

  void Start();
  // Finishes the batch under way and ends the loop; events still queued are dropped (they are told again
  // after a start).
  void Stop();

  bool Post(Event event) override;
  absl::Status TryPost(Event event) override;

  // Figures for /metrics and /readyz.
  struct Figures {
    uint64_t events = 0;
    uint64_t commits = 0;
    size_t queued = 0;
    absl::Duration last_commit;
    absl::Duration longest_lateness;  // of a deadline, since the last call
    absl::Time last_turn;
  };
  Figures figures() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::coordinator
