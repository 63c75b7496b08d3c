#include "coordinator/serve/names.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/status.h"
#include "coordinator/serve/page_token.h"

namespace evenkeel::coordinator {
namespace {

// A name that was made is read back as what it was made of.
TEST(Names, ReadWhatTheyWrite) {
  EXPECT_EQ(*ParseCluster("name", ClusterResource("blue")), "blue");
  const NodeKey node{"blue", "n-1.example"};
  EXPECT_EQ(*ParseNode("name", NodeResource(node)), node);
  const PodKey pod{"blue", "shop", "web-0"};
  EXPECT_EQ(*ParsePod("name", PodResource(pod)), pod);
  const auto container = ParseContainer("name", ContainerResource(pod, "app"));
  ASSERT_TRUE(container.ok());
  EXPECT_EQ(container->pod, pod);
  EXPECT_EQ(container->container, "app");
  const DecisionId id{7, 12};
  EXPECT_EQ(*ParseDecision("name", DecisionResource(id)), id);
  EXPECT_EQ(*ParsePolicy("name", PolicyResource("web")), "web");
  EXPECT_EQ(*ParseMaintenance("name", MaintenanceResource(node)), node);
  EXPECT_EQ(WorkloadResource("shop", {.kind = "ReplicaSet", .name = "web-5d9", .uid = "u"}),
            "namespaces/shop/replicasets/web-5d9");
}

// Anything else is refused by the field's name: too few or too many parts, other collections, empty or
// endless parts.
TEST(Names, RefuseOtherForms) {
  for (const std::string& name :
       {std::string(""), std::string("blue"), std::string("cluster/blue"), std::string("clusters/"),
        std::string("clusters/blue/"), std::string("/clusters/blue"), std::string("clusters/blue/nodes"),
        std::string("clusters/-"), "clusters/" + std::string(254, 'x')}) {
    const auto cluster = ParseCluster("name", name);
    ASSERT_FALSE(cluster.ok()) << name;
    EXPECT_EQ(base::Detail(cluster.status(), base::kFieldKey), "name");
  }
  EXPECT_FALSE(ParseNode("name", "clusters/blue/nodes/-").ok());
  EXPECT_FALSE(ParsePod("name", "clusters/blue/namespaces/shop").ok());
  EXPECT_FALSE(ParseDecision("name", "decisions/seven").ok());
}

// Scalers go by their policies; a workload's kind is a part of its name that varies.
TEST(Names, ScalersAndWorkloads) {
  EXPECT_EQ(ScalerResource("web"), "scalers/web");
  EXPECT_EQ(*ParseScaler("name", "scalers/web"), "web");
  EXPECT_FALSE(ParseScaler("name", "policies/web").ok());
  EXPECT_EQ(BurstResource("east"), "bursts/east");
  EXPECT_EQ(*ParseBurst("name", "bursts/east"), "east");
  EXPECT_FALSE(ParseBurst("name", "clusters/east").ok());
  EXPECT_EQ(SwitchResource("web"), "switches/web");
  EXPECT_EQ(*ParseSwitch("name", "switches/3-14"), "3-14");
  EXPECT_FALSE(ParseSwitch("name", "switches/").ok());
  const auto workload = ParseWorkload("workload", "namespaces/shop/rollouts/web");
  ASSERT_TRUE(workload.ok()) << workload.status();
  EXPECT_EQ(workload->name_space, "shop");
  EXPECT_EQ(workload->kinds, "rollouts");
  EXPECT_EQ(workload->name, "web");
  for (const char* wrong : {"", "web", "namespaces/shop", "namespaces/shop/deployments",
                            "namespaces/shop//web", "namespaces//deployments/web",
                            "clusters/shop/deployments/web", "namespaces/shop/deployments/web/x"}) {
    EXPECT_FALSE(ParseWorkload("workload", wrong).ok()) << wrong;
  }
}

// "-" stands for all in parents, and there alone.
TEST(Names, DashIsAllInParents) {
  EXPECT_EQ(*ParseClusterParent("parent", "clusters/-"), "");
  EXPECT_EQ(*ParseClusterParent("parent", "clusters/blue"), "blue");
  EXPECT_EQ(*ParseNamespaceParent("parent", "clusters/-/namespaces/shop"), (PodKey{"", "shop", ""}));
  EXPECT_EQ(*ParsePodParent("parent", "clusters/blue/namespaces/-/pods/-"), (PodKey{"blue", "", ""}));
  EXPECT_FALSE(ParseClusterParent("parent", "").ok());
}

// AIP-158: a size that is not given is 50, one beyond 1000 is 1000, a negative one is refused.
TEST(PageSize, HasADefaultAndABound) {
  EXPECT_EQ(*PageSize(0), 50U);
  EXPECT_EQ(*PageSize(7), 7U);
  EXPECT_EQ(*PageSize(100000), 1000U);
  EXPECT_FALSE(PageSize(-1).ok());
}

// A token leads on to where the last page ended, for its own request and no other.
TEST(PageToken, IsBoundToItsRequest) {
  const std::string token = MakePageToken({"ListNodes", "clusters/-", "a=b"}, "blue//n1");
  EXPECT_EQ(*ReadPageToken({"ListNodes", "clusters/-", "a=b"}, token), "blue//n1");
  EXPECT_EQ(*ReadPageToken({"ListNodes", "clusters/-", "a=b"}, ""), "");
  EXPECT_FALSE(ReadPageToken({"ListNodes", "clusters/-", "a=c"}, token).ok());
  EXPECT_FALSE(ReadPageToken({"ListNodes", "clusters/-a", "=b"}, token).ok());
  for (const char* nonsense : {"x", "!!!", "AAAA", "Li4vLi4vZXRjL3Bhc3N3ZA"}) {
    const auto read = ReadPageToken({"ListNodes", "clusters/-", "a=b"}, nonsense);
    ASSERT_FALSE(read.ok()) << nonsense;
    EXPECT_EQ(base::Detail(read.status(), base::kFieldKey), "page_token");
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
