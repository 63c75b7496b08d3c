// What every gateway's adapter promises, held against the real thing.
#include <gmock/gmock.h>

#include <thread>
#include <utility>
#include <vector>

#include "tests/contract/gateway/fixture.h"

namespace evenkeel::testing {
namespace {

using ::testing::HasSubstr;

std::vector<uint32_t> Shares(const coordinator::GatewayAbilities& abilities) {
  if (abilities.weights) return {0, 1, 10, 50, 100, 50, 10, 1, 0};
  return {0, 100, 0};
}

// What was wished is what is read, at each step there and back; the answer holds the reading.
TEST_F(GatewayContract, ReadsWhatWasWritten) {
  uint64_t version = 0;
  for (const uint32_t green : Shares(abilities())) {
    const RouteWish wish = Wish(Shape(green), 1, ++version);
    const ShapeAnswer answer = Do(wish);
    EXPECT_TRUE(answer.outcome == ActionOutcome::kDone || answer.outcome == ActionOutcome::kAlreadyDone)
        << green << "%: " << answer.detail;
    ASSERT_TRUE(answer.reading);
    EXPECT_EQ(coordinator::ShapeOf(*answer.reading), wish.shape);
    EXPECT_EQ(answer.reading->mark, MarkOf(wish));
    const RouteReading reading = Read();
    EXPECT_EQ(coordinator::ShapeOf(reading), wish.shape);
    EXPECT_EQ(reading.mark, MarkOf(wish));
  }
}

// L4: a wish that is repeated, by the same coordinator or by its successor's adapter, changes nothing.
TEST_F(GatewayContract, RepeatingChangesNothing) {
  const RouteWish wish = Wish(Shape(100), 1, 1);
  EXPECT_EQ(Do(wish).outcome, ActionOutcome::kDone);
  const RouteReading before = Read();
  EXPECT_EQ(Do(wish).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Read().revision, before.revision);
  const auto again = subject_->NewGateway(kStore);
  EXPECT_EQ(Do(*again, wish).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Read().mark, MarkOf(wish));
  EXPECT_EQ(ShapeNow(), wish.shape);
}

// A shape that is there already under a lesser mark is not written again in vain, but its mark is.
TEST_F(GatewayContract, BringsTheMarkUpToDate) {
  EXPECT_EQ(Do(Wish(Shape(100), 1, 1)).outcome, ActionOutcome::kDone);
  const RouteWish later = Wish(Shape(100), 1, 2);
  EXPECT_EQ(Do(later).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Read().mark, MarkOf(later));
}

// L7: of two coordinators the older one's writes do nothing, however often it tries.
TEST_F(GatewayContract, OlderEpochIsRefused) {
  if (!abilities().fences) GTEST_SKIP() << "this kind has no place for a mark";
  const auto older = subject_->NewGateway(kStore);
  EXPECT_EQ(Do(*older, Wish(Shape(100), 1, 7)).outcome, ActionOutcome::kDone);
  const RouteWish newer = Wish(Shape(0), 2, 1);
  EXPECT_EQ(Do(newer).outcome, ActionOutcome::kDone);
  for (const uint64_t version : {7, 8, 9}) {
    const ShapeAnswer refused = Do(*older, Wish(Shape(100), 1, version));
    EXPECT_EQ(refused.outcome, ActionOutcome::kNotMine);
    EXPECT_THAT(refused.detail, HasSubstr("epoch 2"));
  }
  EXPECT_EQ(ShapeNow(), newer.shape);
  EXPECT_EQ(Read().mark, newer.mark);
}

// The order of marks holds within an epoch too: a late repeat of an earlier step does nothing.
TEST_F(GatewayContract, EarlierVersionIsRefused) {
  EXPECT_EQ(Do(Wish(Shape(100), 1, 1)).outcome, ActionOutcome::kDone);
  EXPECT_EQ(Do(Wish(Shape(0), 1, 2)).outcome, ActionOutcome::kDone);
  EXPECT_EQ(Do(Wish(Shape(100), 1, 1)).outcome, ActionOutcome::kNotMine);
  EXPECT_EQ(ShapeNow(), Shape(0));
}

// Epochs of another store say nothing: such a coordinator is refused, and told how the route changes hands.
TEST_F(GatewayContract, OtherStoreIsRefused) {
  if (!abilities().fences) GTEST_SKIP() << "this kind has no place for a mark";
  EXPECT_EQ(Do(Wish(Shape(100), 1, 1)).outcome, ActionOutcome::kDone);
  const auto stranger = subject_->NewGateway("store-b");
  const ShapeAnswer refused = Do(*stranger, Wish(Shape(0), 99, 1));
  EXPECT_EQ(refused.outcome, ActionOutcome::kNotMine);
  EXPECT_THAT(refused.detail, HasSubstr("if that one is gone for good"));
  EXPECT_EQ(ShapeNow(), Shape(100));
}

// L7 in a race: two coordinators write as fast as they can. Once the newer one has written, nothing of the
// older one is there, at no time.
TEST_F(GatewayContract, NewerEpochWinsARace) {
  if (!abilities().fences) GTEST_SKIP() << "this kind has no place for a mark";
  const auto older = subject_->NewGateway(kStore);
  ASSERT_EQ(Do(*older, Wish(Shape(100), 1, 1)).outcome, ActionOutcome::kDone);
  std::thread race([&] {
    for (uint64_t version = 2; version < 5000; ++version) {
      const ShapeAnswer answer = Do(*older, Wish(Shape(version % 2 == 0 ? 0 : 100), 1, version));
      if (answer.outcome == ActionOutcome::kNotMine) return;
    }
    ADD_FAILURE() << "the older one was never refused";
  });
  const ShapeAnswer won = Do(Wish(Shape(0), 2, 1));
  EXPECT_TRUE(won.outcome == ActionOutcome::kDone || won.outcome == ActionOutcome::kAlreadyDone)
      << won.detail;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Read().mark, Wish(Shape(0), 2, 1).mark);
  race.join();
  EXPECT_EQ(ShapeNow(), Shape(0));
}

// A precondition that does not hold: nothing is written, and the answer says what is there.
TEST_F(GatewayContract, OnlyFromHolds) {
  EXPECT_EQ(Do(Wish(Shape(0), 1, 1)).outcome, ActionOutcome::kAlreadyDone);
  const RouteReading before = Read();
  RouteWish wish = Wish(Shape(0), 1, 2);
  wish.shape = Shape(100);
  wish.only_from = Shape(100, BackendMode::kDraining);
  const ShapeAnswer blocked = Do(wish);
  EXPECT_EQ(blocked.outcome, ActionOutcome::kBlocked);
  EXPECT_THAT(blocked.detail, HasSubstr("blue 100%"));
  EXPECT_EQ(Read().revision, before.revision);
  EXPECT_EQ(Read().mark, before.mark);
  wish.only_from = Shape(0);
  EXPECT_EQ(Do(wish).outcome, ActionOutcome::kDone);
}

// What somebody else does is in the next reading, under another revision; a wish that expects what was there
// before is not written over it, one that heals is.
TEST_F(GatewayContract, ForeignChangeIsSeen) {
  EXPECT_NE(Do(Wish(Shape(0), 1, 1)).outcome, ActionOutcome::kRefused);
  const RouteReading before = Read();
  if (!subject_->ChangeByHand()) GTEST_SKIP() << "nobody else can change it";
  const RouteReading after = Read();
  EXPECT_NE(after.revision, before.revision);
  EXPECT_EQ(after.backends.at("green").percent, 100u);
  RouteWish wish = Wish(Shape(0, BackendMode::kServing), 1, 2);
  wish.shape.backends["blue"].mode = BackendMode::kServing;
  wish.only_from = RouteShape{.backends = {{"blue", {.percent = 50}}, {"green", {.percent = 50}}}};
  EXPECT_EQ(Do(wish).outcome, ActionOutcome::kBlocked);
  wish.only_from.reset();
  EXPECT_EQ(Do(wish).outcome, ActionOutcome::kDone);
  EXPECT_EQ(ShapeNow(), Shape(0));
}

// What a kind cannot give is refused, with words, and nothing is written.
TEST_F(GatewayContract, RefusesNonsense) {
  RouteWish less = Wish(Shape(100), 1, 1);
  less.shape.backends["green"].percent = 90;
  EXPECT_EQ(Do(less).outcome, ActionOutcome::kRefused);
  RouteWish nobody = Wish({}, 1, 1);
  EXPECT_EQ(Do(nobody).outcome, ActionOutcome::kRefused);
  if (!abilities().weights) {
    EXPECT_EQ(Do(Wish(Shape(50), 1, 1)).outcome, ActionOutcome::kRefused);
  }
  EXPECT_EQ(Read().mark, std::nullopt);
}

// The canary rule is part of the shape; requests with the header go where it says.
TEST_F(GatewayContract, CanaryRule) {
  RouteWish wish = Wish(Shape(0), 1, 1);
  wish.shape.canary = {"x-evenkeel-canary", "green-first", "green"};
  if (!abilities().canary) {
    EXPECT_EQ(Do(wish).outcome, ActionOutcome::kRefused);
    return;
  }
  EXPECT_EQ(Do(wish).outcome, ActionOutcome::kDone);
  EXPECT_EQ(ShapeNow(), wish.shape);
  EXPECT_EQ(Do(Wish(Shape(0), 1, 2)).outcome, ActionOutcome::kDone);
  EXPECT_EQ(ShapeNow().canary, std::nullopt);
}

// A backend is drained and closed by wish, and undone by wish (L10).
TEST_F(GatewayContract, DrainsClosesAndReopens) {
  EXPECT_EQ(Do(Wish(Shape(100, BackendMode::kDraining), 1, 1)).outcome, ActionOutcome::kDone);
  EXPECT_EQ(ShapeNow(), Shape(100, BackendMode::kDraining));
  const ShapeAnswer closed = Do(Wish(Shape(100, BackendMode::kClosed), 1, 2));
  // Where requests in flight cannot be seen, a backend is never said to be closed without an order to cut.
  if (!abilities().counts_in_flight) {
    EXPECT_NE(closed.outcome, ActionOutcome::kUnreachable) << closed.detail;
  } else {
    EXPECT_EQ(closed.outcome, ActionOutcome::kDone) << closed.detail;
    EXPECT_EQ(ShapeNow(), Shape(100, BackendMode::kClosed));
  }
  EXPECT_EQ(Do(Wish(Shape(0), 1, 3)).outcome, ActionOutcome::kDone);
  EXPECT_EQ(ShapeNow(), Shape(0));
}

// A call that is interrupted before it begins writes nothing; one without time left does not hang.
TEST_F(GatewayContract, CallsEnd) {
  coordinator::Interrupt interrupt;
  interrupt.End();
  const ShapeAnswer withdrawn =
      gateway_->Shape(subject_->place(), Wish(Shape(100), 1, 1), coordinator::Call(kDeadline, interrupt));
  EXPECT_EQ(withdrawn.outcome, ActionOutcome::kWithdrawn) << withdrawn.detail;
  EXPECT_FALSE(gateway_->Read(subject_->place(), call(absl::ZeroDuration())).ok());
  EXPECT_EQ(ShapeNow(), Shape(0));
}

// Green's servers are tried from the gateway's side where its kind can do that; where it cannot, that is said
// of them, with the reason. A backend that is not there has none; and no server answers a call without time.
TEST_F(GatewayContract, TriesABackendsServers) {
  const auto check = [this](const std::string& backend, const coordinator::Call& within) {
    return gateway_->Check(subject_->place(), {.backend = backend}, within);
  };
  std::vector<coordinator::ServerCheck> servers = check("green", call());
  // A gateway that has begun just now has not tried them yet.
  while (subject_->tries() && (servers.empty() || !servers.front().tried)) {
    ASSERT_TRUE(call().Pause(absl::Milliseconds(10)));
    servers = check("green", call());
  }
  ASSERT_FALSE(servers.empty());
  for (const coordinator::ServerCheck& server : servers) {
    EXPECT_FALSE(server.server.empty());
    EXPECT_EQ(server.tried, subject_->tries()) << server.detail;
    EXPECT_EQ(server.answered, subject_->tries()) << server.detail;
    EXPECT_FALSE(server.detail.empty());
  }
  EXPECT_TRUE(check("grey", call()).empty());
  for (const coordinator::ServerCheck& server : check("green", call(absl::ZeroDuration()))) {
    EXPECT_FALSE(server.answered);
  }
  EXPECT_EQ(Read().mark, std::nullopt);
}

// A gateway that tries its servers says so, and only then is what it counts as up its own finding.
TEST_F(GatewayContract, SaysWhetherItTriesServers) {
  Read();
  EXPECT_EQ(abilities().checks_servers, subject_->tries());
}

// A route that is not there is said to be so, by name.
TEST_F(GatewayContract, NoSuchRoute) {
  coordinator::RoutePlace place = subject_->place();
  place.route += "-not-there";
  const auto reading = gateway_->Read(place, call(absl::Seconds(5)));
  EXPECT_FALSE(reading.ok());
  EXPECT_THAT(std::string(reading.status().message()), HasSubstr("not-there"));
}

}  // namespace
}  // namespace evenkeel::testing
