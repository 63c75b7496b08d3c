#include "coordinator/usage/usage_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

absl::Time At(double seconds) {
  return absl::FromUnixSeconds(1'700'000'000) + absl::Seconds(seconds);
}

WatchUsage Asked(const std::string& uid, const std::string& node = "n1", int64_t sudden_millicores = 0) {
  return {.cluster = "blue",
          .node = node,
          .pod_uid = uid,
          .window = absl::Seconds(15),
          .panic_window = absl::Seconds(2),
          .sudden_millicores = sudden_millicores};
}

// A container that runs; none: the agent has no figure of it.
v1::ContainerReport Running(std::optional<uint64_t> millicores,
                            std::optional<double> throttled_percent = std::nullopt) {
  v1::ContainerReport container;
  container.set_state(v1::CONTAINER_STATE_RUNNING);
  if (millicores) container.set_cpu_used_millicores(*millicores);
  if (throttled_percent) container.set_cpu_throttled_percent(*throttled_percent);
  return container;
}

v1::ContainerReport Exited(int32_t exit_code = 1) {
  v1::ContainerReport container;
  container.set_name("app");
  container.set_state(v1::CONTAINER_STATE_EXITED);
  container.set_exit_code(exit_code);
  container.mutable_ended_time()->set_seconds(90);
  return container;
}

// It was started when an init container had ended.
v1::ContainerReport Next(uint64_t millicores) {
  v1::ContainerReport container = Running(millicores);
  container.mutable_started_time()->set_seconds(91);
  return container;
}

v1::PodReport Pod(const std::string& uid, const std::vector<v1::ContainerReport>& containers) {
  v1::PodReport pod;
  pod.set_uid(uid);
  for (const v1::ContainerReport& container : containers) *pod.add_containers() = container;
  return pod;
}

v1::Report Changes(const std::vector<v1::PodReport>& pods) {
  v1::Report report;
  for (const v1::PodReport& pod : pods) *report.add_pods() = pod;
  return report;
}

v1::Report Uses(const std::string& uid, uint64_t millicores) {
  return Changes({Pod(uid, {Running(millicores)})});
}

v1::Report Full(v1::Report report) {
  report.set_full(true);
  return report;
}

class UsageBookTest : public ::testing::Test {
 protected:
  // Takes what is told, as the core does: what is not told is as it was.
  size_t Take(double seconds) {
    const std::vector<PodUsage> pods = book_.TakeChanged(At(seconds));
    for (const PodUsage& pod : pods) told_[pod.pod_uid] = pod;
    return pods.size();
  }
  int64_t Steady(const std::string& uid) const {
    const auto told = told_.find(uid);
    return told != told_.end() && told->second.steady ? told->second.steady->millicores : -1;
  }
  int64_t Sudden(const std::string& uid) const {
    const auto told = told_.find(uid);
    return told != told_.end() && told->second.sudden ? told->second.sudden->millicores : -1;
  }

  UsageBook book_;
  std::map<std::string, PodUsage> told_;
};

// An agent that sends nothing of a pod says by its beats that the pod is as it was: for two minutes of even
// load nothing is held or lost, its figures are told each second while it may be becoming Ready and now and
// then later, and never as older than a planner believes.
TEST_F(UsageBookTest, AnEvenLoadIsNotALossOfSamples) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  size_t young = Take(0);
  size_t tellings = 0;
  for (int second = 1; second <= 122; ++second) {
    book_.OnBeat("n1", At(second));
    (second <= 62 ? young : tellings) += Take(second);
    EXPECT_EQ(Steady("a"), 100);
    EXPECT_EQ(Sudden("a"), 100);
    EXPECT_FALSE(told_["a"].held);
    EXPECT_LE(At(second) - told_["a"].steady->taken, absl::Seconds(second <= 60 ? 3 : 7)) << second;
  }
  EXPECT_GE(young, 50U);
  EXPECT_GE(tellings, 10U);
  EXPECT_LE(tellings, 20U);
}

// When the agent falls silent its pods are held, by what they used last, and then nothing is known of them;
// each is told once. When it speaks again, they are seen.
TEST_F(UsageBookTest, SilenceHoldsThenMisses) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  for (int second = 1; second <= 10; ++second) book_.OnBeat("n1", At(second));
  Take(13);  // it is known to have held until 8.8
  EXPECT_FALSE(told_["a"].held);
  EXPECT_EQ(Take(14), 1U);
  EXPECT_TRUE(told_["a"].held);
  EXPECT_EQ(Steady("a"), 100);
  EXPECT_EQ(Take(133), 0U);
  EXPECT_EQ(Take(134), 1U);
  EXPECT_EQ(Steady("a"), -1);
  EXPECT_FALSE(told_["a"].held);
  EXPECT_EQ(Take(500), 0U);

  book_.OnBeat("n1", At(600));
  EXPECT_EQ(Take(600), 1U);
  EXPECT_EQ(Steady("a"), 100);
  EXPECT_FALSE(told_["a"].held);
}

// A pod that is seen again and lost again is held again.
TEST_F(UsageBookTest, ASecondSilenceIsNoticedAsTheFirst) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  Take(0);
  Take(6);
  EXPECT_TRUE(told_["a"].held);
  book_.OnReport("n1", Uses("a", 200), At(20));
  Take(20);
  EXPECT_FALSE(told_["a"].held);
  Take(26);
  EXPECT_TRUE(told_["a"].held);
}

// In a large fleet beats come seldom: that is no silence.
TEST_F(UsageBookTest, SeldomBeatsAreNoSilence) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  for (int second = 0; second <= 60; ++second) {
    if (second % 5 == 0) book_.OnBeat("n1", At(second));
    Take(second);
    EXPECT_FALSE(told_["a"].held) << second;
  }
}

// A reading is of the second before it, whatever was thought of that second until then: a rise shows at once.
TEST_F(UsageBookTest, ARiseFillsItsOwnSecond) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  for (int second = 1; second <= 9; ++second) book_.OnBeat("n1", At(second + 0.9));
  book_.OnReport("n1", Uses("a", 900), At(10));
  Take(10);
  // 1.2 s at 900 m; before it, as far as the window reaches, 100 m.
  EXPECT_GE(Sudden("a"), 500);
  EXPECT_LE(Sudden("a"), 600);
  book_.OnReport("n1", Uses("a", 950), At(11));
  Take(11);
  EXPECT_GE(Sudden("a"), 900);
  EXPECT_LT(Steady("a"), 300);  // which has not forgotten the time before
}

// A figure that rises and then holds: the agent tells of it again, and the second of it that the panic window
// wants does not wait for beats that say nothing.
TEST_F(UsageBookTest, ARiseThatHoldsIsSeenWhenItIsToldAgain) {
  ASSERT_TRUE(book_.Watch(Asked("a", "n1", 150)));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 50)), At(0));
  for (int second = 1; second <= 9; ++second) book_.OnBeat("n1", At(second + 0.9));
  Take(9.9);
  book_.OnReport("n1", Uses("a", 200), At(10));
  EXPECT_THAT(book_.TakeSudden(At(10)), IsEmpty());
  book_.OnReport("n1", Uses("a", 200), At(10.1));  // for another reason: no new reading
  EXPECT_THAT(book_.TakeSudden(At(10.1)), IsEmpty());
  book_.OnReport("n1", Uses("a", 200), At(11));
  const std::vector<PodUsage> sudden = book_.TakeSudden(At(11));
  ASSERT_EQ(sudden.size(), 1U);
  EXPECT_GE(sudden[0].sudden->millicores, 180);
}

// What has passed its threshold over the panic window is told at once, and once; and again only after it was
// told to be below.
TEST_F(UsageBookTest, ASuddenRiseIsToldOnce) {
  ASSERT_TRUE(book_.Watch(Asked("a", "n1", 750)));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  EXPECT_THAT(book_.TakeSudden(At(0)), IsEmpty());
  Take(0);
  book_.OnReport("n1", Uses("a", 900), At(1));  // the mean over two seconds is not there yet
  EXPECT_THAT(book_.TakeSudden(At(1)), IsEmpty());
  book_.OnReport("n1", Uses("a", 950), At(2));
  const std::vector<PodUsage> sudden = book_.TakeSudden(At(2));
  ASSERT_EQ(sudden.size(), 1U);
  EXPECT_EQ(sudden[0].pod_uid, "a");
  EXPECT_EQ(sudden[0].sudden->millicores, 925);
  EXPECT_THAT(book_.TakeSudden(At(2)), IsEmpty());
  EXPECT_EQ(Take(2), 0U);  // it was told just so
  book_.OnReport("n1", Uses("a", 1000), At(3));
  EXPECT_THAT(book_.TakeSudden(At(3)), IsEmpty());
  EXPECT_EQ(Take(3), 1U);  // with the others, each second

  book_.OnReport("n1", Uses("a", 10), At(4));
  book_.OnReport("n1", Uses("a", 20), At(5));
  EXPECT_EQ(Take(5), 1U);
  book_.OnReport("n1", Uses("a", 1500), At(6));
  book_.OnReport("n1", Uses("a", 1600), At(7));
  EXPECT_EQ(book_.TakeSudden(At(7)).size(), 1U);
}

// Where no panic is wanted nothing is sudden.
TEST_F(UsageBookTest, WithoutAThresholdNothingIsSudden) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnReport("n1", Uses("a", 100), At(0));
  book_.OnReport("n1", Uses("a", 64'000), At(1));
  book_.OnReport("n1", Uses("a", 65'000), At(2));
  EXPECT_THAT(book_.TakeSudden(At(2)), IsEmpty());
}

// A pod's use is that of all its running containers; while one of them has no figure, the pod has none.
TEST_F(UsageBookTest, APodIsAllItsRunningContainers) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnReport("n1", Changes({Pod("a", {Running(100), Running(std::nullopt)})}), At(0));
  EXPECT_EQ(Take(0), 0U);
  book_.OnReport("n1", Changes({Pod("a", {Next(100), Next(30), Exited(0)})}), At(1));
  Take(1);
  EXPECT_EQ(Steady("a"), 130);
  EXPECT_EQ(told_["a"].deaths, PodDeaths{});
}

// A death is told at once, and once, as of when it was by our clock; and so is the return. Meanwhile the pod
// has no use: what it used before is not thinned out by nothing.
TEST_F(UsageBookTest, ADeathIsToldAtOnce) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnSession("n1");
  v1::Report report = Full(Uses("a", 100));
  report.mutable_node_time()->set_seconds(89);
  book_.OnReport("n1", report, At(0));
  Take(0);
  EXPECT_THAT(book_.TakeSudden(At(0)), IsEmpty());

  report = Changes({Pod("a", {Exited(137)})});
  report.mutable_node_time()->set_seconds(91);
  book_.OnReport("n1", report, At(1.5));
  std::vector<PodUsage> told = book_.TakeSudden(At(1.5));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].deaths.down, 1);
  EXPECT_EQ(told[0].deaths.last->container, "app");
  EXPECT_EQ(told[0].deaths.last->exit_code, 137);
  EXPECT_EQ(told[0].deaths.last->at, At(0.5));
  EXPECT_EQ(told[0].steady->millicores, 100);
  book_.OnReport("n1", report, At(2));  // again, by another way
  EXPECT_THAT(book_.TakeSudden(At(2)), IsEmpty());
  for (int second = 2; second <= 4; ++second) book_.OnBeat("n1", At(second));
  Take(4);
  EXPECT_EQ(Steady("a"), 100);

  v1::ContainerReport back = Running(50);
  back.set_name("app");
  back.set_restarts(1);
  back.mutable_previous_end()->set_exit_code(137);
  back.mutable_previous_end()->mutable_end_time()->set_seconds(90);
  report = Changes({Pod("a", {back})});
  report.mutable_node_time()->set_seconds(94);
  book_.OnReport("n1", report, At(4.8));
  told = book_.TakeSudden(At(4.8));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].deaths.down, 0);
  EXPECT_EQ(told[0].deaths.restarts, 1);
  EXPECT_EQ(told[0].deaths.last->at, At(0.5));  // the same death
}

// What is known of deaths stays while the agent is away, and is there with the question.
TEST_F(UsageBookTest, DeathsOutliveASession) {
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Changes({Pod("a", {Exited()})})), At(0));
  ASSERT_TRUE(book_.Watch(Asked("a")));
  EXPECT_THAT(book_.TakeSudden(At(0)), SizeIs(1));
  book_.OnSessionEnded("n1");
  book_.OnSession("n1");
  EXPECT_THAT(book_.TakeSudden(At(1)), IsEmpty());
  book_.OnReport("n1", Full(Changes({Pod("a", {Exited()})})), At(2));
  EXPECT_THAT(book_.TakeSudden(At(2)), IsEmpty());
}

// A container that is started again has no figure for a reading or two: that time is not filled with what its
// predecessor used, nor with nothing.
TEST_F(UsageBookTest, AContainersRestartIsAGap) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  book_.OnReport("n1", Changes({Pod("a", {Running(std::nullopt)})}), At(1));
  book_.OnBeat("n1", At(2));
  book_.OnBeat("n1", At(3));
  book_.OnReport("n1", Uses("a", 50), At(3.5));
  Take(3.5);
  EXPECT_EQ(Sudden("a"), 50);
  EXPECT_EQ(Steady("a"), 75);  // two seconds of each
}

// Throttling is that of the worst container, as a mean over the panic window.
TEST_F(UsageBookTest, ThrottlingIsTheWorstContainers) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnReport("n1", Changes({Pod("a", {Running(10, 10), Running(20, 40)})}), At(0));
  Take(0);
  EXPECT_EQ(told_["a"].throttled_percent, 40);
  book_.OnReport("n1", Changes({Pod("a", {Running(10, 20), Running(21, 0)})}), At(1));
  Take(1);
  EXPECT_EQ(told_["a"].throttled_percent, 33);  // two seconds of 40 and one of 20
  book_.OnReport("n1", Changes({Pod("a", {Running(10), Running(22)})}), At(2));
  book_.OnReport("n1", Changes({Pod("a", {Running(10), Running(23)})}), At(3));
  book_.OnReport("n1", Changes({Pod("a", {Running(10), Running(24)})}), At(4));
  Take(4);
  EXPECT_EQ(told_["a"].throttled_percent, std::nullopt);
}

// What its node has told of a pod before anybody asked is there with the question.
TEST_F(UsageBookTest, WhatIsKnownIsThereAtOnce) {
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  book_.OnBeat("n1", At(100));
  ASSERT_TRUE(book_.Watch(Asked("a")));
  Take(100);
  EXPECT_EQ(Steady("a"), 100);
  EXPECT_FALSE(told_["a"].held);
  EXPECT_THAT(book_.WatchedOn("n1"), ElementsAre("a"));
}

// Asked again, with other windows, a pod's figures are told by those.
TEST_F(UsageBookTest, ASecondQuestionTakesTheFirstOnesPlace) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnReport("n1", Uses("a", 100), At(0));
  for (int second = 1; second <= 5; ++second) book_.OnReport("n1", Uses("a", 300 + second), At(second));
  Take(5);
  EXPECT_LT(Steady("a"), 300);
  WatchUsage again = Asked("a");
  again.window = absl::Seconds(1);
  ASSERT_TRUE(book_.Watch(again));
  EXPECT_EQ(Take(5), 1U);
  EXPECT_EQ(Steady("a"), 305);
}

// A pod that its node no longer has is not held to be as it was, however well the agent is.
TEST_F(UsageBookTest, AGonePodIsNotAsItWas) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  ASSERT_TRUE(book_.Watch(Asked("b")));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Changes({Pod("a", {Running(100)}), Pod("b", {Running(100)})})), At(0));
  v1::Report gone;
  gone.add_gone_pod_uids("a");
  book_.OnReport("n1", gone, At(1));
  for (int second = 1; second <= 10; ++second) book_.OnBeat("n1", At(second));
  Take(10);
  EXPECT_TRUE(told_["a"].held);
  EXPECT_FALSE(told_["b"].held);
}

// A new session's first report is all there is; what an earlier one told does not go on by the new one's
// beats. And the new session is to be asked whom to sample closely.
TEST_F(UsageBookTest, ANewSessionBeginsAnew) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  Take(0);
  EXPECT_THAT(book_.TakeRewatched(), ElementsAre("n1"));
  EXPECT_THAT(book_.TakeRewatched(), IsEmpty());
  book_.OnSessionEnded("n1");
  book_.OnBeat("n1", At(3));
  book_.OnSession("n1");
  EXPECT_THAT(book_.TakeRewatched(), ElementsAre("n1"));
  book_.OnReport("n1", Full({}), At(4));
  for (int second = 4; second <= 10; ++second) book_.OnBeat("n1", At(second));
  Take(10);
  EXPECT_TRUE(told_["a"].held);
  EXPECT_EQ(told_["a"].steady->taken, At(0));
}

// A pod belongs to the node that was asked for: what another agent says of it counts for nothing, until the
// question names that one.
TEST_F(UsageBookTest, APodIsItsOwnNodesToTellOf) {
  ASSERT_TRUE(book_.Watch(Asked("a", "n1")));
  book_.TakeRewatched();
  book_.OnReport("n1", Uses("a", 100), At(0));
  book_.OnReport("n2", Uses("a", 9000), At(1));
  Take(1);
  EXPECT_EQ(Steady("a"), 100);

  ASSERT_TRUE(book_.Watch(Asked("a", "n2")));
  EXPECT_THAT(book_.TakeRewatched(), ElementsAre("n1", "n2"));
  EXPECT_THAT(book_.WatchedOn("n1"), IsEmpty());
  EXPECT_THAT(book_.WatchedOn("n2"), ElementsAre("a"));
  Take(1);
  EXPECT_GT(Sudden("a"), 100);  // the window goes on with what its node says
  book_.OnReport("n1", Uses("a", 1), At(2));
  book_.OnReport("n2", Uses("a", 9001), At(3));
  Take(3);
  EXPECT_GE(Sudden("a"), 9000);
}

// Reports that come late, twice or in the wrong order move nothing backwards and count nothing twice.
TEST_F(UsageBookTest, LateAndDoubledReportsDoNoHarm) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnReport("n1", Uses("a", 100), At(0));
  book_.OnReport("n1", Uses("a", 200), At(1));
  Take(1);
  const PodUsage before = told_["a"];
  book_.OnReport("n1", Uses("a", 200), At(1.1));
  EXPECT_EQ(Take(1.1), 0U);
  book_.OnReport("n1", Uses("a", 5000), At(0.5));
  EXPECT_EQ(Take(1.2), 0U);
  EXPECT_EQ(told_["a"], before);
  book_.OnBeat("n1", At(0.2));  // the same of a beat
  book_.OnReport("n1", Uses("a", 300), At(4.5));
  Take(4.5);
  EXPECT_LE(Steady("a"), 300);
  EXPECT_EQ(told_["a"].steady->taken, At(4.5));
}

// Who is not watched is not told of, and its agent hears that it is not wanted any more.
TEST_F(UsageBookTest, WhatNobodyAsksForIsNotTold) {
  ASSERT_TRUE(book_.Watch(Asked("a", "n1", 10)));
  ASSERT_TRUE(book_.Watch(Asked("b")));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Changes({Pod("a", {Running(100)}), Pod("b", {Running(100)})})), At(0));
  book_.TakeRewatched();
  book_.Unwatch("a");
  book_.Unwatch("nobody");
  EXPECT_THAT(book_.TakeRewatched(), ElementsAre("n1"));
  EXPECT_THAT(book_.WatchedOn("n1"), ElementsAre("b"));
  EXPECT_THAT(book_.TakeSudden(At(0)), IsEmpty());
  EXPECT_EQ(Take(0), 1U);
  EXPECT_EQ(Take(200), 1U);  // b alone falls silent
  EXPECT_EQ(Steady("a"), -1);
}

// No agent can make the figures overflow, or tell what is no number.
TEST_F(UsageBookTest, FiguresAreBounded) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  constexpr uint64_t kAbsurd = std::numeric_limits<uint64_t>::max();
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  for (int second = 0; second < 100; ++second) {
    book_.OnReport("n1", Changes({Pod("a", {Running(kAbsurd, nothing), Running(kAbsurd - second, 1e300)})}),
                   At(second));
    book_.OnReport("n1", Uses("a", second), At(second + 0.5));
  }
  Take(100);
  EXPECT_GE(Steady("a"), 0);
  EXPECT_LE(Steady("a"), 10'000'000);
  EXPECT_LE(told_["a"].throttled_percent.value_or(0), 100);
}

// More pods than can be watched are refused, and room that comes free is used.
TEST_F(UsageBookTest, ThePodsAreBounded) {
  for (size_t i = 0; i < UsageBook::kMostPods; ++i) ASSERT_TRUE(book_.Watch(Asked(absl::StrCat("pod-", i))));
  EXPECT_FALSE(book_.Watch(Asked("one more")));
  EXPECT_TRUE(book_.Watch(Asked("pod-7")));  // is there already
  book_.Unwatch("pod-7");
  EXPECT_TRUE(book_.Watch(Asked("one more")));
}

// ---- virtual nodes ----

PulledUsage Pulled(const std::string& uid, int64_t millicores, double seconds = 10) {
  return {.pod_uid = uid, .millicores = millicores, .window = absl::Seconds(seconds)};
}

// What was pulled is told as what agents report is, with the time that each figure stands for.
TEST_F(UsageBookTest, PulledFiguresFillTheSameWindows) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnPulled("n1", {Pulled("a", 100), Pulled("b", 900)}, At(10));
  EXPECT_EQ(Take(10), 1U);
  EXPECT_EQ(Steady("a"), 100);
  EXPECT_EQ(told_["a"].steady->window, absl::Seconds(10));
  EXPECT_FALSE(told_["a"].held);
  book_.OnPulled("n1", {Pulled("a", 300)}, At(20));
  Take(20);
  EXPECT_EQ(Sudden("a"), 300);
  EXPECT_GT(Steady("a"), 100);
}

// Virtual kubelets measure seldom: a pod stays seen between their readings, then is held, then missing, and
// is seen again by the next; never is it frozen, and never is it 0.
TEST_F(UsageBookTest, APulledPodIsSeenForLonger) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnPulled("n1", {Pulled("a", 100)}, At(0));
  Take(0);
  Take(44);
  EXPECT_FALSE(told_["a"].held);
  Take(46);
  EXPECT_TRUE(told_["a"].held);
  EXPECT_EQ(Steady("a"), 100);
  Take(45 + 121);
  EXPECT_FALSE(told_["a"].steady.has_value());
  book_.OnPulled("n1", {Pulled("a", 200)}, At(200));
  Take(200);
  EXPECT_FALSE(told_["a"].held);
  EXPECT_EQ(Sudden("a"), 200);
}

// Figures of different lengths do not overlap: none stands for more than the time since the one before.
TEST_F(UsageBookTest, APulledFigureStandsForTheTimeSinceTheOneBefore) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnPulled("n1", {Pulled("a", 100, 60)}, At(0));
  book_.OnPulled("n1", {Pulled("a", 300, 60)}, At(5));
  book_.OnPulled("n1", {Pulled("a", 900, 60)}, At(5));  // told twice
  Take(5);
  EXPECT_EQ(Sudden("a"), 300);
  EXPECT_EQ(told_["a"].sudden->window, absl::Seconds(5));
}

// Where an agent speaks, it is believed and nothing else; when it is gone, what is pulled counts.
TEST_F(UsageBookTest, AnAgentIsBelievedFirst) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Uses("a", 100)), At(0));
  book_.OnPulled("n1", {Pulled("a", 900)}, At(1));
  Take(1);
  EXPECT_EQ(Sudden("a"), 100);
  book_.OnSessionEnded("n1");
  Take(10);
  EXPECT_TRUE(told_["a"].held);
  book_.OnPulled("n1", {Pulled("a", 900)}, At(20));
  Take(20);
  EXPECT_EQ(Sudden("a"), 900);
  EXPECT_FALSE(told_["a"].held);
}

// A sudden rise is found in what is pulled, too.
TEST_F(UsageBookTest, ASuddenRiseIsPulled) {
  ASSERT_TRUE(book_.Watch(Asked("a", "n1", 150)));
  book_.OnPulled("n1", {Pulled("a", 100)}, At(0));
  EXPECT_THAT(book_.TakeSudden(At(0)), IsEmpty());
  book_.OnPulled("n1", {Pulled("a", 400)}, At(10));
  EXPECT_EQ(book_.TakeSudden(At(10)).size(), 1U);
}

// Its kubelet is asked by names, of those that are watched.
TEST_F(UsageBookTest, TellsWhomToPull) {
  WatchUsage asked = Asked("a");
  asked.name_space = "shop";
  asked.pod = "web-1";
  ASSERT_TRUE(book_.Watch(asked));
  EXPECT_THAT(book_.PulledOn("n1"),
              ElementsAre(PulledPod{.uid = "a", .name_space = "shop", .name = "web-1"}));
  EXPECT_THAT(book_.PulledOn("n2"), IsEmpty());
}

// What a pod uses now can be asked whether or not anybody watches it, for as long as its agent speaks.
TEST_F(UsageBookTest, KnowsWhatAPodUses) {
  EXPECT_EQ(book_.MillicoresOf("n1", "a"), std::nullopt);
  book_.OnSession("n1");
  book_.OnReport("n1", Full(Changes({Pod("a", {Running(100), Running(20)}), Pod("b", {Running({})})})),
                 At(0));
  EXPECT_EQ(book_.MillicoresOf("n1", "a"), 120);
  EXPECT_EQ(book_.MillicoresOf("n1", "b"), std::nullopt);
  EXPECT_EQ(book_.MillicoresOf("n2", "a"), std::nullopt);
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnReport("n1", Uses("a", 300), At(1));
  EXPECT_EQ(book_.MillicoresOf("n1", "a"), 300);
  book_.Unwatch("a");
  EXPECT_EQ(book_.MillicoresOf("n1", "a"), 300);
  book_.OnSessionEnded("n1");
  EXPECT_EQ(book_.MillicoresOf("n1", "a"), std::nullopt);
}

// Of a pod without an agent, what was pulled last and is watched.
TEST_F(UsageBookTest, KnowsWhatAPulledPodUses) {
  ASSERT_TRUE(book_.Watch(Asked("a")));
  book_.OnPulled("n1", {Pulled("a", 100)}, At(0));
  Take(0);
  EXPECT_EQ(book_.MillicoresOf("n1", "a"), 100);
}

}  // namespace
}  // namespace evenkeel::coordinator
