#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/log/log.h"

namespace evenkeel::agent {

// How the agent was told to run. Each field is a flag (--cluster) and an environment variable
// (EVENKEEL_CLUSTER); the flag wins. `evenkeel-agent --help` explains them.
struct Config {
  std::string cluster;
  std::string node_name;
  std::vector<std::string> coordinators;  // "host:port"
  std::string ca_file;
  std::string server_name;
  std::string token_file;
  std::string certificate_file;
  std::string key_file;
  std::string host_root = "/";
  std::string kubelet_address = "127.0.0.1";
  uint16_t kubelet_port = 10250;
  std::string kubelet_ca_file;
  std::string kubelet_token_file;
  std::string runtime_socket = "/run/containerd/containerd.sock";
  std::string restart_folder;   // of the host; empty: the agent may not ask for restarts
  std::string fence_directory;  // empty: this node never fences itself
  std::string watchdog_device;  // empty: none
  absl::Duration watchdog_timeout = absl::Seconds(30);
  std::string listen_address;  // empty: all
  uint16_t listen_port = 7444;
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;

  // "https://10.0.0.1:10250", with brackets around an IPv6 address.
  std::string KubeletUrl() const;
};

// What the command line asks for.
struct CommandLine {
  Config config;
  std::string text_to_print;  // --help, --version: print this and end; `config` is then not set
};

// Reads the command line and the environment. INVALID_ARGUMENT names the field that is wrong, as "--cluster:
// ...".
absl::StatusOr<CommandLine> ReadCommandLine(int argc, const char* const* argv);

}  // namespace evenkeel::agent
