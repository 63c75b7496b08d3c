// Looks names of hosts up, on a thread of its own: the system's resolver cannot be asked without waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/prober/probe_line.h"

namespace evenkeel::coordinator {

class NameLookup {
 public:
  // UNAVAILABLE: it did not resolve, with the cause. Never none.
  using Found = std::function<void(const std::string& host, uint16_t port,
                                   const absl::StatusOr<std::vector<ProbeAddress>>& addresses)>;

  // `found` is called on the thread, once for each Ask that is not taken together with one that waits.
  explicit NameLookup(Found found);
  // Nothing is told any more after it. A look-up that is under way cannot be ended: the resolver is asked to
  // give up on each server of its list after 1 s, and does not try again.
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // Any thread; never waits. No more wait than there are hosts.
  void Ask(const std::string& host, uint16_t port);

 private:
  void Run();

  const Found found_;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::pair<std::string, uint16_t>> asked_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses the rest
};

}  // namespace evenkeel::coordinator
