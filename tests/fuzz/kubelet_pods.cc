// The kubelet's GET /pods.
#include "agent/decode/kubelet_pods.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel::agent;
  const auto pods = DecodeKubeletPods(evenkeel::fuzz::Text(data, size));
  if (!pods.ok()) return 0;
  EVENKEEL_CHECK(pods->size() <= 2048) << pods->size() << " pods";
  for (const KubeletPod& pod : *pods) {
    EVENKEEL_CHECK(!pod.uid.empty()) << "a pod without a uid";
    EVENKEEL_CHECK(pod.containers.size() <= 256) << pod.containers.size() << " containers";
  }
  return 0;
}
