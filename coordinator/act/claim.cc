#include "coordinator/act/claim.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/kube/json.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

// Only other coordinators write the claim: two that start at once meet here, hardly more.
constexpr int kMostConflicts = 5;

struct ClaimCheck : std::enable_shared_from_this<ClaimCheck> {
  ClaimCheck(kube::KubernetesApi& api_given, Claimant claimant_given, absl::Time now_given,
             absl::Duration deadline_given, std::function<void(absl::Status)> done_given)
      : api(api_given),
        claimant(std::move(claimant_given)),
        now(now_given),
        deadline(deadline_given),
        done(std::move(done_given)) {}

  kube::ObjectName Name() const { return {.name_space = claimant.name_space, .name = kClaimName}; }
  void Read();
  void OnRead(const absl::StatusOr<Json>& found);
  void Make();
  void Take(const std::string& resource_version);
  void OnWritten(const absl::Status& status);
  Json Fields() const;

  kube::KubernetesApi& api;
  const Claimant claimant;
  const absl::Time now;
  const absl::Duration deadline;
  const std::function<void(absl::Status)> done;
  int conflicts = 0;
};

void ClaimCheck::Read() {
  api.Get(kube::Leases(), Name(), deadline,
          [self = shared_from_this()](const absl::StatusOr<Json>& found) { self->OnRead(found); });
}

void ClaimCheck::OnRead(const absl::StatusOr<Json>& found) {
  if (absl::IsNotFound(found.status())) return Make();
  if (!found.ok()) return done(base::Annotate(found.status(), "cannot read the claim on the cluster"));

  const std::string holder = kube::Text(*found, {"spec", "holderIdentity"});
  const std::string epoch_text = kube::Text(*found, {"metadata", "annotations", kEpochAnnotation});
  uint64_t epoch = 0;
  if (holder != claimant.store_id || !absl::SimpleAtoi(epoch_text, &epoch)) {
    return done(absl::FailedPreconditionError(absl::StrCat(
        "the cluster is claimed by a coordinator with another store (", holder, ", epoch ", epoch_text,
        "; ours is ", claimant.store_id, "): if that one is gone for good, delete the Lease ",
        claimant.name_space, "/", kClaimName)));
  }
  if (epoch == claimant.epoch) return done(absl::OkStatus());
  if (epoch > claimant.epoch) {
    return done(absl::FailedPreconditionError(
        absl::StrCat("this coordinator has epoch ", claimant.epoch, " and the cluster is claimed by epoch ",
                     epoch, ": a newer coordinator has taken over, and this one must end")));
  }
  Take(kube::ResourceVersionOf(*found));
}

Json ClaimCheck::Fields() const {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", now, absl::UTCTimeZone());
  return {{"metadata", {{"annotations", {{kEpochAnnotation, absl::StrCat(claimant.epoch)}}}}},
          {"spec", {{"holderIdentity", claimant.store_id}, {"acquireTime", time}, {"renewTime", time}}}};
}

void ClaimCheck::Make() {
  Json lease = Fields();
  lease["apiVersion"] = kube::Leases().ApiVersion();
  lease["kind"] = "Lease";
  lease["metadata"]["name"] = kClaimName;
  api.Create(
      kube::Leases(), claimant.name_space, std::move(lease), deadline,
      [self = shared_from_this()](const absl::StatusOr<Json>& made) { self->OnWritten(made.status()); });
}

void ClaimCheck::Take(const std::string& resource_version) {
  Json patch = Fields();
  patch["metadata"]["resourceVersion"] = resource_version;
  api.Patch(
      kube::Leases(), Name(), {.kind = kube::PatchKind::kMerge}, std::move(patch), deadline,
      [self = shared_from_this()](const absl::StatusOr<Json>& taken) { self->OnWritten(taken.status()); });
}

void ClaimCheck::OnWritten(const absl::Status& status) {
  if (status.ok()) return done(absl::OkStatus());
  // Somebody was faster: look who.
  const bool raced = absl::IsAborted(status) || absl::IsAlreadyExists(status);
  if (raced && ++conflicts <= kMostConflicts) return Read();
  done(raced ? absl::UnavailableError(absl::StrCat("cannot claim the cluster, others write the claim all the "
                                                   "time: ",
                                                   status.ToString()))
             : base::Annotate(status, "cannot claim the cluster"));
}

}  // namespace

void CheckClaim(kube::KubernetesApi& api, const Claimant& claimant, absl::Time now, absl::Duration deadline,
                std::function<void(absl::Status)> done) {
  std::make_shared<ClaimCheck>(api, claimant, now, deadline, std::move(done))->Read();
}

}  // namespace evenkeel::coordinator
