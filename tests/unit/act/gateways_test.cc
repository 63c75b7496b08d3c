// The configured gateways: who is asked, what of it the core is told, and in which order.
#include "coordinator/act/gateways.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/event_log.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Does what is wished, and has one server that answers.
class MemoryGateway final : public Gateway {
 public:
  GatewayAbilities abilities() const override { return {.atomic = true, .checks_servers = true}; }
  absl::StatusOr<RouteReading> Read(const RoutePlace& place, const Call& /*call*/) override {
    if (place.route == "missing") return absl::NotFoundError("there is no such route");
    return reading_;
  }
  ShapeAnswer Shape(const RoutePlace& /*place*/, const RouteWish& wish, const Call& /*call*/) override {
    reading_ = {.mark = wish.mark};
    for (const auto& [backend, one] : wish.shape.backends) reading_.backends[backend].percent = one.percent;
    return {ActionOutcome::kDone, "as wished", reading_};
  }
  std::vector<ServerCheck> Check(const RoutePlace& /*place*/, const BackendCheck& check,
                                 const Call& /*call*/) override {
    return {{.server = check.backend + "-1", .tried = true, .answered = true}};
  }

 private:
  RouteReading reading_;
};

class GatewaysTest : public ::testing::Test {
 protected:
  void SetUp() override {
    gateways_ = std::make_unique<Gateways>(events_);
    gateways_->Add("edge", std::make_unique<MemoryGateway>());
  }

  static RouteKey Key(const std::string& gateway, const std::string& route = "shop") {
    return {.gateway = gateway, .route = route};
  }
  void Watch(const RouteKey& key) {
    gateways_->Do(WatchRoute{.key = key, .parts = {}, .period = absl::Hours(1)});
  }
  static ReleasedAction Wish(const RouteKey& key, const std::string& cluster = "blue") {
    const RouteWish wish = {.key = key,
                            .shape = {.backends = {{"green", {.percent = 100}}}},
                            .mark = {.epoch = 2, .owner = {2, 1}, .version = 1}};
    return {.decision = {2, 1},
            .cluster = cluster,
            .action = {.number = 3, .kind = ActionKind::kShapeRoute, .attempts = 4, .route = wish}};
  }
  ActionFinished Answer() const { return events_.WaitFor<ActionFinished>(1).front(); }

  testing::EventLog events_;
  std::unique_ptr<Gateways> gateways_;
};

// A route that is watched is read, and told with what its gateway can do.
TEST_F(GatewaysTest, TellsReadings) {
  Watch(Key("edge"));
  const RouteRead read = events_.WaitFor<RouteRead>(1).front();
  EXPECT_EQ(read.key, Key("edge"));
  EXPECT_TRUE(read.abilities.atomic);
  EXPECT_THAT(events_.Of<RouteLost>(), IsEmpty());
}

// A route that is missing is lost, in a gateway that is known; one of a gateway that is not configured is not
// known, and whoever asks hears so at once.
TEST_F(GatewaysTest, TellsWhatIsNotThere) {
  Watch(Key("edge", "missing"));
  const RouteLost missing = events_.WaitFor<RouteLost>(1).front();
  EXPECT_TRUE(missing.known);
  EXPECT_EQ(missing.detail, "there is no such route");

  Watch(Key("nowhere"));
  const RouteLost unknown = events_.Of<RouteLost>().back();
  EXPECT_EQ(unknown.key, Key("nowhere"));
  EXPECT_FALSE(unknown.known);
  EXPECT_THAT(unknown.detail, HasSubstr("no gateway nowhere"));
  gateways_->Do(WatchRoute{.key = Key("nowhere"), .parts = {}, .period = absl::ZeroDuration()});
  EXPECT_THAT(events_.Of<RouteLost>(), SizeIs(2));
}

// A wish is answered for its own attempt, after the reading that was made for it (the core goes by readings).
TEST_F(GatewaysTest, ReadingComesBeforeTheAnswer) {
  Watch(Key("edge"));
  events_.WaitFor<RouteRead>(1);
  gateways_->Do(Wish(Key("edge")));
  const ActionFinished answer = Answer();
  EXPECT_EQ(answer.decision, (DecisionId{2, 1}));
  EXPECT_EQ(answer.number, 3u);
  EXPECT_EQ(answer.attempt, 4u);
  EXPECT_EQ(answer.outcome, ActionOutcome::kDone);
  const std::vector<Event> all = events_.All();
  ASSERT_THAT(all, SizeIs(3));
  const auto* read = std::get_if<RouteRead>(&all[1]);
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(read->reading.backends.at("green").percent, 100u);
}

// What is wished of a gateway that an earlier start had is in doubt: it may be done or not.
TEST_F(GatewaysTest, AWishForAGatewayThatIsGoneIsInDoubt) {
  gateways_->Do(Wish(Key("nowhere")));
  EXPECT_EQ(Answer().outcome, ActionOutcome::kUnreachable);
  EXPECT_THAT(Answer().detail, HasSubstr("--gateways-file"));
}

// L7: a coordinator that has lost a cluster to another one writes nothing more for its switches, whatever the
// gateway would let it do; other clusters' go on.
TEST_F(GatewaysTest, WritesNothingForAClusterThatIsAnothers) {
  Watch(Key("edge"));
  gateways_->StopFor("blue", absl::FailedPreconditionError("it is of epoch 3"));
  gateways_->Do(Wish(Key("edge")));
  EXPECT_EQ(Answer().outcome, ActionOutcome::kNotMine);
  EXPECT_THAT(Answer().detail, HasSubstr("it is of epoch 3"));
  gateways_->Do(Wish(Key("edge"), "west"));
  EXPECT_EQ(events_.WaitFor<ActionFinished>(2).back().outcome, ActionOutcome::kDone);
}

// Questions about backends are answered by their number, also where there is nobody to ask.
TEST_F(GatewaysTest, AnswersWhetherServersAnswer) {
  Watch(Key("edge"));
  gateways_->Do(CheckBackend{.request_id = 7, .key = Key("edge"), .backend = "green"});
  const BackendChecked checked = events_.WaitFor<BackendChecked>(1).front();
  EXPECT_EQ(checked.request_id, 7u);
  ASSERT_THAT(checked.servers, SizeIs(1));
  EXPECT_EQ(checked.servers[0].server, "green-1");
  EXPECT_TRUE(checked.servers[0].answered);

  gateways_->Do(CheckBackend{.request_id = 8, .key = Key("nowhere"), .backend = "green"});
  const BackendChecked nobody = events_.WaitFor<BackendChecked>(2).back();
  EXPECT_EQ(nobody.request_id, 8u);
  ASSERT_THAT(nobody.servers, SizeIs(1));
  EXPECT_FALSE(nobody.servers[0].tried);
}

// The end does not wait for anybody, however busy the gateways are.
TEST_F(GatewaysTest, EndsWhatItBegan) {
  gateways_->Add("inner", std::make_unique<MemoryGateway>());
  for (const char* gateway : {"edge", "inner"}) {
    gateways_->Do(WatchRoute{.key = Key(gateway), .parts = {}, .period = absl::Nanoseconds(1)});
  }
  events_.WaitFor<RouteRead>(100);
  gateways_.reset();
}

}  // namespace
}  // namespace evenkeel::coordinator
