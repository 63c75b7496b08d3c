#include "coordinator/runtime/runtime.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "coordinator/runtime/event_queue.h"
#include "coordinator/runtime/loop.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kMostEventsPerTurn = 1024;

}  // namespace

struct Runtime::Impl {
  Impl(Options options_given, const Restored& restored_given, StateStore& store_given, Outlet& outlet_given,
       const time::Clock& clock_given)
      : options(std::move(options_given)),
        restored(restored_given),
        store(store_given),
        outlet(outlet_given),
        clock(clock_given),
        queue(options.queue_capacity) {}

  void Run();
  void Turn(Loop& loop, const std::vector<Event>& events);
  void Commit(Loop& loop) const;
  bool OnLoop() const { return std::this_thread::get_id() == loop_id; }

  const Options options;
  const Restored restored;
  StateStore& store;
  Outlet& outlet;
  const time::Clock& clock;
  EventQueue queue;
  std::thread thread;
  std::atomic<std::thread::id> loop_id;

  mutable absl::Mutex mutex;
  mutable Figures figures ABSL_GUARDED_BY(mutex);
};

void Runtime::Impl::Run() {
  loop_id = std::this_thread::get_id();
  Loop loop(restored, store, outlet, clock, options.recorder);
  std::vector<Event> events;
  while (queue.Take(events, kMostEventsPerTurn, loop.NextDeadline() - clock.Now())) Turn(loop, events);
}

void Runtime::Impl::Turn(Loop& loop, const std::vector<Event>& events) {
  const absl::Duration lateness = std::max(clock.Now() - loop.NextDeadline(), absl::ZeroDuration());
  loop.Step(events);
  const bool writes = loop.writes();
  const absl::Time begin = clock.Now();
  Commit(loop);
  const absl::Duration commit_time = clock.Now() - begin;
  if (writes && DelayPoints(DelaySource::kStore, commit_time) > 0) {
    queue.PushByTaker(OwnDelay{.source = DelaySource::kStore, .delay = commit_time});
  }
  loop.Release();

  absl::MutexLock lock(&mutex);
  figures.events += events.size();
  if (writes) {
    ++figures.commits;
    figures.last_commit = commit_time;
  }
  figures.longest_lateness = std::max(figures.longest_lateness, lateness);
  figures.last_turn = clock.Now();
}

void Runtime::Impl::Commit(Loop& loop) const {
  const absl::Status status = loop.Commit();
  if (status.ok()) return;
  if (options.fatal) options.fatal(status);
  EVENKEEL_CHECK(false) << "the coordinator went on after its store failed: " << status.ToString();
}

Runtime::Runtime(Options options, const Restored& restored, StateStore& store, Outlet& outlet,
                 const time::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), restored, store, outlet, clock)) {}

Runtime::~Runtime() {
  Stop();
}

void Runtime::Start() {
  EVENKEEL_CHECK(!impl_->thread.joinable()) << "a runtime is started once";
  impl_->thread = std::thread([this] { impl_->Run(); });
}

void Runtime::Stop() {
  EVENKEEL_CHECK(!impl_->OnLoop()) << "the loop cannot wait for its own end";
  impl_->queue.Close();
  if (impl_->thread.joinable()) impl_->thread.join();
}

bool Runtime::Post(Event event) {
  return impl_->OnLoop() ? impl_->queue.PushByTaker(std::move(event)) : impl_->queue.Push(std::move(event));
}

absl::Status Runtime::TryPost(Event event) {
  return impl_->queue.TryPush(std::move(event));
}

Runtime::Figures Runtime::figures() const {
  absl::MutexLock lock(&impl_->mutex);
  Figures figures = impl_->figures;
  figures.queued = impl_->queue.size();
  impl_->figures.longest_lateness = absl::ZeroDuration();
  return figures;
}

}  // namespace evenkeel::coordinator
