#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/log/log.h"
#include "coordinator/program/gateways_file.h"
#include "coordinator/program/listen_address.h"

namespace evenkeel::coordinator {

// One cluster that the coordinator watches.
struct ClusterConfig {
  enum class Access {
    kInCluster,   // by the service account of the coordinator's own pod
    kKubeconfig,  // by a kubeconfig file
    kNone,        // no Kubernetes: its agents are seen, nothing is judged or done there
  };
  std::string name;
  Access access = Access::kInCluster;
  std::string kubeconfig;
};

// How the coordinator was told to run. Each field is a flag (--data) and an environment variable
// (EVENKEEL_DATA); the flag wins. `evenkeel-coordinator --help` explains them.
struct Config {
  std::vector<ClusterConfig> clusters;
  std::vector<GatewayConfig> gateways;  // of the file that the flag names
  std::string name_space = "evenkeel";
  std::string data;
  ListenAddress listen;
  ListenAddress http_listen;
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;  // empty: no client certificates
  absl::Duration event_log_age = absl::Hours(24);
  int64_t event_log_mib = 256;                  // 0: none is kept
  std::string fence_hook_url;                   // of this and the next at most one; empty: none
  std::vector<std::string> fence_hook_command;  // program and arguments
  std::string fence_hook_ca_file;
  absl::Duration fence_hook_timeout = absl::Seconds(30);
  // What the files that the flags name hold: certificates in PEM. Empty: the system's authorities.
  std::string prober_ca_pem;
  std::string gate_hook_ca_pem;
  log::Options log;
};

// What the command line asks for.
struct CommandLine {
  Config config;
  std::optional<int> exit_code;  // set: end with it, all has been said (--help, --version, a mistake)
};

// Reads the command line and the environment. A mistake is told on stderr by the name of the flag.
CommandLine ReadCommandLine(int argc, const char* const* argv);

}  // namespace evenkeel::coordinator
