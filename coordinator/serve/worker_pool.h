// The few threads that answer operators: reads of the view and the store, which may take milliseconds and
// must hold up neither gRPC's nor the Kubernetes client's threads.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace evenkeel::coordinator {

class WorkerPool {
 public:
  // `capacity`: tasks that may wait.
  explicit WorkerPool(size_t threads = 2, size_t capacity = 1024);
  // As Stop.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and the task will not run, when the queue is full or the pool has been stopped.
  bool TrySubmit(std::function<void()> task);
  // For tasks whose number is bounded otherwise: waits for nothing and counts against no bound. Not run after
  // Stop.
  void Submit(std::function<void()> task);

  // Runs what is queued, takes no more, and ends the threads. Not from a task.
  void Stop();

 private:
  void Run();

  const size_t capacity_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace evenkeel::coordinator
