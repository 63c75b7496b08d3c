#include "agent/fence/fence_state.h"

#include <algorithm>

namespace evenkeel::agent {
namespace {

absl::Duration AsDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

}  // namespace

absl::Duration FenceState::IsolationTimeout() const {
  return AsDuration(kept_.settings.isolation_timeout());
}

absl::Duration FenceState::StopTimeout() const {
  return AsDuration(kept_.settings.stop_timeout());
}

uint64_t FenceState::Fence() const {
  return kept_.fenced ? static_cast<uint64_t>(absl::ToUnixNanos(kept_.fenced_since)) : 0;
}

void FenceState::Follow(const v1::FencingSettings& settings, absl::Time hello) {
  kept_.settings = settings;
  Heard(hello);
  const bool heard_of_it = hello > kept_.fenced_since || settings.answered_fence() == Fence();
  if (kept_.fenced && settings.release() && heard_of_it) {
    kept_.fenced = false;
    kept_.held.clear();
  }
  if (!settings.armed()) kept_.armed = false;
  UpdateArmed();
}

// Once it has said that it is armed it stays so, whatever becomes of its runtime and its peers: that is
// relied on.
void FenceState::UpdateArmed() {
  if (kept_.settings.armed() && voucher_heard_ && runtime_heard_) kept_.armed = true;
}

std::string FenceState::WhyNotArmed() const {
  if (kept_.armed || !kept_.settings.armed()) return "";
  if (!runtime_heard_) return "the container runtime does not answer";
  return "none of its peers has vouched for it yet";
}

void FenceState::Heard(absl::Time asked) {
  kept_.heard = std::max(kept_.heard, asked);
}

void FenceState::VoucherHeard(absl::Time asked) {
  voucher_heard_ = true;
  Heard(asked);
}

void FenceState::Held(absl::Time asked) {
  held_at_ = std::max(held_at_, asked);
}

FenceState::Orders FenceState::At(absl::Time now) {
  UpdateArmed();
  const absl::Time deadline = kept_.heard + IsolationTimeout();
  if (kept_.armed && !kept_.fenced && now >= deadline) {
    kept_.fenced = true;
    kept_.fenced_since = deadline;
  }
  if (kept_.fenced) {
    // What came to be marked since is stopped too; what is marked no more has moved, and stays stopped.
    for (const v1::MarkedPod& pod : kept_.settings.marked_pods()) {
      const bool known = std::any_of(kept_.held.begin(), kept_.held.end(),
                                     [&pod](const v1::MarkedPod& held) { return held.uid() == pod.uid(); });
      if (!known) kept_.held.push_back(pod);
    }
  }
  Orders orders;
  orders.fence = kept_.fenced;
  orders.ask_vouchers =
      kept_.settings.armed() && (!voucher_heard_ || now - kept_.heard > IsolationTimeout() / 4);
  const bool in_time = !kept_.fenced || now < kept_.fenced_since + StopTimeout();
  const bool held = kept_.fenced && held_at_ > kept_.fenced_since && now < held_at_ + StopTimeout();
  orders.feed_watchdog = in_time || held;
  return orders;
}

}  // namespace evenkeel::agent
