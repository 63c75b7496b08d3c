#include "coordinator/core/scale/look_queue.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/fetch.h"
#include "coordinator/core/scale/scaler.h"

namespace evenkeel::coordinator {
namespace {

bool IsBefore(const Scaler* one, const Scaler* other) {
  return one->record.policy < other->record.policy;
}

// A look takes as long as it takes to get hold of what it goes by.
EVENKEEL_FETCHES void FetchNext(const std::vector<Scaler*>& scalers, size_t next) {
  if (next < scalers.size()) {
    scalers[next]->pods.FetchRows();
    if (scalers[next]->published != nullptr) base::Fetch(scalers[next]->published.get());
  }
  if (next + 1 < scalers.size()) base::Fetch(scalers[next + 1]);
}

}  // namespace

void LookQueue::Set(Scaler& scaler, absl::Time when) {
  if (scaler.due.when == when) return;
  if (scaler.due.when != absl::InfiniteFuture()) Take(scaler);
  if (when != absl::InfiniteFuture()) Put(scaler, when);
}

absl::Time LookQueue::Next() const {
  return moments_.empty() ? absl::InfiniteFuture() : moments_.begin()->first;
}

Scaler& LookQueue::Pop() {
  EVENKEEL_CHECK(!moments_.empty()) << "no scaler has a deadline";
  Moment& moment = moments_.begin()->second;
  if (!moment.sorted) {
    const auto first = moment.scalers.begin() + static_cast<std::ptrdiff_t>(moment.first);
    if (!std::is_sorted(first, moment.scalers.end(), IsBefore)) {
      std::sort(first, moment.scalers.end(), IsBefore);
      for (size_t i = moment.first; i < moment.scalers.size(); ++i) moment.scalers[i]->due.place = i;
    }
    moment.sorted = true;
  }
  Scaler& scaler = *moment.scalers[moment.first++];
  scaler.due = {};
  FetchNext(moment.scalers, moment.first);
  if (moment.first == moment.scalers.size()) moments_.erase(moments_.begin());
  return scaler;
}

void LookQueue::Restore(Scaler& scaler) {
  if (scaler.due.when != absl::InfiniteFuture()) Put(scaler, scaler.due.when);
}

void LookQueue::Put(Scaler& scaler, absl::Time when) {
  Moment& moment = moments_[when];
  scaler.due = {.when = when, .place = moment.scalers.size()};
  moment.scalers.push_back(&scaler);
  moment.sorted = false;
}

// The last one takes its place.
void LookQueue::Take(Scaler& scaler) {
  const auto at = moments_.find(scaler.due.when);
  Moment& moment = at->second;
  Scaler* last = moment.scalers.back();
  moment.scalers[scaler.due.place] = last;
  last->due.place = scaler.due.place;
  moment.scalers.pop_back();
  moment.sorted = false;
  scaler.due = {};
  if (moment.first == moment.scalers.size()) moments_.erase(at);
}

}  // namespace evenkeel::coordinator
