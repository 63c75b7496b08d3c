#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "coordinator/gateway/xds/ads_server.h"
#include "coordinator/gateway/xds/xds_gateway.h"
#include "tests/contract/gateway/subject.h"

namespace evenkeel::testing {
namespace {

constexpr char kRoutes[] = R"({"routes": {"shop": {"backends": {
    "blue": {"percent": 100, "servers": ["127.0.0.1:1"]},
    "green": {"percent": 0, "servers": ["127.0.0.1:2"]}}}}})";

// What the coordinator serves by itself, with a file that outlives each adapter. (What gRPC's own client
// makes of it is xds_contract.cc.)
class XdsSubject final : public GatewaySubject {
 public:
  XdsSubject() {
    folder_ = std::filesystem::temp_directory_path() / absl::StrCat("evenkeel-xds-", getpid());
    std::filesystem::create_directories(folder_);
    std::ofstream(File()) << kRoutes;
  }
  ~XdsSubject() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<coordinator::Gateway> NewGateway(const std::string& store_id) override {
    servers_.push_back(std::make_unique<coordinator::xds::AdsServer>());
    auto gateway = coordinator::XdsGateway::Open(
        {.instance = absl::StrCat(servers_.size()), .store_id = store_id, .routes_file = File()},
        *servers_.back());
    EVENKEEL_CHECK(gateway.ok()) << gateway.status();
    return *std::move(gateway);
  }

  coordinator::RoutePlace place() override {
    return {.route = "shop", .parts = {{"blue", {"127.0.0.1:1"}}, {"green", {"127.0.0.1:2"}}}};
  }

  bool keeps_marks() override { return true; }
  bool ChangeByHand() override { return false; }

 private:
  std::string File() const { return (folder_ / "routes.json").string(); }

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<coordinator::xds::AdsServer>> servers_;
};

}  // namespace

std::unique_ptr<GatewaySubject> MakeGatewaySubject() {
  return std::make_unique<XdsSubject>();
}

}  // namespace evenkeel::testing
