#include "tests/support/kube/object_store.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/kube/json.h"
#include "common/kube/status.h"

namespace evenkeel::testing {
namespace {

using kube::Json;
using Type = kube::WatchEvent::Type;

std::string KeyOf(const kube::Resource& resource) {
  return kube::ResourcePath(resource, {});
}

absl::Status NotFound(const kube::Resource& resource, const kube::ObjectName& name) {
  return kube::StatusFromObject(
      404, "NotFound", absl::StrCat(resource.plural, " \"", name.name, "\" not found"), std::nullopt);
}

absl::Status Conflict(absl::string_view why) {
  return kube::StatusFromObject(409, "Conflict", why, std::nullopt);
}

absl::Status Invalid(absl::string_view why) {
  return kube::StatusFromObject(422, "Invalid", why, std::nullopt);
}

// The lists that a strategic patch merges by a key; others it replaces.
const char* MergeKey(const std::string& list) {
  if (list == "conditions" || list == "addresses") return "type";
  if (list == "containers" || list == "env" || list == "volumes") return "name";
  if (list == "ownerReferences") return "uid";
  return nullptr;
}

void MergeStrategic(Json& target, const Json& patch) {
  for (const auto& [key, value] : patch.items()) {
    const char* const merge_key = MergeKey(key);
    if (value.is_null()) {
      target.erase(key);
    } else if (value.is_object()) {
      if (!target[key].is_object()) target[key] = Json::object();
      MergeStrategic(target[key], value);
    } else if (value.is_array() && merge_key != nullptr && target.contains(key)) {
      for (const Json& item : value) {
        Json* same = nullptr;
        for (Json& existing : target[key]) {
          if (existing.value(merge_key, Json()) == item.value(merge_key, Json())) same = &existing;
        }
        if (same != nullptr) {
          MergeStrategic(*same, item);
        } else {
          target[key].push_back(item);
        }
      }
    } else {
      target[key] = value;
    }
  }
}

bool Waits(const kube::Resource& resource, const Json& object, const kube::DeleteOptions& options) {
  const Json* const finalizers = kube::Find(object, {"metadata", "finalizers"});
  if (finalizers != nullptr && finalizers->is_array() && !finalizers->empty()) return true;
  // Until its kubelet says that it is gone.
  const bool bound_pod = resource == kube::Pods() && !kube::Text(object, {"spec", "nodeName"}).empty();
  return bound_pod && options.grace_period_seconds.value_or(30) > 0;
}

}  // namespace

absl::StatusOr<Json> ObjectStore::Get(const kube::Resource& resource, const kube::ObjectName& name) const {
  const auto objects = collections_.find(KeyOf(resource));
  if (objects == collections_.end()) return NotFound(resource, name);
  const auto found = objects->second.find(name);
  if (found == objects->second.end()) return NotFound(resource, name);
  return found->second;
}

std::vector<Json> ObjectStore::List(const kube::Resource& resource, const std::string& name_space) const {
  std::vector<Json> listed;
  const auto objects = collections_.find(KeyOf(resource));
  if (objects == collections_.end()) return listed;
  for (const auto& [name, object] : objects->second) {
    if (name_space.empty() || name.name_space == name_space) listed.push_back(object);
  }
  return listed;
}

Json ObjectStore::Store(const kube::Resource& resource, const Json& before, Json object, Type type) {
  ++version_;
  object["metadata"]["resourceVersion"] = absl::StrCat(version_);
  Objects& objects = collections_[KeyOf(resource)];
  const kube::ObjectName name = kube::NameOf(object);
  if (type == Type::kDeleted) {
    objects.erase(name);
  } else {
    objects[name] = object;
  }
  history_.push_back(
      {.type = type, .resource = resource, .before = before, .object = object, .version = version_});
  const Change change = history_.back();
  on_change_(change);
  return object;
}

absl::StatusOr<Json> ObjectStore::Create(const kube::Resource& resource, const std::string& name_space,
                                         Json object) {
  Json& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  std::string name = kube::Text(object, {"metadata", "name"});
  const std::string prefix = kube::Text(object, {"metadata", "generateName"});
  if (name.empty() && !prefix.empty()) name = absl::StrFormat("%s%05d", prefix, last_uid_ + 1);
  if (name.empty()) return Invalid("metadata.name: Required value: name or generateName is required");
  metadata["name"] = name;
  if (resource.namespaced) metadata["namespace"] = name_space;
  if (Get(resource, kube::NameOf(object)).ok()) {
    return kube::StatusFromObject(
        409, "AlreadyExists", absl::StrCat(resource.plural, " \"", name, "\" already exists"), std::nullopt);
  }
  metadata["uid"] = absl::StrFormat("00000000-0000-4000-8000-%012d", ++last_uid_);
  metadata["creationTimestamp"] = "2024-01-01T00:00:00Z";
  return Store(resource, nullptr, std::move(object), Type::kAdded);
}

Json ObjectStore::Put(const kube::Resource& resource, Json object) {
  const kube::ObjectName name = kube::NameOf(object);
  const auto before = Get(resource, name);
  if (!before.ok()) return *Create(resource, name.name_space, std::move(object));
  object["metadata"]["uid"] = (*before)["metadata"]["uid"];
  object["metadata"]["creationTimestamp"] = (*before)["metadata"]["creationTimestamp"];
  return Store(resource, *before, std::move(object), Type::kModified);
}

absl::StatusOr<Json> ObjectStore::Patch(const kube::Resource& resource, const kube::ObjectName& name,
                                        const kube::PatchOptions& options, const Json& patch) {
  const auto before = Get(resource, name);
  if (!before.ok()) {
    if (options.kind == kube::PatchKind::kApply) return Create(resource, name.name_space, patch);
    return before.status();
  }
  if (patch.is_object()) {
    const std::string version = kube::ResourceVersionOf(patch);
    if (!version.empty() && version != kube::ResourceVersionOf(*before)) {
      return Conflict(
          "the object has been modified; please apply your changes to the latest version and try again");
    }
    const std::string uid = kube::UidOf(patch);
    if (!uid.empty() && uid != kube::UidOf(*before)) return Conflict("metadata.uid: precondition failed");
  }
  Json after = *before;
  switch (options.kind) {
    case kube::PatchKind::kJson:
      try {
        after = after.patch(patch);
      } catch (const Json::exception& exception) {
        return Invalid(exception.what());  // a failed "test" too
      }
      break;
    case kube::PatchKind::kMerge:
      after.merge_patch(patch);
      break;
    case kube::PatchKind::kStrategic:
    case kube::PatchKind::kApply:
      MergeStrategic(after, patch);
      break;
  }
  if (after == *before) return after;  // no new version, no event
  const Json* const finalizers = kube::Find(after, {"metadata", "finalizers"});
  const bool gone = kube::Find(after, {"metadata", "deletionTimestamp"}) != nullptr &&
                    (finalizers == nullptr || finalizers->empty()) &&
                    kube::Find(*before, {"metadata", "finalizers"}) != nullptr;
  return Store(resource, *before, std::move(after), gone ? Type::kDeleted : Type::kModified);
}

absl::StatusOr<Json> ObjectStore::Delete(const kube::Resource& resource, const kube::ObjectName& name,
                                         const kube::DeleteOptions& options) {
  const auto before = Get(resource, name);
  if (!before.ok()) return before.status();
  if (!options.uid.empty() && options.uid != kube::UidOf(*before)) {
    return Conflict(absl::StrCat("the UID in the precondition (", options.uid,
                                 ") does not match the UID in record (", kube::UidOf(*before), ")"));
  }
  if (!options.resource_version.empty() && options.resource_version != kube::ResourceVersionOf(*before)) {
    return Conflict("the ResourceVersion in the precondition does not match the ResourceVersion in record");
  }
  if (!Waits(resource, *before, options)) return Store(resource, *before, *before, Type::kDeleted);
  Json after = *before;
  after["metadata"]["deletionTimestamp"] = "2024-01-01T00:00:30Z";
  after["metadata"]["deletionGracePeriodSeconds"] = options.grace_period_seconds.value_or(30);
  if (after == *before) return after;
  return Store(resource, *before, std::move(after), Type::kModified);
}

absl::StatusOr<std::vector<ObjectStore::Change>> ObjectStore::Since(std::int64_t version) const {
  if (version < oldest_known_) {
    return kube::StatusFromObject(
        410, "Expired", absl::StrCat("too old resource version: ", version, " (", oldest_known_, ")"),
        std::nullopt);
  }
  std::vector<Change> changes;
  for (const Change& change : history_) {
    if (change.version > version) changes.push_back(change);
  }
  return changes;
}

void ObjectStore::ForgetHistory() {
  history_.clear();
  ++version_;  // nobody can hold this one yet: whoever watches from before it is too late
  oldest_known_ = version_;
}

}  // namespace evenkeel::testing
