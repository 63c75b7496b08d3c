// Watches the deadlines of the agents' beats.
//
// How long a session may be silent adapts to its own rhythm (rhythm.h), between the cluster's suspect_after
// and max_suspect_after, and all bounds together to the coordinator's own health (`patience_percent`). A gap
// that broke its session's bound counts for no more than that bound: one short outage then costs the
// detection of a death little, and only those that come again and again are taken for a rhythm.
//
// Bounds come in nine classes. In one class of one cluster, who was heard longest ago is always the next to
// be overdue: a list per class in the order of the last beats is all it takes. A beat moves its session to
// the end of its class' list; a turn looks at the fronts. Both cost the same with ten sessions and with fifty
// thousand, and a change of the patience moves nobody.
//
// Self-doubt (L2): who does not listen hears nothing. A turn that comes late accuses nobody of the time that
// it was late by; one that comes more than kLateness late accuses nobody at all: every deadline then counts
// from that turn.
//
// No clock of its own; one thread. `now` must not go back.
#pragma once

#include <cstdint>
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
  // A turn that was less late than that excuses everybody for its lateness, for so long.
  static constexpr absl::Duration kExcuse = absl::Seconds(1);

  // A turn that is no later than this distorts nobody's rhythm.
  static constexpr absl::Duration kAttention = absl::Milliseconds(50);

  struct Settings {
    absl::Duration interval;           // > 0; announced to the agents
    absl::Duration suspect_after;      // > interval; the floor of every session's bound
    absl::Duration max_suspect_after;  // >= suspect_after; the ceiling
    uint32_t patience_percent = 100;   // >= 100; what all bounds are multiplied by
    bool operator==(const Settings&) const = default;
  };

  // One session under watch; whoever holds it must give it back with Forget.
  class Watched;

  // `defaults` hold for clusters without settings of their own.
  BeatMonitor(const Settings& defaults, absl::Time now);
  ~BeatMonitor();
  BeatMonitor(const BeatMonitor&) = delete;
  BeatMonitor& operator=(const BeatMonitor&) = delete;

  // Returns true if the interval is another than before, so that the agents must be told. For one old
  // suspect_after no bound gets shorter, since the agents must first learn of it; with a new interval each
  // node's rhythm is learnt anew.
  bool Set(const std::string& cluster, const Settings& settings, absl::Time now);
  const Settings& SettingsOf(const std::string& cluster) const;

  // Watches a session from now on.
  Watched* Watch(const std::string& cluster, uint64_t session_id, absl::Time now);
  void Forget(Watched* watched);

  // A beat came. Returns true if the session had been overdue.
  bool Beat(Watched* watched, absl::Time now);

  struct Overdue {
    uint64_t session_id = 0;
    absl::Duration bound;  // the silence that was too long for it; an excuse of ours not counted
  };
  struct TurnResult {
    std::vector<Overdue> overdue;  // sessions whose deadline passed, each told once until it beats again
    absl::Duration late;           // of the turn itself; zero or more
    bool anew = false;             // it was so late that all deadlines were set anew
  };
  TurnResult Turn(absl::Time now);

  // When the next session will be overdue if it stays silent; no later than the next turn is due.
  absl::Time NextTurn() const;

 private:
  struct Cluster;

  Cluster& ClusterOf(const std::string& name);
  // What the lateness of our own turns adds to every bound.
  absl::Duration Excuse(absl::Time now) const;

  const Settings defaults_;
  absl::flat_hash_map<std::string, std::unique_ptr<Cluster>> clusters_;
  absl::Time last_turn_;
  absl::Duration excuse_;
  absl::Time excused_until_ = absl::InfinitePast();
};

}  // namespace evenkeel::coordinator
