// Runs every script in scripts/ and compares it with itself: what each command leads to, in the words of
// decisions and verdicts, must be what the file says. `scenario_test --update` writes the files anew; read
// the difference before you commit it.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/scenario/script.h"

namespace evenkeel::scenario {
namespace {

bool update = false;

std::vector<std::string> Scripts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(EVENKEEL_SCENARIOS)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::filesystem::path PathOf(const std::string& name) {
  return std::filesystem::path(EVENKEEL_SCENARIOS) / (name + ".txt");
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, LeadsToWhatItsFileSays) {
  const std::string expected = Read(PathOf(GetParam()));
  const std::string actual = RunScript(expected);
  if (update) {
    std::ofstream(PathOf(GetParam())) << actual;
    return;
  }
  EXPECT_EQ(actual, expected) << "if the new story is right: scenario_test --update";
}

// The same script leads to the same story, to the letter (L12).
TEST_P(Scenario, IsTheSameEveryTime) {
  const std::string script = Read(PathOf(GetParam()));
  EXPECT_EQ(RunScript(script), RunScript(script));
}

std::string NameOf(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(All, Scenario, testing::ValuesIn(Scripts()), NameOf);

}  // namespace
}  // namespace evenkeel::scenario

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--update") {
      evenkeel::scenario::update = true;
    } else {
      std::cerr << "unknown argument " << argv[i] << "; there is only --update\n";
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}
