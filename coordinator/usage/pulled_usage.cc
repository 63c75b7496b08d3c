#include "coordinator/usage/pulled_usage.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace evenkeel::coordinator {
namespace {

// More than any machine has: what comes to more is no counter of CPU time.
constexpr double kMostMillicores = 10'000'000;

// What a container's new counter is to the one that is known.
enum class Step {
  kNone,   // nothing new yet
  kAhead,  // a figure can be made of the two
  kAnew,   // the known one is of no use any more
};

Step StepTo(const CpuCounter& before, absl::Time before_received, const CpuCounter& after,
            absl::Time received) {
  const bool restarted = before.started != absl::InfinitePast() && after.started > before.started;
  if (restarted || after.used_ns < before.used_ns) {
    // An older answer, as two replicas of a kubelet may give, tells less as well.
    return after.taken > before.taken ? Step::kAnew : Step::kNone;
  }
  const absl::Duration by = after.taken - before.taken;
  if (by < PulledUsages::kLeastGrains * std::max(before.grain, after.grain)) return Step::kNone;
  if (by > PulledUsages::kLongestReading || by > received - before_received + PulledUsages::kMostDrift) {
    return Step::kAnew;
  }
  return Step::kAhead;
}

double Millicores(const CpuCounter& before, const CpuCounter& after) {
  return static_cast<double>(after.used_ns - before.used_ns) /
         absl::ToDoubleNanoseconds(after.taken - before.taken) * 1000;
}

}  // namespace

void PulledUsages::Watch(const std::vector<PulledPod>& pods) {
  std::map<std::string, Pod> kept;
  for (const PulledPod& pod : pods) {
    auto known = pods_.extract(pod.uid);
    if (known.empty()) {
      kept[pod.uid].pod = pod;
    } else {
      known.mapped().pod = pod;
      kept.insert(std::move(known));
    }
  }
  pods_ = std::move(kept);
}

std::vector<PulledUsage> PulledUsages::Take(const std::vector<PodCounters>& answer, absl::Time received) {
  std::map<std::pair<std::string, std::string>, const PodCounters*> by_name;
  std::map<std::string, const PodCounters*> by_uid;
  for (const PodCounters& told : answer) {
    if (told.uid.empty()) {
      by_name.try_emplace({told.name_space, told.name}, &told);
    } else {
      by_uid.try_emplace(told.uid, &told);
    }
  }
  std::vector<PulledUsage> figures;
  for (auto& [uid, pod] : pods_) {
    const PodCounters* told = nullptr;
    if (const auto found = by_uid.find(uid); found != by_uid.end()) {
      told = found->second;
    } else if (const auto named = by_name.find({pod.pod.name_space, pod.pod.name}); named != by_name.end()) {
      told = named->second;
    }
    if (told != nullptr) TakePod(pod, *told, received, figures);
  }
  return figures;
}

void PulledUsages::TakePod(Pod& pod, const PodCounters& told, absl::Time received,
                           std::vector<PulledUsage>& figures) {
  bool complete = told.whole && !told.containers.empty();
  bool anew = false;
  double millicores = 0;
  absl::Duration window;
  for (const CpuCounter& counter : told.containers) {
    const auto [place, is_new] = pod.readings.try_emplace(counter.container, Reading{counter, received});
    Reading& reading = place->second;
    if (is_new) {
      complete = false;
      continue;
    }
    const bool older = counter.taken < reading.counter.taken;
    reading.doubted = older ? std::min(reading.doubted, received) : absl::InfiniteFuture();
    Step step = StepTo(reading.counter, reading.received, counter, received);
    if (older && received - reading.doubted > kSetBack) step = Step::kAnew;
    if (step == Step::kAnew) {
      reading = {counter, received};
      anew = true;
    } else if (step == Step::kNone) {
      complete = false;
    } else {
      millicores += Millicores(reading.counter, counter);
      window = std::max(window, counter.taken - reading.counter.taken);
    }
  }
  // A container that is not told of any more may have ended, or be left out of this answer only: until that
  // is known the others are not the whole.
  for (auto known = pod.readings.begin(); known != pod.readings.end();) {
    Reading& reading = known->second;
    const bool told_now =
        std::ranges::binary_search(told.containers, known->first, {}, &CpuCounter::container);
    if (!told_now) reading.doubted = std::min(reading.doubted, received);
    const bool gone = !told_now && received - reading.doubted > kGone;
    if (!told_now && !gone) complete = false;
    known = gone ? pod.readings.erase(known) : std::next(known);
  }
  if (!complete || anew) return;
  for (const CpuCounter& counter : told.containers) {
    pod.readings[counter.container] = {counter, received};
  }
  if (millicores > kMostMillicores) return;
  figures.push_back({.pod_uid = pod.pod.uid, .millicores = std::llround(millicores), .window = window});
}

}  // namespace evenkeel::coordinator
