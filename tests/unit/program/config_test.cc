#include "coordinator/program/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace evenkeel::coordinator {
namespace {

using testing::HasSubstr;

struct Result {
  CommandLine command;
  std::string errors;
};

Result Read(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "evenkeel-coordinator");
  std::vector<const char*> argv;
  argv.reserve(arguments.size());
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  testing::internal::CaptureStderr();
  Result result{.command = ReadCommandLine(static_cast<int>(argv.size()), argv.data()), .errors = ""};
  result.errors = testing::internal::GetCapturedStderr();
  return result;
}

// Files that are surely there and can be read, in place of certificates: they are only looked at when the
// server starts.
std::vector<std::string> With(std::vector<std::string> more) {
  std::vector<std::string> all = {"--data=/tmp/x", "--certificate-file=/proc/self/status",
                                  "--key-file=/proc/self/status"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// What a pod of the cluster itself needs to say is little; the rest has defaults.
TEST(CoordinatorConfig, HasDefaults) {
  const Result result = Read(With({"--cluster=local"}));
  ASSERT_FALSE(result.command.exit_code) << result.errors;
  const Config& config = result.command.config;
  ASSERT_EQ(config.clusters.size(), 1U);
  EXPECT_EQ(config.clusters[0].name, "local");
  EXPECT_EQ(config.clusters[0].access, ClusterConfig::Access::kInCluster);
  EXPECT_EQ(config.name_space, "evenkeel");
  EXPECT_EQ(config.listen.ForGrpc(), "[::]:7443");
  EXPECT_EQ(config.http_listen.port, 7445);
}

// Clusters are given one by one or as a list, each with its own way in.
TEST(CoordinatorConfig, ReadsClusters) {
  const Result result =
      Read(With({"--cluster=a,b=/proc/self/status", "--cluster=c=none", "--cluster=d=in-cluster"}));
  ASSERT_FALSE(result.command.exit_code) << result.errors;
  const auto& clusters = result.command.config.clusters;
  ASSERT_EQ(clusters.size(), 4U);
  EXPECT_EQ(clusters[0].access, ClusterConfig::Access::kInCluster);
  EXPECT_EQ(clusters[1].access, ClusterConfig::Access::kKubeconfig);
  EXPECT_EQ(clusters[1].kubeconfig, "/proc/self/status");
  EXPECT_EQ(clusters[2].access, ClusterConfig::Access::kNone);
  EXPECT_EQ(clusters[3].access, ClusterConfig::Access::kInCluster);
}

// Each mistake ends the program with 2 and is told by the name of its flag and of its variable.
TEST(CoordinatorConfig, RefusesByTheNameOfTheFlag) {
  const struct {
    const char* flag;
    std::vector<std::string> arguments;
  } rows[] = {
      {"--cluster (or EVENKEEL_CLUSTER)", With({})},
      {"--cluster", With({"--cluster=Upper"})},
      {"--cluster", With({"--cluster=a", "--cluster=a"})},
      {"--cluster", With({"--cluster=a=/there/is/no/such/file"})},
      {"--data (or EVENKEEL_DATA)",
       {"--cluster=a", "--certificate-file=/proc/self/status", "--key-file=/proc/self/status"}},
      {"--certificate-file", {"--cluster=a", "--data=/tmp/x"}},
      {"--key-file", {"--cluster=a", "--data=/tmp/x", "--certificate-file=/proc/self/status"}},
      {"--client-ca-file", With({"--cluster=a=none"})},
      {"--listen", With({"--cluster=a", "--listen=7443"})},
      {"--listen", With({"--cluster=a", "--listen=::1:7443"})},
      {"--http-listen", With({"--cluster=a", "--http-listen=:70000"})},
      {"--namespace", With({"--cluster=a", "--namespace=a/b"})},
      {"--log-level", With({"--cluster=a", "--log-level=loud"})},
      {"--fence-hook-url", With({"--cluster=a", "--fence-hook-url=ftp://strip/fence"})},
      {"--fence-hook-url",
       With({"--cluster=a", "--fence-hook-url=http://strip/fence", "--fence-hook-command=/bin/true"})},
      {"--fence-hook-command", With({"--cluster=a", "--fence-hook-command=fence"})},
      {"--fence-hook-ca-file", With({"--cluster=a", "--fence-hook-url=https://strip/fence",
                                     "--fence-hook-ca-file=/there/is/no/such/file"})},
      {"--fence-hook-ca-file", With({"--cluster=a", "--fence-hook-url=http://strip/fence",
                                     "--fence-hook-ca-file=/proc/self/status"})},
      {"--prober-ca-file", With({"--cluster=a", "--prober-ca-file=/there/is/no/such/file"})},
      {"/proc/self/comm holds no certificate", With({"--cluster=a", "--prober-ca-file=/proc/self/comm"})},
      {"--gate-hook-ca-file", With({"--cluster=a", "--gate-hook-ca-file=/there/is/no/such/file"})},
      {"/proc/self/comm holds no certificate", With({"--cluster=a", "--gate-hook-ca-file=/proc/self/comm"})},
      {"--gateways-file", With({"--cluster=a", "--gateways-file=/there/is/no/such/file"})},
      {"--gateways-file", With({"--cluster=a", "--gateways-file=/proc/self/comm"})},
      {"--fence-hook-timeout", With({"--cluster=a", "--fence-hook-timeout=0s"})},
  };
  for (const auto& row : rows) {
    const Result result = Read(row.arguments);
    EXPECT_EQ(result.command.exit_code, 2) << row.flag;
    EXPECT_THAT(result.errors, HasSubstr(row.flag));
  }
}

// Addresses of either family are written as gRPC wants them.
TEST(CoordinatorConfig, WritesAddresses) {
  EXPECT_EQ((ListenAddress{.host = "127.0.0.1", .port = 1}).ForGrpc(), "127.0.0.1:1");
  EXPECT_EQ((ListenAddress{.host = "::1", .port = 1}).ForGrpc(), "[::1]:1");
}

}  // namespace
}  // namespace evenkeel::coordinator
