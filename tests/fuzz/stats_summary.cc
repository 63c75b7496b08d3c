// A virtual kubelet's GET /stats/summary, several times.
#include "coordinator/usage/stats_summary.h"

#include "tests/fuzz/virtual_kubelet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  fuzz::FeedAnswers(fuzz::Text(data, size), [](std::string_view text) {
    return coordinator::ParseStatsSummary({text.data(), text.size()});
  });
  return 0;
}
