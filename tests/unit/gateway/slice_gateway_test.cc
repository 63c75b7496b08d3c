// A wish that needs several writes, of which one fails: it is gone on with, and nobody else's change. And
// what becomes of what was mirrored when its endpoints come and go.
#include "coordinator/gateway/slice_gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "common/kube/json.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const kube::Resource kSlices = {"discovery.k8s.io", "v1beta1", "endpointslices", true};
const kube::Resource kServices = {"", "v1", "services", true};

class SliceGatewayTest : public ::testing::Test {
 protected:
  SliceGatewayTest() {
    fake_.SetServerVersion({.major = 1, .minor = 20});
    fake_.Put(kServices, {{"metadata", {{"namespace", "shop"}, {"name", "web"}}}, {"spec", Json::object()}});
    PutSlice("east-1", "web-east", {"10.1.0.1", "10.1.0.2"});
    PutSlice("west-1", "web-west", {"10.2.0.1"});
    PutSlice("web-evenkeel-east", "web", {"10.1.0.1", "10.1.0.2"});
    PutSlice("web-evenkeel-west", "web", {});
  }

  void PutSlice(const std::string& name, const std::string& service,
                const std::vector<std::string>& addresses) {
    Json endpoints = Json::array();
    for (const std::string& address : addresses) endpoints.push_back({{"addresses", {address}}});
    fake_.Put(
        kSlices,
        {{"metadata",
          {{"namespace", "shop"}, {"name", name}, {"labels", {{"kubernetes.io/service-name", service}}}}},
         {"addressType", "IPv4"},
         {"endpoints", endpoints},
         {"ports", Json::array({{{"name", "http"}, {"port", 8080}}})}});
  }

  // All that is new goes to west, where east has it now.
  static RouteWish ToWest(uint64_t version) {
    RouteWish wish;
    wish.key = {"joined", "shop/web"};
    wish.shape.backends["east"] = {.percent = 0, .mode = BackendMode::kDraining};
    wish.shape.backends["west"] = {.percent = 100};
    wish.mark = {.epoch = 3, .owner = {3, 7}, .version = version};
    wish.only_from.emplace();
    wish.only_from->backends["east"] = {.percent = 100};
    wish.only_from->backends["west"] = {.percent = 0};
    return wish;
  }
  ShapeAnswer Shape(const RouteWish& wish, absl::Duration deadline = absl::Seconds(5)) {
    const Interrupt interrupt;
    return gateway_.Shape(kPlace, wish, Call(deadline, interrupt));
  }

  const RoutePlace kPlace = {.route = "shop/web",
                             .parts = {{"east", {"one/shop/web-east"}}, {"west", {"one/shop/web-west"}}}};
  testing::FakeKubernetes fake_;
  SliceGateway gateway_{{.store_id = "store-a", .clusters = {{"one", &fake_}}}, fake_};
};

TEST_F(SliceGatewayTest, GoesOnWithWhatItHasBegun) {
  fake_.SetFault([](const std::string& verb, const kube::Resource&, const kube::ObjectName& name) {
    const bool loses = verb == "patch" && name.name == "web-evenkeel-east";
    return loses ? absl::UnavailableError("the leader is being elected") : absl::OkStatus();
  });
  const ShapeAnswer torn = Shape(ToWest(1), absl::Milliseconds(300));
  EXPECT_EQ(torn.outcome, ActionOutcome::kUnreachable) << torn.detail;
  fake_.SetFault(nullptr);
  const ShapeAnswer whole = Shape(ToWest(1));
  EXPECT_EQ(whole.outcome, ActionOutcome::kDone) << whole.detail;
  ASSERT_TRUE(whole.reading);
  EXPECT_EQ(whole.reading->backends.at("west").percent, 100u);
}

// Of clusters that have only IPv6 all slices are of that kind, also one that is made empty.
TEST_F(SliceGatewayTest, SlicesAreOfTheirEndpointsKind) {
  for (const char* name : {"east-1", "west-1"}) {
    Json slice = *fake_.Peek(kSlices, {.name_space = "shop", .name = name});
    slice["addressType"] = "IPv6";
    fake_.Put(kSlices, slice);
  }
  fake_.Put(kServices, {{"metadata", {{"namespace", "shop"}, {"name", "six"}}}, {"spec", Json::object()}});
  const Interrupt interrupt;
  RoutePlace place = kPlace;
  place.route = "shop/six";
  RouteWish wish = ToWest(1);
  wish.only_from.reset();
  wish.shape.backends = {{"east", {.percent = 100}}, {"west", {.percent = 0}}};
  const ShapeAnswer first = gateway_.Shape(place, wish, Call(absl::Seconds(5), interrupt));
  EXPECT_EQ(first.outcome, ActionOutcome::kDone) << first.detail;
  wish = ToWest(2);
  wish.only_from.reset();
  const ShapeAnswer second = gateway_.Shape(place, wish, Call(absl::Seconds(5), interrupt));
  EXPECT_EQ(second.outcome, ActionOutcome::kDone) << second.detail;
}

// Nor is what somebody did after it was written in whole.
TEST_F(SliceGatewayTest, AChangeAfterItsWriteIsAnothers) {
  EXPECT_EQ(Shape(ToWest(1)).outcome, ActionOutcome::kDone);
  Json back = *fake_.Peek(kSlices, {.name_space = "shop", .name = "web-evenkeel-east"});
  back["endpoints"] = Json::array({{{"addresses", {"10.1.0.1"}}}});
  fake_.Put(kSlices, back);
  EXPECT_EQ(Shape(ToWest(1)).outcome, ActionOutcome::kBlocked);
}

// What another wish has left is not this one's: there `only_from` holds.
TEST_F(SliceGatewayTest, AnothersHalfIsAnothersChange) {
  fake_.SetFault([](const std::string& verb, const kube::Resource&, const kube::ObjectName& name) {
    const bool loses = verb == "patch" && name.name == "web-evenkeel-east";
    return loses ? absl::UnavailableError("the leader is being elected") : absl::OkStatus();
  });
  EXPECT_EQ(Shape(ToWest(1), absl::Milliseconds(300)).outcome, ActionOutcome::kUnreachable);
  fake_.SetFault(nullptr);
  EXPECT_EQ(Shape(ToWest(2)).outcome, ActionOutcome::kBlocked);
}

class SliceKeepTest : public SliceGatewayTest {
 protected:
  SliceKeepTest() {
    EXPECT_EQ(Shape(ToWest(1)).outcome, ActionOutcome::kDone);
    PutSlice("west-1", "web-west", {"10.2.0.7", "10.2.0.8"});
  }

  static absl::Status Keep(SliceGateway& gateway) {
    const Interrupt interrupt;
    return gateway.Keep(Call(absl::Seconds(5), interrupt));
  }
  std::vector<std::string> Held(const std::string& backend) {
    const auto slice = fake_.Peek(kSlices, {.name_space = "shop", .name = "web-evenkeel-" + backend});
    EXPECT_TRUE(slice.ok()) << slice.status();
    return slice.ok() ? ContentOfSlice(*slice).addresses : std::vector<std::string>();
  }
};

// Also by another process, that has wished nothing of the route; who has nothing gets nothing.
TEST_F(SliceKeepTest, FollowsItsEndpoints) {
  SliceGateway next{{.store_id = "store-a", .clusters = {{"one", &fake_}}, .epoch = 4}, fake_};
  ASSERT_TRUE(Keep(next).ok());
  EXPECT_THAT(Held("west"), ElementsAre("10.2.0.7", "10.2.0.8"));
  EXPECT_THAT(Held("east"), IsEmpty());
  const Interrupt interrupt;
  const auto reading = next.Read(kPlace, Call(absl::Seconds(5), interrupt));
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(reading->mark, ToWest(1).mark);
  const size_t writes = fake_.writes().size();
  ASSERT_TRUE(Keep(next).ok());
  EXPECT_EQ(fake_.writes().size(), writes);  // nothing was to be done
}

// Endpoints that nobody says are ready are better than none.
TEST_F(SliceKeepTest, LeavesNobodyWithNothing) {
  PutSlice("west-1", "web-west", {});
  EXPECT_FALSE(Keep(gateway_).ok());
  EXPECT_THAT(Held("west"), ElementsAre("10.2.0.1"));
}

// L7: what a later coordinator has marked, or one with another store, is theirs.
TEST_F(SliceKeepTest, LeavesAnothersAlone) {
  SliceGateway older{{.store_id = "store-a", .clusters = {{"one", &fake_}}, .epoch = 2}, fake_};
  EXPECT_TRUE(Keep(older).ok());
  EXPECT_THAT(Held("west"), ElementsAre("10.2.0.1"));
  SliceGateway stranger{{.store_id = "store-b", .clusters = {{"one", &fake_}}, .epoch = 9}, fake_};
  EXPECT_TRUE(Keep(stranger).ok());
  EXPECT_THAT(Held("west"), ElementsAre("10.2.0.1"));
}

// A cluster that does not answer keeps no slice of another cluster's endpoints from being kept.
TEST_F(SliceKeepTest, OneClusterThatIsAwayHoldsNobodyUp) {
  testing::FakeKubernetes away;
  away.SetServerVersion({.major = 1, .minor = 20});
  absl::Notification over;
  away.SetFault([&over](const std::string&, const kube::Resource&, const kube::ObjectName&) {
    over.WaitForNotification();
    return absl::UnavailableError("too late");
  });
  for (const char* first : {"aaa-evenkeel-east", "zzz-evenkeel-east"}) {
    Json slice = *fake_.Peek(kSlices, {.name_space = "shop", .name = "web-evenkeel-west"});
    slice["metadata"] = {{"namespace", "shop"},
                         {"name", first},
                         {"labels", {{kManagedByLabel, kManagedBy}}},
                         {"annotations", {{kSourceAnnotation, "away/shop/other"}}}};
    fake_.Put(kSlices, slice);
  }
  SliceGateway gateway{{.store_id = "store-a", .clusters = {{"one", &fake_}, {"away", &away}}}, fake_};
  EXPECT_FALSE(Keep(gateway).ok());
  over.Notify();
  EXPECT_THAT(Held("west"), ElementsAre("10.2.0.7", "10.2.0.8"));
}

}  // namespace
}  // namespace evenkeel::coordinator
