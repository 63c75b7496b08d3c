#include "coordinator/act/pod_actions.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/kube/json.h"
#include "coordinator/core/burst/victims.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

constexpr char kGone[] = "the pod is gone";

std::string Doing(const char* what, const PodTarget& pod) {
  return absl::StrCat(what, " pod ", pod.name.ToString());
}

Answer Replaced(const Json& found, const PodTarget& pod) {
  return {ActionOutcome::kNotMine, absl::StrCat("the pod of this name is another one now: uid ",
                                                kube::UidOf(found), ", not ", pod.uid)};
}

bool IsBeingDeleted(const Json& pod) {
  return kube::Find(pod, {"metadata", "deletionTimestamp"}) != nullptr;
}

// Ready False; also of a pod that has no such condition yet.
bool IsUnready(const Json& pod) {
  const Json* conditions = kube::Find(pod, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return true;
  for (const Json& condition : *conditions) {
    if (kube::Text(condition, {"type"}) == "Ready") return kube::Text(condition, {"status"}) != "True";
  }
  return true;
}

// Reads the pod after a call failed with `failure`: it may have been carried out all the same, or not have
// been about this pod. `is_done` tells by the pod itself; if it does not, the answer is that of the failure.
void Settle(kube::KubernetesApi& api, const PodTarget& pod, const char* what, const absl::Status& failure,
            absl::Duration deadline, std::function<bool(const Json&)> is_done, AnswerDone done) {
  const bool doubt = LeavesDoubt(failure);
  if (!doubt && !absl::IsAborted(failure) && !absl::IsInvalidArgument(failure)) {
    done(AnswerFor(failure, Doing(what, pod)));
    return;
  }
  api.Get(kube::Pods(), pod.name, deadline,
          [pod, what, failure, doubt, is_done = std::move(is_done),
           done = std::move(done)](const absl::StatusOr<Json>& found) {
            const ActionOutcome as_wanted = doubt ? ActionOutcome::kDone : ActionOutcome::kAlreadyDone;
            if (absl::IsNotFound(found.status())) return done({as_wanted, kGone});
            if (!found.ok()) return done(AnswerFor(failure, Doing(what, pod)));
            if (kube::UidOf(*found) != pod.uid) return done(Replaced(*found, pod));
            if (is_done(*found)) return done({as_wanted, "read back after an answer that left it open"});
            done(AnswerFor(failure, Doing(what, pod)));
          });
}

std::string CostOf(const Json& pod) {
  return kube::Text(pod, {"metadata", "annotations", kDeletionCostAnnotation});
}

Answer MayNotMark(const absl::Status& failure, const PodTarget& pod) {
  Answer answer = AnswerFor(failure, Doing("set the deletion cost of", pod));
  absl::StrAppend(&answer.detail, "; it needs the role evenkeel-burster (deploy/kubernetes/extras/bursting)");
  return answer;
}

}  // namespace

void DeletePod(kube::KubernetesApi& api, const PodTarget& pod, absl::Duration deadline, AnswerDone done) {
  api.Delete(
      kube::Pods(), pod.name, {.uid = pod.uid, .grace_period_seconds = 0}, deadline,
      [&api, pod, deadline, done = std::move(done)](const absl::StatusOr<Json>& answer) {
        if (absl::IsNotFound(answer.status())) return done({ActionOutcome::kAlreadyDone, kGone});
        if (!answer.ok()) {
          return Settle(api, pod, "delete", answer.status(), deadline, IsBeingDeleted, done);
        }
        const Json* finalizers = kube::Find(*answer, {"metadata", "finalizers"});
        if (finalizers == nullptr || finalizers->empty()) {
          return done({ActionOutcome::kDone, "deleted"});
        }
        done({ActionOutcome::kDone, absl::StrCat("deleted; it is shown until its finalizers are done: ",
                                                 kube::ToText(*finalizers))});
      });
}

void EvictPod(kube::KubernetesApi& api, const PodTarget& pod, absl::Duration deadline, AnswerDone done) {
  api.Evict(pod.name, {.uid = pod.uid}, deadline,
            [&api, pod, deadline, done = std::move(done)](const absl::StatusOr<Json>& answer) {
              if (answer.ok()) return done({ActionOutcome::kDone, "evicted"});
              if (absl::IsNotFound(answer.status())) return done({ActionOutcome::kAlreadyDone, kGone});
              Settle(api, pod, "evict", answer.status(), deadline, IsBeingDeleted, done);
            });
}

void SetDeletionCost(kube::KubernetesApi& api, const PodTarget& pod, int32_t cost, absl::Duration deadline,
                     WhyNot why_not, AnswerDone done) {
  const auto has_one = [](const Json& found) { return !CostOf(found).empty(); };
  const auto on_set = [&api, pod, deadline, has_one, done](const absl::StatusOr<Json>& set) {
    if (absl::IsNotFound(set.status())) return done({ActionOutcome::kAlreadyDone, kGone});
    if (absl::IsPermissionDenied(set.status())) return done(MayNotMark(set.status(), pod));
    if (!set.ok()) return Settle(api, pod, "set the deletion cost of", set.status(), deadline, has_one, done);
    if (has_one(*set))
      return done({ActionOutcome::kDone, absl::StrCat("its deletion cost is ", CostOf(*set))});
    done({ActionOutcome::kRefused, "the API server took the change and shows no deletion cost"});
  };
  const auto on_read = [&api, pod, cost, deadline, why_not = std::move(why_not), done,
                        on_set](const absl::StatusOr<Json>& found) {
    if (absl::IsNotFound(found.status())) return done({ActionOutcome::kAlreadyDone, kGone});
    if (!found.ok()) return done(AnswerFor(found.status(), Doing("set the deletion cost of", pod)));
    if (kube::UidOf(*found) != pod.uid) return done(Replaced(*found, pod));
    if (const std::string there = CostOf(*found); !there.empty()) {
      return done({ActionOutcome::kAlreadyDone, absl::StrCat("its deletion cost is ", there)});
    }
    if (std::optional<Answer> instead = why_not()) return done(*std::move(instead));
    // A uid that is not the pod's makes the API server refuse the patch.
    const Json patch = {
        {"metadata", {{"uid", pod.uid}, {"annotations", {{kDeletionCostAnnotation, absl::StrCat(cost)}}}}}};
    api.Patch(kube::Pods(), pod.name, {.kind = kube::PatchKind::kMerge}, patch, deadline, on_set);
  };
  api.Get(kube::Pods(), pod.name, deadline, on_read);
}

void MarkPodUnready(kube::KubernetesApi& api, const PodTarget& pod, const std::string& decision,
                    absl::Time now, absl::Duration deadline, WhyNot why_not, AnswerDone done) {
  const auto on_marked = [&api, pod, deadline, done](const absl::StatusOr<Json>& marked) {
    if (absl::IsNotFound(marked.status())) return done({ActionOutcome::kAlreadyDone, kGone});
    if (!marked.ok()) return Settle(api, pod, "mark", marked.status(), deadline, IsUnready, done);
    if (IsUnready(*marked)) return done({ActionOutcome::kDone, "marked not ready"});
    done({ActionOutcome::kRefused, "the API server took the change and still shows the pod as ready"});
  };
  const auto on_read = [&api, pod, decision, now, deadline, why_not = std::move(why_not), done,
                        on_marked](const absl::StatusOr<Json>& found) {
    if (absl::IsNotFound(found.status())) return done({ActionOutcome::kAlreadyDone, kGone});
    if (!found.ok()) return done(AnswerFor(found.status(), Doing("mark", pod)));
    if (kube::UidOf(*found) != pod.uid) return done(Replaced(*found, pod));
    if (IsUnready(*found)) return done({ActionOutcome::kAlreadyDone, "it is not ready"});
    if (std::optional<Answer> instead = why_not()) return done(*std::move(instead));
    // Conditions merge by their type; a uid that is not the pod's makes the API server refuse the patch.
    const Json patch = {
        {"metadata", {{"uid", pod.uid}}},
        {"status",
         {{"conditions",
           Json::array({{{"type", "Ready"},
                         {"status", "False"},
                         {"reason", kUnreadyReason},
                         {"message", absl::StrCat("its node is dead: Evenkeel's decision ", decision)},
                         {"lastTransitionTime",
                          absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone())}}})}}}};
    api.Patch(kube::Pods(), pod.name, {.kind = kube::PatchKind::kStrategic, .subresource = "status"}, patch,
              deadline, on_marked);
  };
  api.Get(kube::Pods(), pod.name, deadline, on_read);
}

}  // namespace evenkeel::coordinator
