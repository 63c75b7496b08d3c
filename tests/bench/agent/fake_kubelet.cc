#include "tests/bench/agent/fake_kubelet.h"

#include <httplib.h>

#include <utility>

#include "common/base/check.h"

namespace evenkeel::agent {

FakeKubelet::FakeKubelet(const TestCertificates& certificates, std::string pods_json,
                         std::string resource_metrics) {
  const std::string certificate = WriteTestFile("kubelet.crt", certificates.certificate_pem);
  const std::string key = WriteTestFile("kubelet.key", certificates.key_pem);
  server_ = std::make_unique<httplib::SSLServer>(certificate.c_str(), key.c_str());
  std::remove(certificate.c_str());
  std::remove(key.c_str());
  server_->set_keep_alive_max_count(1'000'000);
  server_->set_keep_alive_timeout(60);
  server_->Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok", "text/plain");
  });
  server_->Get("/pods", [pods = std::move(pods_json)](const httplib::Request&, httplib::Response& response) {
    response.set_content(pods, "application/json");
  });
  server_->Get("/metrics/resource",
               [metrics = std::move(resource_metrics)](const httplib::Request&, httplib::Response& response) {
                 response.set_content(metrics, "text/plain");
               });
  port_ = server_->bind_to_any_port("127.0.0.1");
  EVENKEEL_CHECK(port_ > 0) << "no port for the fake kubelet";
  thread_ = std::thread([this] { server_->listen_after_bind(); });
}

FakeKubelet::~FakeKubelet() {
  server_->stop();
  thread_.join();
}

}  // namespace evenkeel::agent
