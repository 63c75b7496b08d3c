// Proves what the HTTP client promises, against a real HTTPS server on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/status.h"
#include "common/http/client.h"
#include "tests/support/certificates.h"

namespace evenkeel::http {
namespace {

using ::testing::HasSubstr;

// One HTTPS server with the handlers that the tests need.
class Server {
 public:
  Server(const testing::CertificateAuthority& authority, const testing::Subject& subject,
         bool ask_client = false)
      : identity_(authority.Issue(subject)),
        certificate_(testing::ParseCertificate(identity_.certificate_pem)),
        key_(testing::ParseKey(identity_.key_pem)) {
    X509_STORE* clients = nullptr;
    if (ask_client) {
      clients = X509_STORE_new();
      X509_STORE_add_cert(clients, testing::ParseCertificate(authority.certificate_pem()).get());
    }
    server_ = std::make_unique<httplib::SSLServer>(certificate_.get(), key_.get(), clients);
    server_->set_keep_alive_max_count(1000);
    server_->Get("/hello", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content("hello " + request.get_header_value("X-Name"), "text/plain");
    });
    server_->Patch("/echo", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(request.body, request.get_header_value("Content-Type"));
    });
    server_->Delete("/busy", [](const httplib::Request& request, httplib::Response& response) {
      response.status = 429;
      response.set_header("Retry-After", "7");
      response.set_content("later " + request.body, "text/plain");
    });
    // Sends one line, then holds the stream until released.
    server_->Get("/hold", [this](const httplib::Request&, httplib::Response& response) {
      response.set_chunked_content_provider("text/plain",
                                            [this](std::size_t offset, httplib::DataSink& sink) {
                                              if (offset == 0) {
                                                sink.write("first\n", 6);
                                                return true;
                                              }
                                              release_.WaitForNotification();
                                              sink.write("last\n", 5);
                                              sink.done();
                                              return true;
                                            });
    });
    server_->Get("/silent", [this](const httplib::Request&, httplib::Response& response) {
      release_.WaitForNotification();
      response.set_content("at last", "text/plain");
    });
    server_->Get("/large", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(std::string(100000, 'x'), "text/plain");
    });
    server_->Get("/large-chunked", [](const httplib::Request&, httplib::Response& response) {
      response.set_chunked_content_provider("text/plain", [](std::size_t offset, httplib::DataSink& sink) {
        const std::string piece(10000, 'x');
        sink.write(piece.data(), piece.size());
        if (offset >= 100000) sink.done();
        return true;
      });
    });
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();
  }

  ~Server() {
    Release();
    server_->stop();
    thread_.join();
  }

  void Release() {
    if (!release_.HasBeenNotified()) release_.Notify();
  }

  std::string Url(const std::string& path) const { return absl::StrCat("https://127.0.0.1:", port_, path); }
  int port() const { return port_; }

 private:
  testing::Identity identity_;
  std::shared_ptr<X509> certificate_;
  std::shared_ptr<EVP_PKEY> key_;
  absl::Notification release_;
  std::unique_ptr<httplib::SSLServer> server_;
  int port_ = 0;
  std::thread thread_;
};

// Gathers one request's end.
struct Ending {
  absl::StatusOr<Response> result = absl::UnknownError("not yet");
  absl::Notification finished;
  std::atomic<int> times = 0;

  Client::Done Done() {
    return [this](absl::StatusOr<Response> answer) {
      ++times;
      result = std::move(answer);
      finished.Notify();
    };
  }
};

class HttpTest : public ::testing::Test {
 protected:
  Request Get(const std::string& path) const { return {.url = server_.Url(path), .tls = tls_}; }

  testing::CertificateAuthority authority_{"test CA"};
  Server server_{authority_, {.common_name = "server", .ip_addresses = {"127.0.0.1"}}};
  std::shared_ptr<const Tls> tls_ = std::make_shared<Tls>(Tls{.ca_pem = authority_.certificate_pem()});
};

std::string Reason(const absl::Status& status) {
  return base::Detail(status, base::kReasonKey).value_or("");
}

// A request carries its method, headers and body; an answer its code, body and type, and 429 its time to come
// back.
TEST_F(HttpTest, CarriesRequestsAndAnswers) {
  Client client;
  Request hello = Get("/hello");
  hello.headers = {{"X-Name", "world"}};
  const auto greeting = client.Fetch(hello);
  ASSERT_TRUE(greeting.ok()) << greeting.status();
  EXPECT_EQ(greeting->code, 200);
  EXPECT_EQ(greeting->body, "hello world");
  EXPECT_EQ(greeting->content_type, "text/plain");

  Request echo = Get("/echo");
  echo.method = "PATCH";
  echo.headers = {{"Content-Type", "application/merge-patch+json"}};
  echo.body = R"({"a":null})";
  const auto echoed = client.Fetch(echo);
  ASSERT_TRUE(echoed.ok()) << echoed.status();
  EXPECT_EQ(echoed->body, echo.body);
  EXPECT_EQ(echoed->content_type, "application/merge-patch+json");

  Request busy = Get("/busy");
  busy.method = "DELETE";
  busy.body = "x";
  const auto refused = client.Fetch(busy);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->code, 429);
  EXPECT_EQ(refused->body, "later x");
  EXPECT_EQ(refused->retry_after, absl::Seconds(7));
}

// The second request to a server uses the first one's connection.
TEST_F(HttpTest, ReusesConnections) {
  Client client;
  ASSERT_FALSE(client.Fetch(Get("/hello"))->reused_connection);
  EXPECT_TRUE(client.Fetch(Get("/hello"))->reused_connection);
}

// A server that does not answer costs the deadline and no more, and nothing else waits for it.
TEST_F(HttpTest, DeadlineEndsOneRequestOnly) {
  Client client;
  Request silent = Get("/silent");
  silent.deadline = absl::Milliseconds(50);
  Ending ending;
  client.Start(silent, ending.Done());
  EXPECT_TRUE(client.Fetch(Get("/hello")).ok());
  ending.finished.WaitForNotification();
  EXPECT_EQ(ending.result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(ending.result.status().message()), HasSubstr("/silent"));
}

// A cancelled request ends once, with CANCELLED; cancelling it again, or after the client is gone, does
// nothing.
TEST_F(HttpTest, CancelEndsARequestOnce) {
  Ending ending;
  Call call;
  {
    Client client;
    call = client.Start(Get("/silent"), ending.Done());
    call.Cancel();
    call.Cancel();
    ending.finished.WaitForNotification();
  }
  call.Cancel();
  EXPECT_EQ(ending.result.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ending.times, 1);
}

// An answer over the limit is refused, whether or not the server announces its size; one at the limit is
// taken.
TEST_F(HttpTest, RefusesLargeBodies) {
  Client client;
  for (const char* path : {"/large", "/large-chunked"}) {
    Request large = Get(path);
    large.max_body_bytes = 99999;
    const auto result = client.Fetch(large);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted) << path;
    EXPECT_EQ(Reason(result.status()), kReasonTooLarge) << path;
  }
  Request fitting = Get("/large");
  fitting.max_body_bytes = 100000;
  EXPECT_EQ(client.Fetch(fitting)->body.size(), 100000u);
}

// The opening and the chunks arrive while the server is still sending, in order, and the end comes after
// them.
TEST_F(HttpTest, StreamsChunksAsTheyArrive) {
  Client client;
  Ending ending;
  std::string received;
  std::vector<std::size_t> sizes;
  Request hold = Get("/hold");
  hold.deadline = absl::InfiniteDuration();
  client.Stream(
      hold,
      [&](absl::string_view chunk) {
        sizes.push_back(chunk.size());
        received.append(chunk.data(), chunk.size());
        if (received == "first\n") server_.Release();
      },
      ending.Done());
  ending.finished.WaitForNotification();
  ASSERT_TRUE(ending.result.ok()) << ending.result.status();
  EXPECT_EQ(received, "first\nlast\n");
  EXPECT_EQ(sizes.front(), 0u);
  EXPECT_EQ(ending.result->code, 200);
  EXPECT_EQ(ending.result->body, "");
}

// A stream that goes quiet ends by its idle timeout.
TEST_F(HttpTest, IdleTimeoutEndsAQuietStream) {
  Client client;
  Ending ending;
  std::atomic<int> chunks = 0;
  Request hold = Get("/hold");
  hold.deadline = absl::InfiniteDuration();
  hold.idle_timeout = absl::Milliseconds(200);
  client.Stream(
      hold, [&](absl::string_view) { ++chunks; }, ending.Done());
  ending.finished.WaitForNotification();
  EXPECT_EQ(ending.result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(ending.result.status().message()), HasSubstr("nothing received"));
}

// A stream cancelled by its own listener hands out nothing more.
TEST_F(HttpTest, StreamCancelledFromItsChunkStaysSilent) {
  Client client;
  Ending ending;
  std::atomic<int> chunks = 0;
  Call call;
  absl::Notification started;
  client.After(absl::ZeroDuration(), [&] {
    call = client.Stream(
        Get("/large-chunked"),
        [&](absl::string_view) {
          ++chunks;
          call.Cancel();
        },
        ending.Done());
    started.Notify();
  });
  started.WaitForNotification();
  ending.finished.WaitForNotification();
  EXPECT_EQ(ending.result.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(chunks, 1);
  EXPECT_EQ(ending.times, 1);
}

// A stream that is refused gives the server's words as the body, not as chunks.
TEST_F(HttpTest, RefusedStreamKeepsItsBody) {
  Client client;
  Ending ending;
  std::atomic<int> chunks = 0;
  Request busy = Get("/busy");
  busy.method = "DELETE";
  client.Stream(
      busy, [&](absl::string_view) { ++chunks; }, ending.Done());
  ending.finished.WaitForNotification();
  ASSERT_TRUE(ending.result.ok()) << ending.result.status();
  EXPECT_EQ(ending.result->body, "later ");
  EXPECT_EQ(chunks, 0);
}

// A server that our CA did not sign, or that has another name, is not talked to, and the error says so.
TEST_F(HttpTest, RefusesServersItCannotVerify) {
  const Server elsewhere(authority_, {.common_name = "server", .dns_names = {"api.example"}});
  Client client;
  Request stranger = Get("/hello");
  const testing::CertificateAuthority other{"other CA"};
  stranger.tls = std::make_shared<Tls>(Tls{.ca_pem = other.certificate_pem()});
  const auto wrong_ca = client.Fetch(stranger);
  EXPECT_EQ(wrong_ca.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Reason(wrong_ca.status()), kReasonTls);
  EXPECT_THAT(std::string(wrong_ca.status().message()), HasSubstr("certificate was not accepted"));

  Request misnamed{.url = elsewhere.Url("/hello"), .tls = tls_};
  EXPECT_EQ(Reason(client.Fetch(misnamed).status()), kReasonTls);
  misnamed.tls =
      std::make_shared<Tls>(Tls{.ca_pem = authority_.certificate_pem(), .server_name = "api.example"});
  EXPECT_TRUE(client.Fetch(misnamed).ok());

  Request garbage = Get("/hello");
  garbage.tls = std::make_shared<Tls>(Tls{.ca_pem = "not a certificate"});
  EXPECT_EQ(Reason(client.Fetch(garbage).status()), kReasonTls);

  Request careless = Get("/hello");
  careless.tls = std::make_shared<Tls>(Tls{.insecure_skip_verify = true});
  EXPECT_TRUE(client.Fetch(careless).ok());
}

// A certificate past its date is refused.
TEST_F(HttpTest, RefusesExpiredServers) {
  const Server expired(authority_,
                       {.common_name = "server", .ip_addresses = {"127.0.0.1"}, .valid_days = -1});
  Client client;
  const auto result = client.Fetch({.url = expired.Url("/hello"), .tls = tls_});
  EXPECT_EQ(Reason(result.status()), kReasonTls);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("expired"));
}

// A server that asks for a client certificate gets ours; without one it does not talk to us.
TEST_F(HttpTest, PresentsItsClientCertificate) {
  const Server strict(authority_, {.common_name = "server", .ip_addresses = {"127.0.0.1"}},
                      /*ask_client=*/true);
  const testing::Identity identity = authority_.Issue({.common_name = "client"});
  Client client;
  EXPECT_FALSE(client.Fetch({.url = strict.Url("/hello"), .tls = tls_}).ok());
  const auto with_certificate = std::make_shared<Tls>(Tls{.ca_pem = authority_.certificate_pem(),
                                                          .client_certificate_pem = identity.certificate_pem,
                                                          .client_key_pem = identity.key_pem});
  const auto result = client.Fetch({.url = strict.Url("/hello"), .tls = with_certificate});
  EXPECT_TRUE(result.ok()) << result.status();
}

// Nobody listening, a name that does not resolve, a plain-text server: each is told apart.
TEST_F(HttpTest, NamesTheKindOfFailure) {
  Client client;
  const auto refused = client.Fetch({.url = "https://127.0.0.1:1/"});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Reason(refused.status()), kReasonConnect);
  httplib::Server mute;  // listens, but never says a word
  const int mute_port = mute.bind_to_any_port("127.0.0.1");
  const auto unanswered = client.Fetch(
      {.url = absl::StrCat("https://127.0.0.1:", mute_port, "/"), .connect_timeout = absl::Milliseconds(50)});
  EXPECT_EQ(Reason(unanswered.status()), kReasonConnect);
  // A label longer than DNS allows: no server needs to be asked.
  const auto unknown = client.Fetch({.url = absl::StrCat("https://", std::string(64, 'x'), ".invalid/")});
  EXPECT_EQ(Reason(unknown.status()), kReasonResolve);
}

// What cannot be a request is refused before anything is sent.
TEST_F(HttpTest, RefusesMalformedRequests) {
  Client client;
  for (const char* url :
       {"ftp://127.0.0.1/", "file:///etc/passwd", "https://127.0.0.1/\r\nX: y", "127.0.0.1"}) {
    EXPECT_EQ(client.Fetch({.url = url}).status().code(), absl::StatusCode::kInvalidArgument) << url;
  }
  Request forged = Get("/hello");
  forged.headers = {{"X-Name", "a\r\nX-Forged: b"}};
  EXPECT_EQ(client.Fetch(forged).status().code(), absl::StatusCode::kInvalidArgument);
  Request keyless = Get("/hello");
  keyless.tls = std::make_shared<Tls>(Tls{.client_certificate_pem = "certificate"});
  EXPECT_EQ(client.Fetch(keyless).status().code(), absl::StatusCode::kInvalidArgument);
}

// Beyond the bounds a request is refused at once; those within are served when there is room.
TEST_F(HttpTest, BoundsWhatWaits) {
  Client client({.max_in_flight = 1, .max_queued = 1});
  Ending first;
  Ending second;
  Ending third;
  client.Start(Get("/silent"), first.Done());
  client.Start(Get("/hello"), second.Done());
  client.Start(Get("/hello"), third.Done());
  third.finished.WaitForNotification();
  EXPECT_EQ(third.result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Reason(third.result.status()), kReasonQueueFull);
  EXPECT_FALSE(first.finished.HasBeenNotified());
  EXPECT_FALSE(second.finished.HasBeenNotified());
  server_.Release();
  second.finished.WaitForNotification();
  EXPECT_TRUE(first.result.ok()) << first.result.status();
  EXPECT_TRUE(second.result.ok()) << second.result.status();
}

// Destroying the client ends everything, requests that a callback starts meanwhile too.
TEST_F(HttpTest, DestructionCancelsWhatIsUnderWay) {
  Ending waiting;
  Ending late;
  {
    Client client({.max_in_flight = 1});
    client.Start(Get("/silent"), [&](absl::StatusOr<Response> answer) {
      client.Start(Get("/hello"), late.Done());
      waiting.Done()(std::move(answer));
    });
  }
  EXPECT_EQ(waiting.result.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(late.result.status().code(), absl::StatusCode::kCancelled);
}

// Timers run in order of time on the client's thread, and not when they were cancelled.
TEST_F(HttpTest, TimersRunInOrder) {
  Client client;
  std::vector<int> order;
  absl::Notification finished;
  client.After(absl::Milliseconds(30), [&] {
    order.push_back(3);
    finished.Notify();
  });
  client.After(absl::Milliseconds(10), [&] { order.push_back(1); });
  const Call cancelled = client.After(absl::Milliseconds(20), [&] { order.push_back(2); });
  cancelled.Cancel();
  client.After(absl::InfiniteDuration(), [&] { order.push_back(4); });
  finished.WaitForNotification();
  EXPECT_EQ(order, (std::vector<int>{1, 3}));
}

}  // namespace
}  // namespace evenkeel::http
