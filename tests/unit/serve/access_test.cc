#include "coordinator/serve/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/time/fake_clock.h"
#include "tests/support/certificates.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;

const Permission kListNodes{.verb = "list", .resource = "nodes", .name_space = "", .name = ""};
const Permission kDeletePolicy{.verb = "delete", .resource = "policies", .name_space = "", .name = "web"};

absl::Status Ask(AccessControl& access, const Credentials& credentials, const Permission& permission) {
  // Shared: the answer may come after a test that fails has gone on.
  struct Answer {
    absl::Status status;
    absl::Notification came;
  };
  const auto answer = std::make_shared<Answer>();
  access.Check(credentials, permission, [answer](const absl::Status& status) {
    answer->status = status;
    answer->came.Notify();
  });
  answer->came.WaitForNotification();
  return answer->status;
}

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    kube::TokenReview alice;
    alice.authenticated = true;
    alice.username = "alice";
    alice.groups = {"ops"};
    kubernetes_.AddToken("alice-token", alice);
    kubernetes_.SetAccess([this](const kube::AccessQuestion& question) {
      ++questions_;
      return question.username == "alice" && question.group == "evenkeel.dev" && question.verb == "list" &&
             question.resource == "nodes" && question.groups == std::vector<std::string>{"ops"};
    });
  }

  static Credentials Token(const std::string& token) {
    return {.bearer_token = token, .certificate_pem = ""};
  }
  Credentials Certificate(const std::vector<std::string>& organisations) {
    return {.bearer_token = "",
            .certificate_pem =
                authority_.Issue({.common_name = "x", .organizations = organisations}).certificate_pem};
  }

  time::FakeClock clock_;
  evenkeel::testing::CertificateAuthority authority_{"ca"};
  std::atomic<int> questions_{0};
  evenkeel::testing::FakeKubernetes kubernetes_;
};

// A token's user may do what RBAC says, and a refusal names the user and the rule that is missing.
TEST_F(AccessTest, AsksKubernetesForTokens) {
  AccessControl access({}, &kubernetes_, clock_);
  EXPECT_TRUE(Ask(access, Token("alice-token"), kListNodes).ok());
  const absl::Status refused = Ask(access, Token("alice-token"), kDeletePolicy);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(refused.message()),
              ::testing::AllOf(HasSubstr("\"alice\""), HasSubstr("delete policies \"web\""),
                               HasSubstr("apiGroups [evenkeel.dev]"), HasSubstr("resources [policies]"),
                               HasSubstr("verbs [delete]"), HasSubstr("evenkeel-operator")));
}

// No identity, an unknown token and no cluster to ask are told apart, each with what helps.
TEST_F(AccessTest, TellsWhyNobodyIsKnown) {
  AccessControl access({}, &kubernetes_, clock_);
  EXPECT_THAT(std::string(Ask(access, {}, kListNodes).message()), HasSubstr("carries no identity"));
  const absl::Status unknown = Ask(access, Token("nonsense"), kListNodes);
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(unknown.message()), ::testing::Not(HasSubstr("nonsense")));
  AccessControl without({}, nullptr, clock_);
  EXPECT_THAT(std::string(Ask(without, Token("alice-token"), kListNodes).message()),
              HasSubstr("client certificate"));
}

// Certificates: operators may all, viewers may read, agents and strangers may nothing.
TEST_F(AccessTest, KnowsCertificatesByTheirOrganisation) {
  AccessControl access({}, nullptr, clock_);
  EXPECT_TRUE(Ask(access, Certificate({"evenkeel:operators"}), kDeletePolicy).ok());
  EXPECT_TRUE(Ask(access, Certificate({"other", "evenkeel:viewers"}), kListNodes).ok());
  EXPECT_EQ(Ask(access, Certificate({"evenkeel:viewers"}), kDeletePolicy).code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Ask(access, Certificate({"evenkeel:agents:blue"}), kListNodes).code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Ask(access, Certificate({}), kListNodes).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Ask(access, {.bearer_token = "", .certificate_pem = "no certificate"}, kListNodes).code(),
            absl::StatusCode::kUnauthenticated);
}

// A token that is refused is not saved by a certificate beside it.
TEST_F(AccessTest, TokensCountBeforeCertificates) {
  AccessControl access({}, &kubernetes_, clock_);
  Credentials both = Certificate({"evenkeel:operators"});
  both.bearer_token = "nonsense";
  EXPECT_EQ(Ask(access, both, kListNodes).code(), absl::StatusCode::kUnauthenticated);
}

// An answer is remembered for a while and no longer; a right taken away ends with that memory.
TEST_F(AccessTest, RemembersForAWhile) {
  AccessControl access({.remember_for = absl::Seconds(10)}, &kubernetes_, clock_);
  EXPECT_TRUE(Ask(access, Token("alice-token"), kListNodes).ok());
  EXPECT_TRUE(Ask(access, Token("alice-token"), kListNodes).ok());
  EXPECT_EQ(questions_, 1);
  kubernetes_.SetAccess([](const kube::AccessQuestion&) { return false; });
  EXPECT_TRUE(Ask(access, Token("alice-token"), kListNodes).ok());
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(Ask(access, Token("alice-token"), kListNodes).code(), absl::StatusCode::kPermissionDenied);
}

// An API server that cannot be asked is no refusal: the caller may try again. It is not remembered.
TEST_F(AccessTest, DoesNotTakeSilenceForAnAnswer) {
  AccessControl access({}, &kubernetes_, clock_);
  kubernetes_.SetConnected(false);
  EXPECT_EQ(Ask(access, Token("alice-token"), kListNodes).code(), absl::StatusCode::kUnavailable);
  kubernetes_.SetConnected(true);
  EXPECT_TRUE(Ask(access, Token("alice-token"), kListNodes).ok());
}

// While the API server is away, who could read before may read for a while longer; changes, strangers and
// whoever was refused stay out.
TEST_F(AccessTest, LetsReadersReadDuringAnOutage) {
  const Permission read_policy{.verb = "get", .resource = "policies", .name_space = "", .name = "web"};
  AccessControl access({.remember_for = absl::Seconds(10), .outage_reads_for = absl::Minutes(15)},
                       &kubernetes_, clock_);
  kubernetes_.SetAccess([](const kube::AccessQuestion& question) {
    return question.resource == "nodes" || question.verb == "delete";
  });
  ASSERT_TRUE(Ask(access, Token("alice-token"), kListNodes).ok());
  ASSERT_TRUE(Ask(access, Token("alice-token"), kDeletePolicy).ok());
  ASSERT_EQ(Ask(access, Token("alice-token"), read_policy).code(), absl::StatusCode::kPermissionDenied);

  kubernetes_.SetConnected(false);
  clock_.Advance(absl::Minutes(5));
  EXPECT_TRUE(Ask(access, Token("alice-token"), kListNodes).ok());
  EXPECT_EQ(Ask(access, Token("alice-token"), read_policy).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Ask(access, Token("mallory-token"), kListNodes).code(), absl::StatusCode::kUnavailable);
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(Ask(access, Token("alice-token"), kDeletePolicy).code(), absl::StatusCode::kUnavailable);
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(Ask(access, Token("alice-token"), kListNodes).code(), absl::StatusCode::kUnavailable);

  kubernetes_.SetConnected(true);
  kubernetes_.SetAccess([](const kube::AccessQuestion&) { return false; });
  EXPECT_EQ(Ask(access, Token("alice-token"), kListNodes).code(), absl::StatusCode::kPermissionDenied);
}

// Every question is answered once, however many come at once: some perhaps with "too many".
TEST_F(AccessTest, AnswersEveryQuestion) {
  AccessControl access({.under_way = 2}, &kubernetes_, clock_);
  constexpr int kQuestions = 50;
  absl::BlockingCounter answers(kQuestions);
  std::atomic<int> wrong{0};
  for (int i = 0; i < kQuestions; ++i) {
    access.Check(Token("alice-token"), kListNodes, [&](const absl::Status& status) {
      if (!status.ok() && status.code() != absl::StatusCode::kResourceExhausted) ++wrong;
      answers.DecrementCount();
    });
  }
  answers.Wait();
  EXPECT_EQ(wrong, 0);
}

// After Stop nobody waits any more and nobody is let in by asking.
TEST_F(AccessTest, StopsAsking) {
  AccessControl access({}, &kubernetes_, clock_);
  access.Stop();
  EXPECT_EQ(Ask(access, Token("alice-token"), kListNodes).code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace evenkeel::coordinator
