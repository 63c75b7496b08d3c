#include <string>
#include <vector>

#include "coordinator/gateway/slice_gateway.h"
#include "tests/contract/gateway/kube_world.h"
#include "tests/contract/gateway/subject.h"

namespace evenkeel::testing {
namespace {

using kube::Json;

// Served by every Kubernetes up to 1.24, as is the one that the contract runs against.
const kube::Resource kSlices = {"discovery.k8s.io", "v1beta1", "endpointslices", true};
const kube::Resource kServices = {"", "v1", "services", true};

Json Endpoints(const std::vector<std::string>& addresses) {
  Json endpoints = Json::array();
  for (const std::string& address : addresses) {
    endpoints.push_back({{"addresses", {address}}, {"conditions", {{"ready", true}}}});
  }
  return endpoints;
}

// Both sides' Services are in the one cluster that there is, which two names stand for.
class SliceSubject final : public GatewaySubject {
 public:
  SliceSubject() {
    world_.Make(
        kServices,
        {{"apiVersion", "v1"},
         {"kind", "Service"},
         {"metadata", {{"name", "shop"}}},
         {"spec", {{"ports", Json::array({{{"name", "http"}, {"port", 80}, {"protocol", "TCP"}}})}}}});
    MakeSlice("web-blue-1", "web-blue", kBlue);
    MakeSlice("web-green-1", "web-green", kGreen);
    MakeSlice("shop-evenkeel-blue", "shop", kBlue);
    MakeSlice("shop-evenkeel-green", "shop", {});
  }

  std::unique_ptr<coordinator::Gateway> NewGateway(const std::string& store_id) override {
    return std::make_unique<coordinator::SliceGateway>(
        coordinator::SliceGateway::Options{
            .store_id = store_id, .clusters = {{"old", &KubeWorld::api()}, {"new", &KubeWorld::api()}}},
        KubeWorld::api());
  }

  coordinator::RoutePlace place() override {
    const std::string& name_space = world_.name_space();
    return {.route = name_space + "/shop",
            .parts = {{"blue", {"old/" + name_space + "/web-blue"}},
                      {"green", {"new/" + name_space + "/web-green"}}}};
  }

  bool keeps_marks() override { return true; }

  bool ChangeByHand() override {
    world_.Patch(kSlices, "shop-evenkeel-green", {{"endpoints", Endpoints(kGreen)}});
    world_.Patch(kSlices, "shop-evenkeel-blue", {{"endpoints", Json::array()}});
    return true;
  }

 private:
  void MakeSlice(const std::string& name, const std::string& service,
                 const std::vector<std::string>& addresses) const {
    world_.Make(kSlices,
                {{"apiVersion", kSlices.ApiVersion()},
                 {"kind", "EndpointSlice"},
                 {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/service-name", service}}}}},
                 {"addressType", "IPv4"},
                 {"endpoints", Endpoints(addresses)},
                 {"ports", Json::array({{{"name", "http"}, {"port", 8080}, {"protocol", "TCP"}}})}});
  }

  const std::vector<std::string> kBlue = {"10.1.0.1", "10.1.0.2", "10.1.0.3"};
  const std::vector<std::string> kGreen = {"10.2.0.1", "10.2.0.2"};
  const KubeWorld world_;
};

}  // namespace

std::unique_ptr<GatewaySubject> MakeGatewaySubject() {
  return std::make_unique<SliceSubject>();
}

}  // namespace evenkeel::testing
