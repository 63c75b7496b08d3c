#include "coordinator/runtime/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/time/fake_clock.h"
#include "common/time/steady_clock.h"
#include "coordinator/store/memory_store.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;

ApplyPolicy Apply(uint64_t request_id, const std::string& name) {
  return {.request_id = request_id, .policy = {.name = name, .spec = FailoverPolicy{.cluster = name}}};
}

// Remembers what is released, in order, and lets a test wait for it.
class Recorder : public Outlet {
 public:
  void Release(const ReleasedAction& /*action*/) override {}
  void Release(const Request& /*request*/) override {}
  void Release(const Notice& /*notice*/) override {}
  void Release(const Reply& reply) override {
    if (on_reply) on_reply(reply);
    absl::MutexLock lock(&mutex_);
    replies_.push_back(reply);
  }

  std::vector<Reply> WaitForReplies(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]()
                            ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return replies_.size() >= count; };
    mutex_.Await(absl::Condition(&enough));
    return replies_;
  }

  std::function<void(const Reply&)> on_reply;

 private:
  absl::Mutex mutex_;
  std::vector<Reply> replies_ ABSL_GUARDED_BY(mutex_);
};

// A store in memory with something before each commit: a gate, or a failing disk.
class WatchedStore : public StateStore {
 public:
  absl::StatusOr<Restored> Open() override { return store_.Open(); }
  absl::Status Commit(const std::vector<Write>& writes) override {
    if (before_commit) {
      if (absl::Status status = before_commit(writes); !status.ok()) return status;
    }
    return store_.Commit(writes);
  }
  absl::StatusOr<Decision> GetDecision(DecisionId id) const override { return store_.GetDecision(id); }
  absl::StatusOr<SwitchRecord> GetSwitch(DecisionId id) const override { return store_.GetSwitch(id); }
  absl::StatusOr<DecisionPage> ListDecisions(const DecisionFilter& filter, std::optional<DecisionId> from,
                                             size_t limit) const override {
    return store_.ListDecisions(filter, from, limit);
  }
  absl::StatusOr<Policy> GetPolicy(const std::string& name) const override { return store_.GetPolicy(name); }
  absl::StatusOr<std::vector<Policy>> ListPolicies() const override { return store_.ListPolicies(); }
  absl::StatusOr<std::vector<Maintenance>> ListMaintenances() const override {
    return store_.ListMaintenances();
  }

  std::function<absl::Status(const std::vector<Write>&)> before_commit;

 private:
  MemoryStore store_;
};

struct Bench {
  explicit Bench(size_t queue_capacity = 16384) : restored(*store.Open()) {
    runtime = std::make_unique<Runtime>(
        Runtime::Options{.queue_capacity = queue_capacity,
                         .fatal = [](const absl::Status& status) { FAIL() << status; }},
        restored, store, outlet, clock);
  }

  WatchedStore store;
  Recorder outlet;
  time::FakeClock clock;
  Restored restored;
  std::unique_ptr<Runtime> runtime;
};

// L3: when a reply leaves, what it speaks of is durable already.
TEST(RuntimeTest, CommitsBeforeItReleases) {
  Bench bench;
  absl::StatusOr<Policy> stored_at_reply = absl::UnknownError("no reply");
  bench.outlet.on_reply = [&](const Reply&) { stored_at_reply = bench.store.GetPolicy("east"); };
  bench.runtime->Start();
  ASSERT_TRUE(bench.runtime->Post(Apply(1, "east")));
  const auto replies = bench.outlet.WaitForReplies(1);
  bench.runtime->Stop();
  EXPECT_TRUE(replies[0].status.ok()) << replies[0].status;
  ASSERT_TRUE(stored_at_reply.ok()) << stored_at_reply.status();
  EXPECT_EQ(stored_at_reply->failover().cluster, "east");
}

// Events that come while a commit is under way share the next one, and what follows from them is released in
// their order.
TEST(RuntimeTest, ManyEventsShareOneCommit) {
  Bench bench;
  absl::Notification first_is_committing;
  absl::Notification go_on;
  bool first = true;
  bench.store.before_commit = [&](const std::vector<Write>& writes) {
    if (std::exchange(first, false)) {
      first_is_committing.Notify();
      go_on.WaitForNotification();
    } else {
      EXPECT_EQ(writes.size(), 50u);
    }
    return absl::OkStatus();
  };
  bench.runtime->Start();
  ASSERT_TRUE(bench.runtime->Post(Apply(1, "p1")));
  first_is_committing.WaitForNotification();
  for (uint64_t id = 2; id <= 51; ++id) ASSERT_TRUE(bench.runtime->Post(Apply(id, absl::StrCat("p", id))));
  go_on.Notify();
  const auto replies = bench.outlet.WaitForReplies(51);
  bench.runtime->Stop();
  for (uint64_t id = 1; id <= 51; ++id) EXPECT_EQ(replies[id - 1].request_id, id);
  EXPECT_EQ(bench.runtime->figures().commits, 2u);
  EXPECT_EQ(bench.runtime->figures().events, 51u);
}

// A store that fails ends the process with its cause, and nothing of the failed batch gets out.
TEST(RuntimeTest, FailedCommitIsFatal) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        WatchedStore store;
        const Restored restored = *store.Open();
        store.before_commit = [](const std::vector<Write>&) {
          return absl::ResourceExhaustedError("the disk is full");
        };
        Recorder outlet;
        outlet.on_reply = [](const Reply&) { ::_exit(1); };
        const time::SteadyClock clock;
        Runtime runtime({.fatal =
                             [](const absl::Status& status) {
                               std::cerr << status.ToString() << std::endl;
                               ::_exit(7);
                             }},
                        restored, store, outlet, clock);
        runtime.Start();
        runtime.Post(Apply(1, "east"));
        outlet.WaitForReplies(1);
      },
      ::testing::ExitedWithCode(7), "the disk is full");
}

// With nothing to do the loop calls the core when the core wants it, by the clock.
TEST(RuntimeTest, CallsTheCoreAtItsDeadline) {
  Bench bench;
  bench.runtime->Start();
  for (int turn = 0; turn < 3; ++turn) {
    bench.clock.Advance(absl::Milliseconds(300));
    while (bench.runtime->figures().last_turn < bench.clock.Now()) std::this_thread::yield();
  }
  bench.runtime->Stop();
  EXPECT_EQ(bench.runtime->figures().events, 0u);
}

// How late the loop was is a figure, and asking for it starts the measuring again.
TEST(RuntimeTest, LatenessIsMeasured) {
  Bench bench;
  bench.runtime->Start();
  ASSERT_TRUE(bench.runtime->Post(Apply(1, "p1")));
  while (bench.runtime->figures().events == 0) std::this_thread::yield();  // its turn is over
  bench.clock.Advance(absl::Seconds(10));
  absl::Duration lateness;
  while (lateness == absl::ZeroDuration()) {
    std::this_thread::yield();
    lateness = bench.runtime->figures().longest_lateness;
  }
  EXPECT_GE(lateness, absl::Seconds(9));
  bench.runtime->Stop();
  EXPECT_EQ(bench.runtime->figures().longest_lateness, absl::ZeroDuration());
}

// What is released may post events at once, even where the queue is full: the loop does not wait for itself.
TEST(RuntimeTest, ReleaseMayPostIntoAFullQueue) {
  Bench bench(/*queue_capacity=*/1);
  bench.outlet.on_reply = [&](const Reply& reply) {
    if (reply.request_id != 1) return;
    for (uint64_t id = 2; id <= 20; ++id) {
      EXPECT_TRUE(bench.runtime->Post(Apply(id, absl::StrCat("p", id))));
    }
  };
  bench.runtime->Start();
  ASSERT_TRUE(bench.runtime->Post(Apply(1, "p1")));
  EXPECT_EQ(bench.outlet.WaitForReplies(20).size(), 20u);
  bench.runtime->Stop();
}

// Stop finishes the batch under way, drops what waits, and turns everybody away who comes later.
TEST(RuntimeTest, StopFinishesTheBatchUnderWay) {
  Bench bench;
  absl::Notification committing;
  absl::Notification go_on;
  bench.store.before_commit = [&](const std::vector<Write>&) {
    committing.Notify();
    go_on.WaitForNotification();
    return absl::OkStatus();
  };
  bench.runtime->Start();
  ASSERT_TRUE(bench.runtime->Post(Apply(1, "p1")));
  committing.WaitForNotification();
  ASSERT_TRUE(bench.runtime->Post(Apply(2, "p2")));
  std::thread stopper([&] { bench.runtime->Stop(); });
  while (bench.runtime->TryPost(Tick{}).code() != absl::StatusCode::kUnavailable) std::this_thread::yield();
  go_on.Notify();
  stopper.join();
  EXPECT_EQ(bench.outlet.WaitForReplies(1).size(), 1u);
  EXPECT_TRUE(bench.store.GetPolicy("p1").ok());
  EXPECT_FALSE(bench.store.GetPolicy("p2").ok());
  EXPECT_FALSE(bench.runtime->Post(Apply(3, "p3")));
}

// Before the start events wait in the queue; when that is full an operator hears it and may come again.
TEST(RuntimeTest, FullQueueTurnsOperatorsAway) {
  Bench bench(/*queue_capacity=*/2);
  EXPECT_TRUE(bench.runtime->TryPost(Apply(1, "p1")).ok());
  EXPECT_TRUE(bench.runtime->TryPost(Apply(2, "p2")).ok());
  EXPECT_EQ(bench.runtime->TryPost(Apply(3, "p3")).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(bench.runtime->figures().queued, 2u);
  bench.runtime->Start();
  bench.outlet.WaitForReplies(2);
  EXPECT_TRUE(bench.runtime->TryPost(Apply(3, "p3")).ok());
  bench.outlet.WaitForReplies(3);
  bench.runtime->Stop();
}

// Many threads at once, a small queue and the real clock: nothing is lost, nothing is doubled, each thread's
// events stay in order. Run under TSan it also proves that the loop shares nothing that it should not.
TEST(RuntimeTest, ManyThreadsPostAtOnce) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kEach = 200;
  MemoryStore store;
  const Restored restored = *store.Open();
  Recorder outlet;
  const time::SteadyClock clock;
  Runtime runtime({.queue_capacity = 16, .fatal = [](const absl::Status& status) { FAIL() << status; }},
                  restored, store, outlet, clock);
  runtime.Start();
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&runtime, thread] {
      for (uint64_t i = 0; i < kEach; ++i) {
        EXPECT_TRUE(runtime.Post(Apply(thread * kEach + i, absl::StrCat("p", thread))));
      }
    });
  }
  const auto replies = outlet.WaitForReplies(kThreads * kEach);
  for (std::thread& thread : threads) thread.join();
  runtime.Stop();
  std::vector<uint64_t> next(kThreads, 0);
  for (const Reply& reply : replies) {
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    EXPECT_EQ(reply.request_id % kEach, next[reply.request_id / kEach]++);
  }
  EXPECT_THAT(next, ElementsAre(kEach, kEach, kEach, kEach));
}

}  // namespace
}  // namespace evenkeel::coordinator
