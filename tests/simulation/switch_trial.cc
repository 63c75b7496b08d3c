#include "tests/simulation/switch_trial.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/simulation/switch_incidents.h"
#include "tests/simulation/switch_laws.h"
#include "tests/simulation/switch_story.h"

namespace evenkeel::simulation {

using namespace coordinator;  // orders are the core's

namespace {

// People look at what has stopped so often.
constexpr absl::Duration kPeopleLook = absl::Seconds(5);
// Before that long after the faults' end they leave it to itself.
constexpr absl::Duration kByItself = absl::Seconds(45);

// The laws first, then whoever else wants to see it; and the incidents, which wait for their moment.
class SwitchAudience final : public Observer {
 public:
  SwitchAudience(SwitchLaws& laws, Observer* also, SwitchIncidents* incidents)
      : laws_(laws), also_(also), incidents_(incidents) {}

  void OnDurable(const std::vector<Write>& writes) override {
    laws_.OnDurable(writes);
    if (also_ != nullptr) also_->OnDurable(writes);
    incidents_->OnDurable(writes);
  }
  void OnTurn(const std::vector<Event>& events, const Effects& effects) override {
    laws_.OnTurn(events, effects);
    if (also_ != nullptr) also_->OnTurn(events, effects);
  }
  void OnCrash() override {
    laws_.OnCrash();
    if (also_ != nullptr) also_->OnCrash();
  }
  void OnRouteWritten(const RouteWritten& written) override {
    laws_.OnRouteWritten(written);
    if (also_ != nullptr) also_->OnRouteWritten(written);
  }
  void OnTruth(const std::string& line) override {
    if (also_ != nullptr) also_->OnTruth(line);
  }

 private:
  SwitchLaws& laws_;
  Observer* const also_;
  SwitchIncidents* const incidents_;
};

class SwitchTrial {
 public:
  explicit SwitchTrial(const TrialOptions& options)
      : options_(options),
        dice_(options.seed + 0x51),
        audience_(laws_, options.also, &incidents_),
        world_(&audience_, options.seed, SwitchStory::kEast),
        story_(options.seed + 0x570),
        incidents_(
            world_, story_, [this](const OrderSwitch& order) { laws_.Ordered(order); }, options.seed + 0x1c) {
    if (options.prepare) options.prepare(world_);
    world_.OnCoordinatorDied([this] { incidents_.CoordinatorDied(); });
  }

  TrialResult Run() {
    story_.Begin(world_);
    laws_.Follow(&world_);
    world_.Start();
    world_.Advance(absl::Seconds(9) + dice_.Between(absl::ZeroDuration(), absl::Seconds(2)));
    for (const std::string& application : story_.applications()) incidents_.Start(application);
    if (dice_.Chance(300)) incidents_.LieInWait();
    // Most begin in peace, so that they come as far as a step.
    if (dice_.Chance(800)) world_.Advance(dice_.Between(absl::Seconds(2), absl::Seconds(14)));
    const uint64_t incidents = dice_.Chance(100) ? 0 : 1 + dice_.Below(14);
    for (uint64_t i = 0; i < incidents; ++i) {
      incidents_.Strike();
      world_.Advance(
          dice_.Between(absl::ZeroDuration(), dice_.Chance(400) ? absl::Seconds(9) : absl::Seconds(2)));
    }
    incidents_.EndAll();
    return Finish();
  }

 private:
  // L11.
  TrialResult Finish() {
    const absl::Time ended = world_.now();
    while (world_.now() - ended < kSwitchConvergence && !laws_.Open().empty()) {
      world_.Advance(kPeopleLook);
      const absl::Duration calm = world_.now() - ended;
      if (calm < kByItself) continue;
      for (const auto& [name, record] : laws_.Open()) Answer(name, record, calm > kSwitchConvergence / 2);
    }
    const absl::Duration converged = world_.now() - ended;
    for (const auto& [name, record] : laws_.Open()) {
      laws_.Violated(
          "L11", absl::StrCat("switch ", name, " has not ended ", absl::FormatDuration(kSwitchConvergence),
                              " after the faults' end: it is ", Word(record.phase),
                              record.stop ? "; " + record.stop->reason : ""));
    }
    // What was said to be the end must last.
    world_.Advance(absl::Seconds(5));
    laws_.JudgeEnd();
    TrialResult result;
    result.seed = options_.seed;
    result.nodes = world_.machines().size();
    result.violations = laws_.violations();
    result.trace = laws_.trace();
    result.marks = world_.marks();
    result.simulated = world_.now() - world_.start();
    result.converged = converged;
    result.happenings = world_.schedule().happened();
    return result;
  }

  // As an operator would: lets it go on, and after a long time takes it back.
  void Answer(const std::string& name, const SwitchRecord& record, bool give_up) {
    OrderSwitch order;
    order.name = name;
    order.reason = "the trial is over";
    if (give_up) {
      // Nothing has stopped it, and nobody is waited for.
      if (!record.stop && record.phase != SwitchPhase::kHolding && told_.insert(name).second) {
        laws_.Violated("L11", absl::StrCat("switch ", name, " is ", Word(record.phase), " for ",
                                           absl::FormatDuration(world_.now() - record.phase_since),
                                           ", and has not stopped"));
      }
      order.order = SwitchOrder::kRollBack;
      order.onto_unknown = true;
    } else if (record.stop) {
      order.order = SwitchOrder::kResume;
      if (record.stop->cause == StopCause::kDrain) order.may_cut = kMayBeCut;
    } else if (record.phase == SwitchPhase::kHolding && !record.spec.hold.commit_by_itself &&
               world_.now() >= record.hold_until) {
      order.order = SwitchOrder::kCommit;
    } else {
      return;
    }
    incidents_.Order(order);
  }

  static constexpr uint64_t kMayBeCut = 50;

  const TrialOptions options_;
  Dice dice_;
  SwitchLaws laws_;
  SwitchAudience audience_;
  World world_;
  SwitchStory story_;
  SwitchIncidents incidents_;
  std::set<std::string> told_;
};

}  // namespace

TrialResult RunSwitchTrial(const TrialOptions& options) {
  return SwitchTrial(options).Run();
}

std::vector<std::string> ExpectedSwitchMarks() {
  std::vector<std::string> marks = SwitchIncidents::Marks();
  for (const char* mark :
       {"wish lost", "wish's answer lost", "gateway: it lies", "gateway: it is not as expected",
        "gateway: a greater mark is there", "another coordinator takes over", "commit of an older epoch",
        "crash before the commit is durable", "crash after the commit", "sync error", "disk full",
        "slow sync", "overtaken after the commit",
        // What came of switches.
        "switch begun", "step forward", "route changed", "drain is proven", "blue closed",
        "rollback by itself", "rollback by order", "switch committed", "switch rolled_back", "switch refused",
        "switch observed", "switch cancelled", "switch goes on after a stop",
        // Stops.
        "switch stopped: operator", "switch stopped: approval", "switch stopped: gates",
        "switch stopped: way_back", "switch stopped: foreign_change", "switch stopped: gateway",
        "switch stopped: drain",
        // Deaths of the process.
        "coordinator gone while preflight", "coordinator gone while moving", "coordinator gone while soaking",
        "coordinator gone while draining", "coordinator gone while holding",
        "coordinator gone while committing", "coordinator gone while rolling_back"}) {
    marks.emplace_back(mark);
  }
  return marks;
}

}  // namespace evenkeel::simulation
