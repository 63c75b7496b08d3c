// Watches the deadlines of the agents' beats.
//
// All sessions of a cluster share one suspect_after, so the session that was heard longest ago is always the
// next to be overdue: a list per cluster in the order of the last beats is all it takes. A beat moves its
// session to the end of the list; a turn looks at the front. Both cost the same with ten sessions and with
// fifty thousand.
//
// Self-doubt (L2): who does not listen hears nothing. A turn that comes more than kLateness after it should
// have come accuses nobody; every deadline then counts from that turn.
//
// No clock of its own; one thread. `now` must not go back.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace evenkeel::coordinator {

class BeatMonitor {
 public:
  // Turn must be called at least this often.
  static constexpr absl::Duration kTurnInterval = absl::Milliseconds(100);
  // A turn later than this means that we, not the agents, were away.
  static constexpr absl::Duration kLateness = absl::Milliseconds(250);

  struct Settings {
    absl::Duration interval;       // > 0; announced to the agents
    absl::Duration suspect_after;  // > interval
    bool operator==(const Settings&) const = default;
  };

  // One session under watch; whoever holds it must give it back with Forget.
  class Watched;

  // `defaults` hold for clusters without settings of their own.
  BeatMonitor(const Settings& defaults, absl::Time now);
  ~BeatMonitor();
  BeatMonitor(const BeatMonitor&) = delete;
  BeatMonitor& operator=(const BeatMonitor&) = delete;

  // Returns true if they differ from those before. For one old suspect_after the more patient of the old and
  // the new holds, since the agents must first learn of it.
  bool Set(const std::string& cluster, const Settings& settings, absl::Time now);
  const Settings& SettingsOf(const std::string& cluster) const;

  // Watches a session from now on.
  Watched* Watch(const std::string& cluster, uint64_t session_id, absl::Time now);
  void Forget(Watched* watched);

  // A beat came. Returns true if the session had been overdue.
  bool Beat(Watched* watched, absl::Time now);

  struct TurnResult {
    std::vector<uint64_t> overdue;  // sessions whose deadline passed, each told once until it beats again
    absl::Duration late;            // more than zero: the turn was late and all deadlines were set anew
  };
  TurnResult Turn(absl::Time now);

  // When the next session will be overdue if it stays silent; no later than the next turn is due.
  absl::Time NextTurn() const;

 private:
  struct Cluster;

  Cluster& ClusterOf(const std::string& name);

  const Settings defaults_;
  absl::flat_hash_map<std::string, std::unique_ptr<Cluster>> clusters_;
  absl::Time last_turn_;
};

}  // namespace evenkeel::coordinator
