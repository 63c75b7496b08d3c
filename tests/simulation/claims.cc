#include "tests/simulation/claims.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/kube/json.h"
#include "coordinator/act/claim.h"

namespace evenkeel::simulation {
namespace {

absl::Status Away() {
  return absl::UnavailableError("no answer from the API server");
}

absl::Status NotSimulated() {
  return absl::UnimplementedError("only claims are simulated at this level");
}

}  // namespace

uint64_t Claims::epoch() const {
  uint64_t epoch = 0;
  if (lease_) {
    (void)absl::SimpleAtoi(kube::Text(*lease_, {"metadata", "annotations", coordinator::kEpochAnnotation}),
                           &epoch);
  }
  return epoch;
}

kube::Call Claims::Answer(kube::Done<kube::Json> done, absl::StatusOr<kube::Json> answer) {
  schedule_.After(absl::ZeroDuration(),
                  [done = std::move(done), answer = std::move(answer)] { done(answer); });
  return kube::Call();
}

kube::Call Claims::Get(const kube::Resource& /*resource*/, const kube::ObjectName& /*name*/,
                       absl::Duration /*deadline*/, kube::Done<kube::Json> done) {
  if (!reached_()) return Answer(std::move(done), Away());
  if (!lease_) return Answer(std::move(done), absl::NotFoundError("there is no claim"));
  return Answer(std::move(done), *lease_);
}

kube::Call Claims::Create(const kube::Resource& /*resource*/, const std::string& /*name_space*/,
                          kube::Json object, absl::Duration /*deadline*/, kube::Done<kube::Json> done) {
  if (!reached_()) return Answer(std::move(done), Away());
  if (lease_) return Answer(std::move(done), absl::AlreadyExistsError("there is a claim"));
  object["metadata"]["resourceVersion"] = absl::StrCat(++version_);
  lease_ = object;
  since_ = schedule_.now();
  return Answer(std::move(done), *lease_);
}

kube::Call Claims::Patch(const kube::Resource& /*resource*/, const kube::ObjectName& /*name*/,
                         const kube::PatchOptions& /*options*/, kube::Json patch, absl::Duration /*deadline*/,
                         kube::Done<kube::Json> done) {
  if (!reached_()) return Answer(std::move(done), Away());
  if (!lease_) return Answer(std::move(done), absl::NotFoundError("there is no claim"));
  if (kube::ResourceVersionOf(patch) != kube::ResourceVersionOf(*lease_))
    return Answer(std::move(done), absl::AbortedError("the claim was written meanwhile"));
  lease_->merge_patch(patch);
  since_ = schedule_.now();
  (*lease_)["metadata"]["resourceVersion"] = absl::StrCat(++version_);
  return Answer(std::move(done), *lease_);
}

kube::Call Claims::GetPart(const kube::Resource& /*resource*/, const kube::ObjectName& /*name*/,
                           const std::string& /*subresource*/, absl::Duration /*deadline*/,
                           kube::Done<kube::Json> done) {
  return Answer(std::move(done), NotSimulated());
}

kube::Call Claims::GetResources(const std::string& /*group*/, const std::string& /*version*/,
                                absl::Duration /*deadline*/, kube::Done<kube::Json> done) {
  return Answer(std::move(done), NotSimulated());
}

kube::Call Claims::List(const kube::Resource& /*resource*/, const kube::ListOptions& /*options*/,
                        absl::Duration /*deadline*/, kube::Done<kube::Json> done) {
  return Answer(std::move(done), NotSimulated());
}

kube::Call Claims::Watch(const kube::Resource& /*resource*/, const kube::WatchOptions& /*options*/,
                         std::function<void(kube::WatchEvent)> /*on_event*/,
                         std::function<void(absl::Status)> done) {
  schedule_.After(absl::ZeroDuration(), [done = std::move(done)] { done(NotSimulated()); });
  return kube::Call();
}

kube::Call Claims::Delete(const kube::Resource& /*resource*/, const kube::ObjectName& /*name*/,
                          const kube::DeleteOptions& /*options*/, absl::Duration /*deadline*/,
                          kube::Done<kube::Json> done) {
  return Answer(std::move(done), NotSimulated());
}

kube::Call Claims::Evict(const kube::ObjectName& /*pod*/, const kube::DeleteOptions& /*options*/,
                         absl::Duration /*deadline*/, kube::Done<kube::Json> done) {
  return Answer(std::move(done), NotSimulated());
}

kube::Call Claims::TouchLog(const kube::ObjectName& /*pod*/, const std::string& /*container*/,
                            absl::Duration /*deadline*/, std::function<void(absl::Status)> done) {
  schedule_.After(absl::ZeroDuration(), [done = std::move(done)] { done(NotSimulated()); });
  return kube::Call();
}

kube::Call Claims::GetFromNode(const std::string& /*node*/, const std::string& /*path*/,
                               absl::Duration /*deadline*/, kube::Done<std::string> done) {
  schedule_.After(absl::ZeroDuration(), [done = std::move(done)] { done(NotSimulated()); });
  return kube::Call();
}

kube::Call Claims::ReviewToken(const std::string& /*token*/, const std::vector<std::string>& /*audiences*/,
                               absl::Duration /*deadline*/, kube::Done<kube::TokenReview> done) {
  schedule_.After(absl::ZeroDuration(), [done = std::move(done)] { done(NotSimulated()); });
  return kube::Call();
}

kube::Call Claims::ReviewAccess(const kube::AccessQuestion& /*question*/, absl::Duration /*deadline*/,
                                kube::Done<kube::AccessAnswer> done) {
  schedule_.After(absl::ZeroDuration(), [done = std::move(done)] { done(NotSimulated()); });
  return kube::Call();
}

kube::Call Claims::GetServerVersion(absl::Duration /*deadline*/, kube::Done<kube::ServerVersion> done) {
  schedule_.After(absl::ZeroDuration(), [done = std::move(done)] { done(NotSimulated()); });
  return kube::Call();
}

kube::Call Claims::After(absl::Duration delay, std::function<void()> task) {
  schedule_.After(delay, std::move(task));
  return kube::Call();
}

}  // namespace evenkeel::simulation
