// The valve opens by the scheduler's own word and closes as soon as nothing needs it; and the ceiling that
// goes with it.

#include "coordinator/core/burst/valve.h"

#include "coordinator/core/burst/ceiling.h"
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
  CeilingSight sight{.current = 17, .on_real = 4, .on_virtual = 10, .room = 1, .allowed = 6};
  EXPECT_EQ(CeilingFor(sight), 21);
  sight.pressing = sight.pressing_go_first = 3;  // the scheduler is believed before our own count
  EXPECT_EQ(CeilingFor(sight), 20);
  sight.allowed = 2;
  EXPECT_EQ(CeilingFor(sight), 16);
  sight.allowed = 0;
  EXPECT_EQ(CeilingFor(sight), 14);
}

// Whatever we count: nothing goes by it but what has found no room.
TEST(CeilingTest, TakesNothingThatRuns) {
  CeilingSight sight{.current = 12, .on_real = 4, .on_virtual = 3};  // five are not seen, or on their way
  EXPECT_EQ(CeilingFor(sight), 12);
  sight.pressing = sight.pressing_go_first = 2;
  EXPECT_EQ(CeilingFor(sight), 10);
  sight.pressing = sight.pressing_go_first = 9;
  EXPECT_EQ(CeilingFor(sight), 7);
}

// What has no right to be on virtual nodes any more goes, and nothing that is on a real one.
TEST(CeilingTest, TakesWhatIsOnVirtualNodesWhenTimeOrMoneyIsUsedUp) {
  CeilingSight sight{
      .current = 14, .on_real = 4, .on_virtual = 10, .virtual_go_first = 10, .allowed = 6, .used_up = true};
  EXPECT_EQ(CeilingFor(sight), 4);
  sight.room = 1;
  EXPECT_EQ(CeilingFor(sight), 5);
  sight.pressing = sight.pressing_go_first = 1;
  EXPECT_EQ(CeilingFor(sight), 4);
  sight.current = 17;
  sight.on_virtual = sight.virtual_go_first = 0;
  EXPECT_EQ(CeilingFor(sight), 16);
}

// Where the controller chooses by ordinal, only those virtual pods go that stand above every real one: to ask
// for fewer would take real ones first, and again and again, until the minimum is left.
TEST(CeilingTest, TakesNoRealPodInPlaceOfAVirtualOne) {
  CeilingSight sight{
      .current = 9, .on_real = 4, .on_virtual = 5, .virtual_go_first = 2, .allowed = 6, .used_up = true};
  EXPECT_EQ(CeilingFor(sight), 7);
  sight.current = 7;
  sight.on_virtual = 3;
  sight.virtual_go_first = 0;
  EXPECT_EQ(CeilingFor(sight), 7);
}

// The same of a pod that finds no room below one that runs: nothing goes for it.
TEST(CeilingTest, TakesNoPodThatRunsInPlaceOfOneThatPresses) {
  CeilingSight sight{.current = 5, .on_real = 4, .pressing = 1, .pressing_go_first = 0};
  EXPECT_EQ(CeilingFor(sight), 5);
  sight.pressing_go_first = 1;
  EXPECT_EQ(CeilingFor(sight), 4);
  sight = {.current = 7,
           .on_real = 5,
           .on_virtual = 1,
           .virtual_go_first = 1,
           .pressing = 1,
           .pressing_go_first = 0,
           .used_up = true};
  EXPECT_EQ(CeilingFor(sight), 6);
}

}  // namespace
}  // namespace evenkeel::coordinator
