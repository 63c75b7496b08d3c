#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kube/kubernetes_api.h"

namespace evenkeel::testing {

// The objects of a fake API server and what the server does to them: names, uids, versions, preconditions,
// graceful deletion, patches. Not thread-safe.
class ObjectStore {
 public:
  struct Change {
    kube::WatchEvent::Type type;
    kube::Resource resource;
    kube::Json before;  // null when it was added
    kube::Json object;
    std::int64_t version;
  };

  // Called after each change.
  explicit ObjectStore(std::function<void(const Change&)> on_change) : on_change_(std::move(on_change)) {}

  absl::StatusOr<kube::Json> Get(const kube::Resource& resource, const kube::ObjectName& name) const;
  // In order of namespace and name.
  std::vector<kube::Json> List(const kube::Resource& resource, const std::string& name_space) const;
  absl::StatusOr<kube::Json> Create(const kube::Resource& resource, const std::string& name_space,
                                    kube::Json object);
  // Whatever its version is; creates it when there is none.
  kube::Json Put(const kube::Resource& resource, kube::Json object);
  absl::StatusOr<kube::Json> Patch(const kube::Resource& resource, const kube::ObjectName& name,
                                   const kube::PatchOptions& options, const kube::Json& patch);
  absl::StatusOr<kube::Json> Delete(const kube::Resource& resource, const kube::ObjectName& name,
                                    const kube::DeleteOptions& options);

  std::int64_t version() const { return version_; }
  // The changes after a version; OUT_OF_RANGE when they are not known any more.
  absl::StatusOr<std::vector<Change>> Since(std::int64_t version) const;
  // As a server does that has compacted its history.
  void ForgetHistory();

 private:
  using Objects = std::map<kube::ObjectName, kube::Json>;

  kube::Json Store(const kube::Resource& resource, const kube::Json& before, kube::Json object,
                   kube::WatchEvent::Type type);

  std::function<void(const Change&)> on_change_;
  std::map<std::string, Objects> collections_;  // by the resource's path
  std::vector<Change> history_;
  std::int64_t version_ = 1;
  std::int64_t oldest_known_ = 1;
  std::int64_t last_uid_ = 0;
};

}  // namespace evenkeel::testing
