#include "tests/replay/tape.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "coordinator/store/event_records.h"

namespace evenkeel::replay {

using namespace coordinator;

void Tape::OnStart(const Restored& restored, absl::Time now) {
  storage::v1::Restored record;
  EVENKEEL_CHECK(record.ParseFromString(ToRecord(restored).SerializeAsString()))
      << "a start has no stored form";
  items_.emplace_back(
      LogStart{.restored = FromRecord(record).value(), .now = now, .coordinator_version = EVENKEEL_VERSION});
}

void Tape::OnSteps(std::vector<RecordedStep> steps) {
  for (const RecordedStep& step : steps) {
    const std::string bytes = ToRecord(step.event).SerializeAsString();
    storage::v1::Event record;
    EVENKEEL_CHECK(record.ParseFromString(bytes)) << "an event has no stored form";
    LogStep told{.event = FromRecord(record).value(), .now = step.now, .decided = {}};
    for (const Decision& decision : step.decided)
      told.decided.push_back({decision.id, Fingerprint(decision)});
    items_.emplace_back(std::move(told));
    bytes_ += bytes.size();
    ++steps_;
    ++since_checkpoint_;
  }
}

bool Tape::WantsCheckpoint() const {
  return checkpoint_after_ > 0 && since_checkpoint_ >= checkpoint_after_;
}

void Tape::OnCheckpoint(std::string checkpoint, absl::Time now) {
  since_checkpoint_ = 0;
  items_.emplace_back(LogCheckpoint{.state = std::move(checkpoint),
                                    .shape = Core::CheckpointShape(),
                                    .now = now,
                                    .coordinator_version = EVENKEEL_VERSION});
}

std::vector<LogItem> Tape::From(absl::Time since) const {
  size_t first = 0;
  for (size_t i = 0; i < items_.size(); ++i) {
    const auto* start = std::get_if<LogStart>(&items_[i]);
    const auto* checkpoint = std::get_if<LogCheckpoint>(&items_[i]);
    if ((start != nullptr && start->now <= since) || (checkpoint != nullptr && checkpoint->now <= since)) {
      first = i;
    }
  }
  std::vector<LogItem> items(items_.begin() + static_cast<std::ptrdiff_t>(first), items_.end());
  if (auto* checkpoint = std::get_if<LogCheckpoint>(&items.front())) checkpoint->gap = true;
  return items;
}

Tale::Tale(uint64_t seed, Recorder* recorder)
    : dice_(seed), world_(std::make_unique<simulation::World>(nullptr, seed)) {
  world_->host().Record(recorder);
  nodes_ = 2 + dice_.Below(5);
  for (uint64_t i = 1; i <= nodes_; ++i) {
    world_->AddNode(absl::StrCat("node-", i),
                    dice_.Below(2) == 0 ? "" : absl::StrCat("zone-", dice_.Below(3)));
  }
  policy_.name = "failover";
  policy_.failover().cluster = simulation::kCluster;
  policy_.failover().mode = PolicyMode::kEnforce;
  policy_.failover().readmit_after = absl::Seconds(5);
  policy_.failover().recovery_timeout = absl::Seconds(60);
  policy_.failover().rebalance = dice_.Below(2) == 0;
  policy_.failover().fencing.self_fencing = seed % 2 == 0;
  policy_.failover().fencing.isolation_timeout = absl::Seconds(5);
  policy_.failover().fencing.stop_timeout = absl::Seconds(1);
  policy_.failover().fencing.hook = seed % 3 == 0;
  world_->Apply(policy_);
  world_->Deploy({.name = "web", .replicas = static_cast<uint32_t>(2 + dice_.Below(8))});
  world_->Deploy({.name = "db", .kind = "StatefulSet", .replicas = 2});
  world_->Start();
  world_->Advance(absl::Seconds(8));
}

void Tale::Play() {
  for (int i = 0; i < 30; ++i) {
    Happen();
    world_->Advance(
        dice_.Between(absl::Milliseconds(1), absl::Milliseconds(dice_.Below(4) == 0 ? 6000 : 900)));
  }
  world_->SetApiAway(false);
  for (uint64_t i = 1; i <= nodes_; ++i) Repair(absl::StrCat("node-", i));
  if (!world_->coordinator_runs()) world_->StartCoordinator();
  world_->Advance(absl::Minutes(2));
}

void Tale::Happen() {
  const std::string node = absl::StrCat("node-", 1 + dice_.Below(nodes_));
  simulation::Machine& machine = world_->machine(node);
  switch (dice_.Below(12)) {
    case 0:
    case 1:
    case 2:
      return machine.powered ? world_->PowerOff(node) : world_->PowerOn(node);
    case 3:
      return machine.AgentRuns() ? world_->KillAgent(node) : Repair(node);
    case 4:
      return machine.AgentRuns() ? world_->SayGoodbye(node) : Repair(node);
    case 5:
    case 6:
      return Repair(node);
    case 7:
      machine.kubelet = !machine.kubelet;
      return world_->MachineChanged(node);
    case 8:
      return world_->SetApiAway(!world_->kubernetes().away());
    case 9:
      if (world_->coordinator_runs())
        world_->PauseCoordinator(dice_.Between(absl::Milliseconds(100), absl::Seconds(4)));
      return;
    case 10:
      return world_->coordinator_runs() ? world_->StopCoordinator() : world_->StartCoordinator();
    default:
      if (!world_->coordinator_runs()) world_->StartCoordinator();
      return;
  }
}

void Tale::Repair(const std::string& node) {
  simulation::Machine& machine = world_->machine(node);
  machine.kubelet = true;
  if (!machine.powered) return world_->PowerOn(node);
  if (!machine.agent) world_->StartAgent(node);
  world_->MachineChanged(node);
}

}  // namespace evenkeel::replay
