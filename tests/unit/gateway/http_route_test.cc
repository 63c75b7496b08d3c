// An HTTPRoute as a route: names, weights, what its controllers say of it, and all that must stay as it is.
#include "coordinator/gateway/http_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kube/json.h"
#include "coordinator/gateway/http_route_gateway.h"
#include "coordinator/gateway/shape.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::HasSubstr;

const kube::Resource kHttpRoutes = {"gateway.networking.k8s.io", "v1", "httproutes", true};
const RouteParts kParts = {{"blue", {"shop/shop-blue:80"}}, {"green", {"next/shop-green:80"}}};

Json Condition(const std::string& type, const std::string& status, int generation) {
  return {{"type", type},
          {"status", status},
          {"reason", "Because"},
          {"message", "of a test"},
          {"observedGeneration", generation}};
}

Json Route(const Json& references, const Json& parents = Json::array()) {
  return {
      {"apiVersion", kHttpRoutes.ApiVersion()},
      {"kind", "HTTPRoute"},
      {"metadata", {{"name", "web"}, {"namespace", "shop"}, {"uid", "u-1"}, {"generation", 4}}},
      {"spec", {{"hostnames", {"shop.example"}}, {"rules", Json::array({{{"backendRefs", references}}})}}},
      {"status", {{"parents", parents}}}};
}

Json Blue(int weight) {
  return {
      {"name", "shop-blue"}, {"port", 80}, {"weight", weight}, {"filters", Json::array({{{"type", "x"}}})}};
}

absl::StatusOr<RouteReading> ReadIt(const Json& object) {
  return ReadHttpRoute(object, *HttpRoutePlace::Parse("shop/web"), *ServicesOf(kParts), "store-a");
}

RouteShape Shape(uint32_t green) {
  RouteShape shape;
  shape.backends = {{"blue", {.percent = 100 - green}}, {"green", {.percent = green}}};
  return shape;
}

TEST(HttpRoute, Names) {
  const auto place = HttpRoutePlace::Parse("shop/web#3");
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->name.ToString(), "shop/web");
  EXPECT_EQ(place->rule, 3u);
  for (const char* text : {"", "web", "/web", "shop/", "shop/web#", "shop/web#x", "shop/web#1#2", "a/b/c",
                           "shop/web#64", "shop/web#0", "shop/web#03", "shop/web#+3", "shop/web# 3"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(HttpRoutePlace::Parse(text).status())) << text;
  }
  EXPECT_EQ(ServicePort::Parse("shop/web:80")->ToString(), "shop/web:80");
  for (const char* text :
       {"", "web:80", "shop/web", "shop/web:0", "shop/web:65536", "shop/:80", "a/b/c:80"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ServicePort::Parse(text).status())) << text;
  }
  EXPECT_FALSE(ServicesOf({{"blue", {"a/b:1", "a/c:1"}}}).ok());
  EXPECT_FALSE(ServicesOf({{"blue", {"a/b:1"}}, {"green", {"a/b:1"}}}).ok());
}

// Shares as the API has them: weight by the sum, 1 where none is said; strangers under their own names.
TEST(HttpRoute, Shares) {
  const auto reading = ReadIt(Route({Blue(3), {{"name", "other"}, {"port", 81}}}));
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(reading->backends.at("blue").percent, 75u);
  EXPECT_EQ(reading->backends.at("green").percent, 0u);
  EXPECT_EQ(reading->backends.at("shop/other:81").percent, 25u);
  EXPECT_EQ(reading->backends.at("blue").in_flight, std::nullopt);
  EXPECT_EQ(reading->instance, "u-1");
  EXPECT_FALSE(ReadIt(Route(Json::array({Blue(-1)}))).ok());
  EXPECT_FALSE(ReadIt(Route({{{"kind", "Bucket"}, {"name", "b"}}})).ok());
  EXPECT_FALSE(ReadIt(Json::object()).ok());
  EXPECT_FALSE(ReadIt(Json::array()).ok());
}

// Only a word about this very generation, from every controller, is acceptance.
TEST(HttpRoute, Acceptance) {
  const auto parent = [](const std::string& accepted, const std::string& resolved, int generation) {
    return Json{{"conditions", Json::array({Condition("Accepted", accepted, generation),
                                            Condition("ResolvedRefs", resolved, generation)})}};
  };
  EXPECT_FALSE(AcceptanceOf(Route(Json::array({Blue(1)}))).accepted);
  EXPECT_TRUE(AcceptanceOf(Route(Json::array({Blue(1)}), Json::array({parent("True", "True", 4)}))).accepted);
  EXPECT_FALSE(
      AcceptanceOf(Route(Json::array({Blue(1)}), Json::array({parent("True", "True", 3)}))).accepted);
  EXPECT_FALSE(
      AcceptanceOf(Route(Json::array({Blue(1)}), Json::array({parent("False", "True", 3)}))).refused);
  const Json both = Json::array({parent("True", "True", 4), parent("True", "True", 3)});
  EXPECT_FALSE(AcceptanceOf(Route(Json::array({Blue(1)}), both)).accepted);
  // A gateway that the route names, and whose controller has said nothing yet, has not accepted it.
  Json of_two = Route(Json::array({Blue(1)}), Json::array({parent("True", "True", 4)}));
  of_two["status"]["parents"][0]["parentRef"] = {{"name", "front"}, {"namespace", "shop"}};
  of_two["spec"]["parentRefs"] = Json::array({{{"name", "front"}}});
  EXPECT_TRUE(AcceptanceOf(of_two).accepted);
  of_two["spec"]["parentRefs"].push_back({{"name", "inner"}});
  EXPECT_FALSE(AcceptanceOf(of_two).accepted);
  EXPECT_FALSE(AcceptanceOf(of_two).refused);
  const Acceptance refused =
      AcceptanceOf(Route(Json::array({Blue(1)}), Json::array({parent("True", "False", 4)})));
  EXPECT_TRUE(refused.refused);
  EXPECT_FALSE(refused.accepted);
  EXPECT_THAT(refused.words, HasSubstr("ResolvedRefs is False: Because: of a test"));
  EXPECT_EQ(ReadIt(Route(Json::array({Blue(1)}), Json::array({parent("True", "True", 4)})))->proof,
            Proof::kAccepted);
  // What a controller refuses says nothing of how the servers are, least of all of blue's: they are to get
  // everything back.
  const auto reading = ReadIt(Route(Json::array({Blue(1)}), Json::array({parent("True", "False", 4)})));
  EXPECT_EQ(reading->proof, Proof::kConfigured);
  EXPECT_EQ(reading->backends.at("blue").servers_up, 1u);
}

// The patch changes this rule's weights and the notes; what others set on a reference stays.
TEST(HttpRoute, PatchKeepsWhatIsOthers) {
  Json object = Route({Blue(1), {{"name", "other"}, {"port", 81}}});
  object["metadata"]["resourceVersion"] = "17";
  const StoredMark mark = {"store-a", {.epoch = 5, .owner = {5, 12}, .version = 3}};
  const Json patch =
      PatchOf(object, *HttpRoutePlace::Parse("shop/web"), *ServicesOf(kParts), Shape(10), mark);
  EXPECT_EQ(kube::Text(patch, {"metadata", "resourceVersion"}), "17");
  EXPECT_FALSE(patch["spec"].contains("hostnames"));
  const Json& references = patch["spec"]["rules"][0]["backendRefs"];
  ASSERT_EQ(references.size(), 2u);
  EXPECT_EQ(references[0], Blue(90));
  EXPECT_EQ(references[1],
            Json({{"name", "shop-green"}, {"namespace", "next"}, {"port", 80}, {"weight", 10}}));
  object.merge_patch(patch);
  const auto reading = ReadIt(object);
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(ShapeOf(*reading), Shape(10));
  EXPECT_EQ(reading->mark, mark.mark);
}

class HttpRouteWithController : public ::testing::Test {
 protected:
  HttpRouteWithController() { api_.Put(kHttpRoutes, Route(Json::array({Blue(1)}))); }

  ShapeAnswer Do(uint64_t version) {
    HttpRouteGateway gateway({.store_id = "store-a",
                              .acceptance_patience = absl::Seconds(30),
                              .look_again = absl::Milliseconds(1)},
                             api_);
    const RouteWish wish = {.key = {"front", "shop/web"},
                            .shape = Shape(100),
                            .mark = {.epoch = 1, .owner = {1, 1}, .version = version}};
    const Interrupt interrupt;
    return gateway.Shape({.route = "shop/web", .parts = kParts}, wish, Call(absl::Seconds(60), interrupt));
  }

  testing::FakeKubernetes api_;
};

// A route that its controller refuses is not done, and the answer has the controller's words. (The fake keeps
// no generations: the refusal that is there already is of the generation that the write leaves.)
TEST_F(HttpRouteWithController, RefusalIsSaid) {
  const Json parent = {
      {"conditions", Json::array({Condition("Accepted", "True", 4), Condition("ResolvedRefs", "False", 4)})}};
  Json route = Route(Json::array({Blue(1)}), Json::array({parent}));
  api_.Put(kHttpRoutes, route);
  const ShapeAnswer answer = Do(1);
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(answer.detail, HasSubstr("of a test"));
}

// An accepted one is read as such.
TEST_F(HttpRouteWithController, AcceptanceIsRead) {
  const Json parent = {
      {"conditions", Json::array({Condition("Accepted", "True", 4), Condition("ResolvedRefs", "True", 4)})}};
  api_.Put(kHttpRoutes, Route(Json::array({Blue(1)}), Json::array({parent})));
  const ShapeAnswer answer = Do(1);
  EXPECT_EQ(answer.outcome, ActionOutcome::kDone) << answer.detail;
  EXPECT_EQ(answer.reading->proof, Proof::kAccepted);
}

// The rules of one object are routes of their own: a wish of one does not overtake another's that has to be
// asked again, and takes no modes from it. A later coordinator's mark on any of them is one on the object.
TEST_F(HttpRouteWithController, RulesHaveMarksOfTheirOwn) {
  const Json parent = {
      {"conditions", Json::array({Condition("Accepted", "True", 4), Condition("ResolvedRefs", "True", 4)})}};
  Json object = Route(Json::array({Blue(1)}), Json::array({parent}));
  object["spec"]["rules"].push_back({{"backendRefs", Json::array({{{"name", "other"}, {"port", 80}}})}});
  api_.Put(kHttpRoutes, object);
  HttpRouteGateway gateway({.store_id = "store-a", .acceptance_patience = absl::ZeroDuration()}, api_);
  const Interrupt interrupt;
  const auto shape = [&](const std::string& route, const RouteParts& parts, uint64_t epoch, uint64_t version,
                         const RouteShape& wished) {
    const RouteWish wish = {.key = {"front", route},
                            .shape = wished,
                            .mark = {.epoch = epoch, .owner = {epoch, version}, .version = version}};
    return gateway.Shape({.route = route, .parts = parts}, wish, Call(absl::Seconds(60), interrupt)).outcome;
  };
  RouteShape drained = Shape(100);
  drained.backends["blue"].mode = BackendMode::kDraining;
  const RouteShape other = {.backends = {{"other", {.percent = 100}}}};
  const RouteParts others = {{"other", {"shop/other:80"}}};
  EXPECT_EQ(shape("shop/web", kParts, 1, 1, drained), ActionOutcome::kDone);
  EXPECT_EQ(shape("shop/web#1", others, 1, 2, other), ActionOutcome::kAlreadyDone);
  EXPECT_EQ(shape("shop/web", kParts, 1, 1, drained), ActionOutcome::kAlreadyDone);
  const auto reading =
      gateway.Read({.route = "shop/web", .parts = kParts}, Call(absl::Seconds(60), interrupt));
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(ShapeOf(*reading), drained);
  EXPECT_EQ(shape("shop/web#1", others, 2, 1, other), ActionOutcome::kAlreadyDone);
  EXPECT_EQ(shape("shop/web", kParts, 1, 3, drained), ActionOutcome::kNotMine);
}

// A conflict is looked at again; a server that is away is asked again until the call ends; one that says no
// is believed.
TEST_F(HttpRouteWithController, FailuresOfTheServer) {
  int patches = 0;
  const Json parent = {
      {"conditions", Json::array({Condition("Accepted", "True", 4), Condition("ResolvedRefs", "True", 4)})}};
  api_.Put(kHttpRoutes, Route(Json::array({Blue(1)}), Json::array({parent})));
  api_.SetFault([&patches](const std::string& verb, const kube::Resource&, const kube::ObjectName&) {
    if (verb != "patch") return absl::OkStatus();
    ++patches;
    if (patches == 1) return absl::AbortedError("conflict");
    if (patches == 2) return absl::UnavailableError("away");
    return absl::OkStatus();
  });
  EXPECT_EQ(Do(1).outcome, ActionOutcome::kDone);
  EXPECT_EQ(patches, 3);
  api_.SetFault([](const std::string& verb, const kube::Resource&, const kube::ObjectName&) {
    return verb == "patch" ? absl::PermissionDeniedError("no") : absl::OkStatus();
  });
  EXPECT_EQ(Do(2).outcome, ActionOutcome::kRefused);
}

}  // namespace
}  // namespace evenkeel::coordinator
