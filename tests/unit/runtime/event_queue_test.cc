#include "coordinator/runtime/event_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace evenkeel::coordinator {
namespace {

Event Numbered(int number) {
  return ClusterAdded{std::to_string(number)};
}
int NumberOf(const Event& event) {
  return std::stoi(std::get<ClusterAdded>(event).cluster);
}

// Events come out in the order in which they went in, at most as many at once as asked for.
TEST(EventQueueTest, KeepsTheOrder) {
  EventQueue queue(10);
  for (int number = 0; number < 5; ++number) ASSERT_TRUE(queue.Push(Numbered(number)));
  std::vector<Event> events;
  ASSERT_TRUE(queue.Take(events, 3, absl::ZeroDuration()));
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(NumberOf(events[0]), 0);
  EXPECT_EQ(NumberOf(events[2]), 2);
  ASSERT_TRUE(queue.Take(events, 3, absl::ZeroDuration()));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(NumberOf(events[1]), 4);
}

// With nothing to take, Take comes back when its patience is over; it does not fail. A patience that is over
// already (a deadline in the past) counts as none.
TEST(EventQueueTest, PatienceEnds) {
  EventQueue queue(10);
  std::vector<Event> events = {Numbered(1)};
  EXPECT_TRUE(queue.Take(events, 3, absl::Milliseconds(1)));
  EXPECT_TRUE(events.empty());
  EXPECT_TRUE(queue.Take(events, 3, -absl::Seconds(1)));
  EXPECT_TRUE(events.empty());
}

// A full queue refuses an operator's event with a status to come back for, and takes it when there is room
// again.
TEST(EventQueueTest, TryPushSaysFull) {
  EventQueue queue(1);
  ASSERT_TRUE(queue.TryPush(Numbered(1)).ok());
  EXPECT_EQ(queue.TryPush(Numbered(2)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(queue.PushByTaker(Numbered(3)));  // the taker never waits for itself
  EXPECT_EQ(queue.size(), 2u);
  std::vector<Event> events;
  ASSERT_TRUE(queue.Take(events, 10, absl::ZeroDuration()));
  EXPECT_TRUE(queue.TryPush(Numbered(4)).ok());
}

// Producers that are faster than the taker wait: the queue never holds more than its capacity, nothing is
// lost, and each producer's events stay in order.
TEST(EventQueueTest, FullQueueSlowsProducersDown) {
  constexpr int kProducers = 4;
  constexpr int kEach = 500;
  constexpr size_t kCapacity = 3;
  EventQueue queue(kCapacity);
  std::vector<std::thread> producers;
  for (int producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&queue, producer] {
      for (int i = 0; i < kEach; ++i) EXPECT_TRUE(queue.Push(Numbered(producer * kEach + i)));
    });
  }
  std::vector<int> next(kProducers, 0);
  std::vector<Event> events;
  for (int taken = 0; taken < kProducers * kEach;) {
    ASSERT_TRUE(queue.Take(events, 1000, absl::InfiniteDuration()));
    ASSERT_LE(events.size(), kCapacity);
    for (const Event& event : events) {
      const int producer = NumberOf(event) / kEach;
      EXPECT_EQ(NumberOf(event) % kEach, next[producer]++);
    }
    taken += static_cast<int>(events.size());
  }
  for (std::thread& producer : producers) producer.join();
}

// Closing wakes a taker that waits for ever and producers that wait for room; they learn that it is over.
TEST(EventQueueTest, CloseWakesEverybody) {
  EventQueue empty(1);
  std::thread taker([&empty] {
    std::vector<Event> events;
    EXPECT_FALSE(empty.Take(events, 1, absl::InfiniteDuration()));
  });
  EventQueue full(1);
  ASSERT_TRUE(full.Push(Numbered(1)));
  std::thread producer([&full] { EXPECT_FALSE(full.Push(Numbered(2))); });
  empty.Close();
  full.Close();
  taker.join();
  producer.join();
  EXPECT_EQ(full.TryPush(Numbered(3)).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(full.PushByTaker(Numbered(3)));
}

}  // namespace
}  // namespace evenkeel::coordinator
