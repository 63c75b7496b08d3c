// Files of gateways: the coordinator's --gateways-file, and the routes that an xDS gateway keeps.
#include "coordinator/gateway/xds/routes_file.h"
#include "coordinator/program/gateways_file.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  const std::string text(fuzz::Text(data, size));
  const auto gateways = coordinator::ParseGateways(text, {"east", "west"});
  if (gateways.ok()) {
    for (const auto& gateway : *gateways) EVENKEEL_CHECK(!gateway.name.empty()) << "a gateway without a name";
  } else {
    EVENKEEL_CHECK(!gateways.status().message().empty()) << "refused without a reason";
  }
  const auto routes = coordinator::xds::ParseRoutes(text);
  if (!routes.ok()) {
    EVENKEEL_CHECK(!routes.status().message().empty()) << "refused without a reason";
    return 0;
  }
  // What is read can be served, and kept as it is.
  const std::string kept = coordinator::xds::RoutesText(*routes);
  const auto again = coordinator::xds::ParseRoutes(kept);
  EVENKEEL_CHECK(again.ok() && coordinator::xds::RoutesText(*again) == kept) << kept;
  return 0;
}
