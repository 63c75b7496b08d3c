// Taints of a node, put on and taken off: Evenkeel's own, and Kubernetes' out-of-service.
//
// Each reads the node first and writes with its resource version as precondition, so that taints of others
// are kept and a node of another uid is never touched; a conflict is read and tried again. The taint counts
// as done when the API server's answer shows it.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/act/answer.h"
#include "coordinator/core/burst/valve.h"
#include "coordinator/core/facts.h"
#include "coordinator/core/fencing_facts.h"

namespace evenkeel::coordinator {

// A taint that we put on nodes, and the annotation that names the decision that put it there.
struct NodeTaint {
  const char* key;
  const char* effect;
  const char* annotation;  // empty: none
  const char* value = "";  // the same
};
inline constexpr NodeTaint kFailoverTaint = {kFailoverTaintKey, kFailoverTaintEffect,
                                             "evenkeel.dev/failover-decision"};
inline constexpr NodeTaint kGrayTaint = {kGrayTaintKey, kGrayTaintEffect, "evenkeel.dev/gray-decision"};
// Of a virtual node while no burst is open. The annotation names the decision that closed it.
inline constexpr NodeTaint kValveTaint = {kValveTaintKey, kValveTaintEffect, "evenkeel.dev/burst-decision"};
inline constexpr NodeTaint kOutOfServiceTaint = {kOutOfServiceTaintKey, "NoExecute", "", "nodeshutdown"};

struct NodeTarget {
  std::string name;
  std::string uid;
};

// `why_not` is asked before each write, unless an earlier write may have been carried out. `decision` goes
// into the annotation; `now` into the taint's timeAdded. `deadline` is for each request. `done` comes once,
// on the API's thread. kNotMine: the node is gone or has another uid.
void PutTaint(kube::KubernetesApi& api, const NodeTarget& node, const NodeTaint& taint,
              const std::string& decision, absl::Time now, absl::Duration deadline, WhyNot why_not,
              AnswerDone done);
void TakeTaintOff(kube::KubernetesApi& api, const NodeTarget& node, const NodeTaint& taint,
                  absl::Duration deadline, WhyNot why_not, AnswerDone done);

// kOutOfServiceTaint, only for a node that is proven to be off or fenced (L5): Kubernetes then deletes its
// pods and detaches its volumes. As PutTaint; kNotKnownThere: the server is older than 1.24. It detaches the
// volumes of deleted pods by itself, after six minutes.
void PutOutOfService(kube::KubernetesApi& api, const NodeTarget& node, absl::Time now,
                     absl::Duration deadline, WhyNot why_not, AnswerDone done);

}  // namespace evenkeel::coordinator
