// The small parts between gRPC and the core: the workers and the replies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <variant>
#include <vector>

#include "absl/synchronization/notification.h"
#include "coordinator/serve/reply_box.h"
#include "coordinator/serve/worker_pool.h"

namespace evenkeel::coordinator {
namespace {

// Takes events until it is told to be full.
class Events final : public EventSink {
 public:
  bool Post(Event event) override {
    events.push_back(std::move(event));
    return true;
  }
  absl::Status TryPost(Event event) override {
    if (full) return absl::ResourceExhaustedError("the queue is full");
    events.push_back(std::move(event));
    return absl::OkStatus();
  }

  std::vector<Event> events;
  bool full = false;
};

Event MakeEvent(uint64_t id) {
  return DeletePolicy{.request_id = id, .name = "web", .expected_etag = ""};
}

Reply MakeReply(uint64_t id) {
  Reply reply;
  reply.request_id = id;
  return reply;
}

// Each reply goes to the one who asked, and to nobody twice.
TEST(ReplyBox, BringsRepliesToThoseWhoAsked) {
  Events events;
  ReplyBox box(events);
  std::vector<int> told;
  box.Ask(MakeEvent, [&told](const Reply&) { told.push_back(1); });
  box.Ask(MakeEvent, [&told](const Reply&) { told.push_back(2); });
  ASSERT_EQ(events.events.size(), 2U);
  const uint64_t second = std::get<DeletePolicy>(events.events[1]).request_id;
  box.Deliver(MakeReply(second));
  box.Deliver(MakeReply(second));
  EXPECT_THAT(told, testing::ElementsAre(2));
}

// Where there will be no reply, the caller is told why at once.
TEST(ReplyBox, TellsWhyThereIsNoReply) {
  Events events;
  ReplyBox box(events, 1);
  absl::Status status;
  const auto note = [&status](const Reply& reply) { status = reply.status; };
  events.full = true;
  box.Ask(MakeEvent, note);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  events.full = false;
  absl::Status waiting;
  box.Ask(MakeEvent, [&waiting](const Reply& reply) { waiting = reply.status; });
  box.Ask(MakeEvent, note);  // one too many
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  box.Close();
  EXPECT_EQ(waiting.code(), absl::StatusCode::kUnavailable);
  box.Ask(MakeEvent, note);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
}

// A full pool says so; tasks that are bounded otherwise are always taken, and all that was taken is done
// before it ends.
TEST(WorkerPool, IsBoundedAndFinishesWhatItTook) {
  std::atomic<int> done{0};
  absl::Notification go;
  absl::Notification busy;
  {
    WorkerPool pool(1, 2);
    ASSERT_TRUE(pool.TrySubmit([&] {
      busy.Notify();
      go.WaitForNotification();
    }));
    busy.WaitForNotification();
    EXPECT_TRUE(pool.TrySubmit([&] { ++done; }));
    EXPECT_TRUE(pool.TrySubmit([&] { ++done; }));
    EXPECT_FALSE(pool.TrySubmit([&] { ++done; }));
    pool.Submit([&] { ++done; });
    go.Notify();
  }
  EXPECT_EQ(done, 3);
}

// After the stop nothing is taken.
TEST(WorkerPool, TakesNothingAfterTheStop) {
  WorkerPool pool;
  pool.Stop();
  EXPECT_FALSE(pool.TrySubmit([] {}));
}

}  // namespace
}  // namespace evenkeel::coordinator
