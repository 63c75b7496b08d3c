#pragma once

#include <memory>
#include <string>
#include <thread>

#include "tests/unit/agent/test_certificates.h"

namespace httplib {
class SSLServer;
}  // namespace httplib

namespace evenkeel::agent {

// The part of a kubelet that the agent asks, over HTTPS on a port of the loopback.
class FakeKubelet {
 public:
  FakeKubelet(const TestCertificates& certificates, std::string pods_json, std::string resource_metrics);
  ~FakeKubelet();

  FakeKubelet(const FakeKubelet&) = delete;
  FakeKubelet& operator=(const FakeKubelet&) = delete;

  int port() const { return port_; }

 private:
  std::unique_ptr<httplib::SSLServer> server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace evenkeel::agent
