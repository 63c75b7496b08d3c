#include "coordinator/observe/workload_watch.h"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/random.h"
#include "common/kube/discovery.h"
#include "common/kube/json.h"
#include "common/kube/list_watch.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

constexpr char kThereIsNone[] = "there is none";
// A kind that is not served may be installed at any time; discovery asks no sooner.
constexpr absl::Duration kNextDiscovery = absl::Seconds(65);
constexpr int kMostSilent = 2;  // failures without an answer that are not told

// Asking again changes nothing before somebody has changed something.
bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

std::string Cause(const absl::Status& status, absl::string_view what) {
  const bool forbidden = absl::IsPermissionDenied(status);
  return absl::StrCat(
      what, ": ", status.ToString(),
      forbidden ? "; it needs the role evenkeel-scaler (deploy/kubernetes/extras/scaling)" : "");
}

// What of an object concerns its scale. Where the parts are is known of Kubernetes' own kinds only.
std::string ScalePartsOf(const kube::Resource& resource, const Json& object) {
  const bool own = resource.group.empty() || resource.group == kube::Deployments().group;
  if (!own) return kube::ResourceVersionOf(object);
  Json parts = Json::array();
  for (const Json* part :
       {kube::Find(object, {"metadata", "uid"}), kube::Find(object, {"spec", "replicas"}),
        kube::Find(object, {"spec", "selector"}), kube::Find(object, {"status", "replicas"})}) {
    parts.push_back(part == nullptr ? Json() : *part);
  }
  return kube::ToText(parts);
}

}  // namespace

// Shared with the callbacks under way. What is asked waits in `asked_` until the API's thread takes it; all
// else belongs to that thread.
class WorkloadWatch::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Options options, kube::KubernetesApi& api, WorkloadPicture& picture)
      : options_(options), api_(api), picture_(picture), discovery_(api) {}

  // `version`: of its API; none: it is not to be watched any more.
  void Ask(const Workload& workload, std::optional<std::string> version);
  void OnAutoscalersListed();
  void OnAutoscalersUnknown(const std::string& why);
  void Stop();

 private:
  // The objects of one kind in one namespace.
  class Group final : public kube::ListWatchListener {
   public:
    Group(Core& owner, kube::Resource of, std::string in)
        : resource(std::move(of)), name_space(std::move(in)), core_(owner) {}

    void OnReplaced(std::vector<Json> objects, const std::vector<kube::ObjectName>& deleted) override;
    void OnChanged(Json object) override { core_.OnObject(*this, object, false); }
    void OnDeleted(Json object) override { core_.OnNone(*this, kube::NameOf(object).name); }
    void OnState(kube::ListWatchState state, const absl::Status& why) override;

    const kube::Resource resource;
    const std::string name_space;
    std::map<std::string, Workload> targets;  // by name
    bool listed = false;
    std::string problem;                     // why the watch does not stand; empty: it does
    std::unique_ptr<kube::ListWatch> watch;  // last: it uses the rest

   private:
    Core& core_;
  };

  // What is to be told besides what has changed.
  struct Telling {
    bool facts = false;
    bool all = false;
  };
  struct Target {
    std::string version;
    uint64_t round = 0;      // answers to an earlier one are not looked at
    Group* group = nullptr;  // once its kind is known
    std::string parts;       // of the object, as last shown by the watch
    bool seen = false;       // told as there
    bool reading = false;
    bool read_again = false;  // something came while it was being read
    Telling telling;          // by the next read
    int failures = 0;         // in a row
    kube::Call wait;
  };

  void Take();
  void Watch(const Workload& workload, const std::string& version);
  void Unwatch(const Workload& workload);
  void Begin(const Workload& workload, Target& target);
  void OnKind(const Workload& workload, uint64_t round, const absl::StatusOr<kube::Resource>& found);
  void Join(const Workload& workload, Target& target, const kube::Resource& resource);
  void Leave(const Workload& workload, Target& target);
  void OnObject(Group& group, const Json& object, bool listed);
  void OnNone(const Group& group, const std::string& name);
  void OnProblem(const Group& group, bool refused);
  void StopReading(Target& target);
  void Read(const Workload& workload, Target& target, Telling telling);
  void OnRead(const Workload& workload, uint64_t round, Telling telling, const absl::StatusOr<Json>& scale);
  void Gone(const Workload& workload, Target& target, const std::string& reason, bool absent = false);
  // Notes a failure; tells it if it is to be told.
  void Fail(const Workload& workload, Target& target, const absl::Status& status, const std::string& reason);
  void Later(const Workload& workload, Target& target, absl::Duration delay,
             void (Core::*step)(const Workload&, Target&));
  void ReadAgain(const Workload& workload, Target& target) { Read(workload, target, {}); }
  absl::Duration BackoffOf(const Target& target) const {
    return time::Backoff(options_.backoff, target.failures, base::RandomUnit());
  }
  Target* Find(const Workload& workload, uint64_t round);

  const Options options_;
  kube::KubernetesApi& api_;
  WorkloadPicture& picture_;
  kube::Discovery discovery_;

  absl::Mutex mutex_;
  // The last word on each workload wins: no more entries than there are workloads.
  std::map<Workload, std::optional<std::string>> asked_ ABSL_GUARDED_BY(mutex_);

  bool stopped_ = false;
  bool may_read_ = false;  // the autoscalers are known
  std::string may_not_;    // why not; empty: they have not been listed yet
  uint64_t rounds_ = 0;
  std::map<Workload, Target> targets_;
  std::map<std::string, std::unique_ptr<Group>> groups_;  // by the path of what they list
};

void WorkloadWatch::Core::Ask(const Workload& workload, std::optional<std::string> version) {
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    first = asked_.empty();
    asked_[workload] = std::move(version);
  }
  if (first) api_.After(absl::ZeroDuration(), [core = shared_from_this()] { core->Take(); });
}

void WorkloadWatch::Core::Take() {
  std::map<Workload, std::optional<std::string>> asked;
  {
    absl::MutexLock lock(&mutex_);
    asked.swap(asked_);
  }
  if (stopped_) return;
  for (const auto& [workload, version] : asked) {
    if (version) {
      Watch(workload, *version);
    } else {
      Unwatch(workload);
    }
  }
}

void WorkloadWatch::Core::Watch(const Workload& workload, const std::string& version) {
  if (const auto known = targets_.find(workload); known != targets_.end()) {
    Target& target = known->second;
    if (target.version == version) {
      if (target.seen) return Read(workload, target, {.facts = true, .all = true});
      picture_.Watch(workload);  // why it is not
      return;
    }
    Unwatch(workload);
  }
  Target& target = targets_[workload];
  target.version = version;
  picture_.Watch(workload);
  if (may_read_) {
    Begin(workload, target);
  } else if (!may_not_.empty()) {
    Gone(workload, target, may_not_);
  }
}

void WorkloadWatch::Core::Unwatch(const Workload& workload) {
  const auto found = targets_.find(workload);
  if (found == targets_.end()) return;
  Leave(workload, found->second);
  targets_.erase(found);
  picture_.Unwatch(workload);
}

void WorkloadWatch::Core::OnAutoscalersListed() {
  if (stopped_ || std::exchange(may_read_, true)) return;
  may_not_.clear();
  for (auto& [workload, target] : targets_) Begin(workload, target);
}

void WorkloadWatch::Core::OnAutoscalersUnknown(const std::string& why) {
  if (stopped_) return;
  may_read_ = false;
  may_not_ = why;
  for (auto& [workload, target] : targets_) {
    Leave(workload, target);
    Gone(workload, target, why);
  }
}

void WorkloadWatch::Core::Stop() {
  absl::Notification stopped;
  api_.After(absl::ZeroDuration(), [this, &stopped] {
    stopped_ = true;
    for (auto& [workload, target] : targets_) target.wait.Cancel();
    groups_.clear();
    targets_.clear();
    stopped.Notify();
  });
  stopped.WaitForNotification();
}

WorkloadWatch::Core::Target* WorkloadWatch::Core::Find(const Workload& workload, uint64_t round) {
  const auto found = targets_.find(workload);
  return found == targets_.end() || found->second.round != round ? nullptr : &found->second;
}

void WorkloadWatch::Core::Later(const Workload& workload, Target& target, absl::Duration delay,
                                void (Core::*step)(const Workload&, Target&)) {
  target.wait.Cancel();
  target.wait = api_.After(delay, [core = shared_from_this(), workload, round = target.round, step] {
    if (Target* target = core->Find(workload, round)) (core.get()->*step)(workload, *target);
  });
}

void WorkloadWatch::Core::Gone(const Workload& workload, Target& target, const std::string& reason,
                               bool absent) {
  target.seen = false;
  picture_.OnWorkloadGone(workload, reason, absent);
}

void WorkloadWatch::Core::Fail(const Workload& workload, Target& target, const absl::Status& status,
                               const std::string& reason) {
  ++target.failures;
  if (IsRefusal(status) || !target.seen || target.failures > kMostSilent) Gone(workload, target, reason);
}

void WorkloadWatch::Core::Begin(const Workload& workload, Target& target) {
  target.round = ++rounds_;
  discovery_.FindScalable(
      workload.group, target.version, workload.kind, options_.deadline,
      [core = shared_from_this(), workload, round = target.round](
          const absl::StatusOr<kube::Resource>& found) { core->OnKind(workload, round, found); });
}

void WorkloadWatch::Core::OnKind(const Workload& workload, uint64_t round,
                                 const absl::StatusOr<kube::Resource>& found) {
  Target* const target = Find(workload, round);
  if (target == nullptr) return;
  if (found.ok()) return Join(workload, *target, *found);
  const bool absent = absl::IsNotFound(found.status()) || absl::IsFailedPrecondition(found.status());
  Fail(workload, *target, found.status(),
       absent ? std::string(found.status().message()) : found.status().ToString());
  Later(workload, *target, absent ? kNextDiscovery : BackoffOf(*target), &Core::Begin);
}

void WorkloadWatch::Core::Join(const Workload& workload, Target& target, const kube::Resource& resource) {
  target.failures = 0;
  std::unique_ptr<Group>& group = groups_[kube::ResourcePath(resource, {.name_space = workload.name_space})];
  const bool is_new = group == nullptr;
  if (is_new) group = std::make_unique<Group>(*this, resource, workload.name_space);
  group->targets[workload.name] = workload;
  target.group = group.get();
  if (is_new) {
    group->watch = std::make_unique<kube::ListWatch>(
        api_, kube::ListWatchOptions{.resource = resource, .name_space = workload.name_space}, *group);
  } else if (group->listed) {
    Read(workload, target, {});
  } else if (!group->problem.empty()) {
    Gone(workload, target, group->problem);
  }
}

void WorkloadWatch::Core::Leave(const Workload& workload, Target& target) {
  StopReading(target);
  target.failures = 0;
  target.parts.clear();
  Group* const group = std::exchange(target.group, nullptr);
  if (group == nullptr) return;
  group->targets.erase(workload.name);
  if (group->targets.empty()) {
    groups_.erase(kube::ResourcePath(group->resource, {.name_space = group->name_space}));
  }
}

void WorkloadWatch::Core::Group::OnReplaced(std::vector<Json> objects,
                                            const std::vector<kube::ObjectName>& /*deleted*/) {
  listed = true;
  problem.clear();
  std::map<std::string, const Json*> found;
  for (const Json& object : objects) found[kube::NameOf(object).name] = &object;
  const std::map<std::string, Workload> wanted = targets;
  for (const auto& [name, workload] : wanted) {
    if (const auto object = found.find(name); object != found.end()) {
      core_.OnObject(*this, *object->second, true);
    } else {
      core_.OnNone(*this, name);
    }
  }
}

void WorkloadWatch::Core::Group::OnState(kube::ListWatchState state, const absl::Status& why) {
  if (state != kube::ListWatchState::kDisconnected) {
    if (state == kube::ListWatchState::kConnected) problem.clear();
    return;
  }
  const bool refused = IsRefusal(why);
  if (refused) listed = false;
  problem = Cause(why, absl::StrCat("the ", resource.plural, " of its namespace cannot be watched"));
  core_.OnProblem(*this, refused);
}

// While there is only no answer, what was seen still counts: that the API is away is told elsewhere (L8).
void WorkloadWatch::Core::OnProblem(const Group& group, bool refused) {
  for (const auto& [name, workload] : group.targets) {
    Target& target = targets_.at(workload);
    if (refused) {
      StopReading(target);
      target.parts.clear();
    }
    if (refused || !target.seen) Gone(workload, target, group.problem);
  }
}

// What is being read says nothing any more: nobody would tell of the next change.
void WorkloadWatch::Core::StopReading(Target& target) {
  target.round = ++rounds_;
  target.reading = false;
  target.read_again = false;
  target.wait.Cancel();
}

void WorkloadWatch::Core::OnObject(Group& group, const Json& object, bool listed) {
  const auto named = group.targets.find(kube::NameOf(object).name);
  if (named == group.targets.end()) return;
  const Workload workload = named->second;
  Target& target = targets_.at(workload);
  std::string parts = ScalePartsOf(group.resource, object);
  const bool changed = target.parts != parts;
  target.parts = std::move(parts);
  if (changed || listed) Read(workload, target, {.facts = listed});
}

void WorkloadWatch::Core::OnNone(const Group& group, const std::string& name) {
  const auto named = group.targets.find(name);
  if (named == group.targets.end()) return;
  const Workload workload = named->second;
  Target& target = targets_.at(workload);
  StopReading(target);  // it was there before
  target.parts.clear();
  Gone(workload, target, kThereIsNone, true);
}

void WorkloadWatch::Core::Read(const Workload& workload, Target& target, Telling telling) {
  target.telling.facts |= telling.facts;
  target.telling.all |= telling.all;
  if (target.reading) {
    target.read_again = true;
    return;
  }
  if (target.group == nullptr) return;
  target.reading = true;
  target.wait.Cancel();
  api_.GetPart(
      target.group->resource, {.name_space = workload.name_space, .name = workload.name}, "scale",
      options_.deadline,
      [core = shared_from_this(), workload, round = target.round, asked = std::exchange(target.telling, {})](
          const absl::StatusOr<Json>& scale) { core->OnRead(workload, round, asked, scale); });
}

void WorkloadWatch::Core::OnRead(const Workload& workload, uint64_t round, Telling telling,
                                 const absl::StatusOr<Json>& scale) {
  Target* const target = Find(workload, round);
  if (target == nullptr) return;
  target->reading = false;
  if (scale.ok()) {
    target->failures = 0;
    target->seen = true;
    picture_.OnScale(workload, ScaleFrom(*scale), telling.facts && !telling.all);
    if (telling.all) picture_.Watch(workload);
  } else {
    const bool none = absl::IsNotFound(scale.status());
    if (none) {
      ++target->failures;
      Gone(workload, *target, kThereIsNone, true);
    } else {
      Fail(workload, *target, scale.status(), Cause(scale.status(), "its scale cannot be read"));
    }
    target->telling.facts |= telling.facts;
    target->telling.all |= telling.all;
    // When there is one, the watch tells it.
    if (!none) Later(workload, *target, BackoffOf(*target), &Core::ReadAgain);
  }
  if (std::exchange(target->read_again, false)) Read(workload, *target, {});
}

WorkloadWatch::WorkloadWatch(Options options, kube::KubernetesApi& api, WorkloadPicture& picture)
    : core_(std::make_shared<Core>(options, api, picture)) {}

WorkloadWatch::~WorkloadWatch() {
  core_->Stop();
}

void WorkloadWatch::Do(const WatchWorkload& request) {
  core_->Ask(request.workload, request.version);
}

void WorkloadWatch::Do(const UnwatchWorkload& request) {
  core_->Ask(request.workload, std::nullopt);
}

void WorkloadWatch::OnAutoscalersListed() {
  core_->OnAutoscalersListed();
}

void WorkloadWatch::OnAutoscalersUnknown(const std::string& why) {
  core_->OnAutoscalersUnknown(why);
}

}  // namespace evenkeel::coordinator
