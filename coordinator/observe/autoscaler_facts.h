// HorizontalPodAutoscalers as the core's structs. Pure; any field may be missing, and nothing here throws.
#pragma once

#include "common/kube/kubernetes_api.h"
#include "coordinator/core/scale/workload_facts.h"

namespace evenkeel::coordinator {

// Of autoscaling/v1 (served everywhere from 1.20 on) or v2: where v1 hides a v2 object's metrics and
// behaviour in annotations (autoscaling.alpha.kubernetes.io/metrics, .../behavior), those are read. `rules`
// are set where CPU utilisation or an average CPU value is the one metric: with its minimum, maximum, target
// and behaviour, the HPA's tolerance, and everything else as Evenkeel's defaults have it.
AutoscalerFacts AutoscalerFactsFrom(const kube::Json& autoscaler);

}  // namespace evenkeel::coordinator
