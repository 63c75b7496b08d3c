#include "coordinator/serve/decision_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/serve/decision_tracker.h"

namespace evenkeel::coordinator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Decision MakeDecision(uint64_t number, DecisionState state, const std::string& cluster = "blue") {
  Decision decision;
  decision.id = {1, number};
  decision.state = state;
  decision.cluster = cluster;
  return decision;
}

std::vector<std::string> Read(DecisionWatch& watch, absl::Status* status = nullptr) {
  std::vector<std::string> seen;
  while (true) {
    v1::WatchDecisionsResponse response;
    const absl::StatusOr<bool> more = watch.Next(response);
    if (status != nullptr) *status = more.status();
    if (!more.ok() || !*more) return seen;
    seen.push_back(absl::StrCat(v1::WatchDecisionsResponse::Type_Name(response.type()).substr(5), " ",
                                response.decision().name(), " ",
                                v1::Decision::State_Name(response.decision().state()).substr(6)));
  }
}

// A watcher gets the open decisions, SYNCED, and then each change in its latest state.
TEST(DecisionFeed, SendsOpenDecisionsThenChanges) {
  DecisionFeed feed({MakeDecision(1, DecisionState::kOpen)});
  feed.OnDecision(MakeDecision(2, DecisionState::kOpen));
  feed.OnDecision(MakeDecision(3, DecisionState::kObserved));  // over before the watch began
  int wakes = 0;
  DecisionWatch watch(feed, "", [&wakes] { ++wakes; });
  EXPECT_THAT(Read(watch),
              ElementsAre("ADDED decisions/1-1 OPEN", "ADDED decisions/1-2 OPEN", "SYNCED  UNSPECIFIED"));
  EXPECT_EQ(feed.open(), 2U);

  feed.OnDecision(MakeDecision(1, DecisionState::kOpen));
  feed.OnDecision(MakeDecision(1, DecisionState::kSucceeded));
  feed.OnDecision(MakeDecision(4, DecisionState::kRefused));
  EXPECT_EQ(wakes, 1);
  EXPECT_THAT(Read(watch), ElementsAre("MODIFIED decisions/1-1 SUCCEEDED", "ADDED decisions/1-4 REFUSED"));
  EXPECT_THAT(Read(watch), IsEmpty());
}

// SYNCED comes where the open decisions end, not where later changes do.
TEST(DecisionFeed, SyncsBeforeLaterChanges) {
  DecisionFeed feed({MakeDecision(1, DecisionState::kOpen)});
  DecisionWatch watch(feed, "", [] {});
  feed.OnDecision(MakeDecision(2, DecisionState::kOpen));
  EXPECT_THAT(Read(watch),
              ElementsAre("ADDED decisions/1-1 OPEN", "SYNCED  UNSPECIFIED", "ADDED decisions/1-2 OPEN"));
}

// A watch of one cluster hears nothing of another.
TEST(DecisionFeed, IsNarrowedByCluster) {
  DecisionFeed feed({MakeDecision(1, DecisionState::kOpen, "green")});
  DecisionWatch watch(feed, "blue", [] {});
  feed.OnDecision(MakeDecision(2, DecisionState::kOpen, "green"));
  EXPECT_THAT(Read(watch), ElementsAre("SYNCED  UNSPECIFIED"));
}

// A reader that lets too much gather is ended.
TEST(DecisionFeed, EndsASlowReader) {
  DecisionFeed feed({});
  DecisionWatch watch(
      feed, "", [] {}, 2);
  EXPECT_THAT(Read(watch), ElementsAre("SYNCED  UNSPECIFIED"));
  for (uint64_t number = 1; number <= 3; ++number)
    feed.OnDecision(MakeDecision(number, DecisionState::kOpen));
  absl::Status status;
  EXPECT_THAT(Read(watch, &status), IsEmpty());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
}

// Logs and metrics see each step of a decision once, however often the decision is told.
TEST(DecisionTracker, TellsEachStepOnce) {
  Decision decision = MakeDecision(1, DecisionState::kOpen);
  decision.actions.resize(2);
  decision.actions[0].number = 1;
  decision.actions[1].number = 2;
  DecisionTracker tracker({});
  EXPECT_TRUE(tracker.Track(decision).opened);
  EXPECT_FALSE(tracker.Track(decision).opened);
  decision.actions[1].state = ActionState::kDone;
  const DecisionStep step = tracker.Track(decision);
  ASSERT_EQ(step.finished.size(), 1U);
  EXPECT_EQ(step.finished[0]->number, 2U);
  EXPECT_THAT(tracker.Track(decision).finished, IsEmpty());
  decision.state = DecisionState::kFailed;
  decision.actions[0].state = ActionState::kSkipped;
  const DecisionStep last = tracker.Track(decision);
  EXPECT_TRUE(last.closed);
  EXPECT_EQ(last.finished.size(), 1U);
  EXPECT_EQ(tracker.open(), 0U);
}

// What was open and done before a restart is no news after it.
TEST(DecisionTracker, KnowsWhatWasBeforeTheStart) {
  Decision decision = MakeDecision(1, DecisionState::kOpen);
  decision.actions.resize(1);
  decision.actions[0].number = 1;
  decision.actions[0].state = ActionState::kDone;
  DecisionTracker tracker({decision});
  const DecisionStep step = tracker.Track(decision);
  EXPECT_FALSE(step.opened);
  EXPECT_THAT(step.finished, IsEmpty());
}

}  // namespace
}  // namespace evenkeel::coordinator
