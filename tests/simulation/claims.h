// The API server as far as a coordinator's claim on the cluster goes (L7): one Lease, written under a
// precondition. Everything else of the interface is not asked here. Answers come at the same instant, after
// the call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/kube/kubernetes_api.h"
#include "tests/simulation/schedule.h"

namespace evenkeel::simulation {

class Claims final : public kube::KubernetesApi {
 public:
  // `reached`: whether the coordinator has a way to the API server now.
  Claims(Schedule& schedule, std::function<bool()> reached)
      : schedule_(schedule), reached_(std::move(reached)) {}

  // Of the last claim; 0 = there is none.
  uint64_t epoch() const;
  // Since when that epoch has claimed the cluster.
  absl::Time since() const { return since_; }

  kube::Call Get(const kube::Resource& resource, const kube::ObjectName& name, absl::Duration deadline,
                 kube::Done<kube::Json> done) override;
  kube::Call Create(const kube::Resource& resource, const std::string& name_space, kube::Json object,
                    absl::Duration deadline, kube::Done<kube::Json> done) override;
  kube::Call Patch(const kube::Resource& resource, const kube::ObjectName& name,
                   const kube::PatchOptions& options, kube::Json patch, absl::Duration deadline,
                   kube::Done<kube::Json> done) override;

  kube::Call GetPart(const kube::Resource& resource, const kube::ObjectName& name,
                     const std::string& subresource, absl::Duration deadline,
                     kube::Done<kube::Json> done) override;
  kube::Call GetResources(const std::string& group, const std::string& version, absl::Duration deadline,
                          kube::Done<kube::Json> done) override;
  kube::Call List(const kube::Resource& resource, const kube::ListOptions& options, absl::Duration deadline,
                  kube::Done<kube::Json> done) override;
  kube::Call Watch(const kube::Resource& resource, const kube::WatchOptions& options,
                   std::function<void(kube::WatchEvent)> on_event,
                   std::function<void(absl::Status)> done) override;
  kube::Call Delete(const kube::Resource& resource, const kube::ObjectName& name,
                    const kube::DeleteOptions& options, absl::Duration deadline,
                    kube::Done<kube::Json> done) override;
  kube::Call Evict(const kube::ObjectName& pod, const kube::DeleteOptions& options, absl::Duration deadline,
                   kube::Done<kube::Json> done) override;
  kube::Call TouchLog(const kube::ObjectName& pod, const std::string& container, absl::Duration deadline,
                      std::function<void(absl::Status)> done) override;
  kube::Call GetFromNode(const std::string& node, const std::string& path, absl::Duration deadline,
                         kube::Done<std::string> done) override;
  kube::Call ReviewToken(const std::string& token, const std::vector<std::string>& audiences,
                         absl::Duration deadline, kube::Done<kube::TokenReview> done) override;
  kube::Call ReviewAccess(const kube::AccessQuestion& question, absl::Duration deadline,
                          kube::Done<kube::AccessAnswer> done) override;
  kube::Call GetServerVersion(absl::Duration deadline, kube::Done<kube::ServerVersion> done) override;
  kube::Call After(absl::Duration delay, std::function<void()> task) override;

 private:
  kube::Call Answer(kube::Done<kube::Json> done, absl::StatusOr<kube::Json> answer);

  Schedule& schedule_;
  const std::function<bool()> reached_;
  std::optional<kube::Json> lease_;
  uint64_t version_ = 0;
  absl::Time since_ = absl::InfinitePast();
};

}  // namespace evenkeel::simulation
