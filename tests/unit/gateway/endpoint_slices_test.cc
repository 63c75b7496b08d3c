// Slices as a route: what is ready, what is written, and what somebody else's look like.
#include "coordinator/gateway/endpoint_slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kube/json.h"
#include "coordinator/core/switch/side_health.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const RouteParts kParts = {{"blue", {"old/shop/web"}}, {"green", {"new/shop/web"}}};

Json Slice(const std::string& name, const std::vector<std::string>& ready,
           const std::vector<std::string>& unready = {}, int port = 8080) {
  Json endpoints = Json::array();
  for (const std::string& address : ready) endpoints.push_back({{"addresses", {address}}});
  for (const std::string& address : unready) {
    endpoints.push_back({{"addresses", {address}}, {"conditions", {{"ready", false}}}});
  }
  return {{"metadata", {{"name", name}, {"resourceVersion", "9"}}},
          {"addressType", "IPv4"},
          {"endpoints", endpoints},
          {"ports", Json::array({{{"name", "http"}, {"port", port}}})}};
}
Json List(const std::vector<Json>& slices) {
  return {{"items", slices}};
}

TEST(EndpointSlices, OnlyReadyOnesOnce) {
  const auto ready = ReadyEndpoints(
      List({Slice("a", {"10.0.0.2", "10.0.0.1"}, {"10.0.0.9"}), Slice("b", {"10.0.0.1"})}), "web");
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_THAT(ready->addresses, ElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_THAT(ReadyEndpoints(List({Slice("a", {}, {"10.0.0.9"})}), "web").status().ToString(),
              HasSubstr("web has no endpoint that is ready"));
  EXPECT_FALSE(ReadyEndpoints(List({Slice("a", {"1.1.1.1"}), Slice("b", {"1.1.1.2"}, {}, 81)}), "web").ok());
  EXPECT_FALSE(ReadyEndpoints(Json::array(), "web").ok());
  std::vector<std::string> many;
  for (int i = 0; i <= 1000; ++i) many.push_back("address-" + std::to_string(i));
  EXPECT_THAT(ReadyEndpoints(List({Slice("a", many)}), "web").status().ToString(),
              HasSubstr("1001 endpoints"));
}

// A slice keeps its type of address: of a Service of both, its own are taken, in whatever order they come;
// where there are none, that is said.
TEST(EndpointSlices, OfOneTypeOfAddress) {
  Json six = Slice("a", {"fd00::1"});
  six["addressType"] = "IPv6";
  const auto ready = ReadyEndpoints(List({six, Slice("b", {"10.0.0.1"})}), "web", "IPv4");
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_THAT(ready->addresses, ElementsAre("10.0.0.1"));
  EXPECT_THAT(ReadyEndpoints(List({six}), "web", "IPv4").status().ToString(), HasSubstr("delete the slice"));
}

TEST(EndpointSlices, Names) {
  EXPECT_TRUE(SourcesOf(kParts).ok());
  EXPECT_EQ(SourcesOf(kParts)->at("blue").cluster, "old");
  EXPECT_FALSE(SourcesOf({{"Blue", {"old/shop/web"}}}).ok());
  EXPECT_FALSE(SourcesOf({{"blue", {"shop/web"}}}).ok());
  EXPECT_FALSE(SourcesOf({{"blue", {}}}).ok());
  EXPECT_FALSE(ParseName("web", "a route").ok());
}

// What is written reads as it was wished, and a stranger's slice shows.
TEST(EndpointSlices, AreReadAsWritten) {
  const StoredMark mark = {"store-a", {.epoch = 5, .owner = {5, 12}, .version = 3}};
  RouteShape shape;
  shape.backends = {{"blue", {.percent = 0, .mode = BackendMode::kDraining}}, {"green", {.percent = 100}}};
  const Json notes = {{"evenkeel.dev/switch-mark", ToText(mark)},
                      {"evenkeel.dev/switch-modes", "blue=draining"}};
  const SliceContent green = *ReadyEndpoints(List({Slice("x", {"10.2.0.1"})}), "web");
  const Json made = SliceToCreate("discovery.k8s.io/v1", "shop", "green", green, notes);
  Json blue = Slice("shop-evenkeel-blue", {"10.1.0.1"});
  SliceContent none = green;
  none.addresses.clear();
  blue.merge_patch(SlicePatch(blue, none, notes));

  const SlicesLook look = LookAt(List({made, blue}), "shop", kParts, "store-a");
  EXPECT_EQ(look.reading.backends.at("green").percent, 100u);
  EXPECT_EQ(look.reading.backends.at("blue").percent, 0u);
  EXPECT_EQ(look.reading.backends.at("blue").mode, BackendMode::kDraining);
  EXPECT_EQ(look.reading.mark, mark.mark);
  EXPECT_EQ(LookAt(List({made}), "shop", kParts, "store-a").reading.mark, std::nullopt);
  EXPECT_EQ(LookAt(List({made, blue}), "shop", kParts, "store-b").reading.mark, std::nullopt);

  const SlicesLook stranger =
      LookAt(List({made, blue, Slice("theirs", {"10.3.0.1"})}), "shop", kParts, "store-a");
  EXPECT_EQ(stranger.reading.backends.at("theirs").percent, 50u);
  EXPECT_NE(stranger.reading.revision, look.reading.revision);
}

// Once green has everything, blue's slice is empty by our own wish: that is no illness of blue, and the way
// back is open while its pods are Ready.
TEST(EndpointSlices, AnEmptiedSideIsNotSick) {
  const Json made = SliceToCreate("discovery.k8s.io/v1", "shop", "green",
                                  *ReadyEndpoints(List({Slice("x", {"10.2.0.1"})}), "web"), Json::object());
  const SlicesLook look = LookAt(List({made, Slice("shop-evenkeel-blue", {})}), "shop", kParts, "store-a");
  SwitchedRoute route;
  route.key = {"mesh", "shop/shop"};
  route.blue = "blue";
  route.green = "green";
  const SideReading blue = ReadSide(Side::kBlue, {route}, {{route.key, look.reading}}, {});
  EXPECT_TRUE(blue.seen);
  EXPECT_FALSE(blue.has_share);
  SideSight sight;
  sight.api_reachable = true;
  sight.pods_needed = sight.pods_ready = 3;
  EXPECT_EQ(JudgeWayBack(sight, blue, {}, GateRules{}).health, Health::kHealthy);
}

}  // namespace
}  // namespace evenkeel::coordinator
