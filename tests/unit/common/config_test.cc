// Proves that options are read from the command line and the environment, that bad ones are refused by name,
// and that files which somebody renews are read again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/config/file.h"
#include "common/config/flags.h"
#include "common/time/fake_clock.h"

namespace evenkeel::config {
namespace {

using ::testing::HasSubstr;

// A variable of the environment while it lives.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Environment() { unsetenv(name_); }

 private:
  const char* const name_;
};

struct Settings {
  std::string node;
  std::vector<std::string> coordinators;
  std::string mode = "observe";
  bool verbose = false;
  std::int64_t port = 9090;
  absl::Duration interval = absl::Milliseconds(200);
  log::Options log;
};

struct Outcome {
  std::optional<int> code;
  std::string out;
  std::string err;
};

Outcome ParseWith(Settings& settings, std::vector<const char*> arguments) {
  CLI::App app("A program.", "program");
  AddText(app, "--node-name", settings.node, "The node", /*required=*/true);
  AddTexts(app, "--coordinators", settings.coordinators, "Whom to ask");
  AddChoice(app, "--mode", settings.mode, {"observe", "enforce"}, "What to do");
  AddSwitch(app, "--verbose", settings.verbose, "Say more");
  AddNumber(app, "--port", settings.port, 1, 65535, "Where to listen");
  AddDuration(app, "--interval", settings.interval, absl::Milliseconds(100), absl::Minutes(1), "How often");
  AddLogOptions(app, settings.log);
  arguments.insert(arguments.begin(), "program");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.code = Parse(app, static_cast<int>(arguments.size()), arguments.data());
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

// Each option is read from the command line or the environment; the command line wins; defaults stay
// otherwise.
TEST(FlagsTest, CommandLineThenEnvironmentThenDefault) {
  const Environment node("EVENKEEL_NODE_NAME", "from-environment");
  const Environment port("EVENKEEL_PORT", "8080");
  const Environment list("EVENKEEL_COORDINATORS", "a:1, b:2");
  const Environment verbose("EVENKEEL_VERBOSE", "true");
  Settings settings;
  const Outcome outcome = ParseWith(settings, {"--port=9", "--interval", "1m", "--log-level=warn"});
  EXPECT_EQ(outcome.code, std::nullopt) << outcome.err;
  EXPECT_EQ(settings.node, "from-environment");
  EXPECT_EQ(settings.port, 9);
  EXPECT_EQ(settings.coordinators, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_TRUE(settings.verbose);
  EXPECT_EQ(settings.interval, absl::Minutes(1));
  EXPECT_EQ(settings.mode, "observe");
  EXPECT_EQ(settings.log.level, log::Level::kWarn);
}

// Every mistake ends with code 2 and names the option and what would be right.
TEST(FlagsTest, MistakesAreRefusedByName) {
  const auto refused = [](const std::string& argument, const std::string& name, const std::string& cure) {
    Settings settings;
    const Outcome outcome = ParseWith(settings, {"--node-name=n", argument.c_str()});
    EXPECT_EQ(outcome.code, 2) << argument;
    EXPECT_EQ(outcome.out, "") << argument;
    EXPECT_THAT(outcome.err, HasSubstr(name)) << argument;
    EXPECT_THAT(outcome.err, HasSubstr(cure)) << argument;
  };
  refused("--port=0", "--port", "1 to 65535");
  refused("--port=80x", "EVENKEEL_PORT", "whole number");
  refused("--interval=5", "--interval", "200ms");
  refused("--interval=50ms", "--interval", "100ms and 1m");
  refused("--mode=destroy", "--mode", "observe, enforce");
  refused("--coordinators=a,,b", "--coordinators", "empty");
  refused("--log-level=loud", "--log-level", "debug, info");
  refused("--unknown=1", "--unknown", "");
  Settings settings;
  const Outcome missing = ParseWith(settings, {});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("--node-name"));
}

// A bad value in the environment is refused as well.
TEST(FlagsTest, EnvironmentIsCheckedToo) {
  const Environment port("EVENKEEL_PORT", "many");
  Settings settings;
  const Outcome outcome = ParseWith(settings, {"--node-name=n"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("EVENKEEL_PORT"));
}

// --help goes to stdout with code 0 and shows names in the environment, types and defaults.
TEST(FlagsTest, HelpTeaches) {
  Settings settings;
  const Outcome outcome = ParseWith(settings, {"--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  for (const char* part : {"EVENKEEL_NODE_NAME", "DURATION", "200ms", "9090", "observe|enforce"}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
}

class FileTest : public ::testing::Test {
 protected:
  FileTest() : folder_(::testing::TempDir() + "evenkeel-file-test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name), std::ios::trunc) << content;
  }

  const std::string folder_;
};

// A file is read whole; what cannot be read is refused by its path, with the reason.
TEST_F(FileTest, ReadsWholeFilesAndNamesTheRest) {
  Write("a", std::string(50000, 'x') + "\n");
  EXPECT_EQ(ReadFile(Path("a"))->size(), 50001u);
  EXPECT_EQ(ReadFile(Path("none")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(ReadFile(Path("none")).status().message()), HasSubstr(Path("none")));
  EXPECT_EQ(ReadFile(folder_).status().code(), absl::StatusCode::kFailedPrecondition);
  Write("large", std::string(kMaxFileBytes + 1, 'x'));
  EXPECT_EQ(ReadFile(Path("large")).status().code(), absl::StatusCode::kFailedPrecondition);
}

// What is held is used for a minute, then the file is read again; if that fails the old content stays.
TEST_F(FileTest, ReloadsAfterItsAge) {
  time::FakeClock clock;
  ReloadingFile file(Path("token"), clock);
  EXPECT_EQ(file.Get().status().code(), absl::StatusCode::kNotFound);
  Write("token", " \n");
  EXPECT_EQ(file.Get().status().code(), absl::StatusCode::kFailedPrecondition);
  Write("token", "one\n");
  EXPECT_EQ(*file.Get(), "one");
  Write("token", "two\n");
  clock.Advance(absl::Seconds(59));
  EXPECT_EQ(*file.Get(), "one");
  clock.Advance(absl::Seconds(2));
  EXPECT_EQ(*file.Get(), "two");
  Write("token", "three\n");
  file.Forget();
  EXPECT_EQ(*file.Get(), "three");
  std::filesystem::remove(Path("token"));
  clock.Advance(absl::Minutes(5));
  EXPECT_EQ(*file.Get(), "three");
}

}  // namespace
}  // namespace evenkeel::config
