// Proves what the health and metrics endpoint tells, and that strangers cannot silence it.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/http/client.h"
#include "common/observability/server.h"

namespace evenkeel::observability {
namespace {

using ::testing::HasSubstr;

class ObservabilityTest : public ::testing::Test {
 protected:
  void Start(Endpoint::Options options) {
    options.address = "127.0.0.1";
    auto endpoint = Serve(options, sources_);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    endpoint_ = *std::move(endpoint);
  }

  http::Response Ask(const std::string& path, const std::string& method = "GET") {
    const auto answer = client_.Fetch(
        {.method = method, .url = "http://127.0.0.1:" + std::to_string(endpoint_->port()) + path});
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : http::Response{};
  }

  // A connection that this test drives by hand.
  int Connect() {
    const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(endpoint_->port()));
    EXPECT_EQ(connect(file, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return file;
  }

  // Sends and reads until the server closes.
  std::string Exchange(const std::string& bytes) {
    const int file = Connect();
    EXPECT_EQ(send(file, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    std::string answer = ReadAll(file);
    close(file);
    return answer;
  }
  static std::string ReadAll(int file) {
    std::string answer;
    char buffer[4096];
    for (ssize_t count = 0; (count = recv(file, buffer, sizeof(buffer), 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(count));
    }
    return answer;
  }

  Sources sources_;
  http::Client client_;
  std::unique_ptr<Endpoint> endpoint_;
};

// Checks decide the code and are told one by one with their reasons; a check that is removed counts no more.
TEST_F(ObservabilityTest, TellsLivenessAndReadiness) {
  Start({});
  EXPECT_EQ(Ask("/livez").code, 200);
  sources_.ready.Add("store", [] { return absl::OkStatus(); });
  sources_.ready.Add("kubernetes", [] { return absl::UnavailableError("the watch is stale"); });
  const http::Response ready = Ask("/readyz?verbose");
  EXPECT_EQ(ready.code, 503);
  EXPECT_EQ(ready.body, "[-] kubernetes: the watch is stale\n[+] store\nfailed\n");
  EXPECT_EQ(Ask("/livez").code, 200);
  sources_.ready.Remove("kubernetes");
  EXPECT_EQ(Ask("/readyz").body, "[+] store\nok\n");
}

// Metrics come in Prometheus' text format.
TEST_F(ObservabilityTest, TellsMetrics) {
  prometheus::BuildCounter()
      .Name("evenkeel_beats_total")
      .Help("Beats")
      .Register(sources_.metrics)
      .Add({})
      .Increment(3);
  Start({});
  const http::Response metrics = Ask("/metrics");
  EXPECT_EQ(metrics.code, 200);
  EXPECT_THAT(metrics.content_type, HasSubstr("version=0.0.4"));
  EXPECT_THAT(metrics.body, HasSubstr("evenkeel_beats_total 3"));
}

// Only GET and HEAD of known paths are served; what is no request is refused.
TEST_F(ObservabilityTest, RefusesEverythingElse) {
  Start({});
  EXPECT_EQ(Ask("/").code, 404);
  EXPECT_EQ(Ask("/livez", "POST").code, 405);
  EXPECT_EQ(Ask("/livez", "HEAD").body, "");
  EXPECT_THAT(Exchange("\x16\x03\x01garbage\r\n\r\n"), HasSubstr("HTTP/1.1 400"));
  EXPECT_THAT(Exchange(std::string(5000, 'x')), HasSubstr("HTTP/1.1 431"));
}

// When all connections are taken by clients that say nothing, a new one is served all the same.
TEST_F(ObservabilityTest, SilentClientsMakeRoom) {
  Start({.max_connections = 4, .connection_time = absl::Minutes(10)});
  std::vector<int> silent;
  for (int i = 0; i < 12; ++i) silent.push_back(Connect());
  EXPECT_EQ(Ask("/livez").code, 200);
  for (const int file : silent) close(file);
}

// A connection ends when its time is over, however slowly its client speaks.
TEST_F(ObservabilityTest, SlowClientsAreCutOff) {
  Start({.connection_time = absl::Milliseconds(100)});
  const int file = Connect();
  EXPECT_EQ(send(file, "GET /livez", 10, MSG_NOSIGNAL), 10);
  EXPECT_EQ(ReadAll(file), "");  // returns when the server closes
  close(file);
  EXPECT_EQ(Ask("/livez").code, 200);
}

// An address that is none, or is taken, is refused with a reason.
TEST_F(ObservabilityTest, RefusesBadAddresses) {
  Start({});
  EXPECT_EQ(Serve({.address = "everywhere"}, sources_).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Serve({.address = "127.0.0.1", .port = endpoint_->port()}, sources_).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace evenkeel::observability
