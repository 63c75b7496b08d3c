#include "coordinator/act/placeholder_action.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/kube/json.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

// Its controller writes the status often, and each time is a conflict.
constexpr int kMostPlaceholderConflicts = 5;

// spec.replicas; what is left out is 1.
int64_t ReplicasIn(const Json& deployment) {
  const Json* const replicas = kube::Find(deployment, {"spec", "replicas"});
  return replicas != nullptr && replicas->is_number_integer() ? replicas->get<int64_t>() : 1;
}

// One change, from reading to its answer.
struct Placing : std::enable_shared_from_this<Placing> {
  Placing(kube::KubernetesApi& api_in, PlaceholderTarget target_in, absl::Duration deadline_in,
          WhyNot why_not_in, AnswerDone done_in)
      : api(api_in),
        target(std::move(target_in)),
        deadline(deadline_in),
        why_not(std::move(why_not_in)),
        done(std::move(done_in)) {}

  void Read();
  void OnRead(const absl::StatusOr<Json>& found);
  void OnWritten(const absl::StatusOr<Json>& written);
  void Fail(const absl::Status& failure) const;

  kube::KubernetesApi& api;
  const PlaceholderTarget target;
  const absl::Duration deadline;
  const WhyNot why_not;
  const AnswerDone done;
  int conflicts = 0;
};

void Placing::Fail(const absl::Status& failure) const {
  Answer answer = AnswerFor(failure, absl::StrCat("set the placeholders of ", target.name.ToString()));
  if (absl::IsPermissionDenied(failure)) {
    absl::StrAppend(&answer.detail,
                    "; it needs the role evenkeel-headroom (deploy/kubernetes/extras/bursting)");
  }
  done(std::move(answer));
}

void Placing::Read() {
  api.Get(kube::Deployments(), target.name, deadline,
          [self = shared_from_this()](const absl::StatusOr<Json>& found) { self->OnRead(found); });
}

void Placing::OnRead(const absl::StatusOr<Json>& found) {
  if (absl::IsNotFound(found.status())) return done({ActionOutcome::kNotMine, "the Deployment is gone"});
  if (!found.ok()) return Fail(found.status());
  if (const std::string uid = kube::UidOf(*found); uid != target.uid) {
    return done({ActionOutcome::kNotMine,
                 absl::StrCat("the one of this name is another now: uid ", uid, ", not ", target.uid)});
  }
  if (target.replicas == 0 && ReplicasIn(*found) == 0) {
    return done({ActionOutcome::kAlreadyDone, "it has 0 replicas"});
  }
  Json spec = {{"replicas", target.replicas}};
  if (target.replicas > 0) {
    const Json* const there = kube::Find(*found, {"spec", "template", "spec", "containers"});
    if (there == nullptr || !there->is_array() || there->empty() || !there->front().is_object()) {
      return done({ActionOutcome::kRefused, "the Deployment has no container"});
    }
    // A merge patch takes a list whole; limits of another shape would forbid the requests.
    Json containers = *there;
    Json requests = Json::object();
    if (target.requests.cpu_millicores > 0) {
      requests["cpu"] = absl::StrCat(target.requests.cpu_millicores, "m");
    }
    if (target.requests.memory_bytes > 0) requests["memory"] = absl::StrCat(target.requests.memory_bytes);
    containers.front()["resources"] = Json::object();
    containers.front()["resources"]["requests"] = std::move(requests);
    spec["template"]["spec"]["containers"] = std::move(containers);
  }
  if (std::optional<Answer> instead = why_not()) return done(*std::move(instead));
  const Json patch = {{"metadata", {{"resourceVersion", kube::ResourceVersionOf(*found)}}},
                      {"spec", std::move(spec)}};
  api.Patch(kube::Deployments(), target.name, {.kind = kube::PatchKind::kMerge}, patch, deadline,
            [self = shared_from_this()](const absl::StatusOr<Json>& written) { self->OnWritten(written); });
}

void Placing::OnWritten(const absl::StatusOr<Json>& written) {
  if (written.ok()) {
    const int64_t replicas = ReplicasIn(*written);
    if (replicas == target.replicas) {
      return done({ActionOutcome::kDone, absl::StrCat("it has ", replicas, " replicas")});
    }
    return done({ActionOutcome::kRefused,
                 absl::StrCat("the API server took ", target.replicas, " replicas and still shows ", replicas,
                              ": an admission webhook may hold them")});
  }
  if (absl::IsNotFound(written.status())) return done({ActionOutcome::kNotMine, "the Deployment is gone"});
  if (absl::IsAborted(written.status()) && ++conflicts <= kMostPlaceholderConflicts) return Read();
  Fail(written.status());
}

}  // namespace

void SetPlaceholders(kube::KubernetesApi& api, const PlaceholderTarget& target, absl::Duration deadline,
                     WhyNot why_not, AnswerDone done) {
  std::make_shared<Placing>(api, target, deadline, std::move(why_not), std::move(done))->Read();
}

}  // namespace evenkeel::coordinator
