#include "agent/program/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "tests/unit/agent/test_certificates.h"

namespace evenkeel::agent {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  // Each "--flag=value" becomes two words, so that a value can be empty.
  absl::StatusOr<CommandLine> Read(const std::vector<std::string>& flags) {
    std::vector<std::string> words = {"evenkeel-agent"};
    for (const std::string& flag : flags) {
      const size_t equals = flag.find('=');
      words.push_back(flag.substr(0, equals));
      if (equals != std::string::npos) {
        words.push_back(flag.substr(equals + 1));
      }
    }
    std::vector<const char*> argv;
    for (const std::string& word : words) {
      argv.push_back(word.c_str());
    }
    return ReadCommandLine(static_cast<int>(argv.size()), argv.data());
  }

  // The shortest command line that is right, with `more` behind it.
  absl::StatusOr<CommandLine> ReadGood(const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = {"--cluster=c", "--node-name=n", "--ca-file=" + file_,
                                      "--token-file=" + file_};
    if (more.empty() || more[0].rfind("--coordinator", 0) != 0) {
      flags.push_back("--coordinator=localhost:7443");
    }
    flags.insert(flags.end(), more.begin(), more.end());
    return Read(flags);
  }

  const std::string file_ = WriteTestFile("file", "x");
};

// The shortest right command line takes its defaults for the rest.
TEST_F(ConfigTest, DefaultsAreTheDocumentedOnes) {
  const auto line = ReadGood();
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->config.cluster, "c");
  EXPECT_EQ(line->config.host_root, "/");
  EXPECT_EQ(line->config.listen_address, "");
  EXPECT_EQ(line->config.listen_port, 7444);
  EXPECT_EQ(line->config.KubeletUrl(), "https://127.0.0.1:10250");
  EXPECT_EQ(line->config.runtime_socket, "/run/containerd/containerd.sock");
  EXPECT_EQ(line->config.fence_directory, "");
  EXPECT_EQ(line->config.watchdog_device, "");
  EXPECT_EQ(line->config.watchdog_timeout, absl::Seconds(30));
  EXPECT_EQ(line->text_to_print, "");
}

// A node that fences itself has a folder to remember that in, and may have a watchdog.
TEST_F(ConfigTest, ReadsHowTheNodeIsFenced) {
  const auto line = ReadGood({"--fence-directory=" + ::testing::TempDir(), "--watchdog-device=/dev/watchdog1",
                              "--watchdog-timeout=1m30s"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->config.fence_directory, ::testing::TempDir());
  EXPECT_EQ(line->config.watchdog_device, "/dev/watchdog1");
  EXPECT_EQ(line->config.watchdog_timeout, absl::Seconds(90));
}

// Each flag can be given by its environment variable, a list with commas; the flag wins.
TEST_F(ConfigTest, EnvironmentStandsInForFlags) {
  setenv("EVENKEEL_COORDINATOR", "a:1,[::1]:2", 1);
  setenv("EVENKEEL_CLUSTER", "from-environment", 1);
  const auto line = Read({"--node-name=n", "--ca-file=" + file_, "--token-file=" + file_});
  const auto won = ReadGood();
  unsetenv("EVENKEEL_COORDINATOR");
  unsetenv("EVENKEEL_CLUSTER");
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->config.coordinators, (std::vector<std::string>{"a:1", "[::1]:2"}));
  EXPECT_EQ(line->config.cluster, "from-environment");
  ASSERT_TRUE(won.ok()) << won.status();
  EXPECT_EQ(won->config.cluster, "c");
}

// Coordinators may be repeated; an IPv6 kubelet gets its brackets; hosts to listen on are taken apart.
TEST_F(ConfigTest, ReadsAddresses) {
  const auto line =
      ReadGood({"--coordinator=a:1", "--coordinator=b:2", "--kubelet-address=fd00::1", "--listen=[::1]:80"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->config.coordinators, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(line->config.KubeletUrl(), "https://[fd00::1]:10250");
  EXPECT_EQ(line->config.listen_address, "::1");
  EXPECT_EQ(line->config.listen_port, 80);
}

// Whatever is wrong is refused by the name of its field.
TEST_F(ConfigTest, RefusesByTheNameOfTheField) {
  struct Case {
    std::vector<std::string> flags;
    std::string field;
  };
  for (const Case& c : std::vector<Case>{
           {{"--cluster="}, "--cluster"},
           {{"--cluster=Bad_Name"}, "--cluster"},
           {{"--cluster=" + std::string(64, 'a')}, "--cluster"},
           {{"--node-name="}, "--node-name"},
           {{"--coordinator=host"}, "--coordinator"},
           {{"--coordinator=host:0"}, "--coordinator"},
           {{"--coordinator=host:70000"}, "--coordinator"},
           {{"--coordinator=::1:7443"}, "--coordinator"},
           {{"--coordinator=:7443"}, "--coordinator"},
           {{"--ca-file="}, "--ca-file"},
           {{"--ca-file=/does/not/exist"}, "--ca-file"},
           {{"--token-file="}, "--token-file"},
           {{"--token-file=/does/not/exist"}, "--token-file"},
           {{"--certificate-file=" + file_}, "--token-file"},
           {{"--token-file=", "--certificate-file=" + file_}, "--key-file"},
           {{"--token-file=", "--key-file=" + file_}, "--certificate-file"},
           {{"--host-root=/does/not/exist"}, "--host-root"},
           {{"--kubelet-address=node-1"}, "--kubelet-address"},
           {{"--kubelet-port=0"}, "--kubelet-port"},
           {{"--runtime-socket=containerd.sock"}, "--runtime-socket"},
           {{"--fence-directory=/does/not/exist"}, "--fence-directory"},
           {{"--watchdog-device=/dev/watchdog"}, "--watchdog-device"},
           {{"--watchdog-timeout=4s"}, "--watchdog-timeout"},
           {{"--watchdog-timeout=6m"}, "--watchdog-timeout"},
           {{"--watchdog-timeout=soon"}, "--watchdog-timeout"},
           {{"--listen=7444"}, "--listen"},
           {{"--log-level=loud"}, "--log-level"},
           {{"--log-format=xml"}, "--log-format"},
       }) {
    // A flag given twice is an error of its own: leave out the one that the case replaces.
    std::vector<std::string> flags = c.flags;
    for (const std::string& good :
         {std::string("--cluster=c"), std::string("--node-name=n"), "--ca-file=" + file_,
          "--token-file=" + file_, std::string("--coordinator=h:1")}) {
      const std::string name = good.substr(0, good.find('='));
      const bool given = std::any_of(c.flags.begin(), c.flags.end(),
                                     [&](const std::string& flag) { return flag.rfind(name + "=", 0) == 0; });
      if (!given) {
        flags.push_back(good);
      }
    }
    const auto line = Read(flags);
    ASSERT_FALSE(line.ok()) << c.flags[0];
    EXPECT_EQ(line.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(base::Detail(line.status(), base::kFieldKey), c.field) << c.flags[0] << ": " << line.status();
  }
}

// Flags that do not exist, and values of the wrong kind, are refused too.
TEST_F(ConfigTest, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(ReadGood({"--colour=red"}).status().message().find("--colour"), std::string::npos);
  EXPECT_NE(ReadGood({"--kubelet-port=many"}).status().message().find("--kubelet-port"), std::string::npos);
}

// Help names every flag and its variable; the version is the program's.
TEST_F(ConfigTest, HelpAndVersionArePrinted) {
  const auto help = Read({"--help"});
  ASSERT_TRUE(help.ok()) << help.status();
  EXPECT_NE(help->text_to_print.find("--kubelet-token-file"), std::string::npos);
  EXPECT_NE(help->text_to_print.find("EVENKEEL_KUBELET_TOKEN_FILE"), std::string::npos);
  EXPECT_EQ(Read({"--version"})->text_to_print, std::string("evenkeel-agent ") + EVENKEEL_VERSION);
}

}  // namespace
}  // namespace evenkeel::agent
