// Proves when a workload's scale is read, and what is told when it cannot be.
#include "coordinator/observe/workload_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/synchronization/notification.h"
#include "tests/support/event_log.h"
#include "tests/support/kube/fake_kubernetes.h"
#include "tests/support/kube/scalable.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::HasSubstr;

const kube::Resource kRollouts = {"example.com", "v1", "rollouts", true};

Json Deployment(const std::string& name, int replicas, int status_replicas = 0) {
  return {{"metadata", {{"name", name}, {"namespace", "shop"}}},
          {"spec", {{"replicas", replicas}, {"selector", {{"matchLabels", {{"app", name}}}}}}},
          {"status", {{"replicas", status_replicas}}}};
}

Json RolloutDefinition() {
  const Json scale = {{"specReplicasPath", ".spec.replicas"},
                      {"statusReplicasPath", ".status.replicas"},
                      {"labelSelectorPath", ".status.selector"}};
  return {{"metadata", {{"name", "rollouts.example.com"}}},
          {"spec",
           {{"group", "example.com"},
            {"scope", "Namespaced"},
            {"names", {{"plural", "rollouts"}, {"kind", "Rollout"}}},
            {"versions", {{{"name", "v1"}, {"subresources", {{"scale", scale}}}}}}}}};
}

class WorkloadWatchTest : public ::testing::Test {
 protected:
  WorkloadWatchTest() {
    kubernetes_.SetFault(
        [this](const std::string& verb, const kube::Resource& resource, const kube::ObjectName& name) {
          if (resource.plural == "deployments/scale" && verb == "get") ++reads_;
          absl::MutexLock lock(&mutex_);
          return fault_ ? fault_(verb, resource, name) : absl::OkStatus();
        });
    watch_ =
        std::make_unique<WorkloadWatch>(WorkloadWatch::Options{.backoff = {.initial = absl::Milliseconds(1),
                                                                           .maximum = absl::Milliseconds(5)}},
                                        kubernetes_, picture_);
    OnApiThread([this] { watch_->OnAutoscalersListed(); });
  }

  void OnApiThread(const std::function<void()>& step) {
    absl::Notification done;
    kubernetes_.After(absl::ZeroDuration(), [&] {
      step();
      done.Notify();
    });
    done.WaitForNotification();
  }
  void SetFault(testing::FakeKubernetes::Fault fault) {
    absl::MutexLock lock(&mutex_);
    fault_ = std::move(fault);
  }
  void Watch(const Workload& workload) {
    watch_->Do(WatchWorkload{.cluster = "east", .workload = workload, .version = "v1"});
  }
  // The last that was told of a workload, once there are `count` of that.
  WorkloadFacts Seen(size_t count) { return events_.WaitFor<WorkloadObserved>(count).back().facts; }
  std::string WhyGone(size_t count) { return events_.WaitFor<WorkloadGone>(count).back().reason; }
  bool IsAbsent() const { return events_.Of<WorkloadGone>().back().absent; }
  size_t SeenSoFar() { return events_.Of<WorkloadObserved>().size(); }

  const Workload web_ = {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"};
  const Workload rollout_ = {.group = "example.com", .kind = "Rollout", .name_space = "shop", .name = "web"};
  std::atomic<int> reads_ = 0;
  absl::Mutex mutex_;
  testing::FakeKubernetes::Fault fault_;
  testing::EventLog events_;
  testing::FakeKubernetes kubernetes_;
  WorkloadPicture picture_{"east", events_};
  std::unique_ptr<WorkloadWatch> watch_;
};

// What is there is told, and each change of it; one that does not concern the scale costs no read.
TEST_F(WorkloadWatchTest, TellsWhatConcernsTheScale) {
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  Watch(web_);
  EXPECT_EQ(Seen(1).replicas, 2);
  EXPECT_FALSE(Seen(1).uid.empty());
  kubernetes_.Put(kube::Deployments(), Deployment("web", 4, 2));
  EXPECT_EQ(Seen(2).replicas, 4);
  EXPECT_EQ(Seen(2).status_replicas, 2);
  kubernetes_.WaitUntilIdle();
  const int reads = reads_;
  Json elsewhere = Deployment("web", 4, 2);
  elsewhere["status"]["availableReplicas"] = 1;
  kubernetes_.Put(kube::Deployments(), elsewhere);
  kubernetes_.Put(kube::Deployments(), Deployment("other", 1));
  kubernetes_.WaitUntilIdle();
  EXPECT_EQ(reads_, reads);
  kubernetes_.Put(kube::Deployments(), Deployment("web", 5, 2));
  EXPECT_EQ(Seen(3).replicas, 5);
  kubernetes_.WaitUntilIdle();
  EXPECT_EQ(reads_, reads + 1);
}

// One that is not there is gone, with the cause, and seen when it is made; and the same after a deletion.
TEST_F(WorkloadWatchTest, ComesAndGoes) {
  Watch(web_);
  EXPECT_EQ(WhyGone(1), "there is none");
  EXPECT_TRUE(IsAbsent());
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  const std::string first = Seen(1).uid;
  kubernetes_.Remove(kube::Deployments(), {.name_space = "shop", .name = "web"});
  EXPECT_EQ(WhyGone(2), "there is none");
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  EXPECT_NE(Seen(2).uid, first);
}

// Asked for again, it is read again, and told though nothing has changed.
TEST_F(WorkloadWatchTest, AskedAgainItReadsAgain) {
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  Watch(web_);
  Seen(1);
  kubernetes_.WaitUntilIdle();
  const int reads = reads_;
  const size_t seen = SeenSoFar();
  Watch(web_);
  EXPECT_EQ(Seen(seen + 1).replicas, 2);
  EXPECT_EQ(reads_, reads + 1);
}

// After a break of the watch it is told again, so that the core knows what is true now.
TEST_F(WorkloadWatchTest, TellsAgainAfterABreak) {
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  Watch(web_);
  Seen(1);
  kubernetes_.WaitUntilIdle();
  const size_t seen = SeenSoFar();
  kubernetes_.ForgetHistory();
  EXPECT_EQ(Seen(seen + 1).replicas, 2);
  EXPECT_TRUE(events_.Of<WorkloadGone>().empty());
}

// What is not asked for any more is not told any more; a second of the same kind shares the watch.
TEST_F(WorkloadWatchTest, ForgetsWhatIsNotAskedFor) {
  std::atomic<int> lists = 0;
  SetFault([&](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    if (verb == "list" && resource == kube::Deployments()) ++lists;
    return absl::OkStatus();
  });
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  kubernetes_.Put(kube::Deployments(), Deployment("db", 1));
  Watch(web_);
  Seen(1);
  Workload db = web_;
  db.name = "db";
  Watch(db);
  EXPECT_EQ(Seen(2).replicas, 1);
  EXPECT_EQ(lists, 1);
  watch_->Do(UnwatchWorkload{.cluster = "east", .workload = db});
  OnApiThread([] {});  // what was asked before is done by then
  kubernetes_.WaitUntilIdle();
  const size_t seen = SeenSoFar();
  kubernetes_.Put(kube::Deployments(), Deployment("db", 7));
  kubernetes_.Put(kube::Deployments(), Deployment("web", 3));
  EXPECT_EQ(Seen(seen + 1).replicas, 3);
  kubernetes_.WaitUntilIdle();
  EXPECT_EQ(SeenSoFar(), seen + 1);
  SetFault(nullptr);
}

// A kind that the server does not know, or that has no scale, is said by name; Kubernetes' own need no
// question.
TEST_F(WorkloadWatchTest, KindsAreFound) {
  Watch(rollout_);
  EXPECT_EQ(WhyGone(1), "the API server knows no kind Rollout in example.com/v1");
  Workload map = web_;
  map.group = "";
  map.kind = "ConfigMap";
  Watch(map);
  EXPECT_EQ(WhyGone(2), "kind ConfigMap in v1 has no scale subresource");
}

// A custom resource is scaled like any other: any change of it is looked at, since nobody knows where it
// keeps what.
TEST_F(WorkloadWatchTest, CustomResourcesAreWatched) {
  kubernetes_.Put(testing::CustomResourceDefinitions(), RolloutDefinition());
  kubernetes_.Put(kRollouts, {{"metadata", {{"name", "web"}, {"namespace", "shop"}}},
                              {"spec", {{"replicas", 3}}},
                              {"status", {{"replicas", 3}, {"selector", "app=web"}}}});
  Watch(rollout_);
  EXPECT_EQ(Seen(1).replicas, 3);
  EXPECT_EQ(Seen(1).no_selector, "");
  kubernetes_.Put(kRollouts, {{"metadata", {{"name", "web"}, {"namespace", "shop"}}},
                              {"spec", {{"replicas", 4}}},
                              {"status", {{"replicas", 3}}}});
  EXPECT_EQ(Seen(2).replicas, 4);
  EXPECT_THAT(Seen(2).no_selector, HasSubstr("no selector"));
}

// Without the right to read a scale it is gone, with the role that would help; and there when it is granted.
TEST_F(WorkloadWatchTest, ForbiddenIsToldOnceAndTriedAgain) {
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  SetFault([](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    return verb == "get" && resource.plural == "deployments/scale" ? absl::PermissionDeniedError("no role")
                                                                   : absl::OkStatus();
  });
  Watch(web_);
  EXPECT_THAT(WhyGone(1), HasSubstr("no role"));
  EXPECT_THAT(WhyGone(1), HasSubstr("evenkeel-scaler"));
  EXPECT_FALSE(IsAbsent());  // it may be there
  while (reads_ < 5) kubernetes_.WaitUntilIdle();
  EXPECT_EQ(events_.Of<WorkloadGone>().size(), 1u);
  SetFault(nullptr);
  EXPECT_EQ(Seen(1).replicas, 2);
}

// The same of the objects themselves.
TEST_F(WorkloadWatchTest, ForbiddenListIsTold) {
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  SetFault([](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    return verb == "list" && resource == kube::Deployments() ? absl::PermissionDeniedError("no role")
                                                             : absl::OkStatus();
  });
  Watch(web_);
  EXPECT_THAT(WhyGone(1), HasSubstr("deployments of its namespace cannot be watched"));
  Workload other = web_;
  other.name = "other";
  Watch(other);
  EXPECT_THAT(WhyGone(2), HasSubstr("cannot be watched"));
  SetFault(nullptr);
  EXPECT_EQ(Seen(1).replicas, 2);
}

// A read that is tried again ends with the right to watch: what it told would be the last that is heard.
TEST_F(WorkloadWatchTest, NothingIsReadThatCannotBeWatched) {
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  Watch(web_);
  Seen(1);
  kubernetes_.WaitUntilIdle();
  const size_t seen = SeenSoFar();
  std::atomic<int> lists = 0;
  std::atomic<bool> readable = false;
  SetFault([&](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    if (verb == "list" && resource == kube::Deployments()) {
      ++lists;
      return absl::PermissionDeniedError("no role");
    }
    const bool fails = verb == "get" && resource.plural == "deployments/scale" && !readable;
    return fails ? absl::UnavailableError("no answer") : absl::OkStatus();
  });
  kubernetes_.Put(kube::Deployments(), Deployment("web", 3));
  kubernetes_.ForgetHistory();
  size_t gone = 1;
  while (WhyGone(gone).find("cannot be watched") == std::string::npos) ++gone;
  readable = true;
  const int listed = lists;
  while (lists < listed + 2) kubernetes_.WaitUntilIdle();
  EXPECT_EQ(SeenSoFar(), seen);
  SetFault(nullptr);
  EXPECT_EQ(Seen(seen + 1).replicas, 3);
}

// L8: no answer is no news for a while: what was seen still counts, and is read when there are answers.
TEST_F(WorkloadWatchTest, SilenceIsBackedOffFrom) {
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  Watch(web_);
  Seen(1);
  kubernetes_.WaitUntilIdle();
  const int reads = reads_;
  std::atomic<int> failures = 0;
  SetFault([&](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    const bool fails = verb == "get" && resource.plural == "deployments/scale" && ++failures <= 2;
    return fails ? absl::UnavailableError("no answer") : absl::OkStatus();
  });
  kubernetes_.Put(kube::Deployments(), Deployment("web", 3));
  EXPECT_EQ(Seen(2).replicas, 3);
  EXPECT_TRUE(events_.Of<WorkloadGone>().empty());
  EXPECT_EQ(reads_, reads + 3);

  SetFault([](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    return verb == "get" && resource.plural == "deployments/scale" ? absl::UnavailableError("no answer")
                                                                   : absl::OkStatus();
  });
  kubernetes_.Put(kube::Deployments(), Deployment("web", 4));
  EXPECT_THAT(WhyGone(1), HasSubstr("no answer"));
  SetFault(nullptr);
}

// Nothing is read, and nothing told, before it is known which autoscalers there are; when they cannot be
// known, that is the cause, and everything is back with them.
TEST_F(WorkloadWatchTest, WaitsForTheAutoscalers) {
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  testing::EventLog events;
  WorkloadPicture picture("east", events);
  WorkloadWatch watch({}, kubernetes_, picture);
  const WatchWorkload request = {.cluster = "east", .workload = web_, .version = "v1"};
  watch.Do(request);
  OnApiThread([] {});
  kubernetes_.WaitUntilIdle();
  EXPECT_TRUE(events.All().empty());
  EXPECT_EQ(reads_, 0);
  OnApiThread([&] { watch.OnAutoscalersUnknown("may not list"); });
  EXPECT_EQ(events.WaitFor<WorkloadGone>(1).back().reason, "may not list");
  OnApiThread([&] { watch.OnAutoscalersListed(); });
  EXPECT_EQ(events.WaitFor<WorkloadObserved>(1).back().facts.replicas, 2);
  OnApiThread([&] { watch.OnAutoscalersUnknown("may not any more"); });
  EXPECT_EQ(events.WaitFor<WorkloadGone>(2).back().reason, "may not any more");
  Workload other = web_;
  other.name = "other";
  watch.Do(WatchWorkload{.cluster = "east", .workload = other, .version = "v1"});
  EXPECT_EQ(events.WaitFor<WorkloadGone>(3).back().workload, other);
}

// After its end it tells nothing more.
TEST_F(WorkloadWatchTest, EndsCleanly) {
  kubernetes_.Put(kube::Deployments(), Deployment("web", 2));
  Watch(web_);
  Seen(1);
  watch_.reset();
  const size_t before = events_.All().size();
  kubernetes_.Put(kube::Deployments(), Deployment("web", 3));
  kubernetes_.WaitUntilIdle();
  EXPECT_EQ(events_.All().size(), before);
}

}  // namespace
}  // namespace evenkeel::coordinator
