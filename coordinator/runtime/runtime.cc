#include "coordinator/runtime/runtime.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "coordinator/runtime/event_queue.h"

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

  void Loop();
  void Turn(Core& core, std::vector<Event>& events);
  void Commit(const std::vector<Write>& writes);
  void Release(const Effects& effects);
  bool OnLoop() const { return std::this_thread::get_id() == loop_id; }

  const Options options;
  const Restored restored;
  StateStore& store;
  Outlet& outlet;
  const time::Clock& clock;
  EventQueue queue;
  std::thread loop;
  std::atomic<std::thread::id> loop_id;

  mutable absl::Mutex mutex;
  mutable Figures figures ABSL_GUARDED_BY(mutex);
};

void Runtime::Impl::Loop() {
  loop_id = std::this_thread::get_id();
  Core core(restored, clock.Now());
  std::vector<Event> events;
  while (queue.Take(events, kMostEventsPerTurn, core.NextDeadline() - clock.Now())) Turn(core, events);
}

void Runtime::Impl::Turn(Core& core, std::vector<Event>& events) {
  const absl::Duration lateness = std::max(clock.Now() - core.NextDeadline(), absl::ZeroDuration());
  const size_t taken = events.size();
  std::vector<Effects> steps;
  steps.reserve(taken + 1);
  // What has happened comes before what has not happened in time: a sign of life that waits in the queue must
  // not lose against the deadline that it meets (L1).
  for (const Event& event : events) steps.push_back(core.Step(event, clock.Now()));
  if (const absl::Time now = clock.Now(); now >= core.NextDeadline()) steps.push_back(core.Step(Tick{}, now));

  // One commit for all of them (group commit). Releasing nothing before it is L3.
  std::vector<Write> writes;
  for (Effects& effects : steps) {
    std::move(effects.writes.begin(), effects.writes.end(), std::back_inserter(writes));
  }
  std::optional<absl::Duration> commit_time;
  if (!writes.empty()) {
    const absl::Time begin = clock.Now();
    Commit(writes);
    commit_time = clock.Now() - begin;
  }
  for (const Effects& effects : steps) Release(effects);

  absl::MutexLock lock(&mutex);
  figures.events += taken;
  if (commit_time) {
    ++figures.commits;
    figures.last_commit = *commit_time;
  }
  figures.longest_lateness = std::max(figures.longest_lateness, lateness);
  figures.last_turn = clock.Now();
}

void Runtime::Impl::Commit(const std::vector<Write>& writes) {
  const absl::Status status = store.Commit(writes);
  if (status.ok()) return;
  if (options.fatal) options.fatal(status);
  EVENKEEL_CHECK(false) << "the coordinator went on after its store failed: " << status.ToString();
}

void Runtime::Impl::Release(const Effects& effects) {
  for (const ReleasedAction& action : effects.actions) outlet.Release(action);
  for (const Request& request : effects.requests) outlet.Release(request);
  for (const Reply& reply : effects.replies) outlet.Release(reply);
  for (const Notice& notice : effects.notices) outlet.Release(notice);
}

Runtime::Runtime(Options options, const Restored& restored, StateStore& store, Outlet& outlet,
                 const time::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), restored, store, outlet, clock)) {}

Runtime::~Runtime() {
  Stop();
}

void Runtime::Start() {
  EVENKEEL_CHECK(!impl_->loop.joinable()) << "a runtime is started once";
  impl_->loop = std::thread([this] { impl_->Loop(); });
}

void Runtime::Stop() {
  EVENKEEL_CHECK(!impl_->OnLoop()) << "the loop cannot wait for its own end";
  impl_->queue.Close();
  if (impl_->loop.joinable()) impl_->loop.join();
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
