#include "coordinator/session/beat_monitor.h"

#include <algorithm>

#include "common/base/check.h"

namespace evenkeel::coordinator {

struct BeatMonitor::Cluster {
  Settings settings;
  // Until when `patience` holds in place of a shorter settings.suspect_after.
  absl::Time patient_until = absl::InfinitePast();
  absl::Duration patience;
  std::list<Watched> waiting;  // by last sign, oldest first
  std::list<Watched> overdue;

  absl::Duration SuspectAfter(absl::Time now) const {
    return now < patient_until ? std::max(patience, settings.suspect_after) : settings.suspect_after;
  }
};

class BeatMonitor::Watched {
 public:
  uint64_t session_id = 0;
  absl::Time last_sign;  // a beat, the opening, or the turn at which all deadlines were set anew
  Cluster* cluster = nullptr;
  bool is_overdue = false;
  std::list<Watched>::iterator position;
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
  EVENKEEL_CHECK(settings.interval > absl::ZeroDuration() && settings.suspect_after > settings.interval)
      << "beats of " << cluster_name << ": suspect_after must be longer than the interval";
  Cluster& cluster = ClusterOf(cluster_name);
  if (cluster.settings == settings) return false;
  cluster.patience = cluster.SuspectAfter(now);
  cluster.patient_until = now + cluster.patience;
  cluster.settings = settings;
  return true;
}

const BeatMonitor::Settings& BeatMonitor::SettingsOf(const std::string& cluster) const {
  const auto found = clusters_.find(cluster);
  return found == clusters_.end() ? defaults_ : found->second->settings;
}

BeatMonitor::Watched* BeatMonitor::Watch(const std::string& cluster_name, uint64_t session_id,
                                         absl::Time now) {
  Cluster& cluster = ClusterOf(cluster_name);
  cluster.waiting.emplace_back();
  Watched& watched = cluster.waiting.back();
  watched.session_id = session_id;
  watched.last_sign = now;
  watched.cluster = &cluster;
  watched.position = std::prev(cluster.waiting.end());
  return &watched;
}

void BeatMonitor::Forget(Watched* watched) {
  Cluster& cluster = *watched->cluster;
  (watched->is_overdue ? cluster.overdue : cluster.waiting).erase(watched->position);
}

bool BeatMonitor::Beat(Watched* watched, absl::Time now) {
  Cluster& cluster = *watched->cluster;
  const bool was_overdue = watched->is_overdue;
  watched->last_sign = now;
  watched->is_overdue = false;
  cluster.waiting.splice(cluster.waiting.end(), was_overdue ? cluster.overdue : cluster.waiting,
                         watched->position);
  return was_overdue;
}

BeatMonitor::TurnResult BeatMonitor::Turn(absl::Time now) {
  TurnResult result;
  const absl::Duration late = now - (last_turn_ + kTurnInterval);
  last_turn_ = now;
  if (late > kLateness) {
    result.late = late;
    for (auto& [name, cluster] : clusters_) {
      for (Watched& watched : cluster->waiting) watched.last_sign = now;
    }
    return result;
  }
  for (auto& [name, cluster] : clusters_) {
    const absl::Time heard_since = now - cluster->SuspectAfter(now);
    while (!cluster->waiting.empty() && cluster->waiting.front().last_sign <= heard_since) {
      Watched& watched = cluster->waiting.front();
      watched.is_overdue = true;
      result.overdue.push_back(watched.session_id);
      cluster->overdue.splice(cluster->overdue.end(), cluster->waiting, watched.position);
    }
  }
  return result;
}

absl::Time BeatMonitor::NextTurn() const {
  absl::Time next = last_turn_ + kTurnInterval;
  for (const auto& [name, cluster] : clusters_) {
    if (cluster->waiting.empty()) continue;
    next = std::min(next, cluster->waiting.front().last_sign + cluster->SuspectAfter(last_turn_));
  }
  return next;
}

}  // namespace evenkeel::coordinator
