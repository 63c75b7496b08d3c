// Gateways as the configuration has them: made, running, and gone in good order.
#include "coordinator/program/configured_gateways.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/time/steady_clock.h"
#include "tests/support/event_log.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;

constexpr char kRoutes[] = R"({"routes": {"shop": {"backends": {
    "blue": {"percent": 100, "servers": ["127.0.0.1:1"]},
    "green": {"percent": 0, "servers": ["127.0.0.1:2"]}}}}})";

class ConfiguredGatewaysTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / absl::StrCat("evenkeel-gateways-", getpid());
    std::filesystem::create_directories(folder_);
    Write(kRoutes);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string RoutesFile() const { return (folder_ / "routes.json").string(); }
  void Write(const std::string& text) const { std::ofstream(RoutesFile()) << text; }
  std::string Written() const {
    std::stringstream text;
    text << std::ifstream(RoutesFile()).rdbuf();
    return text.str();
  }

  GatewayConfig Mesh(int port = 0) const {
    return {.name = "mesh",
            .settings = XdsSettings{.listen = {.host = "127.0.0.1", .port = static_cast<uint16_t>(port)},
                                    .plaintext = true,
                                    .routes_file = RoutesFile()}};
  }
  absl::StatusOr<std::unique_ptr<ConfiguredGateways>> Open(const std::vector<GatewayConfig>& configs,
                                                           uint64_t epoch = 1) {
    return ConfiguredGateways::Open(configs, {.store_id = "store",
                                              .epoch = epoch,
                                              .clusters = {{"east", &kubernetes_}},
                                              .credentials = nullptr,
                                              .clock = &clock_,
                                              .events = &events_});
  }
  static void Watch(ConfiguredGateways& configured, const std::string& gateway, const std::string& route,
                    std::map<std::string, std::vector<std::string>> parts = {}) {
    configured.gateways().Do(WatchRoute{
        .key = {.gateway = gateway, .route = route}, .parts = std::move(parts), .period = absl::Hours(1)});
  }
  static ReleasedAction AllToGreen() {
    const RouteWish wish = {.key = {.gateway = "mesh", .route = "shop"},
                            .shape = {.backends = {{"blue", {.percent = 0}}, {"green", {.percent = 100}}}},
                            .mark = {.epoch = 1, .owner = {1, 1}, .version = 1}};
    return {.decision = {1, 1},
            .cluster = "west",
            .action = {.number = 1, .kind = ActionKind::kShapeRoute, .attempts = 1, .route = wish}};
  }

  std::filesystem::path folder_;
  time::SteadyClock clock_;
  testing::FakeKubernetes kubernetes_;
  testing::EventLog events_;
};

// A gateway of each kind is made; one that does not answer is lost, and stands in nobody's way.
TEST_F(ConfiguredGatewaysTest, MakesEachKind) {
  const auto socket = haproxy::SocketAddress::Parse(absl::StrCat("unix:", (folder_ / "none.sock").string()));
  ASSERT_TRUE(socket.ok()) << socket.status();
  const auto configured = Open({{.name = "edge", .settings = HaproxySettings{.socket = *socket}},
                                {.name = "routes", .settings = HttpRouteSettings{{.cluster = "east"}}},
                                {.name = "joined", .settings = EndpointSlicesSettings{{.cluster = "east"}}},
                                Mesh()});
  ASSERT_TRUE(configured.ok()) << configured.status();
  EXPECT_NE((*configured)->PortOf("mesh"), 0);
  EXPECT_EQ((*configured)->PortOf("edge"), 0);
  Watch(**configured, "edge", "map:/etc/haproxy/shop.map");
  Watch(**configured, "routes", "shop/web");
  Watch(**configured, "joined", "shop/web");
  for (const RouteLost& lost : events_.WaitFor<RouteLost>(3)) {
    EXPECT_TRUE(lost.known) << lost.key.gateway;
    EXPECT_FALSE(lost.detail.empty()) << lost.key.gateway;
  }
}

// What xDS clients are served begins with the file, is kept there, and outlives the coordinator (L4).
TEST_F(ConfiguredGatewaysTest, ServesWhatWasKept) {
  const std::map<std::string, std::vector<std::string>> parts = {{"blue", {"127.0.0.1:1"}},
                                                                 {"green", {"127.0.0.1:2"}}};
  {
    const auto configured = Open({Mesh()});
    ASSERT_TRUE(configured.ok()) << configured.status();
    Watch(**configured, "mesh", "shop", parts);
    const RouteRead first = events_.WaitFor<RouteRead>(1).front();
    EXPECT_EQ(first.reading.backends.at("blue").percent, 100u);
    EXPECT_FALSE(first.reading.mark);
    EXPECT_TRUE(first.abilities.survives_reload);
    (*configured)->gateways().Do(AllToGreen());
    const ActionFinished answer = events_.WaitFor<ActionFinished>(1).front();
    EXPECT_EQ(answer.outcome, ActionOutcome::kDone) << answer.detail;
  }
  EXPECT_THAT(Written(), HasSubstr("evenkeel/store/1/1-1/1"));
  const size_t read = events_.Of<RouteRead>().size();
  const auto again = Open({Mesh()}, 2);
  ASSERT_TRUE(again.ok()) << again.status();
  Watch(**again, "mesh", "shop", parts);
  const RouteRead after = events_.WaitFor<RouteRead>(read + 1).back();
  EXPECT_EQ(after.reading.backends.at("green").percent, 100u);
  EXPECT_EQ(after.reading.mark, AllToGreen().action.route->mark);
}

// L7: once another coordinator has the cluster, nothing is served anew for its switches.
TEST_F(ConfiguredGatewaysTest, StopsForAClusterThatIsAnothers) {
  const auto configured = Open({Mesh()});
  ASSERT_TRUE(configured.ok()) << configured.status();
  Watch(**configured, "mesh", "shop", {{"blue", {"127.0.0.1:1"}}, {"green", {"127.0.0.1:2"}}});
  (*configured)->StopFor("west", absl::FailedPreconditionError("it is of epoch 2"));
  (*configured)->gateways().Do(AllToGreen());
  EXPECT_EQ(events_.WaitFor<ActionFinished>(1).front().outcome, ActionOutcome::kNotMine);
  EXPECT_EQ(Written(), kRoutes);
}

// What cannot be had is told before anything runs, by the gateway's field.
TEST_F(ConfiguredGatewaysTest, SaysWhatItCannotHave) {
  const auto first = Open({Mesh()});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Open({Mesh((*first)->PortOf("mesh"))});
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("gateways[mesh].listen: cannot listen on"));
  Write("not json");
  const auto third = Open({Mesh()});
  EXPECT_THAT(std::string(third.status().message()), HasSubstr("gateways[mesh].routesFile: "));
  const auto fourth = Open(
      {{.name = "routes", .settings = HttpRouteSettings{{.cluster = "east", .kubeconfig = RoutesFile()}}}});
  EXPECT_THAT(std::string(fourth.status().message()), HasSubstr("gateways[routes].kubeconfig: "));
}

}  // namespace
}  // namespace evenkeel::coordinator
