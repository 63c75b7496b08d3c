// Gates that ask a URL: what counts as pass and fail, and that everything else is neither.

#include "coordinator/act/gate_hook.h"

#include <httplib.h>

#include <future>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "tests/support/certificates.h"

namespace evenkeel::coordinator {
namespace {

HookAnswered Read(int code, const std::string& body) {
  http::Response response;
  response.code = code;
  response.body = body;
  GateHook hook;
  hook.name = "slo";
  return ReadHookAnswer({3, 4}, hook, response);
}

TEST(GateHookTest, ReadsWhatItSays) {
  const struct {
    int code;
    std::string body;
    GateVerdict verdict;
    std::string detail;
  } table[] = {
      {200, "pass", GateVerdict::kPass, "it says pass"},
      {200, "PASS: burn rate 0.2\nmore", GateVerdict::kPass, "burn rate 0.2"},
      {200, " fail burn rate 20", GateVerdict::kFail, "burn rate 20"},
      {200, "", GateVerdict::kInconclusive, "it answered neither pass nor fail"},
      {200, "<html>pass</html>", GateVerdict::kInconclusive, "it answered neither pass nor fail"},
      {500, "fail", GateVerdict::kInconclusive, "it answered with status 500"},
      {302, "pass", GateVerdict::kInconclusive, "it answered with status 302"},
  };
  for (const auto& row : table) {
    const HookAnswered answer = Read(row.code, row.body);
    EXPECT_EQ(answer.verdict, row.verdict) << row.body;
    EXPECT_EQ(answer.detail, row.detail) << row.body;
    EXPECT_EQ(answer.hook, "slo");
    EXPECT_EQ(answer.decision, (DecisionId{3, 4}));
  }
}

// However long its answer, the reason is short.
TEST(GateHookTest, KeepsReasonsShort) {
  EXPECT_EQ(Read(200, "fail " + std::string(10'000, 'x')).detail.size(), kLongestHookReason);
}

// No answer is inconclusive, with the cause.
TEST(GateHookTest, TellsWhyThereIsNoAnswer) {
  const HookAnswered answer = ReadHookAnswer({3, 4}, {}, absl::DeadlineExceededError("no answer within 2 s"));
  EXPECT_EQ(answer.verdict, GateVerdict::kInconclusive);
  EXPECT_EQ(answer.detail, "no answer within 2 s");
}

// Over a real connection, with the decision that asks.
TEST(GateHookTest, AsksAServer) {
  httplib::Server server;
  server.Get("/gate", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content("fail " + request.get_header_value("Evenkeel-Decision"), "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread thread([&server] { server.listen_after_bind(); });
  {
    http::Client client;
    std::promise<HookAnswered> answered;
    GateHooks hooks(client, [&answered](HookAnswered answer) { answered.set_value(std::move(answer)); });
    GateHook hook;
    hook.url = "http://127.0.0.1:" + std::to_string(port) + "/gate";
    hooks.Ask({{3, 4}, hook});
    const HookAnswered answer = answered.get_future().get();
    EXPECT_EQ(answer.verdict, GateVerdict::kFail);
    EXPECT_EQ(answer.detail, "3-4");
  }
  server.stop();
  thread.join();
}

// A private authority vouches for a hook where it is told to; else nobody does, and the gate is inconclusive.
TEST(GateHookTest, TrustsAPrivateAuthority) {
  const testing::CertificateAuthority authority("test CA");
  const testing::Identity identity = authority.Issue({.common_name = "slo", .ip_addresses = {"127.0.0.1"}});
  const std::shared_ptr<X509> certificate = testing::ParseCertificate(identity.certificate_pem);
  const std::shared_ptr<EVP_PKEY> key = testing::ParseKey(identity.key_pem);
  httplib::SSLServer server(certificate.get(), key.get());
  server.Get("/gate", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("pass", "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread thread([&server] { server.listen_after_bind(); });
  const auto ask = [port](const std::string& ca_pem) {
    http::Client client;
    std::promise<HookAnswered> answered;
    GateHooks hooks(
        client, [&answered](HookAnswered answer) { answered.set_value(std::move(answer)); }, ca_pem);
    GateHook hook;
    hook.url = "https://127.0.0.1:" + std::to_string(port) + "/gate";
    hooks.Ask({{3, 4}, hook});
    return answered.get_future().get().verdict;
  };
  EXPECT_EQ(ask(authority.certificate_pem()), GateVerdict::kPass);
  EXPECT_EQ(ask(""), GateVerdict::kInconclusive);
  server.stop();
  thread.join();
}

}  // namespace
}  // namespace evenkeel::coordinator
