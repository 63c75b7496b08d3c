// What the core tells of things that have a name and belong to a cluster (scalers, bursts), as it is now, and
// all changes of it, for those who read and watch it.
//
// Threading: any thread. Memory: one status a name and, for each watcher, the names that it has not read yet.
// A watcher hears of each in its latest state; it changes no oftener than the core tells of it.
//
// `Status` has a `cluster`.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status.h"
#include "coordinator/serve/name_queue.h"
#include "coordinator/serve/page_token.h"
#include "coordinator/serve/watch_source.h"

namespace evenkeel::coordinator {

template <typename Status, typename Response>
class StatusWatch;

template <typename Status>
class StatusFeed {
 public:
  // From the runtime's outlet.
  void Put(const std::string& name, Status status) {
    Put(name, std::make_shared<const Status>(std::move(status)));
  }
  void Put(const std::string& name, std::shared_ptr<const Status> fresh) {
    absl::MutexLock lock(&mutex_);
    std::shared_ptr<const Status>& held = statuses_[name];
    // What belongs to another cluster now is gone for those who watch the one that it left.
    const std::string left = held == nullptr || held->cluster == fresh->cluster ? "" : held->cluster;
    held = std::move(fresh);
    for (NameQueue* watch : watches_) {
      if (watch->Wants(held->cluster) || (!left.empty() && watch->Wants(left))) watch->Enqueue(name);
    }
  }
  void Erase(const std::string& name) {
    absl::MutexLock lock(&mutex_);
    const auto found = statuses_.find(name);
    if (found == statuses_.end()) return;
    const std::shared_ptr<const Status> last = std::move(found->second);
    statuses_.erase(found);
    for (NameQueue* watch : watches_) {
      if (watch->Wants(last->cluster)) watch->Enqueue(name);
    }
  }

  std::shared_ptr<const Status> Find(const std::string& name) const {  // null: there is none
    absl::MutexLock lock(&mutex_);
    const auto found = statuses_.find(name);
    return found == statuses_.end() ? nullptr : found->second;
  }
  using Entry = std::pair<std::string, std::shared_ptr<const Status>>;
  // At most `limit` of the cluster's (empty: all), by name, after that name.
  std::vector<Entry> After(const std::string& name, const std::string& cluster, size_t limit) const {
    std::vector<Entry> after;
    absl::MutexLock lock(&mutex_);
    for (auto at = statuses_.upper_bound(name); at != statuses_.end() && after.size() < limit; ++at) {
      if (cluster.empty() || at->second->cluster == cluster) after.emplace_back(at->first, at->second);
    }
    return after;
  }
  size_t size() const {
    absl::MutexLock lock(&mutex_);
    return statuses_.size();
  }

 private:
  template <typename, typename>
  friend class StatusWatch;

  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<const Status>> statuses_ ABSL_GUARDED_BY(mutex_);
  std::set<NameQueue*> watches_ ABSL_GUARDED_BY(mutex_);
};

// One page of a listing: hands each status to `add`. `method`: of the API, by which its tokens are told from
// others. INVALID_ARGUMENT names the field.
template <typename Status, typename Request, typename Response, typename Add>
absl::Status ListStatuses(const StatusFeed<Status>& feed, absl::string_view method, const Request& request,
                          Response& response, Add add) {
  EVENKEEL_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  const std::initializer_list<absl::string_view> asked = {method, request.cluster()};
  EVENKEEL_ASSIGN_OR_RETURN(const std::string after, ReadPageToken(asked, request.page_token()));
  // One more than asked for tells whether there is another page.
  const auto found = feed.After(after, request.cluster(), page_size + 1);
  for (size_t i = 0; i < found.size() && i < page_size; ++i) add(*found[i].second);
  if (found.size() > page_size) {
    response.set_next_page_token(MakePageToken(asked, found[page_size - 1].first));
  }
  return absl::OkStatus();
}

// One watcher: what is there, SYNCED, then each that changes. `Response` has the types ADDED, MODIFIED,
// DELETED and SYNCED. It is never ended for slowness alone.
template <typename Status, typename Response>
class StatusWatch final : public WatchSource<Response> {
 public:
  // Puts the status into the response; null: it is gone, and only its name is to be told.
  using Fill = std::function<void(const std::string& name, const Status* status, Response& out)>;

  // `feed` outlives the watch. `cluster` empty: all.
  StatusWatch(StatusFeed<Status>& feed, std::string cluster, Fill fill, std::function<void()> wake)
      : feed_(feed), fill_(std::move(fill)), names_(std::move(cluster), std::move(wake)) {
    absl::MutexLock lock(&feed_.mutex_);
    for (const auto& [name, status] : feed_.statuses_) {
      if (names_.Wants(status->cluster)) names_.Enqueue(name);
    }
    names_.EndFirstPart();
    feed_.watches_.insert(&names_);
  }
  ~StatusWatch() override {
    absl::MutexLock lock(&feed_.mutex_);
    feed_.watches_.erase(&names_);
  }

  absl::StatusOr<bool> Next(Response& out) override {
    out.Clear();
    while (true) {
      const NameQueue::Item item = names_.Take();
      if (item.kind == NameQueue::Kind::kNothing) return false;
      if (item.kind == NameQueue::Kind::kSynced) {
        out.set_type(Response::TYPE_SYNCED);
        return true;
      }
      // As it is by now, so that each is sent in its latest state; what changes from here on is enqueued
      // again.
      const std::shared_ptr<const Status> status = feed_.Find(item.name);
      if (status != nullptr && names_.Wants(status->cluster)) {
        out.set_type(sent_.insert(item.name).second ? Response::TYPE_ADDED : Response::TYPE_MODIFIED);
        fill_(item.name, status.get(), out);
        return true;
      }
      if (sent_.erase(item.name) == 0) continue;  // it came and went unseen
      out.set_type(Response::TYPE_DELETED);
      fill_(item.name, nullptr, out);
      return true;
    }
  }

 private:
  StatusFeed<Status>& feed_;
  const Fill fill_;
  NameQueue names_;
  std::set<std::string> sent_;  // used by Next alone
};

}  // namespace evenkeel::coordinator
