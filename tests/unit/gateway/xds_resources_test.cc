// Routes as xDS resources: what a client needs is there, by the names that refer to it.
#include "coordinator/gateway/xds/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "xds/discovery_v3.pb.h"

namespace evenkeel::coordinator::xds {
namespace {

namespace wire = envoy::service::discovery::v3;
using ::testing::ElementsAre;
using ::testing::Key;

ServedRoute Shop(uint32_t green) {
  ServedRoute route;
  route.shape.backends = {{"blue", {.percent = 100 - green}}, {"green", {.percent = green}}};
  route.servers = *ServersOf({{"blue", {"10.1.0.1:80", "10.1.0.2:80"}}, {"green", {"[fd00::1]:81"}}});
  return route;
}

TEST(XdsResources, WeightsAreHundredTogether) {
  for (const uint32_t green : {0U, 1U, 50U, 100U}) {
    const Snapshot snapshot = SnapshotOf({{"shop", Shop(green)}});
    wire::RouteConfiguration routes;
    ASSERT_TRUE(routes.ParseFromString(snapshot.of(Type::kRoute).at("shop")));
    const wire::Route& route = routes.virtual_hosts(0).routes(0);
    uint32_t sum = 0;
    for (const wire::WeightedCluster& cluster : route.route().weighted_clusters().clusters()) {
      EXPECT_TRUE(snapshot.of(Type::kCluster).contains(cluster.name())) << cluster.name();
      EXPECT_GT(cluster.weight().value(), 0u);
      sum += cluster.weight().value();
    }
    EXPECT_EQ(sum, route.route().weighted_clusters().total_weight().value());
  }
}

// Clusters that get nothing are there all the same, and only the route changes with the shares.
TEST(XdsResources, OnlyTheRouteChanges) {
  const Snapshot before = SnapshotOf({{"shop", Shop(0)}});
  const Snapshot after = SnapshotOf({{"shop", Shop(100)}});
  EXPECT_THAT(before.of(Type::kCluster), ElementsAre(Key("shop/blue"), Key("shop/green")));
  EXPECT_EQ(before.of(Type::kCluster), after.of(Type::kCluster));
  EXPECT_EQ(before.of(Type::kEndpoints), after.of(Type::kEndpoints));
  EXPECT_EQ(before.of(Type::kListener), after.of(Type::kListener));
  EXPECT_NE(before.of(Type::kRoute), after.of(Type::kRoute));
}

TEST(XdsResources, ClosedHaveNoEndpoints) {
  ServedRoute route = Shop(100);
  route.shape.backends["blue"].mode = BackendMode::kClosed;
  const Snapshot snapshot = SnapshotOf({{"shop", route}});
  wire::ClusterLoadAssignment blue;
  wire::ClusterLoadAssignment green;
  ASSERT_TRUE(blue.ParseFromString(snapshot.of(Type::kEndpoints).at("shop/blue")));
  ASSERT_TRUE(green.ParseFromString(snapshot.of(Type::kEndpoints).at("shop/green")));
  EXPECT_EQ(blue.endpoints_size(), 0);
  EXPECT_EQ(green.endpoints(0).lb_endpoints(0).endpoint().address().socket_address().address(), "fd00::1");
}

// The canary's rule comes first.
TEST(XdsResources, CanaryComesFirst) {
  ServedRoute route = Shop(0);
  route.shape.canary = {"x-canary", "yes", "green"};
  wire::RouteConfiguration routes;
  ASSERT_TRUE(routes.ParseFromString(SnapshotOf({{"shop", route}}).of(Type::kRoute).at("shop")));
  ASSERT_EQ(routes.virtual_hosts(0).routes_size(), 2);
  EXPECT_EQ(routes.virtual_hosts(0).routes(0).match().headers(0).exact_match(), "yes");
  EXPECT_EQ(routes.virtual_hosts(0).routes(0).route().cluster(), "shop/green");
}

TEST(XdsResources, ServersAreAddresses) {
  for (const char* name : {"", "10.1.0.1", "host:80", "10.1.0.1:0", "10.1.0.1:65536", "[10.1.0.1]:80",
                           "fd00::1:80", "[fd00::1:80"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ServersOf({{"blue", {name}}}).status())) << name;
  }
  EXPECT_FALSE(ServersOf({{"blue", {}}}).ok());
}

TEST(XdsResources, TypesHaveNames) {
  for (const Type type : {Type::kCluster, Type::kEndpoints, Type::kListener, Type::kRoute}) {
    EXPECT_EQ(TypeOf(UrlOf(type)), type);
  }
  EXPECT_EQ(TypeOf("type.googleapis.com/other"), std::nullopt);
}

}  // namespace
}  // namespace evenkeel::coordinator::xds
