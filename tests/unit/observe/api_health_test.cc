#include "coordinator/observe/api_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::coordinator {
namespace {

using kube::ListWatchState;
using ::testing::HasSubstr;

ApiHealth AllWell() {
  ApiHealth health;
  for (const auto kind : {ApiHealth::kNodes, ApiHealth::kPods, ApiHealth::kClaims}) {
    health.OnComplete(kind);
    health.OnState(kind, ListWatchState::kConnected, absl::OkStatus());
  }
  return health;
}

// All is well only when every list is complete, every watch connected, and the server answers.
TEST(ApiHealthTest, WellMeansEverything) {
  EXPECT_EQ(AllWell().Problem(), "");
  EXPECT_THAT(ApiHealth().Problem(), HasSubstr("nodes"));

  ApiHealth incomplete;
  for (const auto kind : {ApiHealth::kNodes, ApiHealth::kPods, ApiHealth::kClaims}) {
    incomplete.OnState(kind, ListWatchState::kConnected, absl::OkStatus());
  }
  incomplete.OnComplete(ApiHealth::kNodes);
  EXPECT_THAT(incomplete.Problem(), HasSubstr("list of pods is not complete"));
}

// Each kind of trouble is told by the name of what is in trouble and its cause, and is over when it is over.
TEST(ApiHealthTest, TroubleIsNamed) {
  ApiHealth health = AllWell();
  health.OnState(ApiHealth::kPods, ListWatchState::kStale, absl::DeadlineExceededError("silent for 90s"));
  EXPECT_THAT(health.Problem(), HasSubstr("watch of pods is stale: DEADLINE_EXCEEDED: silent for 90s"));
  health.OnState(ApiHealth::kPods, ListWatchState::kDisconnected, absl::UnavailableError("refused"));
  EXPECT_THAT(health.Problem(), HasSubstr("refused"));
  health.OnState(ApiHealth::kPods, ListWatchState::kConnected, absl::OkStatus());
  EXPECT_EQ(health.Problem(), "");
}

// L8: a server that does not answer is trouble though every watch seems to stand.
TEST(ApiHealthTest, SilentServerIsTrouble) {
  ApiHealth health = AllWell();
  health.OnPulse(absl::DeadlineExceededError("no answer within 2s"));
  EXPECT_THAT(health.Problem(), HasSubstr("does not answer: DEADLINE_EXCEEDED: no answer within 2s"));
  health.OnPulse(absl::OkStatus());
  EXPECT_EQ(health.Problem(), "");
}

}  // namespace
}  // namespace evenkeel::coordinator
