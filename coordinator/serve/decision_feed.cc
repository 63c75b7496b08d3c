#include "coordinator/serve/decision_feed.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/serve/convert.h"

namespace evenkeel::coordinator {

DecisionFeed::DecisionFeed(const std::vector<Decision>& open) {
  absl::MutexLock lock(&mutex_);
  for (const Decision& decision : open)
    open_.emplace(decision.id, std::make_shared<const Decision>(decision));
}

void DecisionFeed::OnDecision(const Decision& decision) {
  const auto shared = std::make_shared<const Decision>(decision);
  absl::MutexLock lock(&mutex_);
  if (decision.state == DecisionState::kOpen) {
    open_.insert_or_assign(decision.id, shared);
  } else {
    open_.erase(decision.id);
  }
  for (DecisionWatch* watch : watches_) watch->Enqueue(shared);
}

size_t DecisionFeed::open() const {
  absl::MutexLock lock(&mutex_);
  return open_.size();
}

DecisionWatch::DecisionWatch(DecisionFeed& feed, std::string cluster, std::function<void()> wake,
                             size_t max_pending)
    : feed_(feed), cluster_(std::move(cluster)), wake_(std::move(wake)), max_pending_(max_pending) {
  absl::MutexLock feed_lock(&feed_.mutex_);
  for (const auto& [id, decision] : feed_.open_) Enqueue(decision);
  {
    absl::MutexLock lock(&mutex_);
    first_part_ = pending_.size();
  }
  feed_.watches_.insert(this);
}

DecisionWatch::~DecisionWatch() {
  absl::MutexLock lock(&feed_.mutex_);
  feed_.watches_.erase(this);
}

absl::StatusOr<bool> DecisionWatch::Next(v1::WatchDecisionsResponse& out) {
  out.Clear();
  std::shared_ptr<const Decision> decision;
  {
    absl::MutexLock lock(&mutex_);
    if (overflowed_) {
      return base::WithReason(absl::ResourceExhaustedError(absl::StrCat(
                                  "the reader is too slow: more than ", max_pending_,
                                  " decisions changed that it has not read; start the watch again")),
                              "WATCH_TOO_SLOW");
    }
    if (!synced_ && first_part_ == 0) {
      synced_ = true;
      out.set_type(v1::WatchDecisionsResponse::TYPE_SYNCED);
      return true;
    }
    if (pending_.empty()) {
      waiting_ = true;
      return false;
    }
    decision = latest_.extract(pending_.front()).mapped();
    pending_.pop_front();
    if (first_part_ > 0) --first_part_;
  }
  const bool known = decision->state == DecisionState::kOpen ? !sent_.insert(decision->id).second
                                                             : sent_.erase(decision->id) > 0;
  out.set_type(known ? v1::WatchDecisionsResponse::TYPE_MODIFIED : v1::WatchDecisionsResponse::TYPE_ADDED);
  *out.mutable_decision() = ToMessage(*decision);
  return true;
}

void DecisionWatch::Enqueue(const std::shared_ptr<const Decision>& decision) {
  if (!cluster_.empty() && decision->cluster != cluster_) return;
  bool wake = false;
  {
    absl::MutexLock lock(&mutex_);
    if (overflowed_) return;
    if (latest_.insert_or_assign(decision->id, decision).second) {
      pending_.push_back(decision->id);
      if (pending_.size() > max_pending_) {
        overflowed_ = true;
        pending_.clear();
        latest_.clear();
      }
    }
    wake = std::exchange(waiting_, false);
  }
  if (wake) wake_();
}

}  // namespace evenkeel::coordinator
