#include "tests/simulation/world.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace evenkeel::simulation {

using namespace coordinator;  // the world speaks the core's language

namespace {

constexpr absl::Duration kListing = absl::Milliseconds(200);  // of a starting coordinator

}  // namespace

World::World(Observer* observer, uint64_t seed)
    : schedule_(absl::FromUnixSeconds(1'767'225'600)),
      start_(schedule_.now()),
      network_(machines_),
      truth_(schedule_, machines_, network_),
      kubernetes_({.cluster = kCluster,
                   .schedule = schedule_,
                   .knobs = knobs_,
                   .machines = machines_,
                   .network = network_,
                   .marks = marks_,
                   .tell = [this](const Event& event) { host_.Post(event); },
                   .started =
                       [observer](const std::string& node, const std::string& identity) {
                         if (observer != nullptr) observer->OnStarted(node, identity);
                       }},
                  seed),
      agents_(schedule_, knobs_, machines_, network_, marks_, seed),
      host_(Surroundings(observer), seed + 1) {}

CoordinatorHost::Surroundings World::Surroundings(Observer* observer) {
  return {.cluster = kCluster,
          .schedule = schedule_,
          .knobs = knobs_,
          .agents = agents_,
          .disk = disk_,
          .marks = marks_,
          .observer = observer,
          .act =
              [this](const ReleasedAction& action) {
                kubernetes_.Act(
                    action, [this, life = host_.life()](const Event& answer) { host_.Post(answer, life); });
              },
          .read =
              [this](const ReadLease& request) {
                kubernetes_.Read(
                    request, [this, life = host_.life()](const Event& answer) { host_.Post(answer, life); });
              },
          .started =
              [this] {
                schedule_.After(kListing, [this, life = host_.life()] {
                  if (life == host_.life() && !kubernetes_.away()) kubernetes_.TellAll();
                });
              },
          .died =
              [this] {
                if (died_) died_();
              }};
}

void World::AddNode(const std::string& name, const std::string& zone) {
  machines_[name].zone = zone;
  kubernetes_.AddNode(name, zone);
  agents_.Add(name);
}

void World::Apply(const Policy& policy) {
  if (host_.runs()) {
    ApplyPolicy apply;
    apply.policy = policy;
    return host_.Post(apply);
  }
  Policy& stored = disk_.policies[policy.name];
  stored = policy;
  stored.etag = absl::StrCat(disk_.epoch, "-0");
}

void World::MachineChanged(const std::string& node) {
  truth_.Evaluate();
  kubernetes_.MachineChanged(node);
  agents_.MachineChanged(node);
}

void World::NetworkChanged() {
  truth_.Evaluate();
  kubernetes_.ReachChanged();
  for (const auto& [node, machine] : machines_) {
    kubernetes_.MachineChanged(node);
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
  truth_.Evaluate();
}

void World::PowerOff(const std::string& node) {
  machines_.at(node).powered = false;
  MachineChanged(node);
}

void World::PowerOn(const std::string& node) {
  Machine& machine = machines_.at(node);
  machine.powered = true;
  machine.kubelet = true;
  machine.agent = true;
  ++machine.boots;
  truth_.Evaluate();
  kubernetes_.MachineChanged(node);
  agents_.PoweredOn(node);
}

}  // namespace evenkeel::simulation
