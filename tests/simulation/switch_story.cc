#include "tests/simulation/switch_story.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace evenkeel::simulation {

using namespace coordinator;  // specs are the core's

namespace {

constexpr uint32_t kNodes = 3;  // of each cluster
constexpr uint32_t kUsersPerMinute = 40 * 60;
constexpr uint32_t kSlowPerMinute = 60;

FailoverPolicy FailoverOf(const std::string& cluster) {
  FailoverPolicy failover;
  failover.cluster = cluster;
  failover.mode = PolicyMode::kEnforce;
  failover.readmit_after = absl::Seconds(5);
  failover.recovery_timeout = absl::Seconds(60);
  return failover;
}

}  // namespace

void SwitchStory::Begin(World& world) {
  if (dice_.Chance(400)) applications_.emplace_back("api");
  world.AddCluster(kWest);
  for (const std::string& cluster : {std::string(kEast), std::string(kWest)}) {
    for (uint32_t i = 1; i <= kNodes; ++i) {
      world.AddNode(absl::StrCat(cluster, "-", i), "",
                    {.cpu_millicores = 8000, .memory_bytes = int64_t{1} << 36, .pods = 100}, cluster);
    }
    Policy policy;
    policy.name = absl::StrCat("failover-", cluster);
    policy.failover() = FailoverOf(cluster);
    world.Apply(policy);
  }
  std::vector<std::string> gateways = {"edge"};
  if (dice_.Chance(300)) gateways.emplace_back("inner");
  for (const std::string& name : gateways) {
    GatewayAbilities abilities = UsualAbilities();
    abilities.fences = dice_.Chance(900);
    GatewayModel& gateway = world.switching().AddGateway(name, abilities);
    gateway.SetKeeps(dice_.Chance(500));
  }
  for (const std::string& application : applications_) {
    const auto replicas = static_cast<uint32_t>(2 + dice_.Below(2));
    for (const std::string& cluster : {std::string(kEast), std::string(kWest)}) {
      WorkloadSpec workload;
      workload.name = application;
      workload.replicas = replicas;
      world.Deploy(workload, cluster);
    }
    const std::map<std::string, BackendPlace> backends = {{kEast, {kEast, application}},
                                                          {kWest, {kWest, application}}};
    for (const std::string& name : gateways) {
      if (name != "edge" && application != "web") continue;
      GatewayModel& gateway = *world.switching().Find(name);
      gateway.AddRoute(application, backends, kEast);
      gateway.AddClient(application,
                        {.kind = ProbeKind::kKeepAlive, .per_minute = kUsersPerMinute, .length = {}});
      // Some are so slow that a hold is over before them.
      const absl::Duration slow = dice_.Chance(800) ? dice_.Between(absl::Seconds(1), absl::Seconds(4))
                                                    : dice_.Between(absl::Seconds(8), absl::Seconds(25));
      gateway.AddClient(application,
                        {.kind = ProbeKind::kSlow, .per_minute = kSlowPerMinute, .length = slow});
    }
  }
}

SwitchSpec SwitchStory::Draw(World& world, const std::string& application) {
  SwitchSpec spec;
  spec.name = application;
  const auto shape = world.switching().Find("edge")->Shape(application);
  spec.from = shape.backends.at(kWest).percent > shape.backends.at(kEast).percent ? kWest : kEast;
  spec.to = Other(spec.from);
  spec.applications.push_back({.name_space = kNamespace, .service = application, .selector = ""});
  for (const auto& [name, gateway] : world.switching().gateways()) {
    if (!gateway->Has(application)) continue;
    SwitchedRoute route;
    route.key = {name, application};
    route.blue = spec.from;
    route.green = spec.to;
    spec.routes.push_back(route);
  }
  DrawSteps(spec);
  DrawRules(spec);
  return spec;
}

void SwitchStory::DrawSteps(SwitchSpec& spec) {
  static const std::vector<std::vector<uint32_t>> kLadders = {
      {10, 50, 100}, {50, 100}, {100}, {0, 25, 100}, {5, 20, 60, 100}};
  const std::vector<uint32_t>& ladder = kLadders[dice_.Below(kLadders.size())];
  const absl::Duration soak = dice_.Between(absl::Seconds(2), absl::Seconds(6));
  for (const uint32_t percent : ladder) {
    SwitchStep step;
    step.percent = percent;
    if (percent == 0) step.canary = HeaderMatch{.header = "x-canary", .value = "yes"};
    step.soak = soak;
    step.min_requests = 5 + dice_.Below(10);
    step.approve = dice_.Chance(70);
    spec.steps.push_back(step);
  }
}

void SwitchStory::DrawRules(SwitchSpec& spec) {
  spec.gates.patience = dice_.Between(absl::Seconds(5), absl::Seconds(20));
  if (dice_.Chance(150)) {
    GateHook hook;
    hook.name = "orders";
    hook.url = "http://orders/gate";
    hook.period = absl::Seconds(1);
    spec.gates.hooks.push_back(hook);
  }
  if (dice_.Chance(600)) {
    spec.prober.url = "http://edge/";
    spec.prober.slow_path = "/slow";
    spec.prober.per_second = 4;
    spec.gates.max_probe_failures = dice_.Chance(500) ? 0 : 5;
  }
  spec.hold.length = dice_.Between(absl::Seconds(2), absl::Seconds(12));
  spec.hold.commit_by_itself = dice_.Chance(800);
  spec.hold.close_blue = dice_.Chance(500);
  spec.drain.deadline = dice_.Between(absl::Seconds(1), absl::Seconds(6));
  const uint64_t at_deadline = dice_.Below(3);
  if (at_deadline == 1) spec.drain.at_deadline = AtDrainDeadline::kLeave;
  if (at_deadline == 2 && spec.hold.close_blue) spec.drain.at_deadline = AtDrainDeadline::kCut;
  if (dice_.Chance(150)) spec.on_failed_gate = OnFailedGate::kStop;
  if (dice_.Chance(500)) spec.on_foreign_change = OnForeignChange::kHeal;
  if (dice_.Chance(300)) spec.on_reload = OnForeignChange::kStop;
  if (dice_.Chance(500)) spec.on_lost_blue = OnLostBlue::kFinish;
  spec.mode = dice_.Chance(960) ? SwitchMode::kEnforce : SwitchMode::kObserve;
}

}  // namespace evenkeel::simulation
