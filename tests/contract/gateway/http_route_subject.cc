#include <string>

#include "coordinator/gateway/http_route_gateway.h"
#include "tests/contract/gateway/kube_world.h"
#include "tests/contract/gateway/subject.h"

namespace evenkeel::testing {
namespace {

using kube::Json;

const kube::Resource kDefinitions = {"apiextensions.k8s.io", "v1", "customresourcedefinitions", false};
const kube::Resource kHttpRoutes = {"gateway.networking.k8s.io", "v1", "httproutes", true};

// As much of the Gateway API's definition as its server side needs: any object is taken, its status is a part
// of its own, and its generation counts changes of the rest.
Json Definition() {
  const Json anything = {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
  const Json schema = {
      {"openAPIV3Schema", {{"type", "object"}, {"properties", {{"spec", anything}, {"status", anything}}}}}};
  const Json version = {{"name", "v1"},
                        {"served", true},
                        {"storage", true},
                        {"schema", schema},
                        {"subresources", {{"status", Json::object()}}}};
  const Json names = {{"plural", "httproutes"}, {"singular", "httproute"}, {"kind", "HTTPRoute"}};
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata",
           {{"name", "httproutes.gateway.networking.k8s.io"},
            {"annotations", {{"api-approved.kubernetes.io", "unapproved, for tests"}}}}},
          {"spec",
           {{"group", "gateway.networking.k8s.io"},
            {"scope", "Namespaced"},
            {"names", names},
            {"versions", Json::array({version})}}}};
}

Json Rule(int blue, int green) {
  const Json path = {{"path", {{"type", "PathPrefix"}, {"value", "/"}}}};
  return {{"matches", Json::array({path})},
          {"backendRefs", Json::array({{{"name", "shop-blue"}, {"port", 80}, {"weight", blue}},
                                       {{"name", "shop-green"}, {"port", 80}, {"weight", green}}})}};
}

class HttpRouteSubject final : public GatewaySubject {
 public:
  HttpRouteSubject() {
    world_.Make(kDefinitions, Definition());
    const Json other = {{"backendRefs", Json::array({{{"name", "other"}, {"port", 80}}})}};
    world_.Make(kHttpRoutes, {{"apiVersion", kHttpRoutes.ApiVersion()},
                              {"kind", "HTTPRoute"},
                              {"metadata", {{"name", "shop"}}},
                              {"spec",
                               {{"parentRefs", Json::array({{{"name", "front"}}})},
                                {"rules", Json::array({other, Rule(1, 0)})}}}});
  }

  std::unique_ptr<coordinator::Gateway> NewGateway(const std::string& store_id) override {
    // No controller runs here; what it would say is a matter of unit tests.
    return std::make_unique<coordinator::HttpRouteGateway>(
        coordinator::HttpRouteGateway::Options{.store_id = store_id,
                                               .acceptance_patience = absl::ZeroDuration()},
        KubeWorld::api());
  }

  coordinator::RoutePlace place() override {
    const std::string& name_space = world_.name_space();
    return {.route = name_space + "/shop#1",
            .parts = {{"blue", {name_space + "/shop-blue:80"}}, {"green", {name_space + "/shop-green:80"}}}};
  }

  bool keeps_marks() override { return true; }

  bool ChangeByHand() override {
    const Json other = {{"backendRefs", Json::array({{{"name", "other"}, {"port", 80}}})}};
    world_.Patch(kHttpRoutes, "shop", {{"spec", {{"rules", Json::array({other, Rule(0, 7)})}}}});
    return true;
  }

 private:
  const KubeWorld world_;
};

}  // namespace

std::unique_ptr<GatewaySubject> MakeGatewaySubject() {
  return std::make_unique<HttpRouteSubject>();
}

}  // namespace evenkeel::testing
