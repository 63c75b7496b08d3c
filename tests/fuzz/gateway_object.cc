// HTTPRoutes and EndpointSlices as somebody else may have written them: what is read is bounded and can be
// said, and what is written over them reads as it was wished.
#include <string>

#include "common/kube/json.h"
#include "coordinator/gateway/endpoint_slices.h"
#include "coordinator/gateway/http_route.h"
#include "coordinator/gateway/shape.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

const StoredMark kMark = {"store-a", {.epoch = 5, .owner = {5, 12}, .version = 3}};

RouteShape Shape() {
  RouteShape shape;
  shape.backends = {{"blue", {.percent = 90}}, {"green", {.percent = 10}}};
  return shape;
}

void CheckReading(const RouteReading& reading) {
  uint64_t sum = 0;
  for (const auto& [backend, one] : reading.backends) {
    sum += one.percent;
    EVENKEEL_CHECK(one.percent == 0 || one.mode == BackendMode::kServing) << backend;
  }
  EVENKEEL_CHECK(sum == 100 || sum == 0) << sum << "%";
}

void TryHttpRoute(kube::Json object) {
  const auto place = HttpRoutePlace::Parse("shop/web");
  const auto services = ServicesOf({{"blue", {"shop/blue:80"}}, {"green", {"next/green:80"}}});
  const Acceptance acceptance = AcceptanceOf(object);
  EVENKEEL_CHECK(fuzz::IsUtf8(acceptance.words)) << acceptance.words;
  const auto reading = ReadHttpRoute(object, *place, *services, "store-a");
  if (!reading.ok()) return;
  CheckReading(*reading);
  object.merge_patch(PatchOf(object, *place, *services, Shape(), kMark));
  const auto after = ReadHttpRoute(object, *place, *services, "store-a");
  EVENKEEL_CHECK(after.ok()) << after.status();
  EVENKEEL_CHECK(ShapeOf(*after) == Shape() && after->mark == kMark.mark) << ToWords(ShapeOf(*after));
}

void TrySlices(const kube::Json& list) {
  const RouteParts parts = {{"blue", {"old/shop/web"}}, {"green", {"new/shop/web"}}};
  CheckReading(LookAt(list, "shop", parts, "store-a").reading);
  const auto ready = ReadyEndpoints(list, "shop/web");
  if (!ready.ok()) return;
  EVENKEEL_CHECK(!ready->addresses.empty() && ready->addresses.size() <= kMostEndpoints) << "out of bounds";
  const kube::Json made = SliceToCreate("discovery.k8s.io/v1", "shop", "green", *ready,
                                        {{"evenkeel.dev/switch-mark", ToText(kMark)}});
  const SlicesLook look = LookAt({{"items", {made}}}, "shop", parts, "store-a");
  EVENKEEL_CHECK(look.contents.at("green") == *ready) << kube::ToText(made);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = fuzz::Text(data, size);
  const auto object = kube::ParseObject({input.data(), input.size()});
  if (!object.ok()) return 0;
  TryHttpRoute(*object);
  TrySlices(*object);
  return 0;
}
