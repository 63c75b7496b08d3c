#include "coordinator/serve/fleet_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/time/fake_clock.h"
#include "coordinator/serve/page_token.h"
#include "tests/unit/serve/fleet.h"

namespace evenkeel::coordinator {
namespace {

using testing::ElementsAre;

class FleetListingTest : public testing::Test {
 protected:
  // The names on all pages of a listing; what went wrong is in status_.
  std::vector<std::string> Nodes(v1::ListNodesRequest request) {
    std::vector<std::string> names;
    pages_ = 0;
    do {
      v1::ListNodesResponse response;
      status_ = ListNodes(view_, request, response);
      if (!status_.ok()) return names;
      for (const v1::Node& node : response.nodes()) names.push_back(node.name());
      request.set_page_token(response.next_page_token());
      ++pages_;
    } while (!request.page_token().empty());
    return names;
  }
  std::vector<std::string> Pods(v1::ListPodsRequest request) {
    std::vector<std::string> names;
    do {
      v1::ListPodsResponse response;
      status_ = ListPods(view_, request, response);
      if (!status_.ok()) return names;
      for (const v1::Pod& pod : response.pods()) names.push_back(pod.name());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
  std::vector<std::string> Containers(v1::ListContainersRequest request) {
    std::vector<std::string> names;
    do {
      v1::ListContainersResponse response;
      status_ = ListContainers(view_, request, response);
      if (!status_.ok()) return names;
      for (const v1::Container& container : response.containers()) names.push_back(container.name());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return names;
  }

  time::FakeClock clock_;
  FleetView view_{{"blue", "green"}, clock_};
  absl::Status status_;
  int pages_ = 0;
};

// However small the pages and large the fleet, all pages together are the whole, in order, with nothing
// twice.
TEST_F(FleetListingTest, PagesMakeTheWhole) {
  std::vector<std::string> expected;
  for (int i = 0; i < 700; ++i) {
    const std::string name = absl::StrCat("n", 1000 + i);
    view_.OnNode(MakeNode("blue", name));
    expected.push_back(absl::StrCat("clusters/blue/nodes/", name));
  }
  v1::ListNodesRequest request;
  request.set_parent("clusters/-");
  request.set_page_size(300);
  EXPECT_EQ(Nodes(request), expected);
  EXPECT_EQ(pages_, 3);
  request.set_page_size(700);
  EXPECT_EQ(Nodes(request), expected);
  EXPECT_EQ(pages_, 1);
}

// A listing goes on rightly when the resource at which a page ended is gone by the next.
TEST_F(FleetListingTest, GoesOnAfterADeletion) {
  for (const char* name : {"n1", "n2", "n3"}) view_.OnNode(MakeNode("blue", name));
  v1::ListNodesRequest request;
  request.set_parent("clusters/blue");
  request.set_page_size(2);
  v1::ListNodesResponse first;
  ASSERT_TRUE(ListNodes(view_, request, first).ok());
  view_.OnNodeGone({"blue", "n2"});
  request.set_page_token(first.next_page_token());
  EXPECT_THAT(Nodes(request), ElementsAre("clusters/blue/nodes/n3"));
}

// A parent, a selector and a node narrow a listing; an unknown cluster is told by name.
TEST_F(FleetListingTest, IsNarrowedByParentSelectorAndNode) {
  view_.OnNode(MakeNode("blue", "n1", {{"zone", "a"}}));
  view_.OnNode(MakeNode("green", "n1", {{"zone", "b"}}));
  view_.OnPod(MakePod({"blue", "shop", "web"}, "n1", "", {{"app", "web"}}));
  view_.OnPod(MakePod({"blue", "shop", "db"}, "n2", "", {{"app", "db"}}));
  view_.OnPod(MakePod({"blue", "test", "web"}, "n1", "", {{"app", "web"}}));
  view_.OnPod(MakePod({"green", "shop", "web"}, "n1", "", {{"app", "web"}}));

  v1::ListNodesRequest nodes;
  nodes.set_parent("clusters/-");
  nodes.set_label_selector("zone=b");
  EXPECT_THAT(Nodes(nodes), ElementsAre("clusters/green/nodes/n1"));

  v1::ListPodsRequest pods;
  pods.set_parent("clusters/-/namespaces/shop");
  pods.set_page_size(1);
  EXPECT_THAT(Pods(pods),
              ElementsAre("clusters/blue/namespaces/shop/pods/db", "clusters/blue/namespaces/shop/pods/web",
                          "clusters/green/namespaces/shop/pods/web"));
  pods.set_parent("clusters/blue/namespaces/-");
  pods.set_label_selector("app=web");
  EXPECT_THAT(Pods(pods), ElementsAre("clusters/blue/namespaces/shop/pods/web",
                                      "clusters/blue/namespaces/test/pods/web"));
  pods.set_label_selector("");
  pods.set_node("n2");
  EXPECT_THAT(Pods(pods), ElementsAre("clusters/blue/namespaces/shop/pods/db"));

  nodes.set_parent("clusters/red");
  Nodes(nodes);
  EXPECT_EQ(status_.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status_.message()), testing::HasSubstr("clusters/red"));
}

// Containers are listed over pods, also when a page ends within one.
TEST_F(FleetListingTest, PagesMayEndWithinAPod) {
  ObservedPod pod = MakePod({"blue", "shop", "a"}, "n1");
  pod.containers = {
      {.name = "proxy", .image = "p"}, {.name = "app", .image = "a"}, {.name = "log", .image = "l"}};
  view_.OnPod(pod);
  view_.OnPod(MakePod({"blue", "shop", "b"}, "n1"));
  const auto name = [](const char* container) {
    return absl::StrCat("clusters/blue/namespaces/shop/pods/", container);
  };
  for (const int size : {1, 2, 3, 50}) {
    v1::ListContainersRequest request;
    request.set_parent("clusters/-/namespaces/-/pods/-");
    request.set_page_size(size);
    EXPECT_THAT(Containers(request), ElementsAre(name("a/containers/app"), name("a/containers/log"),
                                                 name("a/containers/proxy"), name("b/containers/app")))
        << size;
  }
  v1::ListContainersRequest one;
  one.set_parent("clusters/blue/namespaces/shop/pods/b");
  EXPECT_THAT(Containers(one), ElementsAre(name("b/containers/app")));
  one.set_parent("clusters/blue/namespaces/shop/pods/c");
  Containers(one);
  EXPECT_EQ(status_.code(), absl::StatusCode::kNotFound);
}

// Clusters come by name and in pages, the ones that nothing is known of yet too.
TEST_F(FleetListingTest, ListsClusters) {
  v1::ListClustersRequest request;
  request.set_page_size(1);
  v1::ListClustersResponse first;
  ASSERT_TRUE(ListClusters(view_, request, first).ok());
  ASSERT_EQ(first.clusters_size(), 1);
  EXPECT_EQ(first.clusters(0).name(), "clusters/blue");
  request.set_page_token(first.next_page_token());
  v1::ListClustersResponse second;
  ASSERT_TRUE(ListClusters(view_, request, second).ok());
  ASSERT_EQ(second.clusters_size(), 1);
  EXPECT_EQ(second.clusters(0).name(), "clusters/green");
  EXPECT_EQ(second.next_page_token(), "");
}

// A token that somebody made up shows nothing beyond what was asked for: the right to list one namespace is
// not the right to list another.
TEST_F(FleetListingTest, AForgedTokenLeadsNowhereElse) {
  view_.OnPod(MakePod({"blue", "mine", "a"}, "n1"));
  view_.OnPod(MakePod({"blue", "secret", "b"}, "n1"));
  v1::ListContainersRequest containers;
  containers.set_parent("clusters/blue/namespaces/mine/pods/-");
  for (const char* key : {"blue/secret/b/", "blue/secret/a/x", "green/mine/a/x"}) {
    containers.set_page_token(MakePageToken({"ListContainers", containers.parent()}, key));
    EXPECT_THAT(Containers(containers), ElementsAre()) << key;
    EXPECT_EQ(status_.code(), absl::StatusCode::kInvalidArgument) << key;
  }
  containers.set_parent("clusters/blue/namespaces/secret/pods/c");
  containers.set_page_token(MakePageToken({"ListContainers", containers.parent()}, "blue/secret/b/"));
  EXPECT_THAT(Containers(containers), ElementsAre());
  v1::ListPodsRequest pods;
  pods.set_parent("clusters/blue/namespaces/mine");
  pods.set_page_token(MakePageToken({"ListPods", pods.parent(), "", ""}, "blue/secret/a"));
  EXPECT_THAT(Pods(pods), ElementsAre());
  EXPECT_EQ(status_.code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace evenkeel::coordinator
