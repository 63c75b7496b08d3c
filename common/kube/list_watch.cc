#include "common/kube/list_watch.h"

#include <atomic>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/kube/json.h"

namespace evenkeel::kube {
namespace {

// How finely silence is measured: a watch is stale after this many looks at it in a row that saw nothing new.
constexpr int kLooks = 4;
// A list that takes no longer than this settles whether a silent watch was quiet or dead, before anybody is
// alarmed.
constexpr absl::Duration kQuietList = absl::Seconds(2);

// "No answer" that becomes "no" is news: somebody may do something about it.
bool IsRefusal(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status) || absl::IsNotFound(status);
}

}  // namespace

// Shared with the callbacks under way.
class ListWatch::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(KubernetesApi& api, ListWatchOptions options, ListWatchListener& listener)
      : api_(api), options_(std::move(options)), listener_(listener) {}

  void Start() {
    Guarded([this] { Later(absl::ZeroDuration(), &Core::StartList); });
  }
  void Stop();

 private:
  // Runs `step` unless stopped; while it runs, Stop elsewhere waits.
  template <typename Step>
  void Guarded(Step step) {
    absl::MutexLock lock(&running_mutex_);
    if (stopped_) return;
    running_thread_ = std::this_thread::get_id();
    step();
    running_thread_ = std::thread::id();
  }

  void Later(absl::Duration delay, void (Core::*step)());
  void StartList();
  void ListPage(std::string continue_token);
  void OnPage(absl::StatusOr<Json> page);
  void OnListed();
  void StartWatch();
  void OnEvent(WatchEvent event);
  void OnWatchEnd(const absl::Status& status);
  void LookForSilence();
  void SettleSilence();
  void Retry(const absl::Status& why, void (Core::*step)());
  void SetState(ListWatchState state, const absl::Status& why);

  KubernetesApi& api_;
  const ListWatchOptions options_;
  ListWatchListener& listener_;

  std::vector<Json> listed_;  // pages of the list under way
  bool paged_ = true;         // whether to list in pages
  absl::flat_hash_set<ObjectName> known_;
  std::string resource_version_;  // of the last list, event or bookmark
  ListWatchState state_ = ListWatchState::kDisconnected;
  bool reported_ = false;  // any state
  absl::StatusCode reported_why_ = absl::StatusCode::kOk;
  int failures_ = 0;     // in a row
  bool opened_ = false;  // the watch under way
  bool heard_ = false;   // anything of the watch since the last look
  int silent_looks_ = 0;
  bool relist_ = false;  // once the watch under way has ended
  Call call_;            // the request, watch or wait under way
  Call look_;

  // Held while a callback runs; so is all of the above guarded by it. A listener may stop us from within its
  // callback: whatever goes on after one looks at `stopped_`.
  absl::Mutex running_mutex_;
  std::atomic<std::thread::id> running_thread_;
  bool stopped_ = false;
};

void ListWatch::Core::Stop() {
  // From within a callback the mutex is this thread's already.
  const bool within = running_thread_.load() == std::this_thread::get_id();
  if (!within) running_mutex_.Lock();
  running_mutex_.AssertHeld();
  stopped_ = true;
  call_.Cancel();
  look_.Cancel();
  if (!within) running_mutex_.Unlock();
}

void ListWatch::Core::Later(absl::Duration delay, void (Core::*step)()) {
  call_ =
      api_.After(delay, [core = shared_from_this(), step] { core->Guarded([&] { (core.get()->*step)(); }); });
}

void ListWatch::Core::StartList() {
  relist_ = false;
  listed_.clear();
  ListPage("");
}

void ListWatch::Core::ListPage(std::string continue_token) {
  const ListOptions list = {.name_space = options_.name_space,
                            .label_selector = options_.label_selector,
                            .field_selector = options_.field_selector,
                            .limit = paged_ ? options_.page_size : 0,
                            .continue_token = std::move(continue_token)};
  call_ = api_.List(options_.resource, list, options_.list_deadline,
                    [core = shared_from_this()](absl::StatusOr<Json> page) {
                      core->Guarded([&] { core->OnPage(std::move(page)); });
                    });
}

void ListWatch::Core::OnPage(absl::StatusOr<Json> page) {
  if (!page.ok()) {
    look_.Cancel();
    // The history that the pages were cut from is gone: all in one answer needs none.
    if (page.status().code() == absl::StatusCode::kOutOfRange) paged_ = false;
    Retry(base::Annotate(page.status(), "list"), &Core::StartList);
    return;
  }
  if (const auto items = page->find("items"); items != page->end() && items->is_array()) {
    for (Json& item : *items) listed_.push_back(std::move(item));
  }
  std::string next = Text(*page, {"metadata", "continue"});
  if (!next.empty()) {
    ListPage(std::move(next));
    return;
  }
  resource_version_ = ResourceVersionOf(*page);
  OnListed();
}

void ListWatch::Core::OnListed() {
  look_.Cancel();
  paged_ = true;
  const auto before = std::exchange(known_, {});
  known_.reserve(listed_.size());
  for (const Json& object : listed_) known_.insert(NameOf(object));
  std::vector<ObjectName> deleted;
  for (const ObjectName& name : before) {
    if (!known_.contains(name)) deleted.push_back(name);
  }
  listener_.OnReplaced(std::exchange(listed_, {}), deleted);
  SetState(ListWatchState::kConnected, absl::OkStatus());
  if (!stopped_) StartWatch();
}

void ListWatch::Core::StartWatch() {
  opened_ = false;
  heard_ = false;
  silent_looks_ = 0;
  const WatchOptions watch = {.name_space = options_.name_space,
                              .label_selector = options_.label_selector,
                              .field_selector = options_.field_selector,
                              .resource_version = resource_version_,
                              .timeout = options_.watch_minimum * (1.0 + base::RandomUnit())};
  call_ = api_.Watch(
      options_.resource, watch,
      [core = shared_from_this()](WatchEvent event) {
        core->Guarded([&] { core->OnEvent(std::move(event)); });
      },
      [core = shared_from_this()](const absl::Status& status) {
        core->Guarded([&] { core->OnWatchEnd(status); });
      });
  LookForSilence();
}

void ListWatch::Core::OnEvent(WatchEvent event) {
  if (relist_) return;  // cancelled: what still comes is of no use
  heard_ = true;
  if (event.type == WatchEvent::Type::kOpened) {
    opened_ = true;
    SetState(ListWatchState::kConnected, absl::OkStatus());
    return;
  }
  // The watch works: only now, for a server may accept it and then refuse its version.
  failures_ = 0;
  if (std::string version = ResourceVersionOf(event.object); !version.empty()) {
    resource_version_ = std::move(version);
  }
  switch (event.type) {
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified:
      known_.insert(NameOf(event.object));
      listener_.OnChanged(std::move(event.object));
      break;
    case WatchEvent::Type::kDeleted:
      known_.erase(NameOf(event.object));
      listener_.OnDeleted(std::move(event.object));
      break;
    case WatchEvent::Type::kOpened:
    case WatchEvent::Type::kBookmark:
      break;
  }
}

void ListWatch::Core::OnWatchEnd(const absl::Status& status) {
  look_.Cancel();
  if (relist_) {
    SettleSilence();
  } else if (status.ok() && opened_ && failures_ == 0) {
    // Ran out, as watches do. Should the server end it at once each time, that counts as failures.
    ++failures_;
    Later(absl::ZeroDuration(), &Core::StartWatch);
  } else if (status.code() == absl::StatusCode::kUnavailable || status.ok()) {
    Retry(
        base::Annotate(status.ok() ? absl::UnavailableError("ended at once by the server") : status, "watch"),
        &Core::StartWatch);
  } else {
    // 410, and everything after which the picture may have a gap.
    Retry(base::Annotate(status, "watch"), &Core::StartList);
  }
}

void ListWatch::Core::LookForSilence() {
  look_ = api_.After(options_.stale_after / kLooks, [core = shared_from_this()] {
    core->Guarded([&] {
      core->silent_looks_ = std::exchange(core->heard_, false) ? 0 : core->silent_looks_ + 1;
      if (core->silent_looks_ < kLooks) {
        core->LookForSilence();
        return;
      }
      core->relist_ = true;
      core->call_.Cancel();  // OnWatchEnd comes
    });
  });
}

// Where nothing ever changes a server sends no bookmark either (seen on 1.20: the claims of a cluster without
// any), so silence alone says nothing. A list does.
void ListWatch::Core::SettleSilence() {
  look_ = api_.After(kQuietList, [core = shared_from_this()] {
    core->Guarded([&] {
      core->SetState(ListWatchState::kStale,
                     absl::DeadlineExceededError(absl::StrCat(
                         "the watch has been silent for ", absl::FormatDuration(core->options_.stale_after),
                         " and a list has not come within ", absl::FormatDuration(kQuietList))));
    });
  });
  StartList();
}

void ListWatch::Core::Retry(const absl::Status& why, void (Core::*step)()) {
  SetState(ListWatchState::kDisconnected, why);
  if (stopped_) return;
  ++failures_;
  Later(time::Backoff(options_.backoff, failures_, base::RandomUnit()), step);
}

void ListWatch::Core::SetState(ListWatchState state, const absl::Status& why) {
  const bool news = state != state_ || (IsRefusal(why) && why.code() != reported_why_);
  if (stopped_ || (reported_ && !news)) return;
  reported_ = true;
  reported_why_ = why.code();
  state_ = state;
  listener_.OnState(state, why);
}

ListWatch::ListWatch(KubernetesApi& api, ListWatchOptions options, ListWatchListener& listener)
    : core_(std::make_shared<Core>(api, std::move(options), listener)) {
  core_->Start();
}

ListWatch::~ListWatch() {
  core_->Stop();
}

void ListWatch::Stop() {
  core_->Stop();
}

}  // namespace evenkeel::kube
