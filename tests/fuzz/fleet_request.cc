// Operators' requests for lists: names, selectors, page tokens. Pages end, join, and show what is there.
//
// The input: a byte that tells which list, then the request. A page token that begins with '!' is the rest of
// it as a key with the fingerprint that no fuzzer would guess.
#include "coordinator/serve/fleet_listing.h"

#include <string>

#include "common/time/fake_clock.h"
#include "coordinator/serve/label_selector.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/page_token.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

const FleetView& Fleet() {
  static const time::FakeClock clock;
  static FleetView* const view = [] {
    auto* const made = new FleetView({"east", "west"}, clock);
    for (const char* cluster : {"east", "west"}) {
      for (const char* name : {"n1", "n2"}) {
        ObservedNode node;
        node.key = {.cluster = cluster, .node = name};
        node.labels = {{"zone", name}, {"gpu", ""}};
        made->OnNode(node);
        for (const char* name_space : {"default", "shop"}) {
          ObservedPod pod;
          pod.key = {.cluster = cluster, .name_space = name_space, .name = std::string("web-") + name};
          pod.facts.node = name;
          pod.labels = {{"app", "web"}};
          pod.containers = {{.name = "b"}, {.name = "a"}};
          made->OnPod(pod);
        }
      }
    }
    return made;
  }();
  return *view;
}

// Each name lies below the parent that was asked for, however the token was made up: rights hang on the
// parent.
void CheckBelow(const std::string& parent, const std::string& name) {
  std::string_view wanted = parent;
  std::string_view given = name;
  while (!wanted.empty()) {
    const std::string_view part = fuzz::TakePart(wanted, '/');
    EVENKEEL_CHECK(part == "-" || part == fuzz::TakePart(given, '/')) << name << " is not in " << parent;
    if (part == "-") fuzz::TakePart(given, '/');
  }
}
void CheckScope(const std::string& parent, const v1::ListNodesResponse& response) {
  for (const v1::Node& node : response.nodes()) CheckBelow(parent, node.name());
}
void CheckScope(const std::string& parent, const v1::ListPodsResponse& response) {
  for (const v1::Pod& pod : response.pods()) CheckBelow(parent, pod.name());
}
void CheckScope(const std::string& parent, const v1::ListContainersResponse& response) {
  for (const v1::Container& container : response.containers()) CheckBelow(parent, container.name());
}
void CheckScope(const std::string& /*parent*/, const v1::ListClustersResponse& /*response*/) {}

std::string ParentOf(const v1::ListClustersRequest& /*request*/) {
  return "";
}
template <typename Request>
std::string ParentOf(const Request& request) {
  return request.parent();
}

// All pages of `request`; `listed` counts what a response holds, `seal` makes a token that fits the request.
template <typename Response, typename Request, typename List, typename Count, typename Seal>
void Page(Request request, const List& list, const Count& listed, const Seal& seal, int most) {
  if (request.page_token().starts_with('!')) request.set_page_token(seal(request.page_token().substr(1)));
  int total = 0;
  do {
    Response response;
    if (!list(Fleet(), request, response).ok()) return;
    const int count = listed(response);
    total += count;
    EVENKEEL_CHECK(request.page_size() == 0 || count <= request.page_size()) << count << " on a page";
    EVENKEEL_CHECK(total <= most) << "more than there is: a page comes again";
    CheckScope(ParentOf(request), response);
    EVENKEEL_CHECK(response.next_page_token().empty() || count > 0) << "an empty page that is not the last";
    Response received;
    EVENKEEL_CHECK(received.ParseFromString(response.SerializeAsString())) << response.ShortDebugString();
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
}

void CheckNames(const std::string& name) {
  if (const auto node = ParseNode("name", name); node.ok()) EVENKEEL_CHECK(NodeResource(*node) == name);
  if (const auto pod = ParsePod("name", name); pod.ok()) EVENKEEL_CHECK(PodResource(*pod) == name);
  if (const auto cluster = ParseCluster("name", name); cluster.ok()) {
    EVENKEEL_CHECK(ClusterResource(*cluster) == name);
  }
  if (const auto container = ParseContainer("name", name); container.ok()) {
    EVENKEEL_CHECK(ContainerResource(container->pod, container->container) == name);
  }
  if (const auto decision = ParseDecision("name", name); decision.ok()) {
    EVENKEEL_CHECK(DecisionResource(*decision) == name);
  }
  if (const auto policy = ParsePolicy("name", name); policy.ok()) {
    EVENKEEL_CHECK(PolicyResource(*policy) == name);
  }
  if (const auto burst = ParseBurst("name", name); burst.ok()) {
    EVENKEEL_CHECK(BurstResource(*burst) == name);
  }
  if (const auto scaler = ParseScaler("name", name); scaler.ok()) {
    EVENKEEL_CHECK(ScalerResource(*scaler) == name);
  }
  if (const auto workload = ParseWorkload("workload", name); workload.ok()) {
    EVENKEEL_CHECK("namespaces/" + workload->name_space + "/" + workload->kinds + "/" + workload->name ==
                   name);
  }
  if (const auto maintenance = ParseMaintenance("name", name); maintenance.ok()) {
    EVENKEEL_CHECK(MaintenanceResource(*maintenance) == name);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::Text(data, size);
  const uint8_t which = fuzz::TakeByte(input);
  const std::string bytes(input);
  CheckNames(bytes);
  if (v1::ListNodesRequest request; which % 4 == 0 && request.ParseFromString(bytes)) {
    Page<v1::ListNodesResponse>(
        request, ListNodes, [](const auto& response) { return response.nodes_size(); },
        [&](const std::string& key) {
          return MakePageToken({"ListNodes", request.parent(), request.label_selector()}, key);
        },
        4);
  }
  if (v1::ListPodsRequest request; which % 4 == 1 && request.ParseFromString(bytes)) {
    Page<v1::ListPodsResponse>(
        request, ListPods, [](const auto& response) { return response.pods_size(); },
        [&](const std::string& key) {
          return MakePageToken({"ListPods", request.parent(), request.label_selector(), request.node()}, key);
        },
        8);
  }
  if (v1::ListContainersRequest request; which % 4 == 2 && request.ParseFromString(bytes)) {
    Page<v1::ListContainersResponse>(
        request, ListContainers, [](const auto& response) { return response.containers_size(); },
        [&](const std::string& key) {
          return MakePageToken({"ListContainers", request.parent()}, key);
        },
        16);
  }
  if (v1::ListClustersRequest request; which % 4 == 3 && request.ParseFromString(bytes)) {
    Page<v1::ListClustersResponse>(
        request, ListClusters, [](const auto& response) { return response.clusters_size(); },
        [](const std::string& key) { return MakePageToken({"ListClusters"}, key); }, 2);
    if (const auto selector = LabelSelector::Parse("label_selector", bytes); selector.ok()) {
      (void)selector->Matches({{"app", "web"}});
    }
  }
  return 0;
}
