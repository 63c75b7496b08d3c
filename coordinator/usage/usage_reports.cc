#include "coordinator/usage/usage_reports.h"

#include <pthread.h>

#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/check.h"
#include "common/log/limiter.h"
#include "common/log/log.h"
#include "coordinator/usage/node_usages.h"
#include "coordinator/usage/usage_book.h"

namespace evenkeel::coordinator {
namespace {

// Whole milliseconds take a third of the room in the event log, and no figure is more exact.
absl::Time Rounded(absl::Time time) {
  return absl::FromUnixMillis(absl::ToUnixMillis(time));
}

}  // namespace

class UsageReports::Room {
 public:
  Room(ReportSink& next, EventSink& events, const time::Clock& clock)
      : next_(next), events_(events), clock_(clock) {}

  void Connect(AskCloseSampling ask) { ask_ = std::move(ask); }
  void ConnectPull(AskPull pull) { pull_ = std::move(pull); }

  void Start() {
    EVENKEEL_CHECK(ask_ != nullptr && !thread_.joinable()) << "started once, after Connect";
    thread_ = std::thread([this] { Run(); });
  }

  void Stop() {
    if (!thread_.joinable()) return;
    stop_.Notify();
    thread_.join();
  }

  void Watch(const WatchUsage& request) {
    {
      absl::MutexLock lock(&mutex_);
      if (clusters_[request.cluster].book.Watch(request)) return;
    }
    if (const auto suppressed = refusals_.Admit(request.cluster, clock_.Now())) {
      log::Warn("more pods are to be scaled by than can be watched; one is left out",
                {{"cluster", request.cluster},
                 {"pod_uid", request.pod_uid},
                 {"most", UsageBook::kMostPods},
                 {"suppressed", *suppressed}});
    }
  }

  void Unwatch(const UnwatchUsage& request) {
    absl::MutexLock lock(&mutex_);
    clusters_[request.cluster].book.Unwatch(request.pod_uid);
  }

  void Pull(const PullUsage& request) {
    absl::MutexLock lock(&mutex_);
    Cluster& cluster = clusters_[request.cluster];
    if (request.pull) {
      cluster.virtual_nodes.insert(request.node);
    } else {
      cluster.virtual_nodes.erase(request.node);
    }
    cluster.repull.insert(request.node);
  }

  std::optional<int64_t> MillicoresOf(const NodeKey& node, const std::string& pod_uid) {
    absl::MutexLock lock(&mutex_);
    const auto cluster = clusters_.find(node.cluster);
    return cluster == clusters_.end() ? std::nullopt : cluster->second.book.MillicoresOf(node.node, pod_uid);
  }

  void Watch(const WatchApplication& request) {
    absl::MutexLock lock(&mutex_);
    NodeUsages& machines = clusters_[request.cluster].machines;
    if (!machines.Watch(request.application)) return;
    NodeUsages::Figures figures = machines.TakeChanged();
    // Under the lock, so that nothing newer is told before it; the loop's own thread never waits for its
    // queue.
    if (!figures.empty()) {
      events_.Post(ClusterUsage{.cluster = request.cluster, .cpu_millicores = std::move(figures)});
    }
  }

  void Unwatch(const UnwatchApplication& request) {
    absl::MutexLock lock(&mutex_);
    clusters_[request.cluster].machines.Unwatch(request.application);
  }

  void OnPulled(const NodeKey& node, const std::vector<PulledUsage>& pods, absl::Time received) {
    absl::MutexLock lock(&mutex_);
    clusters_[node.cluster].book.OnPulled(node.node, pods, received);
  }

  void OnSessionOpened(const NodeKey& node, const SessionDescription& session) {
    {
      absl::MutexLock lock(&mutex_);
      Cluster& cluster = clusters_[node.cluster];
      cluster.sessions[node.node] = {session.session_id, session.last_beat};
      if (cluster.virtual_nodes.contains(node.node)) cluster.repull.insert(node.node);
      cluster.book.OnSession(node.node);
      cluster.machines.OnSession(node.node);
    }
    next_.OnSessionOpened(node, session);
  }

  void OnReport(const NodeKey& node, uint64_t session_id, const v1::Report& report) {
    {
      absl::MutexLock lock(&mutex_);
      Cluster& cluster = clusters_[node.cluster];
      cluster.book.OnReport(node.node, report, Rounded(clock_.Now()));
      cluster.machines.OnReport(node.node, report);
    }
    next_.OnReport(node, session_id, report);
  }

  void OnSessionClosed(const NodeKey& node, uint64_t session_id, const std::string& reason) {
    {
      absl::MutexLock lock(&mutex_);
      Cluster& cluster = clusters_[node.cluster];
      const auto session = cluster.sessions.find(node.node);
      if (session != cluster.sessions.end() && session->second.id == session_id) {
        cluster.sessions.erase(session);
        if (cluster.virtual_nodes.contains(node.node)) cluster.repull.insert(node.node);
        cluster.book.OnSessionEnded(node.node);
        cluster.machines.OnSession(node.node);
      }
    }
    next_.OnSessionClosed(node, session_id, reason);
  }

 private:
  struct Session {
    uint64_t id = 0;
    std::shared_ptr<const LastBeat> last_beat;
  };
  struct Cluster {
    UsageBook book;
    NodeUsages machines;
    std::map<std::string, Session> sessions;  // by node
    std::set<std::string> virtual_nodes;
    std::set<std::string> pulled;  // of those: a reader was asked for them
    std::set<std::string> repull;  // nodes of which that may have to change
  };
  struct PullWish {
    NodeKey node;
    std::vector<PulledPod> pods;
  };
  // What a look leads to; said outside of the lock.
  struct Words {
    std::vector<PullWish> pulls;
    std::vector<CloseSampling> wishes;
    std::vector<Event> figures;
  };

  void Run() {
    pthread_setname_np(pthread_self(), "usage");
    while (!stop_.WaitForNotificationWithTimeout(kLook)) {
      Words words = Look(clock_.Now());
      for (const CloseSampling& wish : words.wishes) ask_(wish);
      for (const PullWish& wish : words.pulls) {
        if (pull_ != nullptr) pull_(wish.node, wish.pods);
      }
      for (Event& figures : words.figures) {
        if (!events_.Post(std::move(figures))) break;
      }
    }
  }

  Words Look(absl::Time now) {
    Words words;
    absl::MutexLock lock(&mutex_);
    const bool all = now >= tell_all_at_;
    if (all) tell_all_at_ = now + kTellAll;
    for (auto& [name, cluster] : clusters_) {
      if (all) {
        for (const auto& [node, session] : cluster.sessions) {
          cluster.book.OnBeat(node, Rounded(session.last_beat->received()));
        }
      }
      std::vector<PodUsage> pods = all ? cluster.book.TakeChanged(now) : cluster.book.TakeSudden(now);
      if (!pods.empty()) words.figures.emplace_back(UsageTold{.cluster = name, .pods = std::move(pods)});
      if (all) AddMachines(name, cluster, words);
      for (const std::string& node : cluster.book.TakeRewatched()) {
        if (cluster.virtual_nodes.contains(node)) cluster.repull.insert(node);
        // Without a session there is nobody to be asked: the next one makes the book name the node again.
        const auto session = cluster.sessions.find(node);
        if (session == cluster.sessions.end()) continue;
        words.wishes.push_back({.node = {name, node},
                                .session_id = session->second.id,
                                .pod_uids = cluster.book.WatchedOn(node)});
      }
      for (const std::string& node : std::exchange(cluster.repull, {})) AddPull(name, cluster, node, words);
    }
    return words;
  }

  static void AddMachines(const std::string& name, Cluster& cluster, Words& words) {
    NodeUsages::Figures figures = cluster.machines.TakeChanged();
    if (figures.empty()) return;
    words.figures.emplace_back(ClusterUsage{.cluster = name, .cpu_millicores = std::move(figures)});
  }

  static void AddPull(const std::string& name, Cluster& cluster, const std::string& node, Words& words) {
    std::vector<PulledPod> pods;
    if (cluster.virtual_nodes.contains(node) && !cluster.sessions.contains(node)) {
      pods = cluster.book.PulledOn(node);
    }
    const bool was = pods.empty() ? cluster.pulled.erase(node) > 0 : !cluster.pulled.insert(node).second;
    if (pods.empty() && !was) return;
    words.pulls.push_back({.node = {name, node}, .pods = std::move(pods)});
  }

  ReportSink& next_;
  EventSink& events_;
  const time::Clock& clock_;
  AskCloseSampling ask_;
  AskPull pull_;
  log::Limiter refusals_{absl::Seconds(10)};

  absl::Mutex mutex_;
  std::map<std::string, Cluster> clusters_ ABSL_GUARDED_BY(mutex_);
  absl::Time tell_all_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();

  absl::Notification stop_;
  std::thread thread_;
};

UsageReports::UsageReports(ReportSink& next, EventSink& events, const time::Clock& clock)
    : room_(std::make_unique<Room>(next, events, clock)) {}

UsageReports::~UsageReports() {
  room_->Stop();
}

void UsageReports::Connect(AskCloseSampling ask) {
  room_->Connect(std::move(ask));
}

void UsageReports::ConnectPull(AskPull pull) {
  room_->ConnectPull(std::move(pull));
}

void UsageReports::Start() {
  room_->Start();
}

void UsageReports::Stop() {
  room_->Stop();
}

void UsageReports::Release(const WatchUsage& request) {
  room_->Watch(request);
}

void UsageReports::Release(const UnwatchUsage& request) {
  room_->Unwatch(request);
}

void UsageReports::Release(const WatchApplication& request) {
  room_->Watch(request);
}

void UsageReports::Release(const UnwatchApplication& request) {
  room_->Unwatch(request);
}

void UsageReports::Release(const PullUsage& request) {
  room_->Pull(request);
}

std::optional<int64_t> UsageReports::MillicoresOf(const NodeKey& node, const std::string& pod_uid) const {
  return room_->MillicoresOf(node, pod_uid);
}

void UsageReports::OnPulled(const NodeKey& node, const std::vector<PulledUsage>& pods, absl::Time received) {
  room_->OnPulled(node, pods, received);
}

void UsageReports::OnSessionOpened(const NodeKey& node, const SessionDescription& session) {
  room_->OnSessionOpened(node, session);
}

void UsageReports::OnReport(const NodeKey& node, uint64_t session_id, const v1::Report& report) {
  room_->OnReport(node, session_id, report);
}

void UsageReports::OnSessionClosed(const NodeKey& node, uint64_t session_id, const std::string& reason) {
  room_->OnSessionClosed(node, session_id, reason);
}

}  // namespace evenkeel::coordinator
