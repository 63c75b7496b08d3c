#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cli/host.h"
#include "cli/run.h"
#include "tests/unit/cli/fake_coordinator.h"
#include "tests/unit/cli/test_time.h"

namespace evenkeel::cli {

// Runs whole command lines against a fake coordinator. Time passes only when the command sleeps.
class CommandTest : public ::testing::Test {
 protected:
  CommandTest() {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("cli-command-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    environment_["EVENKEEL_SERVER"] = coordinator_.address();
    environment_["EVENKEEL_CA_FILE"] = Write("ca.crt", coordinator_.ca_pem());
    environment_["EVENKEEL_TOKEN_FILE"] = Write("token", "secret\n");
  }
  ~CommandTest() override { std::filesystem::remove_all(folder_); }

  // The exit code; what was printed is in out_ and err_.
  int Run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), program_);
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const Host host{.in = &in,
                    .out = &out,
                    .err = &err,
                    .out_is_terminal = terminal_,
                    .environment = [this](const std::string& name) -> std::optional<std::string> {
                      const auto found = environment_.find(name);
                      return found == environment_.end() ? std::nullopt : std::optional(found->second);
                    },
                    .now = [this] { return now_; },
                    .sleep = [this](absl::Duration duration) { now_ += duration; }};
    const int exit_code = cli::Run(arguments, host);
    // By its lock: what a handler looked at for this command may be changed for the next.
    (void)coordinator_.seen();
    out_ = out.str();
    err_ = err.str();
    return exit_code;
  }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  FakeCoordinator coordinator_;
  std::filesystem::path folder_;
  std::map<std::string, std::string> environment_;
  std::string program_ = "/usr/bin/evenkeel";
  bool terminal_ = false;
  absl::Time now_ = Start();
  std::string out_;
  std::string err_;
};

inline v1::Cluster ReadyCluster(const std::string& name) {
  v1::Cluster cluster;
  cluster.set_name("clusters/" + name);
  cluster.set_api_state(v1::Cluster::API_STATE_READY);
  cluster.set_nodes(1);
  cluster.set_healthy_nodes(1);
  cluster.set_agents(1);
  return cluster;
}

inline v1::Node HealthyNode(const std::string& cluster, const std::string& name) {
  v1::Node node;
  node.set_name("clusters/" + cluster + "/nodes/" + name);
  node.set_verdict(v1::VERDICT_HEALTHY);
  node.set_kubernetes_ready(true);
  node.set_agent_version("0.1.0");
  node.set_agent_connected(true);
  return node;
}

}  // namespace evenkeel::cli
