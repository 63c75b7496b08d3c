// Placeholders of headroom (core/burst/headroom.h) in Kubernetes: the replicas of one Deployment, and what
// its pods ask for.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/act/answer.h"
#include "coordinator/core/resources.h"

namespace evenkeel::coordinator {

struct PlaceholderTarget {
  kube::ObjectName name;  // of the Deployment
  std::string uid;
  int64_t replicas = 0;
  Resources requests;  // of the one container of each
};

// Reads the Deployment; where it has the uid, writes spec.replicas and, unless they are to be none, the
// requests of its first container, with the resourceVersion that was read. Repeating it changes nothing.
// Another uid, or gone: kNotMine. A conflict: read again, some times. No answer: kUnreachable. `deadline` is
// for each request; `why_not` is asked between reading and writing; `done` comes once, on the API's thread,
// and never from within the call.
void SetPlaceholders(kube::KubernetesApi& api, const PlaceholderTarget& target, absl::Duration deadline,
                     WhyNot why_not, AnswerDone done);

}  // namespace evenkeel::coordinator
