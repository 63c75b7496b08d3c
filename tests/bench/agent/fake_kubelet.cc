#include "tests/bench/agent/fake_kubelet.h"

#include <httplib.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/check.h"

namespace evenkeel::agent {

namespace {

// As long as that of a kubelet with 30 pods, with PLEG's line in the middle.
std::string OwnMetrics() {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    absl::StrAppend(&text, "kubelet_runtime_operations_duration_seconds_bucket{operation_type=\"list\",le=\"",
                    i, "\"} 12345\n");
    if (i == 1500)
      absl::StrAppend(&text, "kubelet_pleg_last_seen_seconds ", absl::ToUnixSeconds(absl::Now()), "\n");
  }
  return text;
}

}  // namespace

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
  server_->Get("/metrics", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(OwnMetrics(), "text/plain");
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
