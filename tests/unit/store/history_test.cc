#include "coordinator/store/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/store/samples.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Decision Closed(uint64_t number, absl::Time at) {
  Decision decision = SampleDecision({1, number}, DecisionState::kSucceeded);
  decision.timings.closed = at;
  return decision;
}

// Beyond the bound of size the oldest closed decisions go, and no more of them than must.
TEST(HistoryTest, DropsTheOldestWhenTooLarge) {
  History history({.age = absl::InfiniteDuration(), .bytes = 300});
  for (uint64_t number = 1; number <= 3; ++number) history.Put(Closed(number, SampleTime(0)), 100);
  EXPECT_THAT(history.TakeSurplus(), IsEmpty());
  history.Put(Closed(4, SampleTime(0)), 150);
  EXPECT_THAT(history.TakeSurplus(), ElementsAre(DecisionId{1, 1}, DecisionId{1, 2}));
  EXPECT_THAT(history.TakeSurplus(), IsEmpty());
}

// What was closed longer before the latest close than the bound goes; what is at the bound stays.
TEST(HistoryTest, DropsWhatIsTooOld) {
  History history({.age = absl::Hours(1), .bytes = 1000});
  history.Put(Closed(1, SampleTime(0)), 10);
  history.Put(Closed(2, SampleTime(1)), 10);
  history.Put(Closed(3, SampleTime(1) + absl::Hours(1)), 10);
  EXPECT_THAT(history.TakeSurplus(), ElementsAre(DecisionId{1, 1}));
}

// L3: an open decision is an intent; neither age nor size drops it, and it does not shield younger ones.
TEST(HistoryTest, KeepsOpenDecisions) {
  History history({.age = absl::Hours(1), .bytes = 100});
  history.Put(SampleDecision({1, 1}), 5000);
  history.Put(Closed(2, SampleTime(0)), 80);
  history.Put(Closed(3, SampleTime(0) + absl::Hours(5)), 80);
  EXPECT_THAT(history.TakeSurplus(), ElementsAre(DecisionId{1, 2}));
}

// A decision that is put again counts with its new size only.
TEST(HistoryTest, CountsADecisionOnce) {
  History history({.age = absl::InfiniteDuration(), .bytes = 100});
  for (int i = 0; i < 10; ++i) history.Put(Closed(1, SampleTime(0)), 90);
  EXPECT_THAT(history.TakeSurplus(), IsEmpty());
}

// What lies beside a decision counts with it, once, from its close on.
TEST(HistoryTest, CountsWhatLiesBeside) {
  History history({.age = absl::InfiniteDuration(), .bytes = 200});
  history.Put(SampleDecision({1, 1}), 50);
  for (int i = 0; i < 10; ++i) history.PutBeside({1, 1}, 100);
  history.PutBeside({1, 7}, 100);  // nobody knows of it
  history.Put(Closed(2, SampleTime(0)), 100);
  history.PutBeside({1, 2}, 90);
  EXPECT_THAT(history.TakeSurplus(), IsEmpty());
  history.Put(Closed(1, SampleTime(0)), 50);
  EXPECT_THAT(history.TakeSurplus(), ElementsAre(DecisionId{1, 1}));
  EXPECT_THAT(history.TakeSurplus(), IsEmpty());
}

// A decision that was only recorded, and so has no time of closing, ages by the last thing that happened in
// it.
TEST(HistoryTest, AgesWhatWasNeverClosedByItsLastTime) {
  History history({.age = absl::Hours(1), .bytes = 1000});
  Decision observed = SampleDecision({1, 1}, DecisionState::kObserved);
  observed.timings.closed.reset();  // the last that remains is `recovered`, at second 6
  history.Put(observed, 10);
  history.Put(Closed(2, SampleTime(6) + absl::Hours(1)), 10);
  EXPECT_THAT(history.TakeSurplus(), IsEmpty());
  history.Put(Closed(3, SampleTime(7) + absl::Hours(1)), 10);
  EXPECT_THAT(history.TakeSurplus(), ElementsAre(DecisionId{1, 1}));
}

}  // namespace
}  // namespace evenkeel::coordinator
