#include "coordinator/act/scale_action.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/kube/json.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

constexpr char kScale[] = "scale";
// A controller writes the status of a workload often, and each time is a conflict; not five times in a row
// within the moment between our reading and our writing.
constexpr int kMostScaleConflicts = 5;

// What a Scale (autoscaling/v1) leaves out is 0.
int64_t ReplicasOf(const Json& scale) {
  const Json* const replicas = kube::Find(scale, {"spec", "replicas"});
  return replicas != nullptr && replicas->is_number_integer() ? replicas->get<int64_t>() : 0;
}

Answer ScaleAnswerFor(const absl::Status& failure, absl::string_view doing) {
  Answer answer = AnswerFor(failure, doing);
  if (absl::IsPermissionDenied(failure)) {
    absl::StrAppend(&answer.detail, "; it needs the role evenkeel-scaler (deploy/kubernetes/extras/scaling)");
  }
  return answer;
}

// One change of one workload, from finding its kind to its answer.
struct Scaling : std::enable_shared_from_this<Scaling> {
  Scaling(kube::KubernetesApi& api_given, ScaleTargetObject target_given, absl::Duration deadline_given,
          WhyNot why_not_given, AnswerDone done_given)
      : api(api_given),
        target(std::move(target_given)),
        deadline(deadline_given),
        why_not(std::move(why_not_given)),
        done(std::move(done_given)) {}

  void Read();
  void OnRead(const absl::StatusOr<Json>& scale);
  void Write(const std::string& resource_version);
  void OnWritten(const absl::StatusOr<Json>& scale);
  void Fail(const absl::Status& failure) const;

  kube::KubernetesApi& api;
  const ScaleTargetObject target;
  const absl::Duration deadline;
  const WhyNot why_not;
  const AnswerDone done;
  kube::Resource resource;
  int conflicts = 0;
  absl::Status doubt;  // of a write whose answer did not say whether it was carried out
};

void Scaling::Fail(const absl::Status& failure) const {
  done(ScaleAnswerFor(failure, absl::StrCat("scale ", target.change.kind, " ", target.name.ToString(), " to ",
                                            target.change.to)));
}

void Scaling::Read() {
  api.GetPart(resource, target.name, kScale, deadline,
              [self = shared_from_this()](const absl::StatusOr<Json>& scale) { self->OnRead(scale); });
}

void Scaling::OnRead(const absl::StatusOr<Json>& scale) {
  if (absl::IsNotFound(scale.status())) return done({ActionOutcome::kNotMine, "it is gone"});
  if (!scale.ok()) return Fail(doubt.ok() ? scale.status() : doubt);
  if (const std::string uid = kube::UidOf(*scale); uid != target.uid) {
    return done({ActionOutcome::kNotMine,
                 absl::StrCat("the one of this name is another now: uid ", uid, ", not ", target.uid)});
  }
  const int64_t replicas = ReplicasOf(*scale);
  if (replicas == target.change.to) {
    return done({doubt.ok() ? ActionOutcome::kAlreadyDone : ActionOutcome::kDone,
                 absl::StrCat("it has ", replicas, " replicas")});
  }
  if (replicas != target.change.from) {
    return done({ActionOutcome::kNotMine, absl::StrCat("it has ", replicas, " replicas and no longer ",
                                                       target.change.from, ": somebody else has scaled it")});
  }
  if (!doubt.ok()) return Fail(doubt);
  if (std::optional<Answer> instead = why_not()) return done(*std::move(instead));
  Write(kube::ResourceVersionOf(*scale));
}

// The version makes the API server refuse it when anything has changed since it was read, `from` included.
void Scaling::Write(const std::string& resource_version) {
  const Json patch = {{"metadata", {{"resourceVersion", resource_version}}},
                      {"spec", {{"replicas", target.change.to}}}};
  api.Patch(resource, target.name, {.kind = kube::PatchKind::kMerge, .subresource = kScale}, patch, deadline,
            [self = shared_from_this()](const absl::StatusOr<Json>& scale) { self->OnWritten(scale); });
}

void Scaling::OnWritten(const absl::StatusOr<Json>& scale) {
  if (scale.ok()) {
    const int64_t replicas = ReplicasOf(*scale);
    if (replicas == target.change.to) {
      return done({ActionOutcome::kDone, absl::StrCat("from ", target.change.from, " to ", replicas)});
    }
    return done({ActionOutcome::kRefused,
                 absl::StrCat("the API server took ", target.change.to, " replicas and still shows ",
                              replicas, ": an admission webhook may hold them")});
  }
  if (absl::IsNotFound(scale.status())) return done({ActionOutcome::kNotMine, "it is gone"});
  if (absl::IsAborted(scale.status())) {
    if (++conflicts > kMostScaleConflicts) return Fail(scale.status());
    return Read();
  }
  if (!LeavesDoubt(scale.status())) return Fail(scale.status());
  doubt = scale.status();
  Read();
}

}  // namespace

void SetReplicas(kube::KubernetesApi& api, kube::Discovery& discovery, const ScaleTargetObject& target,
                 absl::Duration deadline, WhyNot why_not, AnswerDone done) {
  const auto scaling = std::make_shared<Scaling>(api, target, deadline, std::move(why_not), std::move(done));
  discovery.FindScalable(target.change.group, target.change.version, target.change.kind, deadline,
                         [scaling](const absl::StatusOr<kube::Resource>& found) {
                           if (!found.ok()) return scaling->Fail(found.status());
                           scaling->resource = *found;
                           scaling->Read();
                         });
}

void DeleteAutoscaler(kube::KubernetesApi& api, const kube::ObjectName& name, const std::string& uid,
                      absl::Duration deadline, AnswerDone done) {
  static constexpr char kItIsGone[] = "the HorizontalPodAutoscaler is gone";
  const auto fail = [name, done](const absl::Status& failure) {
    done(ScaleAnswerFor(failure, absl::StrCat("delete HorizontalPodAutoscaler ", name.ToString())));
  };
  api.Delete(kube::HorizontalPodAutoscalers(), name, {.uid = uid}, deadline,
             [&api, name, uid, deadline, done, fail](const absl::StatusOr<Json>& answer) {
               if (answer.ok()) return done({ActionOutcome::kDone, "deleted"});
               if (absl::IsNotFound(answer.status())) return done({ActionOutcome::kAlreadyDone, kItIsGone});
               const absl::Status failure = answer.status();
               const bool in_doubt = LeavesDoubt(failure);
               if (!in_doubt && !absl::IsAborted(failure) && !absl::IsInvalidArgument(failure))
                 return fail(failure);
               api.Get(kube::HorizontalPodAutoscalers(), name, deadline,
                       [uid, done, fail, failure, in_doubt](const absl::StatusOr<Json>& found) {
                         const ActionOutcome as_wanted =
                             in_doubt ? ActionOutcome::kDone : ActionOutcome::kAlreadyDone;
                         if (absl::IsNotFound(found.status())) return done({as_wanted, kItIsGone});
                         if (!found.ok()) return fail(failure);
                         if (const std::string other = kube::UidOf(*found); other != uid) {
                           return done({ActionOutcome::kNotMine,
                                        absl::StrCat("the one of this name is another now: uid ", other,
                                                     ", not ", uid)});
                         }
                         if (kube::Find(*found, {"metadata", "deletionTimestamp"}) != nullptr) {
                           return done({as_wanted, "it is being deleted"});
                         }
                         fail(failure);
                       });
             });
}

}  // namespace evenkeel::coordinator
