// A program with one data race, beside what abseil.cc teaches ThreadSanitizer to see as ordered: its run must
// end with the race's report and with no other. Otherwise a clean run of the tests would mean nothing.

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

namespace {

struct Counts {
  absl::Mutex mutex;
  int guarded ABSL_GUARDED_BY(mutex) = 0;
  int handed_over = 0;  // written before the notification, read after it
  int raced = 0;
};

void CountUp(Counts& counts) {
  for (int i = 0; i < 1000; ++i) {
    const absl::MutexLock lock(&counts.mutex);
    ++counts.guarded;
  }
}

}  // namespace

int main() {
  Counts counts;
  absl::Notification begin;
  std::thread other([&] {
    begin.WaitForNotification();
    counts.raced = counts.handed_over;  // races with the write below, whichever comes first
    CountUp(counts);
  });
  counts.handed_over = 1;
  begin.Notify();
  counts.raced = 2;
  CountUp(counts);
  other.join();
  const absl::MutexLock lock(&counts.mutex);
  return counts.guarded == 2000 ? 0 : 1;
}
