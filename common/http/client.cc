#include "common/http/client.h"

#include <curl/curl.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/http/timers.h"
#include "common/http/transfer.h"

namespace evenkeel::http {
namespace {

// libcurl's own set-up is not safe among threads before some releases: once, before the first client.
void InitLibcurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  EVENKEEL_CHECK(code == CURLE_OK) << "libcurl does not start: " << curl_easy_strerror(code);
}

}  // namespace

// The thread and all that it owns. Other threads only post tasks to it.
class Client::Core {
 public:
  struct Timer {
    std::atomic<bool> cancelled = false;
    Timers::Id id = 0;  // the client's thread only
  };

  explicit Core(const Options& options);
  ~Core();

  void Stop();
  bool OnThread() const { return std::this_thread::get_id() == thread_.get_id(); }

  std::uint64_t Start(Request request, OnChunk on_chunk, Done done);
  void CancelTransfer(std::uint64_t id);
  void AddTimer(absl::Duration delay, std::function<void()> task, std::shared_ptr<Timer> timer);
  void CancelTimer(const std::shared_ptr<Timer>& timer);
  void Post(std::function<void()> task);

 private:
  void Run();
  void RunTasks();
  void StartQueued();
  void ReadEnds();
  void Wait();
  void CancelAll();
  void Accept(std::shared_ptr<Transfer> transfer);
  void WatchIdle(Transfer& transfer);
  void Finish(std::uint64_t id, absl::StatusOr<Response> result);

  const Options options_;
  CURLM* const multi_;
  std::atomic<std::uint64_t> last_id_ = 0;

  absl::Mutex mutex_;
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  int outstanding_ ABSL_GUARDED_BY(mutex_) = 0;  // requests accepted and not yet done
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // Below: the client's thread only.
  absl::flat_hash_map<std::uint64_t, std::shared_ptr<Transfer>> transfers_;
  std::deque<std::uint64_t> queue_;  // ids; those cancelled meanwhile are skipped
  int in_flight_ = 0;
  Timers timers_;

  std::thread thread_;  // last: it uses the rest
};

Client::Core::Core(const Options& options) : options_(options), multi_((InitLibcurl(), curl_multi_init())) {
  EVENKEEL_CHECK(multi_ != nullptr) << "libcurl gave no multi handle: out of memory";
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options_.max_connections_per_host));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_connections_per_host));
  // The process's signals are for the threads that wait for them, and a peer that went away is an error of
  // one request, not a SIGPIPE for all.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), options_.name.substr(0, 15).c_str());
}

Client::Core::~Core() {
  curl_multi_cleanup(multi_);
}

void Client::Core::Stop() {
  EVENKEEL_CHECK(!OnThread()) << "an http::Client must not be destroyed by its own callback";
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_);
  thread_.join();
}

void Client::Core::Post(std::function<void()> task) {
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    first = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  // Later tasks ride on the first one's wake-up.
  if (first) curl_multi_wakeup(multi_);
}

std::uint64_t Client::Core::Start(Request request, OnChunk on_chunk, Done done) {
  const std::uint64_t id = ++last_id_;
  auto transfer = std::make_shared<Transfer>(id, std::move(request), std::move(on_chunk), std::move(done));
  bool full = false;
  {
    absl::MutexLock lock(&mutex_);
    full = outstanding_ >= options_.max_in_flight + options_.max_queued;
    if (!full) ++outstanding_;
  }
  if (!full) {
    Post([this, transfer = std::move(transfer)]() mutable { Accept(std::move(transfer)); });
    return id;
  }
  Post([transfer = std::move(transfer)] {
    transfer->done()(base::WithReason(absl::ResourceExhaustedError(absl::StrCat(
                                          transfer->Describe(), ": too many requests are waiting already")),
                                      kReasonQueueFull));
  });
  return id;
}

void Client::Core::Accept(std::shared_ptr<Transfer> transfer) {
  const std::uint64_t id = transfer->id();
  const absl::Duration deadline = transfer->request().deadline;
  transfer->deadline_timer = timers_.Add(deadline, [this, id, deadline] {
    const std::string what = transfers_.at(id)->Describe();
    Finish(id, absl::DeadlineExceededError(
                   absl::StrCat(what, ": no complete answer within ", absl::FormatDuration(deadline))));
  });
  Transfer& accepted = *transfer;
  transfers_.emplace(id, std::move(transfer));
  queue_.push_back(id);
  WatchIdle(accepted);
}

// One timer a stream, not one a chunk: when it fires it looks at the last byte's time and waits for the rest.
void Client::Core::WatchIdle(Transfer& transfer) {
  const absl::Duration limit = transfer.request().idle_timeout;
  if (limit == absl::InfiniteDuration()) return;
  const absl::Duration silent = absl::FromChrono(std::chrono::steady_clock::now() - transfer.last_byte());
  if (silent < limit) {
    transfer.idle_timer =
        timers_.Add(limit - silent, [this, id = transfer.id()] { WatchIdle(*transfers_.at(id)); });
    return;
  }
  Finish(transfer.id(), absl::DeadlineExceededError(absl::StrCat(
                            transfer.Describe(), ": nothing received for ", absl::FormatDuration(limit))));
}

void Client::Core::CancelTransfer(std::uint64_t id) {
  if (OnThread()) {
    if (const auto found = transfers_.find(id); found != transfers_.end()) found->second->Mute();
  }
  // Posted even on the client's own thread: libcurl must not lose a handle within its own callback, and
  // `done` must not come from within Cancel.
  Post([this, id] { Finish(id, absl::CancelledError("the request was cancelled")); });
}

void Client::Core::AddTimer(absl::Duration delay, std::function<void()> task, std::shared_ptr<Timer> timer) {
  const auto asked = std::chrono::steady_clock::now();
  Post([this, asked, delay, task = std::move(task), timer = std::move(timer)]() mutable {
    const absl::Duration waited = absl::FromChrono(std::chrono::steady_clock::now() - asked);
    timer->id = timers_.Add(delay - waited, [task = std::move(task), timer] {
      if (!timer->cancelled) task();
    });
  });
}

void Client::Core::CancelTimer(const std::shared_ptr<Timer>& timer) {
  // Marked, since the client's thread may be about to run it; removed, so that nothing lingers until it is
  // due.
  if (!timer->cancelled.exchange(true)) {
    Post([this, timer] { timers_.Remove(timer->id); });
  }
}

void Client::Core::Run() {
  while (true) {
    RunTasks();
    timers_.RunDue();
    StartQueued();
    int running = 0;
    const CURLMcode code = curl_multi_perform(multi_, &running);
    EVENKEEL_CHECK(code == CURLM_OK) << "libcurl: " << curl_multi_strerror(code);
    ReadEnds();
    StartQueued();  // into the places that have just become free
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) break;
    }
    Wait();
  }
  CancelAll();
}

void Client::Core::RunTasks() {
  std::vector<std::function<void()>> tasks;
  {
    absl::MutexLock lock(&mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) task();
}

void Client::Core::StartQueued() {
  while (in_flight_ < options_.max_in_flight && !queue_.empty()) {
    const auto found = transfers_.find(queue_.front());
    queue_.pop_front();
    if (found == transfers_.end()) continue;
    const std::shared_ptr<Transfer> transfer = found->second;
    if (absl::Status status = transfer->Prepare(options_.peer_silence); !status.ok()) {
      Finish(transfer->id(), std::move(status));
      continue;
    }
    const CURLMcode code = curl_multi_add_handle(multi_, transfer->easy());
    EVENKEEL_CHECK(code == CURLM_OK) << "libcurl: " << curl_multi_strerror(code);
    transfer->in_flight = true;
    ++in_flight_;
  }
}

void Client::Core::ReadEnds() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    void* self = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
    auto* const transfer = static_cast<Transfer*>(self);
    // The message is invalid once the handle is removed.
    Finish(transfer->id(), transfer->Result(message->data.result));
  }
}

void Client::Core::Wait() {
  constexpr absl::Duration kLongest = absl::Minutes(1);
  const absl::Duration wait = std::clamp(timers_.UntilNext(), absl::ZeroDuration(), kLongest);
  // Rounded up, or a timer's last fraction of a millisecond would be spun away.
  const auto milliseconds =
      static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1))));
  const CURLMcode code = curl_multi_poll(multi_, nullptr, 0, milliseconds, nullptr);
  EVENKEEL_CHECK(code == CURLM_OK) << "libcurl: " << curl_multi_strerror(code);
}

void Client::Core::Finish(std::uint64_t id, absl::StatusOr<Response> result) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;  // it ended before
  const std::shared_ptr<Transfer> transfer = std::move(found->second);
  transfers_.erase(found);
  timers_.Remove(transfer->deadline_timer);
  timers_.Remove(transfer->idle_timer);
  if (transfer->in_flight) {
    curl_multi_remove_handle(multi_, transfer->easy());
    --in_flight_;
  }
  {
    absl::MutexLock lock(&mutex_);
    --outstanding_;
  }
  transfer->done()(std::move(result));
}

// Until nothing is left, for a `done` may start another request; that one is cancelled too.
void Client::Core::CancelAll() {
  while (true) {
    RunTasks();
    if (transfers_.empty()) {
      absl::MutexLock lock(&mutex_);
      if (tasks_.empty()) return;
      continue;
    }
    const std::uint64_t id = transfers_.begin()->first;
    Finish(id, absl::CancelledError("the HTTP client was closed"));
  }
}

void Call::Cancel() const {
  if (cancel_) cancel_();
}

Client::Client() : Client(Options{}) {}

Client::Client(const Options& options) : core_(std::make_shared<Core>(options)) {}

Client::~Client() {
  core_->Stop();
}

Call Client::Start(Request request, Done done) {
  return Stream(std::move(request), nullptr, std::move(done));
}

Call Client::Stream(Request request, OnChunk on_chunk, Done done) {
  const std::uint64_t id = core_->Start(std::move(request), std::move(on_chunk), std::move(done));
  Call call;
  call.cancel_ = [weak = std::weak_ptr<Core>(core_), id] {
    if (const auto core = weak.lock()) core->CancelTransfer(id);
  };
  return call;
}

absl::StatusOr<Response> Client::Fetch(Request request) {
  EVENKEEL_CHECK(!core_->OnThread()) << "Fetch would wait for the thread it is called on";
  absl::StatusOr<Response> result = absl::UnknownError("no answer");
  absl::Notification finished;
  Start(std::move(request), [&](absl::StatusOr<Response> answer) {
    result = std::move(answer);
    finished.Notify();
  });
  finished.WaitForNotification();
  return result;
}

void Client::Post(std::function<void()> task) {
  core_->Post(std::move(task));
}

std::function<void(std::function<void()>)> Client::WeakPost() {
  return [weak = std::weak_ptr<Core>(core_)](std::function<void()> task) {
    if (const auto core = weak.lock()) core->Post(std::move(task));
  };
}

Call Client::After(absl::Duration delay, std::function<void()> task) {
  auto timer = std::make_shared<Core::Timer>();
  core_->AddTimer(delay, std::move(task), timer);
  Call call;
  call.cancel_ = [weak = std::weak_ptr<Core>(core_), timer = std::move(timer)] {
    if (const auto core = weak.lock()) core->CancelTimer(timer);
  };
  return call;
}

}  // namespace evenkeel::http
