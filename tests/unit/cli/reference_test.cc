#include "cli/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Scope kScope{.cluster = "local", .namespace_name = "default"};

// Proves that a type is understood in all the forms that kubectl users type, with and without names.
TEST(Reference, TypesAndNamesAreUnderstood) {
  for (const char* word : {"nodes", "node", "no", "NODE"}) {
    const auto request = ParseRequest({word});
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(request->kind, Kind::kNode);
    EXPECT_THAT(request->names, IsEmpty());
  }
  EXPECT_THAT(ParseRequest({"pod", "a", "b"})->names, ElementsAre("a", "b"));
  EXPECT_THAT(ParseRequest({"node/n1", "node/n2"})->names, ElementsAre("n1", "n2"));
  EXPECT_EQ(ParseRequest({"failoverpolicy/x"})->kind, Kind::kPolicy);
  EXPECT_EQ(ParseRequest({"scalepolicies"})->kind, Kind::kPolicy);
  EXPECT_EQ(ParseRequest({"switchpolicies"})->kind, Kind::kPolicy);
  EXPECT_EQ(ParseRequest({"scaler/x"})->kind, Kind::kScaler);
  EXPECT_EQ(ParseRequest({"burst/x"})->kind, Kind::kBurst);
}

// Proves that the full names that -o name prints can be given back.
TEST(Reference, FullNamesAreTakenAsTheyAre) {
  const auto node = ParseRequest({"clusters/east/nodes/n1"});
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->kind, Kind::kNode);
  EXPECT_EQ(FullName(Kind::kNode, node->names[0], kScope).value(), "clusters/east/nodes/n1");
  EXPECT_FALSE(NeedsCluster(Kind::kNode, node->names[0]));

  const auto decision = ParseRequest({"decisions/3-7"});
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(FullName(decision->kind, decision->names[0], kScope).value(), "decisions/3-7");
  EXPECT_EQ(ParseRequest({"clusters/east"})->kind, Kind::kCluster);
}

// Proves that short names are completed from the scope.
TEST(Reference, ShortNamesAreCompleted) {
  EXPECT_EQ(FullName(Kind::kPod, "a", kScope).value(), "clusters/local/namespaces/default/pods/a");
  EXPECT_EQ(FullName(Kind::kContainer, "a/web", kScope).value(),
            "clusters/local/namespaces/default/pods/a/containers/web");
  EXPECT_TRUE(NeedsCluster(Kind::kPod, "a"));
  EXPECT_FALSE(NeedsCluster(Kind::kPolicy, "a"));
  EXPECT_EQ(FullName(Kind::kScaler, "a", kScope).value(), "scalers/a");
  EXPECT_FALSE(NeedsCluster(Kind::kScaler, "a"));
  EXPECT_EQ(FullName(Kind::kBurst, "a", kScope).value(), "bursts/a");
  EXPECT_FALSE(NeedsCluster(Kind::kBurst, "a"));
}

// Proves that what cannot be meant is refused, and says what there is.
TEST(Reference, NonsenseIsRefusedByName) {
  EXPECT_THAT(ParseRequest({"deployments"}).status().message(), HasSubstr("clusters, nodes, pods"));
  EXPECT_FALSE(ParseRequest({}).ok());
  EXPECT_FALSE(ParseRequest({"node/n1", "pod/a"}).ok());
  EXPECT_FALSE(ParseRequest({"node/"}).ok());
  EXPECT_FALSE(FullName(Kind::kNode, "a/b", kScope).ok());
  EXPECT_FALSE(FullName(Kind::kPod, "", kScope).ok());
  EXPECT_THAT(FullName(Kind::kContainer, "a", kScope).status().message(), HasSubstr("POD/CONTAINER"));
}

}  // namespace
}  // namespace evenkeel::cli
