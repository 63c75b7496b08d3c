#include "common/kube/discovery.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/kube/json.h"

namespace evenkeel::kube {
namespace {

// A custom resource that was not there may be installed at any time.
constexpr absl::Duration kRefusalHolds = absl::Minutes(1);

using Key = std::tuple<std::string, std::string, std::string>;  // group, version, kind

std::string Named(const std::string& group, const std::string& version, const std::string& kind) {
  return absl::StrCat("kind ", kind, " in ", group, group.empty() ? "" : "/", version);
}

const Resource* KnownToAll(const Key& key) {
  static const auto* const known = new std::map<Key, Resource>{
      {{"apps", "v1", "Deployment"}, Deployments()},
      {{"apps", "v1", "StatefulSet"}, StatefulSets()},
      {{"apps", "v1", "ReplicaSet"}, ReplicaSets()},
      {{"", "v1", "ReplicationController"},
       {.version = "v1", .plural = "replicationcontrollers", .namespaced = true}}};
  const auto found = known->find(key);
  return found == known->end() ? nullptr : &found->second;
}

bool Says(const Json& object, absl::string_view key) {
  const Json* const value = Find(object, {key});
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

bool IsLasting(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
}

}  // namespace

absl::StatusOr<Resource> ScalableIn(const Json& resources, const std::string& group,
                                    const std::string& version, const std::string& kind) {
  std::string plural;
  bool namespaced = false;
  std::vector<std::string> with_scale;
  const Json* const all = kube::Find(resources, {"resources"});
  if (all != nullptr && all->is_array()) {
    for (const Json& resource : *all) {
      std::string name = Text(resource, {"name"});
      const std::size_t slash = name.find('/');
      if (slash == std::string::npos) {
        if (Text(resource, {"kind"}) != kind) continue;
        plural = std::move(name);
        namespaced = Says(resource, "namespaced");
      } else if (name.substr(slash + 1) == "scale") {
        with_scale.push_back(name.substr(0, slash));
      }
    }
  }
  if (plural.empty()) {
    return absl::NotFoundError(absl::StrCat("the API server knows no ", Named(group, version, kind)));
  }
  if (std::find(with_scale.begin(), with_scale.end(), plural) == with_scale.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat(Named(group, version, kind), " has no scale subresource"));
  }
  if (!namespaced) {
    return absl::FailedPreconditionError(
        absl::StrCat(Named(group, version, kind), " belongs to no namespace"));
  }
  return Resource{.group = group, .version = version, .plural = plural, .namespaced = true};
}

// Its state belongs to the API's thread.
class Discovery::Core : public std::enable_shared_from_this<Core> {
 public:
  explicit Core(KubernetesApi& api) : api_(api) {}

  KubernetesApi& api() { return api_; }
  void Find(const Key& key, absl::Duration deadline, Done<Resource> done);

 private:
  void OnAnswer(const Key& key, const absl::StatusOr<Json>& answer);
  void Forget(const Key& key) { found_.erase(key); }

  KubernetesApi& api_;
  std::map<Key, absl::StatusOr<Resource>> found_;
  std::map<Key, std::vector<Done<Resource>>> waiting_;
};

void Discovery::Core::Find(const Key& key, absl::Duration deadline, Done<Resource> done) {
  if (const Resource* const known = KnownToAll(key)) return done(*known);
  if (const auto found = found_.find(key); found != found_.end()) return done(found->second);
  std::vector<Done<Resource>>& waiting = waiting_[key];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  api_.GetResources(
      std::get<0>(key), std::get<1>(key), deadline,
      [core = shared_from_this(), key](const absl::StatusOr<Json>& answer) { core->OnAnswer(key, answer); });
}

void Discovery::Core::OnAnswer(const Key& key, const absl::StatusOr<Json>& answer) {
  const auto& [group, version, kind] = key;
  absl::StatusOr<Resource> result = absl::NotFoundError("");
  if (answer.ok()) {
    result = ScalableIn(*answer, group, version, kind);
  } else if (absl::IsNotFound(answer.status())) {
    result = absl::NotFoundError(absl::StrCat("the API server knows no ", Named(group, version, kind)));
  } else {
    result = base::Annotate(answer.status(), absl::StrCat("asking for ", Named(group, version, kind)));
  }
  if (result.ok() || IsLasting(result.status())) {
    found_.insert_or_assign(key, result);
    if (!result.ok()) api_.After(kRefusalHolds, [core = shared_from_this(), key] { core->Forget(key); });
  }
  const std::vector<Done<Resource>> waiting = std::exchange(waiting_[key], {});
  waiting_.erase(key);
  for (const Done<Resource>& done : waiting) done(result);
}

Discovery::Discovery(KubernetesApi& api) : core_(std::make_shared<Core>(api)) {}

Discovery::~Discovery() = default;

void Discovery::FindScalable(const std::string& group, const std::string& version, const std::string& kind,
                             absl::Duration deadline, Done<Resource> done) {
  core_->api().After(absl::ZeroDuration(), [core = core_, key = Key{group, version, kind}, deadline,
                                            done = std::move(done)] { core->Find(key, deadline, done); });
}

}  // namespace evenkeel::kube
