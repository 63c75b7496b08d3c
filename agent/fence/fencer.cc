#include "agent/fence/fencer.h"

#include <poll.h>
#include <pthread.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"

namespace evenkeel::agent {
namespace {

constexpr absl::Duration kAskInterval = absl::Seconds(1);
constexpr absl::Duration kAskTimeout = absl::Milliseconds(900);
constexpr absl::Duration kPrepareInterval = absl::Seconds(5);
constexpr absl::Duration kKeepInterval = absl::Seconds(1);
constexpr absl::Duration kFirstReleasePause = absl::Milliseconds(250);
constexpr absl::Duration kLongestReleasePause = absl::Seconds(15);
constexpr absl::Duration kLongestLeave = absl::Seconds(3);  // a call of the runtime may be under way
constexpr absl::Duration kIdleTurn = absl::Seconds(1);      // while nobody counts on this node's fence

void SetDuration(absl::Duration from, google::protobuf::Duration* to) {
  absl::Duration rest;
  to->set_seconds(absl::IDivDuration(from, absl::Seconds(1), &rest));
  to->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

}  // namespace

Fencer::Fencer(Options options)
    : options_(std::move(options)),
      file_(options_.folder, options_.boot_id),
      vouching_(options_.cluster, options_.node),
      // By the clock as it is then: a round over many pods can take long.
      runtime_(options_.runtime_socket, [this] { Feed(state_.At(clock_.Now()).feed_watchdog); }) {
  // Before anything else of the agent runs: an earlier one's promise is ours to keep.
  auto kept = options_.folder.empty() ? std::nullopt : file_.Read();
  if (!kept.ok()) {
    log::Error("what an earlier agent promised about fencing is not known",
               {{"field", "--fence-directory"}, {"cause", kept.status()}});
  } else if (*kept) {
    log::Info("going on with the fence of an earlier agent",
              {{"armed", (*kept)->armed}, {"fenced", (*kept)->fenced}});
    state_ = FenceState(**std::move(kept));
  }
  thread_ = std::thread([this] { Run(); });
}

Fencer::~Fencer() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Fencer::Leave() {
  std::unique_lock<std::mutex> lock(mutex_);
  leave_ = true;
  woken_.notify_all();
  woken_.wait_for(lock, absl::ToChronoMicroseconds(kLongestLeave), [this] { return !leave_; });
}

void Fencer::Heard(absl::Time sent) {
  const std::lock_guard<std::mutex> lock(mutex_);
  heard_ = std::max(heard_, sent);
}

void Fencer::Follow(const v1::FencingSettings& settings, absl::Time hello) {
  const std::lock_guard<std::mutex> lock(mutex_);
  settings_.emplace(settings, hello);
  // What cannot be kept over a restart is not promised.
  if (options_.folder.empty()) settings_->first.set_armed(false);
  woken_.notify_all();
}

void Fencer::SessionBegins() {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Only a node that is fenced has something to say unasked.
  status_is_news_ = status_.fenced();
}

std::optional<v1::FencingStatus> Fencer::TakeStatus() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!status_is_news_) return std::nullopt;
  status_is_news_ = false;
  return status_;
}

void Fencer::Run() {
  pthread_setname_np(pthread_self(), "fencer");
  for (;;) {
    Turn();
    const bool idle = !state_.settings().armed() && !state_.fenced();
    const bool stopping = state_.fenced() && !held_;
    const absl::Duration pause = idle ? kIdleTurn : stopping ? options_.turn / 4 : options_.turn;
    std::unique_lock<std::mutex> lock(mutex_);
    woken_.wait_for(lock, absl::ToChronoMicroseconds(pause), [this] { return stop_ || leave_ || settings_; });
    const bool leaves = leave_ && !state_.fenced();
    if (leaves) {
      if (watchdog_ != nullptr) watchdog_->Disarm();
      file_.Remove();
    }
    if (leave_) {
      leave_ = false;
      woken_.notify_all();
    }
    if (stop_ || leaves) return;
  }
}

void Fencer::Turn() {
  const absl::Time now = clock_.Now();
  TakeNews();
  const bool was_fenced = fenced_.load(std::memory_order_relaxed);
  const FenceState::Orders orders = state_.At(now);
  armed_.store(state_.armed(), std::memory_order_relaxed);
  fenced_.store(orders.fence, std::memory_order_relaxed);
  vouching_.SetIsolated(orders.fence);
  if (orders.fence != was_fenced) {
    log::Warn(orders.fence ? "isolated: stopping the pods that must not run twice"
                           : "the coordinator lets the stopped pods run again",
              {{"pods", state_.kept().held.size()}});
    released_ = released_once_ = !orders.fence;
    release_at_ = absl::InfinitePast();
    release_pause_ = absl::ZeroDuration();
  }
  if (orders.fence) {
    Hold(now);
  } else if (released_) {
    Release(now);
  }
  AskVouchers(now, orders.ask_vouchers);
  Prepare(now);
  if (Keep(now)) Tell();
  Feed(state_.At(now).feed_watchdog);
}

// What the promise needs: a runtime that answers, and the watchdog, which runs only while there is a promise.
void Fencer::Prepare(absl::Time now) {
  const bool wanted = state_.settings().armed() || state_.fenced();
  if (!wanted) {
    if (watchdog_ != nullptr) watchdog_->Disarm();
    watchdog_.reset();
    return;
  }
  if (now - prepared_at_ < kPrepareInterval) return;
  prepared_at_ = now;
  if (!state_.armed() && runtime_.Check().ok()) state_.RuntimeHeard();
  if (watchdog_ != nullptr || options_.watchdog_device.empty()) return;
  // Opening it feeds it. An agent that comes when the promise is overdue must not: one that fails again and
  // again would keep the machine from its reset for ever.
  if (!state_.At(now).feed_watchdog) return;
  auto watchdog = Watchdog::Open(options_.watchdog_device, options_.watchdog_timeout);
  if (watchdog.ok()) {
    watchdog_ = *std::move(watchdog);
  } else if (const auto suppressed = limiter_.Admit("watchdog", now)) {
    log::Error("there is no watchdog; a frozen agent cannot fence its node",
               {{"field", "--watchdog-device"}, {"cause", watchdog.status()}, {"suppressed", *suppressed}});
  }
}

void Fencer::TakeNews() {
  std::optional<std::pair<v1::FencingSettings, absl::Time>> settings;
  absl::Time heard;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    settings.swap(settings_);
    heard = heard_;
  }
  state_.Heard(heard);
  if (!settings) return;
  vouching_.Promise({settings->first.condemned_nodes().begin(), settings->first.condemned_nodes().end()});
  state_.Follow(settings->first, settings->second);
  // Blockers that an earlier agent left are there too: those of an earlier boot, or one whose file could not
  // be read.
  if (settings->first.release() && !state_.fenced() && !released_once_) released_ = released_once_ = true;
  release_at_ = absl::InfinitePast();  // they may name other pods
  told_once_ = true;
}

void Fencer::AskVouchers(absl::Time now, bool wanted) {
  for (auto each = asking_.begin(); each != asking_.end();) {
    ProbeTry& asked = **each;
    pollfd ready{.fd = asked.file_descriptor(), .events = asked.poll_events(), .revents = 0};
    if (!asked.done() && poll(&ready, 1, 0) > 0) asked.Advance();
    if (!asked.done() && now - asked_at_ >= kAskTimeout) asked.Expire();
    if (!asked.done()) {
      ++each;
      continue;
    }
    if (asked.answer().outcome() == v1::ProbeResult::OUTCOME_REACHED) state_.VoucherHeard(asked_at_);
    each = asking_.erase(each);
  }
  if (!wanted || now - asked_at_ < kAskInterval) return;
  asking_.clear();
  asked_at_ = now;
  for (const v1::Voucher& voucher : state_.settings().vouchers()) {
    asking_.push_back(std::make_unique<ProbeTry>(
        ProbeTry::Over::kHttp, voucher.address(), voucher.agent_port(), nullptr, clock_,
        Vouching::Question(options_.cluster, voucher.node(), options_.node)));
  }
}

void Fencer::Hold(absl::Time now) {
  const FenceState::Kept& kept = state_.kept();
  const absl::Duration stop = absl::Seconds(kept.settings.stop_timeout().seconds());
  const absl::Status status = runtime_.Hold(kept.held, now - kept.fenced_since > stop / 3);
  held_ = status.ok();
  if (held_) {
    state_.Held(now);
  } else if (const auto suppressed = limiter_.Admit("hold", now)) {
    log::Warn("not all pods are stopped yet", {{"cause", status}, {"suppressed", *suppressed}});
  }
}

// What is left of pods that have moved goes when the kubelet has heard of it, which may take long.
void Fencer::Release(absl::Time now) {
  if (now < release_at_) return;
  const auto& pods = state_.settings().marked_pods();
  const absl::Status status = runtime_.Release({pods.begin(), pods.end()});
  released_ = !status.ok();
  if (status.ok()) return;
  release_pause_ = std::clamp(2 * release_pause_, kFirstReleasePause, kLongestReleasePause);
  release_at_ = now + release_pause_;
  if (const auto suppressed = limiter_.Admit("release", now)) {
    log::Warn("not all that kept pods stopped could be taken away yet",
              {{"cause", status}, {"suppressed", *suppressed}});
  }
}

bool Fencer::Keep(absl::Time now) {
  const FenceState::Kept& kept = state_.kept();
  if (!kept.armed && !kept.fenced && kept_.empty()) return true;  // it has promised nothing
  const std::string what = absl::StrCat(kept.settings.SerializeAsString(), kept.armed ? "a" : "",
                                        kept.fenced ? "f" : "", kept.held.size());
  if (what == kept_ && now - kept_at_ < kKeepInterval) return true;
  if (const absl::Status status = file_.Write(kept); !status.ok()) {
    if (const auto suppressed = limiter_.Admit("keep", now)) {
      log::Error("the fence cannot be kept over a restart of the agent",
                 {{"field", "--fence-directory"}, {"cause", status}, {"suppressed", *suppressed}});
    }
    return false;
  }
  kept_ = what;
  kept_at_ = now;
  return true;
}

void Fencer::Feed(bool wanted) {
  if (watchdog_ == nullptr || !wanted || watchdog_->Feed()) return;
  log::Error("the watchdog does not take its food; it is opened again",
             {{"device", options_.watchdog_device}});
  watchdog_.reset();  // and the coordinator is told that there is none
}

void Fencer::Tell() {
  v1::FencingStatus status;
  const FenceState::Kept& kept = state_.kept();
  status.set_version(kept.settings.version());
  status.set_armed(kept.armed);
  status.set_fenced(kept.fenced);
  status.set_fence(state_.Fence());
  status.set_detail(state_.WhyNotArmed());
  if (watchdog_ != nullptr) SetDuration(watchdog_->timeout(), status.mutable_watchdog_timeout());
  const std::lock_guard<std::mutex> lock(mutex_);
  if (status.SerializeAsString() == status_.SerializeAsString()) return;
  status_ = status;
  status_is_news_ = told_once_ || status.fenced();
}

}  // namespace evenkeel::agent
