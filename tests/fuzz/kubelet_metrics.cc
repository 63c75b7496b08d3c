// The kubelet's GET /metrics/resource, the line of its /metrics that tells of PLEG, and its /healthz.
#include "agent/decode/kubelet_metrics.h"

#include <tuple>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel::agent;
  const auto pleg = DecodePlegLastSeen(evenkeel::fuzz::Text(data, size));
  EVENKEEL_CHECK(!pleg || *pleg >= absl::UnixEpoch()) << "before 1970";
  EVENKEEL_CHECK(DecodeFailedChecks(evenkeel::fuzz::Text(data, size)).size() <= 8 * 66) << "too long";
  const auto samples = DecodeResourceMetrics(evenkeel::fuzz::Text(data, size));
  if (!samples.ok()) return 0;
  EVENKEEL_CHECK(samples->size() <= 8192) << samples->size() << " containers";
  const ContainerResourceSample* before = nullptr;
  for (const ContainerResourceSample& sample : *samples) {
    EVENKEEL_CHECK(!sample.cpu_total || *sample.cpu_total >= absl::ZeroDuration()) << "CPU time below zero";
    if (before != nullptr) {
      EVENKEEL_CHECK(std::tie(before->pod_namespace, before->pod, before->container) <
                     std::tie(sample.pod_namespace, sample.pod, sample.container))
          << "not sorted, or a container twice";
    }
    before = &sample;
  }
  return 0;
}
