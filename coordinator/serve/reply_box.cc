#include "coordinator/serve/reply_box.h"

#include <utility>

#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

Reply Refusal(const absl::Status& status, const char* reason) {
  Reply reply;
  reply.status = base::WithReason(status, reason);
  return reply;
}

Reply Stopping() {
  return Refusal(absl::UnavailableError("the coordinator is stopping; try again when it is back"),
                 "STOPPING");
}

}  // namespace

ReplyBox::ReplyBox(EventSink& events, size_t capacity) : events_(events), capacity_(capacity) {}

void ReplyBox::Ask(const std::function<Event(uint64_t request_id)>& make,
                   std::function<void(const Reply&)> done) {
  uint64_t id = 0;
  {
    absl::ReleasableMutexLock lock(&mutex_);
    if (closed_) {
      lock.Release();
      done(Stopping());
      return;
    }
    if (waiting_.size() >= capacity_) {
      lock.Release();
      done(Refusal(absl::ResourceExhaustedError("too many changes are waiting; try again in a moment"),
                   "TOO_MANY_CALLS"));
      return;
    }
    id = ++last_id_;
    waiting_.emplace(id, std::move(done));
  }
  const absl::Status posted = events_.TryPost(make(id));
  if (posted.ok()) return;
  Reply refusal = Refusal(posted, "QUEUE_FULL");
  refusal.request_id = id;
  Deliver(refusal);
}

void ReplyBox::Deliver(const Reply& reply) {
  std::function<void(const Reply&)> done;
  {
    absl::MutexLock lock(&mutex_);
    const auto waiting = waiting_.extract(reply.request_id);
    if (waiting.empty()) return;  // told already, by Close
    done = waiting.mapped();
  }
  done(reply);
}

void ReplyBox::Close() {
  std::map<uint64_t, std::function<void(const Reply&)>> waiting;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    waiting = std::exchange(waiting_, {});
  }
  for (const auto& [id, done] : waiting) done(Stopping());
}

}  // namespace evenkeel::coordinator
