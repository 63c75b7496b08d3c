// Who an agent is, by token and by certificate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "common/base/status.h"
#include "common/kube/json.h"
#include "coordinator/session/certificate_identity.h"
#include "coordinator/session/credential_authenticator.h"
#include "coordinator/session/token_authenticator.h"
#include "tests/support/certificates.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;

constexpr char kUser[] = "system:serviceaccount:evenkeel:evenkeel-agent";

class IdentityTest : public ::testing::Test {
 protected:
  // Makes the agent's pod on `node` (empty: on none); returns its uid.
  std::string PutAgentPod(const std::string& node) {
    return kube::UidOf(
        kubernetes_.Put(kube::Pods(), {{"apiVersion", "v1"},
                                       {"kind", "Pod"},
                                       {"metadata", {{"name", "agent-x7"}, {"namespace", "evenkeel"}}},
                                       {"spec", {{"nodeName", node}}}}));
  }

  // What the API server says of a good token of that pod.
  kube::TokenReview GoodReview() const {
    kube::TokenReview review;
    review.authenticated = true;
    review.username = kUser;
    review.audiences = {"evenkeel.dev"};
    review.extra["authentication.kubernetes.io/pod-name"] = {"agent-x7"};
    review.extra["authentication.kubernetes.io/pod-uid"] = {pod_uid_};
    return review;
  }

  IdentityTest() { kubernetes_.AddToken("good", GoodReview()); }

  absl::StatusOr<AgentIdentity> Identify(const AgentCredentials& credentials) {
    absl::StatusOr<AgentIdentity> result;
    absl::Notification done;
    authenticator_.Authenticate(credentials, absl::Seconds(5), [&](absl::StatusOr<AgentIdentity> identity) {
      result = std::move(identity);
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  }

  absl::StatusOr<AgentIdentity> IdentifyToken(const std::string& token, const kube::TokenReview& review) {
    kubernetes_.AddToken(token, review);
    return Identify({.cluster = "blue", .bearer_token = token});
  }

  static std::string ReasonOf(const absl::StatusOr<AgentIdentity>& identity) {
    return base::Detail(identity.status(), base::kReasonKey).value_or("none");
  }

  testing::FakeKubernetes kubernetes_;
  const std::string pod_uid_ = PutAgentPod("node-1");
  TokenAuthenticator tokens_{{}, {{"blue", &kubernetes_}}};
  CredentialAuthenticator authenticator_{&tokens_, {"outside"}};
  testing::CertificateAuthority ca_{"agents"};
};

// The chain token -> service account -> pod -> node proves the node.
TEST_F(IdentityTest, TheTokenOfAPodProvesThePodsNode) {
  const auto identity = Identify({.cluster = "blue", .bearer_token = "good"});
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->node, (NodeKey{"blue", "node-1"}));
  EXPECT_EQ(identity->proof, "token of pod evenkeel/agent-x7");
  EXPECT_EQ(identity->pod, "agent-x7");
}

// A token that the API server does not accept proves nothing, and its reason is passed on.
TEST_F(IdentityTest, AnExpiredTokenIsRefusedWithTheCause) {
  kube::TokenReview expired;
  expired.audiences = {"evenkeel.dev"};
  expired.error = "token has expired";
  const auto identity = IdentifyToken("old", expired);
  EXPECT_EQ(identity.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(identity.status().message(), HasSubstr("token has expired"));
  EXPECT_EQ(ReasonOf(identity), "TOKEN_REFUSED");
}

// A token for somebody else must not open our door, even if the API server's answer names no audience at all.
TEST_F(IdentityTest, ATokenForAnotherAudienceIsRefused) {
  kube::TokenReview other = GoodReview();
  other.audiences = {"https://kubernetes.default.svc"};
  EXPECT_EQ(IdentifyToken("other", other).status().code(), absl::StatusCode::kUnauthenticated);
  other.audiences.clear();
  EXPECT_EQ(IdentifyToken("none", other).status().code(), absl::StatusCode::kUnauthenticated);
}

// Another service account's token is a good token, but not an agent's.
TEST_F(IdentityTest, AnotherServiceAccountIsNoAgent) {
  kube::TokenReview review = GoodReview();
  review.username = "system:serviceaccount:shop:web";
  const auto identity = IdentifyToken("web", review);
  EXPECT_EQ(identity.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(identity), "NOT_AN_AGENT");
}

// A token that is bound to no pod, such as a long-lived secret, names no node.
TEST_F(IdentityTest, ATokenWithoutPodNamesNoNode) {
  kube::TokenReview review = GoodReview();
  review.extra.clear();
  const auto identity = IdentifyToken("secret", review);
  EXPECT_EQ(identity.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(identity), "TOKEN_NOT_BOUND");
}

// A pod of the same name that was made again, on another node perhaps, is not the pod of the token.
TEST_F(IdentityTest, APodThatWasReplacedProvesNothing) {
  kubernetes_.Remove(kube::Pods(), {"evenkeel", "agent-x7"});
  EXPECT_EQ(ReasonOf(Identify({.cluster = "blue", .bearer_token = "good"})), "TOKEN_POD_GONE");
  PutAgentPod("node-2");
  EXPECT_EQ(ReasonOf(Identify({.cluster = "blue", .bearer_token = "good"})), "TOKEN_POD_GONE");
}

// A pod that no scheduler has bound is on no node.
TEST_F(IdentityTest, APodWithoutNodeProvesNothing) {
  PutAgentPod("");
  EXPECT_EQ(ReasonOf(Identify({.cluster = "blue", .bearer_token = "good"})), "TOKEN_POD_UNBOUND");
}

// An API server that does not answer says nothing about the agent: UNAVAILABLE, so that it tries again.
TEST_F(IdentityTest, AnApiServerThatIsAwayBlamesNobody) {
  kubernetes_.SetConnected(false);
  const auto identity = Identify({.cluster = "blue", .bearer_token = "good"});
  EXPECT_EQ(identity.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(identity), "IDENTITY_NOT_CHECKED");
}

// Without the cluster's name nobody knows whom to ask; an unknown one is said to be so.
TEST_F(IdentityTest, TheClusterMustBeNamedAndKnown) {
  EXPECT_EQ(ReasonOf(Identify({.bearer_token = "good"})), "CLUSTER_MISSING");
  const auto unknown = Identify({.cluster = "red", .bearer_token = "good"});
  EXPECT_EQ(ReasonOf(unknown), "CLUSTER_UNKNOWN");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kUnauthenticated);
}

// A certificate's organisation and common name are the cluster and the node.
TEST_F(IdentityTest, ACertificateProvesTheNodeThatItNames) {
  const auto pem =
      ca_.Issue({.common_name = "node-9", .organizations = {"evenkeel:agents:outside"}}).certificate_pem;
  const auto identity = Identify({.certificate_pem = pem});
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->node, (NodeKey{"outside", "node-9"}));
}

// A verified certificate of somebody who is no agent, or of two clusters at once, is refused.
TEST_F(IdentityTest, OnlyAnAgentsCertificateWillDo) {
  const auto reason = [&](const testing::Subject& subject) {
    return ReasonOf(Identify({.certificate_pem = ca_.Issue(subject).certificate_pem}));
  };
  EXPECT_EQ(reason({.common_name = "alice", .organizations = {"evenkeel:operators"}}),
            "CERTIFICATE_NOT_AN_AGENT");
  EXPECT_EQ(
      reason({.common_name = "n", .organizations = {"evenkeel:agents:outside", "evenkeel:agents:blue"}}),
      "CERTIFICATE_NOT_AN_AGENT");
  EXPECT_EQ(reason({.common_name = "n", .organizations = {"evenkeel:agents:"}}), "CERTIFICATE_NOT_AN_AGENT");
  EXPECT_EQ(reason({.common_name = "n", .organizations = {"evenkeel:agents:red"}}), "CLUSTER_UNKNOWN");
}

// Certificate and metadata must not contradict each other.
TEST_F(IdentityTest, TheCertificatesClusterMustBeTheNamedOne) {
  const auto pem =
      ca_.Issue({.common_name = "node-9", .organizations = {"evenkeel:agents:outside"}}).certificate_pem;
  EXPECT_EQ(ReasonOf(Identify({.cluster = "blue", .certificate_pem = pem})), "CLUSTER_MISMATCH");
}

// Nothing presented, or something that is no certificate: UNAUTHENTICATED.
TEST_F(IdentityTest, NothingProvesNothing) {
  EXPECT_EQ(ReasonOf(Identify({.cluster = "blue"})), "CREDENTIALS_MISSING");
  EXPECT_EQ(Identify({.certificate_pem = "nonsense"}).status().code(), absl::StatusCode::kUnauthenticated);
}

// An encrypted certificate is none: nobody is asked at the terminal for its passphrase.
TEST(CertificateTest, AnEncryptedOneIsUnreadable) {
  const auto node = NodeOfCertificate(
      "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
      "00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(node.status().code(), absl::StatusCode::kUnauthenticated) << node.status();
}

}  // namespace
}  // namespace evenkeel::coordinator
