#include "coordinator/usage/usage_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/time/fake_clock.h"
#include "tests/support/event_log.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const NodeKey kNode{"blue", "n1"};

// Keeps what the one behind is told, all on the test's thread.
class Behind final : public ReportSink {
 public:
  void OnSessionOpened(const NodeKey& node, const SessionDescription& session) override {
    lines.push_back(absl::StrCat("opened ", node.node, " ", session.session_id));
  }
  void OnReport(const NodeKey& node, uint64_t session_id, const v1::Report& report) override {
    lines.push_back(absl::StrCat("report ", node.node, " ", session_id, " ", report.pods_size()));
  }
  void OnSessionClosed(const NodeKey& node, uint64_t session_id, const std::string& reason) override {
    lines.push_back(absl::StrCat("closed ", node.node, " ", session_id, " ", reason));
  }
  std::vector<std::string> lines;
};

// Keeps what the sessions are asked for.
class Wishes {
 public:
  void Add(const CloseSampling& wish) {
    absl::MutexLock lock(&mutex_);
    wishes_.push_back(wish);
  }
  std::vector<CloseSampling> WaitFor(size_t count) const {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]()
                            ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return wishes_.size() >= count; };
    mutex_.Await(absl::Condition(&enough));
    return wishes_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<CloseSampling> wishes_ ABSL_GUARDED_BY(mutex_);
};

// Keeps what the cluster's reader is asked for: "n1:", the uids.
class Pulls {
 public:
  void Add(const NodeKey& node, const std::vector<PulledPod>& pods) {
    absl::MutexLock lock(&mutex_);
    std::string& line = lines_.emplace_back(absl::StrCat(node.node, ":"));
    for (const PulledPod& pod : pods) absl::StrAppend(&line, " ", pod.uid);
  }
  // Waits until that was asked, after what was asked before `from`.
  size_t WaitFor(const std::string& line, size_t from = 0) const {
    absl::MutexLock lock(&mutex_);
    const auto after = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      size_t at = from;
      while (at < lines_.size() && lines_[at] != line) ++at;
      return at + 1;
    };
    const auto asked = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return after() <= lines_.size(); };
    mutex_.Await(absl::Condition(&asked));
    return after();
  }
  std::vector<std::string> All() const {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

WatchUsage Asked(const std::string& uid, int64_t sudden_millicores = 0) {
  return {.cluster = kNode.cluster,
          .node = kNode.node,
          .name_space = "shop",
          .pod = absl::StrCat("pod-", uid),
          .pod_uid = uid,
          .window = absl::Seconds(15),
          .panic_window = absl::Seconds(2),
          .sudden_millicores = sudden_millicores};
}

v1::Report Uses(const std::vector<std::pair<std::string, uint64_t>>& pods) {
  v1::Report report;
  for (const auto& [uid, millicores] : pods) {
    v1::PodReport& pod = *report.add_pods();
    pod.set_uid(uid);
    v1::ContainerReport& container = *pod.add_containers();
    container.set_state(v1::CONTAINER_STATE_RUNNING);
    container.set_cpu_used_millicores(millicores);
  }
  return report;
}

class UsageReportsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    usage_.Connect([this](const CloseSampling& wish) { wishes_.Add(wish); });
    usage_.ConnectPull(
        [this](const NodeKey& node, const std::vector<PulledPod>& pods) { pulls_.Add(node, pods); });
  }

  void Open(uint64_t session_id) {
    last_beat_ = std::make_shared<LastBeat>(clock_.Now());
    SessionDescription session;
    session.session_id = session_id;
    session.opened = clock_.Now();
    session.last_beat = last_beat_;
    usage_.OnSessionOpened(kNode, session);
  }
  // Time goes by, and at its end there is a beat. It is there before, since the thread may look at any time;
  // it does not look at beats before a second is over.
  void AdvanceToABeat(absl::Duration by) {
    last_beat_->Set(clock_.Now() + by, 1);
    clock_.Advance(by);
  }
  void Report(uint64_t session_id, const std::vector<std::pair<std::string, uint64_t>>& pods) {
    usage_.OnReport(kNode, session_id, Uses(pods));
  }

  time::FakeClock clock_;
  Behind behind_;
  Wishes wishes_;
  Pulls pulls_;
  testing::EventLog events_;
  std::shared_ptr<LastBeat> last_beat_;
  UsageReports usage_{behind_, events_, clock_};
};

// Whoever is behind hears of everything as if nobody stood between, before the start and after the stop, too.
TEST_F(UsageReportsTest, WhatIsBehindHearsOfEverything) {
  Open(1);
  usage_.Start();
  Report(1, {{"a", 100}, {"b", 200}});
  usage_.Stop();
  usage_.OnSessionClosed(kNode, 1, "connection lost");
  EXPECT_THAT(behind_.lines, ElementsAre("opened n1 1", "report n1 1 2", "closed n1 1 connection lost"));
  EXPECT_THAT(events_.All(), IsEmpty());  // nobody asked
}

// The core is told of those it asked for, all that have changed in one event, a second after the last at the
// earliest by the clock.
TEST_F(UsageReportsTest, TheCoreIsToldOnceASecond) {
  Open(1);
  for (const char* uid : {"a", "b"}) usage_.Release(Asked(uid));
  Report(1, {{"a", 100}, {"b", 200}, {"c", 300}});
  usage_.Start();
  const UsageTold first = events_.WaitFor<UsageTold>(1).front();
  EXPECT_EQ(first.cluster, "blue");
  ASSERT_EQ(first.pods.size(), 2U);
  EXPECT_EQ(first.pods[0].pod_uid, "a");
  EXPECT_EQ(first.pods[0].steady->millicores, 100);
  EXPECT_EQ(first.pods[1].pod_uid, "b");

  clock_.Advance(absl::Milliseconds(500));
  Report(1, {{"a", 150}});
  clock_.Advance(absl::Milliseconds(500));
  const UsageTold second = events_.WaitFor<UsageTold>(2).back();
  ASSERT_EQ(second.pods.size(), 1U);
  EXPECT_EQ(second.pods[0].pod_uid, "a");
  EXPECT_EQ(second.pods[0].steady->taken, clock_.Now() - absl::Milliseconds(500));
}

// A sudden rise does not wait for the second; what is not sudden does.
TEST_F(UsageReportsTest, ASuddenRiseIsToldAtOnce) {
  Open(1);
  usage_.Release(Asked("a", 150));
  usage_.Release(Asked("b"));
  Report(1, {{"a", 100}, {"b", 100}});
  usage_.Start();
  events_.WaitFor<UsageTold>(1);
  clock_.Advance(absl::Milliseconds(900));  // the next second is not over
  Report(1, {{"a", 5000}, {"b", 5000}});
  const UsageTold sudden = events_.WaitFor<UsageTold>(2).back();
  ASSERT_EQ(sudden.pods.size(), 1U);
  EXPECT_EQ(sudden.pods[0].pod_uid, "a");
  EXPECT_GT(sudden.pods[0].sudden->millicores, 150);
}

// Beats keep an even load seen; when they end its pods are held.
TEST_F(UsageReportsTest, BeatsKeepPodsSeen) {
  Open(1);
  usage_.Release(Asked("a"));
  Report(1, {{"a", 100}});
  usage_.Start();
  events_.WaitFor<UsageTold>(1);
  size_t told = 1;
  for (int beats = 0; beats < 2; ++beats) {
    AdvanceToABeat(absl::Seconds(6));
    const PodUsage pod = events_.WaitFor<UsageTold>(++told).back().pods.front();
    EXPECT_FALSE(pod.held);
    EXPECT_EQ(pod.steady->millicores, 100);
    EXPECT_EQ(pod.steady->taken, clock_.Now() - absl::Milliseconds(1200));
  }
  clock_.Advance(absl::Minutes(1));
  const PodUsage pod = events_.WaitFor<UsageTold>(++told).back().pods.front();
  EXPECT_TRUE(pod.held);
  EXPECT_EQ(pod.steady->millicores, 100);
}

// A node's agent is asked to sample closely what is watched there: when that changes, and when a new session
// begins; a session that is gone is not asked.
TEST_F(UsageReportsTest, AgentsAreAskedToSampleClosely) {
  usage_.Start();
  Open(1);
  usage_.Release(Asked("b"));
  usage_.Release(Asked("a"));
  std::vector<CloseSampling> wishes = wishes_.WaitFor(1);
  while (wishes.back().pod_uids.size() < 2) wishes = wishes_.WaitFor(wishes.size() + 1);
  EXPECT_EQ(wishes.back().node, kNode);
  EXPECT_EQ(wishes.back().session_id, 1U);
  EXPECT_THAT(wishes.back().pod_uids, ElementsAre("a", "b"));

  usage_.OnSessionClosed(kNode, 1, "connection lost");
  usage_.Release(UnwatchUsage{.cluster = "blue", .pod_uid = "a"});
  Open(2);
  const size_t before = wishes.size();
  wishes = wishes_.WaitFor(before + 1);
  EXPECT_EQ(wishes[before].session_id, 2U);
  EXPECT_THAT(wishes[before].pod_uids, ElementsAre("b"));

  usage_.Release(UnwatchUsage{.cluster = "blue", .pod_uid = "b"});
  EXPECT_THAT(wishes_.WaitFor(before + 2).back().pod_uids, IsEmpty());
}

// Clusters are apart: nodes and pods of the same names are different ones.
TEST_F(UsageReportsTest, ClustersAreApart) {
  Open(1);
  usage_.Release(Asked("a"));
  WatchUsage green = Asked("a");
  green.cluster = "green";
  usage_.Release(green);
  usage_.OnReport({"green", "n1"}, 7, Uses({{"a", 900}}));
  Report(1, {{"a", 100}});
  usage_.Start();
  const std::vector<UsageTold> told = events_.WaitFor<UsageTold>(2);
  EXPECT_EQ(told[0].cluster, "blue");
  EXPECT_EQ(told[0].pods.front().steady->millicores, 100);
  EXPECT_EQ(told[1].cluster, "green");
  EXPECT_EQ(told[1].pods.front().steady->millicores, 900);
}

// What machines use is told while something of the cluster is being switched: at once what is known, and then
// what has moved; and in the end that it is not known any more.
TEST_F(UsageReportsTest, TellsWhatMachinesUse) {
  const auto report = [this](uint64_t millicores) {
    v1::Report report;
    report.mutable_node()->mutable_cpu()->set_used_millicores(millicores);
    usage_.OnReport(kNode, 1, report);
  };
  const Application web = {.name_space = "shop", .service = "web", .selector = ""};
  Open(1);
  report(1000);
  usage_.Release(WatchApplication{"green", web});
  EXPECT_THAT(events_.All(), IsEmpty());
  usage_.Release(WatchApplication{"blue", web});
  const ClusterUsage first = events_.WaitFor<ClusterUsage>(1).front();
  EXPECT_EQ(first.cluster, "blue");
  EXPECT_EQ(first.cpu_millicores.at(kNode.node), 1000);
  usage_.Start();
  report(2000);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(events_.WaitFor<ClusterUsage>(2).back().cpu_millicores.at(kNode.node), 2000);
  usage_.Release(UnwatchApplication{"blue", web});
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(events_.WaitFor<ClusterUsage>(3).back().cpu_millicores.at(kNode.node), std::nullopt);
}

// A virtual node's reader is asked for what is watched there while no agent speaks for the node: whenever
// that changes, and no more when an agent does, or the node is not virtual any more.
TEST_F(UsageReportsTest, ReadersAreAskedForVirtualNodesWithoutAnAgent) {
  usage_.Start();
  usage_.Release(PullUsage{.cluster = "blue", .node = "n1", .pull = true});
  usage_.Release(Asked("a"));
  size_t at = pulls_.WaitFor("n1: a");
  usage_.Release(Asked("b"));
  at = pulls_.WaitFor("n1: a b", at);
  Open(1);
  at = pulls_.WaitFor("n1:", at);
  usage_.OnSessionClosed(kNode, 1, "connection lost");
  at = pulls_.WaitFor("n1: a b", at);
  usage_.Release(UnwatchUsage{.cluster = "blue", .pod_uid = "a"});
  at = pulls_.WaitFor("n1: b", at);
  usage_.Release(PullUsage{.cluster = "blue", .node = "n1", .pull = false});
  pulls_.WaitFor("n1:", at);
}

// Nobody is asked for other nodes, whether an agent speaks for them or not, nor for virtual ones on which
// nothing is watched.
TEST_F(UsageReportsTest, ReadersAreAskedForNothingElse) {
  usage_.Release(Asked("a"));
  WatchUsage other = Asked("b");
  other.node = "n2";
  usage_.Release(other);
  usage_.Release(PullUsage{.cluster = "blue", .node = "n3", .pull = true});
  usage_.Release(PullUsage{.cluster = "blue", .node = "n2", .pull = true});
  usage_.Start();
  pulls_.WaitFor("n2: b");
  EXPECT_THAT(pulls_.All(), ElementsAre("n2: b"));
}

// What was pulled reaches the core as what agents report does.
TEST_F(UsageReportsTest, WhatIsPulledIsTold) {
  usage_.Release(PullUsage{.cluster = "blue", .node = "n1", .pull = true});
  usage_.Release(Asked("a"));
  usage_.OnPulled(kNode, {{.pod_uid = "a", .millicores = 250, .window = absl::Seconds(10)}}, clock_.Now());
  usage_.Start();
  const UsageTold told = events_.WaitFor<UsageTold>(1).front();
  ASSERT_EQ(told.pods.size(), 1U);
  EXPECT_EQ(told.pods[0].steady->millicores, 250);
  EXPECT_EQ(told.pods[0].steady->window, absl::Seconds(10));
}

}  // namespace
}  // namespace evenkeel::coordinator
