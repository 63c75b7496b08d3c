// The use of pods on virtual nodes is pulled through the API server, by whichever of its two ways a virtual
// kubelet serves, and for as long as it is wanted; one node that does not answer holds up no other.
#include "coordinator/usage/virtual_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/kube/status.h"
#include "common/time/fake_clock.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::Each;
using testing::FakeKubernetes;

constexpr char kSummary[] = "/stats/summary";
constexpr char kResource[] = "/metrics/resource";

absl::Status NoSuchPath() {
  return kube::StatusFromHttp(404, "404 page not found", std::nullopt);
}

// Virtual kubelets whose pods each use half a core. Each question finds the counters ten seconds on.
class Kubelets {
 public:
  // What a path answers instead of counters; OK: counters.
  void Set(const std::string& path, absl::Status answer) {
    absl::MutexLock lock(&mutex_);
    failures_[path] = std::move(answer);
  }
  void Add(const std::string& node, const std::vector<std::string>& uids) {
    absl::MutexLock lock(&mutex_);
    pods_[node] = uids;
  }

  absl::StatusOr<std::string> Answer(const std::string& node, const std::string& path) {
    absl::MutexLock lock(&mutex_);
    const int64_t count = ++asked_[{node, path}];
    if (const absl::Status& failure = failures_[path]; !failure.ok()) return failure;
    const int64_t used_ns = 5'000'000'000 * count;
    const absl::Time taken = absl::FromUnixSeconds(1'772'359'200 + 10 * count);
    std::string text;
    for (const std::string& uid : pods_[node]) {
      if (path == kSummary) {
        absl::StrAppend(&text, text.empty() ? "" : ",", R"({"podRef":{"uid":")", uid,
                        R"("},"containers":[{"name":"main","cpu":{"usageCoreNanoSeconds":)", used_ns,
                        R"(,"time":")", absl::FormatTime(absl::RFC3339_sec, taken, absl::UTCTimeZone()),
                        R"("}}]})");
      } else {
        absl::StrAppend(&text, R"(container_cpu_usage_seconds_total{container="main",namespace="shop",pod=")",
                        "pod-", uid, R"("} )", used_ns / 1'000'000'000, " ", absl::ToUnixMillis(taken), "\n");
      }
    }
    return path == kSummary ? absl::StrCat(R"({"pods":[)", text, "]}") : text;
  }

  int64_t Asked(const std::string& node, const std::string& path) {
    absl::MutexLock lock(&mutex_);
    return asked_[{node, path}];
  }
  void WaitUntilAsked(const std::string& node, const std::string& path, int64_t times) {
    absl::MutexLock lock(&mutex_);
    const auto asked = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      const auto count = asked_.find({node, path});
      return count != asked_.end() && count->second >= times;
    };
    mutex_.Await(absl::Condition(&asked));
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, absl::Status> failures_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<std::string>> pods_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, int64_t> asked_ ABSL_GUARDED_BY(mutex_);
};

class VirtualReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    api_.SetKubelets(
        [this](const std::string& node, const std::string& path) { return kubelets_.Answer(node, path); });
    reader_ = std::make_unique<VirtualReader>(
        VirtualReader::Options{
            .cluster = "blue",
            .every = absl::Milliseconds(1),
            .deadline = absl::Seconds(10),
            .backoff = {.initial = absl::Milliseconds(1), .maximum = absl::Milliseconds(2)}},
        api_, clock_, [this](const NodeKey& node, const std::vector<PulledUsage>& pods, absl::Time received) {
          absl::MutexLock lock(&mutex_);
          EXPECT_EQ(node.cluster, "blue");
          EXPECT_EQ(received, clock_.Now());
          for (const PulledUsage& pod : pods) taken_[pod.pod_uid].push_back(pod.millicores);
        });
  }
  void TearDown() override { reader_.reset(); }

  void AddNode(const std::string& node, const std::vector<std::string>& uids) {
    api_.Put(kube::Nodes(), {{"metadata", {{"name", node}}}});
    kubelets_.Add(node, uids);
  }
  void Read(const std::string& node, const std::vector<std::string>& uids) {
    std::vector<PulledPod> pods;
    for (const std::string& uid : uids) {
      pods.push_back({.uid = uid, .name_space = "shop", .name = absl::StrCat("pod-", uid)});
    }
    reader_->Read(node, pods);
  }
  // The first figures of the pod, at least so many.
  std::vector<int64_t> WaitForFigures(const std::string& uid, size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return taken_[uid].size() >= count; };
    mutex_.Await(absl::Condition(&enough));
    return taken_[uid];
  }
  size_t Figures(const std::string& uid) {
    absl::MutexLock lock(&mutex_);
    return taken_[uid].size();
  }

  absl::Mutex mutex_;
  std::map<std::string, std::vector<int64_t>> taken_ ABSL_GUARDED_BY(mutex_);
  time::FakeClock clock_;
  Kubelets kubelets_;
  FakeKubernetes api_;
  std::unique_ptr<VirtualReader> reader_;
};

// The summary is asked for again and again, and its counters become figures of those who are wanted.
TEST_F(VirtualReaderTest, PullsTheSummary) {
  AddNode("v1", {"a", "b", "c"});
  Read("v1", {"a", "b"});
  EXPECT_THAT(WaitForFigures("a", 3), Each(500));
  EXPECT_THAT(WaitForFigures("b", 3), Each(500));
  EXPECT_EQ(Figures("c"), 0U);
  EXPECT_EQ(kubelets_.Asked("v1", kResource), 0);
}

// A virtual kubelet that serves no summary, or fails in it for one of its pods, is asked for its metrics in
// the same pull, and from then on at first.
TEST_F(VirtualReaderTest, FallsBackToTheMetrics) {
  for (const absl::Status& failure :
       {NoSuchPath(), kube::StatusFromHttp(501, "not implemented", std::nullopt),
        kube::StatusFromHttp(500, "error fetching metrics for pods 'x'", std::nullopt)}) {
    SCOPED_TRACE(failure);
    const std::string node = absl::StrCat("v", kube::HttpCode(failure), failure.message().size());
    kubelets_.Set(kSummary, failure);
    AddNode(node, {node});
    Read(node, {node});
    EXPECT_THAT(WaitForFigures(node, 3), Each(500));
    EXPECT_EQ(kubelets_.Asked(node, kSummary), 1);
    Read(node, {});
  }
}

// An answer that is no summary counts as a failure, too; when the metrics fail later, the summary is tried
// again.
TEST_F(VirtualReaderTest, GoesBackToTheSummary) {
  AddNode("v1", {"a"});
  kubelets_.Set(kSummary, absl::InvalidArgumentError("not a summary"));
  Read("v1", {"a"});
  WaitForFigures("a", 1);
  kubelets_.Set(kSummary, absl::OkStatus());
  kubelets_.Set(kResource, NoSuchPath());
  const int64_t before = kubelets_.Asked("v1", kSummary);
  kubelets_.WaitUntilAsked("v1", kSummary, before + 3);
  const int64_t metrics = kubelets_.Asked("v1", kResource);
  kubelets_.WaitUntilAsked("v1", kSummary, before + 6);
  EXPECT_EQ(kubelets_.Asked("v1", kResource), metrics);
}

// Without an answer nothing is taken, and it is asked again until there is one.
TEST_F(VirtualReaderTest, AFailureIsGotOver) {
  AddNode("v1", {"a"});
  const absl::Status forbidden = kube::StatusFromHttp(403, "forbidden", std::nullopt);
  kubelets_.Set(kSummary, forbidden);
  Read("v1", {"a"});
  kubelets_.WaitUntilAsked("v1", kSummary, 4);
  EXPECT_EQ(Figures("a"), 0U);
  EXPECT_EQ(kubelets_.Asked("v1", kResource), 0);  // what is not allowed there is not allowed here
  kubelets_.Set(kSummary, absl::OkStatus());
  EXPECT_THAT(WaitForFigures("a", 2), Each(500));
}

// A node that is not there is asked for in vain, and others are not held up.
TEST_F(VirtualReaderTest, OneNodeDoesNotHoldUpAnother) {
  AddNode("v2", {"b"});
  Read("v1", {"a"});
  Read("v2", {"b"});
  EXPECT_THAT(WaitForFigures("b", 3), Each(500));
  AddNode("v1", {"a"});
  EXPECT_THAT(WaitForFigures("a", 3), Each(500));
}

// More nodes than may be asked at once all get their turn.
TEST_F(VirtualReaderTest, ManyNodesTakeTurns) {
  const int count = 5 * VirtualReader::kMostAtOnce;
  for (int i = 0; i < count; ++i) AddNode(absl::StrCat("v", i), {absl::StrCat("p", i)});
  for (int i = 0; i < count; ++i) Read(absl::StrCat("v", i), {absl::StrCat("p", i)});
  for (int i = 0; i < count; ++i) EXPECT_THAT(WaitForFigures(absl::StrCat("p", i), 2), Each(500));
}

// What is not wanted any more is not asked for, and what is wanted anew begins with a reading.
TEST_F(VirtualReaderTest, StopsWhenNobodyIsWanted) {
  AddNode("v1", {"a"});
  AddNode("v2", {"b"});
  Read("v1", {"a"});
  WaitForFigures("a", 1);
  Read("v1", {});
  api_.WaitUntilIdle();
  const int64_t asked = kubelets_.Asked("v1", kSummary);
  Read("v2", {"b"});
  kubelets_.WaitUntilAsked("v2", kSummary, 5);
  EXPECT_EQ(kubelets_.Asked("v1", kSummary), asked);
  const size_t before = Figures("a");
  Read("v1", {"a"});
  WaitForFigures("a", before + 2);
}

// A reader that ends while questions are under way takes nothing any more, and the API outlives it.
TEST_F(VirtualReaderTest, EndsAtAnyTime) {
  AddNode("v1", {"a"});
  Read("v1", {"a"});
  WaitForFigures("a", 1);
  reader_.reset();
  const size_t figures = Figures("a");
  api_.WaitUntilIdle();
  EXPECT_EQ(Figures("a"), figures);
}

}  // namespace
}  // namespace evenkeel::coordinator
