// What Evenkeel does to a pod. Each acts only on the pod with the uid that the decision names: a pod that has
// only its name is another pod. A failure that leaves in doubt whether the call was carried out is settled by
// reading the pod.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/act/answer.h"

namespace evenkeel::coordinator {

// The reason in the condition Ready of a pod that was marked.
inline constexpr char kUnreadyReason[] = "EvenkeelNodeDead";

struct PodTarget {
  kube::ObjectName name;
  std::string uid;
};

// For all of them: `deadline` is for each request, `done` comes once, on the API's thread. A pod that is gone
// is kAlreadyDone; one that was replaced by a pod of the same name is kNotMine.

// Grace 0: out of the endpoints and replaced at once, whether its kubelet answers or not. With finalizers it
// lingers, but counts as deleted for both.
void DeletePod(kube::KubernetesApi& api, const PodTarget& pod, absl::Duration deadline, AnswerDone done);

// `wanted` is asked between reading the pod and writing it: kWithdrawn if it is not wanted any more.
// Sets the condition Ready to False, as Kubernetes' node controller does for nodes that it has given up.
void MarkPodUnready(kube::KubernetesApi& api, const PodTarget& pod, const std::string& decision,
                    absl::Time now, absl::Duration deadline, WhyNot why_not, AnswerDone done);

// Makes the pod one of the first that its controller takes when there are to be fewer: an annotation that
// servers heed by default from 1.22 on. One that is there already, whatever it says, is left as it is
// (kAlreadyDone): somebody who knows more has set it. `why_not` as above.
void SetDeletionCost(kube::KubernetesApi& api, const PodTarget& pod, int32_t cost, absl::Duration deadline,
                     WhyNot why_not, AnswerDone done);

// Through the Eviction API. kBlocked: a disruption budget says "not now".
void EvictPod(kube::KubernetesApi& api, const PodTarget& pod, absl::Duration deadline, AnswerDone done);

}  // namespace evenkeel::coordinator
