// What must hold of the figures that are made of any two answers of a virtual kubelet.
#pragma once

#include <string_view>
#include <vector>

#include "coordinator/usage/pulled_usage.h"
#include "tests/fuzz/fuzz.h"

namespace evenkeel::fuzz {

inline void CheckCounters(const std::vector<coordinator::PodCounters>& pods) {
  EVENKEEL_CHECK(pods.size() <= coordinator::kMostPulledPods) << pods.size() << " pods";
  for (const coordinator::PodCounters& pod : pods) {
    EVENKEEL_CHECK(!pod.uid.empty() || !pod.name.empty()) << "a pod of nobody";
    EVENKEEL_CHECK(pod.containers.size() <= coordinator::kMostPulledContainers) << "too many containers";
    const coordinator::CpuCounter* before = nullptr;
    for (const coordinator::CpuCounter& counter : pod.containers) {
      EVENKEEL_CHECK(!counter.container.empty() && counter.used_ns > 0) << "no counter of a container";
      EVENKEEL_CHECK(counter.taken > absl::UnixEpoch() && counter.taken < absl::InfiniteFuture())
          << "no time";
      EVENKEEL_CHECK(counter.grain > absl::ZeroDuration()) << "no grain";
      EVENKEEL_CHECK(before == nullptr || before->container < counter.container) << "not sorted";
      before = &counter;
    }
  }
}

// The input: answers, with a zero byte between them. Each is received five seconds after the one before.
template <typename Parse>
void FeedAnswers(std::string_view input, Parse parse) {
  coordinator::PulledUsages usages;
  std::vector<coordinator::PulledPod> watched;
  absl::Time now = absl::FromUnixSeconds(1'772'359'200);
  for (int answers = 0; answers < 16 && !input.empty(); ++answers) {
    const auto pods = parse(TakePart(input));
    now += absl::Seconds(5);
    if (!pods.ok()) continue;
    CheckCounters(*pods);
    // All that were ever told of are watched, those without a uid by their name.
    for (const coordinator::PodCounters& pod : *pods) {
      watched.push_back(
          {.uid = pod.uid.empty() ? pod.name : pod.uid, .name_space = pod.name_space, .name = pod.name});
    }
    usages.Watch(watched);
    for (const coordinator::PulledUsage& used : usages.Take(*pods, now)) {
      EVENKEEL_CHECK(used.millicores >= 0 && used.millicores <= 10'000'000)
          << used.millicores << " millicores";
      EVENKEEL_CHECK(used.window > absl::ZeroDuration() &&
                     used.window <= coordinator::PulledUsages::kLongestReading)
          << "over " << absl::FormatDuration(used.window);
    }
  }
}

}  // namespace evenkeel::fuzz
