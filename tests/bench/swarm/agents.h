// Thousands of agents in one process: each a TLS connection with a certificate of its own and one session
// that beats.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "tests/support/certificates.h"

namespace evenkeel::swarm {

// The cluster that the agents are of.
inline constexpr char kCluster[] = "swarm";

// Name of agent number `index`, from 0.
std::string NodeName(size_t index);

class Agents {
 public:
  Agents(std::string target, std::string server_ca_pem, const testing::CertificateAuthority& agents_ca);
  ~Agents();  // cuts all connections

  // Opens agents until there are `count`, then waits until the coordinator has welcomed all of them. Crashes
  // after `patience`.
  void Grow(size_t count, absl::Duration patience);

  // The agent falls silent without closing its connection. Returns when it beat last.
  absl::Time Silence(size_t index);

  struct Totals {
    size_t open = 0;
    size_t lost = 0;  // sessions that ended by themselves
    size_t beats = 0;
    size_t acknowledgements = 0;
  };
  Totals totals() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::swarm
