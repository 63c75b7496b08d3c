// When which scaler is looked at: the deadlines of all scalers, in order. Most looks of a second are due at
// the same moment, so the scalers of a moment are a list, which is sorted once, when it has come. It follows
// from Scaler.due, so a checkpoint holds nothing of it.
#pragma once

#include <cstddef>
#include <map>
#include <tuple>
#include <vector>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

struct Scaler;

// A scaler's place in the queue, which sets it.
struct LookDue {
  absl::Time when = absl::InfiniteFuture();  // infinite: it is not in it
  size_t place = 0;

  template <typename Self>
  static auto Parts(Self& self) {
    return std::tie(self.when);
  }
};

class LookQueue {
 public:
  LookQueue() = default;
  LookQueue(LookQueue&&) = default;
  LookQueue& operator=(LookQueue&&) = default;
  LookQueue(const LookQueue&) = delete;  // a copy would lead to the scalers of the original
  LookQueue& operator=(const LookQueue&) = delete;

  // Sets the deadline, in place of the one it had; InfiniteFuture: there is none, as before the scaler ends.
  // O(log deadlines).
  void Set(Scaler& scaler, absl::Time when);
  // InfiniteFuture when there is none.
  absl::Time Next() const;
  // Takes out the scaler that is due first; of those of one moment, by the names of their policies. There is
  // one.
  Scaler& Pop();
  // A checkpoint was read: the scaler is put where its `due` says.
  void Restore(Scaler& scaler);

  template <typename Self>
  static auto Parts(Self& /*self*/) {
    return std::tie();
  }

 private:
  struct Moment {
    std::vector<Scaler*> scalers;
    size_t first = 0;     // those before it are taken out
    bool sorted = false;  // the rest
  };

  void Put(Scaler& scaler, absl::Time when);
  void Take(Scaler& scaler);

  std::map<absl::Time, Moment> moments_;  // none is empty
};

}  // namespace evenkeel::coordinator
