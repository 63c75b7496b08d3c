// A replay runs in a process of its own, the coordinator's own program; however that process ends, it is an
// error of one call.

#include "coordinator/serve/replay_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "common/base/status.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/replay_frames.h"
#include "coordinator/serve/replay_messages.h"
#include "coordinator/store/event_log.h"
#include "tests/replay/tape.h"
#include "tests/unit/store/temporary_folder.h"

namespace evenkeel::replay {
namespace {

using namespace coordinator;

std::vector<std::string> Shell(const std::string& script) {
  return {"/bin/sh", "-c", script};
}

struct Answers {
  std::vector<v1::ReplayResponse> responses;
  absl::Status status;
};

// Reads to the end, as a watching call does.
Answers ReadAll(const std::vector<std::string>& command, const v1::ReplayRequest& request) {
  Answers answers;
  absl::Mutex mutex;
  uint64_t wakes = 0;
  auto process = ReplayProcess::Start(command, request, [&] {
    const absl::MutexLock lock(&mutex);
    ++wakes;
  });
  if (!process.ok()) return {.responses = {}, .status = process.status()};
  while (true) {
    uint64_t before = 0;
    {
      const absl::MutexLock lock(&mutex);
      before = wakes;
    }
    v1::ReplayResponse response;
    const absl::StatusOr<bool> there_is_one = (*process)->Next(response);
    if (!there_is_one.ok()) {
      answers.status = there_is_one.status();
      return answers;
    }
    if (*there_is_one) {
      answers.responses.push_back(response);
      continue;
    }
    if ((*process)->Ended()) return answers;
    const auto woken = [&] { return wakes > before; };
    const absl::MutexLock lock(&mutex, absl::Condition(&woken));
  }
}

absl::Status EndOf(const std::string& script) {
  return ReadAll(Shell(script), {}).status;
}

TEST(ReplayProcessTest, SaysHowItsProcessEnded) {
  EXPECT_EQ(EndOf("cat > /dev/null; exit 3").code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(absl::StrContains(EndOf("exit 3").message(), "ended with code 3"));
  EXPECT_TRUE(absl::StrContains(EndOf("kill -SEGV $$").message(), "ended by signal 11"));
  EXPECT_TRUE(absl::StrContains(EndOf("kill -KILL $$").message(), "too little memory"));
  EXPECT_TRUE(absl::StrContains(EndOf("echo hello, world").message(), "no answer"));
  EXPECT_TRUE(absl::StrContains(EndOf("printf 'R\\005\\000\\000\\000ab'").message(), "in the middle"));
  EXPECT_TRUE(absl::StrContains(EndOf("printf 'R\\001\\000\\000\\000x'").message(), "no answer"));
  EXPECT_TRUE(absl::StrContains(EndOf("printf 'R\\377\\377\\377\\377x'").message(), "no answer"));
}

TEST(ReplayProcessTest, HandsOnErrorsWithTheirReason) {
  const absl::Status status = EndOf("printf 'E\\007\\000\\000\\000\\005\\000empty'");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "empty");
  EXPECT_EQ(base::Detail(status, base::kReasonKey), "NOTHING_RECORDED");
}

TEST(ReplayProcessTest, SaysWhyItCannotStart) {
  const absl::Status status = ReadAll({"/no/such/program"}, {}).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(base::Detail(status, base::kReasonKey), "REPLAY_NOT_STARTED");
}

// Nobody waits for a process whose reader has gone.
TEST(ReplayProcessTest, EndsWithItsReader) {
  auto process = ReplayProcess::Start(Shell("exec sleep 100000"), {}, [] {});
  ASSERT_TRUE(process.ok());
  process->reset();
}

TEST(ReplayProcessTest, EndsWithItsReaderThatDoesNotRead) {
  auto process =
      ReplayProcess::Start(Shell("while true; do printf 'R\\000\\000\\000\\000'; done"), {}, [] {});
  ASSERT_TRUE(process.ok());
  v1::ReplayResponse response;
  while (!*(*process)->Next(response)) {
  }
  process->reset();
}

TEST(ReplayFramesTest, ComeThroughAPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  ASSERT_TRUE(WriteReplayFrame(ends[1], ReplayFrame::kResponse, "one").ok());
  ASSERT_TRUE(WriteReplayFrame(ends[1], ReplayFrame::kError, "").ok());
  close(ends[1]);
  EXPECT_EQ(ReadReplayFrame(ends[0]).value()->bytes, "one");
  EXPECT_EQ(ReadReplayFrame(ends[0]).value()->type, ReplayFrame::kError);
  EXPECT_FALSE(ReadReplayFrame(ends[0]).value().has_value());
  close(ends[0]);
}

TEST(ReplayFramesTest, AnErrorKeepsItsWords) {
  const absl::Status status = ErrorFromFrame(FrameOfError(absl::DataLossError("a hole")));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "a hole");
  EXPECT_EQ(base::Detail(status, base::kReasonKey), "RECORD_DAMAGED");
  const absl::Status reasoned = ErrorFromFrame(
      FrameOfError(base::WithReason(absl::NotFoundError("not in it"), "DECISION_NOT_RECORDED")));
  EXPECT_EQ(reasoned.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reasoned.message(), "not in it");
  EXPECT_EQ(base::Detail(reasoned, base::kReasonKey), "DECISION_NOT_RECORDED");
  EXPECT_EQ(ErrorFromFrame("").code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ErrorFromFrame(std::string(1, '\0')).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ErrorFromFrame(std::string(2, '\0')).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ErrorFromFrame("\005no end").code(), absl::StatusCode::kInternal);
}

// A log that could not be written ends before what the core was told; who asks for all there is must hear of
// it.
TEST(ReplayMessagesTest, AQuestionEndsWithWhatTheCoreWasTold) {
  const absl::Time since = absl::FromUnixSeconds(1'767'225'600);
  v1::ReplayRequest request;
  *request.mutable_start_time() = coordinator::ToMessage(since);
  EndAt(since - absl::Seconds(1), request);
  EXPECT_FALSE(request.has_end_time());
  EndAt(since + absl::Minutes(2), request);
  EXPECT_EQ(request.end_time().seconds(), 1'767'225'720);
  EndAt(since + absl::Minutes(3), request);
  EXPECT_EQ(request.end_time().seconds(), 1'767'225'720);
  EndAt(since + absl::Minutes(1), request);
  EXPECT_EQ(request.end_time().seconds(), 1'767'225'660);
}

// The real program over a real log.
class RealReplay : public ::testing::Test {
 protected:
  void SetUp() override {
    EventLog log({.folder = folder_.path(), .coordinator_version = EVENKEEL_VERSION, .reserve = 0});
    Tale tale(3, &log);
    tale.Play();
    start_ = tale.world().start();
    policy_ = tale.policy();
  }

  v1::ReplayRequest Request() const {
    v1::ReplayRequest request;
    *request.mutable_start_time() = coordinator::ToMessage(start_);
    return request;
  }

  Answers Ask(const v1::ReplayRequest& request) const {
    return ReadAll({EVENKEEL_COORDINATOR, "replay", folder_.path()}, request);
  }

  evenkeel::testing::TemporaryFolder folder_;
  absl::Time start_;
  Policy policy_;
};

TEST_F(RealReplay, Verifies) {
  const Answers answers = Ask(Request());
  ASSERT_TRUE(answers.status.ok()) << answers.status;
  ASSERT_FALSE(answers.responses.empty());
  const v1::ReplaySummary& summary = answers.responses.back().summary();
  EXPECT_TRUE(summary.faithful());
  EXPECT_GT(summary.decisions(), 0);
  EXPECT_EQ(summary.differing(), 0);
  uint32_t comparisons = 0;
  for (const v1::ReplayResponse& response : answers.responses) {
    if (!response.has_comparison()) continue;
    ++comparisons;
    EXPECT_EQ(response.comparison().result(), v1::DecisionComparison::RESULT_SAME);
    EXPECT_FALSE(response.comparison().has_replayed());
  }
  EXPECT_EQ(comparisons, summary.decisions());
}

TEST_F(RealReplay, TriesAnotherPolicy) {
  v1::ReplayRequest request = Request();
  request.mutable_policy()->set_name("policies/failover");
  request.mutable_policy()->mutable_failover()->set_cluster(policy_.failover().cluster);
  request.mutable_policy()->mutable_failover()->set_mode(v1::POLICY_MODE_OBSERVE);
  const Answers answers = Ask(request);
  ASSERT_TRUE(answers.status.ok()) << answers.status;
  EXPECT_GT(answers.responses.back().summary().differing(), 0);
  EXPECT_TRUE(answers.responses.back().summary().faithful());
  EXPECT_TRUE(answers.responses.back().summary().has_part_time());
}

TEST_F(RealReplay, RefusesWhatMakesNoSense) {
  EXPECT_EQ(Ask({}).status.code(), absl::StatusCode::kInvalidArgument);
  v1::ReplayRequest backwards = Request();
  backwards.mutable_end_time()->set_seconds(1);
  EXPECT_EQ(Ask(backwards).status.code(), absl::StatusCode::kInvalidArgument);
  v1::ReplayRequest decision = Request();
  decision.set_decision("nonsense");
  EXPECT_EQ(Ask(decision).status.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RealReplay, SaysThatADecisionIsNotRecorded) {
  v1::ReplayRequest request = Request();
  request.set_decision("decisions/4711-1");
  const absl::Status status = Ask(request).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(base::Detail(status, base::kReasonKey), "DECISION_NOT_RECORDED");
}

TEST_F(RealReplay, SaysThatNothingIsRecorded) {
  const Answers answers = ReadAll({EVENKEEL_COORDINATOR, "replay", folder_.path() + "/none"}, Request());
  EXPECT_EQ(answers.status.code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace evenkeel::replay
