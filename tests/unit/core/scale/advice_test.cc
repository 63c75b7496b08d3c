// The scaler as a whole, second by second: what it would do, why, and what it remembers.

#include "coordinator/core/scale/advice.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/bytes_of.h"
#include "coordinator/core/scale/usage_window.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// A workload of Lab 2's kind: 100m a pod, target 50 %, 2 to 10 pods. The load is CPU that is shared evenly by
// the pods that are Ready, and none can use more than its limit.
class Workload {
 public:
  Workload() {
    rules.minimums.replicas = 2;
    rules.maximum = 10;
    rules.target.value = 50;
    SetReplicas(2);
    for (Pod& pod : pods_) pod.ready_at = now - absl::Hours(1);
  }

  // One second passes under this load; the advice is carried out at once.
  Advice Second(int64_t load_millicores) {
    now += absl::Seconds(1);
    int64_t ready = 0;
    for (const Pod& pod : pods_) ready += pod.ready_at <= now ? 1 : 0;
    for (size_t i = 0; i < pods_.size(); ++i) {
      Pod& pod = pods_[i];
      const int64_t used = pod.ready_at <= now ? std::min(limit, load_millicores / ready) : 0;
      if (seen(i)) pod.usage.Add({used, now, absl::Seconds(1)});
    }
    const Advice advice = Advise(rules, memory, Look(), now);
    NoteScaled(rules, memory, advice.current, advice.replicas, now);
    if (advice.replicas != advice.current) changes.emplace_back(now - kStart, advice.replicas);
    SetReplicas(advice.replicas);
    return advice;
  }
  Advice Seconds(int seconds, int64_t load_millicores) {
    Advice advice;
    for (int i = 0; i < seconds; ++i) advice = Second(load_millicores);
    return advice;
  }

  ScaleSight Look() const {
    ScaleSight sight{.current = static_cast<int64_t>(pods_.size()), .throttled_percent = throttled};
    for (const Pod& pod : pods_) {
      PodLoad load{.phase = pod.ready_at <= now ? PodPhase::kRunning : PodPhase::kPending,
                   .ready = pod.ready_at <= now,
                   .started = pod.ready_at - absl::Seconds(2),
                   .ready_changed = pod.ready_at,
                   .request_millicores = 100};
      Show(pod.usage, rules.window, kFreshSample, now, load);
      sight.steady.push_back(load);
      Show(pod.usage, rules.panic.window, kFreshSample, now, load);
      sight.sudden.push_back(load);
    }
    return sight;
  }

  int64_t replicas() const { return static_cast<int64_t>(pods_.size()); }
  void SetReplicas(int64_t replicas) {
    while (this->replicas() < replicas) pods_.push_back({.ready_at = now + absl::Seconds(3)});
    pods_.resize(static_cast<size_t>(replicas));
  }

  ScaleRules rules;
  ScaleMemory memory;
  absl::Time now = kStart;
  int64_t limit = 1000;
  std::optional<int64_t> throttled;
  std::function<bool(size_t)> seen = [](size_t) { return true; };  // is the pod's sample heard
  std::vector<std::pair<absl::Duration, int64_t>> changes;

 private:
  struct Pod {
    absl::Time ready_at;
    UsageWindow usage;
  };
  std::vector<Pod> pods_;
};

bool Has(const Advice& advice, AdviceStep step) {
  return std::any_of(advice.reasons.begin(), advice.reasons.end(),
                     [step](const AdviceReason& reason) { return reason.step == step; });
}

// From the start of load to the decision: two seconds, by panic; up to the maximum; and back to the minimum
// when the window has passed, in one step, without a reversal.
TEST(AdviceTest, UpInSecondsAndBackByTheWindow) {
  Workload workload;
  workload.Seconds(60, 20);
  EXPECT_TRUE(workload.changes.empty());
  workload.Seconds(120, 900);
  ASSERT_FALSE(workload.changes.empty());
  EXPECT_LE(workload.changes.front().first, absl::Seconds(62));
  EXPECT_EQ(workload.replicas(), 10);
  EXPECT_TRUE(std::is_sorted(workload.changes.begin(), workload.changes.end(),
                             [](const auto& a, const auto& b) { return a.second < b.second; }));
  workload.changes.clear();
  workload.Seconds(400, 20);
  ASSERT_FALSE(workload.changes.empty());
  EXPECT_LE(workload.changes.size(), 3u);
  EXPECT_TRUE(std::is_sorted(workload.changes.begin(), workload.changes.end(),
                             [](const auto& a, const auto& b) { return a.second > b.second; }));
  EXPECT_GE(workload.changes.front().first, absl::Seconds(180 + 300));
  EXPECT_EQ(workload.changes.back().second, 2);
  EXPECT_LE(workload.changes.back().first, absl::Seconds(180 + 300 + 45));
}

// HPA's own rates hold in a panic, too: from 2 by no more than 4 in 15 s.
TEST(AdviceTest, RatesHoldInAPanic) {
  Workload workload;
  workload.Seconds(30, 20);
  Advice first;
  for (int i = 0; i < 5 && workload.changes.empty(); ++i) first = workload.Second(2000);
  EXPECT_TRUE(first.panic);
  EXPECT_EQ(first.panic_cause, PanicCause::kLoad);
  EXPECT_TRUE(Has(first, AdviceStep::kRate));
  EXPECT_EQ(workload.replicas(), 6);
  workload.Seconds(14, 2000);
  EXPECT_EQ(workload.replicas(), 6);
  const Advice later = workload.Seconds(6, 2000);
  EXPECT_EQ(workload.replicas(), 10);
  EXPECT_GE(later.wanted, 10);
}

// Steady noise around the target changes nothing, in ten minutes.
TEST(AdviceTest, NoiseIsNotFollowed) {
  Workload workload;
  workload.Seconds(30, 100);
  workload.SetReplicas(4);
  uint32_t dice = 7;
  for (int second = 0; second < 600; ++second) {
    dice = dice * 1664525 + 1013904223;
    const int64_t noise = static_cast<int64_t>(dice >> 16) % 81 - 40;  // -20 % to 20 % of the target's 200
    workload.Second(195 + noise);
  }
  EXPECT_LE(workload.changes.size(), 1u);
}

// A pod that is throttled cannot show more than its limit: throttling begins the panic.
TEST(AdviceTest, ThrottlingBeginsAPanic) {
  Workload workload;
  workload.rules.target.value = 80;
  workload.limit = 100;
  workload.Seconds(60, 40);
  workload.throttled = 60;
  int seconds = 0;
  while (workload.changes.empty() && seconds < 20) {
    workload.Second(5000);
    ++seconds;
  }
  EXPECT_LE(seconds, 3);
}

// More than is allowed, less than is allowed, and none at all.
TEST(AdviceTest, BoundsComeFirst) {
  Workload workload;
  workload.SetReplicas(12);
  EXPECT_EQ(Advise(workload.rules, workload.memory, workload.Look(), workload.now).replicas, 10);
  workload.SetReplicas(1);
  const Advice few = Advise(workload.rules, workload.memory, workload.Look(), workload.now);
  EXPECT_EQ(few.replicas, 2);
  EXPECT_EQ(few.reasons, (std::vector<AdviceReason>{{AdviceStep::kBelowMinimum, 1, 2}}));
  workload.SetReplicas(0);
  const Advice off = Advise(workload.rules, workload.memory, workload.Look(), workload.now);
  EXPECT_EQ(off.replicas, 0);
  EXPECT_TRUE(Has(off, AdviceStep::kSwitchedOff));
}

// What a switch of traffic needs is a minimum while it lasts; it switches on nothing that somebody has
// switched off.
TEST(AdviceTest, ASwitchHasAFloor) {
  Workload workload;
  ScaleSight sight = workload.Look();
  sight.floor = 5;
  const Advice few = Advise(workload.rules, workload.memory, sight, workload.now);
  EXPECT_EQ(few.replicas, 5);
  EXPECT_EQ(few.reasons, (std::vector<AdviceReason>{{AdviceStep::kBelowFloor, 2, 5}}));
  EXPECT_EQ(few.minimum.replicas, 5);
  EXPECT_TRUE(few.floored);
  sight.floor = 1;
  EXPECT_FALSE(Advise(workload.rules, workload.memory, sight, workload.now).floored);
  workload.SetReplicas(0);
  sight = workload.Look();
  sight.floor = 5;
  EXPECT_EQ(Advise(workload.rules, workload.memory, sight, workload.now).replicas, 0);
}

// A scheduled minimum is there at its time; when it ends, the load decides, which was looked at all the time.
TEST(AdviceTest, ScheduledMinimum) {
  Workload workload;
  const absl::Duration of_day = (kStart - absl::UnixEpoch()) % absl::Hours(24);
  workload.rules.minimums.schedule = {
      {.begin = of_day + absl::Seconds(60), .length = absl::Minutes(10), .replicas = 8}};
  const Advice before = workload.Seconds(59, 40);
  EXPECT_EQ(before.replicas, 2);
  const Advice after = workload.Second(40);
  EXPECT_EQ(after.replicas, 8);
  EXPECT_EQ(after.minimum.schedule, 0u);
  workload.Seconds(599, 40);
  EXPECT_EQ(workload.replicas(), 8);
  workload.Second(40);
  EXPECT_EQ(workload.replicas(), 2);
}

// Half of the samples, all of them, or those of a minute are lost under load: never fewer pods, never more
// than the maximum, and the answer is found again by itself.
TEST(AdviceTest, LossOfSamplesUnderLoadNeverScalesIn) {
  const struct {
    const char* what;
    std::function<bool(size_t)> seen;
  } table[] = {{"half", [](size_t pod) { return pod % 2 == 0; }},
               {"all but one", [](size_t pod) { return pod == 0; }},
               {"all", [](size_t) { return false; }}};
  for (const auto& row : table) {
    for (const int lost : {10, 60, 200, 500}) {
      Workload workload;
      workload.rules.behaviour.down.stabilisation = absl::ZeroDuration();  // no window helps
      workload.rules.panic.stable_window = absl::Seconds(5);
      workload.Seconds(120, 300);
      const int64_t before = workload.replicas();
      workload.seen = row.seen;
      for (int second = 0; second < lost; ++second) {
        workload.Second(300);
        ASSERT_GE(workload.replicas(), before) << row.what << ", second " << second;
        ASSERT_LE(workload.replicas(), 10) << row.what;
      }
      workload.seen = [](size_t) { return true; };
      workload.Seconds(120, 300);
      EXPECT_EQ(workload.replicas(), before) << row.what << ", lost for " << lost;
    }
  }
}

// Pods that stay unseen freeze nothing: load that goes is followed once they are not held any more.
TEST(AdviceTest, UnseenPodsFreezeNothing) {
  Workload workload;
  workload.rules.behaviour.down.stabilisation = absl::ZeroDuration();
  workload.Seconds(120, 300);
  const int64_t before = workload.replicas();
  workload.seen = [](size_t pod) { return pod < 3; };
  const Advice held = workload.Seconds(100, 20);
  EXPECT_EQ(held.replicas, before);
  EXPECT_TRUE(Has(held, AdviceStep::kSamplesLost));
  workload.Seconds(60, 20);
  EXPECT_EQ(workload.replicas(), 2);
}

// While nothing is seen, the window of scaling in does not run out.
TEST(AdviceTest, BlindnessStopsTheWindow) {
  Workload workload;
  workload.Seconds(120, 300);
  const int64_t before = workload.replicas();
  workload.seen = [](size_t) { return false; };
  const Advice blind = workload.Seconds(1200, 300);
  EXPECT_TRUE(Has(blind, AdviceStep::kNoDemand));
  workload.seen = [](size_t) { return true; };
  workload.Seconds(280, 20);
  EXPECT_EQ(workload.replicas(), before);
  workload.Seconds(40, 20);
  EXPECT_EQ(workload.replicas(), 2);
}

// The memory is plain data: what a restart brings back goes on exactly where it was.
TEST(AdviceTest, MemorySurvivesAsBytes) {
  Workload straight;
  Workload restarted;
  for (int second = 0; second < 900; ++second) {
    const int64_t load = second < 100 ? 20 : second < 300 ? 900 : second < 320 ? 20 : second < 330 ? 400 : 30;
    ASSERT_EQ(straight.Second(load), restarted.Second(load)) << second;
    if (second % 37 != 0) continue;
    ScaleMemory back;
    ASSERT_TRUE(base::FromBytes(base::BytesOf(restarted.memory), back));
    restarted.memory = back;
  }
  EXPECT_EQ(straight.changes, restarted.changes);
  EXPECT_EQ(straight.replicas(), 2);
}

// A scaler that looks for the first time takes what it finds for wanted: it does not scale in before a
// window.
TEST(AdviceTest, TheFirstLookBeginsAWindow) {
  Workload workload;
  workload.SetReplicas(9);
  workload.Seconds(299, 20);
  EXPECT_EQ(workload.replicas(), 9);
  workload.Seconds(30, 20);
  EXPECT_EQ(workload.replicas(), 2);
}

}  // namespace
}  // namespace evenkeel::coordinator
