#include "cli/command_line.h"

#include <gmock/gmock.h>

#include <regex>

#include "cli/command/completion.h"
#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Proves that help and version are answers, on stdout, and mistakes are errors, on stderr.
TEST_F(CommandTest, HelpIsAnAnswerAndAMistakeAnError) {
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("EVENKEEL_SERVER"));
  EXPECT_EQ(Run({"version"}), 0);
  EXPECT_THAT(out_, StartsWith("evenkeel " EVENKEEL_VERSION));
  EXPECT_EQ(Run({"--version"}), 0);
  EXPECT_EQ(out_, "evenkeel " EVENKEEL_VERSION "\n");
  EXPECT_THAT(err_, IsEmpty());
  const std::vector<std::vector<std::string>> mistakes{{},
                                                       {"frobnicate"},
                                                       {"get"},
                                                       {"get", "nodes", "-o", "xml"},
                                                       {"status", "--timeout", "0s"},
                                                       {"apply"},
                                                       {"--nope"},
                                                       {"status", "--request-timeout", "soon"},
                                                       {"completion", "fish"},
                                                       {"switch"},
                                                       {"switch", "start"},
                                                       {"switch", "rollback"},
                                                       {"switch", "status", "-o", "wide"}};
  for (const std::vector<std::string>& mistake : mistakes) {
    EXPECT_EQ(Run(mistake), 1) << ::testing::PrintToString(mistake);
    EXPECT_THAT(err_, StartsWith("error: "));
    EXPECT_THAT(out_, IsEmpty());
  }
}

// Proves that the same binary answers as a plug-in of kubectl, in its name.
TEST_F(CommandTest, PluginSpeaksInKubectlsName) {
  program_ = "/usr/local/bin/kubectl-evenkeel";
  EXPECT_EQ(Run({"explain", "--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("Usage: kubectl evenkeel explain"));
  EXPECT_EQ(Run({"frobnicate"}), 1);
  EXPECT_THAT(err_, HasSubstr("what helps: kubectl evenkeel --help"));
}

// Proves that options of the connection may stand before and behind the command.
TEST(CommandLineTest, ConnectionOptionsMayStandAnywhere) {
  for (std::vector<std::string> arguments :
       {std::vector<std::string>{"nodes", "get", "a:1", "--server"}, {"a:1", "--server", "nodes", "get"}}) {
    CommandLine line("evenkeel");
    line.app.parse(arguments);  // in reverse
    EXPECT_EQ(line.flags.server, "a:1");
    EXPECT_EQ(line.get.words, std::vector<std::string>{"nodes"});
  }
}

// Proves that the completion scripts know every command, its options and their values, for the name of the
// program.
TEST(CommandLineTest, CompletionComesFromTheCommandTable) {
  const CommandLine line("evenkeel");
  for (const std::string& shell : CompletionShells()) {
    const auto script = CompletionScript(line.app, shell, "kubectl-evenkeel");
    ASSERT_TRUE(script.ok()) << script.status();
    for (const CLI::App* command : line.app.get_subcommands([](const CLI::App*) { return true; })) {
      EXPECT_THAT(*script, HasSubstr(" " + command->get_name() + ")\n")) << shell;
    }
    EXPECT_THAT(*script, HasSubstr("--validate-only"));
    EXPECT_THAT(*script, HasSubstr("answer=\"wide json yaml name\""));
    EXPECT_THAT(
        *script,
        HasSubstr(
            "answer=\"clusters nodes pods containers decisions policies maintenances scalers bursts\""));
    EXPECT_THAT(*script, HasSubstr("answer=\"plan start status pause resume rollback commit history\""));
    EXPECT_THAT(*script, HasSubstr("--onto-unknown"));
    EXPECT_THAT(*script, HasSubstr("_kubectl_evenkeel() {"));
    EXPECT_FALSE(std::regex_search(*script, std::regex("@[A-Z_]+@"))) << shell;
  }
  EXPECT_THAT(CompletionScript(line.app, "fish", "evenkeel").status().message(), HasSubstr("bash, zsh"));
}

}  // namespace
}  // namespace evenkeel::cli
