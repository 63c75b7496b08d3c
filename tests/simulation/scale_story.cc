#include "tests/simulation/scale_story.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace evenkeel::simulation {

using namespace coordinator;  // policies are the core's

namespace {

constexpr uint64_t kOwnDice = 0x5ca1e;
constexpr int64_t kRequest = 100;  // millicores of each pod
constexpr uint64_t kLargeCluster = 100;

}  // namespace

ScaleStory::ScaleStory(uint64_t seed) : dice_(seed + kOwnDice) {}

std::optional<ScaleStory> ScaleStory::Draw(uint64_t seed, uint64_t nodes,
                                           std::vector<WorkloadSpec>& workloads, bool always) {
  ScaleStory story(seed);
  const bool drawn = nodes < kLargeCluster && story.dice_.Chance(330);
  if (!drawn && !always) return std::nullopt;
  story.workload_ = story.dice_.Chance(800) ? "web" : "db";
  const ScaleRules rules = story.DrawRules();
  for (WorkloadSpec& workload : workloads) {
    if (workload.name != story.workload_) continue;
    workload.requests.cpu_millicores = kRequest;
    workload.replicas = std::clamp(workload.replicas, static_cast<uint32_t>(rules.minimums.replicas),
                                   static_cast<uint32_t>(rules.maximum));
    ScalePolicy scale;
    scale.cluster = kCluster;
    scale.target = SubjectOf(workload);
    scale.version = "v1";
    scale.mode = story.dice_.Chance(920) ? PolicyMode::kEnforce : PolicyMode::kObserve;
    scale.rules = rules;
    story.policy_.name = absl::StrCat("scale-", workload.name);
    story.policy_.spec = scale;
  }
  story.other_ = "cart";
  workloads.push_back({.name = story.other_,
                       .replicas = 2,
                       .requests = {.cpu_millicores = kRequest, .memory_bytes = 0, .pods = 1}});
  const CpuTarget& target = rules.target;
  const bool percent = target.kind == CpuTarget::Kind::kPercentOfRequest;
  story.target_millicores_ = percent ? kRequest * target.value / 100 : target.value;
  if (story.dice_.Chance(300)) story.limit_millicores_ = story.target_millicores_ * 2;
  if (story.dice_.Chance(300)) story.start_up_millicores_ = 500;
  story.has_noise_ = story.dice_.Chance(200);
  return story;
}

// Windows are shorter than people would set them in most trials, so that much happens in a few minutes.
ScaleRules ScaleStory::DrawRules() {
  ScaleRules rules;
  rules.minimums.replicas = 1 + static_cast<int64_t>(dice_.Below(3));
  rules.maximum = rules.minimums.replicas + 3 + static_cast<int64_t>(dice_.Below(8));
  if (dice_.Chance(800)) {
    rules.target = {CpuTarget::Kind::kPercentOfRequest, 40 + static_cast<int64_t>(dice_.Below(50))};
  } else {
    rules.target = {CpuTarget::Kind::kMillicores, 30 + static_cast<int64_t>(dice_.Below(100))};
  }
  if (dice_.Chance(200)) rules.tolerance = {.up = 0.05, .down = 0.2};
  constexpr absl::Duration kWindows[] = {absl::Seconds(5), absl::Seconds(15), absl::Seconds(30),
                                         absl::Seconds(60), absl::Minutes(2)};
  rules.behaviour.down.stabilisation = kWindows[dice_.Below(std::size(kWindows))];
  if (dice_.Chance(150)) rules.behaviour.down.stabilisation = absl::Minutes(5);
  if (dice_.Chance(250))
    rules.behaviour.up.policies = {
        {RatePolicy::Kind::kPods, 1 + static_cast<int64_t>(dice_.Below(3)), absl::Seconds(10)}};
  if (dice_.Chance(250))
    rules.behaviour.down.policies = {
        {RatePolicy::Kind::kPods, 2 + static_cast<int64_t>(dice_.Below(3)), absl::Seconds(10)}};
  if (dice_.Chance(200)) rules.behaviour.up.stabilisation = absl::Seconds(5);
  rules.panic.enabled = dice_.Chance(800);
  rules.panic.stable_window = dice_.Between(absl::Seconds(10), absl::Seconds(60));
  rules.window = absl::Seconds(5) + absl::Seconds(static_cast<int64_t>(dice_.Below(11)));
  rules.scale_in_interval = absl::Seconds(static_cast<int64_t>(dice_.Below(16)));
  rules.start_up.initialization = dice_.Chance(500) ? absl::Seconds(30) : absl::Minutes(5);
  return rules;
}

std::vector<WorkloadSpec> ScaleStory::Grown(std::vector<WorkloadSpec> workloads) const {
  for (WorkloadSpec& workload : workloads) {
    if (workload.name == workload_) workload.replicas = maximum() + kMostByHand;
  }
  return workloads;
}

void ScaleStory::Begin(World& world) {
  world.Apply(policy_);
  world.SetLoad(workload_, LoadOf(AnyHeight(dice_)));
}

absl::Duration ScaleStory::echo() const {
  const ScaleRules& rules = policy_.scale().rules;
  return std::max(rules.behaviour.down.stabilisation, rules.panic.stable_window) + rules.window +
         absl::Minutes(1);
}

Load ScaleStory::LoadOf(int64_t hundredths) const {
  Load load;
  load.base_millicores = load.peak_millicores = hundredths * target_millicores_ / 100;
  load.limit_millicores = limit_millicores_;
  load.start_up_millicores = start_up_millicores_;
  return load;
}

int64_t ScaleStory::AnyHeight(Dice& dice) const {
  return LowHeight(dice) + static_cast<int64_t>(dice.Below(static_cast<uint64_t>(maximum()) * 120));
}

int64_t ScaleStory::LowHeight(Dice& dice) const {
  const auto least = static_cast<uint64_t>(policy_.scale().rules.minimums.replicas);
  return static_cast<int64_t>(dice.Below(least * 100));
}

int64_t ScaleStory::HighHeight(Dice& dice) const {
  return int64_t{maximum()} * (60 + static_cast<int64_t>(dice.Below(80)));
}

}  // namespace evenkeel::simulation
