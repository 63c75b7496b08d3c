// What the API server's answer to a log request says about the way between it and the kubelet. Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "coordinator/core/events.h"

namespace evenkeel::coordinator {

struct KubeletFinding {
  KubeletWay way = KubeletWay::kNotTried;
  std::string detail;  // in words
};

// `answer`: of KubernetesApi::TouchLog. A log, and every error that only the kubelet or its kernel can have
// given, shows life. That the time ran out, or that the API server says it did, is an answer that did not
// come; it counts only beside a lease that the same API server gave in time. All else (no right to read logs,
// the pod is gone, no API server) says nothing.
KubeletFinding FindKubelet(const absl::Status& answer);

}  // namespace evenkeel::coordinator
