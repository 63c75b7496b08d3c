#include "cli/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace evenkeel::cli {
namespace {

using ::testing::HasSubstr;

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("cli-config-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "config.yaml";
    environment_["EVENKEEL_CONFIG"] = path_;
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<Settings> Load(const std::string& context = "", const Settings& flags = {}) {
    const Host host{.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    }};
    return LoadSettings(host, context, flags);
  }
  void Write(const std::string& text) const { std::ofstream(path_) << text; }

  std::filesystem::path folder_;
  std::filesystem::path path_;
  std::map<std::string, std::string> environment_;
};

constexpr char kTwoContexts[] = R"(current-context: east
contexts:
  - name: east
    server: east:7443
    ca-file: east.crt
    token-file: ~/east.token
    cluster: east
  - name: west
    server: west:7443
    ca-file: /etc/west.crt
    client-certificate: me.crt
    client-key: me.key
)";

// Proves that the current context is taken, with paths that are relative to the file or to the home folder.
TEST_F(ConfigTest, CurrentContextIsTaken) {
  Write(kTwoContexts);
  environment_["HOME"] = "/home/me";
  const auto settings = Load();
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->server, "east:7443");
  EXPECT_EQ(settings->ca_file, (folder_ / "east.crt").string());
  EXPECT_EQ(settings->token_file, "/home/me/east.token");
  EXPECT_EQ(settings->cluster, "east");
  EXPECT_EQ(settings->namespace_name, "default");
}

// Proves the order: flag before environment before context; for the context's name too.
TEST_F(ConfigTest, FlagsWinOverEnvironmentOverContext) {
  Write(kTwoContexts);
  environment_["EVENKEEL_CONTEXT"] = "west";
  EXPECT_EQ(Load()->server, "west:7443");
  EXPECT_EQ(Load()->ca_file, "/etc/west.crt");
  EXPECT_EQ(Load("east")->server, "east:7443");
  environment_["EVENKEEL_SERVER"] = "other:1";
  EXPECT_EQ(Load()->server, "other:1");
  EXPECT_EQ(Load("", {.server = "flag:2"})->server, "flag:2");
}

// Proves that an identity is taken whole: a token that is given now is not joined to the context's
// certificate.
TEST_F(ConfigTest, IdentityComesFromOnePlace) {
  Write(kTwoContexts);
  const auto settings = Load("west", {.token_file = "mine"});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->token_file, "mine");
  EXPECT_EQ(settings->client_certificate, "");
}

// Proves that no file is needed as long as nothing is wanted from it.
TEST_F(ConfigTest, FileNeedNotBeThere) {
  environment_.clear();
  environment_["HOME"] = folder_;
  environment_["EVENKEEL_SERVER"] = "a:1";
  EXPECT_EQ(Load()->server, "a:1");
  EXPECT_THAT(Load("east").status().message(), HasSubstr("context \"east\" was asked for"));
}

// Proves that each mistake in the file is told by file, line and key.
TEST_F(ConfigTest, MistakesAreToldByLineAndKey) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"contexts:\n  - name: a\n    sever: x\ncurrent-context: a\n", ":3: unknown key \"sever\""},
      {"contexts: 5\ncurrent-context: a\n", ":1: contexts: must be a list"},
      {"contexts:\n  - server: x\ncurrent-context: a\n", ":2: contexts: each must be a map with a name"},
      {"contexts:\n  - name: a\n    server: [x]\ncurrent-context: a\n", ":3: server: must be one value"},
      {"context: a\n", ":1: unknown key \"context\""},
      {"- a\n", ":1: must be a map"},
      {"a: [\n", ":2: "},
      {"contexts: []\ncurrent-context: a\n", "there is no context \"a\"; there are: none"},
  };
  for (const auto& [text, problem] : cases) {
    Write(text);
    const auto settings = Load();
    EXPECT_FALSE(settings.ok()) << text;
    EXPECT_THAT(settings.status().message(), HasSubstr(path_.string())) << text;
    EXPECT_THAT(settings.status().message(), HasSubstr(problem)) << text;
  }
}

// Proves that half a client certificate is noticed before anything is sent.
TEST_F(ConfigTest, CertificateWithoutKeyIsRefused) {
  Write("");
  EXPECT_THAT(Load("", {.client_certificate = "x"}).status().message(), HasSubstr("go together"));
}

}  // namespace
}  // namespace evenkeel::cli
