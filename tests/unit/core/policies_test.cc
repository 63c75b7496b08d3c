// Operators' policies, through the core's one entrance.

#include <string>
#include <variant>

#include "coordinator/core/core.h"
#include "coordinator/core/policies.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

class PoliciesTest : public testing::Test {
 protected:
  PoliciesTest() : core_(Restored{.epoch = 3, .open_decisions = {}, .nodes = {}, .policies = {}}, now_) {}

  Effects Step(const Event& event) {
    now_ += absl::Milliseconds(1);
    return core_.Step(event, now_);
  }

  static ApplyPolicy Apply(const std::string& name, const std::string& cluster) {
    ApplyPolicy apply;
    apply.request_id = 42;
    apply.policy.name = name;
    apply.policy.failover().cluster = cluster;
    return apply;
  }

  static const Reply& Only(const Effects& effects) {
    EXPECT_EQ(effects.replies.size(), 1u);
    EXPECT_EQ(effects.replies.front().request_id, 42u);
    return effects.replies.front();
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  Core core_;
};

// A new policy is written before it is answered; its etag and times are the core's.
TEST_F(PoliciesTest, AppliesAndAnswers) {
  const Effects effects = Step(Apply("p", "local"));
  const Reply& reply = Only(effects);
  EXPECT_TRUE(reply.status.ok());
  EXPECT_TRUE(reply.created);
  ASSERT_EQ(effects.writes.size(), 1u);
  EXPECT_EQ(std::get<PutPolicy>(effects.writes[0]).policy, *reply.policy);
  EXPECT_EQ(reply.policy->create_time, now_);
  EXPECT_EQ(reply.policy->etag, "3-1");
}

// What changes nothing writes nothing and keeps its etag.
TEST_F(PoliciesTest, AnUnchangedPolicyIsNotWritten) {
  Step(Apply("p", "local"));
  const Effects effects = Step(Apply("p", "local"));
  EXPECT_TRUE(effects.writes.empty());
  EXPECT_FALSE(Only(effects).created);
  EXPECT_EQ(Only(effects).policy->etag, "3-1");
}

// A change keeps the creation time and gets a new etag; one with an old etag is refused.
TEST_F(PoliciesTest, EtagGuardsAgainstLostUpdates) {
  Step(Apply("p", "local"));
  ApplyPolicy change = Apply("p", "local");
  change.policy.failover().mode = PolicyMode::kEnforce;
  change.expected_etag = "3-1";
  const Effects changed = Step(change);
  EXPECT_EQ(Only(changed).policy->etag, "3-2");
  EXPECT_LT(Only(changed).policy->create_time, Only(changed).policy->update_time);

  change.policy.failover().rebalance = true;
  const Effects refused = Step(change);
  EXPECT_EQ(Only(refused).status.code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(refused.writes.empty());
}

// With validate_only the answer is the same and nothing is changed.
TEST_F(PoliciesTest, ValidatesWithoutChange) {
  ApplyPolicy trial = Apply("p", "local");
  trial.validate_only = true;
  const Effects effects = Step(trial);
  EXPECT_TRUE(Only(effects).created);
  EXPECT_TRUE(effects.writes.empty());
  EXPECT_TRUE(Only(Step(Apply("p", "local"))).created);
}

// A cluster has one policy.
TEST_F(PoliciesTest, ASecondPolicyForAClusterIsRefused) {
  Step(Apply("p", "local"));
  const Effects effects = Step(Apply("q", "local"));
  EXPECT_EQ(Only(effects).status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(Only(effects).status.message().find("policy p already"), absl::string_view::npos)
      << Only(effects).status;
}

// Deleting is durable before it is answered, and only what is there can be deleted.
TEST_F(PoliciesTest, Deletes) {
  Step(Apply("p", "local"));
  EXPECT_EQ(Only(Step(DeletePolicy{42, "p", "3-9"})).status.code(), absl::StatusCode::kAborted);
  const Effects effects = Step(DeletePolicy{42, "p", "3-1"});
  EXPECT_TRUE(Only(effects).status.ok());
  EXPECT_EQ(std::get<ErasePolicy>(effects.writes.at(0)).name, "p");
  EXPECT_EQ(Only(Step(DeletePolicy{42, "p", ""})).status.code(), absl::StatusCode::kNotFound);
}

// A policy that changes how agents beat is told to them; one that does not is not.
TEST_F(PoliciesTest, TellsAgentsHowToBeat) {
  const Effects added = Step(ClusterAdded{"local"});
  ASSERT_EQ(added.requests.size(), 1u);
  EXPECT_EQ(std::get<SetBeats>(added.requests[0]).interval, absl::Milliseconds(200));
  EXPECT_EQ(std::get<SetBeats>(added.requests[0]).suspect_after, absl::Milliseconds(600));

  ApplyPolicy apply = Apply("p", "local");
  EXPECT_TRUE(Step(apply).requests.empty());
  apply.policy.failover().beat_interval = absl::Seconds(1);
  const Effects slower = Step(apply);
  ASSERT_EQ(slower.requests.size(), 1u);
  EXPECT_EQ(std::get<SetBeats>(slower.requests[0]).suspect_after, absl::Milliseconds(2500));
}

// The fleet's size class changes how agents beat; a node more within the class does not.
TEST_F(PoliciesTest, BeatsFollowTheFleetsSize) {
  Step(ClusterAdded{"local"});
  size_t told = 0;
  for (int i = 0; i < 320; ++i) {
    NodeObserved node;
    node.node = {"local", "node-" + std::to_string(i)};
    node.facts.uid = node.node.node;
    told += Step(node).requests.size();
  }
  EXPECT_EQ(told, 2u);  // beyond 200: 300 ms; beyond 300: 400 ms
}

ApplyPolicy Scaling(const std::string& name, const std::string& workload) {
  ApplyPolicy apply;
  apply.request_id = 42;
  apply.policy.name = name;
  ScalePolicy scale;
  scale.cluster = "local";
  scale.target = {"apps", "Deployment", "shop", workload};
  apply.policy.spec = scale;
  return apply;
}

// A cluster has one failover policy and, beside it, one scale policy a workload.
TEST_F(PoliciesTest, OnePolicyOfAKindForASubject) {
  EXPECT_TRUE(Only(Step(Apply("failover", "local"))).status.ok());
  EXPECT_TRUE(Only(Step(Scaling("web", "web"))).status.ok());
  EXPECT_TRUE(Only(Step(Scaling("db", "db"))).status.ok());
  const Effects refused = Step(Scaling("other", "web"));
  EXPECT_EQ(Only(refused).status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(Only(refused).status.message().find("Deployment shop/web of cluster local has policy web"),
            absl::string_view::npos)
      << Only(refused).status;
}

// A policy keeps its kind: what went by it would go on without one.
TEST_F(PoliciesTest, APolicyKeepsItsKind) {
  Step(Apply("p", "local"));
  const Effects effects = Step(Scaling("p", "web"));
  EXPECT_EQ(Only(effects).status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(effects.writes.empty());
}

// Two are about the same where kind, cluster and workload are.
TEST(SameSubjectTest, GoesByKindClusterAndWorkload) {
  const Policy web = Scaling("a", "web").policy;
  EXPECT_TRUE(SameSubject(web, Scaling("b", "web").policy));
  EXPECT_FALSE(SameSubject(web, Scaling("a", "db").policy));
  Policy elsewhere = web;
  elsewhere.scale().cluster = "other";
  EXPECT_FALSE(SameSubject(web, elsewhere));
  Policy failover;
  failover.failover().cluster = "local";
  EXPECT_FALSE(SameSubject(web, failover));
  EXPECT_TRUE(SameSubject(failover, failover));
}

}  // namespace
}  // namespace evenkeel::coordinator
