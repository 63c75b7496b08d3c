#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "common/time/backoff.h"

namespace evenkeel::kube {

struct ListWatchOptions {
  Resource resource;
  std::string name_space;  // empty: all of them
  std::string label_selector;
  std::string field_selector;

  int page_size = 500;
  absl::Duration list_deadline = absl::Seconds(30);  // for each page
  // Each watch ends after a random time in [minimum, 2 * minimum), so that many do not come back at once.
  absl::Duration watch_minimum = absl::Minutes(5);
  // No event nor bookmark for so long: everything is listed again and the watch made anew. API servers send a
  // bookmark about once a minute, but none where nothing has changed since they started.
  absl::Duration stale_after = absl::Seconds(90);
  time::BackoffPolicy backoff = {.initial = absl::Milliseconds(200), .maximum = absl::Seconds(10)};
};

enum class ListWatchState {
  kConnected,     // what was delivered is current, but for what is on its way
  kStale,         // nothing heard within `stale_after`, and a list does not come: changes may be missing
  kDisconnected,  // no watch: changes are missing for certain
};

// Keeps its listener's picture of one kind of object current: lists all, then watches, resumes after a break
// where it stopped, and lists again when the server no longer has the history (410).
//
// The callbacks come on the API's thread, in order, until Stop or destruction. They must not block.
class ListWatchListener {
 public:
  virtual ~ListWatchListener() = default;

  // The complete set, after each list. The first call says that the picture is complete. After a list that
  // follows a break, `deleted` names those that went meanwhile.
  virtual void OnReplaced(std::vector<Json> objects, const std::vector<ObjectName>& deleted) = 0;
  virtual void OnChanged(Json object) = 0;
  // `object` is its last state.
  virtual void OnDeleted(Json object) = 0;
  // `why` is OK when connected. Comes again while disconnected when the server has come to refuse it
  // (PERMISSION_DENIED, UNAUTHENTICATED, NOT_FOUND).
  virtual void OnState(ListWatchState state, const absl::Status& why) = 0;
};

// Memory: one key an object, and during a list that list. Starts at once. `api` and
// `listener` must outlive it. Not to be destroyed from within one of its callbacks: Stop there, and destroy
// later.
class ListWatch {
 public:
  ListWatch(KubernetesApi& api, ListWatchOptions options, ListWatchListener& listener);
  ~ListWatch();

  ListWatch(const ListWatch&) = delete;
  ListWatch& operator=(const ListWatch&) = delete;

  // No callback begins after it returns; called elsewhere than within a callback, none is running any more
  // either.
  void Stop();

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace evenkeel::kube
