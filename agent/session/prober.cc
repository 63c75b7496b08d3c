#include "agent/session/prober.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "common/base/check.h"
#include "google/protobuf/duration.pb.h"

namespace evenkeel::agent {
namespace {

absl::Duration AsDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

v1::ProbeAnswer Refusal(uint64_t probe_id, const char* why) {
  v1::ProbeAnswer answer;
  answer.set_probe_id(probe_id);
  answer.mutable_kubelet_tcp()->set_outcome(v1::ProbeResult::OUTCOME_PROBER_FAILED);
  answer.mutable_kubelet_tcp()->set_detail(why);
  return answer;
}

}  // namespace

Prober::Prober(const time::Clock& clock)
    : clock_(clock),
      tls_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  EVENKEEL_CHECK(wake_ >= 0 && tls_ != nullptr)
      << "no event descriptor or no TLS context at the start of the process";
  SSL_CTX_set_verify(tls_.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(tls_.get(), SSL_SESS_CACHE_OFF);
  thread_ = std::thread([this] { Run(); });
}

Prober::~Prober() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
  close(wake_);
}

void Prober::Wake() {
  const uint64_t one = 1;
  // It fails only when the counter is full, and then the thread is being woken already.
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

void Prober::Probe(const v1::ProbeRequest& request, Done done) {
  if (!Accept(request, done)) {
    done(Refusal(request.probe_id(), "too many probes at once"));
    return;
  }
  Wake();
}

// Takes `done` over when there is room.
bool Prober::Accept(const v1::ProbeRequest& request, Done& done) {
  absl::MutexLock lock(&mutex_);
  if (count_ == kMostAtOnce) {
    return false;
  }
  ++count_;
  const absl::Duration timeout = std::clamp(AsDuration(request.timeout()), kShortestTimeout, kLongestTimeout);
  asked_.push_back({.request = request,
                    .deadline = clock_.Now() + timeout,
                    .done = std::move(done),
                    .kubelet = nullptr,
                    .agent = nullptr});
  return true;
}

void Prober::Run() {
  pthread_setname_np(pthread_self(), "prober");
  while (true) {
    std::vector<Pending> asked;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) {
        return;
      }
      asked.swap(asked_);
    }
    for (Pending& pending : asked) {
      Begin(pending);
      running_.push_back(std::move(pending));
    }
    AdvanceAll(clock_.Now());
    WaitForEvents();
  }
}

void Prober::Begin(Pending& pending) {
  const v1::ProbeRequest& request = pending.request;
  pending.kubelet = std::make_unique<ProbeTry>(ProbeTry::Over::kTls, request.address(),
                                               request.kubelet_port(), tls_.get(), clock_);
  if (request.agent_port() != 0) {
    pending.agent = std::make_unique<ProbeTry>(ProbeTry::Over::kHttp, request.address(), request.agent_port(),
                                               nullptr, clock_);
  }
}

void Prober::WaitForEvents() {
  std::vector<pollfd> descriptors = {{.fd = wake_, .events = POLLIN, .revents = 0}};
  std::vector<ProbeTry*> tries = {nullptr};
  absl::Time deadline = absl::InfiniteFuture();
  for (Pending& pending : running_) {
    deadline = std::min(deadline, pending.deadline);
    for (ProbeTry* each : {pending.kubelet.get(), pending.agent.get()}) {
      if (each != nullptr && !each->done()) {
        descriptors.push_back({.fd = each->file_descriptor(), .events = each->poll_events(), .revents = 0});
        tries.push_back(each);
      }
    }
  }
  int timeout_ms = -1;
  if (deadline != absl::InfiniteFuture()) {
    const absl::Duration left = std::max(absl::ZeroDuration(), deadline - clock_.Now());
    timeout_ms = static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))));
  }
  if (poll(descriptors.data(), descriptors.size(), timeout_ms) <= 0) {
    return;
  }
  if (descriptors[0].revents != 0) {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t taken = read(wake_, &count, sizeof count);
  }
  for (size_t i = 1; i < descriptors.size(); ++i) {
    if (descriptors[i].revents != 0) {
      tries[i]->Advance();
    }
  }
}

// Ends what is out of time and answers what is complete.
void Prober::AdvanceAll(absl::Time now) {
  for (auto pending = running_.begin(); pending != running_.end();) {
    if (now >= pending->deadline) {
      pending->kubelet->Expire();
      if (pending->agent != nullptr) {
        pending->agent->Expire();
      }
    }
    if (!pending->kubelet->done() || (pending->agent != nullptr && !pending->agent->done())) {
      ++pending;
      continue;
    }
    v1::ProbeAnswer answer;
    answer.set_probe_id(pending->request.probe_id());
    *answer.mutable_kubelet_tcp() = pending->kubelet->connection();
    *answer.mutable_kubelet_tls() = pending->kubelet->answer();
    if (pending->agent != nullptr) {
      const bool connected = pending->agent->connection().outcome() == v1::ProbeResult::OUTCOME_REACHED;
      *answer.mutable_agent() = connected ? pending->agent->answer() : pending->agent->connection();
    }
    const Done done = std::move(pending->done);
    pending = running_.erase(pending);
    {
      absl::MutexLock lock(&mutex_);
      --count_;
    }
    done(std::move(answer));
  }
}

}  // namespace evenkeel::agent
