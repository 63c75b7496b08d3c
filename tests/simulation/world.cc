#include "tests/simulation/world.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/act/claim.h"

namespace evenkeel::simulation {

using namespace coordinator;  // the world speaks the core's language

namespace {

constexpr absl::Duration kListing = absl::Milliseconds(200);  // of a starting coordinator
constexpr absl::Duration kBoot = absl::Seconds(5);            // of a machine that was reset
constexpr absl::Duration kRepair = absl::Seconds(30);         // of one that the fencing hook has powered off
constexpr absl::Duration kZombieLate = absl::Milliseconds(50);
constexpr absl::Duration kClaimDeadline = absl::Seconds(2);

Claimant ClaimantOf(const CoordinatorHost& host) {
  return {.name_space = "evenkeel", .store_id = "the-store", .epoch = host.epoch()};
}

}  // namespace

// What another cluster than the first has of its own.
struct World::Cluster {
  Cluster(KubernetesModel::Surroundings around, uint64_t seed, Schedule& schedule)
      : kubernetes(std::move(around), seed), claims(schedule, [this] { return !kubernetes.away(); }) {}

  KubernetesModel kubernetes;
  Claims claims;
};

World::World(Observer* observer, uint64_t seed, const std::string& cluster)
    : observer_(observer),
      seed_(seed),
      cluster_(cluster),
      schedule_(absl::FromUnixSeconds(1'767'225'600)),
      start_(schedule_.now()),
      network_(machines_),
      truth_(schedule_, machines_, network_),
      kubernetes_(AroundKubernetes(cluster), seed),
      agents_(schedule_, knobs_, machines_, network_, marks_, seed),
      fences_(
          {.schedule = schedule_,
           .machines = machines_,
           .network = network_,
           .agents = agents_,
           .marks = marks_,
           .report =
               [this](const std::string& node, FencingReported report) {
                 report.node = {ClusterOf(node), node};
                 host().Post(report);
               },
           .stop =
               [this](const std::string& node, const std::set<std::string>& uids) {
                 KubernetesOf(ClusterOf(node)).ContainersStopped(node, uids);
               },
           .changed = [this](const std::string& node) { KubernetesOf(ClusterOf(node)).MayRunAgain(node); },
           .reset = [this](const std::string& node) { Reset(node); },
           .tell =
               [observer](const std::string& line) {
                 if (observer != nullptr) observer->OnTruth(line);
               }},
          seed),
      samples_({.schedule = schedule_,
                .knobs = knobs_,
                .machines = machines_,
                .kubernetes = kubernetes_,
                .agents = agents_,
                .marks = marks_},
               seed),
      claims_(schedule_, [this] { return !kubernetes_.away(); }),
      switching_(*this, observer, seed) {
  agents_.OnFirstReport([this](const std::string& node, uint64_t connection, v1::Report& report) {
    samples_.AddAll(node, connection, report);
  });
  agents_.OnApiTried([this](const std::string& cluster) { return KubernetesOf(cluster).Answers(); });
  AddHost();
}

World::~World() = default;

KubernetesModel::Surroundings World::AroundKubernetes(const std::string& cluster) {
  return {
      .cluster = cluster,
      .schedule = schedule_,
      .knobs = knobs_,
      .machines = machines_,
      .network = network_,
      .marks = marks_,
      .tell = [this](const Event& event) { host().Post(event); },
      .started =
          [this](const std::string& node, const std::string& identity) {
            if (observer_ != nullptr) observer_->OnStarted(node, identity);
          },
      .held = [this](const std::string& node, const std::string& uid) { return fences_.Holds(node, uid); },
      .power_off = [this](const std::string& node) { HookStruck(node); },
      .scaled =
          [this](const ReleasedAction& action) {
            if (observer_ != nullptr) observer_->OnScaled(action);
          }};
}

void World::AddCluster(const std::string& name) {
  others_.emplace(name, std::make_unique<Cluster>(AroundKubernetes(name),
                                                  seed_ == 0 ? 0 : seed_ + 0xc1 + others_.size(), schedule_));
}

std::vector<std::string> World::clusters() const {
  std::vector<std::string> names = {cluster_};
  for (const auto& [name, other] : others_) names.push_back(name);
  return names;
}

const std::string& World::ClusterOf(const std::string& node) const {
  const auto other = cluster_of_.find(node);
  return other == cluster_of_.end() ? cluster_ : other->second;
}

KubernetesModel& World::KubernetesOf(const std::string& cluster) {
  const auto other = others_.find(cluster);
  return other == others_.end() ? kubernetes_ : other->second->kubernetes;
}

Claims& World::ClaimsOf(const std::string& cluster) {
  const auto other = others_.find(cluster);
  return other == others_.end() ? claims_ : other->second->claims;
}

void World::AddHost() {
  hosts_.push_back(std::make_unique<CoordinatorHost>(AroundHost(hosts_.size()), seed_ + 1 + hosts_.size()));
}

CoordinatorHost::Surroundings World::AroundHost(size_t place) {
  return {
      .clusters = [this] { return clusters(); },
      .cluster_of = [this](const std::string& node) { return ClusterOf(node); },
      .schedule = schedule_,
      .knobs = knobs_,
      .agents = agents_,
      .disk = disk_,
      .marks = marks_,
      .observer = observer_,
      .act = [this, place](const ReleasedAction& action) { Act(place, action); },
      .withdraw = [this, place](const WithdrawActions& withdrawal) { Withdraw(place, withdrawal); },
      .read =
          [this, place](const ReadLease& request) {
            CoordinatorHost& host = *hosts_[place];
            KubernetesOf(request.node.cluster)
                .Read(request, [&host, life = host.life()](const Event& answer) { host.Post(answer, life); });
          },
      .reach =
          [this, place](const AskKubelet& request) {
            CoordinatorHost& host = *hosts_[place];
            KubernetesOf(request.node.cluster)
                .Reach(request,
                       [&host, life = host.life()](const Event& answer) { host.Post(answer, life); });
          },
      .set_fencing = [this](const SetFencing& request,
                            uint64_t connection) { fences_.Settings(request, connection); },
      // A process that was overtaken watches its own; what that shows it comes to nothing.
      .watch =
          [this, place](const WatchWorkload& request) {
            if (place + 1 == hosts_.size()) kubernetes_.scaling().Watch(request);
          },
      .unwatch =
          [this, place](const UnwatchWorkload& request) {
            if (place + 1 == hosts_.size()) kubernetes_.scaling().Unwatch(request);
          },
      .sample_closely =
          [this](const std::string& node, uint64_t connection, const std::vector<std::string>& uids) {
            samples_.SampleClosely(node, connection, uids);
          },
      .switching = [this, place](const Request& request) { switching_.Take(*hosts_[place], place, request); },
      .goodbye_heard = [this](const std::string& node) { fences_.Left(node); },
      .started = [this, place] { CoordinatorStarted(place); },
      .died =
          [this] {
            if (died_) died_();
          },
      .overtaken =
          [this] { schedule_.After(absl::ZeroDuration(), [this] { Overtake(absl::ZeroDuration()); }); }};
}

void World::CoordinatorStarted(size_t place) {
  CoordinatorHost& host = *hosts_[place];
  kubernetes_.scaling().Forget();
  for (const std::string& cluster : clusters()) {
    CheckClaim(ClaimsOf(cluster), ClaimantOf(host), now(), kClaimDeadline, [](const absl::Status&) {});
    schedule_.After(kListing, [this, &host, cluster, life = host.life()] {
      KubernetesModel& kubernetes = KubernetesOf(cluster);
      if (life == host.life() && !kubernetes.away()) kubernetes.TellAll();
    });
  }
}

void World::Withdraw(size_t place, const WithdrawActions& withdrawal) {
  withdrawn_[{place, withdrawal.decision}] = acts_;
  switching_.Withdraw(*hosts_[place], place, withdrawal);
}

bool World::IsWanted(size_t place, uint64_t order, const ReleasedAction& action) const {
  const ActionKind kind = action.action.kind;
  if (kind == ActionKind::kUntaintNode || kind == ActionKind::kUntaintGray ||
      kind == ActionKind::kUntaintOutOfService) {
    return true;
  }
  const auto withdrawn = withdrawn_.find({place, action.decision});
  return withdrawn == withdrawn_.end() || order > withdrawn->second;
}

// A restart is asked of the node's agent at once.
void World::Restart(size_t place, const ReleasedAction& action) {
  CoordinatorHost& acting = *hosts_[place];
  const auto answer = [&acting, life = acting.life()](const Event& given) { acting.Post(given, life); };
  if (&acting == &host()) return agents_.Restart(action, answer);
  // L7: the agents of a coordinator that was overtaken have left it.
  answer(ActionFinished{action.decision, action.action.number, ActionOutcome::kUnreachable,
                        "the node's agent has no session", action.action.attempts});
}

// As act/ does: the claim is read before an action is sent, again where the answer is too old (L7), and what
// was taken back by then is not sent.
void World::Act(size_t place, const ReleasedAction& action) {
  CoordinatorHost& host = *hosts_[place];
  if (action.action.kind == ActionKind::kRestartKubelet ||
      action.action.kind == ActionKind::kRestartRuntime) {
    return Restart(place, action);
  }
  if (action.action.kind == ActionKind::kShapeRoute) return switching_.Shape(host, place, action);
  // On the API's thread. Where another coordinator takes over at this instant, it comes to it a little later:
  // two that are both alive.
  schedule_.After(absl::ZeroDuration(), [this, &host, place, life = host.life(), order = ++acts_, action] {
    const absl::Duration late = host.zombie() ? kZombieLate : absl::ZeroDuration();
    schedule_.After(late + knobs_.claim_delay, [this, &host, place, life, order, action] {
      if (host.runs() && host.life() == life) CheckAndSend(place, order, action);
    });
  });
}

void World::CheckAndSend(size_t place, uint64_t order, const ReleasedAction& action) {
  CoordinatorHost& host = *hosts_[place];
  CheckClaim(
      ClaimsOf(action.cluster), ClaimantOf(host), now(), kClaimDeadline,
      [this, &host, place, order, action, life = host.life(), asked = now()](const absl::Status& status) {
        host.InProcess(life, [this, place, order, action, asked, status] {
          if (status.ok() && now() - asked > kClaimHolds) {
            marks_.Hit("claim read again");
            return CheckAndSend(place, order, action);
          }
          Send(place, order, action, status, asked);
        });
      });
}

void World::Send(size_t place, uint64_t order, const ReleasedAction& action, const absl::Status& claimed,
                 absl::Time asked) {
  CoordinatorHost& host = *hosts_[place];
  const auto answer = [&host, life = host.life()](const Event& given) { host.Post(given, life); };
  if (!IsWanted(place, order, action)) {
    marks_.Hit("action taken back");
    return answer(ActionFinished{action.decision, action.action.number, ActionOutcome::kWithdrawn,
                                 "taken back before it was sent", action.action.attempts});
  }
  if (!claimed.ok()) {
    const bool refused = absl::IsFailedPrecondition(claimed);
    if (refused) marks_.Hit("claim is another's");
    const ActionFinished finished{action.decision, action.action.number,
                                  refused ? ActionOutcome::kRefused : ActionOutcome::kUnreachable,
                                  std::string(claimed.message()), action.action.attempts};
    if (refused) return answer(finished);
    return schedule_.After(kClaimDeadline, [finished, answer] { answer(finished); });
  }
  const Claims& claims = ClaimsOf(action.cluster);
  const bool could_know = claims.since() < asked || now() - asked > kClaimHolds;
  if (observer_ != nullptr && claims.epoch() > host.epoch() && could_know)
    observer_->OnOvertaken(action, host.epoch(), claims.epoch());
  KubernetesOf(action.cluster).Act(action, answer);
}

void World::Overtake(absl::Duration pause) {
  if (!host().runs()) return;
  marks_.Hit("another coordinator takes over");
  if (pause > absl::ZeroDuration()) host().Pause(pause);
  host().MakeZombie();
  agents_.ListenerDied();
  if (observer_ != nullptr) observer_->OnCrash();
  AddHost();
  StartCoordinator();
}

void World::AddNode(const std::string& name, const std::string& zone, const Resources& room,
                    const std::string& cluster) {
  machines_[name].zone = zone;
  if (others_.contains(cluster)) cluster_of_[name] = cluster;
  KubernetesOf(cluster).AddNode(name, zone, room);
  agents_.Add(name);
}

void World::AddVirtualNode(const std::string& name) {
  AddNode(name, "");
  kubernetes_.MakeVirtual(name);
}

void World::Apply(const Policy& policy) {
  if (policy.IfFailover() != nullptr && policy.failover().fencing.self_fencing) {
    agents_.OnConfirmed([this](const std::string& node, absl::Time sent) { fences_.Heard(node, sent); });
  }
  if (host().runs()) {
    ApplyPolicy apply;
    apply.policy = policy;
    return host().Post(apply);
  }
  Policy& stored = disk_.policies[policy.name];
  stored = policy;
  stored.etag = absl::StrCat(disk_.epoch, "-0");
}

void World::RemovePolicy(const std::string& name) {
  if (host().runs()) return host().Post(DeletePolicy{.request_id = 0, .name = name, .expected_etag = ""});
  disk_.policies.erase(name);
}

void World::MachineChanged(const std::string& node) {
  truth_.Evaluate();
  KubernetesOf(ClusterOf(node)).MachineChanged(node);
  agents_.MachineChanged(node);
}

void World::NetworkChanged() {
  truth_.Evaluate();
  for (const std::string& cluster : clusters()) KubernetesOf(cluster).ReachChanged();
  for (const auto& [node, machine] : machines_) {
    KubernetesOf(ClusterOf(node)).MachineChanged(node);
    agents_.MachineChanged(node);
  }
}

void World::KillAgent(const std::string& node) {
  agents_.Kill(node);
  truth_.Evaluate();
}

void World::SayGoodbye(const std::string& node) {
  agents_.Goodbye(node);
  truth_.Evaluate();
}

void World::StartAgent(const std::string& node) {
  agents_.Start(node);
  fences_.AgentStarted(node);
  truth_.Evaluate();
}

void World::PowerOff(const std::string& node) {
  machines_.at(node).powered = false;
  MachineChanged(node);
}

void World::Reset(const std::string& node) {
  PowerOff(node);
  PowerOnLater(node, kBoot);
}

void World::HookStruck(const std::string& node) {
  PowerOff(node);
  // In scripts nothing happens that they do not say.
  if (seed_ != 0) PowerOnLater(node, kRepair);
}

void World::PowerOnLater(const std::string& node, absl::Duration after) {
  schedule_.After(after, [this, node] {
    Machine& machine = machines_.at(node);
    if (machine.powered) return;
    machine.frozen = false;
    PowerOn(node);
  });
}

void World::PowerOn(const std::string& node) {
  Machine& machine = machines_.at(node);
  machine.powered = true;
  machine.Mend(schedule_.now());
  machine.agent = true;
  ++machine.boots;
  fences_.Booted(node);
  truth_.Evaluate();
  KubernetesOf(ClusterOf(node)).MachineChanged(node);
  agents_.PoweredOn(node);
}

}  // namespace evenkeel::simulation
