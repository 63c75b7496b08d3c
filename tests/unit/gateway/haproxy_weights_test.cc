// Shares as weights of servers: near enough, never 0 for what shall serve, and read back as they were wished.
#include "coordinator/gateway/haproxy_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::coordinator::haproxy {
namespace {

RouteShape Shape(uint32_t green) {
  RouteShape shape;
  shape.backends = {{"blue", {.percent = 100 - green}}, {"green", {.percent = green}}};
  return shape;
}

std::vector<ServerState> Servers(size_t blue, uint32_t blue_weight, size_t green, uint32_t green_weight) {
  std::vector<ServerState> servers;
  for (size_t i = 0; i < blue; ++i) servers.push_back({"shop", "blue-" + std::to_string(i), blue_weight});
  for (size_t i = 0; i < green; ++i) servers.push_back({"shop", "green-" + std::to_string(i), green_weight});
  return servers;
}

const RouteParts kParts = {{"blue", {"blue-*"}}, {"green", {"green-*"}}};

// Every whole percent, with three servers on each side and with unequal sides.
TEST(HaproxyWeights, ReadBackAsWished) {
  for (const auto& [blue, green] : {std::pair<size_t, size_t>{1, 1}, {3, 3}, {3, 2}, {1, 2}}) {
    for (uint32_t percent = 0; percent <= 100; ++percent) {
      const auto weights = WeightsOf(Shape(percent), {{"blue", blue}, {"green", green}});
      ASSERT_TRUE(weights.ok()) << percent << "%: " << weights.status();
      EXPECT_LE(weights->at("blue"), kLargestWeight);
      EXPECT_EQ(weights->at("green") == 0, percent == 0);
      EXPECT_EQ(weights->at("blue") == 0, percent == 100);
      const auto grouped = Grouped(Servers(blue, weights->at("blue"), green, weights->at("green")), kParts);
      ASSERT_TRUE(grouped.ok()) << grouped.status();
      EXPECT_EQ(ShapeOfServers(*grouped), Shape(percent)) << blue << "/" << green << " servers";
    }
  }
}

TEST(HaproxyWeights, WhatCannotBeGivenIsRefused) {
  EXPECT_FALSE(WeightsOf(Shape(1), {{"blue", 1}, {"green", 20}}).ok());
  EXPECT_FALSE(WeightsOf(Shape(50), {{"blue", 1}, {"green", 0}}).ok());
  EXPECT_TRUE(WeightsOf(Shape(0), {{"blue", 1}, {"green", 0}}).ok());
}

TEST(HaproxyWeights, ServersAreOfOneBackend) {
  EXPECT_FALSE(Grouped(Servers(1, 1, 1, 1), {{"blue", {"*"}}, {"green", {"green-*"}}}).ok());
  EXPECT_TRUE(absl::IsNotFound(Grouped(Servers(1, 1, 0, 1), kParts).status()));
  const auto grouped = Grouped(Servers(1, 1, 1, 1), {{"blue", {"blue-0"}}});
  ASSERT_TRUE(grouped.ok());
  EXPECT_EQ(ShapeOfServers(*grouped).backends.at("green-0").percent, 50u);
}

TEST(HaproxyWeights, StatesAreModes) {
  std::vector<ServerState> servers = Servers(2, 0, 1, 100);
  EXPECT_EQ(ShapeOfServers(*Grouped(servers, kParts)).backends.at("blue").mode, BackendMode::kServing);
  servers[0].draining = true;
  EXPECT_EQ(ShapeOfServers(*Grouped(servers, kParts)).backends.at("blue").mode, BackendMode::kDraining);
  servers[0].maintenance = true;
  servers[1].maintenance = true;
  EXPECT_EQ(ShapeOfServers(*Grouped(servers, kParts)).backends.at("blue").mode, BackendMode::kClosed);
}

// One server of several that is in maintenance was put there by somebody who repairs it; all of them were put
// there by a wish.
TEST(HaproxyWeights, WhatIsRepairedIsLeftOut) {
  std::vector<ServerState> servers = Servers(3, 100, 1, 0);
  servers[1].maintenance = true;
  const auto some = Grouped(servers, kParts);
  EXPECT_FALSE(IsLeftOut(some->at("blue")[0], some->at("blue")));
  EXPECT_TRUE(IsLeftOut(some->at("blue")[1], some->at("blue")));
  EXPECT_EQ(ShapeOfServers(*some).backends.at("blue"), (BackendWish{.percent = 100}));
  for (ServerState& server : servers) server.maintenance = true;
  const auto all = Grouped(servers, kParts);
  for (const ServerState& server : all->at("blue")) EXPECT_FALSE(IsLeftOut(server, all->at("blue")));
}

// A backend that was closed, or opened again, in part is not one whose servers are repaired; the one that was
// under repair before is told by its weight.
TEST(HaproxyWeights, WhatWasClosedInPartIsNotLeftOut) {
  std::vector<ServerState> servers = Servers(3, 0, 1, 0);
  for (int i = 0; i < 3; ++i) servers[i].maintenance = true;
  servers[1].weight = 100;
  const auto left_out = [&] {
    const auto group = Grouped(servers, kParts)->at("blue");
    std::vector<bool> found;
    for (const ServerState& server : group) found.push_back(IsLeftOut(server, group));
    return found;
  };
  const std::vector<bool> only_the_second = {false, true, false};
  EXPECT_EQ(left_out(), only_the_second);
  servers[0].maintenance = false;
  servers[0].draining = true;
  EXPECT_EQ(left_out(), only_the_second);
  EXPECT_FALSE(AllTakePart(*Grouped(servers, kParts), Shape(0)));
  servers[0].draining = false;
  servers[2].maintenance = false;
  EXPECT_EQ(left_out(), only_the_second);
  EXPECT_TRUE(AllTakePart(*Grouped(servers, kParts), Shape(0)));
}

}  // namespace
}  // namespace evenkeel::coordinator::haproxy
