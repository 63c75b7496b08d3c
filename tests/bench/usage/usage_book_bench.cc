// What a second of the usage book costs: every watched pod has a new reading, every node has beaten, and all
// that has changed is taken. Prints one line of JSON. Limit: 60 ms of CPU time for 10,000 pods (the median);
// ends with 3 when it is exceeded.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "coordinator/usage/usage_book.h"
#include "tests/bench/cpu_time.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

constexpr int kNodes = 500;
constexpr int kPodsOnANode = 20;
constexpr int kWarmUp = 120;  // seconds until the windows are full
constexpr int kMeasured = 60;
constexpr double kLimitMs = 60;

v1::Report ReportOf(int node, int second) {
  v1::Report report;
  for (int pod = 0; pod < kPodsOnANode; ++pod) {
    v1::PodReport& told = *report.add_pods();
    told.set_uid(absl::StrCat("5f0e1c1a-0000-4000-8000-", node, "-", pod));
    v1::ContainerReport& container = *told.add_containers();
    container.set_state(v1::CONTAINER_STATE_RUNNING);
    container.set_cpu_used_millicores(100 + (second * 37 + node * 11 + pod) % 100);
    container.set_cpu_throttled_percent((second + pod) % 20);
  }
  return report;
}

}  // namespace

int main() {
  UsageBook book;
  const absl::Time start = absl::FromUnixSeconds(1'700'000'000);
  for (int node = 0; node < kNodes; ++node) {
    const v1::Report first = ReportOf(node, 0);
    for (const v1::PodReport& pod : first.pods()) {
      const bool watched = book.Watch({.cluster = "blue",
                                       .node = absl::StrCat("node-", node),
                                       .pod_uid = pod.uid(),
                                       .window = absl::Seconds(15),
                                       .panic_window = absl::Seconds(2),
                                       .sudden_millicores = 150});
      if (!watched) return 1;
    }
  }
  std::vector<double> milliseconds;
  size_t told = 0;
  for (int second = 0; second < kWarmUp + kMeasured; ++second) {
    std::vector<v1::Report> reports;  // decoding is the session's
    for (int node = 0; node < kNodes; ++node) reports.push_back(ReportOf(node, second));
    const absl::Time now = start + absl::Seconds(second);
    const absl::Duration before = bench::CpuTime();
    for (int node = 0; node < kNodes; ++node) {
      const std::string name = absl::StrCat("node-", node);
      book.OnReport(name, reports[static_cast<size_t>(node)], now);
      book.OnBeat(name, now);
    }
    told = book.TakeSudden(now).size();
    told += book.TakeChanged(now).size();
    const absl::Duration spent = bench::CpuTime() - before;
    if (second >= kWarmUp) milliseconds.push_back(absl::ToDoubleMilliseconds(spent));
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  const double median = milliseconds[milliseconds.size() / 2];
  std::printf("{\"pods\": %d, \"told\": %zu, \"median_ms\": %.3f, \"worst_ms\": %.3f}\n",
              kNodes * kPodsOnANode, told, median, milliseconds.back());
  return median <= kLimitMs ? 0 : 3;
}
