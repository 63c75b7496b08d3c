#include "coordinator/prober/prober.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "common/log/log.h"
#include "coordinator/prober/name_lookup.h"
#include "coordinator/prober/probe_run.h"

namespace evenkeel::coordinator {
namespace {

constexpr absl::Duration kLookUpAgain = absl::Seconds(1);

int Milliseconds(absl::Duration wait) {
  const int64_t whole = absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)));
  return static_cast<int>(std::clamp<int64_t>(whole, 0, std::numeric_limits<int>::max()));
}

}  // namespace

class Prober::Core {
 public:
  Core(Options options, ProbeTls tls, EventSink& sink, const time::Clock& clock);
  ~Core();

  // `request` none: not any more.
  void Ask(const DecisionId& decision, std::optional<StartProber> request);

 private:
  using Host = std::pair<std::string, uint16_t>;
  using Addresses = absl::StatusOr<std::vector<ProbeAddress>>;

  struct Probed {
    std::unique_ptr<ProbeRun> run;
    ProbeAddresses addresses;  // null: not known yet
    std::string why_none;
    absl::Time look_up_at;
  };
  // What others have left for the thread.
  struct Inbox {
    bool stop = false;
    // The last word on each wins: no more entries than there are switches.
    std::map<DecisionId, std::optional<StartProber>> asked;
    std::map<Host, Addresses> found;
  };

  void Wake() const;
  void HearWake() const;
  void Run();
  void Turn(absl::Time now);
  void Obey(Inbox inbox, absl::Time now);
  void Start(const StartProber& request, absl::Time now);
  void TellUnusable(const StartProber& request, uint64_t run, const absl::Status& why, absl::Time now);
  void TakeAddresses(const Host& host, const Addresses& found, absl::Time now);
  void LookUp(absl::Time now);
  void Tell(absl::Time now);
  absl::Time Due() const;

  const Options options_;
  const ProbeTls tls_;
  EventSink& sink_;
  const time::Clock& clock_;
  const int wake_;

  absl::Mutex mutex_;
  Inbox inbox_ ABSL_GUARDED_BY(mutex_);

  // The thread's.
  std::map<DecisionId, Probed> probed_;
  uint64_t runs_ = 0;
  absl::Time tell_at_;

  std::unique_ptr<NameLookup> names_;
  std::thread thread_;  // last: it uses the rest
};

Prober::Core::Core(Options options, ProbeTls tls, EventSink& sink, const time::Clock& clock)
    : options_(std::move(options)),
      tls_(std::move(tls)),
      sink_(sink),
      clock_(clock),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      tell_at_(clock.Now()) {
  EVENKEEL_CHECK(wake_ >= 0) << "no eventfd: out of descriptors";
  names_ =
      std::make_unique<NameLookup>([this](const std::string& host, uint16_t port, const Addresses& found) {
        {
          absl::MutexLock lock(&mutex_);
          inbox_.found.insert_or_assign({host, port}, found);
        }
        Wake();
      });
  // The process's signals are for the threads that wait for them; and OpenSSL's writes to a connection that
  // has ended must be an error, and no SIGPIPE.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "prober");
}

Prober::Core::~Core() {
  {
    absl::MutexLock lock(&mutex_);
    inbox_.stop = true;
  }
  Wake();
  thread_.join();
  names_.reset();
  close(wake_);
}

void Prober::Core::Wake() const {
  const uint64_t one = 1;
  // It fails only where the thread has been woken so often that it is awake.
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

void Prober::Core::HearWake() const {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(wake_, &count, sizeof(count));
}

void Prober::Core::Ask(const DecisionId& decision, std::optional<StartProber> request) {
  {
    absl::MutexLock lock(&mutex_);
    inbox_.asked.insert_or_assign(decision, std::move(request));
  }
  Wake();
}

void Prober::Core::Run() {
  for (;;) {
    Inbox inbox;
    {
      absl::MutexLock lock(&mutex_);
      if (inbox_.stop) return;
      std::swap(inbox, inbox_);
    }
    const absl::Time now = clock_.Now();
    Obey(std::move(inbox), now);
    Turn(now);
  }
}

// Begins what is due, waits until there is something to be done, and does it.
void Prober::Core::Turn(absl::Time now) {
  LookUp(now);
  for (auto& [decision, probed] : probed_) probed.run->Begin(probed.addresses, probed.why_none, now);
  std::vector<pollfd> polls = {{.fd = wake_, .events = POLLIN, .revents = 0}};
  std::vector<ProbeClient*> clients = {nullptr};
  for (auto& [decision, probed] : probed_) probed.run->Poll(polls, clients);
  const absl::Time due = Due();
  // Without a switch it sleeps until one comes.
  const int wait = due == absl::InfiniteFuture() ? -1 : Milliseconds(due - clock_.Now());
  if (poll(polls.data(), polls.size(), wait) > 0) {
    const absl::Time ready = clock_.Now();
    for (size_t i = 1; i < polls.size(); ++i) {
      if (polls[i].revents != 0) clients[i]->Go(ready);
    }
    if (polls[0].revents != 0) HearWake();
  }
  const absl::Time then = clock_.Now();
  for (auto& [decision, probed] : probed_) probed.run->Note(then);
  if (then >= tell_at_) Tell(then);
}

absl::Time Prober::Core::Due() const {
  if (probed_.empty()) return absl::InfiniteFuture();
  absl::Time due = tell_at_;
  for (const auto& [decision, probed] : probed_) {
    due = std::min(due, probed.look_up_at);
    if (probed.addresses != nullptr) due = std::min(due, probed.run->due());
  }
  return due;
}

void Prober::Core::Obey(Inbox inbox, absl::Time now) {
  for (const auto& [host, found] : inbox.found) TakeAddresses(host, found, now);
  for (const auto& [decision, request] : inbox.asked) {
    if (request) {
      Start(*request, now);
    } else {
      probed_.erase(decision);
    }
  }
}

void Prober::Core::Start(const StartProber& request, absl::Time now) {
  const auto known = probed_.find(request.decision);
  if (known != probed_.end() && known->second.run->spec() == request.spec) return;
  if (known != probed_.end()) probed_.erase(known);
  // No two are the same, of this process or of another: no two processes have a store at once.
  const uint64_t run = static_cast<uint64_t>(absl::ToUnixMicros(now)) + ++runs_;
  absl::StatusOr<std::unique_ptr<ProbeRun>> made = ProbeRun::Create(request, run, &tls_, now);
  if (!made.ok()) return TellUnusable(request, run, made.status(), now);
  Probed& probed = probed_[request.decision];
  probed.run = *std::move(made);
  probed.look_up_at = now;
  const ProbeTarget& target = probed.run->target();
  std::vector<ProbeAddress> numeric = NumericAddress(target.host, target.port);
  if (numeric.empty()) return;
  probed.addresses = std::make_shared<const std::vector<ProbeAddress>>(std::move(numeric));
  probed.look_up_at = absl::InfiniteFuture();
}

void Prober::Core::TellUnusable(const StartProber& request, uint64_t run, const absl::Status& why,
                                absl::Time now) {
  log::Warn("a switch cannot be probed", {{"switch", request.spec.name}, {"cause", why}});
  ProbeBook book(request.decision, run);
  book.Ended(ProbeKind::kFresh, now, std::string(why.message()), std::nullopt);
  sink_.Post(*book.Take());
}

void Prober::Core::LookUp(absl::Time now) {
  for (auto& [decision, probed] : probed_) {
    if (now < probed.look_up_at) continue;
    probed.look_up_at = now + options_.look_up_every;
    names_->Ask(probed.run->target().host, probed.run->target().port);
  }
}

// A name that does not resolve any more keeps its addresses: what is known serves until something else is.
void Prober::Core::TakeAddresses(const Host& host, const Addresses& found, absl::Time now) {
  for (auto& [decision, probed] : probed_) {
    const ProbeTarget& target = probed.run->target();
    if (Host(target.host, target.port) != host || probed.look_up_at == absl::InfiniteFuture()) continue;
    if (found.ok()) {
      probed.addresses = std::make_shared<const std::vector<ProbeAddress>>(*found);
      continue;
    }
    probed.look_up_at = now + kLookUpAgain;
    if (probed.addresses != nullptr && !probed.addresses->empty()) continue;
    probed.addresses = std::make_shared<const std::vector<ProbeAddress>>();
    probed.why_none = std::string(found.status().message());
  }
}

void Prober::Core::Tell(absl::Time now) {
  tell_at_ = now + options_.tell_every;
  for (auto& [decision, probed] : probed_) {
    std::optional<ProbesTold> told = probed.run->Take();
    if (told && !sink_.Post(*std::move(told))) return;  // the runtime stops
  }
}

absl::StatusOr<std::unique_ptr<Prober>> Prober::Create(Options options, EventSink& sink,
                                                       const time::Clock& clock) {
  absl::StatusOr<ProbeTls> tls = ProbeTls::Create(options.ca_pem);
  if (!tls.ok()) return tls.status();
  return std::unique_ptr<Prober>(
      new Prober(std::make_unique<Core>(std::move(options), *std::move(tls), sink, clock)));
}

Prober::Prober(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Prober::~Prober() = default;

void Prober::Do(const StartProber& request) {
  core_->Ask(request.decision, request);
}

void Prober::Do(const StopProber& request) {
  core_->Ask(request.decision, std::nullopt);
}

}  // namespace evenkeel::coordinator
