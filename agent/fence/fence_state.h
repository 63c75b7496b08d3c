#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "evenkeel/v1/fencing.pb.h"

namespace evenkeel::agent {

// When this node must fence itself (L5): pure, one thread. Times are those of the machine's boot clock, which
// runs on while the machine is suspended and which nobody sets.
//
// The node is isolated from the last word that it has heard: from the coordinator, or from a peer that
// vouches for it. A word is dated by when it was *asked for* (the beat that was confirmed, the request that
// was answered), not by when it came: so however long an answer was under way, the coordinator knows a time
// after which no word can be dated.
class FenceState {
 public:
  // What is kept over a restart of the agent.
  struct Kept {
    v1::FencingSettings settings;
    absl::Time heard = absl::InfinitePast();  // when the last word was asked for
    bool armed = false;
    bool fenced = false;
    absl::Time fenced_since = absl::InfinitePast();  // from when on nothing marked may run
    std::vector<v1::MarkedPod> held;                 // stopped and kept so
  };

  FenceState() = default;
  explicit FenceState(Kept kept) : kept_(std::move(kept)) {}

  // Settings that came in a session whose hello was sent at `hello`. They let stopped pods run again only if
  // that was after the node was fenced, or if they answer to this very fence: older settings said so of a
  // node that had not been isolated.
  void Follow(const v1::FencingSettings& settings, absl::Time hello);
  // A word that was asked for at `asked`.
  void Heard(absl::Time asked);
  // A voucher has answered.
  void VoucherHeard(absl::Time asked);
  // The container runtime answers.
  void RuntimeHeard() { runtime_heard_ = true; }
  // Nothing of what is held ran when this was asked for.
  void Held(absl::Time asked);

  struct Orders {
    bool fence = false;          // stop what is held, and keep it stopped
    bool ask_vouchers = false;   // the coordinator has not been heard for a while, or no voucher ever was
    bool feed_watchdog = false;  // all is as it should be; otherwise the machine had better be reset
  };
  // What is to be done at `now`; from its deadline on the node is fenced.
  Orders At(absl::Time now);

  bool armed() const { return kept_.armed; }
  bool fenced() const { return kept_.fenced; }
  // Why it is not armed though the settings ask for it; empty: it is, or they do not.
  std::string WhyNotArmed() const;
  const v1::FencingSettings& settings() const { return kept_.settings; }
  const Kept& kept() const { return kept_; }
  // As FencingStatus.fence; 0 = not fenced.
  uint64_t Fence() const;

 private:
  absl::Duration IsolationTimeout() const;
  absl::Duration StopTimeout() const;
  void UpdateArmed();

  Kept kept_;
  bool voucher_heard_ = false;
  bool runtime_heard_ = false;
  absl::Time held_at_ = absl::InfinitePast();
};

}  // namespace evenkeel::agent
