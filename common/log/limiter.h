#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace evenkeel::log {

// Keeps lines that others can provoke (a peer that fails in a loop, a bad client) from filling the disk.
//
//   if (auto suppressed = limiter_.Admit(peer, clock.Now())) {
//     log::Warn("handshake failed", {{"peer", peer}, {"suppressed", *suppressed}});
//   }
//
// Any thread may use it. Memory is bounded by `max_keys`; keys beyond share one allowance among them.
class Limiter {
 public:
  // At most one line per key and interval. interval > 0.
  explicit Limiter(absl::Duration interval, std::size_t max_keys = 256);

  // The number of lines that were held back for this key since the last one admitted, when this one may be
  // written; nothing when it is to be held back too.
  std::optional<std::int64_t> Admit(absl::string_view key, absl::Time now);

 private:
  struct Entry {
    absl::Time next = absl::InfinitePast();
    std::int64_t suppressed = 0;
  };

  void ForgetIdle(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const absl::Duration interval_;
  const std::size_t max_keys_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  Entry overflow_ ABSL_GUARDED_BY(mutex_);
  absl::Time next_sweep_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace evenkeel::log
