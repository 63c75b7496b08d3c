// What is wrong with a switch's YAML, by field, each with what would be right.

#include "coordinator/core/switch/check_spec.h"

#include <functional>

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

// A switch as people write it has nothing wrong.
TEST(CheckSpecTest, AcceptsWhatIsRight) {
  EXPECT_EQ(CheckSpec(ASwitch()), std::vector<SpecProblem>{});
  SwitchSpec with_canary = ASwitch();
  SwitchStep canary = StepTo(0);
  canary.canary = HeaderMatch{"x-canary", "yes"};
  with_canary.steps.insert(with_canary.steps.begin(), canary);
  EXPECT_EQ(CheckSpec(with_canary), std::vector<SpecProblem>{});
}

// Each fault is named by its field; one fault gives one line.
TEST(CheckSpecTest, NamesTheField) {
  const struct {
    std::string field;
    std::function<void(SwitchSpec&)> harm;
  } table[] = {
      {"name", [](SwitchSpec& spec) { spec.name.clear(); }},
      {"from", [](SwitchSpec& spec) { spec.from.clear(); }},
      {"to", [](SwitchSpec& spec) { spec.to = spec.from; }},
      {"applications", [](SwitchSpec& spec) { spec.applications.clear(); }},
      {"applications[0]", [](SwitchSpec& spec) { spec.applications[0].selector = "app=web"; }},
      {"applications[0].namespace", [](SwitchSpec& spec) { spec.applications[0].name_space.clear(); }},
      {"applications[1]", [](SwitchSpec& spec) { spec.applications.push_back(spec.applications.front()); }},
      {"routes", [](SwitchSpec& spec) { spec.routes.clear(); }},
      {"routes[0].green", [](SwitchSpec& spec) { spec.routes[0].green = spec.routes[0].blue; }},
      {"routes[0].servers", [](SwitchSpec& spec) { spec.routes[0].parts["north"] = {"n1"}; }},
      {"routes[1]", [](SwitchSpec& spec) { spec.routes.push_back(spec.routes.front()); }},
      {"steps", [](SwitchSpec& spec) { spec.steps.clear(); }},
      {"steps", [](SwitchSpec& spec) { spec.steps.pop_back(); }},
      {"steps[1].percent", [](SwitchSpec& spec) { spec.steps[1].percent = 10; }},
      {"steps[0].percent", [](SwitchSpec& spec) { spec.steps[0].percent = 0; }},
      {"steps[2].soak", [](SwitchSpec& spec) { spec.steps[2].soak = -absl::Seconds(1); }},
      {"gates.maxLatencyPercent", [](SwitchSpec& spec) { spec.gates.max_latency_percent = 50; }},
      {"gates.hooks[0].url", [](SwitchSpec& spec) { spec.gates.hooks = {{.name = "slo", .url = ""}}; }},
      {"prober.url", [](SwitchSpec& spec) { spec.prober.url = "edge:80"; }},
      {"prober.slowPath", [](SwitchSpec& spec) { spec.prober.slow_path = "slow"; }},
      {"prober.perSecond", [](SwitchSpec& spec) { spec.prober.per_second = 0; }},
      {"drain.atDeadline", [](SwitchSpec& spec) { spec.drain.at_deadline = AtDrainDeadline::kCut; }},
      {"hold.length", [](SwitchSpec& spec) { spec.hold.length = absl::InfiniteDuration(); }},
      {"freezes[0]", [](SwitchSpec& spec) { spec.freezes = {FreezeWindow{}}; }},
      {"maxCpuPercent", [](SwitchSpec& spec) { spec.max_cpu_percent = 0; }},
      {"maxCpuPercent", [](SwitchSpec& spec) { spec.max_cpu_percent = 1001; }},
  };
  for (const auto& row : table) {
    SwitchSpec spec = ASwitch();
    row.harm(spec);
    const std::vector<SpecProblem> problems = CheckSpec(spec);
    ASSERT_EQ(problems.size(), 1u) << row.field;
    EXPECT_EQ(problems[0].field, row.field);
    EXPECT_FALSE(problems[0].words.empty());
  }
}

// All faults are told at once.
TEST(CheckSpecTest, TellsAllOfThem) {
  EXPECT_GE(CheckSpec(SwitchSpec{}).size(), 5u);
}

}  // namespace
}  // namespace evenkeel::coordinator
