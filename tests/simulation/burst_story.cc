#include "tests/simulation/burst_story.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace evenkeel::simulation {

using namespace coordinator;  // policies are the core's

namespace {

constexpr uint64_t kBurstDice = 0xb0257;
constexpr uint64_t kTooManyNodes = 100;
constexpr int64_t kAnyNumberOfPods = 1000;
constexpr int64_t kOthersCpu = 1;  // millicores: what is not scaled always has room
constexpr int64_t kSlackCpu = 50;  // for it
// A pod of 100 millicores costs 0.1 an hour.
constexpr int64_t kCoreHourMicros = 1'000'000;

}  // namespace

BurstStory::BurstStory(uint64_t seed) : dice_(seed + kBurstDice) {}

std::optional<BurstStory> BurstStory::Draw(uint64_t seed, uint64_t nodes) {
  std::optional<BurstStory> story(std::in_place, seed);
  if (nodes >= kTooManyNodes || !story->dice_.Chance(250)) story.reset();
  return story;
}

void BurstStory::Fit(const ScaleStory& scaled, std::vector<WorkloadSpec>& workloads) {
  for (WorkloadSpec& workload : workloads) {
    const bool other = workload.name == scaled.other();
    if (other) workload.requests.cpu_millicores = kOthersCpu;
    if (workload.name != scaled.workload() && !(other && dice_.Chance(300))) continue;
    workload.tolerates_virtual = true;
    if (!other && dice_.Chance(300)) {
      workload.min_available = static_cast<uint32_t>(scaled.rules().minimums.replicas);
    }
  }
  virtual_nodes_ = 1 + dice_.Below(2);
  DrawPolicy(scaled);
}

// Times are shorter than people would set them, so that pods come home within a trial.
void BurstStory::DrawPolicy(const ScaleStory& scaled) {
  BurstPolicy burst;
  burst.cluster = kCluster;
  burst.mode = dice_.Chance(930) ? PolicyMode::kEnforce : PolicyMode::kObserve;
  const auto pods = [this, &scaled] {
    return static_cast<int64_t>(1 + dice_.Below(static_cast<uint64_t>(scaled.maximum())));
  };
  const uint64_t which = dice_.Below(10);
  // What nobody takes back must not wait for ever.
  if (scaled.enforces()) {
    if (which < 5) burst.caps.pods = pods();
    if (which == 5) burst.caps.cpu_millicores = pods() * 100 + 30;
    if (which == 6) burst.caps.duration = dice_.Between(absl::Seconds(20), absl::Minutes(4));
    if (which == 7) burst.caps.cost_micros = pods() * 17'000;
  }
  burst.prices = {.core_hour_micros = kCoreHourMicros, .gib_hour_micros = 0, .currency = "USD"};
  burst.drain_back.enabled = dice_.Chance(940);
  burst.drain_back.surge = 1 + static_cast<int64_t>(dice_.Below(4));
  burst.drain_back.surge_timeout = dice_.Between(absl::Seconds(5), absl::Seconds(40));
  burst.drain_back.room_after = dice_.Between(absl::Seconds(1), absl::Seconds(15));
  burst.drain_back.max_room_after = absl::Minutes(1);
  burst.start_timeout = dice_.Between(absl::Seconds(5), absl::Seconds(30));
  policy_.name = "burst";
  policy_.spec = burst;
}

Resources BurstStory::Room(const ScaleStory& scaled, uint64_t nodes) {
  const auto least = static_cast<uint64_t>(scaled.rules().minimums.replicas);
  const uint64_t places = least + dice_.Below(scaled.maximum() - least + 1);
  const uint64_t each = (places + nodes - 1) / nodes;
  room_ = {.cpu_millicores = static_cast<int64_t>(each) * 100 + kSlackCpu,
           .memory_bytes = int64_t{1} << 38,
           .pods = kAnyNumberOfPods};
  return room_;
}

void BurstStory::Begin(World& world) {
  for (uint64_t i = 1; i <= virtual_nodes_; ++i) world.AddVirtualNode(absl::StrCat("virtual-", i));
  constexpr uint32_t kMinors[] = {20, 21, 22, 31};
  world.kubernetes().SetServerMinor(kMinors[dice_.Below(std::size(kMinors))]);
  world.Apply(policy_);
}

}  // namespace evenkeel::simulation
