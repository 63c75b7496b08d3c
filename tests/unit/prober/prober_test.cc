// All clients of a switch against a real server: what they met is told, by kind and side, until it ends.

#include "coordinator/prober/prober.h"

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/time/steady_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"
#include "tests/support/event_log.h"
#include "tests/unit/prober/listener.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;

// Answers as a route with the backends east and west does.
class Gateway {
 public:
  explicit Gateway(std::unique_ptr<httplib::Server> server) : server_(std::move(server)) {
    server_->Get("/", [this](const httplib::Request&, httplib::Response& response) {
      response.set_header("X-Backend", "west");
      response.set_content("hello", "text/plain");
      response.status = status_;
    });
    server_->Get("/slow", [](const httplib::Request&, httplib::Response& response) {
      response.set_header("X-Backend", "east");
      response.set_content("at last", "text/plain");
    });
    server_->Get("/stream", [](const httplib::Request&, httplib::Response& response) {
      response.set_chunked_content_provider("text/plain", [](size_t, httplib::DataSink& sink) {
        sink.write("x", 1);
        sink.done();
        return true;
      });
    });
    // A connection that is kept has a thread for itself.
    server_->new_task_queue = [] { return new httplib::ThreadPool(100); };
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();
  }
  ~Gateway() {
    server_->stop();
    thread_.join();
  }

  void AnswerWith(int status) { status_ = status; }
  int port() const { return port_; }

 private:
  std::atomic<int> status_ = 200;
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::thread thread_;
};

class ProberTest : public ::testing::Test {
 protected:
  ProberTest() {
    SwitchedRoute& route = request_.spec.routes.emplace_back();
    route.blue = "east";
    route.green = "west";
    request_.decision = {3, 4};
    request_.spec.prober.side_header = "x-backend";
    request_.spec.prober.per_second = 50;
  }

  void Probe(const std::string& url, const std::string& ca_pem = "") {
    auto made = Prober::Create({.ca_pem = ca_pem, .tell_every = absl::Milliseconds(10)}, events_, clock_);
    ASSERT_TRUE(made.ok()) << made.status();
    prober_ = *std::move(made);
    request_.spec.prober.url = url;
    prober_->Do(request_);
  }
  // The first telling for which `holds`.
  ProbesTold Told(const std::function<bool(const ProbesTold&)>& holds) {
    for (size_t seen = 0;;) {
      const auto told = events_.WaitFor<ProbesTold>(seen + 1);
      for (; seen < told.size(); ++seen) {
        if (holds(told[seen])) return told[seen];
      }
    }
  }
  static bool AllOf(const ProbesTold& told, const std::vector<ProbeKind>& kinds, uint64_t least) {
    return std::all_of(kinds.begin(), kinds.end(), [&](ProbeKind kind) {
      const auto count = told.totals.find(kind);
      return count != told.totals.end() && count->second.requests >= least;
    });
  }

  StartProber request_;
  testing::EventLog events_;
  time::SteadyClock clock_;
  std::unique_ptr<Prober> prober_;
};

// Clients of all four kinds, none of which loses anything.
TEST_F(ProberTest, SendsRequestsOfAllKinds) {
  Gateway gateway(std::make_unique<httplib::Server>());
  request_.spec.prober.slow_path = "/slow";
  request_.spec.prober.stream_path = "/stream";
  Probe(absl::StrCat("http://127.0.0.1:", gateway.port()));
  const ProbesTold told = Told([](const ProbesTold& one) {
    return AllOf(one, {ProbeKind::kFresh, ProbeKind::kKeepAlive, ProbeKind::kSlow, ProbeKind::kStream}, 4);
  });
  EXPECT_EQ(told.decision, (DecisionId{3, 4}));
  for (const auto& [kind, count] : told.totals) EXPECT_EQ(count.failed, 0u) << Word(kind);
  EXPECT_TRUE(told.failures.empty());
  prober_.reset();
}

// A side that fails: each request is told with its time and cause, and whose it was.
TEST_F(ProberTest, TellsWhatWasLostByWhom) {
  Gateway gateway(std::make_unique<httplib::Server>());
  gateway.AnswerWith(500);
  const absl::Time begun = clock_.Now();
  Probe(absl::StrCat("http://127.0.0.1:", gateway.port()));
  const ProbesTold told = Told([](const ProbesTold& one) {
    return AllOf(one, {ProbeKind::kFresh, ProbeKind::kKeepAlive}, 1);
  });
  for (const auto& [kind, count] : told.totals) {
    EXPECT_EQ(count.failed, count.requests) << Word(kind);
    EXPECT_EQ(count.failed_on_green, count.requests) << Word(kind);
  }
  const ProbesTold first = events_.Of<ProbesTold>().front();
  ASSERT_FALSE(first.failures.empty());
  EXPECT_EQ(first.failures.front().detail, "it answered with status 500");
  EXPECT_EQ(first.failures.front().side, Side::kGreen);
  EXPECT_GE(first.failures.front().time, begun);
  prober_.reset();
}

// A gateway that is not there loses everything, and nobody knows whose it was; when it comes, it serves.
TEST_F(ProberTest, AGatewayThatIsAway) {
  const uint16_t nobody = [] { return Listener().port(); }();
  Probe(absl::StrCat("http://127.0.0.1:", nobody));
  const ProbesTold told = Told([](const ProbesTold& one) { return !one.failures.empty(); });
  EXPECT_THAT(told.failures.front().detail, HasSubstr("no connection: "));
  EXPECT_EQ(told.failures.front().side, std::nullopt);
  EXPECT_EQ(told.totals.at(told.failures.front().kind).failed_on_green, 0u);
  prober_.reset();
}

// Once it is stopped nobody asks for it any more.
TEST_F(ProberTest, Stops) {
  Gateway gateway(std::make_unique<httplib::Server>());
  Probe(absl::StrCat("http://127.0.0.1:", gateway.port()));
  Told([](const ProbesTold& one) { return AllOf(one, {ProbeKind::kFresh}, 3); });
  const DecisionId stopped = request_.decision;
  prober_->Do(StopProber{stopped});
  request_.decision = {3, 5};
  prober_->Do(request_);
  Told([&](const ProbesTold& one) {
    return one.decision == request_.decision && AllOf(one, {ProbeKind::kFresh}, 5);
  });
  prober_.reset();
  bool other = false;
  for (const ProbesTold& told : events_.Of<ProbesTold>()) {
    other = other || told.decision != stopped;
    EXPECT_EQ(other, told.decision != stopped);
  }
}

// Begun anew it counts from nothing, as another run.
TEST_F(ProberTest, BeginsAnewForAnotherSpec) {
  Gateway gateway(std::make_unique<httplib::Server>());
  Probe(absl::StrCat("http://127.0.0.1:", gateway.port()));
  const ProbesTold before = Told([](const ProbesTold& one) { return AllOf(one, {ProbeKind::kFresh}, 3); });
  request_.spec.prober.per_second = 40;
  prober_->Do(request_);
  const ProbesTold after = Told([&](const ProbesTold& one) { return one.run != before.run; });
  EXPECT_EQ(after.decision, before.decision);
  prober_.reset();
}

// Asked again for the same, it goes on.
TEST_F(ProberTest, AskedAgainItGoesOn) {
  Gateway gateway(std::make_unique<httplib::Server>());
  Probe(absl::StrCat("http://127.0.0.1:", gateway.port()));
  const ProbesTold before = Told([](const ProbesTold& one) { return AllOf(one, {ProbeKind::kFresh}, 5); });
  prober_->Do(request_);
  const ProbesTold after = Told([](const ProbesTold& one) { return AllOf(one, {ProbeKind::kFresh}, 20); });
  EXPECT_EQ(after.run, before.run);
  prober_.reset();
}

// A server that never answers does not hold up its end.
TEST_F(ProberTest, EndsWhileRequestsAreUnderWay) {
  const Listener listener;
  Probe(absl::StrCat("http://127.0.0.1:", listener.port()));
  const Peer first = listener.Accept();
  const Peer second = listener.Accept();
  prober_.reset();
}

// Names are looked up, and each of their addresses is tried.
TEST_F(ProberTest, LooksNamesUp) {
  Gateway gateway(std::make_unique<httplib::Server>());
  Probe(absl::StrCat("http://localhost:", gateway.port()));
  const ProbesTold told = Told([](const ProbesTold& one) { return AllOf(one, {ProbeKind::kFresh}, 3); });
  EXPECT_EQ(told.totals.at(ProbeKind::kFresh).failed, 0u);
  prober_.reset();
}

// A URL that cannot be used is one lost request: no gate passes by it.
TEST_F(ProberTest, TellsOfAUrlThatIsNone) {
  Probe("http://me:secret@shop");
  const ProbesTold told = Told([](const ProbesTold&) { return true; });
  ASSERT_EQ(told.failures.size(), 1u);
  EXPECT_EQ(told.failures.front().detail, "it must not hold a user's name or password");
}

class TlsProberTest : public ProberTest {
 protected:
  TlsProberTest()
      : identity_(authority_.Issue({.common_name = "gateway", .ip_addresses = {"127.0.0.1"}})),
        certificate_(testing::ParseCertificate(identity_.certificate_pem)),
        key_(testing::ParseKey(identity_.key_pem)),
        gateway_(std::make_unique<httplib::SSLServer>(certificate_.get(), key_.get())) {}

  testing::CertificateAuthority authority_{"test CA"};
  testing::Identity identity_;
  std::shared_ptr<X509> certificate_;
  std::shared_ptr<EVP_PKEY> key_;
  Gateway gateway_;
};

TEST_F(TlsProberTest, SpeaksTls) {
  Probe(absl::StrCat("https://127.0.0.1:", gateway_.port()), authority_.certificate_pem());
  const ProbesTold told = Told([](const ProbesTold& one) {
    return AllOf(one, {ProbeKind::kFresh, ProbeKind::kKeepAlive}, 5);
  });
  for (const auto& [kind, count] : told.totals) EXPECT_EQ(count.failed, 0u) << Word(kind);
  prober_.reset();
}

// A certificate that nobody vouches for is a lost request, with the cause.
TEST_F(TlsProberTest, TrustsNobodyElse) {
  const testing::CertificateAuthority other("another CA");
  Probe(absl::StrCat("https://127.0.0.1:", gateway_.port()), other.certificate_pem());
  const ProbesTold told = Told([](const ProbesTold& one) { return !one.failures.empty(); });
  EXPECT_THAT(told.failures.front().detail, HasSubstr("the TLS handshake failed: its certificate: "));
  prober_.reset();
}

TEST_F(TlsProberTest, AsksForACertificate) {
  EXPECT_FALSE(Prober::Create({.ca_pem = "none"}, events_, clock_).ok());
}

}  // namespace
}  // namespace evenkeel::coordinator
