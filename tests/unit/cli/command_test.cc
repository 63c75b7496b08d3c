#include <gmock/gmock.h>

#include "common/base/status.h"
#include "common/rpc/status.h"
#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServerTest : public CommandTest {
 protected:
  ServerTest() {
    coordinator_.fleet.clusters = {ReadyCluster("local")};
    coordinator_.fleet.nodes = {HealthyNode("local", "node-1")};
    for (const char* name : {"decisions/3-8", "decisions/3-7"}) {
      v1::Decision decision;
      decision.set_name(name);
      decision.set_kind(v1::Decision::KIND_FAILOVER);
      decision.set_cluster("local");
      decision.set_node("node-2");
      decision.set_state(v1::Decision::STATE_SUCCEEDED);
      coordinator_.fleet.decisions.push_back(decision);
    }
  }
};

// Proves that explain takes an id, a full name, a node, or nothing for the latest decision of all.
TEST_F(ServerTest, ExplainFindsTheDecisionThatIsMeant) {
  ASSERT_EQ(Run({"explain", "3-7"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("decisions/3-7,"));
  ASSERT_EQ(Run({"explain", "decisions/3-7"}), 0) << err_;
  EXPECT_THAT(out_, StartsWith("Failover of node node-2 in cluster local: succeeded.\n"));
  ASSERT_EQ(Run({"explain"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("decisions/3-8,"));
  ASSERT_EQ(Run({"explain", "node/node-2"}), 0) << err_;
  EXPECT_EQ(coordinator_.seen().list_decisions.node(), "node-2");
  EXPECT_EQ(coordinator_.seen().list_decisions.cluster(), "local");
  EXPECT_EQ(coordinator_.seen().list_decisions.page_size(), 1);
  EXPECT_EQ(Run({"explain", "pod/x"}), 1);
  coordinator_.fleet.decisions.clear();
  EXPECT_EQ(Run({"explain"}), 1);
  EXPECT_THAT(err_, HasSubstr("nothing has been decided yet"));
}

// Proves that describe takes one, several or all of a type, and asks for a node's own pods.
TEST_F(ServerTest, DescribeShowsOneOrAll) {
  ASSERT_EQ(Run({"describe", "node", "node-1"}), 0) << err_;
  EXPECT_THAT(out_, StartsWith("Name:                node-1\n"));
  EXPECT_EQ(coordinator_.seen().list_pods.node(), "node-1");
  EXPECT_EQ(coordinator_.seen().list_pods.parent(), "clusters/local/namespaces/-");
  ASSERT_EQ(Run({"describe", "decisions"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("decisions/3-7"));
  EXPECT_THAT(out_, HasSubstr("\n\n\nName:"));
}

// Proves that a coordinator that starts again is waited for by calls that only read, and no longer than three
// tries.
TEST_F(ServerTest, ReadsAreTriedAgainWhileUnavailable) {
  coordinator_.FailNext(2, {grpc::StatusCode::UNAVAILABLE, "starting"});
  EXPECT_EQ(Run({"get", "clusters"}), 0) << err_;
  EXPECT_THAT(coordinator_.calls(), ElementsAre("ListClusters", "ListClusters", "ListClusters"));
  coordinator_.FailNext(3, {grpc::StatusCode::UNAVAILABLE, "starting"});
  EXPECT_EQ(Run({"get", "clusters"}), 1);
  EXPECT_THAT(err_, HasSubstr("cannot be reached: starting\n  what helps: check that it runs"));
}

// Proves that each refusal is told with its cause and what helps.
TEST_F(ServerTest, ErrorsHaveACauseAndACure) {
  const std::vector<std::pair<grpc::StatusCode, std::string>> cases{
      {grpc::StatusCode::UNAUTHENTICATED, "put a valid token of this cluster into "},
      {grpc::StatusCode::PERMISSION_DENIED, "evenkeel-viewer"},
      {grpc::StatusCode::DEADLINE_EXCEEDED, "--request-timeout"},
      {grpc::StatusCode::ABORTED, "somebody changed it meanwhile"},
  };
  for (const auto& [code, cure] : cases) {
    coordinator_.FailNext(1, {code, "because\033[2J"});
    EXPECT_EQ(Run({"get", "clusters"}), 1);
    EXPECT_THAT(err_, StartsWith("error: "));
    EXPECT_THAT(err_, HasSubstr("  what helps: "));
    EXPECT_THAT(err_, HasSubstr(cure));
    EXPECT_THAT(err_, ::testing::Not(HasSubstr("\033")));
  }
}

// Proves that what the coordinator cannot do now is told in its own words, and not as a connection that
// failed.
TEST_F(ServerTest, UnavailableByTheCoordinatorIsNoConnectionFailure) {
  const absl::Status away = base::WithReason(
      absl::UnavailableError("the home cluster could not be asked; use a client certificate"),
      "ACCESS_REVIEW_FAILED");
  coordinator_.FailNext(3, rpc::ToGrpc(away));
  EXPECT_EQ(Run({"get", "clusters"}), 1);
  EXPECT_EQ(err_, "error: the home cluster could not be asked; use a client certificate\n");
}

// Proves that a coordinator with a certificate of another authority, or another name, is not talked to.
TEST_F(ServerTest, StrangersAreNotTrusted) {
  environment_["EVENKEEL_CA_FILE"] =
      Write("other.crt", testing::CertificateAuthority("other").certificate_pem());
  EXPECT_EQ(Run({"get", "clusters"}), 1);
  EXPECT_THAT(err_, HasSubstr("is not trusted"));
  EXPECT_THAT(err_, HasSubstr("--ca-file must name the authority"));
  environment_["EVENKEEL_CA_FILE"] = Write("ca.crt", coordinator_.ca_pem());
  EXPECT_EQ(Run({"get", "clusters", "--server-name", "somebody.else"}), 1);
  EXPECT_THAT(coordinator_.calls(), ::testing::IsEmpty());
}

// Proves that a client certificate does instead of a token.
TEST_F(ServerTest, ClientCertificateIsAnIdentity) {
  const testing::Identity me = coordinator_.authority().Issue({.common_name = "me"});
  environment_.erase("EVENKEEL_TOKEN_FILE");
  ASSERT_EQ(Run({"get", "clusters", "--client-certificate", Write("me.crt", me.certificate_pem),
                 "--client-key", Write("me.key", me.key_pem)}),
            0)
      << err_;
  EXPECT_EQ(coordinator_.authorization(), "");
}

// Proves that what is missing or unreadable is named before anything is sent.
TEST_F(ServerTest, MissingSettingsAreNamed) {
  const auto without = [this](const std::string& variable) {
    const std::string value = environment_[variable];
    environment_.erase(variable);
    EXPECT_EQ(Run({"get", "clusters"}), 1);
    environment_[variable] = value;
    return err_;
  };
  EXPECT_THAT(without("EVENKEEL_SERVER"), HasSubstr("where the coordinator is\n  what helps: --server"));
  EXPECT_THAT(without("EVENKEEL_CA_FILE"), HasSubstr("what helps: --ca-file"));
  EXPECT_THAT(without("EVENKEEL_TOKEN_FILE"), HasSubstr("who you are\n  what helps: --token-file"));
  EXPECT_EQ(Run({"get", "clusters", "--token-file", "/nowhere"}), 1);
  EXPECT_THAT(err_, HasSubstr("--token-file: the file /nowhere cannot be read"));
  EXPECT_EQ(Run({"get", "clusters", "--token-file", Write("bad", "two words")}), 1);
  EXPECT_THAT(err_, HasSubstr("does not hold a token"));
  EXPECT_EQ(Run({"get", "clusters", "--ca-file", Write("bad.crt", "x")}), 1);
  EXPECT_THAT(err_, HasSubstr("is not in the PEM format"));
  EXPECT_THAT(coordinator_.calls(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace evenkeel::cli
