#include "coordinator/session/beat_monitor.h"

#include <algorithm>
#include <array>
#include <list>

#include "common/base/check.h"
#include "coordinator/session/rhythm.h"

namespace evenkeel::coordinator {

struct BeatMonitor::Cluster {
  Settings settings;
  uint32_t tune = 0;  // counts the intervals that were set: a rhythm of an older one means nothing
  Settings earlier;   // until then no bound is shorter than by these
  absl::Time earlier_until = absl::InfinitePast();
  std::array<std::list<Watched>, kPatienceClasses> waiting;  // by class; each by last sign, oldest first
  std::list<Watched> overdue;

  absl::Duration Bound(size_t patience_class, absl::Time now) const {
    absl::Duration bound = ClassBound(patience_class, settings.suspect_after, settings.max_suspect_after);
    if (now < earlier_until) {
      bound = std::max(bound, ClassBound(patience_class, earlier.suspect_after, earlier.max_suspect_after));
    }
    return bound * settings.patience_percent / 100;
  }
};

class BeatMonitor::Watched {
 public:
  uint64_t session_id = 0;
  absl::Time last_sign;  // a beat, the opening, or the turn at which all deadlines were set anew
  Cluster* cluster = nullptr;
  Rhythm rhythm;
  uint32_t tune = 0;
  uint8_t patience_class = 0;
  bool is_overdue = false;
  bool has_beaten = false;  // since the opening or the turn that set all anew: the next gap is its own
  std::list<Watched>::iterator position;

  std::list<Watched>& List() const {
    return is_overdue ? cluster->overdue : cluster->waiting[patience_class];
  }
};

BeatMonitor::BeatMonitor(const Settings& defaults, absl::Time now) : defaults_(defaults), last_turn_(now) {}

BeatMonitor::~BeatMonitor() = default;

BeatMonitor::Cluster& BeatMonitor::ClusterOf(const std::string& name) {
  std::unique_ptr<Cluster>& cluster = clusters_[name];
  if (cluster == nullptr) {
    cluster = std::make_unique<Cluster>();
    cluster->settings = defaults_;
  }
  return *cluster;
}

bool BeatMonitor::Set(const std::string& cluster_name, const Settings& settings, absl::Time now) {
  EVENKEEL_CHECK(settings.interval > absl::ZeroDuration() && settings.suspect_after > settings.interval &&
                 settings.max_suspect_after >= settings.suspect_after && settings.patience_percent >= 100)
      << "beats of " << cluster_name
      << ": interval < suspect_after <= max_suspect_after must hold, and the patience be 100 % or more";
  Cluster& cluster = ClusterOf(cluster_name);
  const Settings before = cluster.settings;
  if (before == settings) return false;
  const bool other_interval = before.interval != settings.interval;
  const bool other_bounds = before.suspect_after != settings.suspect_after ||
                            before.max_suspect_after != settings.max_suspect_after;
  if (other_interval || other_bounds) {
    const absl::Duration patience = cluster.Bound(0, now);
    if (now >= cluster.earlier_until || cluster.earlier.suspect_after < before.suspect_after)
      cluster.earlier = before;
    cluster.earlier_until = now + patience;
  }
  cluster.settings = settings;
  if (other_interval) ++cluster.tune;
  return other_interval;
}

const BeatMonitor::Settings& BeatMonitor::SettingsOf(const std::string& cluster) const {
  const auto found = clusters_.find(cluster);
  return found == clusters_.end() ? defaults_ : found->second->settings;
}

BeatMonitor::Watched* BeatMonitor::Watch(const std::string& cluster_name, uint64_t session_id,
                                         absl::Time now) {
  Cluster& cluster = ClusterOf(cluster_name);
  std::list<Watched>& list = cluster.waiting[0];
  list.emplace_back();
  Watched& watched = list.back();
  watched.session_id = session_id;
  watched.last_sign = now;
  watched.cluster = &cluster;
  watched.rhythm = EvenRhythm(cluster.settings.interval);
  watched.tune = cluster.tune;
  watched.position = std::prev(list.end());
  return &watched;
}

void BeatMonitor::Forget(Watched* watched) {
  watched->List().erase(watched->position);
}

bool BeatMonitor::Beat(Watched* watched, absl::Time now) {
  Cluster& cluster = *watched->cluster;
  const Settings& settings = cluster.settings;
  // Beats that waited for a turn which is late itself have gaps that are ours.
  const bool attentive = now - last_turn_ <= kTurnInterval + kAttention;
  if (watched->tune != cluster.tune) {
    watched->tune = cluster.tune;
    watched->rhythm = EvenRhythm(settings.interval);
  } else if (const absl::Duration gap = now - watched->last_sign;
             watched->has_beaten && attentive && gap <= settings.max_suspect_after) {
    // A gap that no patience could have excused is an outage and no rhythm; of one that was too long for this
    // session so far, no more than its bound is learnt.
    Learn(watched->rhythm, std::min(gap, cluster.Bound(watched->patience_class, now)));
  }
  std::list<Watched>& from = watched->List();
  const bool was_overdue = watched->is_overdue;
  watched->last_sign = now;
  watched->has_beaten = attentive;
  watched->is_overdue = false;
  watched->patience_class = static_cast<uint8_t>(
      ClassOf(UnlikelySilence(watched->rhythm), settings.suspect_after, settings.max_suspect_after));
  std::list<Watched>& to = watched->List();
  to.splice(to.end(), from, watched->position);
  return was_overdue;
}

absl::Duration BeatMonitor::Excuse(absl::Time now) const {
  return now < excused_until_ ? excuse_ : absl::ZeroDuration();
}

BeatMonitor::TurnResult BeatMonitor::Turn(absl::Time now) {
  TurnResult result;
  result.late = std::max(now - (last_turn_ + kTurnInterval), absl::ZeroDuration());
  last_turn_ = now;
  if (result.late > kLateness) {
    result.anew = true;
    for (auto& [name, cluster] : clusters_) {
      for (Watched& watched : cluster->overdue) watched.has_beaten = false;
      for (std::list<Watched>& waiting : cluster->waiting) {
        for (Watched& watched : waiting) {
          watched.last_sign = now;
          watched.has_beaten = false;
        }
      }
    }
    return result;
  }
  if (result.late > absl::ZeroDuration()) {
    excuse_ = std::max(Excuse(now), result.late);
    excused_until_ = now + kExcuse;
  }
  for (auto& [name, cluster] : clusters_) {
    for (size_t i = 0; i < kPatienceClasses; ++i) {
      std::list<Watched>& waiting = cluster->waiting[i];
      const absl::Duration bound = cluster->Bound(i, now);
      while (!waiting.empty() && waiting.front().last_sign <= now - bound - Excuse(now)) {
        Watched& watched = waiting.front();
        watched.is_overdue = true;
        result.overdue.push_back({watched.session_id, bound});
        cluster->overdue.splice(cluster->overdue.end(), waiting, watched.position);
      }
    }
  }
  return result;
}

absl::Time BeatMonitor::NextTurn() const {
  absl::Time next = last_turn_ + kTurnInterval;
  for (const auto& [name, cluster] : clusters_) {
    for (size_t i = 0; i < kPatienceClasses; ++i) {
      const std::list<Watched>& waiting = cluster->waiting[i];
      if (waiting.empty()) continue;
      next = std::min(next, waiting.front().last_sign + cluster->Bound(i, last_turn_) + Excuse(last_turn_));
    }
  }
  return next;
}

}  // namespace evenkeel::coordinator
