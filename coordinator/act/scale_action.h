// What Evenkeel does to workloads and autoscalers. Each acts only on the object with the uid that the
// decision names. A failure that leaves in doubt whether the call was carried out is settled by reading the
// object.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/kube/discovery.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/act/answer.h"
#include "coordinator/core/decision.h"

namespace evenkeel::coordinator {

struct ScaleTargetObject {
  kube::ObjectName name;
  std::string uid;
  ReplicaChange change;
};

// Reads /scale; where it has the uid and still spec.replicas == `from`, writes `to` by a merge patch of
// /scale with the resourceVersion that was read, and believes the answer's spec. `to` already there:
// kAlreadyDone. Another number, another uid, or gone: kNotMine, with what is there. A conflict: read again,
// some times. An admission webhook or a missing role: kRefused, with the server's words. No answer to the
// write: /scale is read, and where it still has `from`, it is kUnreachable. `deadline` is for each request;
// `why_not` is asked between reading and writing; `done` comes once, on the API's thread, and never from
// within the call. `discovery` knows the plural of a kind.
void SetReplicas(kube::KubernetesApi& api, kube::Discovery& discovery, const ScaleTargetObject& target,
                 absl::Duration deadline, WhyNot why_not, AnswerDone done);

// Deletes a HorizontalPodAutoscaler with the uid as precondition. Gone: kAlreadyDone; another one of that
// name: kNotMine.
void DeleteAutoscaler(kube::KubernetesApi& api, const kube::ObjectName& name, const std::string& uid,
                      absl::Duration deadline, AnswerDone done);

}  // namespace evenkeel::coordinator
