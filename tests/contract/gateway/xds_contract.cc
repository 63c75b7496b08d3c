// xDS against gRPC's own client: a channel xds:///shop follows what is wished, without losing a call.
#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/check.h"
#include "coordinator/gateway/shape.h"
#include "coordinator/gateway/xds/ads_server.h"
#include "coordinator/gateway/xds/xds_gateway.h"

namespace evenkeel::testing {
namespace {

namespace wire = envoy::service::discovery::v3;
using coordinator::ActionOutcome;
using coordinator::BackendMode;
using coordinator::RouteShape;
using coordinator::RouteWish;
using coordinator::ShapeAnswer;
using ::testing::HasSubstr;

grpc::ByteBuffer Bytes(const std::string& text) {
  const grpc::Slice slice(text);
  return {&slice, 1};
}

std::string Text(const grpc::ByteBuffer& bytes) {
  grpc::Slice slice;
  if (!bytes.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// One server of an application: answers every call with its side's name.
class Side {
 public:
  explicit Side(std::string name) : service_(std::move(name)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    EVENKEEL_CHECK(server_ != nullptr) << "no port on loopback";
  }
  ~Side() { server_->Shutdown(); }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  class Answer final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Answer(const std::string& name) : response_(Bytes(name)) { StartRead(&request_); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::OK);
      StartWriteAndFinish(&response_, {}, grpc::Status::OK);
    }
    void OnDone() override { delete this; }

   private:
    grpc::ByteBuffer request_;
    const grpc::ByteBuffer response_;
  };
  class Service final : public grpc::CallbackGenericService {
   public:
    explicit Service(std::string name) : name_(std::move(name)) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* /*context*/) override {
      return new Answer(name_);
    }

   private:
    const std::string name_;
  };

  int port_ = 0;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
};

// A coordinator's ADS server.
class ControlPlane {
 public:
  ControlPlane() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&ads_);
    server_ = builder.BuildAndStart();
    EVENKEEL_CHECK(server_ != nullptr) << "no port on loopback";
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  coordinator::xds::AdsServer& ads() { return ads_; }
  const std::string& address() const { return address_; }

 private:
  coordinator::xds::AdsServer ads_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

// The one that gRPC's client has: it reads its bootstrap once.
ControlPlane& TheControlPlane() {
  static auto* const control_plane = [] {
    auto* const made = new ControlPlane;  // gRPC's client may outlive the tests
    const std::string bootstrap =
        absl::StrCat(R"({"xds_servers": [{"server_uri": ")", made->address(),
                     R"(", "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}],)",
                     R"( "node": {"id": "client-a"}})");
    EVENKEEL_CHECK(setenv("GRPC_XDS_BOOTSTRAP_CONFIG", bootstrap.c_str(), 1) == 0) << "setenv";
    return made;
  }();
  return *control_plane;
}

class XdsContract : public ::testing::Test {
 protected:
  XdsContract()
      : route_(absl::StrCat("shop-", ++routes)), gateway_({.instance = "test"}, TheControlPlane().ads()) {
    channel_ = grpc::CreateChannel(absl::StrCat("xds:///", route_), grpc::InsecureChannelCredentials());
  }

  coordinator::Call call() const { return {absl::Seconds(60), interrupt_}; }
  static RouteShape Shape(uint32_t green) {
    RouteShape shape;
    shape.backends = {{"blue", {.percent = 100 - green}}, {"green", {.percent = green}}};
    return shape;
  }
  ShapeAnswer Do(const RouteShape& shape, uint64_t version) {
    const RouteWish wish = {
        .key = {"mesh", route_}, .shape = shape, .mark = {.epoch = 1, .owner = {1, 1}, .version = version}};
    return gateway_.Shape(
        {.route = route_, .parts = {{"blue", {blue_.address()}}, {"green", {green_.address()}}}}, wish,
        call());
  }

  // Who answers; empty: the call failed.
  std::string Ask(const std::string& canary = "") {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    if (!canary.empty()) context.AddMetadata("x-evenkeel-canary", canary);
    const grpc::ByteBuffer request = Bytes("?");
    grpc::ByteBuffer response;
    grpc::Status status;
    absl::Notification done;
    stub.UnaryCall(&context, "/test.Shop/Ask", {}, &request, &response, [&](grpc::Status ended) {
      status = std::move(ended);
      done.Notify();
    });
    done.WaitForNotification();
    return status.ok() ? Text(response) : "";
  }
  // The client takes a route a moment after it has accepted it.
  void AwaitAnswerOf(const std::string& side) {
    while (Ask() != side) ASSERT_TRUE(call().Pause(absl::Milliseconds(1)));
  }

  static inline int routes = 0;
  const std::string route_;
  const coordinator::Interrupt interrupt_;
  Side blue_{"blue"};
  Side green_{"green"};
  coordinator::XdsGateway gateway_;
  std::shared_ptr<grpc::Channel> channel_;
};

// Each share is what the client gives: all, about half, none.
TEST_F(XdsContract, ClientsFollowTheShares) {
  EXPECT_EQ(Do(Shape(0), 1).outcome, ActionOutcome::kDone);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask(), "blue");
  EXPECT_EQ(Do(Shape(50), 2).outcome, ActionOutcome::kDone);
  AwaitAnswerOf("green");
  AwaitAnswerOf("blue");
  const ShapeAnswer all = Do(Shape(100), 3);
  EXPECT_EQ(all.outcome, ActionOutcome::kDone) << all.detail;
  EXPECT_EQ(all.reading->proof, coordinator::Proof::kAccepted) << all.detail;
  for (int in_a_row = 0; in_a_row < 50;) in_a_row = Ask() == "green" ? in_a_row + 1 : 0;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Ask(), "green");
}

// Not a call is lost while the shares move there and back.
TEST_F(XdsContract, NothingIsLostThereAndBack) {
  ASSERT_EQ(Do(Shape(0), 1).outcome, ActionOutcome::kDone);
  AwaitAnswerOf("blue");
  std::atomic<bool> stopping = false;
  std::atomic<int> asked = 0;
  std::atomic<int> lost = 0;
  std::thread caller([&] {
    while (!stopping) {
      if (Ask().empty()) ++lost;
      ++asked;
    }
  });
  uint64_t version = 1;
  for (int round = 0; round < 3; ++round) {
    for (const uint32_t green : {1, 10, 50, 100, 50, 10, 0}) {
      EXPECT_EQ(Do(Shape(green), ++version).outcome, ActionOutcome::kDone);
      const int before = asked;
      while (asked < before + 10) ASSERT_TRUE(call().Pause(absl::Milliseconds(1)));
    }
  }
  stopping = true;
  caller.join();
  EXPECT_EQ(lost, 0) << "of " << asked;
}

TEST_F(XdsContract, CanaryGoesWhereItIsSent) {
  RouteShape shape = Shape(0);
  shape.canary = {"x-evenkeel-canary", "yes", "green"};
  ASSERT_EQ(Do(shape, 1).outcome, ActionOutcome::kDone);
  AwaitAnswerOf("blue");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Ask("yes"), "green");
    EXPECT_EQ(Ask("no"), "blue");
    EXPECT_EQ(Ask(), "blue");
  }
}

// What was wished is read; a repeat changes nothing; a lesser mark, and another shape than was expected, do
// nothing.
TEST_F(XdsContract, KeepsTheOrderOfWishes) {
  EXPECT_TRUE(absl::IsNotFound(gateway_.Read({.route = route_, .parts = {}}, call()).status()));
  EXPECT_EQ(Do(Shape(10), 2).outcome, ActionOutcome::kDone);
  const auto reading = gateway_.Read({.route = route_, .parts = {}}, call());
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(coordinator::ShapeOf(*reading), Shape(10));
  EXPECT_EQ(Do(Shape(10), 2).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Do(Shape(50), 1).outcome, ActionOutcome::kNotMine);
  RouteShape closed = Shape(100);
  closed.backends["blue"].mode = BackendMode::kClosed;
  EXPECT_EQ(Do(closed, 3).outcome, ActionOutcome::kBlocked);
  EXPECT_EQ(coordinator::ShapeOf(*gateway_.Read({.route = route_, .parts = {}}, call())), Shape(10));
}

// Clients connect to the servers themselves: none is tried, and that is said of each.
TEST_F(XdsContract, TriesNoServer) {
  const coordinator::RoutePlace place = {.route = route_,
                                         .parts = {{"green", {green_.address(), "127.0.0.1:1"}}}};
  const auto servers = gateway_.Check(place, {.backend = "green"}, call());
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[1].server, "127.0.0.1:1");
  for (const auto& server : servers) {
    EXPECT_FALSE(server.tried);
    EXPECT_THAT(server.detail, HasSubstr("clients connect to it themselves"));
  }
  EXPECT_TRUE(gateway_.Check(place, {.backend = "grey"}, call()).empty());
}

// A client's stream by hand: it asks for one route.
class RoughClient {
 public:
  explicit RoughClient(const std::string& route, const ControlPlane& server = TheControlPlane())
      : stub_(wire::AggregatedDiscoveryService::NewStub(
            grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials()))),
        stream_(stub_->StreamAggregatedResources(&context_)) {
    request_.mutable_node()->set_id("picky");
    request_.set_type_url("type.googleapis.com/envoy.config.route.v3.RouteConfiguration");
    request_.add_resource_names(route);
    EVENKEEL_CHECK(stream_->Write(request_)) << "the stream ended";
  }
  ~RoughClient() {
    context_.TryCancel();
    stream_->Finish();
  }

  // False: the stream has ended.
  bool Hear() {
    wire::DiscoveryResponse response;
    return stream_->Read(&response);
  }

  // Refuses the next answer, and waits until that is known.
  void Refuse() {
    wire::DiscoveryResponse response;
    EVENKEEL_CHECK(stream_->Read(&response)) << "no answer";
    EXPECT_EQ(response.resources_size(), 1);
    request_.set_response_nonce(response.nonce());
    request_.mutable_error_detail()->set_message("not to my taste");
    EVENKEEL_CHECK(stream_->Write(request_)) << "the stream ended";
    while (Refusal().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  static std::string Refusal() {
    for (const auto& client : TheControlPlane().ads().clients()) {
      if (client.id == "picky") return client.refusal;
    }
    return "";
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<wire::AggregatedDiscoveryService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<wire::DiscoveryRequest, wire::DiscoveryResponse>> stream_;
  wire::DiscoveryRequest request_;
};

// L7: what an overtaken coordinator says after that reaches nobody. It ends its clients' streams and takes no
// new ones, and they follow whoever leads now.
TEST_F(XdsContract, AnOvertakenOneIsHeardByNobody) {
  ControlPlane older;
  coordinator::XdsGateway gateway({.instance = "older"}, older.ads());
  const coordinator::RoutePlace place = {
      .route = route_, .parts = {{"blue", {blue_.address()}}, {"green", {green_.address()}}}};
  const auto wish = [this](uint32_t green, uint64_t version) {
    return RouteWish{.key = {"mesh", route_},
                     .shape = Shape(green),
                     .mark = {.epoch = 1, .owner = {1, 1}, .version = version}};
  };
  ASSERT_EQ(gateway.Shape(place, wish(0, 1), call()).outcome, ActionOutcome::kDone);
  RoughClient client(route_, older);
  ASSERT_TRUE(client.Hear());
  older.ads().End();
  while (client.Hear()) {
  }
  gateway.Shape(place, wish(100, 2), call());
  RoughClient late(route_, older);
  EXPECT_FALSE(late.Hear());
  ASSERT_EQ(Do(Shape(0), 1).outcome, ActionOutcome::kDone);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask(), "blue");
}

// A client that refuses what it is sent is named, with its reason; what another client refuses of another
// route is told, and is no word about this one.
TEST_F(XdsContract, RefusalIsShownByClient) {
  ASSERT_EQ(Do(Shape(0), 1).outcome, ActionOutcome::kDone);
  {
    RoughClient picky(route_);
    picky.Refuse();
    EXPECT_EQ(RoughClient::Refusal(), "not to my taste");
    const ShapeAnswer refused = Do(Shape(0), 2);
    EXPECT_EQ(refused.outcome, ActionOutcome::kRefused);
    EXPECT_THAT(refused.detail, HasSubstr("picky refuses it: not to my taste"));
  }
  while (!RoughClient::Refusal().empty()) ASSERT_TRUE(call().Pause(absl::Milliseconds(1)));
  const RouteWish other = {
      .key = {"mesh", "other"}, .shape = Shape(0), .mark = {.epoch = 1, .owner = {1, 2}, .version = 3}};
  ASSERT_EQ(
      gateway_
          .Shape({.route = "other", .parts = {{"blue", {blue_.address()}}, {"green", {green_.address()}}}},
                 other, call())
          .outcome,
      ActionOutcome::kDone);
  RoughClient picky("other");
  picky.Refuse();
  const ShapeAnswer done = Do(Shape(50), 4);
  EXPECT_EQ(done.outcome, ActionOutcome::kDone) << done.detail;
  EXPECT_THAT(done.detail, HasSubstr("picky refuses another route"));
}

// A client that answers what it has not read gets no more than a few answers ahead: its stream ends.
TEST_F(XdsContract, WhoDoesNotReadIsEnded) {
  ASSERT_EQ(Do(Shape(50), 1).outcome, ActionOutcome::kDone);
  const auto stub = wire::AggregatedDiscoveryService::NewStub(
      grpc::CreateChannel(TheControlPlane().address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  const auto stream = stub->StreamAggregatedResources(&context);
  wire::DiscoveryRequest request;
  request.set_type_url("type.googleapis.com/envoy.config.cluster.v3.Cluster");
  bool ended = false;
  for (int i = 0; i < 200'000 && !ended; ++i) {
    request.set_response_nonce(i == 0 ? "" : absl::StrCat(i));
    request.clear_resource_names();
    request.add_resource_names(absl::StrCat(route_, i % 2 == 0 ? "/blue" : "/green"));
    ended = !stream->Write(request);
  }
  EXPECT_TRUE(ended);
  wire::DiscoveryResponse response;
  while (stream->Read(&response)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace evenkeel::testing
