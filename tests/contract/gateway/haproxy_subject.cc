#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "coordinator/gateway/haproxy_gateway.h"
#include "tests/contract/gateway/haproxy_settings.h"
#include "tests/contract/gateway/subject.h"
#include "tests/support/gateway/haproxy_process.h"
#include "tests/support/gateway/http_side.h"

namespace evenkeel::testing {
namespace {

coordinator::haproxy::SocketAddress Address(const std::string& text) {
  const auto address = coordinator::haproxy::SocketAddress::Parse(text);
  EVENKEEL_CHECK(address.ok()) << address.status();
  return *address;
}

constexpr bool kKept = kHaproxyWay == HaproxyWay::kKeptMapOverTcp;
constexpr bool kServers = kHaproxyWay == HaproxyWay::kServers;

class HaproxySubject final : public GatewaySubject {
 public:
  std::unique_ptr<coordinator::Gateway> NewGateway(const std::string& store_id) override {
    coordinator::HaproxyGateway::Options options;
    options.link.socket = Address(kKept ? process_.tcp_socket() : process_.socket());
    options.link.master = Address(process_.master());
    // The machine may be busy with other things; the adapter's default is for a coordinator's.
    options.link.try_timeout = absl::Seconds(20);
    options.store_id = store_id;
    options.keep_files = kKept;
    return std::make_unique<coordinator::HaproxyGateway>(std::move(options));
  }

  coordinator::RoutePlace place() override {
    if (kServers) return {.route = "backend:shop", .parts = {{"blue", {"blue-*"}}, {"green", {"green-*"}}}};
    return {.route = "map:" + process_.map_file(),
            .parts = {{"blue", {"shop-blue"}}, {"green", {"shop-green"}}}};
  }

  bool tries() override { return true; }

  bool keeps_marks() override { return !kServers; }

  bool ChangeByHand() override {
    if (kServers) {
      process_.Tell("set server shop/green-1 weight 7");
      process_.Tell("set server shop/blue-1 weight 0");
      return true;
    }
    for (int slot = 0; slot < 100; ++slot) {
      process_.Tell(absl::StrCat("set map ", process_.map_file(), " ", slot, " shop-green"));
    }
    return true;
  }

  bool Reload() override {
    process_.Reload();
    return true;
  }

  std::optional<int> port() override { return process_.port(); }
  int held(const std::string& side) override { return Side(side).held(); }
  void Release(const std::string& side) override { Side(side).Release(); }

 private:
  std::vector<HaproxyProcess::Section> Sections() const {
    if (kServers) return {{"shop", {{"blue-1", blue_.port()}, {"green-1", green_.port(), 0}}}};
    return {{"shop-blue", {{"a", blue_.port()}}}, {"shop-green", {{"a", green_.port()}}}};
  }
  HttpSide& Side(const std::string& name) { return name == "blue" ? blue_ : green_; }

  HttpSide blue_{"blue"};
  HttpSide green_{"green"};
  HaproxyProcess process_{Sections()};
};

}  // namespace

std::unique_ptr<GatewaySubject> MakeGatewaySubject() {
  return std::make_unique<HaproxySubject>();
}

}  // namespace evenkeel::testing
