// Proves when the Kubernetes client repeats a call, renews its token and asks again, against a scripted HTTPS
// server. What a real API server does with its calls is proven by tests/contract/kube.
#include "common/kube/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/kube/status.h"
#include "common/time/steady_clock.h"
#include "tests/support/certificates.h"
#include "tests/support/kube/await.h"

namespace evenkeel::kube {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;

constexpr absl::Duration kDeadline = absl::Seconds(30);

// Answers each request with the next of a list, and remembers what came.
class ScriptedServer {
 public:
  struct Answer {
    int code = 200;
    std::string body = "{}";
    std::string retry_after;
  };

  ScriptedServer() {
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      absl::MutexLock lock(&mutex_);
      seen_.push_back(
          absl::StrCat(request.method, " ", request.path, " ", request.get_header_value("Authorization")));
      bodies_.push_back(request.body);
      Answer answer;
      if (!script_.empty()) {
        answer = script_.front();
        script_.pop_front();
      }
      response.status = answer.code;
      if (!answer.retry_after.empty()) response.set_header("Retry-After", answer.retry_after);
      response.set_content(answer.body, "application/json");
    };
    server_.Get(".*", handle);
    server_.Post(".*", handle);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~ScriptedServer() {
    server_.stop();
    thread_.join();
  }

  void Script(std::deque<Answer> answers) {
    absl::MutexLock lock(&mutex_);
    script_ = std::move(answers);
  }
  std::vector<std::string> seen() {
    absl::MutexLock lock(&mutex_);
    return seen_;
  }
  std::vector<std::string> bodies() {
    absl::MutexLock lock(&mutex_);
    return bodies_;
  }
  ClusterConfig Config() const {
    ClusterConfig config;
    config.server = absl::StrCat("https://127.0.0.1:", port_);
    config.tls = std::make_shared<http::Tls>(http::Tls{.ca_pem = authority_.certificate_pem()});
    return config;
  }

 private:
  const testing::CertificateAuthority authority_{"CA"};
  const testing::Identity identity_ = authority_.Issue({.common_name = "api", .ip_addresses = {"127.0.0.1"}});
  const std::shared_ptr<X509> certificate_ = testing::ParseCertificate(identity_.certificate_pem);
  const std::shared_ptr<EVP_PKEY> key_ = testing::ParseKey(identity_.key_pem);
  httplib::SSLServer server_{certificate_.get(), key_.get()};
  absl::Mutex mutex_;
  std::deque<Answer> script_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> seen_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> bodies_ ABSL_GUARDED_BY(mutex_);
  int port_ = 0;
  std::thread thread_;
};

class KubeClientTest : public ::testing::Test {
 protected:
  void Connect(ClusterConfig config) {
    Client::Options options;
    options.backoff = {.initial = absl::Milliseconds(1), .maximum = absl::Milliseconds(5)};
    client_ = std::make_unique<Client>(std::move(config), clock_, options);
  }

  absl::StatusOr<Json> Get(absl::Duration deadline = kDeadline) {
    return testing::Await<Json>([&](auto done) { client_->Get(Nodes(), {"", "n"}, deadline, done); });
  }
  absl::StatusOr<Json> Create() {
    return testing::Await<Json>(
        [&](auto done) { client_->Create(Events(), "default", Json::object(), kDeadline, done); });
  }
  absl::StatusOr<Json> Evict() {
    return testing::Await<Json>([&](auto done) {
      client_->Evict({"a", "p"}, {.uid = "u"}, kDeadline, done);
    });
  }

  const time::SteadyClock clock_;
  ScriptedServer server_;
  std::unique_ptr<Client> client_;  // before the server: connections that stay open delay its end
};

// A read is repeated while the server fails or is overloaded, until it answers.
TEST_F(KubeClientTest, ReadsAreRepeated) {
  Connect(server_.Config());
  server_.Script({{500}, {503}, {429}, {200, R"({"kind":"Node"})"}});
  const auto node = Get();
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ((*node)["kind"], "Node");
  EXPECT_EQ(server_.seen().size(), 4u);
}

// A log is asked for once, in one byte, and what it says is not looked at: it need not be JSON.
TEST_F(KubeClientTest, TouchesALogOnce) {
  Connect(server_.Config());
  const auto touch = [&] {
    absl::Notification answered;
    absl::Status status;
    client_->TouchLog({"evenkeel", "agent-x"}, "agent", kDeadline, [&](absl::Status answer) {
      status = std::move(answer);
      answered.Notify();
    });
    answered.WaitForNotification();
    return status;
  };
  server_.Script({{200, "\xff{"}, {500, "dial tcp: i/o timeout"}, {200}});
  EXPECT_TRUE(touch().ok());
  EXPECT_EQ(HttpCode(touch()), 500);
  EXPECT_THAT(server_.seen(), ElementsAre("GET /api/v1/namespaces/evenkeel/pods/agent-x/log ",
                                          "GET /api/v1/namespaces/evenkeel/pods/agent-x/log "));
}

// What a kubelet answers is handed over as it is, JSON or not, and is asked for once.
TEST_F(KubeClientTest, AsksAKubeletOnce) {
  Connect(server_.Config());
  const auto ask = [&] {
    return testing::Await<std::string>(
        [&](auto done) { client_->GetFromNode("virtual-1", "/stats/summary", kDeadline, done); });
  };
  server_.Script({{200, "\xff{"}, {404, "404 page not found"}, {503, "dial tcp: i/o timeout"}, {200}});
  const auto text = ask();
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "\xff{");
  EXPECT_EQ(ask().status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(HttpCode(ask().status()), 503);
  EXPECT_THAT(server_.seen(), Each("GET /api/v1/nodes/virtual-1/proxy/stats/summary "));
  EXPECT_EQ(server_.seen().size(), 3u);
}

// A part of an object, and what a version of an API serves, are reads like any other.
TEST_F(KubeClientTest, ReadsPartsAndResources) {
  Connect(server_.Config());
  server_.Script({{500}, {200, R"({"kind":"Scale"})"}, {200, R"({"kind":"APIResourceList"})"}, {200}});
  const auto scale = testing::Await<Json>([&](auto done) {
    client_->GetPart(Deployments(), {"shop", "web"}, "scale", kDeadline, done);
  });
  ASSERT_TRUE(scale.ok()) << scale.status();
  EXPECT_EQ((*scale)["kind"], "Scale");
  for (const char* group : {"apps", ""}) {
    EXPECT_TRUE(
        testing::Await<Json>([&](auto done) { client_->GetResources(group, "v1", kDeadline, done); }).ok());
  }
  EXPECT_THAT(server_.seen(), ElementsAre("GET /apis/apps/v1/namespaces/shop/deployments/web/scale ",
                                          "GET /apis/apps/v1/namespaces/shop/deployments/web/scale ",
                                          "GET /apis/apps/v1 ", "GET /api/v1 "));
}

// What would not change by asking again is answered at once.
TEST_F(KubeClientTest, RefusalsAreFinal) {
  Connect(server_.Config());
  for (const int code : {400, 403, 404, 409, 410, 422}) {
    server_.Script({{code}, {200}});
    EXPECT_EQ(HttpCode(Get().status()), code);
  }
  EXPECT_EQ(server_.seen().size(), 6u);
}

// A creation is repeated only when it was surely not carried out: the server said when to come back.
TEST_F(KubeClientTest, CreationsAreRepeatedOnlyWhenSafe) {
  Connect(server_.Config());
  server_.Script({{500}, {201}});
  EXPECT_EQ(HttpCode(Create().status()), 500);
  server_.Script({{429, "{}", "1"}, {201}});
  EXPECT_TRUE(Create().ok());
  EXPECT_EQ(server_.seen().size(), 3u);
}

// When the server wants more time than there is, the last failure is the answer, at once.
TEST_F(KubeClientTest, RetryAfterBeyondTheDeadlineEndsTheCall) {
  Connect(server_.Config());
  server_.Script({{429, "{}", "3600"}});
  const auto result = Get();
  EXPECT_EQ(HttpCode(result.status()), 429);
  EXPECT_THAT(std::string(result.status().message()), ::testing::HasSubstr("given up after 1 attempts"));
}

// Nobody there: attempts go on until the deadline, and the failure says what was wrong.
TEST_F(KubeClientTest, DeadlineEndsRepetition) {
  ClusterConfig config = server_.Config();
  config.server = "https://127.0.0.1:1";
  Connect(config);
  const auto result = Get(absl::Milliseconds(50));
  // Given up between two attempts, or, on a slow machine, within one: the cause is told in both cases.
  EXPECT_THAT(result.status().code(),
              AnyOf(absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(std::string(result.status().message()), ::testing::HasSubstr("no connection"));
}

// Cancelled while it waits for its next attempt, a call ends at once; so it does when the client is closed.
TEST_F(KubeClientTest, WaitingCallsCanBeCancelled) {
  Connect(server_.Config());
  server_.Script({{429, "{}", "20"}, {429, "{}", "20"}});
  absl::StatusOr<Json> cancelled = absl::UnknownError("not yet");
  absl::StatusOr<Json> closed = absl::UnknownError("not yet");
  absl::Notification finished;
  const Call call = client_->Get(Nodes(), {"", "a"}, kDeadline, [&](absl::StatusOr<Json> result) {
    cancelled = std::move(result);
    finished.Notify();
  });
  client_->Get(Nodes(), {"", "b"}, kDeadline,
               [&](absl::StatusOr<Json> result) { closed = std::move(result); });
  while (server_.seen().size() < 2) std::this_thread::yield();
  call.Cancel();
  finished.WaitForNotification();
  EXPECT_EQ(cancelled.status().code(), absl::StatusCode::kCancelled);
  client_.reset();
  EXPECT_EQ(closed.status().code(), absl::StatusCode::kCancelled);
  call.Cancel();
}

// A refused token is read again from its file once; a file without a token is an error of its own.
TEST_F(KubeClientTest, TokensAreRenewed) {
  const std::string path = ::testing::TempDir() + "evenkeel-token";
  std::filesystem::remove(path);
  ClusterConfig config = server_.Config();
  config.token_file = path;
  Connect(config);
  EXPECT_EQ(Get().status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(server_.seen().empty());
  std::ofstream(path) << "old\n";
  EXPECT_TRUE(Get().ok());
  std::ofstream(path, std::ios::trunc) << "new\n";
  server_.Script({{401}, {200}});
  EXPECT_TRUE(Get().ok());
  server_.Script({{401}, {401}});
  EXPECT_EQ(Get().status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(server_.seen(), ElementsAre("GET /api/v1/nodes/n Bearer old", "GET /api/v1/nodes/n Bearer old",
                                          "GET /api/v1/nodes/n Bearer new", "GET /api/v1/nodes/n Bearer new",
                                          "GET /api/v1/nodes/n Bearer new"));
  std::filesystem::remove(path);
}

std::string EvictionKnown(const char* version) {
  return Json{
      {"resources", {{{"name", "pods"}, {"version", ""}}, {{"name", "pods/eviction"}, {"version", version}}}}}
      .dump();
}

// The version of evictions is asked once and kept; an upgraded server is asked again, and a refusal with
// another cause stands.
TEST_F(KubeClientTest, EvictionVersionFollowsTheServer) {
  Connect(server_.Config());
  server_.Script({{200, EvictionKnown("v1beta1")}, {201}, {201}});
  EXPECT_TRUE(Evict().ok());
  EXPECT_TRUE(Evict().ok());
  server_.Script({{404}, {200, EvictionKnown("v1")}, {201}});
  EXPECT_TRUE(Evict().ok());
  server_.Script({{404}, {200, EvictionKnown("v1")}});
  EXPECT_EQ(Evict().status().code(), absl::StatusCode::kNotFound);
  std::vector<std::string> versions;
  for (const std::string& body : server_.bodies()) {
    if (!body.empty()) versions.push_back(Json::parse(body)["apiVersion"]);
  }
  EXPECT_THAT(versions,
              ElementsAre("policy/v1beta1", "policy/v1beta1", "policy/v1beta1", "policy/v1", "policy/v1"));
  server_.Script({{404}, {200, R"({"resources":[]})"}});
  EXPECT_EQ(Evict().status().code(), absl::StatusCode::kNotFound);
}

// More calls than are allowed to wait are refused, not kept.
TEST_F(KubeClientTest, BoundsWhatWaits) {
  Client::Options options;
  options.http.max_in_flight = 1;
  options.http.max_queued = 0;
  client_ = std::make_unique<Client>(server_.Config(), clock_, options);
  server_.Script({{429, "{}", "20"}});
  absl::StatusOr<Json> waiting = absl::UnknownError("not yet");
  client_->Get(Nodes(), {"", "a"}, kDeadline,
               [&](absl::StatusOr<Json> result) { waiting = std::move(result); });
  EXPECT_EQ(Get().status().code(), absl::StatusCode::kResourceExhausted);
  client_.reset();
  EXPECT_EQ(waiting.status().code(), absl::StatusCode::kCancelled);
}

// A token that is reviewed stays out of what is told of a failure.
TEST_F(KubeClientTest, ReviewedTokensAreNotTold) {
  Connect(server_.Config());
  server_.Script({{403, R"({"kind":"Status","message":"no"})"}});
  const auto review = testing::Await<TokenReview>(
      [&](auto done) { client_->ReviewToken("secret-token", {"a"}, kDeadline, done); });
  EXPECT_EQ(review.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(review.status().ToString().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace evenkeel::kube
