#include "tests/support/kube/fake_loop.h"

#include <utility>

namespace evenkeel::testing {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Posted tasks are due at the beginning of time, so that they run in order and before any timer.
constexpr SteadyClock::time_point kAtOnce{};

}  // namespace

FakeLoop::FakeLoop() : thread_([this] { Run(); }) {}

FakeLoop::~FakeLoop() {
  Stop();
}

void FakeLoop::Post(std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  tasks_.emplace(Key{kAtOnce, ++last_}, std::move(task));
}

std::shared_ptr<std::atomic<bool>> FakeLoop::After(absl::Duration delay, std::function<void()> task) {
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  if (delay == absl::InfiniteDuration()) return cancelled;
  // What is to be done at once counts as posted: whoever waits until nothing is left to do waits for it.
  const auto due =
      delay <= absl::ZeroDuration() ? kAtOnce : SteadyClock::now() + absl::ToChronoNanoseconds(delay);
  absl::MutexLock lock(&mutex_);
  tasks_.emplace(Key{due, ++last_}, [cancelled, task = std::move(task)] {
    if (!*cancelled) task();
  });
  return cancelled;
}

void FakeLoop::Stop() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void FakeLoop::WaitUntilIdle() {
  absl::MutexLock lock(&mutex_);
  const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !busy_ && (tasks_.empty() || tasks_.begin()->first.first != kAtOnce);
  };
  mutex_.Await(absl::Condition(&idle));
}

void FakeLoop::Run() {
  absl::MutexLock lock(&mutex_);
  while (true) {
    const auto now = SteadyClock::now();
    if (!tasks_.empty() && tasks_.begin()->first.first <= now) {
      auto task = std::move(tasks_.extract(tasks_.begin()).mapped());
      busy_ = true;
      mutex_.Unlock();
      task();
      task = nullptr;  // what it holds may lock mutexes of its own when it goes
      mutex_.Lock();
      busy_ = false;
      continue;
    }
    if (stopping_) return;
    const absl::Duration wait =
        tasks_.empty() ? absl::InfiniteDuration() : absl::FromChrono(tasks_.begin()->first.first - now);
    const auto first = tasks_.empty() ? Key{SteadyClock::time_point::max(), 0} : tasks_.begin()->first;
    const auto changed = [this, first]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || (!tasks_.empty() && tasks_.begin()->first < first);
    };
    mutex_.AwaitWithTimeout(absl::Condition(&changed), wait);
  }
}

}  // namespace evenkeel::testing
