#include "coordinator/observe/application_watch.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/kube/json.h"
#include "common/kube/list_watch.h"
#include "coordinator/observe/settings_hash.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

const kube::Resource kServices = {"", "v1", "services", true};
const kube::Resource kSecrets = {"", "v1", "secrets", true};

// ConfigMaps and Secrets may have a MiB each, and a page must not be larger than an answer may be.
constexpr int kLargeObjects = 40;
// Where Helm keeps its releases: many, large, and no pod's.
constexpr char kNotOfHelm[] = "type!=helm.sh/release.v1";

// A smaller change of what an application uses is not told by itself.
constexpr int64_t kLeastMillicores = 10;
constexpr int64_t kTellPart = 10;  // of what was told

bool IsNo(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status) || absl::IsNotFound(status);
}

std::string Cause(const kube::Resource& resource, const std::string& name_space, const absl::Status& status) {
  return absl::StrCat("the ", resource.plural, " of namespace ", name_space,
                      " cannot be watched: ", status.ToString(),
                      absl::IsPermissionDenied(status) ? "; it needs the role evenkeel-switched-applications "
                                                         "(deploy/kubernetes/extras/switched-applications)"
                                                       : "");
}

// Whether `now` is worth telling after `told`: anything but a small change of its use is.
bool Differs(const ApplicationFacts& told, const ApplicationFacts& now) {
  const int64_t change = std::abs(told.cpu_millicores - now.cpu_millicores);
  const bool moved = change > std::max(kLeastMillicores, told.cpu_millicores / kTellPart);
  ApplicationFacts same_use = now;
  same_use.cpu_millicores = told.cpu_millicores;
  return moved || same_use != told;
}

}  // namespace

// Shared with the callbacks under way. What is asked waits in `asked_` until the API's thread takes it; all
// else belongs to that thread.
class ApplicationWatch::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Options options, kube::KubernetesApi& api, EventSink& sink)
      : options_(std::move(options)), api_(api), sink_(sink) {}

  void Ask(const Application& application, bool watch);
  void Stop();

 private:
  class Place;

  // The objects of one kind in one namespace.
  class Part final : public kube::ListWatchListener {
   public:
    using OnObject = bool (*)(ApplicationPicture&, const Json&);
    using OnGone = bool (*)(ApplicationPicture&, const std::string&);

    Part(Place& place, kube::ListWatchOptions options, OnObject on_object, OnGone on_gone)
        : place_(place), options_(std::move(options)), on_object_(on_object), on_gone_(on_gone) {}
    void Start();

    void OnReplaced(std::vector<Json> objects, const std::vector<kube::ObjectName>& deleted) override;
    void OnChanged(Json object) override;
    void OnDeleted(Json object) override;
    void OnState(kube::ListWatchState state, const absl::Status& why) override;

    bool listed() const { return listed_; }
    const std::string& problem() const { return problem_; }  // empty: there is none

   private:
    Place& place_;
    const kube::ListWatchOptions options_;  // without the namespace
    const OnObject on_object_;
    const OnGone on_gone_;
    bool listed_ = false;
    std::string problem_;
    std::unique_ptr<kube::ListWatch> watch_;  // last: it uses the rest
  };

  // One namespace.
  class Place {
   public:
    Place(Core& core, std::string name_space);
    ~Place() { settling_.Cancel(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    void Start();

    // Tells of it in any case.
    void Watch(const Application& application);
    void Unwatch(const Application& application) { told_.erase(application); }
    bool empty() const { return told_.empty(); }
    // Something has changed: all that came meanwhile is looked at soon.
    void Touch();
    void Tell();

    Core& core_;
    const std::string name_space_;
    ApplicationPicture picture_;

   private:
    struct Told {
      std::optional<ApplicationFacts> facts;
      std::string gone;  // why; empty: it is not
    };

    // Why nothing can be told; empty: something can.
    std::string Problem() const;
    bool IsListed() const;
    void TellOne(const Application& application, Told& told);

    std::map<Application, Told> told_;
    bool touched_ = false;
    kube::Call settling_;
    std::array<Part, 4> parts_;  // last: they use the rest
  };

  void Take();
  void Watch(const Application& application);
  void Unwatch(const Application& application);
  // Looks at all of them each `cpu_period`, as long as there are any.
  void LookAtUse();

  const Options options_;
  kube::KubernetesApi& api_;
  EventSink& sink_;

  absl::Mutex mutex_;
  // The last word on each wins: no more entries than there are applications.
  std::map<Application, bool> asked_ ABSL_GUARDED_BY(mutex_);

  bool stopped_ = false;
  bool looks_at_use_ = false;
  kube::Call next_look_;
  std::map<std::string, std::unique_ptr<Place>> places_;  // by namespace
};

// ---- one kind ----

void ApplicationWatch::Core::Part::Start() {
  kube::ListWatchOptions options = options_;
  options.name_space = place_.name_space_;
  watch_ = std::make_unique<kube::ListWatch>(place_.core_.api_, std::move(options),
                                             static_cast<kube::ListWatchListener&>(*this));
}

void ApplicationWatch::Core::Part::OnReplaced(std::vector<Json> objects,
                                              const std::vector<kube::ObjectName>& deleted) {
  listed_ = true;
  problem_.clear();
  for (const kube::ObjectName& name : deleted) on_gone_(place_.picture_, name.name);
  for (const Json& object : objects) on_object_(place_.picture_, object);
  place_.Touch();
}

void ApplicationWatch::Core::Part::OnChanged(Json object) {
  if (on_object_(place_.picture_, object)) place_.Touch();
}

void ApplicationWatch::Core::Part::OnDeleted(Json object) {
  if (on_gone_(place_.picture_, kube::NameOf(object).name)) place_.Touch();
}

void ApplicationWatch::Core::Part::OnState(kube::ListWatchState state, const absl::Status& why) {
  if (state != kube::ListWatchState::kDisconnected) {
    if (state == kube::ListWatchState::kConnected) problem_.clear();
    return;
  }
  if (listed_ && !IsNo(why)) return;
  listed_ = false;
  problem_ = Cause(options_.resource, place_.name_space_, why);
  place_.Touch();
}

// ---- one namespace ----

ApplicationWatch::Core::Place::Place(Core& core, std::string name_space)
    : core_(core),
      name_space_(std::move(name_space)),
      picture_(name_space_, SettingsHash::OfThisProcess()),
      parts_{
          Part(
              *this, {.resource = kube::Pods()},
              [](ApplicationPicture& picture, const Json& pod) { return picture.OnPod(pod); },
              [](ApplicationPicture& picture, const std::string& name) { return picture.OnPodGone(name); }),
          Part(
              *this, {.resource = kServices},
              [](ApplicationPicture& picture, const Json& service) { return picture.OnService(service); },
              [](ApplicationPicture& picture, const std::string& name) {
                return picture.OnServiceGone(name);
              }),
          Part(
              *this, {.resource = kube::ConfigMaps(), .page_size = kLargeObjects},
              [](ApplicationPicture& picture, const Json& map) {
                return picture.OnSettings("ConfigMap", map);
              },
              [](ApplicationPicture& picture, const std::string& name) {
                return picture.OnSettingsGone("ConfigMap", name);
              }),
          Part(
              *this, {.resource = kSecrets, .field_selector = kNotOfHelm, .page_size = kLargeObjects},
              [](ApplicationPicture& picture, const Json& secret) {
                return picture.OnSettings("Secret", secret);
              },
              [](ApplicationPicture& picture, const std::string& name) {
                return picture.OnSettingsGone("Secret", name);
              })} {}

void ApplicationWatch::Core::Place::Start() {
  for (Part& part : parts_) part.Start();
}

std::string ApplicationWatch::Core::Place::Problem() const {
  for (const Part& part : parts_) {
    if (!part.problem().empty()) return part.problem();
  }
  return "";
}

bool ApplicationWatch::Core::Place::IsListed() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.listed(); });
}

void ApplicationWatch::Core::Place::Watch(const Application& application) {
  Told& told = told_[application];
  told = {};
  TellOne(application, told);
}

void ApplicationWatch::Core::Place::Touch() {
  if (std::exchange(touched_, true)) return;
  settling_ = core_.api_.After(core_.options_.settle, [core = core_.shared_from_this(), name = name_space_] {
    const auto place = core->places_.find(name);
    if (place != core->places_.end()) place->second->Tell();
  });
}

void ApplicationWatch::Core::Place::Tell() {
  touched_ = false;
  for (auto& [application, told] : told_) TellOne(application, told);
}

void ApplicationWatch::Core::Place::TellOne(const Application& application, Told& told) {
  std::string gone = Problem();
  if (gone.empty()) {
    if (!IsListed()) return;
    absl::StatusOr<ApplicationFacts> facts = picture_.FactsOf(application, core_.options_.cpu);
    if (facts.ok()) {
      if (told.facts && !Differs(*told.facts, *facts)) return;
      told = {.facts = *facts, .gone = ""};
      core_.sink_.Post(ApplicationObserved{
          .cluster = core_.options_.cluster, .application = application, .facts = *std::move(facts)});
      return;
    }
    gone = std::string(facts.status().message());
  }
  if (told.gone == gone) return;
  told = {.facts = std::nullopt, .gone = gone};
  core_.sink_.Post(ApplicationGone{
      .cluster = core_.options_.cluster, .application = application, .reason = std::move(gone)});
}

// ---- all of them ----

void ApplicationWatch::Core::Ask(const Application& application, bool watch) {
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    first = asked_.empty();
    asked_[application] = watch;
  }
  if (first) api_.After(absl::ZeroDuration(), [core = shared_from_this()] { core->Take(); });
}

void ApplicationWatch::Core::Take() {
  std::map<Application, bool> asked;
  {
    absl::MutexLock lock(&mutex_);
    asked.swap(asked_);
  }
  if (stopped_) return;
  // Those first that make room.
  for (const auto& [application, watch] : asked) {
    if (!watch) Unwatch(application);
  }
  for (const auto& [application, watch] : asked) {
    if (watch) Watch(application);
  }
}

void ApplicationWatch::Core::Watch(const Application& application) {
  auto place = places_.find(application.name_space);
  if (place == places_.end()) {
    if (places_.size() >= kMostNamespaces) {
      sink_.Post(
          ApplicationGone{.cluster = options_.cluster,
                          .application = application,
                          .reason = absl::StrCat("applications of ", kMostNamespaces,
                                                 " other namespaces of the cluster are being switched")});
      return;
    }
    place =
        places_.emplace(application.name_space, std::make_unique<Place>(*this, application.name_space)).first;
    place->second->Start();
  }
  place->second->Watch(application);
  if (!std::exchange(looks_at_use_, true)) LookAtUse();
}

void ApplicationWatch::Core::Unwatch(const Application& application) {
  const auto place = places_.find(application.name_space);
  if (place == places_.end()) return;
  place->second->Unwatch(application);
  if (place->second->empty()) places_.erase(place);
}

void ApplicationWatch::Core::LookAtUse() {
  if (options_.cpu == nullptr || places_.empty()) {
    looks_at_use_ = false;
    return;
  }
  next_look_ = api_.After(options_.cpu_period, [core = shared_from_this()] {
    if (core->stopped_) return;
    for (auto& [name, place] : core->places_) place->Tell();
    core->LookAtUse();
  });
}

void ApplicationWatch::Core::Stop() {
  absl::Notification stopped;
  api_.After(absl::ZeroDuration(), [this, &stopped] {
    stopped_ = true;
    next_look_.Cancel();
    places_.clear();
    stopped.Notify();
  });
  stopped.WaitForNotification();
}

ApplicationWatch::ApplicationWatch(Options options, kube::KubernetesApi& api, EventSink& sink)
    : core_(std::make_shared<Core>(std::move(options), api, sink)) {}

ApplicationWatch::~ApplicationWatch() {
  core_->Stop();
}

void ApplicationWatch::Do(const WatchApplication& request) {
  core_->Ask(request.application, true);
}

void ApplicationWatch::Do(const UnwatchApplication& request) {
  core_->Ask(request.application, false);
}

}  // namespace evenkeel::coordinator
