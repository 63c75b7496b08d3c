// Proves how the resource of a kind is found, and that the API server is not asked more than it must be.
#include "common/kube/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/support/kube/await.h"
#include "tests/support/kube/fake_kubernetes.h"
#include "tests/support/kube/scalable.h"

namespace evenkeel::kube {
namespace {

using ::testing::HasSubstr;

Json Served() {
  return Json::parse(R"({"resources": [
    {"name": "rollouts", "kind": "Rollout", "namespaced": true},
    {"name": "rollouts/status", "kind": "Rollout", "namespaced": true},
    {"name": "rollouts/scale", "kind": "Scale", "group": "autoscaling", "version": "v1", "namespaced": true},
    {"name": "analyses", "kind": "Analysis", "namespaced": true},
    {"name": "pools", "kind": "Pool", "namespaced": false},
    {"name": "pools/scale", "kind": "Scale", "namespaced": false}]})");
}

// The plural, where there is a scale subresource; else what is missing, by name.
TEST(ScalableInTest, FindsThePluralOfAKind) {
  const auto find = [](const std::string& kind) { return ScalableIn(Served(), "example.com", "v1", kind); };
  const auto rollouts = find("Rollout");
  ASSERT_TRUE(rollouts.ok()) << rollouts.status();
  EXPECT_EQ(*rollouts, (Resource{"example.com", "v1", "rollouts", true}));
  EXPECT_EQ(find("Scale").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(find("Nothing").status().message(), "the API server knows no kind Nothing in example.com/v1");
  EXPECT_EQ(find("Analysis").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(find("Analysis").status().message(), "kind Analysis in example.com/v1 has no scale subresource");
  EXPECT_EQ(find("Pool").status().code(), absl::StatusCode::kFailedPrecondition);
  for (const char* odd :
       {"{}", "[]", R"({"resources": {}})", R"({"resources": [1, {"name": 3, "kind": "Rollout"}]})"}) {
    EXPECT_EQ(ScalableIn(Json::parse(odd), "", "v1", "Rollout").status().code(), absl::StatusCode::kNotFound);
  }
}

class DiscoveryTest : public ::testing::Test {
 protected:
  DiscoveryTest() {
    kubernetes_.SetFault([this](const std::string& verb, const Resource&, const ObjectName&) {
      if (verb != "discover") return absl::OkStatus();
      ++asked_;
      return away_ ? absl::UnavailableError("no answer") : absl::OkStatus();
    });
  }

  void Install() {
    const Json scale = {{"specReplicasPath", ".spec.replicas"}, {"statusReplicasPath", ".status.replicas"}};
    kubernetes_.Put(testing::CustomResourceDefinitions(),
                    {{"metadata", {{"name", "rollouts.example.com"}}},
                     {"spec",
                      {{"group", "example.com"},
                       {"scope", "Namespaced"},
                       {"names", {{"plural", "rollouts"}, {"kind", "Rollout"}}},
                       {"versions", {{{"name", "v1"}, {"subresources", {{"scale", scale}}}}}}}}});
  }
  absl::StatusOr<Resource> Find(const std::string& group, const std::string& kind) {
    return testing::Await<Resource>(
        [&](auto done) { discovery_.FindScalable(group, "v1", kind, absl::Seconds(5), done); });
  }

  std::atomic<int> asked_ = 0;
  std::atomic<bool> away_ = false;
  testing::FakeKubernetes kubernetes_;
  Discovery discovery_{kubernetes_};
};

// Kubernetes' own workloads need no question: they are found while nobody answers.
TEST_F(DiscoveryTest, OwnKindsAreKnown) {
  away_ = true;
  EXPECT_EQ(*Find("apps", "Deployment"), Deployments());
  EXPECT_EQ(*Find("apps", "StatefulSet"), StatefulSets());
  EXPECT_EQ(*Find("apps", "ReplicaSet"), ReplicaSets());
  EXPECT_EQ(Find("", "ReplicationController")->plural, "replicationcontrollers");
  EXPECT_EQ(asked_, 0);
}

// Whatever is found without asking may be seen and scaled by whoever has the role that the manifests give.
TEST_F(DiscoveryTest, OwnKindsAreInTheScalersRole) {
  std::stringstream role;
  role << std::ifstream(EVENKEEL_SCALER_ACCESS).rdbuf();
  const std::vector<Resource> own = {Deployments(), StatefulSets(), ReplicaSets(),
                                     *Find("", "ReplicationController")};
  for (const Resource& resource : own) {
    EXPECT_THAT(role.str(), HasSubstr(resource.plural + "/scale")) << EVENKEEL_SCALER_ACCESS;
    EXPECT_THAT(role.str(), ::testing::ContainsRegex(resource.plural + "[],]")) << EVENKEEL_SCALER_ACCESS;
  }
}

// What was found is remembered; those who ask at the same time share one question.
TEST_F(DiscoveryTest, AsksOnce) {
  Install();
  absl::Notification go_on;
  kubernetes_.After(absl::ZeroDuration(), [&] { go_on.WaitForNotification(); });
  std::atomic<int> found = 0;
  for (int i = 0; i < 10; ++i) {
    discovery_.FindScalable("example.com", "v1", "Rollout", absl::Seconds(5),
                            [&](const absl::StatusOr<Resource>& resource) { found += resource.ok(); });
  }
  EXPECT_EQ(found, 0);  // never from within the call
  go_on.Notify();
  EXPECT_EQ(Find("example.com", "Rollout")->plural, "rollouts");
  kubernetes_.WaitUntilIdle();
  EXPECT_EQ(found, 10);
  EXPECT_EQ(asked_, 1);
}

// A kind that is not there is not asked for again at once; no answer is no knowledge, and is asked again.
TEST_F(DiscoveryTest, RefusalsAreRememberedAndSilenceIsNot) {
  EXPECT_EQ(Find("example.com", "Rollout").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Find("example.com", "Rollout").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(asked_, 1);
  away_ = true;
  const auto away = Find("elsewhere.com", "Rollout");
  EXPECT_EQ(away.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(away.status().message()), HasSubstr("asking for kind Rollout in elsewhere.com/v1"));
  away_ = false;
  EXPECT_EQ(Find("elsewhere.com", "Rollout").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(asked_, 3);
}

}  // namespace
}  // namespace evenkeel::kube
