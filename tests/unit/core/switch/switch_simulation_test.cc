// The laws of switches under random faults: coordinators that crash, pause and are overtaken, answers that
// are lost or late, gateways that lie, reload, go away and are changed by others, a green and a blue that
// fall ill, and operators who order whatever comes to their mind. EVENKEEL_SWITCH_SEEDS=N runs N seeds.

#include <cstdlib>

#include "coordinator/core/switch/lost_cluster.h"
#include "coordinator/core/switch/switch_desk.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch/desk_world.h"

namespace evenkeel::coordinator {
namespace {

constexpr uint64_t kSeeds = 60;
constexpr absl::Duration kFaults = absl::Seconds(90);

class Trial {
 public:
  explicit Trial(uint64_t seed) : specs_(Specs(seed)), world_(specs_) {
    world_.seed = seed;
    world_.keeps_over_reload = world_.Chance(50);
    // Some begin in a world that is not well.
    for (uint64_t i = 0; seed % 5 == 0 && i < 4; ++i) Fault();
    for (const SwitchSpec& spec : specs_) world_.Start(spec);
  }

  void Run() {
    const absl::Time calm = world_.now + kFaults;
    absl::Time next_fault = world_.now + absl::Seconds(1);
    while (world_.now < calm) {
      if (world_.now >= next_fault) {
        Fault();
        next_fault = world_.now + absl::Milliseconds(200 + static_cast<int64_t>(world_.Random(4000)));
      }
      Tick();
    }
    Heal();
    // Whoever has stopped asks people, who go on or give up; and all comes to an end (L11).
    for (int i = 0; i < 60 && AnyOpen(); ++i) {
      for (int tick = 0; tick < 100; ++tick) Tick();
      if (i > 4) AnswerStops(i > 20);
    }
    JudgeEnd();
  }

  const std::vector<std::string>& broken() const { return world_.broken; }
  // All that was decided, as text: the same for the same seed (L12).
  std::string Story() const {
    std::string story;
    for (const auto& [id, kept] : world_.store.decisions) {
      absl::StrAppend(&story, id.ToString(), " ", Word(kept.record.phase), " ", kept.record.outcome, "\n");
      for (const std::string& one : kept.evidence) absl::StrAppend(&story, "  ", one, "\n");
    }
    return story;
  }
  std::map<std::string, int> ends;

 private:
  static std::vector<SwitchSpec> Specs(uint64_t seed) {
    const auto bit = [seed](int number) { return (seed * 0x9e3779b97f4a7c15 >> (20 + number) & 1) != 0; };
    SwitchSpec web = ASwitch();
    for (SwitchStep& step : web.steps) step.soak = absl::Seconds(3 + static_cast<int64_t>(seed % 5));
    web.hold.length = absl::Seconds(8);
    web.drain.deadline = absl::Seconds(4);
    web.gates.patience = absl::Seconds(15);
    web.hold.close_blue = bit(1);
    web.hold.commit_by_itself = !bit(2);
    web.on_foreign_change = bit(3) ? OnForeignChange::kHeal : OnForeignChange::kStop;
    web.on_lost_blue = bit(4) ? OnLostBlue::kFinish : OnLostBlue::kAsk;
    if (bit(5)) web.on_failed_gate = OnFailedGate::kStop;
    if (bit(6)) {
      web.routes.push_back(web.routes[0]);
      web.routes[1].key = {"inner", "web"};
    }
    SwitchSpec api = ASwitch();
    api.name = "api";
    api.applications[0].service = "api";
    api.routes[0].key = {"edge", "api"};
    for (SwitchStep& step : api.steps) step.soak = absl::Seconds(4);
    api.hold.length = absl::Seconds(3);
    return {web, api};
  }

  void Tick() {
    world_.Tick();
    const bool blue_ill = world_.clusters["east"].lost || ServersUp("east") == 0;
    if (!blue_ill) blue_ill_since_ = world_.now;
    for (const auto& [id, kept] : world_.store.decisions) Judge(id, kept.record);
  }

  uint32_t ServersUp(const std::string& backend) {
    uint32_t up = 3;
    for (const auto& [key, route] : world_.routes) {
      up = std::min(up, route.reading.backends.at(backend).servers_up);
    }
    return up;
  }

  // ---- laws, at each instant ----

  void Judge(const DecisionId& id, const SwitchRecord& record) {
    SwitchRecord& last = last_[id];
    const auto law = [&](const std::string& words) {
      world_.broken.push_back(absl::StrCat(absl::ToInt64Milliseconds(world_.now - kStart), " ms, ",
                                           record.spec.name, ": ", words));
    };
    if (record.phase == SwitchPhase::kRollingBack && last.phase != SwitchPhase::kRollingBack &&
        world_.now - blue_ill_since_ > absl::Seconds(3)) {
      law("L10: it goes back to a blue that has been ill for 3 s");
    }
    if (record.reports.size() > last.reports.size() && record.reports.size() > 1) {
      const StepReport& before = record.reports[record.reports.size() - 2];
      const StepReport& now = record.reports.back();
      const bool hurried = world_.clusters["east"].lost || record.may_hurry || now.step != before.step + 1;
      if (!hurried && Together(before.gates) != GateVerdict::kPass) law("L10: a step without its gates");
      if (!hurried && before.gates.empty()) law("L10: a step whose gates were never asked");
    }
    if (last.end && record.end != last.end) law("L4: an end that was not the last");
    last = record;
  }

  // ---- faults ----

  void Fault() {
    const uint64_t what = world_.Random(22);
    const auto any_route = [this]() -> ModelRoute& {
      auto route = world_.routes.begin();
      std::advance(route, static_cast<std::ptrdiff_t>(world_.Random(world_.routes.size())));
      return route->second;
    };
    switch (what) {
      case 0:
      case 1:
      case 2:
        return world_.Crash();
      case 3:
        if (world_.coordinators.size() > 2) return;
        world_.paused_until[&world_.Leader()] =
            world_.now + absl::Milliseconds(static_cast<int64_t>(world_.Random(9000)));
        return world_.StartCoordinator();
      case 4:
        world_.away.insert(world_.Chance(50) ? "edge" : "inner");
        return;
      case 5:
      case 6:
        return world_.away.clear();
      case 7:
        return world_.Reload("edge");
      case 8: {
        RouteReading& reading = any_route().reading;
        const auto green = static_cast<uint32_t>(world_.Random(101));
        reading.backends["west"].percent = green;
        reading.backends["east"].percent = 100 - green;
        for (auto& [name, backend] : reading.backends) backend.mode = BackendMode::kServing;
        return;
      }
      case 9:
        world_.lies = world_.Chance(40);
        return;
      case 10:
        world_.lost_percent = static_cast<uint32_t>(world_.Random(40));
        return;
      case 11:
        world_.slowest = absl::Milliseconds(static_cast<int64_t>(world_.Random(3000)));
        return;
      case 12:
        world_.fails_percent["west"] = static_cast<uint32_t>(world_.Random(2) * 60);
        return;
      case 13:
        world_.fails_percent["east"] = static_cast<uint32_t>(world_.Random(2) * 60);
        return;
      case 14:
      case 15: {
        const std::string cluster = what == 14 ? "west" : "east";
        const auto ready = static_cast<uint32_t>(world_.Random(4));
        for (auto& [key, facts] : world_.applications) {
          if (key.first == cluster) facts.ready = ready;
        }
        for (auto& [key, route] : world_.routes) route.reading.backends[cluster].servers_up = ready;
        return;
      }
      case 16:
        world_.clusters[world_.Chance(50) ? "west" : "east"].api_reachable = world_.Chance(60);
        return;
      case 17:
        world_.clusters["east"].lost = world_.Chance(30);
        return;
      case 18:
        world_.clusters["west"].blind = world_.Chance(40);
        return;
      case 19:
        world_.longest_request = absl::Seconds(static_cast<int64_t>(world_.Random(8)));
        return;
      default:
        static_cast<void>(
            world_.Order(world_.Chance(60) ? "web" : "api", static_cast<SwitchOrder>(world_.Random(4))));
        return;
    }
  }

  void Heal() {
    world_.away.clear();
    world_.lies = false;
    world_.lost_percent = 0;
    world_.slowest = absl::ZeroDuration();
    world_.fails_percent.clear();
    world_.longest_request = absl::Milliseconds(500);
    for (auto& [key, facts] : world_.applications) facts.ready = facts.pods;
    for (auto& [key, route] : world_.routes) {
      for (auto& [name, backend] : route.reading.backends) backend.servers_up = backend.servers;
    }
    for (auto& [name, facts] : world_.clusters) {
      facts.api_reachable = true;
      facts.lost = facts.blind = false;
    }
    for (const auto& [id, kept] : world_.store.decisions) {
      if (kept.open) open_in_calm_.insert(id);
    }
  }

  bool AnyOpen() const {
    for (const auto& [id, kept] : world_.store.decisions) {
      if (kept.open) return true;
    }
    return false;
  }

  void AnswerStops(bool give_up) {
    for (const auto& [id, kept] : std::map<DecisionId, DeskStore::Kept>(world_.store.decisions)) {
      if (!kept.open) continue;
      const std::string& name = kept.record.spec.name;
      if (give_up) {
        static_cast<void>(world_.Order(name, SwitchOrder::kRollBack));
      } else if (kept.record.stop) {
        static_cast<void>(world_.Order(name, SwitchOrder::kResume));
      } else if (kept.record.phase == SwitchPhase::kHolding) {
        static_cast<void>(world_.Order(name, SwitchOrder::kCommit));
      }
    }
  }

  // L11, and the gateway agrees with the record.
  void JudgeEnd() {
    for (const auto& [id, kept] : world_.store.decisions) {
      const SwitchRecord& record = kept.record;
      const std::string name = absl::StrCat(record.spec.name, " ", Word(record.phase));
      if (kept.open) {
        world_.broken.push_back(absl::StrCat(
            "L11: not ended: ", name, record.stop ? absl::StrCat(", stopped: ", record.stop->reason) : ""));
        continue;
      }
      ++ends[Word(*record.end)];
      if (!open_in_calm_.contains(id)) continue;
      for (const SwitchedRoute& route : record.spec.routes) {
        const uint32_t green = world_.Green(route.key);
        if (record.end == SwitchEnd::kCommitted && green != 100) {
          world_.broken.push_back(absl::StrCat("committed, and green has ", green, " %"));
        }
        if (record.end == SwitchEnd::kRolledBack && green != 0) {
          world_.broken.push_back(absl::StrCat("rolled back, and green has ", green, " %"));
        }
      }
    }
    // Nobody may cut by the rules of these switches.
    if (world_.cut > 0) world_.broken.push_back(absl::StrCat("L10: ", world_.cut, " requests were cut"));
  }

  std::vector<SwitchSpec> specs_;
  DeskWorld world_;
  std::map<DecisionId, SwitchRecord> last_;
  std::set<DecisionId> open_in_calm_;
  absl::Time blue_ill_since_ = kStart;
};

uint64_t Seeds() {
  const char* wanted = std::getenv("EVENKEEL_SWITCH_SEEDS");
  return wanted == nullptr ? kSeeds : std::strtoull(wanted, nullptr, 10);
}

TEST(SwitchSimulationTest, KeepsTheLaws) {
  std::map<std::string, int> ends;
  for (uint64_t seed = 1; seed <= Seeds(); ++seed) {
    Trial trial(seed);
    trial.Run();
    for (const std::string& law : trial.broken()) ADD_FAILURE() << "seed " << seed << ": " << law;
    if (HasFailure()) {
      GTEST_LOG_(INFO) << trial.Story();
      return;
    }
    for (const auto& [end, times] : trial.ends) ends[end] += times;
  }
  // Each end comes about, or the trials prove little.
  EXPECT_GT(ends["committed"], 0);
  EXPECT_GT(ends["rolled_back"], 0);
  EXPECT_GT(ends["refused"] + ends["cancelled"], 0);
}

// L12: the same seed gives the same story, word for word.
TEST(SwitchSimulationTest, IsTheSameForTheSameSeed) {
  for (const uint64_t seed : {3u, 7u}) {
    Trial one(seed);
    one.Run();
    Trial two(seed);
    two.Run();
    EXPECT_EQ(one.Story(), two.Story());
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
