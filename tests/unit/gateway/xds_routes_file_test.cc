// The file of routes that are served by xDS: what is kept is what is read, and a mistake is told by its
// field.
#include "coordinator/gateway/xds/routes_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator::xds {
namespace {

using ::testing::StartsWith;

// An operator says shares and servers, and no more.
TEST(XdsRoutesFile, ReadsWhatAnOperatorWrites) {
  const auto routes = ParseRoutes(R"({"routes": {"shop": {"backends": {
      "blue": {"percent": 100, "servers": ["10.1.0.10:80", "10.1.0.11:80"]},
      "green": {"percent": 0, "servers": ["[fd00::7]:81"]}}}}})");
  ASSERT_TRUE(routes.ok()) << routes.status();
  const KeptRoute& shop = routes->at("shop");
  EXPECT_EQ(shop.route.shape.backends.at("blue"), (BackendWish{100, BackendMode::kServing}));
  EXPECT_EQ(shop.route.shape.backends.at("green"), (BackendWish{0, BackendMode::kServing}));
  ASSERT_EQ(shop.route.servers.at("blue").size(), 2u);
  EXPECT_EQ(shop.route.servers.at("green")[0].address, "fd00::7");
  EXPECT_EQ(shop.route.servers.at("green")[0].port, 81);
  EXPECT_FALSE(shop.mark);
}

// Whatever was served is read as it was, with the mark of who wished it.
TEST(XdsRoutesFile, KeepsAllOfARoute) {
  KeptRoute kept;
  kept.route.shape.backends = {{"blue", {0, BackendMode::kClosed}},
                               {"green", {100, BackendMode::kServing}},
                               {"grey", {0, BackendMode::kDraining}}};
  kept.route.shape.canary = {"x-canary", "yes", "green"};
  kept.route.servers = *ServersOf(
      {{"blue", {"10.1.0.1:80"}}, {"green", {"[fd00::1]:80", "10.2.0.1:81"}}, {"grey", {"10.3.0.1:80"}}});
  kept.mark = StoredMark{"store-a", {.epoch = 7, .owner = {7, 12}, .version = 3}};
  const std::string text = RoutesText({{"shop", kept}, {"a.b:c", kept}});
  const auto routes = ParseRoutes(text);
  ASSERT_TRUE(routes.ok()) << routes.status();
  ASSERT_EQ(routes->size(), 2u);
  for (const auto& [name, route] : *routes) {
    EXPECT_EQ(route.route.shape, kept.route.shape);
    EXPECT_EQ(route.mark, kept.mark);
  }
  EXPECT_EQ(RoutesText(*routes), text);
  EXPECT_TRUE(ParseRoutes(RoutesText({}))->empty());
}

// A mistake is told by where it is; nothing of such a file is served.
TEST(XdsRoutesFile, RefusesByField) {
  const auto route = [](const std::string& body) {
    return absl::StrCat(R"({"routes": {"shop": )", body, "}}");
  };
  const auto blue = [&](const std::string& body) {
    return route(absl::StrCat(R"({"backends": {"blue": )", body, "}}"));
  };
  const struct {
    std::string text;
    const char* error;
  } rows[] = {
      {"", "is no JSON object"},
      {"[]", "is no JSON object"},
      {"{}", "routes: must be an object"},
      {R"({"routes": {}, "route": {}})", "the file: has the field \"route\""},
      {R"({"routes": {"a b": {}}})", "routes.a b: a route's name is of letters"},
      {route("7"), "routes.shop: must be an object"},
      {route("{}"), "routes.shop.backends: must be an object"},
      {blue("{}"), "routes.shop.backends.blue: percent must be"},
      {blue(R"({"percent": -1})"), "routes.shop.backends.blue: percent must be"},
      {blue(R"({"percent": 101})"), "routes.shop.backends.blue: percent must be"},
      {blue(R"({"percent": 100})"), "routes.shop.backends.blue: servers must be"},
      {blue(R"({"percent": 100, "servers": []})"), "routes.shop.backends.blue: servers must not be empty"},
      {blue(R"({"percent": 100, "servers": [7]})"), "routes.shop.backends.blue: servers must be"},
      {blue(R"({"percent": 100, "servers": ["web:80"]})"), "routes.shop.backends.blue: a server is IP:PORT"},
      {blue(R"({"percent": 100, "servers": ["10.0.0.1:80"], "mode": "off"})"),
       "routes.shop.backends.blue: mode must be"},
      {blue(R"({"percent": 100, "weight": 1})"), "routes.shop.backends.blue: has the field \"weight\""},
      {blue(R"({"percent": 50, "servers": ["10.0.0.1:80"]})"), "routes.shop:"},
      {route(R"({"backends": {"blue": {"percent": 100, "servers": ["10.0.0.1:80"]}}, "mark": "mine"})"),
       "routes.shop.mark: is no mark"},
      {route(
           R"({"backends": {"blue": {"percent": 100, "servers": ["10.0.0.1:80"]}}, "canary": {"to": "x"}})"),
       "routes.shop.canary: has the field \"to\""},
  };
  for (const auto& row : rows) {
    const auto routes = ParseRoutes(row.text);
    EXPECT_TRUE(absl::IsInvalidArgument(routes.status())) << row.text;
    EXPECT_THAT(std::string(routes.status().message()), StartsWith(row.error)) << row.text;
  }
}

}  // namespace
}  // namespace evenkeel::coordinator::xds
