#include "coordinator/observe/cluster_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/event_log.h"
#include "tests/unit/observe/fleet_log.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Json Node(const std::string& uid, const Json& labels = Json::object(), bool ready = true) {
  return {{"metadata", {{"name", "node-1"}, {"uid", uid}, {"labels", labels}}},
          {"status", {{"conditions", {{{"type", "Ready"}, {"status", ready ? "True" : "False"}}}}}}};
}

Json Pod(const std::string& name, const std::vector<std::string>& claims,
         const Json& labels = Json::object()) {
  Json volumes = Json::array();
  for (const std::string& claim : claims)
    volumes.push_back({{"persistentVolumeClaim", {{"claimName", claim}}}});
  return {{"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", "u-" + name}, {"labels", labels}}},
          {"spec", {{"volumes", volumes}}}};
}

Json Claim(const std::string& name, const std::string& mode) {
  return {{"metadata", {{"name", name}, {"namespace", "shop"}}}, {"spec", {{"accessModes", {mode}}}}};
}

class ClusterPictureTest : public ::testing::Test {
 protected:
  size_t PodEvents() const { return events_.Of<PodObserved>().size(); }
  std::vector<std::string> LastExclusive() const {
    return events_.Of<PodObserved>().back().facts.exclusive_claims;
  }

  testing::EventLog events_;
  testing::FleetLog fleet_;
  ClusterPicture picture_{"east", events_, fleet_};
};

// The core hears of a node when something that it asks about changed, as a label (which may make a node
// virtual); and nobody does when nothing did, as with a kubelet's heartbeat.
TEST_F(ClusterPictureTest, TellsOfANodeWhatConcernsWhom) {
  picture_.OnNode(Node("u1"));
  picture_.OnNode(Node("u1"));
  EXPECT_EQ(events_.Of<NodeObserved>().size(), 1u);
  EXPECT_THAT(fleet_.TakeLines(), ElementsAre("node node-1"));
  picture_.OnNode(Node("u1", {{"disk", "fast"}}));
  EXPECT_EQ(events_.Of<NodeObserved>().size(), 2u);
  EXPECT_THAT(fleet_.TakeLines(), ElementsAre("node node-1"));
  picture_.OnNode(Node("u1", {{"disk", "fast"}}, false));
  EXPECT_EQ(events_.Of<NodeObserved>().size(), 3u);
  EXPECT_FALSE(events_.Of<NodeObserved>().back().facts.ready);
}

// A node that is gone is told once; one that comes again under its name is told as new.
TEST_F(ClusterPictureTest, TellsThatANodeIsGone) {
  picture_.OnNode(Node("u1"));
  picture_.OnNodeGone({.name = "node-1"});
  picture_.OnNodeGone({.name = "node-1"});
  picture_.OnNodeGone({.name = "never"});
  EXPECT_EQ(events_.Of<NodeGone>().size(), 1u);
  picture_.OnNode(Node("u2"));
  EXPECT_EQ(events_.Of<NodeObserved>().back().facts.uid, "u2");
  EXPECT_THAT(fleet_.TakeLines(), ElementsAre("node node-1", "node gone node-1", "node node-1"));
}

// The same for pods.
TEST_F(ClusterPictureTest, TellsOfAPodWhatConcernsWhom) {
  picture_.OnPod(Pod("a", {}));
  picture_.OnPod(Pod("a", {}));
  picture_.OnPod(Pod("a", {}, {{"app", "web"}}));
  EXPECT_EQ(PodEvents(), 1u);
  EXPECT_THAT(fleet_.TakeLines(), ElementsAre("pod a", "pod a"));
  picture_.OnPodGone({.name_space = "shop", .name = "a"});
  picture_.OnPodGone({.name_space = "shop", .name = "a"});
  EXPECT_EQ(events_.Of<PodGone>().size(), 1u);
  EXPECT_THAT(fleet_.TakeLines(), ElementsAre("pod gone a"));
}

// L5: a pod's claims count as exclusive until they are known to be shared, in whatever order pods and claims
// come, and again when they go or change; only the pods that use the claim are told anew.
TEST_F(ClusterPictureTest, ClaimsMakePodsExclusive) {
  picture_.OnPod(Pod("a", {"data", "shared"}));
  picture_.OnPod(Pod("b", {}));
  EXPECT_THAT(events_.Of<PodObserved>()[0].facts.exclusive_claims, ElementsAre("data", "shared"));
  const size_t before = PodEvents();
  picture_.OnClaim(Claim("shared", "ReadWriteMany"));
  EXPECT_EQ(PodEvents(), before + 1);
  EXPECT_THAT(LastExclusive(), ElementsAre("data"));
  picture_.OnClaim(Claim("data", "ReadWriteOnce"));
  picture_.OnClaim(Claim("unused", "ReadWriteMany"));
  EXPECT_EQ(PodEvents(), before + 1);
  picture_.OnClaimGone({.name_space = "shop", .name = "shared"});
  EXPECT_THAT(LastExclusive(), ElementsAre("data", "shared"));
  picture_.OnClaim(Claim("late", "ReadOnlyMany"));
  picture_.OnPod(Pod("c", {"late"}));
  EXPECT_THAT(LastExclusive(), IsEmpty());
}

// A claim of the same name in another namespace is another claim.
TEST_F(ClusterPictureTest, ClaimsBelongToTheirNamespace) {
  Json elsewhere = Claim("data", "ReadWriteMany");
  elsewhere["metadata"]["namespace"] = "other";
  picture_.OnClaim(elsewhere);
  picture_.OnPod(Pod("a", {"data"}));
  EXPECT_THAT(LastExclusive(), ElementsAre("data"));
}

// A pod that is gone, or has become another one under its name, is not told of when its former claims change.
TEST_F(ClusterPictureTest, FormerUsersAreForgotten) {
  picture_.OnPod(Pod("a", {"data", "data"}));
  picture_.OnPod(Pod("b", {"data"}));
  picture_.OnPod(Pod("b", {}));
  picture_.OnPodGone({.name_space = "shop", .name = "a"});
  const size_t before = PodEvents();
  picture_.OnClaim(Claim("data", "ReadWriteMany"));
  EXPECT_EQ(PodEvents(), before);
}

}  // namespace
}  // namespace evenkeel::coordinator
