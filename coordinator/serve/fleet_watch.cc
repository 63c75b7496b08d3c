#include "coordinator/serve/fleet_watch.h"

#include <map>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kReadAtOnce = 64;

const FleetRef& RefOf(const FleetSnapshot& snapshot) {
  return std::visit([](const auto& resource) -> const FleetRef& { return resource.ref; }, snapshot);
}

void SetResource(const FleetSnapshot& snapshot, v1::WatchFleetResponse& out) {
  if (const auto* cluster = std::get_if<ClusterSnapshot>(&snapshot)) {
    *out.mutable_cluster() = ToMessage(*cluster);
  } else if (const auto* node = std::get_if<NodeSnapshot>(&snapshot)) {
    *out.mutable_node() = ToMessage(*node);
  } else if (const auto* pod = std::get_if<PodSnapshot>(&snapshot)) {
    *out.mutable_pod() = ToMessage(*pod);
  }
}

}  // namespace

bool FleetFilter::MayMatch(const FleetKey& key) const {
  return (kinds.empty() || kinds.contains(key.kind)) && (cluster.empty() || cluster == key.cluster) &&
         (key.kind != FleetKind::kPod || name_space.empty() || name_space == key.name_space);
}

bool FleetFilter::Matches(const FleetSnapshot& snapshot) const {
  if (!MayMatch(*RefOf(snapshot))) return false;
  if (selector.matches_everything()) return true;
  static const std::map<std::string, std::string> kNoLabels;
  if (const auto* node = std::get_if<NodeSnapshot>(&snapshot)) {
    return selector.Matches(node->observed ? node->observed->labels : kNoLabels);
  }
  if (const auto* pod = std::get_if<PodSnapshot>(&snapshot)) return selector.Matches(pod->observed->labels);
  return true;
}

FleetWatch::FleetWatch(FleetView& view, FleetFilter filter, std::function<void()> wake, size_t max_pending)
    : view_(view), filter_(std::move(filter)), wake_(std::move(wake)), max_pending_(max_pending) {
  view_.AddListener(*this);
}

FleetWatch::~FleetWatch() {
  view_.RemoveListener(*this);
}

absl::StatusOr<bool> FleetWatch::Next(v1::WatchFleetResponse& out) {
  out.Clear();
  {
    absl::MutexLock lock(&mutex_);
    if (overflowed_) return TooSlow();
  }
  if (!synced_) {
    if (const std::optional<FleetSnapshot> snapshot = NextOfFirstPart()) {
      sent_.insert(RefOf(*snapshot));
      out.set_type(v1::WatchFleetResponse::TYPE_ADDED);
      SetResource(*snapshot, out);
    } else {
      synced_ = true;
      out.set_type(v1::WatchFleetResponse::TYPE_SYNCED);
    }
    return true;
  }
  while (true) {
    FleetRef ref;
    std::shared_ptr<const FleetSnapshot> last;
    {
      absl::MutexLock lock(&mutex_);
      if (overflowed_) return TooSlow();
      if (pending_.empty()) {
        waiting_ = true;
        return false;
      }
      ref = std::move(pending_.front());
      pending_.pop_front();
      const auto state = last_states_.extract(ref);
      last = state.mapped();
    }
    if (Describe(ref, last.get(), out)) return true;
  }
}

absl::Status FleetWatch::TooSlow() const {
  return base::WithReason(absl::ResourceExhaustedError(
                              absl::StrCat("the reader is too slow: more than ", max_pending_,
                                           " resources changed that it has not read; start the watch again")),
                          "WATCH_TOO_SLOW");
}

std::optional<FleetSnapshot> FleetWatch::NextOfFirstPart() {
  while (true) {
    while (!read_.empty()) {
      FleetSnapshot snapshot = std::move(read_.front());
      read_.pop_front();
      if (filter_.Matches(snapshot)) return snapshot;
    }
    FleetKey from;
    {
      absl::MutexLock lock(&mutex_);
      if (!read_until_) return std::nullopt;
      from = *read_until_;
    }
    std::vector<FleetSnapshot> more = view_.After(from, kReadAtOnce, [this](const FleetKey* last) {
      absl::MutexLock lock(&mutex_);
      if (last == nullptr) {
        read_until_.reset();
      } else {
        read_until_ = *last;
      }
    });
    read_.assign(std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
}

// False when the change is none for this reader.
bool FleetWatch::Describe(const FleetRef& ref, const FleetSnapshot* last, v1::WatchFleetResponse& out) {
  const std::optional<FleetSnapshot> now = view_.Find(ref);
  const bool had = sent_.contains(ref);
  if (now && filter_.Matches(*now)) {
    sent_.insert(ref);
    out.set_type(had ? v1::WatchFleetResponse::TYPE_MODIFIED : v1::WatchFleetResponse::TYPE_ADDED);
    SetResource(*now, out);
    return true;
  }
  if (!had) return false;
  if (now) {  // no longer what the reader asked for
    SetResource(*now, out);
  } else if (last != nullptr) {
    SetResource(*last, out);
  } else {
    return false;  // gone since it was taken from the queue: it is in the queue again, with its last state
  }
  sent_.erase(ref);
  out.set_type(v1::WatchFleetResponse::TYPE_DELETED);
  return true;
}

void FleetWatch::OnChanged(const FleetRef& ref) {
  Enqueue(ref, nullptr);
}

void FleetWatch::OnGone(const FleetRef& ref, std::shared_ptr<const FleetSnapshot> last) {
  Enqueue(ref, std::move(last));
}

void FleetWatch::Enqueue(const FleetRef& ref, std::shared_ptr<const FleetSnapshot> last) {
  if (!filter_.MayMatch(*ref)) return;
  bool wake = false;
  {
    absl::MutexLock lock(&mutex_);
    if (overflowed_ || (read_until_ && *read_until_ < *ref)) return;  // what the first part will still read
    const auto [state, added] = last_states_.try_emplace(ref);
    if (last != nullptr) state->second = std::move(last);
    if (added) {
      if (pending_.size() == max_pending_) {
        overflowed_ = true;
        pending_.clear();
        last_states_.clear();
      } else {
        pending_.push_back(ref);
      }
    }
    wake = std::exchange(waiting_, false);
  }
  if (wake) wake_();
}

}  // namespace evenkeel::coordinator
