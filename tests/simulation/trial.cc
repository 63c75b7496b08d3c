#include "tests/simulation/trial.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tests/simulation/burst_story.h"
#include "tests/simulation/scale_story.h"

namespace evenkeel::simulation {

using namespace coordinator;  // policies are the core's

namespace {

// Laws first, then whoever else wants to see it; and the tormentor, who waits for his moment.
class Audience final : public Observer {
 public:
  Audience(Laws& laws, Observer* also, Tormentor* tormentor)
      : laws_(laws), also_(also), tormentor_(tormentor) {}

  void OnDurable(const std::vector<Write>& writes) override {
    laws_.OnDurable(writes);
    if (also_ != nullptr) also_->OnDurable(writes);
  }
  void OnTurn(const std::vector<Event>& events, const Effects& effects) override {
    laws_.OnTurn(events, effects);
    if (also_ != nullptr) also_->OnTurn(events, effects);
    for (const ReleasedAction& released : effects.actions) tormentor_->Acting(released);
  }
  void OnCrash() override {
    laws_.OnCrash();
    if (also_ != nullptr) also_->OnCrash();
  }
  void OnStarted(const std::string& node, const std::string& identity) override {
    laws_.OnStarted(node, identity);
    if (also_ != nullptr) also_->OnStarted(node, identity);
  }
  void OnScaled(const ReleasedAction& action) override {
    laws_.OnScaled(action);
    if (also_ != nullptr) also_->OnScaled(action);
  }
  void OnTruth(const std::string& line) override {
    if (also_ != nullptr) also_->OnTruth(line);
  }
  void OnOvertaken(const ReleasedAction& action, uint64_t epoch, uint64_t claimed) override {
    laws_.OnOvertaken(action, epoch, claimed);
    if (also_ != nullptr) also_->OnOvertaken(action, epoch, claimed);
  }

 private:
  Laws& laws_;
  Observer* const also_;
  Tormentor* const tormentor_;
};

class Trial {
 public:
  explicit Trial(const TrialOptions& options)
      : options_(options),
        dice_(options.seed),
        audience_(laws_, options.also, &tormentor_),
        world_(&audience_, options.seed),
        tormentor_(world_, options.seed + 0x5eed) {
    laws_.Follow(&world_);
    if (options.prepare) options.prepare(world_);
    world_.OnCoordinatorDied([this] { tormentor_.CoordinatorDied(); });
  }

  TrialResult Run() {
    SetUp();
    world_.Start();
    world_.Advance(absl::Seconds(7) + dice_.Between(absl::ZeroDuration(), absl::Seconds(3)));
    const uint64_t incidents = nodes_ >= 100 ? 6 + dice_.Below(10) : 3 + dice_.Below(22);
    // Some come on top of each other; in some trials there is time for what follows a failover, as well.
    const absl::Duration rest = nodes_ < 100 && dice_.Chance(250) ? absl::Seconds(20) : absl::Seconds(9);
    for (uint64_t i = 0; i < incidents; ++i) {
      Strike();
      world_.Advance(
          dice_.Between(absl::ZeroDuration(), dice_.Chance(300) ? rest : absl::Milliseconds(1500)));
    }
    tormentor_.EndAll();
    return Finish();
  }

 private:
  // Where something is scaled, half of what happens is about that, and there is time for what follows.
  void Strike() {
    if (!story_ || story_->dice().Chance(500)) tormentor_.Strike();
    if (!story_) return;
    if (story_->dice().Chance(600)) tormentor_.StrikeScaled();
    if (burst_ && burst_->dice().Chance(500)) {
      tormentor_.StrikeBurst();
      // Pods go and come home in their own time.
      world_.Advance(burst_->dice().Between(absl::ZeroDuration(), absl::Seconds(25)));
    }
    world_.Advance(story_->dice().Between(absl::ZeroDuration(), absl::Seconds(10)));
  }

  void SetUp() {
    nodes_ = options_.nodes;
    if (nodes_ == 0) nodes_ = options_.seed % 100 == 99 ? 500 + dice_.Below(100) : 2 + dice_.Below(7);
    std::vector<WorkloadSpec> workloads = DrawWorkloads();
    story_ = ScaleStory::Draw(options_.seed, nodes_, workloads);
    Resources room = DrawRoom(story_ ? story_->Grown(workloads) : workloads);
    if (!story_) burst_ = BurstStory::Draw(options_.seed, nodes_);
    if (burst_) {
      story_ = ScaleStory::Draw(options_.seed, nodes_, workloads, true);
      burst_->Fit(*story_, workloads);
      room = burst_->Room(*story_, nodes_);
    }
    const uint64_t zones = 1 + dice_.Below(4);
    for (uint64_t i = 1; i <= nodes_; ++i) {
      const std::string zone = zones == 1 ? "" : absl::StrCat("zone-", dice_.Below(zones));
      world_.AddNode(absl::StrCat("node-", i), zone, room);
    }
    if (zones > 1 && dice_.Chance(400)) world_.network().PlaceCoordinator("zone-0");
    if (zones > 1 && dice_.Chance(400)) world_.network().PlaceApi("zone-0");

    Policy policy;
    policy.name = "failover";
    policy.failover().cluster = kCluster;
    policy.failover().mode = dice_.Chance(950) ? PolicyMode::kEnforce : PolicyMode::kObserve;
    policy.failover().readmit_after = absl::Seconds(5);
    policy.failover().recovery_timeout = absl::Seconds(60);
    policy.failover().rebalance = dice_.Chance(500);
    policy.failover().max_unavailable_nodes =
        1 + static_cast<uint32_t>(dice_.Below(dice_.Chance(500) ? 3 : 1));
    GrayPolicy& gray = policy.failover().gray;
    gray.after = absl::Seconds(3);
    gray.recover_after = absl::Seconds(5);
    gray.restart_timeout = absl::Seconds(10);
    gray.escalate_after = absl::Minutes(1);
    gray.taint = dice_.Chance(700);
    gray.restart = dice_.Chance(500);
    gray.drain = gray.taint && dice_.Chance(600);
    policy.failover().witnesses = 2 + static_cast<uint32_t>(dice_.Below(3));
    DrawLimits(policy.failover().limits, policy.failover().max_unavailable_nodes);
    if (dice_.Chance(250)) {
      policy.failover().beat_interval = absl::Seconds(1);
      policy.failover().suspect_after = absl::Seconds(3);
    }
    policy.failover().fencing = Fencing();
    world_.Apply(policy);

    if (burst_) burst_->Begin(world_);
    for (const WorkloadSpec& workload : workloads) world_.Deploy(workload);
    if (!story_) return;
    story_->Begin(world_);
    tormentor_.Follow(&*story_);
    if (burst_) tormentor_.Follow(&*burst_);
  }

  std::vector<WorkloadSpec> DrawWorkloads() {
    const auto few = [this](uint64_t most) { return static_cast<uint32_t>(1 + dice_.Below(most)); };
    std::vector<WorkloadSpec> workloads;
    workloads.push_back({.name = "web", .replicas = nodes_ >= 100 ? 300 : 1 + few(8)});
    workloads.push_back({.name = "db", .kind = "StatefulSet", .replicas = few(3)});
    if (dice_.Chance(300)) workloads.push_back({.name = "disk", .replicas = 1, .claim = "disk-claim"});
    if (dice_.Chance(300)) workloads.push_back({.name = "first", .replicas = few(3), .priority = 1000});
    if (dice_.Chance(200)) workloads.push_back({.name = "log", .kind = "DaemonSet"});
    // Its pods are placed on dead nodes again and again.
    if (dice_.Chance(200))
      workloads.push_back({.name = "stubborn", .replicas = few(3), .tolerates_all = true});
    return workloads;
  }

  // For all pods while all nodes are well; in a few trials not for many more.
  Resources DrawRoom(const std::vector<WorkloadSpec>& workloads) {
    if (nodes_ >= 100 || !dice_.Chance(200)) return {};
    uint64_t places = 0;
    uint64_t everywhere = 0;
    for (const WorkloadSpec& workload : workloads) {
      (workload.kind == "DaemonSet" ? everywhere : places) += workload.replicas;
    }
    return {.cpu_millicores = 64000,
            .memory_bytes = int64_t{1} << 38,
            .pods = static_cast<int64_t>((places + nodes_ - 1) / nodes_ + everywhere + 1)};
  }

  // Each guard is at its default in most trials, and in a few so tight, or so soon over, that it shows.
  // A domain's limit shows only where it is less than the cluster's, which is `nodes`.
  void DrawLimits(DisruptionLimits& limits, uint32_t nodes) {
    if (dice_.Chance(600)) limits.storm_cool_down = dice_.Between(absl::ZeroDuration(), absl::Seconds(5));
    if (dice_.Chance(200)) limits.release_budget_after = dice_.Between(absl::Seconds(1), absl::Seconds(20));
    if (dice_.Chance(200)) limits.min_healthy_percent = static_cast<uint32_t>(dice_.Below(90));
    if (dice_.Chance(nodes > 1 ? 600 : 200))
      limits.max_unavailable_nodes_per_domain =
          1 + static_cast<uint32_t>(dice_.Below(nodes > 1 ? nodes - 1 : 2));
    if (dice_.Chance(250)) {
      limits.max_disruptions = static_cast<uint32_t>(1 + dice_.Below(3));
      limits.disruption_window = dice_.Between(absl::Seconds(10), absl::Minutes(2));
      if (dice_.Chance(500)) limits.max_disruptions_per_domain = 1;
    }
  }

  // With dice of its own, so that it changes no other story.
  FencingPolicy Fencing() {
    Dice dice(options_.seed + 0xfe9ce);
    FencingPolicy fencing;
    fencing.self_fencing = dice.Chance(600);
    fencing.isolation_timeout = dice.Between(absl::Seconds(5), absl::Seconds(12));
    fencing.stop_timeout = dice.Between(absl::Seconds(1), absl::Seconds(4));
    fencing.hook = dice.Chance(200);
    world_.kubernetes().SetHook(dice.Chance(700));
    // Never believed without: then an agent that hangs leaves its pods running.
    world_.fences().SetWatchdogs(dice.Chance(800));
    if (dice.Chance(200)) world_.kubernetes().SetOldServer();
    return fencing;
  }

  // L11.
  TrialResult Finish() {
    const absl::Time ended = world_.now();
    constexpr absl::Duration kLook = absl::Seconds(5);
    std::string left = "not looked at";
    const absl::Duration most = burst_ ? kBurstConvergence : story_ ? kScaledConvergence : kConvergence;
    while (world_.now() - ended < most) {
      world_.Advance(kLook);
      left = laws_.NotConverged();
      if (left.empty()) break;
    }
    TrialResult result;
    result.converged = world_.now() - ended;
    if (left.empty() && story_ && story_->has_noise()) Waver();
    if (!left.empty()) {
      laws_.Violated(left.substr(0, left.find(':')),
                     absl::StrCat(left.substr(left.find(": ") + 2), ", ", absl::FormatDuration(most),
                                  " after the faults' end"));
    }
    result.seed = options_.seed;
    result.nodes = nodes_;
    result.violations = laws_.violations();
    result.trace = laws_.trace();
    result.marks = world_.marks();
    result.simulated = world_.now() - world_.start();
    result.happenings = world_.schedule().happened();
    return result;
  }

  // Ten minutes of steady noise, from calm on: see ScaleLaws.
  void Waver() {
    world_.Advance(story_->echo());
    Load load = world_.samples().LoadOf(story_->workload());
    load.noise_percent = 10;
    load.seed = options_.seed;
    world_.SetLoad(story_->workload(), load);
    laws_.BeginNoise();
    world_.Advance(absl::Minutes(10));
    laws_.EndNoise();
  }

  const TrialOptions options_;
  Dice dice_;
  std::optional<ScaleStory> story_;
  std::optional<BurstStory> burst_;
  Laws laws_;
  Audience audience_;
  World world_;
  Tormentor tormentor_;
  uint64_t nodes_ = 0;
};

}  // namespace

TrialResult RunTrial(const TrialOptions& options) {
  return Trial(options).Run();
}

}  // namespace evenkeel::simulation
