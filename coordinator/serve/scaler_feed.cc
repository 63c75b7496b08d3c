#include "coordinator/serve/scaler_feed.h"

#include <utility>

#include "coordinator/serve/names.h"
#include "coordinator/serve/scaler_messages.h"

namespace evenkeel::coordinator {

void ScalerFeed::OnScaler(const ScalerChanged& change) {
  auto status = std::make_shared<const ScalerStatus>(change.status);
  const std::string& policy = status->policy;
  absl::MutexLock lock(&mutex_);
  std::shared_ptr<const ScalerStatus>& held = scalers_[policy];
  // A policy that scales in another cluster now is gone for those who watch the one that it left.
  const std::string left = held == nullptr || held->cluster == status->cluster ? "" : held->cluster;
  held = status;
  for (ScalerWatch* watch : watches_) {
    if (watch->Wants(status->cluster) || (!left.empty() && watch->Wants(left))) watch->Enqueue(policy);
  }
}

void ScalerFeed::OnScalerGone(const ScalerGone& gone) {
  absl::MutexLock lock(&mutex_);
  const auto found = scalers_.find(gone.policy);
  if (found == scalers_.end()) return;
  const std::shared_ptr<const ScalerStatus> last = std::move(found->second);
  scalers_.erase(found);
  for (ScalerWatch* watch : watches_) {
    if (watch->Wants(last->cluster)) watch->Enqueue(gone.policy);
  }
}

std::shared_ptr<const ScalerStatus> ScalerFeed::Find(const std::string& policy) const {
  absl::MutexLock lock(&mutex_);
  const auto found = scalers_.find(policy);
  return found == scalers_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const ScalerStatus>> ScalerFeed::After(const std::string& name,
                                                                   const std::string& cluster,
                                                                   size_t limit) const {
  std::vector<std::shared_ptr<const ScalerStatus>> after;
  absl::MutexLock lock(&mutex_);
  for (auto at = scalers_.upper_bound(name); at != scalers_.end() && after.size() < limit; ++at) {
    if (cluster.empty() || at->second->cluster == cluster) after.push_back(at->second);
  }
  return after;
}

size_t ScalerFeed::size() const {
  absl::MutexLock lock(&mutex_);
  return scalers_.size();
}

ScalerWatch::ScalerWatch(ScalerFeed& feed, std::string cluster, std::function<void()> wake)
    : feed_(feed), cluster_(std::move(cluster)), wake_(std::move(wake)) {
  absl::MutexLock feed_lock(&feed_.mutex_);
  for (const auto& [policy, status] : feed_.scalers_) {
    if (Wants(status->cluster)) Enqueue(policy);
  }
  {
    absl::MutexLock lock(&mutex_);
    first_part_ = order_.size();
  }
  feed_.watches_.insert(this);
}

ScalerWatch::~ScalerWatch() {
  absl::MutexLock lock(&feed_.mutex_);
  feed_.watches_.erase(this);
}

absl::StatusOr<bool> ScalerWatch::Next(v1::WatchScalersResponse& out) {
  out.Clear();
  while (true) {
    std::string policy;
    {
      absl::MutexLock lock(&mutex_);
      if (!synced_ && first_part_ == 0) {
        synced_ = true;
        out.set_type(v1::WatchScalersResponse::TYPE_SYNCED);
        return true;
      }
      if (order_.empty()) {
        waiting_ = true;
        return false;
      }
      policy = std::move(order_.front());
      order_.pop_front();
      pending_.erase(policy);
      if (first_part_ > 0) --first_part_;
    }
    // As it is by now, so that each is sent in its latest state; what changes from here on is enqueued again.
    const std::shared_ptr<const ScalerStatus> status = feed_.Find(policy);
    if (status != nullptr && Wants(status->cluster)) {
      out.set_type(sent_.insert(policy).second ? v1::WatchScalersResponse::TYPE_ADDED
                                               : v1::WatchScalersResponse::TYPE_MODIFIED);
      *out.mutable_scaler() = ToMessage(*status);
      return true;
    }
    if (sent_.erase(policy) == 0) continue;  // it came and went unseen
    out.set_type(v1::WatchScalersResponse::TYPE_DELETED);
    out.mutable_scaler()->set_name(ScalerResource(policy));
    return true;
  }
}

bool ScalerWatch::Wants(const std::string& cluster) const {
  return cluster_.empty() || cluster_ == cluster;
}

void ScalerWatch::Enqueue(const std::string& policy) {
  bool wake = false;
  {
    absl::MutexLock lock(&mutex_);
    if (!pending_.insert(policy).second) return;
    order_.push_back(policy);
    wake = std::exchange(waiting_, false);
  }
  if (wake) wake_();
}

}  // namespace evenkeel::coordinator
