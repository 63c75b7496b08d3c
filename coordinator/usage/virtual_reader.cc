#include "coordinator/usage/virtual_reader.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/kube/status.h"
#include "common/log/limiter.h"
#include "common/log/log.h"
#include "coordinator/usage/resource_metrics.h"
#include "coordinator/usage/stats_summary.h"

namespace evenkeel::coordinator {

enum class KubeletPath { kSummary, kResource };

namespace {

KubeletPath Other(KubeletPath source) {
  return source == KubeletPath::kSummary ? KubeletPath::kResource : KubeletPath::kSummary;
}

constexpr char kMissingRight[] =
    "name this node in deploy/kubernetes/extras/bursting/virtual-usage-access.yaml and apply it";

const char* PathOf(KubeletPath source) {
  return source == KubeletPath::kSummary ? "/stats/summary" : "/metrics/resource";
}

absl::StatusOr<std::vector<PodCounters>> Parse(KubeletPath source, const std::string& text) {
  return source == KubeletPath::kSummary ? ParseStatsSummary(text) : ParseResourceMetrics(text);
}

// The kubelet was reached and does not serve the path, or fails in it: its other path may be better.
bool OtherMayHelp(const absl::Status& failure) {
  const int code = kube::HttpCode(failure);
  if (code == 429) return false;  // the API server has too much to do
  return code == 404 || code == 405 || code >= 500 || absl::IsInvalidArgument(failure) ||
         absl::IsResourceExhausted(failure);
}

}  // namespace

// Threading: everything under the mutex, and what is handed out as well; the parsing is not.
class VirtualReader::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Options options, kube::KubernetesApi& api, const time::Clock& clock, TakePulled take)
      : options_(std::move(options)), api_(api), clock_(clock), take_(std::move(take)) {}

  void Stop() {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    for (auto& [name, node] : nodes_) Cancel(node);
    nodes_.clear();
    waiting_.clear();
  }

  void Read(const std::string& name, const std::vector<PulledPod>& pods) {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    if (pods.empty()) {
      const auto known = nodes_.find(name);
      if (known == nodes_.end()) return;
      Cancel(known->second);
      nodes_.erase(known);
      std::erase(waiting_, name);
      return;
    }
    const auto [node, is_new] = nodes_.try_emplace(name);
    node->second.usages.Watch(pods);
    if (is_new) Due(name, node->second);
  }

 private:
  struct Node {
    PulledUsages usages;
    KubeletPath source = KubeletPath::kSummary;
    bool other_failed = false;  // in this pull, the other source did:
    std::string failure;
    int failures = 0;       // pulls in a row
    uint64_t question = 0;  // under way; 0: none is
    absl::Time asked;       // when this pull began
    kube::Call call;
    kube::Call timer;
  };

  static void Cancel(Node& node) {
    node.question = 0;
    node.call.Cancel();
    node.timer.Cancel();
  }

  // Its turn comes when fewer than kMostAtOnce are under way.
  void Due(const std::string& name, Node& node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (under_way_ >= kMostAtOnce) {
      waiting_.push_back(name);
      return;
    }
    node.asked = clock_.Now();
    node.other_failed = false;
    Ask(name, node);
  }

  void DueLater(const std::string& name, Node& node, absl::Duration delay)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const uint64_t turn = node.question = ++last_question_;
    node.timer = api_.After(delay, [weak = weak_from_this(), name, turn] {
      const auto core = weak.lock();
      if (core == nullptr) return;
      absl::MutexLock lock(&core->mutex_);
      const auto at = core->nodes_.find(name);
      if (core->stopped_ || at == core->nodes_.end() || at->second.question != turn) return;
      at->second.question = 0;
      core->Due(name, at->second);
    });
  }

  void Ask(const std::string& name, Node& node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ++under_way_;
    const uint64_t question = node.question = ++last_question_;
    const KubeletPath source = node.source;
    node.call = api_.GetFromNode(
        name, PathOf(source), options_.deadline,
        [weak = weak_from_this(), name, question, source](const absl::StatusOr<std::string>& answer) {
          const auto core = weak.lock();
          if (core != nullptr) core->OnAnswer(name, question, source, answer);
        });
  }

  void OnAnswer(const std::string& name, uint64_t question, KubeletPath source,
                const absl::StatusOr<std::string>& answer) {
    const absl::Time received = clock_.Now();
    const absl::StatusOr<std::vector<PodCounters>> pods =
        answer.ok() ? Parse(source, *answer) : absl::StatusOr<std::vector<PodCounters>>(answer.status());
    absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    --under_way_;
    const auto at = nodes_.find(name);
    if (at != nodes_.end() && at->second.question == question) {
      at->second.question = 0;
      if (pods.ok()) {
        OnCounters(name, at->second, *pods, received);
      } else {
        OnFailure(name, at->second, pods.status());
      }
    }
    AskWaiting();
  }

  void OnCounters(const std::string& name, Node& node, const std::vector<PodCounters>& pods,
                  absl::Time received) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (node.failures > 0) {
      log::Info("what pods of a virtual node use can be read again",
                {{"cluster", options_.cluster}, {"node", name}, {"failures", node.failures}});
    }
    node.failures = 0;
    const std::vector<PulledUsage> used = node.usages.Take(pods, received);
    if (!used.empty()) take_({options_.cluster, name}, used, received);
    // One that takes long to answer is left alone for as long.
    const absl::Duration took = received - node.asked;
    DueLater(name, node, std::max(options_.every - took, took));
  }

  void OnFailure(const std::string& name, Node& node, const absl::Status& failure)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (OtherMayHelp(failure) && !node.other_failed) {
      node.other_failed = true;
      node.failure = absl::StrCat(PathOf(node.source), ": ", failure.message());
      node.source = Other(node.source);
      return Ask(name, node);
    }
    ++node.failures;
    if (const auto suppressed = warnings_.Admit(name, clock_.Now())) {
      log::Warn(
          "what pods of a virtual node use cannot be read; they count as the last that was seen of them, and "
          "then as missing",
          {{"cluster", options_.cluster},
           {"node", name},
           {"cause", base::Annotate(failure, PathOf(node.source))},
           {"cure", absl::IsPermissionDenied(failure) ? kMissingRight : ""},
           {"before", node.other_failed ? node.failure : ""},
           {"suppressed", *suppressed}});
    }
    const absl::Duration asked_for =
        std::min(kube::RetryAfter(failure).value_or(absl::ZeroDuration()), options_.backoff.maximum);
    DueLater(name, node,
             std::max(time::Backoff(options_.backoff, node.failures, base::RandomUnit()), asked_for));
  }

  void AskWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (!waiting_.empty() && under_way_ < kMostAtOnce) {
      const std::string name = std::move(waiting_.front());
      waiting_.pop_front();
      const auto at = nodes_.find(name);
      if (at != nodes_.end()) Due(name, at->second);
    }
  }

  const Options options_;
  kube::KubernetesApi& api_;
  const time::Clock& clock_;
  const TakePulled take_;
  log::Limiter warnings_{absl::Minutes(10)};

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Node> nodes_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> waiting_ ABSL_GUARDED_BY(mutex_);  // for their turn, of nodes_, each once
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_question_ ABSL_GUARDED_BY(mutex_) = 0;
};

VirtualReader::VirtualReader(Options options, kube::KubernetesApi& api, const time::Clock& clock,
                             TakePulled take)
    : core_(std::make_shared<Core>(std::move(options), api, clock, std::move(take))) {}

VirtualReader::~VirtualReader() {
  core_->Stop();
}

void VirtualReader::Read(const std::string& node, const std::vector<PulledPod>& pods) {
  core_->Read(node, pods);
}

}  // namespace evenkeel::coordinator
