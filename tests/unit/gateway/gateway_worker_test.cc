// The thread of a gateway: order of what is told, what goes before what, losses and returns, its end.
#include "coordinator/gateway/gateway_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A gateway whose calls the test holds back.
class HeldGateway final : public Gateway {
 public:
  explicit HeldGateway(bool keeps = false, bool holds_keep = false)
      : keeps_(keeps), holds_keep_(holds_keep) {}

  bool keeps() const override { return keeps_; }
  absl::Status Keep(const Call& call) override {
    return Held<absl::Status>(
        "keep", call, [] { return absl::OkStatus(); }, holds_keep_);
  }

  GatewayAbilities abilities() const override { return {.atomic = true}; }

  absl::StatusOr<RouteReading> Read(const RoutePlace& place, const Call& call) override {
    return Held<absl::StatusOr<RouteReading>>("read " + place.route, call,
                                              [this]() -> absl::StatusOr<RouteReading> {
                                                if (!failure_.ok()) return failure_;
                                                return RouteReading{.revision = absl::StrCat(calls_.size())};
                                              });
  }
  ShapeAnswer Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) override {
    const std::string what = absl::StrCat("shape ", place.route, " ", wish.mark.version);
    return Held<ShapeAnswer>(what, call, [&]() -> ShapeAnswer {
      if (!call.GoOn("").ok()) return {ActionOutcome::kUnreachable, "ended", std::nullopt};
      return {ActionOutcome::kDone, what, RouteReading{.mark = wish.mark}};
    });
  }

  std::vector<ServerCheck> Check(const RoutePlace& place, const BackendCheck& check,
                                 const Call& call) override {
    const std::string what = absl::StrCat("check ", place.route, " ", check.backend);
    return Held<std::vector<ServerCheck>>(what, call, [&]() -> std::vector<ServerCheck> {
      return {{.server = absl::StrCat(check.backend, "-1", check.path), .tried = true, .answered = true}};
    });
  }

  void Hold(bool hold) {
    absl::MutexLock lock(&mutex_);
    hold_ = hold;
  }
  void Fail(absl::Status failure) {
    absl::MutexLock lock(&mutex_);
    failure_ = std::move(failure);
  }
  // Waits until that call is begun once more.
  void AwaitNew(const std::string& what) {
    absl::MutexLock lock(&mutex_);
    const size_t before = calls_.size();
    const auto begun = [&] {
      return std::find(calls_.begin() + static_cast<std::ptrdiff_t>(before), calls_.end(), what) !=
             calls_.end();
    };
    mutex_.Await(absl::Condition(&begun));
  }
  // Waits until that call has begun.
  void Await(const std::string& what) {
    absl::MutexLock lock(&mutex_);
    const auto begun = [&] { return std::find(calls_.begin(), calls_.end(), what) != calls_.end(); };
    mutex_.Await(absl::Condition(&begun));
  }

 private:
  template <typename T>
  T Held(const std::string& what, const Call& call, const std::function<T()>& answer, bool always = false) {
    {
      absl::MutexLock lock(&mutex_);
      calls_.push_back(what);
    }
    for (;;) {
      if (always ? !call.GoOn("").ok() : absl::IsCancelled(call.GoOn(""))) break;
      {
        absl::MutexLock lock(&mutex_);
        if (!hold_ && !always) break;
      }
      call.Pause(absl::Milliseconds(1));
    }
    if constexpr (std::is_same_v<T, absl::StatusOr<RouteReading>>) {
      if (absl::IsCancelled(call.GoOn(""))) return absl::CancelledError("ended");
    }
    absl::MutexLock lock(&mutex_);
    return answer();
  }

  const bool keeps_;
  const bool holds_keep_;
  absl::Mutex mutex_;
  bool hold_ = false;
  absl::Status failure_;
  std::vector<std::string> calls_;
};

class Told final : public GatewayListener {
 public:
  void RouteWasRead(const RouteKey& key, const RouteReading& reading, const GatewayAbilities&) override {
    Note(absl::StrCat("read ", key.route, reading.mark ? absl::StrCat(" ", reading.mark->version) : ""));
  }
  void RouteWasLost(const RouteKey& key, const std::string& detail) override {
    Note(absl::StrCat("lost ", key.gateway, "/", key.route, ": ", detail));
  }
  void BackendWasChecked(const BackendChecked& answer) override {
    const ServerCheck& server = answer.servers.front();
    Note(absl::StrCat("checked ", answer.request_id, " ", server.server,
                      server.tried ? "" : absl::StrCat(" not tried: ", server.detail)));
  }
  void OrderEnded(const ActionFinished& answer) override {
    Note(absl::StrCat("order ", answer.number, " ",
                      answer.outcome == ActionOutcome::kDone          ? "done"
                      : answer.outcome == ActionOutcome::kWithdrawn   ? "withdrawn"
                      : answer.outcome == ActionOutcome::kUnreachable ? "unreachable"
                      : answer.outcome == ActionOutcome::kNotMine     ? "not mine"
                                                                      : "refused"));
  }

  // Waits until that was told, and takes all up to there.
  std::vector<std::string> TakeUntil(const std::string& what) {
    absl::MutexLock lock(&mutex_);
    const auto told = [&] { return std::find(told_.begin(), told_.end(), what) != told_.end(); };
    mutex_.Await(absl::Condition(&told));
    const auto end = std::find(told_.begin(), told_.end(), what) + 1;
    std::vector<std::string> taken(told_.begin(), end);
    told_.erase(told_.begin(), end);
    return taken;
  }
  size_t Count(const std::string& beginning) {
    absl::MutexLock lock(&mutex_);
    return static_cast<size_t>(std::count_if(
        told_.begin(), told_.end(), [&](const std::string& one) { return one.rfind(beginning, 0) == 0; }));
  }

 private:
  void Note(std::string what) {
    absl::MutexLock lock(&mutex_);
    told_.push_back(std::move(what));
  }
  absl::Mutex mutex_;
  std::vector<std::string> told_;
};

class GatewayWorkerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GatewayWorker::Options options;
    options.read_deadline = absl::Seconds(60);
    options.write_deadline = absl::Seconds(60);
    options.lost_after = absl::Hours(1);
    options.retry = absl::Milliseconds(1);
    options.most_orders = 2;
    options.most_checks = 1;
    worker_ = std::make_unique<GatewayWorker>(options, gateway_, told_);
  }

  static RouteKey Key(const std::string& route) { return {.gateway = "lb", .route = route}; }
  static ShapeOrder Order(uint32_t number, const std::string& route, uint64_t version) {
    return {.decision = {1, number},
            .number = number,
            .attempt = 1,
            .wish = {.key = Key(route), .mark = {.epoch = 1, .owner = {1, number}, .version = version}}};
  }

  void Watch(const std::string& route, absl::Duration period) {
    worker_->Watch({.key = Key(route), .parts = {}, .period = period});
  }
  void Check(uint64_t request, const std::string& route) {
    worker_->Check({.request_id = request,
                    .key = Key(route),
                    .backend = "green",
                    .path = "/ready",
                    .timeout = absl::Seconds(60)});
  }

  HeldGateway gateway_;
  Told told_;
  std::unique_ptr<GatewayWorker> worker_;
};

// A watched route is read at once, and again each period, until it is watched no more.
TEST_F(GatewayWorkerTest, ReadsWhatIsWatched) {
  Watch("a", absl::Milliseconds(1));
  for (int i = 0; i < 3; ++i) told_.TakeUntil("read a");
  Watch("a", absl::ZeroDuration());
  Watch("b", absl::Hours(1));
  told_.TakeUntil("read b");
  EXPECT_EQ(told_.Count("read a"), 0u);
}

// What was read back is told before the answer.
TEST_F(GatewayWorkerTest, ReadingComesBeforeTheAnswer) {
  Watch("a", absl::Hours(1));
  told_.TakeUntil("read a");
  worker_->Do(Order(1, "a", 7));
  EXPECT_THAT(told_.TakeUntil("order 1 done"), ElementsAre("read a 7", "order 1 done"));
}

TEST_F(GatewayWorkerTest, WhatIsNotWatchedIsRefused) {
  worker_->Do(Order(1, "a", 7));
  EXPECT_THAT(told_.TakeUntil("order 1 refused"), ElementsAre("order 1 refused"));
}

// An order does not wait for a reading that hangs.
TEST_F(GatewayWorkerTest, OrderEndsAReading) {
  gateway_.Hold(true);
  Watch("a", absl::Hours(1));
  gateway_.Await("read a");
  worker_->Do(Order(1, "a", 1));
  gateway_.Await("shape a 1");
  gateway_.Hold(false);
  told_.TakeUntil("order 1 done");
}

// A rollback does not wait for the step that it overtakes, and what waits of that step is not begun.
TEST_F(GatewayWorkerTest, GreaterMarkOvertakes) {
  Watch("a", absl::Hours(1));
  told_.TakeUntil("read a");
  gateway_.Hold(true);
  worker_->Do(Order(1, "a", 1));
  gateway_.Await("shape a 1");
  worker_->Do(Order(2, "a", 1));
  worker_->Do(Order(3, "a", 2));
  gateway_.Await("shape a 2");
  gateway_.Hold(false);
  const std::vector<std::string> told = told_.TakeUntil("order 3 done");
  EXPECT_THAT(told, ElementsAre("order 2 withdrawn", "order 1 unreachable", "read a 2", "order 3 done"));
}

TEST_F(GatewayWorkerTest, WithdrawnBeforeItsTurn) {
  Watch("a", absl::Hours(1));
  Watch("b", absl::Hours(1));
  told_.TakeUntil("read b");
  gateway_.Hold(true);
  worker_->Do(Order(1, "a", 1));
  gateway_.Await("shape a 1");
  worker_->Do(Order(2, "b", 2));
  worker_->Withdraw({1, 2});
  worker_->Withdraw({1, 1});  // has begun: goes on
  told_.TakeUntil("order 2 withdrawn");
  gateway_.Hold(false);
  told_.TakeUntil("order 1 done");
}

TEST_F(GatewayWorkerTest, WaitingOrdersAreBounded) {
  Watch("a", absl::Hours(1));
  told_.TakeUntil("read a");
  gateway_.Hold(true);
  worker_->Do(Order(1, "a", 1));
  gateway_.Await("shape a 1");
  for (const uint32_t number : {2, 3, 4}) worker_->Do(Order(number, absl::StrCat("r", number), 1));
  told_.TakeUntil("order 4 unreachable");
  gateway_.Hold(false);
}

// L7: once a cluster is found to be another coordinator's, what of its switches waits or is under way is
// ended, and nothing more is begun; others' orders go on.
TEST_F(GatewayWorkerTest, EndsWhatIsAnothers) {
  Watch("a", absl::Hours(1));
  Watch("b", absl::Hours(1));
  told_.TakeUntil("read b");
  const auto order = [](uint32_t number, const std::string& route, const std::string& cluster) {
    ShapeOrder one = Order(number, route, number);
    one.cluster = cluster;
    return one;
  };
  gateway_.Hold(true);
  worker_->Do(order(1, "a", "west"));
  gateway_.Await("shape a 1");
  worker_->Do(order(2, "b", "west"));
  worker_->StopFor("west", "it is of epoch 3");
  told_.TakeUntil("order 2 not mine");
  told_.TakeUntil("order 1 not mine");
  worker_->Do(order(3, "b", "west"));
  told_.TakeUntil("order 3 not mine");
  gateway_.Hold(false);
  worker_->Do(order(4, "b", "east"));
  told_.TakeUntil("order 4 done");
}

// A gateway that does not answer is lost once, after three tries; the next reading ends that.
TEST_F(GatewayWorkerTest, LostOnceAndBack) {
  Watch("a", absl::Milliseconds(1));
  told_.TakeUntil("read a");
  gateway_.Fail(absl::UnavailableError("away"));
  told_.TakeUntil("lost lb/a: away");
  gateway_.Fail(absl::OkStatus());
  const std::vector<std::string> until_back = told_.TakeUntil("read a");
  EXPECT_THAT(until_back, ElementsAre("read a"));
  gateway_.Fail(absl::NotFoundError("no such map"));
  told_.TakeUntil("lost lb/a: no such map");
}

// Losses are told route by route: one that is missing takes no other with it, and who asks anew is told anew.
TEST_F(GatewayWorkerTest, EachRouteIsLostByItself) {
  Watch("a", absl::Hours(1));
  told_.TakeUntil("read a");
  gateway_.Fail(absl::NotFoundError("no such map"));
  Watch("b", absl::Milliseconds(1));
  EXPECT_THAT(told_.TakeUntil("lost lb/b: no such map"), ElementsAre("lost lb/b: no such map"));
  Watch("b", absl::Milliseconds(1));
  told_.TakeUntil("lost lb/b: no such map");
  Watch("a", absl::Milliseconds(1));
  told_.TakeUntil("lost lb/a: no such map");
}

// A backend of a watched route is tried as was asked; of one that is not watched it is said so.
TEST_F(GatewayWorkerTest, TriesBackends) {
  Check(1, "a");
  told_.TakeUntil(
      "checked 1 green not tried: the route is not watched, so it is not known what it is made of");
  Watch("a", absl::Hours(1));
  Check(2, "a");
  told_.TakeUntil("checked 2 green-1/ready");
}

// A wish does not wait for a try that hangs; the try is begun anew after it, and answered once.
TEST_F(GatewayWorkerTest, OrderEndsATry) {
  Watch("a", absl::Hours(1));
  told_.TakeUntil("read a");
  gateway_.Hold(true);
  Check(1, "a");
  gateway_.Await("check a green");
  worker_->Do(Order(1, "a", 1));
  gateway_.Await("shape a 1");
  gateway_.Hold(false);
  EXPECT_THAT(told_.TakeUntil("checked 1 green-1/ready"),
              ElementsAre("read a 1", "order 1 done", "checked 1 green-1/ready"));
}

TEST_F(GatewayWorkerTest, WaitingTriesAreBounded) {
  Watch("a", absl::Hours(1));
  told_.TakeUntil("read a");
  gateway_.Hold(true);
  Check(1, "a");
  gateway_.Await("check a green");
  Check(2, "a");
  Check(3, "a");
  told_.TakeUntil("checked 3 green not tried: too many questions wait for this gateway");
  gateway_.Hold(false);
  told_.TakeUntil("checked 2 green-1/ready");
}

// The end does not wait for a gateway that hangs, and leaves no order without an answer.
TEST_F(GatewayWorkerTest, EndsInTime) {
  Watch("a", absl::Hours(1));
  told_.TakeUntil("read a");
  gateway_.Hold(true);
  worker_->Do(Order(1, "a", 1));
  gateway_.Await("shape a 1");
  worker_->Do(Order(2, "b", 1));
  worker_.reset();
  EXPECT_EQ(told_.Count("order 1 unreachable"), 1u);
  EXPECT_EQ(told_.Count("order 2 withdrawn"), 1u);
}

// What changes with time is kept while nothing is watched and beside what is, and waits for nobody's order.
TEST(GatewayWorkerKeepTest, KeepsWhateverIsWatched) {
  HeldGateway gateway(true);
  Told told;
  GatewayWorker::Options options;
  options.keep_every = absl::Milliseconds(1);
  options.keep_deadline = absl::Seconds(60);
  GatewayWorker worker(options, gateway, told);
  gateway.Await("keep");
  worker.Watch({.key = {.gateway = "lb", .route = "a"}, .parts = {}, .period = absl::Milliseconds(1)});
  for (int i = 0; i < 3; ++i) told.TakeUntil("read a");
  gateway.Hold(true);
  worker.Do({.decision = {1, 1},
             .number = 1,
             .attempt = 1,
             .wish = {.key = {.gateway = "lb", .route = "a"}, .mark = {1, {1, 1}, 1}}});
  gateway.Await("shape a 1");
  gateway.Hold(false);
  told.TakeUntil("order 1 done");
}

// What is kept up goes after all else, however long it takes: a route that is watched from now on, a question
// and a reading that is due do not wait for it.
TEST(GatewayWorkerKeepTest, NobodyWaitsForWhatIsKept) {
  HeldGateway gateway(true, /*holds_keep=*/true);
  Told told;
  GatewayWorker::Options options;
  options.keep_deadline = absl::Seconds(600);
  GatewayWorker worker(options, gateway, told);
  gateway.Await("keep");
  worker.Watch({.key = {.gateway = "lb", .route = "a"}, .parts = {}, .period = absl::Milliseconds(1)});
  for (int i = 0; i < 3; ++i) told.TakeUntil("read a");
  worker.Watch({.key = {.gateway = "lb", .route = "a"}, .parts = {}, .period = absl::Hours(1)});
  gateway.AwaitNew("keep");
  worker.Check({.request_id = 1, .key = {.gateway = "lb", .route = "a"}, .backend = "green"});
  told.TakeUntil("checked 1 green-1");
}

}  // namespace
}  // namespace evenkeel::coordinator
