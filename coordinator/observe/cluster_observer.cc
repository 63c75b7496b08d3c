#include "coordinator/observe/cluster_observer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/kube/json.h"
#include "common/kube/list_watch.h"
#include "common/log/log.h"
#include "coordinator/observe/api_health.h"
#include "coordinator/observe/application_watch.h"
#include "coordinator/observe/autoscaler_watch.h"
#include "coordinator/observe/cluster_picture.h"
#include "coordinator/observe/workload_picture.h"
#include "coordinator/observe/workload_watch.h"

namespace evenkeel::coordinator {
namespace {

// As a minor version of version 1, what a server of a version after it counts as.
constexpr uint32_t kNewest = 1000;

}  // namespace

// Shared with the callbacks under way.
class ClusterObserver::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Options options, kube::KubernetesApi& api, EventSink& sink, FleetObserver& fleet)
      : options_(std::move(options)),
        api_(api),
        sink_(sink),
        fleet_(fleet),
        picture_(options_.cluster, sink, fleet),
        workloads_(options_.cluster, sink) {
    api_state_.cluster = options_.cluster;
  }

  void Start();
  void Stop();
  // Set for as long as the observer lives.
  WorkloadWatch& workload_watch() { return *workload_watch_; }
  ApplicationWatch& application_watch() { return *application_watch_; }

 private:
  // Hands what one watch tells to the pictures.
  class Listener final : public kube::ListWatchListener {
   public:
    Listener(Core& core, ApiHealth::Kind kind, void (Core::*on_object)(const kube::Json&),
             void (Core::*on_gone)(const kube::ObjectName&))
        : core_(core), kind_(kind), on_object_(on_object), on_gone_(on_gone) {}

    void OnReplaced(std::vector<kube::Json> objects, const std::vector<kube::ObjectName>& deleted) override {
      absl::MutexLock lock(&core_.mutex_);
      if (core_.stopped_) return;
      for (const kube::ObjectName& name : deleted) (core_.*on_gone_)(name);
      for (const kube::Json& object : objects) (core_.*on_object_)(object);
      core_.health_.OnComplete(kind_);
      core_.Reconsider();
    }
    void OnChanged(kube::Json object) override {
      absl::MutexLock lock(&core_.mutex_);
      if (!core_.stopped_) (core_.*on_object_)(object);
    }
    void OnDeleted(kube::Json object) override {
      absl::MutexLock lock(&core_.mutex_);
      if (!core_.stopped_) (core_.*on_gone_)(kube::NameOf(object));
    }
    void OnState(kube::ListWatchState state, const absl::Status& why) override {
      absl::MutexLock lock(&core_.mutex_);
      if (core_.stopped_) return;
      core_.health_.OnState(kind_, state, why);
      core_.Reconsider();
    }

   private:
    Core& core_;
    const ApiHealth::Kind kind_;
    void (Core::*const on_object_)(const kube::Json&);
    void (Core::*const on_gone_)(const kube::ObjectName&);
  };

  void OnNode(const kube::Json& node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { picture_.OnNode(node); }
  void OnNodeGone(const kube::ObjectName& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    picture_.OnNodeGone(name);
  }
  void OnClaim(const kube::Json& claim) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { picture_.OnClaim(claim); }
  void OnClaimGone(const kube::ObjectName& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    picture_.OnClaimGone(name);
  }
  void OnPod(const kube::Json& pod) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    picture_.OnPod(pod);
    workloads_.OnPod(pod);
  }
  void OnPodGone(const kube::ObjectName& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    picture_.OnPodGone(name);
    workloads_.OnPodGone(name);
  }

  // Runs `step` on the API's thread after `delay`, unless stopped by then.
  kube::Call Later(absl::Duration delay, void (Core::*step)());
  void Pulse() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnPulse(const absl::StatusOr<kube::ServerVersion>& version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Reconsider() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveUpOnApi() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tell(bool reachable, const std::string& detail) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Post() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  kube::KubernetesApi& api_;
  EventSink& sink_;
  FleetObserver& fleet_;

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  ClusterPicture picture_ ABSL_GUARDED_BY(mutex_);
  ApiHealth health_ ABSL_GUARDED_BY(mutex_);
  ObservedApi api_state_ ABSL_GUARDED_BY(mutex_);  // as last told
  uint32_t server_minor_ ABSL_GUARDED_BY(mutex_) = 0;
  bool told_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<kube::Call> patience_ ABSL_GUARDED_BY(mutex_);  // set while a problem is waited out
  kube::Call next_pulse_ ABSL_GUARDED_BY(mutex_);

  // The API's thread only.
  WorkloadPicture workloads_;

  Listener nodes_{*this, ApiHealth::kNodes, &Core::OnNode, &Core::OnNodeGone};
  Listener pods_{*this, ApiHealth::kPods, &Core::OnPod, &Core::OnPodGone};
  Listener claims_{*this, ApiHealth::kClaims, &Core::OnClaim, &Core::OnClaimGone};
  std::unique_ptr<WorkloadWatch> workload_watch_;
  std::unique_ptr<AutoscalerWatch> autoscalers_;
  std::unique_ptr<ApplicationWatch> application_watch_;
  std::vector<std::unique_ptr<kube::ListWatch>> watches_;
};

void ClusterObserver::Core::Start() {
  sink_.Post(ClusterAdded{
      .cluster = options_.cluster, .api_address = options_.api_address, .api_port = options_.api_port});
  workload_watch_ = std::make_unique<WorkloadWatch>(WorkloadWatch::Options{}, api_, workloads_);
  autoscalers_ = std::make_unique<AutoscalerWatch>(
      options_.cluster, api_, sink_,
      AutoscalerWatch::Sight{
          .listed = [this] { workload_watch_->OnAutoscalersListed(); },
          .unknown = [this](const std::string& why) { workload_watch_->OnAutoscalersUnknown(why); }});
  application_watch_ = std::make_unique<ApplicationWatch>(
      ApplicationWatch::Options{.cluster = options_.cluster, .cpu = options_.pod_cpu}, api_, sink_);
  {
    absl::MutexLock lock(&mutex_);
    Pulse();
    Reconsider();
  }
  const auto watch = [this](const kube::Resource& resource, Listener& listener) {
    watches_.push_back(
        std::make_unique<kube::ListWatch>(api_, kube::ListWatchOptions{.resource = resource}, listener));
  };
  watch(kube::Nodes(), nodes_);
  watch(kube::PersistentVolumeClaims(), claims_);
  watch(kube::Pods(), pods_);
}

void ClusterObserver::Core::Stop() {
  watches_.clear();
  autoscalers_.reset();
  workload_watch_.reset();
  application_watch_.reset();
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  next_pulse_.Cancel();
  if (patience_) patience_->Cancel();
}

kube::Call ClusterObserver::Core::Later(absl::Duration delay, void (Core::*step)()) {
  return api_.After(delay, [core = shared_from_this(), step] {
    absl::MutexLock lock(&core->mutex_);
    if (!core->stopped_) (core.get()->*step)();
  });
}

void ClusterObserver::Core::Pulse() {
  api_.GetServerVersion(options_.pulse_deadline,
                        [core = shared_from_this()](const absl::StatusOr<kube::ServerVersion>& version) {
                          absl::MutexLock lock(&core->mutex_);
                          if (!core->stopped_) core->OnPulse(version);
                        });
}

void ClusterObserver::Core::OnPulse(const absl::StatusOr<kube::ServerVersion>& version) {
  health_.OnPulse(version.status());
  if (version.ok() && api_state_.version != version->git_version) {
    api_state_.version = version->git_version;
    server_minor_ = version->major == 1 ? static_cast<uint32_t>(std::max(version->minor, 0)) : kNewest;
    fleet_.OnApi(api_state_);
    // It was upgraded under our eyes.
    if (told_ && api_state_.reachable) Post();
  }
  Reconsider();
  // After a failure sooner: one lost answer is to be made good before the patience with it is over.
  next_pulse_ = Later(version.ok() ? options_.pulse_interval : options_.unreachable_after / 3, &Core::Pulse);
}

void ClusterObserver::Core::Reconsider() {
  const std::string problem = health_.Problem();
  // The first answer to a pulse is on its way: what it says of the server goes with the good news.
  if (problem.empty() && api_state_.version.empty()) return;
  if (problem.empty()) {
    if (patience_) patience_->Cancel();
    patience_.reset();
    Tell(true, "");
  } else if (told_ && !api_state_.reachable) {
    Tell(false, problem);
  } else if (!patience_) {
    // It may be our own network that fails: everybody is given more time meanwhile.
    if (told_) sink_.Post(OwnDelay{.source = DelaySource::kWatch, .delay = absl::ZeroDuration()});
    patience_ = Later(options_.unreachable_after, &Core::GiveUpOnApi);
  }
}

void ClusterObserver::Core::GiveUpOnApi() {
  // Cancel may come too late for a timer that is on its way already.
  if (!patience_) return;
  patience_.reset();
  Tell(false, health_.Problem());
}

void ClusterObserver::Core::Tell(bool reachable, const std::string& detail) {
  if (told_ && api_state_.reachable == reachable && api_state_.detail == detail) return;
  if (!told_ || api_state_.reachable != reachable) {
    if (reachable) {
      log::Info("the Kubernetes API is well", {{"cluster", options_.cluster}});
    } else {
      log::Warn("the Kubernetes API cannot be relied on: actions freeze",
                {{"cluster", options_.cluster}, {"cause", detail}});
    }
  }
  told_ = true;
  api_state_.reachable = reachable;
  api_state_.detail = detail;
  fleet_.OnApi(api_state_);
  Post();
}

void ClusterObserver::Core::Post() {
  sink_.Post(ApiChanged{.cluster = options_.cluster,
                        .reachable = api_state_.reachable,
                        .detail = api_state_.detail,
                        .server_minor = server_minor_});
}

ClusterObserver::ClusterObserver(Options options, kube::KubernetesApi& api, EventSink& sink,
                                 FleetObserver& fleet)
    : core_(std::make_shared<Core>(std::move(options), api, sink, fleet)) {
  core_->Start();
}

ClusterObserver::~ClusterObserver() {
  core_->Stop();
}

void ClusterObserver::Do(const WatchWorkload& request) {
  core_->workload_watch().Do(request);
}

void ClusterObserver::Do(const UnwatchWorkload& request) {
  core_->workload_watch().Do(request);
}

void ClusterObserver::Do(const WatchApplication& request) {
  core_->application_watch().Do(request);
}

void ClusterObserver::Do(const UnwatchApplication& request) {
  core_->application_watch().Do(request);
}

}  // namespace evenkeel::coordinator
