#include "tests/support/kube/fake_kubernetes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/kube/json.h"
#include "common/kube/status.h"
#include "tests/support/kube/scalable.h"
#include "tests/support/kube/selector.h"

namespace evenkeel::testing {
namespace {

using kube::Json;
using Type = kube::WatchEvent::Type;

Json Preconditions(const kube::DeleteOptions& options) {
  Json body = Json::object();
  if (!options.uid.empty()) body["uid"] = options.uid;
  if (!options.resource_version.empty()) body["resourceVersion"] = options.resource_version;
  if (options.grace_period_seconds.has_value()) body["gracePeriodSeconds"] = *options.grace_period_seconds;
  return body;
}

constexpr char kScale[] = "scale";

// As roles name it: "deployments/scale".
kube::Resource PartOf(kube::Resource resource, const std::string& subresource) {
  resource.plural = absl::StrCat(resource.plural, "/", subresource);
  return resource;
}

}  // namespace

struct FakeKubernetes::OpenWatch {
  kube::Resource resource;
  kube::WatchOptions options;
  std::function<void(kube::WatchEvent)> on_event;
  std::function<void(absl::Status)> done;
  std::int64_t offered = 0;  // version of the last change offered
  bool ended = false;
};

// Changes reach the watches on the loop's thread, in the order in which they were made.
FakeKubernetes::FakeKubernetes()
    : store_([this](const ObjectStore::Change& change) {
        loop_.Post([this, change] {
          {
            absl::MutexLock lock(&mutex_);
            if (stalled_) return;
          }
          for (const auto& watch : std::vector(watches_)) Offer(*watch, change);
        });
      }) {}

FakeKubernetes::~FakeKubernetes() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  loop_.Post([this] { EndAllWatches(absl::CancelledError("the Kubernetes client was closed")); });
  loop_.Stop();
}

Json FakeKubernetes::Put(const kube::Resource& resource, Json object) {
  absl::MutexLock lock(&mutex_);
  return store_.Put(resource, std::move(object));
}

void FakeKubernetes::Remove(const kube::Resource& resource, const kube::ObjectName& name) {
  absl::MutexLock lock(&mutex_);
  (void)store_.Delete(resource, name, {.grace_period_seconds = 0});
}

absl::StatusOr<Json> FakeKubernetes::Peek(const kube::Resource& resource, const kube::ObjectName& name) {
  absl::MutexLock lock(&mutex_);
  return store_.Get(resource, name);
}

std::vector<Json> FakeKubernetes::PeekAll(const kube::Resource& resource) {
  absl::MutexLock lock(&mutex_);
  return store_.List(resource, "");
}

void FakeKubernetes::AddToken(const std::string& token, kube::TokenReview review) {
  absl::MutexLock lock(&mutex_);
  tokens_[token] = std::move(review);
}

void FakeKubernetes::SetAccess(std::function<bool(const kube::AccessQuestion&)> allowed) {
  absl::MutexLock lock(&mutex_);
  access_ = std::move(allowed);
}

void FakeKubernetes::SetEvictionsAllowed(bool allowed) {
  absl::MutexLock lock(&mutex_);
  evictions_allowed_ = allowed;
}

void FakeKubernetes::SetServerVersion(kube::ServerVersion version) {
  absl::MutexLock lock(&mutex_);
  server_version_ = std::move(version);
}

void FakeKubernetes::SetConnected(bool connected) {
  {
    absl::MutexLock lock(&mutex_);
    connected_ = connected;
  }
  if (!connected) loop_.Post([this] { EndAllWatches(absl::UnavailableError("the connection broke")); });
}

void FakeKubernetes::SetWatchesStalled(bool stalled) {
  absl::MutexLock lock(&mutex_);
  stalled_ = stalled;
}

void FakeKubernetes::ForgetHistory() {
  absl::Status gone;
  {
    absl::MutexLock lock(&mutex_);
    store_.ForgetHistory();
    gone = store_.Since(0).status();
  }
  loop_.Post([this, gone] { EndAllWatches(gone); });
}

void FakeKubernetes::SetFault(Fault fault) {
  absl::MutexLock lock(&mutex_);
  fault_ = std::move(fault);
}

void FakeKubernetes::SetKubelets(Kubelets kubelets) {
  absl::MutexLock lock(&mutex_);
  kubelets_ = std::move(kubelets);
}

std::vector<FakeKubernetes::Write> FakeKubernetes::writes() {
  absl::MutexLock lock(&mutex_);
  return writes_;
}

absl::Status FakeKubernetes::Reachable() {
  absl::MutexLock lock(&mutex_);
  if (closing_) return absl::CancelledError("the Kubernetes client was closed");
  return connected_ ? absl::OkStatus() : absl::UnavailableError("no connection to the API server");
}

absl::Status FakeKubernetes::FaultOf(const std::string& verb, const kube::Resource& resource,
                                     const kube::ObjectName& name) {
  EVENKEEL_RETURN_IF_ERROR(Reachable());
  Fault fault;
  {
    absl::MutexLock lock(&mutex_);
    fault = fault_;
  }
  return fault ? fault(verb, resource, name) : absl::OkStatus();
}

template <typename T>
kube::Call FakeKubernetes::Run(std::function<absl::StatusOr<T>()> work, kube::Done<T> done) {
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  loop_.Post([cancelled, work = std::move(work), done = std::move(done)] {
    if (*cancelled) {
      done(absl::CancelledError("the call was cancelled"));
    } else {
      done(work());
    }
  });
  return kube::Call([cancelled] { *cancelled = true; });
}

absl::StatusOr<Json> FakeKubernetes::RunWrite(Write write,
                                              const std::function<absl::StatusOr<Json>()>& work) {
  const absl::Status fault = FaultOf(write.verb, write.resource, write.name);
  absl::MutexLock lock(&mutex_);
  absl::StatusOr<Json> result = fault.ok() ? work() : fault;
  write.result = result.status();
  writes_.push_back(std::move(write));
  return result;
}

kube::Call FakeKubernetes::Get(const kube::Resource& resource, const kube::ObjectName& name,
                               absl::Duration /*deadline*/, kube::Done<Json> done) {
  return Run<Json>(
      [this, resource, name]() -> absl::StatusOr<Json> {
        EVENKEEL_RETURN_IF_ERROR(FaultOf("get", resource, name));
        return Peek(resource, name);
      },
      std::move(done));
}

kube::Call FakeKubernetes::GetPart(const kube::Resource& resource, const kube::ObjectName& name,
                                   const std::string& subresource, absl::Duration /*deadline*/,
                                   kube::Done<Json> done) {
  return Run<Json>(
      [this, resource, name, subresource]() -> absl::StatusOr<Json> {
        EVENKEEL_RETURN_IF_ERROR(FaultOf("get", PartOf(resource, subresource), name));
        absl::MutexLock lock(&mutex_);
        const auto paths = ScalePathsOf(resource, store_);
        if (subresource != kScale || !paths) {
          return kube::StatusFromObject(404, "NotFound", "the server could not find the requested resource",
                                        std::nullopt);
        }
        EVENKEEL_ASSIGN_OR_RETURN(const Json object, store_.Get(resource, name));
        return ScaleOf(object, *paths);
      },
      std::move(done));
}

kube::Call FakeKubernetes::GetResources(const std::string& group, const std::string& version,
                                        absl::Duration /*deadline*/, kube::Done<Json> done) {
  return Run<Json>(
      [this, group, version]() -> absl::StatusOr<Json> {
        EVENKEEL_RETURN_IF_ERROR(FaultOf("discover", {.group = group, .version = version}, {}));
        absl::MutexLock lock(&mutex_);
        return ResourcesOf(group, version, store_);
      },
      std::move(done));
}

absl::StatusOr<Json> FakeKubernetes::PatchScale(const kube::Resource& resource, const kube::ObjectName& name,
                                                const Json& patch) {
  const auto paths = ScalePathsOf(resource, store_);
  if (!paths) {
    return kube::StatusFromObject(404, "NotFound", "the server could not find the requested resource",
                                  std::nullopt);
  }
  EVENKEEL_ASSIGN_OR_RETURN(const Json object, store_.Get(resource, name));
  EVENKEEL_ASSIGN_OR_RETURN(const Json change, ObjectPatchFor(patch, ScaleOf(object, *paths), *paths));
  EVENKEEL_ASSIGN_OR_RETURN(const Json after,
                            store_.Patch(resource, name, {.kind = kube::PatchKind::kMerge}, change));
  return ScaleOf(after, *paths);
}

kube::Call FakeKubernetes::List(const kube::Resource& resource, const kube::ListOptions& options,
                                absl::Duration /*deadline*/, kube::Done<Json> done) {
  return Run<Json>([this, resource, options] { return ListNow(resource, options); }, std::move(done));
}

// A continue token is "VERSION:OBJECTS GIVEN SO FAR".
absl::StatusOr<Json> FakeKubernetes::ListNow(const kube::Resource& resource,
                                             const kube::ListOptions& options) {
  EVENKEEL_RETURN_IF_ERROR(FaultOf("list", resource, {.name_space = options.name_space}));
  absl::MutexLock lock(&mutex_);
  std::size_t skip = 0;
  if (const std::size_t colon = options.continue_token.find(':'); colon != std::string::npos) {
    std::int64_t version = 0;
    if (!absl::SimpleAtoi(options.continue_token.substr(0, colon), &version) ||
        !absl::SimpleAtoi(options.continue_token.substr(colon + 1), &skip)) {
      return kube::StatusFromObject(400, "BadRequest", "continue token", std::nullopt);
    }
    EVENKEEL_RETURN_IF_ERROR(store_.Since(version).status());
  }
  Json items = Json::array();
  std::size_t matched = 0;
  bool more = false;
  for (Json& object : store_.List(resource, options.name_space)) {
    if (!Matches(object, options.label_selector, options.field_selector) || matched++ < skip) continue;
    more = options.limit > 0 && items.size() == static_cast<std::size_t>(options.limit);
    if (more) break;
    items.push_back(std::move(object));
  }
  Json metadata = {{"resourceVersion", absl::StrCat(store_.version())}};
  if (more) metadata["continue"] = absl::StrCat(store_.version(), ":", skip + items.size());
  return Json{
      {"apiVersion", resource.ApiVersion()}, {"metadata", std::move(metadata)}, {"items", std::move(items)}};
}

kube::Call FakeKubernetes::Watch(const kube::Resource& resource, const kube::WatchOptions& options,
                                 std::function<void(kube::WatchEvent)> on_event,
                                 std::function<void(absl::Status)> done) {
  auto watch = std::make_shared<OpenWatch>(OpenWatch{
      .resource = resource, .options = options, .on_event = std::move(on_event), .done = std::move(done)});
  loop_.Post([this, watch] { OpenNow(watch); });
  return kube::Call([this, weak = std::weak_ptr<OpenWatch>(watch)] {
    if (const auto open = weak.lock()) {
      loop_.Post([this, open] { EndWatch(open, absl::CancelledError("the request was cancelled")); });
    }
  });
}

void FakeKubernetes::OpenNow(const std::shared_ptr<OpenWatch>& watch) {
  absl::Status refused = FaultOf("watch", watch->resource, {.name_space = watch->options.name_space});
  std::vector<ObjectStore::Change> missed;
  bool stalled = false;
  if (refused.ok()) {
    absl::MutexLock lock(&mutex_);
    stalled = stalled_;
    std::int64_t version = store_.version();
    const std::string& asked = watch->options.resource_version;
    if (!asked.empty() && !absl::SimpleAtoi(asked, &version)) {
      refused = kube::StatusFromObject(400, "BadRequest", "invalid resource version", std::nullopt);
    } else if (auto changes = store_.Since(version); changes.ok()) {
      missed = *std::move(changes);
    } else {
      refused = changes.status();
    }
  }
  watches_.push_back(watch);
  if (!refused.ok()) {
    EndWatch(watch, refused);
    return;
  }
  watch->on_event({.type = Type::kOpened, .object = nullptr});
  if (!stalled) {
    for (const ObjectStore::Change& change : missed) Offer(*watch, change);
  }
  loop_.After(watch->options.timeout, [this, watch] { EndWatch(watch, absl::OkStatus()); });
}

void FakeKubernetes::EndWatch(const std::shared_ptr<OpenWatch>& watch, const absl::Status& status) {
  if (std::exchange(watch->ended, true)) return;
  watches_.erase(std::remove(watches_.begin(), watches_.end(), watch), watches_.end());
  watch->done(status);
}

void FakeKubernetes::EndAllWatches(const absl::Status& status) {
  while (!watches_.empty()) EndWatch(std::shared_ptr<OpenWatch>(watches_.front()), status);
}

void FakeKubernetes::Offer(OpenWatch& watch, const ObjectStore::Change& change) {
  // A change that was made while the watch was being opened is both in the history and on its way.
  if (watch.ended || watch.resource != change.resource || change.version <= watch.offered) return;
  watch.offered = change.version;
  const auto matches = [&](const Json& object) {
    return object.is_object() &&
           (watch.options.name_space.empty() ||
            kube::NameOf(object).name_space == watch.options.name_space) &&
           Matches(object, watch.options.label_selector, watch.options.field_selector);
  };
  const bool before = matches(change.before);
  const bool after = change.type != Type::kDeleted && matches(change.object);
  if (!before && !after) return;
  // An object that ceases to match is deleted to those who watch by that selector.
  const Type type = !after ? Type::kDeleted : before ? Type::kModified : Type::kAdded;
  watch.on_event({.type = type, .object = change.object});
}

kube::Call FakeKubernetes::Create(const kube::Resource& resource, const std::string& name_space, Json object,
                                  absl::Duration /*deadline*/, kube::Done<Json> done) {
  return Run<Json>(
      [this, resource, name_space, object = std::move(object)] {
        const kube::ObjectName name = {.name_space = name_space, .name = kube::NameOf(object).name};
        return RunWrite({.verb = "create", .resource = resource, .name = name, .body = object},
                        [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                          return store_.Create(resource, name_space, object);
                        });
      },
      std::move(done));
}

kube::Call FakeKubernetes::Patch(const kube::Resource& resource, const kube::ObjectName& name,
                                 const kube::PatchOptions& options, Json patch, absl::Duration /*deadline*/,
                                 kube::Done<Json> done) {
  return Run<Json>(
      [this, resource, name, options, patch = std::move(patch)] {
        const bool scale = options.subresource == kScale;
        const kube::Resource what = scale ? PartOf(resource, kScale) : resource;
        return RunWrite({.verb = "patch", .resource = what, .name = name, .body = patch},
                        [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                          return scale ? PatchScale(resource, name, patch)
                                       : store_.Patch(resource, name, options, patch);
                        });
      },
      std::move(done));
}

kube::Call FakeKubernetes::Delete(const kube::Resource& resource, const kube::ObjectName& name,
                                  const kube::DeleteOptions& options, absl::Duration /*deadline*/,
                                  kube::Done<Json> done) {
  return Run<Json>(
      [this, resource, name, options] {
        return RunWrite(
            {.verb = "delete", .resource = resource, .name = name, .body = Preconditions(options)},
            [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return store_.Delete(resource, name, options); });
      },
      std::move(done));
}

kube::Call FakeKubernetes::Evict(const kube::ObjectName& pod, const kube::DeleteOptions& options,
                                 absl::Duration /*deadline*/, kube::Done<Json> done) {
  return Run<Json>(
      [this, pod, options] {
        return RunWrite(
            {.verb = "evict", .resource = kube::Pods(), .name = pod, .body = Preconditions(options)},
            [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::StatusOr<Json> {
              if (!evictions_allowed_) {
                return kube::StatusFromObject(
                    429, "DisruptionBudget",
                    "Cannot evict pod as it would violate the pod's disruption budget.", std::nullopt);
              }
              EVENKEEL_RETURN_IF_ERROR(store_.Delete(kube::Pods(), pod, options).status());
              return Json{{"kind", "Status"}, {"status", "Success"}};
            });
      },
      std::move(done));
}

kube::Call FakeKubernetes::TouchLog(const kube::ObjectName& pod, const std::string& /*container*/,
                                    absl::Duration /*deadline*/, std::function<void(absl::Status)> done) {
  return Run<Json>(
      [this, pod]() -> absl::StatusOr<Json> {
        EVENKEEL_RETURN_IF_ERROR(FaultOf("log", kube::Pods(), pod));
        EVENKEEL_ASSIGN_OR_RETURN(const Json object, Peek(kube::Pods(), pod));
        if (kube::Text(object, {"spec", "nodeName"}).empty()) {
          return kube::StatusFromObject(400, "BadRequest", "pod does not have a host assigned", std::nullopt);
        }
        return Json();
      },
      [done = std::move(done)](const absl::StatusOr<Json>& answer) { done(answer.status()); });
}

kube::Call FakeKubernetes::GetFromNode(const std::string& node, const std::string& path,
                                       absl::Duration /*deadline*/, kube::Done<std::string> done) {
  return Run<std::string>(
      [this, node, path]() -> absl::StatusOr<std::string> {
        const kube::ObjectName name{.name_space = {}, .name = node};
        EVENKEEL_RETURN_IF_ERROR(FaultOf("proxy", kube::Nodes(), name));
        EVENKEEL_RETURN_IF_ERROR(Peek(kube::Nodes(), name).status());
        Kubelets kubelets;
        {
          absl::MutexLock lock(&mutex_);
          kubelets = kubelets_;
        }
        if (kubelets == nullptr) return kube::StatusFromHttp(404, "404 page not found", std::nullopt);
        return kubelets(node, path);
      },
      std::move(done));
}

kube::Call FakeKubernetes::ReviewToken(const std::string& token, const std::vector<std::string>& audiences,
                                       absl::Duration /*deadline*/, kube::Done<kube::TokenReview> done) {
  return Run<kube::TokenReview>(
      [this, token, audiences]() -> absl::StatusOr<kube::TokenReview> {
        EVENKEEL_RETURN_IF_ERROR(Reachable());
        absl::MutexLock lock(&mutex_);
        const auto found = tokens_.find(token);
        if (found == tokens_.end())
          return kube::TokenReview{.error = "the API server does not know the token"};
        kube::TokenReview review = found->second;
        const auto wrong = [&](const std::string& audience) {
          return std::find(audiences.begin(), audiences.end(), audience) == audiences.end();
        };
        if (!audiences.empty()) std::erase_if(review.audiences, wrong);
        if (!audiences.empty() && review.audiences.empty())
          return kube::TokenReview{.error = "wrong audience"};
        return review;
      },
      std::move(done));
}

kube::Call FakeKubernetes::ReviewAccess(const kube::AccessQuestion& question, absl::Duration /*deadline*/,
                                        kube::Done<kube::AccessAnswer> done) {
  return Run<kube::AccessAnswer>(
      [this, question]() -> absl::StatusOr<kube::AccessAnswer> {
        EVENKEEL_RETURN_IF_ERROR(Reachable());
        absl::MutexLock lock(&mutex_);
        return kube::AccessAnswer{.allowed = access_ && access_(question)};
      },
      std::move(done));
}

kube::Call FakeKubernetes::GetServerVersion(absl::Duration /*deadline*/,
                                            kube::Done<kube::ServerVersion> done) {
  return Run<kube::ServerVersion>(
      [this]() -> absl::StatusOr<kube::ServerVersion> {
        EVENKEEL_RETURN_IF_ERROR(Reachable());
        absl::MutexLock lock(&mutex_);
        return server_version_;
      },
      std::move(done));
}

kube::Call FakeKubernetes::After(absl::Duration delay, std::function<void()> task) {
  return kube::Call([cancelled = loop_.After(delay, std::move(task))] { *cancelled = true; });
}

}  // namespace evenkeel::testing
