// The valve opens by the scheduler's own word and closes as soon as nothing needs it; the ceiling that goes
// with it; and the count of real room.

#include "coordinator/core/burst/valve.h"

#include "coordinator/core/burst/ceiling.h"
#include "coordinator/core/burst/real_room.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

ValveSight Closed() {
  return {.now = kStart, .open = false, .virtual_nodes = true};
}
ValveSight Open() {
  return {.now = kStart, .open = true, .last_pressed = kStart, .virtual_nodes = true};
}

// A pod that has just been refused may be about to get a node that has just come.
TEST(ValveTest, OpensWhenAPodHasPressedForAWhile) {
  ValveSight sight = Closed();
  EXPECT_EQ(AskValve(sight).step, ValveStep::kStay);
  EXPECT_EQ(AskValve(sight).again, absl::InfiniteFuture());
  sight.pressing_since = kStart;
  EXPECT_EQ(AskValve(sight).step, ValveStep::kStay);
  EXPECT_EQ(AskValve(sight).again, kStart + kPressFor);
  sight.now = kStart + kPressFor;
  EXPECT_EQ(AskValve(sight).step, ValveStep::kOpen);
  sight.virtual_nodes = false;
  EXPECT_EQ(AskValve(sight).step, ValveStep::kStay);
}

// It stays open while anything presses, and a moment longer.
TEST(ValveTest, ClosesWhenNothingPressesAnyMore) {
  ValveSight sight = Open();
  sight.pressing_since = kStart - absl::Minutes(1);
  sight.real_room = true;  // by our count; the scheduler says otherwise
  EXPECT_EQ(AskValve(sight).step, ValveStep::kStay);
  sight.pressing_since.reset();
  sight.real_room = false;
  EXPECT_EQ(AskValve(sight).step, ValveStep::kStay);
  EXPECT_EQ(AskValve(sight).again, kStart + kValveHold);
  sight.now = kStart + kValveHold;
  EXPECT_EQ(AskValve(sight).step, ValveStep::kClose);
  EXPECT_EQ(AskValve(sight).reason, "every pod has had a node for 3.0 s");
}

// At once where a cap is reached, the provider fails, the virtual nodes go or real room comes.
TEST(ValveTest, ClosesAtOnceWhereNothingMayBeLetThrough) {
  ValveSight sight = Open();
  sight.pressing_since = kStart;
  sight.not_any_more = "the burst's cap is reached";
  EXPECT_EQ(AskValve(sight).step, ValveStep::kClose);
  EXPECT_EQ(AskValve(sight).reason, "the burst's cap is reached");
  sight.not_any_more.clear();
  sight.virtual_nodes = false;
  EXPECT_EQ(AskValve(sight).step, ValveStep::kClose);
  sight = Open();
  sight.real_room = true;
  EXPECT_EQ(AskValve(sight).step, ValveStep::kClose);
}

// What there may be: what runs, what real nodes still take, what the caps still let through.
TEST(CeilingTest, IsWhatCanHaveANode) {
  CeilingSight sight{.on_real = 4, .on_virtual = 10, .presses = false, .room = 1, .allowed = 6};
  EXPECT_EQ(CeilingFor(sight), 21);
  sight.presses = true;  // the scheduler is believed before our own count
  EXPECT_EQ(CeilingFor(sight), 20);
  sight.allowed = 0;
  EXPECT_EQ(CeilingFor(sight), 14);
  sight.used_up = true;
  EXPECT_EQ(CeilingFor(sight), 4);
  sight.presses = false;
  EXPECT_EQ(CeilingFor(sight), 5);
}

TEST(RealRoomTest, CountsWhatFitsOnEachNode) {
  const auto node = [](int64_t cpu, int64_t memory, int64_t pods, bool reserved = false) {
    return FreeNode{.free = {.cpu_millicores = cpu, .memory_bytes = memory, .pods = pods},
                    .reserved = reserved};
  };
  const PodNeed each{.requests = {.cpu_millicores = 200, .memory_bytes = 32, .pods = 1}};
  const PodNeed tolerant{.requests = each.requests, .tolerates = true};
  EXPECT_EQ(HowManyFit({}, each, 10), 0);
  EXPECT_EQ(HowManyFit({node(999, 1000, 100)}, each, 10), 4);
  EXPECT_EQ(HowManyFit({node(999, 70, 100)}, each, 10), 2);
  EXPECT_EQ(HowManyFit({node(999, 1000, 1)}, each, 10), 1);
  EXPECT_EQ(HowManyFit({node(-50, 1000, 100)}, each, 10), 0);
  EXPECT_EQ(HowManyFit({node(399, 1000, 9), node(399, 1000, 9)}, each, 10), 2);  // halves do not add up
  EXPECT_EQ(HowManyFit({node(9999, 1000, 100), node(9999, 1000, 100)}, each, 10), 10);
  EXPECT_EQ(HowManyFit({node(999, 1000, 100, true)}, each, 10), 0);
  EXPECT_EQ(HowManyFit({node(999, 1000, 100, true)}, tolerant, 10), 4);
  EXPECT_EQ(HowManyFit({node(0, 0, 7)}, {.requests = {.pods = 1}}, 10), 7);  // it asks for nothing
}

}  // namespace
}  // namespace evenkeel::coordinator
