// A virtual kubelet's GET /metrics/resource, several times.
#include "coordinator/usage/resource_metrics.h"

#include "tests/fuzz/virtual_kubelet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  fuzz::FeedAnswers(fuzz::Text(data, size), [](std::string_view text) {
    return coordinator::ParseResourceMetrics({text.data(), text.size()});
  });
  return 0;
}
